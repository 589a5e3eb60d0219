//! What one transaction commits, and what came of it.

use crate::catalog::{SourceKind, StreamSpec};
use crate::model::Batch;

use super::LedgerAdvance;

/// Rows of one stream and the ledger change that they justify (DESIGN 1).
#[derive(Debug)]
pub struct LoadUnit {
    /// Source, and so schema, name.
    pub source: String,
    /// Kind of the source: tells which stream an event's object belongs to.
    pub kind: &'static SourceKind,
    /// Account that the rows belong to.
    pub account_id: String,
    /// Stream.
    pub spec: &'static StreamSpec,
    /// Normalised pages, oldest request first.
    pub batches: Vec<Batch>,
    /// Progress that these rows justify; none for single reads.
    pub ledger: Option<LedgerAdvance>,
}

/// What came of a load unit. `received = inserted + updated + unchanged + superseded +
/// quarantined` (invariant I7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnitOutcome {
    /// Elements received.
    pub received: u64,
    /// New rows.
    pub inserted: u64,
    /// Rows replaced by a newer version.
    pub updated: u64,
    /// Elements equal to what the warehouse held.
    pub unchanged: u64,
    /// Older copies of an id within the unit.
    pub superseded: u64,
    /// Elements kept out of the table.
    pub quarantined: u64,
    /// Those of them that no earlier run had seen.
    pub newly_quarantined: u64,
}

impl UnitOutcome {
    /// Adds another unit's numbers.
    pub fn add(&mut self, other: Self) {
        self.received += other.received;
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.superseded += other.superseded;
        self.quarantined += other.quarantined;
        self.newly_quarantined += other.newly_quarantined;
    }

    /// Tells whether every received element is accounted for.
    #[must_use]
    pub const fn ties_out(&self) -> bool {
        self.received
            == self.inserted + self.updated + self.unchanged + self.superseded + self.quarantined
    }
}
