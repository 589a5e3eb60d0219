//! A walk over a list of which each answer tells where the next page begins, as a pure state
//! machine: answer in, next step out (CONTRACT B2.2, C2).
//!
//! Such a list is walked by one request after the other. Where rows are counted off, insertions and
//! deletions shift it meanwhile, so that what was met is compared with the totals that the server
//! tells; if they differ, the list is walked once more. What both passes met is kept.

use std::collections::HashSet;

use xxhash_rust::xxh3::xxh3_64;

use super::decode::{PageInfo, Row};
use super::dialect::Ask;
use super::walk::{Outcome, ResumePoint, SMALLEST_LIMIT, Step, Stuck, WalkStatus};
use crate::catalog::Paging;

/// Answers after which a walk is given up (CONTRACT A2.3 rule 7).
const MAX_ANSWERS: u64 = 1_000_000;
/// Times a walk may start over because its cursor was refused.
const MAX_RESTARTS: u32 = 3;
/// Passes over a list that shifts (CONTRACT B2.2).
const MOST_PASSES: u32 = 2;

/// One walk. Knows no transport and no clock.
#[derive(Debug)]
pub(super) struct Sequence {
    ask: Ask,
    paging: Paging,
    /// Seconds by which rows may lie outside of the window.
    blur: i64,
    /// Hashes of the ids met, over all passes and in this one.
    met: HashSet<u64>,
    met_in_pass: HashSet<u64>,
    /// Hashes of the cursors used.
    cursors: HashSet<u64>,
    pass: u32,
    /// Rows received in this pass: where the next page begins.
    offset: u64,
    /// Rows of the list, as the first and the last answer of this pass tell.
    totals: Option<(u64, u64)>,
    /// Hash of the ids of the page before: a server that ignores the offset sends it again.
    last_page: u64,
    answers: u64,
    restarts: u32,
    progress: ResumePoint,
}

impl Sequence {
    /// Begins a walk, at the cursor of an earlier one where there is one.
    pub(super) fn new(ask: Ask, paging: Paging, blur: i64, resume: Option<ResumePoint>) -> Self {
        let resume = resume.filter(|_| paging == Paging::AfterToken);
        let mut ask = ask;
        ask.after = resume.as_ref().and_then(|point| point.cursors.first().cloned());
        Self {
            ask,
            paging,
            blur,
            met: HashSet::new(),
            met_in_pass: HashSet::new(),
            cursors: HashSet::new(),
            pass: 1,
            offset: 0,
            totals: None,
            last_page: 0,
            answers: 0,
            restarts: 0,
            progress: resume.unwrap_or_default(),
        }
    }

    /// Gives the question to put next.
    pub(super) fn ask(&self) -> &Ask {
        &self.ask
    }

    /// Gives what was sent so far.
    pub(super) fn progress(&self) -> &ResumePoint {
        &self.progress
    }

    /// Takes the outcome of [`Sequence::ask`], with what the answer says of its pages, and decides.
    pub(super) fn next(&mut self, outcome: &Outcome<'_>, info: &PageInfo) -> Result<Step, Stuck> {
        self.answers += 1;
        if self.answers > MAX_ANSWERS {
            return Err(Stuck::TooManyPages);
        }
        match outcome {
            Outcome::Page(rows) => Ok(self.on_page(rows, info)),
            Outcome::LimitRefused if self.ask.limit > SMALLEST_LIMIT => {
                self.ask.limit = (self.ask.limit / 2).max(SMALLEST_LIMIT);
                Ok(Step::ASK)
            }
            Outcome::LimitRefused => Err(Stuck::LimitRefused),
            Outcome::CursorRefused => {
                self.restarts += 1;
                if self.restarts > MAX_RESTARTS {
                    return Err(Stuck::NoWayOn);
                }
                self.start_over();
                Ok(Step::ASK)
            }
        }
    }

    fn start_over(&mut self) {
        self.ask.after = None;
        self.offset = 0;
        self.totals = None;
        self.last_page = 0;
        self.met_in_pass.clear();
        self.cursors.clear();
    }

