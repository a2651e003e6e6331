//! Alerts into Slack, Mattermost, Discord's Slack form and others.
//!
//! Owns: the body of an incoming webhook.
//! Invariants: what stands in an alert is text, never markup, a mention or a link of the customer's.
//! Source: Slack, *Sending messages using incoming webhooks*; *Formatting text* (`&`, `<` and `>` are escaped).

use super::{Alert, plain};
use crate::desk::AlertMessage;
use crate::transport::{SendError, hook};
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

/// One channel. Its URL is its secret.
pub struct Slack {
    client: reqwest::Client,
    url: SecretString,
}

impl Slack {
    /// A way to a channel.
    pub fn new(client: reqwest::Client, url: SecretString) -> Self {
        Slack { client, url }
    }
}

fn body(alert: &AlertMessage, link: &str, now: Timestamp) -> String {
    let text = plain(alert, link, now).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('@', "@\u{200b}");
    serde_json::json!({ "text": text, "mrkdwn": false, "unfurl_links": false }).to_string()
}

#[async_trait]
impl Alert for Slack {
    async fn send(&self, alert: &AlertMessage, link: &str, now: Timestamp) -> Result<(), SendError> {
        hook::post(&self.client, self.url.expose_secret(), &[], body(alert, link, now)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::samples::sample;

    #[test]
    fn words_are_no_markup() {
        let now = "2026-11-20T12:04:00Z".parse().expect("a time");
        let body = body(&sample(true), "", now);
        assert!(body.contains("Ana &lt;b&gt;: i &amp; you") && !body.contains('<') && !body.contains("@all"), "{body}");
    }
}
