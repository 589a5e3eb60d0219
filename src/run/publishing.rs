//! Hands a finished run to `publish`, with the views that `report` defines.

use std::sync::Arc;

use crate::catalog::source_kind;
use crate::config::{Readers, Settings};
use crate::durable;
use crate::error::Result;
use crate::load::{Run, Warehouse};
use crate::model::{Event, Observer};
use crate::publish::{self, Modes, Publication, PublishedSource};
use crate::report::{self, ModelSource};

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

/// Upper bound of `DuckDB`'s buffers while reports are prepared and tie-outs checked: nothing else runs
/// then, and their joins need more than a load does (I10).
const REPORT_MEMORY: &str = "128MB";

/// Checks the tie-outs of the reports in the copy that becomes the snapshot, and writes the results
/// into it, so that whoever reads a report reads them too; gives a sentence for each that fails.
fn tie_out(publication: &Publication) -> Result<Vec<String>> {
    let spill = publication.directory.join("work").join("tie-outs");
    let copy = publication.copy_path();
    let results = report::check_tie_outs(&copy, &spill, REPORT_MEMORY, report::REPORTS)?;
    durable::remove_tree_if_present(&spill)?;
    publish::freeze(publication, &report::tie_out_sql(&results), REPORT_MEMORY)?;
    let failed = results.iter().filter(|result| !result.holds());
    Ok(failed.map(|result| format!("{}: {}", result.report, result.sentence())).collect())
}

/// Sources that the settings no longer name stay as they were published last (DESIGN 3).
fn publication(
    settings: &Settings,
    run: &Run,
    summary: &Summary,
    known: &[(String, String)],
) -> Publication {
    let left_out = known.iter().filter(|(name, _)| settings.source(name).is_none());
    let left_out = left_out.filter_map(|(name, kind)| {
        let kind = source_kind(kind)?;
        Some(PublishedSource { name: name.clone(), kind, publishable: false })
    });
    let sources = settings
        .sources
        .iter()
        .map(|source| PublishedSource {
            name: source.name.clone(),
            kind: source.kind,
            publishable: summary
                .sources
                .iter()
                .any(|known| known.name == source.name && known.publishable),
        })
        .chain(left_out)
        .collect();
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
    let all: Vec<&str> = publication.sources.iter().map(|source| source.name.as_str()).collect();
    let statements = views.sql(&all)?;
    warehouse.ensure_views(&statements)?;
    publish::stage(database, publication)?;
    let counts = publish::count_tables(database, publication)?;
    warehouse.checkpoint_and_close()?;
    publish::copy_working_database(&Warehouse::working_path(&publication.directory), publication)?;
    publish::carry_over_sources(publication, |present| views.sql(present))?;
    publish::freeze(publication, &report::frozen_sql()?, REPORT_MEMORY)?;
    let failed = tie_out(publication)?;
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
