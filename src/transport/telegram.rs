//! The Telegram client.
//!
//! Owns: calls to the Bot API through teloxide, updates as raw JSON, errors in our words.
//! Invariants: the client's time-out outlasts the long poll; an update is returned as it came, so that one which can't be
//! decoded never hides the others (teloxide's own `getUpdates` would decode all or nothing).
//! Leaves out: what updates mean and which texts are sent (`channel::telegram`).

use super::SendError;
use crate::conversation::Button;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use serde_json::value::RawValue;
use std::time::Duration;
use teloxide::payloads::*;
use teloxide::prelude::Requester;
use teloxide::types::{
    AllowedUpdate, ButtonRequest, CallbackQueryId, ChatId, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, KeyboardButton,
    KeyboardMarkup, KeyboardRemove, LinkPreviewOptions, MessageId, ReplyMarkup, ReplyParameters, ThreadId, UserId,
};
use teloxide::{ApiError, Bot, RequestError};

/// What is asked for. `chat_member` tells who leaves the staff's group, and comes only where it is named.
const UPDATES: [&str; 5] = ["message", "edited_message", "callback_query", "my_chat_member", "chat_member"];

/// How long a poll waits for updates.
pub const POLL: Duration = Duration::from_secs(30);

/// One bot.
#[derive(Clone)]
pub struct Telegram {
    bot: Bot,
}

/// What is sent besides a text.
#[derive(Clone, Debug, Default)]
pub struct Extras {
    /// The topic.
    pub thread: Option<i32>,
    /// The message that it answers.
    pub reply_to: Option<i64>,
    /// Inline buttons.
    pub buttons: Vec<Button>,
    /// A keyboard with one button that shares the customer's number, labelled so.
    pub contact: Option<String>,
    /// Takes such a keyboard away.
    pub remove_keyboard: bool,
    /// Without a sound.
    pub silent: bool,
}

