//! Bundled reports: contract headers, and their SQL on small data sets checked by hand.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::PathBuf;

use duckdb::Connection;
use jiff::civil::{Date, date};
use jiff::{Timestamp, tz::TimeZone};
use paid_sync::catalog::source_kind;
use paid_sync::error::Kind;
use paid_sync::model::{Cell, ColumnKind, Table};
use paid_sync::parquet_file;
use paid_sync::report::{
    self, ModelSource, Question, REPORTS, Report, Session, find_report, model_sql, query_table,
    report_sql, run_report, run_report_batches, timezone_sql,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

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

#[test]
fn the_catalogue_of_reports_is_the_listing_of_queries() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/queries");
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    let names: Vec<String> = REPORTS.iter().map(|report| format!("{}.sql", report.name)).collect();
    assert_eq!(files, names);
}

#[test]
fn every_query_file_opens_with_its_contract_and_holds_one_select() {
    for report in REPORTS {
        let (contract, statement) = report::parse(report.file).unwrap();
        assert!(statement.starts_with("WITH asked AS ("), "{}", report.name);
        assert!(!statement.contains(';'), "{}: one statement", report.name);
        let tail: Vec<&str> = contract.columns.iter().map(|column| column.name.as_str()).collect();
        assert!(tail.ends_with(&["source", "account_id"]), "{}: {tail:?}", report.name);
        for parameter in &contract.parameters {
            assert_eq!(statement.matches(&format!("${}", parameter.name)).count(), 1);
        }
    }
    let contract = find_report("ar_aging").unwrap().contract().unwrap();
    let names: Vec<&str> = contract.columns.iter().map(|column| column.name.as_str()).collect();
    let published = "customer_id customer_name currency not_due days_1_30 days_31_60 days_61_90 \
                     days_over_90 total source account_id";
    assert_eq!(names.join(" "), published);
}

#[test]
fn malformed_headers_are_refused_with_the_reason() {
    let whole = "-- title: T\n-- description:\n--   d\n-- grain: g\n-- columns:\n\
                 --   a | DATE | day | m | n\n\nSELECT 1;\n";
    let (contract, statement) = report::parse(whole).unwrap();
    assert_eq!((contract.title.as_str(), statement), ("T", "SELECT 1"));
    assert_eq!(contract.columns[0].meaning, "m | n");
    assert_eq!(contract.columns[0].comment(), "m | n Unit: day.");
    for (from, to, reason) in [
        ("-- title: T\n", "", "`title` is missing"),
        ("--   d\n", "", "`description` is missing"),
        ("-- grain: g\n", "", "`grain` is missing"),
        ("--   a | DATE | day | m | n\n", "", "`columns` is missing"),
        ("SELECT 1;", "", "`statement` is missing"),
        ("grain: g", "grian: g", "line 4 is not understood"),
        ("| day | m | n", "| day", "line 6 is not understood"),
        ("| DATE |", "| |", "line 6 is not understood"),
        ("-- description:\n", "", "line 2 is not understood"),
    ] {
        let error = report::parse(&whole.replace(from, to)).unwrap_err();
        assert!(error.to_string().contains(reason), "{from:?} -> {to:?}: {error}");
    }
}

#[test]
fn columns_and_types_equal_the_header_even_without_any_source() {
    for sources in [&[][..], &[("paid", None)]] {
        let snapshot = snapshot("Europe/Berlin", sources, "");
        for report in REPORTS {
            let contract = report.contract().unwrap();
            let promised: Vec<String> = contract
                .columns
                .iter()
                .map(|column| format!("{} {}", column.name, column.sql_type))
                .collect();
            let view =
                format!("SELECT column_name, column_type FROM (DESCRIBE reports.{})", report.name);
            assert_eq!(query_lines(&snapshot, &view), promised, "view {}", report.name);
            let dated = format!(
                "SELECT column_name, column_type FROM (DESCRIBE FROM reports.{}_as_of('{DAY}'))",
                report.name
            );
            assert_eq!(query_lines(&snapshot, &dated), promised, "macro {}", report.name);
            let table = run_report(&snapshot.path, report, &at(Some(DAY))).unwrap();
            let kinds: Vec<ColumnKind> = table.columns.iter().map(|column| column.kind).collect();
            let wanted: Vec<ColumnKind> =
                contract.columns.iter().map(report::ContractColumn::kind).collect();
            assert_eq!((kinds, table.rows.len()), (wanted, 0));
        }
    }
}

