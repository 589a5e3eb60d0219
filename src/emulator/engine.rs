//! The account, what is due in it, and everything that was done to it, moved on in time.

use super::account::calendar::Day;
use super::account::feed::EventFaults;
use super::account::list::Position;
use super::account::refusal::Refusal;
use super::account::store::Store;
use super::business::script::Script;
use super::options::Options;
use super::rules::actions::Action;

/// Wraps an action with what only the emulator's own callers may choose.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) action: Action,
    /// Leaves no event.
    pub(crate) is_silent: bool,
    /// Dates what is created back to a Unix second.
    pub(crate) created_at: Option<i64>,
}

impl From<Action> for Act {
    fn from(action: Action) -> Self {
        Self { action, is_silent: false, created_at: None }
    }
}

/// Records what was done, so that any past state can be played again.
#[derive(Clone, Debug)]
enum Entry {
    Advance { to: i64, with_people: bool },
    Do { at: i64, act: Box<Act> },
    Lie { at: i64, faults: EventFaults },
}

/// Keeps the account and plays its business.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) store: Store,
    pub(crate) script: Script,
    options: Options,
    journal: Vec<Entry>,
}

impl Engine {
    /// Plays the seeded years up to the chosen time.
    pub(crate) fn founded(options: &Options) -> Self {
        Self::founded_until(options, options.now)
    }

    fn founded_until(options: &Options, until: i64) -> Self {
        let days = options.size.days();
        let first_day = Day::of(options.now).plus_days(1 - i64::from(days));
        let old_names_until = first_day.plus_days(options.size.old_names_days()).start();
        let mut engine = Self {
            store: Store::new(options, old_names_until),
            script: Script::new(options, days, first_day),
            options: options.clone(),
            journal: Vec::new(),
        };
        engine.play_until(until, true);
        engine.store.feed.faults = options.events;
        engine
    }

    /// Tells when something is due next.
    pub(crate) fn next_moment(&self) -> i64 {
        self.script.next_moment().min(self.store.next_errand())
    }

    /// Lets time pass: the service does what is due, and people go about their business or not.
    pub(crate) fn advance_to(&mut self, now: i64, with_people: bool) {
        if self.next_moment() <= now {
            self.journal.push(Entry::Advance { to: now, with_people });
            self.play_until(now, with_people);
        }
    }

    fn play_until(&mut self, now: i64, with_people: bool) {
        while self.next_moment() <= now {
            let errand = self.store.next_errand();
            if errand <= self.script.next_moment() {
                self.store.run_errands(errand);
                self.script.give_way(errand);
            } else {
                self.script.play_slot(&mut self.store, with_people);
            }
        }
        self.store.refresh();
    }

    /// Does something at a time up to which the account has been advanced.
    pub(crate) fn act(&mut self, act: impl Into<Act>, at: i64) -> Result<Vec<Position>, Refusal> {
        let act = act.into();
        self.journal.push(Entry::Do { at, act: Box::new(act.clone()) });
        let outcome = self.perform(act, at);
        self.store.refresh();
        outcome
    }

    fn perform(&mut self, act: Act, at: i64) -> Result<Vec<Position>, Refusal> {
        self.script.give_way(at);
        self.store.act(act.action, at, act.is_silent, act.created_at)
    }

    /// Changes how the event feed lies from here on.
    pub(crate) fn lie(&mut self, faults: EventFaults, at: i64) {
        self.journal.push(Entry::Lie { at, faults });
        self.store.feed.faults = faults;
    }

    /// Counts what was done since the start.
    pub(crate) fn deeds(&self) -> usize {
        self.journal.len()
    }

    /// Plays the account again up to a past moment.
    pub(crate) fn as_of(&self, at: i64) -> Self {
        let mut past = Self::founded_until(&self.options, at.min(self.options.now));
        for entry in &self.journal {
            match entry {
                Entry::Advance { to, with_people } => past.play_until((*to).min(at), *with_people),
                Entry::Do { at: done_at, .. } | Entry::Lie { at: done_at, .. } if *done_at > at => {
                    break;
                }
                Entry::Do { at, act } => {
                    // What was refused then is refused again.
                    drop(past.perform(act.as_ref().clone(), *at));
                }
                Entry::Lie { faults, .. } => past.store.feed.faults = *faults,
            }
        }
        past.store.refresh();
        past
    }
}
