//! A Chatwoot that tests own: the API of one account with one API inbox on 127.0.0.1, and the agents on the other side of it.
//!
//! Owns: contacts, conversations, messages, status, priority, what became of messages; failures on order; webhooks, signed as
//! Chatwoot signs them: what agents do, and the echo of what the bot does. Invariants: a refused call changes nothing; a name that
//! is taken is refused. Leaves out: posting webhooks by itself (tests say when), agents' rights, time.

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Served;

pub const TOKEN: &str = "chatwoot-token";
pub const SECRET: &str = "chatwoot-hook-secret";
pub const ACCOUNT: u64 = 1;
pub const INBOX: u64 = 7;
/// The user that the bot writes as.
pub const ME: u64 = 1;

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    pub id: u64,
    pub content: String,
    pub incoming: bool,
    pub private: bool,
    pub source: String,
    /// The agent; none for what the bot wrote.
    pub agent: Option<u64>,
    pub status: String,
    pub error: String,
}

/// A conversation.
#[derive(Clone, Debug)]
pub struct Room {
    pub id: u64,
    pub source: String,
    pub status: String,
    pub priority: Option<String>,
    pub attributes: Value,
    pub messages: Vec<Said>,
    pub assignee: Option<(u64, String)>,
}

#[derive(Clone, Debug)]
pub struct Contact {
    pub id: u64,
    pub source: String,
    pub name: String,
}

#[derive(Default)]
struct State {
    contacts: Vec<Contact>,
    rooms: Vec<Room>,
    last: u64,
    /// The next calls are answered so.
    failures: VecDeque<u16>,
    /// Every call is answered so.
    down: Option<u16>,
    calls: Vec<String>,
    /// Webhooks about what the bot did.
    echoes: Vec<Value>,
}

/// The handle.
#[derive(Clone)]
pub struct FakeChatwoot {
    state: Arc<Mutex<State>>,
    served: Arc<Served>,
}

