//! `backfill`: a part of the past, several segments at once, cut off and continued.

use paid_sync::database::{Access, Database};
use paid_sync::emulator::{Emulator, Options, Size};
use paid_sync::load::Warehouse;
use paid_sync::normalize::Sensitive;

use crate::support::oracle::{self, Oracle};
use crate::support::warehouse::{Home, number, tables};

const WIDE: &str = "[sync]\nrefresh_budget = 0";

async fn account() -> Emulator {
    let options = Options { size: Size::Small, page_cap: 10, ..Options::default() };
    Emulator::start(options).await.unwrap()
}

fn text(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a4_a_backfill_killed_three_times_ends_with_the_truth() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), WIDE);
    // Dies while the lists are read, each time after a few load units more.
    for point in ["load.part_written:5", "load.part_written:4", "load.part_written:2"] {
        let mut command = home.command(&["backfill"]);
        let output = command.env("PAID_SYNC_FAULT", point).output().unwrap();
        assert_eq!(output.status.code(), None, "{point}: {}", text(&output));
        assert!(!home.snapshot().exists(), "nothing whole can be shown yet");
    }
    let before = emulator.requests().total;
    let output = home.command(&["backfill"]).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", text(&output));
    let asked = emulator.requests().total - before;
    let database = home.open();
    let oracle = Oracle::new(Sensitive::Keep);
    for spec in tables() {
        let truth = oracle.truth(&emulator, spec, None);
        let found = oracle::current(&database, spec);
        assert_eq!(
            found.keys().collect::<Vec<_>>(),
            truth.keys().collect::<Vec<_>>(),
            "{}",
            spec.name
        );
    }
    drop(database);
    let output = home.command(&["backfill"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let again = emulator.requests().total - before - asked;
    assert!(
        again * 10 < asked,
        "nothing was missing, but {again} requests were sent, before {asked}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_of_the_past_is_walked_alone_and_not_shown_before_the_rest_is() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), WIDE);
    let words = ["backfill", "--from", "2025-03-01", "--to", "2025-05-31", "--stream", "invoices"];
    let output = home.command(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("not published"));
    let before = emulator.requests().total;
    assert_eq!(home.command(&words).output().unwrap().status.code(), Some(0));
    assert!(emulator.requests().total - before < 5, "the ledger holds it as complete");

    let output = home.command(&["sync"]).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", text(&output));
    let truth = Oracle::new(Sensitive::Keep);
    let spec = tables().find(|spec| spec.name == "invoices").unwrap();
    let database = home.open();
    let all = truth.truth(&emulator, spec, None).len();
    assert_eq!(oracle::current(&database, spec).len(), all);
    let early = "SELECT count(*) FROM paid.invoices WHERE _run_id < '000002'";
    let early = usize::try_from(number(&database, early)).unwrap();
    assert!(early > 0 && early < all, "{early} of {all} came with the window");
    let outside = "SELECT count(*) FROM paid.invoices WHERE _run_id < '000002' AND created_at \
                   NOT BETWEEN TIMESTAMP '2025-03-01' AND TIMESTAMP '2025-05-31 23:59:59'";
    assert_eq!(number(&database, outside), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_last_day_alone_nothing_younger_is_walked() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), WIDE);
    let words = ["backfill", "--to", "2024-12-31", "--stream", "transactions"];
    let output = home.command(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let old = emulator.dates("transactions").unwrap();
    let old = old.iter().filter(|(_, at)| *at <= 1_735_689_599).count();
    let working = Warehouse::working_path(&home.warehouse());
    let database = Database::open(&working, &Access::ReadOnly).unwrap();
    let rows = number(&database, "SELECT count(*) FROM paid.transactions");
    assert_eq!((rows > 0, usize::try_from(rows).unwrap()), (true, old));
}

#[tokio::test(flavor = "multi_thread")]
async fn days_in_the_wrong_order_are_refused() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), WIDE);
    let words = ["backfill", "--from", "2025-06-01", "--to", "2025-05-31"];
    let output = home.command(&words).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("--from 2025-06-01 is later than --to 2025-05-31"));
}
