//! Reading the published snapshot; the only file of this module that names `duckdb`.
//!
//! Every connection is read-only, cannot reach files or the network, and cannot be told otherwise.

use std::fs::File;
use std::path::Path;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use duckdb::{AccessMode, Config, Connection};
use jiff::civil::Date;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::error::{Context as _, Error, Kind, Result};
use crate::model::{Cell, Column, ColumnKind, Table};

use super::catalog::Report;

/// Widest integer type of the warehouse (HUGEINT) in Arrow.
const WIDE_INTEGER: DataType = DataType::Decimal128(38, 0);

/// Runs a report on a snapshot, at a date or at the snapshot's own (`model.as_of_default`).
///
/// # Errors
/// [`Kind::State`] where there is no snapshot yet, [`Kind::Database`] where it cannot be read.
pub fn run_report(snapshot: &Path, report: &Report, as_of: Option<Date>) -> Result<Table> {
    let contract = report.contract()?;
    let mut table = table_of(&run_report_batches(snapshot, report, as_of)?)?;
    for column in &mut table.columns {
        if let Some(promised) = contract.columns.iter().find(|known| known.name == column.name) {
            column.kind = promised.kind();
        }
    }
    Ok(table)
}

/// Runs a report as [`run_report`] does and gives its Arrow batches; at least one, perhaps empty.
///
/// # Errors
/// As [`run_report`].
pub fn run_report_batches(
    snapshot: &Path,
    report: &Report,
    as_of: Option<Date>,
) -> Result<Vec<RecordBatch>> {
    let name = report.name;
    let sql = match as_of {
        Some(day) => format!("SELECT * FROM reports.{name}_as_of(DATE '{day}')"),
        None => format!("SELECT * FROM reports.{name}"),
    };
    let connection = open(snapshot)?;
    query(&connection, &sql).context(Kind::Database, || {
        format!("report `{name}` cannot be read from {}", snapshot.display())
    })
}

/// Runs any query on a snapshot; the kinds of the columns follow from their types.
///
/// # Errors
/// As [`run_report`].
pub fn query_table(snapshot: &Path, sql: &str) -> Result<Table> {
    let connection = open(snapshot)?;
    let batches = query(&connection, sql)
        .context(Kind::Database, || format!("{} cannot be queried", snapshot.display()))?;
    table_of(&batches)
}

/// Writes batches of one schema to a Parquet file (zstd), replacing it.
///
/// # Errors
/// [`Kind::Disk`] where the file cannot be written or there is no batch to take the schema from.
pub fn write_parquet(path: &Path, batches: &[RecordBatch]) -> Result<()> {
    let failed = || format!("{} cannot be written", path.display());
    let file = File::create(path).context(Kind::Disk, failed)?;
    encode(file, batches).context(Kind::Disk, failed)
}

fn encode(file: File, batches: &[RecordBatch]) -> Result<(), ParquetError> {
    let first = batches.first().ok_or_else(|| ParquetError::General("no batch".to_owned()))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut writer = ArrowWriter::try_new(file, first.schema(), Some(properties))?;
    for batch in batches {
        writer.write(batch)?;
    }
    writer.close().map(|_| ())
}

fn open(snapshot: &Path) -> Result<Connection> {
    let exists = snapshot
        .try_exists()
        .context(Kind::Disk, || format!("{} cannot be reached", snapshot.display()))?;
    if !exists {
        let path = snapshot.display();
        let message = format!("there is no snapshot {path} yet: run `paid-sync sync` first");
        return Err(Error::new(Kind::State, message));
    }
    open_locked(snapshot)
        .context(Kind::Database, || format!("the snapshot {} cannot be opened", snapshot.display()))
}

fn open_locked(snapshot: &Path) -> duckdb::Result<Connection> {
    let config = Config::default()
        .access_mode(AccessMode::ReadOnly)?
        .enable_autoload_extension(false)?
        .enable_external_access(false)?;
    let connection = Connection::open_with_flags(snapshot, config)?;
    connection.execute_batch("SET lock_configuration = true")?;
    Ok(connection)
}

/// Fetches with `step`, because the crate's Arrow iterator panics on a failed fetch.
fn query(connection: &Connection, sql: &str) -> duckdb::Result<Vec<RecordBatch>> {
    let mut statement = connection.prepare(sql)?;
    statement.execute([])?;
    let mut batches = Vec::new();
    while let Some(rows) = statement.step()? {
        batches.push(RecordBatch::from(&rows));
    }
    if batches.is_empty() {
        batches.push(RecordBatch::new_empty(statement.schema()));
    }
    Ok(batches)
}

fn table_of(batches: &[RecordBatch]) -> Result<Table> {
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
    (0..column.len())
        .map(|row| match column.is_null(row) {
            true => Ok(Cell::Null),
            false => formatter.value(row).try_to_string().map(Cell::Text),
        })
        .collect()
}
