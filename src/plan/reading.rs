//! Chooses between reading objects by id and walking the part of the list that holds them, by the
//! requests that each takes (DESIGN 6). Pure.

use crate::model::{Candidate, Window};

/// Requests of a walk besides those that its rows fill: the last page is rarely full, and its end
/// has to be proven.
const WALK_OVERHEAD: u64 = 2;
const SECONDS_PER_HOUR: i64 = 3_600;

/// How some objects are read again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The whole list is walked, and the windows are empty.
    pub whole: bool,
    /// Parts of the list to walk, newest first.
    pub windows: Vec<Window>,
    /// Objects to read by id, in the order given.
    pub singles: Vec<String>,
    /// Candidates that are read so, the first ones.
    pub candidates: usize,
    /// Requests that all of it takes, about.
    pub requests: u64,
}

/// Chooses the cheapest way to read these objects again.
///
/// `rows_by_hour` tells how many rows of the list were created in which hour (hours since the Unix
/// epoch, oldest first), `rows` how many there are at all. Objects that lie close together in the
/// list are walked over; a lone one is read by id, and so is one that no list copy answers for.
/// Without `windows` (the list has no filter that can be trusted) only the whole list is walked.
#[must_use]
pub fn reading(
    candidates: &[Candidate],
    rows_by_hour: &[(i64, u64)],
    rows: u64,
    page_size: u32,
    windows: bool,
) -> Reading {
    let page = u64::from(page_size.max(1));
    let mut chosen = Reading { candidates: candidates.len(), ..Reading::default() };
    let walkable = candidates.iter().filter(|candidate| candidate.walkable).count();
    let all = u64::try_from(candidates.len()).unwrap_or(u64::MAX);
    let singly = u64::try_from(candidates.len() - walkable).unwrap_or(u64::MAX);
    let dated = if windows { ranked(candidates, rows_by_hour) } else { Vec::new() };
    let spans = spans(&dated, page);
    let walked = |candidate: &Candidate| {
        candidate.walkable && candidate.created_at.is_some_and(|at| is_within(&spans, at))
    };
    chosen.singles = candidates
        .iter()
        .filter(|candidate| !walked(candidate))
        .map(|candidate| candidate.id.clone())
        .collect();
    chosen.requests = u64::try_from(chosen.singles.len()).unwrap_or(u64::MAX)
        + spans.iter().map(|span| span.requests(page)).sum::<u64>();
    let whole = rows.div_ceil(page) + WALK_OVERHEAD + singly;
    if whole < chosen.requests && whole < all {
        let left = candidates.iter().filter(|candidate| !candidate.walkable);
        let singles = left.map(|candidate| candidate.id.clone()).collect();
        return Reading { whole: true, singles, requests: whole, ..chosen };
    }
    chosen.windows = spans.iter().rev().map(Span::window).collect();
    chosen
}

/// Gives the longest beginning of the candidates whose reading stays within a number of requests.
#[must_use]
pub fn prefix_within(
    candidates: &[Candidate],
    rows_by_hour: &[(i64, u64)],
    rows: u64,
    page_size: u32,
    windows: bool,
    budget: u64,
) -> Reading {
    let plan = |length: usize| {
        let some = candidates.get(..length).unwrap_or(candidates);
        reading(some, rows_by_hour, rows, page_size, windows)
    };
    let everything = plan(candidates.len());
    if everything.requests <= budget {
        return everything;
    }
    let (mut fits, mut exceeds) = (0, candidates.len());
    while exceeds - fits > 1 {
        let middle = fits.midpoint(exceeds);
        if plan(middle).requests <= budget {
            fits = middle;
        } else {
            exceeds = middle;
        }
    }
    plan(fits)
}

/// A candidate's second of creation and its distance from the end of the list, in rows.
type Ranked = (i64, u64);

/// Gives the walkable candidates with a time, oldest first, each with the rows older than it.
fn ranked(candidates: &[Candidate], rows_by_hour: &[(i64, u64)]) -> Vec<Ranked> {
    let mut times: Vec<i64> = candidates
        .iter()
        .filter(|candidate| candidate.walkable)
        .filter_map(|candidate| candidate.created_at)
        .collect();
    times.sort_unstable();
    let mut hours = rows_by_hour.iter().peekable();
    let mut older: u64 = 0;
    times
        .into_iter()
        .map(|at| {
            let hour = at.div_euclid(SECONDS_PER_HOUR);
            while let Some((_, rows)) = hours.next_if(|(known, _)| *known < hour) {
                older += rows;
            }
            let within =
                hours.peek().filter(|(known, _)| *known == hour).map_or(0, |(_, rows)| *rows);
            // Evenly over the hour: good enough to count pages.
            let seconds = u64::try_from(at.rem_euclid(SECONDS_PER_HOUR)).unwrap_or(0);
            (at, older + within * seconds / 3_600)
        })
        .collect()
}

/// A stretch of the list, by its oldest and newest candidate.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: Ranked,
    last: Ranked,
}

impl Span {
    fn window(&self) -> Window {
        Window { from: Some(self.first.0.saturating_sub(1)), to: Some(self.last.0) }
    }

    fn requests(&self, page: u64) -> u64 {
        (self.last.1.saturating_sub(self.first.1) + 1).div_ceil(page) + WALK_OVERHEAD
    }
}

/// Tells whether a second lies in one of the stretches, which are given oldest first.
fn is_within(spans: &[Span], at: i64) -> bool {
    let next = spans.partition_point(|span| span.last.0 < at);
    spans.get(next).is_some_and(|span| span.first.0 <= at)
}

/// Finds the stretches to walk, oldest first: the cheapest choice for every candidate between being read by id
/// (one request), beginning a walk and being reached by the walk that is under way. Costs are
/// counted in rows, a request being a page of them.
fn spans(ranked: &[Ranked], page: u64) -> Vec<Span> {
    #[derive(Clone, Copy)]
    struct Step {
        singly: u64,
        walked: u64,
        /// The walk that reaches this candidate began with it.
        begins: bool,
    }
    let mut steps: Vec<Step> = Vec::with_capacity(ranked.len());
    for (index, (_, rank)) in ranked.iter().enumerate() {
        let before =
            index.checked_sub(1).and_then(|index| Some((steps.get(index)?, ranked.get(index)?)));
        let (cheapest, onward) = match before {
            None => (0, u64::MAX),
            Some((step, (_, older))) => {
                let gap = rank.saturating_sub(*older);
                (step.singly.min(step.walked), step.walked.saturating_add(gap))
            }
        };
        let anew = cheapest + WALK_OVERHEAD * page + page / 2;
        steps.push(Step {
            singly: cheapest + page,
            walked: onward.min(anew),
            begins: anew < onward,
        });
    }
    let mut found = Vec::new();
    let mut last: Option<Ranked> = None;
    for (step, place) in steps.iter().zip(ranked).rev() {
        let walks = last.is_some() || step.walked < step.singly;
        if !walks {
            continue;
        }
        let newest = *last.get_or_insert(*place);
        if step.begins {
            found.push(Span { first: *place, last: newest });
            last = None;
        }
    }
    found.reverse();
    found
}
