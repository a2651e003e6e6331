//! The Chatwoot client.
//!
//! Owns: contacts, conversations, messages, status and priority of one API inbox; the signature of its webhooks.
//! Invariants: a signature is compared in constant time and fails closed; errors carry a status, never a name, text or token.
//! Source: Chatwoot's source, 4.14 (`api/v1/accounts/*`, `Channel::Api`, `Webhooks::Trigger`).
//! Leaves out: what is shown there (`desk`), what its webhooks mean (`channel::chatwoot`).

use super::SendError;
use hmac::{Hmac, Mac};
use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::Duration;

/// An inbox that refuses the token or sends us elsewhere is set up wrongly: asked again after this.
const MEND: Duration = Duration::from_secs(60);

/// One API inbox.
#[derive(Clone)]
pub struct Chatwoot {
    client: reqwest::Client,
    url: String,
    account: u64,
    inbox: u64,
    token: SecretString,
}

/// A conversation as Chatwoot answers about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Its number.
    pub number: u64,
    /// It is open.
    pub open: bool,
}

/// A message to be written.
#[derive(Clone, Debug)]
pub struct Post<'p> {
    /// The customer's.
    pub incoming: bool,
    /// For staff alone.
    pub private: bool,
    /// The words.
    pub text: &'p str,
    /// Our name for it.
    pub source: String,
}

impl Chatwoot {
    /// A client for an inbox.
    pub fn new(client: reqwest::Client, url: &str, account: u64, inbox: u64, token: SecretString) -> Self {
        Chatwoot { client, url: url.trim_end_matches('/').to_string(), account, inbox, token }
    }

    /// The account.
    pub fn account(&self) -> u64 {
        self.account
    }

    /// The inbox.
    pub fn inbox(&self) -> u64 {
        self.inbox
    }

    /// Where staff read a conversation.
    pub fn link(&self, room: u64) -> String {
        format!("{}/app/accounts/{}/conversations/{room}", self.url, self.account)
    }

    /// Where staff read everything that is for them.
    pub fn inbox_link(&self) -> String {
        format!("{}/app/accounts/{}/inbox/{}", self.url, self.account, self.inbox)
    }

    /// The user that the token belongs to.
    pub async fn me(&self) -> Result<u64, SendError> {
        let answer = self.ask(Method::GET, "/api/v1/profile".into(), None).await?;
        number(&answer["id"])
    }

    /// The contact of a customer: made, or found where it is there already.
    pub async fn contact(&self, source: &str, name: &str) -> Result<u64, SendError> {
        let mut body = json!({"inbox_id": self.inbox, "source_id": source, "identifier": source, "name": name});
        match self.account_ask(Method::POST, "contacts", Some(&body)).await {
            Ok(answer) => return number(&answer["payload"]["contact"]["id"]),
            Err(SendError::Refused(why)) if why == UNPROCESSABLE => {}
            Err(error) => return Err(error),
        }
        // There is one with this name: in this inbox, or left from another.
        let find = json!({"inbox_id": self.inbox, "source_id": source});
        match self.account_ask(Method::POST, "contact_inboxes/filter", Some(&find)).await {
            Ok(answer) => number(&answer["id"]),
            Err(SendError::Unknown) => {
                body.as_object_mut().map(|body| body.remove("identifier"));
                let answer = self.account_ask(Method::POST, "contacts", Some(&body)).await?;
                number(&answer["payload"]["contact"]["id"])
            }
            Err(error) => Err(error),
        }
    }

    /// A new conversation of a contact; where the inbox keeps one a contact, that one.
    pub async fn conversation(&self, source: &str, contact: u64, attributes: Value) -> Result<Room, SendError> {
        let body = json!({
            "source_id": source,
            "inbox_id": self.inbox,
            "contact_id": contact,
            "status": "open",
            "custom_attributes": attributes,
        });
        let answer = self.account_ask(Method::POST, "conversations", Some(&body)).await?;
        Ok(Room { number: number(&answer["id"])?, open: answer["status"] == "open" })
    }

    /// Writes a message.
    pub async fn post(&self, room: u64, post: &Post<'_>) -> Result<(), SendError> {
        let body = json!({
            "content": post.text,
            "message_type": if post.incoming { "incoming" } else { "outgoing" },
            "private": post.private,
            "source_id": post.source,
        });
        self.account_ask(Method::POST, &format!("conversations/{room}/messages"), Some(&body)).await.map(drop)
    }

