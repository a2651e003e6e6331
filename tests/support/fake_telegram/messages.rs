//! How the bot's messages come, change and go in the fake Telegram.
//!
//! Owns: the rules of sending, copying, editing, deleting and pinning, with Telegram's words of refusal. Invariant: each answer shows the
//! message as it is kept. Leaves out: formatting (`parse_mode` is taken and not applied: texts stay as they were sent, trimmed), albums
//! and media other than documents, the 48 hours after which Telegram refuses a deletion.

use serde_json::{Map, Value, json};

use super::super::unix_now;
use super::methods::{Outcome, Refusal, bad};
use super::rooms::{chat, chat_id};
use super::state::{BOT_ID, Place, State, number};
use super::wire::Params;

/// Telegram's limit for a text, in UTF-16 units.
const MAX_TEXT: usize = 4096;
/// And for a caption.
const MAX_CAPTION: usize = 1024;
const ACTIONS: [&str; 11] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
];

/// The bot as messages show it.
pub(super) fn bot() -> Value {
    json!({ "id": BOT_ID, "is_bot": true, "first_name": "Warmline", "username": "warmline_test_bot" })
}

/// Where a new message goes, once nothing speaks against it.
fn destination(state: &State, params: &Params) -> Result<Place, Refusal> {
    let id = chat_id(state, params, "chat_id")?;
    if state.blocked.contains(&id) {
        return Err(Refusal::new(403, "Forbidden: bot was blocked by the user"));
    }
    let there = &state.chats[&id];
    let mut place = Place { chat: id, thread: params.id("message_thread_id"), reply_to: None };
    if let Some(reply) = params.map.get("reply_parameters") {
        place.reply_to = number(&reply["message_id"]).filter(|id| there.messages.contains_key(id));
        if place.reply_to.is_none() && reply["allow_sending_without_reply"] != true {
            return Err(bad("message to be replied not found"));
        }
    }
    if let Some(thread) = place.thread {
        let topic = there.topics.get(&thread).ok_or_else(|| bad("message thread not found"))?;
        if topic.closed {
            return Err(bad("TOPIC_CLOSED"));
        }
    }
    Ok(place)
}

/// Refuses a text that is empty or too long.
fn check_text(text: &str, too_long: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(bad("message text is empty"));
    }
    if text.encode_utf16().count() > MAX_TEXT {
        return Err(bad(too_long));
    }
    Ok(text.to_owned())
}

fn check_caption(params: &Params) -> Result<Option<String>, Refusal> {
    match params.text("caption") {
        Some(caption) if caption.encode_utf16().count() > MAX_CAPTION => Err(bad("message caption is too long")),
        caption => Ok(caption.map(str::to_owned)),
    }
}

