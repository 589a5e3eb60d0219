//! Reading parts back, to replay them.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use arrow::record_batch::RecordBatch;
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use serde_json::Value;

use crate::durable;
use crate::error::{Context, Error, Kind, Result};
use crate::load::unit::Deleted;
use crate::load::warehouse::Run;
use crate::model::{Batch, Page, RequestNumber, View, WalkKind, Window};

/// Everything below `changes/`.
#[derive(Debug, Default)]
pub struct ChangeLogListing {
    /// Parts that can be read, in the order in which they were committed.
    pub parts: Vec<PartHeader>,
    /// Files that cannot, in name order.
    pub damaged: Vec<DamagedPart>,
}

/// What name and footer of a part say.
#[derive(Debug, Clone)]
pub struct PartHeader {
    /// Path below `changes/`.
    pub name: String,
    /// Run that observed it.
    pub run: Run,
    /// Order among all parts of a working database.
    pub commit_number: i64,
    /// Source.
    pub source: String,
    /// Kind of the source, where the part tells.
    pub kind: Option<String>,
    /// Account.
    pub account_id: String,
    /// Stream.
    pub stream: String,
    /// Rows in it.
    pub rows: i64,
    /// When it was committed, microseconds UTC by the machine that did; where the part tells.
    pub committed_at: Option<i64>,
    /// The walk that ended with it, if one did.
    pub completed: Option<CompletedWalk>,
}

/// A walk that reached its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompletedWalk {
    /// Whole list or window.
    pub kind: WalkKind,
    /// Window that it completed.
    pub window: Window,
    /// When it began, Unix seconds by the server.
    pub started: i64,
}

/// A file below `changes/` that cannot be read as a part.
#[derive(Debug)]
pub struct DamagedPart {
    /// Path below `changes/`.
    pub name: String,
    /// Run by its name, if it is named as parts are.
    pub run: Option<Run>,
    /// What is wrong with it.
    pub reason: Error,
}

/// Lists the change log below a warehouse directory.
///
/// # Errors
/// [`Kind::Disk`] if a directory or file cannot be opened; damage is no error.
pub fn list_change_log(directory: &Path) -> Result<ChangeLogListing> {
    let root = directory.join("changes");
    let mut listing = ChangeLogListing::default();
    for path in durable::files_below(&root, "parquet")? {
        let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
        match open(&path)?.and_then(|reader| header(&name, &reader)) {
            Ok(header) => listing.parts.push(header),
            Err(reason) => {
                let run = run_of(&name);
                listing.damaged.push(DamagedPart { name, run, reason });
            }
        }
    }
    sort(&mut listing.parts);
    Ok(listing)
}

/// Commit numbers order the parts of one working database. Where numbers repeat, an earlier
/// database was lost and numbering began anew: then the start of the run decides first.
fn sort(parts: &mut [PartHeader]) {
    parts.sort_by_key(|part| part.commit_number);
    let repeats = parts.windows(2).any(|pair| match pair {
        [one, other] => one.commit_number == other.commit_number,
        _ => false,
    });
    if repeats {
        parts.sort_by_key(|part| (part.run.started_at, part.commit_number));
    }
}

/// Gives the run in the name of a part: `<source>/<stream>/<month>/<run>-<seq>.parquet`.
fn run_of(name: &str) -> Option<Run> {
    let stem = Path::new(name).file_stem()?.to_str()?;
    Run::named(stem.rsplit_once('-')?.0)
}

type Opened = Result<ParquetRecordBatchReaderBuilder<File>>;

/// The outer error is the disk's, the inner one the file's.
fn open(path: &Path) -> Result<Opened> {
    let place = || format!("cannot read the change log part {}", path.display());
    let file = File::open(path).context(Kind::Disk, place)?;
    Ok(ParquetRecordBatchReaderBuilder::try_new(file).context(Kind::State, place))
}

fn header(name: &str, reader: &ParquetRecordBatchReaderBuilder<File>) -> Result<PartHeader> {
    let metadata = reader.metadata().file_metadata();
    let pairs = metadata.key_value_metadata().into_iter().flatten();
    let mut footer: BTreeMap<&str, &str> = pairs
        .filter_map(|pair| Some((pair.key.strip_prefix("paid_sync.")?, pair.value.as_deref()?)))
        .collect();
    let lacks = |key: &str| {
        Error::new(Kind::State, format!("{name} is no part of the change log: it names no {key}"))
    };
    let mut need = |key: &str| footer.remove(key).map(ToOwned::to_owned).ok_or_else(|| lacks(key));
    let run_id = need("run_id")?;
    let (source, stream) = (need("source")?, need("stream")?);
    let (account_id, number) = (need("account_id")?, need("commit_number")?);
    Ok(PartHeader {
        name: name.to_owned(),
        run: Run::named(&run_id).ok_or_else(|| lacks("run"))?,
        commit_number: number.parse().context(Kind::State, || format!("{name}: {number}"))?,
        source,
        kind: footer.get("kind").map(|&kind| kind.to_owned()),
        account_id,
        stream,
        rows: metadata.num_rows(),
        committed_at: footer.get("committed_at").and_then(|micros| micros.parse().ok()),
        completed: footer.get("ledger").and_then(|text| completed_walk(text)),
    })
}

