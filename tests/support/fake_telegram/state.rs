//! What the fake Telegram knows: chats with their topics and messages, people, updates not yet confirmed, calls and scripted failures.
//!
//! Owns: how a `Message` is built and kept, so that every method and every control shows the same one. Invariants: message ids count
//! up per chat (they repeat between chats, as in supergroups), a topic's id is the id of the message that opened it, a deleted topic takes
//! its messages with it. Leaves out: HTTP and the rules of single methods (`methods`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::super::unix_now;
use super::{Answer, Call, SentMessage, Topic, Webhook};

/// The bot's own id.
pub(super) const BOT_ID: i64 = 4_242_000;
/// The icon colour of a topic when none is asked for.
pub(super) const TOPIC_COLOUR: i64 = 7_322_096;

/// What belongs to one message and not to its content: a copy leaves these behind.
const ENVELOPE: [&str; 11] = [
    "message_id",
    "message_thread_id",
    "from",
    "sender_chat",
    "date",
    "chat",
    "is_topic_message",
    "reply_to_message",
    "reply_markup",
    "edit_date",
    "forward_origin",
];

/// The kinds of chat that matter here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Private,
    Group,
    Supergroup,
    Forum,
}

/// One message as it stands now.
pub(super) struct Stored {
    pub message: Value,
    pub by_bot: bool,
    /// The reply markup as the bot sent it; `message` carries inline keyboards only.
    pub markup: Option<Value>,
    pub document: Option<String>,
    /// What it was copied or forwarded from.
    pub origin: Option<(i64, i32)>,
}

/// One chat.
pub(super) struct Chat {
    pub kind: Kind,
    /// As the Bot API shows it inside a message.
    pub shown: Value,
    pub last_message: i32,
    pub messages: BTreeMap<i32, Stored>,
    pub topics: BTreeMap<i32, Topic>,
    /// People seen here, with their status.
    pub members: BTreeMap<i64, &'static str>,
    pub pinned: Option<i32>,
    pub bot_manages_topics: bool,
}

/// A failure that a test ordered.
pub(super) struct Failure {
    pub status: u16,
    pub body: String,
    pub retry_after: Option<u64>,
    /// The call takes effect first; only its answer is lost.
    pub after: bool,
}

/// Who wrote a message and where it goes.
pub(super) struct Place {
    pub chat: i64,
    pub thread: Option<i32>,
    pub reply_to: Option<i32>,
}

/// Everything behind the lock.
#[derive(Default)]
pub(super) struct State {
    pub chats: BTreeMap<i64, Chat>,
    pub people: BTreeMap<i64, Value>,
    pub blocked: BTreeSet<i64>,
    /// Updates that the bot has not confirmed yet.
    pub queue: VecDeque<(i64, Value)>,
    pub history: BTreeMap<i64, Value>,
    pub last_update: i64,
    pub last_query: u64,
    pub open_queries: BTreeSet<String>,
    pub answers: Vec<Answer>,
    pub allowed_updates: Vec<String>,
    /// Updates that the bot's `allowed_updates` kept from it.
    pub withheld: Vec<String>,
    pub webhook: Option<Webhook>,
    /// Counts `getUpdates` calls: a newer one ends an older one.
    pub poll: u64,
    pub commands: Vec<Value>,
    pub calls: Vec<Call>,
    pub violations: Vec<String>,
    pub failures: BTreeMap<String, VecDeque<Failure>>,
}

impl State {
    /// Puts a chat there, with nothing in it.
    pub fn add_chat(&mut self, id: i64, kind: Kind, shown: Value) -> &mut Chat {
        self.chats.entry(id).or_insert_with(|| Chat {
            kind,
            shown,
            // 1 is the General topic's, so no other topic gets it.
            last_message: i32::from(kind == Kind::Forum),
            messages: BTreeMap::new(),
            topics: BTreeMap::new(),
            members: BTreeMap::new(),
            pinned: None,
            bot_manages_topics: true,
        })
    }

    /// The chat of a control; a test that names one that isn't there is wrong.
    pub fn chat_mut(&mut self, id: i64) -> &mut Chat {
        self.chats.get_mut(&id).unwrap_or_else(|| panic!("the test knows no chat {id}: add_forum or add_group first"))
    }

    /// Adds a message with this content and gives back its id.
    pub fn post(&mut self, place: &Place, author: Map<String, Value>, content: Map<String, Value>) -> i32 {
        let chat = self.chat_mut(place.chat);
        let replied = place.reply_to.and_then(|id| chat.messages.get(&id)).map(|stored| stored.message.clone());
        let thread = place.thread.or_else(|| chat.thread_of_reply(replied.as_ref()));
        let reply_to = match (replied, thread) {
            (Some(message), _) => Some(message),
            // Telegram shows each message of a topic as a reply to the one that opened it.
            (None, Some(thread)) => chat.messages.get(&thread).map(|stored| stored.message.clone()),
            (None, None) => None,
        };

        chat.last_message += 1;
        let id = chat.last_message;
        let mut message = Map::new();
        message.insert("message_id".into(), id.into());
        message.extend(author);
        message.insert("chat".into(), chat.shown.clone());
        message.insert("date".into(), unix_now().into());
        if let Some(thread) = thread {
            message.insert("message_thread_id".into(), thread.into());
            if chat.kind == Kind::Forum {
                message.insert("is_topic_message".into(), true.into());
            }
        }
        if let Some(mut reply_to) = reply_to {
            if let Some(fields) = reply_to.as_object_mut() {
                fields.remove("reply_to_message");
            }
            message.insert("reply_to_message".into(), reply_to);
        }
        message.extend(content);
        let by_bot = message.get("from").and_then(|from| from["id"].as_i64()) == Some(BOT_ID);
        let stored = Stored { message: message.into(), by_bot, markup: None, document: None, origin: None };
        chat.messages.insert(id, stored);
        id
    }