#[test]
fn every_view_and_column_of_model_and_reports_carries_a_comment() {
    let snapshot = snapshot("UTC", &[("paid", None)], "");
    for catalogue in ["duckdb_views()", "duckdb_columns()", "duckdb_functions()"] {
        let sql = format!(
            "SELECT count(*) > 0, count(*) - count(comment) FROM {catalogue} \
             WHERE NOT internal AND schema_name IN ('model', 'reports')"
        );
        assert_eq!(query_lines(&snapshot, &sql), ["true 0"], "{catalogue}");
    }
    let unit = "SELECT comment LIKE '%Unit: minor units.' FROM duckdb_columns() \
                WHERE schema_name = 'reports' AND table_name = 'ar_aging' AND column_name = 'total'";
    assert_eq!(query_lines(&snapshot, unit), ["true"]);
}

#[test]
fn ages_change_the_day_after_30_60_and_90_days() {
    let snapshot = snapshot(
        "UTC",
        &[("paid", Some("USD"))],
        "INSERT INTO paid.customers (_account_id, id, name) VALUES ('a', 'c', 'Ada'), ('b', 'c', 'Eve');
         INSERT INTO paid.invoices (_account_id, id, customer_id, issued_at, due_date, unpaid_amount)
         SELECT 'a', 'i' || due, 'c', TIMESTAMP '2025-11-01', DATE '2026-03-31' - due, amount
         FROM (VALUES (-5, 1), (0, 2), (1, 10), (30, 20), (31, 100), (60, 200), (61, 1000),
                      (90, 2000), (91, 10000), (151, 20000)) AS given (due, amount);",
    );
    let expected = ["c Ada usd 3 30 300 3000 30000 33333 paid a"];
    assert_eq!(report_lines(&snapshot, "ar_aging", Some(DAY)), expected);
    // A day later, what was 0, 30, 60 and 90 days past due moves on by one column.
    let expected = ["c Ada usd 1 12 120 1200 32000 33333 paid a"];
    assert_eq!(report_lines(&snapshot, "ar_aging", Some(date(2026, 4, 1))), expected);
    // Before the issue date there is nothing, although amounts are today's.
    assert!(report_lines(&snapshot, "ar_aging", Some(date(2025, 10, 31))).is_empty());
}

/// Customer | columns of its one invoice | values | ages and total in `ar_aging`, if it is open.
/// Issued on 1 January 2026 where the columns do not say otherwise.
const OPEN_CASES: &str = "\
    a voided | unpaid_amount, voided | 7, TRUE | -
    b voided_at only | unpaid_amount, voided_at | 7, '2026-01-05' | -
    c paid | unpaid_amount, paid | 7, TRUE | -
    d generated | unpaid_amount, issued_at | 7, NULL | -
    e settled | unpaid_amount, amount | 0, 7 | -
    f amount unknown | unpaid_amount | NULL | -
    g unpaid missing | unpaid_amount, amount | NULL, 7 | 7 0 0 0 0 7
    h credit | unpaid_amount, due_date | -7, '2025-01-01' | -7 0 0 0 0 -7
    i issued in time | unpaid_amount, issued_at | 7, '2026-03-31 23:59:59' | 7 0 0 0 0 7
    j issued after | unpaid_amount, issued_at | 7, '2026-04-01 00:00:00' | -
    k terms, due today | unpaid_amount, issued_at, terms | 7, '2026-03-01', 30 | 7 0 0 0 0 7
    l terms, due before | unpaid_amount, issued_at, terms | 7, '2026-03-01', 29 | 0 7 0 0 0 7
    m due beats terms | unpaid_amount, terms, due_date | 7, 0, '2026-04-09' | 7 0 0 0 0 7
    n neither | unpaid_amount | 7 | 7 0 0 0 0 7
    o absurd terms | unpaid_amount, terms | 7, 9223372036854775807 | 7 0 0 0 0 7
    p undated | unpaid_amount, overdue_amount, issued_at, due_date | 7, 7, NULL, '2026-01-01' | 0 0 0 7 0 7
    q flags false | unpaid_amount, paid, voided | 7, FALSE, FALSE | 7 0 0 0 0 7";

