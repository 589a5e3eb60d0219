//! Deletions, proven and never assumed (I9).
//!
//! Whatever a complete walk did not meet, or a GET did not find, is only nominated. A row leaves its
//! table when GET by id answered 404 in the API's own words *and* a GET of a row that is alive was
//! answered in the same run. Too many nominations at once are a fault of the source until a person
//! says otherwise.

use crate::catalog::{SingleRead, StreamSpec};
use crate::error::{Error, Kind, Result};
use crate::extract::{Single, is_usable_id};
use crate::load::Deleted;
use crate::model::{RowCounts, WalkKind, Window};
use crate::normalize::Normalizer;
use crate::plan::Walk;

use super::stream::{StreamContext, StreamProgress};

/// Nominations of a stream that are always looked into, however small the stream.
const ALWAYS_ALLOWED: u64 = 20;
/// Part of a stream, one in so many rows, beyond which nominations stop deletions.
const BRAKE_PART: u64 = 10;
/// Rows of a stream that are asked for as a control, until one answers.
const CONTROLS: u32 = 3;

/// Tells why a stream's deletions stop: so many nominations that they look like a fault.
pub(super) async fn brake(
    context: &StreamContext,
    spec: &'static StreamSpec,
) -> Result<Option<Error>> {
    let (nominated, rows) = context
        .ask(spec, |warehouse, place, _| {
            let rows =
                warehouse.count_rows(place.source, place.spec, place.account_id, Window::ALL)?;
            Ok((warehouse.count_absent(place)?, u64::try_from(rows).unwrap_or(0)))
        })
        .await?;
    if !context.brake || nominated <= ALWAYS_ALLOWED || nominated * BRAKE_PART <= rows {
        return Ok(None);
    }
    Ok(Some(Error::new(
        Kind::Degraded,
        format!(
            "{}.{}: mass_delete_suspected: {nominated} of {rows} rows look deleted; none was \
             removed; `paid-sync verify` shows them and `paid-sync verify --repair` removes those \
             that the API confirms",
            context.source, spec.name
        ),
    )))
}

/// Removes objects that GET did not find, if a control shows that GET finds what exists. Gives
/// what became of the control's row and of the others.
pub(super) async fn remove(
    context: &StreamContext,
    spec: &'static StreamSpec,
    normalizer: &Normalizer,
    missing: Vec<Deleted>,
    is_controlled: bool,
) -> Result<Option<RowCounts>> {
    let mut counts = RowCounts::default();
    if !is_controlled {
        match control(context, spec, normalizer).await? {
            Some(read) => counts.add(read),
            None => return Ok(None),
        }
    }
    let mut unit = context.single_unit(spec, Vec::new());
    unit.deleted = missing;
    counts.add(context.commit_unit(unit).await?);
    Ok(Some(counts))
}

/// Reads a row that should be alive: of the same stream where it has another one, else of any.
async fn control(
    context: &StreamContext,
    spec: &'static StreamSpec,
    normalizer: &Normalizer,
) -> Result<Option<RowCounts>> {
    let readable =
        |known: &&&'static StreamSpec| known.single == SingleRead::ById && !known.append_only;
    let others = context.followed.iter().filter(|known| known.name != spec.name).filter(readable);
    for stream in std::iter::once(&spec).chain(others) {
        let rows = context
            .ask(stream, |warehouse, place, _| warehouse.likely_alive(place, CONTROLS))
            .await?;
        let had_rows = !rows.is_empty();
        for id in rows.iter().filter(|id| is_usable_id(id)) {
            let Single::Found(page) = context.client.read_one(stream, id).await? else { continue };
            if stream.name != spec.name {
                return Ok(Some(RowCounts::default()));
            }
            let unit = context.single_unit(spec, vec![normalizer.normalize(&page)?]);
            return Ok(Some(context.commit_unit(unit).await?));
        }
        // Another stream says nothing about this one where this one has rows that could.
        if had_rows {
            return Ok(None);
        }
    }
    Ok(None)
}

/// Looks into a list that came back empty although rows of it are known: if they are few, each is
/// asked for by id. Gives `true` if all of them are proven to be deleted.
pub(super) async fn explains_emptiness(
    context: &StreamContext,
    spec: &'static StreamSpec,
    normalizer: &Normalizer,
    walk: &Walk,
    progress: &mut StreamProgress,
) -> Result<bool> {
    if spec.single == SingleRead::None || spec.append_only {
        return Ok(false);
    }
    let window = match walk.kind {
        WalkKind::Full => Window::ALL,
        WalkKind::Window => walk.window,
    };
    let limit = u32::try_from(ALWAYS_ALLOWED).unwrap_or(u32::MAX);
    let ids = context
        .ask(spec, move |warehouse, place, _| warehouse.ids_in(place, window, limit + 1))
        .await?;
    if ids.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
        return Ok(false);
    }
    let mut missing = Vec::new();
    for id in ids {
        if !is_usable_id(&id) {
            return Ok(false);
        }
        match context.client.read_one(spec, &id).await? {
            Single::Found(_) => return Ok(false),
            Single::Missing { request, observed_at } => {
                missing.push(Deleted { id, observed_at, request });
            }
        }
    }
    let ids: Vec<String> = missing.iter().map(|gone| gone.id.clone()).collect();
    context.ask(spec, move |warehouse, place, run| warehouse.nominate(place, &ids, run)).await?;
    let removed = remove(context, spec, normalizer, missing, false).await?;
    if let Some(counts) = removed {
        progress.outcome.add(counts);
    }
    Ok(removed.is_some())
}
