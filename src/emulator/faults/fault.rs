//! How a fault is ordered: where it strikes, when, and what goes wrong.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::times::Times;
use super::what::What;

/// Strikes every path.
const ANYWHERE: &str = "*";

/// Orders one fault: where it strikes, when, and what goes wrong.
///
/// Reads as a sentence: `Fault::on("/invoices").skip(2).times(1).status(429).retry_after(2)`. A
/// fault strikes any method, once, at the first request that matches, unless told otherwise; a rate
/// limit and a fault with a percentage go on for ever, unless told otherwise.
///
/// In JSON, `{"on": "/invoices", "skip": 2, "times": 1, "what": {"kind": "status", "status": 429,
/// "retry_after": 2}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    on: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    #[serde(default)]
    skip: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<Times>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
    #[serde(default)]
    seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) what: Option<What>,
    #[serde(skip)]
    pub(super) misuse: Option<&'static str>,
}

impl Fault {
    /// Strikes a path as the API writes it, without `/v0`: `/invoices`, `/invoices/{id}` for any
    /// invoice, `/invoices/inv_1` for one, `*` for everything.
    pub fn on(path: &str) -> Self {
        Self {
            on: path.to_owned(),
            method: None,
            skip: 0,
            times: None,
            percent: None,
            seed: 0,
            what: None,
            misuse: None,
        }
    }

    /// Strikes every path.
    pub fn anywhere() -> Self {
        Self::on(ANYWHERE)
    }

    /// Strikes only requests of this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_ascii_uppercase());
        self
    }

    /// Lets so many matching requests pass first.
    #[must_use]
    pub fn skip(mut self, requests: u32) -> Self {
        self.skip = requests;
        self
    }

    /// Strikes so many times; 0 is for ever.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(Times::of(times));
        self
    }

    /// Strikes for ever.
    #[must_use]
    pub fn always(self) -> Self {
        self.times(0)
    }

    /// Strikes so many of a hundred matching requests, chosen by the seed, the URL and how often
    /// that URL was asked, so that interleaving requests change nothing.
    #[must_use]
    pub fn percent(mut self, percent: u8, seed: u64) -> Self {
        (self.percent, self.seed) = (Some(percent), seed);
        self
    }

    /// Gives what goes wrong, unless the order makes no sense.
    pub(crate) fn what(&self) -> Option<&What> {
        self.what.as_ref().filter(|_| self.problem().is_none())
    }

    /// Says what makes no sense, if anything does.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if self.misuse.is_some() {
            return self.misuse;
        }
        if self.on != ANYWHERE && !self.on.starts_with('/') {
            return Some("`on` must be `*` or begin with `/`");
        }
        if self.on == "/v0" || self.on.starts_with("/v0/") {
            return Some("`on` must leave `/v0` out");
        }
        if self.percent.is_some_and(|percent| !(1..=100).contains(&percent)) {
            return Some("`percent` must lie between 1 and 100");
        }
        let is_upper = |method: &String| method.bytes().all(|byte| byte.is_ascii_uppercase());
        if self.method.as_ref().is_some_and(|method| method.is_empty() || !is_upper(method)) {
            return Some("`method` must be written in capital letters");
        }
        self.what.as_ref().map_or(Some("`what` is missing"), What::problem)
    }

    /// Says whether a request is of the kind to strike.
    pub(crate) fn aims_at(&self, method: &str, pattern: &str, path: &str) -> bool {
        self.method.as_ref().is_none_or(|wanted| wanted == method)
            && [ANYWHERE, pattern, path].contains(&self.on.as_str())
    }

    /// Tells how many matching requests pass first.
    pub(crate) fn skipped(&self) -> u64 {
        self.skip.into()
    }

    /// Tells how often it strikes.
    pub(crate) fn allowed(&self) -> Times {
        let is_lasting = self.is_random() || matches!(self.what, Some(What::RateLimit(_)));
        let usual = if is_lasting { Times::Always } else { Times::Exactly(1) };
        self.times.unwrap_or(usual)
    }

    /// Says whether chance has a say.
    pub(crate) fn is_random(&self) -> bool {
        self.percent.is_some()
    }

    /// Gives the percentage and the seed of chance.
    pub(crate) fn chance(&self) -> Option<(u8, u64)> {
        self.percent.map(|percent| (percent, self.seed))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.what.as_ref().map_or("nothing", What::name);
        let method = self.method.as_deref().unwrap_or("any");
        write!(formatter, "{name} on {method} {}", self.on)?;
        match self.allowed() {
            Times::Always => write!(formatter, ", always"),
            Times::Exactly(times) => write!(formatter, ", {times} times"),
        }?;
        if self.skip > 0 {
            write!(formatter, ", skipping {}", self.skip)?;
        }
        match self.problem() {
            Some(problem) => write!(formatter, ", never: {problem}"),
            None => Ok(()),
        }
    }
}
