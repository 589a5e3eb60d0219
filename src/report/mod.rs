//! What analysts ask: bundled queries as contracts, the SQL that puts them and the views they read
//! into a snapshot, running them on a published snapshot, and drawing the result.
//!
//! Pure: [`timezone_sql`], [`model_sql`] and, to be executed after them in the same transaction,
//! [`report_sql`]; [`parse`]; [`render()`]. IO: only `query`, read-only.

mod catalog;
mod header;
mod models;
mod query;
mod render;
mod zone;

pub use catalog::{REPORTS, Report, find_report, report_sql};
pub use header::{Contract, ContractColumn, Parameter, TieOut, parse};
pub use models::{ModelSource, model_sql};
pub use query::{freshness_notes, query_table, run_report, run_report_batches};
pub use render::{Format, Terminal, printable, render};
pub use zone::timezone_sql;
