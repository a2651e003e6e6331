//! What the API does.

use super::views::open;
use super::{Problem, allowed, problem};
use crate::app::Scope;
use crate::channel::{Body, Incoming, Target};
use crate::conversation::{ConversationId, Event, Fate, Owner, Staff, StaffAction, State as Conversation};
use crate::server::Server;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};
use utoipa::ToSchema;

/// Who acts.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Act {
    /// The name that customers and colleagues read.
    staff: String,
}

/// Who acts, and their words.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Words {
    /// The name that customers and colleagues read.
    staff: String,
    /// The words.
    text: String,
}

/// Who closes it, and what was agreed.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Close {
    /// The name that customers and colleagues read.
    staff: String,
    /// What was agreed: the customer reads it. In a crisis what was done: the customer does not read it, and it is needed.
    agreed: Option<String>,
}

/// How things stand after it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Done {
    /// Who has the conversation now.
    owner: Option<String>,
    /// The line's number in the transcript, where one is on its way.
    line: Option<u64>,
    /// What became of the line so far: `leaving` for five seconds, then `delivered` or `failed`. Events tell it.
    fate: Option<String>,
}

pub(super) fn owner(state: &Conversation) -> Option<&Staff> {
    match &state.owner {
        Owner::Human { staff } => Some(staff),
        _ => None,
    }
}

/// A number that stands for a message of the API where the desk's messages have theirs: below zero.
fn message(id: ConversationId, key: &str) -> i64 {
    let digest = Sha256::digest(format!("{id} {key}"));
    let number = digest.iter().take(4).fold(0_i64, |number, byte| (number << 8) | i64::from(*byte));
    -1 - (number & 0x3fff_ffff)
}

/// Tells two requests without a key of their own apart.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Takes an action in and works it through; the conversation before and after it.
pub(super) async fn act(
    server: &Server,
    headers: &HeaderMap,
    what: &str,
    id: &str,
    name: &str,
    action: impl FnOnce(i64) -> StaffAction,
) -> Result<(Staff, i64, Option<Conversation>), Box<Response>> {
    let access = allowed(server, headers, Scope::Work)?;
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
        return Err(Box::new(problem(StatusCode::UNPROCESSABLE_ENTITY, "`staff` names who acts, in 1 to 60 characters")));
    }
    let (id, _) = open(server, id).await?;
    let staff = Staff { id: format!("api:{}:{}", access.name, name.to_lowercase()), name: name.to_string() };
    let given = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).map(|key| format!("{what}:{}:{key}", access.name));
    let once = || format!("{:016x}:{}", server.app.clock.entropy(), NEXT.fetch_add(1, Ordering::Relaxed));
    let key = given.unwrap_or_else(once);
    let message = message(id, &key);
    let event = Event::Staff { staff: staff.clone(), action: action(message), chat: None, callback: None };
    let incoming =
        Incoming { target: Target::Conversation(id), kind: "api", external: key, revision: String::new(), body: Body::Event(event) };
    let failed = |error: crate::store::StoreError| {
        tracing::error!(%error, "An action of the API could not be stored.");
        Box::new(problem(StatusCode::SERVICE_UNAVAILABLE, "the store can't be written; nothing was done"))
    };
    server.app.receive(vec![incoming]).await.map_err(failed)?;
    // Whoever hangs up meanwhile cancels this request, not the work.
    let app = server.app.clone();
    if let Err(error) = tokio::spawn(async move { app.drain_inbox().await }).await {
        tracing::error!(%error, "The inbox could not be worked through.");
    }
    let after = server.app.store.state(id).await.map_err(failed)?;
    Ok((staff, message, after))
}

/// Not theirs: who has it instead.
pub(super) fn lost(state: &Conversation) -> Response {
    match owner(state) {
        Some(other) => problem(StatusCode::CONFLICT, format!("{} has it", other.name)),
        None if state.handoff.is_some() => problem(StatusCode::CONFLICT, "nobody has claimed it yet"),
        None => problem(StatusCode::CONFLICT, "nothing is open here"),
    }
}

fn done(state: &Conversation, line: Option<(u64, Fate)>) -> Response {
    let fate = line.map(|(_, fate)| match fate {
        Fate::Leaving => "leaving",
        Fate::Delivered => "delivered",
        Fate::Failed(_) => "failed",
        Fate::TakenBack => "taken_back",
        Fate::Deleted => "deleted",
    });
    let done =
        Done { owner: owner(state).map(|staff| staff.name.clone()), line: line.map(|(line, _)| line), fate: fate.map(str::to_string) };
    Json(done).into_response()
}

/// Takes it. One wins; everybody else hears who has it.
#[utoipa::path(post, path = "/api/v1/handoffs/{id}/claim", tag = "work", params(("id" = String, Path)), request_body = Act,
    responses((status = 200, body = Done), (status = 409, description = "somebody else has it", body = Problem)))]
