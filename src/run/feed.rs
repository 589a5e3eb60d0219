//! How far back the event feed reaches: events that it has forgotten leave edits unnamed.

use std::sync::Arc;

use crate::catalog::StreamSpec;
use crate::error::Result;
use crate::load::Feed;
use crate::model::Event;

use super::stream::StreamContext;

/// Finds out whether the feed still reaches back to the end of the last run. If not, edits may have
/// gone unnamed: says so and orders every list to be walked whole. The order is durable before the
/// feed is read, so that no later run takes the feed's word for it.
pub(super) async fn check_horizon(
    context: &StreamContext,
    spec: &'static StreamSpec,
) -> Result<()> {
    let (state, known) = context
        .ask(spec, |warehouse, place, _| {
            let state = warehouse.stream_state(place.source, place.account_id, place.spec.name)?;
            Ok((state, warehouse.feed(place)?))
        })
        .await?;
    let Some(complete_to) = state.complete_to else {
        // Lists that are complete by now were read before the feed was: nobody knows what it has
        // forgotten since. Where none is, there is nothing to order.
        return order_rewalks(context, spec, "the event feed was never read to its end").await;
    };
    if !context.trusts_filter(spec).await? {
        return Ok(());
    }
    let reaches_to = context.client.newest_until(spec, complete_to).await?;
    let any_later = reaches_to.is_none()
        && context.client.newest_until(spec, i64::from(u32::MAX)).await?.is_some();
    let forgotten =
        reaches_to.is_none() && has_forgotten(known, any_later, complete_to, context.now);
    let kept = reaches_to.map(|at| context.now.saturating_sub(at));
    let keeps = if forgotten { None } else { kept.max(known.keeps) };
    let followed = Arc::clone(&context.followed);
    let reason = "the event feed no longer reaches back to the last run";
    let noticed_at = context.now;
    context
        .ask(spec, move |warehouse, place, run| {
            if forgotten {
                warehouse.order_rewalks(place.source, &followed, reason, noticed_at)?;
            }
            warehouse.keep_feed(place, Feed { reaches_to, keeps, ..known }, run)
        })
        .await?;
    if forgotten {
        let text = format!("{}: {reason}: every list is walked whole again", context.source);
        context.observer.notify(&Event::Warning { text: &text });
    }
    Ok(())
}

async fn order_rewalks(
    context: &StreamContext,
    spec: &'static StreamSpec,
    reason: &'static str,
) -> Result<()> {
    let (followed, noticed_at) = (Arc::clone(&context.followed), context.now);
    context
        .ask(spec, move |warehouse, place, _| {
            warehouse.order_rewalks(place.source, &followed, reason, noticed_at)
        })
        .await
}

/// Tells whether a feed that shows nothing from before the last run has forgotten something.
///
/// It has not if it was seen to keep events for longer than the time since the last run, and what
/// it no longer shows is older than that: then nothing happened. A feed without any event, of which
/// none was ever seen, has forgotten nothing that we know of.
fn has_forgotten(known: Feed, any_later: bool, complete_to: i64, now: i64) -> bool {
    let Some(newest) = known.newest_known else { return any_later };
    let since = |at: i64| now.saturating_sub(at);
    known.keeps.is_none_or(|keeps| since(newest) <= keeps || since(complete_to) > keeps)
}

#[cfg(test)]
mod tests {
    use super::{Feed, has_forgotten};

    const DAY: i64 = 86_400;
    const NOW: i64 = 1_800_000_000;

    fn known(days_kept: Option<i64>, newest_days_ago: Option<i64>) -> Feed {
        Feed {
            reaches_to: None,
            keeps: days_kept.map(|days| days * DAY),
            newest_known: newest_days_ago.map(|days| NOW - days * DAY),
        }
    }

    #[test]
    fn a_bare_feed_has_forgotten_unless_its_silence_is_explained() {
        let last_night = NOW - DAY;
        let forgotten = |feed| has_forgotten(feed, false, last_night, NOW);
        assert!(!forgotten(known(Some(30), Some(31))), "nothing happened for a month");
        assert!(forgotten(known(Some(30), Some(10))), "it keeps events for less time than it did");
        assert!(forgotten(known(None, Some(10))), "nobody knows how long it keeps them");
        assert!(has_forgotten(known(Some(3), Some(9)), false, NOW - 5 * DAY, NOW), "a long pause");
        assert!(!forgotten(known(None, None)), "there never was an event");
        assert!(
            has_forgotten(known(None, None), true, last_night, NOW),
            "the first is after a pause"
        );
    }
}
