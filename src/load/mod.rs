//! Commits load units: rows, history, ledger and dirty ids in one transaction (DESIGN 3 and 7).
//!
//! Owns the private working database under `work/` and the change log under `changes/`. Durability
//! order: change-log part (fsynced) → one `DuckDB` transaction that names it. A part that no
//! transaction names is a true observation without consequence and is swept by the next run.

mod asking;
mod below;
mod change_log;
mod feed;
mod findings;
mod hints;
mod ledger;
mod loaded;
mod marks;
mod merge;
mod nested;
mod news;
mod rebuild;
mod schema;
mod settle;
mod sql;
mod stage;
mod unit;
mod warehouse;

pub use below::Archived;
pub use change_log::{
    ChangeLogListing, CompletedWalk, DamagedPart, LoggedPage, LoggedRows, PartHeader, PartRows,
    list_change_log,
};
pub use feed::Feed;
pub use hints::{Candidates, Place};
pub use ledger::{LedgerAdvance, WalkState};
pub use rebuild::{Rebuilding, RunRecord, finish_switch};
pub use schema::SCHEMA_VERSION;
pub use unit::{Deleted, LinesOf, LoadUnit};
pub use warehouse::{FinishedRun, Run, StreamReport, Warehouse, ensure_views};
