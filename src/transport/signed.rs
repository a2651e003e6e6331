//! Webhooks that prove who sent them, when, and that it is the same one again.
//!
//! Owns: keys, ids and signatures.
//! Invariants: the signature covers id, time and body; the id is the same for every attempt at one message.
//! Source: *Standard Webhooks* specification 1.0.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature: v1,…`).
//! Leaves out: bodies, and when something is sent again.

use super::{SendError, hook};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// One endpoint.
pub struct Signed {
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

impl Signed {
    /// An endpoint and the key that it knows.
    pub fn new(client: reqwest::Client, url: String, key: Vec<u8>) -> Self {
        Signed { client, url, key }
    }

    /// Posts a body that is JSON.
    ///
    /// # Errors
    /// Everything but a 2xx answer; what may pass as [`SendError::Later`].
    pub async fn post(&self, id: String, body: String, now: Timestamp) -> Result<(), SendError> {
        let at = now.as_second();
        let signature = signature(&self.key, &id, at, &body);
        let headers = [("webhook-id", id), ("webhook-timestamp", at.to_string()), ("webhook-signature", signature)];
        hook::post(&self.client, &self.url, &headers, body).await
    }
}

fn signature(key: &[u8], id: &str, timestamp: i64, body: &str) -> String {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
