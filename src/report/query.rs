//! Reading the published snapshot.
//!
//! Every connection is read-only, cannot reach files or the network, and cannot be told otherwise.

use std::collections::BTreeMap;
use std::path::Path;

use arrow::record_batch::RecordBatch;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::clock;
use crate::database::{Access, Database, identifier, literal};
use crate::error::{Context as _, Error, Kind, Result};
use crate::model::{Cell, Table};

use super::catalog::Report;
use super::header::Contract;

/// Columns of `_sync.freshness`, and what they claim of everything until then.
const CLAIMS: [(&str, &str); 4] = [
    ("complete_to", "created until"),
    ("edits_seen_to", "edits named by events until"),
    ("edits_guaranteed_to", "all edits until"),
    ("deletes_guaranteed_to", "deletions until"),
];

/// What is asked of a report; all of it optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// The day to describe; else that of `known_at`, else the snapshot's own.
    pub as_of: Option<Date>,
    /// Only what was observed by this instant; else everything.
    pub known_at: Option<Timestamp>,
    /// First day, or day of the first month.
    pub from: Option<Date>,
    /// Id or name of a customer.
    pub customer: Option<String>,
    /// Currency code, in any case.
    pub currency: Option<String>,
}

/// Runs a report on a snapshot; notes and totals are left to the caller and [`totals`].
///
/// # Errors
/// [`Kind::Unpublished`] where there is no snapshot yet, [`Kind::Usage`] where the report cannot be
/// asked that, [`Kind::Database`] where it cannot be read.
pub fn run_report(snapshot: &Path, report: &Report, question: &Question) -> Result<Table> {
    Session::open(snapshot)?.run(report, question)
}

/// Runs a report as [`run_report`] does and gives its Arrow batches; at least one, perhaps empty.
///
/// # Errors
/// As [`run_report`].
pub fn run_report_batches(
    snapshot: &Path,
    report: &Report,
    question: &Question,
) -> Result<Vec<RecordBatch>> {
    Session::open(snapshot)?.batches(report, question)
}

/// An open snapshot, for several questions.
#[derive(Debug)]
pub struct Session {
    database: Database,
}

impl Session {
    /// Opens a snapshot.
    ///
    /// # Errors
    /// [`Kind::Unpublished`] where there is none yet, [`Kind::Database`] where it cannot be read.
    pub fn open(snapshot: &Path) -> Result<Self> {
        Ok(Self { database: open(snapshot)? })
    }

    /// Answers a question with a report.
    ///
    /// # Errors
    /// As [`run_report`].
    pub fn run(&self, report: &Report, question: &Question) -> Result<Table> {
        let contract = report.contract()?;
        self.check(question)?;
        let mut table = self.database.table(&report_query(report, &contract, question)?, &[])?;
        for column in &mut table.columns {
            if let Some(promised) = contract.columns.iter().find(|known| known.name == column.name)
            {
                column.kind = promised.kind();
            }
        }
        Ok(table)
    }

    fn batches(&self, report: &Report, question: &Question) -> Result<Vec<RecordBatch>> {
        self.check(question)?;
        self.database.batches(&report_query(report, &report.contract()?, question)?, &[])
    }

    /// Refuses an instant before anything was known.
    fn check(&self, question: &Question) -> Result<()> {
        let Some(known_at) = question.known_at else { return Ok(()) };
        let first = self
            .database
            .optional_integer("SELECT epoch_us(seen_at) FROM model.first_known", &[])?;
        match first {
            Some(first) if known_at.as_microsecond() >= first => Ok(()),
            Some(first) => Err(Error::new(
                Kind::Usage,
                format!(
                    "`--known-at {known_at}`: nothing was known then; the first sync was at {}",
                    clock::show_micros(first)
                ),
            )),
            None => {
                Err(Error::new(Kind::Unpublished, "nothing is known yet: run `paid-sync sync`"))
            }
        }
    }

    /// Gives the day that an answer describes; `None` before the first sync.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn day(&self, question: &Question) -> Result<Option<Date>> {
        let day = match (question.as_of, question.known_at) {
            (Some(day), _) => return Ok(Some(day)),
            (None, Some(known_at)) => format!("model.local_date({})", timestamp(known_at)),
            (None, None) => "(SELECT as_of FROM model.as_of_default)".to_owned(),
        };
        let days = self.database.texts(&format!("SELECT CAST({day} AS VARCHAR)"), &[])?;
        Ok(days.first().and_then(|day| day.parse().ok()))
    }

    /// Tells how fresh the tables are that reports read, a row per source: what the worst of them
    /// can claim (DESIGN 1, freshness).
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn freshness(&self) -> Result<Table> {
        let columns: Vec<String> = CLAIMS
            .iter()
            .map(|(column, claim)| {
                format!(
                    "coalesce(CASE WHEN count(*) = count({column}) THEN strftime(min({column}), \
                     '%Y-%m-%dT%H:%M:%SZ') END, 'unknown') AS {}",
                    identifier(claim)
                )
            })
            .collect();
        let query = format!(
            "SELECT source, {} FROM _sync.freshness WHERE stream IN \
             ('customers', 'plans', 'subscriptions', 'transactions', 'invoices') \
             GROUP BY source ORDER BY source",
            columns.join(", ")
        );
        self.database.table(&query, &[])
    }

    /// Tells the same as [`Session::freshness`], in a sentence per source.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub fn freshness_notes(&self) -> Result<Vec<String>> {
        let table = self.freshness()?;
        let note = |row: &Vec<Cell>| {
            let mut texts = row.iter().map(|cell| match cell {
                Cell::Text(text) => text.as_str(),
                Cell::Null | Cell::Integer(_) | Cell::Boolean(_) => "",
            });
            let source = texts.next().unwrap_or_default();
            let claims = CLAIMS.iter().zip(texts);
            let claims: Vec<String> =
                claims.map(|((_, claim), until)| format!("{claim} {until}")).collect();
            format!("{source}: {}", claims.join(", "))
        };
        Ok(table.rows.iter().map(note).collect())
    }

    pub(super) const fn database(&self) -> &Database {
        &self.database
    }
}