impl FakeChatwoot {
    pub async fn start() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let server = state.clone();
        let router = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let server = server.clone();
            async move {
                let mut state = server.lock().unwrap_or_else(PoisonError::into_inner);
                serve(&mut state, &method, uri.path(), &headers, &body)
            }
        });
        FakeChatwoot { state, served: Arc::new(Served::start(router).await) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn url(&self) -> String {
        self.served.base_url.clone()
    }

    /// The next call is answered so, and does nothing.
    pub fn fail_next(&self, status: u16) {
        self.lock().failures.push_back(status);
    }

    /// Every call is answered so, until `None`.
    pub fn down(&self, status: Option<u16>) {
        self.lock().down = status;
    }

    pub fn rooms(&self) -> Vec<Room> {
        self.lock().rooms.clone()
    }

    pub fn contacts(&self) -> Vec<Contact> {
        self.lock().contacts.clone()
    }

    pub fn calls(&self) -> Vec<String> {
        self.lock().calls.clone()
    }

    /// The newest conversation.
    pub fn room(&self) -> Room {
        self.lock().rooms.last().cloned().expect("a conversation")
    }

    /// Private notes of the newest conversation that the bot wrote.
    pub fn notes(&self) -> Vec<String> {
        self.room().messages.into_iter().filter(|said| said.private && said.agent.is_none()).map(|said| said.content).collect()
    }

    /// What customer and bot or staff said there, as the bot wrote it: `<` the customer, `>` the others.
    pub fn said(&self) -> Vec<String> {
        let public = self.room().messages.into_iter().filter(|said| !said.private && said.agent.is_none());
        public.map(|said| format!("{} {}", if said.incoming { "<" } else { ">" }, said.content)).collect()
    }

    pub fn message(&self, id: u64) -> Said {
        self.rooms().into_iter().flat_map(|room| room.messages).find(|said| said.id == id).expect("a message")
    }

    /// Somebody deletes contact and conversation.
    pub fn delete_all(&self) {
        let mut state = self.lock();
        state.rooms.clear();
        state.contacts.clear();
    }

    /// An agent writes; the message's id, and the webhook about it.
    pub fn writes(&self, agent: u64, name: &str, content: &str, private: bool) -> (u64, Value) {
        let mut state = self.lock();
        state.last += 1;
        let id = state.last;
        let room = state.rooms.last_mut().expect("a conversation");
        room.messages.push(Said {
            id,
            content: content.into(),
            incoming: false,
            private,
            source: String::new(),
            agent: Some(agent),
            status: "sent".into(),
            error: String::new(),
        });
        let sender = json!({"id": agent, "name": name, "email": "a@desk.example", "type": "user"});
        (id, message_webhook("message_created", room, id, content, "outgoing", private, Value::Null, sender))
    }

    /// The conversation is assigned; the webhook.
    pub fn assign(&self, agent: Option<(u64, &str)>) -> Value {
        let mut state = self.lock();
        let room = state.rooms.last_mut().expect("a conversation");
        let before = room.assignee.take().map(|(id, _)| id);
        room.assignee = agent.map(|(id, name)| (id, name.to_string()));
        let changed = json!([{"assignee_id": {"previous_value": before, "current_value": agent.map(|(id, _)| id)}}]);
        room_webhook("conversation_updated", room, changed)
    }

    /// An agent resolves it; the webhook.
    pub fn resolve(&self) -> Value {
        let mut state = self.lock();
        let room = state.rooms.last_mut().expect("a conversation");
        let before = std::mem::replace(&mut room.status, "resolved".into());
        room_webhook("conversation_status_changed", room, json!([{"status": {"previous_value": before, "current_value": "resolved"}}]))
    }

    /// Webhooks about what the bot did, since they were last taken.
    pub fn echoes(&self) -> Vec<Value> {
        std::mem::take(&mut self.lock().echoes)
    }

    pub fn sign(timestamp: i64, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(format!("{timestamp}.").as_bytes());
        mac.update(body);
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256={hex}")
    }

    /// Posts a webhook as Chatwoot does; what it was answered.
    pub async fn post(&self, client: &reqwest::Client, url: &str, timestamp: i64, webhook: &Value) -> u16 {
        let body = webhook.to_string();
        let request = client
            .post(url)
            .header("content-type", "application/json")
            .header("x-chatwoot-delivery", "4f3c7c0e-0000-4000-8000-000000000001")
            .header("x-chatwoot-timestamp", timestamp.to_string())
            .header("x-chatwoot-signature", Self::sign(timestamp, body.as_bytes()));
        request.body(body).send().await.expect("answers").status().as_u16()
    }
}

#[allow(clippy::too_many_arguments)]
fn message_webhook(event: &str, room: &Room, id: u64, content: &str, kind: &str, private: bool, source: Value, sender: Value) -> Value {
    json!({
        "event": event, "id": id, "content": content, "message_type": kind, "private": private, "source_id": source,
        "content_attributes": {}, "content_type": "text", "sender": sender,
        "account": {"id": ACCOUNT, "name": "Shop"}, "inbox": {"id": INBOX, "name": "Warmline"},
        "conversation": {
            "id": room.id, "status": room.status, "contact_inbox": {"source_id": room.source},
            "meta": {"assignee": room.assignee.as_ref().map(|(id, name)| json!({"id": id, "name": name, "type": "user"}))},
            "messages": [{"id": 1, "content": "not to be read"}]
        }
    })
}

fn room_webhook(event: &str, room: &Room, changed: Value) -> Value {
    json!({
        "event": event, "id": room.id, "inbox_id": INBOX, "status": room.status, "contact_inbox": {"source_id": room.source},
        "meta": {"assignee": room.assignee.as_ref().map(|(id, name)| json!({"id": id, "name": name, "type": "user"}))},
        "changed_attributes": changed
    })
}

fn answer(status: u16, body: Value) -> Response {
    (StatusCode::from_u16(status).expect("a status"), axum::Json(body)).into_response()
}

