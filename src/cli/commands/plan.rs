//! `plan`: what the next run would do and cost.

use std::sync::Arc;

use serde_json::json;

use crate::cli::args::{Global, OutputFormat, Past};
use crate::cli::printer::Printer;
use crate::cli::progress::Progress;
use crate::error::Result;
use crate::model::{Cell, ColumnKind, Observer, Table};
use crate::run::{self, Outlook, SyncOptions};

pub(super) async fn run(global: &Global, full: bool, past: Past, printer: &Printer) -> Result<u8> {
    let is_backfill = past.from.is_some() || past.to.is_some() || past.again;
    let options = if is_backfill {
        super::backfill::options(past)?
    } else {
        SyncOptions { full, ..SyncOptions::default() }
    };
    run_with(global, options, printer).await
}

/// Shows what a run with these options would do.
pub(super) async fn run_with(
    global: &Global,
    options: SyncOptions,
    printer: &Printer,
) -> Result<u8> {
    let settings = super::settings(global)?;
    let options =
        SyncOptions { streams: global.stream.clone(), retry: super::retry_policy(), ..options };
    let observer: Arc<dyn Observer> = Arc::new(Progress::new(printer));
    let mut outlooks = Vec::new();
    for account in super::accounts(&settings, global)? {
        outlooks.push(run::outlook(&settings, account, &options, Arc::clone(&observer)).await?);
    }
    if global.format == OutputFormat::Json {
        let all: Vec<_> = outlooks.iter().map(to_json).collect();
        printer.data(format!("{:#}\n", json!(all)).as_bytes())?;
    } else {
        printer.table(&table(&outlooks), super::table_format(global))?;
    }
    for outlook in &outlooks {
        printer.note(&sum(outlook));
    }
    Ok(0)
}

fn table(outlooks: &[Outlook]) -> Table {
    let mut table = Table::new(&[
        ("source", ColumnKind::Text),
        ("stream", ColumnKind::Text),
        ("walk", ColumnKind::Text),
        ("why", ColumnKind::Text),
        ("rows", ColumnKind::Integer),
        ("requests", ColumnKind::Integer),
    ]);
    let number = |number: Option<u64>| number.map_or(Cell::Null, |n| Cell::Integer(n.into()));
    for walk in outlooks.iter().flat_map(|outlook| &outlook.walks) {
        table.rows.push(vec![
            Cell::Text(walk.source.clone()),
            Cell::Text(walk.stream.to_owned()),
            Cell::Text(walk.walk.clone()),
            Cell::Text(walk.reason.to_owned()),
            number(walk.rows),
            number(walk.requests),
        ]);
    }
    table
}

fn sum(outlook: &Outlook) -> String {
    let unknown = outlook.walks.iter().filter(|walk| walk.rows.is_none()).count();
    let unknown = match unknown {
        0 => String::new(),
        count => format!("; {count} lists that nothing is known of are not counted"),
    };
    format!(
        "{}: about {} requests ({} of them refreshes by id), {:.1} minutes, {:.1} MB of disk{unknown}; \
         this plan took {} requests",
        outlook.source,
        outlook.requests,
        outlook.refreshes,
        outlook.seconds / 60.0,
        megabytes(outlook.bytes),
        outlook.spent,
    )
}

/// Tenths of a megabyte are as exact as the prediction is.
fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 100_000).unwrap_or(u32::MAX)) / 10.0
}

fn to_json(outlook: &Outlook) -> serde_json::Value {
    let walks: Vec<_> = outlook
        .walks
        .iter()
        .map(|walk| {
            json!({
                "stream": walk.stream,
                "walk": walk.walk,
                "why": walk.reason,
                "rows": walk.rows,
                "new_rows": walk.new_rows,
                "requests": walk.requests,
            })
        })
        .collect();
    json!({
        "source": outlook.source,
        "walks": walks,
        "refreshes": outlook.refreshes,
        "requests": outlook.requests,
        "seconds": outlook.seconds,
        "bytes": outlook.bytes,
        "spent": outlook.spent,
    })
}
