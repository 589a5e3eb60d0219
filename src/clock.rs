//! This machine's clock; the only place that reads it. The server's clock is `extract`'s.

use jiff::Timestamp;

/// Gives now in microseconds since the Unix epoch, UTC.
#[must_use]
pub fn now_micros() -> i64 {
    Timestamp::now().as_microsecond()
}

/// Shows an instant (microseconds, UTC) as `2026-06-30T12:00:00Z`, whole seconds.
#[must_use]
pub fn show_micros(micros: i64) -> String {
    show_seconds(micros.div_euclid(1_000_000))
}

/// Shows an instant (Unix seconds, UTC) as `2026-06-30T12:00:00Z`; the number itself if it is
/// beyond any calendar.
#[must_use]
pub fn show_seconds(seconds: i64) -> String {
    Timestamp::from_second(seconds)
        .map_or_else(|_| seconds.to_string(), |instant| instant.to_string())
}
