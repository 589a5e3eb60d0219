//! What can go wrong.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// Bounds the shift of a date, about a hundred years: HTTP dates end with the year 9999.
const MOST_SECONDS: u64 = 3_155_760_000;
/// Keeps one request from playing for minutes.
const MOST_ACTIONS: u32 = 100_000;

/// Names what goes wrong, as JSON and as the log show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum What {
    /// Answers with a status instead of the answer.
    Status(Status),
    /// Resets the connection before any byte.
    Reset {},
    /// Resets the connection after so many bytes of the body, always before its end.
    ResetInside { after_bytes: usize },
    /// Cuts the body to so many bytes, always before its end; `Content-Length` fits what is left.
    Truncate { bytes: usize },
    /// Damages the JSON of the body.
    Garble {},
    /// Begins the answer late.
    Slow { milliseconds: u64 },
    /// Sends the body in pieces of so many bytes with a pause before each.
    Trickle { milliseconds: u64, bytes: usize },
    /// Calls the answer `text/html`, whatever it is.
    WrongType {},
    /// Serves no object.
    EmptyPage {},
    /// Serves so many objects at most, those next to the cursor.
    ShortPage { rows: usize },
    /// Caps `pagination[limit]`, and with it `total_pages`.
    PageCap { rows: usize },
    /// Serves again the page that was served last for this list and filter.
    RepeatPage {},
    /// Serves the first page whatever the cursor.
    IgnoreCursor {},
    /// Serves the list as if it was not filtered.
    IgnoreFilter {},
    /// Begins the page so many objects too early, so that they come on two pages.
    Overlap { rows: usize },
    /// Leaves fields out of every object on the page.
    LeanList { fields: Vec<String> },
    /// Refuses a cursor that names a deleted object.
    RefuseCursor { status: u16 },
    /// Serves no object after a cursor that names a deleted object.
    EmptyAfterCursor {},
    /// Moves the `Date` of the answer.
    DateSkew { seconds: i64 },
    /// Leaves the `Date` of the answer out.
    NoDate {},
    /// Lets so many business actions happen before the answer is made.
    Play { actions: u32 },
    /// Refuses what comes faster than a token bucket fills, on real time.
    RateLimit(RateLimit),
}

/// Describes an answer that stands in for the true one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    #[serde(rename = "status")]
    pub(crate) code: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) param: Option<String>,
    #[serde(default)]
    pub(crate) body: AnswerBody,
    /// Asks for a wait of so many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after: Option<u32>,
    /// Writes `Retry-After` as a date instead of seconds.
    #[serde(default)]
    pub(crate) as_date: bool,
}

impl Status {
    /// Describes the API's own error.
    pub(crate) fn of(code: u16) -> Self {
        let body = AnswerBody::Error;
        Self { code, message: None, param: None, body, retry_after: None, as_date: false }
    }
}

/// Chooses what an answer that stands in carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AnswerBody {
    /// Carries the API's error as JSON.
    #[default]
    Error,
    /// Carries a page as proxies show it.
    Html,
    /// Carries plain text.
    Text,
    /// Carries nothing.
    Empty,
}

/// Describes a token bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RateLimit {
    pub(crate) per_second: u32,
    pub(crate) burst: u32,
    #[serde(default = "too_many_requests")]
    pub(crate) status: u16,
    /// Tells in `Retry-After` when the next request is welcome.
    #[serde(default)]
    pub(crate) retry_after: bool,
}

/// Gives the status that rate limits have unless told otherwise.
pub(crate) fn too_many_requests() -> u16 {
    429
}

/// Orders the stages of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Comes before everything; all combine.
    Before,
    /// Stands in for the answer or breaks it; the first wins.
    Failure,
    /// Changes what a list is asked for.
    Query,
    /// Changes the page that a list gave.
    Page,
    /// Changes how the answer is sent; all combine.
    Answer,
}

impl What {
    /// Gives the name that JSON and the log use.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Reset {} => "reset",
            Self::ResetInside { .. } => "reset_inside",
            Self::Truncate { .. } => "truncate",
            Self::Garble {} => "garble",
            Self::Slow { .. } => "slow",
            Self::Trickle { .. } => "trickle",
            Self::WrongType {} => "wrong_type",
            Self::EmptyPage {} => "empty_page",
            Self::ShortPage { .. } => "short_page",
            Self::PageCap { .. } => "page_cap",
            Self::RepeatPage {} => "repeat_page",
            Self::IgnoreCursor {} => "ignore_cursor",
            Self::IgnoreFilter {} => "ignore_filter",
            Self::Overlap { .. } => "overlap",
            Self::LeanList { .. } => "lean_list",
            Self::RefuseCursor { .. } => "refuse_cursor",
            Self::EmptyAfterCursor {} => "empty_after_cursor",
            Self::DateSkew { .. } => "date_skew",
            Self::NoDate {} => "no_date",
            Self::Play { .. } => "play",
            Self::RateLimit(_) => "rate_limit",
        }
    }

    /// Tells when in a turn it is asked.
    pub(crate) fn stage(&self) -> Stage {
        match self {
            Self::Slow { .. } | Self::Play { .. } => Stage::Before,
            Self::Status(_)
            | Self::Reset {}
            | Self::RateLimit(_)
            | Self::ResetInside { .. }
            | Self::Truncate { .. }
            | Self::Garble {} => Stage::Failure,
            Self::PageCap { .. }
            | Self::IgnoreCursor {}
            | Self::IgnoreFilter {}
            | Self::RefuseCursor { .. }
            | Self::EmptyAfterCursor {} => Stage::Query,
            Self::EmptyPage {}
            | Self::ShortPage { .. }
            | Self::RepeatPage {}
            | Self::Overlap { .. }
            | Self::LeanList { .. } => Stage::Page,
            Self::Trickle { .. } | Self::WrongType {} | Self::DateSkew { .. } | Self::NoDate {} => {
                Stage::Answer
            }
        }
    }

    /// Says what is wrong with the values, if anything is.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Status(status) => {
                outside(status.code, 200..=599).then_some("`status` must lie between 200 and 599")
            }
            Self::RateLimit(RateLimit { per_second: 0, .. } | RateLimit { burst: 0, .. }) => {
                Some("`per_second` and `burst` must be at least 1")
            }
            Self::RateLimit(limit) => {
                (![403, 429].contains(&limit.status)).then_some("`status` must be 403 or 429")
            }
            Self::RefuseCursor { status } => {
                (![400, 404].contains(status)).then_some("`status` must be 400 or 404")
            }
            Self::ShortPage { rows: 0 } | Self::PageCap { rows: 0 } | Self::Overlap { rows: 0 } => {
                Some("`rows` must be at least 1")
            }
            Self::Trickle { bytes: 0, .. } => Some("`bytes` must be at least 1"),
            Self::LeanList { fields } => fields.is_empty().then_some("`fields` must name a field"),
            Self::DateSkew { seconds } => (seconds.unsigned_abs() > MOST_SECONDS)
                .then_some("`seconds` must not exceed a hundred years"),
            Self::Play { actions } => (*actions == 0 || *actions > MOST_ACTIONS)
                .then_some("`actions` must lie between 1 and 100000"),
            _ => None,
        }
    }
}

fn outside(number: u16, range: RangeInclusive<u16>) -> bool {
    !range.contains(&number)
}

impl From<Status> for What {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}
