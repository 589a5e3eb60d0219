//! What run reports and part names tell of runs.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::clock;
use crate::durable;
use crate::error::Result;
use crate::load::{ChangeLogListing, Run, RunRecord, StreamReport};
use crate::model::{Effort, Outcome, RowCounts, StreamStatus};

/// Gives every run that left a trace, oldest first: by its report where that can be read, else by
/// its name alone, so that its number is never used again.
pub(super) fn runs(directory: &Path, listing: &ChangeLogListing) -> Result<Vec<RunRecord>> {
    let accounts: BTreeMap<&str, &str> =
        listing.parts.iter().map(|part| (part.source.as_str(), part.account_id.as_str())).collect();
    let mut records = BTreeMap::new();
    for path in durable::list(&directory.join("runs"))? {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(run) = name.and_then(|name| Run::named(name.strip_suffix(".json")?)) else {
            continue;
        };
        let report = std::fs::read(&path).ok();
        let report = report.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let record = match report {
            Some(report) => told(run, &report, &accounts),
            None => only_named(&run),
        };
        records.insert(record.run.id.clone(), record);
    }
    let damaged = listing.damaged.iter().filter_map(|part| part.run.as_ref());
    for run in listing.parts.iter().map(|part| &part.run).chain(damaged) {
        records.entry(run.id.clone()).or_insert_with(|| only_named(run));
    }
    Ok(records.into_values().collect())
}

fn only_named(run: &Run) -> RunRecord {
    RunRecord {
        run: run.clone(),
        finished_at: None,
        status: "died".to_owned(),
        exit_code: None,
        requests: None,
        message: None,
        streams: Vec::new(),
    }
}

fn told(run: Run, report: &Value, accounts: &BTreeMap<&str, &str>) -> RunRecord {
    let text = |name: &str| report.get(name).and_then(Value::as_str);
    let number = |name: &str| report.get(name).and_then(Value::as_i64);
    let sources = || report.get("sources").and_then(Value::as_array).into_iter().flatten();
    let mut errors = sources()
        .filter_map(|source| source.get("errors")?.get(0))
        .chain(report.get("publishing_error"));
    RunRecord {
        run,
        finished_at: text("finished_at").and_then(clock::micros_of),
        status: text("status").unwrap_or("unknown").to_owned(),
        exit_code: number("exit_code"),
        requests: number("requests"),
        message: errors.find_map(Value::as_str).map(ToOwned::to_owned),
        streams: sources().flat_map(|source| streams(source, accounts)).collect(),
    }
}

fn streams(source: &Value, accounts: &BTreeMap<&str, &str>) -> Vec<StreamReport> {
    let Some(name) = source.get("source").and_then(Value::as_str) else { return Vec::new() };
    let account_id = accounts.get(name).copied().unwrap_or_default();
    let streams = source.get("streams").and_then(Value::as_array).into_iter().flatten();
    streams.filter_map(|stream| stream_report(name, account_id, stream)).collect()
}

fn stream_report(source: &str, account_id: &str, stream: &Value) -> Option<StreamReport> {
    let text = |name: &str| stream.get(name).and_then(Value::as_str);
    let number = |name: &str| stream.get(name).and_then(Value::as_u64).unwrap_or(0);
    let named = text("status")?;
    let status = StreamStatus::ALL.iter().copied().find(|status| status.name() == named)?;
    let rows = RowCounts {
        received: number("received"),
        inserted: number("inserted"),
        updated: number("updated"),
        unchanged: number("unchanged"),
        superseded: number("superseded"),
        quarantined: number("quarantined"),
        deleted: number("deleted"),
        ..RowCounts::default()
    };
    Some(StreamReport {
        source: source.to_owned(),
        account_id: account_id.to_owned(),
        stream: text("stream")?.to_owned(),
        outcome: Outcome { status, rows, note: text("note").map(ToOwned::to_owned) },
        effort: Effort::default(),
    })
}
