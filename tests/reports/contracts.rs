//! Headers of the query files, comments in the catalogue, and text made from names.

use std::fs;

use paid_sync::model::ColumnKind;
use paid_sync::report::{self, ModelSource, REPORTS, find_report, model_sql, run_report};

use super::{DAY, at, query_lines, snapshot};

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
