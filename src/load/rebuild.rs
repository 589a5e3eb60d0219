//! Makes a working database anew beside the one in place, and switches between them.
//!
//! It is built below `work/rebuild/`, checked, moved to `work/warehouse.rebuilt.duckdb` and only
//! then put in place. Killed before that move, the old database is untouched; killed after it, the
//! next command finishes the switch. The old one stays as `work/warehouse.broken.duckdb`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::catalog::SourceKind;
use crate::database::{Access, Database, Param, literal, qualified};
use crate::durable;
use crate::error::{Context, Error, Kind, Result};
use crate::fault;
use crate::model::{Cell, RowCounts};

use super::change_log::{CompletedWalk, Part, PartHeader};
use super::merge::{self, Origin};
use super::unit::LoadUnit;
use super::warehouse::{Run, StreamReport, Warehouse, insert_stream_report};

/// Tables of `_sync` that a replay fills by itself; all others are state that no part holds.
const REPLAYED_TABLES: &str =
    "('schema_version', 'normalizer', 'parts', 'quarantine', 'problems', 'drift')";

/// A working database under construction.
#[derive(Debug)]
pub struct Rebuilding {
    warehouse: Warehouse,
    directory: PathBuf,
}

/// A run as its report tells, or only its name.
#[derive(Debug, Clone)]
pub struct RunRecord {
    /// The run.
    pub run: Run,
    /// When it ended, microseconds UTC.
    pub finished_at: Option<i64>,
    /// Status in a word.
    pub status: String,
    /// Exit code of the process.
    pub exit_code: Option<i64>,
    /// Requests sent.
    pub requests: Option<i64>,
    /// First error, if any.
    pub message: Option<String>,
    /// How its streams went.
    pub streams: Vec<StreamReport>,
}

impl Rebuilding {
    /// Begins with nothing.
    ///
    /// # Errors
    /// [`Kind::Disk`], [`Kind::Database`].
    pub fn empty(directory: &Path) -> Result<Self> {
        clear(directory)?;
        Self::open(directory)
    }

    /// Begins with a copy of a snapshot that this process does not have open.
    ///
    /// # Errors
    /// [`Kind::Database`] if it cannot be read to its end, [`Kind::State`] if a newer program made
    /// it, [`Kind::Disk`].
    pub fn from_snapshot(directory: &Path, snapshot: &Path) -> Result<Self> {
        clear(directory)?;
        let copy = build_path(directory);
        std::fs::copy(snapshot, &copy).context(Kind::Disk, || {
            format!("cannot copy {} to {}", snapshot.display(), copy.display())
        })?;
        durable::set_mode(&copy, 0o600)?;
        fault::point("rebuild.copied");
        read_whole(&copy)?;
        Self::open(directory)
    }

    fn open(directory: &Path) -> Result<Self> {
        let warehouse = Warehouse::open_file(directory, &build_path(directory))?;
        Ok(Self { warehouse, directory: directory.to_owned() })
    }

    /// Gives the warehouse under construction.
    #[must_use]
    pub const fn warehouse(&self) -> &Warehouse {
        &self.warehouse
    }

    const fn database(&self) -> &Database {
        self.warehouse.database()
    }

