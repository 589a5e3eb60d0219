//! How one parameter is read from its text (CONTRACT A1.3, A7, A8). A blank value clears a field,
//! so no reader is asked about one.

use std::ops::RangeInclusive;

use crate::emulator::account::billing::Via;
use crate::emulator::account::calendar::Day;
use crate::emulator::account::catalogue::PricingKind;
use crate::emulator::account::money::Currency;
use crate::emulator::account::objects::{BillingType, Cycle, Interval};
use crate::emulator::account::text::Text;

/// Holds the seconds of the years 1 to 9999.
const CALENDAR: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// Reads itself from the text of a parameter.
pub(crate) trait Readable: Sized {
    /// Reads the value, if the text is one.
    fn read(text: &str) -> Option<Self>;
}

impl<T: Readable> Readable for Option<T> {
    fn read(text: &str) -> Option<Self> {
        T::read(text).map(Some)
    }
}

impl Readable for Text {
    fn read(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

impl Readable for String {
    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Readable for bool {
    fn read(text: &str) -> Option<Self> {
        one_of(text, [("true", true), ("1", true), ("false", false), ("0", false)])
    }
}

impl Readable for i64 {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Readable for i32 {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// Reads how many intervals lie between two bills: at least one.
impl Readable for u16 {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|&count| count > 0)
    }
}

/// Reads a quantity.
impl Readable for f64 {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|quantity: &Self| quantity.is_finite() && *quantity >= 0.0)
    }
}

impl Readable for Currency {
    fn read(text: &str) -> Option<Self> {
        Self::of_code(text)
    }
}

/// Holds a date as it is kept: as a Unix second whose time part means nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Date(pub(crate) i64);

impl Readable for Date {
    fn read(text: &str) -> Option<Self> {
        if let Some(day) = Day::of_text(text) {
            return Some(Self(day.start()));
        }
        text.parse().ok().filter(|second| CALENDAR.contains(second)).map(Self)
    }
}

impl Readable for Day {
    fn read(text: &str) -> Option<Self> {
        Date::read(text).map(|date| Self::of(date.0))
    }
}

impl Readable for BillingType {
    fn read(text: &str) -> Option<Self> {
        one_of(text, [("invoice", Self::Invoice), ("charge", Self::Charge)])
    }
}

impl Readable for Cycle {
    fn read(text: &str) -> Option<Self> {
        let words = [("manual", Self::Manual), ("weekly", Self::Weekly)];
        one_of(text, words.into_iter().chain([("monthly", Self::Monthly)]))
    }
}

impl Readable for Interval {
    fn read(text: &str) -> Option<Self> {
        let (day, week) = (("day", Self::Day), ("week", Self::Week));
        one_of(text, [day, week, ("month", Self::Month), ("year", Self::Year)])
    }
}

impl Readable for Via {
    fn read(text: &str) -> Option<Self> {
        let (ach, check) = (("ach", Self::Ach), ("check", Self::Check));
        one_of(text, [ach, check, ("credit_card", Self::CreditCard), ("wire", Self::Wire)])
    }
}

impl Readable for PricingKind {
    fn read(text: &str) -> Option<Self> {
        one_of(text, [("quantity", Self::Quantity)])
    }
}

fn one_of<T>(text: &str, words: impl IntoIterator<Item = (&'static str, T)>) -> Option<T> {
    words.into_iter().find(|(word, _)| *word == text).map(|(_, value)| value)
}
