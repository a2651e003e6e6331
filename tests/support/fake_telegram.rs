//! A Telegram that tests own: a Bot API server on 127.0.0.1 and the people on the other side of it.
//!
//! Owns: what tests do (people write, press, block; topics go; calls fail on order) and see (`View`: what the bot sent as it stands now,
//! its calls, and violations of the Bot API, which a test asserts to be none). Invariants: controls take effect at once and wake both the
//! bot's long poll and the test's `wait_for`; a predicate runs without the lock, so it may use the handle. Leaves out: HTTP and parameters
//! (`wire`), methods (`methods`, `messages`, `rooms`), posting to a webhook (take the JSON from `push_to_webhook`).

mod messages;
mod methods;
mod people;
mod rooms;
mod state;
mod wire;

use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Uri};
use serde_json::Value;
use tokio::sync::Notify;

use super::{PATIENCE, Served, on_change, wait_until};
pub use people::Person;
use state::{Failure, State};

/// A message of the bot as it stands now.
#[derive(Clone, PartialEq, Debug)]
pub struct SentMessage {
    /// Its id in this chat; ids repeat between chats.
    pub id: i32,
    /// The chat.
    pub chat: i64,
    /// The topic, or the reply thread.
    pub thread: Option<i32>,
    /// Text or caption, after edits.
    pub text: String,
    /// `text`, `document`, and what copies may be: `voice`, `photo`, `sticker`, `location`, `contact`.
    pub kind: String,
    /// Inline buttons: label, and callback data or URL.
    pub buttons: Vec<(String, String)>,
    /// Labels of the reply keyboard that came with it.
    pub keyboard: Vec<String>,
    /// Whether that keyboard asks for the contact.
    pub asks_contact: bool,
    /// What it replies to (a topic's first message doesn't count).
    pub reply_to: Option<i32>,
    /// Whether it was edited.
    pub edited: bool,
    /// What the document says.
    pub document: Option<String>,
    /// What the document is called.
    pub file_name: Option<String>,
    /// Chat and message that it was copied or forwarded from.
    pub origin: Option<(i64, i32)>,
    /// Whether it is pinned.
    pub pinned: bool,
}

/// One call of the bot.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method as the Bot API spells it.
    pub method: String,
    /// Its parameters; a file is `{"file_name", "size", "text"}`.
    pub params: Value,
    /// When it came.
    pub at: Instant,
}

/// One forum topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topic {
    /// Its `message_thread_id`.
    pub id: i32,
    /// Its name now.
    pub name: String,
    /// Whether it is closed.
    pub closed: bool,
}

/// What the bot answered to a button press.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The callback query.
    pub query: String,
    /// What the person saw, empty for nothing.
    pub text: String,
    /// As an alert that must be closed.
    pub alert: bool,
}

/// The webhook that the bot has set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Webhook {
    /// Where updates go.
    pub url: String,
    /// What `X-Telegram-Bot-Api-Secret-Token` says.
    pub secret: Option<String>,
    /// How many connections at most.
    pub max_connections: i64,
}

/// What handle, server and views share.
#[derive(Default)]
struct Inner {
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
    /// The bot's messages in this chat that it has not deleted, oldest first.
    pub fn messages(&self, chat: i64) -> Vec<SentMessage> {
        self.0.lock().chats.get(&chat).map(state::Chat::sent).unwrap_or_default()
    }

    /// Those of one topic.
    pub fn in_topic(&self, chat: i64, thread: i32) -> Vec<SentMessage> {
        self.messages(chat).into_iter().filter(|message| message.thread == Some(thread)).collect()
    }

    /// The texts of `messages`.
    pub fn texts(&self, chat: i64) -> Vec<String> {
        self.messages(chat).into_iter().map(|message| message.text).collect()
    }