    /// Gives the paths of the parts that are in it.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn parts(&self) -> Result<BTreeSet<String>> {
        Ok(self.database().texts("SELECT path FROM _sync.parts", &[])?.into_iter().collect())
    }

    /// Gives the ids of the runs that it knows, and the highest run number.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn runs(&self) -> Result<(BTreeSet<String>, i64)> {
        let ids = self.database().texts("SELECT run_id FROM _sync.runs", &[])?;
        let last = "SELECT coalesce(max(run_number), 0) FROM _sync.runs";
        Ok((ids.into_iter().collect(), self.database().integer(last, &[])?))
    }

    /// Makes the tables of a source and binds them to its account, where that is not known yet.
    ///
    /// # Errors
    /// [`Kind::State`] if they are bound to another account, [`Kind::Database`].
    pub fn ensure_source(&self, part: &PartHeader, kind: &SourceKind) -> Result<()> {
        self.warehouse.ensure_source(&part.source, kind)?;
        self.warehouse.bind_account(&part.run, &part.source, kind, &part.account_id).map_err(
            |error| match error.kind() {
                Kind::WrongAccount => Error::new(
                    Kind::State,
                    format!("{} belongs to another account than parts before it", part.name),
                )
                .because(error),
                _ => error,
            },
        )
    }

    /// Commits the rows of a part as they were committed first.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn replay(&self, part: &PartHeader, unit: &LoadUnit) -> Result<RowCounts> {
        let named =
            Part { name: part.name.clone(), commit_number: part.commit_number, rows: part.rows };
        let committed_at = part.committed_at.unwrap_or(part.run.started_at);
        let origin = Origin::Replayed(&named, committed_at);
        let counts = merge::commit(self.database(), origin, &part.run, unit)?;
        fault::point("rebuild.part_replayed");
        Ok(counts)
    }

    /// Names a part that is left out, so that it is neither swept nor taken for news.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn leave_out(&self, name: &str, run: &Run) -> Result<()> {
        let mut folders = name.split('/');
        let source = folders.next().unwrap_or_default();
        let stream = folders.next().unwrap_or_default();
        self.database().execute(
            "INSERT INTO _sync.parts VALUES (0, $1, $2, $3, $4, 0)",
            &[(&run.id).into(), source.into(), stream.into(), name.into()],
        )?;
        Ok(())
    }

    /// Adds runs that are not known yet, so that no number is used twice.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn restore_runs(&self, records: &[RunRecord]) -> Result<()> {
        let (known, _) = self.runs()?;
        let missing = records.iter().filter(|record| !known.contains(&record.run.id));
        self.database()
            .transaction(|database| missing.into_iter().try_for_each(|run| insert(database, run)))
    }

    /// Restores how far completed walks reached, by source, account and stream. Of a walk of a
    /// whole list only its bound comes back: what it found absent, or to read again, is in no part.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn restore_walks(&self, walks: &[(&PartHeader, CompletedWalk)]) -> Result<()> {
        self.database().transaction(|database| {
            for (number, (part, walk)) in (1_i64..).zip(walks) {
                let params: [Param<'_>; 9] = [
                    number.into(),
                    (&part.source).into(),
                    (&part.account_id).into(),
                    (&part.stream).into(),
                    walk.window.from.into(),
                    walk.window.to.into(),
                    walk.started.into(),
                    (&part.run.id).into(),
                    part.run.started_at.into(),
                ];
                database.execute(
                    "INSERT INTO _sync.ledger (number, source, account_id, stream, kind, \
                     window_from, window_to, state, pages, rows_seen, started, run_id, updated_at) \
                     VALUES ($1, $2, $3, $4, 'window', $5, $6, 'complete', 0, 0, $7, $8, make_timestamp($9))",
                    &params,
                )?;
            }
            Ok(())
        })
    }

    /// Takes over, from the database in place, the state that no part holds: progress, hints, runs.
    ///
    /// # Errors
    /// [`Kind::State`] naming a part that it holds and that was not replayed; [`Kind::Database`].
    pub fn carry_over(&self, working: &Path) -> Result<()> {
        let database = self.database();
        database.execute_batch(&format!(
            "ATTACH {} AS _before (READ_ONLY)",
            literal(&working.to_string_lossy())
        ))?;
        let lost = "SELECT path FROM _before._sync.parts WHERE commit_number > 0 \
                    AND path NOT IN (SELECT path FROM _sync.parts) ORDER BY path";
        if let Some(part) = database.texts(lost, &[])?.first() {
            return Err(Error::new(
                Kind::State,
                format!(
                    "the change log lacks {part}, so its rows cannot be made anew; restore it from \
                     a backup, or run `paid-sync rebuild --from-changes --skip-damaged` to go on \
                     without it"
                ),
            ));
        }
        let tables = format!(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = '_sync' \
             AND database_name = '_before' AND table_name NOT IN {REPLAYED_TABLES}"
        );
        let tables = database.texts(&tables, &[])?;
        database.transaction(|database| {
            tables.iter().try_for_each(|table| {
                let table = qualified("_sync", table);
                database.execute_batch(&format!(
                    "DELETE FROM {table}; INSERT INTO {table} BY NAME SELECT * FROM _before.{table}"
                ))
            })
        })?;
        database.execute_batch("DETACH _before")
    }

    /// Counts the current rows of a table.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn count_rows(&self, source: &str, stream: &str) -> Result<i64> {
        self.database().integer(&format!("SELECT count(*) FROM {}", qualified(source, stream)), &[])
    }

    /// Checks the database and puts it in place.
    ///
    /// # Errors
    /// [`Kind::Database`] if it is not what it must be; [`Kind::Disk`]. The one in place is
    /// untouched then, unless the disk failed in the middle of the switch, which the next command
    /// finishes.
    pub fn finish(self, normalizer: i64) -> Result<()> {
        let Self { warehouse, directory } = self;
        let database = warehouse.database();
        database.transaction(|database| {
            database.execute_batch("DELETE FROM _sync.normalizer")?;
            database.execute(
                "INSERT INTO _sync.normalizer SELECT $1, max(run_id) FROM _sync.runs",
                &[normalizer.into()],
            )
        })?;
        check_keys(database)?;
        warehouse.checkpoint_and_close()?;
        let built = build_path(&directory);
        durable::sync_file(&built)?;
        read_whole(&built)?;
        fault::point("rebuild.built");
        durable::rename(&built, &ready_path(&directory))?;
        fault::point("rebuild.ready");
        finish_switch(&directory)
    }
}

