//! Which faults strike a request: decisions only, nothing here touches HTTP.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::Serialize;

use super::chance::{Asking, Askings, draw, happens, url_key};
use super::chaos::Chaos;
use super::fault::Fault;
use super::turn::Request;
use super::what::{RateLimit, Stage, What};
use crate::emulator::api::paging::Page;

/// Tells an ordered fault and how often it was used.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    /// Repeats the order.
    rule: Fault,
    /// Counts the requests that it aims at.
    matched: u64,
    /// Counts the requests that it struck.
    fired: u64,
}

/// Keeps an ordered fault and what became of it.
#[derive(Debug)]
struct Rule {
    number: u64,
    fault: Fault,
    limiter: Option<DefaultDirectRateLimiter>,
    matched: u64,
    fired: u64,
}

/// Strikes a request.
#[derive(Clone, Debug)]
pub(crate) struct Strike {
    /// Names what goes wrong.
    pub(crate) what: What,
    /// Tells when a rate limit welcomes the next request.
    pub(crate) wait: Duration,
}

impl Rule {
    fn new(number: u64, fault: Fault) -> Self {
        let limiter = fault.what().and_then(limiter);
        Self { number, fault, limiter, matched: 0, fired: 0 }
    }

    /// Counts a request that the fault aims at and says whether its turn has come.
    fn is_due(&mut self, request: &Request<'_>) -> bool {
        let Some(what) = self.fault.what() else { return false };
        let is_apt = match what.stage() {
            Stage::Query | Stage::Page => request.is_list,
            _ => true,
        };
        if !is_apt || !self.fault.aims_at(request.method, request.pattern, request.path) {
            return false;
        }
        self.matched += 1;
        self.matched > self.fault.skipped()
    }

    /// Strikes, if it still may and chance or the rate limit says so.
    fn fire(&mut self, drawn: impl Fn(u64) -> u64) -> Option<Strike> {
        let is_lucky = |(percent, seed)| happens(drawn(seed), percent);
        if !self.fault.allowed().allows(self.fired) || !self.fault.chance().is_none_or(is_lucky) {
            return None;
        }
        let what = self.fault.what()?.clone();
        let wait = match &self.limiter {
            Some(limiter) => limiter.check().err()?.wait_time_from(DefaultClock::default().now()),
            None => Duration::ZERO,
        };
        self.fired += 1;
        Some(Strike { what, wait })
    }

    fn is_unused(&self) -> bool {
        if self.fault.problem().is_some() {
            return true;
        }
        match self.limiter {
            // A limit that nobody broke was held all the same.
            Some(_) => self.matched <= self.fault.skipped(),
            None => self.fired == 0 && !self.fault.is_random(),
        }
    }
}

fn limiter(what: &What) -> Option<DefaultDirectRateLimiter> {
    let What::RateLimit(RateLimit { per_second, burst, .. }) = what else { return None };
    let quota = Quota::per_second(NonZeroU32::new(*per_second)?);
    Some(RateLimiter::direct(quota.allow_burst(NonZeroU32::new(*burst)?)))
}

/// Holds what was decided about one request.
#[derive(Debug, Default)]
pub(crate) struct Decision {
    /// Lists the delays and plays.
    pub(crate) before: Vec<What>,
    /// Stands in for the answer or breaks it.
    pub(crate) failure: Option<Strike>,
    /// Lists what happens to the answer as it is sent.
    pub(crate) answer: Vec<What>,
    /// Names everything that struck.
    pub(crate) fired: Vec<&'static str>,
    /// Is what chaos does to the page, if a page is served.
    page: Option<What>,
    /// Numbers the rules whose turn has come.
    due: Vec<u64>,
    url: u64,
    asking: Asking,
}

impl Decision {
    /// Gives what chaos does to the page, where that has an effect.
    pub(crate) fn page_of_chaos(&mut self, is_possible: impl Fn(&What) -> bool) -> Option<What> {
        let what = self.page.take().filter(is_possible)?;
        self.fired.push(what.name());
        Some(what)
    }

    /// Files what chaos does. Its effect on a page depends on the page.
    fn file(&mut self, what: What) {
        let name = what.name();
        match what.stage() {
            Stage::Query | Stage::Page => return self.page = Some(what),
            Stage::Before => self.before.push(what),
            Stage::Failure => self.failure = Some(Strike { what, wait: Duration::ZERO }),
            Stage::Answer => self.answer.push(what),
        }
        self.fired.push(name);
    }
}

/// Keeps all rules and what they must remember.
#[derive(Debug)]
pub(crate) struct Rules {
    ordered: Vec<Rule>,
    added: u64,
    chaos: Option<Chaos>,
    askings: Askings,
    /// Holds the page served last, by list and filter, while a rule may repeat it.
    served: HashMap<String, Page>,
}

