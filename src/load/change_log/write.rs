//! Appending parts.

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use crate::database::Database;
use crate::durable;
use crate::error::{Context, Error, Kind, Result};

use crate::load::ledger::WalkState;
use crate::load::unit::LoadUnit;
use crate::load::warehouse::Run;

/// Only the owner reads raw objects.
const FILE_MODE: u32 = 0o600;
const DIRECTORY_MODE: u32 = 0o700;

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

impl ChangeLog {
    pub(in crate::load) fn new(root: PathBuf) -> Self {
        Self { root, sequence: AtomicU64::new(0) }
    }

    /// Writes rows; `None` where there are none.
    pub(in crate::load) fn write(
        &self,
        database: &Database,
        run: &Run,
        unit: &LoadUnit,
        committed_at: i64,
        batches: &[RecordBatch],
    ) -> Result<Option<Part>> {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        if rows == 0 {
            return Ok(None);
        }
        let commit_number =
            database.integer("SELECT coalesce(max(commit_number), 0) + 1 FROM _sync.parts", &[])?;
        let kind = database
            .texts("SELECT kind FROM _sync.sources WHERE source = $1", &[(&unit.source).into()])?;
        let name = self.next_name(run, unit);
        let path = self.root.join(&name);
        let mut footer = footer(run, unit, commit_number);
        footer.push(pair("kind", kind.into_iter().next()));
        footer.push(pair("committed_at", committed_at.to_string()));
        if let Some(directory) = path.parent() {
            durable::create_directory(directory, DIRECTORY_MODE)?;
        }
        write_part(&path, batches, footer).context(Kind::Disk, || {
            format!("cannot write the change log part {}", path.display())
        })?;
        // New folders are durable only once their parents are.
        for directory in path.ancestors().skip(1).take_while(|above| above.starts_with(&self.root))
        {
            durable::sync_directory(directory)?;
        }
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        Ok(Some(Part { name, commit_number, rows }))
    }

    fn next_name(&self, run: &Run, unit: &LoadUnit) -> String {
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        format!("{}/{}/{}/{}-{sequence:05}.parquet", unit.source, unit.spec.name, run.month, run.id)
    }
}

fn footer(run: &Run, unit: &LoadUnit, commit_number: i64) -> Vec<KeyValue> {
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
        pair("run_id", run.id.clone()),
        pair("run_number", run.number.to_string()),
        pair("commit_number", commit_number.to_string()),
        pair("source", unit.source.clone()),
        pair("account_id", unit.account_id.clone()),
        pair("stream", unit.spec.name.to_owned()),
        pair("ledger", ledger),
    ]
}

fn pair(name: &str, value: impl Into<Option<String>>) -> KeyValue {
    KeyValue::new(format!("paid_sync.{name}"), value)
}

fn write_part(
    path: &Path,
    batches: &[RecordBatch],
    footer: Vec<KeyValue>,
) -> Result<(), parquet::errors::ParquetError> {
    use std::os::unix::fs::OpenOptionsExt;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_key_value_metadata(Some(footer))
        .build();
    let file: File =
        std::fs::OpenOptions::new().create_new(true).write(true).mode(FILE_MODE).open(path)?;
    let schema = match batches.first() {
        Some(batch) => batch.schema(),
        None => return Ok(()),
    };
    let mut writer = ArrowWriter::try_new(file, schema, Some(properties))?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.into_inner()?.sync_all()?;
    Ok(())
}

/// Removes parts that no transaction names: leftovers of a process that died before its commit.
///
/// Parts of runs that this database does not know are kept: they are the history of a working
/// database that was lost, and what it would be rebuilt from.
///
/// # Errors
/// [`Kind::Disk`] or [`Kind::Database`].
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
