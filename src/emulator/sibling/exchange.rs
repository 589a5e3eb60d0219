//! What a request says, and what is answered.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::faults::SiblingTrouble;
use super::options::SiblingKind;
use crate::emulator::account::list::render;

/// Holds one request to the API.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) method: String,
    /// Holds the parts of the path below the base, decoded; a slash at the end adds none.
    pub(crate) path: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Holds the simulated second in which it came.
    pub(crate) now: i64,
    /// Says what goes wrong with its page.
    pub(crate) trouble: Option<SiblingTrouble>,
}

impl Ask {
    /// Decodes the parts of a path.
    pub(crate) fn parts(path: &str) -> Vec<String> {
        let path = path.trim_start_matches('/');
        let path = path.strip_suffix('/').unwrap_or(path);
        let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        path.split('/').map(decode).collect()
    }

    /// Decodes a query.
    pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
        form_urlencoded::parse(query.as_bytes()).into_owned().collect()
    }

    /// Gives the path as something to choose by.
    pub(crate) fn route(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// Gives a parameter that was sent and is not blank.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// Gives a header, or an empty text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Reads the body as a JSON object; an empty one has no fields.
    pub(crate) fn fields(&self) -> Option<Map<String, Value>> {
        if self.body.is_empty() {
            return Some(Map::new());
        }
        serde_json::from_slice(&self.body).ok()
    }

    /// Says whether it is about pages and carries a place to go on from.
    pub(crate) fn has_cursor(query: &[(String, String)]) -> bool {
        query.iter().any(|(key, value)| ["after", "before"].contains(&&**key) && !value.is_empty())
    }
}

/// Answers a request.
#[derive(Debug)]
pub(crate) struct Reply {
    status: u16,
    body: Bytes,
    kind: &'static str,
    headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// Answers with JSON.
    pub(crate) fn json(body: &Value) -> Self {
        Self::text(200, render(body))
    }

    /// Answers with bytes that are called JSON.
    pub(crate) fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, body: body.into(), kind: "application/json", headers: Vec::new() }
    }

    /// Answers with lines of JSON.
    pub(crate) fn lines(values: impl IntoIterator<Item = Value>) -> Self {
        let mut body = Vec::new();
        for value in values {
            body.append(&mut render(&value));
            body.push(b'\n');
        }
        Self { kind: "application/x-ndjson", ..Self::text(200, body) }
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Asks for a wait of so many seconds.
    pub(crate) fn after(self, seconds: u32) -> Self {
        self.with(RETRY_AFTER, seconds.to_string())
    }

    /// Refuses in the words of the API.
    pub(crate) fn error(kind: SiblingKind, status: u16, message: &str) -> Self {
        Self::error_called(kind, status, usual_code(kind, status), message)
    }

    /// Refuses with a code of its own (CONTRACT B-08, C1).
    pub(crate) fn error_called(kind: SiblingKind, status: u16, code: &str, message: &str) -> Self {
        let body = match kind {
            SiblingKind::PaidAiV1 => {
                json!({"error": {"message": message, "code": code, "details": null}})
            }
            SiblingKind::PaidAiV2 => json!({"error": message, "code": code}),
            SiblingKind::AlternativePayments => json!({"code": code, "message": message}),
        };
        Self::text(status, render(&body))
    }

    /// Refuses a field or parameter.
    pub(crate) fn invalid(kind: SiblingKind, status: u16, field: &str, message: &str) -> Self {
        let code = usual_code(kind, status);
        let told = format!("{field} {message}");
        let body = match kind {
            SiblingKind::PaidAiV1 => json!({"error": {
                "message": told, "code": code, "details": {"field": field},
            }}),
            SiblingKind::PaidAiV2 => json!({"error": told, "code": code, "details": field}),
            SiblingKind::AlternativePayments => json!({
                "code": code,
                "message": "The request is not valid.",
                "validation_errors": {field: message},
            }),
        };
        Self::text(status, render(&body))
    }

    /// Gives half of the body, as if it was all.
    pub(crate) fn halved(mut self) -> Self {
        self.body.truncate(self.body.len() / 2);
        self
    }

    /// Gives the status.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }
}

const RETRY_AFTER: &str = "retry-after";

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.kind));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

fn usual_code(kind: SiblingKind, status: u16) -> &'static str {
    let is_paid = kind != SiblingKind::AlternativePayments;
    match status {
        400 if is_paid => "INVALID_REQUEST",
        401 if is_paid => "UNAUTHORIZED",
        403 if is_paid => "FORBIDDEN",
        404 if is_paid => "NOT_FOUND",
        405 if is_paid => "METHOD_NOT_ALLOWED",
        409 if is_paid => "CONFLICT",
        429 if is_paid => "RATE_LIMITED",
        _ if is_paid => "INTERNAL_SERVER_ERROR",
        400 => "bad_request",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        422 => "unprocessable_entity",
        429 => "too_many_requests",
        _ => "internal_server_error",
    }
}

/// Gives the usual words for a status.
pub(crate) fn usual_message(status: u16) -> &'static str {
    let status = StatusCode::from_u16(status).ok();
    status.and_then(|status| status.canonical_reason()).unwrap_or("Error")
}
