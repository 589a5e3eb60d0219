//! Random business on request: `POST /_emulator/churn?actions=N`, see [`Churn`].

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::json;

use super::admin::parameters;
use crate::emulator::account::list::render;
use crate::emulator::api::answer::{ApiError, json_body};
use crate::emulator::api::routes::Shared;
use crate::emulator::business::churn::Churn;

/// Keeps one call from playing for minutes.
const MOST_ACTIONS: u32 = 1_000_000;
const MOST_SECONDS: u32 = 3_660 * 86_400;

/// Routes the endpoint of the module docs.
pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new().route("/_emulator/churn", post(churn))
}

async fn churn(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Response, ApiError> {
    let order: Churn = parameters(&uri)?;
    if order.actions > MOST_ACTIONS {
        return Err(ApiError::invalid("actions"));
    }
    if order.over_seconds > MOST_SECONDS {
        return Err(ApiError::invalid("over_seconds"));
    }
    if order.silent_percent > 100 {
        return Err(ApiError::invalid("silent_percent"));
    }
    Ok(match tokio::task::spawn_blocking(move || shared.churn(&order)).await {
        Ok((now, played)) => json_body(render(&json!({"now": now, "played": played}))),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    })
}
