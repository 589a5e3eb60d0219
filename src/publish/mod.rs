//! Makes a finished run visible: Parquet generation, then snapshot, each switched by one rename.
//!
//! Readers see the old run or the new one, never a mixture, and can neither block nor damage a run
//! (I8). The steps are those of DESIGN 4, with a fault point after each.

mod generation;
mod layout;
mod partition;
mod rewrite;
mod snapshot;
mod stream;
mod workers;

use std::path::{Path, PathBuf};

use crate::catalog::{SourceKind, StreamSpec};
use crate::database::{Database, qualified};
use crate::error::Result;

pub use generation::{current_generation, stage};
pub use snapshot::{
    carry_over_sources, copy_working_database, finish_switch, freeze, open_copy, switch, verify,
};

/// Permission bits of what readers may open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Modes {
    /// Files: read-only for everybody.
    pub file: u32,
    /// Directories.
    pub directory: u32,
}

/// What is to be published.
#[derive(Debug, Clone)]
pub struct Publication {
    /// The warehouse directory.
    pub directory: PathBuf,
    /// Run that becomes visible.
    pub run_id: String,
    /// Permission bits.
    pub modes: Modes,
    /// All sources of the working database.
    pub sources: Vec<PublishedSource>,
}

/// One source and whether this run may show its new state (DESIGN 3).
#[derive(Debug, Clone)]
pub struct PublishedSource {
    /// Schema.
    pub name: String,
    /// Kind.
    pub kind: &'static SourceKind,
    /// Account and all core streams reached the same bound.
    pub publishable: bool,
}

impl Publication {
    /// Gives the published snapshot.
    #[must_use]
    pub fn snapshot_path(directory: &Path) -> PathBuf {
        directory.join("warehouse.duckdb")
    }

    /// Gives every published table with its source.
    pub fn tables(&self) -> impl Iterator<Item = (&PublishedSource, &'static StreamSpec)> {
        self.sources.iter().flat_map(|source| source.kind.tables().map(move |spec| (source, spec)))
    }

    fn staging(&self) -> PathBuf {
        self.directory.join("work").join("publish")
    }

    fn copy_path(&self) -> PathBuf {
        self.staging().join("warehouse.duckdb")
    }

    fn staged_generation(&self) -> PathBuf {
        self.staging().join("generation")
    }
}

/// Rows of one table, to be found again in what is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableCount {
    /// Schema.
    pub source: String,
    /// Table.
    pub stream: String,
    /// Rows.
    pub rows: i64,
}

/// Counts the current rows of every table that this run publishes anew.
///
/// # Errors
/// [`crate::error::Kind::Database`].
pub fn count_tables(database: &Database, publication: &Publication) -> Result<Vec<TableCount>> {
    publication
        .tables()
        .filter(|(source, _)| source.publishable)
        .map(|(source, spec)| {
            let query = format!("SELECT count(*) FROM {}", qualified(&source.name, spec.name));
            Ok(TableCount {
                source: source.name.clone(),
                stream: spec.name.to_owned(),
                rows: database.integer(&query, &[])?,
            })
        })
        .collect()
}
