//! The bundled reports: the files of `queries/`, and the views and macros made of them.

use crate::database::{identifier, literal};
use crate::error::{Error, Kind, Result};
use crate::spelling;

use super::header::{self, Contract};

/// A query file that is part of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Name of the file without `.sql`, and of the view in schema `reports`.
    pub name: &'static str,
    /// The whole file: contract header, then one SELECT.
    pub file: &'static str,
}

/// Every bundled report, by name.
pub const REPORTS: &[Report] = &[
    Report { name: "ar_aging", file: include_str!("../../queries/ar_aging.sql") },
    Report { name: "revenue_by_month", file: include_str!("../../queries/revenue_by_month.sql") },
];

impl Report {
    /// Reads the contract header.
    ///
    /// # Errors
    /// [`Kind::State`] where the header is malformed (a test rules it out for [`REPORTS`]).
    pub fn contract(&self) -> Result<Contract> {
        header::parse(self.file).map(|(contract, _)| contract)
    }
}

/// Finds a report by name.
///
/// # Errors
/// [`Kind::Usage`] where there is none; the sentence lists the names and suggests a near one.
pub fn find_report(name: &str) -> Result<&'static Report> {
    REPORTS.iter().find(|report| report.name == name).ok_or_else(|| {
        let names: Vec<&str> = REPORTS.iter().map(|report| report.name).collect();
        Error::new(Kind::Usage, spelling::unknown("report", name, &names))
    })
}

/// Writes the statements that (re)create `model.as_of_default` and, in schema `reports`, for each
/// report a table macro `<name>_as_of(…)` and a view `<name>` of it at the default date, commented
/// from the contract header.
///
/// They need `_sync.freshness` (`complete_to` TIMESTAMP, UTC), the views of
/// [`model_sql`](super::model_sql) and the macro of [`timezone_sql`](super::timezone_sql).
///
/// # Errors
/// [`Kind::State`] where a header is malformed.
pub fn report_sql(reports: &[Report]) -> Result<Vec<String>> {
    let mut statements = vec![
        "CREATE SCHEMA IF NOT EXISTS model".to_owned(),
        "CREATE SCHEMA IF NOT EXISTS reports".to_owned(),
        "CREATE OR REPLACE VIEW model.as_of_default AS \
         SELECT model.local_date(max(complete_to)) AS as_of FROM _sync.freshness"
            .to_owned(),
        "COMMENT ON VIEW model.as_of_default IS 'The date that reports describe by default; one row.'"
            .to_owned(),
        "COMMENT ON COLUMN model.as_of_default.as_of IS \
         'Date of the newest complete_to of any stream, report time zone; NULL before the first sync.'"
            .to_owned(),
    ];
    for report in reports {
        statements.extend(statements_of(report)?);
    }
    Ok(statements)
}

fn statements_of(report: &Report) -> Result<Vec<String>> {
    let (contract, statement) = header::parse(report.file)?;
    let view = identifier(report.name);
    let mac = identifier(&format!("{}_as_of", report.name));
    let mut body = statement.to_owned();
    let mut names = Vec::new();
    let mut defaults = Vec::new();
    for parameter in &contract.parameters {
        // Within a macro a parameter is a bare name.
        body = body.replace(&format!("${}", parameter.name), &parameter.name);
        names.push(identifier(&parameter.name));
        defaults.push(format!("(SELECT {} FROM model.as_of_default)", identifier(&parameter.name)));
    }
    let about = format!(
        "{}: {}.\n{}",
        contract.title,
        contract.grain.trim_end_matches('.'),
        contract.description
    );
    let mut statements = vec![
        format!("CREATE OR REPLACE MACRO reports.{mac}({}) AS TABLE\n{body}", names.join(", ")),
        format!("COMMENT ON MACRO TABLE reports.{mac} IS {}", literal(&about)),
        format!(
            "CREATE OR REPLACE VIEW reports.{view} AS SELECT * FROM reports.{mac}({})",
            defaults.join(", ")
        ),
        format!("COMMENT ON VIEW reports.{view} IS {}", literal(&about)),
    ];
    statements.extend(contract.columns.iter().map(|column| {
        let target = identifier(&column.name);
        format!("COMMENT ON COLUMN reports.{view}.{target} IS {}", literal(&column.comment()))
    }));
    Ok(statements)
}