    fn on_page(&mut self, rows: &[Row], info: &PageInfo) -> Step {
        let outside = |at: i64| {
            let window = self.ask.window;
            window.from.is_some_and(|from| at < from.saturating_sub(self.blur))
                || window.to.is_some_and(|to| at > to.saturating_add(self.blur))
        };
        if rows.iter().filter_map(|row| row.created_at).any(outside) {
            return Step { send: None, end: Some(WalkStatus::FilterIgnored) };
        }
        self.meet(rows);
        let end = match self.paging {
            Paging::Offset => self.after_offset(rows, info),
            Paging::AfterToken => self.after_token(rows, info),
            Paging::Whole | Paging::AfterLastId | Paging::AfterLastIdPerhaps => {
                Some(WalkStatus::Complete)
            }
        };
        let send = (!rows.is_empty()).then(|| self.progress.clone());
        Step { send, end }
    }

    fn meet(&mut self, rows: &[Row]) {
        for id in rows.iter().filter_map(|row| row.id.as_deref()) {
            let id = xxh3_64(id.as_bytes());
            self.met_in_pass.insert(id);
            self.progress.rows += u64::from(self.met.insert(id));
        }
        if !rows.is_empty() {
            self.progress.pages += 1;
            self.progress.elements += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        }
    }

    /// Goes on after the cursor that the answer names.
    fn after_token(&mut self, rows: &[Row], info: &PageInfo) -> Option<WalkStatus> {
        match info.has_more {
            Some(false) => return Some(WalkStatus::Complete),
            None if info.cursor.is_none() => {
                let asked = usize::try_from(self.ask.limit).unwrap_or(usize::MAX);
                let is_short = rows.len() < asked && self.ask.after.is_none();
                let status = if is_short { WalkStatus::Complete } else { WalkStatus::NoPageInfo };
                return Some(status);
            }
            Some(true) | None => {}
        }
        let cursor = info.cursor.as_deref().filter(|cursor| !cursor.is_empty());
        let Some(cursor) = cursor.filter(|_| !rows.is_empty()) else {
            // Without a word on more pages, no cursor is the end.
            let is_end = info.has_more.is_none();
            return Some(if is_end { WalkStatus::Complete } else { WalkStatus::CursorStuck });
        };
        if !self.cursors.insert(xxh3_64(cursor.as_bytes())) {
            return Some(WalkStatus::CursorStuck);
        }
        self.ask.after = Some(cursor.to_owned());
        self.progress.cursors = vec![cursor.to_owned()];
        None
    }

    /// Goes on after the rows received, whatever was asked for.
    fn after_offset(&mut self, rows: &[Row], info: &PageInfo) -> Option<WalkStatus> {
        let ids: Vec<&str> = rows.iter().filter_map(|row| row.id.as_deref()).collect();
        let page = xxh3_64(ids.join("\n").as_bytes());
        if !rows.is_empty() && page == self.last_page {
            return Some(WalkStatus::CursorIgnored);
        }
        self.last_page = page;
        if let Some(total) = info.total {
            self.totals = Some((self.totals.map_or(total, |(first, _)| first), total));
        }
        self.offset += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        self.ask.after = Some(self.offset.to_string());
        let is_counted = self.totals.is_none_or(|(_, total)| self.offset >= total);
        let says_end = info.has_more.map_or(self.totals.is_some(), |has_more| !has_more);
        if rows.is_empty() || says_end && is_counted {
            return self.end_pass();
        }
        None
    }

    /// Compares what a pass met with what the server says there is. A total that changed meanwhile
    /// proves that the list shifted, even if the numbers agree: a row already met may have gone, and
    /// another one slipped into its place unseen.
    fn end_pass(&mut self) -> Option<WalkStatus> {
        let Some((first, last)) = self.totals else { return Some(WalkStatus::Complete) };
        let met = u64::try_from(self.met_in_pass.len()).unwrap_or(u64::MAX);
        if met == last && first == last {
            return Some(WalkStatus::Complete);
        }
        if self.pass == MOST_PASSES {
            return Some(WalkStatus::Unstable);
        }
        self.pass += 1;
        self.start_over();
        None
    }
}
