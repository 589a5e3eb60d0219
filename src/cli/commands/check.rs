//! `check`: every problem of the configuration at once, then one question to each source.

use std::sync::Arc;

use crate::cli::args::Global;
use crate::cli::printer::Printer;
use crate::cli::progress::Progress;
use crate::error::Result;
use crate::model::{Cell, ColumnKind, Observer, Table};
use crate::run::{self, SyncOptions};

pub(super) async fn run(global: &Global, printer: &Printer) -> Result<u8> {
    let settings = super::settings(global)?;
    let accounts = super::accounts(&settings, global)?;
    let observer: Arc<dyn Observer> = Arc::new(Progress::new(printer));
    let options = SyncOptions { retry: super::retry_policy(), ..SyncOptions::default() };
    let mut table = Table::new(&[
        ("source", ColumnKind::Text),
        ("kind", ColumnKind::Text),
        ("base_url", ColumnKind::Text),
        ("account_id", ColumnKind::Text),
        ("clock_difference_seconds", ColumnKind::Integer),
    ]);
    for account in &accounts {
        let found = run::check_account(account, &options, Arc::clone(&observer)).await?;
        table.rows.push(vec![
            Cell::Text(account.source.name.clone()),
            Cell::Text(account.source.kind.identity()),
            Cell::Text(account.source.base_url.to_string()),
            Cell::Text(found.account_id),
            Cell::Integer(i128::from(found.clock_difference)),
        ]);
    }
    run::check_directory(&settings)?;
    printer.note("configuration, keys and warehouse directory are fine");
    printer.table(&table, super::table_format(global))?;
    Ok(0)
}
