//! The people in the fake Telegram and what a test lets them do.
//!
//! Owns: customers in private chats, staff in groups, anonymous administrators, presses, contacts, blocking, what happens to topics, and
//! updates as a test wrote them. Each control gives back the id of the update that it made. Leaves out: what the bot does (`methods`).

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::super::unix_now;
use super::FakeTelegram;
use super::rooms::open_topic;
use super::state::{Kind, Place, State, TOPIC_COLOUR, number};

/// Telegram's own account that speaks for administrators who stay anonymous.
const GROUP_ANONYMOUS_BOT: i64 = 1_087_968_824;

/// Somebody with a Telegram account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// The account, and the id of the private chat with it.
    pub id: i64,
    /// The first name as written.
    pub first_name: String,
    /// The last name.
    pub last_name: Option<String>,
    /// The name after the `@`.
    pub username: Option<String>,
    /// The language of their app, like `en` or `es`.
    pub language_code: Option<String>,
    /// Another bot.
    pub is_bot: bool,
}

impl Person {
    /// A person with a first name only.
    pub fn new(id: i64, first_name: &str) -> Self {
        Self { id, first_name: first_name.to_owned(), last_name: None, username: None, language_code: None, is_bot: false }
    }

    /// Who presses a button as an anonymous administrator.
    pub fn anonymous_admin() -> Self {
        Self { is_bot: true, ..Self::new(GROUP_ANONYMOUS_BOT, "Group").username("GroupAnonymousBot") }
    }

    /// With a last name.
    #[must_use]
    pub fn last_name(self, last_name: &str) -> Self {
        Self { last_name: Some(last_name.to_owned()), ..self }
    }

    /// With a user name.
    #[must_use]
    pub fn username(self, username: &str) -> Self {
        Self { username: Some(username.to_owned()), ..self }
    }

    /// With a language of the app.
    #[must_use]
    pub fn language(self, code: &str) -> Self {
        Self { language_code: Some(code.to_owned()), ..self }
    }

    fn user(&self) -> Value {
        let mut user = json!({ "id": self.id, "is_bot": self.is_bot, "first_name": self.first_name });
        let optional = [("last_name", &self.last_name), ("username", &self.username), ("language_code", &self.language_code)];
        for (name, value) in optional {
            if let Some(value) = value {
                user[name] = value.as_str().into();
            }
        }
        user
    }

    fn private_chat(&self) -> Value {
        let mut chat = self.user();
        if let Some(fields) = chat.as_object_mut() {
            fields.remove("is_bot");
            fields.remove("language_code");
        }
        chat["type"] = "private".into();
        chat
    }
}

/// Text as a message's content; a command at its beginning is marked as Telegram does.
fn text_content(text: &str) -> Map<String, Value> {
    let mut content = Map::from_iter([("text".to_owned(), text.into())]);
    if text.starts_with('/') {
        let length = text.split_whitespace().next().map_or(0, |word| word.encode_utf16().count());
        content.insert("entities".into(), json!([{ "type": "bot_command", "offset": 0, "length": length }]));
    }
    content
}

fn author(user: Value) -> Map<String, Value> {
    Map::from_iter([("from".to_owned(), user)])
}

/// Chats.
impl FakeTelegram {
    /// A supergroup with topics, in which the bot is an administrator.
    pub fn add_forum(&self, chat_id: i64, title: &str) {
        let shown = json!({ "id": chat_id, "title": title, "is_forum": true, "type": "supergroup" });
        self.change(|state| _ = state.add_chat(chat_id, Kind::Forum, shown));
    }

    /// A group without topics: a supergroup when the id begins with -100, else a basic group.
    pub fn add_group(&self, chat_id: i64, title: &str) {
        let (kind, name) = if chat_id <= -1_000_000_000_000 { (Kind::Supergroup, "supergroup") } else { (Kind::Group, "group") };
        let shown = json!({ "id": chat_id, "title": title, "type": name });
        self.change(|state| _ = state.add_chat(chat_id, kind, shown));
    }

    /// What `getChat` says of a chat besides.
    pub fn say_of(&self, chat_id: i64, key: &str, value: bool) {
        self.change(|state| state.chat_mut(chat_id).shown[key] = value.into());
    }