#[test]
fn open_is_issued_unpaid_unvoided_and_not_zero() {
    let (mut rows, mut expected) = (String::new(), Vec::new());
    for case in OPEN_CASES.lines() {
        let [customer, columns, values, ages] =
            case.split('|').map(str::trim).collect::<Vec<_>>().try_into().unwrap();
        let given = columns.contains("issued_at");
        let (issued, at) = if given { ("", "") } else { (", issued_at", ", '2026-01-01'") };
        write!(
            rows,
            "INSERT INTO paid.invoices (_account_id, id, customer_id, {columns}{issued}) \
             VALUES ('a', 'i {customer}', '{customer}', {values}{at});"
        )
        .unwrap();
        if ages != "-" {
            expected.push(format!("{customer}: {ages}"));
        }
    }
    let snapshot = snapshot("UTC", &[("paid", None)], &rows);
    let sql = format!(
        "SELECT customer_id || ':', not_due, days_1_30, days_31_60, days_61_90, days_over_90, total \
         FROM reports.ar_aging_as_of(DATE '{DAY}') ORDER BY customer_id"
    );
    assert_eq!(query_lines(&snapshot, &sql), expected);
}

/// Invoices with one currency, with none, with several, and with one that some lines lack.
const CURRENCIES: &str = "
    INSERT INTO {s}.invoices (_account_id, id, customer_id, issued_at, unpaid_amount) VALUES
        ('a', 'euro', 'c', '2026-03-01', 1), ('a', 'none', 'c', '2026-03-01', 10),
        ('a', 'mixed', 'c', '2026-03-01', 100), ('a', 'half', 'c', '2026-03-01', 1000),
        ('a', 'lines', 'c', '2026-03-01', NULL);
    INSERT INTO {s}.transactions (_account_id, id, invoice_id, amount, currency) VALUES
        ('a', '1', 'euro', 1, 'eur'), ('a', '2', 'euro', 0, 'eur'), ('b', '3', 'euro', 9, 'gbp'),
        ('a', '4', 'mixed', 50, 'eur'), ('a', '5', 'mixed', 50, 'gbp'), ('a', '6', 'mixed', 5, NULL),
        ('a', '7', 'half', 1, NULL), ('a', '8', 'half', 1, 'eur'), ('a', '9', 'half', 1, ''),
        ('a', '10', 'lines', 20000, 'eur'), ('a', '11', 'lines', -10000, 'eur'),
        ('a', '12', NULL, 3, NULL);";

#[test]
fn currencies_come_from_transactions_then_the_default_and_are_never_mixed() {
    let rows = CURRENCIES.replace("{s}", "paid") + &CURRENCIES.replace("{s}", "other");
    let snapshot = snapshot("UTC", &[("paid", None), ("other", Some("CHF"))], &rows);
    let expected = [
        // Lines count, each in its own currency: 1 + 50 + 3 + 10000 eur, 50 gbp, 5 of unknown currency.
        "c - (unknown) 5 0 0 0 0 5 other a",
        "c - chf 10 0 0 0 0 10 other a",
        "c - eur 10054 0 0 0 0 10054 other a",
        "c - gbp 50 0 0 0 0 50 other a",
        "c - (unknown) 15 0 0 0 0 15 paid a",
        "c - eur 10054 0 0 0 0 10054 paid a",
        "c - gbp 50 0 0 0 0 50 paid a",
    ];
    assert_eq!(report_lines(&snapshot, "ar_aging", Some(DAY)), expected);
    let flags = "SELECT id, currency, mixed_currency, transactions_amount FROM model.invoices \
                 WHERE source = 'other' ORDER BY id";
    let expected = [
        "euro eur false 1",
        "half eur false 3",
        "lines eur false 10000",
        "mixed - true -",
        "none chf false -",
    ];
    assert_eq!(query_lines(&snapshot, flags), expected);
    let lines = "SELECT id, currency FROM model.transactions WHERE source = 'other' \
                 AND id IN ('5', '6', '7', '9', '12') ORDER BY CAST(id AS INTEGER)";
    assert_eq!(query_lines(&snapshot, lines), ["5 gbp", "6 -", "7 eur", "9 eur", "12 chf"]);
}

