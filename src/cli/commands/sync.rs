//! `sync`: one run, and what became of it.

use std::sync::Arc;

use crate::cli::args::{Global, OutputFormat};
use crate::cli::failure;
use crate::cli::printer::Printer;
use crate::cli::progress::Progress;
use crate::error::Result;
use crate::model::{Cell, ColumnKind, Observer, Table};
use crate::run::{self, Summary, SyncOptions};

/// Runs a sync.
pub(super) async fn run_with(
    global: &Global,
    options: SyncOptions,
    printer: &Printer,
) -> Result<u8> {
    let settings = super::settings(global)?;
    let accounts = super::accounts(&settings, global)?;
    let options =
        SyncOptions { streams: global.stream.clone(), retry: super::retry_policy(), ..options };
    let stop = super::stop_at_signals();
    let observer: Arc<dyn Observer> = Arc::new(Progress::new(printer));
    let summary = run::sync(&settings, accounts, options, observer, stop).await?;
    if global.format == OutputFormat::Json {
        printer.data(format!("{:#}\n", summary.to_json()).as_bytes())?;
    } else if !summary.stream_reports().is_empty() {
        printer.table(&streams(&summary), super::table_format(global))?;
    }
    conclude(&summary, printer);
    Ok(summary.exit_code())
}

/// Says what the run came to, errors first.
pub(super) fn conclude(summary: &Summary, printer: &Printer) {
    for error in summary.errors() {
        failure::report(error, printer);
    }
    let published = if summary.published {
        "published"
    } else {
        "not published; a snapshot that was there is unchanged"
    };
    printer.note(&format!(
        "run {}: {}, {} rows written, {} requests, {published}",
        summary.run_id,
        summary.status(),
        summary.rows_written(),
        summary.requests(),
    ));
    for failed in &summary.failed_tie_outs {
        printer.warning(failed);
    }
    if summary.newly_quarantined() > 0 {
        printer.warning(&format!(
            "elements that could not enter their table: {}; see `_sync.quarantine`",
            summary.newly_quarantined()
        ));
    }
}

/// Gives the streams of a run as a table.
pub(super) fn streams(summary: &Summary) -> Table {
    let mut table = Table::new(&[
        ("source", ColumnKind::Text),
        ("stream", ColumnKind::Text),
        ("status", ColumnKind::Text),
        ("received", ColumnKind::Integer),
        ("inserted", ColumnKind::Integer),
        ("updated", ColumnKind::Integer),
        ("unchanged", ColumnKind::Integer),
        ("superseded", ColumnKind::Integer),
        ("quarantined", ColumnKind::Integer),
    ]);
    for report in summary.stream_reports() {
        let rows = report.outcome.rows;
        let mut row = vec![
            Cell::Text(report.source),
            Cell::Text(report.stream),
            Cell::Text(report.outcome.status.name().to_owned()),
        ];
        let numbers = [
            rows.received,
            rows.inserted,
            rows.updated,
            rows.unchanged,
            rows.superseded,
            rows.quarantined,
        ];
        row.extend(numbers.map(|number| Cell::Integer(i128::from(number))));
        table.rows.push(row);
    }
    table
}
