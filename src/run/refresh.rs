//! Reads dirty ids again, within the budget (DESIGN 6).

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt};

use crate::catalog::{SingleRead, StreamSpec};
use crate::error::Result;
use crate::extract::{Single, is_usable_id};
use crate::load::{DirtyId, UnitOutcome};
use crate::model::{Batch, Event};
use crate::normalize::Normalizer;

use super::stream::{StreamContext, interrupted};

/// Rows read by id that one transaction commits.
const UNIT_ROWS: usize = 200;
/// Reads started ahead; the client's own limit decides how many are under way.
const READS_AHEAD: usize = 16;

/// Reads the oldest dirty ids; gives what came of each stream's rows.
///
/// An id that is gone stays dirty: absence is proven by later means, never assumed (I9).
pub(super) async fn dirty_ids(
    context: &StreamContext,
    budget: u32,
    normalizer: &dyn Fn(&'static StreamSpec) -> Normalizer,
) -> Result<BTreeMap<&'static str, UnitOutcome>> {
    let source = context.source.clone();
    let waiting = context.store.with(move |warehouse| warehouse.dirty_ids(&source, budget)).await?;
    let mut outcomes = BTreeMap::new();
    let mut by_stream: BTreeMap<&'static str, (&'static StreamSpec, Vec<String>)> = BTreeMap::new();
    for DirtyId { stream, id } in waiting {
        let Some(spec) = context.kind.stream(&stream) else { continue };
        if spec.single == SingleRead::ById && is_usable_id(&id) {
            by_stream.entry(spec.name).or_insert_with(|| (spec, Vec::new())).1.push(id);
        }
    }
    for (name, (spec, ids)) in by_stream {
        let normalizer = normalizer(spec);
        let mut outcome = UnitOutcome::default();
        for some in ids.chunks(UNIT_ROWS) {
            outcome.add(read_unit(context, spec, &normalizer, some).await?);
        }
        outcomes.insert(name, outcome);
    }
    warn_of_rest(context).await?;
    Ok(outcomes)
}

async fn read_unit(
    context: &StreamContext,
    spec: &'static StreamSpec,
    normalizer: &Normalizer,
    ids: &[String],
) -> Result<UnitOutcome> {
    let mut batches: Vec<Batch> = Vec::with_capacity(ids.len());
    let mut reads = stream::iter(ids.iter().cloned())
        .map(|id| {
            let client = context.client.clone();
            async move { client.read_one(spec, &id).await }
        })
        .buffer_unordered(READS_AHEAD);
    while let Some(single) = reads.next().await {
        if *context.stop.borrow() {
            return Err(interrupted());
        }
        if let Single::Found(page) = single? {
            batches.push(normalizer.normalize(&page)?);
        }
    }
    context.commit_unit(context.single_unit(spec, batches)).await
}

async fn warn_of_rest(context: &StreamContext) -> Result<()> {
    let source = context.source.clone();
    let rest = context.store.with(move |warehouse| warehouse.count_dirty(&source)).await?;
    if rest > 0 {
        let text = format!(
            "{}: {rest} changed objects wait for the next run (`refresh_budget`)",
            context.source
        );
        context.observer.notify(&Event::Warning { text: &text });
    }
    Ok(())
}
