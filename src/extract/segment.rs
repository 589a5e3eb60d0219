//! One segment of a walk: a walk of its own that ends where the next older segment begins.
//!
//! A segment begins after the object at which the newer one ends, and both ends are objects, never
//! times: whatever the list shows between them belongs to exactly one segment, rows that share a
//! second and rows without `created_at` included. Should that object be deleted before the newer
//! segment meets it, that segment runs on to the next known beginning: rows come twice then, none
//! is missed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::checkpoint::SegmentPoint;
use super::decode::Row;
use super::dialect::Ask;
use super::split::View;
use super::walk::{Outcome, ResumePoint, Step, Stuck, Walk, WalkStatus};

/// Pages after which a segment whose rows show no time may have forgotten what it has passed.
const REMEMBERED_PAGES: u64 = 40;

/// A segment under way; shared by the task that walks it and the one that cuts it.
#[derive(Debug)]
pub(super) struct Segment {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    walk: Walk,
    stops: Arc<[String]>,
    began: i64,
    since: i64,
    until: Option<i64>,
    inherited: Option<(u64, i64)>,
    /// Rows and pages sent before this run.
    before: (u64, u64),
    /// It began in this run, so that `since` and what it remembers are all there is to know.
    is_new: bool,
    is_cutting: bool,
    has_ended: bool,
}

/// How a page was taken.
#[derive(Debug)]
pub(super) struct Taken {
    /// What the walk wants.
    pub(super) step: Step,
    /// Elements of the page that belong to the segment.
    pub(super) keep: usize,
    /// Position of the first of them within the segment.
    pub(super) first_position: u64,
    /// Most rows served at once, and the page size that was not refused.
    pub(super) learned: (usize, u32),
}

/// What came of a cut.
#[derive(Debug)]
pub(super) enum Cut {
    /// A segment that ends where the one cut would have ended.
    Older(Box<Segment>),
    /// That object is no place to cut.
    InVain,
}

impl Segment {
    /// `is_new`: it begins in this run.
    pub(super) fn new(
        walk: Walk,
        stops: Arc<[String]>,
        (since, until): (i64, Option<i64>),
        is_new: bool,
    ) -> Self {
        let before = (walk.progress().rows, walk.progress().pages);
        let state = State {
            walk,
            stops,
            began: since,
            since,
            until,
            inherited: None,
            before,
            is_new,
            is_cutting: false,
            has_ended: false,
        };
        Self { state: Mutex::new(state) }
    }

    /// Gives the question to put next, and the number of the page that it asks for.
    pub(super) fn ask(&self) -> (Ask, u64) {
        let state = self.lock();
        (state.walk.ask().clone(), state.walk.progress().pages + 1)
    }

    /// Takes an answer: cuts a page at the object where the next segment begins, and lets the walk
    /// decide.
    pub(super) fn take(&self, outcome: &Outcome<'_>) -> Result<Taken, Stuck> {
        let mut state = self.lock();
        if let Outcome::Page([row, ..]) = outcome
            && let (0, Some(created_at)) = (state.sent().1, row.created_at)
        {
            // The newest object may be much older than the clock.
            state.since = state.since.min(created_at);
            state.began = state.since;
        }
        let first_position = state.walk.progress().elements;
        let end = match outcome {
            Outcome::Page(rows) => state.meets(rows),
            Outcome::LimitRefused | Outcome::CursorRefused => None,
        };
        let mut step = match (outcome, end) {
            (Outcome::Page(rows), Some(keep)) => {
                state.walk.next(&Outcome::Page(rows.get(..keep).unwrap_or(rows)))?
            }
            _ => state.walk.next(outcome)?,
        };
        if end.is_some() && step.end != Some(WalkStatus::FilterIgnored) {
            step.end = Some(WalkStatus::Complete);
        }
        state.has_ended = step.end.is_some();
        let learned = (state.walk.largest(), state.walk.ask().limit);
        Ok(Taken { step, keep: end.unwrap_or(usize::MAX), first_position, learned })
    }

