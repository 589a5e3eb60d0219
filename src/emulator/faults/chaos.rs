//! Random faults by seed, of the kinds that a good client survives.

use super::chance::{Asking, draw, happens};
use super::what::{AnswerBody, Status, What};

/// Bounds how often in a row the same URL is struck, so that bounded retries get through.
const LONGEST_STREAK: u8 = 2;

/// Lets reads fail at random in ways that pass: rate limits, server errors, cut, damaged, late or
/// misnamed answers, short and overlapping pages.
///
/// The same seed gives the same answers to the same sequence of requests of one URL, however
/// requests of different URLs interleave. No URL is struck more than twice in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chaos {
    /// Chooses what strikes when.
    pub seed: u64,
    /// Chooses how many of a hundred reads are struck.
    pub percent: u8,
}

impl Chaos {
    /// Decides whether the URL is struck this time, and by what.
    pub(crate) fn strike(self, url: u64, asking: Asking, is_list: bool) -> Option<What> {
        let drawn = draw(self.seed, url, asking.number);
        let is_struck = asking.streak < LONGEST_STREAK && happens(drawn, self.percent);
        // The lower bits decided whether; what and how much come from a second draw.
        is_struck.then(|| kind(draw(!self.seed, url, asking.number), is_list))
    }
}

fn kind(drawn: u64, is_list: bool) -> What {
    let (kind, measure) = (drawn % 16, drawn / 16);
    let wait = u32::try_from(measure % 2).ok();
    let size = usize::try_from(measure % 4_000).unwrap_or_default();
    let rows = usize::try_from(1 + measure % 5).unwrap_or(1);
    match kind {
        0 => Status::of(429).into(),
        1 => Status { retry_after: wait, ..Status::of(429) }.into(),
        2 => Status { retry_after: wait, as_date: true, ..Status::of(429) }.into(),
        3 => Status::of(500).into(),
        4 => Status { retry_after: wait, ..Status::of(503) }.into(),
        5 => Status { retry_after: wait.filter(|&wait| wait > 0), ..Status::of(403) }.into(),
        6 => Status { body: AnswerBody::Html, ..Status::of(200) }.into(),
        7 => Status { body: AnswerBody::Html, ..Status::of(502) }.into(),
        8 => What::Reset {},
        9 => What::ResetInside { after_bytes: size },
        10 => What::Truncate { bytes: size },
        11 => What::Garble {},
        12 => What::Slow { milliseconds: 1 + measure % 20 },
        13 if is_list => What::ShortPage { rows },
        14 if is_list => What::Overlap { rows },
        _ => What::WrongType {},
    }
}
