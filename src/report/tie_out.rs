//! Tie-outs: what must hold between the reports and what they were made from.
//!
//! They test our own arithmetic only. Where the source contradicts itself, `data_quality` says so.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::database::{Database, literal};
use crate::error::{Error, Kind, Result};
use crate::model::Cell;

use super::catalog::Report;
use super::header::{self, TieOut};
use super::query::Session;

/// Upper bound of the buffers for a tie-out that needs more than a run should take: rather that than
/// doubt about a report.
const MORE_MEMORY: &str = "1GB";
/// Name of the database that holds reports while tie-outs are checked.
const KEPT: &str = "_tied_out";
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
        check(self.database(), report, &report.contract()?.tie_out)
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

/// The tie-outs of reports, checked in a database that nobody changes meanwhile: by one thread or by
/// several, each with a session of its own.
#[derive(Debug)]
pub struct TieOuts {
    reports: &'static [Report],
    /// Reports that several tie-outs read: asked once, by the first of them, not by each.
    shared: Vec<Shared>,
    /// How many of the tie-outs somebody has begun to check.
    begun: AtomicUsize,
}

/// A report that several tie-outs read.
#[derive(Debug)]
struct Shared {
    name: &'static str,
    /// Whether its rows are kept; unknown until somebody needs them.
    is_kept: OnceLock<bool>,
}

impl Shared {
    fn new(name: &'static str) -> Self {
        Self { name, is_kept: OnceLock::new() }
    }

    /// Keeps its rows, as long as the database is open, unless they are. Whoever comes meanwhile
    /// waits. Tells whether that went well: what cannot be kept can be asked again.
    fn keep(&self, database: &Database) -> bool {
        *self.is_kept.get_or_init(|| {
            let (rows, view) = (kept_rows(self.name), view(self.name));
            database
                .execute_batch(&format!("CREATE OR REPLACE TABLE {rows} AS FROM {view}"))
                .is_ok()
        })
    }
}

impl TieOuts {
    /// Makes room for what several tie-outs read.
    ///
    /// # Errors
    /// [`Kind::State`] where a header is malformed.
    pub fn prepare(database: &Database, reports: &'static [Report]) -> Result<Self> {
        // After an attempt that failed it is still there.
        let attach = format!("ATTACH IF NOT EXISTS ':memory:' AS {KEPT}");
        let has_room = database.execute_batch(&attach).is_ok();
        let shared = if has_room { read_by_several(reports)? } else { Vec::new() };
        let shared = shared.into_iter().map(Shared::new).collect();
        Ok(Self { reports, shared, begun: AtomicUsize::new(0) })
    }

    /// Checks tie-outs that nobody else has begun to check, until none is left. Left out are those that
    /// find no room beside what the others do: [`TieOuts::check_rest`] is for them.
    ///
    /// # Errors
    /// [`Kind::State`] where a header is malformed.
    pub fn check(&self, database: &Database) -> Result<Vec<TieOutResult>> {
        let mut results = Vec::new();
        while let Some(report) = self.reports.get(self.begun.fetch_add(1, Ordering::SeqCst)) {
            results.extend(check(database, report, &self.tie_out(database, report)?).ok());
        }
        Ok(results)
    }

    /// Checks what is not among the results, when nobody else works in the database. One that cannot be
    /// computed within the memory of a run (I10) gets a gigabyte; if that does not help, it has failed.
    ///
    /// # Errors
    /// [`Kind::State`] where a header is malformed.
    pub fn check_rest(&self, database: &Database, results: &mut Vec<TieOutResult>) -> Result<()> {
        for report in self.reports {
            if results.iter().any(|result| result.report == report.name) {
                continue;
            }
            let tie_out = self.tie_out(database, report)?;
            let checked = check(database, report, &tie_out)
                .or_else(|_| with_more_memory(database, || check(database, report, &tie_out)));
            results.push(checked.unwrap_or_else(|error| TieOutResult {
                report: report.name,
                claim: tie_out.claim,
                differences: vec![error.in_full()],
            }));
        }
        results.sort_by_key(|result| result.report);
        Ok(())
    }

    /// Gives the tie-out of a report; what several of them read is kept and read where it is.
    fn tie_out(&self, database: &Database, report: &Report) -> Result<TieOut> {
        let mut tie_out = report.contract()?.tie_out;
        for shared in &self.shared {
            let view = view(shared.name);
            if header::mentions(&tie_out.sql, &view) > 0 && shared.keep(database) {
                tie_out.sql = header::replaced(&tie_out.sql, &view, &kept_rows(shared.name));
            }
        }
        Ok(tie_out)
    }
}

fn view(report: &str) -> String {
    format!("reports.{report}")
}

fn kept_rows(report: &str) -> String {
    format!("{KEPT}.{report}")
}

/// Names the reports that tie-outs mention more than once.
fn read_by_several(reports: &[Report]) -> Result<Vec<&'static str>> {
    let contracts = reports.iter().map(Report::contract).collect::<Result<Vec<_>>>()?;
    let mentions = |report: &Report| -> usize {
        let view = view(report.name);
        contracts.iter().map(|contract| header::mentions(&contract.tie_out.sql, &view)).sum()
    };
    let several = reports.iter().filter(|report| mentions(report) > 1);
    Ok(several.map(|report| report.name).collect())
}

/// Does `work` with a gigabyte of buffers.
fn with_more_memory<T>(database: &Database, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let setting = "SELECT current_setting('memory_limit')";
    let before = database.texts(setting, &[])?.into_iter().next().unwrap_or_default();
    database.limit_memory(MORE_MEMORY)?;
    let result = work();
    database.limit_memory(&before)?;
    result
}

fn check(database: &Database, report: &Report, tie_out: &TieOut) -> Result<TieOutResult> {
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
        claim: tie_out.claim.clone(),
        differences: table.rows.iter().map(told).collect(),
    })
}
