//! Draws a [`Table`] as text, JSON, CSV or HTML. Pure: a table in, bytes out.
//!
//! Text cells come from the API and are hostile until shown otherwise. What each format does:
//!
//! | | NULL | control characters, bidi marks | else |
//! | --- | --- | --- | --- |
//! | table | `-` | replaced by U+FFFD; line breaks and tabs by a space | cut to the terminal's width, numbers never; money in major units |
//! | json | `null` | written as `\u…` | integers are numbers of any length |
//! | csv | empty | kept, but replaced where a terminal shows them | text that a spreadsheet would run gets a leading `'` |
//! | html | `-`, class `null` | as in a table | escaped; no script, nothing loaded |

use std::borrow::Cow;
use std::io;

use comfy_table::{
    Attribute, CellAlignment, ColumnConstraint, ContentArrangement, TableComponent, presets,
};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::html::{Grid, append, document, escaped};
use super::money::major_units;
use crate::error::{Context, Kind, Result};
use crate::model::{Cell, Column, ColumnKind, Table};

/// Column that names the currency of the money in a row.
const CURRENCY: &str = "currency";

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Aligned text for people.
    Table,
    /// An array of objects, one a line.
    Json,
    /// RFC 4180 with a heading and LF line ends.
    Csv,
    /// One page that needs nothing else.
    Html,
}

/// What shows the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terminal {
    /// Columns of the terminal; `None` if the bytes go to a file or another program.
    pub width: Option<u16>,
    /// Whether it understands colours.
    pub colour: bool,
}

impl Terminal {
    /// Asks for the width of the terminal behind stdout; the only function here that is not pure.
    #[must_use]
    pub fn of_stdout(colour: bool) -> Self {
        let width = comfy_table::Table::new().width();
        Self { width, colour: colour && width.is_some() }
    }
}

/// Draws a table; the result is UTF-8 and ends in a line break.
///
/// # Errors
/// [`Kind::Disk`] if a value cannot be written in the format; no table is known to do that.
pub fn render(table: &Table, format: Format, terminal: Terminal) -> Result<Vec<u8>> {
    match format {
        Format::Table => Ok(text(table, terminal).into_bytes()),
        Format::Json => json(table).context(Kind::Disk, || "a table cannot be written as JSON"),
        Format::Csv => {
            csv(table, terminal).context(Kind::Disk, || "a table cannot be written as CSV")
        }
        Format::Html => Ok(html(table).into_bytes()),
    }
}

/// Makes text safe to show: line breaks and tabs become spaces, other control characters (escape
/// codes begin with one) and whatever reorders or hides its neighbours become U+FFFD.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let shown = |letter| match letter {
        '\n' | '\r' | '\t' => ' ',
        letter if is_unsafe(letter) => char::REPLACEMENT_CHARACTER,
        letter => letter,
    };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Control characters; bidi marks, embeddings, overrides and isolates; separators that break
/// lines; invisible annotation and tag characters. Joiners stay: scripts and emoji need them.
fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Gives every column with its cell; a cell that a short row lacks is NULL.
pub(super) fn cells<'a>(
    table: &'a Table,
    row: &'a [Cell],
) -> impl Iterator<Item = (&'a Column, &'a Cell)> {
    let padded = row.iter().chain(std::iter::repeat(&Cell::Null));
    table.columns.iter().zip(padded)
}

pub(super) const fn is_number(kind: ColumnKind) -> bool {
    matches!(kind, ColumnKind::Integer | ColumnKind::MinorUnits | ColumnKind::Decimal)
}

// --- table ---------------------------------------------------------------------------------------

