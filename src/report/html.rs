//! HTML that needs nothing else: documents, tables, text made harmless.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::model::{Cell, Table};

use super::render::{cells, currency, is_number, printable, shown};

/// How everything looks: light and dark, on paper, on a phone.
const STYLE: &str = include_str!("page/page.css");
/// What moves: tables are sorted by their headings.
const SCRIPT: &str = include_str!("page/page.js");

/// Makes a whole document around a body that is HTML already.
///
/// Nothing may be loaded by it, and no script but ours may run, whatever the body holds.
pub(super) fn document(title: &str, body: &str) -> String {
    let script_hash = STANDARD.encode(Sha256::digest(SCRIPT));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'sha256-{script_hash}'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}\
         <script>{SCRIPT}</script>\n</body>\n</html>\n",
        escaped(title)
    )
}

/// Writes a table that its headings sort, with totals at its foot.
pub(super) fn write_table(html: &mut String, table: &Table, caption: &str) {
    append(
        html,
        format_args!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{0}\">\n\
             <table class=\"sortable\">\n<caption>{0}</caption>\n<thead>\n<tr>",
            escaped(caption)
        ),
    );
    for column in &table.columns {
        let class = if is_number(column.kind) { " class=\"number\"" } else { "" };
        append(
            html,
            format_args!(
                "<th scope=\"col\"{class}><button type=\"button\">{}</button></th>",
                escaped(&column.name)
            ),
        );
    }
    html.push_str("</tr>\n</thead>\n<tbody>\n");
    for row in &table.rows {
        write_row(html, table, row);
    }
    html.push_str("</tbody>\n");
    if !table.totals.is_empty() {
        html.push_str("<tfoot>\n");
        for row in &table.totals {
            write_row(html, table, row);
        }
        html.push_str("</tfoot>\n");
    }
    html.push_str("</table>\n</div>\n");
}

fn write_row(html: &mut String, table: &Table, row: &[Cell]) {
    let currency = currency(table, row);
    html.push_str("<tr>");
    for (column, cell) in cells(table, row) {
        let class = match (cell, is_number(column.kind)) {
            (Cell::Null, true) => " class=\"number null\"",
            (Cell::Null, false) => " class=\"null\"",
            (_, true) => " class=\"number\"",
            (_, false) => "",
        };
        // Sorting goes by the number, whatever it is shown as.
        let value = match cell {
            Cell::Integer(number) => format!(" data-value=\"{number}\""),
            _ => String::new(),
        };
        append(
            html,
            format_args!("<td{class}{value}>{}</td>", escaped(&shown(column.kind, cell, currency))),
        );
    }
    html.push_str("</tr>\n");
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
