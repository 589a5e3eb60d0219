//! The working database: opening, runs, and everything the run asks of the ledger.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use crate::catalog::{SourceKind, StreamSpec};
use crate::clock;
use crate::database::{Access, Database, MEMORY_LIMIT};
use crate::durable;
use crate::error::{Error, Kind, Result};
use crate::model::{Cell, Effort, Outcome, RowCounts, StreamState, Window};

use super::change_log::{ChangeLog, sweep_unnamed_parts};
use super::loaded::Loaded;
use super::merge::{self, Origin};
use super::schema::{self, SCHEMA_VERSION};
use super::unit::LoadUnit;
use super::{ledger, sql};

/// The run under way.
#[derive(Debug, Clone)]
pub struct Run {
    /// Counts runs of this warehouse from 1; later is newer (I5).
    pub number: i64,
    /// Name of the run: number and start, sorts by age.
    pub id: String,
    /// Month of the start, `YYYY-MM`: folder of its change-log parts.
    pub month: String,
    /// Start, microseconds UTC by this machine.
    pub started_at: i64,
}

impl Run {
    /// Gives the run that an id names.
    #[must_use]
    pub fn named(id: &str) -> Option<Self> {
        let (number, stamp) = id.split_once('-')?;
        let started_at = clock::micros_of(stamp)?;
        let month = clock::show_micros(started_at).chars().take(7).collect();
        Some(Self { number: number.parse().ok()?, id: id.to_owned(), month, started_at })
    }
}

/// How one stream went, for `_sync.stream_runs`.
#[derive(Debug, Clone)]
pub struct StreamReport {
    /// Source name.
    pub source: String,
    /// Account.
    pub account_id: String,
    /// Stream name.
    pub stream: String,
    /// How it went.
    pub outcome: Outcome,
    /// What it took.
    pub effort: Effort,
}

/// How the run went, for `_sync.runs`.
#[derive(Debug, Clone)]
pub struct FinishedRun {
    /// Status in a word.
    pub status: String,
    /// Exit code of the process.
    pub exit_code: u8,
    /// Requests sent.
    pub requests: i64,
    /// First error, if any.
    pub message: Option<String>,
}

/// The private working database and its change log.
#[derive(Debug)]
pub struct Warehouse {
    pub(super) database: Database,
    change_log: ChangeLog,
    loaded: Loaded,
}

impl Warehouse {
    /// Opens or creates the working database below `directory`, and sweeps unnamed parts.
    ///
    /// # Errors
    /// [`Kind::State`] if a newer program made it, [`Kind::Disk`], [`Kind::Database`].
    pub fn open(directory: &Path) -> Result<Self> {
        let warehouse = Self::open_file(directory, &Self::working_path(directory))?;
        sweep_unnamed_parts(&warehouse.database, &directory.join("changes"))?;
        Ok(warehouse)
    }

    /// Opens or creates a working database in this file.
    pub(super) fn open_file(directory: &Path, path: &Path) -> Result<Self> {
        let spill_directory = directory.join("work").join("spill");
        durable::create_directory(&spill_directory, 0o700)?;
        let access = Access::ReadWrite { spill_directory, memory_limit: MEMORY_LIMIT };
        let database = Database::open(path, &access)?;
        durable::set_mode(path, 0o600)?;
        check_version(&database, path)?;
        let root = directory.join("changes");
        durable::create_directory(&root, 0o700)?;
        Ok(Self { database, change_log: ChangeLog::new(root), loaded: Loaded::default() })
    }

    /// Gives the path of the working database. Its name equals the snapshot's, so that both have
    /// the same catalog name and views work in either.
    #[must_use]
    pub fn working_path(directory: &Path) -> PathBuf {
        directory.join("work").join("warehouse.duckdb")
    }

    /// Gives the database, for views and for publishing.
    #[must_use]
    pub const fn database(&self) -> &Database {
        &self.database
    }