    /// Whether the bot may open, close and delete topics there (it may at first).
    pub fn let_manage_topics(&self, chat_id: i64, may: bool) {
        self.change(|state| state.chat_mut(chat_id).bot_manages_topics = may);
    }

    /// Makes somebody `creator`, `administrator`, `member`, `left` or `kicked` in a group; who writes there is a member.
    pub fn set_member(&self, chat_id: i64, person: &Person, status: &'static str) {
        self.change(|state| {
            state.people.insert(person.id, person.user());
            state.chat_mut(chat_id).members.insert(person.id, status);
        });
    }

    /// Somebody leaves a group, and the bot, an administrator there, is told.
    pub fn leave(&self, chat_id: i64, person: &Person) {
        self.set_member(chat_id, person, "left");
        let chat = self.change(|state| state.chat_mut(chat_id).shown.clone());
        let (member, left) = (json!({"user": person.user(), "status": "member"}), json!({"user": person.user(), "status": "left"}));
        let change = json!({"chat": chat, "from": person.user(), "date": unix_now(), "old_chat_member": member, "new_chat_member": left});
        self.push_raw(json!({"chat_member": change}));
    }

    /// A staff member opens a topic by hand; gives back its id.
    pub fn open_topic(&self, chat_id: i64, person: &Person, name: &str) -> i32 {
        self.change(|state| {
            let opened = json!({ "name": name, "icon_color": TOPIC_COLOUR });
            let content = Map::from_iter([("forum_topic_created".to_owned(), opened)]);
            let thread = open_topic(state, chat_id, person.user(), name, content);
            self.deliver(state, "message", chat_id, thread);
            thread
        })
    }

    /// Somebody deletes a topic with all its messages. Telegram tells the bot nothing.
    pub fn delete_topic(&self, chat_id: i64, thread: i32) {
        let there = self.change(|state| state.chat_mut(chat_id).delete_topic(thread));
        assert!(there, "chat {chat_id} has no topic {thread} to delete");
    }

    /// An administrator closes a topic; the bot hears of it.
    pub fn close_topic(&self, chat_id: i64, thread: i32) -> i64 {
        self.shut(chat_id, thread, true)
    }

    /// An administrator opens a closed topic again.
    pub fn reopen_topic(&self, chat_id: i64, thread: i32) -> i64 {
        self.shut(chat_id, thread, false)
    }

    fn shut(&self, chat_id: i64, thread: i32, closed: bool) -> i64 {
        self.change(|state| {
            let topic = state.chat_mut(chat_id).topics.get_mut(&thread);
            topic.unwrap_or_else(|| panic!("chat {chat_id} has no topic {thread}")).closed = closed;
            let event = if closed { "forum_topic_closed" } else { "forum_topic_reopened" };
            let place = Place { chat: chat_id, thread: Some(thread), reply_to: None };
            let content = Map::from_iter([(event.to_owned(), json!({}))]);
            let id = state.post(&place, author(Person::new(77, "Group owner").user()), content);
            self.deliver(state, "message", chat_id, id)
        })
    }
}

/// People.
impl FakeTelegram {
    /// Somebody with this account.
    pub fn person(&self, id: i64, first_name: &str) -> Person {
        Person::new(id, first_name)
    }

    /// A customer writes to the bot.
    pub fn customer_text(&self, person: &Person, text: &str) -> i64 {
        self.customer(person, text_content(text))
    }

    /// A customer changes a message.
    pub fn customer_edit(&self, person: &Person, message_id: i32, text: &str) -> i64 {
        self.edit(person.id, message_id, text)
    }

    /// A customer sends a voice note.
    pub fn customer_voice(&self, person: &Person) -> i64 {
        let voice = json!({ "duration": 4, "mime_type": "audio/ogg", "file_id": "voice-1", "file_unique_id": "v1", "file_size": 9_000 });
        self.customer(person, Map::from_iter([("voice".to_owned(), voice)]))
    }

    /// A customer sends a photo, perhaps with a caption.
    pub fn customer_photo(&self, person: &Person, caption: Option<&str>) -> i64 {
        let size = |name: &str, width: u32| json!({ "file_id": format!("photo-{name}"), "file_unique_id": name, "file_size": width * 50, "width": width, "height": width });
        let mut content = Map::from_iter([("photo".to_owned(), json!([size("s", 90), size("m", 320)]))]);
        if let Some(caption) = caption {
            content.insert("caption".into(), caption.into());
        }
        self.customer(person, content)
    }