fn report_query(report: &Report, contract: &Contract, question: &Question) -> Result<String> {
    let conditions = conditions(report, contract, question)?;
    let filter = if conditions.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", conditions.join(" AND "))
    };
    Ok(format!("SELECT * FROM {}{filter}", relation(report, contract, question)))
}

/// Gives the view, or the macro with its arguments.
fn relation(report: &Report, contract: &Contract, question: &Question) -> String {
    let name = report.name;
    let from = question.from.filter(|_| takes_from(contract));
    if question.as_of.is_none() && question.known_at.is_none() && from.is_none() {
        return format!("reports.{name}");
    }
    let known = question.known_at.map(timestamp);
    let as_of = match (question.as_of, &known) {
        (Some(day), _) => format!("DATE '{day}'"),
        (None, Some(known)) => format!("model.local_date({known})"),
        (None, None) => "(SELECT as_of FROM model.as_of_default)".to_owned(),
    };
    let from = from.map_or_else(String::new, |day| format!(", from_on := DATE '{day}'"));
    match known {
        Some(known) => format!("reports.{name}_known_at({as_of}, {known}{from})"),
        None => format!("reports.{name}_as_of({as_of}{from})"),
    }
}

fn timestamp(instant: Timestamp) -> String {
    format!("TIMESTAMP '{}'", instant.to_string().trim_end_matches('Z'))
}

fn takes_from(contract: &Contract) -> bool {
    contract.parameters.iter().any(|parameter| parameter.name == "from_on")
}

/// Gives what the rows are chosen by.
fn conditions(report: &Report, contract: &Contract, question: &Question) -> Result<Vec<String>> {
    let has = |name: &str| contract.columns.iter().any(|column| column.name == name);
    let refuse = |word: &str, lacks: &str| {
        let message = format!("report `{}` cannot take `{word}`: it has no {lacks}", report.name);
        Err(Error::new(Kind::Usage, message))
    };
    let mut conditions = Vec::new();
    if let Some(customer) = &question.customer {
        if !has("customer_id") {
            return refuse("--customer", "customers");
        }
        let customer = literal(customer);
        conditions.push(format!("(customer_id = {customer} OR customer_name = {customer})"));
    }
    if let Some(currency) = &question.currency {
        if !has("currency") {
            return refuse("--currency", "currency");
        }
        conditions.push(format!("currency = {}", literal(&currency.to_lowercase())));
    }
    match (question.from.filter(|_| !takes_from(contract)), &contract.period) {
        (Some(day), Some(column)) => {
            let start = if column == "month" { day.first_of_month() } else { day };
            conditions.push(format!("{} >= DATE '{start}'", identifier(column)));
        }
        (Some(_), None) => return refuse("--from", "period"),
        (None, _) => {}
    }
    Ok(conditions)
}

/// Adds up the columns that may be added up, currency by currency; nothing for fewer than two rows.
#[must_use]
pub fn totals(table: &Table, contract: &Contract) -> Vec<Vec<Cell>> {
    let adds_up: Vec<bool> = table
        .columns
        .iter()
        .map(|column| {
            let promised = contract.columns.iter().find(|known| known.name == column.name);
            promised.is_some_and(super::header::ContractColumn::adds_up)
        })
        .collect();
    let currency = table.columns.iter().position(|column| column.name == "currency");
    if table.rows.len() < 2 || !adds_up.contains(&true) {
        return Vec::new();
    }
    let mut sums: BTreeMap<String, Vec<i128>> = BTreeMap::new();
    for row in &table.rows {
        let code = match currency.and_then(|place| row.get(place)) {
            Some(Cell::Text(code)) => code.clone(),
            _ => String::new(),
        };
        let sums = sums.entry(code).or_insert_with(|| vec![0; table.columns.len()]);
        for (sum, cell) in sums.iter_mut().zip(row) {
            if let Cell::Integer(number) = cell {
                *sum = sum.saturating_add(*number);
            }
        }
    }
    sums.into_iter().map(|(code, sums)| total_row(&code, &sums, &adds_up, currency)).collect()
}

fn total_row(code: &str, sums: &[i128], adds_up: &[bool], currency: Option<usize>) -> Vec<Cell> {
    sums.iter()
        .zip(adds_up)
        .enumerate()
        .map(|(place, (sum, adds_up))| match (*adds_up, currency) {
            (true, _) => Cell::Integer(*sum),
            (false, Some(currency)) if currency == place => Cell::Text(code.to_owned()),
            (false, _) if place == 0 => Cell::Text("total".to_owned()),
            (false, _) => Cell::Null,
        })
        .collect()
}

/// Runs any query on a snapshot; the kinds of the columns follow from their types.
///
/// # Errors
/// As [`run_report`].
pub fn query_table(snapshot: &Path, sql: &str) -> Result<Table> {
    open(snapshot)?.table(sql, &[])
}

fn open(snapshot: &Path) -> Result<Database> {
    let exists = snapshot
        .try_exists()
        .context(Kind::Disk, || format!("{} cannot be reached", snapshot.display()))?;
    if !exists {
        let path = snapshot.display();
        let message = format!("there is no snapshot {path} yet: run `paid-sync sync` first");
        return Err(Error::new(Kind::Unpublished, message));
    }
    Database::open(snapshot, &Access::ReadOnly)
}
