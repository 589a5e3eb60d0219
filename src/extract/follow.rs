//! Runs a walk over a list of which each answer tells where the next page begins.

use tokio::sync::mpsc::Sender;

use super::checkpoint::Checkpoint;
use super::client::{Client, Question, Reply};
use super::decode::{Envelope, PageInfo};
use super::dialect::{self, Ask};
use super::drive::{Asked, WalkEnd, WalkRequest, Walked, fetch, page_of, stuck_error};
use super::ids::path_below;
use super::sequence::Sequence;
use crate::catalog::PARENT;
use crate::error::{Error, Kind, Result};
use crate::model::Page;

/// Walks a list and sends every page that holds a row, made into something by `make`.
///
/// # Errors
/// As [`super::walk()`].
pub(super) async fn follow<T>(
    client: &Client,
    request: &WalkRequest,
    pages: Sender<Walked<T>>,
    make: impl Fn(Page) -> Result<T> + Send + Sync,
) -> Result<WalkEnd> {
    let spec = request.spec;
    let dialect = dialect::of(spec.paging);
    let path = path_below(spec.path, request.below.as_deref()).ok_or_else(|| {
        let question = Question::of(spec, spec.path);
        client.error(Kind::Contract, &question, "the id of its object would address something else")
    })?;
    let ask = Ask { window: request.window, limit: client.served(spec.path).limit, after: None };
    let resume = request.resume.as_ref().and_then(Checkpoint::single);
    let mut sequence = Sequence::new(ask, spec.paging, dialect.blur(), resume);
    let mut requests = 0;
    loop {
        let ask = sequence.ask().clone();
        let mut query = dialect.query(&ask);
        query.extend(request.filter.iter().map(|by| (by.parameter.to_owned(), by.value.clone())));
        let number = sequence.progress().pages + 1;
        let question = Question { query, page: Some(number), ..Question::of(spec, &path) };
        let position = sequence.progress().elements;
        let asked = fetch(client, &question, dialect, ask.after.as_deref()).await?;
        requests += u64::from(asked.tries());
        let info = match &asked {
            Asked::Page(reply) => reply.value.info.clone(),
            Asked::LimitRefused(_) | Asked::CursorRefused(_) => PageInfo::default(),
        };
        let step = match sequence.next(&asked.outcome(), &info) {
            Ok(step) => step,
            Err(stuck) => return Err(stuck_error(client, &question, asked, stuck)),
        };
        if let (Some(point), Asked::Page(reply)) = (step.send, asked) {
            let walked = walked(request, reply, position, point.into(), &make)?;
            pages.send(walked).await.map_err(|_| {
                Error::new(Kind::Interrupted, format!("the walk over {path} was ended"))
            })?;
        }
        if let Some(status) = step.end {
            let progress = sequence.progress();
            return Ok(WalkEnd { status, rows: progress.rows, pages: progress.pages, requests });
        }
    }
}

fn walked<T>(
    request: &WalkRequest,
    reply: Reply<Envelope>,
    position: u64,
    resume: Checkpoint,
    make: impl Fn(Page) -> Result<T>,
) -> Result<Walked<T>> {
    let info = reply.value.info.clone();
    let mut page = page_of(reply, usize::MAX, position);
    if let Some(parent) = &request.below {
        let parent = serde_json::Value::from(parent.as_str()).to_string();
        page.elements.iter_mut().for_each(|element| {
            if let Some(named) = Page::with_member(element, PARENT, &parent) {
                *element = named;
            }
        });
    }
    let elements = u64::try_from(page.elements.len()).unwrap_or(u64::MAX);
    let pages_left = info.total.map(|total| {
        let left = total.saturating_sub(position + elements);
        left.div_ceil(elements.max(1))
    });
    Ok(Walked { page: make(page)?, elements, resume, total_pages: None, pages_left })
}