#[test]
fn two_sources_and_accounts_with_the_same_ids_stay_apart() {
    let mut rows = String::new();
    for (source, account, name, amount) in
        [("paid", "a", "Ada", 1), ("paid", "b", "O''Neil", 2), ("second", "a", "Zoé", 4)]
    {
        write!(
            rows,
            "INSERT INTO {source}.customers (_account_id, id, name) VALUES ('{account}', 'c', '{name}');
             INSERT INTO {source}.invoices (_account_id, id, customer_id, issued_at, unpaid_amount, amount)
             VALUES ('{account}', 'i', 'c', '2026-03-01', {amount}, {amount});
             INSERT INTO {source}.transactions (_account_id, id, invoice_id, amount, currency, paid, paid_on)
             VALUES ('{account}', 't', 'i', {amount}, 'usd', TRUE, '2026-03-02'),
                    ('{account}', 'r', 'i', -{amount}, 'usd', NULL, '2026-03-02');"
        )
        .unwrap();
    }
    let snapshot = snapshot("UTC", &[("paid", None), ("second", None)], &rows);
    let expected = [
        // The line is paid, the credit is not: it is owed to the customer.
        "c Ada usd -1 0 0 0 0 -1 paid a",
        "c O'Neil usd -2 0 0 0 0 -2 paid b",
        "c Zoé usd -4 0 0 0 0 -4 second a",
    ];
    assert_eq!(report_lines(&snapshot, "ar_aging", Some(DAY)), expected);
    let expected = [
        "2026-03-01 billing usd 1 -1 0 0 1 1 paid a",
        "2026-03-01 service usd 1 -1 0 0 1 1 paid a",
        "2026-03-01 billing usd 2 -2 0 0 2 1 paid b",
        "2026-03-01 service usd 2 -2 0 0 2 1 paid b",
        "2026-03-01 billing usd 4 -4 0 0 4 1 second a",
        "2026-03-01 service usd 4 -4 0 0 4 1 second a",
    ];
    assert_eq!(report_lines(&snapshot, "revenue_by_month", Some(DAY)), expected);
}

const REVENUE: &str = "
    INSERT INTO paid.invoices (_account_id, id, issued_at, amount, paid, voided, overdue_amount) VALUES
        ('a', 'jan', '2026-01-31 23:59:59', 1000, TRUE, NULL, NULL),
        ('a', 'feb', '2026-02-01 00:00:00', 200, NULL, NULL, 200),
        ('a', 'void', '2026-02-02', 5000, NULL, TRUE, NULL),
        ('a', 'draft', NULL, 7000, NULL, NULL, NULL),
        ('a', 'undated', NULL, 3, TRUE, NULL, NULL),
        ('a', 'lines', '2026-02-28', NULL, NULL, NULL, NULL),
        ('a', 'later', '2026-04-01', 90000, NULL, NULL, NULL);
    INSERT INTO paid.transactions
        (_account_id, id, invoice_id, amount, currency, paid, paid_on, created_at, serviced_on) VALUES
        ('a', '1', 'jan', 1300, 'usd', TRUE, '2026-02-10', '2026-01-30', NULL),
        ('a', '2', 'jan', -100, 'usd', TRUE, '2026-02-10', '2026-01-30', NULL),
        ('a', '3', 'jan', -200, 'usd', TRUE, '2026-03-05', '2026-03-05', '2026-01-01'),
        ('a', '4', 'feb', 200, 'usd', FALSE, NULL, '2026-01-15', NULL),
        ('a', '5', 'void', 5100, 'usd', FALSE, NULL, '2026-02-01', NULL),
        ('a', '6', 'void', -100, 'usd', FALSE, NULL, '2026-02-01', NULL),
        ('a', '7', NULL, -40, 'usd', FALSE, NULL, NULL, '2026-02-20'),
        ('a', '8', NULL, 60, 'usd', TRUE, NULL, '2026-02-20', NULL),
        ('a', '9', 'lines', 77, 'usd', NULL, NULL, '2026-02-20', NULL),
        ('a', '10', NULL, -5, 'eur', TRUE, '2026-02-03', '2026-02-03', NULL),
        ('a', '11', 'later', 90000, 'usd', TRUE, '2026-04-02', '2026-03-20', NULL),
        ('a', '12', 'undated', 3, 'usd', FALSE, NULL, NULL, NULL);";

