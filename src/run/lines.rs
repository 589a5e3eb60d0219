//! Lists the lines of objects that changed: they change with them without an event of their own. Some
//! lists exist below each object only; there every object gets its turn.

use arrow::array::{Array, AsArray};
use futures_util::future::join_all;
use tokio::sync::mpsc;

use crate::catalog::{Follows, Listing, StreamSpec};
use crate::error::{Error, Result};
use crate::extract::{self, Filter, HttpFailure, WalkRequest, WalkStatus};
use crate::load::LinesOf;
use crate::model::{Batch, Page, RowCounts, Window};
use crate::normalize::Normalizer;

use super::stream::StreamContext;

/// Objects whose lines are listed at the same time and committed together.
pub(super) const PARENTS_AT_ONCE: u32 = 16;
/// Pages of lines of one object that are held at once; bounds memory (I10).
const MOST_PAGES: usize = 50;

/// What came of listing the lines of some objects.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// What became of the lines.
    pub(super) counts: RowCounts,
    /// Objects whose lines could not be listed.
    pub(super) in_vain: Vec<String>,
    /// Objects whose lines must be found in another way: the parameter does nothing, or there are
    /// too many.
    pub(super) unlistable: Vec<String>,
    /// The first failure.
    pub(super) failure: Option<Error>,
    /// The first failure of a list that has no other place.
    pub(super) unlisted: Option<Error>,
}

/// Lists the lines of these objects, at most [`PARENTS_AT_ONCE`], and commits them in one unit.
pub(super) async fn list(
    context: &StreamContext,
    spec: &'static StreamSpec,
    follows: &Follows,
    normalizer: &Normalizer,
    parents: Vec<String>,
) -> Result<Listed> {
    let asked = context.client.requests_sent();
    let listings = parents.iter().map(|parent| lines_of(context, spec, follows, parent));
    let listings = join_all(listings).await;
    let mut listed = Listed::default();
    let mut unit = context.single_unit(spec, Vec::new());
    for (id, listing) in parents.into_iter().zip(listings) {
        let pages = match listing {
            Ok(Some(pages)) => pages,
            Ok(None) => {
                listed.unlistable.push(id);
                continue;
            }
            Err(error) if spec.is_below_others() && !error.kind().ends_run() => {
                if is_below_nothing(context, follows, &id, &error).await? {
                    unit.lines_of.push(LinesOf { id, asked });
                } else {
                    listed.in_vain.push(id);
                    listed.unlisted = listed.unlisted.or(Some(error));
                }
                continue;
            }
            Err(error) => {
                listed.in_vain.push(id);
                listed.failure = listed.failure.or(Some(error));
                continue;
            }
        };
        let batches =
            pages.iter().map(|page| normalizer.normalize(page)).collect::<Result<Vec<_>>>()?;
        let is_below = spec.is_below_others();
        if is_below || batches.iter().all(|batch| are_lines_of(batch, follows, &id)) {
            unit.lines_of.push(LinesOf { id, asked });
        } else {
            listed.unlistable.push(id);
        }
        // Copies of lines are true, whatever they are lines of.
        unit.batches.extend(batches);
    }
    listed.counts = context.commit_unit(unit).await?;
    Ok(listed)
}

/// Gives all pages of one object's lines; `None` if there are too many, or their end cannot be
/// seen.
async fn lines_of(
    context: &StreamContext,
    spec: &'static StreamSpec,
    follows: &Follows,
    parent: &str,
) -> Result<Option<Vec<Page>>> {
    let (filter, below) = match follows.listing {
        Listing::Parameter(parameter) => {
            (Some(Filter { parameter, value: parent.to_owned() }), None)
        }
        Listing::Path => (None, Some(parent.to_owned())),
    };
    let (window, resume) = (Window::ALL, None);
    let request = WalkRequest { spec, window, resume, filter, below, width: 1 };
    let (sender, mut receiver) = mpsc::channel(1);
    let client = context.client.clone();
    let walking = extract::walk(&client, request, sender, Ok);
    let gathering = async {
        let mut pages: Vec<Page> = Vec::new();
        while let Some(walked) = receiver.recv().await {
            pages.push(walked.page);
            if pages.len() > MOST_PAGES {
                break;
            }
        }
        drop(receiver);
        pages
    };
    let (end, pages) = tokio::join!(walking, gathering);
    match end {
        _ if pages.len() > MOST_PAGES => Ok(None),
        Ok(end) if end.status == WalkStatus::Complete => Ok(Some(pages)),
        Ok(end) if spec.is_below_others() => context.judge(spec, end).map(|()| None),
        Ok(_) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Tells whether a list is gone because its object is, which was proven before.
async fn is_below_nothing(
    context: &StreamContext,
    follows: &Follows,
    id: &str,
    error: &Error,
) -> Result<bool> {
    let is_absent = HttpFailure::of(error).is_some_and(|failure| failure.status == Some(404));
    let Some(object) = context.kind.stream(follows.stream).filter(|_| is_absent) else {
        return Ok(false);
    };
    let id = id.to_owned();
    context
        .ask(object, move |warehouse, place, _| warehouse.knows(place, &id).map(|known| !known))
        .await
}

/// Tells whether every row names this object: a server ignores a parameter that it does not know
/// in silence (CONTRACT A1.3).
fn are_lines_of(batch: &Batch, follows: &Follows, parent: &str) -> bool {
    let column = batch.records.column_by_name(follows.column);
    column.and_then(|column| column.as_string_opt::<i32>()).is_some_and(|names| {
        (0..names.len()).all(|row| names.is_valid(row) && names.value(row) == parent)
    })
}
