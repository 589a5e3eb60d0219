//! Backfills through servers that slow down, throttle or have odd clocks: every row comes, once.

use std::process::Output;
use std::time::Duration;

use paid_sync::emulator::{Churn, Emulator, Fault, Options, Size};
use paid_sync::normalize::Sensitive;

use crate::support::oracle::{self, Oracle};
use crate::support::warehouse::{Home, number, tables};

fn options() -> Options {
    Options { size: Size::Small, page_cap: 25, ..Options::default() }
}

/// Backfills an account in troubled times, with other limits if so told, and compares ids with the
/// truth.
fn endure(emulator: &Emulator, limits: Option<[&str; 2]>, faults: Vec<Fault>) -> Output {
    for fault in faults {
        emulator.fault(fault);
    }
    let home = Home::new(&emulator.base_url(), "[sync]\nrefresh_budget = 0");
    if let Some([usual, other]) = limits {
        let text = std::fs::read_to_string(home.path("sync.toml")).unwrap();
        assert!(text.contains(usual), "{text}");
        std::fs::write(home.path("sync.toml"), text.replace(usual, other)).unwrap();
    }
    let output = home.command(&["backfill"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{told}");
    let (database, oracle) = (home.open(), Oracle::new(Sensitive::Keep));
    for spec in tables() {
        let truth = oracle.truth(emulator, spec, None);
        let found = oracle::current(&database, spec);
        assert!(found.keys().eq(truth.keys()), "{}: {told}", spec.name);
        let rows = number(&database, &format!("SELECT count(*) FROM paid.{}", spec.name));
        assert_eq!(rows, i128::try_from(truth.len()).unwrap(), "{}", spec.name);
    }
    output
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_429_slows_a_backfill_down_and_loses_nothing() {
    let emulator = Emulator::start(options()).await.unwrap();
    let storm = ["/invoices", "/transactions", "/events"]
        .map(|path| Fault::on(path).skip(6).times(2).status(429).retry_after(1));
    let output = endure(&emulator, None, storm.into());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("429"), "the reason is told: {told}");
    let requests = emulator.requests();
    assert_eq!((requests.non_get, requests.forbidden), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_allows_less_than_was_asked_for_is_walked_at_its_own_pace() {
    let emulator = Emulator::start(options()).await.unwrap();
    let before = emulator.requests().total;
    let hasty = Some(["requests_per_second = 10000", "requests_per_second = 300"]);
    endure(&emulator, hasty, vec![Fault::on("*").rate_limit(150, 30)]);
    let throttled = emulator.requests().total - before;
    let calm = Emulator::start(options()).await.unwrap();
    endure(&calm, None, Vec::new());
    let needed = calm.requests().total;
    assert!(throttled < needed * 2, "{throttled} requests where {needed} are enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_answers_and_one_request_in_flight_cost_time_only() {
    let slow = Options { latency: Duration::from_millis(3), ..options() };
    let emulator = Emulator::start(slow).await.unwrap();
    let faults = vec![Fault::on("/transactions").skip(10).times(3).trickle(20, 4_096)];
    endure(&emulator, Some(["max_in_flight = 8", "max_in_flight = 1"]), faults);
    assert_eq!(emulator.requests().peak_in_flight, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_with_more_objects_than_a_page_and_years_without_any_are_walked_whole() {
    let emulator = Emulator::start(options()).await.unwrap();
    // Everything happens in one second, after years in which nothing did.
    emulator.pass(3 * 365 * 86_400, false);
    let crowd = Churn { actions: 120, seed: 3, over_seconds: 0, ..Churn::default() };
    emulator.churn(crowd);
    emulator.pass(600, false);
    endure(&emulator, None, Vec::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_moves_no_row_out_of_sight() {
    let emulator = Emulator::start(options()).await.unwrap();
    let jumps = [40, -40].map(|seconds| Fault::on("*").skip(5).times(30).date_skew(seconds));
    endure(&emulator, None, jumps.into());
}
