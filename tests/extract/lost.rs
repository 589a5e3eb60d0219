//! Walks that lose their place: deleted cursors, new rows, interruptions (CONTRACT A2.3, V5;
//! DESIGN 6).

use std::collections::BTreeSet;
use std::sync::Arc;

use paid_sync::error::Kind;
use paid_sync::extract::{
    Checkpoint, Client, ClientOptions, ResumePoint, WalkRequest, WalkStatus, walk,
};
use paid_sync::model::{Silent, Window};
use proptest::prelude::*;
use serde_json::json;
use tokio::sync::mpsc;

use super::shelf::{Lost, Shelf, all, at, collect, ids, row, sizes, stock};
use super::{client, options};
use crate::support::script::{Reply, Script};

#[tokio::test]
async fn c17_a_deleted_cursor_costs_no_row() {
    for lost in [Lost::NotFound, Lost::BadRequest, Lost::Empty] {
        for dropped in [1, 2, 24, 25] {
            let script = Script::start().await;
            let shelf = Shelf { lost, ..Shelf::of(75, 25) };
            stock(&script, shelf, move |count, shelf| {
                if count == 3 {
                    shelf.gone = (50 - dropped..50).map(|index| format!("r{index:04}")).collect();
                }
            });
            let (end, walked) = collect(&client(&script), all("customers")).await;
            assert_eq!(end.unwrap().status, WalkStatus::Complete, "{lost:?} {dropped}");
            assert_eq!(ids(&walked).len(), 75, "{lost:?} {dropped}");
        }
    }
}

#[tokio::test]
async fn a_walk_whose_known_cursors_are_all_gone_starts_over() {
    for lost in [Lost::NotFound, Lost::Empty] {
        for window in [Window::ALL, Window { from: Some(0), to: Some(at(0)) }] {
            let script = Script::start().await;
            let shelf = Shelf { lost, ..Shelf::of(100, 25) };
            stock(&script, shelf, move |count, shelf| {
                if count == 4 {
                    shelf.gone = (0..75).map(|index| format!("r{index:04}")).collect();
                }
            });
            let request = WalkRequest { window, ..all("customers") };
            let (end, walked) = collect(&client(&script), request).await;
            assert_eq!(end.unwrap().status, WalkStatus::Complete, "{lost:?} {window}");
            assert_eq!(ids(&walked).len(), 100, "{lost:?} {window}");
            let narrowed = script
                .requests()
                .iter()
                .any(|sent| sent.param("created_at[lte]") == Some(at(74).to_string()));
            assert_eq!(narrowed, window.is_filtered(), "{lost:?}");
        }
    }
}

#[tokio::test]
async fn a_list_out_of_time_order_starts_over_from_its_head() {
    let script = Script::start().await;
    let mut shelf = Shelf::of(100, 25);
    for (index, row) in shelf.rows.iter_mut().enumerate() {
        row["created_at"] = json!(at(index * 37 % 100));
    }
    stock(&script, shelf, move |count, shelf| {
        if count == 4 {
            shelf.gone = (0..75).map(|index| format!("r{index:04}")).collect();
        }
    });
    let window = Window { from: Some(0), to: Some(at(0)) };
    let request = WalkRequest { window, ..all("customers") };
    let (end, walked) = collect(&client(&script), request).await;
    assert_eq!(end.unwrap().status, WalkStatus::Complete);
    assert_eq!(ids(&walked).len(), 100);
}

#[tokio::test]
async fn a_cursor_refused_although_its_object_lives_proves_no_end() {
    let script = Script::start().await;
    script.answer("/plans", |request| match request.after().as_deref() {
        None => Reply::list(&[json!({"id": "a"}), json!({"id": "b"}), json!({"id": "c"})]),
        Some("c") => Reply::error(404, "Missing id"),
        Some(_) => Reply::list(&[json!({"id": "c"})]),
    });
    let (end, walked) = collect(&client(&script), all("plans")).await;
    assert_eq!(end.unwrap().status, WalkStatus::CursorIgnored);
    assert_eq!(sizes(&walked), [3]);
}

#[tokio::test]
async fn a_list_that_empties_while_walked_is_complete() {
    let script = Script::start().await;
    stock(&script, Shelf { lost: Lost::Empty, ..Shelf::of(3, 25) }, |count, shelf| {
        if count == 2 {
            shelf.gone = (0..3).map(|index| format!("r{index:04}")).collect();
        }
    });
    let (end, _) = collect(&client(&script), all("customers")).await;
    assert_eq!(end.unwrap().status, WalkStatus::Complete);
}

#[tokio::test]
async fn new_rows_at_the_head_neither_lose_nor_double_others() {
    for cap in [1, 2, 25] {
        let script = Script::start().await;
        stock(&script, Shelf::of(cap * 2, cap), |count, shelf| {
            if (2..6).contains(&count) {
                shelf.rows.insert(0, row(&format!("new{count}"), at(0) + 9));
            }
        });
        let (end, walked) = collect(&client(&script), all("customers")).await;
        let end = end.unwrap();
        assert_eq!(end.status, WalkStatus::Complete, "{cap}");
        assert_eq!(sizes(&walked), [cap, cap]);
        assert_eq!(end.rows, u64::try_from(cap * 2).unwrap());
    }
    // A list of one row, whose head is the only way back.
    let script = Script::start().await;
    stock(&script, Shelf::of(1, 1), |count, shelf| {
        if count == 3 {
            shelf.rows.insert(0, row("new", at(0) + 9));
        }
    });
    let (end, walked) = collect(&client(&script), all("customers")).await;
    assert_eq!(end.unwrap().status, WalkStatus::Complete);
    assert_eq!(ids(&walked).len(), 2);
}

