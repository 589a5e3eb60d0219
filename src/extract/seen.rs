//! What a walk remembers of the ids it met, in bounded memory.
//!
//! Kept are hashes of 128 bits: the ids of the first page (where an ignored cursor leads back to),
//! those of the last 50 pages, and every cursor used, one per page and so bounded by the hard stop.
//! A server that leads back further than 50 pages is caught by the cursor that it makes us repeat.

use std::collections::{HashSet, VecDeque};

use xxhash_rust::xxh3::xxh3_128;

/// Pages whose ids are remembered besides the first.
const RECENT_PAGES: usize = 50;

/// Ids and cursors of one pass over a list.
#[derive(Debug, Default)]
pub(super) struct Seen {
    ids: HashSet<u128>,
    pages: VecDeque<Vec<u128>>,
    has_first_page: bool,
    cursors: HashSet<u128>,
}

impl Seen {
    /// Tells whether an id was met before.
    pub(super) fn has(&self, id: &str) -> bool {
        self.ids.contains(&xxh3_128(id.as_bytes()))
    }

    /// Remembers the ids of a page; returns how many of them are new.
    pub(super) fn add_page<'a>(&mut self, ids: impl Iterator<Item = &'a str>) -> u64 {
        let mut fresh = Vec::new();
        for hash in ids.map(|id| xxh3_128(id.as_bytes())) {
            if self.ids.insert(hash) {
                fresh.push(hash);
            }
        }
        let count = u64::try_from(fresh.len()).unwrap_or(u64::MAX);
        if self.has_first_page {
            self.pages.push_back(fresh);
        }
        self.has_first_page = true;
        if self.pages.len() > RECENT_PAGES {
            for hash in self.pages.pop_front().into_iter().flatten() {
                self.ids.remove(&hash);
            }
        }
        count
    }

    /// Remembers a cursor; `false` if it was used before.
    pub(super) fn add_cursor(&mut self, cursor: &str) -> bool {
        self.cursors.insert(xxh3_128(cursor.as_bytes()))
    }
}
