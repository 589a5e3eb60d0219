//! Amounts in the smallest unit of their currency (CONTRACT A5.5, G-A18).

use std::str;

use serde::{Serialize, Serializer};

/// Names the currency of an amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Currency {
    /// US dollar.
    #[default]
    Usd,
    /// Euro.
    Eur,
    /// Pound sterling.
    Gbp,
    /// Yen, which has no smaller unit.
    Jpy,
    /// Holds the lower-case code of one in which only callers bill.
    Other([u8; 3]),
}

impl Currency {
    /// Lists the currencies in which the seeded account bills.
    pub(crate) const ALL: [Self; 4] = [Self::Usd, Self::Eur, Self::Gbp, Self::Jpy];

    /// Reads a code of three letters, of whatever case.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        let letters: [u8; 3] = code.to_ascii_lowercase().into_bytes().try_into().ok()?;
        let known = Self::ALL.into_iter().find(|known| known.code().as_bytes() == letters);
        let other = || letters.iter().all(u8::is_ascii_lowercase).then_some(Self::Other(letters));
        known.or_else(other)
    }

    /// Writes the code in lower case.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Usd => "usd",
            Self::Eur => "eur",
            Self::Gbp => "gbp",
            Self::Jpy => "jpy",
            Self::Other(letters) => str::from_utf8(letters).unwrap_or_default(),
        }
    }

    /// Turns a price in US cents into a round price of about the same worth.
    pub(crate) fn price(self, us_cents: i64) -> i64 {
        match self {
            Self::Usd | Self::Other(_) => us_cents,
            Self::Eur => us_cents.saturating_mul(9) / 10,
            Self::Gbp => us_cents.saturating_mul(8) / 10,
            Self::Jpy => us_cents.saturating_mul(3) / 2,
        }
    }

    /// Writes an amount for people, as `amount_string` shows it.
    pub(crate) fn format(self, amount: i64) -> String {
        let sign = if amount < 0 { "-" } else { "" };
        let units = amount.unsigned_abs();
        let symbol = match self {
            Self::Usd => "$".to_owned(),
            Self::Eur => "€".to_owned(),
            Self::Gbp => "£".to_owned(),
            Self::Jpy => return format!("{sign}¥{units}"),
            Self::Other(_) => format!("{} ", self.code().to_ascii_uppercase()),
        };
        format!("{sign}{symbol}{}.{:02}", units / 100, units % 100)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}
