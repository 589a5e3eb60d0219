//! The `DuckDB` file that analysts open: copied, counted, switched by rename.

use std::fs;
use std::path::Path;

use crate::database::{Access, Database, identifier, literal, qualified};
use crate::durable;
use crate::error::{Context, Error, Kind, Result};
use crate::fault;

use super::generation::current_generation;
use super::{Publication, TableCount};

/// Tables of `_sync` that hold rows per source, with the column that names it.
const TABLES_PER_SOURCE: &[&str] = &[
    "sources",
    "ledger",
    "dirty",
    "dirty_parents",
    "checked",
    "rewalks",
    "feed",
    "list_fields",
    "views",
    "problems",
    "quarantine",
    "drift",
    "parts",
];

/// Copies the closed working database to the staging place, which is emptied first.
///
/// Must not run while this process has the file open: copying it would drop `DuckDB`'s lock
/// (DESIGN 4).
///
/// # Errors
/// [`Kind::Disk`].
pub fn copy_working_database(working: &Path, publication: &Publication) -> Result<()> {
    fault::point("publish.working_closed");
    discard_staging(publication)?;
    durable::create_directory(&publication.staging(), 0o700)?;
    let copy = publication.copy_path();
    fs::copy(working, &copy).context(Kind::Disk, || {
        format!("cannot copy {} to {}", working.display(), copy.display())
    })?;
    fault::point("publish.copied");
    Ok(())
}

/// Opens the copy, for what is prepared in it before readers see it.
///
/// # Errors
/// [`Kind::Database`].
pub fn open_copy(publication: &Publication, memory_limit: &'static str) -> Result<Database> {
    let spill_directory = publication.staging().join("spill");
    Database::open(&publication.copy_path(), &Access::ReadWrite { spill_directory, memory_limit })
}

/// Puts the state of the previous snapshot in place of sources that must not show their new one,
/// or leaves them out if there is none; then makes the views again.
///
/// # Errors
/// [`Kind::Disk`], [`Kind::Database`].
pub fn carry_over_sources(
    copy: &Database,
    publication: &Publication,
    views: impl FnOnce(&[&str]) -> Result<Vec<String>>,
) -> Result<()> {
    if publication.sources.iter().all(|source| source.publishable) {
        return Ok(());
    }
    let before = Publication::snapshot_path(&publication.directory);
    let has_before = before.is_file();
    if has_before {
        copy.execute_batch(&format!(
            "ATTACH {} AS _previous (READ_ONLY)",
            literal(&before.to_string_lossy())
        ))?;
    }
    let mut present: Vec<&str> = Vec::new();
    copy.execute_batch(
        "DROP SCHEMA IF EXISTS reports CASCADE; DROP SCHEMA IF EXISTS model CASCADE; \
         DELETE FROM _sync.definitions WHERE source = ''",
    )?;
    for source in &publication.sources {
        if source.publishable {
            present.push(&source.name);
            continue;
        }
        let known = has_before
            && copy.integer(
                "SELECT count(*) FROM duckdb_schemas() WHERE database_name = '_previous' \
                 AND schema_name = $1",
                &[(&source.name).into()],
            )? > 0;
        replace_source(copy, &source.name, source.kind.tables().map(|spec| spec.name), known)?;
        if known {
            present.push(&source.name);
        }
    }
    if has_before {
        copy.execute_batch("DETACH _previous")?;
    }
    let statements = views(&present)?;
    copy.transaction(|copy| {
        statements.iter().try_for_each(|statement| copy.execute_batch(statement))
    })
}

/// Lets statements change the copy for good, all of them or none: what they cannot do is only left
/// undone, because the same rows can be read without it. Tells whether they did.
pub fn freeze(copy: &Database, statements: &[String]) -> bool {
    let change =
        |copy: &Database| statements.iter().try_for_each(|statement| copy.execute_batch(statement));
    copy.transaction(change).is_ok()
}

fn replace_source<'a>(
    copy: &Database,
    source: &str,
    streams: impl Iterator<Item = &'a str>,
    known: bool,
) -> Result<()> {
    let history = format!("{source}_history");
    for table in TABLES_PER_SOURCE {
        copy.execute(&format!("DELETE FROM _sync.{table} WHERE source = $1"), &[source.into()])?;
        if known {
            copy.execute(
                &format!(
                    "INSERT INTO _sync.{table} BY NAME SELECT * FROM _previous._sync.{table} \
                     WHERE source = $1"
                ),
                &[source.into()],
            )?;
        }
    }
    if !known {
        return copy.execute_batch(&format!(
            "DROP SCHEMA IF EXISTS {} CASCADE; DROP SCHEMA IF EXISTS {} CASCADE",
            identifier(&history),
            identifier(source)
        ));
    }
    for stream in streams {
        let closed = format!("_closed_{stream}");
        for (schema, table) in [(source, stream), (history.as_str(), closed.as_str())] {
            let name = qualified(schema, table);
            copy.execute_batch(&format!(
                "DELETE FROM {name}; INSERT INTO {name} BY NAME SELECT * FROM _previous.{name}"
            ))?;
        }
    }
    Ok(())
}

