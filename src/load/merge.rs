//! Commits one load unit: stage, classify, change-log part, merge, ledger, all in one transaction.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::record_batch::RecordBatch;

use crate::catalog::StreamSpec;
use crate::database::{Database, Param, literal};
use crate::error::{Context, Error, Kind, Result};
use crate::fault;
use crate::model::{Cell, ProblemCode, RowCounts, Severity};

use super::change_log::{ChangeLog, Part};
use super::ledger;
use super::sql;
use super::unit::LoadUnit;
use super::warehouse::Run;

/// Commits a unit and tells what came of each element.
///
/// # Errors
/// [`Kind::Database`] or [`Kind::Disk`]; nothing of the unit is stored then.
pub(super) fn commit(
    database: &Database,
    change_log: &ChangeLog,
    run: &Run,
    unit: &LoadUnit,
) -> Result<RowCounts> {
    stage(database, unit)?;
    let outcome = database.transaction(|database| {
        let outcome = merge(database, change_log, run, unit)?;
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
    for batch in unit.batches.iter().filter(|batch| batch.records.num_rows() > 0) {
        database.append(sql::STAGED, &batch.records)?;
    }
    stage_quarantine(database, unit)?;
    stage_problems(database, unit)?;
    stage_drift(database, unit)
}

fn merge(
    database: &Database,
    change_log: &ChangeLog,
    run: &Run,
    unit: &LoadUnit,
) -> Result<RowCounts> {
    let (source, spec) = (unit.source.as_str(), unit.spec);
    let place = [source.into(), spec.name.into(), (&unit.account_id).into()];
    let version = [Param::from(&unit.account_id), Param::from(&run.id)];
    database.execute(&sql::classify(source, spec), &place)?;
    let mut outcome = count(database, unit)?;
    outcome.newly_quarantined = quarantine(database, run, unit)?;
    let part = change_log.write(database, run, unit)?;
    fault::point("load.part_written");

    if outcome.updated > 0 {
        database.execute(&sql::close_versions(source, spec), &version)?;
        database.execute(&sql::delete_replaced(source, spec), &version[..1])?;
    }
    if outcome.inserted + outcome.updated > 0 {
        database.execute(&sql::insert_versions(source, spec), &version)?;
        keep_problems(database, run, unit)?;
    }
    if let Some(update) = sql::update_volatile(source, spec) {
        database.execute(&update, &version)?;
    }
    for statement in sql::remember_views() {
        database.execute(&statement, &place)?;
    }
    keep_drift(database, run, unit)?;
    settle_dirty_ids(database, run, unit)?;
    name_part(database, run, unit, part.as_ref())?;
    if let Some(advance) = &unit.ledger {
        ledger::advance(database, (source, &unit.account_id, spec.name), advance, &run.id)?;
    }
    Ok(outcome)
}

fn count(database: &Database, unit: &LoadUnit) -> Result<RowCounts> {
    let table = database.table(&sql::count_changes(), &[])?;
    let number = |index: usize| match table.rows.first().and_then(|row| row.get(index)) {
        Some(Cell::Integer(number)) => u64::try_from(*number).unwrap_or(0),
        _ => 0,
    };
    Ok(RowCounts {
        received: unit.batches.iter().map(|batch| batch.received).sum(),
        inserted: number(2),
        updated: number(3),
        unchanged: number(4),
        superseded: number(0) - number(1),
        quarantined: unit.batches.iter().map(|batch| count_of(&batch.quarantined)).sum(),
        newly_quarantined: 0,
    })
}

fn count_of<T>(items: &[T]) -> u64 {
    u64::try_from(items.len()).unwrap_or(u64::MAX)
}

/// Dirty ids: an event marks its object, an observation asked for later clears the mark (DESIGN 1).
///
/// A list copy does not clear the mark of a row that a GET filled: it may lack the very field that
/// changed.
fn settle_dirty_ids(database: &Database, run: &Run, unit: &LoadUnit) -> Result<()> {
    let (source, spec) = (unit.source.as_str(), unit.spec);
    database.execute(
        "DELETE FROM _sync.dirty AS dirty USING fresh WHERE dirty.source = $1 \
         AND dirty.stream = $2 AND dirty.id = fresh.id AND (fresh._view = 'get' OR NOT fresh._read_by_get) \
         AND (dirty.noticed_run < $3 OR dirty.noticed_request < fresh._request)",
        &[source.into(), spec.name.into(), run.number.into()],
    )?;
    database.execute(
        "INSERT INTO _sync.dirty SELECT $1, $2, id, 'list copy changed', _observed_at, $3, \
         _request, NULL, NULL FROM fresh WHERE _change = 'reread'",
        &[source.into(), spec.name.into(), run.number.into()],
    )?;
    let objects = streams_by_object(&unit.followed);
    if spec.has_column("data_object") && spec.has_column("data_id") && !objects.is_empty() {
        database.execute(
            &format!(
                "INSERT INTO _sync.dirty SELECT $1, objects.stream, data_id, 'event ' || \
                 coalesce(max(\"type\"), ''), max(_observed_at), $2, max(_request), \
                 min(created_at), NULL FROM fresh \
                 JOIN (VALUES {objects}) AS objects(object, stream) ON data_object = objects.object \
                 WHERE _change = 'insert' AND data_id IS NOT NULL GROUP BY objects.stream, data_id"
            ),
            &[source.into(), run.number.into()],
        )?;
    }
    Ok(())
}

fn streams_by_object(followed: &[&StreamSpec]) -> String {
    followed
        .iter()
        .filter(|stream| !stream.append_only)
        .map(|stream| format!("({}, {})", literal(stream.object), literal(stream.name)))
        .collect::<Vec<_>>()
        .join(", ")
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
fn quarantine(database: &Database, run: &Run, unit: &LoadUnit) -> Result<u64> {
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
            crate::clock::now_micros().into(),
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

fn keep_problems(database: &Database, run: &Run, unit: &LoadUnit) -> Result<()> {
    database.execute(
        "INSERT INTO _sync.problems SELECT DISTINCT $1, $2, id, field, code, level, got, \
         staged_problems.type, $3, make_timestamp($4) FROM staged_problems \
         JOIN (SELECT id FROM fresh WHERE _change IN ('insert', 'update')) USING (id)",
        &[
            (&unit.source).into(),
            unit.spec.name.into(),
            (&run.id).into(),
            crate::clock::now_micros().into(),
        ],
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
