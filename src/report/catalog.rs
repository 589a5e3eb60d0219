//! The bundled reports: the files of `queries/`, and the views and macros made of them.

use crate::database::{identifier, literal};
use crate::error::{Error, Kind, Result};
use crate::spelling;

use super::header::{self, Contract, ContractColumn};
use super::models::{known_at, versioned_views};

/// The parameter that every report takes.
const AS_OF: &str = "as_of";

/// A query file that is part of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Name of the file without `.sql`, and of the view in schema `reports`.
    pub name: &'static str,
    /// The whole file: contract header, then one SELECT.
    pub file: &'static str,
}

/// Reads the files of a folder below `queries/` into the program.
macro_rules! queries {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$(Report {
            name: $name,
            file: include_str!(concat!("../../queries/", $folder, $name, ".sql")),
        }),+]
    };
}

/// Every bundled report, by name.
pub const REPORTS: &[Report] = queries!["":
    "ar_aging",
    "ar_aging_detail",
    "ar_aging_trend",
    "ar_rollforward",
    "chase_calendar",
    "collections",
    "customer_ledger",
    "data_quality",
    "mrr",
    "mrr_movements",
    "refunds",
    "revenue_by_customer",
    "revenue_by_month",
    "revenue_by_plan",
    "unbilled_transactions",
];

/// Views of schema `model` that are made of its other views, each after those that it needs.
const DERIVED: &[Report] = queries!["model/": "receivables", "chase_entries"];

/// Those of [`DERIVED`] that are tables in a snapshot.
const FROZEN: &[&str] = &["receivables", "chase_entries"];

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

/// Writes the statements that (re)create, in schema `model`, the derived views of `queries/model`,
/// `as_of_default`, `months`, `problems` and `freshness`; and in schema `reports`, for each report
///
/// - a table macro `<name>_as_of(as_of, …)` at a date,
/// - a table macro `<name>_known_at(as_of, known_at, …)` at a date, from what was known at an instant,
/// - a view `<name>` at the default date,
///
/// commented from the contract headers.
///
/// They need the schema `_sync`, the views of [`model_sql`](super::model_sql) and the macro of
/// [`timezone_sql`](super::timezone_sql).
///
/// # Errors
/// [`Kind::State`] where a header is malformed.
pub fn report_sql(reports: &[Report]) -> Result<Vec<String>> {
    let mut statements: Vec<String> =
        ["CREATE SCHEMA IF NOT EXISTS model", "CREATE SCHEMA IF NOT EXISTS reports"]
            .iter()
            .chain(FOUNDATIONS)
            .map(|sql| (*sql).to_owned())
            .collect();
    for view in DERIVED {
        statements.extend(view_statements(view)?);
    }
    for report in reports {
        statements.extend(report_statements(report)?);
    }
    Ok(statements)
}

/// Writes the statements that put a table with the rows of today in place of the view that most
/// reports read, for a database that will not change: each of them took a second per million
/// transactions, and each tie-out several times that.
///
/// They need the views of [`report_sql`].
///
/// # Errors
/// [`Kind::State`] where a header is malformed.
pub fn frozen_sql() -> Result<Vec<String>> {
    let mut statements = Vec::new();
    for view in DERIVED.iter().filter(|view| FROZEN.contains(&view.name)) {
        let contract = view.contract()?;
        let name = identifier(view.name);
        let table = identifier(&format!("_{}", view.name));
        statements.push(format!("CREATE TABLE model.{table} AS SELECT * FROM model.{name}"));
        statements.push(format!("DROP VIEW model.{name}"));
        statements.push(format!("ALTER TABLE model.{table} RENAME TO {name}"));
        let about = literal(&about(&contract));
        statements.push(format!("COMMENT ON TABLE model.{name} IS {about}"));
        statements.extend(column_comments(&contract, &format!("model.{name}")));
    }
    Ok(statements)
}