    /// A customer sends a sticker that stands for this emoji.
    pub fn customer_sticker(&self, person: &Person, emoji: &str) -> i64 {
        let sticker = json!({
            "width": 512, "height": 512, "emoji": emoji, "set_name": "Animals", "is_animated": false, "is_video": false,
            "type": "regular", "file_id": "sticker-1", "file_unique_id": "s1", "file_size": 12_000
        });
        self.customer(person, Map::from_iter([("sticker".to_owned(), sticker)]))
    }

    /// A customer sends where they are.
    pub fn customer_location(&self, person: &Person) -> i64 {
        self.customer(person, Map::from_iter([("location".to_owned(), json!({ "latitude": 52.52, "longitude": 13.405 }))]))
    }

    /// A customer shares a contact: their own (`contact.user_id` is theirs), or somebody else's.
    pub fn customer_contact(&self, person: &Person, phone: &str, own: bool) -> i64 {
        let user_id = if own { person.id } else { person.id + 1_000_000 };
        let contact = json!({ "phone_number": phone, "first_name": person.first_name, "user_id": user_id });
        self.customer(person, Map::from_iter([("contact".to_owned(), contact)]))
    }

    /// A customer sends anything else: `content` holds the fields beside sender, chat and date.
    pub fn customer_other(&self, person: &Person, content: Value) -> i64 {
        self.customer(person, content.as_object().cloned().unwrap_or_default())
    }

    fn customer(&self, person: &Person, content: Map<String, Value>) -> i64 {
        self.change(|state| {
            state.people.insert(person.id, person.user());
            state.add_chat(person.id, Kind::Private, Value::Null).shown = person.private_chat();
            let place = Place { chat: person.id, thread: None, reply_to: None };
            let id = state.post(&place, author(person.user()), content);
            self.deliver(state, "message", person.id, id)
        })
    }

    /// Somebody writes in a group, perhaps in a topic or as a reply.
    pub fn group_text(&self, person: &Person, chat_id: i64, thread: Option<i32>, reply_to: Option<i32>, text: &str) -> i64 {
        self.change(|state| {
            state.people.insert(person.id, person.user());
            state.chat_mut(chat_id).members.entry(person.id).or_insert("member");
            self.group_post(state, author(person.user()), Place { chat: chat_id, thread, reply_to }, text)
        })
    }

    /// Somebody changes what they wrote in a group.
    pub fn group_edit(&self, chat_id: i64, message_id: i32, text: &str) -> i64 {
        self.edit(chat_id, message_id, text)
    }

    /// An administrator who stays anonymous writes in a group.
    pub fn anonymous_admin_text(&self, chat_id: i64, thread: Option<i32>, reply_to: Option<i32>, text: &str) -> i64 {
        self.change(|state| {
            let mut author = author(Person::anonymous_admin().user());
            author.insert("sender_chat".into(), state.chat_mut(chat_id).shown.clone());
            self.group_post(state, author, Place { chat: chat_id, thread, reply_to }, text)
        })
    }

    fn group_post(&self, state: &mut State, author: Map<String, Value>, place: Place, text: &str) -> i64 {
        let chat = state.chat_mut(place.chat);
        let open = place.thread.is_none_or(|thread| chat.kind != Kind::Forum || chat.topics.contains_key(&thread));
        assert!(open, "chat {} has no topic {:?}", place.chat, place.thread);
        assert!(place.reply_to.is_none_or(|id| chat.messages.contains_key(&id)), "nothing to reply to: {:?}", place.reply_to);
        let id = state.post(&place, author, text_content(text));
        self.deliver(state, "message", place.chat, id)
    }

    fn edit(&self, chat_id: i64, message_id: i32, text: &str) -> i64 {
        self.change(|state| {
            let stored = state.chat_mut(chat_id).messages.get_mut(&message_id).filter(|stored| !stored.by_bot);
            let stored = stored.unwrap_or_else(|| panic!("chat {chat_id} has no message {message_id} of a person"));
            if let Some(fields) = stored.message.as_object_mut() {
                fields.remove("entities");
                fields.extend(text_content(text));
                fields.insert("edit_date".into(), unix_now().into());
            }
            self.deliver(state, "edited_message", chat_id, message_id)
        })
    }

