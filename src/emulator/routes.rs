//! The API as callers see it: one path table, credentials first, reads only.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::DATE;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::middleware::map_response_with_state;
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use super::answer::{ApiError, json_body};
use super::clock::Clock;
use super::counters::Counters;
use super::engine::Engine;
use super::list::render;
use super::options::Options;
use super::paging::ListQuery;
use super::streams::{self, Stream};
use super::{admin, auth};

/// Begins every API path.
pub(super) const API_PREFIX: &str = "/v0";

/// Holds what all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) clock: Clock,
    pub(super) engine: RwLock<Engine>,
    pub(super) counters: Counters,
}

impl Shared {
    /// Opens the state for reading.
    pub(super) fn engine(&self) -> RwLockReadGuard<'_, Engine> {
        self.engine.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays further days. State and clock move together, under one lock.
    pub(super) fn advance(&self, days: u32) {
        let mut engine = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        engine.play(days);
        self.clock.jump(days);
    }
}

/// Builds the server's routes.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(admin::router())
        .fallback(serve)
        .layer(map_response_with_state(Arc::clone(&shared), stamp_date))
        .with_state(shared)
}

/// Shows the simulated time. The server adds no `Date` of its own where one is present.
async fn stamp_date(State(shared): State<Arc<Shared>>, mut response: Response) -> Response {
    let seconds = u64::try_from(shared.clock.now()).unwrap_or_default();
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

async fn serve(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let route = Route::of(&parts.uri);
    if matches!(route, Route::Outside) {
        return ApiError::unknown_path(parts.uri.path()).into_response();
    }
    let is_get = parts.method == Method::GET;
    let is_forbidden = matches!(route, Route::ByExternalId);
    let in_flight = shared.counters.enter(route.pattern(), is_get, is_forbidden);
    if !shared.options.latency.is_zero() {
        tokio::time::sleep(shared.options.latency).await;
    }
    let answer = answer(&shared, &route, &parts.method, &parts.uri, &parts.headers);
    drop(in_flight);
    match answer {
        Ok(body) => json_body(body),
        Err(error) => error.into_response(),
    }
}

fn answer(
    shared: &Shared,
    route: &Route,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Vec<u8>, ApiError> {
    auth::check(headers, &shared.options.api_key)?;
    if method != Method::GET {
        return Err(ApiError::method(method.as_str()));
    }
    let query = uri.query().unwrap_or("");
    match route {
        Route::Account => Ok(render(&shared.engine().store.account)),
        Route::List(stream) => list(shared, stream, query, None),
        Route::Statements(customer) => {
            let statements = streams::find("statements");
            let stream = statements.ok_or_else(|| ApiError::unknown_path(uri.path()))?;
            find_customer(shared, customer)?;
            list(shared, stream, query, Some(customer.clone()))
        }
        Route::Object(stream, id) => {
            let engine = shared.engine();
            let object = (stream.listing)(&engine.store).retrieve(id, shared.clock.today());
            object.ok_or_else(|| ApiError::no_such(stream.noun, id))
        }
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
) -> Result<Vec<u8>, ApiError> {
    let options = &shared.options;
    let mut query = if stream.is_unpaged && options.unpaged_users {
        ListQuery::parse_unpaged(query, stream)?
    } else {
        ListQuery::parse(query, stream, options.page_cap)?
    };
    if let Some(parent) = parent {
        query = query.under(parent);
    }
    // The page holds counted references, so the lock is free again while the body is written.
    let page = (stream.listing)(&shared.engine().store).page(&query)?;
    Ok(page.body(options.total_pages))
}

/// Names what a path asks for.
enum Route {
    Account,
    List(&'static Stream),
    Object(&'static Stream, String),
    Statements(String),
    ByExternalId,
    Unknown,
    Outside,
}

impl Route {
    fn of(uri: &Uri) -> Self {
        let Some(path) = uri.path().strip_prefix(API_PREFIX) else {
            return Self::Outside;
        };
        let segments: Vec<String> = path.split('/').skip(1).map(decode).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["account"] => Self::Account,
            ["customers", "by_external_id"] => Self::ByExternalId,
            ["customers", id, "statements"] => Self::Statements((*id).to_owned()),
            [name] => streams::find(name).map_or(Self::Unknown, Self::List),
            [name, id] => streams::find(name)
                .map_or(Self::Unknown, |stream| Self::Object(stream, (*id).to_owned())),
            _ => Self::Unknown,
        }
    }

    fn pattern(&self) -> String {
        match self {
            Self::Account => "/account".to_owned(),
            Self::List(stream) => format!("/{}", stream.name),
            Self::Object(stream, _) => format!("/{}/{{id}}", stream.name),
            Self::Statements(_) => "/customers/{id}/statements".to_owned(),
            Self::ByExternalId => "/customers/by_external_id".to_owned(),
            Self::Unknown | Self::Outside => "unknown".to_owned(),
        }
    }
}

/// Decodes a path segment. Ids hold no `+`, which is all that tells paths from forms here.
fn decode(segment: &str) -> String {
    let form = format!("={segment}");
    let mut pairs = form_urlencoded::parse(form.as_bytes());
    pairs.next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
