//! The segments of a walk, and what of each was sent.

use std::sync::Arc;

use super::checkpoint::{Checkpoint, Counts, SegmentPoint};
use super::client::Client;
use super::drive::WalkRequest;
use super::http::local_now;
use super::segment::Segment;
use super::walk::{ResumePoint, Walk, WalkStatus};

/// All segments of a walk, newest first.
pub(super) struct Board {
    pub(super) done: Counts,
    pub(super) places: Vec<Place>,
    /// Cuts tried.
    pub(super) cuts: u64,
    /// The worst way in which a segment ended.
    pub(super) status: WalkStatus,
}

/// A segment and what of it was sent.
pub(super) struct Place {
    pub(super) segment: Arc<Segment>,
    pub(super) sent: SegmentPoint,
    pub(super) is_running: bool,
}

impl Place {
    pub(super) fn new(segment: Segment) -> Self {
        Self { sent: segment.point(), segment: Arc::new(segment), is_running: false }
    }
}

impl Board {
    pub(super) fn new(client: &Client, request: &WalkRequest) -> Self {
        let served = client.served(request.spec.path);
        let now = client.server_now().unwrap_or_else(|_| local_now() / 1_000_000);
        let Checkpoint { done, mut segments } = request.resume.clone().unwrap_or_default();
        if segments.is_empty() {
            segments.extend(Checkpoint::from(ResumePoint::default()).segments);
        }
        let places = segments.into_iter().map(|place| {
            let SegmentPoint { point, stops, since, until } = place;
            let until = until.or(request.window.from);
            let resume = (!point.cursors.is_empty()).then(|| Arc::unwrap_or_clone(point));
            let head = request.window.to.unwrap_or(now);
            let is_new = resume.is_none();
            let walk = Walk::new(request.window, served.limit, served.largest, resume);
            let segment = Segment::new(walk, stops, (since.unwrap_or(head), until), is_new);
            Place { sent: SegmentPoint { since, ..segment.point() }, ..Place::new(segment) }
        });
        Self { done, places: places.collect(), cuts: 0, status: WalkStatus::Complete }
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        let segments = self.places.iter().map(|place| place.sent.clone()).collect();
        Checkpoint { done: self.done, segments }
    }

    pub(super) fn total(&self) -> Counts {
        let mut total = self.done;
        self.places.iter().for_each(|place| total.add(&place.sent.point));
        total
    }

    pub(super) fn running(&self) -> usize {
        self.places.iter().filter(|place| place.is_running).count()
    }

    pub(super) fn place_of(&mut self, segment: &Arc<Segment>) -> Option<&mut Place> {
        let index = self.index_of(segment)?;
        self.places.get_mut(index)
    }

    fn index_of(&self, segment: &Arc<Segment>) -> Option<usize> {
        self.places.iter().position(|place| Arc::ptr_eq(&place.segment, segment))
    }

    /// Adds what was cut off a segment.
    pub(super) fn add(&mut self, segment: &Arc<Segment>, older: Segment) {
        if let Some(index) = self.index_of(segment)
            && let Some(place) = self.places.get_mut(index)
        {
            place.sent.stops = segment.stops();
            place.sent.until = segment.point().until;
            self.places.insert(index + 1, Place::new(older));
        }
    }

    /// Takes a segment off that has ended; what it sent is counted.
    pub(super) fn end(&mut self, segment: &Arc<Segment>, status: WalkStatus) {
        if self.status == WalkStatus::Complete {
            self.status = status;
        }
        if let Some(index) = self.index_of(segment) {
            let place = self.places.remove(index);
            self.done.add(&place.sent.point);
        }
    }
}
