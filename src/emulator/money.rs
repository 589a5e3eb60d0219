//! Amounts in the smallest unit of their currency (CONTRACT A5.5, G-A18).

use serde::Serialize;

/// Names a currency in which the account bills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Currency {
    /// US dollar.
    #[default]
    Usd,
    /// Euro.
    Eur,
    /// Pound sterling.
    Gbp,
    /// Yen, which has no smaller unit.
    Jpy,
}

impl Currency {
    /// Lists all currencies.
    pub(super) const ALL: [Self; 4] = [Self::Usd, Self::Eur, Self::Gbp, Self::Jpy];

    /// Writes the currency as people file it.
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Gbp => "GBP",
            Self::Jpy => "JPY",
        }
    }

    /// Turns a price in US cents into a round price of about the same worth.
    pub(super) fn price(self, us_cents: i64) -> i64 {
        match self {
            Self::Usd => us_cents,
            Self::Eur => us_cents * 9 / 10,
            Self::Gbp => us_cents * 8 / 10,
            Self::Jpy => us_cents * 3 / 2,
        }
    }

    /// Writes an amount for people, as `amount_string` shows it.
    pub(super) fn format(self, amount: i64) -> String {
        let sign = if amount < 0 { "-" } else { "" };
        let units = amount.unsigned_abs();
        let symbol = match self {
            Self::Usd => "$",
            Self::Eur => "€",
            Self::Gbp => "£",
            Self::Jpy => return format!("{sign}¥{units}"),
        };
        format!("{sign}{symbol}{}.{:02}", units / 100, units % 100)
    }
}
