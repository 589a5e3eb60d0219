//! The API as callers see it: credentials first, then a read or a write.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use axum::middleware::map_response_with_state;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

use super::answer::{ApiError, dated, json_body};
use super::auth;
use super::paging::ListQuery;
use super::params::Params;
use super::route::{API_PREFIX, Route};
use super::streams::{self, Stream};
use super::wire::Switch;
use super::writes::{self, Call};
use crate::emulator::account::calendar::Day;
use crate::emulator::account::list::render;
use crate::emulator::business::churn::{Churn, Played};
use crate::emulator::clock::Clock;
use crate::emulator::control::counters::Counters;
use crate::emulator::control::log::Log;
use crate::emulator::control::{admin, churn};
use crate::emulator::engine::Engine;
use crate::emulator::faults::{self, DateShift, Faults, Turn};
use crate::emulator::options::Options;

/// Holds a past state under its time and the number of deeds known then.
type PastState = ((i64, usize), Arc<Engine>);

/// Holds what all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) engine: RwLock<Engine>,
    /// Repeats when the engine has something to do next, so that reads need no lock to know.
    pub(crate) next_moment: AtomicI64,
    /// Keeps the past state asked for last, under its time and the number of deeds.
    pub(crate) past: Mutex<Option<PastState>>,
    pub(crate) counters: Counters,
    pub(crate) log: Log,
    pub(crate) faults: Faults,
}

impl Shared {
    /// Opens the state for reading.
    pub(crate) fn engine(&self) -> RwLockReadGuard<'_, Engine> {
        self.engine.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the state for change, after everything that is due by now.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Engine, i64) -> T) -> T {
        let mut engine = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        engine.advance_to(now, true);
        let changed = change(&mut engine, now);
        engine.advance_to(now, true);
        self.next_moment.store(engine.next_moment(), Ordering::SeqCst);
        changed
    }

    /// Lets everything happen that is due by now.
    pub(crate) fn catch_up(&self) {
        if self.next_moment.load(Ordering::SeqCst) <= self.clock.now() {
            self.change(|_, _| ());
        }
    }

    /// Lets time pass, with or without what people do in it. State and clock move together,
    /// under one lock.
    pub(crate) fn advance(&self, seconds: u32, with_people: bool) {
        let mut engine = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        engine.advance_to(self.clock.now() + i64::from(seconds), with_people);
        self.clock.jump(seconds);
        self.next_moment.store(engine.next_moment(), Ordering::SeqCst);
    }

    /// Plays random business while time passes, and tells the time after it. State and clock move
    /// together, under one lock.
    pub(crate) fn churn(&self, order: &Churn) -> (i64, Vec<Played>) {
        let mut engine = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let then = now.saturating_add(i64::from(order.over_seconds));
        engine.advance_to(now, true);
        let played = engine.churn(order, now);
        engine.advance_to(then, true);
        self.clock.jump(order.over_seconds);
        self.next_moment.store(engine.next_moment(), Ordering::SeqCst);
        (then, played)
    }

    /// Plays random business in the present second. What was done before chooses it.
    pub(crate) fn play(&self, actions: u32) {
        self.change(|engine, now| {
            let deeds = u64::try_from(engine.deeds()).unwrap_or(u64::MAX);
            let seed = self.options.seed.rotate_left(32) ^ deeds;
            engine.churn(&Churn { actions, seed, ..Churn::default() }, now)
        });
    }

    /// Reads the state of a past moment; the last one asked for is kept.
    pub(crate) fn past(&self, at: i64) -> Arc<Engine> {
        let engine = self.engine();
        let key = (at, engine.deeds());
        let mut kept = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref() {
            Some((kept_key, past)) if *kept_key == key => Arc::clone(past),
            _ => {
                let past = Arc::new(engine.as_of(at));
                *kept = Some((key, Arc::clone(&past)));
                past
            }
        }
    }
}

/// Builds the server's routes.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(admin::router())
        .merge(churn::router())
        .fallback(serve)
        .layer(map_response_with_state(Arc::clone(&shared), stamp_date))
        .with_state(shared)
}

/// Shows the simulated time, shifted where a fault says so.
async fn stamp_date(State(shared): State<Arc<Shared>>, response: Response) -> Response {
    let shift = response.extensions().get::<DateShift>().copied().unwrap_or_default();
    dated(response, shared.clock.now().saturating_add(shift.0))
}

