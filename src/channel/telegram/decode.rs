//! Telegram's updates as events.
//!
//! Owns: private messages, edits, presses and commands of customers; words, commands and presses of staff in the desk's group.
//! Invariants: total: an update that is none of ours is nothing, one that can't be read is `Malformed` with its id; the
//! content of an update never reaches an error.
//! Source: Telegram Bot API, *Update*, *Message*, *CallbackQuery*.
//! Leaves out: teloxide's dispatcher, which confirms updates that are still in memory.

use crate::channel::{Asks, Body, DeskQuestion, Incoming, Target};
use crate::conversation::{Address, Event, Media, Message, Staff, StaffAction};
use crate::store::LinkKey;
use crate::transport::telegram::update_id;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use teloxide::types::{CallbackQuery, ChatKind, MediaKind, Message as Telegram, MessageKind, Update, UpdateKind, User};

/// The account under which anonymous admins write.
const ANONYMOUS: u64 = 1_087_968_824;

/// Decodes updates of one bot.
#[derive(Clone, Debug)]
pub struct Decoder {
    /// The bot's id: our side of the addresses.
    pub bot: u64,
    /// The desk's groups.
    pub desk: Vec<i64>,
    /// Staff's aliases by user id.
    pub aliases: BTreeMap<u64, String>,
}

/// What an update is.
#[derive(Debug, PartialEq)]
pub enum Decoded {
    /// Something for a conversation.
    Incoming(Box<Incoming>),
    /// A question of staff about the whole desk.
    Question(DeskQuestion),
    /// Nothing of ours.
    Nothing,
    /// It can't be read.
    Malformed,
}

impl Decoder {
    /// An update's id (0 where there is none) and what it is. `entropy` are random bits.
    pub fn decode(&self, raw: &str, entropy: u64) -> (i64, Decoded) {
        let id = update_id(raw).unwrap_or(0);
        // From text, not from a `Value`: teloxide's `Update` reads the latter as an error throughout.
        let Ok(update) = serde_json::from_str::<Update>(raw) else { return (id, Decoded::Malformed) };
        let incoming = match update.kind {
            UpdateKind::Message(message) => {
                if let Some(question) = self.question(&message) {
                    return (id, Decoded::Question(question));
                }
                self.message(&message, false, entropy)
            }
            UpdateKind::EditedMessage(message) => self.message(&message, true, entropy),
            UpdateKind::CallbackQuery(query) => self.press(&query, entropy),
            UpdateKind::ChatMember(change) => {
                let chat = change.chat.id.0;
                let gone = self.desk.contains(&chat) && !change.new_chat_member.is_present();
                return (id, if gone { Decoded::Question(self.gone(&change.new_chat_member.user, chat, id)) } else { Decoded::Nothing });
            }
            UpdateKind::Error(_) => return (id, Decoded::Malformed),
            _ => None,
        };
        (id, incoming.map_or(Decoded::Nothing, |incoming| Decoded::Incoming(Box::new(incoming))))
    }

    fn message(&self, message: &Telegram, edited: bool, entropy: u64) -> Option<Incoming> {
        match &message.chat.kind {
            ChatKind::Private(_) => self.customer(message, edited, entropy),
            ChatKind::Public(_) if self.desk.contains(&message.chat.id.0) => self.staff(message, edited),
            _ => None,
        }
    }

    /// Somebody has left a group. `update` names it.
    fn gone(&self, user: &User, chat: i64, update: i64) -> DeskQuestion {
        DeskQuestion { staff: self.person(user), asks: Asks::Gone, thread: None, message: -update, chat }
    }

    /// `/queue`, `/next` and what else concerns the whole desk, anywhere in its group. Anonymous admins can't be told apart, so they
    /// get nothing.
    fn question(&self, message: &Telegram) -> Option<DeskQuestion> {
        let chat = message.chat.id.0;
        let ours = self.desk.contains(&chat) && message.sender_chat.is_none();
        if let MessageKind::LeftChatMember(left) = &message.kind {
            return ours.then(|| self.gone(&left.left_chat_member, chat, i64::from(message.id.0)));
        }
        let from = message.from.as_ref().filter(|from| !from.is_bot)?;
        let command = message.text().filter(|_| ours)?.strip_prefix('/')?;
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let asks = Asks::command(name.split('@').next().unwrap_or(""), rest)?;
        let thread = message.thread_id.filter(|_| message.is_topic_message).map(|thread| thread.0.0);
        Some(DeskQuestion { staff: self.person(from), asks, thread, message: i64::from(message.id.0), chat })
    }

