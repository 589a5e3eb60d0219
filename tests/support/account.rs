//! A person at work on the simulated account, and what is true in it.

use paid_sync::emulator::{Emulator, EventFaults};
use serde_json::Value;

use super::http;

/// Encodes `sk_test_emulator:`, the emulator's own key.
const AUTHORIZATION: &str = "Basic c2tfdGVzdF9lbXVsYXRvcjo=";

/// Changes something through the API; gives the answer.
pub(crate) fn write(emulator: &Emulator, method: &str, path: &str, body: &str) -> Value {
    let mut line = http::Line::open(emulator);
    let answer = line.ask(method, &format!("/v0{path}"), AUTHORIZATION, body);
    let answer = answer.expect("a whole answer");
    assert!((200..300).contains(&answer.status), "{method} {path}: {}", answer.body);
    answer.json()
}

/// Does something that leaves no event.
pub(crate) fn silently<T>(emulator: &Emulator, work: impl FnOnce() -> T) -> T {
    emulator.lie(EventFaults { missing_percent: 100, ..EventFaults::default() });
    let done = work();
    emulator.lie(EventFaults::default());
    done
}

/// Gives every object of a list as it is now, oldest first.
pub(crate) fn truth(emulator: &Emulator, stream: &str) -> Vec<Value> {
    let lines = emulator.truth(stream, None).expect("a known list");
    lines.iter().map(|line| serde_json::from_slice(line).expect("a JSON line")).collect()
}

/// Gives the ids of the objects that a condition holds for, oldest first.
pub(crate) fn ids(
    emulator: &Emulator,
    stream: &str,
    holds: impl Fn(&Value) -> bool,
) -> Vec<String> {
    let objects = truth(emulator, stream);
    let chosen = objects.iter().filter(|object| holds(object));
    chosen.map(|object| object["id"].as_str().expect("an id").to_owned()).collect()
}

/// Gives transactions that can be deleted: not paid, oldest first.
pub(crate) fn unpaid_transactions(emulator: &Emulator) -> Vec<String> {
    ids(emulator, "transactions", |object| object["paid"] == false)
}
