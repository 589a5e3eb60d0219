//! The account and the business that keeps changing it, moved on day by day.

use super::calendar::{DAY_SECONDS, Day};
use super::options::Options;
use super::script::Script;
use super::store::Store;

/// Counts the seeded days: three and a half years.
const SEEDED_DAYS: u32 = 1_278;
/// Counts the first days in which transactions had their older names.
const OLD_NAMES_DAYS: i64 = 200;
/// Tells when a day's business is surely an hour old.
const PLAYED_BY: i64 = 11 * 3_600;

/// Keeps the account and plays its business.
#[derive(Debug)]
pub(super) struct Engine {
    pub(super) store: Store,
    script: Script,
}

impl Engine {
    /// Plays the years up to the chosen time. A day that is not yet over enough is left out.
    pub(super) fn founded(options: &Options) -> Self {
        let last_day = Day::of(options.now - PLAYED_BY);
        let first_day = last_day.plus_days(1 - i64::from(SEEDED_DAYS));
        let old_names_until = first_day.plus_days(OLD_NAMES_DAYS).start();
        let events_from = options.now - i64::from(options.event_days) * DAY_SECONDS;
        let mut engine = Self {
            store: Store::new(options, old_names_until, events_from),
            script: Script::new(options.seed, options.size.customers(), SEEDED_DAYS, first_day),
        };
        engine.play(SEEDED_DAYS);
        engine
    }

    /// Plays the next days.
    pub(super) fn play(&mut self, days: u32) {
        for _ in 0..days {
            self.script.play_day(&mut self.store);
        }
        self.store.refresh();
    }
}
