//! The rows of one report, with columns by name.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::Answer;
use crate::model::{Cell, Table};

/// Rows of a report, all or some.
#[derive(Clone)]
pub(super) struct View<'a> {
    table: Option<&'a Table>,
    pub(super) rows: Vec<&'a [Cell]>,
}

impl<'a> View<'a> {
    /// Looks at a report; at nothing where there is none of that name.
    pub(super) fn of(answers: &'a [Answer], name: &str) -> Self {
        let table = answers.iter().find(|answer| answer.report.name == name);
        let table = table.map(|answer| &answer.table);
        let rows = table.map(|table| table.rows.iter().map(Vec::as_slice).collect());
        Self { table, rows: rows.unwrap_or_default() }
    }

    fn place(&self, column: &str) -> usize {
        let columns = self.table.map(|table| table.columns.as_slice()).unwrap_or_default();
        columns.iter().position(|known| known.name == column).unwrap_or(usize::MAX)
    }

    /// Gives a cell of a row of this view.
    pub(super) fn cell(&self, row: &'a [Cell], column: &str) -> &'a Cell {
        row.get(self.place(column)).unwrap_or(&Cell::Null)
    }

    /// Gives the text of a cell, nothing where it holds none.
    pub(super) fn text(&self, row: &'a [Cell], column: &str) -> &'a str {
        match self.cell(row, column) {
            Cell::Text(text) => text,
            Cell::Null | Cell::Integer(_) | Cell::Boolean(_) => "",
        }
    }

    /// Gives the whole number of a cell, 0 where it holds none.
    pub(super) fn integer(&self, row: &'a [Cell], column: &str) -> i128 {
        match self.cell(row, column) {
            Cell::Integer(number) => *number,
            Cell::Null | Cell::Text(_) | Cell::Boolean(_) => 0,
        }
    }

    /// Keeps the rows with this text in a column.
    pub(super) fn only(mut self, column: &str, value: &str) -> Self {
        let place = self.place(column);
        self.rows.retain(|row| matches!(row.get(place), Some(Cell::Text(text)) if text == value));
        self
    }

    /// Keeps the rows that agree with a row of another view in these columns.
    pub(super) fn alike(mut self, other: &View<'_>, row: &[Cell], columns: &[&str]) -> Self {
        let pairs: Vec<(usize, Option<&Cell>)> = columns
            .iter()
            .map(|column| (self.place(column), row.get(other.place(column))))
            .collect();
        self.rows.retain(|mine| pairs.iter().all(|(place, cell)| mine.get(*place) == *cell));
        self
    }

    /// Makes a table of the rows, at most so many.
    pub(super) fn table(&self, most: usize) -> Table {
        Table {
            columns: self.table.map(|table| table.columns.clone()).unwrap_or_default(),
            rows: self.rows.iter().take(most).map(|row| row.to_vec()).collect(),
            ..Table::default()
        }
    }

    /// Gives the different texts of a column.
    pub(super) fn texts(&self, column: &str) -> BTreeSet<&'a str> {
        self.rows.iter().map(|row| self.text(row, column)).collect()
    }

    /// Adds up a column of whole numbers.
    pub(super) fn sum(&self, column: &str) -> i128 {
        self.rows.iter().map(|row| self.integer(row, column)).sum()
    }

    /// Gives the months from the first to the last one, without a gap, as `2026-05`.
    pub(super) fn months(&self) -> Vec<String> {
        let months = self.texts("month");
        let day = |text: Option<&&str>| text.and_then(|text| text.parse::<Date>().ok());
        let (Some(first), Some(last)) = (day(months.first()), day(months.last())) else {
            return Vec::new();
        };
        first
            .series(1.month())
            .take_while(|month| *month <= last)
            .map(|month| month_of(&month.to_string()).to_owned())
            .collect()
    }

    /// Gives a number per month, added up over sources and accounts; none where there is no value.
    pub(super) fn by_month(&self, column: &str, months: &[String]) -> Vec<Option<f64>> {
        let mut sums: BTreeMap<&str, f64> = BTreeMap::new();
        for row in &self.rows {
            if let Some(value) = number(self.cell(row, column)) {
                *sums.entry(month_of(self.text(row, "month"))).or_default() += value;
            }
        }
        months.iter().map(|month| sums.get(month.as_str()).copied()).collect()
    }

    /// Gives what the rows of the last month add up to; nothing without a row.
    pub(super) fn last_month(&self, column: &str) -> Option<(String, i128)> {
        let last = self.texts("month").last().copied()?;
        let sum = self.clone().only("month", last).sum(column);
        Some((month_of(last).to_owned(), sum))
    }
}

/// Cuts a day down to its month.
fn month_of(day: &str) -> &str {
    day.get(..7).unwrap_or(day)
}

/// Gives a number to draw.
fn number(cell: &Cell) -> Option<f64> {
    match cell {
        Cell::Integer(number) => number.to_string().parse().ok(),
        Cell::Text(text) => text.parse().ok(),
        Cell::Null | Cell::Boolean(_) => None,
    }
}
