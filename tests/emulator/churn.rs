//! Random business: it is reproducible, it touches everything, and the account still adds up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use paid_sync::emulator::{Churn, Emulator, Played};
use serde_json::Value;

use super::{DAY, NOW, STREAMS, number, start, start_with, truth, walk};
use crate::support::http::{self, BASIC, get, text};

/// What business does to the account.
mod account;

const KINDS: [&str; 29] = [
    "cancel_subscription",
    "create_customer",
    "create_order",
    "create_order_item",
    "create_organization",
    "create_plan",
    "create_statement",
    "create_subscription",
    "create_transaction",
    "create_user",
    "create_webhook",
    "delete_transaction",
    "delete_user",
    "delete_webhook",
    "expire_statement",
    "generate_invoices",
    "issue_invoice",
    "pay_invoice",
    "pay_transaction",
    "refund_transaction",
    "rename_customer",
    "rename_organization",
    "update_customer",
    "update_invoice",
    "update_transaction",
    "update_webhook",
    "view_invoice",
    "void_invoice",
    "void_transaction",
];

/// Sends a request and gives the status and the body.
fn send(emulator: &Emulator, method: &str, path: &str) -> (u16, Value) {
    let answer = http::send(emulator, method, path, BASIC);
    (answer.status, answer.json())
}

fn list(emulator: &Emulator, path: &str) -> Vec<Value> {
    get(emulator, &format!("/{path}")).data()
}

fn truth_at(emulator: &Emulator, stream: &str, at: Option<i64>) -> Vec<Value> {
    let lines = emulator.truth(stream, at).expect("a known list");
    lines.iter().map(|line| serde_json::from_slice(line).expect("a JSON line")).collect()
}

/// Reads the bytes of every list, today or at a past second.
fn everything(emulator: &Emulator, at: Option<i64>) -> BTreeMap<&'static str, Vec<u8>> {
    let read = |stream| emulator.truth(stream, at).expect("a known list").concat();
    STREAMS.into_iter().map(|stream| (stream, read(stream))).collect()
}

fn assert_same(
    one: &BTreeMap<&'static str, Vec<u8>>,
    other: &BTreeMap<&'static str, Vec<u8>>,
    occasion: &str,
) {
    for stream in STREAMS {
        assert!(one[stream] == other[stream], "{occasion}: {stream} differs");
    }
}

fn find<'a>(objects: &'a [Value], id: &str) -> &'a Value {
    objects.iter().find(|object| text(object, "id") == id).expect("the object exists")
}

fn of_kind<'a>(played: &'a [Played], kind: &str) -> Vec<&'a Played> {
    played.iter().filter(|one| one.kind == kind).collect()
}

