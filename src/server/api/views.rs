//! What the API shows.

use super::{Problem, allowed, problem};
use crate::app::Scope;
use crate::conversation::{ConversationId, Entry, State as Conversation};
use crate::desk::{self, QueueRow, Stats};
use crate::server::Server;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// One handoff in the queue. No words, names or numbers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Row {
    /// The conversation.
    id: String,
    /// `crisis`, `distress`, `asked`, `stuck`: the queue's order.
    urgency: String,
    /// Why a person is needed.
    reason: String,
    /// The customer's channel.
    channel: String,
    /// Since when, RFC 3339.
    opened: String,
    /// By when a word is owed, RFC 3339.
    due: Option<String>,
    /// Who has it.
    owner: Option<String>,
    /// The team that it is for; everybody where none is named.
    team: Option<String>,
    /// A person's words were delivered, and the customer has written nothing since.
    answered: bool,
}

impl Row {
    pub(super) fn of(row: &QueueRow) -> Self {
        Row {
            id: row.id.to_string(),
            urgency: row.urgency.name().into(),
            reason: row.reason.clone(),
            channel: row.channel.clone(),
            opened: row.opened.to_string(),
            due: row.due.map(|due| due.to_string()),
            owner: row.owner.clone(),
            team: row.team.clone(),
            answered: row.answered,
        }
    }
}

/// One handoff, as staff see it first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Detail {
    #[serde(flatten)]
    row: Row,
    /// The first screen: safety, what they want, what is owed, what was tried, the next step.
    card: String,
    /// The customer's name, where they gave one.
    name: Option<String>,
    /// The customer's language.
    language: String,
    /// Nothing may be sent: somebody else may read this phone.
    do_not_text: bool,
    /// They opted out: nothing may be sent.
    opted_out: bool,
}

/// An entry of a transcript.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Said {
    /// Its number: cards point to it.
    number: u64,
    /// When, RFC 3339.
    at: String,
    /// `customer`, `bot`, `note`, or the name of one of the staff.
    who: String,
    /// The words, codes hidden.
    text: String,
    /// The entry that this one says something about: what became of a line.
    about: Option<u64>,
}

impl Said {
    fn of(entry: &Entry) -> Self {
        let who = match &entry.who {
            crate::conversation::Who::Customer => "customer".to_string(),
            crate::conversation::Who::Bot => "bot".into(),
            crate::conversation::Who::Staff(name) => name.clone(),
            crate::conversation::Who::Note => "note".into(),
        };
        Said { number: entry.number, at: entry.at.to_string(), who, text: entry.text.clone(), about: entry.about }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct Days {
    /// How far to look back; 7 where nothing is said.
    days: Option<i64>,
}

/// A conversation with an open handoff, or the answer that there is none.
pub(super) async fn open(server: &Server, id: &str) -> Result<(ConversationId, Conversation), Box<Response>> {
    let none = || Box::new(problem(StatusCode::NOT_FOUND, "no handoff is open under this id"));
    let id: ConversationId = id.parse().map_err(|_| none())?;
    match server.app.store.state(id).await {
        Ok(Some(state)) if state.handoff.is_some() => Ok((id, state)),
        Ok(_) => Err(none()),
        Err(error) => {
            tracing::error!(%error, "The API can't read the store.");
            Err(Box::new(problem(StatusCode::SERVICE_UNAVAILABLE, "the store can't be read")))
        }
    }
}

/// Who waits, the most urgent first.
#[utoipa::path(get, path = "/api/v1/handoffs", tag = "handoffs", responses((status = 200, body = [Row]), (status = 401, body = Problem)))]
pub(super) async fn handoffs(State(server): State<Server>, headers: HeaderMap) -> Response {
    if let Err(refused) = allowed(&server, &headers, Scope::Read) {
        return *refused;
    }
    match server.app.store.queue().await {
        Ok(rows) => Json(rows.iter().map(Row::of).collect::<Vec<_>>()).into_response(),
        Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "the store can't be read"),
    }
}

/// One handoff: the first screen.
#[utoipa::path(get, path = "/api/v1/handoffs/{id}", tag = "handoffs", params(("id" = String, Path)),
    responses((status = 200, body = Detail), (status = 404, body = Problem)))]
pub(super) async fn handoff(State(server): State<Server>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refused) = allowed(&server, &headers, Scope::Read) {
        return *refused;
    }
    let (id, state) = match open(&server, &id).await {
        Ok(open) => open,
        Err(refused) => return *refused,
    };
    let Some(row) = QueueRow::of(id, &state) else { return problem(StatusCode::NOT_FOUND, "no handoff is open under this id") };
    let card = desk::card(id, &state, &server.app.hours, server.app.clock.now());
    let language = state.language().to_string();
    let (do_not_text, opted_out) = (state.flags.do_not_text, state.flags.opted_out);
    Json(Detail { row: Row::of(&row), card, name: state.name, language, do_not_text, opted_out }).into_response()
}

/// Everything that was said, in order.
#[utoipa::path(get, path = "/api/v1/handoffs/{id}/transcript", tag = "handoffs", params(("id" = String, Path)),
    responses((status = 200, body = [Said]), (status = 404, body = Problem)))]
pub(super) async fn transcript(State(server): State<Server>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refused) = allowed(&server, &headers, Scope::Read) {
        return *refused;
    }
    let (id, _) = match open(&server, &id).await {
        Ok(open) => open,
        Err(refused) => return *refused,
    };
    match server.app.store.transcript(id).await {
        Ok(entries) => Json(entries.iter().map(Said::of).collect::<Vec<_>>()).into_response(),
        Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "the store can't be read"),
    }
}

/// The figures that a desk is led by: times to alert, claim and first human word, contact again, promises, load.
#[utoipa::path(get, path = "/api/v1/stats", tag = "figures", params(Days), responses((status = 200, body = Object)))]
pub(super) async fn stats(State(server): State<Server>, Query(days): Query<Days>, headers: HeaderMap) -> Response {
    if let Err(refused) = allowed(&server, &headers, Scope::Read) {
        return *refused;
    }
    let days = days.days.unwrap_or(7).clamp(1, 366);
    let since = server.app.clock.now().checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or_default();
    match server.app.store.finished(since).await {
        Ok(finished) => Json(Stats::of(&finished.into_iter().map(|(_, finished)| finished).collect::<Vec<_>>())).into_response(),
        Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "the store can't be read"),
    }
}
