//! What random business does to the account: everything still adds up and is found in its place.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use paid_sync::emulator::{Churn, Emulator};
use serde_json::Value;

use super::{
    DAY, NOW, STREAMS, everything, find, list, number, of_kind, one_a_second, send, start, text,
    truth, truth_at, walk,
};

#[tokio::test(flavor = "multi_thread")]
async fn business_concerns_new_and_old_objects() {
    let emulator = start().await;
    let before: BTreeMap<String, i64> = truth(&emulator, "invoices")
        .iter()
        .map(|invoice| (text(invoice, "id").to_owned(), number(invoice, "created_at")))
        .collect();
    let played = emulator.churn(one_a_second(2_000, 5));
    let touched = |age: Range<i64>| {
        let viewed = of_kind(&played, "view_invoice");
        let ages = viewed.iter().filter_map(|one| before.get(&one.id)).map(|at| NOW - at);
        ages.filter(|one| age.contains(one)).count()
    };
    assert!(touched(0..90 * DAY) > touched(365 * DAY..4_000 * DAY));
    assert!(touched(365 * DAY..4_000 * DAY) > 0);
    let later = of_kind(&played, "issue_invoice");
    assert!(later.iter().any(|one| !before.contains_key(&one.id)), "nothing new was issued");
}

/// Holds the account against CONTRACT A5 and the emulator amounts of A8.
fn assert_consistent(emulator: &Emulator, now: i64) {
    let transactions = truth(emulator, "transactions");
    let customers = truth(emulator, "customers");
    let customers: BTreeSet<&str> = customers.iter().map(|one| text(one, "id")).collect();
    let mut lines: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for transaction in &transactions {
        assert!(customers.contains(text(transaction, "customer")));
        if let Some(invoice) = transaction["invoice"].as_str() {
            lines.entry(invoice).or_default().push(transaction);
        }
    }
    for invoice in &truth(emulator, "invoices") {
        let own = lines.remove(text(invoice, "id")).unwrap_or_default();
        let counted = own.iter().filter(|line| line["status"] != "void");
        let sum = |keep: fn(&Value) -> bool| -> i64 {
            counted.clone().filter(|line| keep(line)).map(|line| number(line, "amount")).sum()
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
    let is_open = invoice["issued_at"].is_i64()
        && unpaid > 0
        && invoice["voided"] == false
        && invoice["paid"] == false;
    let is_late = is_open && number(invoice, "due_date") < now;
    assert_eq!(number(invoice, "overdue_amount"), if is_late { unpaid } else { 0 }, "{invoice}");
    assert_eq!(invoice["status"] == "overdue", is_late, "{invoice}");
    if let Some(issued_at) = invoice["issued_at"].as_i64() {
        let due_day = issued_at / DAY + number(invoice, "terms");
        assert_eq!(number(invoice, "due_date") / DAY, due_day, "{invoice}");
    }
    if invoice["paid"] == true {
        assert_eq!(unpaid, 0, "{invoice}");
        assert_eq!(invoice["voided"], false, "{invoice}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_adds_up_after_heavy_business() {
    let emulator = start().await;
    for round in 1..=4 {
        let churn =
            Churn { actions: 1_500, seed: round, over_seconds: 20 * 86_400, ..Churn::default() };
        assert_eq!(emulator.churn(churn).len(), 1_500);
        assert_consistent(&emulator, emulator.now());
    }
    emulator.advance(120);
    assert_consistent(&emulator, emulator.now());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_is_in_no_list_and_under_no_parent() {
    let emulator = start().await;
    let played = emulator.churn(one_a_second(2_000, 11));
    for (kind, stream) in [
        ("delete_transaction", "transactions"),
        ("delete_user", "users"),
        ("delete_webhook", "webhooks"),
    ] {
        let deleted: BTreeSet<&str> =
            of_kind(&played, kind).into_iter().map(|one| one.id.as_str()).collect();
        assert!(deleted.len() > 2, "{kind}");
        let left: Vec<Value> = match stream {
            "transactions" => walk(&emulator, stream, ""),
            _ => [list(&emulator, "users"), list(&emulator, "webhooks")].concat(),
        };
        assert!(left.iter().all(|one| !deleted.contains(text(one, "id"))), "{stream}");
        for id in deleted {
            assert_eq!(send(&emulator, "GET", &format!("/v0/{stream}/{id}")).0, 404, "{id}");
        }
    }
    let all = walk(&emulator, "transactions", "");
    for parent in ["invoice", "customer"] {
        let mut expected: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for one in all.iter().filter(|one| one[parent].is_string()) {
            expected.entry(text(one, parent)).or_default().push(one);
        }
        for invoice in truth(&emulator, &format!("{parent}s")) {
            let id = text(&invoice, "id");
            let lines = walk(&emulator, "transactions", &format!("&{parent}={id}"));
            let expected = expected.remove(id).unwrap_or_default();
            assert_eq!(lines.iter().collect::<Vec<_>>(), expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_stay_in_order_and_show_every_object_once() {
    let emulator = start().await;
    emulator.churn(Churn { actions: 2_000, seed: 3, over_seconds: 9 * 86_400, ..Churn::default() });
    for stream in STREAMS.into_iter().filter(|stream| !["users", "webhooks"].contains(stream)) {
        let walked = walk(&emulator, stream, "");
        let ids: BTreeSet<&str> = walked.iter().map(|one| text(one, "id")).collect();
        assert_eq!(ids.len(), walked.len(), "{stream} repeats an id");
        assert_eq!(u64::try_from(ids.len()).ok(), Some(emulator.counts()[stream]), "{stream}");
        let times: Vec<i64> = walked.iter().filter_map(|one| one["created_at"].as_i64()).collect();
        assert!(times.is_sorted_by(|newer, older| newer >= older), "{stream} is out of order");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dated_back_appears_at_its_place() {
    let emulator = start().await;
    let played = emulator.churn(one_a_second(600, 21));
    let mut seen = BTreeSet::new();
    for one in played.iter().filter(|one| one.created_at.is_some()) {
        let past = one.created_at.expect("a past second");
        assert!(past < one.at);
        let (_, shown) = send(&emulator, "GET", &format!("/v0/{}/{}", one.stream, one.id));
        if shown["error"].is_object() {
            assert!(of_kind(&played, "delete_transaction").iter().any(|gone| gone.id == one.id));
            continue;
        }
        assert_eq!(number(&shown, "created_at"), past);
        let window = format!("{}?created_at[gte]={past}&created_at[lte]={past}", one.stream);
        assert!(list(&emulator, &window).iter().any(|other| other["id"] == shown["id"]));
        seen.insert(one.stream);
    }
    assert_eq!(seen, BTreeSet::from(["customers", "invoices", "transactions"]));
    let timely = start().await;
    let churn = Churn { backdate: false, ..one_a_second(600, 21) };
    let played = timely.churn(churn);
    assert_eq!(played.len(), 600);
    assert!(played.iter().all(|one| one.created_at.is_none()));
    for transaction in truth(&timely, "transactions") {
        let at = number(&transaction, "created_at");
        assert!(at <= NOW - 3_600 || at > NOW, "{transaction}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_event_of_an_object_shows_it_as_it_is() {
    let emulator = start().await;
    emulator.churn(Churn { actions: 3_000, seed: 6, over_seconds: 5 * 86_400, ..Churn::default() });
    let mut newest: BTreeMap<String, Value> = BTreeMap::new();
    for event in truth(&emulator, "events") {
        newest.insert(text(&event["data"], "id").to_owned(), event["data"].clone());
    }
    let told = ["customers", "invoices", "transactions", "subscriptions", "orders", "order_items"];
    for stream in told {
        let mut compared = 0;
        for mut object in truth(&emulator, stream) {
            let Some(mut snapshot) = newest.remove(text(&object, "id")) else { continue };
            for untold in ["views", "next_chase_on"].into_iter().filter(|_| stream == "invoices") {
                object[untold] = Value::Null;
                snapshot[untold] = Value::Null;
            }
            assert_eq!(snapshot, object);
            compared += 1;
        }
        assert!(compared > 10, "{stream}");
    }
}

/// Says whether the event feed tells of a kind of action (CONTRACT A8.1, last row).
fn is_told(kind: &str) -> bool {
    let untold = ["statement", "organization", "user", "webhook", "view"];
    !untold.iter().any(|word| kind.contains(word))
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_business_leaves_no_event_and_other_business_does() {
    let emulator = start().await;
    let played = emulator.churn(Churn { silent_percent: 40, ..one_a_second(2_500, 13) });
    let mut told: BTreeMap<i64, BTreeSet<String>> = BTreeMap::new();
    for event in truth(&emulator, "events") {
        let about = text(&event["data"], "id").to_owned();
        told.entry(number(&event, "created_at")).or_default().insert(about);
    }
    for one in &played {
        match told.get(&one.at) {
            Some(_) if one.is_silent || !is_told(one.kind) => panic!("{one:?} left an event"),
            None if !one.is_silent && is_told(one.kind) => panic!("{one:?} left no event"),
            about => assert!(about.is_none_or(|ids| ids.contains(&one.id)), "{one:?}"),
        }
    }
    let silent = played.iter().filter(|one| one.is_silent).count();
    assert!((800..1_200).contains(&silent), "{silent} of 2,500");
    let quiet = start().await;
    let before = quiet.truth("events", None);
    quiet.churn(Churn { silent_percent: 100, ..one_a_second(200, 13) });
    assert!(quiet.truth("events", None) == before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_changes_an_invoice_and_nothing_else() {
    let emulator = start().await;
    let played = emulator.churn(one_a_second(200, 2));
    let viewed = of_kind(&played, "view_invoice");
    assert!(viewed.len() > 3);
    for view in viewed.into_iter().take(4) {
        let mut before = everything(&emulator, Some(view.at - 1));
        let mut after = everything(&emulator, Some(view.at));
        before.remove("invoices");
        after.remove("invoices");
        assert!(before == after, "{view:?} changed another list");
        let mut before = truth_at(&emulator, "invoices", Some(view.at - 1));
        let after = truth_at(&emulator, "invoices", Some(view.at));
        let changed = before.iter_mut().find(|one| one["id"] == *view.id).expect("the invoice");
        changed["views"] = (number(changed, "views") + 1).into();
        assert!(before == after, "{view:?} changed more than views");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_followed_by_its_charge_and_its_item() {
    let emulator = start().await;
    let played = emulator.churn(one_a_second(400, 4));
    let items = truth(&emulator, "order_items");
    let orders = of_kind(&played, "create_order");
    assert!(orders.len() > 4);
    for trio in played.windows(3).filter(|trio| trio[0].kind == "create_order") {
        assert_eq!(trio[1].kind, "create_transaction");
        assert_eq!(trio[2].kind, "create_order_item");
        let item = find(&items, &trio[2].id);
        assert_eq!((text(item, "order"), text(item, "transaction")), (&*trio[0].id, &*trio[1].id));
        let [charge, order] = [("transactions", 1), ("orders", 0)].map(|(stream, index)| {
            find(&truth_at(&emulator, stream, Some(trio[2].at)), &trio[index].id).clone()
        });
        assert_eq!(order["customer"], charge["customer"]);
        assert_eq!(order["amount"], charge["amount"]);
    }
}
