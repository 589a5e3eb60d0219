//! How much of what happens the event feed tells, and when (CONTRACT G-A7).

use std::collections::BTreeMap;

use fastrand::Rng;
use serde::{Deserialize, Serialize};

use super::calendar::DAY_SECONDS;
use super::objects::Event;
use super::store::Store;

/// Chooses how the event feed lies. The default tells everything at once, in order, for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventFaults {
    /// Loses so many of a hundred events.
    pub missing_percent: u8,
    /// Shows so many of a hundred events late.
    pub late_percent: u8,
    /// Sets by how many seconds an event is late.
    pub late_seconds: u32,
    /// Moves `created_at` back by up to so many seconds, so that the list is out of order.
    pub disorder_seconds: u32,
    /// Forgets events that are older than so many days.
    pub keep_days: Option<u32>,
}

/// Keeps the state of the event feed.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) faults: EventFaults,
    /// Is the time before which nothing was kept.
    pub(crate) from: i64,
    /// Says that what happens leaves no events for the moment.
    pub(crate) is_silent: bool,
    late: BTreeMap<i64, Vec<(Event, i64)>>,
    /// Draws ids apart from all others, so that a shorter feed changes nothing else.
    pub(crate) ids: Rng,
    luck: Rng,
}

impl Feed {
    /// Opens a truthful feed that begins at a time.
    pub(crate) fn new(from: i64, seed: u64) -> Self {
        Self {
            faults: EventFaults::default(),
            from,
            is_silent: false,
            late: BTreeMap::new(),
            ids: Rng::with_seed(seed ^ 0xE7E),
            luck: Rng::with_seed(seed ^ 0xFEED),
        }
    }

    fn strikes(&mut self, percent: u8) -> bool {
        percent > 0 && self.luck.u8(0..100) < percent
    }

    /// Gives the time at which the next late event shows up.
    pub(crate) fn next_late(&self) -> Option<i64> {
        self.late.keys().next().copied()
    }
}

impl Store {
    /// Puts an event where and when the feed shows it, or loses it.
    pub(crate) fn publish(&mut self, mut event: Event, at: i64) {
        if self.feed.strikes(self.feed.faults.missing_percent) {
            return;
        }
        let disorder = i64::from(self.feed.faults.disorder_seconds);
        if disorder > 0 {
            event.created_at -= self.feed.luck.i64(0..=disorder);
        }
        if self.feed.strikes(self.feed.faults.late_percent) {
            let shows_at = at + i64::from(self.feed.faults.late_seconds);
            self.feed.late.entry(shows_at).or_default().push((event, at));
        } else {
            self.list_event(event, at);
        }
    }

    fn list_event(&mut self, event: Event, key: i64) {
        let created_at = event.created_at;
        self.events.push_at(event, created_at, key);
    }

    /// Shows the late events that are due.
    pub(crate) fn show_late_events(&mut self, now: i64) {
        while let Some(entry) = self.feed.late.first_entry().filter(|entry| *entry.key() <= now) {
            for (event, key) in entry.remove() {
                self.list_event(event, key);
            }
        }
    }

    /// Forgets the events that are too old to be kept.
    pub(crate) fn forget_old_events(&mut self, now: i64) {
        let Some(days) = self.feed.faults.keep_days else { return };
        let oldest = now - i64::from(days) * DAY_SECONDS;
        let old = self.events.rows().take_while(|(_, row)| row.created_at < oldest).count();
        self.events.remove_oldest(old);
    }
}