fn serve(state: &mut State, method: &Method, path: &str, headers: &HeaderMap, body: &[u8]) -> Response {
    state.calls.push(format!("{method} {path}"));
    if headers.get("api_access_token").is_none_or(|token| token != TOKEN) {
        return answer(401, json!({"error": "Invalid Access Token"}));
    }
    if let Some(status) = state.down.or_else(|| state.failures.pop_front()) {
        return answer(status, json!({"error": "on order"}));
    }
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    if path == "/api/v1/profile" {
        return answer(200, json!({"id": ME, "name": "Warmline"}));
    }
    let Some(path) = path.strip_prefix(&format!("/api/v1/accounts/{ACCOUNT}/")) else { return answer(404, json!({})) };
    let parts: Vec<&str> = path.split('/').collect();
    let source = body["source_id"].as_str().unwrap_or_default().to_string();
    match (method.as_str(), parts.as_slice()) {
        ("POST", ["contacts"]) => {
            if state.contacts.iter().any(|contact| contact.source == source) {
                return answer(422, json!({"message": "Identifier has already been taken", "attributes": ["identifier"]}));
            }
            state.last += 1;
            let contact = Contact { id: state.last, source: source.clone(), name: body["name"].as_str().unwrap_or_default().into() };
            let id = contact.id;
            state.contacts.push(contact);
            answer(200, json!({"payload": {"contact": {"id": id}, "contact_inbox": {"source_id": source}}}))
        }
        ("POST", ["contact_inboxes", "filter"]) => match state.contacts.iter().find(|contact| contact.source == source) {
            Some(contact) => answer(200, json!({"id": contact.id, "name": contact.name})),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        ("POST", ["conversations"]) => {
            if !state.contacts.iter().any(|contact| Some(contact.id) == body["contact_id"].as_u64()) {
                return answer(404, json!({"error": "Resource could not be found"}));
            }
            let id = 101 + state.last;
            state.last += 1;
            state.rooms.push(Room {
                id,
                source,
                status: "open".into(),
                priority: None,
                attributes: body["custom_attributes"].clone(),
                messages: Vec::new(),
                assignee: None,
            });
            answer(200, json!({"id": id, "status": "open"}))
        }
        (_, ["conversations", id, rest @ ..]) => in_room(state, method, id, rest, &body),
        _ => answer(404, json!({})),
    }
}

fn in_room(state: &mut State, method: &Method, id: &str, rest: &[&str], body: &Value) -> Response {
    state.last += 1;
    let new = state.last;
    let Some(room) = state.rooms.iter_mut().find(|room| room.id.to_string() == id) else {
        return answer(404, json!({"error": "Resource could not be found"}));
    };
    match (method.as_str(), rest) {
        ("POST", ["messages"]) => {
            let incoming = body["message_type"] == "incoming";
            let content = body["content"].as_str().unwrap_or_default().to_string();
            if content.is_empty() || content.chars().count() > 150_000 {
                return answer(422, json!({"error": "Content is wrong"}));
            }
            let private = body["private"] == true;
            if incoming {
                room.status = "open".into();
            }
            let sender = if incoming { Value::Null } else { json!({"id": ME, "name": "Warmline", "type": "user"}) };
            let kind = if incoming { "incoming" } else { "outgoing" };
            let echo = message_webhook("message_created", room, new, &content, kind, private, body["source_id"].clone(), sender);
            let source = body["source_id"].as_str().unwrap_or_default().to_string();
            let (status, error) = ("sent".to_string(), String::new());
            room.messages.push(Said { id: new, content, incoming, private, source, agent: None, status, error });
            state.echoes.push(echo);
            answer(200, json!({"id": new}))
        }
        ("POST", ["toggle_status"]) => {
            let status = body["status"].as_str().unwrap_or_default().to_string();
            let before = std::mem::replace(&mut room.status, status.clone());
            if before != status {
                let changed = json!([{"status": {"previous_value": before, "current_value": status}}]);
                let echoes =
                    ["conversation_status_changed", "conversation_updated"].map(|event| room_webhook(event, room, changed.clone()));
                state.echoes.extend(echoes);
            }
            answer(200, json!({"payload": {"success": true}}))
        }
        ("POST", ["toggle_priority"]) => {
            room.priority = body["priority"].as_str().map(str::to_string);
            answer(200, Value::Null)
        }
        ("PATCH", ["messages", message]) => {
            let Some(said) = room.messages.iter_mut().find(|said| said.id.to_string() == *message) else { return answer(404, json!({})) };
            said.status = body["status"].as_str().unwrap_or_default().into();
            said.error = body["external_error"].as_str().unwrap_or_default().into();
            answer(200, json!({"id": said.id}))
        }
        _ => answer(404, json!({})),
    }
}
