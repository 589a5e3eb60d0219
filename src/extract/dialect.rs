//! How one kind of API writes queries and lists. A new kind joins by implementing [`Dialect`].

use std::fmt;

use bytes::Bytes;

use super::decode::{self, Envelope, Malformed, PageInfo};
use super::failure::ApiError;
use crate::catalog::Paging;
use crate::model::Window;

/// What a walk wants to see next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    /// Filter, the same on every page.
    pub(super) window: Window,
    /// Page size.
    pub(super) limit: u32,
    /// Where to go on; `None` for the first page.
    pub(super) after: Option<String>,
}

/// Query parameters and list shape of one kind of API. Text and values only, no IO.
pub(super) trait Dialect: fmt::Debug + Send + Sync {
    /// Writes the query, names and values not yet percent-encoded.
    fn query(&self, ask: &Ask) -> Vec<(String, String)>;

    /// Reads the body of a 2xx answer.
    fn decode(&self, body: &Bytes) -> Result<Envelope, Malformed>;

    /// Tells whether the API itself speaks in an error, and not a proxy on the way (DESIGN I9).
    fn owns(&self, error: &ApiError) -> bool;

    /// Gives the seconds by which rows may lie outside of a window that was asked for.
    fn blur(&self) -> i64 {
        0
    }
}

/// Gives the dialect in which lists of this paging are read.
pub(super) fn of(paging: Paging) -> &'static dyn Dialect {
    match paging {
        Paging::AfterLastId | Paging::AfterLastIdPerhaps => &PaidV0,
        Paging::Whole => &WholeLists,
        Paging::Offset => &OffsetPages,
        Paging::AfterToken => &TokenPages,
    }
}

/// Paid Labs v0: everything paged by the id of the last object (CONTRACT A2.1, A2.2, A2.4).
#[derive(Debug)]
pub(super) struct PaidV0;

impl Dialect for PaidV0 {
    fn query(&self, ask: &Ask) -> Vec<(String, String)> {
        let mut query = vec![("pagination[limit]".to_owned(), ask.limit.to_string())];
        if let Some(after) = &ask.after {
            query.push(("pagination[starting_after]".to_owned(), after.clone()));
        }
        if let Some(from) = ask.window.from {
            query.push(("created_at[gt]".to_owned(), from.to_string()));
        }
        if let Some(to) = ask.window.to {
            query.push(("created_at[lte]".to_owned(), to.to_string()));
        }
        query
    }

    fn decode(&self, body: &Bytes) -> Result<Envelope, Malformed> {
        decode::list(body)
    }

    fn owns(&self, error: &ApiError) -> bool {
        error.has_known_type()
    }
}

/// Lists that come whole: a bare array, or `{"data": […]}` (CONTRACT B2.1, B2.2, C2).
#[derive(Debug)]
pub(super) struct WholeLists;

impl Dialect for WholeLists {
    fn query(&self, _: &Ask) -> Vec<(String, String)> {
        Vec::new()
    }

    fn decode(&self, body: &Bytes) -> Result<Envelope, Malformed> {
        let envelope = decode::pages(body)?;
        let PageInfo { has_more, total, .. } = envelope.info;
        let shown = u64::try_from(envelope.rows.len()).unwrap_or(u64::MAX);
        if has_more == Some(true) || total.is_some_and(|total| total > shown) {
            return Err(Malformed::Shape(
                "one page of several where the whole list was expected; is `api_version` right?",
            ));
        }
        Ok(envelope)
    }

    fn owns(&self, error: &ApiError) -> bool {
        error.is_worded()
    }
}

/// paid.ai v2: rows are counted off (CONTRACT B2.2).
#[derive(Debug)]
pub(super) struct OffsetPages;

impl Dialect for OffsetPages {
    fn query(&self, ask: &Ask) -> Vec<(String, String)> {
        let offset = ask.after.clone().unwrap_or_else(|| "0".to_owned());
        vec![("limit".to_owned(), ask.limit.to_string()), ("offset".to_owned(), offset)]
    }

    fn decode(&self, body: &Bytes) -> Result<Envelope, Malformed> {
        let envelope = decode::pages(body)?;
        if body.trim_ascii_start().starts_with(b"[") {
            return Err(Malformed::Shape(
                "a bare array where pages were expected; is `api_version` right?",
            ));
        }
        Ok(envelope)
    }

    fn owns(&self, error: &ApiError) -> bool {
        error.is_worded()
    }
}

/// Alternative Payments: each answer names the cursor of the next page (CONTRACT C2).
#[derive(Debug)]
pub(super) struct TokenPages;

impl Dialect for TokenPages {
    fn query(&self, ask: &Ask) -> Vec<(String, String)> {
        let mut query = vec![("limit".to_owned(), ask.limit.to_string())];
        if let Some(after) = &ask.after {
            query.push(("after".to_owned(), after.clone()));
        }
        // Whether the bounds belong to it is not stated.
        if let Some(from) = ask.window.from {
            query.push(("created_at_start".to_owned(), instant(from.saturating_sub(1))));
        }
        if let Some(to) = ask.window.to {
            query.push(("created_at_end".to_owned(), instant(to.saturating_add(1))));
        }
        query
    }

    fn decode(&self, body: &Bytes) -> Result<Envelope, Malformed> {
        decode::pages(body)
    }

    fn owns(&self, error: &ApiError) -> bool {
        error.is_worded()
    }

    fn blur(&self) -> i64 {
        1
    }
}

/// Writes Unix seconds as RFC 3339 in UTC.
fn instant(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| String::new(), |at| at.to_string())
}
