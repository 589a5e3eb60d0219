//! The Parquet tables of one run: unchanged partitions are hard links, changed ones are rebuilt.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::catalog::{Coercion, StreamSpec};
use crate::database::{Database, identifier, literal, qualified};
use crate::durable;
use crate::error::{Context, Error, Kind, Result};
use crate::fault;
use crate::model::Cell;

use super::partition::{self, Delta, Merge};
use super::{Publication, PublishedSource};

/// File that names the run whose rows a source's Parquet files show.
const MARKER: &str = "_run";
/// Rows of a row group: the writer holds a whole one, for each of its threads (I10).
const ROW_GROUP: usize = 20_480;
/// Rows of the largest partition that is merged in memory (I10).
const MOST_MERGED_ROWS: usize = 20_000;
/// Rows that are sorted at once: `DuckDB` needs memory for a part of what it sorts, and ends the
/// query where it has less (I10).
const MOST_SORTED_ROWS: usize = 100_000;

/// Gives the directory that `tables` points to, if there is one.
#[must_use]
pub fn current_generation(directory: &Path) -> Option<PathBuf> {
    let path = directory.join(fs::read_link(directory.join("tables")).ok()?);
    path.is_dir().then_some(path)
}

/// Builds the next generation below `work/publish`, from the working database and the links to
/// unchanged files of the generation before.
///
/// # Errors
/// [`Kind::Disk`], [`Kind::Database`]; a partition set whose rows do not add up to the table's.
pub fn stage(database: &Database, publication: &Publication) -> Result<()> {
    let staging = publication.staging();
    durable::remove_tree_if_present(&staging)?;
    durable::create_directory(&publication.staged_generation(), 0o700)?;
    let previous = current_generation(&publication.directory);
    for source in &publication.sources {
        let before = match &previous {
            Some(generation) => Before::of(database, generation, source)?,
            None => None,
        };
        stage_source(database, publication, source, before.as_ref())?;
    }
    set_directory_modes(&publication.staged_generation(), publication.modes.directory)?;
    fault::point("publish.generation_staged");
    Ok(())
}

/// What the generation before holds of a source.
struct Before {
    directory: PathBuf,
    /// Run whose rows it shows; older than the generation's own if the source was carried over.
    run: String,
    /// What changed since that run can be told from the rows of the working database.
    is_comparable: bool,
}

impl Before {
    fn of(
        database: &Database,
        generation: &Path,
        source: &PublishedSource,
    ) -> Result<Option<Self>> {
        let directory = generation.join(&source.name);
        let marker = directory.join(MARKER);
        if !marker.is_file() {
            return Ok(None);
        }
        let run = fs::read_to_string(&marker)
            .context(Kind::Disk, || format!("cannot read {}", marker.display()))?;
        let run = run.trim().to_owned();
        // A database that was rebuilt since may hold rows of old runs that it did not hold then.
        let known = "SELECT count(*) FROM _sync.runs WHERE run_id = $1 AND run_id > \
                     (SELECT coalesce(max(rebuilt_after), '') FROM _sync.normalizer)";
        let is_comparable = database.integer(known, &[(&run).into()])? > 0;
        Ok(Some(Self { directory, run, is_comparable }))
    }
}

fn stage_source(
    database: &Database,
    publication: &Publication,
    source: &PublishedSource,
    before: Option<&Before>,
) -> Result<()> {
    let run = match before {
        _ if source.publishable => &publication.run_id,
        Some(before) => &before.run,
        None => return Ok(()),
    };
    for spec in source.kind.tables() {
        let work = StreamWork { database, publication, source, spec };
        if source.publishable {
            work.build(before)?;
        } else if let Some(before) = before {
            work.link_unchanged(&before.directory.join(spec.name), &BTreeSet::new())?;
        }
    }
    let directory = publication.staged_generation().join(&source.name);
    durable::create_directory(&directory, 0o700)?;
    durable::write(&directory.join(MARKER), run.as_bytes(), publication.modes.file)
}

fn set_directory_modes(path: &Path, mode: u32) -> Result<()> {
    for entry in durable::list(path)? {
        if entry.is_dir() {
            set_directory_modes(&entry, mode)?;
        }
    }
    durable::sync_directory(path)?;
    durable::set_mode(path, mode)
}

/// Building the partitions of one stream.
struct StreamWork<'a> {
    database: &'a Database,
    publication: &'a Publication,
    source: &'a PublishedSource,
    spec: &'static StreamSpec,
}

