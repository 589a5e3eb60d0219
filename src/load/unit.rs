//! What one transaction commits.

use std::sync::Arc;

use crate::catalog::StreamSpec;
use crate::model::{Batch, RequestNumber};

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
    /// Server time, Unix seconds: whatever changed until then shows in every copy that this run asks
    /// for.
    pub settled_to: i64,
    /// Normalised pages, oldest request first.
    pub batches: Vec<Batch>,
    /// Objects proven to be deleted (I9).
    pub deleted: Vec<Deleted>,
    /// Progress that these rows justify; none for single reads.
    pub ledger: Option<LedgerAdvance>,
    /// The rows are all lines that these objects have: known lines that are not among them have
    /// left and become dirty.
    pub lines_of: Vec<LinesOf>,
}

/// An object whose lines were listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinesOf {
    /// Its id.
    pub id: String,
    /// Number of the last request before the listing: hints noticed until then are followed.
    pub asked: RequestNumber,
}

/// An object that the API itself says is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Its id.
    pub id: String,
    /// Server time of the answer, microseconds since the Unix epoch, UTC.
    pub observed_at: i64,
    /// Number of the request that got it.
    pub request: RequestNumber,
}
