//! Chance by seed: the same for the same requests, whatever else is asked, and never endless.

use std::collections::BTreeSet;

use paid_sync::emulator::{Chaos, Fault};
use serde_json::Value;

use crate::support::http::{Answer, Cut, Emulated, Line, after, get, ids, walk};

/// Tells what a client saw: status, headers and body, or how much it got before the end.
fn seen(result: Result<Answer, Cut>) -> String {
    match result {
        Ok(answer) => {
            let kept = ["content-type", "content-length"].map(|name| answer.headers(name).concat());
            format!("{} {kept:?} {}", answer.status, answer.body)
        }
        Err(cut) => format!("{:?} {}", cut.kind, cut.received.len()),
    }
}

fn ask(emulator: &Emulated, path: &str) -> String {
    seen(Line::open(emulator).get(path))
}

const PATHS: [&str; 4] = ["/plans", "/plans?pagination[limit]=7", "/products", "/account"];

/// Asks every path so often, one path after the other.
fn path_by_path(emulator: &Emulated, rounds: usize) -> Vec<Vec<String>> {
    PATHS.map(|path| (0..rounds).map(|_| ask(emulator, path)).collect()).into()
}

/// Asks the same, all paths in turn.
fn round_by_round(emulator: &Emulated, rounds: usize) -> Vec<Vec<String>> {
    let mut all = vec![Vec::new(); PATHS.len()];
    for _ in 0..rounds {
        for (answers, path) in all.iter_mut().zip(PATHS).rev() {
            answers.push(ask(emulator, path));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_percentage_strikes_the_same_requests_however_they_interleave() {
    let (one, other) = (Emulated::start().await, Emulated::start().await);
    for emulator in [&one, &other] {
        emulator.fault(Fault::anywhere().percent(40, 11).status(503));
    }
    let answers = path_by_path(&one, 25);
    assert!(answers == round_by_round(&other, 25));
    let struck = answers.iter().flatten().filter(|answer| answer.starts_with("503")).count();
    assert!((20..60).contains(&struck), "{struck} of 100 were struck");
    let different = Emulated::start().await;
    different.fault(Fault::anywhere().percent(40, 12).status(503));
    assert!(answers != path_by_path(&different, 25));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_percentage_can_be_bounded() {
    let emulator = Emulated::start().await;
    emulator.fault(Fault::on("/account").percent(100, 1).times(2).status(503));
    let statuses: Vec<u16> = (0..4).map(|_| get(&emulator, "/account").status).collect();
    assert_eq!(statuses, [503, 503, 200, 200]);
}

async fn chaotic(seed: u64, percent: u8) -> Emulated {
    Emulated::start_with(|options| options.chaos = Some(Chaos { seed, percent })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos_by_the_same_seed_answers_the_same_however_requests_interleave() {
    let (one, other) = (chaotic(5, 60).await, chaotic(5, 60).await);
    let answers = path_by_path(&one, 40);
    assert!(answers == round_by_round(&other, 40));
    assert!(answers != path_by_path(&chaotic(6, 60).await, 40));
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos_never_strikes_the_same_url_three_times_in_a_row() {
    let mut patterns = BTreeSet::new();
    for percent in [50, 100] {
        let emulator = chaotic(3, percent).await;
        path_by_path(&emulator, 30);
        for path in PATHS {
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let log = emulator.log();
            let own = log.iter().filter(|entry| (&*entry.path, &*entry.query) == (path, query));
            let struck: Vec<bool> = own.map(|entry| !entry.faults.is_empty()).collect();
            assert_eq!(struck.len(), 30);
            assert!(struck.windows(3).all(|three| three.contains(&false)), "{path} {struck:?}");
            patterns.insert((percent, struck));
        }
    }
    let at_half = patterns.iter().filter(|(percent, _)| *percent == 50);
    assert_eq!(at_half.count(), PATHS.len(), "URLs are struck alike: {patterns:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos_plays_every_kind_and_nothing_that_lasts() {
    let emulator = chaotic(9, 100).await;
    for number in 0..200 {
        ask(&emulator, &format!("/invoices?pagination[limit]=20&x={number}"));
    }
    let log = emulator.log();
    let mut kinds: Vec<&str> = log.iter().flat_map(|entry| entry.faults.clone()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let expected = [
        "garble",
        "reset",
        "reset_inside",
        "short_page",
        "slow",
        "status",
        "truncate",
        "wrong_type",
    ];
    assert_eq!(kinds, expected, "overlap needs a cursor");
    let mut statuses: Vec<u16> = log.iter().filter_map(|entry| entry.status).collect();
    statuses.sort_unstable();
    statuses.dedup();
    assert_eq!(statuses, [200, 403, 429, 500, 502, 503]);
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos_leaves_writes_alone() {
    let emulator = chaotic(9, 100).await;
    for _ in 0..20 {
        let mut line = Line::open(&emulator);
        let answer = line.ask("POST", "/v0/account", "none", "").expect("an answer");
        assert_eq!(answer.status, 401);
    }
}

/// Reads one page like a client that tries three times.
fn patient_page(emulator: &Emulated, path: &str) -> Vec<Value> {
    let tries = (0..3).filter_map(|_| Line::open(emulator).get(path).ok());
    let good = tries.filter(|answer| answer.status == 200);
    let mut pages = good.filter_map(|answer| serde_json::from_str::<Value>(&answer.body).ok());
    let page = pages.find_map(|page| page["data"].as_array().cloned());
    page.expect("one of three tries brings a page")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_tries_three_times_gets_everything_through_chaos() {
    let (calm, chaos) = (Emulated::start().await, chaotic(4, 70).await);
    for stream in ["invoices", "transactions", "customers"] {
        let mut walked: Vec<Value> = Vec::new();
        loop {
            let page = patient_page(&chaos, &after(stream, 20, walked.last()));
            if page.is_empty() {
                break;
            }
            walked.extend(page);
        }
        let mut seen = ids(&walked);
        seen.sort_unstable();
        seen.dedup();
        let mut expected = ids(&walk(&calm, stream, 100));
        expected.sort_unstable();
        assert_eq!(seen, expected, "{stream}");
    }
    assert!(chaos.log().iter().any(|entry| entry.faults.contains(&"overlap")));
}
