//! What happens, as it happens: server-sent events.
//!
//! Source: WHATWG HTML, *Server-sent events*.

use super::{allowed, problem};
use crate::app::Scope;
use crate::desk::DeskEvent;
use crate::server::Server;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use std::convert::Infallible;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// What happens to handoffs, without words, names or numbers: `opened`, `raised`, `claimed`, `freed`, `answered`, `wrote`, `closed`. Whoever
/// was too slow gets `missed` and reads the queue again.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", responses((status = 200, content_type = "text/event-stream", body = String)))]
pub(super) async fn events(State(server): State<Server>, headers: HeaderMap) -> Response {
    if let Err(refused) = allowed(&server, &headers, Scope::Read) {
        return *refused;
    }
    let Some(receiver) = server.app.events() else { return problem(StatusCode::SERVICE_UNAVAILABLE, "the bot is stopping") };
    Sse::new(futures::stream::unfold(receiver, next)).keep_alive(KeepAlive::default()).into_response()
}

async fn next(mut receiver: Receiver<DeskEvent>) -> Option<(Result<Event, Infallible>, Receiver<DeskEvent>)> {
    let event = match receiver.recv().await {
        Ok(event) => Event::default().event(event.kind.name()).json_data(&event).unwrap_or_default(),
        Err(RecvError::Lagged(_)) => Event::default().event("missed").data("{}"),
        Err(RecvError::Closed) => return None,
    };
    Some((Ok(event), receiver))
}
