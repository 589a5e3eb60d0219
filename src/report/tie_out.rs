//! Tie-outs: what must hold between the reports and what they were made from.
//!
//! They test our own arithmetic only. Where the source contradicts itself, `data_quality` says so.

use std::path::Path;

use crate::database::{Database, literal};
use crate::error::{Error, Kind, Result};
use crate::model::Cell;

use super::catalog::Report;
use super::query::Session;

/// Upper bound of the buffers for a tie-out that needs more than a run should take: rather that than
/// doubt about a report.
const MORE_MEMORY: &str = "1GB";
/// Rows of a failed tie-out that are told.
const MOST_TOLD: usize = 3;

/// What came of a tie-out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TieOutResult {
    /// Report.
    pub report: &'static str,
    /// What should hold.
    pub claim: String,
    /// Rows that show where it does not; empty if it holds.
    pub differences: Vec<String>,
}

impl TieOutResult {
    /// Tells whether it holds.
    #[must_use]
    pub const fn holds(&self) -> bool {
        self.differences.is_empty()
    }

    /// Says how it came out, in a line.
    #[must_use]
    pub fn sentence(&self) -> String {
        if self.holds() {
            format!("tie-out holds: {}", self.claim)
        } else {
            format!(
                "TIE-OUT FAILED, do not rely on this report: {} ({})",
                self.claim,
                self.differences.join("; ")
            )
        }
    }
}

impl Session {
    /// Tells how the tie-out of one report came out when the snapshot was published; one that was not
    /// checked then is checked now.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn tie_out(&self, report: &Report) -> Result<TieOutResult> {
        match self.published_tie_out(report)? {
            Some(result) => Ok(result),
            None => self.check_tie_out(report),
        }
    }

    /// Checks the tie-out of one report, at the snapshot's own date.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn check_tie_out(&self, report: &Report) -> Result<TieOutResult> {
        check(self.database(), report)
    }

    /// Reads what was found at publication; nothing where another claim was checked, or none.
    fn published_tie_out(&self, report: &Report) -> Result<Option<TieOutResult>> {
        let claim = report.contract()?.tie_out.claim;
        let database = self.database();
        let tables = "SELECT count(*) FROM duckdb_tables() WHERE schema_name = '_sync' \
                      AND table_name = 'tie_outs'";
        if database.integer(tables, &[])? == 0 {
            return Ok(None);
        }
        let table = database.table(
            "SELECT difference FROM _sync.tie_outs WHERE report = $1 AND claim = $2",
            &[report.name.into(), (&claim).into()],
        )?;
        let difference = |row: &Vec<Cell>| match row.first() {
            Some(Cell::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let differences = table.rows.iter().filter_map(difference).collect();
        let was_checked = !table.rows.is_empty();
        Ok(was_checked.then_some(TieOutResult { report: report.name, claim, differences }))
    }
}

/// Writes the statements that keep results in a snapshot: a row per difference, and one without for a
/// tie-out that holds.
#[must_use]
pub fn tie_out_sql(results: &[TieOutResult]) -> Vec<String> {
    let row = |result: &TieOutResult, difference: &str| {
        format!("({}, {}, {difference})", literal(result.report), literal(&result.claim))
    };
    let rows: Vec<String> = results
        .iter()
        .flat_map(|result| {
            let found = result.differences.iter().map(|text| row(result, &literal(text)));
            let holds = result.holds().then(|| row(result, "NULL"));
            found.chain(holds).collect::<Vec<_>>()
        })
        .collect();
    let mut statements = vec![
        "CREATE OR REPLACE TABLE _sync.tie_outs (report VARCHAR, claim VARCHAR, difference VARCHAR)"
            .to_owned(),
        "COMMENT ON TABLE _sync.tie_outs IS 'What must hold between reports and what they were made \
         from, as checked before publication; difference NULL: it holds.'"
            .to_owned(),
    ];
    if !rows.is_empty() {
        statements.push(format!("INSERT INTO _sync.tie_outs VALUES {}", rows.join(", ")));
    }
    statements
}

/// Checks the tie-outs of reports on a published snapshot, within the memory of a run (I10);
/// `spill_directory` takes what does not fit. One that cannot be computed so gets a gigabyte; if
/// that does not help, it has failed.
///
/// # Errors
/// [`Kind::Database`] where the snapshot cannot be read at all.
pub fn check_tie_outs(
    snapshot: &Path,
    spill_directory: &Path,
    memory_limit: &'static str,
    reports: &[Report],
) -> Result<Vec<TieOutResult>> {
    let open = |memory_limit| -> Result<Database> {
        let database = Database::beside(snapshot, spill_directory, memory_limit)?;
        database.execute_batch("USE warehouse")?;
        Ok(database)
    };
    let database = open(memory_limit)?;
    let result = |report| {
        let checked = check(&database, report);
        checked.or_else(|_| check(&open(MORE_MEMORY)?, report)).or_else(|error| {
            Ok(TieOutResult {
                report: report.name,
                claim: report.contract()?.tie_out.claim,
                differences: vec![error.in_full()],
            })
        })
    };
    reports.iter().map(result).collect()
}

fn check(database: &Database, report: &Report) -> Result<TieOutResult> {
    let tie_out = report.contract()?.tie_out;
    if tie_out.sql.is_empty() {
        return Err(Error::new(Kind::State, format!("{} has no tie-out", report.name)));
    }
    let table =
        database.table(&format!("SELECT * FROM ({}) LIMIT {MOST_TOLD}", tie_out.sql), &[])?;
    let told = |row: &Vec<Cell>| {
        let pairs = table.columns.iter().zip(row).map(|(column, cell)| match cell {
            Cell::Null => format!("{} -", column.name),
            Cell::Text(text) => format!("{} {text}", column.name),
            Cell::Integer(number) => format!("{} {number}", column.name),
            Cell::Boolean(truth) => format!("{} {truth}", column.name),
        });
        pairs.collect::<Vec<_>>().join(", ")
    };
    Ok(TieOutResult {
        report: report.name,
        claim: tie_out.claim,
        differences: table.rows.iter().map(told).collect(),
    })
}
