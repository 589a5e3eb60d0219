//! `demo`: everything once against simulated accounts: full sync, some days later, reports.

mod accounts;
mod results;

use std::path::Path;
use std::sync::Arc;

use self::accounts::Accounts;
use super::{emulate, sync};
use crate::cli::args::{Demo, Global};
use crate::cli::printer::Printer;
use crate::cli::progress::Progress;
use crate::config::{self, Settings};
use crate::durable;
use crate::error::{Error, Kind, Result};
use crate::model::{Cell, ColumnKind, Observer, Table};
use crate::publish::Publication;
use crate::report::{self, Format, Session};
use crate::run::{self, Account, Summary, SyncOptions};

/// Days that pass at the simulated account between the two syncs.
const DAYS: u32 = 5;
/// First line of the configuration that `demo` writes; marks a directory as its own.
const MARK: &str = "# Written by `paid-sync demo`, which replaces this directory each time.";

pub(super) async fn run(words: &Demo, _global: &Global, printer: &Printer) -> Result<u8> {
    let directory = &words.dir;
    clear(directory)?;
    let accounts = Accounts::start(words.seed, emulate::size(words.size)).await?;
    let settings = write_settings(directory, &accounts)?;
    let stop = super::stop_at_signals();

    printer.note(&format!("simulated accounts at {}: first sync", accounts.addresses()));
    let first = sync_once(&settings, &accounts, printer, stop.clone()).await?;
    sync::conclude(&first, printer);
    if first.exit_code() <= Kind::Degraded.exit_code() {
        printer.note(&format!("{DAYS} days pass at the accounts: next sync"));
        accounts.advance(DAYS);
        let second = sync_once(&settings, &accounts, printer, stop).await?;
        sync::conclude(&second, printer);
        let code = show(&settings, &accounts, &second, directory, printer)?;
        accounts.shutdown().await;
        return Ok(code);
    }
    accounts.shutdown().await;
    Ok(first.exit_code())
}

async fn sync_once(
    settings: &Settings,
    accounts: &Accounts,
    printer: &Printer,
    stop: run::Stop,
) -> Result<Summary> {
    let accounts = settings
        .sources
        .iter()
        .map(|source| Account { source: source.clone(), key: accounts.key(&source.name) })
        .collect();
    let options = SyncOptions {
        command: "demo".to_owned(),
        retry: super::retry_policy(),
        ..SyncOptions::default()
    };
    let observer: Arc<dyn Observer> = Arc::new(Progress::new(printer));
    run::sync(settings, accounts, options, observer, stop).await
}

fn show(
    settings: &Settings,
    accounts: &Accounts,
    second: &Summary,
    directory: &Path,
    printer: &Printer,
) -> Result<u8> {
    let snapshot = Publication::snapshot_path(&settings.warehouse.dir);
    let counts = counts(&snapshot, accounts)?;
    let equal = counts.rows.iter().all(|row| row.get(2) == row.get(3));
    heading(printer, "Rows at the accounts and in the warehouse")?;
    printer.table(&counts, Format::Table)?;
    results::show(&Session::open(&snapshot)?, printer)?;
    printer.data(closing(directory, settings).as_bytes())?;
    if !equal {
        return Err(Error::new(Kind::Degraded, "the warehouse and the accounts differ in rows"));
    }
    // Quarantine is part of the simulated account's quirks, and is shown above.
    Ok(if second.exit_code() == Kind::Degraded.exit_code() { 0 } else { second.exit_code() })
}

fn heading(printer: &Printer, text: &str) -> Result<()> {
    printer.data(format!("\n{text}\n").as_bytes())
}

fn counts(snapshot: &Path, accounts: &Accounts) -> Result<Table> {
    let mut table = Table::new(&[
        ("source", ColumnKind::Text),
        ("stream", ColumnKind::Text),
        ("account", ColumnKind::Integer),
        ("warehouse", ColumnKind::Integer),
    ]);
    for (source, stream, expected) in accounts.counts() {
        let name = crate::database::qualified(source, &stream);
        let found =
            report::query_table(snapshot, &format!("SELECT count(*)::INTEGER FROM {name}"))?;
        let found = found.rows.first().and_then(|row| row.first()).cloned().unwrap_or(Cell::Null);
        let expected = Cell::Integer(i128::from(expected));
        table.rows.push(vec![Cell::Text(source.to_owned()), Cell::Text(stream), expected, found]);
    }
    Ok(table)
}

fn closing(directory: &Path, settings: &Settings) -> String {
    let config = directory.join("sync.toml");
    let snapshot = Publication::snapshot_path(&settings.warehouse.dir);
    let (config, snapshot, page, tables) = (
        config.display(),
        snapshot.display(),
        directory.join("reports.html").display().to_string(),
        settings.warehouse.dir.join("tables").display().to_string(),
    );
    format!(
        "\nSnapshot  {snapshot}\nParquet   {tables}/<source>/<stream>/*/*.parquet\n\n\
         Open it with any DuckDB client from 1.1 on:\n\
         \x20 duckdb -readonly {snapshot} -c 'FROM reports.ar_aging'\n\
         \x20 python3 -c \"import duckdb; \\\n\
         \x20   duckdb.connect('{snapshot}', read_only=True).sql('FROM reports.mrr').show()\"\n\
         Or ask again:\n\
         \x20 paid-sync --config {config} report                      # the names of all reports\n\
         \x20 paid-sync --config {config} report ar_aging --help      # what one means\n\
         \x20 paid-sync --config {config} report ar_aging --as-of 2026-06-30\n\
         \x20 paid-sync --config {config} report --format html --output {page}\n\
         \x20 paid-sync --config {config} status\n"
    )
}

/// Empties the directory of an earlier demo; anything else in the way is not touched.
fn clear(directory: &Path) -> Result<()> {
    if !directory.exists() || durable::list(directory)?.is_empty() {
        return durable::create_directory(directory, 0o755);
    }
    let written = std::fs::read_to_string(directory.join("sync.toml")).unwrap_or_default();
    if !written.starts_with(MARK) {
        return Err(Error::new(
            Kind::Usage,
            format!(
                "{} holds something that no demo wrote; choose another place with `--dir`",
                directory.display()
            ),
        ));
    }
    durable::remove_tree_if_present(&directory.join("warehouse"))
}

fn write_settings(directory: &Path, accounts: &Accounts) -> Result<Settings> {
    // Enough to read all that stands below single objects at once.
    let text = format!("{MARK}\n\n[sync]\nrefresh_budget = 5000\n{}", accounts.settings());
    let path = directory.join("sync.toml");
    durable::write(&path, text.as_bytes(), 0o644)?;
    config::load(&path, &Vec::new)
}
