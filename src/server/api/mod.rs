//! The API for other desks and tools: `/api/v1`.
//!
//! Owns: its endpoints, their description as OpenAPI (`/api/v1/openapi.json`), who may use them.
//! Invariants: without a token nothing is read; a token does only what its scopes say; an action is an event like any other, in the
//! order of its conversation, so a claim is exclusive over Telegram and API; the same `Idempotency-Key` acts once; an answer says
//! what has become of it, never less; no token, name or text reaches a log.
//! Leaves out: what an action means (`conversation`).

mod actions;
mod acts;
mod events;
mod views;

use super::Server;
use crate::app::Scope;
use axum::Json;
use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use subtle::ConstantTimeEq;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi, ToSchema};

/// Somebody who may use the API.
#[derive(Clone, Debug)]
pub struct Access {
    /// The name in the configuration.
    pub name: String,
    /// What the token may do.
    pub scopes: Vec<Scope>,
    /// The token.
    pub token: SecretString,
}

/// Why something was not done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// One sentence, for a person.
    error: String,
}

fn problem(status: StatusCode, error: impl Into<String>) -> Response {
    (status, Json(Problem { error: error.into() })).into_response()
}

/// Whose token this is, where it may do this.
fn allowed<'s>(server: &'s Server, headers: &HeaderMap, scope: Scope) -> Result<&'s Access, Box<Response>> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| value.strip_prefix("Bearer "));
    // Every token is compared, so that the time says nothing about which one was nearly right.
    let mut found = None;
    for access in server.api.iter() {
        let same = given.is_some_and(|given| bool::from(given.as_bytes().ct_eq(access.token.expose_secret().as_bytes())));
        found = if same { Some(access) } else { found };
    }
    match found {
        None => {
            metrics::counter!("warmline_api_refused_total").increment(1);
            Err(Box::new(problem(StatusCode::UNAUTHORIZED, "send the token as `Authorization: Bearer …`")))
        }
        Some(access) if !access.scopes.contains(&scope) => {
            Err(Box::new(problem(StatusCode::FORBIDDEN, format!("this token has no scope `{}`", scope.name()))))
        }
        Some(access) => Ok(access),
    }
}

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        openapi.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Warmline", description = "Handoffs to people: who waits, what they wrote, claiming, answering, closing."),
    paths(
        views::handoffs, views::handoff, views::transcript, views::stats, acts::claim, acts::release, acts::reply, acts::note, acts::close,
        actions::all, actions::run, actions::runs, events::events
    ),
    modifiers(&Bearer),
    security(("token" = []))
)]
struct Description;

/// The description of all endpoints.
async fn description() -> Json<utoipa::openapi::OpenApi> {
    Json(Description::openapi())
}

/// All endpoints.
pub(super) fn router() -> Router<Server> {
    Router::new()
        .route("/api/v1/openapi.json", get(description))
        .route("/api/v1/handoffs", get(views::handoffs))
        .route("/api/v1/handoffs/{id}", get(views::handoff))
        .route("/api/v1/handoffs/{id}/transcript", get(views::transcript))
        .route("/api/v1/handoffs/{id}/claim", post(acts::claim))
        .route("/api/v1/handoffs/{id}/release", post(acts::release))
        .route("/api/v1/handoffs/{id}/reply", post(acts::reply))
        .route("/api/v1/handoffs/{id}/note", post(acts::note))
        .route("/api/v1/handoffs/{id}/close", post(acts::close))
        .route("/api/v1/handoffs/{id}/actions", get(actions::runs))
        .route("/api/v1/handoffs/{id}/actions/{action}", post(actions::run))
        .route("/api/v1/actions", get(actions::all))
        .route("/api/v1/stats", get(views::stats))
        .route("/api/v1/events", get(events::events))
}
