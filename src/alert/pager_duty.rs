//! Alerts through PagerDuty.
//!
//! Owns: events that trigger, acknowledge and resolve one incident a handoff.
//! Invariants: the key of an incident is that of its handoff, so a repeated trigger opens no second one.
//! Source: PagerDuty, *Events API v2*.
//! Leaves out: what is acknowledged there: that is no claim, and the ladder goes on.

use super::{Alert, plain};
use crate::conversation::Urgency;
use crate::desk::{AlertMessage, Happened};
use crate::transport::{SendError, hook};
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

/// One service.
pub struct PagerDuty {
    client: reqwest::Client,
    api_url: String,
    routing_key: SecretString,
}

impl PagerDuty {
    /// A way to a service by its integration key.
    pub fn new(client: reqwest::Client, api_url: &str, routing_key: SecretString) -> Self {
        PagerDuty { client, api_url: api_url.trim_end_matches('/').to_string(), routing_key }
    }
}

fn body(alert: &AlertMessage, link: &str, now: Timestamp, key: &str) -> String {
    let action = match alert.happened {
        Happened::Trigger => "trigger",
        Happened::Acknowledge => "acknowledge",
        Happened::Resolve => "resolve",
    };
    let severity = match alert.urgency {
        Urgency::Crisis => "critical",
        Urgency::Distress => "error",
        Urgency::Asked => "warning",
        Urgency::Stuck => "info",
    };
    let mut event = json!({ "routing_key": key, "event_action": action, "dedup_key": alert.key() });
    if alert.happened == Happened::Trigger {
        event["payload"] = json!({
            "summary": alert.line(now), "source": "warmline", "severity": severity, "timestamp": now.to_string(),
            "custom_details": { "text": plain(alert, "", now) },
        });
        if !link.is_empty() {
            event["links"] = json!([{ "href": link, "text": "the conversation" }]);
        }
    }
    event.to_string()
}

#[async_trait]
impl Alert for PagerDuty {
    async fn send(&self, alert: &AlertMessage, link: &str, now: Timestamp) -> Result<(), SendError> {
        let body = body(alert, link, now, self.routing_key.expose_secret());
        hook::post(&self.client, &format!("{}/v2/enqueue", self.api_url), &[], body).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::samples::sample;

    #[test]
    fn one_incident_a_handoff_from_trigger_to_resolve() {
        let now = "2026-11-20T12:04:00Z".parse().expect("a time");
        let mut alert = sample(false);
        let mut keys = Vec::new();
        for (happened, action, payload) in
            [(Happened::Trigger, "trigger", true), (Happened::Acknowledge, "acknowledge", false), (Happened::Resolve, "resolve", false)]
        {
            alert.happened = happened;
            let event: serde_json::Value = serde_json::from_str(&body(&alert, "https://x.example", now, "k")).expect("JSON");
            assert_eq!((event["event_action"].as_str(), event.get("payload").is_some()), (Some(action), payload));
            keys.push(event["dedup_key"].clone());
        }
        keys.dedup();
        assert_eq!(keys.len(), 1);
    }
}
