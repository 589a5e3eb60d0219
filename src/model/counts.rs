//! Numbers that must tie out.

/// What became of elements. `received = inserted + updated + unchanged + superseded +
/// quarantined` (invariant I7).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowCounts {
    /// Elements received.
    pub received: u64,
    /// New rows.
    pub inserted: u64,
    /// Rows rewritten: by a newer version, or in place where only volatile or missing fields came.
    pub updated: u64,
    /// Elements equal to what the warehouse held.
    pub unchanged: u64,
    /// Older copies of an id within the unit.
    pub superseded: u64,
    /// Elements kept out of the table.
    pub quarantined: u64,
    /// Those of them that no earlier run had seen.
    pub newly_quarantined: u64,
    /// Rows that left their table because their objects are proven to be deleted; no elements.
    pub deleted: u64,
}

impl RowCounts {
    /// Adds other numbers.
    pub fn add(&mut self, other: Self) {
        self.received += other.received;
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.superseded += other.superseded;
        self.quarantined += other.quarantined;
        self.newly_quarantined += other.newly_quarantined;
        self.deleted += other.deleted;
    }

    /// Tells whether every received element is accounted for.
    #[must_use]
    pub const fn ties_out(&self) -> bool {
        self.received
            == self.inserted + self.updated + self.unchanged + self.superseded + self.quarantined
    }
}

/// What reading a stream took.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Effort {
    /// Requests sent: probes, pages, objects by id.
    pub requests: u64,
    /// Those of them that repeated one that had failed.
    pub retries: u64,
    /// Pages that walks brought.
    pub pages: u64,
    /// Walks that reached their end.
    pub windows: u64,
    /// Seconds from its first request to the end of its last walk.
    pub seconds: f64,
}
