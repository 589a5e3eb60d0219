//! I9: a row leaves its table when its deletion is proven, and never otherwise.

use paid_sync::database::Database;
use paid_sync::emulator::{Emulator, Fault};
use paid_sync::model::StreamStatus;
use paid_sync::run::{Summary, SyncOptions};
use serde_json::json;

use crate::bad_input::site::{Site, customer, serve_account, serve_list};
use crate::support::account::{ids, silently, unpaid_transactions, write};
use crate::support::script::{Reply, Script};
use crate::support::warehouse::{Home, account, counts, number};

fn full() -> SyncOptions {
    SyncOptions { full: true, ..SyncOptions::default() }
}

fn delete(emulator: &Emulator, ids: &[String]) {
    for id in ids {
        write(emulator, "DELETE", &format!("/transactions/{id}"), "");
    }
}

fn status(summary: &Summary, stream: &str) -> StreamStatus {
    let reports = summary.stream_reports();
    reports.iter().find(|report| report.stream == stream).unwrap().outcome.status
}

/// Counts the versions of a transaction: current, ended by its deletion, all.
fn versions(database: &Database, id: &str) -> (i128, i128, i128) {
    let count = |condition: &str| {
        let table = "paid_history.transactions";
        number(database, &format!("SELECT count(*) FROM {table} WHERE id = '{id}'{condition}"))
    };
    (count(" AND _valid_to IS NULL"), count(" AND _deleted"), count(""))
}