    /// The content of a message without its envelope, for copies.
    pub fn content_of(&self, chat: i64, message: i32) -> Option<(Map<String, Value>, Option<String>)> {
        let stored = self.chats.get(&chat)?.messages.get(&message)?;
        let mut content = stored.message.as_object().cloned().unwrap_or_default();
        content.retain(|name, _| !ENVELOPE.contains(&name.as_str()));
        Some((content, stored.document.clone()))
    }

    /// The message as the Bot API shows it now.
    pub fn shown(&self, chat: i64, message: i32) -> Option<&Value> {
        Some(&self.chats.get(&chat)?.messages.get(&message)?.message)
    }

    /// Queues an update of this kind, unless the bot asked not to get such; gives back its id.
    pub fn push(&mut self, kind: &str, payload: Value) -> i64 {
        let update = self.update(kind, payload);
        let id = self.last_update;
        if self.allowed_updates.is_empty() || self.allowed_updates.iter().any(|allowed| allowed == kind) {
            self.queue.push_back((id, update));
        } else {
            self.withheld.push(format!("update {id}: `{kind}` is not among the bot's allowed_updates"));
        }
        id
    }

    /// Makes the next update without queueing it.
    pub fn update(&mut self, kind: &str, payload: Value) -> Value {
        self.last_update += 1;
        let update = json!({ "update_id": self.last_update, kind: payload });
        self.history.insert(self.last_update, update.clone());
        update
    }

    /// Takes the next failure that was ordered for this method.
    pub fn failure(&mut self, method: &str) -> Option<Failure> {
        self.failures.get_mut(&method.to_ascii_lowercase())?.pop_front()
    }

    /// Notes a call.
    pub fn record(&mut self, method: &str, params: &Map<String, Value>) {
        self.calls.push(Call { method: method.to_owned(), params: params.clone().into(), at: Instant::now() });
    }
}

impl Chat {
    /// Which thread a reply joins when none is named.
    fn thread_of_reply(&self, replied: Option<&Value>) -> Option<i32> {
        let replied = replied?;
        let thread = number(&replied["message_thread_id"]);
        match self.kind {
            Kind::Forum => thread,
            Kind::Supergroup => thread.or_else(|| number(&replied["message_id"])),
            Kind::Private | Kind::Group => None,
        }
    }

    /// Forgets a topic with its messages; false when there is none.
    pub fn delete_topic(&mut self, thread: i32) -> bool {
        let there = self.topics.remove(&thread).is_some();
        if there {
            self.messages.retain(|id, stored| *id != thread && number(&stored.message["message_thread_id"]) != Some(thread));
        }
        there
    }

    /// What the bot has sent here and not deleted, oldest first.
    pub fn sent(&self) -> Vec<SentMessage> {
        let by_bot = self.messages.iter().filter(|(_, stored)| stored.by_bot && stored.message.get("forum_topic_created").is_none());
        by_bot.map(|(id, stored)| self.as_sent(*id, stored)).collect()
    }

    fn as_sent(&self, id: i32, stored: &Stored) -> SentMessage {
        let message = &stored.message;
        let text = message["text"].as_str().or(message["caption"].as_str()).unwrap_or_default();
        let reply_to = number(&message["reply_to_message"]["message_id"]);
        let thread = number(&message["message_thread_id"]);
        let keyboard = stored.markup.as_ref().map(|markup| &markup["keyboard"]);
        SentMessage {
            id,
            chat: message["chat"]["id"].as_i64().unwrap_or_default(),
            thread,
            text: text.to_owned(),
            kind: kind_of(message),
            buttons: inline_buttons(message),
            keyboard: keyboard.map(|rows| cells(rows).map(label).collect()).unwrap_or_default(),
            asks_contact: keyboard.is_some_and(|rows| cells(rows).any(|button| button["request_contact"] == true)),
            reply_to: reply_to.filter(|reply| self.kind != Kind::Forum || Some(*reply) != thread),
            edited: message.get("edit_date").is_some(),
            document: stored.document.clone(),
            file_name: message["document"]["file_name"].as_str().map(str::to_owned),
            origin: stored.origin,
            pinned: self.pinned == Some(id),
        }
    }
}

/// A message id or thread id inside JSON.
pub(super) fn number(value: &Value) -> Option<i32> {
    value.as_i64().and_then(|id| i32::try_from(id).ok())
}

/// The name of the field that holds a message's content.
fn kind_of(message: &Value) -> String {
    let kinds = ["voice", "photo", "sticker", "location", "contact", "document"];
    kinds.into_iter().find(|kind| message.get(kind).is_some()).unwrap_or("text").to_owned()
}

/// The buttons under a message, row by row: label, and callback data or URL.
fn inline_buttons(message: &Value) -> Vec<(String, String)> {
    let action = |button: &Value| button["callback_data"].as_str().or(button["url"].as_str()).unwrap_or_default().to_owned();
    cells(&message["reply_markup"]["inline_keyboard"]).map(|button| (label(button), action(button))).collect()
}

fn cells(rows: &Value) -> impl Iterator<Item = &Value> {
    rows.as_array().into_iter().flatten().filter_map(Value::as_array).flatten()
}

fn label(button: &Value) -> String {
    button["text"].as_str().or(button.as_str()).unwrap_or_default().to_owned()
}
