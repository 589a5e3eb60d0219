//! The change log: every observed version with its raw JSON, append-only Parquet (DESIGN 4).
//!
//! The only place that names the parquet crate for it. A part is fsynced before the transaction
//! that names it, so a named part always exists and is whole.

mod read;
mod write;

pub use read::{
    ChangeLogListing, CompletedWalk, DamagedPart, LoggedPage, LoggedRows, PartHeader, PartRows,
    list_change_log,
};
pub(super) use write::{ChangeLog, Part, sweep_unnamed_parts};