fn completed_walk(text: &str) -> Option<CompletedWalk> {
    let ledger: Value = serde_json::from_str(text).ok()?;
    if ledger.get("complete") != Some(&Value::Bool(true)) {
        return None;
    }
    let second = |name: &str| ledger.get(name).and_then(Value::as_i64);
    let kind = match ledger.get("kind").and_then(Value::as_str)? {
        full if full == WalkKind::Full.name() => WalkKind::Full,
        _ => WalkKind::Window,
    };
    let window = Window { from: second("from"), to: Some(second("to")?) };
    Some(CompletedWalk { kind, window, started: second("started")? })
}

/// Reads the rows of one part, some at a time.
#[derive(Debug)]
pub struct PartRows {
    name: String,
    /// What quarantined elements take for the time at which they were seen.
    committed_at: i64,
    reader: ParquetRecordBatchReader,
}

/// Some rows of a part.
#[derive(Debug, Default)]
pub struct LoggedRows {
    /// Elements as pages, to be normalised again.
    pub pages: Vec<LoggedPage>,
    /// Objects that were proven to be deleted.
    pub deleted: Vec<Deleted>,
}

/// Elements that were observed together.
#[derive(Debug)]
pub struct LoggedPage {
    /// The elements as they were stored: what `sensitive` masked stays masked.
    pub page: Page,
    kept: Kept,
}

/// What normalising stored elements again could not find out.
#[derive(Debug)]
enum Kept {
    /// Hashes of the elements as received, before masking.
    Hashes { row: Vec<String>, list: Vec<String> },
    /// Positions of quarantined elements within their walks.
    Positions(Vec<u64>),
}

impl PartRows {
    /// Opens a part of a warehouse directory.
    ///
    /// # Errors
    /// [`Kind::State`] if it is damaged, [`Kind::Disk`].
    pub fn open(directory: &Path, part: &PartHeader) -> Result<Self> {
        let path = directory.join("changes").join(&part.name);
        let reader = open(&path)??
            .build()
            .context(Kind::State, || format!("cannot read the change log part {}", part.name))?;
        let committed_at = part.committed_at.unwrap_or(part.run.started_at);
        Ok(Self { name: part.name.clone(), committed_at, reader })
    }

    /// Gives the next rows.
    ///
    /// # Errors
    /// [`Kind::State`] naming the part.
    pub fn next_rows(&mut self) -> Result<Option<LoggedRows>> {
        let place = || format!("the change log part {} is damaged", self.name);
        let Some(batch) = self.reader.next() else { return Ok(None) };
        let batch = batch.context(Kind::State, place)?;
        let columns = Columns::of(&batch).ok_or_else(|| Error::new(Kind::State, place()))?;
        let mut rows = Gathering::new(self.committed_at);
        for row in 0..batch.num_rows() {
            rows.add(&columns, row).ok_or_else(|| Error::new(Kind::State, place()))?;
        }
        Ok(Some(rows.finish()))
    }
}

/// The columns of a part.
struct Columns {
    id: StringArray,
    op: StringArray,
    raw: StringArray,
    row_hash: StringArray,
    /// Parts of the first version have none: their hash stands for both.
    list_hash: Option<StringArray>,
    view: StringArray,
    observed_at: ArrayRef,
    request: ArrayRef,
}

impl Columns {
    fn of(batch: &RecordBatch) -> Option<Self> {
        let instant = DataType::Timestamp(TimeUnit::Microsecond, None);
        let column = |name: &str, data_type: &DataType| -> Option<ArrayRef> {
            cast(batch.column_by_name(name)?, data_type).ok()
        };
        let text = |name: &str| Some(column(name, &DataType::Utf8)?.as_string::<i32>().clone());
        let observed_at = column("_observed_at", &instant)?;
        Some(Self {
            id: text("id")?,
            op: text("_op")?,
            raw: text("_raw")?,
            row_hash: text("_row_hash")?,
            list_hash: text("_list_hash"),
            view: text("_view")?,
            observed_at: cast(&observed_at, &DataType::Int64).ok()?,
            request: column("_request", &DataType::Int64)?,
        })
    }
}

