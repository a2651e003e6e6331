//! Chatwoot's webhook.
//!
//! Invariants: without a signature that holds, made within five minutes, 403 and nothing is read; Chatwoot never sends a webhook
//! again and calls a message failed whose webhook was refused, so what can't be stored is 503, which agents see.

use super::Server;
use crate::transport::chatwoot::signed;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};

/// How old, or how far ahead, a signature may be, in seconds.
const WINDOW: u64 = 5 * 60;

pub(super) async fn webhook(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(hook) = &server.chatwoot else { return StatusCode::NOT_FOUND };
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let timestamp = header("x-chatwoot-timestamp");
    let now = server.app.clock.now().as_second();
    let recent = timestamp.parse::<i64>().is_ok_and(|at| at.abs_diff(now) <= WINDOW);
    if !recent || !signed(&hook.secret, timestamp, &body, header("x-chatwoot-signature")) {
        metrics::counter!("warmline_webhooks_refused_total", "channel" => "chatwoot").increment(1);
        return StatusCode::FORBIDDEN;
    }
    match server.app.hear_chatwoot(timestamp, &body).await {
        Ok(true) => StatusCode::OK,
        // Chatwoot calls the message failed, and so it is.
        Ok(false) => StatusCode::UNPROCESSABLE_ENTITY,
        Err(error) => {
            tracing::error!(%error, "What an agent did in Chatwoot could not be stored; Chatwoot shows it as failed.");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}
