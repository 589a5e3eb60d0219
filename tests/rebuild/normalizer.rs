use std::collections::BTreeSet;

use paid_sync::database::{Access, Database};
use serde_json::Value;

use super::{SETTINGS, assert_same, copy, mirrored, open_working, run, whole, working};
use crate::support::warehouse::{Home, number};

/// Makes the working database one that another version of the normaliser filled.
fn normalized_by(home: &Home, version: i64) {
    let spill_directory = home.path("spill");
    let access = Access::ReadWrite { spill_directory, memory_limit: "500MB" };
    let database = Database::open(&working(home), &access).unwrap();
    let statements = format!(
        "UPDATE _sync.normalizer SET version = {version}; \
         UPDATE paid.customers SET name = 'made otherwise'; \
         UPDATE paid_history._closed_invoices SET number = 'made otherwise'"
    );
    database.execute_batch(&statements).unwrap();
    database.checkpoint_and_close().unwrap();
}

/// Gives what the newest run read of each list: stream, rows and windows. Requests also depend on
/// where a walk happened to be cut.
fn lists_read(home: &Home) -> BTreeSet<(String, u64, u64)> {
    let report = home.newest_report().unwrap();
    let streams = report["sources"][0]["streams"].as_array().unwrap().iter();
    let number = |stream: &Value, name: &str| stream[name].as_u64().unwrap();
    streams
        .map(|stream| {
            let name = stream["stream"].as_str().unwrap().to_owned();
            (name, number(stream, "received"), number(stream, "windows"))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_normaliser_replays_the_change_log_before_the_next_run() {
    let (emulator, home) = mirrored(SETTINGS).await;
    let expected = whole(&home.open());
    let (twin, older) =
        (copy(&home, &emulator.base_url(), SETTINGS), copy(&home, &emulator.base_url(), SETTINGS));
    normalized_by(&older, 0);
    let read_by = |home: &Home| {
        let ended = run(home, "sync", None);
        assert!(matches!(ended.code, Some(0 | 1)), "{ended}");
        (lists_read(home), ended.stderr)
    };
    let (read, _) = read_by(&twin);
    let (read_after, told) = read_by(&older);
    assert!(told.contains("replaying the change log"), "{told}");
    assert_eq!(read_after, read, "progress and hints are those of before");
    assert_same(&whole(&older.open()), &expected, "replayed");
    // Readers of Parquet see it as well.
    let parquet = older.warehouse().join("tables/paid/customers/*/*.parquet");
    let query = format!(
        "SELECT count(*) FROM read_parquet('{}') WHERE name = 'made otherwise'",
        parquet.display()
    );
    assert_eq!(number(&Database::in_memory().unwrap(), &query), 0);

    let again = run(&older, "sync", None);
    assert!(!again.stderr.contains("replaying"), "once is enough: {again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_needs_every_part_that_the_database_holds() {
    let (emulator, home) = mirrored(SETTINGS).await;
    let older = copy(&home, &emulator.base_url(), SETTINGS);
    let parts = crate::support::warehouse::files(&older.warehouse().join("changes"));
    std::fs::remove_file(&parts[parts.len() / 2]).unwrap();
    normalized_by(&older, 0);
    run(&older, "sync", None).expect(4, &["the change log lacks", "--skip-damaged"]);
    run(&older, "rebuild --from-changes --skip-damaged", None).expect(1, &["left out"]);
    let ended = run(&older, "sync", None);
    assert!(matches!(ended.code, Some(0 | 1)), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_made_by_a_newer_program_are_not_touched() {
    let (emulator, home) = mirrored(SETTINGS).await;
    normalized_by(&home, 999);
    let before = whole(&open_working(&home));
    let asked = emulator.requests().total;
    run(&home, "sync", None).expect(4, &["made by a newer paid-sync"]);
    assert_eq!(emulator.requests().total, asked, "nothing is asked");
    assert_same(&whole(&open_working(&home)), &before, "untouched");
}
