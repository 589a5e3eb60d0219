//! The server's time, told by its `Date` headers.

use std::collections::VecDeque;

/// Samples kept; odd, so that the middle one is unambiguous.
const SAMPLES: usize = 63;
/// A sample further than this from the median is not believed, microseconds (DESIGN I5).
const TOLERANCE: i64 = 5 * 60 * 1_000_000;

/// Median offset between the server's clock and a monotonic one; its time never runs backwards.
///
/// All values are microseconds; server times count from the Unix epoch, UTC.
#[derive(Debug, Default)]
pub struct ServerClock {
    offsets: VecDeque<i64>,
    latest: i64,
}

impl ServerClock {
    /// Takes a `Date` header that arrived at `elapsed` of the monotonic clock.
    ///
    /// Returns how far the sample is from the median if that is too far to be believed.
    pub fn observe(&mut self, date: i64, elapsed: i64) -> Option<i64> {
        if self.offsets.len() == SAMPLES {
            self.offsets.pop_front();
        }
        let sample = date.saturating_sub(elapsed);
        self.offsets.push_back(sample);
        let distance = sample.saturating_sub(median(self.offsets.iter().copied())?);
        (distance.saturating_abs() > TOLERANCE).then_some(distance)
    }

    /// Gives the server's time at `elapsed`; `None` before the first sample.
    pub fn now(&mut self, elapsed: i64) -> Option<i64> {
        let middle = median(self.offsets.iter().copied())?;
        let near = |offset: &i64| offset.saturating_sub(middle).saturating_abs() <= TOLERANCE;
        let offset = median(self.offsets.iter().copied().filter(near))?;
        self.latest = self.latest.max(elapsed.saturating_add(offset));
        Some(self.latest)
    }
}

/// The middle value; of two middle ones the earlier, which never claims time not yet reached.
fn median(values: impl Iterator<Item = i64>) -> Option<i64> {
    let mut sorted: Vec<i64> = values.collect();
    sorted.sort_unstable();
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}
