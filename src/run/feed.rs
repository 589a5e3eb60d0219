//! How far back the event feed reaches: events that it has forgotten leave edits unnamed.

use std::sync::Arc;

use crate::catalog::StreamSpec;
use crate::error::Result;
use crate::model::{Event, Window};

use super::stream::StreamContext;

/// Finds out whether the feed still reaches back to the end of the last run. If not, edits may have
/// gone unnamed: says so and orders every list to be walked whole. The order is durable before the
/// feed is read, so that no later run takes the feed's word for it.
pub(super) async fn check_horizon(
    context: &StreamContext,
    spec: &'static StreamSpec,
) -> Result<()> {
    let state = context
        .ask(spec, |warehouse, place, _| {
            warehouse.stream_state(place.source, place.account_id, place.spec.name)
        })
        .await?;
    let Some(complete_to) = state.complete_to else { return Ok(()) };
    if !context.trusts_filter(spec).await? {
        return Ok(());
    }
    let reaches_to = context.client.newest_until(spec, complete_to).await?;
    context
        .ask(spec, move |warehouse, place, run| {
            warehouse.keep_feed_horizon(run, place.source, place.account_id, reaches_to)
        })
        .await?;
    if reaches_to.is_some() || !has_forgotten(context, spec, complete_to).await? {
        return Ok(());
    }
    let reason = "the event feed no longer reaches back to the last run";
    let text = format!("{}: {reason}: every list is walked whole again", context.source);
    context.observer.notify(&Event::Warning { text: &text });
    let (followed, noticed_at) = (Arc::clone(&context.followed), context.now);
    context
        .ask(spec, move |warehouse, place, _| {
            warehouse.order_rewalks(place.source, &followed, reason, noticed_at)
        })
        .await
}

/// A feed without any event, of which none was ever seen, has forgotten nothing that we know of.
async fn has_forgotten(
    context: &StreamContext,
    spec: &'static StreamSpec,
    complete_to: i64,
) -> Result<bool> {
    let known = context
        .ask(spec, |warehouse, place, _| {
            warehouse.count_rows(place.source, place.spec, place.account_id, Window::ALL)
        })
        .await?;
    if known > 0 {
        return Ok(true);
    }
    Ok(context
        .client
        .newest_until(spec, i64::from(u32::MAX))
        .await?
        .is_some_and(|at| at > complete_to))
}
