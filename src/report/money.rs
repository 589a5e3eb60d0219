//! Money for people: minor units as major ones, by the exponent of the currency (ISO 4217).

use iso_currency::Currency;

/// Writes an amount in minor units as people read it: `1,234.50` for 123450 `usd`, `1,234` for
/// `jpy`, `1.234` for 1234 `kwd`. An unknown currency stays in minor units: nothing is guessed.
#[must_use]
pub fn major_units(amount: i128, currency: Option<&str>) -> String {
    let exponent = currency.and_then(exponent).unwrap_or(0);
    let digits = amount.unsigned_abs().to_string();
    // At least one digit before the point.
    let padded = format!("{digits:0>width$}", width = exponent + 1);
    let (whole, fraction) = padded.split_at(padded.len() - exponent);
    let sign = if amount < 0 { "-" } else { "" };
    let point = if exponent > 0 { "." } else { "" };
    format!("{sign}{}{point}{fraction}", separated(whole))
}

/// Gives the digits after the point of a currency; `None` where the code is none of ISO 4217.
#[must_use]
pub fn exponent(code: &str) -> Option<usize> {
    let currency = Currency::from_code(&code.to_ascii_uppercase())?;
    currency.exponent().map(usize::from)
}

/// Puts a comma before every three digits.
fn separated(digits: &str) -> String {
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::major_units;

    #[test]
    fn the_exponent_of_the_currency_places_the_point() {
        for (amount, currency, shown) in [
            (123_450, Some("usd"), "1,234.50"),
            (-5, Some("EUR"), "-0.05"),
            (0, Some("usd"), "0.00"),
            (1_234, Some("jpy"), "1,234"),
            (1_234, Some("kwd"), "1.234"),
            (-1_234_567, Some("kwd"), "-1,234.567"),
            (123_450, Some("(unknown)"), "123,450"),
            (123_450, None, "123,450"),
            (i128::from(i64::MIN), Some("usd"), "-92,233,720,368,547,758.08"),
        ] {
            assert_eq!(major_units(amount, currency), shown, "{amount} {currency:?}");
        }
    }
}
