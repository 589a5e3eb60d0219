//! Whether a failed try is worth another, and after which wait. Pure: nothing sleeps here.

use std::time::{Duration, SystemTime};

use super::failure::Trouble;

/// A 403 without rate-limit text is asked once more, no longer (DESIGN 6).
const FORBIDDEN_TRIES: u32 = 2;

/// Limits of the back-off (CONTRACT A1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries per request, the first included.
    pub max_tries: u32,
    /// Longest wait after the first failure; doubles with every further one.
    pub base: Duration,
    /// Longest wait of our own making.
    pub cap: Duration,
    /// Longest wait that the server may ask for with `Retry-After`.
    pub retry_after_cap: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_tries: 8,
            base: Duration::from_secs(1),
            cap: Duration::from_mins(1),
            retry_after_cap: Duration::from_mins(5),
        }
    }
}

/// Tries of one request so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tries {
    /// All of them.
    pub total: u32,
    /// Those answered by a 403 without rate-limit text.
    pub forbidden: u32,
}

/// What to do after a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Send the request again after this long.
    Wait(Duration),
    /// Report the failure.
    GiveUp,
}

/// Decides about the next try: full jitter over a doubling wait, never earlier than `Retry-After`.
///
/// `draw` picks a duration between zero and its argument.
#[must_use]
pub fn decide(
    policy: &RetryPolicy,
    trouble: Trouble,
    tries: Tries,
    retry_after: Option<Duration>,
    draw: impl FnOnce(Duration) -> Duration,
) -> Decision {
    let allowed = match trouble {
        Trouble::Throttled | Trouble::Server | Trouble::Network | Trouble::NotJson => true,
        Trouble::Forbidden => tries.forbidden < FORBIDDEN_TRIES,
        Trouble::Authentication
        | Trouble::Credentials
        | Trouble::Plan
        | Trouble::Absent
        | Trouble::Refused => false,
    };
    if !allowed || tries.total >= policy.max_tries {
        return Decision::GiveUp;
    }
    let factor = 2_u32.saturating_pow(tries.total.saturating_sub(1));
    let own = draw(policy.base.saturating_mul(factor).min(policy.cap));
    let asked = retry_after.map_or(Duration::ZERO, |asked| asked.min(policy.retry_after_cap));
    Decision::Wait(own.max(asked))
}

/// Draws evenly between zero and `longest`.
pub(super) fn full_jitter(longest: Duration) -> Duration {
    let nanoseconds = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(fastrand::u64(0..=nanoseconds))
}

/// Reads `X-RateLimit-Reset`: the Unix second from which requests are welcome again, against the
/// server's own `date` (CONTRACT B1).
pub(super) fn rate_limit_reset(value: &str, date: Option<SystemTime>) -> Option<Duration> {
    let until = SystemTime::UNIX_EPOCH + Duration::from_secs(value.trim().parse().ok()?);
    Some(until.duration_since(date?).unwrap_or(Duration::ZERO))
}

/// Reads `Retry-After`: seconds, or an HTTP date relative to the server's own `date`.
pub(super) fn retry_after(value: &str, date: Option<SystemTime>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(value).ok()?;
    Some(until.duration_since(date?).unwrap_or(Duration::ZERO))
}
