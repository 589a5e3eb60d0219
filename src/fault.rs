//! Named points at which a crash drill ends the process as `kill -9` would: at once, no clean-up.
//!
//! `PAID_SYNC_FAULT=database.before_commit` dies at the first visit of that point, `…:3` at the third.
//! Always compiled in, so that the binary that is drilled is the binary that runs; without the
//! variable a visit costs one look at an empty cell.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Every point, in the order a run passes them. The crash test walks this list (invariant I3).
pub const ALL: &[&str] = &[
    "load.part_written",
    "database.before_commit",
    "database.after_commit",
    "run.before_finish",
    "run.finished",
    "publish.generation_staged",
    "publish.working_closed",
    "publish.copied",
    "publish.verified",
    "publish.previous_linked",
    "publish.log_unlinked",
    "publish.renamed",
    "publish.tables_switched",
    "publish.swept",
];

/// Every point of `rebuild`, in the order it passes them.
pub const REBUILD: &[&str] = &[
    "rebuild.copied",
    "rebuild.part_replayed",
    "rebuild.built",
    "rebuild.ready",
    "rebuild.old_kept",
    "rebuild.log_kept",
    "rebuild.switched",
];

struct Drill {
    point: String,
    visits_left: AtomicU32,
}

fn drill() -> Option<&'static Drill> {
    static DRILL: OnceLock<Option<Drill>> = OnceLock::new();
    DRILL
        .get_or_init(|| {
            let wanted = std::env::var("PAID_SYNC_FAULT").ok()?;
            let (point, visit) = wanted.split_once(':').unwrap_or((&wanted, "1"));
            let visits_left = AtomicU32::new(visit.parse().unwrap_or(1));
            Some(Drill { point: point.to_owned(), visits_left })
        })
        .as_ref()
}

/// Ends the process here if the drill names this point and its visit has come.
pub fn point(name: &'static str) {
    debug_assert!(ALL.contains(&name) || REBUILD.contains(&name), "unknown fault point {name}");
    if let Some(drill) = drill()
        && drill.point == name
        && drill.visits_left.fetch_sub(1, Ordering::SeqCst) == 1
    {
        std::process::abort();
    }
}
