//! The emulator's own endpoints, outside the API's paths and without credentials.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use super::answer::{ApiError, json_body};
use super::list::render;
use super::routes::Shared;
use super::store::Store;
use super::streams::{self, STREAMS};

/// Keeps one call from playing for minutes.
const MOST_DAYS: u32 = 3_660;

/// Routes `/_emulator/…`.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_emulator/counts", get(counts))
        .route("/_emulator/advance", post(advance))
        .route("/_emulator/requests", get(requests))
        .route("/_emulator/truth/{stream}", get(truth))
}

/// Counts the objects of each list that belong there.
pub(super) fn count(store: &Store) -> BTreeMap<String, u64> {
    let size = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let counted = STREAMS.iter().map(|stream| {
        let (genuine, _) = (stream.listing)(store).counts();
        (stream.name.to_owned(), size(genuine))
    });
    counted.collect()
}

async fn counts(State(shared): State<Arc<Shared>>) -> Response {
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
struct Advance {
    days: u32,
}

async fn advance(
    State(shared): State<Arc<Shared>>,
    Query(Advance { days }): Query<Advance>,
) -> Response {
    if days > MOST_DAYS {
        return ApiError::invalid("days").into_response();
    }
    let playing = Arc::clone(&shared);
    match tokio::task::spawn_blocking(move || playing.advance(days)).await {
        Ok(()) => json_body(render(&json!({"now": shared.clock.now()}))),
        Err(_) => axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn requests(State(shared): State<Arc<Shared>>) -> Response {
    json_body(render(&shared.counters.read()))
}

async fn truth(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    let engine = shared.engine();
    let lines = match streams::find(&name) {
        Some(stream) => (stream.listing)(&engine.store).truth(shared.clock.today()),
        None if name == "account" => render(&engine.store.account),
        None => return ApiError::no_such("stream", &name).into_response(),
    };
    ([(CONTENT_TYPE, "application/x-ndjson")], lines).into_response()
}