#[tokio::test]
async fn a2_every_page_is_a_place_to_resume_from() {
    for gone in [0..0, 49..50, 25..50, 24..50] {
        for window in [Window::ALL, Window { from: Some(0), to: Some(at(0)) }] {
            let script = Script::start().await;
            let shelf = stock(&script, Shelf::of(110, 25), |_, _| {});
            let request = WalkRequest { window, ..all("customers") };
            let (_, before) = collect(&client(&script), request.clone()).await;
            let saved = serde_json::to_string(&before[1].resume).unwrap();
            let resume: Checkpoint = serde_json::from_str(&saved).unwrap();
            shelf.lock().unwrap().gone = gone.clone().map(|index| format!("r{index:04}")).collect();
            let request = WalkRequest { resume: Some(resume), ..request };
            let (end, after) = collect(&client(&script), request).await;
            let end = end.unwrap();
            assert_eq!(end.status, WalkStatus::Complete, "{gone:?} {window}");
            let mut received = ids(&before[..2]);
            received.extend(ids(&after));
            assert_eq!(received.len(), 110, "{gone:?} {window}");
            if gone.is_empty() {
                assert_eq!((end.rows, end.pages), (110, 5));
                assert_eq!(after[0].page.first_position, 50);
            }
        }
    }
}

#[tokio::test]
async fn resuming_at_the_end_finds_the_end() {
    let script = Script::start().await;
    stock(&script, Shelf::of(50, 25), |_, _| {});
    let (_, before) = collect(&client(&script), all("customers")).await;
    let resume = Some(before[1].resume.clone());
    let (end, after) = collect(&client(&script), WalkRequest { resume, ..all("customers") }).await;
    let end = end.unwrap();
    assert_eq!((end.status, end.rows, end.requests), (WalkStatus::Complete, 50, 2));
    assert!(after.is_empty());
}

#[tokio::test]
async fn a_walk_without_end_is_stopped() {
    let script = Script::start().await;
    stock(&script, Shelf::of(50, 25), |_, _| {});
    let resume = ResumePoint {
        cursors: vec!["r0001".to_owned()],
        pages: 1_000_000,
        ..ResumePoint::default()
    };
    let request = WalkRequest { resume: Some(resume.into()), ..all("customers") };
    let (end, walked) = collect(&client(&script), request).await;
    assert_eq!(end.unwrap_err().kind(), Kind::Contract);
    assert_eq!(walked.len(), 1);
}

#[tokio::test]
async fn a_walk_ends_quietly_when_nobody_listens() {
    let script = Script::start().await;
    stock(&script, Shelf::of(50, 25), |_, _| {});
    let (sender, receiver) = mpsc::channel(1);
    drop(receiver);
    let error = walk(&client(&script), all("customers"), sender, Ok).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Interrupted);
    assert!(script.requests().len() <= 2, "no more than was under way with the first page");
}

#[derive(Debug, Clone)]
struct Story {
    rows: usize,
    cap: usize,
    limit: u32,
    lost: Lost,
    /// Request before which these rows are deleted.
    deletions: Vec<(usize, Vec<usize>)>,
    /// Requests before which a new row appears at the head.
    arrivals: Vec<usize>,
    filtered: bool,
}

fn stories() -> impl Strategy<Value = Story> {
    let lost = prop_oneof![Just(Lost::NotFound), Just(Lost::BadRequest), Just(Lost::Empty)];
    let rows = prop::collection::vec(0..60_usize, 0..12);
    let deletions = prop::collection::vec((1..12_usize, rows), 0..4);
    let arrivals = prop::collection::vec(1..12_usize, 0..4);
    let sizes = (0..60_usize, 1..12_usize, 1..12_u32);
    (sizes, lost, deletions, arrivals, any::<bool>()).prop_map(
        |((rows, cap, limit), lost, deletions, arrivals, filtered)| Story {
            rows,
            cap,
            limit,
            lost,
            deletions,
            arrivals,
            filtered,
        },
    )
}

async fn play(story: Story) -> (WalkStatus, BTreeSet<String>, BTreeSet<String>) {
    let script = Script::start().await;
    let shelf = Shelf { lost: story.lost, ..Shelf::of(story.rows, story.cap) };
    let times = Window { from: Some(0), to: Some(at(0) + 9) };
    let window = if story.filtered { times } else { Window::ALL };
    let shelf = stock(&script, shelf, move |count, shelf| {
        for (number, _) in story.arrivals.iter().enumerate().filter(|(_, when)| **when == count) {
            shelf.rows.insert(0, row(&format!("new{count}-{number}"), at(0) + 9));
        }
        let due = story.deletions.iter().filter(|(when, _)| *when == count);
        shelf.gone.extend(due.flat_map(|(_, rows)| rows).map(|index| format!("r{index:04}")));
    });
    let options = ClientOptions { page_size: story.limit, ..options(&script) };
    let client = Client::new(options, Arc::new(Silent)).unwrap();
    let (end, walked) = collect(&client, WalkRequest { window, ..all("customers") }).await;
    let shelf = shelf.lock().unwrap();
    let all_rows = shelf.rows.iter().map(|row| row["id"].as_str().unwrap().to_owned());
    // What arrives during the walk is for the next run.
    let old = all_rows.filter(|id| !id.starts_with("new"));
    let alive = old.filter(|id| !shelf.gone.contains(id)).collect();
    (end.unwrap().status, ids(&walked), alive)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn d21_every_object_that_survives_the_walk_is_received(story in stories()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (status, received, alive) = runtime.block_on(play(story));
        prop_assert_eq!(status, WalkStatus::Complete);
        let lost: Vec<_> = alive.difference(&received).collect();
        prop_assert!(lost.is_empty(), "lost {:?}", lost);
    }
}
