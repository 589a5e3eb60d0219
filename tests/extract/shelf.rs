//! A list as the API serves it, and what walks over it give.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use paid_sync::error::Result;
use paid_sync::extract::{Client, WalkEnd, WalkRequest, Walked, walk};
use paid_sync::model::Window;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::spec;
use crate::support::script::{Reply, Request, Script};

pub(super) fn all(stream: &str) -> WalkRequest {
    let (window, resume) = (Window::ALL, None);
    WalkRequest { spec: spec(stream), window, resume, filter: None, below: None, width: 1 }
}

pub(super) async fn collect(
    client: &Client,
    request: WalkRequest,
) -> (Result<WalkEnd>, Vec<Walked>) {
    let (sender, mut receiver) = mpsc::channel(100_000);
    let ended = walk(client, request, sender, Ok).await;
    let mut pages = Vec::new();
    while let Some(page) = receiver.recv().await {
        pages.push(page);
    }
    (ended, pages)
}

/// How a list answers a cursor whose object is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    NotFound,
    BadRequest,
    Empty,
}

/// A list of rows, newest first, as the API serves it.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) rows: Vec<Value>,
    pub(super) gone: BTreeSet<String>,
    pub(super) cap: usize,
    pub(super) lost: Lost,
    /// Rows do not show `created_at`, though the filter knows it.
    pub(super) hides_time: bool,
    /// The filter does nothing.
    pub(super) ignores_filter: bool,
}

impl Shelf {
    pub(super) fn of(count: usize, cap: usize) -> Self {
        let rows = (0..count).map(|index| row(&format!("r{index:04}"), at(index))).collect();
        Self {
            rows,
            gone: BTreeSet::new(),
            cap,
            lost: Lost::NotFound,
            hides_time: false,
            ignores_filter: false,
        }
    }

    pub(super) fn serve(&self, request: &Request) -> Reply {
        let limit: usize = request.param("pagination[limit]").unwrap().parse().unwrap();
        let start = match request.after() {
            None => 0,
            Some(after) => {
                let position = self.rows.iter().position(|row| row["id"] == after.as_str());
                match (position, self.gone.contains(&after), self.lost) {
                    (Some(position), false, _) => position + 1,
                    (_, _, Lost::NotFound) => return Reply::error(404, "Missing id"),
                    (_, _, Lost::BadRequest) => {
                        return Reply::error(400, &format!("No such object: {after}"));
                    }
                    (_, _, Lost::Empty) => return Reply::list(&[]),
                }
            }
        };
        let bound = |name: &str| request.param(name).map(|text| text.parse::<i64>().unwrap());
        let window = Window { from: bound("created_at[gt]"), to: bound("created_at[lte]") };
        let alive = self.rows[start..].iter().filter(|row| {
            let at = row["created_at"].as_i64();
            !self.gone.contains(row["id"].as_str().unwrap())
                && (self.ignores_filter || at.is_none_or(|at| window.contains(at)))
        });
        let page = alive.take(limit.min(self.cap)).cloned().map(|mut row| {
            if self.hides_time {
                row.as_object_mut().unwrap().remove("created_at");
            }
            row
        });
        Reply::list(&page.collect::<Vec<_>>())
    }
}

pub(super) fn row(id: &str, created_at: i64) -> Value {
    json!({"object": "customer", "id": id, "created_at": created_at})
}

/// Falls with the position; three rows share each second.
pub(super) fn at(index: usize) -> i64 {
    1_425_494_198 - i64::try_from(index / 3).unwrap()
}

/// Serves a shelf that `change` may alter before each request (counted from 1).
pub(super) fn stock(
    script: &Script,
    shelf: Shelf,
    mut change: impl FnMut(usize, &mut Shelf) + Send + 'static,
) -> Arc<Mutex<Shelf>> {
    let shelf = Arc::new(Mutex::new(shelf));
    let served = Arc::clone(&shelf);
    let mut count = 0;
    script.answer("/customers", move |request| {
        count += 1;
        let mut shelf = served.lock().unwrap();
        change(count, &mut shelf);
        shelf.serve(request)
    });
    shelf
}

pub(super) fn ids(pages: &[Walked]) -> BTreeSet<String> {
    let elements = pages.iter().flat_map(|walked| &walked.page.elements);
    elements
        .map(|element| serde_json::from_slice::<Value>(element).unwrap())
        .map(|element| element["id"].as_str().unwrap().to_owned())
        .collect()
}

pub(super) fn sizes(pages: &[Walked]) -> Vec<usize> {
    pages.iter().map(|walked| walked.page.elements.len()).collect()
}
