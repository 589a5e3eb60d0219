//! The walk over one window as a pure state machine: outcome in, next step out (CONTRACT A2.3).
//!
//! ```text
//!            page with a new id: send it, go on after its last usable id
//!          ┌───────────┐
//!          ▼           │        empty, page before was short ──► Complete
//!   ask ──► Onward ────┤        empty, page before was full ──┐
//!          ▲           │        cursor refused (400, 404) ────┤
//!          │           │        nothing new ──► CursorIgnored │
//!          │           └──────────────────────────────────────┤
//!          │                                                  ▼
//!          └── page with a new id ◄─── Back: ask after the id before, down to the cursor that
//!                                      gave the page; nothing new and the last id is one that
//!                                      was answered by an empty page ──► Complete
//! ```
//!
//! A page is *short* if it holds fewer rows than were asked for and than the list has served at
//! once in this run. When no way back is left (every known cursor is gone) the walk starts over,
//! from the time of the last row where rows are filtered and ordered by time, else from the head.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::decode::Row;
use super::dialect::Ask;
use super::ids::is_usable_id;
use super::seen::Seen;
use crate::model::Window;

/// Answers after which a walk is given up (CONTRACT A2.3 rule 7).
const MAX_PAGES: u64 = 1_000_000;
/// Times a walk may start over because every known cursor was gone.
const MAX_RESTARTS: u32 = 3;
/// Page size below which a refused limit is not halved further (CONTRACT A2.3 rule 1).
pub(super) const SMALLEST_LIMIT: u32 = 25;

/// How a walk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WalkStatus {
    /// The end of the list is proven.
    Complete,
    /// The server led back to rows already seen; what was sent is all there is to get.
    CursorIgnored,
    /// A row lies outside the window: the filter does nothing, walk without it.
    FilterIgnored,
    /// The server says that there is more, but names no new cursor (CONTRACT C2, `cursor_stuck`).
    CursorStuck,
    /// The server does not say whether there is more (CONTRACT C2, `no_page_info`).
    NoPageInfo,
    /// What was met is not what the server counts, twice (CONTRACT B2.2, `list_unstable`): rows came
    /// and went meanwhile. All of them are true, but what is missing may be there.
    Unstable,
}

/// From where an interrupted walk goes on. Holds at most one page of ids and one more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumePoint {
    /// Ids to go on after, best first: the usable ids of the last page from its end to its start,
    /// then the cursor that gave this page. Each serves if those before it no longer exist.
    pub cursors: Vec<String>,
    /// Smallest `created_at` so far, Unix seconds; `None` as soon as a row lacks it or breaks the
    /// order. Used when no cursor is left.
    pub low_water: Option<i64>,
    /// Distinct rows sent so far.
    pub rows: u64,
    /// Pages sent so far.
    pub pages: u64,
    /// Elements sent so far; the position of the next one.
    #[serde(default)]
    pub elements: u64,
}

/// What came of a question.
#[derive(Debug)]
pub(super) enum Outcome<'a> {
    /// A list, perhaps empty.
    Page(&'a [Row]),
    /// 400 about the page size.
    LimitRefused,
    /// 400 or 404 about the cursor.
    CursorRefused,
}

/// What to do next.
#[derive(Debug)]
pub(super) struct Step {
    /// The page just given is to be sent, and the walk then stands here.
    pub(super) send: Option<ResumePoint>,
    /// `None`: put the next question ([`Walk::ask`]).
    pub(super) end: Option<WalkStatus>,
}

impl Step {
    pub(super) const ASK: Self = Self { send: None, end: None };

    fn end(status: WalkStatus) -> Self {
        Self { send: None, end: Some(status) }
    }
}

/// Why a walk cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Stuck {
    /// No element of a page can serve as a cursor.
    #[error("no element has an id to go on from")]
    NoUsableId,
    /// The hard stop.
    #[error("the list does not end within {MAX_PAGES} pages")]
    TooManyPages,
    /// The smallest page is refused too.
    #[error("the page size is refused, however small")]
    LimitRefused,
    /// Every known cursor is gone, again and again.
    #[error("no known object of the list can be continued from")]
    NoWayOn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LowWater {
    Unset,
    At(i64),
    /// A row lacked its time or broke the order.
    Useless,
}