impl StreamWork<'_> {
    fn build(&self, previous: Option<&Before>) -> Result<()> {
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
        let (large, small): (Vec<_>, Vec<_>) =
            changed.iter().partition(|name| size(name) > MOST_MERGED_ROWS);
        let mut files = 0;
        for name in large {
            rows += self.rewrite(name, size(name), layout, &mut files)?;
        }
        for batch in batches(&small, size) {
            rows += self.merge(batch, previous, layout, &mut files)?;
        }
        Ok(rows)
    }

    /// Merges small partitions in memory: their files before, and what changed since.
    fn merge(
        &self,
        names: &[&String],
        previous: Option<(&Path, &str)>,
        layout: Layout,
        files: &mut usize,
    ) -> Result<usize> {
        let delta = self.export(previous.map(|(_, run)| run), layout, names)?;
        let mut merges = Vec::new();
        for name in names {
            let old = match previous {
                Some((path, _)) => durable::files_below(&path.join(name), "parquet")?,
                None => Vec::new(),
            };
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

    fn next_file(&self, partition: &str, files: &mut usize) -> PathBuf {
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

    /// Writes a partition that is too large for memory from the table, in files that are not.
    fn rewrite(&self, name: &str, size: usize, layout: Layout, files: &mut usize) -> Result<usize> {
        durable::create_directory(&self.target().join(name), 0o700)?;
        let in_partition = format!("{} = {}", layout.expression(), literal(name));
        let mut rows = 0;
        for slice in self.slices(&in_partition, size, name)? {
            let target = self.next_file(name, files);
            self.copy(
                &format!(
                    "SELECT {} FROM {} WHERE {in_partition}{slice} ORDER BY {}",
                    self.export_columns(),
                    self.table(),
                    self.order(),
                ),
                &target,
            )?;
            durable::sync_file(&target)?;
            durable::set_mode(&target, self.publication.modes.file)?;
            rows += partition::count_rows(&target)?;
        }
        Ok(rows)
    }

    /// Cuts a partition into parts of about the same number of rows; gives further conditions.
    fn slices(&self, in_partition: &str, size: usize, name: &str) -> Result<Vec<String>> {
        let count = size.div_ceil(MOST_SORTED_ROWS);
        let has_time = self.spec.has_column("created_at") && name != Layout::UNKNOWN;
        let key = if has_time { "epoch_us(created_at)" } else { "id" };
        let quantiles: Vec<String> =
            (1..count).map(|part| format!("{part}.0 / {count}.0")).collect();
        if quantiles.is_empty() {
            return Ok(vec![String::new()]);
        }
        let query = format!(
            "SELECT DISTINCT unnest(quantile_disc({key}, [{}]))::VARCHAR FROM {} \
             WHERE {in_partition}",
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
            above + &below
        };
        Ok(above.zip(below).map(slice).collect())
    }

    /// Gives the order of rows in a file.
    fn order(&self) -> &'static str {
        if self.spec.has_column("created_at") { "created_at, id" } else { "id" }
    }

    fn target(&self) -> PathBuf {
        self.publication.staged_generation().join(&self.source.name).join(self.spec.name)
    }

    fn table(&self) -> String {
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
    fn link_unchanged(&self, before: &Path, changed: &BTreeSet<String>) -> Result<usize> {
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
    fn export(&self, since: Option<&str>, layout: Layout, names: &[&String]) -> Result<Delta> {
        let stem = format!("{}-{}", self.source.name, self.spec.name);
        let rows = self.publication.staging().join(format!("{stem}-rows.parquet"));
        let gone = self.publication.staging().join(format!("{stem}-gone.parquet"));
        let since = literal(since.unwrap_or(""));
        let part = layout.expression();
        let wanted: Vec<String> = names.iter().map(|name| literal(name)).collect();
        self.copy(
            &format!(
                "SELECT {}, {part} AS _partition FROM {} WHERE _run_id > {since} \
                 AND {part} IN ({}) ORDER BY _partition, {}",
                self.export_columns(),
                self.table(),
                wanted.join(", "),
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
    fn export_columns(&self) -> String {
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

/// How a stream's rows are spread over directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// `month=YYYY-MM` of `created_at`; rows without one in `month=unknown`.
    Month,
    /// `bucket=0` … `bucket=f` by id, where no row has a `created_at`.
    Bucket,
}

impl Layout {
    /// Partition of rows without a time, where others have one.
    const UNKNOWN: &str = "month=unknown";

    const fn expression(self) -> &'static str {
        match self {
            Self::Month => "'month=' || coalesce(strftime(created_at, '%Y-%m'), 'unknown')",
            Self::Bucket => "'bucket=' || substr(md5(id), 1, 1)",
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Month => "month=",
            Self::Bucket => "bucket=",
        }
    }
}

fn has_layout(path: &Path, layout: Layout) -> bool {
    let Ok(entries) = durable::list(path) else { return false };
    entries.iter().all(|entry| {
        entry
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with(layout.prefix()))
    })
}

/// Groups partitions so that none has many more rows than can be sorted at once.
fn batches<'a, 'b>(
    names: &'a [&'b String],
    size: impl Fn(&String) -> usize,
) -> Vec<&'a [&'b String]> {
    let mut batches = Vec::new();
    let (mut start, mut rows) = (0, 0);
    for (index, name) in names.iter().enumerate() {
        rows += size(name);
        if rows >= MOST_SORTED_ROWS {
            batches.extend(names.get(start..=index));
            (start, rows) = (index + 1, 0);
        }
    }
    batches.extend(names.get(start..).filter(|rest| !rest.is_empty()));
    batches
}
