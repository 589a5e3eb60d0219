//! I3 for the other kinds: killed at any fault point, then run again, the warehouse is that of an
//! undisturbed run.

use std::os::unix::process::ExitStatusExt;

use paid_sync::emulator::{SiblingKind, SiblingOptions};
use paid_sync::fault;

use super::site::{SCHEMA, Site, rows};
use crate::support::warehouse::number;

async fn small(kind: SiblingKind) -> Site {
    let options = SiblingOptions { kind, customers: 6, page_cap: 3, ..SiblingOptions::default() };
    Site::with(options, "page_size = 3").await
}

/// Gives rows and versions of every table.
fn content(site: &Site) -> Vec<(usize, i128)> {
    let database = site.open();
    let versions = |name| format!("SELECT count(*) FROM {SCHEMA}_history.{name}");
    let streams = site.kind.streams.iter();
    streams
        .map(|spec| (rows(&database, spec).len(), number(&database, &versions(spec.name))))
        .collect()
}

async fn kill_and_recover(kind: SiblingKind, drills: &[&str]) {
    let clean = small(kind).await;
    clean.sync().await;
    let expected = content(&clean);
    let mut killed = 0;
    for drill in drills {
        let site = small(kind).await;
        let first = site.command(&["sync"]).env("PAID_SYNC_FAULT", drill).output().unwrap();
        killed += usize::from(first.status.signal() == Some(6));
        let second = site.command(&["sync"]).output().unwrap();
        let told = String::from_utf8_lossy(&second.stderr).into_owned();
        assert_eq!(second.status.code(), Some(0), "{drill}: {told}");
        assert_eq!(site.differences(), Vec::<String>::new(), "{drill}");
        assert_eq!(content(&site), expected, "{drill}");
    }
    assert!(killed * 2 > drills.len(), "{killed} of {} points were reached", drills.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_alternative_payments_killed_at_any_point_recovers() {
    let later = ["database.before_commit:5", "database.after_commit:11", "load.part_written:8"];
    let drills: Vec<&str> = fault::ALL.iter().copied().chain(later).collect();
    kill_and_recover(SiblingKind::AlternativePayments, &drills).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_of_paid_ai_killed_on_the_way_recovers() {
    let drills = ["load.part_written:2", "database.before_commit:7", "database.after_commit:10"];
    for kind in [SiblingKind::PaidAiV1, SiblingKind::PaidAiV2] {
        kill_and_recover(kind, &drills).await;
    }
}
