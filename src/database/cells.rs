//! Arrow batches as rows of cells.

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::error::{Context, Kind, Result};
use crate::model::{Cell, Column, ColumnKind, Table};

/// Widest integer type of the warehouse (HUGEINT) in Arrow.
const WIDE_INTEGER: DataType = DataType::Decimal128(38, 0);

/// Turns batches of one schema into a table; a first batch without rows still gives the columns.
pub(super) fn table_of(batches: &[RecordBatch]) -> Result<Table> {
    let mut table = Table::default();
    for batch in batches {
        if table.columns.is_empty() {
            let fields = batch.schema_ref().fields().iter();
            table.columns = fields
                .map(|field| Column {
                    name: field.name().clone(),
                    kind: kind_of(field.data_type()),
                })
                .collect();
        }
        append_rows(&mut table, batch)
            .context(Kind::Database, || "a column has a type that cannot be shown")?;
    }
    Ok(table)
}

fn append_rows(table: &mut Table, batch: &RecordBatch) -> Result<(), ArrowError> {
    let mut rows = vec![Vec::with_capacity(batch.num_columns()); batch.num_rows()];
    for column in batch.columns() {
        for (row, cell) in rows.iter_mut().zip(cells(column)?) {
            row.push(cell);
        }
    }
    table.rows.append(&mut rows);
    Ok(())
}

fn kind_of(data_type: &DataType) -> ColumnKind {
    match data_type {
        DataType::Date32 => ColumnKind::Date,
        DataType::Timestamp(_, _) => ColumnKind::Instant,
        DataType::Boolean => ColumnKind::Boolean,
        other if is_integer(other) => ColumnKind::Integer,
        DataType::Decimal128(..) => ColumnKind::Decimal,
        _ => ColumnKind::Text,
    }
}

fn is_integer(data_type: &DataType) -> bool {
    data_type.is_integer() || matches!(data_type, DataType::Decimal128(_, 0))
}

fn cells(column: &dyn Array) -> Result<Vec<Cell>, ArrowError> {
    let present = |cell: Option<Cell>| cell.unwrap_or(Cell::Null);
    match column.data_type() {
        DataType::Boolean => {
            Ok(column.as_boolean().iter().map(|value| present(value.map(Cell::Boolean))).collect())
        }
        other if is_integer(other) => {
            let wide = cast(column, &WIDE_INTEGER)?;
            let values = wide.as_primitive::<Decimal128Type>().iter();
            Ok(values.map(|value| present(value.map(Cell::Integer))).collect())
        }
        _ => text_cells(column),
    }
}

fn text_cells(column: &dyn Array) -> Result<Vec<Cell>, ArrowError> {
    let options = FormatOptions::default()
        .with_display_error(false)
        .with_date_format(Some("%Y-%m-%d"))
        .with_timestamp_format(Some("%Y-%m-%dT%H:%M:%SZ"));
    let formatter = ArrayFormatter::try_new(column, &options)?;
    let cell = |row| {
        if column.is_null(row) {
            return Ok(Cell::Null);
        }
        formatter.value(row).try_to_string().map(Cell::Text)
    };
    (0..column.len()).map(cell).collect()
}
