//! Keeps what was found about the elements of a load unit: quarantine, problems, fields without a
//! column, and the fields that list copies carry.

use std::collections::BTreeSet;

use crate::database::Database;
use crate::error::Result;
use crate::model::{ProblemCode, Severity};

use super::stage::stage_texts;
use super::unit::LoadUnit;
use super::warehouse::Run;

/// Keeps what no earlier run has seen; gives its number.
pub(super) fn quarantine(
    database: &Database,
    run: &Run,
    unit: &LoadUnit,
    committed_at: i64,
) -> Result<u64> {
    stage_quarantine(database, unit)?;
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

/// Keeps the findings about rows that were written.
pub(super) fn keep_problems(
    database: &Database,
    run: &Run,
    unit: &LoadUnit,
    committed_at: i64,
) -> Result<()> {
    if unit.batches.iter().all(|batch| batch.problems.is_empty()) {
        return Ok(());
    }
    stage_problems(database, unit)?;
    database.execute(
        "INSERT INTO _sync.problems SELECT DISTINCT $1, $2, id, field, code, level, got, \
         staged_problems.type, $3, make_timestamp($4) FROM staged_problems \
         JOIN (SELECT id FROM fresh WHERE _change IN ('insert', 'update', 'enrich')) USING (id)",
        &[(&unit.source).into(), unit.spec.name.into(), (&run.id).into(), committed_at.into()],
    )?;
    Ok(())
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

/// Keeps which fields have no column, and how many rows carried them.
pub(super) fn keep_drift(database: &Database, run: &Run, unit: &LoadUnit) -> Result<()> {
    if unit.batches.iter().all(|batch| batch.unknown_fields.is_empty()) {
        return Ok(());
    }
    stage_drift(database, unit)?;
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

/// Keeps which fields list copies carry, and the run that saw it last: a whole walk that did not
/// meet a field takes it back.
pub(super) fn keep_list_fields(database: &Database, run: &Run, unit: &LoadUnit) -> Result<()> {
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
