//! Puts a load unit beside the tables that it is compared with. What the rows hold stays in Arrow;
//! the database sees one narrow row per id.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray, UInt64Array,
};
use arrow::compute::{concat_batches, take};
use arrow::datatypes::{Int64Type, Schema};
use arrow::error::ArrowError;

use crate::database::Database;
use crate::error::{Context, Kind, Result};

use super::sql;
use super::unit::LoadUnit;

/// What Arrow gives.
pub(super) type Arrow<T> = std::result::Result<T, ArrowError>;

/// The rows of a unit.
#[derive(Debug)]
pub(super) struct Rows {
    all: RecordBatch,
}

/// A copy of an id that is not older than any other copy of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Newest {
    place: usize,
    /// The unit holds copies of the same view that disagree.
    is_torn: bool,
}

/// Stages the newest copy of each id, and what else a unit brings.
///
/// # Errors
/// [`Kind::Database`].
pub(super) fn stage(database: &Database, unit: &LoadUnit) -> Result<Rows> {
    database.execute_batch(&sql::create_stage(unit.spec))?;
    let staged = || -> Arrow<(RecordBatch, Vec<Newest>)> {
        let pages = unit.batches.iter().map(|batch| &batch.records);
        let schema = unit.batches.first().map(|batch| batch.records.schema());
        let all = concat_batches(&schema.unwrap_or_else(|| Arc::new(Schema::empty())), pages)?;
        let newest = if all.num_rows() > 0 { newest(&all)? } else { Vec::new() };
        Ok((all, newest))
    };
    let failed = || format!("cannot stage rows of {}", unit.spec.name);
    let (all, newest) = staged().context(Kind::Database, failed)?;
    if !newest.is_empty() {
        // One append: each costs as much as a hundred rows.
        let narrow = narrow(&all, &newest, &sql::noted_columns(unit.spec))
            .context(Kind::Database, failed)?;
        database.append(sql::STAGED, &narrow)?;
    }
    stage_deleted(database, unit)?;
    Ok(Rows { all })
}

/// Gives the newest copy of each id, in the order of the rows: that of the latest request, and of
/// copies in one answer the last (I5).
fn newest(rows: &RecordBatch) -> Arrow<Vec<Newest>> {
    let ids = text(rows, "id")?;
    let requests = column(rows, "_request")?.as_primitive::<Int64Type>();
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(rows.num_rows());
    for (place, id) in ids.iter().flatten().enumerate() {
        let known = places.entry(id).or_insert(place);
        if requests.value(place) >= requests.value(*known) {
            *known = place;
        }
    }
    let torn = if places.len() < rows.num_rows() { disagreeing(rows)? } else { HashMap::new() };
    let views = text(rows, "_view")?;
    let mut newest: Vec<Newest> = places
        .into_iter()
        .map(|(id, place)| {
            let is_torn = torn.get(&(id, views.value(place))).copied().unwrap_or(false);
            Newest { place, is_torn }
        })
        .collect();
    newest.sort_unstable_by_key(|copy| copy.place);
    Ok(newest)
}

/// Tells by id and view whether copies have different hashes.
fn disagreeing(rows: &RecordBatch) -> Arrow<HashMap<(&str, &str), bool>> {
    let (ids, views, hashes) = (text(rows, "id")?, text(rows, "_view")?, text(rows, "_row_hash")?);
    let mut first: HashMap<(&str, &str), &str> = HashMap::new();
    let mut torn = HashMap::new();
    let keys = ids.iter().flatten().zip(views.iter().flatten());
    for (key, hash) in keys.zip(hashes.iter().flatten()) {
        let differs = *first.entry(key).or_insert(hash) != hash;
        *torn.entry(key).or_insert(false) |= differs;
    }
    Ok(torn)
}

