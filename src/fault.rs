//! Named points at which a crash drill ends the process as `kill -9` would: at once, no clean-up;
//! and at which a disk drill lets a file operation fail.
//!
//! `PAID_SYNC_FAULT=database.before_commit` dies at the first visit of that point, `…:3` at the third.
//! `PAID_SYNC_FAULT=durable.rename:3=fail` lets the third rename fail as on a full disk.
//! Always compiled in, so that the binary that is drilled is the binary that runs; without the
//! variable a visit costs one look at an empty cell.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Every point, in the order a run passes them. The crash test walks this list (invariant I3).
pub const ALL: &[&str] = &[
    "load.part_written",
    "database.before_commit",
    "database.after_commit",
    "run.before_finish",
    "run.finished",
    "publish.working_closed",
    "publish.copied",
    "publish.generation_staged",
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

/// Every file operation that can be made to fail. The disk test walks this list.
pub const FILE_OPERATIONS: &[&str] = &[
    "durable.create_directory",
    "durable.set_mode",
    "durable.sync",
    "durable.rename",
    "durable.remove",
    "durable.write",
];

/// What an operating system calls a full disk (`ENOSPC`).
const DISK_FULL: i32 = 28;

struct Drill {
    point: String,
    visits_left: AtomicU32,
    /// The operation fails; else the process dies.
    fails: bool,
}

impl Drill {
    fn read(wanted: &str) -> Self {
        let (wanted, fails) = match wanted.strip_suffix("=fail") {
            Some(wanted) => (wanted, true),
            None => (wanted, false),
        };
        let (point, visit) = wanted.split_once(':').unwrap_or((wanted, "1"));
        let visits_left = AtomicU32::new(visit.parse().unwrap_or(1));
        Self { point: point.to_owned(), visits_left, fails }
    }

    fn strikes(&self, name: &str) -> bool {
        self.point == name && self.visits_left.fetch_sub(1, Ordering::SeqCst) == 1
    }
}

fn drill() -> Option<&'static Drill> {
    static DRILL: OnceLock<Option<Drill>> = OnceLock::new();
    let read = || std::env::var("PAID_SYNC_FAULT").ok().map(|wanted| Drill::read(&wanted));
    DRILL.get_or_init(read).as_ref()
}

/// Ends the process here if the drill names this point and its visit has come.
pub fn point(name: &'static str) {
    debug_assert!(ALL.contains(&name) || REBUILD.contains(&name), "unknown fault point {name}");
    if drill().is_some_and(|drill| drill.strikes(name)) {
        std::process::abort();
    }
}

/// Fails, or ends the process, if the drill names this file operation and its visit has come.
///
/// # Errors
/// That of a full disk.
pub fn io(name: &'static str) -> io::Result<()> {
    debug_assert!(FILE_OPERATIONS.contains(&name), "unknown file operation {name}");
    match drill().filter(|drill| drill.strikes(name)) {
        Some(drill) if drill.fails => Err(io::Error::from_raw_os_error(DISK_FULL)),
        Some(_) => std::process::abort(),
        None => Ok(()),
    }
}
