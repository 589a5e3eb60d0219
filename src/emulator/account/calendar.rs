//! Calendar days and the agenda of things that happen on them. All days are UTC (CONTRACT A7).

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use serde::{Serialize, Serializer};

/// Counts the seconds of a day.
pub(crate) const DAY_SECONDS: i64 = 86_400;

/// Bounds the days between any two dates of the calendar, which ends with the year 9999.
const MOST_DAYS: i64 = 4_000_000;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// Names one UTC day; serialises as `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(Date);

impl Default for Day {
    fn default() -> Self {
        Self(EPOCH)
    }
}

impl Day {
    /// Finds the day that contains a Unix second.
    pub(crate) fn of(unix: i64) -> Self {
        Self(EPOCH).plus_days(unix.div_euclid(DAY_SECONDS))
    }

    /// Gives the Unix second at which the day begins.
    pub(crate) fn start(self) -> i64 {
        self.0.duration_since(EPOCH).as_secs()
    }

    /// Gives the last Unix second of the day.
    pub(crate) fn end(self) -> i64 {
        self.start() + DAY_SECONDS - 1
    }

    /// Reads `YYYY-MM-DD`.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        // The parser alone would also take a time of day and shorter spellings.
        let is_plain =
            text.len() == 10 && text.bytes().all(|letter| b"0123456789-".contains(&letter));
        text.parse().ok().filter(|_| is_plain).map(Self)
    }

    /// Moves by whole days, forwards or back, up to the ends of the calendar.
    pub(crate) fn plus_days(self, days: i64) -> Self {
        let days = days.clamp(-MOST_DAYS, MOST_DAYS);
        Self(self.0.saturating_add(Span::new().try_days(days).unwrap_or_default()))
    }

    /// Moves by calendar months; a day the month lacks becomes its last day.
    pub(crate) fn plus_months(self, months: i64) -> Self {
        let months = months.clamp(-MOST_DAYS / 28, MOST_DAYS / 28);
        Self(self.0.saturating_add(Span::new().try_months(months).unwrap_or_default()))
    }

    /// Finds the first day of the following month.
    pub(crate) fn next_month(self) -> Self {
        Self(self.0.first_of_month().saturating_add(1.month()))
    }

    /// Says whether the day is a Monday.
    pub(crate) fn is_monday(self) -> bool {
        self.0.weekday() == Weekday::Monday
    }

    /// Says whether the day begins a month.
    pub(crate) fn is_first_of_month(self) -> bool {
        self.0.day() == 1
    }

    /// Writes `YYYY-MM`.
    pub(crate) fn month_text(self) -> String {
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
pub(crate) struct Agenda<K, T>(BTreeMap<K, Vec<T>>);

impl<K, T> Default for Agenda<K, T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord, T> Agenda<K, T> {
    /// Adds an entry behind those already due at that key.
    pub(crate) fn add(&mut self, key: K, entry: T) {
        self.0.entry(key).or_default().push(entry);
    }

    /// Removes and returns everything due up to that key, in order.
    pub(crate) fn take_until(&mut self, key: &K) -> Vec<T> {
        let mut due = Vec::new();
        while let Some(entry) = self.0.first_entry().filter(|entry| entry.key() <= key) {
            due.append(&mut entry.remove());
        }
        due
    }

    /// Tells when the next entry is due.
    pub(crate) fn next(&self) -> Option<&K> {
        self.0.keys().next()
    }
}
