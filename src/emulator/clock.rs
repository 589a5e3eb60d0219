//! Simulated time: starts at a chosen instant, jumps on request, and ticks with real time or
//! stands still.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

/// Tells the simulated time.
#[derive(Debug)]
pub(crate) struct Clock {
    start: i64,
    started: Instant,
    ticks: bool,
    jumped: AtomicI64,
}

impl Clock {
    /// Starts a clock at a Unix second.
    pub(crate) fn starting_at(start: i64, ticks: bool) -> Self {
        Self { start, started: Instant::now(), ticks, jumped: AtomicI64::new(0) }
    }

    /// Gives the simulated Unix second.
    pub(crate) fn now(&self) -> i64 {
        let elapsed = if self.ticks { self.started.elapsed().as_secs() } else { 0 };
        let ticked = i64::try_from(elapsed).unwrap_or(i64::MAX);
        self.start.saturating_add(ticked).saturating_add(self.jumped.load(Ordering::SeqCst))
    }

    /// Jumps forward.
    pub(crate) fn jump(&self, seconds: u32) {
        self.jumped.fetch_add(i64::from(seconds), Ordering::SeqCst);
    }
}
