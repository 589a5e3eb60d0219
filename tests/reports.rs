//! Bundled reports: contract headers, and their SQL on small data sets checked by hand.

mod asking;
mod contracts;
mod days;
mod empty;
mod life_cycles;
mod receivables;
mod recurring;
mod reminders;
mod revenue;

use std::fmt::Write as _;
use std::path::PathBuf;

use duckdb::Connection;
use jiff::civil::{Date, date};
use paid_sync::catalog::source_kind;
use paid_sync::model::{Cell, Table};
use paid_sync::report::{
    ModelSource, Question, REPORTS, find_report, model_sql, query_table, report_sql, run_report,
    timezone_sql,
};

const TABLES: [&str; 5] = ["customers", "plans", "subscriptions", "transactions", "invoices"];
const DAY: Date = date(2026, 3, 31);
/// When all rows are observed.
const SEEN: &str = "2026-03-15 12:00:00";

/// A snapshot in a folder of its own.
struct Snapshot {
    path: PathBuf,
    folder: tempfile::TempDir,
}

/// Makes a snapshot whose sources are given as (name, default currency).
fn snapshot(zone: &str, sources: &[(&str, Option<&str>)], rows: &str) -> Snapshot {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("warehouse.duckdb");
    let mut script = "CREATE SCHEMA _sync;
         CREATE TABLE _sync.freshness (source VARCHAR, stream VARCHAR, complete_to TIMESTAMP,
             edits_seen_to TIMESTAMP, edits_guaranteed_to TIMESTAMP, deletes_guaranteed_to TIMESTAMP,
             last_status VARCHAR DEFAULT 'complete', dirty_ids BIGINT DEFAULT 0);
         CREATE TABLE _sync.sources (source VARCHAR, account_id VARCHAR);
         CREATE TABLE _sync.problems (source VARCHAR, stream VARCHAR, id VARCHAR, field VARCHAR,
             code VARCHAR, level VARCHAR);"
        .to_owned();
    for (name, _) in sources {
        write!(
            script,
            "CREATE SCHEMA \"{name}\"; CREATE SCHEMA \"{name}_history\";
             CREATE TABLE \"{name}_history\".account (_valid_from TIMESTAMP);"
        )
        .unwrap();
        for table in TABLES {
            let spec = source_kind("paid").unwrap().stream(table).unwrap();
            write!(script, "CREATE TABLE \"{name}\".{table} (_account_id VARCHAR, id VARCHAR")
                .unwrap();
            for field in spec.fields {
                write!(script, ", \"{}\" {}", field.column, field.coercion.sql_type()).unwrap();
            }
            // Everything was first seen, and last changed, on the day SEEN.
            write!(
                script,
                ", _first_seen_at TIMESTAMP DEFAULT '{SEEN}', _changed_at TIMESTAMP DEFAULT '{SEEN}');
                 CREATE VIEW \"{name}_history\".{table} AS SELECT *, _changed_at AS _valid_from,
                 CAST(NULL AS TIMESTAMP) AS _valid_to FROM \"{name}\".{table};"
            )
            .unwrap();
        }
    }
    script.push_str(rows);
    let sources: Vec<ModelSource> = sources
        .iter()
        .map(|(name, currency)| ModelSource {
            name: (*name).to_owned(),
            kind: "paid",
            default_currency: currency.map(str::to_owned),
        })
        .collect();
    let statements =
        [timezone_sql(zone).unwrap(), model_sql(&sources), report_sql(REPORTS).unwrap()].concat();
    let connection = Connection::open(&path).unwrap();
    // One transaction, or the disk is synced 170 times.
    let script = format!("BEGIN;\n{script};\n{};\nCOMMIT;", statements.join(";\n"));
    connection.execute_batch(&script).unwrap();
    Snapshot { path, folder }
}

/// Shows rows as text, `-` for NULL.
fn lines(table: &Table) -> Vec<String> {
    let cell = |cell: &Cell| match cell {
        Cell::Null => "-".to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Integer(number) => number.to_string(),
        Cell::Boolean(truth) => truth.to_string(),
    };
    table.rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(" ")).collect()
}

fn at(as_of: Option<Date>) -> Question {
    Question { as_of, ..Question::default() }
}

fn report_lines(snapshot: &Snapshot, name: &str, as_of: Option<Date>) -> Vec<String> {
    lines(&run_report(&snapshot.path, find_report(name).unwrap(), &at(as_of)).unwrap())
}

fn query_lines(snapshot: &Snapshot, sql: &str) -> Vec<String> {
    lines(&query_table(&snapshot.path, sql).unwrap())
}