/// Puts a rebuilt database in place, if a killed process left one ready, and sweeps one that it
/// left half-built.
///
/// # Errors
/// [`Kind::Disk`].
pub fn finish_switch(directory: &Path) -> Result<()> {
    let ready = ready_path(directory);
    if ready.is_file() {
        let (working, broken) = (Warehouse::working_path(directory), broken_path(directory));
        if working.is_file() {
            durable::remove_if_present(&log_of(&broken))?;
            durable::rename(&working, &broken)?;
        }
        fault::point("rebuild.old_kept");
        // A log beside the new database would be replayed into it.
        let log = log_of(&working);
        if log.is_file() {
            durable::rename(&log, &log_of(&broken))?;
        }
        fault::point("rebuild.log_kept");
        durable::rename(&ready, &working)?;
        fault::point("rebuild.switched");
    }
    durable::remove_tree_if_present(&build_directory(directory))
}

/// Removes what an unfinished attempt left behind.
fn clear(directory: &Path) -> Result<()> {
    durable::remove_if_present(&ready_path(directory))?;
    durable::remove_tree_if_present(&build_directory(directory))?;
    durable::create_directory(&build_directory(directory), 0o700)
}

fn build_directory(directory: &Path) -> PathBuf {
    directory.join("work").join("rebuild")
}

/// Named as the working database is, so that both have the same catalog name.
fn build_path(directory: &Path) -> PathBuf {
    build_directory(directory).join("warehouse.duckdb")
}

fn ready_path(directory: &Path) -> PathBuf {
    directory.join("work").join("warehouse.rebuilt.duckdb")
}

fn broken_path(directory: &Path) -> PathBuf {
    directory.join("work").join("warehouse.broken.duckdb")
}

fn log_of(database: &Path) -> PathBuf {
    let mut log = database.as_os_str().to_owned();
    log.push(".wal");
    PathBuf::from(log)
}

/// Reads every row of a database file, so that a damaged block is found now.
fn read_whole(path: &Path) -> Result<()> {
    let database = Database::open(path, &Access::ReadOnly)?;
    for (schema, table) in tables(&database, "true")? {
        let table = qualified(&schema, &table);
        database.integer(&format!("SELECT bit_xor(hash(item)) % 2 FROM {table} AS item"), &[])?;
    }
    Ok(())
}

/// One row per object in every current table (I2).
fn check_keys(database: &Database) -> Result<()> {
    let current = "schema_name IN (SELECT source FROM _sync.sources)";
    for (schema, table) in tables(database, current)? {
        let name = qualified(&schema, &table);
        let twice = database.integer(
            &format!("SELECT count(*) - count(DISTINCT (_account_id, id)) FROM {name}"),
            &[],
        )?;
        if twice > 0 {
            return Err(Error::new(
                Kind::Database,
                format!("the rebuilt database holds {twice} objects of {name} twice"),
            ));
        }
    }
    Ok(())
}

fn tables(database: &Database, condition: &str) -> Result<Vec<(String, String)>> {
    let table = database.table(
        &format!(
            "SELECT schema_name, table_name FROM duckdb_tables() \
             WHERE database_name = current_database() AND {condition} ORDER BY ALL"
        ),
        &[],
    )?;
    let pair = |row: Vec<Cell>| match <[Cell; 2]>::try_from(row) {
        Ok([Cell::Text(schema), Cell::Text(table)]) => Some((schema, table)),
        _ => None,
    };
    Ok(table.rows.into_iter().filter_map(pair).collect())
}

fn insert(database: &Database, record: &RunRecord) -> Result<()> {
    database.execute(
        "INSERT INTO _sync.runs (run_number, run_id, command, started_at, finished_at, status, \
         exit_code, requests, message) VALUES ($1, $2, 'unknown', make_timestamp($3), \
         make_timestamp($4), $5, $6, $7, $8)",
        &[
            record.run.number.into(),
            (&record.run.id).into(),
            record.run.started_at.into(),
            record.finished_at.into(),
            (&record.status).into(),
            record.exit_code.into(),
            record.requests.into(),
            record.message.as_ref().into(),
        ],
    )?;
    record.streams.iter().try_for_each(|report| insert_stream_report(database, &record.run, report))
}
