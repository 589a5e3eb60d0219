//! JSON answers, and the errors among them (CONTRACT A1.3).

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::list::render;

/// Answers with rendered JSON.
pub(super) fn json_body(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// Answers a request that cannot be served.
#[derive(Debug)]
pub(super) struct ApiError {
    status: StatusCode,
    message: String,
    param: Option<&'static str>,
}

impl ApiError {
    /// Says that a parameter has no valid value (400).
    pub(super) fn invalid(param: &'static str) -> Self {
        let message = format!("Invalid value for param: {param}.");
        Self { status: StatusCode::BAD_REQUEST, message, param: Some(param) }
    }

    /// Says that the cursor names no object (400).
    pub(super) fn unknown_cursor(param: &'static str, id: &str) -> Self {
        let message = format!("No such object: {id}");
        Self { status: StatusCode::BAD_REQUEST, message, param: Some(param) }
    }

    /// Says that an id names no object (404).
    pub(super) fn no_such(noun: &str, id: &str) -> Self {
        let message = format!("No such {noun}: {id}");
        Self { status: StatusCode::NOT_FOUND, message, param: Some("id") }
    }

    /// Says that a path leads nowhere (404).
    pub(super) fn unknown_path(path: &str) -> Self {
        let message = format!("Unrecognized request URL: {path}");
        Self { status: StatusCode::NOT_FOUND, message, param: None }
    }

    /// Says that a method is not served (405).
    pub(super) fn method(method: &str) -> Self {
        let message = format!("Method {method} is not served.");
        Self { status: StatusCode::METHOD_NOT_ALLOWED, message, param: None }
    }

    /// Says that the key is wrong (401) without echoing more than its first four characters.
    pub(super) fn invalid_key(key: &str) -> Self {
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
