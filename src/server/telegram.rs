//! Telegram's webhook.
//!
//! Invariants: without the secret, or with a wrong one, 403 and nothing is read; an update that can't be read is answered with
//! 200, or Telegram would send it again for ever; what can't be stored is answered with 503, so that it is sent again.

use super::Server;
use crate::app::poll::{customers_presses, take};
use crate::channel::telegram::Decoded;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

const SECRET: &str = "x-telegram-bot-api-secret-token";

pub(super) async fn webhook(State(server): State<Server>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let Some(hook) = &server.telegram else { return StatusCode::NOT_FOUND };
    let given = headers.get(SECRET).map_or(&b""[..], |given| given.as_bytes());
    if !bool::from(given.ct_eq(hook.secret.expose_secret().as_bytes())) {
        metrics::counter!("warmline_webhooks_refused_total", "channel" => "telegram").increment(1);
        return StatusCode::FORBIDDEN;
    }
    let text = String::from_utf8_lossy(&body);
    let (id, decoded) = hook.decoder.decode(&text, server.app.clock.entropy());
    if let Decoded::Question(question) = &decoded {
        server.app.answer(question).await;
        return StatusCode::OK;
    }
    let incoming: Vec<_> = take(id, decoded).into_iter().collect();
    let pressed = customers_presses(&incoming);
    if let Err(error) = server.app.receive(incoming).await {
        tracing::error!(%error, "An update could not be stored; Telegram will send it again.");
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    if let Some(channel) = server.app.channels.get("telegram") {
        futures::future::join_all(pressed.iter().map(|external| channel.pressed(external))).await;
    }
    StatusCode::OK
}