/// By hand, usd on the basis of billing. Receivable from: 1, 2 on 31 January (issue), 3 on 5 March
/// (created after issue), 4 on 1 February, 5 and 6 on 2 February, 9 on 28 February, 12 on 15 March
/// (paid without an issue day: first seen then). Voided, without a day, first seen on 15 March: 5, 6.
///
/// | | billed | credits | voided | net | collected |
/// | --- | --- | --- | --- | --- | --- |
/// | January | 1300 | -100 | | 1200 | |
/// | February | 200 + 5100 + 77 | -100 | | 5277 | 1300 - 100 |
/// | March | 3 | -200 | -5100 + 100 | -5197 | -200 + 60 (first seen paid) |
///
/// By service: 1, 2 and 4 by creation in January, 3 by its day of service; 5, 6, 9 and 8 by creation
/// in February. Both bases: net 1280, collected 1060.
#[test]
fn revenue_counts_each_cent_once_on_both_bases() {
    let snapshot = snapshot("UTC", &[("paid", None)], REVENUE);
    let expected = [
        "2026-02-01 billing eur 0 0 0 0 -5 0 paid a",
        "2026-02-01 service eur 0 0 0 0 -5 0 paid a",
        "2026-01-01 billing usd 1300 -100 0 1200 0 1 paid a",
        "2026-02-01 billing usd 5377 -100 0 5277 1200 3 paid a",
        "2026-03-01 billing usd 3 -200 -5000 -5197 -140 2 paid a",
        "2026-01-01 service usd 1500 -300 0 1200 1000 2 paid a",
        "2026-02-01 service usd 5177 -100 -5000 77 60 2 paid a",
        "2026-03-01 service usd 3 0 0 3 0 1 paid a",
    ];
    assert_eq!(report_lines(&snapshot, "revenue_by_month", Some(DAY)), expected);
    let early = report_lines(&snapshot, "revenue_by_month", Some(date(2026, 1, 31)));
    let expected = [
        "2026-01-01 billing usd 1300 -100 0 1200 0 1 paid a",
        "2026-01-01 service usd 1300 -100 0 1200 0 1 paid a",
    ];
    assert_eq!(early, expected);
}

/// The same lines: opening, billed, credits, settled, voided, closing, estimated.
#[test]
fn the_roll_forward_closes_every_month() {
    let snapshot = snapshot("UTC", &[("paid", None)], REVENUE);
    let expected = [
        // 1300 - 100
        "2026-01-01 usd 0 1300 -100 0 0 1200 0 paid a",
        // 1200 + 5377 - 100 - (1300 - 100)
        "2026-02-01 usd 1200 5377 -100 1200 0 5277 0 paid a",
        // 5277 + 3 - 200 + 200 - (5100 - 100); days of 12, 5 and 6 are estimates: 3 + 5100 + 100
        "2026-03-01 usd 5277 3 -200 -200 5000 280 5203 paid a",
    ];
    assert_eq!(report_lines(&snapshot, "ar_rollforward", Some(DAY)), expected);
    // What is left: 200 of `feb`, 77 of `lines`, 3 of `undated`.
    let aging = "SELECT sum(total) FROM reports.ar_aging_as_of(DATE '2026-03-31')";
    assert_eq!(query_lines(&snapshot, aging), ["280"]);
    // On the evening of 9 February `jan` is open although it is paid by now.
    let then = "SELECT sum(total) FROM reports.ar_aging_as_of(DATE '2026-02-09')";
    assert_eq!(query_lines(&snapshot, then), ["6400"], "1200 + 200 + 5000");
}