/// What reports stand on beside the rows of the sources.
const FOUNDATIONS: &[&str] = &[
    "CREATE OR REPLACE VIEW model.as_of_default AS \
     SELECT model.local_date(max(complete_to)) AS as_of FROM _sync.freshness",
    "COMMENT ON VIEW model.as_of_default IS 'The date that reports describe by default; one row.'",
    "COMMENT ON COLUMN model.as_of_default.as_of IS \
     'Date of the newest complete_to of any stream, report time zone; NULL before the first sync.'",
    // A calendar as a plain table: series are spelt differently in every dialect.
    "CREATE OR REPLACE TABLE model.months AS SELECT CAST(month AS DATE) AS month, \
     CAST(month + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE) AS last_day FROM \
     generate_series(TIMESTAMP '1970-01-01', TIMESTAMP '2199-12-01', INTERVAL 1 MONTH) AS series(month)",
    "COMMENT ON TABLE model.months IS 'Months of the calendar, 1970 to 2199.'",
    "COMMENT ON COLUMN model.months.month IS 'First day.'",
    "COMMENT ON COLUMN model.months.last_day IS 'Last day.'",
    "CREATE OR REPLACE VIEW model.problems AS SELECT stream, id AS object_id, field, code, level, \
     problems.source, accounts.account_id FROM _sync.problems AS problems \
     LEFT JOIN _sync.sources AS accounts ON accounts.source = problems.source WHERE level <> 'info'",
    "COMMENT ON VIEW model.problems IS 'Fields that could not be read as their type.'",
    "COMMENT ON COLUMN model.problems.stream IS 'Stream of the object.'",
    "COMMENT ON COLUMN model.problems.object_id IS 'Object.'",
    "COMMENT ON COLUMN model.problems.field IS 'Field as the source calls it.'",
    "COMMENT ON COLUMN model.problems.code IS 'Kind of problem.'",
    "COMMENT ON COLUMN model.problems.level IS 'How bad it is: warning or error.'",
    "COMMENT ON COLUMN model.problems.source IS 'Source in sync.toml.'",
    "COMMENT ON COLUMN model.problems.account_id IS 'Account at the source.'",
    "CREATE OR REPLACE VIEW model.freshness AS SELECT stream, complete_to, last_status, dirty_ids, \
     freshness.source, accounts.account_id FROM _sync.freshness AS freshness \
     LEFT JOIN _sync.sources AS accounts ON accounts.source = freshness.source",
    "COMMENT ON VIEW model.freshness IS 'How far each stream can be trusted; more in _sync.freshness.'",
    "COMMENT ON COLUMN model.freshness.stream IS 'Stream.'",
    "COMMENT ON COLUMN model.freshness.complete_to IS 'Every object created until then was seen, UTC.'",
    "COMMENT ON COLUMN model.freshness.last_status IS 'How its last walk ended.'",
    "COMMENT ON COLUMN model.freshness.dirty_ids IS 'Objects that wait to be read again.'",
    "COMMENT ON COLUMN model.freshness.source IS 'Source in sync.toml.'",
    "COMMENT ON COLUMN model.freshness.account_id IS 'Account at the source.'",
];

fn view_statements(view: &Report) -> Result<Vec<String>> {
    let (contract, body) = header::parse(view.file)?;
    let name = identifier(view.name);
    let known = identifier(&known_at(view.name));
    let about = about(&contract);
    let mut statements = vec![
        format!("CREATE OR REPLACE VIEW model.{name} AS\n{body}"),
        format!("COMMENT ON VIEW model.{name} IS {}", literal(&about)),
        format!("CREATE OR REPLACE MACRO model.{known}(known_at) AS TABLE\n{}", as_known(body)),
        format!("COMMENT ON MACRO TABLE model.{known} IS {}", literal(&about)),
    ];
    statements.extend(column_comments(&contract, &format!("model.{name}")));
    Ok(statements)
}

fn report_statements(report: &Report) -> Result<Vec<String>> {
    let (contract, statement) = header::parse(report.file)?;
    let view = identifier(report.name);
    let dated = identifier(&format!("{}_as_of", report.name));
    let known = identifier(&known_at(report.name));
    let mut body = statement.to_owned();
    let mut arguments = Vec::new();
    for parameter in &contract.parameters {
        // Within a macro a parameter is a bare name.
        body = body.replace(&format!("${}", parameter.name), &parameter.name);
        if parameter.name != AS_OF {
            arguments.push(format!(", {} := NULL", identifier(&parameter.name)));
        }
    }
    let optional = arguments.concat();
    let about = about(&contract);
    let mut statements = vec![
        format!("CREATE OR REPLACE MACRO reports.{dated}({AS_OF}{optional}) AS TABLE\n{body}"),
        format!("COMMENT ON MACRO TABLE reports.{dated} IS {}", literal(&about)),
        format!(
            "CREATE OR REPLACE MACRO reports.{known}({AS_OF}, known_at{optional}) AS TABLE\n{}",
            as_known(&body)
        ),
        format!("COMMENT ON MACRO TABLE reports.{known} IS {}", literal(&about)),
        format!(
            "CREATE OR REPLACE VIEW reports.{view} AS SELECT * FROM \
             reports.{dated}((SELECT {AS_OF} FROM model.as_of_default))"
        ),
        format!("COMMENT ON VIEW reports.{view} IS {}", literal(&about)),
    ];
    statements.extend(column_comments(&contract, &format!("reports.{view}")));
    Ok(statements)
}

fn about(contract: &Contract) -> String {
    format!(
        "{}: {}.\n{}",
        contract.title,
        contract.grain.trim_end_matches('.'),
        contract.description
    )
}

fn column_comments(contract: &Contract, view: &str) -> Vec<String> {
    let comment = |column: &ContractColumn| {
        let target = identifier(&column.name);
        format!("COMMENT ON COLUMN {view}.{target} IS {}", literal(&column.comment()))
    };
    contract.columns.iter().map(comment).collect()
}

/// Rewrites a query to read what was known at the macro parameter `known_at`.
fn as_known(body: &str) -> String {
    let derived = DERIVED.iter().map(|view| view.name);
    versioned_views().chain(derived).fold(body.to_owned(), |body, name| {
        let relation = format!("model.{name}");
        header::replaced(&body, &relation, &format!("{relation}_known_at(known_at)"))
    })
}
