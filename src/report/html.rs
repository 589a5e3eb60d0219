//! HTML that needs nothing else: documents, tables, text made harmless.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::model::{Cell, ColumnKind, Table};

use super::render::{cells, currency, is_number, printable, shown};

/// How everything looks: light and dark, on paper, on a phone.
const STYLE: &str = include_str!("page/page.css");
/// What moves: tables are sorted by their headings.
const SCRIPT: &str = include_str!("page/page.js");

/// Characters that a cell shows in one line.
const ONE_LINE: usize = 34;

/// Makes a whole document around a body that is HTML already.
///
/// Nothing may be loaded by it, and no script or style but ours may act, whatever the body holds.
pub(super) fn document(title: &str, body: &str) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\
         <script>{SCRIPT}</script>\n</body>\n</html>\n",
        hash(STYLE),
        hash(SCRIPT),
        escaped(title)
    )
}

/// A table that its headings sort, with totals at its foot.
#[derive(Clone, Copy)]
pub(super) struct Grid<'a> {
    /// What it shows.
    pub(super) table: &'a Table,
    /// Says what the rows are.
    pub(super) caption: &'a str,
    /// Currency of all money, where no column tells it.
    pub(super) currency: Option<&'a str>,
    /// Columns that are not shown.
    pub(super) hidden: &'a [&'a str],
    /// Gives the anchor to which the first cell of a row leads.
    pub(super) links: Option<&'a dyn Fn(usize) -> String>,
}

impl<'a> Grid<'a> {
    /// Shows all of a table.
    pub(super) fn of(table: &'a Table, caption: &'a str) -> Self {
        Self { table, caption, currency: None, hidden: &[], links: None }
    }

    /// Writes it.
    pub(super) fn write(&self, html: &mut String) {
        append(
            html,
            format_args!(
                "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\">\n\
                 <table class=\"sortable\">\n<caption>{0}</caption>\n<thead>\n<tr>",
                escaped(self.caption)
            ),
        );
        for column in self.table.columns.iter().filter(|column| self.shows(&column.name)) {
            let class = if is_number(column.kind) { " class=\"number\"" } else { "" };
            append(
                html,
                format_args!(
                    "<th scope=\"col\"{class}><button type=\"button\">{}</button></th>",
                    escaped(&heading(&column.name))
                ),
            );
        }
        html.push_str("</tr>\n</thead>\n<tbody>\n");
        let long = self.long_columns();
        for (place, row) in self.table.rows.iter().enumerate() {
            self.write_row(html, row, &long, self.links.map(|anchor| anchor(place)).as_deref());
        }
        html.push_str("</tbody>\n");
        if !self.table.totals.is_empty() {
            html.push_str("<tfoot>\n");
            for row in &self.table.totals {
                self.write_row(html, row, &long, None);
            }
            html.push_str("</tfoot>\n");
        }
        html.push_str("</table>\n</div>\n");
        if self.table.rows.is_empty() {
            html.push_str("<p class=\"faint\">No rows.</p>\n");
        }
    }

    /// Gives the columns whose text is broken into lines.
    fn long_columns(&self) -> Vec<&'a str> {
        let is_long = |cell: Option<&Cell>| match cell {
            Some(Cell::Text(text)) => text.chars().count() > ONE_LINE,
            _ => false,
        };
        let columns = self.table.columns.iter().enumerate();
        columns
            .filter(|(place, _)| self.table.rows.iter().any(|row| is_long(row.get(*place))))
            .map(|(_, column)| column.name.as_str())
            .collect()
    }

    fn shows(&self, column: &str) -> bool {
        !self.hidden.contains(&column)
    }

    fn write_row(&self, html: &mut String, row: &[Cell], long: &[&str], link: Option<&str>) {
        let currency = currency(self.table, row).or(self.currency);
        html.push_str("<tr>");
        let cells = cells(self.table, row).filter(|(column, _)| self.shows(&column.name));
        for (place, (column, cell)) in cells.enumerate() {
            let class = match (cell, column.kind) {
                (Cell::Null, kind) if is_number(kind) => " class=\"number null\"",
                (Cell::Null, _) => " class=\"null\"",
                (_, kind) if is_number(kind) => " class=\"number\"",
                (_, ColumnKind::Text) if long.contains(&column.name.as_str()) => " class=\"long\"",
                (_, _) => "",
            };
            // Sorting goes by the number, whatever it is shown as.
            let value = match cell {
                Cell::Integer(number) => format!(" data-value=\"{number}\""),
                Cell::Null | Cell::Text(_) | Cell::Boolean(_) => String::new(),
            };
            let shown = escaped(&shown(column.kind, cell, currency));
            match link.filter(|_| place == 0) {
                Some(anchor) => append(
                    html,
                    format_args!("<td{class}{value}><a href=\"#{anchor}\">{shown}</a></td>"),
                ),
                None => append(html, format_args!("<td{class}{value}>{shown}</td>")),
            }
        }
        html.push_str("</tr>\n");
    }
}

/// Writes the name of a column as words.
fn heading(name: &str) -> String {
    match name {
        "days_1_30" => "1–30 days".to_owned(),
        "days_31_60" => "31–60 days".to_owned(),
        "days_61_90" => "61–90 days".to_owned(),
        "days_over_90" => "over 90 days".to_owned(),
        "dso_days" => "DSO days".to_owned(),
        "mrr" | "arr" => name.to_uppercase(),
        name => name.replace('_', " "),
    }
}

/// Makes text harmless, and keeps its direction of writing from what stands beside it.
pub(super) fn isolated(text: &str) -> String {
    format!("<bdi>{}</bdi>", escaped(text))
}

/// Makes text harmless, and shows what stands between backticks as code.
pub(super) fn with_code(text: &str) -> String {
    let mut html = String::new();
    for (place, part) in text.split('`').enumerate() {
        let is_code = place % 2 == 1;
        html.push_str(if is_code { "<code>" } else { "" });
        html.push_str(&escaped(part));
        html.push_str(if is_code { "</code>" } else { "" });
    }
    html
}

/// Appends formatted text.
pub(super) fn append(html: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _infallible = html.write_fmt(text);
}

/// Makes text harmless within HTML, attributes included.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in printable(text).chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}
