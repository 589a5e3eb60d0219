//! Carries requests: log and faults first, then the API.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::map_response_with_state;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::alternative::tokens::Tokens;
use super::exchange::{Ask, Reply, usual_message};
use super::faults::{Aim, Faults, SiblingTrouble};
use super::options::{SiblingKind, SiblingOptions};
use super::store::{Kind, PARENT, Store};
use super::{alternative, business, control, paid_ai};
use crate::emulator::api::answer::dated;
use crate::emulator::api::wire::Switch;
use crate::emulator::clock::Clock;
use crate::emulator::control::counters::Counters;
use crate::emulator::control::log::Log;

/// Bounds a body: one megabyte.
const MOST_BYTES: usize = 1 << 20;
/// Parts of paths that are no ids.
const WORDS: [&str; 6] = ["external", "currencies", "events", "request", "token", "credits"];

/// Holds what all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: SiblingOptions,
    pub(crate) clock: Clock,
    pub(crate) log: Log,
    pub(crate) counters: Counters,
    books: Mutex<Books>,
}

/// Holds what requests change.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) store: Store,
    pub(crate) tokens: Tokens,
    pub(crate) faults: Faults,
    /// Holds when the last requests came that were not refused for their pace.
    recent: VecDeque<Instant>,
}

impl Books {
    /// Reads a list as [`Sibling::truth`](super::Sibling::truth) tells it.
    pub(crate) fn truth(&self, list: &str, options: &SiblingOptions) -> Option<Vec<Value>> {
        let (name, archived) = match list.strip_suffix("_archived") {
            Some(name) => (name, true),
            None => (list, false),
        };
        let kind = self.store.kind(name)?;
        let wanted = self.store.entries(name);
        let wanted = wanted.filter(|entry| self.store.is_live(kind, entry) != archived);
        let shown = wanted.map(|entry| {
            let mut object = paid_ai::spelling::spelled(self.store.view(name, entry), options);
            if let (Some(parent), Some(fields)) = (&entry.parent, object.as_object_mut())
                && !business::names_parent(name)
            {
                fields.insert(PARENT.to_owned(), parent.clone().into());
            }
            object
        });
        Some(shown.collect())
    }

    /// Counts the live objects of each list.
    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        let live = |kind: &'static Kind| {
            let count = self.store.entries(kind.name);
            let count = count.filter(|entry| self.store.is_live(kind, entry)).count();
            (kind.name.to_owned(), u64::try_from(count).unwrap_or(u64::MAX))
        };
        self.store.kinds().iter().map(live).collect()
    }

    /// Says whether one request more within a second is one too many.
    fn is_hasty(&mut self, limit: Option<u32>) -> bool {
        let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) else { return false };
        let now = Instant::now();
        let is_old = |at: &Instant| now.duration_since(*at) >= Duration::from_secs(1);
        while self.recent.pop_front_if(|at| is_old(at)).is_some() {}
        if self.recent.len() >= limit {
            return true;
        }
        self.recent.push_back(now);
        false
    }
}

impl Shared {
    /// Founds the account and starts its clock.
    pub(crate) fn founded(options: SiblingOptions) -> Self {
        let store = match options.kind {
            SiblingKind::AlternativePayments => alternative::founding::found(&options),
            SiblingKind::PaidAiV1 => paid_ai::first::found(&options),
            SiblingKind::PaidAiV2 => paid_ai::second::found(&options),
        };
        let books = Books {
            store,
            tokens: Tokens::new(options.seed),
            faults: Faults::default(),
            recent: VecDeque::new(),
        };
        Self {
            clock: Clock::starting_at(options.now, options.ticks),
            options,
            log: Log::new(),
            counters: Counters::default(),
            books: Mutex::new(books),
        }
    }

    /// Opens what requests change.
    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Plays random business.
    pub(crate) fn churn(&self, seed: u64, actions: u32) {
        business::churn(
            self.options.kind,
            &mut self.books().store,
            seed,
            actions,
            self.clock.now(),
        );
    }

    /// Answers a request to the API; trouble of the connection is left to the caller.
    fn answer(&self, mut ask: Ask, path: &str) -> (Reply, Option<SiblingTrouble>) {
        let kind = self.options.kind;
        let mut books = self.books();
        let aim = Aim {
            path,
            is_list: ask.method == "GET" && is_list(kind, &ask.route()),
            has_cursor: Ask::has_cursor(&ask.query),
        };
        ask.trouble = books.faults.take(aim);
        let trouble = ask.trouble.clone();
        if let Some(reply) = trouble.as_ref().and_then(|trouble| stand_in(kind, trouble, ask.now)) {
            return (reply, trouble);
        }
        match trouble {
            Some(SiblingTrouble::RevokeToken) => {
                books.tokens.revoke();
                if kind != SiblingKind::AlternativePayments {
                    return (Reply::error(kind, 401, "The API key was revoked."), trouble);
                }
            }
            Some(SiblingTrouble::Shift) => shift(&mut books, &ask.route()),
            _ => {}
        }
        let limit = self.options.requests_per_second;
        let is_paced =
            kind == SiblingKind::AlternativePayments && ask.route() != ["oauth", "token"];
        if is_paced && books.is_hasty(limit) {
            return (Reply::error(kind, 429, "Rate limit exceeded.").after(1), trouble);
        }
        let reply = match kind {
            SiblingKind::AlternativePayments => {
                alternative::answer(&mut books, &self.options, &ask)
            }
            SiblingKind::PaidAiV1 | SiblingKind::PaidAiV2 => {
                paid_ai::answer(&mut books.store, &self.options, &ask)
            }
        };
        (reply, trouble)
    }
}

