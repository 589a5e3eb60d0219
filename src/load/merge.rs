//! Commits one load unit: stage, classify, change-log part, merge, ledger, all in one transaction.

use std::thread;

use crate::database::{Database, Param, qualified};
use crate::error::{Error, Kind, Result};
use crate::fault;
use crate::model::{Cell, RowCounts};

use super::change_log::{ChangeLog, Part};
use super::findings;
use super::ledger::{self, LedgerAdvance};
use super::loaded::Loaded;
use super::news::News;
use super::settle;
use super::sql;
use super::stage::{Rows, stage};
use super::unit::LoadUnit;
use super::warehouse::Run;

/// Where the rows of a unit come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'a> {
    /// Just observed: they are written to the change log first. What this run has loaded tells which
    /// of them are new.
    Observed(&'a ChangeLog, &'a Loaded),
    /// Read back from this part, which was committed at this time, microseconds UTC.
    Replayed(&'a Part, i64),
}

impl Origin<'_> {
    /// Gives the time of the commit, microseconds UTC.
    fn committed_at(self) -> i64 {
        match self {
            Self::Observed(..) => crate::clock::now_micros(),
            Self::Replayed(_, committed_at) => committed_at,
        }
    }
}

/// Commits a unit and tells what came of each element.
///
/// # Errors
/// [`Kind::Database`] or [`Kind::Disk`]; nothing of the unit is stored then.
pub(super) fn commit(
    database: &Database,
    origin: Origin<'_>,
    run: &Run,
    unit: &LoadUnit,
) -> Result<RowCounts> {
    let rows = stage(database, unit)?;
    let outcome = database.transaction(|database| {
        let outcome = merge(database, origin, run, unit, &rows)?;
        if !outcome.ties_out() {
            return Err(Error::new(
                Kind::Database,
                format!(
                    "{}.{}: a load unit does not tie out: {outcome:?}",
                    unit.source, unit.spec.name
                ),
            ));
        }
        Ok(outcome)
    })?;
    if let Origin::Observed(_, loaded) = origin {
        loaded.add(unit, &rows);
    }
    Ok(outcome)
}

fn merge(
    database: &Database,
    origin: Origin<'_>,
    run: &Run,
    unit: &LoadUnit,
    rows: &Rows,
) -> Result<RowCounts> {
    let (source, spec) = (unit.source.as_str(), unit.spec);
    let place = [source.into(), spec.name.into(), (&unit.account_id).into()];
    let committed_at = origin.committed_at();
    let (was_empty, is_all_new) = match origin {
        Origin::Observed(_, loaded) => {
            (loaded.was_empty(database, unit)?, loaded.is_all_new(database, unit, rows)?)
        }
        Origin::Replayed(..) => (false, false),
    };
    database.execute(&sql::classify(source, spec, is_all_new), &place)?;
    if matches!(origin, Origin::Replayed(..)) {
        // Such copies are logged only if they change something.
        database.execute_batch(sql::BELIEVE_LOGGED)?;
    }
    let changes = count(database)?;
    let news = News::of(database, rows)?;
    let mut outcome = changes.outcome(unit, rows.count());
    if outcome.quarantined > 0 {
        outcome.newly_quarantined = findings::quarantine(database, run, unit, committed_at)?;
    }
    let (logged, replayed) = match origin {
        Origin::Observed(change_log, _) => {
            let logged =
                news.logged(database, unit, committed_at, outcome.newly_quarantined > 0)?;
            (change_log.next(database, run, unit, committed_at, logged)?, None)
        }
        Origin::Replayed(part, _) => (None, Some(part.clone())),
    };
    // The part is written while the tables change; nothing is committed before it is durable.
    let written = thread::scope(|scope| {
        let writing = logged.map(|part| scope.spawn(|| part.write()));
        outcome.deleted = change(database, run, unit, &changes, &news, committed_at)?;
        let ended = || Error::new(Kind::Disk, "writing the change log ended unexpectedly");
        writing.map(|writing| writing.join().unwrap_or_else(|_| Err(ended()))).transpose()
    })?;
    fault::point("load.part_written");
    name_part(database, run, unit, written.or(replayed).as_ref())?;
    if let Some(advance) = &unit.ledger {
        // Where nothing is older than the walk there is nothing to miss.
        if !was_empty {
            meet(database, unit, advance)?;
        }
        ledger::advance(database, (source, &unit.account_id, spec.name), advance, &run.id)?;
        ledger::conclude(database, unit, advance, run)?;
    }
    Ok(outcome)
}

