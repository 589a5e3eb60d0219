//! Lists that exist below each object of another stream only, and objects that only lists can tell to
//! be gone.

use std::collections::BTreeMap;

use crate::catalog::{Follows, StreamSpec};
use crate::database::{Database, Param, identifier, literal, qualified};
use crate::error::Result;
use crate::model::{Cell, RequestNumber};

use super::hints::{Place, stage_ids};
use super::settle::LIST_COPY_CHANGED;
use super::unit::LoadUnit;
use super::warehouse::Run;

/// What is known of an object that its list does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archived {
    /// It was seen to be archived then, Unix seconds UTC.
    Since(i64),
    /// A complete list lacked it; a GET will tell.
    Nominated,
}

pub(super) fn knows(database: &Database, place: &Place<'_>, id: &str) -> Result<bool> {
    let query =
        format!("SELECT count(*) FROM {} WHERE _account_id = $1 AND id = $2", place.table());
    Ok(database.integer(&query, &[place.account_id.into(), id.into()])? > 0)
}

/// Counts the objects whose lists changed, or may have, and were not read since.
pub(super) fn count_waiting(database: &Database, place: &Place<'_>) -> Result<i64> {
    let query = "SELECT count(DISTINCT parent_id) FROM _sync.dirty_parents \
                 WHERE source = $1 AND stream = $2";
    database.integer(query, &[place.source.into(), place.spec.name.into()])
}

/// Makes hints of objects whose lists were read longest ago.
pub(super) fn order_listings(
    database: &Database,
    place: &Place<'_>,
    follows: &Follows,
    limit: u32,
    (run_number, noticed): (i64, RequestNumber),
) -> Result<()> {
    database.execute(
        &format!(
            "INSERT INTO _sync.dirty_parents SELECT $1, $2, parent.id, make_timestamp($5), $4, $6, \
             NULL FROM {parents} AS parent LEFT JOIN _sync.checked AS checked \
             ON checked.source = $1 AND checked.stream = $2 AND checked.id = parent.id \
             WHERE parent._account_id = $3 AND coalesce(checked.checked_run < $4, true) \
             AND parent.id NOT IN (SELECT parent_id FROM _sync.dirty_parents \
             WHERE source = $1 AND stream = $2) \
             ORDER BY checked.checked_run NULLS FIRST, parent.id LIMIT {limit}",
            parents = qualified(place.source, follows.stream),
        ),
        &[
            place.source.into(),
            place.spec.name.into(),
            place.account_id.into(),
            run_number.into(),
            crate::clock::now_micros().into(),
            noticed.into(),
        ],
    )?;
    Ok(())
}

/// Writes down that the lists below these objects, in `staged_parents`, were read by a run.
pub(super) fn mark_listed(database: &Database, run: &Run, unit: &LoadUnit) -> Result<()> {
    let place: [Param<'_>; 3] =
        [unit.source.as_str().into(), unit.spec.name.into(), run.number.into()];
    database.execute(
        "DELETE FROM _sync.checked WHERE source = $1 AND stream = $2 \
         AND id IN (SELECT id FROM staged_parents)",
        &place[..2],
    )?;
    database
        .execute("INSERT INTO _sync.checked SELECT $1, $2, id, $3 FROM staged_parents", &place)?;
    Ok(())
}

/// Nominates the lines that a complete list below their object, in `staged_parents`, lacks. That list
/// is read again by the next run, and decides.
pub(super) fn nominate_lines(
    database: &Database,
    run: &Run,
    unit: &LoadUnit,
    column: &str,
) -> Result<()> {
    let missing = format!(
        "FROM {table} AS known JOIN staged_parents ON known.{column} = staged_parents.id \
         WHERE known._account_id = $3 AND known.id NOT IN (SELECT id FROM fresh)",
        table = qualified(&unit.source, unit.spec.name),
        column = identifier(column),
    );
    let params: [Param<'_>; 5] = [
        unit.source.as_str().into(),
        unit.spec.name.into(),
        (&unit.account_id).into(),
        run.number.into(),
        crate::clock::now_micros().into(),
    ];
    database.execute(
        &format!(
            "INSERT INTO _sync.dirty_parents SELECT DISTINCT $1, $2, staged_parents.id, \
             make_timestamp($5), $4, 0, $4 {missing}"
        ),
        &params,
    )?;
    database.execute(
        &format!(
            "INSERT INTO _sync.dirty SELECT $1, $2, known.id, 'absent from a complete list', \
             make_timestamp($5), $4, 0, NULL, NULL, true {missing} AND known.id NOT IN \
             (SELECT id FROM _sync.dirty WHERE source = $1 AND stream = $2 AND absent)"
        ),
        &params,
    )?;
    Ok(())
}

/// Gives what an earlier run nominated and what this run's complete list did not show either. A list
/// that showed it would have settled the nomination.
pub(super) fn absent_twice(
    database: &Database,
    place: &Place<'_>,
    run_number: i64,
) -> Result<Vec<String>> {
    let was_read = match place.spec.follows.filter(|_| place.spec.is_below_others()) {
        Some(follows) => format!(
            "EXISTS (SELECT 1 FROM {table} AS line JOIN _sync.checked AS checked \
             ON checked.source = $1 AND checked.stream = $2 AND checked.id = line.{column} \
             WHERE line.id = dirty.id AND line._account_id = $4 AND checked.checked_run = $3)",
            table = place.table(),
            column = identifier(follows.column),
        ),
        None => "EXISTS (SELECT 1 FROM _sync.ledger WHERE source = $1 AND stream = $2 \
                 AND account_id = $4 AND state = 'complete' AND kind = 'full' AND started_run = $3)"
            .to_owned(),
    };
    database.texts(
        &format!(
            "SELECT DISTINCT id FROM _sync.dirty AS dirty WHERE source = $1 AND stream = $2 \
             AND absent AND noticed_run < $3 AND {was_read} ORDER BY id"
        ),
        &[place.source.into(), place.spec.name.into(), run_number.into(), place.account_id.into()],
    )
}

pub(super) fn archived(
    database: &Database,
    place: &Place<'_>,
    ids: &[String],
) -> Result<BTreeMap<String, Archived>> {
    stage_ids(database, ids)?;
    let table = database.table(
        &format!(
            "SELECT id, epoch_us(item._archived_at) // 1000000, coalesce(bool_or(dirty.absent), false) \
             FROM {table} AS item JOIN staged_ids USING (id) LEFT JOIN (SELECT id, absent, reason \
             FROM _sync.dirty WHERE source = $1 AND stream = $3) AS dirty USING (id) \
             WHERE item._account_id = $2 GROUP BY ALL \
             HAVING NOT coalesce(bool_or(dirty.reason = {shown}), false)",
            table = place.table(),
            // Its list shows it again.
            shown = literal(LIST_COPY_CHANGED),
        ),
        &[place.source.into(), place.account_id.into(), place.spec.name.into()],
    )?;
    let read = |row: Vec<Cell>| match <[Cell; 3]>::try_from(row) {
        Ok([Cell::Text(id), Cell::Integer(second), _]) => {
            Some((id, Archived::Since(i64::try_from(second).ok()?)))
        }
        Ok([Cell::Text(id), _, Cell::Boolean(true)]) => Some((id, Archived::Nominated)),
        _ => None,
    };
    Ok(table.rows.into_iter().filter_map(read).collect())
}

/// SQL that holds for rows, called `item`, that are known to be archived.
pub(super) fn archived_condition(spec: &StreamSpec) -> &'static str {
    if spec.archives { "item._archived_at IS NOT NULL" } else { "false" }
}
