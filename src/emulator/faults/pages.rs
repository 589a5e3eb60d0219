//! What faults do to lists: to what a list is asked for, and to the page that it gives.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::form_urlencoded;

use super::turn::{Taken, Turn};
use super::what::{Stage, What};
use crate::emulator::account::list::render;
use crate::emulator::api::answer::ApiError;
use crate::emulator::api::paging::{ListQuery, Listing, Page};

/// Names a list and its filter: the URL without what pages through it.
pub(crate) fn list_and_filter(path: &str, query: &str) -> String {
    let filters = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| !name.starts_with("pagination["));
    let mut named = form_urlencoded::Serializer::new(format!("{path}?"));
    named.extend_pairs(filters).finish()
}

impl Turn<'_> {
    /// Serves a page, with the faults that strike it. `parent` comes from the path, so it is no
    /// filter that could be ignored.
    pub(crate) fn page(
        &mut self,
        listing: &dyn Listing,
        query: ListQuery,
        parent: Option<String>,
    ) -> Result<Page, ApiError> {
        match &mut self.0 {
            Some(taken) => taken.page(listing, query, parent),
            None => listing.page(&within(query, parent)),
        }
    }
}

fn within(query: ListQuery, parent: Option<String>) -> ListQuery {
    match parent {
        Some(parent) => query.under(parent),
        None => query,
    }
}

impl Taken<'_> {
    fn page(
        &mut self,
        listing: &dyn Listing,
        mut query: ListQuery,
        parent: Option<String>,
    ) -> Result<Page, ApiError> {
        let mut ends_early = false;
        let possible = |what: &What| changes_query(what, &query, listing);
        let whats = self.faults.rules().decide_list(&mut self.decision, Stage::Query, possible);
        for what in whats {
            match what {
                What::PageCap { rows } => query.limit = query.limit.min(rows),
                What::IgnoreCursor {} => (query.starting_after, query.ending_before) = (None, None),
                What::IgnoreFilter {} => query = query.unfiltered(),
                What::EmptyAfterCursor {} => ends_early = true,
                What::RefuseCursor { status } => return Err(query.refused_cursor(status)),
                _ => {}
            }
        }
        let query = within(query, parent);
        let mut page = if ends_early { Page::default() } else { listing.page(&query)? };
        self.spoil(&mut page, listing, &query)?;
        Ok(page)
    }

    fn spoil(
        &mut self,
        page: &mut Page,
        listing: &dyn Listing,
        query: &ListQuery,
    ) -> Result<(), ApiError> {
        let mut rules = self.faults.rules();
        let last = rules.served(&self.list).cloned();
        let possible = |what: &What| match what {
            What::RepeatPage {} => last.is_some(),
            What::Overlap { .. } => {
                query.starting_after.is_some() && query.limit > 1 && !page.objects.is_empty()
            }
            What::ShortPage { rows } => page.objects.len() > *rows,
            _ => !page.objects.is_empty(),
        };
        let mut whats = rules.decide_list(&mut self.decision, Stage::Page, possible);
        whats.extend(self.decision.page_of_chaos(possible));
        for what in &whats {
            match what {
                What::RepeatPage {} => page.objects = last.clone().unwrap_or_default().objects,
                What::Overlap { rows } => overlap(page, *rows, listing, query)?,
                What::ShortPage { rows } => shorten(page, *rows, query),
                What::LeanList { fields } => lean(page, fields),
                What::EmptyPage {} => page.objects.clear(),
                _ => {}
            }
        }
        rules.remember(self.list.clone(), page);
        Ok(())
    }
}

/// Says whether a fault would change this very question to the list.
fn changes_query(what: &What, query: &ListQuery, listing: &dyn Listing) -> bool {
    let cursor = query.starting_after.as_ref().or(query.ending_before.as_ref());
    match what {
        What::IgnoreCursor {} => cursor.is_some(),
        What::IgnoreFilter {} => query.is_filtered(),
        What::RefuseCursor { .. } | What::EmptyAfterCursor {} => {
            cursor.is_some_and(|id| listing.is_removed(id))
        }
        _ => true,
    }
}

/// Puts the objects before the page in front of it. At least one of its own stays, since a page
/// without any is what ends a list.
fn overlap(
    page: &mut Page,
    rows: usize,
    listing: &dyn Listing,
    query: &ListQuery,
) -> Result<(), ApiError> {
    let Some(first) = page.objects.first().and_then(id) else { return Ok(()) };
    let limit = rows.min(query.limit.saturating_sub(1));
    let (starting_after, ending_before) = (None, Some(first));
    let earlier = ListQuery { limit, starting_after, ending_before, ..query.clone() };
    let mut objects = listing.page(&earlier)?.objects;
    objects.append(&mut page.objects);
    objects.truncate(query.limit);
    page.objects = objects;
    Ok(())
}

fn id(object: &Bytes) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        id: String,
    }
    serde_json::from_slice::<Named>(object).ok().map(|named| named.id)
}

fn shorten(page: &mut Page, rows: usize, query: &ListQuery) {
    if query.ending_before.is_some() {
        page.objects.drain(..page.objects.len().saturating_sub(rows));
    } else {
        page.objects.truncate(rows);
    }
}

fn lean(page: &mut Page, fields: &[String]) {
    for object in &mut page.objects {
        // Raw values keep numbers as they were written.
        let Ok(mut map) = serde_json::from_slice::<BTreeMap<String, Box<RawValue>>>(object) else {
            continue;
        };
        map.retain(|name, _| !fields.contains(name));
        *object = render(&map).into();
    }
}
