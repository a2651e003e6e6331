//! Chats of the fake Telegram: topics, members, and what `getChat` tells.
//!
//! Owns: the rules of forum topics (only in forums, only with the right to manage them, no change that changes nothing) and who is in a
//! chat. Leaves out: icons other than their colour, the General topic's own methods, permissions of single members.

use serde_json::{Map, Value, json};

use super::Topic;
use super::messages::bot;
use super::methods::{Outcome, Refusal, bad};
use super::state::{BOT_ID, Chat, Kind, Place, State, TOPIC_COLOUR};
use super::wire::Params;

const ICON_COLOURS: [i64; 6] = [TOPIC_COLOUR, 16_766_590, 13_338_331, 9_367_192, 16_749_490, 16_478_047];

/// The chat that a parameter names, or `chat not found`.
pub(super) fn chat_id(state: &State, params: &Params, name: &str) -> Result<i64, Refusal> {
    match params.int(name) {
        Some(id) if state.chats.contains_key(&id) => Ok(id),
        Some(id) if state.people.contains_key(&id) => Err(Refusal::new(403, "Forbidden: bot can't initiate conversation with a user")),
        _ => Err(bad("chat not found")),
    }
}

/// The chat of `chat_id`.
pub(super) fn chat<'a>(state: &'a mut State, params: &Params) -> Result<&'a mut Chat, Refusal> {
    let id = chat_id(state, params, "chat_id")?;
    Ok(state.chat_mut(id))
}

/// `createForumTopic`.
pub(super) fn create_topic(state: &mut State, params: &Params) -> Outcome {
    let id = chat_id(state, params, "chat_id")?;
    let name = topic_name(params)?.ok_or_else(|| bad("TOPIC_TITLE_EMPTY"))?;
    let colour = params.int("icon_color").unwrap_or(TOPIC_COLOUR);
    let chat = state.chat_mut(id);
    if chat.kind != Kind::Forum {
        return Err(bad("the chat is not a forum"));
    }
    if !chat.bot_manages_topics {
        return Err(bad("not enough rights to create a topic"));
    }
    if !ICON_COLOURS.contains(&colour) {
        return Err(bad("invalid forum topic icon color specified"));
    }
    let opened = Map::from_iter([("forum_topic_created".to_owned(), json!({ "name": name, "icon_color": colour }))]);
    let thread = open_topic(state, id, bot(), &name, opened);
    Ok(json!({ "message_thread_id": thread, "name": name, "icon_color": colour }))
}

/// Opens a topic with the service message that carries it, and gives back its id.
pub(super) fn open_topic(state: &mut State, chat: i64, by: Value, name: &str, opened: Map<String, Value>) -> i32 {
    let place = Place { chat, thread: None, reply_to: None };
    let thread = state.post(&place, Map::from_iter([("from".to_owned(), by)]), opened);
    let chat = state.chat_mut(chat);
    chat.topics.insert(thread, Topic { id: thread, name: name.to_owned(), closed: false });
    if let Some(stored) = chat.messages.get_mut(&thread) {
        stored.message["message_thread_id"] = thread.into();
        stored.message["is_topic_message"] = true.into();
    }
    thread
}

fn topic_name(params: &Params) -> Result<Option<String>, Refusal> {
    match params.text("name").map(str::trim) {
        Some(name) if name.chars().count() > 128 => Err(bad("TOPIC_TITLE_TOO_LONG")),
        name => Ok(name.filter(|name| !name.is_empty()).map(str::to_owned)),
    }
}

/// `editForumTopic`, `closeForumTopic`, `reopenForumTopic` and `deleteForumTopic`.
pub(super) fn change_topic(state: &mut State, method: &str, params: &Params) -> Outcome {
    let name = topic_name(params)?;
    let chat = chat(state, params)?;
    if chat.kind != Kind::Forum {
        return Err(bad("the chat is not a forum"));
    }
    let thread = params.id("message_thread_id").unwrap_or_default();
    let topic = chat.topics.get_mut(&thread).ok_or_else(|| bad("TOPIC_ID_INVALID"))?;
    if !chat.bot_manages_topics {
        return Err(bad("not enough rights to manage topics"));
    }
    let before = topic.clone();
    match method {
        "closeForumTopic" => topic.closed = true,
        "reopenForumTopic" => topic.closed = false,
        "editForumTopic" => topic.name = name.unwrap_or_else(|| before.name.clone()),
        _ => return Ok(chat.delete_topic(thread).into()),
    }
    if *topic == before { Err(bad("TOPIC_NOT_MODIFIED")) } else { Ok(true.into()) }
}

/// `getChat`.
pub(super) fn get_chat(state: &mut State, params: &Params) -> Outcome {
    let chat = chat(state, params)?;
    let mut full = chat.shown.clone();
    full["accent_color_id"] = 0.into();
    full["max_reaction_count"] = 11.into();
    let gifts = ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"];
    full["accepted_gift_types"] = gifts.into_iter().map(|gift| (gift.to_owned(), Value::from(false))).collect();
    if let Some(pinned) = chat.pinned.and_then(|id| chat.messages.get(&id)) {
        full["pinned_message"] = pinned.message.clone();
    }
    Ok(full)
}

/// `getChatMember`.
pub(super) fn get_member(state: &State, params: &Params) -> Outcome {
    let chat = &state.chats[&chat_id(state, params, "chat_id")?];
    let id = params.int("user_id").unwrap_or_default();
    if id == BOT_ID {
        return Ok(member(chat, bot(), "administrator"));
    }
    let user = state.people.get(&id).ok_or_else(|| bad("user not found"))?;
    Ok(member(chat, user.clone(), chat.members.get(&id).copied().unwrap_or("left")))
}

/// `getChatAdministrators`.
pub(super) fn get_administrators(state: &State, params: &Params) -> Outcome {
    let chat = &state.chats[&chat_id(state, params, "chat_id")?];
    if chat.kind == Kind::Private {
        return Err(bad("there are no administrators in the private chat"));
    }
    let leads = chat.members.iter().filter(|(_, status)| matches!(**status, "creator" | "administrator"));
    let people = leads.filter_map(|(id, status)| Some(member(chat, state.people.get(id)?.clone(), status)));
    let me = params.flag("return_bots").then(|| member(chat, bot(), "administrator"));
    Ok(people.chain(me).collect())
}

fn member(chat: &Chat, user: Value, status: &str) -> Value {
    let is_me = user["id"] == BOT_ID;
    let mut member = json!({ "user": user, "status": status });
    if matches!(status, "creator" | "administrator") {
        member["is_anonymous"] = false.into();
    }
    if status == "administrator" {
        let rights = [
            "manage_chat",
            "delete_messages",
            "manage_video_chats",
            "restrict_members",
            "promote_members",
            "change_info",
            "invite_users",
            "post_stories",
            "edit_stories",
            "delete_stories",
            "pin_messages",
        ];
        for right in rights {
            member[format!("can_{right}")] = true.into();
        }
        member["can_be_edited"] = false.into();
        member["can_manage_topics"] = (!is_me || chat.bot_manages_topics).into();
    }
    member
}
