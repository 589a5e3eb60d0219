//! Calendar days and the agenda of things that happen on them. All days are UTC (CONTRACT A7).

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use serde::{Serialize, Serializer};

/// Counts the seconds of a day.
pub(super) const DAY_SECONDS: i64 = 86_400;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Names one UTC day; serialises as `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(Date);

impl Default for Day {
    fn default() -> Self {
        Self(EPOCH)
    }
}

impl Day {
    /// Finds the day that contains a Unix second.
    pub(super) fn of(unix: i64) -> Self {
        Self(EPOCH).plus_days(unix.div_euclid(DAY_SECONDS))
    }

    /// Gives the Unix second at which the day begins.
    pub(super) fn start(self) -> i64 {
        self.0.duration_since(EPOCH).as_secs()
    }

    /// Gives the last Unix second of the day.
    pub(super) fn end(self) -> i64 {
        self.start() + DAY_SECONDS - 1
    }

    /// Moves by whole days, forwards or back.
    pub(super) fn plus_days(self, days: i64) -> Self {
        Self(self.0.saturating_add(Span::new().try_days(days).unwrap_or_default()))
    }

    /// Moves by calendar months; a day the month lacks becomes its last day.
    pub(super) fn plus_months(self, months: i64) -> Self {
        Self(self.0.saturating_add(Span::new().try_months(months).unwrap_or_default()))
    }

    /// Finds the first day of the following month.
    pub(super) fn next_month(self) -> Self {
        Self(self.0.first_of_month().saturating_add(1.month()))
    }

    /// Finds the Monday on or after the day.
    pub(super) fn monday_from(self) -> Self {
        let passed = self.0.weekday().since(Weekday::Monday);
        self.plus_days(i64::from((7 - passed) % 7))
    }

    /// Writes `YYYY-MM`.
    pub(super) fn month_text(self) -> String {
        format!("{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Keeps what is due under a sortable key, in the order in which it was added.
#[derive(Debug)]
pub(super) struct Agenda<K, T>(BTreeMap<K, Vec<T>>);

impl<K, T> Default for Agenda<K, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, T> Agenda<K, T> {
    /// Adds an entry behind those already due at that key.
    pub(super) fn add(&mut self, key: K, entry: T) {
        self.0.entry(key).or_default().push(entry);
    }

    /// Removes and returns everything due at that key.
    pub(super) fn take(&mut self, key: &K) -> Vec<T> {
        self.0.remove(key).unwrap_or_default()
    }
}
