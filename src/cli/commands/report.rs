//! `report`: a bundled query on the published snapshot, the list of them, or one page with all.

use crate::cli::args::{Global, OutputFormat, ReportWords};
use crate::cli::printer::Printer;
use crate::error::{Error, Kind, Result};
use crate::model::{Cell, ColumnKind, Table};
use crate::parquet_file;
use crate::publish::Publication;
use crate::report::{
    self, Contract, ContractColumn, Parameter, Question, REPORTS, Report, Session,
};

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
        printer.table(&list(global.format)?, super::table_format(global))?;
        return Ok(0);
    };
    let report = report::find_report(name)?;
    if words.describe {
        printer.data(report.description()?.as_bytes())?;
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
        if global.format == OutputFormat::Html {
            printer.data(report::report_page(report, &table)?.as_bytes())?;
        } else {
            printer.table(&table, super::table_format(global))?;
        }
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

/// Lists the reports; people get names and questions, programs the contracts.
fn list(format: OutputFormat) -> Result<Table> {
    let for_programs = ["title", "grain", "parameters", "columns", "tie_out"];
    let mut columns = vec!["report", "answers"];
    if format != OutputFormat::Table {
        columns.extend(for_programs);
    }
    let columns: Vec<_> = columns.into_iter().map(|name| (name, ColumnKind::Text)).collect();
    let mut table = Table::new(&columns);
    for report in REPORTS {
        let contract = report.contract()?;
        let (parameters, names) = (parameters(&contract), names(&contract));
        let texts = [report.name.to_owned(), contract.question, contract.title, contract.grain];
        let texts = texts.into_iter().chain([parameters, names, contract.tie_out.claim]);
        table.rows.push(texts.take(table.columns.len()).map(Cell::Text).collect());
    }
    Ok(table)
}

fn parameters(contract: &Contract) -> String {
    let one = |parameter: &Parameter| {
        format!("{} {} (default: {})", parameter.name, parameter.sql_type, parameter.default)
    };
    contract.parameters.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn names(contract: &Contract) -> String {
    let one =
        |column: &ContractColumn| format!("{} {} ({})", column.name, column.sql_type, column.unit);
    contract.columns.iter().map(one).collect::<Vec<_>>().join("; ")
}
