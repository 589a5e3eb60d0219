//! Commits load units: rows, history, ledger and dirty ids in one transaction (DESIGN 3 and 7).
//!
//! Owns the private working database under `work/` and the change log under `changes/`. Durability
//! order: change-log part (fsynced) → one `DuckDB` transaction that names it. A part that no
//! transaction names is a true observation without consequence and is swept by the next run.

mod change_log;
mod ledger;
mod merge;
mod schema;
mod sql;
mod unit;
mod warehouse;

pub use ledger::{DirtyCount, DirtyId, LedgerAdvance, WalkState};
pub use unit::LoadUnit;
pub use warehouse::{FinishedRun, Run, StreamReport, Warehouse};

/// Version of the tables below `_sync`; a newer one is refused (exit 4).
pub const SCHEMA_VERSION: i64 = 1;