    /// Closes the working database with everything inside its file.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn checkpoint_and_close(self) -> Result<()> {
        self.database.checkpoint_and_close()
    }

    /// Gives the version of the normaliser that filled the tables, if it was written down.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn normalizer_version(&self) -> Result<Option<i64>> {
        self.database.optional_integer("SELECT max(version) FROM _sync.normalizer", &[])
    }

    /// Writes down the version of the normaliser that filled the tables.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn record_normalizer(&self, version: i64) -> Result<()> {
        self.database
            .execute("INSERT INTO _sync.normalizer VALUES ($1, NULL)", &[version.into()])?;
        Ok(())
    }

    /// Tells whether a run was ever begun.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn has_runs(&self) -> Result<bool> {
        Ok(self.database.integer("SELECT count(*) FROM _sync.runs", &[])? > 0)
    }

    /// Starts a run and writes it down.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn begin_run(&self, command: &str) -> Result<Run> {
        let last = "SELECT coalesce(max(run_number), 0) FROM _sync.runs";
        let number = self.database.integer(last, &[])? + 1;
        self.database
            .execute_batch("UPDATE _sync.runs SET status = 'died' WHERE status = 'running'")?;
        let started_at = clock::now_micros();
        let id = format!("{number:06}-{}", clock::stamp(started_at));
        let month = clock::show_micros(started_at).chars().take(7).collect();
        self.database.execute(
            "INSERT INTO _sync.runs VALUES ($1, $2, $3, make_timestamp($4), NULL, 'running', \
             NULL, NULL, NULL)",
            &[number.into(), (&id).into(), command.into(), started_at.into()],
        )?;
        Ok(Run { number, id, month, started_at })
    }

    /// Creates schemas and tables of a source; adds nothing where they exist.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn ensure_source(&self, source: &str, kind: &SourceKind) -> Result<()> {
        let statements = sql::create_source(source, kind);
        // Hundreds of statements, the same in every run but the first of a program's version.
        let fingerprint = fingerprint(&statements);
        let tables = i64::try_from(2 * kind.tables().count()).unwrap_or(i64::MAX);
        let known = self.database.integer(
            "SELECT count(*) FROM _sync.definitions WHERE source = $1 AND fingerprint = $2 \
             AND (SELECT count(*) FROM duckdb_tables() WHERE schema_name IN ($1, $3)) >= $4",
            &[
                source.into(),
                (&fingerprint).into(),
                (&sql::history_schema(source)).into(),
                tables.into(),
            ],
        )?;
        if known > 0 {
            return Ok(());
        }
        // One transaction: each of them would be made durable on its own.
        self.database.transaction(|database| {
            database.execute_batch(&statements)?;
            // The views stand on these tables.
            database.execute("DELETE FROM _sync.definitions WHERE source = $1", &[VIEWS.into()])?;
            remember_definition(database, source, &fingerprint)
        })
    }

    /// Gives the account that a source's schema holds.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn bound_account(&self, source: &str) -> Result<Option<String>> {
        let query = "SELECT account_id FROM _sync.sources WHERE source = $1";
        Ok(self.database.texts(query, &[source.into()])?.into_iter().next())
    }

    /// Refuses another kind than the one that a source's schema holds.
    ///
    /// # Errors
    /// [`Kind::WrongAccount`] naming both; [`Kind::Database`].
    pub fn check_kind(&self, source: &str, kind: &SourceKind) -> Result<()> {
        let query = "SELECT kind FROM _sync.sources WHERE source = $1";
        let known_kind = self.database.texts(query, &[source.into()])?.into_iter().next();
        if let Some(known) = known_kind.filter(|known| *known != kind.identity()) {
            return Err(Error::new(
                Kind::WrongAccount,
                format!(
                    "source `{source}`: the settings say {}, but the warehouse holds {known}; give \
                     the new source another name, since ids may differ",
                    kind.identity()
                ),
            ));
        }
        Ok(())
    }

    /// Binds a source's schema to an account at the first run, and refuses another one later.
    ///
    /// # Errors
    /// [`Kind::WrongAccount`] naming both accounts; [`Kind::Database`].
    pub fn bind_account(
        &self,
        run: &Run,
        source: &str,
        kind: &SourceKind,
        account_id: &str,
    ) -> Result<()> {
        match self.bound_account(source)? {
            Some(known) if known == account_id => Ok(()),
            Some(known) => Err(Error::new(
                Kind::WrongAccount,
                format!(
                    "source `{source}`: the key belongs to account {account_id}, but the warehouse \
                     holds account {known}"
                ),
            )),
            None => {
                self.database.execute(
                    "INSERT INTO _sync.sources VALUES ($1, $2, $3, $4)",
                    &[
                        source.into(),
                        (&kind.identity()).into(),
                        account_id.into(),
                        (&run.id).into(),
                    ],
                )?;
                Ok(())
            }
        }
    }

    /// Gives what the ledger knows of a stream.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn stream_state(
        &self,
        source: &str,
        account_id: &str,
        stream: &str,
    ) -> Result<StreamState> {
        ledger::state(&self.database, source, account_id, stream)
    }

    /// Gives a ledger number that no walk has yet.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn last_walk_number(&self) -> Result<i64> {
        self.database.integer("SELECT coalesce(max(number), 0) FROM _sync.ledger", &[])
    }

    /// Gives the fields that list copies of a stream were seen to carry.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn list_fields(&self, source: &str, stream: &str) -> Result<BTreeSet<String>> {
        let query = "SELECT field FROM _sync.list_fields WHERE source = $1 AND stream = $2";
        let fields = self.database.texts(query, &[source.into(), stream.into()])?;
        Ok(fields.into_iter().collect())
    }

    /// Gives the sources that the warehouse holds, with the names of their kinds.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn known_sources(&self) -> Result<Vec<(String, String)>> {
        let table =
            self.database.table("SELECT source, kind FROM _sync.sources ORDER BY source", &[])?;
        let pair = |row: Vec<Cell>| match <[Cell; 2]>::try_from(row) {
            Ok([Cell::Text(source), Cell::Text(kind)]) => Some((source, kind)),
            _ => None,
        };
        Ok(table.rows.into_iter().filter_map(pair).collect())
    }

    /// Counts the hints of a source that are not followed yet.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn count_hints(&self, source: &str) -> Result<u64> {
        super::hints::count(&self.database, source)
    }

    /// Counts the live rows of a stream whose `created_at` lies in `(from, to]`, or all.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn count_rows(
        &self,
        source: &str,
        spec: &StreamSpec,
        account_id: &str,
        window: Window,
    ) -> Result<i64> {
        let table = crate::database::qualified(source, spec.name);
        let mut query = format!("SELECT count(*) FROM {table} WHERE _account_id = $1");
        if window.is_filtered() {
            if !spec.has_column("created_at") {
                return Ok(0);
            }
            query.push_str(
                " AND created_at > make_timestamp(coalesce($2, 0) * 1000000) \
                 AND created_at <= make_timestamp(coalesce($3, 253402300799) * 1000000)",
            );
            return self
                .database
                .integer(&query, &[account_id.into(), window.from.into(), window.to.into()]);
        }
        self.database.integer(&query, &[account_id.into()])
    }

    /// Tells whether an earlier run has read this stream to its end.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn has_loaded(&self, source: &str, stream: &str) -> Result<bool> {
        let query = "SELECT count(*) FROM _sync.stream_runs WHERE source = $1 AND stream = $2 \
                     AND status IN ('complete', 'cursor_ignored')";
        Ok(self.database.integer(query, &[source.into(), stream.into()])? > 0)
    }

    /// Commits a load unit.
    ///
    /// # Errors
    /// [`Kind::Database`], [`Kind::Disk`]; nothing of the unit is stored then.
    pub fn commit(&self, run: &Run, unit: &LoadUnit) -> Result<RowCounts> {
        merge::commit(&self.database, Origin::Observed(&self.change_log, &self.loaded), run, unit)
    }

    /// Writes down how the run and its streams went.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn finish_run(
        &self,
        run: &Run,
        streams: &[StreamReport],
        finished: &FinishedRun,
    ) -> Result<()> {
        self.database.transaction(|database| {
            for report in streams {
                insert_stream_report(database, run, report)?;
            }
            database.execute(
                "UPDATE _sync.runs SET finished_at = make_timestamp($2), status = $3, \
                 exit_code = $4, requests = $5, message = $6 WHERE run_id = $1",
                &[
                    (&run.id).into(),
                    clock::now_micros().into(),
                    (&finished.status).into(),
                    i64::from(finished.exit_code).into(),
                    finished.requests.into(),
                    finished.message.as_ref().into(),
                ],
            )?;
            Ok(())
        })
    }
}

