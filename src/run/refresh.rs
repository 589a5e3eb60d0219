//! Reads dirty ids again: by walking a list where that takes fewer requests, else one by one
//! within the budget (DESIGN 6).

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};

use crate::catalog::{SingleRead, StreamSpec};
use crate::error::{Error, Result};
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
    let (source, wanted) = (context.source.clone(), Arc::clone(&context.wanted));
    let waiting =
        context.store.with(move |warehouse| warehouse.dirty_ids(&source, &wanted, budget)).await?;
    let mut failure = None;
    for (spec, ids) in by_stream(context, waiting) {
        let normalizer = normalizer(spec);
        for some in ids.chunks(UNIT_ROWS) {
            let (outcome, error) = read_unit(context, spec, &normalizer, some).await?;
            refreshed.entry(spec.name).or_default().add(outcome);
            failure = failure.or(error);
        }
    }
    warn_of_rest(context).await?;
    failure.map_or(Ok(()), Err)
}

async fn walk_where_cheaper(
    context: &StreamContext,
    normalizer: MakeNormalizer<'_>,
    refreshed: &mut Refreshed,
) -> Result<()> {
    for DirtyCount { stream, walkable, .. } in count_dirty(context).await? {
        let Some(spec) = context.wanted.iter().copied().find(|spec| spec.name == stream) else {
            continue;
        };
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

/// Reads some ids and commits what was found, whatever failed beside it. Gives the first failure;
/// ids without an answer are marked as tried.
///
/// # Errors
/// What must end the run, after the commit; and what keeps the commit from happening.
async fn read_unit(
    context: &StreamContext,
    spec: &'static StreamSpec,
    normalizer: &Normalizer,
    ids: &[String],
) -> Result<(RowCounts, Option<Error>)> {
    let mut batches: Vec<Batch> = Vec::with_capacity(ids.len());
    let (mut in_vain, mut failure) = (Vec::new(), None);
    let mut reads = stream::iter(ids.to_vec())
        .map(|id| {
            let client = context.client.clone();
            async move {
                let single = client.read_one(spec, &id).await;
                (id, single)
            }
        })
        .buffer_unordered(READS_AHEAD);
    while let Some((id, single)) = reads.next().await {
        let stopped = *context.stop.borrow();
        match single {
            _ if stopped => {
                failure = Some(interrupted());
                break;
            }
            Ok(Single::Found(page)) => batches.push(normalizer.normalize(&page)?),
            Ok(Single::Missing) => in_vain.push(id),
            Err(error) => {
                in_vain.push(id);
                let ends_run = error.kind().ends_run();
                failure = failure.or(Some(error));
                if ends_run {
                    break;
                }
            }
        }
    }
    drop(reads);
    let outcome = context.commit_unit(context.single_unit(spec, batches)).await?;
    let (run, source) = (context.run.clone(), context.source.clone());
    context
        .store
        .with(move |warehouse| warehouse.mark_tried(&run, &source, spec.name, &in_vain))
        .await?;
    match failure {
        Some(error) if error.kind().ends_run() => Err(error),
        failure => Ok((outcome, failure)),
    }
}

async fn count_dirty(context: &StreamContext) -> Result<Vec<DirtyCount>> {
    let source = context.source.clone();
    context.store.with(move |warehouse| warehouse.count_dirty(&source)).await
}

async fn warn_of_rest(context: &StreamContext) -> Result<()> {
    let rest: u64 = count_dirty(context).await?.into_iter().map(|count| count.ids).sum();
    if rest > 0 {
        let text = format!(
            "{}: {rest} changed objects wait to be read again: beyond `refresh_budget`, gone, or \
             unreadable; see `_sync.dirty`",
            context.source
        );
        context.observer.notify(&Event::Warning { text: &text });
    }
    Ok(())
}
