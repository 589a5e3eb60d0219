//! What the ledger knows, in the planner's words.

use super::{Coverage, RequestNumber, Window};

/// What the ledger knows of one stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamState {
    /// Bound up to which everything is complete, Unix seconds.
    pub complete_to: Option<i64>,
    /// All time that is complete.
    pub coverage: Coverage,
    /// When the last complete walk of the whole list began, Unix seconds by the server.
    pub last_full_walk: Option<i64>,
    /// Rows that it met.
    pub last_full_rows: Option<u64>,
    /// When it was noticed that the whole list must be walked again, Unix seconds by the server.
    pub rewalk_noticed: Option<i64>,
    /// A walk that was cut off.
    pub open: Option<OpenWalk>,
}

/// A walk that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenWalk {
    /// Ledger number.
    pub number: i64,
    /// Whole list or a window of it.
    pub kind: WalkKind,
    /// Window it asked for; for whole lists, `to` is the bound it will complete.
    pub window: Window,
    /// When it began, Unix seconds by the server.
    pub started: i64,
    /// Number of the run in which it began.
    pub started_run: i64,
    /// Last request of that run before its first.
    pub started_request: RequestNumber,
    /// Where to go on, as extraction wrote it down.
    pub resume: String,
}

/// Whole list or a window of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WalkKind {
    /// The whole list, unfiltered.
    Full,
    /// One window of `created_at`.
    Window,
}

impl WalkKind {
    /// Gives the name stored in the ledger.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Window => "window",
        }
    }
}

/// An object to read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub id: String,
    /// When it was created, Unix seconds, where its row tells.
    pub created_at: Option<i64>,
    /// A list copy answers for it as well as a GET does.
    pub walkable: bool,
}
