//! Edits that lists hide: named by events, carried by related objects, or told by nothing at all.

use paid_sync::emulator::{Emulator, EventFaults, Fault, Options};
use paid_sync::run::SyncOptions;
use serde_json::Value;

use crate::support::account::{ids, silently, truth, write};
use crate::support::warehouse::{Home, account, counts, number};

fn full() -> SyncOptions {
    SyncOptions { full: true, ..SyncOptions::default() }
}

async fn mirrored(more: &str) -> (Emulator, Home) {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), more);
    home.sync(SyncOptions::default()).await;
    emulator.pass(600, false);
    (emulator, home)
}

const GENEROUS: &str = "[sync]\nrefresh_budget = 100000";

/// Compares a BIGINT or BOOLEAN column of every row with the truth.
fn assert_equal(home: &Home, emulator: &Emulator, stream: &str, column: &str, field: &str) {
    let database = home.open();
    let query =
        format!("SELECT id || ' ' || coalesce({column}::VARCHAR, 'null') FROM paid.{stream}");
    let mut found = database.texts(&query, &[]).unwrap();
    let mut expected: Vec<String> = truth(emulator, stream)
        .iter()
        .map(|object| {
            let value = match &object[field] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            format!("{} {value}", object["id"].as_str().unwrap())
        })
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "{stream}.{column}");
}

