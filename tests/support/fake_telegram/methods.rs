//! What each Bot API method does to the fake Telegram's state, and with which words it refuses.
//!
//! Owns: which function answers which method; the long poll, the webhook, callbacks and commands. Invariant: a call that is refused changes
//! nothing. Leaves out: messages (`messages`), chats and topics (`rooms`), reading parameters (`wire`), rate limits (a test orders them
//! with `fail_next`), and the bot's rights other than managing topics.

use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::messages::bot;
use super::state::State;
use super::wire::Params;
use super::{Answer, Inner, Webhook, messages, rooms};

/// Why a call failed.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: u16,
    pub description: String,
}

impl Refusal {
    /// A refusal with Telegram's words.
    pub fn new(status: u16, description: impl Into<String>) -> Self {
        Self { status, description: description.into() }
    }
}

/// What a call comes to.
pub(super) type Outcome = Result<Value, Refusal>;

/// A refusal of what was asked.
pub(super) fn bad(what: &str) -> Refusal {
    Refusal::new(400, format!("Bad Request: {what}"))
}

/// Runs a method other than `getUpdates`.
pub(super) fn call(state: &mut State, method: &str, params: &Params) -> Outcome {
    match method {
        "getMe" => Ok(me()),
        "setWebhook" => set_webhook(state, params),
        "deleteWebhook" => Ok(delete_webhook(state, params)),
        "getWebhookInfo" => Ok(webhook_info(state)),
        "sendMessage" => messages::send_message(state, params),
        "sendDocument" => messages::send_document(state, params),
        "copyMessage" | "forwardMessage" => messages::copy_or_forward(state, method, params),
        "editMessageText" => messages::edit_text(state, params),
        "editMessageReplyMarkup" => messages::edit_markup(state, params),
        "deleteMessage" => messages::delete_message(state, params),
        "pinChatMessage" | "unpinChatMessage" => messages::pin(state, method, params),
        "sendChatAction" => messages::chat_action(state, params),
        "answerCallbackQuery" => answer_callback(state, params),
        "setMyCommands" | "deleteMyCommands" => set_commands(state, params),
        "createForumTopic" => rooms::create_topic(state, params),
        "editForumTopic" | "closeForumTopic" | "reopenForumTopic" | "deleteForumTopic" => rooms::change_topic(state, method, params),
        "getChat" => rooms::get_chat(state, params),
        "getChatMember" => rooms::get_member(state, params),
        "getChatAdministrators" => rooms::get_administrators(state, params),
        _ => Err(Refusal::new(404, "Not Found")),
    }
}

/// The long poll: confirms what is below `offset`, then waits for updates at most `timeout` seconds.
pub(super) async fn get_updates(inner: &Inner, asked: &Value) -> Outcome {
    let int = |name: &str| asked[name].as_i64();
    let limit = usize::try_from(int("limit").unwrap_or(100).clamp(1, 100)).unwrap_or(100);
    let seconds = u64::try_from(int("timeout").unwrap_or(0).clamp(0, 50)).unwrap_or(0);
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let mine = {
        let mut state = inner.lock();
        refuse_beside_webhook(&state)?;
        if let Some(kinds) = asked["allowed_updates"].as_array() {
            state.allowed_updates = kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect();
        }
        match int("offset") {
            Some(offset) if offset > 0 => state.queue.retain(|(id, _)| *id >= offset),
            Some(offset) if offset < 0 => {
                let keep = usize::try_from(-offset).unwrap_or(usize::MAX);
                let forgotten = state.queue.len().saturating_sub(keep);
                state.queue.drain(..forgotten);
            }
            _ => {}
        }
        state.poll += 1;
        state.poll
    };
    inner.changed.notify_waiters();
    loop {
        let mut next = pin!(inner.changed.notified());
        next.as_mut().enable();
        {
            let state = inner.lock();
            refuse_beside_webhook(&state)?;
            if state.poll != mine {
                let what = "terminated by other getUpdates request; make sure that only one bot instance is running";
                return Err(Refusal::new(409, format!("Conflict: {what}")));
            }
            if !state.queue.is_empty() {
                return Ok(state.queue.iter().take(limit).map(|(_, update)| update.clone()).collect());
            }
        }
        if tokio::time::timeout_at(deadline, next).await.is_err() {
            return Ok(json!([]));
        }
    }
}

