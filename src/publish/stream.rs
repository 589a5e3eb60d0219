//! The Parquet partitions of one stream: which ones changed, and how each of them is made anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::catalog::{Coercion, StreamSpec};
use crate::database::{Database, identifier, literal, qualified};
use crate::durable;
use crate::error::{Context, Error, Kind, Result};
use crate::model::Cell;

use super::generation::Before;
use super::layout::{Layout, has_layout};
use super::partition::{self, Delta, Merge};
use super::{Publication, PublishedSource};

/// Rows of a row group: the writer holds a whole one, for each of its threads (I10).
pub(super) const ROW_GROUP: usize = 20_480;
/// Rows of the largest partition that is merged in memory, and of all that are merged at once (I10).
const MOST_MERGED_ROWS: usize = 20_000;
const MOST_MERGED_AT_ONCE: usize = 100_000;

/// Building the partitions of one stream.
pub(super) struct StreamWork<'a> {
    pub(super) database: &'a Database,
    pub(super) publication: &'a Publication,
    pub(super) source: &'a PublishedSource,
    pub(super) spec: &'static StreamSpec,
}

impl StreamWork<'_> {
    pub(super) fn build(&self, previous: Option<&Before>) -> Result<()> {
        let expected = self.count()?;
        let layout = self.layout()?;
        let before = previous
            .filter(|before| before.is_comparable)
            .map(|before| (before.directory.join(self.spec.name), before.run.as_str()))
            .filter(|(path, _)| has_layout(path, layout));
        let built = match &before {
            Some((path, run)) => self.build_from(Some((path, *run)), layout)?,
            None => self.build_from(None, layout)?,
        };
        if built == expected {
            return Ok(());
        }
        if before.is_some() {
            // The files before do not match the table (lost or foreign): build all of them anew.
            durable::remove_tree_if_present(&self.target())?;
            if self.build_from(None, layout)? == expected {
                return Ok(());
            }
        }
        Err(Error::new(
            Kind::Disk,
            format!(
                "{}.{}: the Parquet tables hold {built} rows, the database {expected}",
                self.source.name, self.spec.name
            ),
        ))
    }

    fn build_from(&self, previous: Option<(&Path, &str)>, layout: Layout) -> Result<usize> {
        let since = previous.map(|(_, run)| run);
        let changed = self.changed(since, layout)?;
        let mut rows = match previous {
            Some((path, _)) => self.link_unchanged(path, &changed)?,
            None => 0,
        };
        let sizes = self.sizes(&changed, layout)?;
        let size = |name: &String| sizes.get(name).copied().unwrap_or(0);
        let has_files = |name: &String| previous.is_some_and(|(path, _)| path.join(name).is_dir());
        let (whole, merged): (Vec<&String>, Vec<&String>) =
            changed.iter().partition(|name| size(name) > MOST_MERGED_ROWS || !has_files(name));
        let mut files = 0;
        rows += self.rewrite(&whole, &sizes, layout, &mut files)?;
        if let Some((path, run)) = previous {
            for batch in batches(&merged, MOST_MERGED_AT_ONCE, size) {
                rows += self.merge(batch, path, run, layout, &mut files)?;
            }
        }
        Ok(rows)
    }

    /// Merges small partitions in memory: their files before, and what changed since.
    fn merge(
        &self,
        names: &[&String],
        before: &Path,
        since: &str,
        layout: Layout,
        files: &mut usize,
    ) -> Result<usize> {
        let delta = self.export(since, layout, names)?;
        let mut merges = Vec::new();
        for name in names {
            let old = durable::files_below(&before.join(name), "parquet")?;
            let target = self.next_file(name, files);
            merges.push(Merge { partition: (*name).clone(), old, target });
        }
        let rows = partition::merge_all(&merges, &delta, self.spec.has_column("created_at"))?;
        for target in merges.iter().map(|merge| &merge.target).filter(|target| target.exists()) {
            durable::set_mode(target, self.publication.modes.file)?;
        }
        delta.remove()?;
        Ok(rows)
    }

    pub(super) fn next_file(&self, partition: &str, files: &mut usize) -> PathBuf {
        let file = format!("{}-{files}.parquet", self.publication.run_id);
        *files += 1;
        self.target().join(partition).join(file)
    }

    /// Counts the rows of partitions.
    fn sizes(&self, names: &BTreeSet<String>, layout: Layout) -> Result<BTreeMap<String, usize>> {
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        let part = layout.expression();
        let query = format!("SELECT {part} AS part, count(*) FROM {} GROUP BY part", self.table());
        let size = |row: Vec<Cell>| match <[Cell; 2]>::try_from(row) {
            Ok([Cell::Text(name), Cell::Integer(rows)]) => {
                Some((name, usize::try_from(rows).ok()?))
            }
            _ => None,
        };
        Ok(self.database.table(&query, &[])?.rows.into_iter().filter_map(size).collect())
    }

    /// Gives the order of rows in a file.
    pub(super) fn order(&self) -> &'static str {
        if self.spec.has_column("created_at") { "created_at, id" } else { "id" }
    }

    pub(super) fn target(&self) -> PathBuf {
        self.publication.staged_generation().join(&self.source.name).join(self.spec.name)
    }

    pub(super) fn table(&self) -> String {
        qualified(&self.source.name, self.spec.name)
    }

    fn count(&self) -> Result<usize> {
        let rows = self.database.integer(&format!("SELECT count(*) FROM {}", self.table()), &[])?;
        Ok(usize::try_from(rows).unwrap_or(0))
    }

    fn layout(&self) -> Result<Layout> {
        if !self.spec.has_column("created_at") {
            return Ok(Layout::Bucket);
        }
        let query = format!("SELECT count(created_at) FROM {}", self.table());
        Ok(if self.database.integer(&query, &[])? > 0 { Layout::Month } else { Layout::Bucket })
    }

    /// Links every partition that holds no change; gives the rows in them.
    pub(super) fn link_unchanged(
        &self,
        before: &Path,
        changed: &BTreeSet<String>,
    ) -> Result<usize> {
        let mut rows = 0;
        for directory in durable::list(before)? {
            let Some(name) = directory.file_name().and_then(|name| name.to_str()) else { continue };
            if changed.contains(name) {
                continue;
            }
            let target = self.target().join(name);
            durable::create_directory(&target, 0o700)?;
            for file in durable::files_below(&directory, "parquet")? {
                rows += partition::count_rows(&file)?;
                let link = target.join(file.file_name().unwrap_or_default());
                fs::hard_link(&file, &link)
                    .context(Kind::Disk, || format!("cannot link {}", link.display()))?;
                durable::set_mode(&link, self.publication.modes.file)?;
            }
        }
        Ok(rows)
    }

    /// Names the table of versions that ended.
    fn closed(&self) -> String {
        let closed = format!("_closed_{}", self.spec.name);
        qualified(&format!("{}_history", self.source.name), &closed)
    }

    /// Names the partitions that hold a change since a run.
    fn changed(&self, since: Option<&str>, layout: Layout) -> Result<BTreeSet<String>> {
        let (since, part) = (literal(since.unwrap_or("")), layout.expression());
        let names = self.database.texts(
            &format!(
                "SELECT DISTINCT {part} FROM {} WHERE _run_id > {since} \
                 UNION SELECT {part} FROM {} WHERE _closed_by > {since}",
                self.table(),
                self.closed(),
            ),
            &[],
        )?;
        Ok(names.into_iter().collect())
    }

    /// Exports what changed in partitions since a run: new versions of rows, and ids that left their
    /// partition.
    fn export(&self, since: &str, layout: Layout, names: &[&String]) -> Result<Delta> {
        let stem = format!("{}-{}", self.source.name, self.spec.name);
        let rows = self.publication.staging().join(format!("{stem}-rows.parquet"));
        let gone = self.publication.staging().join(format!("{stem}-gone.parquet"));
        let since = literal(since);
        self.copy(
            &format!(
                "SELECT {}, {} AS _partition FROM {} WHERE _run_id > {since} AND {} \
                 ORDER BY _partition, {}",
                self.export_columns(),
                layout.expression(),
                self.table(),
                layout.holds(names),
                self.order(),
            ),
            &rows,
        )?;
        self.copy(
            &format!("SELECT DISTINCT id FROM {} WHERE _closed_by > {since}", self.closed()),
            &gone,
        )?;
        Ok(Delta { rows, gone })
    }

    /// JSON travels as text: other tools have no such Parquet type.
    pub(super) fn export_columns(&self) -> String {
        let typed = self.spec.fields.iter().map(|field| {
            let name = identifier(field.column);
            match field.coercion {
                Coercion::Json | Coercion::JsonObject | Coercion::AnyJson | Coercion::Map => {
                    format!("{name}::VARCHAR AS {name}")
                }
                _ => name,
            }
        });
        let system = [
            "_account_id",
            "_first_seen_at",
            "_changed_at",
            "_row_hash",
            "_run_id",
            "_extra::VARCHAR AS _extra",
            "_problems::VARCHAR AS _problems",
        ];
        std::iter::once("id".to_owned())
            .chain(typed)
            .chain(system.map(str::to_owned))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn copy(&self, query: &str, path: &Path) -> Result<()> {
        let path = literal(&path.to_string_lossy());
        self.database.execute_batch(&format!(
            "COPY ({query}) TO {path} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
        ))
    }
}

/// Groups partitions so that no group has many more rows than `most`.
pub(super) fn batches<'a, 'b>(
    names: &'a [&'b String],
    most: usize,
    size: impl Fn(&String) -> usize,
) -> Vec<&'a [&'b String]> {
    let mut batches = Vec::new();
    let (mut start, mut rows) = (0, 0);
    for (index, name) in names.iter().enumerate() {
        rows += size(name);
        if rows >= most {
            batches.extend(names.get(start..=index));
            (start, rows) = (index + 1, 0);
        }
    }
    batches.extend(names.get(start..).filter(|rest| !rest.is_empty()));
    batches
}
