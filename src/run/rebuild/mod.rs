//! Recovers the working database without asking the API: from the snapshot and the parts of the
//! change log that came after it, or from the change log alone (DESIGN 7).

mod replay;
mod reports;

use std::path::Path;
use std::sync::Arc;

use super::store::blocking;
use super::{Lock, prepare};
use crate::config::Settings;
use crate::durable;
use crate::error::{Error, Kind, Result};
use crate::load::{Rebuilding, Warehouse, list_change_log};
use crate::model::{Event, Observer};
use crate::normalize::{FIRST_NORMALIZER_VERSION, NORMALIZER_VERSION};
use crate::publish::Publication;

use replay::Replay;

/// What the command line adds to the settings.
#[derive(Debug, Clone, Copy, Default)]
pub struct RebuildOptions {
    /// Leave the snapshot alone, whatever its state.
    pub from_changes: bool,
    /// Go on without parts that are damaged or lost.
    pub skip_damaged: bool,
}

/// What a working database was rebuilt from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The snapshot and later parts.
    Snapshot,
    /// Parts only.
    Changes,
    /// Parts, and the progress that the working database itself holds.
    Normalizer,
}

impl Basis {
    /// Gives the name that is printed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Changes => "changes",
            Self::Normalizer => "changes and progress",
        }
    }
}

/// What was rebuilt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// From what.
    pub basis: Basis,
    /// All streams, in the order of sources and tables.
    pub streams: Vec<RebuiltStream>,
    /// Parts that were left out because they are damaged or lost.
    pub left_out: Vec<String>,
}

/// One stream of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebuiltStream {
    /// Source.
    pub source: String,
    /// Stream.
    pub stream: String,
    /// Parts that were replayed.
    pub parts: u64,
    /// Rows of those parts.
    pub rows: u64,
    /// Rows that the table holds now.
    pub current: u64,
}

impl Rebuilt {
    /// Gives the exit code: 1 if something was left out, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.left_out.is_empty() { 0 } else { Kind::Degraded.exit_code() }
    }
}

/// Rebuilds the working database; the one in place is kept as `work/warehouse.broken.duckdb`.
///
/// # Errors
/// [`Kind::Locked`]; [`Kind::State`] if there is nothing to rebuild from or a part is damaged;
/// [`Kind::Disk`], [`Kind::Database`]. The working database is untouched then.
pub async fn rebuild(
    settings: &Settings,
    options: RebuildOptions,
    observer: Arc<dyn Observer>,
) -> Result<Rebuilt> {
    let settings = settings.clone();
    blocking(move || {
        let directory = &settings.warehouse.dir;
        if !has_traces(directory)? {
            return Err(nothing_to_rebuild_from(directory));
        }
        prepare(&settings)?;
        let _lock = Lock::acquire(directory, "rebuild")?;
        rebuild_locked(&settings, options, &*observer)
    })
    .await
}

fn rebuild_locked(
    settings: &Settings,
    options: RebuildOptions,
    observer: &dyn Observer,
) -> Result<Rebuilt> {
    let directory = &settings.warehouse.dir;
    let listing = list_change_log(directory)?;
    let base = if options.from_changes { None } else { from_snapshot(directory, observer)? };
    if base.is_none() && listing.parts.is_empty() {
        return Err(nothing_to_rebuild_from(directory));
    }
    let basis = if base.is_some() { Basis::Snapshot } else { Basis::Changes };
    let rebuilding = match base {
        Some(rebuilding) => rebuilding,
        None => Rebuilding::empty(directory)?,
    };
    Replay::new(settings, rebuilding, basis, options.skip_damaged, observer).run(listing)
}

/// Gives a copy of the snapshot to go on from, if there is one that can be read and that this
/// program's normaliser filled.
fn from_snapshot(directory: &Path, observer: &dyn Observer) -> Result<Option<Rebuilding>> {
    let snapshot = Publication::snapshot_path(directory);
    if !snapshot.is_file() {
        return Ok(None);
    }
    let rebuilding = match Rebuilding::from_snapshot(directory, &snapshot) {
        Err(error) if error.kind() == Kind::Database => {
            let text = format!("the snapshot is damaged, so the change log is replayed: {error}");
            observer.notify(&Event::Warning { text: &text });
            return Ok(None);
        }
        opened => opened?,
    };
    match normalizer_of(rebuilding.warehouse())?.cmp(&NORMALIZER_VERSION) {
        std::cmp::Ordering::Equal => Ok(Some(rebuilding)),
        std::cmp::Ordering::Greater => Err(made_by_newer(&snapshot)),
        std::cmp::Ordering::Less => {
            let text = "an older program made the columns of the snapshot, so the change log is \
                        replayed";
            observer.notify(&Event::Warning { text });
            Ok(None)
        }
    }
}

