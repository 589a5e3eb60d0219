//! Reminder schedules (CONTRACT A6): offsets from the due date, then one that repeats.

use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::calendar::{DAY_SECONDS, Day};

const OFFSETS: [i64; 10] = [-7, -1, 0, 1, 5, 10, 15, 20, 25, 30];

/// Chooses one of the two default schedules, which the documents write differently.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Schedule {
    /// Writes integers and ends with `~3`, as the text does.
    #[default]
    Text,
    /// Writes strings and ends with `~1`, as the samples do.
    Sample,
}

impl Schedule {
    fn repeat(self) -> i64 {
        match self {
            Self::Text => 3,
            Self::Sample => 1,
        }
    }

    /// Finds the first reminder after today.
    pub(super) fn next_after(self, base: Day, today: Day) -> Day {
        let fixed = OFFSETS.iter().map(|&days| base.plus_days(days)).find(|&day| day > today);
        fixed.unwrap_or_else(|| {
            let last = base.plus_days(30);
            let passed = (today.start() - last.start()) / DAY_SECONDS;
            last.plus_days((passed / self.repeat() + 1) * self.repeat())
        })
    }
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries = serializer.serialize_seq(Some(OFFSETS.len() + 1))?;
        for offset in OFFSETS {
            match self {
                Self::Text => entries.serialize_element(&offset)?,
                Self::Sample => entries.serialize_element(&offset.to_string())?,
            }
        }
        entries.serialize_element(&format!("~{}", self.repeat()))?;
        entries.end()
    }
}
