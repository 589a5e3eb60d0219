//! Partitions written whole, from the table: new ones, and those too large to be merged in memory.

use std::collections::BTreeMap;
use std::path::PathBuf;

use arrow::array::AsArray;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

use crate::database::literal;
use crate::durable;
use crate::error::{Context, Kind, Result};
use crate::parquet_file::{self, Options};

use super::layout::Layout;
use super::stream::{ROW_GROUP, StreamWork, batches};
use super::workers::side_by_side;

/// Rows and their text, in bytes, that are sorted at once and held until they are written (I10).
const MOST_SORTED_ROWS: usize = 25_000;
const MOST_SORTED_BYTES: usize = 6 * 1024 * 1024;
/// Rows that tell how long the others are.
const SAMPLE: usize = 500;
/// Files written at the same time, while the rows of the next ones are sorted (I10).
const SIDE_BY_SIDE: usize = 2;

/// A file to write.
struct NewFile {
    path: PathBuf,
    batches: Vec<RecordBatch>,
}

impl StreamWork<'_> {
    /// Writes partitions; gives the number of rows in them.
    pub(super) fn rewrite(
        &self,
        names: &[&String],
        sizes: &BTreeMap<String, usize>,
        layout: Layout,
        files: &mut usize,
    ) -> Result<usize> {
        if names.is_empty() {
            return Ok(0);
        }
        let size = |name: &String| sizes.get(name).copied().unwrap_or(0);
        let most = self.rows_at_once()?;
        let (large, small): (Vec<&String>, Vec<&String>) =
            names.iter().partition(|name| size(name) > most);
        let mut conditions: Vec<String> =
            batches(&small, most, size).into_iter().map(|some| layout.holds(some)).collect();
        for name in large {
            conditions.extend(self.slices(name, size(name).div_ceil(most), layout)?);
        }
        let options =
            Options { mode: self.publication.modes.file, row_group: ROW_GROUP, footer: Vec::new() };
        side_by_side(
            SIDE_BY_SIDE,
            |send| {
                for condition in &conditions {
                    for (partition, batches) in self.sorted(condition, layout)? {
                        let path = self.next_file(&partition, files);
                        durable::create_directory(&self.target().join(&partition), 0o700)?;
                        send(NewFile { path, batches })?;
                    }
                }
                Ok(())
            },
            |file: NewFile| {
                parquet_file::write(&file.path, &file.batches, &options)?;
                Ok(file.batches.iter().map(RecordBatch::num_rows).sum())
            },
        )
    }

    /// Says how many rows may be sorted at once.
    fn rows_at_once(&self) -> Result<usize> {
        let length = format!(
            "SELECT avg(strlen(row::VARCHAR))::BIGINT FROM (FROM {} LIMIT {SAMPLE}) AS row",
            self.table()
        );
        let length = usize::try_from(self.database.integer(&length, &[])?).unwrap_or(0).max(1);
        Ok((MOST_SORTED_BYTES / length).clamp(SAMPLE, MOST_SORTED_ROWS))
    }

    /// Gives rows by partition, in the order of files.
    fn sorted(&self, condition: &str, layout: Layout) -> Result<Vec<(String, Vec<RecordBatch>)>> {
        let query = format!(
            "SELECT {}, {} AS _partition FROM {} WHERE {condition} ORDER BY _partition, {}",
            self.export_columns(),
            layout.expression(),
            self.table(),
            self.order(),
        );
        let batches = self.database.batches(&query, &[])?;
        by_partition(&batches)
            .context(Kind::Database, || format!("cannot sort the rows of {}", self.table()))
    }

    /// Cuts a large partition into `count` parts of about the same number of rows; gives their
    /// conditions.
    fn slices(&self, name: &String, count: usize, layout: Layout) -> Result<Vec<String>> {
        let has_time = self.spec.has_column("created_at") && name != Layout::UNKNOWN;
        let key = if has_time { "epoch_us(created_at)" } else { "id" };
        let quantiles: Vec<String> =
            (1..count).map(|part| format!("{part}.0 / {count}.0")).collect();
        let holds = layout.holds(&[name]);
        let query = format!(
            "SELECT DISTINCT unnest(quantile_disc({key}, [{}]))::VARCHAR FROM {} WHERE {holds}",
            quantiles.join(", "),
            self.table()
        );
        let mut bounds = self.database.texts(&query, &[])?;
        if has_time {
            bounds.sort_by_key(|bound| bound.parse::<i64>().unwrap_or(0));
        } else {
            bounds.sort();
            bounds = bounds.iter().map(|bound| literal(bound)).collect();
        }
        let above = std::iter::once(None).chain(bounds.iter().map(Some));
        let below = bounds.iter().map(Some).chain([None]);
        let slice = |(above, below): (Option<&String>, Option<&String>)| {
            let above = above.map(|bound| format!(" AND {key} > {bound}")).unwrap_or_default();
            let below = below.map(|bound| format!(" AND {key} <= {bound}")).unwrap_or_default();
            format!("{holds}{above}{below}")
        };
        Ok(above.zip(below).map(slice).collect())
    }
}

/// Cuts sorted rows where their last column, the partition, changes; leaves that column out.
fn by_partition(
    batches: &[RecordBatch],
) -> std::result::Result<Vec<(String, Vec<RecordBatch>)>, ArrowError> {
    let mut partitions: Vec<(String, Vec<RecordBatch>)> = Vec::new();
    for batch in batches {
        let Some(last) = batch.num_columns().checked_sub(1) else { continue };
        let names = batch.column(last).as_string::<i32>();
        let rows = batch.project(&(0..last).collect::<Vec<_>>())?;
        let mut start = 0;
        while start < rows.num_rows() {
            let name = names.value(start);
            let end = (start..rows.num_rows()).find(|row| names.value(*row) != name);
            let end = end.unwrap_or(rows.num_rows());
            let part = rows.slice(start, end - start);
            match partitions.last_mut().filter(|(known, _)| known == name) {
                Some((_, parts)) => parts.push(part),
                None => partitions.push((name.to_owned(), vec![part])),
            }
            start = end;
        }
    }
    Ok(partitions)
}
