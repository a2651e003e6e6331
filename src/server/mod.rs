//! HTTP.
//!
//! Owns: webhooks, the API, `/healthz`, `/readyz`, `/metrics`; limits and time-outs on every endpoint.
//! Invariants: a webhook is verified before it is decoded, and stored before it is acknowledged; fails closed; no body is
//! logged.
//! Leaves out: the console; what a message means.

pub mod api;
mod chatwoot;
mod health;
mod telegram;
mod twilio;

use crate::app::App;
use crate::channel::sms::twilio::TwilioSms;
use crate::channel::telegram::Decoder;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::routing::{get, post};
use metrics_exporter_prometheus::PrometheusHandle;
use secrecy::SecretString;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

/// The largest body that any endpoint takes.
const BODY: usize = 256 * 1024;
/// The longest that any request may take.
const TIME: Duration = Duration::from_secs(10);

/// What the endpoints need.
#[derive(Clone)]
pub struct Server {
    /// The bot.
    pub app: Arc<App>,
    /// Telegram's webhook, where it is used.
    pub telegram: Option<Arc<TelegramHook>>,
    /// Twilio's webhooks, where they are used.
    pub twilio: Option<Arc<TwilioHook>>,
    /// Who may use the API.
    pub api: Arc<Vec<api::Access>>,
    /// What `/metrics` shows.
    pub metrics: Option<PrometheusHandle>,
    /// Set when the bot is asked to stop.
    pub stopping: Arc<AtomicBool>,
    /// Chatwoot's webhook, where it is used.
    pub chatwoot: Option<Arc<ChatwootHook>>,
}

/// What the Telegram webhook needs.
pub struct TelegramHook {
    /// Decodes updates.
    pub decoder: Decoder,
    /// What Telegram must send with each.
    pub secret: SecretString,
}

/// What the Twilio webhooks need.
pub struct TwilioHook {
    /// The channel, whose client knows the token.
    pub channel: Arc<TwilioSms>,
    /// The URL under which Twilio reaches this server; signatures are made over it.
    pub public_url: String,
}

/// What Chatwoot's webhook needs.
pub struct ChatwootHook {
    /// What Chatwoot signs with.
    pub secret: SecretString,
}

/// All endpoints.
pub fn router(server: Server) -> Router {
    Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .route("/telegram/webhook", post(telegram::webhook))
        .route("/sms/twilio", post(twilio::inbound))
        .route("/sms/twilio/status", post(twilio::status))
        .route("/desk/chatwoot", post(chatwoot::webhook))
        .merge(api::router())
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(BODY))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, TIME))
        .with_state(server)
}
