//! What goes wrong on purpose: ordered faults, random faults by seed, and their effects.
//!
//! A request takes one [`Turn`]: first delays and plays, then the first failure that strikes, then
//! the faults of the list if one is served, then what happens to the answer. Every rule counts
//! every request that it aims at, but a rule strikes only where it has an effect: failures queue
//! up, a cursor is only ignored where there is one.

mod chance;
mod chaos;
mod fault;
mod kinds;
mod orders;
mod pages;
mod response;
mod rules;
mod times;
mod turn;
mod what;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use chaos::Chaos;
pub use fault::Fault;
pub(crate) use response::DateShift;
pub(crate) use rules::Told;
pub(crate) use turn::{Request, Turn};

use rules::Rules;

/// Keeps the faults of one emulator.
#[derive(Debug)]
pub(crate) struct Faults {
    /// Is false while nothing can go wrong, which is all that a request then looks at.
    is_active: AtomicBool,
    rules: Mutex<Rules>,
}

impl Faults {
    /// Starts without ordered faults.
    pub(crate) fn new(chaos: Option<Chaos>) -> Self {
        let rules = Rules::new(chaos);
        Self { is_active: AtomicBool::new(rules.can_strike()), rules: Mutex::new(rules) }
    }

    /// Adds faults behind those that are there.
    pub(crate) fn add(&self, faults: impl IntoIterator<Item = Fault>) {
        let mut rules = self.rules();
        faults.into_iter().for_each(|fault| rules.add(fault));
        self.is_active.store(rules.can_strike(), Ordering::Release);
    }

    /// Removes all ordered faults. Random ones go on.
    pub(crate) fn clear(&self) {
        let mut rules = self.rules();
        rules.clear();
        self.is_active.store(rules.can_strike(), Ordering::Release);
    }

    /// Replaces the random faults.
    pub(crate) fn set_chaos(&self, chaos: Option<Chaos>) {
        let mut rules = self.rules();
        rules.set_chaos(chaos);
        self.is_active.store(rules.can_strike(), Ordering::Release);
    }

    /// Describes the ordered faults that were never used.
    pub(crate) fn unused(&self) -> Vec<String> {
        self.rules().unused()
    }

    /// Tells every ordered fault and how often it was used.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.rules().told()
    }

    /// Begins the turn of a request.
    pub(crate) fn turn(&self, request: &Request<'_>) -> Turn<'_> {
        if self.is_active.load(Ordering::Acquire) {
            Turn::taken(self, request)
        } else {
            Turn::quiet()
        }
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
