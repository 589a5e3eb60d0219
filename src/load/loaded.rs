//! Which ids tables may hold that were empty before this run: a load unit of ids that are all new has
//! nothing to be compared with.
//!
//! Comparing reads a whole table, however little a unit brings. At a first load, where units are many
//! and the table grows with each, that would be most of the work.

use std::cell::RefCell;
use std::collections::HashMap;

use fastbloom::BloomFilter;

use crate::database::{Database, qualified};
use crate::error::Result;

use super::sql;
use super::stage::Rows;
use super::unit::LoadUnit;

/// Bits of the filter, whatever tables hold (I10). Of a million ids one in a million is mistaken for a
/// known one; where there are many more, units are compared as ever.
const BITS: usize = 1 << 26;
const HASHES: u32 = 5;

/// What this run has loaded.
#[derive(Default)]
pub(super) struct Loaded {
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// Holds source, stream and id of every row of the tables that were empty.
    ids: Option<BloomFilter>,
    /// Source and stream, and whether the table was empty when this run first loaded into it.
    was_empty: HashMap<(String, &'static str), bool>,
}

impl std::fmt::Debug for Loaded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Loaded").finish_non_exhaustive()
    }
}

impl Loaded {
    /// Tells whether the table of a unit was empty when this run first loaded into it.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub(super) fn was_empty(&self, database: &Database, unit: &LoadUnit) -> Result<bool> {
        let known = self.state.borrow().was_empty.get(&key(unit)).copied();
        if let Some(was_empty) = known {
            return Ok(was_empty);
        }
        let is_empty = is_empty(database, unit)?;
        self.state.borrow_mut().was_empty.insert(key(unit), is_empty);
        Ok(is_empty)
    }

    /// Tells whether none of the ids of a unit can be known, neither as a row nor as one of the past.
    ///
    /// # Errors
    /// [`crate::error::Kind::Database`].
    pub(super) fn is_all_new(
        &self,
        database: &Database,
        unit: &LoadUnit,
        rows: &Rows,
    ) -> Result<bool> {
        let was_empty = self.was_empty(database, unit)?;
        let state = self.state.borrow();
        let knows = |id| {
            let place = (unit.source.as_str(), unit.spec.name, id);
            state.ids.as_ref().is_some_and(|ids| ids.contains(&place))
        };
        Ok(was_empty && !rows.ids().any(knows))
    }

    /// Takes in the ids of a unit that was committed.
    pub(super) fn add(&self, unit: &LoadUnit, rows: &Rows) {
        let state = &mut *self.state.borrow_mut();
        if state.was_empty.get(&key(unit)) != Some(&true) {
            return;
        }
        let make = || BloomFilter::with_num_bits(BITS).hashes(HASHES);
        let ids = state.ids.get_or_insert_with(make);
        rows.ids().for_each(|id| {
            ids.insert(&(unit.source.as_str(), unit.spec.name, id));
        });
    }
}

fn key(unit: &LoadUnit) -> (String, &'static str) {
    (unit.source.clone(), unit.spec.name)
}

fn is_empty(database: &Database, unit: &LoadUnit) -> Result<bool> {
    let (source, stream) = (unit.source.as_str(), unit.spec.name);
    let query = format!(
        "SELECT count(*) FROM (SELECT 1 FROM {} UNION ALL SELECT 1 FROM {} UNION ALL \
         SELECT 1 FROM _sync.views WHERE source = $1 AND stream = $2 LIMIT 1)",
        qualified(source, stream),
        sql::closed_table(source, stream),
    );
    Ok(database.integer(&query, &[source.into(), stream.into()])? == 0)
}
