//! The planner: same ledger and clock, same plan.

use paid_sync::catalog::{StreamSpec, source_kind};
use paid_sync::model::Candidate;
use paid_sync::model::{Coverage, OpenWalk, StreamState, WalkKind, Window};
use paid_sync::plan::{self, Backfill, Options, Reading, Walk, prefix_within, reading};

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;
const OPTIONS: Options = Options {
    settle_lag: 60,
    lookback: 3 * DAY,
    rewalk_every: 7 * DAY,
    full: false,
    backfill: None,
    has_feed: true,
};

fn transactions() -> &'static StreamSpec {
    source_kind("paid").unwrap().stream("transactions").unwrap()
}

fn loaded(complete_to: i64, last_full_walk: i64) -> StreamState {
    StreamState {
        complete_to: Some(complete_to),
        coverage: Coverage::of([Window { from: None, to: Some(complete_to) }]),
        last_full_walk: Some(last_full_walk),
        ..StreamState::default()
    }
}

fn open(kind: WalkKind, window: Window, started: i64) -> OpenWalk {
    OpenWalk {
        number: 7,
        kind,
        window,
        started,
        started_run: 1,
        started_request: 3,
        resume: "{}".to_owned(),
    }
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
fn b16_a_later_run_reaches_back_and_ends_at_now_less_the_lag() {
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
fn a1_a_cut_off_first_walk_is_resumed_and_what_came_since_is_asked_for() {
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
fn c19_a_cut_off_window_leaves_no_gap_to_the_next() {
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
fn a_whole_walk_is_due_once_its_need_was_noticed_and_only_then() {
    let noticed = |at| StreamState { rewalk_noticed: Some(at), ..loaded(NOW - DAY, NOW - DAY) };
    assert_eq!(plan(&noticed(NOW), OPTIONS), [Walk::whole(NOW - 60, NOW)]);
    let answered = plan(&noticed(NOW - 2 * DAY), OPTIONS);
    assert_eq!(answered[0].kind, WalkKind::Window, "a walk that began later has seen it all");
    let begun_before = StreamState {
        open: Some(open(WalkKind::Full, Window { from: None, to: Some(NOW - DAY) }, NOW - DAY)),
        ..noticed(NOW)
    };
    assert_eq!(plan(&begun_before, OPTIONS), [Walk::whole(NOW - 60, NOW)]);
}

const HOUR: i64 = 3_600;

/// One object an hour over so many hours, the first at hour 1.
fn hourly(hours: i64) -> (Vec<(i64, u64)>, u64) {
    ((1..=hours).map(|hour| (hour, 1)).collect(), u64::try_from(hours).unwrap())
}

fn at(hour: i64) -> Candidate {
    Candidate { id: format!("id_{hour}"), created_at: Some(hour * HOUR), walkable: true }
}

fn read(candidates: &[Candidate], hours: i64, windows: bool) -> Reading {
    let (rows_by_hour, rows) = hourly(hours);
    reading(candidates, &rows_by_hour, rows, 100, windows)
}

#[test]
fn lone_objects_are_read_by_id() {
    let candidates = [at(10), at(5_000), at(9_000)];
    let chosen = read(&candidates, 10_000, true);
    assert_eq!(chosen.windows, []);
    assert_eq!(chosen.singles, ["id_10", "id_5000", "id_9000"]);
    assert_eq!(chosen.requests, 3);
}

#[test]
fn objects_that_lie_close_together_are_walked_over() {
    let mut candidates: Vec<_> = (1_000..1_050).map(at).collect();
    candidates.push(at(9_000));
    let chosen = read(&candidates, 10_000, true);
    let window = Window { from: Some(1_000 * HOUR - 1), to: Some(1_049 * HOUR) };
    assert_eq!(chosen.windows, [window]);
    assert_eq!(chosen.singles, ["id_9000"]);
    assert_eq!(chosen.requests, 1 + 3, "one page, its end, and the lone one");
}

#[test]
fn two_clusters_are_two_walks_and_each_candidate_is_read_once() {
    let candidates: Vec<_> = (1_000..1_050).chain(8_000..8_050).map(at).collect();
    let chosen = read(&candidates, 10_000, true);
    assert_eq!(chosen.windows.len(), 2);
    assert!(chosen.windows[0].from > chosen.windows[1].to, "newest first: {chosen:?}");
    assert_eq!(chosen.singles, Vec::<String>::new());
}

#[test]
fn what_no_list_copy_answers_for_is_read_by_id() {
    let mut candidates: Vec<_> = (1_000..1_050).map(at).collect();
    candidates[7].walkable = false;
    candidates.push(Candidate { created_at: None, ..at(3) });
    let chosen = read(&candidates, 10_000, true);
    assert_eq!(chosen.singles, ["id_1007", "id_3"]);
    assert_eq!(chosen.windows.len(), 1);
}

#[test]
fn a_whole_walk_is_made_where_it_takes_fewest_requests() {
    let candidates: Vec<_> = (1..=300).map(|hour| at(hour * 3)).collect();
    for windows in [true, false] {
        let chosen = read(&candidates, 1_000, windows);
        assert!(chosen.whole || windows, "{chosen:?}");
        assert!(chosen.requests <= 12, "{} requests", chosen.requests);
    }
    let unfiltered = read(&candidates[..5], 1_000, false);
    assert_eq!((unfiltered.whole, unfiltered.singles.len()), (false, 5));
}

#[test]
fn the_budget_takes_the_most_urgent() {
    let candidates: Vec<_> = [9_000, 10, 5_000, 7_000].map(at).to_vec();
    let (rows_by_hour, rows) = hourly(10_000);
    let within = |budget| prefix_within(&candidates, &rows_by_hour, rows, 100, true, budget);
    assert_eq!(within(2).singles, ["id_9000", "id_10"]);
    assert_eq!(within(2).candidates, 2);
    assert_eq!(within(0).candidates, 0);
    assert_eq!(within(500).candidates, 4);
}

proptest::proptest! {
    #[test]
    fn every_candidate_is_read_and_never_for_more_requests_than_one_by_one(
        hours in proptest::collection::btree_set(1_i64..5_000, 1..200),
        walkable in 0_u32..100,
    ) {
        let candidates: Vec<_> = hours
            .iter()
            .map(|hour| Candidate { walkable: hour % 100 < i64::from(walkable), ..at(*hour) })
            .collect();
        let chosen = read(&candidates, 5_000, true);
        for candidate in &candidates {
            let second = candidate.created_at.unwrap();
            let walked = chosen.whole || chosen.windows.iter().any(|window| window.contains(second));
            let is_single = chosen.singles.contains(&candidate.id);
            proptest::prop_assert!(is_single || (candidate.walkable && walked), "{candidate:?}");
        }
        // Rows within an hour are taken to lie evenly, so a page may be misjudged per window.
        let slack = u64::try_from(chosen.windows.len()).unwrap();
        proptest::prop_assert!(chosen.requests <= u64::try_from(candidates.len()).unwrap() + slack);
    }
}

fn backfill(from: Option<i64>, to: Option<i64>) -> Options {
    let window = Window { from, to };
    Options { backfill: Some(Backfill { window, again: false }), ..OPTIONS }
}

#[test]
fn windows_that_touch_are_one_and_gaps_are_missing() {
    let window = |from, to| Window { from, to: Some(to) };
    let coverage = Coverage::of([
        window(Some(50), 60),
        window(None, 10),
        window(Some(5), 20),
        window(Some(20), 30),
    ]);
    assert_eq!(coverage.complete_to(), Some(30));
    assert_eq!(coverage.missing(window(Some(8), 70)), [window(Some(30), 50), window(Some(60), 70)]);
    assert_eq!(coverage.missing(window(None, 30)), []);
    assert_eq!(coverage.missing(window(Some(52), 58)), []);
    assert_eq!(coverage.with(window(Some(30), 50)).complete_to(), Some(60));
    assert_eq!(Coverage::of([window(Some(1), 10)]).complete_to(), None, "the past is unknown");
}

#[test]
fn a_backfill_walks_what_is_missing_and_goes_on_where_it_was_cut_off() {
    let (from, to) = (NOW - 90 * DAY, NOW - 30 * DAY);
    let wanted = Window { from: Some(from), to: Some(to) };
    let walks = plan(&StreamState::default(), backfill(Some(from), Some(to)));
    assert_eq!(walks, [Walk::window(wanted, NOW)]);

    let cut_off = Window { from: Some(from), to: Some(to) };
    let state = StreamState {
        open: Some(open(WalkKind::Window, cut_off, NOW - 9)),
        ..StreamState::default()
    };
    let walks = plan(&state, backfill(Some(from), None));
    assert_eq!(walks[0].resumes, state.open);
    assert_eq!(walks[1..], [Walk::window(Window { from: Some(to), to: Some(NOW - 60) }, NOW)]);

    let done = StreamState { coverage: Coverage::of([wanted]), ..StreamState::default() };
    assert_eq!(plan(&done, backfill(Some(from), Some(to))), []);
    let again = Backfill { window: wanted, again: true };
    let again = plan(&done, Options { backfill: Some(again), ..OPTIONS });
    assert_eq!(again, [Walk::window(wanted, NOW)]);
}

#[test]
fn a_backfill_without_a_beginning_is_a_first_run() {
    let walks = plan(&StreamState::default(), backfill(None, None));
    assert_eq!(walks, [Walk::whole(NOW - 60, NOW)]);
    assert_eq!(plan(&loaded(NOW, NOW), backfill(None, None)), []);
}

#[test]
fn a_window_in_the_future_of_unknown_time_completes_nothing() {
    let island = Window { from: Some(NOW - 5 * DAY), to: Some(NOW - DAY) };
    let state = StreamState {
        open: Some(open(WalkKind::Window, island, NOW - 9)),
        ..loaded(NOW - 20 * DAY, NOW - DAY)
    };
    let walks = plan(&state, OPTIONS);
    assert_eq!(walks[1].window.from, Some(NOW - 23 * DAY));
}