    /// Every call, refused ones too, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.0.lock().calls.clone()
    }

    /// The calls of one method.
    pub fn calls_of(&self, method: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.method.eq_ignore_ascii_case(method)).collect()
    }

    /// The topics of a forum, oldest first; deleted ones are gone.
    pub fn topics(&self, chat: i64) -> Vec<Topic> {
        self.0.lock().chats.get(&chat).map(|chat| chat.topics.values().cloned().collect()).unwrap_or_default()
    }

    /// What the bot's calls had wrong: unknown methods and parameters, wrong types, missing ones.
    pub fn violations(&self) -> Vec<String> {
        self.0.lock().violations.clone()
    }

    /// How many updates the bot has not confirmed.
    pub fn pending(&self) -> usize {
        self.0.lock().queue.len()
    }

    /// The webhook that the bot has set.
    pub fn webhook(&self) -> Option<Webhook> {
        self.0.lock().webhook.clone()
    }

    /// What the bot answered to presses, oldest first.
    pub fn answers(&self) -> Vec<Answer> {
        self.0.lock().answers.clone()
    }

    /// How many presses still turn their clock on the person's phone.
    pub fn unanswered(&self) -> usize {
        self.0.lock().open_queries.len()
    }

    /// The commands that the bot has set.
    pub fn commands(&self) -> Vec<Value> {
        self.0.lock().commands.clone()
    }

    /// An update that was made, queued or not, to be posted again.
    pub fn update(&self, update_id: i64) -> Value {
        self.0.lock().history.get(&update_id).cloned().unwrap_or_else(|| panic!("there was no update {update_id}"))
    }

    /// The message inside an update, to be edited or replied to.
    pub fn message_id_of(&self, update_id: i64) -> i32 {
        let update = self.update(update_id);
        let message = update.get("message").or(update.get("edited_message")).unwrap_or(&Value::Null);
        state::number(&message["message_id"]).unwrap_or_else(|| panic!("update {update_id} carries no message: {update}"))
    }

    /// Everything that was sent, for somebody who must find out why a test failed.
    pub fn story(&self) -> String {
        let state = self.0.lock();
        let mut lines = vec!["Telegram saw:".to_owned()];
        for (id, chat) in &state.chats {
            lines.extend(chat.sent().iter().map(|message| {
                let SentMessage { id: number, thread, kind, text, buttons, .. } = message;
                let text: String = text.chars().take(200).collect();
                format!("  chat {id} #{number} thread {thread:?} {kind} {text:?} {buttons:?}")
            }));
        }
        lines.push("calls, the last 40 without getUpdates:".to_owned());
        let calls: Vec<&Call> = state.calls.iter().filter(|call| call.method != "getUpdates").collect();
        lines.extend(calls.iter().skip(calls.len().saturating_sub(40)).map(|call| {
            let params: String = call.params.to_string().chars().take(300).collect();
            format!("  {} {params}", call.method)
        }));
        let polls = state.calls.len() - calls.len();
        lines.push(format!("{polls} getUpdates calls, {} updates not confirmed, webhook {:?}", state.queue.len(), state.webhook));
        lines.extend(state.withheld.iter().map(|note| format!("  withheld: {note}")));
        lines.extend(state.violations.iter().map(|note| format!("  violation: {note}")));
        lines.join("\n")
    }

    /// Panics when the bot has broken the Bot API's contract.
    #[track_caller]
    pub fn assert_clean(&self) {
        assert!(self.violations().is_empty(), "violations of the Bot API\n{}", self.story());
    }
}

/// The handle. Clones are the same Telegram; it is gone with the last one.
#[derive(Clone)]
pub struct FakeTelegram {
    view: View,
    served: Arc<Served>,
    /// Where updates go instead of the queue, within `push_to_webhook`.
    capture: Option<Arc<Mutex<Vec<Value>>>>,
}

impl Deref for FakeTelegram {
    type Target = View;

    fn deref(&self) -> &View {
        &self.view
    }
}

impl FakeTelegram {
    /// A Telegram without chats, on a free port.
    pub async fn start() -> Self {
        let inner = Arc::new(Inner::default());
        let server = Arc::clone(&inner);
        let router =
            Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| wire::serve(Arc::clone(&server), uri, headers, body));
        Self { view: View(inner), served: Arc::new(Served::start(router).await), capture: None }
    }

    /// What the bot's `api_url` must be.
    pub fn base_url(&self) -> String {
        self.served.base_url.clone()
    }

    /// A token; any other of the same form does too.
    pub fn token(&self) -> String {
        format!("{}:AAE-fake_token_of_the_tests", state::BOT_ID)
    }

    /// The bot's own id.
    pub fn bot_id(&self) -> i64 {
        state::BOT_ID
    }

    /// The bot's next call of this method fails like that and does nothing. `body` is the description, or the whole body when it
    /// begins with `{` or `<`. Several failures queue up.
    pub fn fail_next(&self, method: &str, status: u16, body: &str, retry_after: Option<u64>) {
        self.order_failure(method, Failure { status, body: body.to_owned(), retry_after, after: false });
    }

    /// The bot's next call of this method takes effect, but its answer is this failure.
    pub fn fail_after(&self, method: &str, status: u16, body: &str) {
        self.order_failure(method, Failure { status, body: body.to_owned(), retry_after: None, after: true });
    }

    fn order_failure(&self, method: &str, failure: Failure) {
        let method = method.to_ascii_lowercase();
        self.view.0.lock().failures.entry(method).or_default().push_back(failure);
    }

    /// Waits until `f` is true; after ten seconds it panics and lists what was sent.
    pub async fn wait_for(&self, what: &str, f: impl Fn(&View) -> bool) {
        wait_until(&self.view.0.changed, what, || f(&self.view), || self.story()).await;
    }

    /// Waits for a message of the bot in this chat and gives it back (the first that fits).
    pub async fn wait_message(&self, chat: i64, what: &str, f: impl Fn(&SentMessage) -> bool) -> SentMessage {
        let found = on_change(&self.view.0.changed, || self.messages(chat).into_iter().find(|message| f(message)));
        match tokio::time::timeout(PATIENCE, found).await {
            Ok(message) => message,
            Err(_) => panic!("waited {} s in vain for a message in chat {chat}: {what}\n{}", PATIENCE.as_secs(), self.story()),
        }
    }
}
