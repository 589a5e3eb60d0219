//! Instants and dates (CONTRACT N1.2, "Time values in detail"; A7).

use jiff::civil::{Date, date};

use super::json::{JsonType, Value};
use super::number;
use crate::model::ProblemCode;

/// Microseconds in a second.
const MICROS: i64 = 1_000_000;
/// Seconds in a day.
const DAY: i64 = 86_400;
/// The last second of the year 9999.
const LAST_SECOND: i64 = 253_402_300_799;
/// The first second of the year 1.
const FIRST_SECOND: i64 = -62_135_596_800;
const EPOCH: Date = date(1970, 1, 1);

/// What a time value says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// `0`, `"0"`: the source's way to say "not yet".
    Zero,
    /// `""`.
    Empty,
    /// Microseconds since the Unix epoch, UTC.
    Instant(i64),
    /// A calendar date: days since the Unix epoch.
    Day(i32),
}

impl Moment {
    /// Gives the calendar date in UTC, as days since the Unix epoch.
    pub(super) fn day(self) -> Option<i32> {
        match self {
            Self::Zero | Self::Empty => None,
            Self::Instant(micros) => i32::try_from(micros.div_euclid(DAY * MICROS)).ok(),
            Self::Day(day) => Some(day),
        }
    }
}

/// Reads a value that is not null; notes what it had to bend.
///
/// The range check is for counts of seconds, where it catches milliseconds. A date in words says
/// what it means and may lie anywhere in the years 1 to 9999.
pub(super) fn moment(value: Value<'_>, notes: &mut Vec<ProblemCode>) -> Option<Moment> {
    let read = match value.json_type() {
        JsonType::Number => number_of_seconds(value.text(), notes),
        JsonType::String => value
            .string()
            .ok_or(ProblemCode::BadTime)
            .and_then(|(text, _)| text_moment(&text, notes)),
        JsonType::Null | JsonType::Boolean | JsonType::Array | JsonType::Object => {
            Err(ProblemCode::BadTime)
        }
    };
    read.map_err(|code| notes.push(code)).ok()
}

fn number_of_seconds(text: &str, notes: &mut Vec<ProblemCode>) -> Result<Moment, ProblemCode> {
    let (seconds, cut) = number::seconds(text).ok_or(ProblemCode::OutOfRange)?;
    let moment = counted(seconds)?;
    if cut {
        notes.push(ProblemCode::Coerced);
    }
    Ok(moment)
}

fn counted(seconds: i64) -> Result<Moment, ProblemCode> {
    match seconds {
        0 => Ok(Moment::Zero),
        1..=LAST_SECOND => Ok(Moment::Instant(seconds * MICROS)),
        _ => Err(ProblemCode::OutOfRange),
    }
}

fn text_moment(text: &str, notes: &mut Vec<ProblemCode>) -> Result<Moment, ProblemCode> {
    if text.is_empty() {
        return Ok(Moment::Empty);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return counted(text.parse().map_err(|_| ProblemCode::OutOfRange)?);
    }
    let mut cursor = Cursor { rest: text.as_bytes() };
    let day = cursor.day().ok_or(ProblemCode::BadTime)?;
    if cursor.rest.is_empty() {
        return i32::try_from(day).map(Moment::Day).map_err(|_| ProblemCode::OutOfRange);
    }
    let clock = cursor.clock().ok_or(ProblemCode::BadTime)?;
    let seconds = day * DAY + clock.seconds;
    if !(FIRST_SECOND..=LAST_SECOND).contains(&seconds) {
        return Err(ProblemCode::OutOfRange);
    }
    if clock.bent {
        notes.push(ProblemCode::Coerced);
    }
    Ok(Moment::Instant(seconds * MICROS + clock.micros))
}

/// The part of an RFC 3339 text after the date.
struct Clock {
    /// Seconds from midnight of the date to the instant, offset applied.
    seconds: i64,
    micros: i64,
    /// A leap second, a missing offset or digits below a microsecond.
    bent: bool,
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    /// Takes `count` digits.
    fn number(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        digits.iter().try_fold(0, |value, byte| {
            byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0'))
        })
    }

    /// Takes a number that must not exceed `most`.
    fn bounded(&mut self, count: usize, most: i64) -> Option<i64> {
        self.number(count).filter(|value| *value <= most)
    }

    /// Takes one of the bytes `any`.
    fn take(&mut self, any: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        any.contains(first).then(|| {
            self.rest = rest;
            *first
        })
    }

    /// Takes `YYYY-MM-DD`: days since the Unix epoch.
    fn day(&mut self) -> Option<i64> {
        let year = i16::try_from(self.number(4)?).ok().filter(|year| *year > 0)?;
        self.take(b"-")?;
        let month = i8::try_from(self.number(2)?).ok()?;
        self.take(b"-")?;
        let day = i8::try_from(self.number(2)?).ok()?;
        let day = Date::new(year, month, day).ok()?;
        Some(day.duration_since(EPOCH).as_secs() / DAY)
    }

    /// Takes `THH:MM:SS[.fraction][Z|±HH:MM]` up to the end.
    fn clock(&mut self) -> Option<Clock> {
        self.take(b"Tt ")?;
        let hours = self.bounded(2, 23)?;
        self.take(b":")?;
        let minutes = self.bounded(2, 59)?;
        self.take(b":")?;
        let second = self.bounded(2, 60)?;
        let (micros, cut) = if self.take(b".").is_some() { self.fraction()? } else { (0, false) };
        let offset = if self.rest.is_empty() { None } else { Some(self.offset()?) };
        self.rest.is_empty().then_some(Clock {
            seconds: (hours * 60 + minutes) * 60 + second.min(59) - offset.unwrap_or(0),
            micros,
            bent: cut || second == 60 || offset.is_none(),
        })
    }

    /// Takes the digits after the point: microseconds, and whether smaller digits were lost.
    fn fraction(&mut self) -> Option<(i64, bool)> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let kept = count.min(6);
        let micros = self.number(kept).filter(|_| count > 0)?;
        let (lost, rest) = self.rest.split_at_checked(count - kept)?;
        self.rest = rest;
        let scale = 10_i64.pow(u32::try_from(6 - kept).ok()?);
        Some((micros * scale, lost.iter().any(|byte| *byte != b'0')))
    }

    /// Takes `Z` or `±HH:MM`: seconds east of UTC.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.take(b"Zz+-")? {
            b'+' => 1,
            b'-' => -1,
            _ => return Some(0),
        };
        let hours = self.bounded(2, 23)?;
        self.take(b":")?;
        let minutes = self.bounded(2, 59)?;
        Some(sign * (hours * 60 + minutes) * 60)
    }
}

/// Gives the midnight (UTC) at which a day begins, in microseconds.
pub(super) fn midnight(day: i32) -> i64 {
    i64::from(day) * DAY * MICROS
}
