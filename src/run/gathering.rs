//! Rows of walks on their way to the next transaction.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::catalog::StreamSpec;
use crate::error::{Context, Kind, Result};
use crate::extract::{Checkpoint, WalkEnd, Walked};
use crate::load::{LedgerAdvance, LoadUnit, WalkState};
use crate::model::{Batch, RowCounts};

use super::stream::StreamContext;

/// Bounds of a load unit (DESIGN 1): rows, bytes of memory, time.
const UNIT_ROWS: usize = 8_000;
const UNIT_BYTES: usize = 32 * 1024 * 1024;
const UNIT_TIME: Duration = Duration::from_secs(5);

/// Normalised pages, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Pages {
    batches: Vec<Batch>,
    rows: usize,
    bytes: usize,
    /// When the first of them came.
    since: Option<Instant>,
}

impl Pages {
    fn add(&mut self, batch: Batch) {
        self.since.get_or_insert_with(Instant::now);
        self.rows += batch.records.num_rows() + batch.quarantined.len();
        self.bytes += batch.records.get_array_memory_size();
        self.batches.push(batch);
    }

    /// Takes in other pages.
    pub(super) fn append(&mut self, mut other: Self) {
        self.since = self.since.or(other.since);
        self.rows += other.rows;
        self.bytes += other.bytes;
        self.batches.append(&mut other.batches);
    }

    /// Tells whether one load unit may hold both.
    pub(super) fn has_room_for(&self, other: &Self) -> bool {
        self.rows + other.rows <= UNIT_ROWS
            && self.bytes + other.bytes <= UNIT_BYTES
            && !self.is_late()
    }

    /// Takes all of them out.
    pub(super) fn take(&mut self) -> Vec<Batch> {
        std::mem::take(self).batches
    }

    fn is_full(&self) -> bool {
        self.rows >= UNIT_ROWS || self.bytes >= UNIT_BYTES || self.is_late()
    }

    fn is_late(&self) -> bool {
        self.since.is_some_and(|since| since.elapsed() >= UNIT_TIME)
    }
}

/// Rows gathered for the next transaction of a walk.
pub(super) struct OpenUnit {
    pub(super) spec: &'static StreamSpec,
    pub(super) pages: Pages,
    pub(super) ledger: LedgerAdvance,
    /// Where the walk goes on once all of this is stored, if it is not at its end.
    pub(super) resume: Option<Checkpoint>,
    pub(super) is_recorded: bool,
    pub(super) has_news: bool,
    /// The unit before, on its way into the database.
    pub(super) loading: JoinSet<Result<RowCounts>>,
}

impl OpenUnit {
    /// Adds a page.
    pub(super) fn add(&mut self, walked: Walked<Batch>) {
        let Walked { page: batch, resume, .. } = walked;
        self.ledger.pages = resume.pages();
        self.ledger.rows = resume.rows();
        self.resume = Some(resume);
        self.has_news = true;
        self.pages.add(batch);
    }

    /// Tells whether it must be committed.
    pub(super) fn is_full(&self) -> bool {
        self.pages.is_full()
    }

    /// Resolves when it must be committed, full or not; never, while it is empty.
    pub(super) async fn fall_due(&self) {
        match self.pages.since {
            Some(since) => sleep_until(since + UNIT_TIME).await,
            None => std::future::pending().await,
        }
    }

    /// Takes out pages that justify no progress and may wait for others, if no part of the same walk
    /// is on its way into the database.
    pub(super) fn spare(&mut self) -> Option<Pages> {
        let may_wait = !self.is_recorded && self.loading.is_empty();
        may_wait.then(|| std::mem::take(&mut self.pages))
    }

    /// Writes down how the walk ended.
    pub(super) fn ends(&mut self, end: &WalkEnd, state: WalkState) {
        self.ledger.state = state;
        self.resume = None;
        self.ledger.pages = end.pages;
        self.ledger.rows = end.rows;
        self.has_news = true;
    }

    /// Takes out what was gathered, if anything was.
    pub(super) fn take(&mut self, context: &StreamContext) -> Result<Option<LoadUnit>> {
        if !self.has_news {
            return Ok(None);
        }
        if let Some(resume) = self.resume.take() {
            let resume = serde_json::to_string(&resume)
                .context(Kind::State, || "cannot write down the page cursor")?;
            self.ledger.state = WalkState::Open { resume: Some(resume) };
        }
        self.has_news = false;
        let mut unit = context.single_unit(self.spec, self.pages.take());
        unit.ledger = self.is_recorded.then(|| self.ledger.clone());
        Ok(Some(unit))
    }
}
