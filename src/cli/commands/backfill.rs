//! `backfill`: a run that walks a part of the past.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::cli::args::{Backfill, Global, Past};
use crate::cli::printer::Printer;
use crate::error::{Context, Error, Kind, Result};
use crate::model::Window;
use crate::plan;
use crate::run::SyncOptions;

pub(super) async fn run(global: &Global, words: Backfill, printer: &Printer) -> Result<u8> {
    let options = options(words.past)?;
    if words.dry_run {
        return super::plan::run_with(global, options, printer).await;
    }
    super::sync::run_with(global, options, printer).await
}

/// Turns the words into what the run needs.
pub(super) fn options(words: Past) -> Result<SyncOptions> {
    let backfill = plan::Backfill { window: window(words)?, again: words.again };
    Ok(SyncOptions {
        command: "backfill".to_owned(),
        backfill: Some(backfill),
        ..SyncOptions::default()
    })
}

/// Gives the window of whole days, UTC.
fn window(words: Past) -> Result<Window> {
    if let (Some(from), Some(to)) = (words.from, words.to)
        && from > to
    {
        let message = format!("--from {from} is later than --to {to}");
        return Err(Error::new(Kind::Usage, message));
    }
    // A window leaves out its lower bound and holds its upper one.
    let from = words.from.map(|day| Ok(start(day)? - 1)).transpose()?;
    // Without a last day whole lists are walked, undated objects too; with one, what is younger is not.
    let from = from.or(words.to.map(|_| 0));
    let to = words.to.map(|day| start(day.tomorrow().unwrap_or(day)).map(|next| next - 1));
    Ok(Window { from, to: to.transpose()? })
}

/// Gives the first second of a day, Unix seconds UTC.
fn start(day: Date) -> Result<i64> {
    let instant = day.to_zoned(TimeZone::UTC);
    Ok(instant.context(Kind::Usage, || format!("{day} is out of range"))?.timestamp().as_second())
}