impl Telegram {
    /// A client for a token at a Bot API server.
    ///
    /// # Errors
    /// The URL is none, or TLS can't be set up.
    pub fn new(token: &SecretString, api_url: &str) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(POLL + Duration::from_secs(15))
            .tcp_nodelay(true)
            .build()
            .map_err(|error| error.without_url().to_string())?;
        let url = reqwest::Url::parse(api_url).map_err(|error| error.to_string())?;
        Ok(Telegram { bot: Bot::with_client(token.expose_secret(), client).set_api_url(url) })
    }

    /// The bot's id and user name.
    pub async fn me(&self) -> Result<(u64, String), SendError> {
        let me = self.bot.get_me().await.map_err(|failed| match failed {
            RequestError::Api(ApiError::InvalidToken) => SendError::Refused("it is not a bot's token".into()),
            failed => error(failed),
        })?;
        Ok((me.id.0, me.username().to_string()))
    }

    /// Updates from `offset` on, each as it came; waits for the first up to [`POLL`].
    pub async fn updates(&self, offset: i64, wait: Duration) -> Result<Vec<Box<RawValue>>, SendError> {
        #[derive(serde::Deserialize)]
        struct Answer {
            ok: bool,
            #[serde(default)]
            result: Vec<Box<RawValue>>,
            #[serde(default)]
            parameters: Option<Parameters>,
        }
        #[derive(serde::Deserialize)]
        struct Parameters {
            retry_after: Option<u64>,
        }
        let url = format!("{}/bot{}/getUpdates", self.bot.api_url().as_str().trim_end_matches('/'), self.bot.token());
        let body = serde_json::json!({
            "offset": offset, "timeout": wait.as_secs(), "limit": 100,
            "allowed_updates": UPDATES,
        });
        let later = |_| SendError::Later(None);
        let answer = self.bot.client().post(url).json(&body).send().await.map_err(later)?.bytes().await.map_err(later)?;
        let answer: Answer = serde_json::from_slice(&answer).map_err(|_| SendError::Later(None))?;
        match answer.ok {
            true => Ok(answer.result),
            false => Err(SendError::Later(answer.parameters.and_then(|p| p.retry_after).map(Duration::from_secs))),
        }
    }

    /// Sends a text as it is, without parse mode; the message's id.
    pub async fn send(&self, chat: i64, text: &str, extras: &Extras) -> Result<i64, SendError> {
        let mut request = self.bot.send_message(ChatId(chat), text).link_preview_options(NO_PREVIEW);
        if let Some(thread) = extras.thread {
            request = request.message_thread_id(ThreadId(MessageId(thread)));
        }
        if let Some(reply_to) = extras.reply_to.and_then(|id| i32::try_from(id).ok()) {
            let mut reply = ReplyParameters::new(MessageId(reply_to));
            reply.allow_sending_without_reply = Some(true);
            request = request.reply_parameters(reply);
        }
        if let Some(markup) = markup(extras) {
            request = request.reply_markup(markup);
        }
        request = request.disable_notification(extras.silent);
        match request.await {
            Ok(message) => Ok(i64::from(message.id.0)),
            // Accepted, in an answer that can't be read: sending it again would repeat it for hours.
            Err(RequestError::InvalidJson { .. }) => Ok(0),
            Err(failed) => Err(error(failed)),
        }
    }

    /// Changes a message's text and buttons.
    pub async fn edit(&self, chat: i64, message: i64, text: &str, buttons: &[Button]) -> Result<(), SendError> {
        let Ok(message) = i32::try_from(message) else { return Err(SendError::MessageGone) };
        let request = self.bot.edit_message_text(ChatId(chat), MessageId(message), text).reply_markup(inline(buttons));
        match request.link_preview_options(NO_PREVIEW).await.map_err(error) {
            Ok(_) | Err(SendError::NotModified) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Copies a message; the copy's id.
    pub async fn copy(&self, from: i64, message: i64, to: i64, thread: Option<i32>) -> Result<i64, SendError> {
        let Ok(message) = i32::try_from(message) else { return Err(SendError::MessageGone) };
        let mut request = self.bot.copy_message(ChatId(to), ChatId(from), MessageId(message));
        if let Some(thread) = thread {
            request = request.message_thread_id(ThreadId(MessageId(thread)));
        }
        Ok(i64::from(request.await.map_err(error)?.0))
    }

    /// Pins a message, without a sound.
    pub async fn pin(&self, chat: i64, message: i64) -> Result<(), SendError> {
        let Ok(message) = i32::try_from(message) else { return Err(SendError::MessageGone) };
        self.bot.pin_chat_message(ChatId(chat), MessageId(message)).disable_notification(true).await.map(drop).map_err(error)
    }

    /// Deletes a message.
    pub async fn delete(&self, chat: i64, message: i64) -> Result<(), SendError> {
        let Ok(message) = i32::try_from(message) else { return Err(SendError::MessageGone) };
        self.bot.delete_message(ChatId(chat), MessageId(message)).await.map(drop).map_err(error)
    }

    /// Whether somebody is in a chat.
    pub async fn is_member(&self, chat: i64, user: u64) -> Result<bool, SendError> {
        match self.bot.get_chat_member(ChatId(chat), UserId(user)).await.map_err(error) {
            Ok(member) => Ok(member.kind.is_present()),
            Err(SendError::Unknown | SendError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// What a group lets people do with what is written in it: whether who joins later reads it, and whether it is protected.
    pub async fn keeps(&self, chat: i64) -> Result<Keeps, SendError> {
        #[derive(serde::Deserialize)]
        struct Answer {
            result: Option<Keeps>,
        }
        // teloxide reads the chat without these.
        let url = format!("{}/bot{}/getChat", self.bot.api_url().as_str().trim_end_matches('/'), self.bot.token());
        let later = |_| SendError::Later(None);
        let sent = self.bot.client().post(url).json(&serde_json::json!({ "chat_id": chat })).send().await.map_err(later)?;
        let answer: Answer = serde_json::from_slice(&sent.bytes().await.map_err(later)?).map_err(|_| SendError::Later(None))?;
        answer.result.ok_or(SendError::Unknown)
    }

    /// Sends a text as a file.
    pub async fn document(&self, chat: i64, thread: Option<i32>, name: &str, text: &str) -> Result<i64, SendError> {
        let file = InputFile::memory(text.as_bytes().to_vec()).file_name(name.to_string());
        let mut request = self.bot.send_document(ChatId(chat), file);
        if let Some(thread) = thread {
            request = request.message_thread_id(ThreadId(MessageId(thread)));
        }
        Ok(i64::from(request.await.map_err(error)?.id.0))
    }

    /// Makes a topic; its id. `None` where the group has no topics.
    pub async fn create_topic(&self, chat: i64, title: &str) -> Result<Option<i32>, SendError> {
        match self.bot.create_forum_topic(ChatId(chat), title).await {
            Ok(topic) => Ok(Some(topic.thread_id.0.0)),
            Err(failed) => match error(failed) {
                // No topics, no right to make one, or a server that doesn't know them: staff are told without one.
                SendError::Refused(_) => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Answers a button press.
    pub async fn answer(&self, callback: &str, text: &str) -> Result<(), SendError> {
        let mut request = self.bot.answer_callback_query(CallbackQueryId(callback.to_string()));
        if !text.is_empty() {
            request = request.text(text.chars().take(200).collect::<String>()).show_alert(text.chars().count() > 40);
        }
        request.await.map(drop).map_err(error)
    }

    /// Has updates sent to a URL.
    pub async fn set_webhook(&self, url: &str, secret: &SecretString) -> Result<(), SendError> {
        let url = reqwest::Url::parse(url).map_err(|_| SendError::Refused("server.public_url is no URL".into()))?;
        let updates = [
            AllowedUpdate::Message,
            AllowedUpdate::EditedMessage,
            AllowedUpdate::CallbackQuery,
            AllowedUpdate::MyChatMember,
            AllowedUpdate::ChatMember,
        ];
        let request = self.bot.set_webhook(url).secret_token(secret.expose_secret().to_string()).max_connections(40);
        request.allowed_updates(updates).await.map(drop).map_err(error)
    }

    /// Has updates kept for polling. Nothing that waits is dropped.
    pub async fn delete_webhook(&self) -> Result<(), SendError> {
        self.bot.delete_webhook().await.map(drop).map_err(error)
    }
}

/// What a group lets people do with what is written in it. Telegram says so to a bot that is an admin there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub struct Keeps {
    /// Who joins later reads what was written before.
    #[serde(default, rename = "has_visible_history")]
    pub visible_history: bool,
    /// It can't be forwarded or saved.
    #[serde(default, rename = "has_protected_content")]
    pub protected: bool,
}

const NO_PREVIEW: LinkPreviewOptions =
    LinkPreviewOptions { is_disabled: true, url: None, prefer_small_media: false, prefer_large_media: false, show_above_text: false };

fn inline(buttons: &[Button]) -> InlineKeyboardMarkup {
    let row = |button: &Button| vec![InlineKeyboardButton::callback(button.label.clone(), button.data.clone())];
    match buttons.len() {
        // Two short ones stand side by side.
        2 if buttons.iter().all(|button| button.label.chars().count() <= 16) => {
            InlineKeyboardMarkup::new([buttons.iter().flat_map(row).collect::<Vec<_>>()])
        }
        _ => InlineKeyboardMarkup::new(buttons.iter().map(row)),
    }
}

fn markup(extras: &Extras) -> Option<ReplyMarkup> {
    if let Some(label) = &extras.contact {
        let button = KeyboardButton::new(label.clone()).request(ButtonRequest::Contact);
        return Some(ReplyMarkup::Keyboard(KeyboardMarkup::new([[button]]).resize_keyboard().one_time_keyboard()));
    }
    if extras.remove_keyboard {
        return Some(ReplyMarkup::KeyboardRemove(KeyboardRemove::new()));
    }
    (!extras.buttons.is_empty()).then(|| ReplyMarkup::InlineKeyboard(inline(&extras.buttons)))
}

/// teloxide's errors in our words. Their texts may hold the token's URL or the raw answer, so none of that is kept.
fn error(error: RequestError) -> SendError {
    match error {
        RequestError::RetryAfter(seconds) => SendError::Later(Some(Duration::from_secs(u64::from(seconds.seconds())))),
        RequestError::Network(_) | RequestError::Io(_) | RequestError::InvalidJson { .. } => SendError::Later(None),
        RequestError::MigrateToChatId(_) => SendError::Shut("it has become a supergroup; set its new chat_id".into()),
        RequestError::Api(api) => match api {
            ApiError::BotBlocked | ApiError::UserDeactivated | ApiError::CantInitiateConversation | ApiError::CantTalkWithBots => {
                SendError::Blocked
            }
            ApiError::InvalidToken => {
                tracing::error!("Telegram refuses the token; lines wait until that is mended.");
                SendError::Later(Some(Duration::from_secs(60)))
            }
            ApiError::MessageNotModified => SendError::NotModified,
            ApiError::MessageToEditNotFound | ApiError::MessageIdInvalid | ApiError::MessageCantBeEdited => SendError::MessageGone,
            ApiError::ChatNotFound | ApiError::UserNotFound => SendError::Unknown,
            ApiError::BotKicked | ApiError::BotKickedFromSupergroup => SendError::Shut("the bot was put out".into()),
            api => described(&api),
        },
    }
}

/// What Telegram says of a chat into which the bot may not write at all. That it may send no pictures is another matter.
const NO_ENTRY: [&str; 8] = [
    "rights to send text messages",
    "rights to send a message",
    "not a member of",
    "was kicked",
    "group is deactivated",
    "chat was deleted",
    "no write access",
    "chat_write_forbidden",
];

fn described(api: &ApiError) -> SendError {
    let text = api.to_string().to_lowercase();
    if text.contains("thread not found")
        || text.contains("topic_closed")
        || text.contains("topic_deleted")
        || text.contains("topic_id_invalid")
    {
        SendError::ThreadGone
    } else if NO_ENTRY.iter().any(|part| text.contains(part)) {
        SendError::Shut("the bot may not write there".into())
    } else if text.contains("message to copy not found") || text.contains("message to edit not found") {
        SendError::MessageGone
    } else if text.contains("internal server error") || text.contains("bad gateway") || text.contains("too many requests") {
        SendError::Later(None)
    } else {
        SendError::Refused(text.chars().take(120).collect())
    }
}

/// An update's id, where there is one: what can't be decoded must still be confirmed.
pub fn update_id(raw: &str) -> Option<i64> {
    serde_json::from_str::<Value>(raw).ok()?.get("update_id")?.as_i64()
}
