//! Reminder schedules (CONTRACT A6): offsets from the due date, then one that repeats.

use std::sync::Arc;

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::calendar::{DAY_SECONDS, Day};
use super::text::Text;

const OFFSETS: [i64; 10] = [-7, -1, 0, 1, 5, 10, 15, 20, 25, 30];

/// Holds the schedule of an invoice, small where it is one of the two defaults, which the
/// documents write differently.
#[derive(Clone, Debug, Default)]
pub(crate) enum Schedule {
    /// Writes integers and ends with `~3`, as the text does.
    #[default]
    Text,
    /// Writes strings and ends with `~1`, as the samples do.
    Sample,
    /// Was sent by a caller.
    Own(Arc<OwnSchedule>),
}

/// Holds a schedule as it was sent, and what it means.
#[derive(Debug)]
pub(crate) struct OwnSchedule {
    entries: Vec<Text>,
    offsets: Vec<i64>,
    repeat: Option<i64>,
}

impl Schedule {
    /// Reads a schedule; only its last entry may repeat.
    pub(crate) fn of_entries(entries: Vec<Text>) -> Option<Self> {
        let last = entries.last().and_then(|entry| entry.strip_prefix('~'));
        let repeat = match last {
            Some(days) => Some(i64::from(positive(days)?)),
            None => None,
        };
        let fixed = entries.iter().take(entries.len() - usize::from(repeat.is_some()));
        let offsets = fixed.map(|entry| entry.parse().ok()).collect::<Option<_>>()?;
        Some(Self::Own(Arc::new(OwnSchedule { entries, offsets, repeat })))
    }

    fn offsets(&self) -> &[i64] {
        match self {
            Self::Text | Self::Sample => &OFFSETS,
            Self::Own(own) => &own.offsets,
        }
    }

    fn repeat(&self) -> Option<i64> {
        match self {
            Self::Text => Some(3),
            Self::Sample => Some(1),
            Self::Own(own) => own.repeat,
        }
    }

    /// Finds the first reminder after today, if one is left. The last offset in the order of the
    /// list starts the repetition; without any the base does.
    pub(crate) fn next_after(&self, base: Day, today: Day) -> Option<Day> {
        let mut dates = self.offsets().iter().map(|&days| base.plus_days(days));
        let fixed = dates.clone().filter(|&day| day > today).min();
        let repeated = self.repeat().map(|days| {
            let last = dates.next_back().unwrap_or(base);
            let passed = (today.start() - last.start()).div_euclid(DAY_SECONDS);
            last.plus_days((passed.div_euclid(days) + 1).max(1) * days)
        });
        fixed.into_iter().chain(repeated).min()
    }
}

fn positive(days: &str) -> Option<u32> {
    let is_plain = days.bytes().all(|digit| digit.is_ascii_digit());
    days.parse().ok().filter(|&days| is_plain && days > 0)
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (offsets, repeat) = match self {
            Self::Own(own) => return own.entries.serialize(serializer),
            default => (default.offsets(), default.repeat().unwrap_or_default()),
        };
        let mut entries = serializer.serialize_seq(Some(offsets.len() + 1))?;
        for offset in offsets {
            match self {
                Self::Sample => entries.serialize_element(&offset.to_string())?,
                _ => entries.serialize_element(offset)?,
            }
        }
        entries.serialize_element(&format!("~{repeat}"))?;
        entries.end()
    }
}
