//! Hands a finished run to `publish`, with the views that `report` defines.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread;

use tokio::task::JoinHandle;

use crate::catalog::source_kind;
use crate::config::{Readers, Settings};
use crate::database::{Database, MEMORY_LIMIT};
use crate::error::{Error, Kind, Result};
use crate::load::{self, Run, Warehouse};
use crate::model::{Event, Observer};
use crate::publish::{self, Modes, Publication, PublishedSource};
use crate::report::{self, ModelSource, TieOutResult, TieOuts};

use super::store::{Store, blocking};
use super::summary::Summary;

/// Gives the permission bits of what readers may open (DESIGN 4).
pub(super) const fn modes(readers: Readers) -> Modes {
    match readers {
        Readers::Owner => Modes { file: 0o400, directory: 0o700 },
        Readers::Group => Modes { file: 0o440, directory: 0o750 },
        Readers::All => Modes { file: 0o444, directory: 0o755 },
    }
}

/// Publishes if a source has news to show; gives a sentence for each tie-out that fails, or nothing if
/// nothing was published.
pub(super) async fn publish(
    settings: &Settings,
    run: &Run,
    summary: &Summary,
    store: Store,
    observer: &Arc<dyn Observer>,
) -> Result<Option<Vec<String>>> {
    let known = store.with(Warehouse::known_sources).await?;
    let publication = publication(settings, run, summary, &known);
    if !publication.sources.iter().any(|source| source.publishable) {
        return Ok(None);
    }
    observer.notify(&Event::Publishing);
    let views = Views::new(settings, &publication.sources);
    let warehouse = store.into_warehouse()?;
    blocking(move || publish_blocking(warehouse, &publication, &views)).await.map(Some)
}

/// Upper bound of `DuckDB`'s buffers while tables are written and reports prepared and tied out: nothing
/// else runs then, and their joins need more than a load does (I10).
const COPY_MEMORY: &str = "128MB";
/// Size of the largest database for which these buffers have room for both.
const LARGEST_SIDE_BY_SIDE: u64 = 96 * 1024 * 1024;

/// Prepares the copy that becomes the snapshot, and the Parquet tables beside it; gives a sentence for
/// each tie-out that fails.
///
/// What most reports read is kept in the copy, and so are the results of tie-outs, so that whoever
/// reads a report reads them too.
fn prepare(copy: &Database, publication: &Publication) -> Result<Vec<String>> {
    let is_small = copy.file_size()? <= LARGEST_SIDE_BY_SIDE;
    let results = match is_small.then(|| side_by_side(copy, publication)) {
        // What found no room beside the other finds it alone.
        Some(Err(error)) if error.kind() == Kind::Database => one_by_one(copy, publication)?,
        Some(results) => results?,
        None => one_by_one(copy, publication)?,
    };
    publish::freeze(copy, &report::tie_out_sql(&results));
    let failed = results.iter().filter(|result| !result.holds());
    Ok(failed.map(|result| format!("{}: {}", result.report, result.sentence())).collect())
}

/// Writes the Parquet tables, then prepares the reports and checks their tie-outs.
fn one_by_one(copy: &Database, publication: &Publication) -> Result<Vec<TieOutResult>> {
    // Merging partitions takes memory of its own.
    copy.limit_memory(MEMORY_LIMIT)?;
    publish::stage(copy, publication)?;
    copy.limit_memory(COPY_MEMORY)?;
    // Nothing else runs then.
    copy.use_threads(2)?;
    publish::freeze(copy, &report::frozen_sql()?);
    let mut results = Vec::new();
    TieOuts::prepare(copy, report::REPORTS)?.check_rest(copy, &mut results)?;
    Ok(results)
}

/// Does the same on two threads, of which the one that has written the tables helps with tie-outs.
fn side_by_side(copy: &Database, publication: &Publication) -> Result<Vec<TieOutResult>> {
    let beside = copy.another_session()?;
    let frozen = report::frozen_sql()?;
    let (hand_over, prepared) = sync_channel::<Arc<TieOuts>>(1);
    thread::scope(|scope| {
        let staging = scope.spawn(move || {
            publish::stage(&beside, publication)?;
            prepared.recv().map_or_else(|_| Ok(Vec::new()), |tie_outs| tie_outs.check(&beside))
        });
        // Gone with this thread's work, however that ends, so that the other one does not wait for ever.
        let hand_over = hand_over;
        if !publish::freeze(copy, &frozen) {
            return Err(Error::new(Kind::Database, "no room to prepare the reports"));
        }
        let tie_outs = Arc::new(TieOuts::prepare(copy, report::REPORTS)?);
        // Where staging has failed nobody waits for them.
        drop(hand_over.send(Arc::clone(&tie_outs)));
        let mut results = tie_outs.check(copy)?;
        let ended = || Error::new(Kind::Disk, "writing the Parquet tables ended unexpectedly");
        results.extend(staging.join().unwrap_or_else(|_| Err(ended()))?);
        tie_outs.check_rest(copy, &mut results)?;
        Ok(results)
    })
}

