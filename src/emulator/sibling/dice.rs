//! Chance by seed, and the small things that objects are made of.

use std::collections::BTreeMap;

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::Value;

use crate::emulator::account::calendar::Day;

/// Counts the seconds of a day.
pub(crate) const DAY: i64 = 86_400;

const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Draws at random, the same for the same seed.
#[derive(Debug)]
pub(crate) struct Dice {
    pub(crate) rng: Rng,
    /// Counts, for each number of choices, how often one was drawn in turn.
    turns: BTreeMap<usize, usize>,
}

impl Dice {
    /// Starts from a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed), turns: BTreeMap::new() }
    }

    /// Draws a whole number between two, both included.
    pub(crate) fn between(&mut self, least: i64, most: i64) -> i64 {
        self.rng.i64(least..=most.max(least))
    }

    /// Says yes so many times in a hundred.
    pub(crate) fn percent(&mut self, chance: u32) -> bool {
        self.rng.u32(0..100) < chance
    }

    /// Draws one of several.
    pub(crate) fn pick<T: Copy + Default>(&mut self, choices: &[T]) -> T {
        if choices.is_empty() {
            return T::default();
        }
        choices.get(self.rng.usize(0..choices.len())).copied().unwrap_or_default()
    }

    /// Gives one of several in turn, so that all come up even where few are drawn. Choices of the
    /// same number share their turn.
    pub(crate) fn in_turn<T: Copy + Default>(&mut self, choices: &[T]) -> T {
        let turn = self.turns.entry(choices.len()).or_default();
        let choice = choices.get(*turn % choices.len().max(1)).copied().unwrap_or_default();
        *turn += 1;
        choice
    }

    /// Draws a UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let (high, low) = (self.rng.u64(..), self.rng.u64(..));
        format!(
            "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        )
    }

    /// Draws so many small letters and digits behind a prefix.
    pub(crate) fn code(&mut self, prefix: &str, length: usize) -> String {
        let mut code = prefix.to_owned();
        code.extend((0..length).map(|_| char::from(self.pick(LETTERS))));
        code
    }

    /// Draws a phone number.
    pub(crate) fn phone(&mut self) -> String {
        format!("+1 555 {:03} {:04}", self.between(0, 999), self.between(0, 9_999))
    }
}

/// Writes an instant as RFC 3339 with whole seconds.
pub(crate) fn instant(unix: i64) -> String {
    Timestamp::from_second(unix).unwrap_or_default().to_string()
}

/// Writes an instant as RFC 3339 with milliseconds, which follow from the second.
pub(crate) fn instant_with_milliseconds(unix: i64) -> String {
    let thousandths = unix.rem_euclid(997);
    let text = instant(unix);
    format!("{}.{thousandths:03}Z", text.trim_end_matches('Z'))
}

/// Writes the day of an instant as `YYYY-MM-DD`.
pub(crate) fn date(unix: i64) -> String {
    instant(unix).chars().take("YYYY-MM-DD".len()).collect()
}

/// Moves an instant by calendar months, to the beginning of the day.
pub(crate) fn months_later(unix: i64, months: i64) -> i64 {
    Day::of(unix).plus_months(months).start()
}

/// Writes hundredths as a number with a fraction.
pub(crate) fn decimal(hundredths: i64) -> Value {
    let (whole, part) = (hundredths / 100, (hundredths % 100).abs());
    let sign = if hundredths < 0 && whole == 0 { "-" } else { "" };
    let number: f64 = format!("{sign}{whole}.{part:02}").parse().unwrap_or_default();
    Value::from(number)
}

/// Takes so many hundredths of a per cent of an amount, rounded half up.
pub(crate) fn share(amount: i64, basis_points: i64) -> i64 {
    (amount * basis_points + 5_000).div_euclid(10_000)
}
