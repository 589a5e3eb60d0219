//! `plan`: what a run would do, compared with what it then does.

use std::process::Output;

use paid_sync::emulator::{Emulator, Options, Size};
use serde_json::Value;

use crate::support::warehouse::Home;

async fn account(hide_created_at: bool) -> Emulator {
    let options = Options {
        size: Size::Small,
        page_cap: 20,
        hide_created_at,
        total_pages: false,
        ..Options::default()
    };
    Emulator::start(options).await.unwrap()
}

fn run(home: &Home, words: &[&str]) -> Output {
    home.command(words).output().unwrap()
}

fn planned(home: &Home, words: &[&str]) -> Value {
    let output = run(home, &[&["plan", "--format", "json"], words].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap()[0].clone()
}

fn walk<'a>(plan: &'a Value, stream: &str) -> &'a Value {
    let walks = plan["walks"].as_array().unwrap();
    walks.iter().find(|walk| walk["stream"] == stream).unwrap()
}

/// A prediction in percent of what came.
fn percent(predicted: &Value, came: u64) -> u64 {
    predicted.as_u64().unwrap() * 100 / came
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_run_is_predicted_from_a_few_pages_and_nothing_is_written() {
    let emulator = account(false).await;
    let more = "[sync]\nrefresh_budget = 0";
    let home = Home::new(&emulator.base_url(), more);
    let plan = planned(&home, &[]);
    assert!(!home.warehouse().exists(), "a plan mirrors nothing");
    let spent = emulator.requests().total;
    assert_eq!(plan["spent"].as_u64().unwrap(), spent);
    let invoices = walk(&plan, "invoices");
    assert_eq!(invoices["why"], "never walked to its end");
    let truth = |stream: &str| u64::try_from(emulator.dates(stream).unwrap().len()).unwrap();
    for stream in ["customers", "invoices", "transactions"] {
        let percent = percent(&walk(&plan, stream)["rows"], truth(stream));
        assert!((40..250).contains(&percent), "{stream}: {percent} %, {plan:#}");
    }
    let products = walk(&plan, "products")["rows"].as_u64();
    assert_eq!(products, Some(truth("products")), "a list of one page is counted");
    assert_eq!(plan["refreshes"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_run_is_predicted_without_probes() {
    let emulator = account(false).await;
    let home = Home::new(&emulator.base_url(), "[sync]\nrefresh_budget = 40");
    assert!(run(&home, &["sync"]).status.code().is_some_and(|code| code < 2));
    emulator.pass(86_400, true);
    let before = emulator.requests().total;
    let plan = planned(&home, &[]);
    assert_eq!(emulator.requests().total - before, 1, "the account alone is asked for");
    assert_eq!(walk(&plan, "transactions")["why"], "new since the last run, and the lookback");
    assert_eq!(plan["refreshes"], 40, "no more than the budget");
    let full = planned(&home, &["--full"]);
    assert_eq!(walk(&full, "transactions")["why"], "asked for");
    let dry = run(&home, &["sync", "--full", "--dry-run", "--format", "json"]);
    let dry: Value = serde_json::from_slice(&dry.stdout).unwrap();
    assert_eq!(dry[0]["walks"], full["walks"]);
    assert!(run(&home, &["sync", "--full"]).status.code().is_some_and(|code| code < 2));
    let report = home.newest_report().unwrap();
    let streams = report["sources"][0]["streams"].as_array().unwrap();
    let read = streams.iter().find(|stream| stream["stream"] == "transactions").unwrap();
    let percent = percent(&walk(&full, "transactions")["rows"], read["received"].as_u64().unwrap());
    assert!((80..125).contains(&percent), "{percent} %");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_shows_no_time_has_no_number_and_a_backfill_is_planned_by_what_is_missing() {
    let emulator = account(true).await;
    let home = Home::new(&emulator.base_url(), "");
    let plan = planned(&home, &[]);
    assert_eq!(walk(&plan, "transactions")["rows"], Value::Null);
    let plan = planned(&home, &["--from", "2026-01-01"]);
    let invoices = walk(&plan, "invoices");
    assert_eq!(invoices["why"], "asked for and not complete");
    assert!(invoices["walk"].as_str().unwrap().starts_with("window (1767225599, "), "{invoices}");
    assert!(run(&home, &["sync"]).status.code().is_some_and(|code| code < 2));
    let plan = planned(&home, &["--from", "2026-01-01"]);
    let left: Vec<_> = plan["walks"].as_array().unwrap().iter().map(|w| &w["stream"]).collect();
    assert_eq!(left, ["users", "webhooks"], "lists that ignore paging are never known as complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_the_past_are_predicted_by_what_they_hold_and_do_not_stand_for_the_rest() {
    let emulator = account(false).await;
    let home = Home::new(&emulator.base_url(), "");
    let days = ["--from", "2025-03-01", "--to", "2025-05-31"];
    let made = |stream: &str, from: i64, to: i64| {
        let dates = emulator.dates(stream).unwrap();
        let within = dates.iter().filter(|(_, at)| (from..=to).contains(at));
        u64::try_from(within.count()).unwrap()
    };
    let is_near = |plan: &Value, truth: &dyn Fn(&str) -> u64| {
        for stream in ["invoices", "transactions"] {
            let percent = percent(&walk(plan, stream)["rows"], truth(stream));
            assert!((40..250).contains(&percent), "{stream}: {percent} %, {plan:#}");
        }
    };
    let in_these_days = |stream: &str| made(stream, 1_740_787_200, 1_748_735_999);
    let in_all = |stream: &str| made(stream, 0, i64::MAX);
    is_near(&planned(&home, &days), &in_these_days);

    let words = [&["backfill"], &days[..], &["--stream", "invoices,transactions"]].concat();
    assert_eq!(run(&home, &words).status.code(), Some(0));
    is_near(&planned(&home, &[]), &in_all);
    let before = ["--from", "2024-09-01", "--to", "2024-12-31"];
    is_near(&planned(&home, &before), &|stream| made(stream, 1_725_148_800, 1_735_689_599));
    let again = planned(&home, &[&days[..], &["--again"]].concat());
    assert_eq!(walk(&again, "invoices")["why"], "asked for again");
    assert_eq!(walk(&again, "invoices")["rows"].as_u64(), Some(in_these_days("invoices")));
}