/// Opens the working database for a run. Finishes what a killed rebuild left, and replays the
/// change log if an older program made the columns.
///
/// # Errors
/// [`Kind::Lost`] if it is missing or cannot be opened; [`Kind::State`] if a newer program made it;
/// those of a rebuild.
pub(super) fn open_working(settings: &Settings, observer: &dyn Observer) -> Result<Warehouse> {
    let directory = &settings.warehouse.dir;
    crate::load::finish_switch(directory)?;
    let path = Warehouse::working_path(directory);
    let is_missing = std::fs::metadata(&path).map_or(true, |file| file.len() == 0);
    if is_missing && has_traces(directory)? {
        return Err(lost(&path, "is missing, but its snapshot or change log is there"));
    }
    let warehouse = Warehouse::open(directory).map_err(|error| advise(&path, error))?;
    if !warehouse.has_runs()? {
        if has_traces(directory)? {
            return Err(lost(&path, "is empty, but its snapshot or change log is not"));
        }
        warehouse.record_normalizer(NORMALIZER_VERSION)?;
        return Ok(warehouse);
    }
    let version = normalizer_of(&warehouse)?;
    match version.cmp(&NORMALIZER_VERSION) {
        std::cmp::Ordering::Equal => {
            if warehouse.normalizer_version()?.is_none() {
                warehouse.record_normalizer(NORMALIZER_VERSION)?;
            }
            Ok(warehouse)
        }
        std::cmp::Ordering::Greater => Err(made_by_newer(&path)),
        std::cmp::Ordering::Less => {
            warehouse.checkpoint_and_close()?;
            normalize_again(settings, version, observer)?;
            Warehouse::open(directory)
        }
    }
}

fn normalize_again(settings: &Settings, version: i64, observer: &dyn Observer) -> Result<Rebuilt> {
    let text = format!(
        "this program makes columns otherwise than the one before it (version {version} to \
         {NORMALIZER_VERSION}): replaying the change log; nothing is asked of the API"
    );
    observer.notify(&Event::Warning { text: &text });
    let directory = &settings.warehouse.dir;
    let listing = list_change_log(directory)?;
    let rebuilding = Rebuilding::empty(directory)?;
    Replay::new(settings, rebuilding, Basis::Normalizer, false, observer).run(listing)
}

/// Warehouses without a version were made before versions were written down.
fn normalizer_of(warehouse: &Warehouse) -> Result<i64> {
    Ok(warehouse.normalizer_version()?.unwrap_or(FIRST_NORMALIZER_VERSION))
}

fn has_traces(directory: &Path) -> Result<bool> {
    if Publication::snapshot_path(directory).is_file() {
        return Ok(true);
    }
    Ok(!durable::files_below(&directory.join("changes"), "parquet")?.is_empty())
}

/// A database that another program has open is not damaged.
fn advise(path: &Path, error: Error) -> Error {
    let mut causes = std::iter::successors(
        std::error::Error::source(&error),
        |cause: &&(dyn std::error::Error + 'static)| cause.source(),
    );
    let is_in_use = causes.any(|cause| cause.to_string().contains("Could not set lock"));
    if error.kind() != Kind::Database || is_in_use {
        return error;
    }
    lost(path, "cannot be opened").because(error)
}

fn lost(path: &Path, what: &str) -> Error {
    Error::new(Kind::Lost, format!("the working database {} {what}", path.display()))
}

fn made_by_newer(path: &Path) -> Error {
    Error::new(
        Kind::State,
        format!("the columns of {} were made by a newer paid-sync", path.display()),
    )
}

fn nothing_to_rebuild_from(directory: &Path) -> Error {
    Error::new(
        Kind::State,
        format!(
            "there is nothing to rebuild from in {}: no snapshot that can be read, and no change \
             log",
            directory.display()
        ),
    )
}
