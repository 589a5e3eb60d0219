//! Faults over HTTP.
//!
//! - `POST /_emulator/faults` adds one rule or an array of rules, all or none.
//! - `GET /_emulator/faults` lists the rules and how often each matched and fired.
//! - `DELETE /_emulator/faults` removes them.
//!
//! All three answer with the list. A rule says where (`on`, `method`), when (`skip`, `times`,
//! `percent` and `seed`) and what:
//!
//! ```json
//! [
//!   {"on": "/invoices", "skip": 2, "times": 3,
//!    "what": {"kind": "status", "status": 429, "retry_after": 2}},
//!   {"on": "/invoices/{id}", "what": {"kind": "status", "status": 502, "body": "html"}},
//!   {"on": "*", "percent": 5, "seed": 7, "what": {"kind": "reset_inside", "after_bytes": 100}},
//!   {"on": "/events", "times": "always", "what": {"kind": "page_cap", "rows": 10}},
//!   {"on": "*", "method": "GET",
//!    "what": {"kind": "rate_limit", "per_second": 4, "burst": 8, "retry_after": true}}
//! ]
//! ```
//!
//! The other kinds are `reset`, `truncate` (`bytes`), `garble`, `slow` (`milliseconds`), `trickle`
//! (`milliseconds`, `bytes`), `wrong_type`, `empty_page`, `short_page` (`rows`), `repeat_page`,
//! `ignore_cursor`, `ignore_filter`, `overlap` (`rows`), `lean_list` (`fields`), `refuse_cursor`
//! (`status`), `empty_after_cursor`, `date_skew` (`seconds`), `no_date` and `play` (`actions`).

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;

use crate::emulator::account::list::render;
use crate::emulator::api::answer::{ApiError, json_body};
use crate::emulator::api::routes::Shared;
use crate::emulator::faults::Fault;

/// Routes `/_emulator/faults`.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/_emulator/faults", get(tell).post(add).delete(clear))
}

async fn tell(State(shared): State<Arc<Shared>>) -> Response {
    json_body(render(&shared.faults.told()))
}

async fn clear(State(shared): State<Arc<Shared>>) -> Response {
    shared.faults.clear();
    json_body(render(&shared.faults.told()))
}

async fn add(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    match Fault::read_all(&body) {
        Ok(faults) => {
            shared.faults.add(faults);
            json_body(render(&shared.faults.told()))
        }
        Err(message) => ApiError::malformed(message).into_response(),
    }
}
