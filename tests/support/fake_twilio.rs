//! A Twilio that tests own: the Messages API on 127.0.0.1, and the carrier on the other side of it.
//!
//! Owns: sending and listing messages as the bot does (`api`), signed webhooks for texts and delivery reports as Twilio posts them, numbers
//! that opted out, failures on order, and what a test sees (`View`). Invariants: nothing is sent by a refused call; a text is in the list
//! whether or not the bot's webhook took it; a predicate runs without the lock. Leaves out: Twilio's own retries of webhooks (post the same
//! fields again), its answer to STOP (`opt_out` says what that changes), media, prices, and Messaging Services' choice of a sender.

mod api;

use std::collections::{BTreeSet, VecDeque};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac};
use reqwest::StatusCode;
use tokio::sync::Notify;

use super::{PATIENCE, Served, on_change, unix_now, wait_until};

/// The shop's number, which customers text.
pub const NUMBER: &str = "+15557770000";

/// A message that Twilio took from the bot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// Its sid, `SM` and 32 hex digits.
    pub sid: String,
    /// The customer's number.
    pub to: String,
    /// The sender, empty when a Messaging Service picks it.
    pub from: String,
    /// The Messaging Service, if one was named.
    pub messaging_service: Option<String>,
    /// The text.
    pub body: String,
    /// Where delivery reports shall go.
    pub status_callback: Option<String>,
    /// How many segments it is billed as.
    pub segments: usize,
    /// When it came.
    pub at: Instant,
}

/// A call that was made, whatever came of it.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// `POST` or `GET`.
    pub method: String,
    /// The fields of form or query, in order.
    pub fields: Vec<(String, String)>,
    /// The status that it got.
    pub status: u16,
    /// Twilio's error code, if it was refused.
    pub code: Option<u32>,
}

impl Attempt {
    /// The first field of that name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

/// A message in Twilio's list, either way.
#[derive(Clone)]
struct Listed {
    sid: String,
    from: String,
    to: String,
    body: String,
    service: Option<String>,
    inbound: bool,
    status: String,
    error: Option<u32>,
    /// Seconds since 1970.
    date: i64,
}

/// A failure that a test ordered.
struct Failure {
    status: u16,
    code: u32,
    retry_after: Option<u64>,
    after: bool,
}

/// Everything behind the lock.
#[derive(Default)]
struct State {
    sent: Vec<Sent>,
    listed: Vec<Listed>,
    attempts: Vec<Attempt>,
    violations: Vec<String>,
    opted_out: BTreeSet<String>,
    failures: VecDeque<Failure>,
    last_sid: u64,
}

impl State {
    fn new_sid(&mut self) -> String {
        self.last_sid += 1;
        format!("SM{:016x}{:016x}", self.last_sid.wrapping_mul(0x9E37_79B9_7F4A_7C15), self.last_sid)
    }
}

/// What handle, server and views share.
struct Inner {
    account_sid: String,
    auth_token: String,
    state: Mutex<State>,
    changed: Notify,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a test can see. Each question looks at the state of that moment.
#[derive(Clone)]
pub struct View(Arc<Inner>);

impl View {
    /// What Twilio took from the bot, oldest first.
    pub fn sent(&self) -> Vec<Sent> {
        self.0.lock().sent.clone()
    }

    /// The texts that one number got.
    pub fn texts_to(&self, number: &str) -> Vec<String> {
        self.sent().into_iter().filter(|sent| sent.to == number).map(|sent| sent.body).collect()
    }

    /// Every call of the bot, refused ones too.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.0.lock().attempts.clone()
    }

    /// What the bot's calls had wrong: fields and paths that Twilio doesn't know.
    pub fn violations(&self) -> Vec<String> {
        self.0.lock().violations.clone()
    }

