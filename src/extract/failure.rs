//! What an answer other than a good one means (CONTRACT A1.3, A1.4).

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::http::TransportError;
use super::printable::Cleaner;
use crate::error::{Error, Kind};
use crate::model::{RequestNumber, StreamStatus};

/// Bytes of an error body that are kept (CONTRACT A1.3).
const KEPT_BODY_BYTES: usize = 2_000;
/// Values of `error.type` (CONTRACT A1.3).
const ERROR_TYPES: [&str; 2] = ["invalid_request_error", "api_error"];
/// What a 403 says when it means "too fast" (CONTRACT A1.4); compared in lower case.
const RATE_LIMIT_WORDS: [&str; 6] =
    ["rate limit", "rate-limit", "rate_limit", "ratelimit", "too many requests", "throttl"];

/// Why a try gave no usable answer; decides retry, pace and the kind of the final error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// 401: the key is not valid.
    Authentication,
    /// No token is given for the credentials (CONTRACT C1).
    Credentials,
    /// 402: not part of the account's plan.
    Plan,
    /// 429, or 403 with rate-limit text.
    Throttled,
    /// 403 without rate-limit text.
    Forbidden,
    /// 404 or 501: there is no such thing.
    Absent,
    /// 408 or 5xx.
    Server,
    /// No answer, or one that broke off.
    Network,
    /// 2xx with a body that is not JSON, perhaps cut.
    NotJson,
    /// Anything else the contract does not allow.
    Refused,
}

impl Trouble {
    /// Reads the status of an answer that is not 2xx; `body` decides what a 403 means.
    #[must_use]
    pub fn of_status(status: u16, body: &str) -> Self {
        match status {
            401 => Self::Authentication,
            402 => Self::Plan,
            403 if speaks_of_rate_limit(body) => Self::Throttled,
            403 => Self::Forbidden,
            404 | 501 => Self::Absent,
            408 | 500 | 502..=599 => Self::Server,
            429 => Self::Throttled,
            _ => Self::Refused,
        }
    }

    /// Gives the kind of the final error.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::Authentication | Self::Credentials => Kind::Authentication,
            Self::Plan | Self::Absent => Kind::Unavailable,
            Self::Throttled => Kind::Throttled,
            Self::Forbidden => Kind::Forbidden,
            Self::Server | Self::Network => Kind::Network,
            Self::NotJson | Self::Refused => Kind::Contract,
        }
    }

    /// Says in a few words what happened.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Authentication => "the key was refused",
            Self::Credentials => "no token was given: client id or client secret are wrong",
            Self::Plan => "not part of the account's plan",
            Self::Throttled => "throttled",
            Self::Forbidden => "forbidden",
            Self::Absent => "does not exist",
            Self::Server => "the server failed",
            Self::Network => "no whole answer arrived",
            Self::NotJson => "the answer is not JSON",
            Self::Refused => "the answer is outside the contract",
        }
    }
}

fn speaks_of_rate_limit(body: &str) -> bool {
    let body = body.to_lowercase();
    RATE_LIMIT_WORDS.iter().any(|words| body.contains(words))
}

/// The API's own description of an error; texts are cleaned of control characters and the key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiError {
    /// `invalid_request_error` or `api_error`.
    pub kind: Option<String>,
    /// Text for a person.
    pub message: Option<String>,
    /// The parameter at fault.
    pub param: Option<String>,
    /// Word for the kind of error, where the API has one (CONTRACT B1, C1).
    pub code: Option<String>,
}

