//! `verify`: what differs between the account and the snapshot, and whether it was mended.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::sync;
use crate::cli::args::{Global, OutputFormat, Verify};
use crate::cli::failure;
use crate::cli::printer::Printer;
use crate::cli::progress::Progress;
use crate::clock;
use crate::error::Result;
use crate::model::{Cell, ColumnKind, Observer, Table};
use crate::run::verify::{
    Counts, Findings, Repair, Sample, StreamFindings, Sum, VerifyOptions, verify,
};

/// Stands for all months of a stream.
const TOTAL: &str = "total";
/// Stands for rows whose time of creation is not known.
const UNKNOWN: &str = "unknown";

pub(super) async fn run(global: &Global, words: &Verify, printer: &Printer) -> Result<u8> {
    let settings = super::settings(global)?;
    let accounts = super::accounts(&settings, global)?;
    let seed = words.seed.unwrap_or_else(|| clock::now_micros().unsigned_abs());
    let options = VerifyOptions {
        streams: global.stream.clone(),
        sample: words.sample.map(|rows| Sample { rows, seed }),
        repair: words.repair,
        retry: super::retry_policy(),
    };
    let stop = super::stop_at_signals();
    let observer: Arc<dyn Observer> = Arc::new(Progress::new(printer));
    let findings = verify(&settings, &accounts, &options, &observer, &stop).await?;
    drop(observer);
    if global.format == OutputFormat::Json {
        printer.data(format!("{:#}\n", findings.to_json()).as_bytes())?;
    } else if !findings.streams.is_empty() {
        let which = match (global.format, global.verbose) {
            (OutputFormat::Csv, _) => Rows::Months,
            (_, 0) => Rows::Differing,
            _ => Rows::All,
        };
        printer.table(&rows(&findings, which), super::table_format(global))?;
    }
    conclude(&findings, printer);
    Ok(findings.exit_code())
}

/// Which rows of the findings to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// Months that differ, and totals.
    Differing,
    /// All months, and totals.
    All,
    /// All months, without totals, which a program would count twice.
    Months,
}

fn rows(findings: &Findings, which: Rows) -> Table {
    let counts = [
        "api",
        "warehouse",
        "same",
        "different",
        "missing",
        "extra",
        "gone",
        "newer",
        "forgotten",
        "quarantined",
    ];
    let text = |name| (name, ColumnKind::Text);
    let mut columns = vec![text("source"), text("stream"), text("month")];
    columns.extend(counts.map(|name| (name, ColumnKind::Integer)));
    columns.push(text("sums"));
    let mut table = Table::new(&columns);
    for stream in findings.streams.iter().filter(|stream| stream.skipped.is_none()) {
        for month in &stream.months {
            let sums: Vec<&Sum> =
                stream.sums.iter().filter(|sum| sum.month == month.month).collect();
            let sums = differing_sums(&sums);
            if which != Rows::Differing || month.counts.differences() > 0 || !sums.is_empty() {
                let name = month.month.as_deref().unwrap_or(UNKNOWN);
                table.rows.push(row(stream, name, &month.counts, None, sums));
            }
        }
        if which != Rows::Months {
            let sums = differing_sums(&stream.sums.iter().collect::<Vec<_>>());
            let quarantined = Some(stream.quarantined);
            table.rows.push(row(stream, TOTAL, &stream.total(), quarantined, sums));
        }
    }
    table
}

fn row(
    stream: &StreamFindings,
    month: &str,
    counts: &Counts,
    quarantined: Option<u64>,
    sums: String,
) -> Vec<Cell> {
    let mut row =
        [&stream.source, &stream.stream, month].map(|text| Cell::Text(text.to_owned())).to_vec();
    let numbers = [
        counts.api,
        counts.warehouse,
        counts.same,
        counts.different,
        counts.missing,
        counts.extra,
        counts.gone,
        counts.newer,
        counts.forgotten,
    ];
    row.extend(numbers.map(|number| Cell::Integer(i128::from(number))));
    row.push(quarantined.map_or(Cell::Null, |number| Cell::Integer(i128::from(number))));
    row.push(if sums.is_empty() { Cell::Null } else { Cell::Text(sums) });
    row
}

/// Writes the sums that differ, minor units: `amount usd 1200 at the API, 1000 here`. Currencies
/// stay apart.
fn differing_sums(sums: &[&Sum]) -> String {
    let mut totals: BTreeMap<(&str, Option<&str>), (i128, i128)> = BTreeMap::new();
    for sum in sums {
        let total = totals.entry((sum.column, sum.currency.as_deref())).or_default();
        total.0 = total.0.saturating_add(sum.api);
        total.1 = total.1.saturating_add(sum.warehouse);
    }
    let mut text = String::new();
    for ((column, currency), (api, here)) in totals.into_iter().filter(|(_, sum)| sum.0 != sum.1) {
        let separator = if text.is_empty() { "" } else { "; " };
        let currency = currency.unwrap_or("(unknown)");
        // Writing to a String cannot fail.
        let _ = write!(text, "{separator}{column} {currency} {api} at the API, {here} here");
    }
    text
}

/// Says what was found, and what to do about it.
fn conclude(findings: &Findings, printer: &Printer) {
    for stream in &findings.streams {
        let name = format!("{}.{}", stream.source, stream.stream);
        if let Some(why) = &stream.skipped {
            printer.note(&format!("{name}: not compared: {why}"));
        }
        if stream.unreadable > 0 {
            let count = stream.unreadable;
            printer.warning(&format!("{name}: {count} ids cannot be asked for and were left out"));
        }
    }
    if let Some(repair) = &findings.repair {
        sync::conclude(&repair.summary, printer);
    }
    for error in &findings.errors {
        failure::report(error, printer);
    }
    let (text, is_bad) = summary(findings);
    if is_bad { printer.warning(&text) } else { printer.note(&text) }
}

fn summary(findings: &Findings) -> (String, bool) {
    let mut total = Counts::default();
    findings.streams.iter().for_each(|stream| total.add(&stream.total()));
    let streams = findings.streams.iter().filter(|stream| stream.skipped.is_none()).count();
    let how = match findings.seed {
        Some(seed) => format!("a sample (--seed {seed}) of {} rows", total.warehouse),
        None => format!("{} objects at the API and {} rows", total.api, total.warehouse),
    };
    let begins = format!(
        "compared {how} of {streams} streams with run {}, {} requests",
        findings.snapshot_run, findings.requests
    );
    let incomplete =
        if findings.errors.is_empty() { "" } else { "; some streams were not compared" };
    if !findings.differs() {
        return (format!("{begins}: no difference{incomplete}"), !findings.errors.is_empty());
    }
    let found = format!(
        "{} missing, {} extra, {} gone, {} different",
        total.missing, total.extra, total.gone, total.different
    );
    match &findings.repair {
        Some(repair) => (format!("{begins}: {found}; {}", mended(repair)), !repair.left.is_empty()),
        None if findings.differences() == 0 => (
            format!("{begins}: no id differs, but sums do: the warehouse is damaged{incomplete}"),
            true,
        ),
        None => (
            format!(
                "{begins}: {found}{incomplete}; `paid-sync verify --repair` reads exactly these again"
            ),
            true,
        ),
    }
}

fn mended(repair: &Repair) -> String {
    let left = repair.left.len();
    if left == 0 {
        return format!("all {} are repaired", repair.marked);
    }
    format!(
        "{} of {} are repaired, {left} still differ; see `_sync.dirty` and the run's report",
        repair.repaired(),
        repair.marked
    )
}