/// Plays one action in every second, so that each has a moment of its own.
fn one_a_second(actions: u32, seed: u64) -> Churn {
    Churn { actions, seed, over_seconds: actions, ..Churn::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_plays_the_same_and_another_seed_something_else() {
    let emulators = [start().await, start().await, start().await];
    let [first, second, third] = [7, 7, 8].map(|seed| Churn {
        actions: 300,
        seed,
        over_seconds: 2 * 86_400,
        silent_percent: 20,
        ..Churn::default()
    });
    let played = emulators[0].churn(first);
    assert_eq!(played.len(), 300);
    assert!(played == emulators[1].churn(second), "the same seed did something else");
    assert!(played != emulators[2].churn(third), "another seed did the same");
    let read: Vec<_> = emulators.iter().map(|emulator| everything(emulator, None)).collect();
    assert_same(&read[0], &read[1], "the same seed");
    assert!(read[0]["transactions"] != read[2]["transactions"]);
    // The same order on what it led to goes on instead of repeating.
    assert!(emulators[0].churn(first) != played);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_business_is_played_and_all_of_it_as_ordered() {
    let emulator = start().await;
    let played = emulator.churn(one_a_second(3_000, 1));
    assert_eq!(played.len(), 3_000);
    let kinds: BTreeSet<&str> = played.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, BTreeSet::from(KINDS));
    for kind in ["create_customer", "create_transaction", "generate_invoices"] {
        let ages: Vec<i64> = of_kind(&played, kind)
            .into_iter()
            .filter_map(|one| Some(one.at - one.created_at?))
            .collect();
        assert!(ages.iter().any(|age| (1..=600).contains(age)), "no late {kind}");
        assert!(ages.iter().any(|age| *age >= 30 * DAY), "no {kind} of months ago");
    }
    let invoices = truth(&emulator, "invoices");
    let ways: BTreeSet<&str> = of_kind(&played, "pay_invoice")
        .into_iter()
        .map(|one| text(&find(&invoices, &one.id)["payment"], "via"))
        .collect();
    assert_eq!(ways, BTreeSet::from(["ach", "check", "credit_card", "wire"]));
    let transactions = truth(&emulator, "transactions");
    let made: BTreeSet<&str> =
        of_kind(&played, "create_transaction").into_iter().map(|one| one.id.as_str()).collect();
    let made = transactions.iter().filter(|one| made.contains(text(one, "id")));
    let currencies: BTreeSet<&str> = made.clone().map(|one| text(one, "currency")).collect();
    assert_eq!(currencies.len(), 4);
    assert!(made.clone().any(|one| number(one, "amount") < 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn business_is_spread_over_time_and_moves_the_clock() {
    let emulator = start().await;
    let at_once = emulator.churn(Churn { actions: 20, ..Churn::default() });
    assert!(at_once.iter().all(|one| one.at == NOW));
    assert_eq!(emulator.now(), NOW);
    let spread = emulator.churn(Churn { actions: 20, over_seconds: 100, ..Churn::default() });
    let moments: Vec<i64> = spread.iter().map(|one| one.at).collect();
    assert_eq!(moments, (1..=20).map(|step| NOW + 5 * step).collect::<Vec<_>>());
    assert_eq!(emulator.now(), NOW + 100);
    let crowded = emulator.churn(Churn { actions: 9, over_seconds: 2, ..Churn::default() });
    let moments: BTreeSet<i64> = crowded.iter().map(|one| one.at).collect();
    assert_eq!(moments, BTreeSet::from([NOW + 101, NOW + 102]));
    let events = truth(&emulator, "events").len();
    emulator.churn(Churn { actions: 0, over_seconds: 3 * 86_400, ..Churn::default() });
    assert_eq!(emulator.now(), NOW + 102 + 3 * DAY);
    assert!(truth(&emulator, "events").len() > events, "nobody went about their business");
}

#[tokio::test(flavor = "multi_thread")]
async fn time_passed_with_business_is_time_passed() {
    let (one, other) = (start().await, start().await);
    one.churn(Churn { actions: 0, over_seconds: 2 * 86_400, ..Churn::default() });
    other.advance(2);
    assert_same(&everything(&one, None), &everything(&other, None), "two days");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_before_can_be_asked_for_after() {
    let emulator = start().await;
    let mut snapshots = Vec::new();
    for round in 0..5_u32 {
        snapshots.push((emulator.now(), everything(&emulator, None)));
        let over_seconds = [1, 3_600, 86_400, 500, 200_000][usize::try_from(round).unwrap_or(0)];
        let silent_percent = 10;
        let actions = 80;
        let seed = round.into();
        emulator.churn(Churn { actions, seed, over_seconds, silent_percent, backdate: true });
        emulator.pass(40_000, round % 2 == 0);
    }
    for (at, snapshot) in &snapshots {
        assert_same(&everything(&emulator, Some(*at)), snapshot, &format!("at {at}"));
    }
    assert!(snapshots[0].1["invoices"] != snapshots[1].1["invoices"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_amid_business_shows_what_was_done_by_then() {
    let (long, short) = (start().await, start().await);
    let whole = long.churn(one_a_second(120, 9));
    let half = short.churn(one_a_second(60, 9));
    assert!(whole[..60] == half, "the first half differs");
    let amid = everything(&long, Some(NOW + 60));
    assert_same(&amid, &everything(&short, None), "half way");
}

#[tokio::test(flavor = "multi_thread")]
async fn business_is_ordered_over_http_with_checked_parameters() {
    let (emulator, twin) = (start().await, start().await);
    let path = "/_emulator/churn?actions=50&seed=7&over_seconds=3600&silent_percent=10";
    let (status, body) = send(&emulator, "POST", path);
    assert_eq!(status, 200, "{body}");
    assert_eq!(number(&body, "now"), NOW + 3_600);
    assert_eq!(emulator.now(), NOW + 3_600);
    let order =
        Churn { actions: 50, seed: 7, over_seconds: 3_600, silent_percent: 10, ..Churn::default() };
    let played = serde_json::to_value(twin.churn(order)).expect("what was played is JSON");
    assert_eq!(body["played"], played);
    assert_same(&everything(&emulator, None), &everything(&twin, None), "over HTTP");
    let (_, body) = send(&emulator, "POST", "/_emulator/churn");
    assert_eq!(body["played"].as_array().map(Vec::len), Some(1));
    for query in [
        "colour=red",
        "actions=many",
        "actions=-1",
        "actions=1000001",
        "silent_percent=101",
        "silent_percent=300",
        "over_seconds=1.5",
        "over_seconds=4000000000",
        "backdate=perhaps",
        "seed=",
    ] {
        let before = emulator.now();
        let (status, body) = send(&emulator, "POST", &format!("/_emulator/churn?{query}"));
        assert_eq!(status, 400, "{query}: {body}");
        assert_eq!(body["error"]["type"], "invalid_request_error", "{query}");
        assert!(!text(&body["error"], "message").is_empty(), "{query}");
        assert_eq!(emulator.now(), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lively_account_changes_by_itself() {
    let emulator = start_with(|options| options.churn_per_minute = 6_000).await;
    let before = truth(&emulator, "transactions").len();
    for _ in 0..6_000 {
        if truth(&emulator, "transactions").len() > before + 3 {
            emulator.shutdown().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nothing happened in a minute");
}