async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let route = Route::of(&parts.uri);
    if matches!(route, Route::Outside) {
        return ApiError::unknown_path(parts.uri.path()).into_response();
    }
    let pattern = route.pattern();
    let asked = asked(&parts.method, &parts.uri, &pattern, &route);
    let entry = shared.log.enter(asked.method, asked.path, asked.query);
    let mut turn = shared.faults.turn(&asked);
    let is_get = parts.method == Method::GET;
    let is_forbidden = matches!(route, Route::ByExternalId);
    let in_flight = shared.counters.enter(pattern, is_get, is_forbidden);
    if !shared.options.latency.is_zero() {
        tokio::time::sleep(shared.options.latency).await;
    }
    turn.begin(&shared).await;
    shared.catch_up();
    let response = match turn.stand_in(shared.clock.now()) {
        Some(response) => response,
        None => answer(&shared, &route, &parts, body, &mut turn)
            .await
            .unwrap_or_else(IntoResponse::into_response),
    };
    let response = turn.finish(response, &switch).await;
    entry.answered((!turn.is_reset()).then(|| response.status().as_u16()), turn.fired());
    drop(in_flight);
    response
}

fn asked<'a>(
    method: &'a Method,
    uri: &'a Uri,
    pattern: &'a str,
    route: &Route,
) -> faults::Request<'a> {
    let path = uri.path();
    faults::Request {
        method: method.as_str(),
        pattern,
        path: path.strip_prefix(API_PREFIX).unwrap_or(path),
        query: uri.query().unwrap_or(""),
        is_list: matches!(route, Route::List(_) | Route::Statements(_)),
    }
}

async fn answer(
    shared: &Shared,
    route: &Route,
    parts: &Parts,
    body: Body,
    turn: &mut Turn<'_>,
) -> Result<Response, ApiError> {
    auth::check(&parts.headers, &shared.options.api_key)?;
    if parts.method == Method::GET && !matches!(route, Route::ByExternalId) {
        return read(shared, route, &parts.uri, turn).map(json_body);
    }
    if matches!(route, Route::Unknown) {
        return Err(ApiError::unknown_path(parts.uri.path()));
    }
    let method = parts.method.as_str();
    let write = writes::find(&route.pattern(), method).ok_or_else(|| ApiError::method(method))?;
    let params = Params::receive(parts, body).await?;
    write(&Call { shared, id: route.id(), params })
}

fn read(shared: &Shared, route: &Route, uri: &Uri, turn: &mut Turn<'_>) -> Result<Bytes, ApiError> {
    let query = uri.query().unwrap_or("");
    match route {
        Route::Account => Ok(render(&shared.engine().store.account).into()),
        Route::List(stream) => list(shared, stream, query, None, turn),
        Route::Statements(customer) => {
            let statements = streams::find("statements");
            let stream = statements.ok_or_else(|| ApiError::unknown_path(uri.path()))?;
            find_customer(shared, customer)?;
            list(shared, stream, query, Some(customer.clone()), turn)
        }
        Route::Object(stream, id) => {
            let engine = shared.engine();
            let object = (stream.listing)(&engine.store).retrieve(id, Day::of(shared.clock.now()));
            object.ok_or_else(|| ApiError::no_such(stream.noun, id))
        }
        Route::Verb(..) => Err(ApiError::method(Method::GET.as_str())),
        Route::ByExternalId | Route::Unknown | Route::Outside => {
            Err(ApiError::unknown_path(uri.path()))
        }
    }
}

fn find_customer(shared: &Shared, id: &str) -> Result<(), ApiError> {
    let found = shared.engine().store.customers.position(id);
    found.map(|_| ()).map_err(|_| ApiError::no_such("customer", id))
}

fn list(
    shared: &Shared,
    stream: &Stream,
    query: &str,
    parent: Option<String>,
    turn: &mut Turn<'_>,
) -> Result<Bytes, ApiError> {
    let options = &shared.options;
    let query = if stream.is_unpaged && options.unpaged_users {
        ListQuery::parse_unpaged(query, stream)?
    } else {
        ListQuery::parse(query, stream, options.page_cap)?
    };
    // The page holds counted references, so the lock is free again while the body is written.
    let page = turn.page((stream.listing)(&shared.engine().store), query, parent)?;
    Ok(page.body(options.total_pages).into())
}
