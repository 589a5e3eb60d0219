//! Decides, without any IO, which walks a run makes: same ledger and clock, same plan.
//!
//! A stream's first walk covers the whole list without a filter, so that rows that lack
//! `created_at` are seen too. Later runs ask for the window since the last completed bound, less
//! the lookback (DESIGN 6). An interrupted walk is resumed first. A re-walk that is due covers the
//! whole list again. [`reading()`] chooses how objects are read again: singly or by walking.

mod reading;

pub use reading::{Reading, prefix_within, reading};

use crate::catalog::{CreatedFilter, Paging, StreamSpec};
use crate::model::{Coverage, OpenWalk, StreamState, WalkKind, Window};

/// What the planner needs of the settings, all in seconds.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Distance that windows keep from the server's now.
    pub settle_lag: i64,
    /// How far a new window reaches back behind the last completed bound.
    pub lookback: i64,
    /// Longest time between two complete walks of a list.
    pub rewalk_every: i64,
    /// Walk everything now.
    pub full: bool,
    /// Walk this instead of what is new.
    pub backfill: Option<Backfill>,
    /// The source tells what changed. Where it does not, lists that are not too long are walked whole
    /// by every run, since nothing else shows edits.
    pub has_feed: bool,
}

/// Rows up to which a list of a source without a feed is walked whole by every run: 200 pages, or
/// under a minute at the pace that such sources allow.
const SHORT_LIST_ROWS: u64 = 20_000;

/// A part of the past that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backfill {
    /// Times of creation; without `from` whole lists, without `to` up to the bound of the run.
    pub window: Window,
    /// Walk also what the ledger holds as complete.
    pub again: bool,
}

/// One walk to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// Whole list or a window of it.
    pub kind: WalkKind,
    /// The part of `created_at` that is complete once the walk has ended.
    pub window: Window,
    /// The cut-off walk that this one goes on from.
    pub resumes: Option<OpenWalk>,
    /// When it began, Unix seconds by the server.
    pub started: i64,
    /// Only looks again at what is known: the ledger learns nothing from it.
    pub is_second_look: bool,
    /// It is known by other means why the list may show nothing.
    pub may_be_empty: bool,
}

impl Walk {
    /// Plans a walk of the whole list that starts now and completes everything up to `to`.
    #[must_use]
    pub const fn whole(to: i64, now: i64) -> Self {
        Self {
            kind: WalkKind::Full,
            window: Window { from: None, to: Some(to) },
            resumes: None,
            started: now,
            is_second_look: false,
            may_be_empty: false,
        }
    }

    /// Plans a walk of a window that starts now.
    #[must_use]
    pub fn window(window: Window, now: i64) -> Self {
        Self { kind: WalkKind::Window, window, ..Self::whole(now, now) }
    }

    /// Plans to go on with a walk that was cut off.
    #[must_use]
    pub fn resumed(open: &OpenWalk) -> Self {
        Self {
            kind: open.kind,
            window: open.window,
            resumes: Some(open.clone()),
            started: open.started,
            is_second_look: false,
            may_be_empty: false,
        }
    }

    /// Plans another look at a part of the list that the ledger holds as complete.
    #[must_use]
    pub const fn second_look(window: Window, now: i64) -> Self {
        Self {
            kind: WalkKind::Window,
            window,
            resumes: None,
            started: now,
            is_second_look: true,
            may_be_empty: true,
        }
    }

    /// Gives what is asked of the server: whole lists are asked for without a filter.
    #[must_use]
    pub const fn asked(&self) -> Window {
        match self.kind {
            WalkKind::Full => Window::ALL,
            WalkKind::Window => self.window,
        }
    }

    /// Says in a few words what the walk does.
    #[must_use]
    pub fn describe(&self) -> String {
        let what = match self.kind {
            WalkKind::Full => "whole list".to_owned(),
            WalkKind::Window => format!("window {}", self.window),
        };
        if self.resumes.is_some() { format!("{what}, resumed") } else { what }
    }

    /// Gives the whole-list walk to make instead, when the server ignores the filter.
    #[must_use]
    pub const fn unfiltered(&self) -> Self {
        Self {
            kind: WalkKind::Full,
            window: Window { from: None, to: self.window.to },
            resumes: None,
            started: self.started,
            is_second_look: self.is_second_look,
            may_be_empty: self.may_be_empty,
        }
    }
}

