//! The one file that names `DuckDB`: connections, parameters, results, transactions.
//!
//! Everything else speaks SQL text, [`Param`]s, Arrow batches and [`Table`]s. Sessions never load an
//! extension from the network, and read-only ones cannot reach any other file (DESIGN 10).

use std::path::{Path, PathBuf};

use arrow::record_batch::RecordBatch;
use duckdb::{AccessMode, Config, Connection, ToSql};

use crate::error::{Context, Kind, Result};
use crate::model::{Cell, Table};

mod cells;

/// Upper bound of `DuckDB`'s buffers in every session that writes (I10).
pub const MEMORY_LIMIT: &str = "88MB";

/// Bytes of write-ahead log after which a commit also checkpoints; replayed after a crash.
const LOG_BEFORE_CHECKPOINT: &str = "256MB";

/// How a database file is opened.
#[derive(Debug, Clone)]
pub enum Access {
    /// The private working database.
    ReadWrite {
        /// Where sorts and joins that exceed memory may spill.
        spill_directory: PathBuf,
        /// Upper bound of the buffer manager, as `DuckDB` writes it (`2GB`); keeps I10.
        memory_limit: &'static str,
    },
    /// A published file: nothing can be written, no other file can be reached.
    ReadOnly,
}

/// A bound SQL parameter.
#[derive(Debug, Clone, Copy)]
pub enum Param<'a> {
    /// NULL.
    Null,
    /// VARCHAR.
    Text(&'a str),
    /// BIGINT.
    Integer(i64),
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Param<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl<T: Into<Self>> From<Option<T>> for Param<'_> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> duckdb::Result<duckdb::types::ToSqlOutput<'_>> {
        match self {
            Self::Null => Ok(duckdb::types::ToSqlOutput::from(duckdb::types::Null)),
            Self::Text(text) => text.to_sql(),
            Self::Integer(number) => number.to_sql(),
        }
    }
}

/// An open database.
#[derive(Debug)]
pub struct Database {
    connection: Connection,
    path: PathBuf,
}

impl Database {
    /// Opens a file; read-write creates it.
    ///
    /// # Errors
    /// [`Kind::Database`] naming the file.
    pub fn open(path: &Path, access: &Access) -> Result<Self> {
        let connection = configuration(access)
            .and_then(|config| Connection::open_with_flags(path, config))
            .context(Kind::Database, || format!("cannot open the database {}", path.display()))?;
        let database = Self { connection, path: path.to_owned() };
        if matches!(access, Access::ReadOnly) {
            database.execute_batch("SET lock_configuration = true")?;
        }
        Ok(database)
    }

    /// Bounds its buffers anew, as `DuckDB` writes it (`128MB`).
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn limit_memory(&self, limit: &str) -> Result<()> {
        self.execute_batch(&format!("SET memory_limit = {}", literal(limit)))
    }

