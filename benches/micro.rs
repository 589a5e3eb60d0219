//! The steps between the network and the disk, one at a time: `cargo bench --bench micro`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has nothing to tell")]

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use paid_sync::catalog::{SourceKind, StreamSpec, source_kind};
use paid_sync::emulator::{Emulator, Options, Size};
use paid_sync::load::{LoadUnit, Run, Warehouse};
use paid_sync::model::{Batch, Page, View};
use paid_sync::normalize::{Normalizer, Sensitive};
use paid_sync::parquet_file;
use tempfile::TempDir;

const SOURCE: &str = "paid";
const STREAMS: [&str; 3] = ["transactions", "invoices", "events"];
/// Elements of a page.
const PAGE: usize = 100;

fn main() {
    divan::main();
}

fn kind() -> &'static SourceKind {
    source_kind("paid").unwrap()
}

fn spec(name: &str) -> &'static StreamSpec {
    kind().tables().find(|spec| spec.name == name).unwrap()
}

/// Gives a list of a small account in pages, as they come from the API.
fn pages(stream: &str) -> Vec<Page> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = Options { size: Size::Small, ..Options::default() };
    let emulator = runtime.block_on(Emulator::start(options)).unwrap();
    let objects = emulator.truth(stream, None).unwrap();
    let page = |elements: &[_]| Page {
        view: View::List,
        request: 1,
        observed_at: 0,
        elements: elements.to_vec(),
        first_position: 0,
    };
    objects.chunks(PAGE).map(page).collect()
}

fn batches(stream: &str) -> Vec<Batch> {
    let normalizer = Normalizer::new(spec(stream), Sensitive::Keep);
    pages(stream).iter().map(|page| normalizer.normalize(page).unwrap()).collect()
}

/// Scans, hashes and coerces the elements of a page into an Arrow batch.
#[divan::bench(args = STREAMS)]
fn normalize(bencher: Bencher<'_, '_>, stream: &str) {
    let normalizer = Normalizer::new(spec(stream), Sensitive::Keep);
    let page = pages(stream).swap_remove(0);
    bencher
        .counter(ItemsCount::new(page.elements.len()))
        .bench_local(|| normalizer.normalize(black_box(&page)).unwrap());
}

/// Writes rows as a file of the change log or of a partition is written.
#[divan::bench(args = STREAMS)]
fn parquet(bencher: Bencher<'_, '_>, stream: &str) {
    let records: Vec<_> = batches(stream).into_iter().map(|batch| batch.records).collect();
    let rows: usize = records.iter().map(RecordBatch::num_rows).sum();
    bencher
        .counter(ItemsCount::new(rows))
        .bench_local(|| parquet_file::bytes(black_box(&records)).unwrap());
}

/// An open warehouse and what to commit into it.
struct Loading {
    warehouse: Warehouse,
    run: Run,
    unit: LoadUnit,
    _folder: TempDir,
}

fn loading(stream: &str) -> Loading {
    let folder = TempDir::new().unwrap();
    let warehouse = Warehouse::open(folder.path()).unwrap();
    let run = warehouse.begin_run("bench").unwrap();
    warehouse.ensure_source(SOURCE, kind()).unwrap();
    let unit = LoadUnit {
        source: SOURCE.to_owned(),
        followed: Arc::from(kind().tables().collect::<Vec<_>>()),
        account_id: "acct_bench".to_owned(),
        spec: spec(stream),
        settled_to: 0,
        batches: batches(stream),
        deleted: Vec::new(),
        ledger: None,
        lines_of: Vec::new(),
    };
    Loading { warehouse, run, unit, _folder: folder }
}

fn rows(unit: &LoadUnit) -> ItemsCount {
    ItemsCount::new(unit.batches.iter().map(|batch| batch.records.num_rows()).sum::<usize>())
}

/// Commits a unit of new rows, change log and all.
#[divan::bench(args = STREAMS, sample_count = 20, sample_size = 1)]
fn merge_new(bencher: Bencher<'_, '_>, stream: &str) {
    bencher
        .with_inputs(|| loading(stream))
        .input_counter(|loading| rows(&loading.unit))
        .bench_local_values(|loading| {
            loading.warehouse.commit(&loading.run, &loading.unit).unwrap();
            loading
        });
}

/// Commits a unit of rows that are known already.
#[divan::bench(args = STREAMS, sample_count = 20, sample_size = 1)]
fn merge_known(bencher: Bencher<'_, '_>, stream: &str) {
    let loading = loading(stream);
    loading.warehouse.commit(&loading.run, &loading.unit).unwrap();
    bencher
        .counter(rows(&loading.unit))
        .bench_local(|| loading.warehouse.commit(&loading.run, &loading.unit).unwrap());
}
