use serde_json::{Value, json};

use super::site::{Site, customer, one_source, serve_account, serve_list};
use crate::support::script::{Reply, Script};

/// Gives answers that cannot be used, and what must be said of them.
fn broken_answers() -> Vec<(Reply, &'static [&'static str])> {
    let page = Reply::list(&[customer("cus_1", "One"), customer("cus_2", "Two")]);
    vec![
        (
            Reply::bytes(200, "<html>\u{1b}[31mSign in</html>"),
            &["the answer is not JSON", "<html>", "8 tries", "a proxy interferes"],
        ),
        (
            Reply::bytes(200, "{\"object\":\"list\",\"data\":[{\"id\":\"cus_1").unannounced(),
            &["the answer is not JSON", "8 tries", "nothing of the bad answer was stored"],
        ),
        (page.cut_at(50), &["no whole answer arrived", "8 tries", "check `base_url`"]),
        (Reply::hang_up(), &["no whole answer arrived", "8 tries"]),
        (Reply::bytes(200, ""), &["the answer is not JSON", "8 tries"]),
        (Reply::json(200, &json!({"object": "customer", "id": "cus_1"})), &["not `list`", "1 try"]),
        (Reply::json(200, &json!({"data": []})), &["`object` is missing", "1 try"]),
        (Reply::json(200, &json!({"object": "list"})), &["`data` is missing", "1 try"]),
        (
            Reply::json(200, &json!({"object": "list", "data": {"id": "cus_1"}})),
            &["`data` is not an array", "it begins with: {\"data\"", "1 try"],
        ),
        (Reply::json(200, &json!(null)), &["neither an object nor an array", "1 try"]),
        (
            Reply::json(302, &json!({})).header("location", "http://127.0.0.1:1/"),
            &["redirects are not followed", "HTTP 302", "1 try"],
        ),
        (Reply::error(500, "down"), &["the server failed (HTTP 500)", "the API says: down"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_read_is_named_and_readers_keep_what_they_have() {
    let script = Script::start().await;
    serve_account(&script, "acct_1", &[]);
    let site = Site::mirroring_only(&["customers"], script.base_url().as_str());
    let sync_all = || {
        for (answer, told) in broken_answers() {
            script.answer("/customers", move |_| answer.clone());
            let ended = site
                .run("sync --full")
                .expect(3, &["source `paid`: GET /customers, page 1: ", "not published"])
                .expect(3, told);
            assert!(!ended.stderr.contains('\u{1b}'), "{ended}");
        }
    };
    sync_all();
    site.assert_unpublished();

    serve_list(&script, "/customers", &[customer("cus_1", "One")]);
    site.run("sync").expect(0, &["published"]);
    let before = site.published();
    assert!(before.is_there());
    sync_all();
    site.assert_unchanged(&before);
    assert_eq!(site.ask_snapshot("SELECT id FROM paid.customers"), ["cus_1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn d24_a_list_that_turns_empty_does_not_empty_the_table() {
    let script = Script::start().await;
    serve_account(&script, "acct_1", &[("/customers", &[customer("cus_1", "One")])]);
    let site = Site::mirroring(script.base_url().as_str());
    site.run("sync").expect(0, &[]);
    let before = site.published();
    serve_list(&script, "/customers", &[]);
    let told = ["paid.customers", "empty twice", "holds rows of it"];
    site.run("sync --full").expect(3, &told);
    site.assert_unchanged(&before);
    // Neither does a server that finds nothing by id, when no row shows that it finds what exists.
    script.answer("/customers/cus_1", |_| Reply::error(404, "No such customer"));
    site.run("sync --full").expect(3, &told);
    site.assert_unchanged(&before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_no_account_ends_the_run_before_any_list() {
    let script = Script::start().await;
    let site = Site::mirroring(script.base_url().as_str());
    let cases = [
        (json!([]), "the answer is not an object"),
        (json!({"object": "list", "data": []}), "no account with an id"),
        (json!({"object": "account"}), "no account with an id"),
        (json!({"object": "customer", "id": "cus_1"}), "no account with an id"),
    ];
    for (body, told) in cases {
        let answer = Reply::json(200, &body);
        script.answer("/account", move |_| answer.clone());
        for words in ["sync", "check"] {
            site.run(words).expect(3, &["source `paid`", "/account", told]);
        }
    }
    assert!(script.requests().iter().all(|request| request.path == "/account"));
    site.assert_unpublished();
}

/// Finds what a run said of one stream.
fn stream<'a>(report: &'a Value, name: &str) -> &'a Value {
    let streams = report["sources"][0]["streams"].as_array().unwrap();
    streams.iter().find(|stream| stream["stream"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn elements_that_fit_no_row_go_to_quarantine_and_are_reported_once() {
    let script = Script::start().await;
    let mut elements = vec![
        customer("cus_1", "One"),
        json!({"object": "customer", "name": "Nobody"}),
        json!({"object": "webhook", "id": "wh_1"}),
        json!("text"),
        customer("cus_2", "Two"),
    ];
    serve_account(&script, "acct_1", &[("/customers", &elements)]);
    let site = Site::mirroring(script.base_url().as_str());
    let told = ["warning: ", "paid.customers", "3 quarantined", "see `_sync.quarantine`"];
    let ended = site.run("sync --format json").expect(1, &told);
    let report = ended.json();
    assert_eq!((&report["status"], &report["published"]), (&json!("degraded"), &json!(true)));
    let customers = stream(&report, "customers");
    let numbers = ["received", "inserted", "quarantined"].map(|name| customers[name].clone());
    assert_eq!(numbers, [json!(5), json!(2), json!(3)], "{customers}");

    assert_eq!(site.ask_snapshot("SELECT id FROM paid.customers ORDER BY id"), ["cus_1", "cus_2"]);
    let quarantine = "SELECT concat_ws(' ', resource, position, problem, object, id, raw) \
                      FROM _sync.quarantine ORDER BY position";
    let kept = [
        r#"customers 1 no_id customer {"name":"Nobody","object":"customer"}"#,
        r#"customers 2 unexpected_object webhook wh_1 {"id":"wh_1","object":"webhook"}"#,
        r#"customers 3 not_an_object "text""#,
    ];
    assert_eq!(site.ask_snapshot(quarantine), kept);

    site.run("sync --full").expect(0, &["published"]);
    assert_eq!(site.ask_snapshot(quarantine), kept, "what is known is not kept twice");
    elements.insert(1, json!({"object": "webhook", "id": "wh_2"}));
    serve_list(&script, "/customers", &elements);
    site.run("sync --full").expect(1, &["could not enter their table: 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_optional_list_that_was_never_offered_is_reported_and_tolerated() {
    let script = Script::start().await;
    serve_account(&script, "acct_1", &[]);
    let proxy = "no such page";
    let cases = [
        (Reply::error(402, "Upgrade your plan\u{1b}[2J"), "unavailable_on_plan"),
        (Reply::error(404, "Unrecognized request URL"), "unavailable"),
        (Reply::bytes(404, proxy), "unavailable"),
        (Reply::bytes(501, ""), "unavailable"),
        (Reply::error(403, "not for you"), "forbidden"),
    ];
    for (answer, status) in cases {
        let site = Site::mirroring_only(&["customers", "orders"], script.base_url().as_str());
        script.answer("/orders", move |_| answer.clone());
        let ended = site.run("sync --format json").expect(0, &["paid.orders", status]);
        assert!(!ended.stderr.contains('\u{1b}'), "{ended}");
        let report = ended.json();
        let orders = stream(&report, "orders");
        assert_eq!(orders["status"], status);
        assert!(orders["note"].as_str().is_some_and(|note| note.contains("GET /orders")));
        let rows = site.run("status --format json --stream orders").expect(0, &[]).json();
        assert_eq!((&rows[0]["stream"], &rows[0]["status"]), (&json!("orders"), &json!(status)));
        assert_eq!(rows[0]["complete_to"], json!(null), "it is never shown as fresh");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f29_an_optional_list_that_once_loaded_must_stay_available() {
    let script = Script::start().await;
    serve_account(&script, "acct_1", &[]);
    let site = Site::mirroring(script.base_url().as_str());
    site.run("sync").expect(0, &[]);
    script.answer("/orders", |_| Reply::error(402, "Upgrade your plan"));
    let told = [
        "GET /orders",
        "not part of the account's plan (HTTP 402)",
        "the API says: Upgrade your plan",
        "leave the stream out",
    ];
    site.run("sync").expect(3, &told);
    let rows = site.run("status --format json --stream orders").expect(0, &[]).json();
    assert_eq!(rows[0]["status"], "unavailable_on_plan");

    site.configure(&(one_source(script.base_url().as_str()) + "streams = [\"*\", \"!orders\"]\n"));
    site.run("sync").expect(0, &["published"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_core_list_that_is_refused_keeps_the_source_from_being_published() {
    let script = Script::start().await;
    serve_account(&script, "acct_1", &[]);
    let cases = [
        (402, "not part of the account's plan (HTTP 402)", "leave the stream out"),
        (404, "does not exist (HTTP 404)", "leave the stream out"),
        (403, "forbidden (HTTP 403)", "grant this key access"),
    ];
    let site = Site::mirroring(script.base_url().as_str());
    for (status, told, help) in cases {
        let refusal = Reply::error(status, "no");
        script.answer("/invoices", move |_| refusal.clone());
        site.run("sync").expect(3, &["GET /invoices", told, help, "not published"]);
        site.assert_unpublished();
    }
}
