//! The emulator's own endpoints, outside the API's paths and without credentials: time, truth,
//! and how the event feed lies.
//!
//! | endpoint | does |
//! | --- | --- |
//! | `GET /_emulator` | lists the endpoints |
//! | `GET /_emulator/clock` | tells the simulated time |
//! | `POST /_emulator/advance?days=N` | lets time pass; `seconds=N`, `people=false` |
//! | `GET /_emulator/truth/{stream}?at=UNIX` | gives every object as NDJSON, today or at any past second |
//! | `POST /_emulator/churn?actions=N` | plays random business, see `control/churn.rs` |
//! | `GET /_emulator/counts` | counts the objects of each list |
//! | `GET /_emulator/requests` | counts what callers did |
//! | `GET /_emulator/log?since=N` | tells what callers did, request by request, as NDJSON |
//! | `GET`, `POST`, `DELETE /_emulator/faults` | tells, orders and removes faults |
//! | `POST /_emulator/events?late_percent=N` | makes the event feed lie, see [`EventFaults`] |

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::emulator::account::calendar::Day;
use crate::emulator::account::feed::EventFaults;
use crate::emulator::account::list::render;
use crate::emulator::account::store::Store;
use crate::emulator::api::answer::{ApiError, json_body};
use crate::emulator::api::routes::Shared;
use crate::emulator::api::streams::{self, STREAMS};
use crate::emulator::engine::Engine;

/// Keeps one call from playing for minutes.
const MOST_SECONDS: u64 = 3_660 * 86_400;

/// Routes the endpoints of the module docs.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_emulator", get(index))
        .route("/_emulator/clock", get(clock))
        .route("/_emulator/advance", post(advance))
        .route("/_emulator/truth/{stream}", get(truth))
        .route("/_emulator/counts", get(counts))
        .route("/_emulator/requests", get(requests))
        .merge(super::faults::router())
        .merge(super::log::router())
        .route("/_emulator/events", post(events))
}

/// Reads the parameters of one of the emulator's own endpoints; an unknown one is an error.
pub(crate) fn parameters<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    let query = Query::try_from_uri(uri);
    query.map(|Query(read)| read).map_err(|refused| ApiError::malformed(refused.body_text()))
}

async fn index() -> Response {
    json_body(render(&json!({
        "GET /_emulator/clock": "the simulated time",
        "POST /_emulator/advance?days=N": "lets time pass; also seconds=N, people=false",
        "GET /_emulator/truth/{stream}?at=UNIX": "every object as NDJSON, today or at a past second",
        "POST /_emulator/churn?actions=N": "random business; also seed, over_seconds, \
            silent_percent, backdate",
        "GET /_emulator/counts": "the objects of each list, counted",
        "GET /_emulator/requests": "what callers did, counted",
        "GET /_emulator/log?since=N": "what callers did, request by request, as NDJSON",
        "GET, POST, DELETE /_emulator/faults": "tells, orders and removes faults",
        "POST /_emulator/events?late_percent=N": "makes the event feed lie; also missing_percent, \
            late_seconds, disorder_seconds, keep_days",
    })))
}

async fn clock(State(shared): State<Arc<Shared>>) -> Response {
    json_body(render(&json!({"now": shared.clock.now()})))
}

/// Counts the objects of each list that belong there.
pub(crate) fn count(store: &Store) -> BTreeMap<String, u64> {
    let size = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let counted = STREAMS.iter().map(|stream| {
        let (genuine, _) = (stream.listing)(store).counts();
        (stream.name.to_owned(), size(genuine))
    });
    counted.collect()
}

async fn counts(State(shared): State<Arc<Shared>>) -> Response {
    shared.catch_up();
    let engine = shared.engine();
    let mut body = json!(count(&engine.store));
    let misplaced: BTreeMap<&str, usize> = STREAMS
        .iter()
        .map(|stream| (stream.name, (stream.listing)(&engine.store).counts().1))
        .filter(|(_, misplaced)| *misplaced > 0)
        .collect();
    body["_misplaced"] = json!(misplaced);
    json_body(render(&body))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    #[serde(default)]
    days: u32,
    #[serde(default)]
    seconds: u32,
    #[serde(default = "yes")]
    people: bool,
}

fn yes() -> bool {
    true
}

async fn advance(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Response, ApiError> {
    let Advance { days, seconds, people } = parameters(&uri)?;
    let total = u64::from(days) * 86_400 + u64::from(seconds);
    let seconds = u32::try_from(total).ok().filter(|_| total <= MOST_SECONDS);
    let seconds = seconds.ok_or_else(|| ApiError::invalid("days"))?;
    let playing = Arc::clone(&shared);
    let played = tokio::task::spawn_blocking(move || playing.advance(seconds, people)).await;
    Ok(match played {
        Ok(()) => clock(State(shared)).await,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    })
}

async fn requests(State(shared): State<Arc<Shared>>) -> Response {
    json_body(render(&shared.counters.read()))
}

async fn events(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Response, ApiError> {
    let faults: EventFaults = parameters(&uri)?;
    shared.change(|engine, now| engine.lie(faults, now));
    Ok(json_body(render(&json!(faults))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Truth {
    at: Option<i64>,
}

async fn truth(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let Truth { at } = parameters(&uri)?;
    let reading = Arc::clone(&shared);
    let asked = name.clone();
    let lines = tokio::task::spawn_blocking(move || tell(&reading, &asked, at)).await;
    let lines = lines.ok().flatten().ok_or_else(|| ApiError::no_such("stream", &name))?;
    // Known beforehand, and told, so that simple clients need no chunked decoding.
    let length: usize = lines.iter().map(|line| line.len() + 1).sum();
    let body = Body::from_stream(stream::iter(chunks(lines).map(Ok::<_, Infallible>)));
    let mut response = ([(CONTENT_TYPE, "application/x-ndjson")], body).into_response();
    response.headers_mut().insert(CONTENT_LENGTH, length.into());
    Ok(response)
}

/// Reads every object that belongs into a list, oldest first, as GET by id shows it at a moment;
/// without one as it is. Nothing if no list has that name.
pub(crate) fn tell(shared: &Shared, name: &str, at: Option<i64>) -> Option<Vec<Bytes>> {
    shared.catch_up();
    let now = shared.clock.now();
    match at {
        Some(at) if at < now => objects(&shared.past(at), name, Day::of(at)),
        _ => objects(&shared.engine(), name, Day::of(now)),
    }
}

fn objects(engine: &Engine, name: &str, today: Day) -> Option<Vec<Bytes>> {
    if name == "account" {
        return Some(vec![render(&engine.store.account).into()]);
    }
    Some((streams::find(name)?.listing)(&engine.store).truth(today))
}

/// Joins objects to lines, some hundred in a piece, so that a million of them needs no second
/// copy in memory.
fn chunks(objects: Vec<Bytes>) -> impl Iterator<Item = Bytes> {
    let mut objects = objects.into_iter().peekable();
    std::iter::from_fn(move || {
        objects.peek()?;
        let mut lines = Vec::new();
        for object in objects.by_ref().take(500) {
            lines.extend_from_slice(&object);
            lines.push(b'\n');
        }
        Some(lines.into())
    })
}