    fn customer(&self, message: &Telegram, edited: bool, entropy: u64) -> Option<Incoming> {
        let from = message.from.as_ref()?;
        let kind = match &message.kind {
            MessageKind::Common(common) => media(&common.media_kind),
            // What teloxide can't read (a voice note without its MIME type is one) still is something that a person sent.
            MessageKind::Empty {} => Some(Media::Other),
            _ => return None,
        };
        let mut decoded = Message { entropy, edited, media: kind, ..Message::default() };
        decoded.text = message.text().or(message.caption()).unwrap_or("").to_string();
        decoded.language.clone_from(&from.language_code);
        decoded.name = Some(from.first_name.trim().to_string()).filter(|name| !name.is_empty());
        if let Some(contact) = message.contact() {
            // A contact proves a number only when it is the sender's own.
            let own = contact.user_id == Some(from.id) && message.forward_origin().is_none();
            decoded.phone = own.then(|| contact.phone_number.clone());
            decoded.media = (!own).then_some(Media::Contact);
        }
        if let Some(command) = decoded.text.strip_prefix('/') {
            let name = command.split([' ', '@']).next().unwrap_or("").to_lowercase();
            match name.as_str() {
                "human" | "person" | "agent" => decoded.text = "I want to talk to a person".into(),
                "help" => decoded.text = "what can you do".into(),
                "start" => decoded.text = "hello".into(),
                _ => {}
            }
        }
        decoded.external = format!("{}:{}", message.chat.id.0, message.id.0);
        let revision =
            message.edit_date().map_or(String::new(), |at| format!("{}-{}", at.timestamp(), digest(&decoded.text, decoded.media)));
        Some(Incoming {
            target: Target::Address(self.address(message.chat.id.0)),
            kind: "message",
            external: decoded.external.clone(),
            revision,
            body: Body::Event(Event::Message(Box::new(decoded))),
        })
    }

    fn address(&self, chat: i64) -> Address {
        Address { channel: "telegram".into(), account: self.bot.to_string(), sender: chat.to_string() }
    }

    fn press(&self, query: &CallbackQuery, entropy: u64) -> Option<Incoming> {
        let data = query.data.as_deref()?;
        let chat = query.message.as_ref()?.chat();
        let external = query.id.0.clone();
        if self.desk.contains(&chat.id.0) {
            return self.staff_press(&query.from, chat.id.0, data, external);
        }
        if !matches!(chat.kind, ChatKind::Private(_)) {
            return None;
        }
        let label = query.regular_message().and_then(|message| label_of(message, data)).unwrap_or_default();
        let message = Message {
            text: label,
            pressed: Some(data.to_string()),
            external: external.clone(),
            language: query.from.language_code.clone(),
            entropy,
            ..Message::default()
        };
        let target = Target::Address(self.address(chat.id.0));
        let body = Body::Event(Event::Message(Box::new(message)));
        Some(Incoming { target, kind: "callback", external, revision: String::new(), body })
    }

    fn staff_press(&self, from: &User, chat: i64, data: &str, external: String) -> Option<Incoming> {
        let mut parts = data.split(':');
        let (action, id) = (parts.next()?, parts.next()?.parse().ok()?);
        let action = match action {
            _ if from.id.0 == ANONYMOUS => StaffAction::Anonymous,
            "c" => StaffAction::Claim,
            "t" => StaffAction::Transcript,
            "n" => StaffAction::NotUrgent,
            "x" => StaffAction::Close { agreed: None },
            "b" => StaffAction::BackToBot { why: None },
            "s" => StaffAction::Send { line: parts.next()?.parse().ok()? },
            "d" => StaffAction::Confirm { number: parts.next()?.parse().ok()? },
            "u" => StaffAction::Unsend { line: Some(parts.next()?.parse().ok()?), reply: None },
            _ => return None,
        };
        let event = Event::Staff { staff: self.person(from), action, chat: Some(chat), callback: Some(external.clone()) };
        Some(Incoming { target: Target::Conversation(id), kind: "callback", external, revision: String::new(), body: Body::Event(event) })
    }

