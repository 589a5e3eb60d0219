//! Reads dirty ids again: by walking a list where that takes fewer requests, else one by one
//! within the budget (DESIGN 6).

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};

use crate::catalog::{SingleRead, StreamSpec};
use crate::error::Result;
use crate::extract::{Single, is_usable_id};
use crate::load::{DirtyCount, DirtyId};
use crate::model::{Batch, Event, RowCounts, Window};
use crate::normalize::Normalizer;
use crate::plan;

use super::stream::{StreamContext, StreamProgress, interrupted};

/// Rows read by id that one transaction commits.
const UNIT_ROWS: usize = 200;
/// Reads started ahead; the client's own limit decides how many are under way.
const READS_AHEAD: usize = 16;

/// What came of the rows of each stream.
pub(super) type Refreshed = BTreeMap<&'static str, RowCounts>;

/// Makes the normaliser of a stream.
type MakeNormalizer<'a> = &'a (dyn Fn(&'static StreamSpec) -> Normalizer + Sync);

/// Reads dirty ids again; what was committed before an error is in `refreshed`.
///
/// An id that is gone stays dirty: absence is proven by later means, never assumed (I9).
pub(super) async fn dirty_ids(
    context: &StreamContext,
    budget: u32,
    normalizer: MakeNormalizer<'_>,
    refreshed: &mut Refreshed,
) -> Result<()> {
    walk_where_cheaper(context, normalizer, refreshed).await?;
    let source = context.source.clone();
    let waiting = context.store.with(move |warehouse| warehouse.dirty_ids(&source, budget)).await?;
    for (spec, ids) in by_stream(context, waiting) {
        let normalizer = normalizer(spec);
        for some in ids.chunks(UNIT_ROWS) {
            let outcome = read_unit(context, spec, &normalizer, some).await?;
            refreshed.entry(spec.name).or_default().add(outcome);
        }
    }
    warn_of_rest(context).await
}

async fn walk_where_cheaper(
    context: &StreamContext,
    normalizer: MakeNormalizer<'_>,
    refreshed: &mut Refreshed,
) -> Result<()> {
    for DirtyCount { stream, walkable, .. } in count_dirty(context).await? {
        let Some(spec) = context.kind.stream(&stream) else { continue };
        let (source, account_id) = (context.source.clone(), context.account_id.clone());
        let rows = context
            .store
            .with(move |warehouse| warehouse.count_rows(&source, spec, &account_id, Window::ALL))
            .await?;
        if plan::walk_is_cheaper(walkable, u64::try_from(rows).unwrap_or(0), context.page_size) {
            let mut progress = StreamProgress::default();
            let result = context.walk_whole(spec, &normalizer(spec), &mut progress).await;
            refreshed.entry(spec.name).or_default().add(progress.outcome);
            result?;
        }
    }
    Ok(())
}

/// Groups ids by stream, without those that could not be asked for.
fn by_stream(
    context: &StreamContext,
    waiting: Vec<DirtyId>,
) -> Vec<(&'static StreamSpec, Vec<String>)> {
    let mut groups: BTreeMap<&'static str, (&'static StreamSpec, Vec<String>)> = BTreeMap::new();
    for DirtyId { stream, id } in waiting {
        let Some(spec) = context.kind.stream(&stream) else { continue };
        if spec.single == SingleRead::ById && is_usable_id(&id) {
            groups.entry(spec.name).or_insert_with(|| (spec, Vec::new())).1.push(id);
        }
    }
    groups.into_values().collect()
}

async fn read_unit(
    context: &StreamContext,
    spec: &'static StreamSpec,
    normalizer: &Normalizer,
    ids: &[String],
) -> Result<RowCounts> {
    let mut batches: Vec<Batch> = Vec::with_capacity(ids.len());
    let mut reads = stream::iter(ids.to_vec())
        .map(|id| {
            let client = context.client.clone();
            async move { client.read_one(spec, &id).await }
        })
        .buffer_unordered(READS_AHEAD);
    while let Some(single) = reads.next().await {
        let stopped = *context.stop.borrow();
        if stopped {
            return Err(interrupted());
        }
        if let Single::Found(page) = single? {
            batches.push(normalizer.normalize(&page)?);
        }
    }
    context.commit_unit(context.single_unit(spec, batches)).await
}

async fn count_dirty(context: &StreamContext) -> Result<Vec<DirtyCount>> {
    let source = context.source.clone();
    context.store.with(move |warehouse| warehouse.count_dirty(&source)).await
}

async fn warn_of_rest(context: &StreamContext) -> Result<()> {
    let rest: u64 = count_dirty(context).await?.into_iter().map(|count| count.ids).sum();
    if rest > 0 {
        let text = format!(
            "{}: {rest} changed objects wait for the next run (`refresh_budget`)",
            context.source
        );
        context.observer.notify(&Event::Warning { text: &text });
    }
    Ok(())
}