/// Says whether a path leads to a list that may come in pages.
fn is_list(kind: SiblingKind, route: &[&str]) -> bool {
    matches!(
        (kind, route),
        (_, [_])
            | (SiblingKind::PaidAiV1, ["orders", _, "invoices"])
            | (SiblingKind::PaidAiV2, ["orders" | "invoices", _, "lines" | "seats"])
            | (
                SiblingKind::AlternativePayments,
                ["webhooks", "events"] | ["customers", _, "users"] | ["payouts", _, "transactions"],
            )
    )
}

fn shift(books: &mut Books, route: &[&str]) {
    let (list, parent) = match route {
        [list, id, child] => {
            let name = business::child_list(list, child);
            (name.to_owned(), Some(*id))
        }
        [list, ..] => (list.replace('-', "_"), None),
        [] => return,
    };
    books.store.remove_front(&list, parent);
}

/// Gives what is answered instead of what was asked for.
fn stand_in(kind: SiblingKind, trouble: &SiblingTrouble, now: i64) -> Option<Reply> {
    let too_many = || Reply::error(kind, 429, usual_message(429));
    match trouble {
        SiblingTrouble::Status(status) => Some(Reply::error(kind, *status, usual_message(*status))),
        SiblingTrouble::StatusWithBody(status, body) => Some(Reply::text(*status, body.clone())),
        SiblingTrouble::Body(body) => Some(Reply::text(200, body.clone())),
        SiblingTrouble::RetryAfter(seconds) => Some(too_many().after(*seconds)),
        SiblingTrouble::RateLimitReset(seconds) => {
            let from = now.saturating_add(i64::from(*seconds)).to_string();
            Some(too_many().with("x-ratelimit-reset", from))
        }
        _ => None,
    }
}

/// Builds the server's routes.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(control::router())
        .fallback(serve)
        .layer(map_response_with_state(Arc::clone(&shared), stamp_date))
        .with_state(shared)
}

/// Shows the simulated time.
async fn stamp_date(State(shared): State<Arc<Shared>>, response: Response) -> Response {
    dated(response, shared.clock.now())
}

async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(switch): ConnectInfo<Switch>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let kind = shared.options.kind;
    let Some(path) = parts.uri.path().strip_prefix(kind.prefix()) else {
        return Reply::error(kind, 404, "There is nothing at this path.").into_response();
    };
    let query = parts.uri.query().unwrap_or_default();
    let method = parts.method.as_str();
    let entry = shared.log.enter(method, path, query);
    let route = Ask::parts(path);
    let is_get = method == "GET";
    let is_forbidden = kind == SiblingKind::AlternativePayments && is_forbidden(method, &route);
    let in_flight = shared.counters.enter(pattern(&route), is_get, is_forbidden);
    if !shared.options.latency.is_zero() {
        tokio::time::sleep(shared.options.latency).await;
    }
    // A body that is broken or too long is like none: what it should say is missed.
    let body = to_bytes(body, MOST_BYTES).await.unwrap_or_default();
    let ask = Ask {
        method: method.to_owned(),
        path: route,
        query: Ask::pairs(query),
        headers: parts.headers.clone(),
        body,
        now: shared.clock.now(),
        trouble: None,
    };
    let (mut reply, trouble) = shared.answer(ask, path);
    let is_reset = trouble == Some(SiblingTrouble::Reset);
    if is_reset {
        switch.reset_before_answer();
    }
    if trouble == Some(SiblingTrouble::Truncate) {
        reply = reply.halved();
    }
    let struck = trouble.iter().map(SiblingTrouble::name).collect();
    entry.answered((!is_reset).then_some(reply.status()), struck);
    drop(in_flight);
    reply.into_response()
}

/// Says whether a call is one that no mirror may make (CONTRACT C2).
fn is_forbidden(method: &str, route: &[String]) -> bool {
    let charges = method != "GET" && route.first().is_some_and(|list| list == "payments");
    let links = ["payment-link", "pdf-link"];
    charges || route.last().is_some_and(|last| links.contains(&last.as_str()))
}

/// Writes a path with `{id}` in place of ids.
fn pattern(route: &[String]) -> String {
    let mut pattern = String::new();
    let mut before = "";
    for (position, part) in route.iter().enumerate() {
        let is_id = before == "external" || (position == 1 && !WORDS.contains(&part.as_str()));
        pattern.push('/');
        pattern.push_str(if is_id { "{id}" } else { part });
        before = part;
    }
    pattern
}
