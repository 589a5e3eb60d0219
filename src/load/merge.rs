//! Commits one load unit: stage, classify, change-log part, merge, ledger, all in one transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::compute::concat_batches;
use arrow::record_batch::RecordBatch;

use crate::database::{Database, Param, qualified};
use crate::error::{Context, Error, Kind, Result};
use crate::fault;
use crate::model::{Cell, ProblemCode, RowCounts, Severity};

use super::change_log::{ChangeLog, Part};
use super::ledger::{self, LedgerAdvance};
use super::settle;
use super::sql;
use super::unit::LoadUnit;
use super::warehouse::Run;

/// Where the rows of a unit come from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Origin<'a> {
    /// Just observed: they are written to the change log first.
    Observed(&'a ChangeLog),
    /// Read back from this part, which was committed at this time, microseconds UTC.
    Replayed(&'a Part, i64),
}

impl Origin<'_> {
    /// Gives the time of the commit, microseconds UTC.
    fn committed_at(self) -> i64 {
        match self {
            Self::Observed(_) => crate::clock::now_micros(),
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
    stage(database, unit)?;
    let outcome = database.transaction(|database| {
        let outcome = merge(database, origin, run, unit)?;
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
    Ok(outcome)
}

fn stage(database: &Database, unit: &LoadUnit) -> Result<()> {
    database.execute_batch(&sql::create_stage(unit.spec))?;
    let pages = || unit.batches.iter().map(|batch| &batch.records);
    if let Some(schema) = pages().next().map(RecordBatch::schema) {
        // One append: each costs as much as a hundred rows.
        let rows = concat_batches(&schema, pages())
            .context(Kind::Database, || format!("cannot stage rows of {}", unit.spec.name))?;
        if rows.num_rows() > 0 {
            database.append(sql::STAGED, &rows)?;
        }
    }
    stage_deleted(database, unit)?;
    stage_quarantine(database, unit)?;
    stage_problems(database, unit)?;
    stage_drift(database, unit)
}

fn merge(database: &Database, origin: Origin<'_>, run: &Run, unit: &LoadUnit) -> Result<RowCounts> {
    let (source, spec) = (unit.source.as_str(), unit.spec);
    let place = [source.into(), spec.name.into(), (&unit.account_id).into()];
    let version = [Param::from(&unit.account_id), Param::from(&run.id)];
    let committed_at = origin.committed_at();
    database.execute(&sql::classify(source, spec), &place)?;
    if matches!(origin, Origin::Replayed(..)) {
        // Such copies are logged only if they change something.
        database.execute_batch(sql::BELIEVE_LOGGED)?;
    }
    let changes = count(database)?;
    let mut outcome = changes.outcome(unit);
    if outcome.quarantined > 0 {
        outcome.newly_quarantined = quarantine(database, run, unit, committed_at)?;
    }
    let part = match origin {
        Origin::Observed(change_log) => change_log.write(database, run, unit, committed_at)?,
        Origin::Replayed(part, _) => Some(part.clone()),
    };
    fault::point("load.part_written");

    // While the current table still tells what was known before.
    settle::settle_hints(database, run, unit, &changes)?;
    if changes.replaced() > 0 {
        database.execute(&sql::close_versions(source, spec), &version)?;
        database.execute(&sql::delete_replaced(source, spec), &version[..1])?;
    }
    if changes.inserted + changes.replaced() > 0 {
        database.execute(&sql::insert_versions(source, spec), &version)?;
        keep_problems(database, run, unit, committed_at)?;
    }
    if let Some(update) = sql::update_volatile(source, spec).filter(|_| changes.volatile > 0) {
        database.execute(&update, &version)?;
    }
    if changes.read_by_get > 0 {
        for statement in sql::remember_views() {
            database.execute(&statement, &place)?;
        }
    }
    outcome.deleted = delete(database, run, unit)?;
    keep_drift(database, run, unit)?;
    keep_list_fields(database, run, unit)?;
    name_part(database, run, unit, part.as_ref())?;
    if let Some(advance) = &unit.ledger {
        meet(database, unit, advance)?;
        ledger::advance(database, (source, &unit.account_id, spec.name), advance, &run.id)?;
        ledger::conclude(database, unit, advance, run)?;
    }
    Ok(outcome)
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

/// Writes down which ids a walk met, so that its end can tell what is absent. Where no row is older
/// than the walk, as at the first one, there is nothing to miss.
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

fn stage_deleted(database: &Database, unit: &LoadUnit) -> Result<()> {
    let rows: Vec<_> = unit
        .deleted
        .iter()
        .map(|gone| {
            vec![
                Some(gone.id.clone()),
                Some(gone.observed_at.to_string()),
                Some(gone.request.to_string()),
            ]
        })
        .collect();
    stage_texts(database, "staged_deleted_texts", &["id", "observed_at", "request"], &rows)?;
    database.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE {} AS SELECT id, \
         make_timestamp(min(observed_at::BIGINT)) AS observed_at, \
         min(request::BIGINT) AS request FROM staged_deleted_texts GROUP BY id",
        sql::DELETED
    ))
}

/// Keeps which fields list copies carry, and the run that saw it last: a whole walk that did not
/// meet a field takes it back.
fn keep_list_fields(database: &Database, run: &Run, unit: &LoadUnit) -> Result<()> {
    let place = [(&unit.source).into(), unit.spec.name.into(), run.number.into()];
    let mut fields: BTreeSet<&String> =
        unit.batches.iter().flat_map(|batch| &batch.list_fields).collect();
    if fields.is_empty() {
        return Ok(());
    }
    let seen = "SELECT field FROM _sync.list_fields \
                WHERE source = $1 AND stream = $2 AND run_number >= $3";
    for field in database.texts(seen, &place)? {
        fields.remove(&field);
    }
    if fields.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = fields.into_iter().map(|field| vec![Some(field.clone())]).collect();
    stage_texts(database, "staged_list_fields", &["field"], &rows)?;
    database.execute(
        "UPDATE _sync.list_fields SET run_number = $3 WHERE source = $1 AND stream = $2 \
         AND run_number < $3 AND field IN (SELECT field FROM staged_list_fields)",
        &place,
    )?;
    database.execute(
        "INSERT INTO _sync.list_fields SELECT $1, $2, field, $3 FROM staged_list_fields \
         WHERE field NOT IN (SELECT field FROM _sync.list_fields WHERE source = $1 \
         AND stream = $2)",
        &place,
    )?;
    Ok(())
}

/// What `fresh` says of a unit; what is 0 here needs no statement.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Changes {
    staged: u64,
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

    fn outcome(&self, unit: &LoadUnit) -> RowCounts {
        RowCounts {
            received: unit.batches.iter().map(|batch| batch.received).sum(),
            inserted: self.inserted,
            updated: self.updated + self.enriched + self.volatile,
            unchanged: self.unchanged,
            superseded: self.staged - self.fresh,
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
        staged: number(0),
        fresh: number(1),
        inserted: number(2),
        updated: number(3),
        unchanged: number(4),
        enriched: number(5),
        volatile: number(6),
        in_doubt: number(7),
        read_by_get: number(8),
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

/// Stages rows of text under a temporary name, so that each of these tables is filled by one
/// statement however many rows there are.
pub(super) fn stage_texts(
    database: &Database,
    table: &str,
    columns: &[&str],
    rows: &[Vec<Option<String>>],
) -> Result<()> {
    let definitions =
        columns.iter().map(|name| format!("{name} VARCHAR")).collect::<Vec<_>>().join(", ");
    database.execute_batch(&format!("CREATE OR REPLACE TEMP TABLE {table} ({definitions})"))?;
    if rows.is_empty() {
        return Ok(());
    }
    let arrays = columns.iter().enumerate().map(|(index, name)| {
        let values = rows.iter().map(|row| row.get(index).and_then(Clone::clone));
        let array: ArrayRef = Arc::new(values.collect::<StringArray>());
        (*name, array)
    });
    let batch =
        RecordBatch::try_from_iter_with_nullable(arrays.map(|(name, array)| (name, array, true)))
            .context(Kind::Database, || format!("cannot stage {table}"))?;
    database.append(table, &batch)
}

fn stage_quarantine(database: &Database, unit: &LoadUnit) -> Result<()> {
    let rows: Vec<_> = unit
        .batches
        .iter()
        .flat_map(|batch| &batch.quarantined)
        .map(|element| {
            vec![
                Some(element.position.to_string()),
                element.object.clone(),
                element.id.clone(),
                Some(element.raw.clone()),
                Some(element.code.name().to_owned()),
            ]
        })
        .collect();
    stage_texts(
        database,
        "staged_quarantine",
        &["position", "object", "id", "raw", "problem"],
        &rows,
    )
}

/// Keeps what no earlier run has seen; gives its number.
fn quarantine(database: &Database, run: &Run, unit: &LoadUnit, committed_at: i64) -> Result<u64> {
    database.execute(
        "DELETE FROM staged_quarantine WHERE EXISTS (SELECT 1 FROM _sync.quarantine AS known \
         WHERE known.source = $1 AND known.resource = $2 AND known._account_id = $3 \
         AND known.raw = staged_quarantine.raw)",
        &[(&unit.source).into(), unit.spec.name.into(), (&unit.account_id).into()],
    )?;
    database.execute(
        "INSERT INTO _sync.quarantine SELECT $1, $3, $2, min(position::BIGINT), min(object), \
         min(id), raw, min(problem), $4, make_timestamp($5) FROM staged_quarantine GROUP BY raw",
        &[
            (&unit.source).into(),
            unit.spec.name.into(),
            (&unit.account_id).into(),
            (&run.id).into(),
            committed_at.into(),
        ],
    )
}

fn stage_problems(database: &Database, unit: &LoadUnit) -> Result<()> {
    let rows: Vec<_> = unit
        .batches
        .iter()
        .flat_map(|batch| &batch.problems)
        .map(|problem| {
            vec![
                Some(problem.id.clone()),
                Some(problem.field.clone()),
                Some(problem.code.name().to_owned()),
                Some(level(problem.code).to_owned()),
                Some(problem.got.clone()),
                Some(problem.json_type.to_owned()),
            ]
        })
        .collect();
    stage_texts(
        database,
        "staged_problems",
        &["id", "field", "code", "level", "got", "type"],
        &rows,
    )
}

const fn level(code: ProblemCode) -> &'static str {
    match code.severity() {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Quarantine => "quarantine",
    }
}

fn keep_problems(database: &Database, run: &Run, unit: &LoadUnit, committed_at: i64) -> Result<()> {
    if unit.batches.iter().all(|batch| batch.problems.is_empty()) {
        return Ok(());
    }
    database.execute(
        "INSERT INTO _sync.problems SELECT DISTINCT $1, $2, id, field, code, level, got, \
         staged_problems.type, $3, make_timestamp($4) FROM staged_problems \
         JOIN (SELECT id FROM fresh WHERE _change IN ('insert', 'update', 'enrich')) USING (id)",
        &[(&unit.source).into(), unit.spec.name.into(), (&run.id).into(), committed_at.into()],
    )?;
    Ok(())
}

fn stage_drift(database: &Database, unit: &LoadUnit) -> Result<()> {
    let rows: Vec<_> = unit
        .batches
        .iter()
        .flat_map(|batch| &batch.unknown_fields)
        .map(|unknown| {
            vec![
                Some(unknown.field.clone()),
                Some(unknown.json_type.to_owned()),
                Some(unknown.rows.to_string()),
            ]
        })
        .collect();
    stage_texts(database, "staged_drift", &["field", "type", "rows_seen"], &rows)
}

fn keep_drift(database: &Database, run: &Run, unit: &LoadUnit) -> Result<()> {
    if unit.batches.iter().all(|batch| batch.unknown_fields.is_empty()) {
        return Ok(());
    }
    let place = [(&unit.source).into(), unit.spec.name.into(), (&run.id).into()];
    database.execute(
        "UPDATE _sync.drift AS drift SET rows_seen = drift.rows_seen + seen.rows_seen, \
         last_run_id = $3 FROM (SELECT field, sum(rows_seen::BIGINT)::BIGINT AS rows_seen \
         FROM staged_drift GROUP BY field) AS seen \
         WHERE drift.source = $1 AND drift.stream = $2 AND drift.field = seen.field",
        &place,
    )?;
    database.execute(
        "INSERT INTO _sync.drift SELECT $1, $2, field, min(type), sum(rows_seen::BIGINT)::BIGINT, \
         $3, $3 FROM staged_drift WHERE field NOT IN (SELECT field FROM _sync.drift \
         WHERE source = $1 AND stream = $2) GROUP BY field",
        &place,
    )?;
    Ok(())
}
