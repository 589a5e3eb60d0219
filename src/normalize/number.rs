//! Numbers read from their digits: exact, or not at all.

use crate::model::ProblemCode;

/// Largest integer up to which every whole number has a float of its own. A number written with a
/// fraction or an exponent may have passed through one at the source, so beyond it nothing is sure.
const EXACT_FLOAT_LIMIT: u64 = 1 << 53;

/// Digits after the point in a DECIMAL(38,10) column.
pub(super) const DECIMAL_SCALE: i8 = 10;

/// Digits of a DECIMAL(38,10) column.
pub(super) const DECIMAL_PRECISION: u8 = 38;

/// A decimal number: `unscaled × 10^exponent`, without trailing zeros in `unscaled`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    /// `None`: more digits than 128 bits hold.
    unscaled: Option<u128>,
    exponent: i64,
}

impl Decimal {
    /// Reads `[+-] digits [. digits] [e [+-] digits]`; at least one digit before the exponent.
    fn parse(text: &str) -> Option<Self> {
        let (negative, text) = sign(text);
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let (unscaled, zeros) = accumulate(whole.bytes().chain(fraction.bytes()));
        let shift = zeros.saturating_sub(length(fraction)).saturating_add(exponent);
        let exponent = if unscaled == Some(0) { 0 } else { shift };
        Some(Self { negative, unscaled, exponent })
    }

    /// Gives `self × 10^shift` if that is a whole number of at most 128 bits.
    fn scaled(self, shift: i64) -> Option<i128> {
        let power = u32::try_from(self.exponent.saturating_add(shift));
        let value = match (self.unscaled?, power) {
            (0, _) => 0,
            (unscaled, power) => unscaled.checked_mul(10_u128.checked_pow(power.ok()?)?)?,
        };
        let value = i128::try_from(value).ok()?;
        Some(if self.negative { -value } else { value })
    }

    const fn is_whole(self) -> bool {
        self.exponent >= 0
    }
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Tells whether a text is `[+-] digits`.
fn is_integer(text: &str) -> bool {
    let (_, digits) = sign(text);
    !digits.is_empty() && all_digits(digits)
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

/// An exponent too long for 64 bits saturates: it is out of every range all the same.
fn parse_exponent(text: &str) -> Option<i64> {
    let bound = if text.starts_with('-') { i64::MIN / 4 } else { i64::MAX / 4 };
    is_integer(text).then(|| text.parse().unwrap_or(bound).clamp(i64::MIN / 4, i64::MAX / 4))
}

/// Gives the digits as a number without trailing zeros, and how many of those there were.
fn accumulate(digits: impl Iterator<Item = u8>) -> (Option<u128>, i64) {
    let mut value = Some(0_u128);
    let mut zeros = 0_u32;
    for digit in digits.map(|byte| u128::from(byte.wrapping_sub(b'0'))) {
        if digit == 0 {
            zeros = if value == Some(0) { 0 } else { zeros.saturating_add(1) };
            continue;
        }
        value = value.and_then(|value| {
            let moved = 10_u128.checked_pow(zeros.saturating_add(1));
            let moved = if value == 0 { Some(0) } else { value.checked_mul(moved?) };
            moved?.checked_add(digit)
        });
        zeros = 0;
    }
    (value, zeros.into())
}

/// Reads a JSON number as a 64-bit integer (CONTRACT N1.2 `cents`); `true` = not written as one.
///
/// # Errors
///
/// `not_integer` for a fraction, `out_of_range` beyond 64 bits, and beyond 2^53 where the text has
/// a point or an exponent.
pub(super) fn integer(text: &str) -> Result<(i64, bool), ProblemCode> {
    if let Ok(value) = text.parse() {
        return Ok((value, false));
    }
    if is_integer(text) {
        return Err(ProblemCode::OutOfRange);
    }
    let number = Decimal::parse(text).ok_or(ProblemCode::BadNumber)?;
    if !number.is_whole() {
        return Err(ProblemCode::NotInteger);
    }
    number
        .scaled(0)
        .filter(|value| value.unsigned_abs() <= u128::from(EXACT_FLOAT_LIMIT))
        .and_then(|value| i64::try_from(value).ok())
        .map(|value| (value, true))
        .ok_or(ProblemCode::OutOfRange)
}

/// Reads a text as a 64-bit integer: a sign and digits, blanks around them.
///
/// # Errors
///
/// `not_integer` for a number with a decimal point, even `12.00` (it may be meant in major units),
/// or with a fraction; `out_of_range` beyond 64 bits; else `bad_number`.
pub(super) fn integer_in_text(text: &str) -> Result<i64, ProblemCode> {
    let text = text.trim();
    if is_integer(text) {
        return text.parse().map_err(|_| ProblemCode::OutOfRange);
    }
    match Decimal::parse(text) {
        Some(number) if text.contains('.') || !number.is_whole() => Err(ProblemCode::NotInteger),
        _ => Err(ProblemCode::BadNumber),
    }
}

/// Reads a number, in JSON or in text, as the unscaled value of a DECIMAL(38,10).
///
/// `None` if it is no number or if its exact value does not fit: rounding would be a guess.
pub(super) fn decimal(text: &str) -> Option<i128> {
    let limit = 10_u128.pow(DECIMAL_PRECISION.into());
    let value = Decimal::parse(text.trim())?.scaled(DECIMAL_SCALE.into())?;
    (value.unsigned_abs() < limit).then_some(value)
}

/// Reads a JSON number as whole seconds, cutting a fraction; `true` = something was cut or the
/// text is not a plain integer. `None`: beyond 64 bits.
pub(super) fn seconds(text: &str) -> Option<(i64, bool)> {
    if is_integer(text) {
        return text.parse().ok().map(|value| (value, false));
    }
    let number = Decimal::parse(text)?;
    let whole = if number.is_whole() {
        number.scaled(0)?
    } else {
        let cut = u32::try_from(number.exponent.unsigned_abs()).ok();
        let divisor = cut.and_then(|cut| 10_i128.checked_pow(cut));
        let unscaled = number.scaled(number.exponent.checked_neg()?)?;
        divisor.map_or(0, |divisor| unscaled / divisor)
    };
    i64::try_from(whole).ok().map(|value| (value, true))
}
