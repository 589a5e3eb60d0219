//! The Parquet tables of one run: unchanged partitions are hard links, changed ones are rebuilt.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::database::Database;
use crate::durable;
use crate::error::{Context, Kind, Result};
use crate::fault;

use super::stream::StreamWork;
use super::{Publication, PublishedSource};

/// File that names the run whose rows a source's Parquet files show.
const MARKER: &str = "_run";

/// Gives the directory that `tables` points to, if there is one.
#[must_use]
pub fn current_generation(directory: &Path) -> Option<PathBuf> {
    let path = directory.join(fs::read_link(directory.join("tables")).ok()?);
    path.is_dir().then_some(path)
}

/// Builds the next generation below `work/publish`, from the copy that becomes the snapshot and the
/// links to unchanged files of the generation before.
///
/// # Errors
/// [`Kind::Disk`], [`Kind::Database`]; a partition set whose rows do not add up to the table's.
pub fn stage(database: &Database, publication: &Publication) -> Result<()> {
    durable::remove_tree_if_present(&publication.staged_generation())?;
    durable::create_directory(&publication.staged_generation(), 0o700)?;
    let previous = current_generation(&publication.directory);
    for source in &publication.sources {
        let before = match &previous {
            Some(generation) => Before::of(database, generation, source)?,
            None => None,
        };
        stage_source(database, publication, source, before.as_ref())?;
    }
    set_directory_modes(&publication.staged_generation(), publication.modes.directory)?;
    fault::point("publish.generation_staged");
    Ok(())
}

/// What the generation before holds of a source.
pub(super) struct Before {
    pub(super) directory: PathBuf,
    /// Run whose rows it shows; older than the generation's own if the source was carried over.
    pub(super) run: String,
    /// What changed since that run can be told from the rows of the database.
    pub(super) is_comparable: bool,
}

impl Before {
    fn of(
        database: &Database,
        generation: &Path,
        source: &PublishedSource,
    ) -> Result<Option<Self>> {
        let directory = generation.join(&source.name);
        let marker = directory.join(MARKER);
        if !marker.is_file() {
            return Ok(None);
        }
        let run = fs::read_to_string(&marker)
            .context(Kind::Disk, || format!("cannot read {}", marker.display()))?;
        let run = run.trim().to_owned();
        // A database that was rebuilt since may hold rows of old runs that it did not hold then.
        let known = "SELECT count(*) FROM _sync.runs WHERE run_id = $1 AND run_id > \
                     (SELECT coalesce(max(rebuilt_after), '') FROM _sync.normalizer)";
        let is_comparable = database.integer(known, &[(&run).into()])? > 0;
        Ok(Some(Self { directory, run, is_comparable }))
    }
}

fn stage_source(
    database: &Database,
    publication: &Publication,
    source: &PublishedSource,
    before: Option<&Before>,
) -> Result<()> {
    let run = match before {
        _ if source.publishable => &publication.run_id,
        Some(before) => &before.run,
        None => return Ok(()),
    };
    for spec in source.kind.tables() {
        let work = StreamWork { database, publication, source, spec };
        if source.publishable {
            work.build(before)?;
        } else if let Some(before) = before {
            work.link_unchanged(&before.directory.join(spec.name), &BTreeSet::new())?;
        }
    }
    let directory = publication.staged_generation().join(&source.name);
    durable::create_directory(&directory, 0o700)?;
    durable::write(&directory.join(MARKER), run.as_bytes(), publication.modes.file)
}

fn set_directory_modes(path: &Path, mode: u32) -> Result<()> {
    for entry in durable::list(path)? {
        if entry.is_dir() {
            set_directory_modes(&entry, mode)?;
        }
    }
    durable::sync_directory(path)?;
    durable::set_mode(path, mode)
}
