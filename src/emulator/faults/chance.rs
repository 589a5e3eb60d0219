//! Chance that depends on nothing but the request itself, so that it is the same in every run.

use std::collections::HashMap;

/// Mixes a seed, a URL and how often that URL was asked into evenly spread bits.
pub(crate) fn draw(seed: u64, url: u64, number: u32) -> u64 {
    let step = u64::from(number).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    scatter(scatter(seed ^ url.rotate_left(23)).wrapping_add(step))
}

/// Says whether something that happens in so many per cent of all cases happens.
pub(crate) fn happens(draw: u64, percent: u8) -> bool {
    draw % 100 < u64::from(percent)
}

/// Names a URL by a number.
pub(crate) fn url_key(method: &str, path: &str, query: &str) -> u64 {
    let bytes = [method, path, query].into_iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

fn scatter(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// Remembers of one URL what chance needs to know.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asking {
    /// Tells how often it was asked before.
    pub(crate) number: u32,
    /// Tells how often in a row chaos struck it.
    pub(crate) streak: u8,
}

/// Remembers how often each URL was asked.
#[derive(Debug, Default)]
pub(crate) struct Askings(HashMap<u64, Asking>);

impl Askings {
    /// Gives what is known of a URL and counts that it is asked.
    pub(crate) fn ask(&mut self, url: u64) -> Asking {
        let known = self.0.entry(url).or_default();
        let before = *known;
        known.number = known.number.wrapping_add(1);
        before
    }

    /// Notes whether chaos struck the URL this time.
    pub(crate) fn note(&mut self, url: u64, is_struck: bool) {
        if let Some(known) = self.0.get_mut(&url) {
            known.streak = if is_struck { known.streak.saturating_add(1) } else { 0 };
        }
    }
}
