//! The comparison itself: a function of what is staged and the attached snapshot, nothing else.

use crate::database::Database;
use crate::error::Result;
use crate::model::{Cell, View};

use super::findings::{Counts, Difference, Month, StreamFindings, Sum, Verdict};
use super::sql::{self, Newer, Scope};

/// What rows are called that the API did not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// The whole list was walked.
    Extra,
    /// Each was asked for by id.
    Gone,
    /// The list need not show everything: a feed that forgets, a cursor that is ignored.
    Forgotten,
}

impl Absent {
    const fn name(self) -> &'static str {
        match self {
            Self::Extra => Verdict::Extra.name(),
            Self::Gone => Verdict::Gone.name(),
            Self::Forgotten => "forgotten",
        }
    }
}

/// Compares the staged copies of a stream with its rows in the snapshot.
pub(super) fn compare(
    database: &Database,
    scope: &Scope,
    newer: Newer,
    absent: Absent,
) -> Result<StreamFindings> {
    let account_id = (&scope.account_id).into();
    let place = [(&scope.source).into(), scope.spec.name.into(), account_id];
    database.execute_batch(&sql::keep_newest(scope))?;
    database.execute(&sql::compare(scope, newer, absent.name()), &place)?;
    let months = database.table(&sql::months(scope), &[])?;
    let mut findings = StreamFindings {
        source: scope.source.clone(),
        stream: scope.spec.name.to_owned(),
        months: months.rows.iter().map(|row| month(row)).collect(),
        ..StreamFindings::default()
    };
    if scope.view == View::List {
        for money in scope.money() {
            let sums = database.table(&sql::sums(scope, money), &[])?;
            findings.sums.extend(sums.rows.iter().map(|row| sum(row, money.column)));
        }
    }
    if findings.total().differences() > 0 {
        let differences = database.table(&sql::differences(scope), &[account_id])?;
        findings.differences = differences.rows.iter().filter_map(|row| difference(row)).collect();
    }
    Ok(findings)
}

/// Finds out which objects cannot be in the warehouse yet.
pub(super) fn newer(database: &Database, scope: &Scope) -> Result<Newer> {
    let place = [(&scope.source).into(), scope.spec.name.into()];
    Ok(Newer {
        after: database.optional_integer(&sql::complete_to(), &place)?,
        before_position: database
            .optional_integer(&sql::first_known(scope), &[(&scope.account_id).into()])?,
    })
}

fn text(cell: Option<&Cell>) -> Option<String> {
    match cell {
        Some(Cell::Text(text)) => Some(text.clone()),
        _ => None,
    }
}

fn number(cell: Option<&Cell>) -> i128 {
    match cell {
        Some(Cell::Integer(number)) => *number,
        _ => 0,
    }
}

fn month(row: &[Cell]) -> Month {
    let count = |index: usize| u64::try_from(number(row.get(index))).unwrap_or(0);
    Month {
        month: text(row.first()),
        counts: Counts {
            api: count(1),
            warehouse: count(2),
            same: count(3),
            different: count(4),
            missing: count(5),
            newer: count(6),
            extra: count(7),
            gone: count(8),
            forgotten: count(9),
        },
    }
}

fn sum(row: &[Cell], column: &'static str) -> Sum {
    Sum {
        month: text(row.first()),
        column,
        currency: text(row.get(1)),
        api: number(row.get(2)),
        warehouse: number(row.get(3)),
    }
}

fn difference(row: &[Cell]) -> Option<Difference> {
    let fields = text(row.get(3)).unwrap_or_default();
    Some(Difference {
        id: text(row.first())?,
        verdict: Verdict::named(&text(row.get(1))?)?,
        month: text(row.get(2)),
        fields: fields.split(',').filter(|field| !field.is_empty()).map(str::to_owned).collect(),
    })
}
