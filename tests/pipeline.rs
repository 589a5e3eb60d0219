//! Whole runs against the simulated account, seen through the published files.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use paid_sync::database::{Access, Database};
use paid_sync::emulator::{Emulator, Options};
use paid_sync::model::StreamStatus;
use paid_sync::run::SyncOptions;

use crate::support::warehouse::{Home, account, content, counts, files, number, tables};

#[tokio::test]
async fn a_first_run_mirrors_every_object_of_every_list() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), "");
    let summary = home.sync(SyncOptions::default()).await;
    assert!(summary.published, "{:#}", summary.to_json());
    assert_eq!(summary.exit_code(), 1, "the account's misplaced webhooks are new in quarantine");
    assert_eq!(counts(&home.open()), emulator.counts());
    for report in summary.stream_reports() {
        assert!(report.outcome.rows.ties_out(), "{report:?}");
    }
    let requests = emulator.requests();
    assert_eq!((requests.non_get, requests.forbidden), (0, 0));
}

#[tokio::test]
async fn the_emulators_truth_and_the_warehouse_agree_on_money() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), "");
    home.sync(SyncOptions::default()).await;
    let mut expected: BTreeMap<(String, String), (i128, i128)> = BTreeMap::new();
    for (stream, field) in
        [("transactions", "amount"), ("invoices", "unpaid_amount"), ("plans", "amount")]
    {
        let sums = truth(&emulator, stream, field).await;
        expected.insert((stream.to_owned(), field.to_owned()), sums);
    }
    let database = home.open();
    for ((stream, field), (rows, sum)) in expected {
        let query = |what: &str| format!("SELECT {what} FROM paid.{stream}");
        assert_eq!(number(&database, &query("count(*)")), rows, "{stream}");
        assert_eq!(number(&database, &query(&format!("sum({field})"))), sum, "{stream}.{field}");
    }
}

async fn truth(emulator: &Emulator, stream: &str, field: &str) -> (i128, i128) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let base = emulator.base_url();
    let host = base.trim_start_matches("http://").trim_end_matches("/v0").to_owned();
    let mut socket = tokio::net::TcpStream::connect(&host).await.unwrap();
    let request = format!(
        "GET /_emulator/truth/{stream} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let objects = answer.lines().filter_map(|line| serde_json::from_str(line.trim()).ok());
    let objects = objects.filter(|object: &serde_json::Value| object.get("id").is_some());
    objects.fold((0, 0), |(rows, sum), object| {
        (rows + 1, sum + i128::from(object[field].as_i64().unwrap_or(0)))
    })
}

#[tokio::test]
async fn e27_a_second_run_without_changes_writes_no_row() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), "");
    let first = home.sync(SyncOptions::default()).await;
    let parts = files(&home.warehouse().join("changes")).len();
    let before = contents(&home.open());
    let second = home.sync(SyncOptions::default()).await;
    assert_eq!(second.exit_code(), 0, "{:#}", second.to_json());
    assert_eq!(second.rows_written(), 0, "{:#}", second.to_json());
    let budget = 500;
    assert!(second.requests() < first.requests() + budget, "{} requests", second.requests());
    assert_eq!(files(&home.warehouse().join("changes")).len(), parts);
    assert_eq!(contents(&home.open()), before);
    assert_eq!(number(&home.open(), "SELECT count(*) FROM _sync.dirty"), 0);
}

#[tokio::test]
async fn without_a_budget_a_run_costs_only_its_windows() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), "[sync]\nrefresh_budget = 0");
    let first = home.sync(SyncOptions::default()).await;
    let second = home.sync(SyncOptions::default()).await;
    assert!(second.requests() < first.requests(), "{} requests", second.requests());
}

fn contents(database: &Database) -> Vec<paid_sync::model::Table> {
    tables().map(|spec| content(database, spec)).collect()
}

