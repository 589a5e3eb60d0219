//! `report`: a bundled query on the published snapshot, or the list of them.

use std::path::Path;

use jiff::civil::Date;

use crate::cli::args::{Global, OutputFormat};
use crate::cli::printer::Printer;
use crate::error::Result;
use crate::model::{Cell, ColumnKind, Table};
use crate::parquet_file;
use crate::publish::Publication;
use crate::report::{self, REPORTS, Report};

pub(super) fn run(
    global: &Global,
    name: Option<&str>,
    as_of: Option<Date>,
    printer: &Printer,
) -> Result<u8> {
    let Some(name) = name else {
        printer.table(&list()?, super::table_format(global))?;
        return Ok(0);
    };
    let report = report::find_report(name)?;
    let settings = super::settings(global)?;
    let snapshot = Publication::snapshot_path(&settings.warehouse.dir);
    if global.format == OutputFormat::Parquet {
        let batches = report::run_report_batches(&snapshot, report, as_of)?;
        printer.data(&parquet_file::bytes(&batches)?)?;
        note_freshness(&snapshot, printer)?;
        return Ok(0);
    }
    let mut table = report::run_report(&snapshot, report, as_of)?;
    if matches!(global.format, OutputFormat::Table | OutputFormat::Html) {
        table.notes = report::freshness_notes(&snapshot)?;
    } else {
        note_freshness(&snapshot, printer)?;
    }
    printer.table(&table, super::table_format(global))?;
    Ok(0)
}

/// Where the result is for machines, people are told beside it.
fn note_freshness(snapshot: &Path, printer: &Printer) -> Result<()> {
    report::freshness_notes(snapshot)?.iter().for_each(|note| printer.note(note));
    Ok(())
}

fn list() -> Result<Table> {
    let mut table = Table::new(&[("report", ColumnKind::Text), ("shows", ColumnKind::Text)]);
    for Report { name, .. } in REPORTS {
        let contract = report::find_report(name)?.contract()?;
        table.rows.push(vec![Cell::Text((*name).to_owned()), Cell::Text(contract.title)]);
    }
    Ok(table)
}