    /// Somebody presses a button. The data need not be on the message (any more), and the message may be gone.
    pub fn press(&self, person: &Person, chat_id: i64, message_id: i32, data: &str) -> i64 {
        self.change(|state| {
            state.people.insert(person.id, person.user());
            let shown = state.shown(chat_id, message_id).cloned();
            let message = shown.unwrap_or_else(|| {
                let chat = state.chat_mut(chat_id).shown.clone();
                json!({ "message_id": message_id, "chat": chat, "date": 0 })
            });
            state.last_query += 1;
            let query = format!("{}", 5_000_000_000_000_000 + state.last_query);
            state.open_queries.insert(query.clone());
            let instance = format!("{}", chat_id.wrapping_mul(7_919));
            let press = json!({ "id": query, "from": person.user(), "message": message, "chat_instance": instance, "data": data });
            self.send(state, "callback_query", press)
        })
    }

    /// Somebody presses the button with this label, which must be there now.
    pub fn tap(&self, person: &Person, chat_id: i64, message_id: i32, label: &str) -> i64 {
        let message = self.messages(chat_id).into_iter().find(|message| message.id == message_id);
        let buttons = message.map(|message| message.buttons).unwrap_or_default();
        let Some((_, data)) = buttons.iter().find(|(there, _)| there == label) else {
            panic!("message {message_id} of chat {chat_id} has no button {label:?}, but {buttons:?}\n{}", self.story())
        };
        self.press(person, chat_id, message_id, data)
    }

    /// A person blocks the bot.
    pub fn block(&self, person: &Person) {
        self.change(|state| _ = state.blocked.insert(person.id));
    }

    /// And lets it write again.
    pub fn unblock(&self, person: &Person) {
        self.change(|state| _ = state.blocked.remove(&person.id));
    }
}

/// Updates.
impl FakeTelegram {
    /// Queues an update as it is, whatever it is; an object without `update_id` gets the next one.
    pub fn push_raw(&self, mut update: Value) -> i64 {
        self.change(|state| {
            let given = update["update_id"].as_i64();
            state.last_update = given.map_or(state.last_update + 1, |id| id.max(state.last_update));
            let id = given.unwrap_or(state.last_update);
            if let Some(fields) = update.as_object_mut() {
                fields.entry("update_id").or_insert(id.into());
            }
            state.history.insert(id, update.clone());
            match &self.capture {
                Some(capture) => capture.lock().unwrap_or_else(PoisonError::into_inner).push(update),
                None => state.queue.push_back((id, update)),
            }
            id
        })
    }

    /// Runs one control and gives back its update instead of queueing it, to be posted to the bot's webhook.
    ///
    /// `telegram.push_to_webhook(|telegram| telegram.customer_text(&ana, "hello"))`
    pub fn push_to_webhook(&self, act: impl FnOnce(&FakeTelegram) -> i64) -> Value {
        let capture = Arc::new(Mutex::new(Vec::new()));
        act(&FakeTelegram { capture: Some(Arc::clone(&capture)), ..self.clone() });
        let mut updates = std::mem::take(&mut *capture.lock().unwrap_or_else(PoisonError::into_inner));
        updates.pop().expect("a control that makes an update")
    }

    /// Sends an update with the message as it stands now.
    fn deliver(&self, state: &mut State, kind: &str, chat: i64, message: i32) -> i64 {
        let shown = state.shown(chat, message).cloned().unwrap_or_default();
        debug_assert_eq!(number(&shown["message_id"]), Some(message));
        self.send(state, kind, shown)
    }

    fn send(&self, state: &mut State, kind: &str, payload: Value) -> i64 {
        let Some(capture) = &self.capture else { return state.push(kind, payload) };
        let update = state.update(kind, payload);
        capture.lock().unwrap_or_else(PoisonError::into_inner).push(update);
        state.last_update
    }

    /// Changes the state, then wakes the long poll and the waiting test.
    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let outcome = act(&mut self.view.0.lock());
        self.view.0.changed.notify_waiters();
        outcome
    }
}
