//! Rows of one walk on their way to the next transaction.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::catalog::StreamSpec;
use crate::error::{Context, Kind, Result};
use crate::extract::{Checkpoint, WalkEnd, Walked};
use crate::load::{LedgerAdvance, LoadUnit, WalkState};
use crate::model::{Batch, RowCounts};

use super::stream::StreamContext;

/// Bounds of a load unit (DESIGN 1): rows, bytes of memory, time.
const UNIT_ROWS: usize = 8_000;
const UNIT_BYTES: usize = 32 * 1024 * 1024;
pub(super) const UNIT_TIME: Duration = Duration::from_secs(5);

/// Rows gathered for the next transaction.
pub(super) struct OpenUnit {
    pub(super) spec: &'static StreamSpec,
    pub(super) batches: Vec<Batch>,
    pub(super) rows: usize,
    pub(super) bytes: usize,
    pub(super) opened: Instant,
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
        if !self.has_news {
            self.opened = Instant::now();
        }
        self.has_news = true;
        self.rows += batch.records.num_rows() + batch.quarantined.len();
        self.bytes += batch.records.get_array_memory_size();
        self.batches.push(batch);
    }

    /// Tells whether it must be committed.
    pub(super) fn is_full(&self) -> bool {
        self.rows >= UNIT_ROWS || self.bytes >= UNIT_BYTES || self.opened.elapsed() >= UNIT_TIME
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
        self.rows = 0;
        self.bytes = 0;
        let mut unit = context.single_unit(self.spec, std::mem::take(&mut self.batches));
        unit.ledger = self.is_recorded.then(|| self.ledger.clone());
        Ok(Some(unit))
    }
}