/// One walk. Knows no transport and no clock.
#[derive(Debug)]
pub(super) struct Walk {
    ask: Ask,
    /// Most rows that this list has served at once in this run.
    largest: usize,
    /// Going back for another cursor, not onward.
    back: bool,
    /// Where to step back to, best first; `None` is the head of the list.
    candidates: VecDeque<Option<String>>,
    /// Cursors answered by an empty page since the last page with a new id.
    emptied: Vec<String>,
    last_page_short: bool,
    seen: Seen,
    low_water: LowWater,
    restarts: u32,
    answers: u64,
    progress: ResumePoint,
}

impl Walk {
    /// Starts at the head of the window, or where an earlier walk stopped.
    pub(super) fn new(
        window: Window,
        limit: u32,
        largest: usize,
        resume: Option<ResumePoint>,
    ) -> Self {
        let progress = resume.unwrap_or_default();
        let mut cursors = progress.cursors.iter().filter(|id| is_usable_id(id)).cloned();
        let after = cursors.next();
        let candidates: VecDeque<_> = cursors.map(Some).collect();
        let mut seen = Seen::default();
        if after.is_some() {
            seen.add_page(progress.cursors.iter().map(String::as_str));
        }
        let low_water = match (&after, progress.low_water) {
            (_, Some(at)) => LowWater::At(at),
            (None, None) => LowWater::Unset,
            (Some(_), None) => LowWater::Useless,
        };
        Self {
            ask: Ask { window, limit, after },
            largest,
            back: false,
            candidates,
            emptied: Vec::new(),
            last_page_short: false,
            seen,
            low_water,
            restarts: 0,
            answers: 0,
            progress,
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

    /// Gives the smallest `created_at` so far, Unix seconds, where rows show it and keep the order.
    pub(super) fn low_water(&self) -> Option<i64> {
        match self.low_water {
            LowWater::At(at) => Some(at),
            LowWater::Unset | LowWater::Useless => None,
        }
    }

    /// Tells whether the last page was short: its end is near.
    pub(super) fn is_near_its_end(&self) -> bool {
        self.last_page_short
    }

    /// Tells whether an id is among those it remembers to have met.
    pub(super) fn remembers(&self, id: &str) -> bool {
        self.seen.has(id)
    }

    /// Gives the most rows served at once, for the next walk over this list.
    pub(super) fn largest(&self) -> usize {
        self.largest
    }

    /// Takes the outcome of [`Walk::ask`] and decides.
    pub(super) fn next(&mut self, outcome: &Outcome<'_>) -> Result<Step, Stuck> {
        self.answers += 1;
        if self.answers.max(self.progress.pages) > MAX_PAGES {
            return Err(Stuck::TooManyPages);
        }
        match outcome {
            Outcome::Page([]) => self.on_empty(),
            Outcome::Page(rows) => self.on_rows(rows),
            Outcome::LimitRefused if self.ask.limit > SMALLEST_LIMIT => {
                self.ask.limit = (self.ask.limit / 2).max(SMALLEST_LIMIT);
                Ok(Step::ASK)
            }
            Outcome::LimitRefused => Err(Stuck::LimitRefused),
            Outcome::CursorRefused => self.step_back(),
        }
    }

    fn on_empty(&mut self) -> Result<Step, Stuck> {
        match self.ask.after.clone() {
            None => Ok(Step::end(WalkStatus::Complete)),
            Some(_) if self.last_page_short => Ok(Step::end(WalkStatus::Complete)),
            Some(cursor) => {
                self.emptied.push(cursor);
                self.step_back()
            }
        }
    }

    fn on_rows(&mut self, rows: &[Row]) -> Result<Step, Stuck> {
        let outside = |at: i64| !self.ask.window.contains(at);
        if rows.iter().filter_map(|row| row.created_at).any(outside) {
            return Ok(Step::end(WalkStatus::FilterIgnored));
        }
        self.largest = self.largest.max(rows.len());
        let ids = || rows.iter().filter_map(|row| row.id.as_deref());
        let cursors: Vec<&str> = ids().rev().filter(|id| is_usable_id(id)).collect();
        let Some(last) = cursors.first() else { return self.on_rows_without_ids(rows.len()) };
        // What was found empty after a row that is alive is the end; a deleted row proves nothing.
        let proven = self.emptied.iter().any(|emptied| emptied == last);
        let begins = self.ask.after.is_none() && !self.back;
        if !begins && ids().all(|id| self.seen.has(id)) {
            let ended = self.back && proven;
            let status = if ended { WalkStatus::Complete } else { WalkStatus::CursorIgnored };
            return Ok(Step::end(status));
        }
        if self.back && self.ask.after.is_none() {
            // The head has new rows: what follows was seen before, and that proves nothing now.
            self.forget();
        }
        self.note_times(rows);
        self.progress.rows += self.seen.add_page(ids());
        Ok(self.accept(rows.len(), &cursors, proven))
    }

    /// Takes a page of which no element can be a cursor: good as the end of a list, if it is short,
    /// since its elements belong into quarantine; otherwise nobody can tell what comes after it.
    fn on_rows_without_ids(&mut self, length: usize) -> Result<Step, Stuck> {
        if !self.is_short(length) {
            return Err(Stuck::NoUsableId);
        }
        self.count_page(length);
        Ok(Step { send: Some(self.progress.clone()), end: Some(WalkStatus::Complete) })
    }

    fn is_short(&self, length: usize) -> bool {
        let asked = usize::try_from(self.ask.limit).unwrap_or(usize::MAX);
        length < self.largest && length < asked
    }

    fn count_page(&mut self, length: usize) {
        self.progress.pages += 1;
        self.progress.elements += u64::try_from(length).unwrap_or(u64::MAX);
    }

    /// Makes a page with new rows the one to go on from.
    fn accept(&mut self, length: usize, cursors: &[&str], proven: bool) -> Step {
        let came_from = self.ask.after.take();
        let mut known: Vec<String> = cursors.iter().map(|id| (*id).to_owned()).collect();
        self.candidates = known.iter().skip(1).cloned().map(Some).collect();
        self.candidates.push_back(came_from.clone());
        self.ask.after = known.first().cloned();
        known.extend(came_from);
        self.progress.cursors = known;
        self.progress.low_water = self.low_water();
        self.count_page(length);
        self.last_page_short = self.is_short(length);
        self.back = false;
        self.emptied.clear();
        let unused = self.ask.after.as_deref().is_some_and(|after| self.seen.add_cursor(after));
        let end = match (proven, unused) {
            (true, _) => Some(WalkStatus::Complete),
            (false, true) => None,
            (false, false) => Some(WalkStatus::CursorIgnored),
        };
        Step { send: Some(self.progress.clone()), end }
    }

    fn step_back(&mut self) -> Result<Step, Stuck> {
        match self.candidates.pop_front() {
            Some(candidate) => {
                self.ask.after = candidate;
                self.back = true;
                Ok(Step::ASK)
            }
            None => self.start_over(),
        }
    }

    fn start_over(&mut self) -> Result<Step, Stuck> {
        self.restarts += 1;
        if self.restarts > MAX_RESTARTS {
            return Err(Stuck::NoWayOn);
        }
        match self.low_water {
            LowWater::At(at) if self.ask.window.is_filtered() => self.ask.window.to = Some(at),
            _ => self.forget(),
        }
        self.seen = Seen::default();
        self.ask.after = None;
        self.back = false;
        self.emptied.clear();
        self.last_page_short = false;
        Ok(Step::ASK)
    }

    /// Counts anew: the list is walked again from its head.
    fn forget(&mut self) {
        self.seen = Seen::default();
        self.progress.rows = 0;
        self.low_water = LowWater::Unset;
    }

    /// Follows the times of the new rows for as long as they only fall.
    fn note_times(&mut self, rows: &[Row]) {
        for row in rows {
            if row.id.as_deref().is_some_and(|id| self.seen.has(id)) {
                continue;
            }
            self.low_water = match (self.low_water, row.created_at) {
                (LowWater::Unset, Some(at)) => LowWater::At(at),
                (LowWater::At(low), Some(at)) if at <= low => LowWater::At(at),
                _ => LowWater::Useless,
            };
        }
    }
}
