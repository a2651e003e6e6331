//! Alerts to a system of the operator's, signed.
//!
//! Owns: the body and its id.
//! Invariants: the id is the same for every attempt at one alert.
//! Leaves out: the signature (`transport::signed`).

use super::Alert;
use crate::desk::{AlertMessage, Happened};
use crate::transport::SendError;
use crate::transport::signed::Signed;
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::json;

/// One endpoint.
pub struct Webhook(Signed);

impl Webhook {
    /// A way to an endpoint.
    pub fn new(endpoint: Signed) -> Self {
        Webhook(endpoint)
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

#[async_trait]
impl Alert for Webhook {
    async fn send(&self, alert: &AlertMessage, link: &str, now: Timestamp) -> Result<(), SendError> {
        self.0.post(id(alert), body(alert, link, now), now).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::samples::sample;

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
