//! Walks with several segments: whatever is cut where, every row comes, and comes once.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use paid_sync::extract::{Checkpoint, Client, ClientOptions, WalkRequest, WalkStatus, Walked};
use paid_sync::model::Window;
use proptest::prelude::*;
use serde_json::Value;

use super::shelf::{Lost, Shelf, all, collect, ids, row, stock};
use super::{Silent, options};
use crate::support::script::Script;

const NEWEST: i64 = 1_425_494_198;

/// Rows whose times lie so many seconds apart, over and over.
fn shelf(count: usize, gaps: &[i64]) -> Shelf {
    let mut at = NEWEST;
    let mut rows = Vec::new();
    for index in 0..count {
        rows.push(row(&format!("r{index:04}"), at));
        at -= gaps[index % gaps.len()];
    }
    Shelf { rows, ..Shelf::of(0, 100) }
}

fn client(script: &Script, page_size: u32) -> Client {
    let options = ClientOptions { page_size, max_in_flight: 8, ..options(script) };
    Client::new(options, Arc::new(Silent)).unwrap()
}

/// Counts how often each id came.
fn copies(walked: &[Walked]) -> BTreeMap<String, usize> {
    let mut copies = BTreeMap::new();
    for element in walked.iter().flat_map(|walked| &walked.page.elements) {
        let element: Value = serde_json::from_slice(element).unwrap();
        *copies.entry(element["id"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    copies
}

/// Requests for pages, and others that look for a place to cut.
fn requests(script: &Script) -> (usize, usize) {
    let all = script.requests();
    let cuts = all.iter().filter(|r| r.param("pagination[limit]").as_deref() == Some("2")).count();
    (all.len() - cuts, cuts)
}

#[tokio::test]
async fn f31_a_long_list_is_walked_by_several_at_once_and_every_row_comes_once() {
    for hides_time in [false, true] {
        let script = Script::start().await;
        let rows = if hides_time { 3_000 } else { 900 };
        stock(&script, Shelf { hides_time, ..shelf(rows, &[3_600, 0, 0, 90_000]) }, |_, _| {});
        let request = WalkRequest { width: 6, ..all("customers") };
        let (end, walked) = collect(&client(&script, 10), request).await;
        let end = end.unwrap();
        assert_eq!((end.status, end.rows), (WalkStatus::Complete, rows as u64));
        let copies = copies(&walked);
        assert_eq!(copies.len(), rows);
        let twice: Vec<_> = copies.iter().filter(|(_, copies)| **copies > 1).collect();
        assert!(twice.is_empty(), "hides time: {hides_time}, {twice:?}");
        let segments = walked.iter().map(|walked| {
            let place = serde_json::to_value(&walked.resume).unwrap();
            place["segments"].as_array().unwrap().len()
        });
        let most = segments.max().unwrap();
        assert!(most >= 4, "hides time: {hides_time}, {most} segments, {:?}", requests(&script));
        let (pages, cuts) = requests(&script);
        assert!(pages <= 2 * rows.div_ceil(10), "{pages} pages, {cuts} cuts");
        assert_eq!(usize::try_from(end.requests).unwrap(), pages + cuts);
    }
}

#[tokio::test]
async fn a_short_list_is_never_cut() {
    let script = Script::start().await;
    stock(&script, shelf(25, &[3_600]), |_, _| {});
    let (_, walked) =
        collect(&client(&script, 10), WalkRequest { width: 6, ..all("customers") }).await;
    assert_eq!((walked.len(), requests(&script).1), (3, 0));
}

#[tokio::test]
async fn a_filter_that_is_ignored_ends_the_cuts() {
    let script = Script::start().await;
    // Times that no bound can hold back: the list shows its head whatever is asked for.
    let mut shelf = shelf(300, &[3_600]);
    shelf.ignores_filter = true;
    stock(&script, shelf, |_, _| {});
    let (end, walked) =
        collect(&client(&script, 10), WalkRequest { width: 6, ..all("customers") }).await;
    assert_eq!(end.unwrap().status, WalkStatus::Complete);
    assert_eq!(ids(&walked).len(), 300);
    assert!(requests(&script).1 <= 6);
}

#[derive(Debug, Clone)]
struct Story {
    rows: usize,
    gaps: Vec<i64>,
    cap: usize,
    page_size: u32,
    width: usize,
    lost: Lost,
    hides_time: bool,
    filtered: bool,
    /// Request before which these rows are deleted.
    deletions: Vec<(usize, Vec<usize>)>,
    /// Pages after which the walk is cut off, and goes on from what was stored.
    kills: Vec<usize>,
}

fn stories() -> impl Strategy<Value = Story> {
    let lost = prop_oneof![Just(Lost::NotFound), Just(Lost::BadRequest), Just(Lost::Empty)];
    let gap = prop_oneof![Just(0), Just(0), 1..10_i64, Just(50_000), Just(4_000_000)];
    let deleted = prop::collection::vec(0..300_usize, 0..40);
    (
        (0..300_usize, prop::collection::vec(gap, 1..9), 2..15_usize, 3..15_u32, 1..9_usize),
        (lost, any::<bool>(), any::<bool>()),
        prop::collection::vec((1..60_usize, deleted), 0..4),
        prop::collection::vec(1..20_usize, 0..3),
    )
        .prop_map(|((rows, gaps, cap, page_size, width), flags, deletions, kills)| {
            let (lost, hides_time, filtered) = flags;
            Story {
                rows,
                gaps,
                cap,
                page_size,
                width,
                lost,
                hides_time,
                filtered,
                deletions,
                kills,
            }
        })
}

/// What a story came to.
struct Told {
    status: WalkStatus,
    received: BTreeMap<String, usize>,
    alive: BTreeSet<String>,
}

async fn play(story: Story) -> Told {
    let script = Script::start().await;
    let Story { cap, lost, hides_time, .. } = story;
    let shelf = Shelf { cap, lost, hides_time, ..shelf(story.rows, &story.gaps) };
    let deletions = story.deletions.clone();
    let shelf = stock(&script, shelf, move |count, shelf| {
        let due = deletions.iter().filter(|(when, _)| *when == count);
        shelf.gone.extend(due.flat_map(|(_, rows)| rows).map(|index| format!("r{index:04}")));
    });
    let window = Window { from: Some(0), to: Some(NEWEST) };
    let window = if story.filtered { window } else { Window::ALL };
    let mut walked = Vec::new();
    let mut resume: Option<Checkpoint> = None;
    let mut kills = story.kills.iter();
    let status = loop {
        let client = client(&script, story.page_size);
        let request = WalkRequest { window, width: story.width, resume, ..all("customers") };
        let (end, mut pages) = collect(&client, request).await;
        match kills.next() {
            Some(kept) if *kept < pages.len() => {
                pages.truncate(*kept);
                // As the ledger keeps it.
                let saved = serde_json::to_string(&pages.last().unwrap().resume).unwrap();
                resume = Some(serde_json::from_str(&saved).unwrap());
                walked.extend(pages);
            }
            _ => {
                walked.extend(pages);
                break end.unwrap().status;
            }
        }
    };
    let shelf = shelf.lock().unwrap();
    let all_rows = shelf.rows.iter().map(|row| row["id"].as_str().unwrap().to_owned());
    let alive = all_rows.filter(|id| !shelf.gone.contains(id)).collect();
    Told { status, received: copies(&walked), alive }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a6_every_object_that_survives_is_received_however_the_walk_is_cut(story in stories()) {
        let is_calm = story.deletions.iter().all(|(_, rows)| rows.is_empty());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let Told { status, received, alive } = runtime.block_on(play(story));
        prop_assert_eq!(status, WalkStatus::Complete);
        let lost: Vec<_> = alive.iter().filter(|id| !received.contains_key(*id)).collect();
        prop_assert!(lost.is_empty(), "lost {:?}", lost);
        if is_calm {
            let twice: Vec<_> = received.iter().filter(|(_, copies)| **copies > 1).collect();
            prop_assert!(twice.is_empty(), "twice: {:?}", twice);
        }
    }
}
