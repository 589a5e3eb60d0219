//! The emulator's own endpoints, outside the API and without credentials.
//!
//! | endpoint | does |
//! | --- | --- |
//! | `GET /_emulator` | lists the endpoints |
//! | `GET /_emulator/clock` | tells the simulated time |
//! | `POST /_emulator/pass?seconds=N` | moves it on; so does `advance`, and both take `days=N` |
//! | `POST /_emulator/churn?actions=N` | plays random business; also `seed` |
//! | `GET /_emulator/truth/{list}` | gives every live object as NDJSON; `{list}_archived` the others |
//! | `GET /_emulator/counts` | counts the live objects of each list |
//! | `GET /_emulator/requests` | counts what callers did |
//! | `GET /_emulator/log?since=N` | tells it request by request, as NDJSON |
//! | `POST`, `DELETE /_emulator/faults` | orders one [`SiblingFault`] as JSON; removes all |
//! | `POST /_emulator/revoke` | takes all tokens back |

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::Uri;
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::exchange::Reply;
use super::faults::SiblingFault;
use super::server::Shared;

/// Keeps one call from playing for minutes.
const MOST_ACTIONS: u32 = 1_000_000;

/// Routes the endpoints of the module docs.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_emulator", get(index))
        .route("/_emulator/clock", get(clock))
        .route("/_emulator/pass", post(pass))
        .route("/_emulator/advance", post(pass))
        .route("/_emulator/churn", post(churn))
        .route("/_emulator/truth/{list}", get(truth))
        .route("/_emulator/counts", get(counts))
        .route("/_emulator/requests", get(requests))
        .route("/_emulator/log", get(log))
        .route("/_emulator/faults", post(add_fault).delete(clear_faults))
        .route("/_emulator/revoke", post(revoke))
}

fn malformed(message: &str) -> Reply {
    Reply::text(400, json!({"error": message}).to_string())
}

fn parameters<T: DeserializeOwned>(uri: &Uri) -> Result<T, Reply> {
    let query = Query::try_from_uri(uri);
    query.map(|Query(read)| read).map_err(|refused| malformed(&refused.body_text()))
}

async fn index() -> Reply {
    Reply::json(&json!({
        "GET /_emulator/clock": "the simulated time",
        "POST /_emulator/pass?seconds=N": "moves it on; also days=N",
        "POST /_emulator/churn?actions=N": "random business; also seed",
        "GET /_emulator/truth/{list}": "every live object as NDJSON; {list}_archived the others",
        "GET /_emulator/counts": "the live objects of each list, counted",
        "GET /_emulator/requests": "what callers did, counted",
        "GET /_emulator/log?since=N": "what callers did, request by request, as NDJSON",
        "POST, DELETE /_emulator/faults": "orders and removes faults",
        "POST /_emulator/revoke": "takes all tokens back",
    }))
}

async fn clock(State(shared): State<Arc<Shared>>) -> Reply {
    Reply::json(&json!({"now": shared.clock.now()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pass {
    #[serde(default)]
    days: u32,
    #[serde(default)]
    seconds: u32,
}

async fn pass(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Reply, Reply> {
    let Pass { days, seconds } = parameters(&uri)?;
    let total = days.checked_mul(86_400).and_then(|days| days.checked_add(seconds));
    shared.clock.jump(total.ok_or_else(|| malformed("that is too long"))?);
    Ok(clock(State(shared)).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Churn {
    actions: u32,
    #[serde(default)]
    seed: u64,
}

async fn churn(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Reply, Reply> {
    let Churn { actions, seed } = parameters(&uri)?;
    if actions > MOST_ACTIONS {
        return Err(malformed("those are too many actions"));
    }
    let playing = Arc::clone(&shared);
    let played = tokio::task::spawn_blocking(move || playing.churn(seed, actions)).await;
    match played {
        Ok(()) => Ok(clock(State(shared)).await),
        Err(_) => Err(Reply::text(500, "")),
    }
}

async fn truth(State(shared): State<Arc<Shared>>, Path(list): Path<String>) -> Reply {
    match shared.books().truth(&list, &shared.options) {
        Some(objects) => Reply::lines(objects),
        None => Reply::text(404, json!({"error": format!("no list {list}")}).to_string()),
    }
}

async fn counts(State(shared): State<Arc<Shared>>) -> Reply {
    Reply::json(&json!(shared.books().counts()))
}

async fn requests(State(shared): State<Arc<Shared>>) -> Reply {
    Reply::json(&json!(shared.counters.read()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    #[serde(default)]
    since: u64,
}

async fn log(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Reply, Reply> {
    let Since { since } = parameters(&uri)?;
    Ok(Reply::lines(shared.log.since(since).iter().map(|request| json!(request))))
}

async fn add_fault(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Reply, Reply> {
    let read = serde_json::from_slice::<SiblingFault>(&body);
    let fault = read.map_err(|problem| malformed(&problem.to_string()))?;
    shared.books().faults.add(fault);
    Ok(faults(&shared))
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> Reply {
    shared.books().faults.clear();
    faults(&shared)
}

fn faults(shared: &Shared) -> Reply {
    let waiting: Vec<Value> = shared.books().faults.unused().into_iter().map(Value::from).collect();
    Reply::json(&waiting.into())
}

async fn revoke(State(shared): State<Arc<Shared>>) -> Reply {
    shared.books().tokens.revoke();
    Reply::json(&json!({}))
}