/// Tells texts apart; another toolchain may tell the same text apart from itself, which only costs
/// time.
fn fingerprint(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    format!("{:016x}", hasher.finish())
}

pub(super) fn insert_stream_report(
    database: &Database,
    run: &Run,
    report: &StreamReport,
) -> Result<()> {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX).into();
    database.execute(
        "INSERT INTO _sync.stream_runs VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &[
            (&run.id).into(),
            (&report.source).into(),
            (&report.account_id).into(),
            (&report.stream).into(),
            report.outcome.status.name().into(),
            number(report.outcome.rows.received),
            number(report.outcome.rows.inserted),
            number(report.outcome.rows.updated),
            number(report.outcome.rows.unchanged),
            number(report.outcome.rows.superseded),
            number(report.outcome.rows.quarantined),
            report.outcome.note.as_ref().into(),
            number(report.outcome.rows.deleted),
        ],
    )?;
    Ok(())
}

/// Runs the statements that make the views of models and reports, unless they are in place.
///
/// # Errors
/// [`Kind::Database`].
pub fn ensure_views(database: &Database, statements: &[String]) -> Result<()> {
    let fingerprint = fingerprint(&statements.join(";"));
    let known = database.integer(
        "SELECT count(*) FROM _sync.definitions WHERE source = $1 AND fingerprint = $2",
        &[VIEWS.into(), (&fingerprint).into()],
    )?;
    if known > 0 {
        return Ok(());
    }
    database.transaction(|database| {
        statements.iter().try_for_each(|statement| database.execute_batch(statement))?;
        remember_definition(database, VIEWS, &fingerprint)
    })
}

