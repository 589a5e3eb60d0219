//! `streams`: prints the catalogue.

use crate::catalog::{Class, CreatedFilter, Paging, SOURCE_KINDS};
use crate::cli::args::Global;
use crate::cli::printer::Printer;
use crate::error::Result;
use crate::model::{Cell, ColumnKind, Table};

pub(super) fn run(global: &Global, printer: &Printer) -> Result<u8> {
    printer.table(&table(), super::table_format(global))?;
    Ok(0)
}

/// Gives the catalogue as a table: one row per stream of every kind of source.
#[must_use]
pub fn table() -> Table {
    let mut table = Table::new(&[
        ("kind", ColumnKind::Text),
        ("stream", ColumnKind::Text),
        ("class", ColumnKind::Text),
        ("path", ColumnKind::Text),
        ("created_at filter", ColumnKind::Text),
        ("columns", ColumnKind::Integer),
        ("holds", ColumnKind::Text),
    ]);
    for kind in SOURCE_KINDS {
        for spec in kind.tables() {
            let class = match spec.class {
                Class::Core => "core",
                Class::Optional => "optional",
            };
            let filter = match (spec.created_filter, spec.paging) {
                (_, Paging::Whole) | (CreatedFilter::Absent, _) => "none",
                (CreatedFilter::Documented, _) => "documented",
                (CreatedFilter::General, _) => "probed",
            };
            let columns = i128::try_from(spec.fields.len() + 1).unwrap_or_default();
            let text = |text: &str| Cell::Text(text.to_owned());
            table.rows.push(vec![
                text(&kind.identity()),
                text(spec.name),
                text(class),
                text(spec.path),
                text(filter),
                Cell::Integer(columns),
                text(spec.comment),
            ]);
        }
    }
    table
}