/// Monthly recurring revenue of one customer: 1200 a year is 100 a month from 10 January, 50 more
/// from 5 February, the first ends on 28 February, the second on 1 April; then 10 from 20 May.
#[test]
fn mrr_moves_by_new_expansion_contraction_churn_and_reactivation() {
    let rows = "
        INSERT INTO paid.plans (_account_id, id, amount, currency, \"interval\", interval_count) VALUES
            ('a', 'year', 1200, 'USD', 'year', 1), ('a', 'month', 50, 'USD', 'month', 1),
            ('a', 'two', 20, 'USD', 'month', 2);
        INSERT INTO paid.subscriptions (_account_id, id, customer_id, plan_id, started_at, ended_at) VALUES
            ('a', '1', 'c', 'year', '2026-01-10', '2026-02-28'),
            ('a', '2', 'c', 'month', '2026-02-05', '2026-04-01'),
            ('a', '3', 'c', 'two', '2026-05-20', NULL);";
    let snapshot = snapshot("UTC", &[("paid", None)], rows);
    // month opening new reactivation expansion contraction churn closing
    let expected = [
        "2026-01-01 usd 0 100 0 0 0 0 100 paid a",
        "2026-02-01 usd 100 0 0 0 -50 0 50 paid a",
        "2026-03-01 usd 50 0 0 0 0 0 50 paid a",
        "2026-04-01 usd 50 0 0 0 0 -50 0 paid a",
        "2026-05-01 usd 0 0 10 0 0 0 10 paid a",
    ];
    let day = Some(date(2026, 5, 31));
    assert_eq!(report_lines(&snapshot, "mrr_movements", day), expected);
    let mrr = "SELECT mrr, arr, subscriptions FROM reports.mrr_as_of(DATE '2026-02-27') \
               WHERE month = '2026-02-01'";
    assert_eq!(query_lines(&snapshot, mrr), ["150 1800 2"]);
}

/// CONTRACT A6, worked example: due on 18 February 2015.
#[test]
fn reminders_follow_the_schedule_of_the_invoice() {
    let rows = r#"
        INSERT INTO paid.invoices (_account_id, id, customer_id, issued_at, due_date, unpaid_amount, chase_schedule) VALUES
            ('a', 'given', 'c', '2015-01-01', '2015-02-18', 1, '[-7, "-1", 0, 1, 5, 10, 15, 20, 25, 30, "~3"]'),
            ('a', 'broken', 'c', '2015-01-01', '2015-02-18', 1, '["~3", 1]'),
            ('a', 'none', 'c', '2015-01-01', '2015-02-18', 1, NULL);"#;
    let snapshot = snapshot("UTC", &[("paid", Some("usd"))], rows);
    for (day, given, none) in [
        ("2015-02-10", "2015-02-11", "2015-02-11"),
        ("2015-02-18", "2015-02-19", "2015-02-19"),
        ("2015-03-20", "2015-03-23", "-"),
        ("2015-03-23", "2015-03-26", "-"),
        ("2015-04-01", "2015-04-04", "-"),
    ] {
        let sql = format!(
            "SELECT invoice_id, next_reminder_on, schedule \
             FROM reports.chase_calendar_as_of(DATE '{day}') ORDER BY invoice_id"
        );
        let expected = [
            "broken - invalid".to_owned(),
            format!("given {given} valid"),
            format!("none {none} default"),
        ];
        assert_eq!(query_lines(&snapshot, &sql), expected, "{day}");
    }
}

#[test]
fn questions_choose_rows_or_are_refused() {
    let snapshot = snapshot("UTC", &[("paid", None)], REVENUE);
    let ask = |name: &str, question: &Question| {
        run_report(&snapshot.path, find_report(name).unwrap(), question)
    };
    let from = Question { from: Some(date(2026, 2, 20)), ..at(Some(DAY)) };
    assert_eq!(ask("ar_rollforward", &from).unwrap().rows.len(), 2, "February and March");
    let euro = Question { currency: Some("EUR".to_owned()), ..at(Some(DAY)) };
    assert_eq!(ask("revenue_by_month", &euro).unwrap().rows.len(), 2);
    let customer = Question { customer: Some("c".to_owned()), ..at(Some(DAY)) };
    for (name, question) in [("mrr", &customer), ("ar_aging", &from), ("data_quality", &from)] {
        assert_eq!(ask(name, question).unwrap_err().kind(), Kind::Usage, "{name}");
    }
    let known = |instant: &str| Question { known_at: Some(instant.parse().unwrap()), ..at(None) };
    let error = ask("ar_aging", &known("2026-03-01T00:00:00Z")).unwrap_err();
    assert_eq!(error.kind(), Kind::Unpublished, "no customer was ever seen: {error}");
}

#[test]
fn every_tie_out_holds_and_one_that_does_not_is_found() {
    let fresh = "INSERT INTO _sync.freshness (source, stream, complete_to) \
                 VALUES ('paid', 'invoices', '2026-03-31 12:00:00');";
    let snapshot = snapshot("UTC", &[("paid", None)], &format!("{REVENUE}{fresh}"));
    let session = Session::open(&snapshot.path).unwrap();
    for report in REPORTS {
        let result = session.tie_out(report).unwrap();
        assert!(result.holds(), "{}: {}", report.name, result.sentence());
    }
    drop(session);
    let connection = Connection::open(&snapshot.path).unwrap();
    connection
        .execute_batch(
            "CREATE OR REPLACE VIEW reports.ar_aging AS SELECT * REPLACE (total + 1 AS total) \
             FROM reports.ar_aging_as_of(DATE '2026-03-31')",
        )
        .unwrap();
    connection.close().unwrap();
    let session = Session::open(&snapshot.path).unwrap();
    let result = session.tie_out(find_report("ar_aging").unwrap()).unwrap();
    assert!(result.sentence().contains("TIE-OUT FAILED"), "{}", result.sentence());
}

#[test]
fn a_zone_west_of_utc_moves_a_date_and_with_it_month_and_age() {
    let rows = "
        INSERT INTO _sync.freshness (source, stream, complete_to) VALUES ('paid', 'invoices', '2026-04-01 03:59:59'),
            ('paid', 'customers', '2026-03-30 12:00:00'), ('paid', 'users', NULL);
        INSERT INTO paid.invoices (_account_id, id, customer_id, issued_at, unpaid_amount, amount, terms)
        VALUES ('a', 'i', 'c', '2026-03-01 04:00:00', 5, 5, 30);";
    for (zone, as_of, aging, month) in [
        ("UTC", "2026-04-01", "c - usd 0 5 0 0 0 5 paid a", "2026-03-01"),
        ("America/New_York", "2026-03-31", "c - usd 0 5 0 0 0 5 paid a", "2026-02-01"),
        ("Pacific/Kiritimati", "2026-04-01", "c - usd 0 5 0 0 0 5 paid a", "2026-03-01"),
    ] {
        let snapshot = snapshot(zone, &[("paid", Some("usd"))], rows);
        assert_eq!(query_lines(&snapshot, "FROM model.as_of_default"), [as_of], "{zone}");
        assert_eq!(report_lines(&snapshot, "ar_aging", None), [aging], "{zone}");
        let revenue =
            ["billing", "service"].map(|basis| format!("{month} {basis} usd 5 0 0 5 0 1 paid a"));
        assert_eq!(report_lines(&snapshot, "revenue_by_month", None), revenue, "{zone}");
    }
    // The age itself: issued on 28 February in New York, due on 30 March, one day before 1 April UTC.
    let ages = "SELECT not_due, days_1_30 FROM reports.ar_aging_as_of(DATE '2026-03-31')";
    let in_zone = |zone| query_lines(&snapshot(zone, &[("paid", Some("usd"))], rows), ages);
    assert_eq!(in_zone("UTC"), ["5 0"]);
    assert_eq!(in_zone("America/New_York"), ["0 5"]);
}

#[test]
fn local_date_agrees_with_the_time_zone_database_from_1970_to_2099() {
    for zone in ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca"] {
        let snapshot = snapshot(zone, &[], "");
        let zone_rules = TimeZone::get(zone).unwrap();
        let sql = "SELECT instant, model.local_date(make_timestamp(instant * 1000000)) \
                   FROM (SELECT unnest(range(0, 4102444800, 999983)) AS instant)";
        let table = query_table(&snapshot.path, sql).unwrap();
        assert_eq!(table.rows.len(), 4103);
        for line in lines(&table) {
            let (instant, local) = line.split_once(' ').unwrap();
            let instant = Timestamp::from_second(instant.parse().unwrap()).unwrap();
            assert_eq!(
                zone_rules.to_datetime(instant).date().to_string(),
                local,
                "{zone} {instant}"
            );
        }
    }
}