/// The keyboard of a call, once its buttons are allowed ones.
fn check_markup(params: &Params) -> Result<Option<Value>, Refusal> {
    let Some(markup) = params.map.get("reply_markup") else { return Ok(None) };
    let rows = markup["inline_keyboard"].as_array().into_iter().flatten();
    for button in rows.filter_map(Value::as_array).flatten() {
        let label = button["text"].as_str().unwrap_or_default();
        if label.is_empty() || button.as_object().is_some_and(|fields| fields.len() < 2) {
            return Err(bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"));
        }
        if button["callback_data"].as_str().is_some_and(|data| data.is_empty() || data.len() > 64) {
            return Err(bad("BUTTON_DATA_INVALID"));
        }
    }
    Ok(Some(markup.clone()))
}

/// The inline keyboard in a markup; an empty one is none.
fn inline(markup: Option<&Value>) -> Option<&Value> {
    markup.filter(|markup| markup["inline_keyboard"].as_array().is_some_and(|rows| !rows.is_empty()))
}

/// Puts the bot's message there and gives back its id.
fn post(state: &mut State, place: &Place, mut content: Map<String, Value>, markup: Option<Value>, document: Option<String>) -> i32 {
    if let Some(keyboard) = inline(markup.as_ref()) {
        content.insert("reply_markup".into(), keyboard.clone());
    }
    let author = Map::from_iter([("from".to_owned(), bot())]);
    let id = state.post(place, author, content);
    if let Some(stored) = state.chat_mut(place.chat).messages.get_mut(&id) {
        stored.markup = markup;
        stored.document = document;
    }
    id
}

fn shown(state: &State, place: &Place, id: i32) -> Outcome {
    state.shown(place.chat, id).cloned().ok_or_else(|| bad("message not found"))
}

/// `sendMessage`.
pub(super) fn send_message(state: &mut State, params: &Params) -> Outcome {
    let place = destination(state, params)?;
    let text = check_text(params.text("text").unwrap_or_default(), "message is too long")?;
    let markup = check_markup(params)?;
    let id = post(state, &place, Map::from_iter([("text".to_owned(), text.into())]), markup, None);
    shown(state, &place, id)
}

/// `sendDocument`.
pub(super) fn send_document(state: &mut State, params: &Params) -> Outcome {
    let place = destination(state, params)?;
    let caption = check_caption(params)?;
    let markup = check_markup(params)?;
    let file = params.map.get("document").unwrap_or(&Value::Null);
    if file["size"] == 0 {
        return Err(bad("file must be non-empty"));
    }
    let (name, size) = (file["file_name"].as_str().unwrap_or("file"), file["size"].as_u64().unwrap_or(1));
    let unique = format!("{}-{}", place.chat, state.chats[&place.chat].last_message + 1);
    let kind = if name.ends_with(".txt") { "text/plain" } else { "application/octet-stream" };
    let document = json!({
        "file_id": format!("file-{unique}"), "file_unique_id": unique, "file_name": name, "mime_type": kind, "file_size": size
    });
    let mut content = Map::from_iter([("document".to_owned(), document)]);
    if let Some(caption) = caption {
        content.insert("caption".into(), caption.into());
    }
    let id = post(state, &place, content, markup, file["text"].as_str().map(str::to_owned));
    shown(state, &place, id)
}

/// `copyMessage` answers with the id alone, `forwardMessage` with the message.
pub(super) fn copy_or_forward(state: &mut State, method: &str, params: &Params) -> Outcome {
    let forward = method == "forwardMessage";
    let place = destination(state, params)?;
    let from = chat_id(state, params, "from_chat_id")?;
    let source = params.id("message_id").unwrap_or_default();
    let missing = if forward { "message to forward not found" } else { "message to copy not found" };
    let (mut content, document) = state.content_of(from, source).ok_or_else(|| bad(missing))?;
    let markup = check_markup(params)?;
    if let Some(caption) = check_caption(params)? {
        content.insert("caption".into(), caption.into());
    }
    if forward && let Some(original) = state.shown(from, source) {
        let origin = match original.get("sender_chat") {
            Some(group) => json!({ "type": "chat", "date": original["date"], "sender_chat": group }),
            None => json!({ "type": "user", "date": original["date"], "sender_user": original["from"] }),
        };
        content.insert("forward_origin".into(), origin);
    }
    let id = post(state, &place, content, markup, document);
    if let Some(stored) = state.chat_mut(place.chat).messages.get_mut(&id) {
        stored.origin = Some((from, source));
    }
    if forward { shown(state, &place, id) } else { Ok(json!({ "message_id": id })) }
}

/// `editMessageText`.
pub(super) fn edit_text(state: &mut State, params: &Params) -> Outcome {
    edit(state, params, |message| {
        let text = check_text(params.text("text").unwrap_or_default(), "MESSAGE_TOO_LONG")?;
        if message.get("text").is_none() {
            return Err(bad("there is no text in the message to edit"));
        }
        message["text"] = text.into();
        Ok(())
    })
}

/// `editMessageReplyMarkup`.
pub(super) fn edit_markup(state: &mut State, params: &Params) -> Outcome {
    edit(state, params, |_| Ok(()))
}

/// Changes a message of the bot; as in Telegram, an edit without a keyboard takes the keyboard away.
fn edit(state: &mut State, params: &Params, change: impl FnOnce(&mut Value) -> Result<(), Refusal>) -> Outcome {
    if params.id("message_id").is_none() {
        return Err(bad("message identifier is not specified"));
    }
    let chat = chat(state, params)?;
    let id = params.id("message_id").unwrap_or_default();
    let stored = chat.messages.get_mut(&id).ok_or_else(|| bad("message to edit not found"))?;
    if !stored.by_bot {
        return Err(bad("message can't be edited"));
    }
    let markup = check_markup(params)?;
    let mut edited = stored.message.clone();
    change(&mut edited)?;
    if let Some(fields) = edited.as_object_mut() {
        fields.remove("reply_markup");
        if let Some(keyboard) = inline(markup.as_ref()) {
            fields.insert("reply_markup".into(), keyboard.clone());
        }
    }
    if edited == stored.message {
        let what = "specified new message content and reply markup are exactly the same as a current content and reply markup of \
                    the message";
        return Err(bad(&format!("message is not modified: {what}")));
    }
    edited["edit_date"] = unix_now().into();
    stored.message = edited.clone();
    stored.markup = markup;
    Ok(edited)
}

/// `deleteMessage`; anybody's, as an administrator may.
pub(super) fn delete_message(state: &mut State, params: &Params) -> Outcome {
    let id = params.id("message_id").unwrap_or_default();
    let removed = chat(state, params)?.messages.remove(&id);
    removed.map(|_| true.into()).ok_or_else(|| bad("message to delete not found"))
}

/// `pinChatMessage` and `unpinChatMessage`.
pub(super) fn pin(state: &mut State, method: &str, params: &Params) -> Outcome {
    let chat = chat(state, params)?;
    let id = params.id("message_id");
    if method == "unpinChatMessage" {
        let pinned = chat.pinned.filter(|pinned| id.is_none_or(|id| id == *pinned));
        pinned.ok_or_else(|| bad("message to unpin not found"))?;
        chat.pinned = None;
        return Ok(true.into());
    }
    let there = id.filter(|id| chat.messages.contains_key(id));
    chat.pinned = Some(there.ok_or_else(|| bad("message to pin not found"))?);
    Ok(true.into())
}

/// `sendChatAction`.
pub(super) fn chat_action(state: &State, params: &Params) -> Outcome {
    destination(state, params)?;
    let known = params.text("action").is_some_and(|action| ACTIONS.contains(&action));
    if known { Ok(true.into()) } else { Err(bad("wrong parameter action in request")) }
}
