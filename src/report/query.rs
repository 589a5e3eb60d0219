//! Reading the published snapshot.
//!
//! Every connection is read-only, cannot reach files or the network, and cannot be told otherwise.

use std::path::Path;

use arrow::record_batch::RecordBatch;
use jiff::civil::Date;

use crate::database::{Access, Database};
use crate::error::{Context as _, Error, Kind, Result};
use crate::model::Table;

use super::catalog::Report;

/// Runs a report on a snapshot, at a date or at the snapshot's own (`model.as_of_default`).
///
/// # Errors
/// [`Kind::Unpublished`] where there is no snapshot yet, [`Kind::Database`] where it cannot be read.
pub fn run_report(snapshot: &Path, report: &Report, as_of: Option<Date>) -> Result<Table> {
    let contract = report.contract()?;
    let mut table = query_table(snapshot, &report_query(report, as_of))?;
    for column in &mut table.columns {
        if let Some(promised) = contract.columns.iter().find(|known| known.name == column.name) {
            column.kind = promised.kind();
        }
    }
    Ok(table)
}

/// Tells how fresh the tables are that reports read, a sentence per source: what the worst of them
/// can claim (DESIGN 1, freshness).
///
/// # Errors
/// As [`run_report`].
pub fn freshness_notes(snapshot: &Path) -> Result<Vec<String>> {
    let worst = |column: &str| {
        format!(
            "coalesce(CASE WHEN count(*) = count({column}) THEN \
             strftime(min({column}), '%Y-%m-%dT%H:%M:%SZ') END, 'unknown')"
        )
    };
    open(snapshot)?.texts(
        &format!(
            "SELECT source || ': created until ' || {} || ', edits named by events until ' || {} \
             || ', all edits until ' || {} || ', deletions until ' || {} FROM _sync.freshness \
             WHERE stream IN ('customers', 'plans', 'subscriptions', 'transactions', 'invoices') \
             GROUP BY source ORDER BY source",
            worst("complete_to"),
            worst("edits_seen_to"),
            worst("edits_guaranteed_to"),
            worst("deletes_guaranteed_to"),
        ),
        &[],
    )
}

/// Runs a report as [`run_report`] does and gives its Arrow batches; at least one, perhaps empty.
///
/// # Errors
/// As [`run_report`].
pub fn run_report_batches(
    snapshot: &Path,
    report: &Report,
    as_of: Option<Date>,
) -> Result<Vec<RecordBatch>> {
    open(snapshot)?.batches(&report_query(report, as_of), &[])
}

fn report_query(report: &Report, as_of: Option<Date>) -> String {
    let name = report.name;
    match as_of {
        Some(day) => format!("SELECT * FROM reports.{name}_as_of(DATE '{day}')"),
        None => format!("SELECT * FROM reports.{name}"),
    }
}

/// Runs any query on a snapshot; the kinds of the columns follow from their types.
///
/// # Errors
/// As [`run_report`].
pub fn query_table(snapshot: &Path, sql: &str) -> Result<Table> {
    open(snapshot)?.table(sql, &[])
}

fn open(snapshot: &Path) -> Result<Database> {
    let exists = snapshot
        .try_exists()
        .context(Kind::Disk, || format!("{} cannot be reached", snapshot.display()))?;
    if !exists {
        let path = snapshot.display();
        let message = format!("there is no snapshot {path} yet: run `paid-sync sync` first");
        return Err(Error::new(Kind::Unpublished, message));
    }
    Database::open(snapshot, &Access::ReadOnly)
}
