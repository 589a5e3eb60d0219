//! After something went wrong, later runs neither lose rows nor pretend.

use serde_json::{Value, json};

use super::site::{LONG_AGO, Site, one_source, serve_account, serve_list};
use crate::support::script::{Reply, Script};

const STREAMS: [&str; 3] = ["customers", "events", "invoices"];

fn customers(count: usize) -> Vec<Value> {
    let customer = |number| json!({"object": "customer", "id": format!("cus_{number:03}")});
    (0..count).map(customer).collect()
}

async fn account_with(customers: &[Value]) -> Script {
    let script = Script::start().await;
    serve_account(&script, "acct_1", &[]);
    serve_list(&script, "/customers", customers);
    script
}

fn settings(name: &str, script: &Script) -> String {
    let source = one_source(script.base_url().as_str());
    format!("{source}name = \"{name}\"\nstreams = {STREAMS:?}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_cut_short_by_an_ignored_cursor_is_walked_again() {
    let all = customers(130);
    let script = account_with(&all).await;
    let first_page = all[..100].to_vec();
    script.answer("/customers", move |_| Reply::list(&first_page));
    let site = Site::mirroring_only(&STREAMS, script.base_url().as_str());
    site.run("sync").expect(3, &["ignored the page cursor", "not published"]);
    serve_list(&script, "/customers", &all);
    site.run("sync").expect(0, &["published"]);
    assert_eq!(site.ask_snapshot("SELECT id FROM paid.customers").len(), 130);
    let note = "SELECT coalesce(note, 'none') FROM _sync.freshness WHERE stream = 'customers'";
    assert_eq!(site.ask_snapshot(note), ["none"], "an error that is over is not shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_working_database_does_not_take_the_change_log_with_it() {
    let script = account_with(&customers(3)).await;
    let site = Site::mirroring_only(&STREAMS, script.base_url().as_str());
    site.run("sync").expect(0, &[]);
    let parts = || paid_sync::durable::files_below(&site.path("warehouse/changes"), "parquet");
    let before = parts().unwrap();
    assert!(!before.is_empty());
    std::fs::remove_dir_all(site.path("warehouse/work")).unwrap();
    site.run("sync")
        .expect(4, &["warehouse/work/warehouse.duckdb is missing", "paid-sync rebuild"]);
    site.run("rebuild").expect(0, &["rebuilt from the snapshot"]);
    site.run("sync").expect(0, &["published"]);
    let after = parts().unwrap();
    assert!(before.iter().all(|part| after.contains(part)), "{before:?} {after:?}");
    assert_eq!(site.ask_snapshot("SELECT id FROM paid.customers").len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_fails_or_is_left_out_stays_as_it_was_whatever_its_name() {
    let (first, second) = (account_with(&customers(2)).await, account_with(&customers(4)).await);
    let both = format!("{}{}", settings("paid", &first), settings("previous", &second));
    let site = Site::configured(&both);
    site.run("sync").expect(0, &["published"]);

    second.answer("/account", |_| Reply::error(401, "Invalid API Key provided"));
    serve_list(&first, "/customers", &customers(3));
    site.run("sync --full").expect(3, &["source `previous`", "published"]);
    let ids = |source: &str| site.ask_snapshot(&format!("SELECT id FROM {source}.customers")).len();
    assert_eq!((ids("paid"), ids("previous")), (3, 4));
    let status = "SELECT DISTINCT last_status FROM _sync.freshness WHERE source = 'previous' \
                  AND stream = 'customers'";
    assert_eq!(site.ask_snapshot(status), ["failed"], "it was not read");

    site.configure(&settings("paid", &first));
    site.run("sync --full").expect(0, &["published"]);
    assert_eq!((ids("paid"), ids("previous")), (3, 4));
    assert!(site.path("warehouse/tables/previous/customers").is_dir());
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_that_are_gone_do_not_use_up_the_budget_of_others() {
    let script = account_with(&customers(2)).await;
    let invoice = |id: &str, paid: bool| json!({"object": "invoice", "id": id, "paid": paid, "created_at": LONG_AGO});
    let invoices: Vec<Value> =
        (0..400).map(|number| invoice(&format!("inv_{number:03}"), false)).collect();
    serve_list(&script, "/invoices", &invoices);
    let site = Site::mirroring_only(&STREAMS, script.base_url().as_str());
    site.run("sync").expect(0, &[]);

    let event = |id: &str, about: &str| {
        let data = json!({"object": "invoice", "id": about});
        let at = paid_sync::clock::now_micros() / 1_000_000 - 3_600;
        json!({"object": "event", "id": id, "type": "invoice.paid", "data": data, "created_at": at})
    };
    serve_list(&script, "/events", &[event("evt_2", "inv_002"), event("evt_1", "inv_001")]);
    // Rows that a list shows are not found by id either: nothing is proven to be gone.
    for number in (0..400).filter(|number| *number != 2) {
        let path = format!("/invoices/inv_{number:03}");
        script.answer(&path, |_| Reply::error(404, "No such invoice"));
    }
    let paid = invoice("inv_002", true);
    script.answer("/invoices/inv_002", move |_| Reply::json(200, &paid));
    let known = "SELECT id FROM paid.invoices WHERE paid";
    let budget = [("PAID_API_KEY", super::site::KEY), ("PAID_SYNC__SYNC__REFRESH_BUDGET", "1")];
    for _ in 0..2 {
        site.run_with("sync", &budget).expect(0, &["wait to be read again"]);
    }
    assert_eq!(site.ask_snapshot(known), ["inv_002"]);
    assert_eq!(site.ask_snapshot("SELECT DISTINCT id FROM _sync.dirty"), ["inv_001"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_an_event_of_a_type_that_nobody_knows_marks_its_object() {
    let script = account_with(&customers(2)).await;
    let invoice = |number: &str| {
        // Settled and old: neither the unsettled rule nor the lookback reads it again.
        json!({"object": "invoice", "id": "inv_1", "paid": true, "number": number, "created_at": LONG_AGO})
    };
    serve_list(&script, "/invoices", &[invoice("A-1")]);
    let site = Site::mirroring_only(&STREAMS, script.base_url().as_str());
    site.run("sync").expect(0, &[]);
    let changed = invoice("A-2");
    script.answer("/invoices/inv_1", move |_| Reply::json(200, &changed));
    let at = paid_sync::clock::now_micros() / 1_000_000 - 3_600;
    let about = json!({"object": "invoice", "id": "inv_1"});
    let event = json!({"object": "event", "id": "evt_1", "type": "invoice.never_heard_of", "data": about, "created_at": at});
    serve_list(&script, "/events", &[event]);
    site.run("sync").expect(0, &[]);
    assert_eq!(site.ask_snapshot("SELECT number FROM paid.invoices"), ["A-2"]);
}
