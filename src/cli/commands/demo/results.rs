//! What the demo shows at its end: three reports, cut down to a screen of 100 columns.

use std::collections::BTreeMap;

use crate::cli::printer::Printer;
use crate::error::Result;
use crate::model::{Cell, Column, Table};
use crate::report::{self, Format, Question, REPORTS, Session};

/// Customers of each currency.
const DEBTORS: usize = 3;
/// Characters of a customer's name.
const NAME: usize = 24;
/// Months of each currency.
const MONTHS: usize = 3;

/// A column of a report, and what it is called here.
type Named = (&'static str, &'static str);

const AGING: &[Named] = &[
    ("customer_name", "customer"),
    ("currency", "currency"),
    ("not_due", "not due"),
    ("days_1_30", "1–30"),
    ("days_31_60", "31–60"),
    ("days_61_90", "61–90"),
    ("days_over_90", "over 90"),
    ("total", "total"),
];
const ROLLFORWARD: &[Named] = &[
    ("month", "month"),
    ("currency", "currency"),
    ("opening", "opening"),
    ("billed", "billed"),
    ("credits", "credits"),
    ("settled", "settled"),
    ("voided", "voided"),
    ("closing", "closing"),
];
const REVENUE: &[Named] = &[
    ("month", "month"),
    ("currency", "currency"),
    ("billed", "billed"),
    ("credits", "credits"),
    ("voided", "voided"),
    ("net", "net"),
    ("collected", "collected"),
    ("invoices", "invoices"),
];

/// Prints who owes most, how receivables moved, what was billed, and whether it all ties out.
pub(super) fn show(session: &Session, printer: &Printer) -> Result<()> {
    let day = session.day(&Question::default())?.map_or_else(String::new, |day| day.to_string());
    let mut aging = ask(session, "ar_aging")?;
    let customers = aging.rows.len();
    largest_first(&mut aging);
    keep(&mut aging, DEBTORS);
    print(printer, &format!("AR aging on {day}: who owes most of {customers}"), &aging, AGING)?;

    let mut rollforward = ask(session, "ar_rollforward")?;
    rollforward.totals.clear();
    keep_newest(&mut rollforward);
    print(printer, "Roll-forward of AR, last months", &rollforward, ROLLFORWARD)?;

    let mut revenue = ask(session, "revenue_by_month")?;
    let basis = place(&revenue, "basis");
    revenue
        .rows
        .retain(|row| matches!(row.get(basis), Some(Cell::Text(name)) if name == "billing"));
    revenue.totals.clear();
    keep_newest(&mut revenue);
    print(printer, "Revenue by month of billing, last months", &revenue, REVENUE)?;

    let results = REPORTS.iter().map(|report| session.tie_out(report));
    let results = results.collect::<Result<Vec<_>>>()?;
    let held = results.iter().filter(|result| result.holds()).count();
    super::heading(printer, &format!("{held} of {} tie-outs hold", results.len()))
}

/// Runs a report, with its totals.
fn ask(session: &Session, name: &str) -> Result<Table> {
    let report = report::find_report(name)?;
    let mut table = session.run(report, &Question::default())?;
    table.totals = report::totals(&table, &report.contract()?);
    Ok(table)
}

fn place(table: &Table, column: &str) -> usize {
    table.columns.iter().position(|known| known.name == column).unwrap_or(usize::MAX)
}

fn largest_first(table: &mut Table) {
    let total = place(table, "total");
    table.rows.sort_by_key(|row| match row.get(total) {
        Some(Cell::Integer(amount)) => std::cmp::Reverse(*amount),
        _ => std::cmp::Reverse(0),
    });
}

/// Keeps so many rows of each currency, currency by currency.
fn keep(table: &mut Table, most: usize) {
    let currency = place(table, "currency");
    let mut kept: BTreeMap<String, Vec<Vec<Cell>>> = BTreeMap::new();
    for row in std::mem::take(&mut table.rows) {
        let code = match row.get(currency) {
            Some(Cell::Text(code)) => code.clone(),
            _ => String::new(),
        };
        let rows = kept.entry(code).or_default();
        if rows.len() < most {
            rows.push(row);
        }
    }
    table.rows = kept.into_values().flatten().collect();
}

/// Keeps the last months of each currency.
fn keep_newest(table: &mut Table) {
    table.rows.reverse();
    keep(table, MONTHS);
    table.rows.reverse();
    let currency = place(table, "currency");
    table.rows.sort_by_key(|row| match row.get(currency) {
        Some(Cell::Text(code)) => code.clone(),
        _ => String::new(),
    });
}

/// Cuts the first column to what there is room for: months without their first day, names.
fn shorten(table: &mut Table) {
    let room = match table.columns.first() {
        Some(column) if column.name == "month" => "2026-07".len(),
        _ => NAME,
    };
    for cell in table.rows.iter_mut().filter_map(|row| row.first_mut()) {
        if let Cell::Text(text) = cell {
            *text = text.chars().take(room).collect();
        }
    }
}

fn print(printer: &Printer, title: &str, table: &Table, columns: &[Named]) -> Result<()> {
    let places: Vec<usize> = columns.iter().map(|(column, _)| place(table, column)).collect();
    let pick = |rows: &[Vec<Cell>]| -> Vec<Vec<Cell>> {
        let cells = |row: &Vec<Cell>| {
            places.iter().map(|place| row.get(*place).cloned().unwrap_or(Cell::Null)).collect()
        };
        rows.iter().map(cells).collect()
    };
    let named = places.iter().zip(columns).filter_map(|(place, (_, name))| {
        let column = table.columns.get(*place)?;
        Some(Column { name: (*name).to_owned(), kind: column.kind })
    });
    let mut shown = Table {
        columns: named.collect(),
        rows: pick(&table.rows),
        totals: pick(&table.totals),
        notes: Vec::new(),
    };
    shorten(&mut shown);
    for first in shown.totals.iter_mut().filter_map(|row| row.first_mut()) {
        *first = Cell::Text("total".to_owned());
    }
    super::heading(printer, title)?;
    printer.table(&shown, Format::Table)
}