    /// Lets statements use so many threads.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn use_threads(&self, threads: u32) -> Result<()> {
        self.execute_batch(&format!("SET threads = {threads}"))
    }

    /// Gives the size of its file, bytes.
    ///
    /// # Errors
    /// [`Kind::Disk`] naming the file.
    pub fn file_size(&self) -> Result<u64> {
        let metadata = std::fs::metadata(&self.path);
        let metadata =
            metadata.context(Kind::Disk, || format!("cannot look at {}", self.path.display()))?;
        Ok(metadata.len())
    }

    /// Opens another session of the same database, for another thread; both share its memory.
    ///
    /// # Errors
    /// [`Kind::Database`] naming the file.
    pub fn another_session(&self) -> Result<Self> {
        let connection = self.connection.try_clone().context(Kind::Database, || {
            format!("cannot open another session of {}", self.path.display())
        })?;
        Ok(Self { connection, path: self.path.clone() })
    }

    /// Opens an empty database in memory, for tests of SQL.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn in_memory() -> Result<Self> {
        let connection = Connection::open_in_memory()
            .context(Kind::Database, || "cannot open a database in memory")?;
        Ok(Self { connection, path: PathBuf::from(":memory:") })
    }

    /// Opens an empty database in memory beside a published file, which it sees read-only under the
    /// name of the file (`warehouse`) and which its own views need. No other file can be reached.
    ///
    /// # Errors
    /// [`Kind::Database`] naming the file.
    pub fn beside(
        snapshot: &Path,
        spill_directory: &Path,
        memory_limit: &'static str,
    ) -> Result<Self> {
        let access =
            Access::ReadWrite { spill_directory: spill_directory.to_owned(), memory_limit };
        let database = Self::open(Path::new(":memory:"), &access)?;
        let file = literal(&snapshot.to_string_lossy());
        database.execute_batch(&format!("ATTACH {file} (READ_ONLY)"))?;
        database
            .execute_batch("SET enable_external_access = false; SET lock_configuration = true")?;
        Ok(Self { path: snapshot.to_owned(), ..database })
    }

    /// Runs statements without parameters.
    ///
    /// # Errors
    /// [`Kind::Database`] naming the file and the statement's beginning.
    pub fn execute_batch(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).context(Kind::Database, || self.failed(sql))
    }

    /// Runs one statement and gives the number of rows it changed.
    ///
    /// # Errors
    /// [`Kind::Database`] naming the file and the statement's beginning.
    pub fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<u64> {
        let changed = self
            .connection
            .execute(sql, duckdb::params_from_iter(params))
            .context(Kind::Database, || self.failed(sql))?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    /// Runs a query and gives its Arrow batches, at least one, which may be empty.
    ///
    /// # Errors
    /// [`Kind::Database`] naming the file and the statement's beginning.
    pub fn batches(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<RecordBatch>> {
        // Fetched with `step`, because the crate's Arrow iterator panics on a failed fetch.
        let run = || -> duckdb::Result<Vec<RecordBatch>> {
            let mut statement = self.connection.prepare(sql)?;
            statement.execute(duckdb::params_from_iter(params))?;
            let mut batches = Vec::new();
            while let Some(rows) = statement.step()? {
                batches.push(RecordBatch::from(&rows));
            }
            if batches.is_empty() {
                batches.push(RecordBatch::new_empty(statement.schema()));
            }
            Ok(batches)
        };
        run().context(Kind::Database, || self.failed(sql))
    }

    /// Runs a query and gives its rows as a [`Table`].
    ///
    /// # Errors
    /// [`Kind::Database`] naming the file and the statement's beginning.
    pub fn table(&self, sql: &str, params: &[Param<'_>]) -> Result<Table> {
        cells::table_of(&self.batches(sql, params)?)
    }

    /// Runs a query that gives one integer (a count); NULL counts as 0.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn integer(&self, sql: &str, params: &[Param<'_>]) -> Result<i64> {
        Ok(self.optional_integer(sql, params)?.unwrap_or(0))
    }

    /// Runs a query that gives one integer or NULL or no row.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn optional_integer(&self, sql: &str, params: &[Param<'_>]) -> Result<Option<i64>> {
        let table = self.table(sql, params)?;
        Ok(match table.rows.first().and_then(|row| row.first()) {
            Some(Cell::Integer(number)) => i64::try_from(*number).ok(),
            _ => None,
        })
    }

    /// Runs a query whose first column is text.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn texts(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<String>> {
        let table = self.table(sql, params)?;
        let first = |row: Vec<Cell>| match row.into_iter().next() {
            Some(Cell::Text(text)) => Some(text),
            _ => None,
        };
        Ok(table.rows.into_iter().filter_map(first).collect())
    }

    /// Appends Arrow rows to a table whose columns have the batch's types, in the batch's order.
    ///
    /// The appender copies: the crate's Arrow scan keeps every batch for the life of the process,
    /// which would let memory grow with the data (I10).
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn append(&self, table: &str, batch: &RecordBatch) -> Result<()> {
        self.append_to("main", table, batch)
    }

    /// Does the same with a table of another schema.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn append_to(&self, schema: &str, table: &str, batch: &RecordBatch) -> Result<()> {
        let run = || -> duckdb::Result<()> {
            let mut appender = self.connection.appender_to_db(table, schema)?;
            appender.append_record_batch(batch.clone())?;
            appender.flush()
        };
        run().context(Kind::Database, || {
            format!("cannot append rows to {}", qualified(schema, table))
        })
    }

    /// Runs `work` in one transaction: all of it becomes durable, or none.
    ///
    /// # Errors
    /// Those of `work`, and [`Kind::Database`] if the commit fails.
    pub fn transaction<T>(&self, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        self.execute_batch("BEGIN TRANSACTION")?;
        match work(self) {
            Ok(value) => {
                crate::fault::point("database.before_commit");
                self.execute_batch("COMMIT")?;
                crate::fault::point("database.after_commit");
                Ok(value)
            }
            Err(error) => {
                // The first error is the one to report; a failed rollback leaves nothing either.
                let _rolled_back = self.execute_batch("ROLLBACK");
                Err(error)
            }
        }
    }

    /// Writes everything into the file itself and closes it.
    ///
    /// # Errors
    /// [`Kind::Database`] if the checkpoint fails or the file cannot be closed.
    pub fn checkpoint_and_close(self) -> Result<()> {
        // Nothing else runs then.
        self.use_threads(2)?;
        self.execute_batch("FORCE CHECKPOINT")?;
        self.connection.close().map_err(|(_, error)| error).context(Kind::Database, || {
            format!("cannot close the database {}", self.path.display())
        })
    }

    fn failed(&self, sql: &str) -> String {
        let beginning: String = sql.trim().chars().take(120).collect();
        format!("{} refused `{}`", self.path.display(), beginning.replace('\n', " "))
    }
}

fn configuration(access: &Access) -> duckdb::Result<Config> {
    let config = Config::default()
        .with("autoinstall_known_extensions", "false")?
        .with("autoload_known_extensions", "false")?;
    match access {
        Access::ReadWrite { spill_directory, memory_limit } => config
            .with("temp_directory", spill_directory.to_string_lossy())?
            .with("preserve_insertion_order", "false")?
            // Whatever else a checkpoint keeps of the one before it, clients before 1.4 cannot read:
            // they follow links to what is no longer there ("Failed to load metadata pointer").
            .with("experimental_metadata_reuse", "false")?
            // A checkpoint compresses anew what is only half full, again and again where there are
            // many: with the default of 16 MB they took half of the time of loading a million rows.
            .with("checkpoint_threshold", LOG_BEFORE_CHECKPOINT)?
            // A run has other work for the cores: fetching, decoding, writing files. Statements on
            // several threads cost it more than they gain, in time and in memory.
            .with("threads", "1")?
            .with("memory_limit", *memory_limit),
        Access::ReadOnly => config.access_mode(AccessMode::ReadOnly)?.enable_external_access(false),
    }
}

/// Quotes an identifier; the only way a name enters SQL text.
#[must_use]
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes a text literal; for places that take no parameter.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Gives `"schema"."table"`.
#[must_use]
pub fn qualified(schema: &str, table: &str) -> String {
    format!("{}.{}", identifier(schema), identifier(table))
}
