//! From where an interrupted walk goes on, as the ledger keeps it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::walk::ResumePoint;

/// The unfinished segments of a walk, and what its finished ones brought. Cloning is cheap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Checkpoint {
    /// What the finished segments brought.
    pub(super) done: Counts,
    /// The others, newest first.
    pub(super) segments: Vec<SegmentPoint>,
}

/// Rows, pages and elements sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) pages: u64,
    pub(super) elements: u64,
}

impl Counts {
    pub(super) fn add(&mut self, point: &ResumePoint) {
        self.rows += point.rows;
        self.pages += point.pages;
        self.elements += point.elements;
    }
}

/// Where one segment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SegmentPoint {
    pub(super) point: Arc<ResumePoint>,
    /// Ids at which older segments begin, the next one first: the segment ends with the first of
    /// them that it meets. None: it ends with the list.
    pub(super) stops: Arc<[String]>,
    /// `created_at` of the object after which it began, Unix seconds; `None` at the head of a list.
    pub(super) since: Option<i64>,
    /// Time below which it has nothing to look for, Unix seconds; `None` if that is not known.
    pub(super) until: Option<i64>,
}

impl Checkpoint {
    /// Counts distinct rows sent so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.total().rows
    }

    /// Counts pages sent so far.
    #[must_use]
    pub fn pages(&self) -> u64 {
        self.total().pages
    }

    /// Gives the place of a walk that has one segment only.
    pub(super) fn single(&self) -> Option<ResumePoint> {
        match self.segments.as_slice() {
            [segment] => Some((*segment.point).clone()),
            _ => None,
        }
    }

    fn total(&self) -> Counts {
        let mut total = self.done;
        self.segments.iter().for_each(|segment| total.add(&segment.point));
        total
    }
}

impl From<ResumePoint> for Checkpoint {
    /// A walk with a single segment.
    fn from(point: ResumePoint) -> Self {
        let segment = SegmentPoint {
            point: Arc::new(point),
            stops: Arc::default(),
            since: None,
            until: None,
        };
        Self { done: Counts::default(), segments: vec![segment] }
    }
}

/// The written form; the second is that of walks that know no segments.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Saved {
    Segments { done: Counts, segments: Vec<SavedSegment> },
    Single(ResumePoint),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct SavedSegment {
    point: ResumePoint,
    stops: Vec<String>,
    since: Option<i64>,
    until: Option<i64>,
}

impl From<Saved> for Checkpoint {
    fn from(saved: Saved) -> Self {
        match saved {
            Saved::Single(point) => point.into(),
            Saved::Segments { done, segments } => {
                let segment = |SavedSegment { point, stops, since, until }| SegmentPoint {
                    point: Arc::new(point),
                    stops: stops.into(),
                    since,
                    until,
                };
                Self { done, segments: segments.into_iter().map(segment).collect() }
            }
        }
    }
}

impl From<Checkpoint> for Saved {
    fn from(checkpoint: Checkpoint) -> Self {
        let segment = |SegmentPoint { point, stops, since, until }: SegmentPoint| SavedSegment {
            point: Arc::unwrap_or_clone(point),
            stops: stops.to_vec(),
            since,
            until,
        };
        Self::Segments {
            done: checkpoint.done,
            segments: checkpoint.segments.into_iter().map(segment).collect(),
        }
    }
}
