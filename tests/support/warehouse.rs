//! A simulated account, settings for it, and a look into what was published.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use paid_sync::catalog::{StreamSpec, source_kind};
use paid_sync::config::{self, Settings};
use paid_sync::database::{Access, Database, qualified};
use paid_sync::emulator::{Emulator, Options};
use paid_sync::error::Result;
use paid_sync::extract::RetryPolicy;
use paid_sync::model::{Cell, Silent, Table};
use paid_sync::run::{self, Account, Summary, SyncOptions};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;

/// Settings in a directory of their own.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
}

impl Home {
    /// Writes a configuration with one source `paid` at this address and these further lines.
    pub(crate) fn new(base_url: &str, more: &str) -> Self {
        Self::of(&format!(
            "{more}\n[[source]]\nname = \"paid\"\nbase_url = \"{base_url}\"\n\
             requests_per_second = 10000\nmax_in_flight = 8\n"
        ))
    }

    /// Writes this configuration.
    pub(crate) fn of(text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("sync.toml"), text).unwrap();
        Self { folder }
    }

    /// Copies the warehouse, links and permissions included, to a home with these further lines.
    pub(crate) fn twin(&self, emulator: &Emulator, more: &str) -> Self {
        let twin = Self::new(&emulator.base_url(), more);
        let copied =
            Command::new("cp").arg("-a").arg(self.warehouse()).arg(twin.folder.path()).status();
        assert!(copied.unwrap().success());
        twin
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn warehouse(&self) -> PathBuf {
        self.path("warehouse")
    }

    pub(crate) fn snapshot(&self) -> PathBuf {
        self.warehouse().join("warehouse.duckdb")
    }

    pub(crate) fn settings(&self) -> Settings {
        config::load(&self.path("sync.toml"), &Vec::new).unwrap()
    }

    /// Runs a sync with the emulator's own key.
    pub(crate) async fn sync(&self, options: SyncOptions) -> Summary {
        self.try_sync(options).await.unwrap()
    }

    /// Runs a sync with the emulator's own key, which may fail to start or to be written down.
    pub(crate) async fn try_sync(&self, options: SyncOptions) -> Result<Summary> {
        let settings = self.settings();
        let accounts = settings
            .sources
            .iter()
            .map(|source| Account {
                source: source.clone(),
                key: Options::default().api_key.into(),
            })
            .collect();
        let (_stop, stopped) = watch::channel(false);
        run::sync(&settings, accounts, options, Arc::new(Silent), stopped).await
    }

    /// Makes the command that runs the program on these settings with the emulator's own key.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_paid-sync"));
        command
            .args(words)
            .args(["--no-progress", "--config"])
            .arg(self.path("sync.toml"))
            .env("PAID_API_KEY", Options::default().api_key)
            .env("PAID_SYNC_RETRY_BASE_MS", "1");
        command
    }

    /// Reads the report of the newest run that wrote one.
    pub(crate) fn newest_report(&self) -> Option<Value> {
        let reports = paid_sync::durable::list(&self.warehouse().join("runs")).ok()?;
        let newest =
            reports.iter().rev().find(|path| path.extension().is_some_and(|e| e == "json"))?;
        serde_json::from_str(&std::fs::read_to_string(newest).ok()?).ok()
    }

    /// Opens the snapshot as an analyst does.
    pub(crate) fn open(&self) -> Database {
        Database::open(&self.snapshot(), &Access::ReadOnly).unwrap()
    }
}

/// Gives every table of the kind `paid`.
pub(crate) fn tables() -> impl Iterator<Item = &'static StreamSpec> {
    source_kind("paid").unwrap().tables()
}

/// Counts the current rows of every list.
pub(crate) fn counts(database: &Database) -> BTreeMap<String, u64> {
    let streams = source_kind("paid").unwrap().streams.iter();
    streams
        .map(|spec| {
            let query = format!("SELECT count(*) FROM {}", qualified("paid", spec.name));
            let rows = database.integer(&query, &[]).unwrap();
            (spec.name.to_owned(), u64::try_from(rows).unwrap())
        })
        .collect()
}

/// Gives the content of a table without what differs from run to run by nature.
pub(crate) fn content(database: &Database, spec: &StreamSpec) -> Table {
    content_without(database, spec, &[])
}

/// Does the same without some further columns.
pub(crate) fn content_without(database: &Database, spec: &StreamSpec, columns: &[&str]) -> Table {
    let left_out = [&["_first_seen_at", "_changed_at", "_run_id"], columns].concat().join(", ");
    let table = qualified("paid", spec.name);
    database.table(&format!("SELECT * EXCLUDE ({left_out}) FROM {table} ORDER BY id"), &[]).unwrap()
}

/// Gives the first column of the first row as a number.
pub(crate) fn number(database: &Database, query: &str) -> i128 {
    match database.table(query, &[]).unwrap().rows.first().and_then(|row| row.first()) {
        Some(Cell::Integer(number)) => *number,
        other => panic!("{query} gave {other:?}"),
    }
}

/// Gives retries that hardly wait.
pub(crate) fn quick() -> RetryPolicy {
    RetryPolicy { base: Duration::from_millis(1), ..RetryPolicy::default() }
}

/// Starts a small account.
pub(crate) async fn account() -> Emulator {
    Emulator::start(Options::default()).await.unwrap()
}

/// Lists all files below a directory.
pub(crate) fn files(directory: &Path) -> Vec<PathBuf> {
    paid_sync::durable::files_below(directory, "parquet").unwrap()
}
