//! Who may call (CONTRACT A1.2): the key as Basic user name without password, or as Bearer token.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::ApiError;

/// Accepts requests that carry the key.
pub(crate) fn check(headers: &HeaderMap, key: &str) -> Result<(), ApiError> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or("");
    let (scheme, credential) = value.split_once(' ').unwrap_or((value, ""));
    let given = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => credential.trim().to_owned(),
        "basic" => user_name(credential).unwrap_or_default(),
        _ => String::new(),
    };
    if given == key { Ok(()) } else { Err(ApiError::invalid_key(&given)) }
}

/// Decodes the user name; a password makes the credential invalid.
fn user_name(credential: &str) -> Option<String> {
    // The official client breaks long credentials into lines (CONTRACT A8.1).
    let compact: String = credential.split_whitespace().collect();
    let decoded = String::from_utf8(STANDARD.decode(compact).ok()?).ok()?;
    decoded.strip_suffix(':').map(str::to_owned)
}
