//! One question, as the program asks it.

use std::path::Path;
use std::time::Instant;

use clap::ValueEnum;
use jiff::{Timestamp, ToSpan as _};
use paid_sync::model::Cell;
use paid_sync::report::{Question, Session, find_report, page, query_table};

use crate::Outcome;

/// Stands for the page with all reports where a name is asked for.
pub(crate) const PAGE: &str = "page";

/// How a report is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// Today: `reports.X`.
    View,
    /// A year ago: `reports.X_as_of`.
    AsOf,
    /// Today, as known right after the first sync: `reports.X_known_at`.
    KnownAt,
    /// Its tie-out.
    TieOut,
}

impl Way {
    pub(crate) const OF_REPORTS: [Self; 4] = [Self::View, Self::AsOf, Self::KnownAt, Self::TieOut];

    /// Gives the word that [`ValueEnum`] reads.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::AsOf => "as-of",
            Self::KnownAt => "known-at",
            Self::TieOut => "tie-out",
        }
    }
}

/// Asks; gives the seconds from the question to the last row, and the rows (of a page: bytes).
pub(crate) fn ask(snapshot: &Path, name: &str, way: Way) -> Outcome<(f64, usize)> {
    let known_at = first_known(snapshot)?;
    let begun = Instant::now();
    let session = Session::open(snapshot)?;
    let size = if name == PAGE {
        page(&session, &Question::default())?.len()
    } else {
        let report = find_report(name)?;
        let question = match way {
            Way::TieOut => {
                let result = session.check_tie_out(report)?;
                if !result.holds() {
                    return Err(format!("{name}: {}", result.sentence()).into());
                }
                return Ok((begun.elapsed().as_secs_f64(), 0));
            }
            Way::View => Question::default(),
            Way::AsOf => {
                let today = session.day(&Question::default())?.ok_or("nothing was synced yet")?;
                Question { as_of: Some(today.checked_sub(1.year())?), ..Question::default() }
            }
            Way::KnownAt => {
                let as_of = session.day(&Question::default())?;
                Question { as_of, known_at: Some(known_at), ..Question::default() }
            }
        };
        session.run(report, &question)?.rows.len()
    };
    Ok((begun.elapsed().as_secs_f64(), size))
}

/// Gives an instant after the first sync, when all that it brought was known.
fn first_known(snapshot: &Path) -> Outcome<Timestamp> {
    let table = query_table(snapshot, "SELECT epoch_us(seen_at) FROM model.first_known")?;
    match table.rows.first().and_then(|row| row.first()) {
        Some(Cell::Integer(micros)) => {
            Ok(Timestamp::from_microsecond(i64::try_from(*micros)?)?.checked_add(1.hour())?)
        }
        _ => Err("nothing was synced yet".into()),
    }
}