/// Makes the batch for the stage: its own columns, and the ones that are looked at in SQL.
fn narrow(rows: &RecordBatch, newest: &[Newest], noted: &[&'static str]) -> Arrow<RecordBatch> {
    let places: Vec<u64> = newest.iter().filter_map(|copy| copy.place.try_into().ok()).collect();
    let places = UInt64Array::from(places);
    let place: Int64Array =
        newest.iter().map(|copy| i64::try_from(copy.place).unwrap_or(i64::MAX)).collect();
    let torn: BooleanArray = newest.iter().map(|copy| Some(copy.is_torn)).collect();
    let mut columns: Vec<(&str, ArrayRef)> = vec![(sql::PLACE, Arc::new(place))];
    let own = ["id", "_row_hash", "_list_hash", "_request", "_observed_at", "_view"];
    for name in own {
        columns.push((name, take(column(rows, name)?, &places, None)?));
    }
    columns.push((sql::TORN, Arc::new(torn)));
    for name in noted {
        columns.push((name, take(column(rows, name)?, &places, None)?));
    }
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
}

impl Rows {
    /// Gives the columns `names` of the rows at these places.
    ///
    /// # Errors
    /// If there is no such column.
    pub(super) fn take(&self, names: &[&str], places: &UInt64Array) -> Arrow<Vec<ArrayRef>> {
        names.iter().map(|name| take(column(&self.all, name)?, places, None)).collect()
    }

    /// Gives the ids, copies included.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        text(&self.all, "id").into_iter().flat_map(|ids| ids.iter().flatten())
    }

    /// Counts the rows, copies of one id included.
    pub(super) fn count(&self) -> u64 {
        u64::try_from(self.all.num_rows()).unwrap_or(u64::MAX)
    }
}

fn column<'a>(rows: &'a RecordBatch, name: &str) -> Arrow<&'a ArrayRef> {
    rows.column_by_name(name)
        .ok_or_else(|| ArrowError::SchemaError(format!("there is no column {name}")))
}

fn text<'a>(rows: &'a RecordBatch, name: &str) -> Arrow<&'a StringArray> {
    column(rows, name)?
        .as_string_opt::<i32>()
        .ok_or_else(|| ArrowError::SchemaError(format!("the column {name} is no text")))
}

/// Stages which objects are gone; only where some are, is there such a table.
fn stage_deleted(database: &Database, unit: &LoadUnit) -> Result<()> {
    if unit.deleted.is_empty() {
        return Ok(());
    }
    let rows: Vec<_> = unit
        .deleted
        .iter()
        .map(|gone| {
            vec![
                Some(gone.id.clone()),
                Some(gone.observed_at.to_string()),
                Some(gone.request.to_string()),
            ]
        })
        .collect();
    stage_texts(database, "staged_deleted_texts", &["id", "observed_at", "request"], &rows)?;
    database.execute_batch(&format!(
        "CREATE OR REPLACE TEMP TABLE {} AS SELECT id, \
         make_timestamp(min(observed_at::BIGINT)) AS observed_at, \
         min(request::BIGINT) AS request FROM staged_deleted_texts GROUP BY id",
        sql::DELETED
    ))
}

/// Stages rows of text under a temporary name, so that each of these tables is filled by one
/// statement however many rows there are.
pub(super) fn stage_texts(
    database: &Database,
    table: &str,
    columns: &[&str],
    rows: &[Vec<Option<String>>],
) -> Result<()> {
    let definitions =
        columns.iter().map(|name| format!("{name} VARCHAR")).collect::<Vec<_>>().join(", ");
    database.execute_batch(&format!("CREATE OR REPLACE TEMP TABLE {table} ({definitions})"))?;
    if rows.is_empty() {
        return Ok(());
    }
    let arrays = columns.iter().enumerate().map(|(index, name)| {
        let values = rows.iter().map(|row| row.get(index).and_then(Clone::clone));
        let array: ArrayRef = Arc::new(values.collect::<StringArray>());
        (*name, array, true)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(arrays)
        .context(Kind::Database, || format!("cannot stage {table}"))?;
    database.append(table, &batch)
}
