//! JSON answers, and the errors among them (CONTRACT A1.3).

use std::time::{Duration, UNIX_EPOCH};

use axum::http::header::{CONTENT_TYPE, DATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde_json::json;

use crate::emulator::account::list::render;
use crate::emulator::account::refusal::Refusal;

/// Answers with rendered JSON.
pub(crate) fn json_body(body: impl Into<Bytes>) -> Response {
    ([(CONTENT_TYPE, "application/json")], body.into()).into_response()
}

/// Shows a Unix second as the time of an answer. The server adds no `Date` of its own where one is
/// present.
pub(crate) fn dated(mut response: Response, seconds: i64) -> Response {
    let seconds = u64::try_from(seconds).unwrap_or_default();
    let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

/// Answers a request that cannot be served.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    message: String,
    param: Option<&'static str>,
}

impl ApiError {
    /// Says that a parameter has no valid value (400).
    pub(crate) fn invalid(param: &'static str) -> Self {
        let message = format!("Invalid value for param: {param}.");
        Self { status: StatusCode::BAD_REQUEST, message, param: Some(param) }
    }

    /// Says what is wrong with the parameters of one of the emulator's own endpoints (400).
    pub(crate) fn malformed(message: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message, param: None }
    }

    /// Says that a parameter has to be sent (400).
    pub(crate) fn missing(param: &'static str) -> Self {
        let message = format!("Missing {param}");
        Self { status: StatusCode::BAD_REQUEST, message, param: Some(param) }
    }

    /// Says why the parameters cannot be read at all (400).
    pub(crate) fn unreadable(message: &str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.to_owned(), param: None }
    }

    /// Says that the state of an object forbids what was asked for.
    pub(crate) fn refused(refusal: Refusal, status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::PAYMENT_REQUIRED);
        Self { status, message: refusal.to_string(), param: None }
    }

    /// Says that a parameter names no object (404).
    pub(crate) fn unknown_reference(param: &'static str, noun: &str, id: &str) -> Self {
        Self { param: Some(param), ..Self::no_such(noun, id) }
    }

    /// Says that the cursor names no object (400).
    pub(crate) fn unknown_cursor(param: &'static str, id: &str) -> Self {
        let message = format!("No such object: {id}");
        Self { status: StatusCode::BAD_REQUEST, message, param: Some(param) }
    }

    /// Refuses with another status than usual.
    pub(crate) fn with_status(self, status: u16) -> Self {
        Self { status: StatusCode::from_u16(status).unwrap_or(self.status), ..self }
    }

    /// Says that an id names no object (404).
    pub(crate) fn no_such(noun: &str, id: &str) -> Self {
        let message = format!("No such {noun}: {id}");
        Self { status: StatusCode::NOT_FOUND, message, param: Some("id") }
    }

    /// Says that a path leads nowhere (404).
    pub(crate) fn unknown_path(path: &str) -> Self {
        let message = format!("Unrecognized request URL: {path}");
        Self { status: StatusCode::NOT_FOUND, message, param: None }
    }

    /// Says that a method is not served (405).
    pub(crate) fn method(method: &str) -> Self {
        let message = format!("Method {method} is not served.");
        Self { status: StatusCode::METHOD_NOT_ALLOWED, message, param: None }
    }

    /// Says that the key is wrong (401) without echoing more than its first four characters.
    pub(crate) fn invalid_key(key: &str) -> Self {
        let start: String = key.chars().take(4).collect();
        let message = format!("Invalid API Key provided: {start}…");
        Self { status: StatusCode::UNAUTHORIZED, message, param: None }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut error = json!({"type": "invalid_request_error", "message": self.message});
        if let Some(param) = self.param {
            error["param"] = param.into();
        }
        (self.status, json_body(render(&json!({ "error": error })))).into_response()
    }
}
