//! What came of reading objects by id.

use crate::catalog::ARCHIVED_AT;
use crate::error::{Error, Result};
use crate::extract::Single;
use crate::load::{Archived, Deleted};
use crate::model::{Batch, Page};
use crate::normalize::Normalizer;

/// Writes into an object that has left its list, and is found all the same, since when that is known
/// (CONTRACT C4): its list cannot tell.
pub(super) fn mark_archived(since: Option<Archived>, single: Single) -> Single {
    let (Some(since), Single::Found(mut page)) = (since, single.clone()) else { return single };
    let second = match since {
        Archived::Since(second) => second,
        Archived::Nominated => page.observed_at.div_euclid(1_000_000),
    };
    page.elements.iter_mut().for_each(|element| {
        if let Some(marked) = Page::with_member(element, ARCHIVED_AT, &second.to_string()) {
            *element = marked;
        }
    });
    Single::Found(page)
}

/// Answers to reads by id, sorted.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) batches: Vec<Batch>,
    pub(super) missing: Vec<Deleted>,
    pub(super) in_vain: Vec<String>,
    pub(super) failure: Option<Error>,
    /// What must end the run.
    pub(super) end: Option<Error>,
}

impl Answers {
    /// Sorts an answer in.
    pub(super) fn take(
        &mut self,
        id: String,
        single: Result<Single>,
        normalizer: &Normalizer,
    ) -> Result<()> {
        match single {
            Ok(Single::Found(page)) => self.batches.push(normalizer.normalize(&page)?),
            Ok(Single::Missing { request, observed_at }) => {
                self.missing.push(Deleted { id, observed_at, request });
            }
            Err(error) if error.kind().ends_run() => self.end = Some(error),
            Err(error) => {
                self.in_vain.push(id);
                self.failure.get_or_insert(error);
            }
        }
        Ok(())
    }
}
