//! One request's way through the faults.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;

use super::Faults;
use super::response::{self, DateShift};
use super::rules::Decision;
use super::what::What;
use crate::emulator::api::routes::Shared;
use crate::emulator::api::wire::Switch;

/// Describes a request as rules see it; paths come without `/v0`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// Holds the method in capital letters.
    pub(crate) method: &'a str,
    /// Holds the path with `{id}` in place of ids.
    pub(crate) pattern: &'a str,
    /// Holds the path as asked.
    pub(crate) path: &'a str,
    /// Holds the query as asked.
    pub(crate) query: &'a str,
    /// Says whether a list is asked for.
    pub(crate) is_list: bool,
}

/// Takes one request through the faults.
pub(crate) struct Turn<'a>(pub(super) Option<Taken<'a>>);

/// Holds a turn in which something may go wrong.
pub(super) struct Taken<'a> {
    pub(super) faults: &'a Faults,
    pub(super) decision: Decision,
    /// Names list and filter of the request.
    pub(super) list: String,
    url: String,
    has_body: bool,
}

impl fmt::Debug for Turn<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decision = self.0.as_ref().map(|taken| &taken.decision);
        formatter.debug_tuple("Turn").field(&decision).finish()
    }
}

impl<'a> Turn<'a> {
    /// Takes a turn in which nothing can go wrong.
    pub(crate) fn quiet() -> Self {
        Self(None)
    }

    /// Decides what goes wrong with a request.
    pub(crate) fn taken(faults: &'a Faults, request: &Request<'_>) -> Self {
        let decision = faults.rules().decide(request);
        let list = super::pages::list_and_filter(request.path, request.query);
        let url = format!("{}?{}", request.path, request.query);
        let has_body = request.method != "HEAD";
        Self(Some(Taken { faults, decision, list, url, has_body }))
    }

    /// Waits and lets business happen, as ordered.
    pub(crate) async fn begin(&self, shared: &Arc<Shared>) {
        let Some(taken) = &self.0 else { return };
        let (mut delay, mut actions) = (Duration::ZERO, 0_u32);
        for what in &taken.decision.before {
            match what {
                What::Slow { milliseconds } => {
                    delay = delay.saturating_add(Duration::from_millis(*milliseconds));
                }
                What::Play { actions: more } => actions = actions.saturating_add(*more),
                _ => {}
            }
        }
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if actions > 0 {
            let playing = Arc::clone(shared);
            let played = tokio::task::spawn_blocking(move || playing.play(actions));
            // A play that fails shows in the account; the answer is made all the same.
            played.await.unwrap_or_default();
        }
    }

    /// Gives the answer that stands in for the true one, if one does.
    pub(crate) fn stand_in(&self, now: i64) -> Option<Response> {
        let taken = self.0.as_ref()?;
        let strike = taken.decision.failure.as_ref()?;
        response::stand_in(strike, now.saturating_add(taken.skew()))
    }

    /// Does to the answer what is ordered, and to the connection that carries it.
    pub(crate) async fn finish(&self, response: Response, switch: &Switch) -> Response {
        let Some(taken) = &self.0 else { return response };
        let mut response = response;
        if let Some(strike) = &taken.decision.failure {
            let what = match &strike.what {
                // There is no inside.
                What::ResetInside { .. } if !taken.has_body => &What::Reset {},
                what => what,
            };
            response = response::damaged(response, what, switch, &taken.url).await;
        }
        for what in &taken.decision.answer {
            response = response::sent(response, what, switch).await;
        }
        response.extensions_mut().insert(DateShift(taken.skew()));
        response
    }

    /// Names everything that struck.
    pub(crate) fn fired(&self) -> Vec<&'static str> {
        self.0.as_ref().map_or_else(Vec::new, |taken| taken.decision.fired.clone())
    }

    /// Says whether the client gets no answer at all.
    pub(crate) fn is_reset(&self) -> bool {
        let failure = self.0.as_ref().and_then(|taken| taken.decision.failure.as_ref());
        failure.is_some_and(|strike| strike.what == What::Reset {})
    }
}

impl Taken<'_> {
    fn skew(&self) -> i64 {
        let seconds = self.decision.answer.iter().map(|what| match what {
            What::DateSkew { seconds } => *seconds,
            _ => 0,
        });
        seconds.fold(0, i64::saturating_add)
    }
}