fn text(table: &Table, terminal: Terminal) -> String {
    let mut drawing = comfy_table::Table::new();
    drawing.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_truncation_indicator("…");
    drawing.remove_style(TableComponent::HorizontalLines);
    drawing.remove_style(TableComponent::MiddleIntersections);
    // The crate would ask the real stdout otherwise, and the result depend on it.
    drawing.force_no_tty();
    if terminal.colour {
        drawing.enforce_styling();
    }
    match terminal.width {
        Some(width) => drawing.set_width(width),
        None => &mut drawing,
    }
    .set_content_arrangement(match terminal.width {
        Some(_) => ContentArrangement::Dynamic,
        None => ContentArrangement::Disabled,
    });
    drawing.set_header(table.columns.iter().map(|column| {
        comfy_table::Cell::new(printable(&column.name)).add_attribute(Attribute::Bold)
    }));
    // An empty line sets them apart.
    let gap = (!table.totals.is_empty()).then(|| blank(table));
    let totals: Vec<Vec<Cell>> = gap.into_iter().chain(table.totals.clone()).collect();
    for row in table.rows.iter().chain(&totals) {
        let currency = currency(table, row);
        let shown = cells(table, row).map(|(column, cell)| shown(column.kind, cell, currency));
        let mut line = comfy_table::Row::from(shown.collect::<Vec<_>>());
        line.max_height(1);
        drawing.add_row(line);
    }
    for (index, column) in table.columns.iter().enumerate() {
        let Some(drawn) = drawing.column_mut(index) else { continue };
        if is_number(column.kind) {
            drawn.set_cell_alignment(CellAlignment::Right);
        }
        if column.kind != ColumnKind::Text {
            drawn.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let mut drawn = drawing.trim_fmt();
    drawn.push('\n');
    for note in &table.notes {
        append(&mut drawn, format_args!("{}\n", printable(note)));
    }
    drawn
}

/// Gives a row that shows nothing.
fn blank(table: &Table) -> Vec<Cell> {
    vec![Cell::Text(String::new()); table.columns.len()]
}

/// Gives the currency that a row names.
pub(super) fn currency<'a>(table: &Table, row: &'a [Cell]) -> Option<&'a str> {
    let place = table.columns.iter().position(|column| column.name == CURRENCY)?;
    match row.get(place) {
        Some(Cell::Text(code)) => Some(code),
        _ => None,
    }
}

/// Shows a cell to people; money in the major units of its currency.
pub(super) fn shown(kind: ColumnKind, cell: &Cell, currency: Option<&str>) -> String {
    match cell {
        Cell::Null => "-".to_owned(),
        Cell::Text(text) => printable(text).into_owned(),
        Cell::Integer(number) if kind == ColumnKind::MinorUnits => major_units(*number, currency),
        Cell::Integer(number) => number.to_string(),
        Cell::Boolean(truth) => truth.to_string(),
    }
}

// --- json ----------------------------------------------------------------------------------------

struct Object<'a> {
    table: &'a Table,
    row: &'a [Cell],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.table.columns.len()))?;
        for (column, cell) in cells(self.table, self.row) {
            match cell {
                Cell::Null => map.serialize_entry(&column.name, &())?,
                Cell::Text(text) => map.serialize_entry(&column.name, text)?,
                Cell::Integer(number) => map.serialize_entry(&column.name, number)?,
                Cell::Boolean(truth) => map.serialize_entry(&column.name, truth)?,
            }
        }
        map.end()
    }
}

/// Compact JSON whose unsafe characters are escapes: the same value, harmless on a terminal.
struct Harmless;

impl serde_json::ser::Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut units = [0; 2];
        for letter in fragment.chars() {
            if is_unsafe(letter) {
                for unit in letter.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            } else {
                write!(writer, "{letter}")?;
            }
        }
        Ok(())
    }
}

fn json(table: &Table) -> serde_json::Result<Vec<u8>> {
    let mut bytes = b"[".to_vec();
    for (index, row) in table.rows.iter().enumerate() {
        bytes.extend_from_slice(if index == 0 { b"\n" } else { b",\n" });
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Harmless);
        Object { table, row }.serialize(&mut serializer)?;
    }
    bytes.extend_from_slice(if table.rows.is_empty() { b"]\n" } else { b"\n]\n" });
    Ok(bytes)
}

// --- csv -----------------------------------------------------------------------------------------

fn csv(table: &Table, terminal: Terminal) -> io::Result<Vec<u8>> {
    let on_terminal = terminal.width.is_some();
    let safe = |text| {
        let text = if on_terminal { printable(text) } else { Cow::Borrowed(text) };
        without_formula(text)
    };
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(table.columns.iter().map(|column| safe(&column.name).into_owned()))?;
    for row in &table.rows {
        writer.write_record(cells(table, row).map(|(_, cell)| match cell {
            Cell::Null => String::new(),
            Cell::Text(text) => safe(text).into_owned(),
            Cell::Integer(number) => number.to_string(),
            Cell::Boolean(truth) => truth.to_string(),
        }))?;
    }
    writer.into_inner().map_err(::csv::IntoInnerError::into_error)
}

/// Puts an apostrophe before text that a spreadsheet would read as a formula; the full-width
/// signs count as well where a spreadsheet runs in an East Asian language.
fn without_formula(text: Cow<'_, str>) -> Cow<'_, str> {
    let starts = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if text.starts_with(starts) { Cow::Owned(format!("'{text}")) } else { text }
}

// --- html ----------------------------------------------------------------------------------------

/// Draws a page of its own around one table.
fn html(table: &Table) -> String {
    let mut body = String::new();
    Grid::of(table, "Result").write(&mut body);
    for note in &table.notes {
        append(&mut body, format_args!("<p>{}</p>\n", escaped(note)));
    }
    document("paid-sync", &body)
}