#[test]
fn local_date_turns_at_local_midnight() {
    for (zone, instant, local) in [
        ("America/New_York", "2026-03-08 04:59:59", "2026-03-07"),
        ("America/New_York", "2026-03-08 05:00:00", "2026-03-08"),
        ("America/New_York", "2026-03-09 03:59:59.999999", "2026-03-08"),
        ("America/New_York", "2026-03-09 04:00:00", "2026-03-09"),
        ("Asia/Kolkata", "2026-01-01 18:29:59", "2026-01-01"),
        ("Asia/Kolkata", "2026-01-01 18:30:00", "2026-01-02"),
        ("Pacific/Apia", "2011-12-30 09:59:59", "2011-12-29"),
        ("Pacific/Apia", "2011-12-30 10:00:00", "2011-12-31"),
        ("Etc/UTC", "9999-12-31 23:59:59", "9999-12-31"),
    ] {
        let snapshot = snapshot(zone, &[], "");
        let sql = format!("SELECT model.local_date(TIMESTAMP '{instant}'), model.local_date(NULL)");
        assert_eq!(query_lines(&snapshot, &sql), [format!("{local} -")], "{zone} {instant}");
    }
    let error = timezone_sql("Mars/Olympus").unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    assert!(error.to_string().contains("Mars/Olympus"), "{error}");
}

