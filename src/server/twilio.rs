//! Twilio's webhooks.
//!
//! Invariants: the signature is checked over the configured public URL, so it holds behind any proxy; a wrong one is 403 and
//! nothing is stored; what can't be stored is 503, so that Twilio's retries (`#rc=3&rp=5xx,ct,rt` in the webhook's URL) bring
//! it again.

use super::{Server, TwilioHook};
use crate::channel::Incoming;
use crate::channel::sms::twilio::TwilioSms;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// An answer that makes Twilio say nothing by itself.
const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

pub(super) async fn inbound(State(server): State<Server>, RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes) -> Response {
    let (hook, fields) = match verified(&server, "/sms/twilio", query, &headers, &body) {
        Ok(verified) => verified,
        Err(status) => return status.into_response(),
    };
    let fields: Vec<(String, String)> = fields;
    let account = fields.iter().find(|(name, _)| name == "AccountSid").map(|(_, value)| value.as_str());
    if account.is_some_and(|account| account != hook.channel.client().account()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Some(incoming) = TwilioSms::decode(&fields, server.app.clock.entropy()) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    store(&server, incoming).await
}

pub(super) async fn status(State(server): State<Server>, RawQuery(query): RawQuery, headers: HeaderMap, body: Bytes) -> Response {
    match verified(&server, "/sms/twilio/status", query, &headers, &body) {
        Err(status) => status.into_response(),
        Ok((_, fields)) => match TwilioSms::report(&fields) {
            Some(report) => store(&server, report).await,
            None => StatusCode::NO_CONTENT.into_response(),
        },
    }
}

async fn store(server: &Server, incoming: Incoming) -> Response {
    match server.app.receive(vec![incoming]).await {
        // A report that is faster than the commit of what it reports about: it is sent again.
        Ok(received) if received.unknown > 0 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Ok(_) => ([(header::CONTENT_TYPE, "text/xml")], EMPTY).into_response(),
        Err(error) => {
            tracing::error!(%error, "An SMS could not be stored; Twilio will send it again.");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

type Verified = (std::sync::Arc<TwilioHook>, Vec<(String, String)>);

fn verified(server: &Server, path: &str, query: Option<String>, headers: &HeaderMap, body: &[u8]) -> Result<Verified, StatusCode> {
    let hook = server.twilio.clone().ok_or(StatusCode::NOT_FOUND)?;
    let fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    let url = format!("{}{path}{query}", hook.public_url.trim_end_matches('/'));
    let signature = headers.get("x-twilio-signature").and_then(|signature| signature.to_str().ok()).unwrap_or("");
    if !hook.channel.client().signed(&url, &fields, signature) {
        metrics::counter!("warmline_webhooks_refused_total", "channel" => "sms").increment(1);
        return Err(StatusCode::FORBIDDEN);
    }
    Ok((hook, fields))
}