/// Plans the walks of one stream; `now` is the server's clock in Unix seconds.
#[must_use]
pub fn walks(spec: &StreamSpec, state: &StreamState, options: Options, now: i64) -> Vec<Walk> {
    let to = now.saturating_sub(options.settle_lag);
    if let Some(backfill) = options.backfill {
        return backfill_walks(spec, state, backfill, (to, now));
    }
    let resumed = state.open.as_ref().map(Walk::resumed);
    // What a cut-off walk will complete counts, unless unknown time lies before it.
    let complete_to = match &resumed {
        Some(walk) => state.coverage.with(walk.window).complete_to().max(state.complete_to),
        None => state.complete_to,
    };
    let full_from = match &resumed {
        Some(walk) if walk.kind == WalkKind::Full => Some(walk.started),
        _ => state.last_full_walk,
    };
    // A walk that began before the need for it was noticed does not answer it.
    let is_ordered = state
        .rewalk_noticed
        .is_some_and(|noticed| full_from.is_none_or(|started| started < noticed));
    let is_short =
        state.last_full_rows.map_or(state.open.is_none(), |rows| rows <= SHORT_LIST_ROWS);
    let full_is_due = is_ordered
        || !options.has_feed && is_short
        || full_from.is_none_or(|last| now.saturating_sub(last) >= options.rewalk_every);
    let resumes_full = resumed.as_ref().is_some_and(|walk| walk.kind == WalkKind::Full);
    let fresh = match complete_to {
        Some(complete_to)
            if has_windows(spec) && !full_is_due && (!options.full || resumes_full) =>
        {
            let from = complete_to.saturating_sub(options.lookback);
            Walk::window(Window { from: Some(from), to: Some(to.max(complete_to)) }, now)
        }
        _ => Walk::whole(complete_to.map_or(to, |done| to.max(done)), now),
    };
    // A whole walk that starts now covers whatever the cut-off one had left.
    match resumed {
        Some(resumed) if fresh.kind == WalkKind::Window => vec![resumed, fresh],
        _ => vec![fresh],
    }
}

fn has_windows(spec: &StreamSpec) -> bool {
    spec.created_filter != CreatedFilter::Absent && spec.paging != Paging::Whole
}

/// Walks what is missing of a part of the past; a walk that was cut off inside it goes on.
fn backfill_walks(
    spec: &StreamSpec,
    state: &StreamState,
    backfill: Backfill,
    (bound, now): (i64, i64),
) -> Vec<Walk> {
    let to = backfill.window.to.map_or(bound, |to| to.min(bound));
    let wanted = Window { from: backfill.window.from, to: Some(to) };
    let open = state.open.as_ref();
    let coverage = if backfill.again { Coverage::default() } else { state.coverage.clone() };
    let missing = coverage.missing(wanted);
    if missing.is_empty() {
        return Vec::new();
    }
    if wanted.from.is_none() || !has_windows(spec) {
        let resumed = open.filter(|open| open.kind == WalkKind::Full).map(Walk::resumed);
        return vec![
            resumed.unwrap_or_else(|| Walk::whole(to.max(state.complete_to.unwrap_or(to)), now)),
        ];
    }
    let is_inside = |open: &&OpenWalk| {
        let inside = |part: &Window| open.window.from >= part.from && open.window.to <= part.to;
        open.kind == WalkKind::Window && missing.iter().any(inside)
    };
    let resumed = open.filter(is_inside).map(Walk::resumed);
    let covered = match &resumed {
        Some(walk) => coverage.with(walk.window),
        None => coverage,
    };
    let rest = covered.missing(wanted).into_iter().map(|window| Walk::window(window, now));
    resumed.into_iter().chain(rest).collect()
}

/// Says in a few words why a walk is made.
#[must_use]
pub fn reason(state: &StreamState, options: Options, walk: &Walk) -> &'static str {
    let is_first = state.complete_to.is_none();
    match (walk.kind, &walk.resumes) {
        (_, Some(_)) => "goes on where it was cut off",
        _ if options.backfill.is_some_and(|backfill| backfill.again) => "asked for again",
        _ if options.backfill.is_some() => "asked for and not complete",
        (WalkKind::Full, None) if options.full => "asked for",
        (WalkKind::Full, None) if is_first => "never walked to its end",
        (WalkKind::Full, None) if state.rewalk_noticed.is_some() => "the event feed has a gap",
        (WalkKind::Full, None) if !options.has_feed => "the source tells no edits",
        (WalkKind::Full, None) => "re-walk is due",
        (WalkKind::Window, None) => "new since the last run, and the lookback",
    }
}