/// Opens the copy as a reader would and counts what the working database held.
///
/// # Errors
/// [`Kind::Database`] naming the first table that differs.
pub fn verify(publication: &Publication, expected: &[TableCount]) -> Result<()> {
    let copy = Database::open(&publication.copy_path(), &Access::ReadOnly)?;
    for count in expected {
        let table = qualified(&count.source, &count.stream);
        let rows = copy.integer(&format!("SELECT count(*) FROM {table}"), &[])?;
        if rows != count.rows {
            return Err(Error::new(
                Kind::Database,
                format!("the copy to publish holds {rows} rows in {table}, not {}", count.rows),
            ));
        }
    }
    drop(copy);
    fault::point("publish.verified");
    Ok(())
}

/// Shows the staged snapshot and generation to readers.
///
/// # Errors
/// [`Kind::Disk`]; readers see the old run or the new one, whole, whatever failed.
pub fn switch(publication: &Publication) -> Result<()> {
    let directory = &publication.directory;
    let snapshot = Publication::snapshot_path(directory);
    let write_ahead_log = directory.join("warehouse.duckdb.wal");
    let copy = publication.copy_path();
    let generations = directory.join("generations");
    let before = current_generation(directory);
    // Once, after everything that was written into it.
    durable::sync_file(&copy)?;
    durable::set_mode(&copy, publication.modes.file)?;
    durable::create_directory(&generations, publication.modes.directory)?;
    durable::set_mode(&generations, publication.modes.directory)?;
    durable::rename(&publication.staged_generation(), &generations.join(&publication.run_id))?;
    keep_previous(directory, &snapshot, publication.modes.file)?;
    fault::point("publish.previous_linked");
    // A client that opened a writable snapshot leaves a log that DuckDB would replay into the next.
    durable::remove_if_present(&write_ahead_log)?;
    fault::point("publish.log_unlinked");
    durable::rename(&copy, &snapshot)?;
    fault::point("publish.renamed");
    durable::remove_if_present(&write_ahead_log)?;
    switch_tables(directory, &publication.run_id)?;
    fault::point("publish.tables_switched");
    sweep_generations(publication, before.as_deref())?;
    discard_staging(publication)?;
    fault::point("publish.swept");
    Ok(())
}

fn keep_previous(directory: &Path, snapshot: &Path, mode: u32) -> Result<()> {
    if !snapshot.is_file() {
        return Ok(());
    }
    let temporary = directory.join("warehouse.previous.duckdb.part");
    durable::remove_if_present(&temporary)?;
    fs::hard_link(snapshot, &temporary)
        .context(Kind::Disk, || format!("cannot link {}", temporary.display()))?;
    durable::set_mode(&temporary, mode)?;
    durable::rename(&temporary, &directory.join("warehouse.previous.duckdb"))
}

fn switch_tables(directory: &Path, run_id: &str) -> Result<()> {
    let temporary = directory.join("tables.part");
    durable::remove_if_present(&temporary)?;
    std::os::unix::fs::symlink(Path::new("generations").join(run_id), &temporary)
        .context(Kind::Disk, || format!("cannot link {}", temporary.display()))?;
    durable::rename(&temporary, &directory.join("tables"))
}

/// Finishes a switch that was cut off between the snapshot and the Parquet tables, so that readers
/// of both see the same run (I8).
///
/// # Errors
/// [`Kind::Disk`].
pub fn finish_switch(directory: &Path) -> Result<()> {
    let snapshot = Publication::snapshot_path(directory);
    if !snapshot.is_file() {
        return Ok(());
    }
    let newest = "SELECT coalesce(max(run_id), '') FROM _sync.runs";
    let runs = Database::open(&snapshot, &Access::ReadOnly)
        .and_then(|snapshot| snapshot.texts(newest, &[]));
    // A snapshot that cannot be read has no tables that belong to it; this run will replace it.
    let Ok(runs) = runs else { return Ok(()) };
    let generations = directory.join("generations");
    match runs.first() {
        Some(run) if !run.is_empty() && generations.join(run).is_dir() => {
            if current_generation(directory) == Some(generations.join(run)) {
                return Ok(());
            }
            switch_tables(directory, run)
        }
        _ => Ok(()),
    }
}

/// Keeps the current generation and the one before, which belongs to the previous snapshot.
fn sweep_generations(publication: &Publication, before: Option<&Path>) -> Result<()> {
    let current = publication.directory.join("generations").join(&publication.run_id);
    for generation in durable::list(&publication.directory.join("generations"))? {
        if generation != current && Some(generation.as_path()) != before {
            durable::remove_tree_if_present(&generation)?;
        }
    }
    Ok(())
}

/// Removes whatever an unfinished publication left behind.
///
/// # Errors
/// [`Kind::Disk`].
fn discard_staging(publication: &Publication) -> Result<()> {
    durable::remove_tree_if_present(&publication.staging())
}
