//! I3: kill the process at any fault point, run again, and the warehouse equals that of an
//! undisturbed run; readers meanwhile see the run before or the run after, whole.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};

use paid_sync::emulator::{Emulator, Options};
use paid_sync::fault;
use paid_sync::run::SyncOptions;

use crate::support::essence::{Essence, essence};
use crate::support::warehouse::{Home, account, counts};

const SETTINGS: &str = "[sync]\nrefresh_budget = 100000";

fn sync(home: &Home, drill: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paid-sync"));
    command
        .args(["sync", "--no-progress", "--config"])
        .arg(home.path("sync.toml"))
        .env("PAID_API_KEY", Options::default().api_key);
    if let Some(drill) = drill {
        command.env("PAID_SYNC_FAULT", drill);
    }
    command.output().unwrap()
}

fn assert_killed(output: &Output, drill: &str) {
    assert_eq!(output.status.signal(), Some(6), "{drill}: {}", text(output));
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn assert_recovered(home: &Home, drill: &str, expected: &Essence) {
    let again = sync(home, None);
    let code = again.status.code();
    assert!(matches!(code, Some(0 | 1)), "{drill}: {code:?} {}", text(&again));
    let found = essence(&home.open());
    assert_eq!(found.versions, expected.versions, "{drill}: versions");
    assert_eq!(found, *expected, "{drill}");
    let staging = home.warehouse().join("work/publish");
    assert!(!staging.exists(), "{drill}: staging left behind");
    let generations = std::fs::read_dir(home.warehouse().join("generations")).unwrap().count();
    assert!(generations <= 2, "{drill}: {generations} generations kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_run_killed_at_any_point_recovers() {
    let emulator = account().await;
    let clean = Home::new(&emulator.base_url(), SETTINGS);
    clean.sync(SyncOptions::default()).await;
    let expected = essence(&clean.open());
    let later_visits =
        ["database.before_commit:2", "database.before_commit:9", "database.after_commit:6"];
    let drills = fault::ALL.iter().copied().filter(|point| *point != "publish.previous_linked");
    for drill in drills.chain(later_visits) {
        let home = Home::new(&emulator.base_url(), SETTINGS);
        assert_killed(&sync(&home, Some(drill)), drill);
        assert_recovered(&home, drill, &expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a5_a_later_run_killed_at_any_point_recovers_and_readers_see_whole_runs() {
    let emulator = account().await;
    let base = Home::new(&emulator.base_url(), SETTINGS);
    base.sync(SyncOptions::default()).await;
    let before = counts(&base.open());
    emulator.advance(3);
    let clean = base.twin(&emulator, SETTINGS);
    assert!(sync(&clean, None).status.success());
    let after = counts(&clean.open());
    let expected = essence(&clean.open());
    assert_ne!(before, after);
    let later_visits =
        ["load.part_written:4", "database.before_commit:12", "database.after_commit:17"];
    for drill in fault::ALL.iter().copied().chain(later_visits) {
        let home = base.twin(&emulator, SETTINGS);
        assert_killed(&sync(&home, Some(drill)), drill);
        let seen = counts(&home.open());
        assert!(seen == before || seen == after, "{drill}: a reader sees a mixture: {seen:?}");
        assert_recovered(&home, drill, &expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_catch_up_with_the_snapshot_even_if_the_next_run_publishes_nothing() {
    let emulator = account().await;
    let home = Home::new(&emulator.base_url(), SETTINGS);
    home.sync(SyncOptions::default()).await;
    emulator.advance(1);
    assert_killed(&sync(&home, Some("publish.renamed")), "publish.renamed");
    // From here on the other streams lag behind.
    emulator.pass(120, false);
    let plans_only = SyncOptions { streams: vec!["plans".to_owned()], ..SyncOptions::default() };
    assert!(!home.sync(plans_only).await.published);
    let shown = "SELECT run_id FROM _sync.runs ORDER BY run_number DESC LIMIT 1";
    let run = home.open().texts(shown, &[]).unwrap().remove(0);
    let tables = std::fs::read_link(home.warehouse().join("tables")).unwrap();
    assert!(tables.ends_with(&run), "{} does not show run {run}", tables.display());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_saves_what_arrived_and_the_next_run_goes_on_from_there() {
    let slow = Options { latency: std::time::Duration::from_millis(40), ..Options::default() };
    let emulator = Emulator::start(slow).await.unwrap();
    let clean = Home::new(&emulator.base_url(), SETTINGS);
    clean.sync(SyncOptions::default()).await;
    let expected = essence(&clean.open());

    let home = Home::new(&emulator.base_url(), SETTINGS);
    let before = emulator.requests().total;
    let child = Command::new(env!("CARGO_BIN_EXE_paid-sync"))
        .args(["sync", "--no-progress", "--config"])
        .arg(home.path("sync.toml"))
        .env("PAID_API_KEY", Options::default().api_key)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while emulator.requests().total < before + 25 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", text(&output));
    assert!(!home.snapshot().exists(), "half a mirror must not be published");

    assert_recovered(&home, "SIGTERM", &expected);
}
