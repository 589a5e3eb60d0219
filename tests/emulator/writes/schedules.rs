use paid_sync::emulator::Emulator;
use serde_json::json;

use super::{get, invoiced, post, put, start_with, text};

/// Is 2015-01-19T12:00:00Z, 30 days before the due date of the vectors (CONTRACT A6, V4).
const BEFORE: i64 = 1_421_668_800;

/// Starts an account with an issued invoice that is due on 2015-02-18.
async fn due_on_the_18th() -> (Emulator, String) {
    let emulator = start_with(|options| options.now = BEFORE).await;
    let (_, _, invoice) = invoiced(&emulator, "terms=30", 100);
    let path = format!("/invoices/{invoice}");
    post(&emulator, &format!("{path}/issue"), "").object();
    (emulator, path)
}

fn form(entries: &[&str]) -> String {
    entries
        .iter()
        .map(|entry| format!("chase_schedule%5B%5D={entry}"))
        .collect::<Vec<_>>()
        .join("&")
}

/// Follows the next reminder from day to day, and gives its dates without the year.
fn reminders(emulator: &Emulator, path: &str, count: usize) -> Vec<String> {
    let mut dates: Vec<String> = Vec::new();
    while dates.len() < count {
        let next = get(emulator, path).object();
        let next = text(&next, "next_chase_on").trim_start_matches("2015-").to_owned();
        if dates.last() != Some(&next) {
            dates.push(next);
        }
        emulator.pass(86_400, false);
    }
    dates
}

const FIXED: [&str; 10] = ["-7", "-1", "0", "1", "5", "10", "15", "20", "25", "30"];
const DATES: [&str; 10] =
    ["02-11", "02-17", "02-18", "02-19", "02-23", "02-28", "03-05", "03-10", "03-15", "03-20"];

#[tokio::test(flavor = "multi_thread")]
async fn the_worked_example_of_the_documents_comes_true() {
    let (emulator, path) = due_on_the_18th().await;
    let sent = put(&emulator, &path, &form(&[&FIXED[..], &["~3"]].concat())).object();
    assert_eq!(sent["chase_schedule"], json!([FIXED.to_vec(), vec!["~3"]].concat()));
    let expected = [&DATES[..], &["03-23", "03-26", "03-29"]].concat();
    assert_eq!(reminders(&emulator, &path, 13), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_of_the_samples_repeats_daily() {
    let (emulator, path) = due_on_the_18th().await;
    put(&emulator, &path, &form(&[&FIXED[..], &["~1"]].concat())).object();
    let expected = [&DATES[..], &["03-21", "03-22", "03-23"]].concat();
    assert_eq!(reminders(&emulator, &path, 13), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_list_of_days_is_a_schedule() {
    let (emulator, path) = due_on_the_18th().await;
    let next = |entries: &[&str]| {
        let changed = put(&emulator, &path, &form(entries)).object();
        assert_eq!(changed["chase_schedule"], json!(entries));
        changed["next_chase_on"].clone()
    };
    // Today is 2015-01-19.
    assert_eq!(next(&["10", "-30", "-29", "2"]), "2015-01-20");
    assert_eq!(next(&["-30", "-40"]), json!(null));
    assert_eq!(next(&["~3"]), "2015-02-21");
    assert_eq!(next(&["-31", "~7"]), "2015-01-25");
    // The repetition starts from the last entry, not from the latest day.
    assert_eq!(next(&["5", "-30", "~2"]), "2015-01-21");
    assert_eq!(next(&["9223372036854775807"]), "9999-12-31");
    let empty = put(&emulator, &path, "chase_schedule[]=").object();
    assert_eq!((&empty["chase_schedule"], &empty["next_chase_on"]), (&json!([]), &json!(null)));
    next(&["1"]);
    assert_eq!(put(&emulator, &path, "chase_schedule=").object()["chase_schedule"], json!([]));
    let numbered = "chase_schedule[0]=4&chase_schedule[1]=~9";
    let changed = put(&emulator, &format!("{path}?chase_schedule[]=1"), numbered).object();
    assert_eq!(changed["chase_schedule"], json!(["4", "~9"]));
    assert_eq!(changed["next_chase_on"], "2015-02-22");
    let kept = put(&emulator, &path, "summary=x").object();
    assert_eq!(kept["chase_schedule"], changed["chase_schedule"]);
    post(&emulator, &format!("{path}/mark_as_paid"), "via=ach").object();
    assert!(get(&emulator, &path).object()["next_chase_on"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_schedule_is_refused_and_changes_nothing() {
    let (emulator, path) = due_on_the_18th().await;
    let before = get(&emulator, &path).object();
    let invalid: [&[&str]; 10] = [
        &["~3", "5"],
        &["1", "~0"],
        &["~2", "~3"],
        &["1.5"],
        &["~-3"],
        &["1", "~"],
        &["soon"],
        &["~%2B3"],
        &["1", ""],
        &["~99999999999"],
    ];
    for entries in invalid {
        put(&emulator, &path, &form(entries)).assert_invalid("chase_schedule");
    }
    assert_eq!(get(&emulator, &path).object(), before);
}