    /// Opens a conversation, or ends it.
    pub async fn status(&self, room: u64, open: bool) -> Result<(), SendError> {
        let body = json!({"status": if open { "open" } else { "resolved" }});
        self.account_ask(Method::POST, &format!("conversations/{room}/toggle_status"), Some(&body)).await.map(drop)
    }

    /// Sets a conversation's priority: `urgent`, `high`, `medium`, `low`.
    pub async fn priority(&self, room: u64, priority: &str) -> Result<(), SendError> {
        let body = json!({"priority": priority});
        self.account_ask(Method::POST, &format!("conversations/{room}/toggle_priority"), Some(&body)).await.map(drop)
    }

    /// Says what became of a message: delivered, or why not.
    pub async fn fate(&self, room: u64, message: u64, failed: Option<&str>) -> Result<(), SendError> {
        let body = match failed {
            None => json!({"status": "delivered"}),
            Some(why) => json!({"status": "failed", "external_error": why}),
        };
        self.account_ask(Method::PATCH, &format!("conversations/{room}/messages/{message}"), Some(&body)).await.map(drop)
    }

    async fn account_ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, SendError> {
        self.ask(method, format!("/api/v1/accounts/{}/{path}", self.account), body).await
    }

    async fn ask(&self, method: Method, path: String, body: Option<&Value>) -> Result<Value, SendError> {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).header("api_access_token", self.token.expose_secret());
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(|_| SendError::Later(None))?;
        let after = response.headers().get("retry-after").and_then(|after| after.to_str().ok()?.parse().ok()).map(Duration::from_secs);
        match response.status().as_u16() {
            200..=299 => Ok(response.json().await.unwrap_or(Value::Null)),
            408 | 425 | 429 | 500..=599 => Err(SendError::Later(after)),
            404 => Err(SendError::Unknown),
            status @ (300..=399 | 401) => {
                tracing::error!(status, "Chatwoot refuses the token, or is somewhere else; what is for it waits until that is mended.");
                Err(SendError::Later(Some(MEND)))
            }
            status => Err(SendError::Refused(format!("HTTP {status}"))),
        }
    }
}

/// What Chatwoot says to a name that is taken, and to more messages than it takes in a minute.
pub const UNPROCESSABLE: &str = "HTTP 422";

/// An answer without the number that it must have is none.
fn number(value: &Value) -> Result<u64, SendError> {
    value.as_u64().ok_or(SendError::Later(None))
}

/// True for the signature that Chatwoot makes for a body sent at a time, as its headers give both.
pub fn signed(secret: &SecretString, timestamp: &str, body: &[u8], signature: &str) -> bool {
    let Some(given) = signature.strip_prefix("sha256=").and_then(bytes) else { return false };
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else { return false };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.verify_slice(&given).is_ok()
}

/// Lower-case hexadecimal digits as bytes.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let fine = digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    fine.then(|| (0..64).step_by(2).filter_map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_secret_signed_is_signed() {
        // Made with: printf '1700000000.{}' | openssl dgst -sha256 -hmac secret
        let good = "sha256=b8569b78799ff9e3cbff0fc2d63a33a2b57f3282abd07c37ae5e8e7d79a5f163";
        let secret = SecretString::from("secret");
        let upper = good.to_uppercase().replace("SHA256", "sha256");
        for (name, secret, timestamp, body, signature, wanted) in [
            ("as it was signed", &secret, "1700000000", "{}", good, true),
            ("another secret", &SecretString::from("secrets"), "1700000000", "{}", good, false),
            ("another time", &secret, "1700000001", "{}", good, false),
            ("another body", &secret, "1700000000", "{ }", good, false),
            ("nothing", &secret, "1700000000", "{}", "", false),
            ("without its name", &secret, "1700000000", "{}", &good[7..], false),
            ("cut", &secret, "1700000000", "{}", &good[..20], false),
            ("in capitals", &secret, "1700000000", "{}", upper.as_str(), false),
        ] {
            assert_eq!(signed(secret, timestamp, body.as_bytes(), signature), wanted, "{name}");
        }
    }
}