impl Rules {
    /// Starts with random faults only.
    pub(crate) fn new(chaos: Option<Chaos>) -> Self {
        let (ordered, askings, served) = (Vec::new(), Askings::default(), HashMap::new());
        Self { ordered, added: 0, chaos, askings, served }
    }

    /// Adds a fault behind the others.
    pub(crate) fn add(&mut self, fault: Fault) {
        self.added += 1;
        self.ordered.push(Rule::new(self.added, fault));
    }

    /// Removes all ordered faults.
    pub(crate) fn clear(&mut self) {
        self.ordered.clear();
        self.served.clear();
    }

    /// Replaces the random faults.
    pub(crate) fn set_chaos(&mut self, chaos: Option<Chaos>) {
        self.chaos = chaos;
    }

    /// Says whether anything can go wrong.
    pub(crate) fn can_strike(&self) -> bool {
        self.chaos.is_some() || !self.ordered.is_empty()
    }

    /// Describes the ordered faults that were never used.
    pub(crate) fn unused(&self) -> Vec<String> {
        let unused = self.ordered.iter().filter(|rule| rule.is_unused());
        unused
            .map(|rule| format!("{}: matched {} requests, struck none", rule.fault, rule.matched))
            .collect()
    }

    /// Tells every ordered fault and how often it was used.
    pub(crate) fn told(&self) -> Vec<Told> {
        let tell = |rule: &Rule| Told {
            rule: rule.fault.clone(),
            matched: rule.matched,
            fired: rule.fired,
        };
        self.ordered.iter().map(tell).collect()
    }

    /// Decides about a request up to the point where its list, if any, is served.
    pub(crate) fn decide(&mut self, request: &Request<'_>) -> Decision {
        let mut decision = Decision::default();
        if self.chaos.is_some() || self.ordered.iter().any(|rule| rule.fault.is_random()) {
            decision.url = url_key(request.method, request.path, request.query);
            decision.asking = self.askings.ask(decision.url);
        }
        let due =
            self.ordered.iter_mut().filter_map(|rule| rule.is_due(request).then_some(rule.number));
        decision.due = due.collect();
        let before = self.fire(&mut decision, Stage::Before, |_| true);
        decision.before.extend(before.into_iter().map(|strike| strike.what));
        decision.failure = self.fire(&mut decision, Stage::Failure, |_| true).pop();
        if decision.failure.is_none() && request.method == "GET" {
            self.strike_at_random(&mut decision, request.is_list);
        }
        let is_sent = !matches!(&decision.failure, Some(strike) if strike.what == What::Reset {});
        let answer = self.fire(&mut decision, Stage::Answer, |_| is_sent);
        decision.answer.extend(answer.into_iter().map(|strike| strike.what));
        decision
    }

    /// Decides what happens to a list, where `is_possible` says what would have an effect.
    pub(crate) fn decide_list(
        &mut self,
        decision: &mut Decision,
        stage: Stage,
        is_possible: impl Fn(&What) -> bool,
    ) -> Vec<What> {
        let strikes = self.fire(decision, stage, is_possible);
        strikes.into_iter().map(|strike| strike.what).collect()
    }

    /// Recalls the page served last for a list and filter.
    pub(crate) fn served(&self, list: &str) -> Option<&Page> {
        self.served.get(list)
    }

    /// Remembers the page served last, if a rule may want it.
    pub(crate) fn remember(&mut self, list: String, page: &Page) {
        if self.ordered.iter().any(|rule| rule.fault.what() == Some(&What::RepeatPage {})) {
            self.served.insert(list, page.clone());
        }
    }

    /// Fires the due rules of a stage; of failures only one.
    fn fire(
        &mut self,
        decision: &mut Decision,
        stage: Stage,
        is_possible: impl Fn(&What) -> bool,
    ) -> Vec<Strike> {
        let (due, url, number) = (&decision.due, decision.url, decision.asking.number);
        let most = if stage == Stage::Failure { 1 } else { usize::MAX };
        let is_apt = |what: &What| what.stage() == stage && is_possible(what);
        let due = self.ordered.iter_mut().filter(|rule| due.contains(&rule.number));
        let strikes: Vec<Strike> = due
            .filter(|rule| rule.fault.what().is_some_and(is_apt))
            .filter_map(|rule| rule.fire(|seed| draw(seed, url, number)))
            .take(most)
            .collect();
        decision.fired.extend(strikes.iter().map(|strike| strike.what.name()));
        strikes
    }

    fn strike_at_random(&mut self, decision: &mut Decision, is_list: bool) {
        let Some(chaos) = self.chaos else { return };
        let struck = chaos.strike(decision.url, decision.asking, is_list);
        self.askings.note(decision.url, struck.is_some());
        if let Some(what) = struck {
            decision.file(what);
        }
    }
}
