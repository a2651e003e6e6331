//! The Twilio client.
//!
//! Owns: sending through `Messages.json`, listing what came in, the signature of webhooks.
//! Invariants: a signature is compared in constant time and fails closed; errors carry Twilio's code, never a number or text.
//! Source: Twilio, *Security: validating signatures*; *Messages resource*; error dictionary (21610, 21211, 21614, 30003…).
//! Leaves out: what an SMS means (`channel::sms`).

use super::SendError;
use base64::Engine as _;
use hmac::{Hmac, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha1::Sha1;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// One account.
#[derive(Clone)]
pub struct Twilio {
    client: reqwest::Client,
    api_url: String,
    sid: String,
    token: SecretString,
}

/// A message as Twilio lists it.
#[derive(Clone, Debug, Deserialize)]
pub struct Listed {
    /// Its id.
    pub sid: String,
    /// Who sent it.
    pub from: Option<String>,
    /// To which of our numbers.
    pub to: Option<String>,
    /// The words.
    pub body: Option<String>,
    /// When it came in, as RFC 2822.
    #[serde(default)]
    pub date_created: Option<String>,
    /// `inbound`, or one of the outbound kinds.
    pub direction: String,
}

impl Listed {
    /// When it came in.
    pub fn at(&self) -> Option<jiff::Timestamp> {
        jiff::fmt::rfc2822::parse(self.date_created.as_deref()?).ok().map(|at| at.timestamp())
    }
}

impl Twilio {
    /// A client for an account.
    pub fn new(client: reqwest::Client, api_url: &str, sid: String, token: SecretString) -> Self {
        Twilio { client, api_url: api_url.trim_end_matches('/').to_string(), sid, token }
    }

    /// The account's id.
    pub fn account(&self) -> &str {
        &self.sid
    }

    fn messages(&self) -> String {
        format!("{}/2010-04-01/Accounts/{}/Messages.json", self.api_url, self.sid)
    }

    /// Sends a text; its id. `from` is a number (`+…`) or a Messaging Service (`MG…`).
    pub async fn send(&self, from: &str, to: &str, body: &str, status_callback: Option<&str>) -> Result<String, SendError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            sid: Option<String>,
            #[serde(default)]
            code: Option<u32>,
        }
        let sender = if from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let mut form = vec![(sender, from), ("To", to), ("Body", body)];
        form.extend(status_callback.map(|url| ("StatusCallback", url)));
        let request = self.client.post(self.messages()).basic_auth(&self.sid, Some(self.token.expose_secret())).form(&form);
        let response = request.send().await.map_err(|_| SendError::Later(None))?;
        let status = response.status();
        let after = response.headers().get("retry-after").and_then(|after| after.to_str().ok()?.parse().ok()).map(Duration::from_secs);
        let answer = response.json::<Answer>().await.unwrap_or(Answer { sid: None, code: None });
        match (status.as_u16(), answer.code) {
            (200..=299, _) => answer.sid.ok_or(SendError::Later(None)),
            (429, _) | (500..=599, _) => Err(SendError::Later(after)),
            (_, Some(21610)) => Err(SendError::OptedOut),
            (_, Some(21211 | 21214 | 21217 | 21614)) => Err(SendError::Unknown),
            (401 | 403, code) => {
                tracing::error!(status = status.as_u16(), code, "Twilio refuses the account; lines wait until that is mended.");
                Err(SendError::Later(Some(Duration::from_secs(60))))
            }
            (status, code) => Err(SendError::Refused(format!("HTTP {status}, Twilio code {}", code.unwrap_or(0)))),
        }
    }

    /// What came in to a number since a moment, newest first, at most 1,000.
    pub async fn inbound(&self, to: &str, since: jiff::Timestamp) -> Result<Vec<Listed>, SendError> {
        #[derive(Deserialize)]
        struct Page {
            messages: Vec<Listed>,
            #[serde(default)]
            next_page_uri: Option<String>,
        }
        let mut found = Vec::new();
        let mut url = format!("{}?PageSize=200", self.messages());
        let since = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let mut query = vec![("To", to), ("DateSent>", since.as_str())];
        for _ in 0..5 {
            let request = self.client.get(&url).query(&query).basic_auth(&self.sid, Some(self.token.expose_secret()));
            let response = request.send().await.map_err(|_| SendError::Later(None))?;
            if !response.status().is_success() {
                return Err(SendError::Later(None));
            }
            let page: Page = response.json().await.map_err(|_| SendError::Later(None))?;
            found.extend(page.messages.into_iter().filter(|message| message.direction == "inbound"));
            match page.next_page_uri {
                Some(next) => url = format!("{}{next}", self.api_url),
                None => break,
            }
            query.clear();
        }
        Ok(found)
    }

    /// True for the signature that Twilio makes for a URL and the fields of a form.
    pub fn signed(&self, url: &str, fields: &[(String, String)], signature: &str) -> bool {
        signed(self.token.expose_secret(), url, fields, signature)
    }
}

/// The signature: HMAC-SHA-1 of the URL and, sorted by name, each name and value; values of a repeated name sorted and once.
/// The URL is tried as it is and with the port written out or left out, as Twilio's own libraries do.
fn signed(token: &str, url: &str, fields: &[(String, String)], signature: &str) -> bool {
    let Ok(given) = base64::engine::general_purpose::STANDARD.decode(signature) else { return false };
    let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in fields {
        sorted.entry(name).or_default().insert(value);
    }
    let body: String = sorted.iter().flat_map(|(name, values)| values.iter().flat_map(move |value| [*name, *value])).collect();
    forms_of(url).iter().any(|url| {
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else { return false };
        mac.update(url.as_bytes());
        mac.update(body.as_bytes());
        mac.verify_slice(&given).is_ok()
    })
}

fn forms_of(url: &str) -> Vec<String> {
    let mut forms = vec![url.to_string()];
    let Some((scheme, rest)) = url.split_once("://") else { return forms };
    let (host, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
    match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => forms.push(format!("{scheme}://{bare}{path}")),
        _ => forms.push(format!("{scheme}://{host}:{}{path}", if scheme == "https" { 443 } else { 80 })),
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())).collect()
    }

    // The example of Twilio's own documentation.
    const URL: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
    const EXAMPLE: [(&str, &str); 5] = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+12349013030"),
        ("Digits", "1234"),
        ("From", "+12349013030"),
        ("To", "+18005551212"),
    ];

    #[test]
    fn the_documented_example_verifies_and_nothing_else_does() {
        let good = "0/KCTR6DLpKmkAf8muzZqo1nDgQ=";
        for (name, token, url, signature, changed, wanted) in [
            ("as documented", "12345", URL, good, None, true),
            ("behind a proxy that adds the port", "12345", "https://mycompany.com:443/myapp.php?foo=1&bar=2", good, None, true),
            ("another token", "12346", URL, good, None, false),
            ("another host", "12345", "https://mycompany.org/myapp.php?foo=1&bar=2", good, None, false),
            ("another query", "12345", "https://mycompany.com/myapp.php?foo=1", good, None, false),
            ("an added field", "12345", URL, good, Some(("Extra", "1")), false),
            ("no signature", "12345", URL, "", None, false),
            ("not base64", "12345", URL, "%%%", None, false),
        ] {
            let mut all = fields(&EXAMPLE);
            all.extend(changed.map(|(name, value)| (name.to_string(), value.to_string())));
            assert_eq!(signed(token, url, &all, signature), wanted, "{name}");
        }
    }
}
