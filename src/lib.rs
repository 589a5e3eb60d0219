//! Mirrors billing APIs, whole and true, into `DuckDB` and Parquet.
//!
//! # Architecture
//!
//! Data flows one way:
//!
//! ```text
//!  plan ──► extract ──► normalize ──► load ──► publish ──► report
//!  which    pages of    Arrow         one       snapshot    SQL views,
//!  walks    raw JSON    batches       transac-  and Parquet queries
//!                                     tion      switched
//! ```
//!
//! Stages never import each other; they share [`model`] (values), [`catalog`] (streams as data),
//! [`error`], `database`, `durable`, `parquet_file`, `clock`, `spelling` and `fault`. Only [`run`]
//! sees all stages and moves values between them; only [`cli`] talks to people. [`emulator`] imports
//! nothing of the rest, so that it is an independent second opinion. `tests/architecture.rs` holds
//! these rules, and that each third party is named in one place.
//!
//! # Invariants
//!
//! Rows, history, ledger and dirty ids of a load unit commit in one `DuckDB` transaction, after
//! their change-log part was fsynced: a process killed anywhere loses nothing that it claimed.
//! Readers open a published copy that is replaced by rename: they see one run, whole. The API is
//! read by GET only.

pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
pub mod database;
pub mod durable;
pub mod emulator;
pub mod error;
pub mod extract;
pub mod fault;
pub mod load;
pub mod model;
pub mod normalize;
pub mod parquet_file;
pub mod plan;
pub mod publish;
pub mod report;
pub mod run;
pub mod spelling;

/// One allocator for Rust and for `DuckDB`'s C++: a run makes and drops many buffers on several
/// threads, and the C library's arenas kept twice what was in use (I10). Its settings are in
/// `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