fn refuse_beside_webhook(state: &State) -> Result<(), Refusal> {
    if state.webhook.is_none() {
        return Ok(());
    }
    let what = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
    Err(Refusal::new(409, format!("Conflict: {what}")))
}

fn me() -> Value {
    let mut me = bot();
    me["can_join_groups"] = true.into();
    me["can_read_all_group_messages"] = true.into();
    for off in ["supports_inline_queries", "can_connect_to_business", "has_main_web_app"] {
        me[off] = false.into();
    }
    me
}

fn set_webhook(state: &mut State, params: &Params) -> Outcome {
    let url = params.text("url").unwrap_or_default();
    if url.is_empty() {
        return Ok(delete_webhook(state, params));
    }
    if !url.starts_with("https://") {
        return Err(bad("bad webhook: An HTTPS URL must be provided for webhook"));
    }
    let secret = params.text("secret_token").map(str::to_owned);
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if secret.as_ref().is_some_and(|secret| secret.is_empty() || secret.len() > 256 || !secret.chars().all(allowed)) {
        return Err(bad("secret token contains unallowed characters"));
    }
    if params.flag("drop_pending_updates") {
        state.queue.clear();
    }
    if let Some(kinds) = params.map.get("allowed_updates").and_then(Value::as_array) {
        state.allowed_updates = kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
    state.webhook = Some(Webhook { url: url.to_owned(), secret, max_connections: params.int("max_connections").unwrap_or(40) });
    Ok(json!({ "with_description": "Webhook was set" }))
}

fn delete_webhook(state: &mut State, params: &Params) -> Value {
    if params.flag("drop_pending_updates") {
        state.queue.clear();
    }
    let was = state.webhook.take().is_some();
    json!({ "with_description": if was { "Webhook was deleted" } else { "Webhook is already deleted" } })
}

fn webhook_info(state: &State) -> Value {
    let url = state.webhook.as_ref().map_or("", |webhook| &webhook.url);
    let mut info = json!({ "url": url, "has_custom_certificate": false, "pending_update_count": state.queue.len() });
    if let Some(webhook) = &state.webhook {
        info["max_connections"] = webhook.max_connections.into();
    }
    if !state.allowed_updates.is_empty() {
        info["allowed_updates"] = json!(state.allowed_updates);
    }
    info
}

fn answer_callback(state: &mut State, params: &Params) -> Outcome {
    let id = params.text("callback_query_id").unwrap_or_default();
    if !state.open_queries.remove(id) {
        return Err(bad("query is too old and response timeout expired or query ID is invalid"));
    }
    let text = params.text("text").unwrap_or_default();
    if text.encode_utf16().count() > 200 {
        return Err(bad("MESSAGE_TOO_LONG"));
    }
    state.answers.push(Answer { query: id.to_owned(), text: text.to_owned(), alert: params.flag("show_alert") });
    Ok(true.into())
}

fn set_commands(state: &mut State, params: &Params) -> Outcome {
    let commands = params.map.get("commands").and_then(Value::as_array).cloned().unwrap_or_default();
    let spelt = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    for command in &commands {
        let (name, about) = (command["command"].as_str().unwrap_or_default(), command["description"].as_str().unwrap_or_default());
        if !(1..=32).contains(&name.len()) || !name.chars().all(spelt) {
            return Err(bad("BOT_COMMAND_INVALID"));
        }
        if !(1..=256).contains(&about.chars().count()) {
            return Err(bad("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    state.commands = commands;
    Ok(true.into())
}
