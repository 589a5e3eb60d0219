//! How one kind of API writes queries and lists. A new kind joins by implementing [`Dialect`].

use std::fmt;

use bytes::Bytes;

use super::decode::{self, Envelope, Malformed};
use crate::catalog::Paging;
use crate::error::{Error, Kind, Result};
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
}

/// Gives the dialect in which lists of this paging are read.
pub(super) fn of(paging: Paging) -> Result<&'static dyn Dialect> {
    match paging {
        Paging::AfterLastId | Paging::AfterLastIdPerhaps => Ok(&PaidV0),
        Paging::Whole | Paging::Offset | Paging::AfterToken => Err(Error::new(
            Kind::Configuration,
            "lists of this kind of source are not read by this version",
        )),
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
}