#[tokio::test(flavor = "multi_thread")]
async fn e25_lines_follow_their_invoice_which_alone_has_an_event() {
    let (emulator, home) = mirrored(GENEROUS).await;
    let issued = |object: &Value| {
        object["issued_at"].is_i64() && object["paid"] == false && object["voided_at"].is_null()
    };
    let open = ids(&emulator, "invoices", issued);
    write(&emulator, "POST", &format!("/invoices/{}/mark_as_paid", open[0]), "via=check");
    write(&emulator, "POST", &format!("/invoices/{}/void", open[1]), "");
    emulator.pass(600, false);
    let lines = "SELECT count(*) FROM paid.transactions WHERE paid AND invoice_id = ";
    let paid = format!("{lines}'{}'", open[0]);
    let before = number(&home.open(), &paid);
    let summary = home.sync(SyncOptions::default()).await;
    assert_eq!(summary.exit_code(), 0, "{:#}", summary.to_json());
    assert!(number(&home.open(), &paid) > before);
    assert_equal(&home, &emulator, "transactions", "paid", "paid");
    assert_equal(&home, &emulator, "transactions", "invoice_id", "invoice");
    assert_equal(&home, &emulator, "invoices", "unpaid_amount", "unpaid_amount");
    let left = "SELECT (SELECT count(*) FROM _sync.dirty) + \
        (SELECT count(*) FROM _sync.dirty_parents)";
    assert_eq!(number(&home.open(), left), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_are_followed_where_the_server_does_not_know_the_parameter() {
    let (emulator, home) = mirrored(GENEROUS).await;
    let issued = |object: &Value| {
        object["issued_at"].is_i64() && object["paid"] == false && object["voided_at"].is_null()
    };
    let open = ids(&emulator, "invoices", issued);
    write(&emulator, "POST", &format!("/invoices/{}/mark_as_paid", open[0]), "via=check");
    emulator.pass(600, false);
    emulator.fault(Fault::on("/transactions").always().ignore_filter());
    home.sync(SyncOptions::default()).await;
    assert_equal(&home, &emulator, "transactions", "paid", "paid");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_looks_at_parts_of_a_list_make_one_transaction() {
    let emulator = account().await;
    let source = format!(
        "{GENEROUS}\n[[source]]\nname = \"paid\"\nbase_url = \"{}\"\npage_size = 5\nrequests_per_second = 10000\n",
        emulator.base_url()
    );
    let home = Home::of(&source);
    home.sync(SyncOptions::default()).await;
    emulator.pass(600, false);
    let newest_first = ids(&emulator, "customers", |_| true);
    let far = newest_first.len() / 2;
    let edited = newest_first.iter().skip(10).take(6).chain(newest_first.iter().skip(far).take(6));
    for customer in edited {
        write(&emulator, "PUT", &format!("/customers/{customer}"), "notes=loud");
    }
    emulator.pass(600, false);
    let summary = home.sync(SyncOptions::default()).await;
    assert_eq!(summary.exit_code(), 0, "{:#}", summary.to_json());
    assert_eq!(
        number(&home.open(), "SELECT count(*) FROM paid.customers WHERE notes = 'loud'"),
        12
    );
    let mut streams = summary.sources[0].streams.iter();
    let walked = streams.find(|report| report.stream == "customers").unwrap().effort.windows;
    assert!(walked > 2, "news and two second looks, not {walked}");
    let parts = "SELECT count(*) FROM _sync.parts WHERE stream = 'customers' \
                 AND run_id = (SELECT max(run_id) FROM _sync.parts)";
    assert_eq!(number(&home.open(), parts), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn unsettled_objects_are_read_again_without_any_hint() {
    let (emulator, home) = mirrored(GENEROUS).await;
    let unpaid = ids(&emulator, "invoices", |object| {
        object["paid"] == false && object["voided"] != true && object["voided_at"].is_null()
    });
    silently(&emulator, || {
        write(&emulator, "PUT", &format!("/invoices/{}", unpaid[0]), "summary=quietly")
    });
    emulator.pass(600, false);
    let edited = "SELECT count(*) FROM paid.invoices WHERE summary = 'quietly'";
    home.sync(SyncOptions::default()).await;
    assert_eq!(number(&home.open(), edited), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn b9_a_silent_edit_of_a_settled_object_is_found_by_the_next_whole_walk() {
    let (emulator, home) = mirrored(GENEROUS).await;
    let customer = ids(&emulator, "customers", |_| true).remove(0);
    silently(&emulator, || {
        write(&emulator, "PUT", &format!("/customers/{customer}"), "notes=quietly")
    });
    emulator.pass(600, false);
    let edited = "SELECT count(*) FROM paid.customers WHERE notes = 'quietly'";
    home.sync(SyncOptions::default()).await;
    assert_eq!(number(&home.open(), edited), 0, "nothing tells of it");
    home.sync(full()).await;
    assert_eq!(number(&home.open(), edited), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_unsettled_take_turns_within_the_budget() {
    let (emulator, home) = mirrored("[sync]\nrefresh_budget = 6").await;
    let checked = "SELECT count(DISTINCT id) FROM _sync.checked";
    let mut last = 0;
    for _ in 0..4 {
        home.sync(SyncOptions::default()).await;
        let now = number(&home.open(), checked);
        assert!(now > last, "{now} after {last}");
        last = now;
    }
    assert_eq!(number(&home.open(), "SELECT count(*) FROM _sync.dirty"), 0);
    drop(emulator);
}

#[tokio::test(flavor = "multi_thread")]
async fn b13_a_feed_that_has_forgotten_the_last_run_orders_whole_walks_which_outlive_a_crash() {
    let (emulator, home) = mirrored("").await;
    let customer = ids(&emulator, "customers", |_| true).remove(0);
    write(&emulator, "PUT", &format!("/customers/{customer}"), "notes=forgotten");
    emulator.lie(EventFaults { keep_days: Some(1), ..EventFaults::default() });
    emulator.pass(5 * 86_400, false);
    write(&emulator, "POST", "/customers", "name=new");
    emulator.pass(600, false);
    let edited = "SELECT count(*) FROM paid.customers WHERE notes = 'forgotten'";
    let interrupted = SyncOptions { streams: vec!["events".to_owned()], ..SyncOptions::default() };
    home.sync(interrupted).await;
    home.sync(SyncOptions::default()).await;
    assert_eq!(number(&home.open(), edited), 1);
    assert_eq!(number(&home.open(), "SELECT count(*) FROM _sync.rewalks"), 0);
    assert_eq!(counts(&home.open())["customers"], emulator.counts()["customers"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_reaches_back_orders_nothing() {
    let (emulator, home) = mirrored("").await;
    home.sync(SyncOptions::default()).await;
    assert_eq!(number(&home.open(), "SELECT count(*) FROM _sync.rewalks"), 0);
    let known = "SELECT count(*) FROM _sync.feed WHERE reaches_to > 0";
    assert_eq!(number(&home.open(), known), 1);
    drop(emulator);
}

#[tokio::test(flavor = "multi_thread")]
async fn gets_that_only_show_more_than_lists_write_no_version() {
    let emulator = Emulator::start(Options::default()).await.unwrap();
    let lean =
        |stream: &str, fields: &[&str]| Fault::on(&format!("/{stream}")).always().lean_list(fields);
    emulator.fault(lean("invoices", &["chase_schedule", "next_chase_on"]));
    let home = Home::new(&emulator.base_url(), GENEROUS);
    home.sync(SyncOptions::default()).await;
    // Events that leave everything as it was.
    for (stream, field) in [("invoices", "summary"), ("customers", "notes")] {
        for id in ids(&emulator, stream, |object| object[field].is_null()).iter().take(2) {
            for value in ["x", ""] {
                write(&emulator, "PUT", &format!("/{stream}/{id}"), &format!("{field}={value}"));
            }
        }
    }
    emulator.pass(600, false);
    for options in [SyncOptions::default(), full(), SyncOptions::default(), full()] {
        home.sync(options).await;
        let closed = "SELECT (SELECT count(*) FROM paid_history._closed_invoices) + \
            (SELECT count(*) FROM paid_history._closed_transactions)";
        assert_eq!(number(&home.open(), closed), 0);
    }
    let enriched = "SELECT count(*) FROM paid.invoices WHERE chase_schedule IS NOT NULL";
    assert!(number(&home.open(), enriched) > 0, "some were read by id");
    let summary = home.sync(full()).await;
    assert_eq!(summary.rows_written(), 0, "{:#}", summary.to_json());
}
