//! Questions, refusals, tie-outs, exports, and what a session may do.

use std::fs::{self, File};

use duckdb::Connection;
use jiff::civil::date;
use paid_sync::database::{Access, Database};
use paid_sync::error::Kind;
use paid_sync::parquet_file;
use paid_sync::report::{
    Question, REPORTS, Report, Session, TieOuts, find_report, query_table, run_report,
    run_report_batches,
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::revenue::REVENUE;
use super::{DAY, at, snapshot};

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
    drop(session);

    // Checked as before a publication, by two sessions that share what several of them read.
    let access = Access::ReadWrite {
        spill_directory: snapshot.path.with_extension("spill"),
        memory_limit: "128MB",
    };
    let database = Database::open(&snapshot.path, &access).unwrap();
    let beside = database.another_session().unwrap();
    let tie_outs = TieOuts::prepare(&database, REPORTS).unwrap();
    let (mut results, theirs) = std::thread::scope(|scope| {
        let tie_outs = &tie_outs;
        let other = scope.spawn(move || tie_outs.check(&beside).unwrap());
        (tie_outs.check(&database).unwrap(), other.join().unwrap())
    });
    results.extend(theirs);
    // One of them found no room beside the others.
    results.retain(|result| result.report != "mrr");
    tie_outs.check_rest(&database, &mut results).unwrap();
    // Another attempt finds what the first has left.
    let mut again = Vec::new();
    TieOuts::prepare(&database, REPORTS).unwrap().check_rest(&database, &mut again).unwrap();
    drop(database);
    let session = Session::open(&snapshot.path).unwrap();
    let alone: Vec<_> =
        REPORTS.iter().map(|report| session.check_tie_out(report).unwrap()).collect();
    assert_eq!(results, alone);
    assert_eq!(again, alone);
    assert!(alone.iter().filter(|result| !result.holds()).count() > 1, "{alone:?}");
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
