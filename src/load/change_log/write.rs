//! Appending parts.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::record_batch::RecordBatch;

use crate::database::Database;
use crate::durable;
use crate::error::{Error, Result};
use crate::parquet_file::{self, Options};

use crate::load::ledger::WalkState;
use crate::load::unit::LoadUnit;
use crate::load::warehouse::Run;

/// Only the owner reads raw objects.
const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;
/// Rows of a row group: more than a part has.
const ROW_GROUP: usize = 100_000;

/// Writes parts below `changes/`.
#[derive(Debug)]
pub(in crate::load) struct ChangeLog {
    root: PathBuf,
    sequence: AtomicU64,
}

/// A part on disk, durable, not yet named by a transaction.
#[derive(Debug, Clone)]
pub(in crate::load) struct Part {
    /// Path below `changes/`.
    pub(in crate::load) name: String,
    /// Order of the part among all parts.
    pub(in crate::load) commit_number: i64,
    /// Rows in it.
    pub(in crate::load) rows: i64,
}

/// A part that is still to be written.
#[derive(Debug)]
pub(in crate::load) struct NewPart {
    root: PathBuf,
    part: Part,
    footer: Footer,
    batches: Vec<RecordBatch>,
}

impl NewPart {
    /// Writes it and makes it durable.
    pub(in crate::load) fn write(self) -> Result<Part> {
        let path = self.root.join(&self.part.name);
        if let Some(directory) = path.parent() {
            durable::create_directory(directory, DIRECTORY_MODE)?;
        }
        let options = Options { mode: FILE_MODE, row_group: ROW_GROUP, footer: self.footer };
        parquet_file::write(&path, &self.batches, &options).map_err(|error| {
            Error::new(error.kind(), "cannot write a part of the change log").because(error)
        })?;
        // New folders are durable only once their parents are.
        for directory in path.ancestors().skip(1).take_while(|above| above.starts_with(&self.root))
        {
            durable::sync_directory(directory)?;
        }
        Ok(self.part)
    }
}

impl ChangeLog {
    pub(in crate::load) fn new(root: PathBuf) -> Self {
        Self { root, sequence: AtomicU64::new(0) }
    }

    /// Names the next part, with what its footer says; `None` where there are no rows to write.
    pub(in crate::load) fn next(
        &self,
        database: &Database,
        run: &Run,
        unit: &LoadUnit,
        committed_at: i64,
        batches: Vec<RecordBatch>,
    ) -> Result<Option<NewPart>> {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if rows == 0 {
            return Ok(None);
        }
        let commit_number =
            database.integer("SELECT coalesce(max(commit_number), 0) + 1 FROM _sync.parts", &[])?;
        let kind = database
            .texts("SELECT kind FROM _sync.sources WHERE source = $1", &[(&unit.source).into()])?;
        let mut footer = footer(run, unit, commit_number);
        footer.push(("kind", kind.into_iter().next()));
        footer.push(("committed_at", Some(committed_at.to_string())));
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        let part = Part { name: self.next_name(run, unit), commit_number, rows };
        Ok(Some(NewPart { root: self.root.clone(), part, footer, batches }))
    }

    fn next_name(&self, run: &Run, unit: &LoadUnit) -> String {
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        format!("{}/{}/{}/{}-{sequence:05}.parquet", unit.source, unit.spec.name, run.month, run.id)
    }
}

type Footer = Vec<(&'static str, Option<String>)>;

fn footer(run: &Run, unit: &LoadUnit, commit_number: i64) -> Footer {
    let ledger = unit.ledger.as_ref().map(|advance| {
        serde_json::json!({
            "walk": advance.number,
            "kind": advance.kind.name(),
            "from": advance.window.from,
            "to": advance.window.to,
            "started": advance.started,
            "started_run": advance.started_run,
            "started_request": advance.started_request,
            "complete": advance.state == WalkState::Complete,
            "rows": advance.rows,
            "pages": advance.pages,
        })
        .to_string()
    });
    vec![
        ("run_id", Some(run.id.clone())),
        ("run_number", Some(run.number.to_string())),
        ("commit_number", Some(commit_number.to_string())),
        ("source", Some(unit.source.clone())),
        ("account_id", Some(unit.account_id.clone())),
        ("stream", Some(unit.spec.name.to_owned())),
        ("ledger", ledger),
    ]
}

/// Removes parts that no transaction names: leftovers of a process that died before its commit.
///
/// Parts of runs that this database does not know are kept: they are the history of a working
/// database that was lost, and what it would be rebuilt from.
///
/// # Errors
/// [`crate::error::Kind::Disk`] or [`crate::error::Kind::Database`].
pub(in crate::load) fn sweep_unnamed_parts(database: &Database, root: &Path) -> Result<()> {
    let set =
        |query| Ok::<HashSet<String>, Error>(database.texts(query, &[])?.into_iter().collect());
    let named = set("SELECT path FROM _sync.parts")?;
    let runs = set("SELECT run_id FROM _sync.runs")?;
    for path in durable::files_below(root, "parquet")? {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let is_ours = stem
            .as_deref()
            .and_then(|stem| stem.rsplit_once('-'))
            .is_some_and(|(run, _)| runs.contains(run));
        if is_ours && !named.contains(&name) {
            durable::remove_if_present(&path)?;
        }
    }
    Ok(())
}
