//! What faults do to HTTP answers.

use std::convert::Infallible;
use std::time::{Duration, UNIX_EPOCH};

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use serde_json::json;

use super::chance::{draw, url_key};
use super::rules::Strike;
use super::what::{AnswerBody, RateLimit, Status, What};
use crate::emulator::account::list::render;
use crate::emulator::api::answer::json_body;
use crate::emulator::api::wire::Switch;

/// Moves the `Date` of the answer that carries it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DateShift(pub(crate) i64);

/// Makes the answer that stands in for the true one; none where the true one is only broken.
pub(crate) fn stand_in(strike: &Strike, now: i64) -> Option<Response> {
    match &strike.what {
        What::Status(status) => Some(status_answer(status, now)),
        What::RateLimit(RateLimit { status, retry_after, .. }) => {
            let seconds = strike.wait.as_secs() + u64::from(strike.wait.subsec_nanos() > 0);
            let wait = u32::try_from(seconds).unwrap_or(u32::MAX);
            let status = Status { retry_after: retry_after.then_some(wait), ..Status::of(*status) };
            Some(status_answer(&status, now))
        }
        // Never sent: the connection ends first.
        What::Reset {} => Some(StatusCode::OK.into_response()),
        _ => None,
    }
}

fn status_answer(status: &Status, now: i64) -> Response {
    let code = StatusCode::from_u16(status.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let message = status.message.clone().unwrap_or_else(|| usual_message(code).to_owned());
    let title = format!("{} {}", code.as_u16(), code.canonical_reason().unwrap_or("Error"));
    let mut response = match status.body {
        AnswerBody::Error => error_body(code, &message, status.param.as_deref()),
        AnswerBody::Html => {
            let page = format!(
                "<!DOCTYPE html>\n<html><head><title>{title}</title></head>\n\
                 <body><h1>{title}</h1><p>{message}</p></body></html>\n"
            );
            ([(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
        }
        AnswerBody::Text => message.into_response(),
        AnswerBody::Empty => ().into_response(),
    };
    *response.status_mut() = code;
    if let Some(seconds) = status.retry_after {
        let wait = if status.as_date { http_date(now, seconds) } else { seconds.to_string() };
        if let Ok(wait) = HeaderValue::from_str(&wait) {
            response.headers_mut().insert(RETRY_AFTER, wait);
        }
    }
    response
}

fn error_body(code: StatusCode, message: &str, param: Option<&str>) -> Response {
    let kind = if code.is_server_error() { "api_error" } else { "invalid_request_error" };
    let mut error = json!({"type": kind, "message": message});
    if let Some(param) = param {
        error["param"] = param.into();
    }
    json_body(render(&json!({ "error": error })))
}

fn usual_message(code: StatusCode) -> &'static str {
    match code.as_u16() {
        401 => "Invalid API Key provided: …",
        402 => "Upgrade Required",
        403 | 429 => "Rate Limit Exceeded",
        404 => "No such object.",
        _ => code.canonical_reason().unwrap_or("Error"),
    }
}

fn http_date(now: i64, seconds: u32) -> String {
    let at = u64::try_from(now.saturating_add(seconds.into())).unwrap_or_default();
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(at))
}

/// Breaks an answer, or lets the connection break it.
pub(crate) async fn damaged(
    response: Response,
    what: &What,
    switch: &Switch,
    url: &str,
) -> Response {
    if *what == (What::Reset {}) {
        switch.reset_before_answer();
        return response;
    }
    let (What::ResetInside { after_bytes: at } | What::Truncate { bytes: at }) = what else {
        return if *what == (What::Garble {}) { garbled(response, url).await } else { response };
    };
    let (head, body) = opened(response).await;
    let at = (*at).min(body.len().saturating_sub(1));
    let body = match what {
        // Whoever expects no body sees the end of the head as the end of the answer.
        What::ResetInside { .. } if body.is_empty() => {
            switch.reset_before_answer();
            body
        }
        What::ResetInside { .. } => {
            switch.reset_inside_body(at);
            body
        }
        _ => body.slice(..at),
    };
    Response::from_parts(head, Body::from(body))
}

/// Puts a byte that JSON allows nowhere into the body, at a place that the URL chooses.
async fn garbled(response: Response, url: &str) -> Response {
    let (head, body) = opened(response).await;
    let mut bytes = Vec::from(body);
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX).max(1);
    let place = draw(0, url_key("", url, ""), 0) % length;
    match usize::try_from(place).ok().and_then(|place| bytes.get_mut(place)) {
        Some(byte) => *byte = 0,
        None => bytes.push(0),
    }
    Response::from_parts(head, Body::from(bytes))
}

/// Changes how an answer is sent.
pub(crate) async fn sent(mut response: Response, what: &What, switch: &Switch) -> Response {
    match what {
        What::WrongType {} => {
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, html);
            response
        }
        What::NoDate {} => {
            switch.leave_date_out();
            response
        }
        What::Trickle { milliseconds, bytes } => {
            trickled(response, Duration::from_millis(*milliseconds), *bytes).await
        }
        _ => response,
    }
}

async fn trickled(response: Response, pause: Duration, size: usize) -> Response {
    let (mut head, body) = opened(response).await;
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let pieces = stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(size.min(rest.len()));
        Some((Ok::<_, Infallible>(piece), rest))
    });
    Response::from_parts(head, Body::from_stream(pieces))
}

async fn opened(response: Response) -> (axum::http::response::Parts, Bytes) {
    let (mut head, body) = response.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    // Bodies are made in memory here, so reading one cannot fail.
    (head, to_bytes(body, usize::MAX).await.unwrap_or_default())
}