pub(super) async fn claim(State(server): State<Server>, Path(id): Path<String>, headers: HeaderMap, Json(body): Json<Act>) -> Response {
    match act(&server, &headers, "claim", &id, &body.staff, |_| StaffAction::Claim).await {
        Err(refused) => *refused,
        Ok((staff, _, Some(state))) if owner(&state).is_some_and(|owner| owner.id == staff.id) => done(&state, None),
        Ok((_, _, Some(state))) => lost(&state),
        Ok((_, _, None)) => problem(StatusCode::NOT_FOUND, "no handoff is open under this id"),
    }
}

/// Gives it back to the queue.
#[utoipa::path(post, path = "/api/v1/handoffs/{id}/release", tag = "work", params(("id" = String, Path)), request_body = Act,
    responses((status = 200, body = Done), (status = 409, body = Problem)))]
pub(super) async fn release(State(server): State<Server>, Path(id): Path<String>, headers: HeaderMap, Json(body): Json<Act>) -> Response {
    match act(&server, &headers, "release", &id, &body.staff, |_| StaffAction::Release).await {
        Err(refused) => *refused,
        Ok((_, _, Some(state))) if state.owner == Owner::Waiting => done(&state, None),
        Ok((_, _, Some(state))) => lost(&state),
        Ok((_, _, None)) => problem(StatusCode::NOT_FOUND, "no handoff is open under this id"),
    }
}

/// Words for the customer, from the claimer. They leave after five seconds.
#[utoipa::path(post, path = "/api/v1/handoffs/{id}/reply", tag = "work", params(("id" = String, Path)), request_body = Words,
    responses((status = 202, body = Done), (status = 409, description = "not sent, and why", body = Problem)))]
pub(super) async fn reply(State(server): State<Server>, Path(id): Path<String>, headers: HeaderMap, Json(body): Json<Words>) -> Response {
    if body.text.trim().is_empty() || body.text.chars().count() > 4_000 {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "`text` has 1 to 4000 characters");
    }
    match act(&server, &headers, "reply", &id, &body.staff, |message| StaffAction::Say { text: body.text.clone(), message }).await {
        Err(refused) => *refused,
        Ok((_, _, None)) => problem(StatusCode::NOT_FOUND, "no handoff is open under this id"),
        Ok((staff, message, Some(state))) => match state.sent.iter().rev().find(|(_, sent)| sent.message == message) {
            Some((line, sent)) => (StatusCode::ACCEPTED, done(&state, Some((*line, sent.fate)))).into_response(),
            None if owner(&state).is_none_or(|owner| owner.id != staff.id) => lost(&state),
            None if state.flags.do_not_text => problem(StatusCode::CONFLICT, "not sent: somebody else may read this phone"),
            None if state.flags.opted_out => problem(StatusCode::CONFLICT, "not sent: they opted out"),
            None => problem(StatusCode::CONFLICT, "not sent: nothing may be sent to this customer"),
        },
    }
}

/// Words for colleagues.
#[utoipa::path(post, path = "/api/v1/handoffs/{id}/note", tag = "work", params(("id" = String, Path)), request_body = Words,
    responses((status = 200, body = Done)))]
pub(super) async fn note(State(server): State<Server>, Path(id): Path<String>, headers: HeaderMap, Json(body): Json<Words>) -> Response {
    if body.text.trim().is_empty() || body.text.chars().count() > 4_000 {
        return problem(StatusCode::UNPROCESSABLE_ENTITY, "`text` has 1 to 4000 characters");
    }
    match act(&server, &headers, "note", &id, &body.staff, |_| StaffAction::Note { words: Some(body.text.clone()) }).await {
        Err(refused) => *refused,
        Ok((_, _, Some(state))) => done(&state, None),
        Ok((_, _, None)) => problem(StatusCode::NOT_FOUND, "no handoff is open under this id"),
    }
}

/// Ends it: the customer reads who helped and what was agreed, but for a crisis.
#[utoipa::path(post, path = "/api/v1/handoffs/{id}/close", tag = "work", params(("id" = String, Path)), request_body = Close,
    responses((status = 200, body = Done), (status = 409, body = Problem)))]
pub(super) async fn close(State(server): State<Server>, Path(id): Path<String>, headers: HeaderMap, Json(body): Json<Close>) -> Response {
    let agreed = body.agreed.clone().filter(|agreed| !agreed.trim().is_empty());
    match act(&server, &headers, "close", &id, &body.staff, |_| StaffAction::Close { agreed }).await {
        Err(refused) => *refused,
        Ok((_, _, Some(state))) if state.handoff.is_none() => done(&state, None),
        Ok((staff, _, Some(state))) if owner(&state).is_some_and(|owner| owner.id == staff.id) => {
            problem(StatusCode::CONFLICT, "a crisis is closed with what was done: `agreed`")
        }
        Ok((_, _, Some(state))) => lost(&state),
        Ok((_, _, None)) => problem(StatusCode::NOT_FOUND, "no handoff is open under this id"),
    }
}
