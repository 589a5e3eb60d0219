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

/// Shows an instant (microseconds, UTC) in a form that fits file names and sorts by age:
/// `20260630T120000Z`.
#[must_use]
pub fn stamp(micros: i64) -> String {
    show_micros(micros).chars().filter(|letter| !"-:".contains(*letter)).collect()
}

/// Reads what [`stamp`] or [`show_micros`] wrote.
#[must_use]
pub fn micros_of(shown: &str) -> Option<i64> {
    shown.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}