    /// Gives the place of a segment that has sent nothing in this run.
    pub(super) fn point(&self) -> SegmentPoint {
        let state = self.lock();
        let point = Arc::new(state.walk.progress().clone());
        SegmentPoint {
            point,
            stops: Arc::clone(&state.stops),
            since: Some(state.since),
            until: state.until,
        }
    }

    pub(super) fn stops(&self) -> Arc<[String]> {
        Arc::clone(&self.lock().stops)
    }

    /// Tells what is known of it to whoever wants to cut it.
    pub(super) fn view(&self) -> View {
        let state = self.lock();
        let low = state.walk.low_water();
        let (rows, pages) = state.sent();
        let own = low.map(|low| (rows, state.since.saturating_sub(low)));
        // Without times it must remember every id, to tell that a cut is not behind it.
        let knows_passed = low.is_some() || state.is_new && pages <= REMEMBERED_PAGES;
        View {
            began: state.began,
            since: state.since,
            low,
            until: state.until,
            density: own.filter(|_| pages > 1).or(state.inherited),
            is_open: !state.has_ended
                && !state.is_cutting
                && !state.walk.is_near_its_end()
                && knows_passed,
        }
    }

    /// Keeps others from cutting it until [`Segment::cut`] or [`Segment::spare`].
    pub(super) fn begin_cut(&self) {
        self.lock().is_cutting = true;
    }

    /// Gives up a cut. `until`: nothing it has to look for is older than this.
    pub(super) fn spare(&self, until: Option<i64>) {
        let mut state = self.lock();
        state.is_cutting = false;
        state.until = state.until.max(until);
    }

    /// Ends it at an object, made at `at` or before, and gives the segment that begins after it.
    /// Given are its id and that of the object before it in the list.
    pub(super) fn cut(&self, [id, before]: [String; 2], at: i64, shows_time: bool) -> Cut {
        let mut state = self.lock();
        state.is_cutting = false;
        if state.knows(&id) || state.knows(&before) {
            // Nothing lies between that time and where the next segment begins.
            state.until = state.until.max(Some(at));
            return Cut::InVain;
        }
        let is_ahead = match state.walk.low_water() {
            Some(low) => at < low,
            None => !shows_time || state.sent().1 == 0,
        };
        if state.has_ended || !is_ahead || state.walk.remembers(&id) {
            // It is beyond that object; where rows show no time, this tells how far it is at least.
            state.since = if shows_time { state.since } else { state.since.min(at) };
            return Cut::InVain;
        }
        let point = ResumePoint {
            cursors: vec![id.clone(), before],
            low_water: shows_time.then_some(at),
            ..ResumePoint::default()
        };
        let Ask { window, limit, .. } = *state.walk.ask();
        let walk = Walk::new(window, limit, state.walk.largest(), Some(point));
        let older = Self::new(walk, Arc::clone(&state.stops), (at, state.until), true);
        let (rows, pages) = state.sent();
        let own = state.walk.low_water().map(|low| (rows, state.since.saturating_sub(low)));
        older.lock().inherited = own.filter(|_| pages > 1).or(state.inherited);
        state.stops = std::iter::once(id).chain(state.stops.iter().cloned()).collect();
        state.until = Some(at);
        Cut::Older(Box::new(older))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts the elements up to the first object at which an older segment begins.
    fn meets(&self, rows: &[Row]) -> Option<usize> {
        if self.stops.is_empty() {
            return None;
        }
        let place = rows.iter().position(|row| row.id.as_deref().is_some_and(|id| self.knows(id)));
        place.map(|place| place + 1)
    }

    /// An older segment begins at this object.
    fn knows(&self, id: &str) -> bool {
        self.stops.iter().any(|stop| stop == id)
    }

    /// Rows and pages sent in this run.
    fn sent(&self) -> (u64, u64) {
        let progress = self.walk.progress();
        let (rows, pages) = self.before;
        (progress.rows.saturating_sub(rows), progress.pages.saturating_sub(pages))
    }
}
