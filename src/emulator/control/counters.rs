//! What callers did, so that tests can prove the pace and that nothing was written.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// Counts the API requests so far; requests to the emulator's own endpoints do not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RequestCounters {
    /// Counts all requests.
    pub total: u64,
    /// Counts requests per path, with `{id}` in place of ids and without `/v0`.
    pub by_path: BTreeMap<String, u64>,
    /// Counts requests by any other method than GET.
    pub non_get: u64,
    /// Counts calls of `/customers/by_external_id`, which creates on GET (CONTRACT 0.3).
    pub forbidden: u64,
    /// Holds the most requests that were in flight at the same time.
    pub peak_in_flight: u64,
}

/// Counts requests as they come and go.
#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    counted: RequestCounters,
    in_flight: u64,
}

impl Counters {
    /// Counts a request, which is in flight until the guard is dropped.
    pub(crate) fn enter(&self, path: String, is_get: bool, is_forbidden: bool) -> InFlight<'_> {
        let mut state = self.state();
        state.in_flight += 1;
        let in_flight = state.in_flight;
        let counted = &mut state.counted;
        counted.total += 1;
        counted.non_get += u64::from(!is_get);
        counted.forbidden += u64::from(is_forbidden);
        counted.peak_in_flight = counted.peak_in_flight.max(in_flight);
        *counted.by_path.entry(path).or_default() += 1;
        InFlight(self)
    }

    /// Reads the counts.
    pub(crate) fn read(&self) -> RequestCounters {
        self.state().counted.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks a request as in flight.
#[derive(Debug)]
pub(crate) struct InFlight<'a>(&'a Counters);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
    }
}