/// Makes tables and views while the accounts are asked: at the first run they take a third of a second.
///
/// Only a beginning: whatever fails here is done again at publication, which tells of it.
pub(super) fn begin(settings: &Settings, store: &Store) -> JoinHandle<Result<()>> {
    let (settings, store) = (settings.clone(), store.clone());
    tokio::spawn(async move {
        let (session, views) = store
            .with(move |warehouse| {
                let sources = sources(&settings, &warehouse.known_sources()?);
                for source in &sources {
                    warehouse.check_kind(&source.name, source.kind)?;
                    warehouse.ensure_source(&source.name, source.kind)?;
                }
                Ok((warehouse.database().another_session()?, Views::new(&settings, &sources)))
            })
            .await?;
        blocking(move || load::ensure_views(&session, &views.of_all()?)).await
    })
}

/// Gives all sources of the working database, none of them known to be publishable. Those that the
/// settings no longer name stay as they were published last (DESIGN 3).
fn sources(settings: &Settings, known: &[(String, String)]) -> Vec<PublishedSource> {
    let named = settings.sources.iter().map(|source| (source.name.clone(), source.kind));
    let left_out = known.iter().filter(|(name, _)| settings.source(name).is_none());
    let left_out = left_out.filter_map(|(name, kind)| Some((name.clone(), source_kind(kind)?)));
    let source = |(name, kind)| PublishedSource { name, kind, publishable: false };
    named.chain(left_out).map(source).collect()
}

fn publication(
    settings: &Settings,
    run: &Run,
    summary: &Summary,
    known: &[(String, String)],
) -> Publication {
    let is_publishable =
        |name: &str| summary.sources.iter().any(|one| one.name == name && one.publishable);
    let mut sources = sources(settings, known);
    for source in &mut sources {
        source.publishable = is_publishable(&source.name);
    }
    Publication {
        directory: settings.warehouse.dir.clone(),
        run_id: run.id.clone(),
        modes: modes(settings.warehouse.readers),
        sources,
    }
}

fn publish_blocking(
    warehouse: Warehouse,
    publication: &Publication,
    views: &Views,
) -> Result<Vec<String>> {
    let database = warehouse.database();
    for source in &publication.sources {
        warehouse.ensure_source(&source.name, source.kind)?;
    }
    load::ensure_views(database, &views.of_all()?)?;
    let counts = publish::count_tables(database, publication)?;
    warehouse.checkpoint_and_close()?;
    publish::copy_working_database(&Warehouse::working_path(&publication.directory), publication)?;
    let copy = publish::open_copy(publication, COPY_MEMORY)?;
    publish::carry_over_sources(&copy, publication, |present| views.sql(present))?;
    let failed = prepare(&copy, publication)?;
    copy.checkpoint_and_close()?;
    publish::verify(publication, &counts)?;
    publish::switch(publication)?;
    Ok(failed)
}

/// The SQL of models and reports for a choice of sources.
struct Views {
    sources: Vec<ModelSource>,
    timezone: String,
}

impl Views {
    fn new(settings: &Settings, sources: &[PublishedSource]) -> Self {
        let currency = |name: &str| settings.source(name)?.default_currency.clone();
        let sources = sources
            .iter()
            .map(|source| ModelSource {
                name: source.name.clone(),
                kind: source.kind.name,
                default_currency: currency(&source.name),
            })
            .collect();
        Self { sources, timezone: settings.warehouse.report_timezone.clone() }
    }

    fn of_all(&self) -> Result<Vec<String>> {
        let all: Vec<&str> = self.sources.iter().map(|source| source.name.as_str()).collect();
        self.sql(&all)
    }

    fn sql(&self, present: &[&str]) -> Result<Vec<String>> {
        let sources: Vec<ModelSource> = self
            .sources
            .iter()
            .filter(|source| present.contains(&source.name.as_str()))
            .cloned()
            .collect();
        let mut statements = report::timezone_sql(&self.timezone)?;
        statements.extend(report::model_sql(&sources));
        statements.extend(report::conformed_sql(&sources));
        statements.extend(report::report_sql(report::REPORTS)?);
        Ok(statements)
    }
}