#[tokio::test]
async fn b10_later_changes_are_followed_and_kept_as_versions() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), "[sync]\nrefresh_budget = 100000");
    home.sync(SyncOptions::default()).await;
    let unpaid = "SELECT count(*) FROM paid.invoices WHERE issued_at IS NOT NULL AND NOT paid";
    let before = number(&home.open(), unpaid);
    emulator.advance(10);
    let summary = home.sync(SyncOptions::default()).await;
    assert!(summary.published);
    assert_eq!(counts(&home.open()), emulator.counts());
    let database = home.open();
    assert_eq!(number(&database, "SELECT count(*) FROM _sync.dirty"), 0);
    assert_ne!(number(&database, unpaid), before, "ten days change what is unpaid");
    let truth = truth(&emulator, "invoices", "unpaid_amount").await;
    assert_eq!(number(&database, "SELECT sum(unpaid_amount) FROM paid.invoices"), truth.1);

    let versions = "SELECT count(*) FROM paid_history.invoices";
    let closed = "SELECT count(*) FROM paid_history.invoices WHERE _valid_to IS NOT NULL";
    let current = number(&database, "SELECT count(*) FROM paid.invoices");
    assert!(number(&database, closed) > 0);
    assert_eq!(number(&database, versions), current + number(&database, closed));
    let overlaps = "SELECT count(*) FROM paid_history.invoices WHERE _valid_to < _valid_from";
    assert_eq!(number(&database, overlaps), 0);
}

#[tokio::test]
async fn mixing_lists_and_reads_by_id_writes_no_version_without_a_change() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), "[sync]\nrefresh_budget = 100000");
    home.sync(SyncOptions::default()).await;
    emulator.advance(1);
    home.sync(SyncOptions::default()).await;
    let read_by_id = "SELECT count(*) FROM _sync.views";
    assert!(number(&home.open(), read_by_id) > 0, "some rows were read by id");
    let before = contents(&home.open());
    for full in [true, false, true] {
        let summary = home.sync(SyncOptions { full, ..SyncOptions::default() }).await;
        assert_eq!(summary.rows_written(), 0, "full: {full}, {:#}", summary.to_json());
    }
    assert_eq!(contents(&home.open()), before);
}

#[tokio::test]
async fn c20_a_fresh_mirror_equals_one_that_followed_along() {
    let emulator = account().await;
    let followed = Home::new(&emulator.base_url(), "[sync]\nrefresh_budget = 100000");
    followed.sync(SyncOptions::default()).await;
    emulator.advance(7);
    followed.sync(SyncOptions { full: true, ..SyncOptions::default() }).await;
    let fresh = Home::new(&emulator.base_url(), "");
    fresh.sync(SyncOptions::default()).await;
    for name in ["customers", "transactions", "subscriptions", "plans", "users", "events"] {
        let spec = tables().find(|spec| spec.name == name).unwrap();
        let (followed, fresh) = (content(&followed.open(), spec), content(&fresh.open(), spec));
        if name == "events" {
            // The feed forgets; a mirror that followed along does not.
            assert!(fresh.rows.iter().all(|row| followed.rows.contains(row)));
        } else {
            assert_eq!(followed, fresh, "{name}");
        }
    }
}

#[tokio::test]
async fn b15_objects_without_created_at_are_mirrored_too() {
    let options = Options { hide_created_at: true, ..Options::default() };
    let emulator = Emulator::start(options).await.unwrap();
    let home = Home::new(&emulator.base_url(), "[sync]\nrefresh_budget = 100000");
    home.sync(SyncOptions::default()).await;
    assert_eq!(counts(&home.open()), emulator.counts());
    let buckets = home.warehouse().join("tables/paid/transactions");
    let names: Vec<_> =
        std::fs::read_dir(buckets).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(names.iter().all(|name| name.to_string_lossy().starts_with("bucket=")), "{names:?}");
    emulator.advance(5);
    home.sync(SyncOptions::default()).await;
    assert_eq!(counts(&home.open()), emulator.counts());
}

#[tokio::test]
async fn parquet_tables_hold_the_same_rows_and_share_unchanged_files() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), "[sync]\nrefresh_budget = 100000");
    home.sync(SyncOptions::default()).await;
    let inodes = |home: &Home| -> BTreeMap<String, u64> {
        let root = std::fs::canonicalize(home.warehouse().join("tables")).unwrap();
        files(&root)
            .into_iter()
            .map(|path| {
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                (name, path.metadata().unwrap().ino())
            })
            .collect()
    };
    let before = inodes(&home);
    emulator.advance(3);
    home.sync(SyncOptions::default()).await;
    let after = inodes(&home);
    let shared = after.iter().filter(|(name, inode)| before.get(*name) == Some(inode)).count();
    assert!(shared > before.len() / 2, "{shared} of {} files are shared", before.len());

    let memory = Database::in_memory().unwrap();
    for (stream, rows) in counts(&home.open()) {
        let glob = home.warehouse().join(format!("tables/paid/{stream}/*/*.parquet"));
        let query = format!("SELECT count(*) FROM read_parquet('{}')", glob.display());
        assert_eq!(number(&memory, &query), i128::from(rows), "{stream}");
    }
    let glob = home.warehouse().join("tables/paid/transactions/*/*.parquet");
    let parquet = format!("SELECT sum(amount) FROM read_parquet('{}')", glob.display());
    let table = "SELECT sum(amount) FROM paid.transactions";
    assert_eq!(number(&memory, &parquet), number(&home.open(), table));
}

