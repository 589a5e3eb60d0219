//! What of a load unit is written: the rows of the current table and those of the change log.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray, UInt64Array};
use arrow::compute::{cast, concat_batches, filter};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::database::{Database, qualified};
use crate::error::{Context, Kind, Result};

use super::sql;
use super::stage::{Arrow, Rows};
use super::unit::LoadUnit;
use super::warehouse::Run;

/// The copies that bring news, in the order of the requests that brought them.
#[derive(Debug)]
pub(super) struct News<'a> {
    rows: &'a Rows,
    /// Where they are among the rows of the unit.
    places: UInt64Array,
    /// Those that make a row; the others change volatile fields in place.
    is_written: BooleanArray,
    first_seen_at: ArrayRef,
    changed_at: ArrayRef,
}

impl<'a> News<'a> {
    /// Asks the classified stage.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub(super) fn of(database: &Database, rows: &'a Rows) -> Result<Self> {
        let batches = database.batches(&sql::news(), &[])?;
        let made = || -> Arrow<Self> {
            let schema =
                batches.first().map_or_else(|| Arc::new(Schema::empty()), RecordBatch::schema);
            let all = concat_batches(&schema, &batches)?;
            let column = |index: usize, data_type: &DataType| cast(all.column(index), data_type);
            let instant = DataType::Timestamp(TimeUnit::Microsecond, None);
            Ok(Self {
                rows,
                places: column(0, &DataType::UInt64)?.as_primitive().clone(),
                is_written: column(1, &DataType::Boolean)?.as_boolean().clone(),
                first_seen_at: column(2, &instant)?,
                changed_at: column(3, &instant)?,
            })
        };
        made().context(Kind::Database, || "cannot read what a load unit changes")
    }

    /// Appends new rows, new versions and enriched ones to the current table.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub(super) fn append(&self, database: &Database, run: &Run, unit: &LoadUnit) -> Result<()> {
        let made = self.current_rows(run, unit);
        let table = (unit.source.as_str(), unit.spec.name);
        let rows = made.context(Kind::Database, || {
            format!("cannot make the rows of {}", qualified(table.0, table.1))
        })?;
        database.append_to(table.0, table.1, &rows)
    }

    /// Gives the rows in the columns of the current table.
    fn current_rows(&self, run: &Run, unit: &LoadUnit) -> Arrow<RecordBatch> {
        let written = |column: &dyn Array| filter(column, &self.is_written);
        let places = written(&self.places)?;
        let places: &UInt64Array = places.as_primitive();
        let constant = |text: &str| -> ArrayRef {
            Arc::new(std::iter::repeat_n(Some(text), places.len()).collect::<StringArray>())
        };
        let typed = sql::typed_names(unit.spec);
        let mut columns = self.rows.take(&typed, places)?;
        columns.push(constant(&unit.account_id));
        columns.push(written(&self.first_seen_at)?);
        columns.push(written(&self.changed_at)?);
        columns.extend(self.rows.take(&["_row_hash"], places)?);
        columns.push(constant(&run.id));
        columns.extend(self.rows.take(&["_extra", "_problems"], places)?);
        let names = typed.into_iter().chain(sql::system_names());
        RecordBatch::try_from_iter_with_nullable(
            names.zip(columns).map(|(name, column)| (name, column, true)),
        )
    }

    /// Gives the rows for the change log: versions in the order of their requests, then proven
    /// deletions, then elements that no earlier run quarantined.
    ///
    /// # Errors
    /// [`Kind::Database`].
    pub(super) fn logged(
        &self,
        database: &Database,
        unit: &LoadUnit,
        committed_at: i64,
        has_quarantined: bool,
    ) -> Result<Vec<RecordBatch>> {
        let versions = self.versions();
        let mut parts =
            vec![versions.context(Kind::Database, || format!("cannot log {}", unit.spec.name))?];
        if !unit.deleted.is_empty() {
            parts.extend(database.batches(LOGGED_DELETIONS, &[])?);
        }
        if has_quarantined {
            parts.extend(database.batches(LOGGED_QUARANTINE, &[committed_at.into()])?);
        }
        // Whatever the database calls its columns, they come as those of the log.
        let alike = |part: RecordBatch| RecordBatch::try_new(log_schema(), part.columns().to_vec());
        parts
            .into_iter()
            .filter(|part| part.num_rows() > 0)
            .map(alike)
            .collect::<Arrow<Vec<_>>>()
            .context(Kind::Database, || format!("cannot log {}", unit.spec.name))
    }

    fn versions(&self) -> Arrow<RecordBatch> {
        if self.places.is_empty() {
            return Ok(RecordBatch::new_empty(log_schema()));
        }
        let ops = std::iter::repeat_n(Some("upsert"), self.places.len()).collect::<StringArray>();
        let names = ["id", "_raw", "_observed_at", "_row_hash", "_list_hash", "_view", "_request"];
        let mut columns = self.rows.take(&names, &self.places)?;
        columns.insert(1, Arc::new(ops));
        RecordBatch::try_new(log_schema(), columns)
    }
}

const LOGGED_DELETIONS: &str = "SELECT id, 'delete', NULL::VARCHAR, observed_at, NULL::VARCHAR, \
     NULL::VARCHAR, 'get', request FROM staged_deleted ORDER BY request, id";
/// Their number is the position within the walk.
const LOGGED_QUARANTINE: &str = "SELECT coalesce(id, ''), 'quarantine', raw, make_timestamp($1), \
     NULL::VARCHAR, NULL::VARCHAR, 'list', position::BIGINT FROM staged_quarantine \
     ORDER BY position::BIGINT";

/// Gives the columns of a part of the change log (DESIGN 4).
fn log_schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let instant = DataType::Timestamp(TimeUnit::Microsecond, None);
    Arc::new(Schema::new(vec![
        text("id"),
        text("_op"),
        text("_raw"),
        Field::new("_observed_at", instant, true),
        text("_row_hash"),
        text("_list_hash"),
        text("_view"),
        Field::new("_request", DataType::Int64, true),
    ]))
}
