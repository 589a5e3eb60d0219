//! What one transaction commits.

use std::sync::Arc;

use crate::catalog::StreamSpec;
use crate::model::Batch;

use super::LedgerAdvance;

/// Rows of one stream and the ledger change that they justify (DESIGN 1).
#[derive(Debug)]
pub struct LoadUnit {
    /// Source, and so schema, name.
    pub source: String,
    /// Streams that are mirrored: objects of these become dirty when an event names them.
    pub followed: Arc<[&'static StreamSpec]>,
    /// Account that the rows belong to.
    pub account_id: String,
    /// Stream.
    pub spec: &'static StreamSpec,
    /// Normalised pages, oldest request first.
    pub batches: Vec<Batch>,
    /// Progress that these rows justify; none for single reads.
    pub ledger: Option<LedgerAdvance>,
}
