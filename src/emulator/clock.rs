//! Simulated time: starts at a chosen instant, ticks with real time, jumps on request.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use super::calendar::{DAY_SECONDS, Day};

/// Tells the simulated time.
#[derive(Debug)]
pub(super) struct Clock {
    start: i64,
    started: Instant,
    jumped: AtomicI64,
}

impl Clock {
    /// Starts a clock at a Unix second.
    pub(super) fn starting_at(start: i64) -> Self {
        Self { start, started: Instant::now(), jumped: AtomicI64::new(0) }
    }

    /// Gives the simulated Unix second.
    pub(super) fn now(&self) -> i64 {
        let ticked = i64::try_from(self.started.elapsed().as_secs()).unwrap_or(i64::MAX);
        self.start.saturating_add(ticked).saturating_add(self.jumped.load(Ordering::SeqCst))
    }

    /// Gives the simulated day.
    pub(super) fn today(&self) -> Day {
        Day::of(self.now())
    }

    /// Jumps forward by whole days.
    pub(super) fn jump(&self, days: u32) {
        self.jumped.fetch_add(i64::from(days) * DAY_SECONDS, Ordering::SeqCst);
    }
}
