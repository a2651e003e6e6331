//! Declared calls, made.
//!
//! Owns: filling in URL, headers and body with escaping by place; the answer's size and time; outcomes and fields.
//! Invariants: a value can't leave its place: in a URL it is percent-encoded, in JSON it stays a text, in a header control
//! characters end the call; redirects are not followed; the answer's personal data stays here.
//! Leaves out: when to repeat.

use super::declared::HttpCall;
use super::{Backend, ended, owns};
use crate::conversation::{CallRequest, CallReturned, Proof};
use crate::engine::CallShapes;
use crate::lexis::Templates;
use async_trait::async_trait;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The operator's systems.
pub struct Http {
    client: reqwest::Client,
    calls: BTreeMap<String, HttpCall>,
    secrets: BTreeMap<String, SecretString>,
}

impl Http {
    /// Declared calls with the secrets that their templates may use.
    pub fn new(client: reqwest::Client, calls: BTreeMap<String, HttpCall>, secrets: BTreeMap<String, SecretString>) -> Self {
        Http { client, calls, secrets }
    }

    fn context(&self, request: &CallRequest, escape: impl Fn(&str) -> String) -> Value {
        let mut context: Map<String, Value> = request.params.iter().map(|(name, value)| (name.clone(), json!(escape(value)))).collect();
        let (phone, email) = match &request.proof {
            Some(Proof::Phone(phone)) => (phone.as_str(), ""),
            Some(Proof::Email(email)) => ("", email.as_str()),
            None => ("", ""),
        };
        if let Some(staff) = &request.staff {
            context.insert("staff".into(), json!({"id": escape(&staff.id), "name": escape(&staff.name)}));
        }
        context.insert("proof".into(), json!({"phone": escape(phone), "email": escape(email)}));
        let secrets: Map<String, Value> = self.secrets.iter().map(|(name, secret)| (name.clone(), json!(secret.expose_secret()))).collect();
        context.insert("secret".into(), Value::Object(secrets));
        Value::Object(context)
    }

    fn request(&self, call: &HttpCall, wanted: &CallRequest, key: &str) -> Option<reqwest::RequestBuilder> {
        let url = render(&call.url, &self.context(wanted, |value| utf8_percent_encode(value, UNRESERVED).to_string()))?;
        let method: reqwest::Method = call.method.parse().ok()?;
        let mut request = self.client.request(method, url).timeout(call.timeout);
        let plain = self.context(wanted, str::to_string);
        for (name, template) in &call.headers {
            let value = render(template, &plain)?;
            if value.chars().any(char::is_control) {
                return None;
            }
            request = request.header(name, value);
        }
        if call.method != "GET" {
            request = request.header("Idempotency-Key", key);
        }
        match &call.body {
            Some(body) => Some(request.json(&fill(body, &plain)?)),
            None => Some(request),
        }
    }

    async fn answer(&self, call: &HttpCall, wanted: &CallRequest, key: &str) -> Result<(u16, Value), &'static str> {
        let request = self.request(call, wanted, key).ok_or("error")?;
        let failed = |error: reqwest::Error| if error.is_timeout() { "timeout" } else { "error" };
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if bytes.len() + chunk.len() > call.max_bytes {
                return Err("error");
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }
}

fn render(template: &str, context: &Value) -> Option<String> {
    let mut templates = Templates::default();
    templates.add("t", template).ok()?;
    templates.render("t", context).ok()
}

/// JSON with every text filled in.
fn fill(value: &Value, context: &Value) -> Option<Value> {
    Some(match value {
        Value::String(text) => Value::String(render(text, context)?),
        Value::Array(items) => Value::Array(items.iter().map(|item| fill(item, context)).collect::<Option<_>>()?),
        Value::Object(items) => {
            Value::Object(items.iter().map(|(name, item)| Some((name.clone(), fill(item, context)?))).collect::<Option<_>>()?)
        }
        other => other.clone(),
    })
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        _ => None,
    }
}

#[async_trait]
impl Backend for Http {
    fn shapes(&self) -> CallShapes {
        self.calls.iter().map(|(name, call)| (name.clone(), call.shape())).collect()
    }

    fn repeatable(&self, call: &str) -> bool {
        self.calls.get(call).is_some_and(|call| call.repeatable)
    }

    async fn call(&self, request: &CallRequest, key: &str, _now: Timestamp) -> CallReturned {
        let Some(call) = self.calls.get(&request.name) else { return ended(request, "error") };
        // An intent can't name such a call; should one come here all the same, nobody has looked.
        if call.staff.is_some() && request.staff.is_none() {
            return ended(request, "error");
        }
        if let Some(check) = call.check.as_ref().map(|check| self.calls.get(check)) {
            let Some(check) = check else { return ended(request, "error") };
            let found = self.made(check, request, key).await;
            if ["unproven", "not_found", "error", "timeout"].contains(&found.outcome.as_str()) {
                return found;
            }
        }
        self.made(call, request, key).await
    }
}

impl Http {
    /// One call, made: its outcome, with what a reply may use of the answer.
    async fn made(&self, call: &HttpCall, request: &CallRequest, key: &str) -> CallReturned {
        let (status, answer) = match self.answer(call, request, key).await {
            Ok(answer) => answer,
            Err(outcome) => return ended(request, outcome),
        };
        let fits = |rule: &&super::OutcomeRule| {
            let status = rule.status.is_none_or(|wanted| wanted == status);
            let field = rule.field.as_ref().map(|pointer| text(answer.pointer(pointer)));
            let value = match (&field, &rule.equals) {
                (None, _) => true,
                (Some(found), Some(wanted)) => found.as_ref() == Some(wanted),
                (Some(found), None) => found.is_some(),
            };
            status && value && (rule.status.is_some() || rule.field.is_some())
        };
        let Some(rule) = call.outcomes.iter().find(fits) else { return ended(request, "error") };
        let guarded = call.owner_phone.is_some() || call.owner_email.is_some();
        if guarded && (200..300).contains(&status) {
            let on_file = |pointer: &Option<String>| pointer.as_ref().and_then(|pointer| text(answer.pointer(pointer)));
            let (phone, email) = (on_file(&call.owner_phone), on_file(&call.owner_email));
            if !owns(request.proof.as_ref(), phone.as_deref(), email.as_deref()) {
                return ended(request, "unproven");
            }
        }
        let fields = rule.fields.iter().filter_map(|(name, pointer)| Some((name.clone(), answer.pointer(pointer)?.clone()))).collect();
        CallReturned { call: request.number, outcome: rule.is.clone(), fields }
    }
}
