//! One file per command; each turns words into calls of the library and results into tables.

mod backfill;
mod check;
mod demo;
mod emulate;
mod init;
mod plan;
mod rebuild;
mod report;
mod status;
mod streams;
mod sync;
mod verify;

use std::time::Duration;

use super::args::{Arguments, Command, Global, OutputFormat};
use super::printer::Printer;
use crate::config::{self, Settings};
use crate::error::{Error, Kind, Result};
use crate::extract::RetryPolicy;
use crate::report::Format;
use crate::run::{Account, RebuildOptions, Stop, SyncOptions};
use crate::spelling;

pub use streams::table as streams_table;

/// Shortens the first wait between tries, in milliseconds; for rehearsals on loopback.
pub const RETRY_BASE_VARIABLE: &str = "PAID_SYNC_RETRY_BASE_MS";

/// Runs a command and gives the exit code.
///
/// # Errors
/// Whatever ends the command; its kind decides the exit code.
pub async fn run(arguments: &Arguments, printer: &Printer) -> Result<u8> {
    let global = &arguments.global;
    match &arguments.command {
        Command::Demo(words) => demo::run(words, global, printer).await,
        Command::Init { force } => init::run(global, *force, printer),
        Command::Check => check::run(global, printer).await,
        Command::Sync { full, dry_run } => {
            let options = SyncOptions { full: *full, ..SyncOptions::default() };
            if *dry_run {
                plan::run_with(global, options, printer).await
            } else {
                sync::run_with(global, options, printer).await
            }
        }
        Command::Plan { full, past } => plan::run(global, *full, *past, printer).await,
        Command::Backfill(words) => backfill::run(global, *words, printer).await,
        Command::Verify(words) => verify::run(global, words, printer).await,
        Command::Rebuild { from_changes, skip_damaged } => {
            let options =
                RebuildOptions { from_changes: *from_changes, skip_damaged: *skip_damaged };
            rebuild::run(global, options, printer).await
        }
        Command::Status => status::run(global, printer),
        Command::Streams => streams::run(global, printer),
        Command::Report(words) => report::run(global, words, printer),
        Command::Emulate(words) => emulate::run(words, printer).await,
    }
}

fn settings(global: &Global) -> Result<Settings> {
    let settings = config::load(&global.config, &config::process_environment)?;
    for name in &global.source {
        if settings.source(name).is_none() {
            let known: Vec<&str> =
                settings.sources.iter().map(|source| source.name.as_str()).collect();
            return Err(Error::new(Kind::Usage, spelling::unknown("source", name, &known)));
        }
    }
    check_streams(&settings, global)?;
    Ok(settings)
}

fn check_streams(settings: &Settings, global: &Global) -> Result<()> {
    for name in &global.stream {
        if !settings.sources.iter().any(|source| source.selects(name)) {
            let mut known: Vec<&str> =
                settings.sources.iter().flat_map(|source| source.streams.names()).collect();
            known.sort_unstable();
            known.dedup();
            return Err(Error::new(Kind::Usage, spelling::unknown("stream", name, &known)));
        }
    }
    Ok(())
}

/// Reads the keys of the sources that the words select.
fn accounts(settings: &Settings, global: &Global) -> Result<Vec<Account>> {
    settings
        .sources
        .iter()
        .filter(|source| global.source.is_empty() || global.source.contains(&source.name))
        .map(|source| {
            Ok(Account { source: source.clone(), key: source.read_key(&super::environment)? })
        })
        .collect()
}

fn retry_policy() -> RetryPolicy {
    let mut policy = RetryPolicy::default();
    let base = super::environment(RETRY_BASE_VARIABLE).and_then(|text| text.parse().ok());
    if let Some(base) = base {
        policy.base = Duration::from_millis(base);
    }
    policy
}

/// Gives a receiver that turns true at SIGINT or SIGTERM.
fn stop_at_signals() -> Stop {
    let (sender, stop) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        // Nobody listens any more only when the run has already ended.
        let _ended = sender.send(true);
        // Keeps the channel open: a closed one would read as "no signal will ever come".
        std::future::pending::<()>().await;
    });
    stop
}

const fn table_format(global: &Global) -> Format {
    match global.format {
        OutputFormat::Json => Format::Json,
        OutputFormat::Csv => Format::Csv,
        OutputFormat::Html => Format::Html,
        OutputFormat::Table | OutputFormat::Parquet => Format::Table,
    }
}
