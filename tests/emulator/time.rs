//! Simulated time: it moves only on request, brings what is due, and every past moment can be
//! read again.

use std::collections::BTreeMap;

use paid_sync::emulator::{Emulator, EventFaults};
use serde_json::Value;

use super::{DAY, NOW, STREAMS, everything, ids_of, number, start, start_with, truth};
use crate::support::http::{get, send, text};

/// Reads everything as it was at a moment.
fn state_at(emulator: &Emulator, at: i64) -> BTreeMap<&'static str, String> {
    let read = |stream: &'static str| {
        let path = format!("/_emulator/truth/{stream}?at={at}");
        (stream, send(emulator, "GET", &path, "none").body)
    };
    STREAMS.into_iter().chain(["account"]).map(read).collect()
}

fn state(emulator: &Emulator) -> BTreeMap<&'static str, String> {
    state_at(emulator, i64::MAX)
}

fn by_id(objects: Vec<Value>) -> BTreeMap<String, Value> {
    objects.into_iter().map(|object| (text(&object, "id").to_owned(), object)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn time_stands_still_until_it_is_moved() {
    let emulator = start().await;
    assert_eq!(emulator.now(), NOW);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(emulator.now(), NOW);
    let advanced = send(&emulator, "POST", "/_emulator/advance?days=1&seconds=30", "none");
    assert_eq!(advanced.json()["now"].as_i64(), Some(NOW + DAY + 30));
    let clock = send(&emulator, "GET", "/_emulator/clock", "none").json();
    assert_eq!(clock["now"].as_i64(), Some(NOW + DAY + 30));
    assert_eq!(get(&emulator, "/account").headers("date"), ["Wed, 01 Jul 2026 12:00:30 GMT"]);
    let ticking = start_with(|options| options.ticks = true).await;
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert!(ticking.now() > NOW);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_in_small_steps_brings_the_same_as_a_day_at_once() {
    let (whole, steps) = (start().await, start().await);
    whole.advance(2);
    for _ in 0..48 {
        steps.pass(3_600, true);
    }
    assert!(everything(&whole) == everything(&steps), "48 hours differ from 2 days");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_people_only_the_service_acts() {
    let emulator = start().await;
    let before = state(&emulator);
    let moved = send(&emulator, "POST", "/_emulator/advance?days=40&people=false", "none");
    assert_eq!(moved.status, 200, "{}", moved.body);
    let after = state(&emulator);
    for quiet in ["customers", "plans", "subscriptions", "orders", "users", "organizations"] {
        let (was, is) = (before[quiet].lines().count(), after[quiet].lines().count());
        assert_eq!(was, is, "{quiet}");
    }
    let kinds: Vec<String> = truth(&emulator, "events")
        .iter()
        .filter(|event| number(event, "created_at") > NOW)
        .map(|event| text(event, "type").to_owned())
        .collect();
    for expected in ["subscription.updated", "invoice.generated", "invoice.overdue"] {
        assert!(kinds.iter().any(|kind| kind == expected), "no {expected}");
    }
    for human in ["customer.created", "invoice.voided", "subscription.cancelled"] {
        assert!(kinds.iter().all(|kind| kind != human), "{human}");
    }
    emulator.advance(1);
    assert!(truth(&emulator, "customers").len() >= before["customers"].lines().count());
}

#[tokio::test(flavor = "multi_thread")]
async fn invoices_fall_overdue_reminders_move_and_statements_expire_as_time_passes() {
    let emulator = start().await;
    let ended = |statement: &Value| {
        statement["expired_at"].as_i64().or(statement["expires_at"].as_i64()).is_some()
    };
    let is_open = |emulator: &Emulator| !truth(emulator, "statements").iter().all(ended);
    for _ in 0..60 {
        if !is_open(&emulator) {
            emulator.advance(1);
        }
    }
    assert!(is_open(&emulator), "no statement in 60 days");
    let before = by_id(truth(&emulator, "invoices"));
    emulator.pass(20 * 86_400, false);
    let now = emulator.now();
    let (mut fell, mut moved) = (0, 0);
    for (id, invoice) in by_id(truth(&emulator, "invoices")) {
        let is_late = text(&invoice, "status") == "overdue";
        if is_late {
            assert!(number(&invoice, "due_date") < now, "{invoice}");
            assert_eq!(invoice["overdue_amount"], invoice["unpaid_amount"]);
        } else {
            assert_eq!(invoice["overdue_amount"], 0, "{invoice}");
        }
        let Some(old) = before.get(&id) else { continue };
        fell += usize::from(is_late && text(old, "status") == "issued");
        moved += usize::from(invoice["next_chase_on"] != old["next_chase_on"]);
    }
    assert!(fell > 0 && moved > 0, "{fell} fell overdue, {moved} reminders moved");
    let statements = truth(&emulator, "statements");
    assert!(statements.iter().all(|one| ended(one) || number(one, "expires_on") + DAY > now));
    assert!(!is_open(&emulator));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_past_moment_is_told_as_it_was_seen() {
    let emulator = start().await;
    let mut seen = Vec::new();
    for seconds in [0, 7 * 3_600, 18 * 3_600 + 450, 3 * 86_400, 61] {
        emulator.pass(seconds, true);
        seen.push((emulator.now(), state(&emulator)));
    }
    emulator.advance(3);
    for (at, state) in &seen {
        let told = state_at(&emulator, *at);
        for (stream, objects) in state {
            assert!(*objects == told[stream], "{stream} differs at {at}");
        }
    }
    let first = state_at(&emulator, NOW - 200 * DAY);
    assert!(first["invoices"].lines().count() < seen[0].1["invoices"].lines().count());
    assert!(!first["invoices"].is_empty());
    let outside = send(&emulator, "GET", "/_emulator/truth/invoices?when=1", "none");
    assert_eq!(outside.status, 400);
    assert!(outside.error("message").contains("when"), "{}", outside.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_truth_read_in_process_is_the_truth_read_over_http() {
    let emulator = start().await;
    let own = emulator.truth("invoices", None).expect("a list");
    let lines: Vec<&[u8]> = own.iter().map(AsRef::as_ref).collect();
    let told = send(&emulator, "GET", "/_emulator/truth/invoices", "none").body;
    assert_eq!(told.as_bytes().strip_suffix(b"\n"), Some(lines.join(&b'\n').as_slice()));
    assert!(emulator.truth("nonsense", None).is_none());
    assert_eq!(send(&emulator, "GET", "/_emulator/truth/nonsense", "none").status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_go_missing_by_percentage() {
    let (usual, lossy, mute) = (start().await, start().await, start().await);
    lossy.lie(EventFaults { missing_percent: 50, ..EventFaults::default() });
    mute.lie(EventFaults { missing_percent: 100, ..EventFaults::default() });
    let before = truth(&usual, "events").len();
    for emulator in [&usual, &lossy, &mute] {
        emulator.advance(10);
    }
    let fresh = |emulator: &Emulator| truth(emulator, "events").len() - before;
    assert_eq!(fresh(&mute), 0);
    assert!(fresh(&lossy) > fresh(&usual) / 4 && fresh(&lossy) < fresh(&usual) * 3 / 4);
    assert!(truth(&usual, "invoices") == truth(&lossy, "invoices"), "the feed changed the world");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_show_up_late_at_the_place_where_they_belong() {
    let (usual, late) = (start().await, start().await);
    let set = "/_emulator/events?late_percent=40&late_seconds=7200";
    assert_eq!(send(&late, "POST", set, "none").status, 200);
    for emulator in [&usual, &late] {
        emulator.advance(1);
        emulator.pass(21 * 3_600, true);
    }
    // 09:00: what happened after 07:00 may be missing yet.
    let (all, shown) = (truth(&usual, "events"), truth(&late, "events"));
    assert!(shown.len() < all.len());
    for emulator in [&usual, &late] {
        emulator.pass(7_200, true);
    }
    let (all, shown) = (truth(&usual, "events"), truth(&late, "events"));
    assert_eq!(ids_of(&all), ids_of(&shown));
    let times: Vec<i64> = shown.iter().map(|event| number(event, "created_at")).collect();
    assert!(times.is_sorted());
}

#[tokio::test(flavor = "multi_thread")]
async fn events_out_of_order_are_still_paged_and_filtered_rightly() {
    let emulator = start().await;
    emulator.lie(EventFaults { disorder_seconds: 600, ..EventFaults::default() });
    emulator.advance(3);
    let all = super::walk(&emulator, "events", "");
    assert_eq!(all.len(), truth(&emulator, "events").len());
    let times: Vec<i64> = all.iter().map(|event| number(event, "created_at")).collect();
    assert!(!times.is_sorted_by(|newer, older| newer >= older), "in order all the same");
    let bound = NOW + DAY;
    let newer = super::walk(&emulator, "events", &format!("&created_at[gt]={bound}"));
    let older = super::walk(&emulator, "events", &format!("&created_at[lte]={bound}"));
    assert!(newer.iter().all(|event| number(event, "created_at") > bound));
    assert_eq!(newer.len() + older.len(), all.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn old_events_are_forgotten() {
    let emulator = start().await;
    let oldest = text(&truth(&emulator, "events")[0], "id").to_owned();
    assert_eq!(get(&emulator, &format!("/events/{oldest}")).status, 200);
    emulator.lie(EventFaults { keep_days: Some(3), ..EventFaults::default() });
    emulator.advance(5);
    let kept = truth(&emulator, "events");
    let now = emulator.now();
    assert!(!kept.is_empty());
    assert!(kept.iter().all(|event| number(event, "created_at") > now - 4 * DAY));
    assert_eq!(get(&emulator, &format!("/events/{oldest}")).status, 404);
    let refused = send(&emulator, "POST", "/_emulator/events?late=1", "none");
    assert_eq!(refused.status, 400);
}
