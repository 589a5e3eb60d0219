//! What goes wrong on purpose.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Orders one fault: where it strikes, when, and what goes wrong.
///
/// Every fault counts every request that it aims at, whether another one struck it or not; of those
/// that could strike, the one ordered first does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiblingFault {
    /// Begins the paths to strike, written below the base: `/customers` also strikes
    /// `/customers/{id}/users`. Empty strikes every path.
    pub path_prefix: String,
    /// Lets so many matching requests pass first.
    #[serde(default)]
    pub skip: u32,
    /// Strikes so many times; 0 is for ever.
    #[serde(default = "once")]
    pub times: u32,
    /// Says what goes wrong.
    pub what: SiblingTrouble,
}

fn once() -> u32 {
    1
}

/// Names what goes wrong.
///
/// What concerns pages strikes reads of lists only, and [`SiblingTrouble::SameCursor`] only those
/// that carry a cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiblingTrouble {
    /// Answers with a status and the API's own error.
    Status(u16),
    /// Answers with a status and this body.
    StatusWithBody(u16, String),
    /// Resets the connection before any byte.
    Reset,
    /// Cuts the body in half; its announced length fits what is left.
    Truncate,
    /// Answers 200 with this body.
    Body(String),
    /// Promises a next page behind an empty cursor.
    EmptyCursor,
    /// Promises a next page behind the cursor that was just sent.
    SameCursor,
    /// Nests what it says about pages under `pagination`.
    NestedPageInfo,
    /// Says `next_cursor` and `has_more`.
    NextCursorShape,
    /// Says nothing about pages.
    NoPageInfo,
    /// Deletes the first row of the list before this answer, so that offsets shift.
    Shift,
    /// Takes back all tokens given so far, before this answer.
    RevokeToken,
    /// Answers 429 and asks for a wait of so many seconds in `Retry-After`.
    RetryAfter(u32),
    /// Answers 429 and tells in `X-RateLimit-Reset` the second, so many from now, from which on
    /// requests are welcome.
    RateLimitReset(u32),
}

impl SiblingTrouble {
    /// Gives the name that the log uses.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::StatusWithBody(..) => "status_with_body",
            Self::Reset => "reset",
            Self::Truncate => "truncate",
            Self::Body(_) => "body",
            Self::EmptyCursor => "empty_cursor",
            Self::SameCursor => "same_cursor",
            Self::NestedPageInfo => "nested_page_info",
            Self::NextCursorShape => "next_cursor_shape",
            Self::NoPageInfo => "no_page_info",
            Self::Shift => "shift",
            Self::RevokeToken => "revoke_token",
            Self::RetryAfter(_) => "retry_after",
            Self::RateLimitReset(_) => "rate_limit_reset",
        }
    }

    fn has_effect_on(&self, request: Aim<'_>) -> bool {
        match self {
            Self::SameCursor => request.is_list && request.has_cursor,
            Self::EmptyCursor
            | Self::NestedPageInfo
            | Self::NextCursorShape
            | Self::NoPageInfo
            | Self::Shift => request.is_list,
            _ => true,
        }
    }
}

/// Tells what faults may look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aim<'a> {
    /// Holds the path below the base.
    pub(crate) path: &'a str,
    /// Says whether a list is read.
    pub(crate) is_list: bool,
    /// Says whether the request carries `after` or `before`.
    pub(crate) has_cursor: bool,
}

/// Keeps the faults that are ordered and not used up.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Ordered>);

#[derive(Debug)]
struct Ordered {
    fault: SiblingFault,
    struck: u32,
}

impl Faults {
    /// Adds a fault behind those that are there.
    pub(crate) fn add(&mut self, fault: SiblingFault) {
        self.0.push(Ordered { fault, struck: 0 });
    }

    /// Counts a request, and chooses what goes wrong with it.
    pub(crate) fn take(&mut self, request: Aim<'_>) -> Option<SiblingTrouble> {
        let mut trouble = None;
        for Ordered { fault, struck } in &mut self.0 {
            let aims = request.path.starts_with(&fault.path_prefix);
            if !aims || !fault.what.has_effect_on(request) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if trouble.is_none() {
                *struck = struck.saturating_add(1);
                trouble = Some(fault.what.clone());
            }
        }
        self.0.retain(|ordered| ordered.fault.times == 0 || ordered.struck < ordered.fault.times);
        trouble
    }

    /// Describes the faults that never struck.
    pub(crate) fn unused(&self) -> Vec<String> {
        let unused = self.0.iter().filter(|ordered| ordered.struck == 0);
        unused.map(|ordered| ordered.fault.to_string()).collect()
    }

    /// Removes all faults.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

impl fmt::Display for SiblingFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} on {}…", self.what.name(), self.path_prefix)?;
        if self.skip > 0 {
            write!(formatter, ", {} still to pass", self.skip)?;
        }
        Ok(())
    }
}
