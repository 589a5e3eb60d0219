//! What was asked and answered, request by request, for tests and for whoever looks for a fault.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::Uri;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::admin::parameters;
use crate::emulator::account::list::render;
use crate::emulator::api::answer::ApiError;
use crate::emulator::api::routes::Shared;

/// Bounds the memory of the log.
const MOST: usize = 100_000;

/// Tells one API request. Headers are not kept, so no key is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoggedRequest {
    /// Numbers the requests from 1 in the order in which they were answered.
    pub number: u64,
    /// Tells when the request came, since the start of the emulator.
    pub at_milliseconds: u64,
    /// Holds the method.
    pub method: String,
    /// Holds the path as asked, without `/v0`.
    pub path: String,
    /// Holds the query as asked.
    pub query: String,
    /// Holds the status; none if the connection ended before there was one.
    pub status: Option<u16>,
    /// Names the faults that struck.
    pub faults: Vec<&'static str>,
    /// Tells how long it took until the answer was ready to be sent.
    pub took_milliseconds: u64,
    /// Counts the requests that were under way when this one came, with itself.
    pub in_flight: u64,
}

/// Keeps the last requests.
#[derive(Debug)]
pub(crate) struct Log {
    started: Instant,
    in_flight: AtomicU64,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    numbered: u64,
    requests: VecDeque<LoggedRequest>,
}

impl Log {
    /// Starts an empty log.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), in_flight: AtomicU64::new(0), kept: Mutex::default() }
    }

    /// Opens the entry of a request. It is kept when dropped, so that a request that its client
    /// gave up is kept as well.
    pub(crate) fn enter(&self, method: &str, path: &str, query: &str) -> Entry<'_> {
        let arrived = Instant::now();
        let request = LoggedRequest {
            number: 0,
            at_milliseconds: milliseconds(arrived.duration_since(self.started)),
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            status: None,
            faults: Vec::new(),
            took_milliseconds: 0,
            in_flight: self.in_flight.fetch_add(1, Ordering::SeqCst) + 1,
        };
        Entry { log: self, arrived, request: Some(request) }
    }

    /// Reads the requests after a number, oldest first.
    pub(crate) fn since(&self, number: u64) -> Vec<LoggedRequest> {
        let kept = self.kept();
        let later = kept.requests.partition_point(|request| request.number <= number);
        kept.requests.range(later..).cloned().collect()
    }

    fn keep(&self, mut request: LoggedRequest) {
        let mut kept = self.kept();
        kept.numbered += 1;
        request.number = kept.numbered;
        if kept.requests.len() >= MOST {
            kept.requests.pop_front();
        }
        kept.requests.push_back(request);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Holds a request that is under way.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    log: &'a Log,
    arrived: Instant,
    request: Option<LoggedRequest>,
}

impl Entry<'_> {
    /// Notes how the request was answered, and keeps it.
    pub(crate) fn answered(mut self, status: Option<u16>, faults: Vec<&'static str>) {
        if let Some(request) = &mut self.request {
            (request.status, request.faults) = (status, faults);
        }
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        self.log.in_flight.fetch_sub(1, Ordering::SeqCst);
        if let Some(mut request) = self.request.take() {
            request.took_milliseconds = milliseconds(self.arrived.elapsed());
            self.log.keep(request);
        }
    }
}

/// Routes `/_emulator/log`.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/_emulator/log", get(log))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    #[serde(default)]
    since: u64,
}

async fn log(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Response, ApiError> {
    let Since { since } = parameters(&uri)?;
    let mut lines = Vec::new();
    for request in shared.log.since(since) {
        lines.append(&mut render(&request));
        lines.push(b'\n');
    }
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], lines).into_response())
}
