//! What analysts ask: bundled queries as contracts, the SQL that puts them and the views they read
//! into a snapshot, running them on a published snapshot, and drawing the result.
//!
//! Pure: [`timezone_sql`], [`model_sql`], [`conformed_sql`] and, to be executed after them in the same
//! transaction, [`report_sql`]; [`parse`]; [`render()`]. IO: only `query`, read-only.

mod catalog;
mod conformed;
mod derived;
mod description;
mod fitting;
mod header;
mod html;
mod models;
mod money;
mod page;
mod query;
mod render;
mod tie_out;
mod zone;

pub use catalog::{REPORTS, Report, find_report, frozen_sql, report_sql};
pub use conformed::conformed_sql;
pub use header::{Contract, ContractColumn, Parameter, TieOut, parse};
pub use models::{ModelSource, model_sql};
pub use money::{exponent, major_units};
pub use page::{page, report_page};
pub use query::{Question, Session, query_table, run_report, run_report_batches, totals};
pub use render::{Format, Terminal, printable, render};
pub use tie_out::{TieOutResult, TieOuts, tie_out_sql};
pub use zone::timezone_sql;
