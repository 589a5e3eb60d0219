//! The planner: same ledger and clock, same plan.

use paid_sync::catalog::{StreamSpec, source_kind};
use paid_sync::model::{OpenWalk, StreamState, WalkKind, Window};
use paid_sync::plan::{self, Options, Walk, walk_is_cheaper};

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;
const OPTIONS: Options =
    Options { settle_lag: 60, lookback: 3 * DAY, rewalk_every: 7 * DAY, full: false };

fn transactions() -> &'static StreamSpec {
    source_kind("paid").unwrap().stream("transactions").unwrap()
}

fn loaded(complete_to: i64, last_full_walk: i64) -> StreamState {
    StreamState { complete_to: Some(complete_to), last_full_walk: Some(last_full_walk), open: None }
}

fn open(kind: WalkKind, window: Window, started: i64) -> OpenWalk {
    OpenWalk { number: 7, kind, window, started, resume: "{}".to_owned() }
}

fn plan(state: &StreamState, options: Options) -> Vec<Walk> {
    plan::walks(transactions(), state, options, NOW)
}

#[test]
fn a_first_run_walks_the_whole_list_without_a_filter() {
    let walks = plan(&StreamState::default(), OPTIONS);
    assert_eq!(walks, [Walk::whole(NOW - 60, NOW)]);
    assert_eq!(walks[0].asked(), Window::ALL);
}

#[test]
fn a_later_run_reaches_back_and_ends_at_now_less_the_lag() {
    let walks = plan(&loaded(NOW - DAY, NOW - DAY), OPTIONS);
    assert_eq!(walks.len(), 1);
    assert_eq!(walks[0].kind, WalkKind::Window);
    let window = Window { from: Some(NOW - 4 * DAY), to: Some(NOW - 60) };
    assert_eq!(walks[0].asked(), window);
}

#[test]
fn whole_walks_are_made_when_due_or_asked_for() {
    let due = plan(&loaded(NOW - DAY, NOW - 7 * DAY), OPTIONS);
    let asked = plan(&loaded(NOW - DAY, NOW - DAY), Options { full: true, ..OPTIONS });
    for walks in [due, asked] {
        assert_eq!(walks, [Walk::whole(NOW - 60, NOW)]);
    }
}

#[test]
fn a_bound_never_moves_backwards() {
    let ahead = NOW + 500;
    let window = plan(&loaded(ahead, NOW), OPTIONS)[0].window;
    assert_eq!(window.to, Some(ahead));
    let whole = plan(&loaded(ahead, NOW - 8 * DAY), OPTIONS)[0].window;
    assert_eq!(whole.to, Some(ahead));
}

#[test]
fn a_cut_off_first_walk_is_resumed_and_what_came_since_is_asked_for() {
    let started = NOW - 3_600;
    let window = Window { from: None, to: Some(started - 60) };
    let state =
        StreamState { open: Some(open(WalkKind::Full, window, started)), ..StreamState::default() };
    let walks = plan(&state, OPTIONS);
    assert_eq!(walks.len(), 2);
    assert_eq!((walks[0].window, walks[0].started), (window, started));
    assert!(walks[0].resumes.is_some() && walks[1].resumes.is_none());
    let since = Window { from: Some(started - 60 - 3 * DAY), to: Some(NOW - 60) };
    assert_eq!(walks[1].asked(), since);
}

#[test]
fn a_cut_off_window_leaves_no_gap_to_the_next() {
    let window = Window { from: Some(NOW - 5 * DAY), to: Some(NOW - 2 * DAY) };
    let state = StreamState {
        open: Some(open(WalkKind::Window, window, NOW - 2 * DAY)),
        ..loaded(NOW - 3 * DAY, NOW - 4 * DAY)
    };
    let walks = plan(&state, OPTIONS);
    assert_eq!(walks[0].asked(), window);
    assert!(walks[1].asked().from < walks[0].asked().to);
    assert_eq!(walks[1].asked().to, Some(NOW - 60));
}

#[test]
fn a_whole_walk_that_is_due_replaces_a_cut_off_window() {
    let window = Window { from: Some(NOW - 15 * DAY), to: Some(NOW - 12 * DAY) };
    let state = StreamState {
        open: Some(open(WalkKind::Window, window, NOW - 12 * DAY)),
        ..loaded(NOW - 13 * DAY, NOW - 20 * DAY)
    };
    assert_eq!(plan(&state, OPTIONS), [Walk::whole(NOW - 60, NOW)]);
}

#[test]
fn many_dirty_ids_are_cheaper_to_walk_than_to_read() {
    for (dirty, rows, page_size, walks) in [
        (0, 0, 100, false),
        (2, 10, 100, false),
        (3, 10, 100, true),
        (20, 1_790, 100, true),
        (19, 1_790, 100, false),
        (500, 1_000_000, 100, false),
        (5, 10, 0, false),
    ] {
        assert_eq!(walk_is_cheaper(dirty, rows, page_size), walks, "{dirty} of {rows}");
    }
}