    fn person(&self, user: &User) -> Staff {
        let name = self.aliases.get(&user.id.0).cloned().unwrap_or_else(|| user.first_name.trim().to_string());
        Staff { id: format!("telegram:{}", user.id.0), name }
    }

    fn staff(&self, message: &Telegram, edited: bool) -> Option<Incoming> {
        let MessageKind::Common(common) = &message.kind else { return None };
        let chat = message.chat.id.0;
        let from = message.from.as_ref()?;
        if from.is_bot && from.id.0 != ANONYMOUS {
            return None;
        }
        let mut links = Vec::new();
        if let Some(thread) = message.thread_id.filter(|_| message.is_topic_message) {
            links.push(LinkKey::Topic { chat, topic: thread.0.0 });
        }
        if let Some(reply) = message.reply_to_message() {
            links.push(LinkKey::DeskMessage { chat, message: i64::from(reply.id.0) });
        }
        if links.is_empty() {
            return None;
        }
        let id = i64::from(message.id.0);
        let anonymous = from.id.0 == ANONYMOUS || message.sender_chat.as_ref().is_some_and(|sender| sender.id.0 == chat);
        let text = message.text().or(message.caption()).unwrap_or("");
        let action = match (anonymous, text.strip_prefix('/'), media(&common.media_kind)) {
            // An edit changes what was sent, and nothing else.
            (false, None, None) if edited && !text.trim().is_empty() => StaffAction::Edit { text: text.to_string(), message: id },
            _ if edited => return None,
            (true, _, _) => StaffAction::Anonymous,
            (_, Some(command), _) => match command_of(command, id) {
                StaffAction::Unsend { line: None, .. } => {
                    let reply = message.reply_to_message().filter(|reply| reply.forum_topic_created().is_none());
                    StaffAction::Unsend { line: None, reply: reply.map(|reply| i64::from(reply.id.0)) }
                }
                action => action,
            },
            (_, None, Some(_)) => StaffAction::SayMedia { message: id },
            (_, None, None) if text.trim().is_empty() => return None,
            (_, None, None) => StaffAction::Say { text: text.to_string(), message: id },
        };
        let event = Event::Staff { staff: self.person(from), action, chat: Some(chat), callback: None };
        Some(Incoming {
            target: Target::Links(links),
            kind: "staff",
            external: format!("{chat}:{id}"),
            revision: message.edit_date().map_or(String::new(), |at| format!("{}-{}", at.timestamp(), digest(text, None))),
            body: Body::Event(event),
        })
    }
}

/// A command of staff: `/close@bot what was agreed`.
fn command_of(command: &str, message: i64) -> StaffAction {
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    StaffAction::command(name.split('@').next().unwrap_or(""), rest, message)
}

fn media(kind: &MediaKind) -> Option<Media> {
    Some(match kind {
        MediaKind::Text(_) => return None,
        MediaKind::Voice(_) | MediaKind::Audio(_) => Media::Voice,
        MediaKind::Photo(_) => Media::Photo,
        MediaKind::Video(_) | MediaKind::VideoNote(_) | MediaKind::Animation(_) => Media::Video,
        MediaKind::Document(_) => Media::Document,
        MediaKind::Sticker(_) => Media::Sticker,
        MediaKind::Location(_) | MediaKind::Venue(_) => Media::Location,
        MediaKind::Contact(_) => Media::Contact,
        _ => Media::Other,
    })
}

/// What stood on the button that was pressed.
fn label_of(message: &Telegram, data: &str) -> Option<String> {
    let keyboard = message.reply_markup()?;
    keyboard.inline_keyboard.iter().flatten().find_map(|button| match &button.kind {
        teloxide::types::InlineKeyboardButtonKind::CallbackData(other) if other == data => Some(button.text.clone()),
        _ => None,
    })
}