#[tokio::test]
async fn published_files_are_read_only_and_a_stray_log_is_removed() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), "");
    home.sync(SyncOptions::default()).await;
    let mode = |path: std::path::PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(home.snapshot()), 0o440);
    assert_eq!(mode(home.warehouse().join("work")), 0o700);
    assert_eq!(mode(home.warehouse().join("changes")), 0o700);
    for file in files(&std::fs::canonicalize(home.warehouse().join("tables")).unwrap()) {
        assert_eq!(mode(file.clone()), 0o440, "{}", file.display());
    }
    let log = home.warehouse().join("warehouse.duckdb.wal");
    std::fs::write(&log, b"left by a client that wrote").unwrap();
    home.sync(SyncOptions::default()).await;
    assert!(!log.exists());
    assert_eq!(counts(&home.open()), emulator.counts());
}

#[tokio::test]
async fn a_reader_keeps_the_run_it_opened() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), "[sync]\nrefresh_budget = 100000");
    home.sync(SyncOptions::default()).await;
    let reader = home.open();
    let before = counts(&reader);
    emulator.advance(5);
    home.sync(SyncOptions::default()).await;
    assert_eq!(counts(&reader), before, "the open reader");
    drop(reader);
    assert_eq!(counts(&home.open()), emulator.counts(), "a reader that opens anew");
    let previous = home.warehouse().join("warehouse.previous.duckdb");
    assert_eq!(counts(&Database::open(&previous, &Access::ReadOnly).unwrap()), before);
}

#[tokio::test]
async fn a_source_that_fails_keeps_its_previous_state_beside_one_that_works() {
    let (first, second) = (account().await, account().await);
    let more = format!(
        "[[source]]\nname = \"other\"\nbase_url = \"{}\"\nrequests_per_second = 10000\n",
        second.base_url()
    );
    let home = Home::new(&first.base_url(), &more);
    assert!(home.sync(SyncOptions::default()).await.published);
    first.advance(3);
    second.shutdown().await;
    let mut options = SyncOptions::default();
    options.retry.max_tries = 2;
    options.retry.base = std::time::Duration::from_millis(1);
    let summary = home.sync(options).await;
    assert_eq!(summary.exit_code(), 3, "{:#}", summary.to_json());
    assert!(summary.published);
    let database = home.open();
    assert_eq!(counts(&database)["transactions"], first.counts()["transactions"]);
    let other = number(&database, "SELECT count(*) FROM other.transactions");
    assert!(other > 0 && other < i128::from(first.counts()["transactions"]));
    let both = "SELECT count(DISTINCT source) FROM model.transactions";
    assert_eq!(number(&database, both), 2);
}

#[tokio::test]
async fn reports_read_the_snapshot_and_keep_currencies_apart() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), "");
    home.sync(SyncOptions::default()).await;
    let database = home.open();
    assert!(number(&database, "SELECT count(DISTINCT currency) FROM reports.ar_aging") > 1);
    let difference = "SELECT count(*) FROM reports.ar_aging WHERE total <> \
        not_due + days_1_30 + days_31_60 + days_61_90 + days_over_90";
    assert_eq!(number(&database, difference), 0);
    let open = "SELECT (SELECT sum(total) FROM reports.ar_aging) - (SELECT sum(unpaid_amount) \
        FROM paid.invoices WHERE issued_at IS NOT NULL AND NOT coalesce(paid, false) \
        AND NOT coalesce(voided, false))";
    assert_eq!(number(&database, open), 0, "every open cent is in one bucket");
    let commented = "SELECT count(*) FROM duckdb_columns() WHERE schema_name = 'paid' \
        AND comment IS NULL";
    assert_eq!(number(&database, commented), 0);
}

#[tokio::test]
async fn a_run_of_some_streams_only_is_not_published() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), "");
    let options = SyncOptions { streams: vec!["plans".to_owned()], ..SyncOptions::default() };
    let summary = home.sync(options).await;
    assert!(!summary.published);
    let streams: Vec<_> = summary.stream_reports().into_iter().map(|known| known.stream).collect();
    assert_eq!(streams, ["account", "plans"]);
    assert!(
        summary.stream_reports().iter().all(|known| known.outcome.status == StreamStatus::Complete)
    );
    assert!(!home.snapshot().exists());
}