/// A mirrored account, the objects of which were all read again once.
async fn mirrored() -> (Emulator, Home) {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), "[sync]\nrefresh_budget = 100000");
    home.sync(SyncOptions::default()).await;
    emulator.pass(600, false);
    (emulator, home)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_whose_deletion_an_event_tells_leaves_at_the_next_run_and_stays_in_history() {
    let (emulator, home) = mirrored().await;
    let gone = unpaid_transactions(&emulator).remove(0);
    delete(&emulator, std::slice::from_ref(&gone));
    emulator.pass(600, false);
    let summary = home.sync(SyncOptions::default()).await;
    assert_eq!(summary.exit_code(), 0, "{:#}", summary.to_json());
    let database = home.open();
    assert_eq!(counts(&database), emulator.counts());
    assert_eq!(versions(&database, &gone).0, 0);
    assert_eq!(versions(&database, &gone).1, 1);
    let report = summary.stream_reports();
    let report = report.iter().find(|report| report.stream == "transactions").unwrap();
    assert_eq!(report.outcome.rows.deleted, 1);
    assert_eq!(number(&database, "SELECT count(*) FROM _sync.dirty"), 0);
    let files = home.warehouse().join("tables/paid/transactions/*/*.parquet");
    let parquet = format!("SELECT count(*) FROM read_parquet('{}')", files.display());
    let rows = number(&Database::in_memory().unwrap(), &parquet);
    assert_eq!(rows, i128::from(emulator.counts()["transactions"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn d22_objects_that_vanish_without_an_event_leave_at_the_next_whole_walk() {
    let (emulator, home) = mirrored().await;
    let paid = ids(&emulator, "transactions", |object| object["paid"] == true);
    let unpaid = unpaid_transactions(&emulator);
    let gone = [unpaid[0].clone(), unpaid[1].clone()];
    silently(&emulator, || delete(&emulator, &gone));
    emulator.pass(600, false);
    assert!(!paid.is_empty());
    home.sync(full()).await;
    assert_eq!(counts(&home.open()), emulator.counts());
    assert_eq!(number(&home.open(), "SELECT count(*) FROM _sync.walk_ids"), 0);
    let freshness = "SELECT count(*) FROM _sync.freshness WHERE source = 'paid' AND \
        stream = 'transactions' AND deletes_guaranteed_to = last_full_walk";
    assert_eq!(number(&home.open(), freshness), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unsettled_objects_that_vanish_leave_without_event_and_whole_walk() {
    let (emulator, home) = mirrored().await;
    let gone = unpaid_transactions(&emulator)[..2].to_vec();
    silently(&emulator, || delete(&emulator, &gone));
    emulator.pass(600, false);
    home.sync(SyncOptions::default()).await;
    assert_eq!(counts(&home.open()), emulator.counts());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_while_get_finds_nothing_at_all() {
    let (emulator, home) = mirrored().await;
    let before = counts(&home.open());
    let gone = unpaid_transactions(&emulator)[..2].to_vec();
    delete(&emulator, &gone);
    emulator.pass(600, false);
    emulator.fault(Fault::on("/transactions/{id}").always().status(404));
    for options in [SyncOptions::default(), full()] {
        home.sync(options).await;
        assert_eq!(counts(&home.open())["transactions"], before["transactions"]);
    }
    let waiting = "SELECT count(*) FROM _sync.freshness WHERE stream = 'transactions' \
        AND dirty_ids >= 2 AND deletes_guaranteed_to < last_full_walk";
    assert_eq!(number(&home.open(), waiting), 1, "what is not proven is not claimed");
    emulator.clear_faults();
    home.sync(SyncOptions::default()).await;
    assert_eq!(counts(&home.open()), emulator.counts());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_404_in_other_words_than_the_apis_proves_nothing() {
    let (emulator, home) = mirrored().await;
    let before = counts(&home.open());
    let gone = unpaid_transactions(&emulator).remove(0);
    delete(&emulator, std::slice::from_ref(&gone));
    emulator.pass(600, false);
    let proxy = Fault::on(&format!("/transactions/{gone}")).always().status(404).html();
    emulator.fault(proxy);
    let summary = home.sync(SyncOptions::default()).await;
    assert_eq!(summary.exit_code(), 3, "{:#}", summary.to_json());
    assert_eq!(counts(&home.open())["transactions"], before["transactions"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn d23_too_many_nominations_stop_all_deletions_of_the_stream_until_a_person_says_otherwise() {
    let (emulator, home) = mirrored().await;
    let before = counts(&home.open());
    let unpaid = unpaid_transactions(&emulator);
    let mut gone = unpaid.clone();
    while u64::try_from(gone.len()).unwrap() * 10 <= before["transactions"] {
        let customer = ids(&emulator, "customers", |_| true).remove(0);
        for _ in 0..100 {
            let body = format!("customer={customer}&amount=100&description=x");
            let made = write(&emulator, "POST", "/transactions", &body);
            gone.push(made["id"].as_str().unwrap().to_owned());
        }
        emulator.pass(600, false);
        home.sync(SyncOptions::default()).await;
    }
    let before = counts(&home.open());
    silently(&emulator, || delete(&emulator, &gone));
    emulator.pass(600, false);
    let summary = home.sync(full()).await;
    assert_eq!(summary.exit_code(), 1, "{:#}", summary.to_json());
    assert_eq!(status(&summary, "transactions"), StreamStatus::Failed);
    assert!(summary.published);
    assert_eq!(counts(&home.open())["transactions"], before["transactions"]);
    let again = home.sync(SyncOptions::default()).await;
    assert_eq!(again.exit_code(), 1, "still braked");
    assert_eq!(counts(&home.open())["transactions"], before["transactions"]);

    home.sync(SyncOptions { brake: false, ..SyncOptions::default() }).await;
    assert_eq!(counts(&home.open()), emulator.counts());
    assert_eq!(home.sync(SyncOptions::default()).await.exit_code(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_whose_last_objects_were_deleted_may_be_empty() {
    let (emulator, home) = mirrored().await;
    for id in ids(&emulator, "webhooks", |_| true) {
        write(&emulator, "DELETE", &format!("/webhooks/{id}"), "");
    }
    emulator.pass(600, false);
    let summary = home.sync(full()).await;
    assert_eq!(summary.exit_code(), 0, "{:#}", summary.to_json());
    assert_eq!(counts(&home.open())["webhooks"], 0);
    assert_eq!(counts(&home.open()), emulator.counts());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_reappears_starts_a_new_version() {
    let script = Script::start().await;
    serve_account(&script, "acct_1", &[]);
    let (one, two) = (customer("cus_1", "One"), customer("cus_2", "Two"));
    serve_list(&script, "/customers", &[one.clone(), two.clone()]);
    let site = Site::mirroring(script.base_url().as_str());
    site.run("sync").expect(0, &[]);
    serve_list(&script, "/customers", std::slice::from_ref(&one));
    script.answer("/customers/cus_1", move |_| Reply::json(200, &one));
    script.answer("/customers/cus_2", |_| Reply::error(404, "No such customer"));
    site.run("sync --full").expect(0, &["published"]);
    assert_eq!(site.ask_snapshot("SELECT id FROM paid.customers"), ["cus_1"]);

    let back = json!({"object": "customer", "id": "cus_2", "name": "Two again"});
    serve_list(&script, "/customers", &[customer("cus_1", "One"), back.clone()]);
    script.answer("/customers/cus_2", move |_| Reply::json(200, &back));
    site.run("sync --full").expect(0, &["published"]);
    let versions = "SELECT name || ' ' || _deleted || ' ' || (_valid_to IS NULL) \
        FROM paid_history.customers WHERE id = 'cus_2' ORDER BY _valid_from";
    assert_eq!(site.ask_snapshot(versions), ["Two true false", "Two again false true"]);
}
