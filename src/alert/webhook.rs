//! Alerts to a system of the operator's, signed.
//!
//! Owns: the body, and headers that prove who sent it, when, and that it is the same one again.
//! Invariants: the id is the same for every attempt at one alert; the signature covers id, time and body.
//! Source: *Standard Webhooks* specification 1.0.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature: v1,…`).

use super::Alert;
use crate::desk::{AlertMessage, Happened};
use crate::transport::{SendError, hook};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::Sha256;

/// One endpoint.
pub struct Webhook {
    client: reqwest::Client,
    url: String,
    key: Vec<u8>,
}

/// The key in a secret: `whsec_` and base64, 24 to 64 bytes.
///
/// # Errors
/// It is none; the words say what one looks like.
pub fn signing_key(secret: &SecretString) -> Result<Vec<u8>, &'static str> {
    let encoded = secret.expose_secret().trim().strip_prefix("whsec_").ok_or("a signing secret begins with whsec_")?;
    let key = STANDARD.decode(encoded).map_err(|_| "after whsec_ a signing secret is base64")?;
    if (24..=64).contains(&key.len()) { Ok(key) } else { Err("a signing secret holds 24 to 64 bytes") }
}

impl Webhook {
    /// A way to an endpoint.
    pub fn new(client: reqwest::Client, url: String, key: Vec<u8>) -> Self {
        Webhook { client, url, key }
    }
}

/// The id of an alert: the same for every attempt.
fn id(alert: &AlertMessage) -> String {
    format!("msg_{}-{}-{}", alert.id, alert.number, alert.way)
}

fn body(alert: &AlertMessage, link: &str, now: Timestamp) -> String {
    let kind = match alert.happened {
        Happened::Trigger => "handoff.waiting",
        Happened::Acknowledge => "handoff.answered",
        Happened::Resolve => "handoff.closed",
    };
    let mut data = json!({
        "id": alert.id.to_string(), "handoff": alert.handoff, "urgency": alert.urgency.name(), "channel": alert.channel,
        "language": alert.language, "opened": alert.opened.to_string(), "step": alert.step, "drill": alert.drill, "link": link,
    });
    if let Some(full) = &alert.full {
        data["customer"] = json!({ "name": full.name, "words": full.words, "safeguarding": full.safeguarding });
    }
    json!({ "type": kind, "timestamp": now.to_string(), "data": data }).to_string()
}

fn signature(key: &[u8], id: &str, timestamp: i64, body: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[async_trait]
impl Alert for Webhook {
    async fn send(&self, alert: &AlertMessage, link: &str, now: Timestamp) -> Result<(), SendError> {
        let (id, body, at) = (id(alert), body(alert, link, now), now.as_second());
        let signature = signature(&self.key, &id, at, &body);
        let headers = [("webhook-id", id), ("webhook-timestamp", at.to_string()), ("webhook-signature", signature)];
        hook::post(&self.client, &self.url, &headers, body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::samples::sample;

    #[test]
    fn the_specifications_example_verifies() {
        // The worked example that the specification's libraries test against.
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let key = signing_key(&secret).expect("a key");
        let body = r#"{"test": 2432232314}"#;
        assert_eq!(signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_that_are_none_are_named() {
        for secret in ["", "whsec_", "whsec_!!", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert!(signing_key(&SecretString::from(secret)).is_err(), "{secret}");
        }
    }

    #[test]
    fn an_attempt_repeats_its_id_and_another_alert_has_its_own() {
        let (mut first, second) = (sample(false), sample(true));
        assert_eq!(id(&first), id(&second));
        first.number += 1;
        assert_ne!(id(&first), id(&second));
        let brief: serde_json::Value = serde_json::from_str(&body(&first, "", first.opened)).expect("JSON");
        assert!(brief["data"].get("customer").is_none(), "{brief}");
    }
}