/// Tells two edits within the same second apart.
fn digest(text: &str, media: Option<Media>) -> String {
    let mut digest = Sha256::new();
    digest.update(text.as_bytes());
    digest.update(format!("{media:?}").as_bytes());
    digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn decoder() -> Decoder {
        Decoder { bot: 7, desk: vec![-100], aliases: BTreeMap::from([(42, "Robin".to_string())]) }
    }

    fn private(extra: serde_json::Value) -> String {
        let mut message = json!({
            "message_id": 5, "date": 1_700_000_000, "chat": {"id": 9, "type": "private", "first_name": "Ana"},
            "from": {"id": 9, "is_bot": false, "first_name": "Ana", "language_code": "es"},
        });
        if let (Some(message), Some(extra)) = (message.as_object_mut(), extra.as_object()) {
            message.extend(extra.clone());
        }
        json!({"update_id": 3, "message": message}).to_string()
    }

    fn event(raw: &str) -> Event {
        match decoder().decode(raw, 0).1 {
            Decoded::Incoming(incoming) => match incoming.body {
                Body::Event(event) => event,
                Body::Report(_) => panic!("an event"),
            },
            other => panic!("{other:?}"),
        }
    }

    fn message(raw: &str) -> Message {
        match event(raw) {
            Event::Message(message) => *message,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn customers_rows() {
        assert_eq!(message(&private(json!({"text": "hi"}))).text, "hi");
        assert_eq!(message(&private(json!({"text": "/human"}))).text, "I want to talk to a person");
        assert_eq!(message(&private(json!({"text": "hi"}))).language.as_deref(), Some("es"));
        let voice = json!({"voice": {"file_id": "f", "file_unique_id": "u", "duration": 3, "file_size": 9}});
        assert_eq!(message(&private(voice.clone())).media, Some(Media::Other), "teloxide wants a MIME type");
        let voice = json!({"voice": {"file_id": "f", "file_unique_id": "u", "duration": 3, "mime_type": "audio/ogg"}});
        assert_eq!(message(&private(voice)).media, Some(Media::Voice));
        let own = json!({"contact": {"phone_number": "+1555", "first_name": "Ana", "user_id": 9}});
        assert_eq!(message(&private(own)).phone.as_deref(), Some("+1555"));
        let other = json!({"contact": {"phone_number": "+1555", "first_name": "Bob", "user_id": 8}});
        assert_eq!((message(&private(other.clone())).phone, message(&private(other)).media), (None, Some(Media::Contact)));
    }

    #[test]
    fn what_cant_be_read_keeps_its_id() {
        for (name, raw, wanted) in [
            ("not JSON", "{", (0, Decoded::Malformed)),
            ("no message in it", r#"{"update_id": 8, "message": {"message_id": "x"}}"#, (8, Decoded::Malformed)),
            ("a kind that nobody knows", r#"{"update_id": 9, "surprise": {}}"#, (9, Decoded::Malformed)),
        ] {
            assert_eq!(decoder().decode(raw, 0), wanted, "{name}");
        }
    }

    fn group(from: u64, extra: serde_json::Value) -> Decoded {
        let mut message = json!({
            "message_id": 6, "date": 1_700_000_000, "chat": {"id": -100, "type": "supergroup", "title": "Desk", "is_forum": true},
            "from": {"id": from, "is_bot": from == ANONYMOUS, "first_name": "Priya"}, "message_thread_id": 4, "is_topic_message": true,
        });
        if let (Some(message), Some(extra)) = (message.as_object_mut(), extra.as_object()) {
            message.extend(extra.clone());
        }
        decoder().decode(&json!({"update_id": 3, "message": message}).to_string(), 0).1
    }

    fn action(decoded: Decoded) -> (String, StaffAction) {
        match decoded {
            Decoded::Incoming(incoming) => match incoming.body {
                Body::Event(Event::Staff { staff, action, .. }) => (staff.name, action),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn staff_rows() {
        let say = |text: &str| StaffAction::Say { text: text.into(), message: 6 };
        assert_eq!(action(group(41, json!({"text": "hello"}))), ("Priya".into(), say("hello")));
        assert_eq!(action(group(42, json!({"text": "hello"}))).0, "Robin");
        assert_eq!(action(group(41, json!({"text": "/claim@shop_bot"}))).1, StaffAction::Claim);
        assert_eq!(
            action(group(41, json!({"text": "/close new parcel on Thursday"}))).1,
            StaffAction::Close { agreed: Some("new parcel on Thursday".into()) }
        );
        assert_eq!(action(group(41, json!({"text": "/clsoe"}))).1, StaffAction::Unknown { message: 6 });
        assert_eq!(action(group(ANONYMOUS, json!({"text": "hello"}))).1, StaffAction::Anonymous);
        let general = json!({"text": "lunch?", "message_thread_id": null, "is_topic_message": false});
        assert_eq!(group(41, general), Decoded::Nothing);
    }
}
