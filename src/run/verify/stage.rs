//! Copies of one stream on their way into the scratch database.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::record_batch::RecordBatch;

use crate::catalog::StreamSpec;
use crate::error::{Context, Kind, Result};
use crate::model::Batch;

use super::scratch::Scratch;
use super::sql::{self, Scope};

/// Rows that are gathered before they are appended.
const ROWS_AT_ONCE: usize = 2_000;

/// Takes pages and keeps what the comparison needs of them.
pub(super) struct Stage {
    scratch: Scratch,
    scope: Scope,
    waiting: Vec<RecordBatch>,
    waiting_rows: usize,
    position: i64,
    /// Fields that the list copies so far carry.
    pub(super) list_fields: BTreeSet<String>,
    /// Elements that belong into quarantine.
    pub(super) quarantined: u64,
}

impl Stage {
    /// Makes an empty stage for a stream, in place of an earlier one.
    pub(super) async fn open(scratch: &Scratch, scope: &Scope, schema: &Schema) -> Result<Self> {
        let api = sql::create_api(scope, &staged_schema(scope.spec, schema));
        let quarantined = sql::create_ids(&scope.quarantined());
        scratch
            .with(move |database| {
                database.execute_batch(&api)?;
                database.execute_batch(&quarantined)
            })
            .await?;
        Ok(Self {
            scratch: scratch.clone(),
            scope: scope.clone(),
            waiting: Vec::new(),
            waiting_rows: 0,
            position: 0,
            list_fields: BTreeSet::new(),
            quarantined: 0,
        })
    }

    /// Takes a page; later pages are newer. `asked` is the id that was asked for, if one was.
    pub(super) async fn add(&mut self, batch: Batch, asked: Option<&str>) -> Result<()> {
        self.quarantine(&batch, asked).await?;
        self.list_fields.extend(batch.list_fields);
        let rows = batch.records.num_rows();
        if rows == 0 {
            return Ok(());
        }
        self.waiting.push(self.numbered(&batch.records)?);
        self.waiting_rows += rows;
        self.position += i64::try_from(rows).unwrap_or(i64::MAX);
        if self.waiting_rows >= ROWS_AT_ONCE {
            self.flush().await?;
        }
        Ok(())
    }

    async fn quarantine(&mut self, batch: &Batch, asked: Option<&str>) -> Result<()> {
        if batch.quarantined.is_empty() {
            return Ok(());
        }
        self.quarantined += u64::try_from(batch.quarantined.len()).unwrap_or(u64::MAX);
        let told = batch.quarantined.iter().filter_map(|known| known.id.as_deref());
        let ids: Vec<String> = told.chain(asked).map(str::to_owned).collect();
        append_ids(&self.scratch, self.scope.quarantined(), &ids).await
    }

    /// Appends what is still waiting.
    pub(super) async fn flush(&mut self) -> Result<()> {
        self.waiting_rows = 0;
        let (waiting, table) = (std::mem::take(&mut self.waiting), self.scope.api());
        self.scratch
            .with(move |database| {
                waiting.iter().try_for_each(|batch| database.append(&table, batch))
            })
            .await
    }

    /// Keeps the columns that are compared, and numbers the rows.
    fn numbered(&self, records: &RecordBatch) -> Result<RecordBatch> {
        let schema = staged_schema(self.scope.spec, &records.schema());
        let rows = i64::try_from(records.num_rows()).unwrap_or(i64::MAX);
        let columns = schema.fields().iter().filter_map(|field| {
            if field.name() == sql::POSITION {
                let numbers = self.position..self.position.saturating_add(rows);
                let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(numbers));
                return Some(numbers);
            }
            records.column_by_name(field.name()).cloned()
        });
        let columns = columns.collect();
        RecordBatch::try_new(Arc::new(schema), columns)
            .context(Kind::Contract, || "a page does not fit the stage of the comparison")
    }
}

/// Chooses the ids to look at.
pub(super) async fn choose(scratch: &Scratch, scope: &Scope, ids: &[String]) -> Result<()> {
    let sql = sql::create_ids(&scope.chosen());
    scratch.with(move |database| database.execute_batch(&sql)).await?;
    append_ids(scratch, scope.chosen(), ids).await
}

async fn append_ids(scratch: &Scratch, table: String, ids: &[String]) -> Result<()> {
    let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Utf8, false)]));
    let batch = |ids: &[String]| {
        let column: ArrayRef = Arc::new(StringArray::from_iter_values(ids));
        RecordBatch::try_new(Arc::clone(&schema), vec![column])
            .context(Kind::Contract, || "ids do not fit their stage")
    };
    // Some versions of the appender refuse more rows at once than a vector holds.
    let batches = ids.chunks(ROWS_AT_ONCE).map(batch).collect::<Result<Vec<_>>>()?;
    scratch
        .with(move |database| batches.iter().try_for_each(|batch| database.append(&table, batch)))
        .await
}

fn staged_schema(spec: &StreamSpec, schema: &Schema) -> Schema {
    let is_kept = |name: &str| name == "id" || spec.has_column(name) || sql::KEPT.contains(&name);
    let kept = schema.fields().iter().filter(|field| is_kept(field.name()));
    let mut fields: Vec<Field> = kept.map(|field| field.as_ref().clone()).collect();
    fields.push(Field::new(sql::POSITION, DataType::Int64, false));
    Schema::new(fields)
}