/// Changes the tables by what is new; gives the number of rows that left the current one.
fn change(
    database: &Database,
    run: &Run,
    unit: &LoadUnit,
    changes: &Changes,
    news: &News<'_>,
    committed_at: i64,
) -> Result<u64> {
    let (source, spec) = (unit.source.as_str(), unit.spec);
    let place = [source.into(), spec.name.into(), (&unit.account_id).into()];
    let closed_by = [Param::from(&run.id)];
    // While the current table still tells what was known before.
    settle::settle_hints(database, run, unit, changes)?;
    if changes.replaced() > 0 {
        database.execute(&sql::close_versions(source, spec), &closed_by)?;
        database.execute(&sql::delete_replaced(source, spec), &[])?;
    }
    if changes.inserted + changes.replaced() > 0 {
        news.append(database, run, unit)?;
        findings::keep_problems(database, run, unit, committed_at)?;
    }
    if let Some(update) = sql::update_volatile(source, spec).filter(|_| changes.volatile > 0) {
        database.execute(&update, &closed_by)?;
    }
    if changes.read_by_get > 0 {
        for statement in sql::remember_views() {
            database.execute(&statement, &place)?;
        }
    }
    let deleted = delete(database, run, unit)?;
    findings::keep_drift(database, run, unit)?;
    findings::keep_list_fields(database, run, unit)?;
    Ok(deleted)
}

/// Ends the versions of deleted objects; gives the number of rows that left the table.
fn delete(database: &Database, run: &Run, unit: &LoadUnit) -> Result<u64> {
    if unit.deleted.is_empty() {
        return Ok(0);
    }
    let (source, spec) = (unit.source.as_str(), unit.spec);
    let version = [Param::from(&unit.account_id), Param::from(&run.id)];
    database.execute(&sql::close_deleted(source, spec), &version)?;
    let rows = database.execute(&sql::delete_deleted(source, spec), &version[..1])?;
    for statement in sql::forget_deleted() {
        database.execute(&statement, &[source.into(), spec.name.into()])?;
    }
    Ok(rows)
}

/// Writes down which ids a walk met, so that its end can tell what is absent, if a row is older than
/// the walk.
fn meet(database: &Database, unit: &LoadUnit, advance: &LedgerAdvance) -> Result<()> {
    if unit.spec.append_only {
        return Ok(());
    }
    database.execute(
        &format!(
            "INSERT INTO _sync.walk_ids SELECT $1, id FROM fresh WHERE EXISTS (SELECT 1 FROM {} \
             WHERE _account_id = $2 AND {})",
            qualified(&unit.source, unit.spec.name),
            ledger::older_than_walk("$3", advance),
        ),
        &[advance.number.into(), (&unit.account_id).into(), advance.started.into()],
    )?;
    Ok(())
}

/// What `fresh` says of a unit; what is 0 here needs no statement.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Changes {
    /// Distinct ids.
    fresh: u64,
    inserted: u64,
    updated: u64,
    unchanged: u64,
    enriched: u64,
    volatile: u64,
    /// Changed list copies of rows that only a GET can tell, and copies that disagree.
    pub(super) in_doubt: u64,
    /// Ids that a GET has read, now or before.
    read_by_get: u64,
}

impl Changes {
    /// Counts the rows of the current table that give way to others.
    const fn replaced(&self) -> u64 {
        self.updated + self.enriched
    }

    /// Counts new objects and new versions.
    pub(super) const fn versions(&self) -> u64 {
        self.inserted + self.updated
    }

    /// `staged` counts the rows of the unit, copies of one id included.
    fn outcome(&self, unit: &LoadUnit, staged: u64) -> RowCounts {
        RowCounts {
            received: unit.batches.iter().map(|batch| batch.received).sum(),
            inserted: self.inserted,
            updated: self.updated + self.enriched + self.volatile,
            unchanged: self.unchanged,
            superseded: staged - self.fresh,
            quarantined: unit.batches.iter().map(|batch| count_of(&batch.quarantined)).sum(),
            newly_quarantined: 0,
            deleted: 0,
        }
    }
}

fn count(database: &Database) -> Result<Changes> {
    let table = database.table(&sql::count_changes(), &[])?;
    let number = |index: usize| match table.rows.first().and_then(|row| row.get(index)) {
        Some(Cell::Integer(number)) => u64::try_from(*number).unwrap_or(0),
        _ => 0,
    };
    Ok(Changes {
        fresh: number(0),
        inserted: number(1),
        updated: number(2),
        unchanged: number(3),
        enriched: number(4),
        volatile: number(5),
        in_doubt: number(6),
        read_by_get: number(7),
    })
}

fn count_of<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

fn name_part(database: &Database, run: &Run, unit: &LoadUnit, part: Option<&Part>) -> Result<()> {
    let Some(part) = part else { return Ok(()) };
    database.execute(
        "INSERT INTO _sync.parts VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            part.commit_number.into(),
            (&run.id).into(),
            (&unit.source).into(),
            unit.spec.name.into(),
            (&part.name).into(),
            part.rows.into(),
        ],
    )?;
    Ok(())
}