impl ApiError {
    /// Reads both shapes: under `error`, or flat; anything else gives an empty description.
    pub(super) fn read(body: &[u8], cleaner: &Cleaner) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else {
            return Self::default();
        };
        let inner = value.get("error").unwrap_or(&value);
        let text = |name: &str| {
            let text = inner.get(name)?.as_str()?;
            Some(cleaner.clean(text.as_bytes(), KEPT_BODY_BYTES))
        };
        let message = text("message")
            .or_else(|| inner.as_str().map(|text| cleaner.clean(text.as_bytes(), KEPT_BODY_BYTES)));
        let code = text("code").or_else(|| {
            let code = value.get("code")?.as_str()?;
            Some(cleaner.clean(code.as_bytes(), KEPT_BODY_BYTES))
        });
        Self { kind: text("type"), message, param: text("param"), code }
    }

    /// Tells whether it is in the shape of paid.ai or Alternative Payments: a text and, mostly, a
    /// code (CONTRACT B1, C1).
    #[must_use]
    pub fn is_worded(&self) -> bool {
        self.code.is_some() || self.message.is_some()
    }

    /// Tells whether it has one of the types of Paid Labs (CONTRACT A1.3).
    #[must_use]
    pub fn has_known_type(&self) -> bool {
        self.kind.as_deref().is_some_and(|kind| ERROR_TYPES.contains(&kind))
    }

    /// Tells whether `param` or `message` holds one of these words, given in lower case.
    pub(super) fn mentions(&self, words: &[&str]) -> bool {
        [&self.param, &self.message].into_iter().flatten().any(|text| {
            let text = text.to_lowercase();
            words.iter().any(|word| text.contains(word))
        })
    }
}

/// The last failure of a request that was given up; the source of its [`Error`].
#[derive(Debug)]
pub struct HttpFailure {
    /// What it means.
    pub trouble: Trouble,
    /// HTTP status, if there was one.
    pub status: Option<u16>,
    /// What the API says about it.
    pub api: ApiError,
    /// Start of the body, at most 2 000 bytes, without control characters and without the key.
    pub body: String,
    /// Requests sent.
    pub tries: u32,
    /// From the first try to the end of the last.
    pub elapsed: Duration,
    /// Number of the last request.
    pub request: RequestNumber,
    /// Server time of its answer, microseconds since the Unix epoch, UTC; 0 if none came.
    pub observed_at: i64,
    cause: Option<TransportError>,
}

impl HttpFailure {
    /// Describes an answer; 2xx answers come here with the trouble that their body made.
    pub(super) fn answered(trouble: Trouble, status: u16, body: &[u8], cleaner: &Cleaner) -> Self {
        Self {
            trouble,
            status: Some(status),
            api: ApiError::read(body, cleaner),
            body: cleaner.clean(body, KEPT_BODY_BYTES),
            tries: 0,
            elapsed: Duration::ZERO,
            request: 0,
            observed_at: 0,
            cause: None,
        }
    }

    /// Describes a request without a whole answer.
    pub(super) fn unanswered(cause: TransportError) -> Self {
        let trouble = match cause {
            TransportError::Request(_) => Trouble::Network,
            TransportError::TooLarge { .. } => Trouble::Refused,
        };
        Self {
            trouble,
            status: None,
            api: ApiError::default(),
            body: String::new(),
            tries: 0,
            elapsed: Duration::ZERO,
            request: 0,
            observed_at: 0,
            cause: Some(cause),
        }
    }

    /// Finds the failure behind an error of this module.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        StdError::source(error)?.downcast_ref()
    }

    /// Says in a few words what happened, status included.
    pub(super) fn reason(&self) -> String {
        match self.status {
            Some(status) => format!("{} (HTTP {status})", self.trouble.words()),
            None => self.trouble.words().to_owned(),
        }
    }
}

impl fmt::Display for HttpFailure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.api.message, self.status) {
            (Some(message), _) => write!(formatter, "the API says: {message}")?,
            (None, Some(_)) if self.body.is_empty() => formatter.write_str("the body is empty")?,
            (None, Some(_)) => write!(formatter, "the body is: {}", self.body)?,
            (None, None) => formatter.write_str("the last try failed")?,
        }
        match &self.api.param {
            Some(param) => write!(formatter, " (parameter {param})"),
            None => Ok(()),
        }
    }
}

impl StdError for HttpFailure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| -> &(dyn StdError + 'static) { cause })
    }
}

/// Gives the status of a stream whose walk ended in this error.
#[must_use]
pub fn stream_status(error: &Error) -> StreamStatus {
    match error.kind() {
        Kind::Unavailable
            if HttpFailure::of(error).is_some_and(|failure| failure.trouble == Trouble::Plan) =>
        {
            StreamStatus::UnavailableOnPlan
        }
        Kind::Unavailable => StreamStatus::Unavailable,
        Kind::Forbidden => StreamStatus::Forbidden,
        Kind::Throttled => StreamStatus::Throttled,
        Kind::Interrupted => StreamStatus::Interrupted,
        _ => StreamStatus::Failed,
    }
}