/// Rows on their way into pages.
struct Gathering {
    rows: LoggedRows,
    quarantined: Vec<Bytes>,
    positions: Vec<u64>,
    committed_at: i64,
}

impl Gathering {
    const fn new(committed_at: i64) -> Self {
        let rows = LoggedRows { pages: Vec::new(), deleted: Vec::new() };
        Self { rows, quarantined: Vec::new(), positions: Vec::new(), committed_at }
    }

    /// Adds one row; `None` if it lacks what every row has.
    fn add(&mut self, columns: &Columns, row: usize) -> Option<()> {
        let integer = |column: &ArrayRef| {
            let column = column.as_primitive::<Int64Type>();
            column.is_valid(row).then(|| column.value(row))
        };
        let (observed_at, request) = (integer(&columns.observed_at)?, integer(&columns.request)?);
        match text(&columns.op, row)? {
            "upsert" => {
                let view = match text(&columns.view, row)? {
                    get if get == View::Get.name() => View::Get,
                    _ => View::List,
                };
                let hash = text(&columns.row_hash, row)?.to_owned();
                let listed = columns.list_hash.as_ref().and_then(|column| text(column, row));
                let list = listed.unwrap_or(&hash).to_owned();
                let raw = Bytes::copy_from_slice(text(&columns.raw, row)?.as_bytes());
                self.add_element((view, request, observed_at), raw, hash, list);
            }
            "quarantine" => {
                self.quarantined.push(Bytes::copy_from_slice(text(&columns.raw, row)?.as_bytes()));
                // Its number is the position of the element within its walk.
                self.positions.push(u64::try_from(request).unwrap_or(0));
            }
            "delete" => {
                let id = text(&columns.id, row)?.to_owned();
                self.rows.deleted.push(Deleted { id, observed_at, request });
            }
            _ => return None,
        }
        Some(())
    }

    /// Elements that one answer showed come to one page again.
    fn add_element(
        &mut self,
        seen: (View, RequestNumber, i64),
        raw: Bytes,
        hash: String,
        listed: String,
    ) {
        let (view, request, observed_at) = seen;
        if let Some(LoggedPage { page, kept: Kept::Hashes { row, list } }) =
            self.rows.pages.last_mut()
            && (page.view, page.request, page.observed_at) == seen
        {
            page.elements.push(raw);
            row.push(hash);
            list.push(listed);
            return;
        }
        let elements = vec![raw];
        let page = Page { view, request, observed_at, elements, first_position: 0 };
        let kept = Kept::Hashes { row: vec![hash], list: vec![listed] };
        self.rows.pages.push(LoggedPage { page, kept });
    }

    fn finish(mut self) -> LoggedRows {
        if !self.quarantined.is_empty() {
            let page = Page {
                view: View::List,
                request: 0,
                observed_at: self.committed_at,
                elements: self.quarantined,
                first_position: 0,
            };
            self.rows.pages.push(LoggedPage { page, kept: Kept::Positions(self.positions) });
        }
        self.rows
    }
}

fn text(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}

impl LoggedPage {
    /// Puts what the part tells better in place of what normalising its elements gave.
    ///
    /// # Errors
    /// [`Kind::State`] if the batch is not that of this page.
    pub fn restore(&self, mut batch: Batch) -> Result<Batch> {
        let place = || "a replayed page does not fit its elements";
        match &self.kept {
            Kept::Positions(positions) => {
                for element in &mut batch.quarantined {
                    let index = usize::try_from(element.position).unwrap_or(usize::MAX);
                    if let Some(position) = positions.get(index) {
                        element.position = *position;
                    }
                }
            }
            Kept::Hashes { row, list } => {
                let columns = [("_row_hash", row), ("_list_hash", list)];
                for (name, hashes) in columns {
                    // A field of this name is missing where the stage knows one hash only.
                    if let Ok(index) = batch.records.schema_ref().index_of(name) {
                        let hashes: ArrayRef = Arc::new(stored_rows(&batch, hashes));
                        let mut arrays = batch.records.columns().to_vec();
                        if let Some(array) = arrays.get_mut(index) {
                            *array = hashes;
                        }
                        batch.records = RecordBatch::try_new(batch.records.schema(), arrays)
                            .context(Kind::State, place)?;
                    }
                }
            }
        }
        Ok(batch)
    }
}

/// Gives the hashes of the elements that became rows.
fn stored_rows(batch: &Batch, hashes: &[String]) -> StringArray {
    let left_out: Vec<u64> = batch.quarantined.iter().map(|element| element.position).collect();
    let rows = (0_u64..).zip(hashes).filter(|(position, _)| !left_out.contains(position));
    rows.map(|(_, hash)| Some(hash.as_str())).collect()
}
