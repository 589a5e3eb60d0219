//! The emulator answers as CONTRACT part A describes, and its account adds up.
//!
//! Requests go over plain sockets, so that these tests share nothing with the mirror's client.

#![expect(clippy::expect_used, clippy::panic, reason = "a helper that cannot go on fails its test")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

mod churn;
mod faults;
mod time;
mod writes;

use paid_sync::emulator::{Emulator, Options, Size};
use serde_json::Value;

use crate::support::http::{BASIC, KEY, get, options, send, text};

const NOW: i64 = 1_782_820_800;
const DAY: i64 = 86_400;
const STREAMS: [&str; 14] = [
    "customers",
    "events",
    "invoices",
    "plans",
    "subscriptions",
    "transactions",
    "users",
    "webhooks",
    "statements",
    "organizations",
    "products",
    "plan_items",
    "orders",
    "order_items",
];

fn truth(emulator: &Emulator, stream: &str) -> Vec<Value> {
    let answer = send(emulator, "GET", &format!("/_emulator/truth/{stream}"), "none");
    answer.body.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

/// Walks a list to its empty last page.
fn walk(emulator: &Emulator, stream: &str, filter: &str) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let cursor = all.last().map_or(String::new(), |last| {
            format!("&pagination[starting_after]={}", text(last, "id"))
        });
        let path = format!("/{stream}?pagination[limit]=100{cursor}{filter}");
        let page = get(emulator, &path).data();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

fn number(object: &Value, field: &str) -> i64 {
    object[field].as_i64().unwrap_or_else(|| panic!("{field} of {object} is a number"))
}

fn ids(objects: &[Value]) -> BTreeSet<&str> {
    objects.iter().map(|object| text(object, "id")).collect()
}

async fn start() -> Emulator {
    Emulator::start(options()).await.expect("the emulator starts")
}

async fn start_with(change: impl FnOnce(&mut Options)) -> Emulator {
    let mut options = options();
    change(&mut options);
    Emulator::start(options).await.expect("the emulator starts")
}

fn everything(emulator: &Emulator) -> String {
    let mut bytes = get(emulator, "/account").body;
    for stream in STREAMS {
        bytes += &send(emulator, "GET", &format!("/_emulator/truth/{stream}"), "none").body;
        bytes += &get(emulator, &format!("/{stream}?pagination[limit]=100")).body;
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_gives_the_same_bytes_however_the_days_are_advanced() {
    let (first, second) = (start().await, start().await);
    assert!(everything(&first) == everything(&second), "two starts differ");
    first.advance(5);
    second.advance(2);
    second.advance(3);
    assert!(everything(&first) == everything(&second), "5 days differ from 2 and 3");
    let other = start_with(|options| options.seed = 2).await;
    assert!(get(&first, "/account").body != get(&other, "/account").body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_event_feed_changes_nothing_else() {
    let (usual, short) = (start().await, start_with(|options| options.event_days = 3).await);
    let events = truth(&short, "events");
    assert!(!events.is_empty());
    assert!(events.iter().all(|event| number(event, "created_at") >= NOW - 3 * DAY));
    assert!(events.len() < truth(&usual, "events").len());
    for stream in STREAMS.into_iter().filter(|stream| *stream != "events") {
        assert!(truth(&usual, stream) == truth(&short, stream), "{stream} differs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_walked_in_pages_brings_every_object_once_and_newest_first() {
    let emulator = start().await;
    let counts = emulator.counts();
    assert_eq!(counts.len(), STREAMS.len());
    for stream in STREAMS.into_iter().filter(|stream| !["users", "webhooks"].contains(stream)) {
        let walked = walk(&emulator, stream, "");
        let expected = usize::try_from(counts[stream]).expect("a small count");
        assert!(expected > 0, "{stream} is empty");
        assert_eq!(walked.len(), expected, "{stream}");
        assert_eq!(ids(&walked).len(), expected, "{stream} repeats an id");
        let times: Vec<i64> =
            walked.iter().filter_map(|object| object["created_at"].as_i64()).collect();
        assert!(times.is_sorted_by(|newer, older| newer >= older), "{stream} is out of order");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_account_is_small_and_varied() {
    let emulator = start().await;
    let total: u64 = emulator.counts().values().sum();
    assert!((4_000..6_500).contains(&total), "{total} objects");
    let transactions = truth(&emulator, "transactions");
    let currencies: BTreeSet<&str> =
        transactions.iter().map(|transaction| text(transaction, "currency")).collect();
    assert_eq!(currencies, BTreeSet::from(["eur", "gbp", "jpy", "usd"]));
    let mut seconds: BTreeMap<i64, usize> = BTreeMap::new();
    for transaction in &transactions {
        *seconds.entry(number(transaction, "created_at")).or_default() += 1;
    }
    assert!(seconds.values().any(|&count| count >= 10), "no batch shares a second");
    let refunds = transactions.iter().filter(|transaction| {
        number(transaction, "amount") < 0
            && text(transaction, "description").starts_with("Refund for: ")
    });
    assert!(refunds.count() > 3);
    let statuses: BTreeSet<String> = truth(&emulator, "invoices")
        .iter()
        .map(|invoice| text(invoice, "status").to_owned())
        .collect();
    let expected = ["generated", "issued", "overdue", "paid", "voided"];
    assert_eq!(statuses, expected.map(str::to_owned).into());
}

#[tokio::test(flavor = "multi_thread")]
async fn overdue_invoices_are_spread_over_all_ages() {
    let emulator = start().await;
    let mut ages = BTreeMap::new();
    for invoice in truth(&emulator, "invoices") {
        if number(&invoice, "overdue_amount") > 0 {
            let days = NOW / DAY - number(&invoice, "due_date") / DAY;
            *ages.entry(((days - 1) / 30).min(3)).or_insert(0) += 1;
        }
    }
    assert_eq!(ages.keys().copied().collect::<Vec<_>>(), [0, 1, 2, 3], "{ages:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_obey_limit_cap_and_cursors() {
    let emulator = start_with(|options| options.page_cap = 40).await;
    assert_eq!(get(&emulator, "/invoices").data().len(), 25);
    assert_eq!(get(&emulator, "/invoices?limit=3").data().len(), 25);
    assert_eq!(get(&emulator, "/invoices?pagination[limit]=7").data().len(), 7);
    let page = get(&emulator, "/invoices?pagination%5Blimit%5D=100").data();
    assert_eq!(page.len(), 40);
    let newer = get(
        &emulator,
        &format!(
            "/invoices?pagination[limit]=5&pagination[ending_before]={}",
            text(&page[20], "id")
        ),
    );
    assert_eq!(newer.data(), page[15..20]);
    for limit in ["0", "-1", "x", "", "2.5"] {
        let refused = get(&emulator, &format!("/invoices?pagination[limit]={limit}"));
        assert_eq!(refused.status, 400, "limit {limit:?}");
        assert_eq!(refused.error("param"), "pagination[limit]");
    }
    let refused = get(&emulator, "/invoices?pagination[starting_after]=inv_none");
    assert_eq!(refused.status, 400);
    assert_eq!(refused.error("type"), "invalid_request_error");
    assert_eq!(refused.error("param"), "pagination[starting_after]");
}

#[tokio::test(flavor = "multi_thread")]
async fn total_pages_counts_pages_and_can_be_left_out() {
    let emulator = start().await;
    let total = get(&emulator, "/plans?pagination[limit]=5").json();
    assert_eq!(total["object"], "list");
    assert_eq!(total["total_pages"].as_u64(), Some(emulator.counts()["plans"].div_ceil(5)));
    let silent = start_with(|options| options.total_pages = false).await;
    assert!(get(&silent, "/plans").json().get("total_pages").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn created_at_windows_cut_a_list_without_gap_or_overlap() {
    let emulator = start().await;
    let all = walk(&emulator, "transactions", "");
    let middle = number(&all[all.len() / 2], "created_at");
    let older = walk(&emulator, "transactions", &format!("&created_at[lte]={middle}"));
    let newer = walk(&emulator, "transactions", &format!("&created_at%5Bgt%5D={middle}"));
    assert_eq!([newer, older].concat(), all);
    let same = walk(&emulator, "transactions", &format!("&created_at={middle}"));
    assert!(!same.is_empty());
    assert!(same.iter().all(|transaction| number(transaction, "created_at") == middle));
    let window = format!("&created_at[gte]={middle}&created_at[lt]={}", middle + 1);
    assert_eq!(walk(&emulator, "transactions", &window), same);
    let future = format!("/invoices?created_at[gt]={}", NOW + DAY);
    assert!(get(&emulator, &future).data().is_empty());
    assert!(get(&emulator, "/invoices?created_at[lte]=1").data().is_empty());
    assert_eq!(get(&emulator, "/invoices?created_at[gt]=soon").status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_filter_by_customer_and_invoice_and_ignore_the_unknown() {
    let emulator = start().await;
    let all = walk(&emulator, "transactions", "");
    let invoice = all.iter().find_map(|transaction| transaction["invoice"].as_str());
    let invoice = invoice.expect("something is invoiced");
    let lines = walk(&emulator, "transactions", &format!("&invoice={invoice}"));
    let expected: Vec<&Value> =
        all.iter().filter(|transaction| transaction["invoice"] == *invoice).collect();
    assert_eq!(lines.iter().collect::<Vec<_>>(), expected);
    let customer = text(&lines[0], "customer");
    for name in ["customer", "customer_id"] {
        for stream in ["transactions", "invoices"] {
            let own = walk(&emulator, stream, &format!("&{name}={customer}"));
            assert!(!own.is_empty());
            assert!(own.iter().all(|object| object["customer"] == *customer));
        }
    }
    let both = format!("&customer={customer}&invoice={invoice}");
    assert_eq!(walk(&emulator, "transactions", &both), lines);
    assert!(get(&emulator, "/transactions?customer=cus_none").data().is_empty());
    assert_eq!(
        get(&emulator, "/plans?customer=cus_none&colour=red&created_at_x=y").data().len(),
        24
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_key_opens_and_it_is_never_echoed() {
    let emulator = start().await;
    let bearer = format!("Bearer {KEY}");
    for good in [BASIC, &bearer, "basic c2tfdGVzdF9sb2NhbDo="] {
        assert_eq!(send(&emulator, "GET", "/v0/account", good).status, 200, "{good}");
    }
    // `sk_test_local:pw` and `sk_test_wrong:`
    let password = "Basic c2tfdGVzdF9sb2NhbDpwdw==";
    let wrong = "Basic c2tfdGVzdF93cm9uZzo=";
    for bad in [password, wrong, "Bearer sk_test_wrong", "Basic ?", "", "none"] {
        for path in ["/v0/account", "/v0/invoices", "/v0/customers/cus_x", "/v0/nowhere"] {
            let refused = send(&emulator, "GET", path, bad);
            assert_eq!(refused.status, 401, "{bad} {path}");
            assert_eq!(refused.error("type"), "invalid_request_error");
            assert!(refused.error("message").starts_with("Invalid API Key provided: "));
            assert!(!refused.body.contains("sk_test"), "{}", refused.body);
        }
    }
    assert!(send(&emulator, "GET", "/v0/account", wrong).error("message").ends_with("sk_t…"));
}

#[tokio::test(flavor = "multi_thread")]
async fn users_and_webhooks_ignore_paging_and_users_hold_strangers() {
    let emulator = start().await;
    let users = get(&emulator, "/users?pagination[limit]=1").data();
    let strangers = users.iter().filter(|user| user["object"] == "webhook").count();
    assert_eq!(strangers, 2);
    let counted = usize::try_from(emulator.counts()["users"]).expect("a small count");
    assert_eq!(users.len(), counted + strangers);
    assert!(users.len() > 25);
    let counts = send(&emulator, "GET", "/_emulator/counts", "none").json();
    assert_eq!(counts["_misplaced"]["users"], 2);
    assert_eq!(counts["users"].as_u64(), Some(emulator.counts()["users"]));
    assert!(users.iter().all(|user| user["created_at"].is_string()));
    let webhooks = get(&emulator, "/webhooks").data();
    assert!(webhooks.iter().all(|webhook| webhook["updated_at"].is_string()));
    assert!(webhooks.iter().any(|webhook| webhook.get("event").is_none()));
    let paged = start_with(|options| options.unpaged_users = false).await;
    assert_eq!(get(&paged, "/users?pagination[limit]=1").data().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_quirks_of_the_register_are_present() {
    let emulator = start().await;
    let subscriptions = truth(&emulator, "subscriptions");
    assert!(subscriptions.iter().all(|one| one["plan"]["object"] == "plan"));
    assert!(subscriptions.iter().any(|one| one["ended_at"] == 0 && one["cancelled_at"] == 0));
    assert!(subscriptions.iter().any(|one| number(one, "cancelled_at") > 0));
    let transactions = truth(&emulator, "transactions");
    assert!(transactions.iter().any(|one| text(one, "paid_at").len() == 10));
    assert!(transactions.iter().any(|one| text(one, "paid_on").len() == 10));
    for one in &transactions {
        assert_eq!(one.get("paid_on").is_some(), one.get("properties").is_some());
        assert_ne!(one.get("paid_at").is_some(), one.get("paid_on").is_some());
    }
    let statements = truth(&emulator, "statements");
    assert!(statements.iter().any(|one| one.get("expired_at").is_some()));
    assert!(statements.iter().any(|one| one.get("expires_at").is_some()));
    assert!(statements.iter().any(|one| one["expired_at"].is_i64()));
    assert!(statements.iter().all(|one| one.get("created_at").is_none()));
    let customers = truth(&emulator, "customers");
    assert!(customers.iter().any(|one| one.get("name").is_none()));
    for hostile in ["<script>", "\u{1b}[31m", "=HYPERLINK(", "🚀", "شركة"] {
        let found = customers.iter().any(|one| text(one, "name").contains(hostile));
        assert!(found, "no customer is named {hostile:?}");
    }
    assert!(customers.iter().any(|one| text(one, "name").len() > 2_000));
    assert!(truth(&emulator, "plans").iter().any(|one| one.get("currency").is_none()));
    assert!(emulator_writes_fractions(&emulator));
}

fn emulator_writes_fractions(emulator: &Emulator) -> bool {
    get(emulator, "/plan_items").body.contains(r#""quantity":1.0"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_show_invoices_without_their_reminders() {
    let emulator = start().await;
    let full = truth(&emulator, "invoices");
    for listed in get(&emulator, "/invoices").data() {
        assert!(listed.get("chase_schedule").is_none());
        assert!(listed.get("next_chase_on").is_none());
        let retrieved = get(&emulator, &format!("/invoices/{}", text(&listed, "id"))).json();
        assert!(retrieved["chase_schedule"].is_array());
        assert!(full.contains(&retrieved));
        let is_open = retrieved["issued_at"].is_i64()
            && retrieved["paid"] == false
            && retrieved["voided"] == false;
        assert_eq!(retrieved["next_chase_on"].is_string(), is_open);
        assert!(!is_open || text(&retrieved, "next_chase_on") > "2026-06-30");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_object_can_be_retrieved_by_its_id() {
    let emulator = start().await;
    for stream in STREAMS {
        let listed = get(&emulator, &format!("/{stream}?pagination[limit]=1")).data();
        let id = text(&listed[0], "id");
        let retrieved = get(&emulator, &format!("/{stream}/{id}?id={id}"));
        assert_eq!(retrieved.json()["id"], id, "{stream}");
        let encoded = id.replace('_', "%5F");
        assert_eq!(get(&emulator, &format!("/{stream}/{encoded}")).status, 200, "{stream}");
        assert_eq!(get(&emulator, &format!("/{stream}/x_none")).status, 404, "{stream}");
    }
    let missing = get(&emulator, "/customers/cus_none");
    assert_eq!(missing.error("message"), "No such customer: cus_none");
    assert_eq!(missing.error("param"), "id");
    for path in ["/nowhere", "/", "", "/customers/", "/customers/a/b", "/aliases/x"] {
        assert_eq!(get(&emulator, path).status, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_can_be_listed_per_customer() {
    let emulator = start().await;
    let all = walk(&emulator, "statements", "");
    let customer = text(&all[0], "resource");
    let own = get(&emulator, &format!("/customers/{customer}/statements")).data();
    let expected: Vec<&Value> =
        all.iter().filter(|statement| statement["resource"] == *customer).collect();
    assert_eq!(own.iter().collect::<Vec<_>>(), expected);
    assert_eq!(get(&emulator, "/customers/cus_none/statements").status, 404);
}

/// Holds the account against CONTRACT A5 and the emulator amounts of A8.
fn assert_consistent(emulator: &Emulator, now: i64) {
    let transactions = truth(emulator, "transactions");
    let invoices = truth(emulator, "invoices");
    let customers = truth(emulator, "customers");
    let customers = ids(&customers);
    let mut lines: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for transaction in &transactions {
        assert!(customers.contains(text(transaction, "customer")));
        if let Some(invoice) = transaction["invoice"].as_str() {
            lines.entry(invoice).or_default().push(transaction);
        }
    }
    for invoice in &invoices {
        let own = lines.remove(text(invoice, "id")).expect("an invoice has transactions");
        let sum = |keep: fn(&Value) -> bool| -> i64 {
            own.iter().filter(|line| keep(line)).map(|line| number(line, "amount")).sum()
        };
        let unpaid = sum(|line| line["paid"] == false);
        assert_eq!(number(invoice, "amount"), sum(|_| true), "{invoice}");
        assert_eq!(number(invoice, "unpaid_amount"), unpaid, "{invoice}");
        assert!(own.iter().all(|line| line["currency"] == own[0]["currency"]), "{invoice}");
        assert!(own.iter().all(|line| line["customer"] == invoice["customer"]), "{invoice}");
        assert_due(invoice, unpaid, now);
    }
    assert!(lines.is_empty(), "transactions name invoices that do not exist: {lines:?}");
}

fn assert_due(invoice: &Value, unpaid: i64, now: i64) {
    let is_open = invoice["issued_at"].is_i64() && unpaid > 0 && invoice["voided"] == false;
    let is_late = is_open && number(invoice, "due_date") < now;
    assert_eq!(number(invoice, "overdue_amount"), if is_late { unpaid } else { 0 }, "{invoice}");
    if let Some(issued_at) = invoice["issued_at"].as_i64() {
        let due_day = issued_at / DAY + number(invoice, "terms");
        assert_eq!(number(invoice, "due_date") / DAY, due_day, "{invoice}");
    }
    if invoice["paid"] == true {
        assert_eq!(unpaid, 0, "{invoice}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_adds_up_at_first_and_later() {
    let emulator = start().await;
    assert_consistent(&emulator, NOW);
    for days in [1, 6, 40] {
        emulator.advance(days);
    }
    assert_consistent(&emulator, NOW + 47 * DAY);
}

#[tokio::test(flavor = "multi_thread")]
async fn references_lead_to_objects_and_business_hours_are_kept() {
    let emulator = start().await;
    let known: BTreeMap<&str, Vec<Value>> =
        STREAMS.into_iter().map(|stream| (stream, truth(&emulator, stream))).collect();
    let references = [
        ("plan_items", "plan", "plans"),
        ("plan_items", "product", "products"),
        ("orders", "customer", "customers"),
        ("order_items", "order", "orders"),
        ("order_items", "product", "products"),
        ("order_items", "transaction", "transactions"),
        ("statements", "resource", "customers"),
        ("subscriptions", "customer", "customers"),
    ];
    for (stream, field, parent) in references {
        let parents = ids(&known[parent]);
        for object in &known[stream] {
            assert!(parents.contains(text(object, field)), "{field} of {object}");
        }
    }
    for object in known.values().flatten() {
        let Some(at) = object["created_at"].as_i64() else { continue };
        let hours = if object["type"] == "invoice.overdue" { 0..1 } else { 6 * 3_600..9 * 3_600 };
        assert!(hours.contains(&(at % DAY)), "{object}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn advancing_adds_objects_changes_older_ones_and_tells_every_change() {
    let emulator = start().await;
    let before = truth(&emulator, "invoices");
    let (counts, events) = (emulator.counts(), ids_of(&truth(&emulator, "events")));
    let moved = send(&emulator, "POST", "/_emulator/advance?days=10", "none");
    assert_eq!(moved.status, 200);
    assert!(moved.json()["now"].as_i64() >= Some(NOW + 10 * DAY));
    for stream in ["transactions", "invoices", "events"] {
        assert!(emulator.counts()[stream] > counts[stream], "{stream}");
    }
    let told: BTreeSet<String> = truth(&emulator, "events")
        .iter()
        .filter(|event| !events.contains(text(event, "id")))
        .map(|event| text(&event["data"], "id").to_owned())
        .collect();
    let after: BTreeMap<String, Value> = truth(&emulator, "invoices")
        .into_iter()
        .map(|invoice| (text(&invoice, "id").to_owned(), invoice))
        .collect();
    let mut changes = 0;
    for mut old in before {
        let mut new = after[text(&old, "id")].clone();
        // The next reminder moves with the calendar, which is no event.
        old["next_chase_on"] = Value::Null;
        new["next_chase_on"] = Value::Null;
        if old != new {
            changes += 1;
            assert!(told.contains(text(&old, "id")), "{new} changed in silence");
        }
    }
    assert!(changes > 10, "only {changes} older invoices changed");
    let date = get(&emulator, "/account");
    assert!(date.headers("date")[0].starts_with("Fri, 10 Jul 2026 12:"), "{}", date.head);
}

fn ids_of(objects: &[Value]) -> BTreeSet<String> {
    ids(objects).into_iter().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_event_of_an_object_shows_it_as_it_is() {
    let emulator = start().await;
    let mut newest: BTreeMap<String, Value> = BTreeMap::new();
    for event in truth(&emulator, "events") {
        newest.insert(text(&event["data"], "id").to_owned(), event["data"].clone());
    }
    for stream in ["customers", "transactions", "subscriptions", "orders", "order_items"] {
        for object in truth(&emulator, stream) {
            if let Some(snapshot) = newest.get(text(&object, "id")) {
                assert_eq!(*snapshot, object);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_date_header_shows_the_simulated_time_once() {
    let emulator = start().await;
    for path in ["/account", "/invoices", "/nowhere"] {
        let answer = get(&emulator, path);
        let dates = answer.headers("date");
        assert_eq!(dates.len(), 1, "{}", answer.head);
        assert!(dates[0].starts_with("Tue, 30 Jun 2026 12:"), "{}", dates[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_creation_times_still_filter() {
    let emulator = start_with(|options| options.hide_created_at = true).await;
    for stream in ["customers", "invoices", "transactions"] {
        let objects = get(&emulator, &format!("/{stream}")).data();
        assert!(objects.iter().all(|object| object.get("created_at").is_none()), "{stream}");
        let recent = get(&emulator, &format!("/{stream}?created_at[lte]={}", NOW - 700 * DAY));
        assert!(!recent.data().is_empty(), "{stream}");
        let future = get(&emulator, &format!("/{stream}?created_at[gt]={NOW}"));
        assert!(future.data().is_empty(), "{stream}");
    }
    let events = get(&emulator, "/events").data();
    assert!(events.iter().all(|event| event["created_at"].is_i64()));
    let told = events.iter().filter(|event| event["data"]["object"] == "transaction");
    assert!(told.clone().count() > 0);
    assert!(told.clone().all(|event| event["data"].get("created_at").is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_counted_also_those_that_write() {
    let emulator = start().await;
    let customer = text(&get(&emulator, "/customers").data()[0], "id").to_owned();
    get(&emulator, &format!("/customers/{customer}"));
    get(&emulator, "/nowhere");
    let created = get(&emulator, "/customers/by_external_id?external_id=1");
    assert_eq!(created.status, 200);
    for (method, status) in [("POST", 200), ("PUT", 405), ("DELETE", 405)] {
        assert_eq!(send(&emulator, method, "/v0/customers", BASIC).status, status, "{method}");
    }
    send(&emulator, "GET", "/_emulator/counts", "none");
    let requests = emulator.requests();
    assert_eq!(requests.total, 7);
    assert_eq!(requests.non_get, 3);
    assert_eq!(requests.forbidden, 1);
    assert_eq!(requests.peak_in_flight, 1);
    assert_eq!(requests.by_path["/customers"], 4);
    assert_eq!(requests.by_path["/customers/{id}"], 1);
    assert_eq!(requests.by_path["/customers/by_external_id"], 1);
    let shown = send(&emulator, "GET", "/_emulator/requests", "none").json();
    assert_eq!(shown, serde_json::to_value(&requests).expect("counters are JSON"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_id_can_be_chosen_and_a_slow_server_still_answers() {
    let emulator = start_with(|options| {
        options.account_id = Some("acct_other".to_owned());
        options.latency = Duration::from_millis(5);
    })
    .await;
    assert_eq!(get(&emulator, "/account").json()["id"], "acct_other");
    emulator.shutdown().await;
}

#[test]
fn sizes_are_read_and_written_by_the_same_words() {
    for word in ["tiny", "small", "medium", "large", "bench", "bench-large"] {
        let size: Size = word.parse().expect("a known size");
        assert_eq!(size.to_string(), word);
    }
    assert!("huge".parse::<Size>().is_err());
}
