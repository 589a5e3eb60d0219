//! `report`: a bundled query on the published snapshot, the list of them, or one page with all.

use crate::cli::args::{Global, OutputFormat, ReportWords};
use crate::cli::printer::Printer;
use crate::error::{Error, Kind, Result};
use crate::model::{Cell, ColumnKind, Table};
use crate::parquet_file;
use crate::publish::Publication;
use crate::report::{self, Contract, Question, REPORTS, Report, Session};

pub(super) fn run(global: &Global, words: &ReportWords, printer: &Printer) -> Result<u8> {
    let question = Question {
        as_of: words.as_of,
        known_at: words.known_at,
        from: words.from,
        customer: words.customer.clone(),
        currency: words.currency.clone(),
    };
    let Some(name) = &words.name else {
        if global.format == OutputFormat::Html && !words.list {
            return page(global, &question, printer);
        }
        if question != Question::default() {
            return Err(Error::new(Kind::Usage, "name a report: `paid-sync report` lists them"));
        }
        printer.table(&list()?, super::table_format(global))?;
        return Ok(0);
    };
    let report = report::find_report(name)?;
    if words.describe {
        printer.data(description(report, &report.contract()?).as_bytes())?;
        return Ok(0);
    }
    answer(global, report, &question, printer)
}

fn answer(global: &Global, report: &Report, question: &Question, printer: &Printer) -> Result<u8> {
    let settings = super::settings(global)?;
    let snapshot = Publication::snapshot_path(&settings.warehouse.dir);
    let session = Session::open(&snapshot)?;
    let mut notes = session.freshness_notes()?;
    let tie_out = session.tie_out(report)?;
    notes.push(tie_out.sentence());
    if global.format == OutputFormat::Parquet {
        let batches = report::run_report_batches(&snapshot, report, question)?;
        printer.data(&parquet_file::bytes(&batches)?)?;
        print_notes(&notes, printer);
    } else {
        let mut table = session.run(report, question)?;
        if matches!(global.format, OutputFormat::Table | OutputFormat::Html) {
            table.totals = report::totals(&table, &report.contract()?);
            table.notes = notes;
        } else {
            // Where the result is for machines, people are told beside it.
            print_notes(&notes, printer);
        }
        printer.table(&table, super::table_format(global))?;
    }
    Ok(if tie_out.holds() { 0 } else { Kind::Degraded.exit_code() })
}

fn print_notes(notes: &[String], printer: &Printer) {
    for note in notes {
        printer.note(note);
    }
}

fn page(global: &Global, question: &Question, printer: &Printer) -> Result<u8> {
    let settings = super::settings(global)?;
    let session = Session::open(&Publication::snapshot_path(&settings.warehouse.dir))?;
    printer.data(report::page(&session, question)?.as_bytes())?;
    Ok(0)
}

fn list() -> Result<Table> {
    let mut table = Table::new(&[("report", ColumnKind::Text), ("answers", ColumnKind::Text)]);
    for report in REPORTS {
        let contract = report.contract()?;
        table.rows.push(vec![Cell::Text(report.name.to_owned()), Cell::Text(contract.question)]);
    }
    Ok(table)
}

/// Writes the contract of a report for people.
fn description(report: &Report, contract: &Contract) -> String {
    let parameters = contract.parameters.iter().map(|parameter| {
        format!(
            "  {} {}: {} Default: {}\n",
            parameter.name, parameter.sql_type, parameter.meaning, parameter.default
        )
    });
    let columns = contract.columns.iter().map(|column| {
        format!("  {} {} ({}): {}\n", column.name, column.sql_type, column.unit, column.meaning)
    });
    let name = report.name;
    [
        format!(
            "{name}: {}\n{}\n\n{}\n\nGrain: {}\n\nParameters\n",
            contract.title, contract.question, contract.description, contract.grain
        ),
        parameters.collect(),
        "\nColumns\n".to_owned(),
        columns.collect(),
        format!(
            "\nTie-out: {}\n\nIn SQL\n  FROM reports.{name}\n  \
             FROM reports.{name}_as_of(DATE '2026-10-31')\n",
            contract.tie_out.claim
        ),
    ]
    .concat()
}
