//! Runs a walk: asks what the state machine wants, sends on what it accepts.

use tokio::sync::mpsc::Sender;

use super::client::{Client, Question, Reply, Served};
use super::decode::Envelope;
use super::dialect::{self, Dialect};
use super::failure::HttpFailure;
use super::walk::{Outcome, ResumePoint, Stuck, Walk, WalkStatus};
use crate::catalog::StreamSpec;
use crate::error::{Error, Kind, Result};
use crate::model::{Page, View, Window};

/// What to walk.
#[derive(Debug, Clone)]
pub struct WalkRequest {
    /// The list.
    pub spec: &'static StreamSpec,
    /// The part of it.
    pub window: Window,
    /// Where an earlier walk over the same window stopped.
    pub resume: Option<ResumePoint>,
    /// A further filter, the same on every page.
    pub filter: Option<Filter>,
}

/// A query parameter that narrows a list, such as `invoice=inv_1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Its name.
    pub parameter: &'static str,
    /// Its value, not yet encoded.
    pub value: String,
}

/// A page on its way to normalisation.
#[derive(Debug, Clone)]
pub struct Walked {
    /// The elements.
    pub page: Page,
    /// Where to go on once this page is stored.
    pub resume: ResumePoint,
    /// The server's page count, good for display only (CONTRACT G-A3).
    pub total_pages: Option<u64>,
}

/// How a walk went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkEnd {
    /// How it ended.
    pub status: WalkStatus,
    /// Distinct rows sent, those before the resume point included. Copies of one id more than 50
    /// pages apart count twice, as do rows of a shared second where the walk had to start over.
    pub rows: u64,
    /// Pages sent, those before the resume point included.
    pub pages: u64,
    /// Requests sent by this call.
    pub requests: u64,
}

/// Walks a window newest first and sends every page that holds a new row.
///
/// Dropping the future loses nothing that was sent; the last stored [`Walked::resume`] goes on from
/// there. An id may come twice: the later copy is the newer one. On `FilterIgnored` the offending
/// page is not sent. An empty window is `Complete` with no page: whether it may be empty is for the
/// caller to judge.
///
/// # Errors
/// As any request (CONTRACT A1.4); `Contract` if the list cannot be walked to its end;
/// `Interrupted` if the receiver is gone.
pub async fn walk(client: &Client, request: WalkRequest, pages: Sender<Walked>) -> Result<WalkEnd> {
    let WalkRequest { spec, window, resume, filter } = request;
    let dialect = dialect::of(spec.paging)?;
    let served = client.served(spec.path);
    let mut walk = Walk::new(window, served.limit, served.largest, resume);
    let mut requests: u64 = 0;
    loop {
        let mut query = dialect.query(walk.ask());
        query.extend(filter.iter().map(|by| (by.parameter.to_owned(), by.value.clone())));
        let page = Some(walk.progress().pages + 1);
        let question = Question { path: spec.path, query, page };
        let asked = fetch(client, &question, dialect, walk.ask().after.as_deref()).await?;
        requests += u64::from(asked.tries());
        let first_position = walk.progress().elements;
        let step = match walk.next(&asked.outcome()) {
            Ok(step) => step,
            Err(stuck) => return Err(stuck_error(client, &question, asked, stuck)),
        };
        let learned = Served { largest: walk.largest(), limit: walk.ask().limit };
        client.remember(spec.path, learned);
        if let (Some(resume), Asked::Page(reply)) = (step.send, asked) {
            let walked = walked(reply, first_position, resume);
            pages.send(walked).await.map_err(|_| {
                Error::new(Kind::Interrupted, format!("the walk over {} was ended", spec.path))
            })?;
        }
        if let Some(status) = step.end {
            let ResumePoint { rows, pages, .. } = *walk.progress();
            return Ok(WalkEnd { status, rows, pages, requests });
        }
    }
}

/// An answer that the state machine has to hear of.
#[derive(Debug)]
enum Asked {
    Page(Reply<Envelope>),
    LimitRefused(Error),
    CursorRefused(Error),
}

impl Asked {
    fn tries(&self) -> u32 {
        match self {
            Self::Page(reply) => reply.tries,
            Self::LimitRefused(error) | Self::CursorRefused(error) => {
                HttpFailure::of(error).map_or(1, |failure| failure.tries)
            }
        }
    }

    fn outcome(&self) -> Outcome<'_> {
        match self {
            Self::Page(reply) => Outcome::Page(&reply.value.rows),
            Self::LimitRefused(_) => Outcome::LimitRefused,
            Self::CursorRefused(_) => Outcome::CursorRefused,
        }
    }
}

/// Turns the end of all ways on into an error; a refusal of the server becomes its cause.
fn stuck_error(client: &Client, question: &Question<'_>, asked: Asked, stuck: Stuck) -> Error {
    let error = client.error(Kind::Contract, question, &stuck.to_string());
    match asked {
        Asked::Page(_) => error,
        Asked::LimitRefused(cause) | Asked::CursorRefused(cause) => error.because(cause),
    }
}

async fn fetch(
    client: &Client,
    question: &Question<'_>,
    dialect: &dyn Dialect,
    after: Option<&str>,
) -> Result<Asked> {
    let error = match client.ask(question, |body| dialect.decode(body)).await {
        Ok(reply) => return Ok(Asked::Page(reply)),
        Err(error) => error,
    };
    match HttpFailure::of(&error).map(|failure| refused(failure, after)) {
        Some(Refused::Limit) => Ok(Asked::LimitRefused(error)),
        Some(Refused::Cursor) => Ok(Asked::CursorRefused(error)),
        Some(Refused::Request) | None => Err(error),
    }
}

/// What a failed page request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    Limit,
    Cursor,
    Request,
}

/// Reads a 400 or 404 (CONTRACT A2.3 rules 1 and 5).
fn refused(failure: &HttpFailure, after: Option<&str>) -> Refused {
    let api = &failure.api;
    match (failure.status, after) {
        // The list itself answered before it gave this cursor, so it is the cursor that is gone.
        (Some(404), Some(_)) => Refused::Cursor,
        (Some(400), Some(after))
            if api.param.as_deref() == Some("id")
                || api.mentions(&["starting_after", "cursor", &after.to_lowercase()]) =>
        {
            Refused::Cursor
        }
        (Some(400), _) if api.mentions(&["limit", "pagination"]) => Refused::Limit,
        _ => Refused::Request,
    }
}

fn walked(reply: Reply<Envelope>, first_position: u64, resume: ResumePoint) -> Walked {
    let Reply { value, request, observed_at, .. } = reply;
    let elements = value.rows.into_iter().map(|row| row.json).collect();
    let page = Page { view: View::List, request, observed_at, elements, first_position };
    Walked { page, resume, total_pages: value.total_pages }
}