    /// Everything that was sent, for somebody who must find out why a test failed.
    pub fn story(&self) -> String {
        let state = self.0.lock();
        let mut lines = vec!["Twilio saw:".to_owned()];
        lines.extend(state.sent.iter().map(|sent| format!("  to {} from {} {:?} ({})", sent.to, sent.from, sent.body, sent.sid)));
        lines.push("calls, the last 40:".to_owned());
        lines.extend(state.attempts.iter().skip(state.attempts.len().saturating_sub(40)).map(|attempt| {
            let Attempt { method, fields, status, code } = attempt;
            format!("  {method} -> {status} {code:?} {fields:?}")
        }));
        lines.extend(state.violations.iter().map(|note| format!("  violation: {note}")));
        lines.join("\n")
    }

    /// Panics when the bot has broken the API's contract.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert!(self.violations().is_empty(), "violations of Twilio's API\n{}", self.story());
    }
}

/// The handle. Clones are the same Twilio; it is gone with the last one.
#[derive(Clone)]
pub struct FakeTwilio {
    view: View,
    served: Arc<Served>,
}

impl Deref for FakeTwilio {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

impl FakeTwilio {
    /// A Twilio with this one account, on a free port.
    pub async fn start(account_sid: &str, auth_token: &str) -> Self {
        let inner = Arc::new(Inner {
            account_sid: account_sid.to_owned(),
            auth_token: auth_token.to_owned(),
            state: Mutex::default(),
            changed: Notify::new(),
        });
        let server = Arc::clone(&inner);
        let router = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let server = Arc::clone(&server);
            async move { api::serve(&server, &method, &uri, &headers, &body) }
        });
        Self { view: View(inner), served: Arc::new(Served::start(router).await) }
    }

    /// What the bot's `api_url` must be.
    pub fn base_url(&self) -> String {
        self.served.base_url.clone()
    }

    /// A sid that no message has yet.
    pub fn new_sid(&self) -> String {
        self.view.0.lock().new_sid()
    }

    /// A number that can't be written to any more (error 21610).
    pub fn opt_out(&self, number: &str) {
        self.view.0.lock().opted_out.insert(number.to_owned());
    }

    /// And can again.
    pub fn opt_in(&self, number: &str) {
        self.view.0.lock().opted_out.remove(number);
    }

    /// The bot's next call fails like that and does nothing. Several failures queue up.
    pub fn fail_next(&self, status: u16, code: u32, retry_after: Option<u64>) {
        self.view.0.lock().failures.push_back(Failure { status, code, retry_after, after: false });
    }

    /// The bot's next call takes effect, but its answer is this failure.
    pub fn fail_after(&self, status: u16, code: u32) {
        self.view.0.lock().failures.push_back(Failure { status, code, retry_after: None, after: true });
    }

    /// What `X-Twilio-Signature` says for a form posted to this URL.
    pub fn sign<K: AsRef<str>, V: AsRef<str>>(&self, url: &str, params: &[(K, V)]) -> String {
        let mut sorted: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut mac = Hmac::<sha1::Sha1>::new_from_slice(self.view.0.auth_token.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(url.as_bytes());
        for (name, value) in sorted {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
        BASE64.encode(mac.finalize().into_bytes())
    }

    /// The fields of an inbound text as Twilio posts them, to be changed by a test.
    pub fn inbound_fields(&self, from: &str, body: &str, sid: &str) -> Vec<(String, String)> {
        let segments = api::segments(body).to_string();
        let fields = [
            ("ToCountry", "US"),
            ("ToState", "CA"),
            ("SmsMessageSid", sid),
            ("NumMedia", "0"),
            ("ToCity", ""),
            ("FromZip", ""),
            ("SmsSid", sid),
            ("FromState", "CA"),
            ("SmsStatus", "received"),
            ("FromCity", ""),
            ("Body", body),
            ("FromCountry", "US"),
            ("To", NUMBER),
            ("ToZip", ""),
            ("NumSegments", &segments),
            ("MessageSid", sid),
            ("AccountSid", &self.view.0.account_sid),
            ("From", from),
            ("ApiVersion", "2010-04-01"),
        ];
        fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    /// A customer's text that never reached the webhook: it is only in the list.
    pub fn missed(&self, from: &str, body: &str, sid: &str) {
        self.missed_at(from, body, sid, unix_now());
    }

    /// The same, at a time in seconds since 1970.
    pub fn missed_at(&self, from: &str, body: &str, sid: &str, date: i64) {
        let mut state = self.view.0.lock();
        if state.listed.iter().all(|listed| listed.sid != sid) {
            state.listed.push(Listed {
                sid: sid.to_owned(),
                from: from.to_owned(),
                to: NUMBER.to_owned(),
                body: body.to_owned(),
                service: None,
                inbound: true,
                status: "received".to_owned(),
                error: None,
                date,
            });
        }
    }

    /// A customer texts: posts the signed webhook to `webhook_url`, signed for `public_url`, and gives back what the bot answered.
    pub async fn text(
        &self,
        client: &reqwest::Client,
        webhook_url: &str,
        public_url: &str,
        from: &str,
        body: &str,
        sid: &str,
    ) -> StatusCode {
        self.missed(from, body, sid);
        self.post_signed(client, webhook_url, public_url, &self.inbound_fields(from, body, sid)).await.status()
    }

    /// Reports what became of a message: `sent`, `delivered`, `undelivered`, `failed`, with Twilio's error code.
    pub async fn report(
        &self,
        client: &reqwest::Client,
        webhook_url: &str,
        public_url: &str,
        sid: &str,
        status: &str,
        error_code: Option<u32>,
    ) -> StatusCode {
        let (to, from) = {
            let mut state = self.view.0.lock();
            if let Some(listed) = state.listed.iter_mut().find(|listed| listed.sid == sid) {
                status.clone_into(&mut listed.status);
                listed.error = error_code;
            }
            let listed = state.listed.iter().find(|listed| listed.sid == sid);
            listed.map(|listed| (listed.to.clone(), listed.from.clone())).unwrap_or_default()
        };
        let from = if from.is_empty() { NUMBER } else { &from };
        let account = &self.view.0.account_sid;
        let mut fields = vec![
            ("SmsSid", sid),
            ("SmsStatus", status),
            ("MessageStatus", status),
            ("To", &to),
            ("MessageSid", sid),
            ("AccountSid", account),
            ("From", from),
            ("ApiVersion", "2010-04-01"),
        ];
        let code = error_code.map(|code| code.to_string());
        if let Some(code) = &code {
            fields.push(("ErrorCode", code));
        }
        self.post_signed(client, webhook_url, public_url, &fields).await.status()
    }

    /// Posts any form as Twilio does, signed for `public_url`, and gives back the whole answer.
    pub async fn post_signed<K: AsRef<str>, V: AsRef<str>>(
        &self,
        client: &reqwest::Client,
        webhook_url: &str,
        public_url: &str,
        fields: &[(K, V)],
    ) -> reqwest::Response {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = client
            .post(webhook_url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8")
            .header(header::USER_AGENT, "TwilioProxy/1.1")
            .header("X-Twilio-Signature", self.sign(public_url, fields))
            .header("I-Twilio-Idempotency-Token", self.sign("token", fields))
            .body(form);
        match request.send().await {
            Ok(response) => response,
            Err(error) => panic!("the bot's webhook {webhook_url} doesn't answer: {error}"),
        }
    }

    /// Waits until `f` is true; after ten seconds it panics and lists what was sent.
    pub async fn wait_for(&self, what: &str, f: impl Fn(&View) -> bool) {
        wait_until(&self.view.0.changed, what, || f(&self.view), || self.story()).await;
    }

    /// Waits for a text to this number and gives it back (the first that fits).
    pub async fn wait_text(&self, to: &str, what: &str, f: impl Fn(&Sent) -> bool) -> Sent {
        let found = on_change(&self.view.0.changed, || self.sent().into_iter().find(|sent| sent.to == to && f(sent)));
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(sent) => sent,
            Err(_) => panic!("waited {} s in vain for a text to {to}: {what}\n{}", PATIENCE.as_secs(), self.story()),
        }
    }
}
