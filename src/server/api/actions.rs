//! What staff can do for a customer, for consoles: a refund, a replacement.
//!
//! Owns: the list of actions, running one, what was run and how it ended.
//! Invariants: only whoever has the conversation runs one; the console has asked its user before it calls this.
//! Leaves out: limits and audit (`conversation`), the call itself (`backend`).

use super::acts::{act, lost, owner};
use super::views::open;
use super::{Problem, allowed, problem};
use crate::app::Scope;
use crate::conversation::{Acted, StaffAction};
use crate::server::Server;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Something that staff can do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Available {
    /// Its name.
    name: String,
    /// What it does.
    title: String,
    /// The values that it needs.
    params: Vec<String>,
    /// The most that one customer gets in thirty days, by value, in hundredths.
    limits: BTreeMap<String, u64>,
}

/// Who does it, and with which values.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Run {
    /// The name that customers and colleagues read.
    staff: String,
    /// Values by name; what is known of the customer (their order) may be left out.
    #[serde(default)]
    values: BTreeMap<String, String>,
    /// The same was run within thirty days, and is meant once more.
    #[serde(default)]
    again: bool,
}

/// Something that was run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ran {
    /// The call's number in the conversation.
    number: u64,
    /// The action.
    action: String,
    /// Its values.
    values: BTreeMap<String, String>,
    /// Who.
    by: String,
    /// When, RFC 3339.
    at: String,
    /// How it ended; nothing while it is under way. After `error` or `timeout` it may have gone through.
    outcome: Option<String>,
}

impl Ran {
    fn of(acted: &Acted) -> Self {
        Ran {
            number: acted.number,
            action: acted.action.clone(),
            values: acted.values.clone(),
            by: acted.by.clone(),
            at: acted.at.to_string(),
            outcome: acted.outcome.clone(),
        }
    }
}

/// What staff can do for a customer.
#[utoipa::path(get, path = "/api/v1/actions", tag = "read", responses((status = 200, body = Vec<Available>)))]
pub(super) async fn all(State(server): State<Server>, headers: HeaderMap) -> Response {
    if let Err(refused) = allowed(&server, &headers, Scope::Read) {
        return *refused;
    }
    let rules = server.app.rules.load();
    let available = rules.actions.iter().map(|action| Available {
        name: action.name.clone(),
        title: action.title.clone(),
        params: action.params.clone(),
        limits: action.limits.clone(),
    });
    Json(available.collect::<Vec<_>>()).into_response()
}

/// What was done for this customer in the last thirty days.
#[utoipa::path(get, path = "/api/v1/handoffs/{id}/actions", tag = "read", params(("id" = String, Path)),
    responses((status = 200, body = Vec<Ran>)))]
pub(super) async fn runs(State(server): State<Server>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refused) = allowed(&server, &headers, Scope::Read) {
        return *refused;
    }
    match open(&server, &id).await {
        Err(refused) => *refused,
        Ok((_, state)) => Json(state.acted.iter().map(Ran::of).collect::<Vec<_>>()).into_response(),
    }
}

/// Runs an action for the customer; needs an `Idempotency-Key`. It is under way when this answers; how it ended stands in the list and the transcript.
#[utoipa::path(post, path = "/api/v1/handoffs/{id}/actions/{action}", tag = "work",
    params(("id" = String, Path), ("action" = String, Path)), request_body = Run,
    responses((status = 202, body = Ran), (status = 409, description = "not done, and why", body = Problem)))]
pub(super) async fn run(
    State(server): State<Server>,
    Path((id, action)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Run>,
) -> Response {
    // Whoever hears nothing asks again: without a key that could be a second refund.
    if !headers.contains_key("idempotency-key") {
        return problem(StatusCode::BAD_REQUEST, "send an `Idempotency-Key`, the same for every try at this one action");
    }
    // A key belongs to these values: with others it is another action.
    let what = format!("do {action} {:?} {}", body.values, body.again);
    let wanted = |message| StaffAction::Act { action: action.clone(), values: body.values.clone(), message, again: body.again };
    match act(&server, &headers, &what, &id, &body.staff, wanted).await {
        Err(refused) => *refused,
        Ok((_, _, None)) => problem(StatusCode::NOT_FOUND, "no handoff is open under this id"),
        Ok((staff, message, Some(state))) => match state.acted.iter().rev().find(|acted| acted.message == message) {
            Some(acted) => (StatusCode::ACCEPTED, Json(Ran::of(acted))).into_response(),
            None if owner(&state).is_none_or(|owner| owner.id != staff.id) => lost(&state),
            None => {
                let why = state.refused.filter(|(refused, _)| *refused == message).map(|(_, why)| why);
                problem(StatusCode::CONFLICT, why.unwrap_or_else(|| "not done".into()))
            }
        },
    }
}