#[test]
fn missing_snapshots_and_reports_say_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("warehouse.duckdb");
    let error = run_report(&path, &REPORTS[0], &at(None)).unwrap_err();
    assert_eq!(error.kind(), Kind::Unpublished);
    assert!(error.to_string().contains("run `paid-sync sync` first"), "{error}");
    assert!(!path.exists(), "asking must not create a database");
    fs::write(&path, "no database").unwrap();
    assert_eq!(run_report(&path, &REPORTS[0], &at(None)).unwrap_err().kind(), Kind::Database);
    let unknown = Report { name: "newer", file: REPORTS[0].file };
    let error = run_report(&snapshot("UTC", &[], "").path, &unknown, &at(None)).unwrap_err();
    assert_eq!(error.kind(), Kind::Database);
    assert!(error.to_string().contains("reports.newer"), "{error}");

    let error = find_report("ar_ageing").unwrap_err();
    assert_eq!(error.kind(), Kind::Usage);
    assert!(error.to_string().ends_with("did you mean `ar_aging`?"), "{error}");
    assert!(!find_report("zzz").unwrap_err().to_string().contains("did you mean"));
}

#[test]
fn report_sessions_cannot_write_reach_files_or_unlock_themselves() {
    let snapshot = snapshot("UTC", &[], "");
    let file = snapshot.folder.path().join("out.csv");
    fs::write(snapshot.folder.path().join("in.csv"), "a\n1\n").unwrap();
    for sql in [
        "CREATE TABLE model.mine (a INTEGER)".to_owned(),
        format!("COPY (SELECT 1) TO '{}'", file.display()),
        format!("FROM read_csv('{}')", snapshot.folder.path().join("in.csv").display()),
        "SET enable_external_access = true".to_owned(),
        "SET threads = 1".to_owned(),
    ] {
        let error = query_table(&snapshot.path, &sql).unwrap_err();
        assert_eq!(error.kind(), Kind::Database, "{sql}");
    }
    assert!(!file.exists());
}

#[test]
fn a_report_exports_to_parquet_with_its_columns_even_when_empty() {
    let snapshot = snapshot("UTC", &[("paid", None)], REVENUE);
    let report = find_report("revenue_by_month").unwrap();
    let contract = report.contract().unwrap();
    let path = snapshot.folder.path().join("revenue.parquet");
    // Nothing was ever synced here, so the default date is NULL and its report empty.
    for (as_of, rows) in [(Some(DAY), 8), (Some(date(1999, 1, 1)), 0), (None, 0)] {
        let batches = run_report_batches(&snapshot.path, report, &at(as_of)).unwrap();
        fs::write(&path, parquet_file::bytes(&batches).unwrap()).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows(), rows);
        let names = reader.schema().fields().iter().map(|field| field.name());
        assert!(names.eq(contract.columns.iter().map(|column| &column.name)));
    }
}

#[test]
fn names_and_currencies_are_quoted_and_unknown_kinds_left_out() {
    let sources = [ModelSource {
        name: "we\"ird".to_owned(),
        kind: "paid",
        default_currency: Some("a'b".to_owned()),
    }];
    let text = model_sql(&sources).join("\n");
    assert!(text.contains("FROM \"we\"\"ird\".\"invoices\""), "{text}");
    assert!(text.contains("'a''b'"), "{text}");
    let unknown =
        [ModelSource { name: "x".to_owned(), kind: "unheard-of", default_currency: None }];
    assert_eq!(model_sql(&unknown), model_sql(&[]));
}