/// Creates the tables of an empty file, or leads those of an older version to this one.
fn check_version(database: &Database, path: &Path) -> Result<()> {
    let known = "SELECT count(*) FROM information_schema.tables \
                 WHERE table_schema = '_sync' AND table_name = 'schema_version'";
    let version = match database.integer(known, &[])? {
        0 => None,
        _ => database.optional_integer("SELECT max(version) FROM _sync.schema_version", &[])?,
    };
    if let Some(version) = version.filter(|version| *version > SCHEMA_VERSION) {
        return Err(Error::new(
            Kind::State,
            format!(
                "{} was made by a newer paid-sync (schema version {version}, this program knows \
                 {SCHEMA_VERSION})",
                path.display()
            ),
        ));
    }
    database.transaction(|database| {
        for (number, statements) in schema::MIGRATIONS {
            if version.is_some_and(|version| version < *number) {
                database.execute_batch(statements)?;
            }
        }
        database.execute_batch(schema::CREATE)?;
        if version == Some(SCHEMA_VERSION) {
            return Ok(());
        }
        database.execute(
            "INSERT INTO _sync.schema_version VALUES ($1, $2)",
            &[SCHEMA_VERSION.into(), env!("CARGO_PKG_VERSION").into()],
        )?;
        Ok(())
    })
}

/// Stands in `_sync.definitions` for the views over all sources; no source can have that name.
const VIEWS: &str = "";

fn remember_definition(database: &Database, of: &str, fingerprint: &str) -> Result<()> {
    database.execute("DELETE FROM _sync.definitions WHERE source = $1", &[of.into()])?;
    database.execute(
        "INSERT INTO _sync.definitions VALUES ($1, $2)",
        &[of.into(), fingerprint.into()],
    )?;
    Ok(())
}
