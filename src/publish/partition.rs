//! The one file that names Polars: merges one Parquet partition lazily.

use std::fs::File;
use std::io::{BufWriter, IntoInnerError};
use std::path::{Path, PathBuf};

use polars::prelude::{
    HiveOptions, IntoLazy, JoinArgs, JoinType, LazyFrame, ParquetCompression, ParquetReader,
    ParquetWriter, PlRefPath, PolarsResult, ScanArgsParquet, SerReader, SortMultipleOptions,
    UnionArgs, col, concat, lit,
};

use crate::durable;
use crate::error::{Context, Kind, Result};

use super::workers::side_by_side;

/// What changed in a stream since the generation before.
#[derive(Debug)]
pub(super) struct Delta {
    /// Parquet file of new versions of rows, with their partition in `_partition`.
    pub(super) rows: PathBuf,
    /// Parquet file of ids whose old version left a partition.
    pub(super) gone: PathBuf,
}

impl Delta {
    /// Removes the files.
    pub(super) fn remove(&self) -> Result<()> {
        durable::remove_if_present(&self.rows)?;
        durable::remove_if_present(&self.gone)
    }
}

/// One partition to write.
#[derive(Debug)]
pub(super) struct Merge {
    /// Its name.
    pub(super) partition: String,
    /// Its files in the generation before.
    pub(super) old: Vec<PathBuf>,
    /// Its file in the next one.
    pub(super) target: PathBuf,
}

/// Partitions merged at the same time: they are small, and wait for the disk most of the time.
const SIDE_BY_SIDE: usize = 4;

/// Writes partitions; gives the number of rows in them.
///
/// # Errors
/// As [`merge`]; the others may be written or not.
pub(super) fn merge_all(merges: &[Merge], delta: &Delta, order_by_time: bool) -> Result<usize> {
    side_by_side(
        SIDE_BY_SIDE,
        |send| merges.iter().try_for_each(send),
        |one: &Merge| merge(one, delta, order_by_time),
    )
}

/// Writes one partition: the old rows without those that changed, and the new versions, sorted by
/// `created_at` then id. Writes nothing where no row is left. Gives the number of rows.
///
/// # Errors
/// [`Kind::Disk`] naming the file.
fn merge(merge: &Merge, delta: &Delta, order_by_time: bool) -> Result<usize> {
    let Merge { partition, old, target } = merge;
    let directory = target.parent().unwrap_or(target);
    let mut merged = collect(old, delta, partition, order_by_time)
        .context(Kind::Disk, || format!("cannot merge the partition {}", directory.display()))?;
    if merged.height() == 0 {
        return Ok(0);
    }
    durable::create_directory(directory, 0o700)?;
    let mut written = || -> PolarsResult<()> {
        // The writer writes footers byte by byte: unbuffered, that is a system call for each.
        let mut file = BufWriter::new(File::create(target)?);
        ParquetWriter::new(&mut file)
            .with_compression(ParquetCompression::Zstd(None))
            .finish(&mut merged)?;
        file.into_inner().map_err(IntoInnerError::into_error)?.sync_all()?;
        Ok(())
    };
    written().context(Kind::Disk, || format!("cannot write {}", target.display()))?;
    Ok(merged.height())
}

fn collect(
    old: &[PathBuf],
    delta: &Delta,
    partition: &str,
    order_by_time: bool,
) -> PolarsResult<polars::prelude::DataFrame> {
    let fresh = scan(&delta.rows)?;
    let mut parts = Vec::with_capacity(old.len() + 1);
    if !old.is_empty() {
        let changed = concat(
            [fresh.clone().select([col("id")]), scan(&delta.gone)?.select([col("id")])],
            UnionArgs::default(),
        )?
        .collect()?
        .lazy();
        for path in old {
            parts.push(scan(path)?.join(
                changed.clone(),
                [col("id")],
                [col("id")],
                JoinArgs::new(JoinType::Anti),
            ));
        }
    }
    let of_partition = fresh.filter(col("_partition").eq(lit(partition.to_owned())));
    parts.push(of_partition.drop(polars::prelude::cols(["_partition"])));
    let order: &[&str] = if order_by_time { &["created_at", "id"] } else { &["id"] };
    concat(parts, UnionArgs::default())?
        .sort(order.iter().copied(), SortMultipleOptions::default())
        .collect()
}

fn scan(path: &Path) -> PolarsResult<LazyFrame> {
    let options = ScanArgsParquet {
        // Directory names such as `month=2026-06` are ours to read, not columns.
        hive_options: HiveOptions::new_disabled(),
        glob: false,
        ..ScanArgsParquet::default()
    };
    LazyFrame::scan_parquet(PlRefPath::try_from_path(path)?, options)
}

/// Counts the rows of a Parquet file by its footer.
///
/// # Errors
/// [`Kind::Disk`] naming the file.
pub(super) fn count_rows(path: &Path) -> Result<usize> {
    let counted = || -> PolarsResult<usize> { ParquetReader::new(File::open(path)?).num_rows() };
    counted().context(Kind::Disk, || format!("cannot read {}", path.display()))
}
