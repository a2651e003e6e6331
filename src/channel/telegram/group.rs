//! The desk in Telegram groups.
//!
//! Owns: one topic a customer where the group has topics, otherwise the card with its reply thread; a topic that is gone is
//! made again.
//! Invariants: nothing for staff is lost because a topic was deleted; texts go out without parse mode.
//! Leaves out: which messages there are (`desk`), a group's rate (`app`), which group (`conversation`).

use super::split::{LONGEST, split};
use crate::channel::{Desk, DeskQuestion, Place, Posted};
use crate::conversation::ConversationId;
use crate::desk::DeskMessage;
use crate::transport::SendError;
use crate::transport::telegram::{Extras, Telegram};
use async_trait::async_trait;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A transcript longer than this goes as a file.
const LONG: usize = 3_500;

/// What Telegram lets one bot send into one group in a minute.
const A_MINUTE: usize = 20;

/// The staff's side.
pub struct TelegramDesk {
    client: Telegram,
    chats: Vec<i64>,
    /// Topics that were made for messages which then could not be posted: the next try uses them.
    made: Mutex<HashMap<(ConversationId, i64), i32>>,
}

impl TelegramDesk {
    /// A desk in groups: the first is everybody's. Nothing without one.
    pub fn new(client: Telegram, chats: Vec<i64>) -> Option<Self> {
        (!chats.is_empty()).then(|| TelegramDesk { client, chats, made: Mutex::default() })
    }

    fn made(&self) -> MutexGuard<'_, HashMap<(ConversationId, i64), i32>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A topic for a conversation: one that was made before and not used, or a new one.
    async fn topic(&self, place: &Place) -> Result<Option<i32>, SendError> {
        if let Some(topic) = self.made().get(&(place.id, place.chat)) {
            return Ok(Some(*topic));
        }
        let topic = self.client.create_topic(place.chat, &place.title).await?;
        if let Some(topic) = topic {
            self.made().insert((place.id, place.chat), topic);
        }
        Ok(topic)
    }

    async fn post(&self, place: &Place, topic: Option<i32>, message: &DeskMessage) -> Result<Vec<i64>, SendError> {
        // Without topics the card is the head of the thread.
        let thread_head = if topic.is_none() { place.card } else { None };
        match message {
            DeskMessage::Card { text, buttons } => {
                let extras = Extras { thread: topic, buttons: buttons.clone(), silent: place.silent, ..Extras::default() };
                Ok(vec![self.client.send(place.chat, text, &extras).await?])
            }
            DeskMessage::Post { text, reply_to, buttons, copy, loud: _ } => {
                let mut sent = Vec::new();
                let parts = split(text, LONGEST);
                for (at, part) in parts.iter().enumerate() {
                    let last = at + 1 == parts.len();
                    let buttons = if last { buttons.clone() } else { Vec::new() };
                    let extras =
                        Extras { thread: topic, reply_to: reply_to.or(thread_head), buttons, silent: place.silent, ..Extras::default() };
                    sent.push(self.client.send(place.chat, part, &extras).await?);
                }
                if let Some(copied) = self.copy(place, topic, copy.as_deref()).await? {
                    sent.push(copied);
                }
                Ok(sent)
            }
            DeskMessage::Transcript => {
                let text = place.transcript.as_deref().unwrap_or("");
                if text.len() > LONG {
                    let name = format!("transcript-{}.txt", place.id.short());
                    return Ok(vec![self.client.document(place.chat, topic, &name, text).await?]);
                }
                let extras = Extras { thread: topic, reply_to: thread_head, silent: true, ..Extras::default() };
                Ok(vec![self.client.send(place.chat, text, &extras).await?])
            }
            DeskMessage::CardEdit { card, text, buttons } => {
                if let Some(card) = card.or(place.card) {
                    self.client.edit(place.chat, card, text, buttons).await?;
                }
                Ok(Vec::new())
            }
            DeskMessage::Moved { card, told: true, .. } => {
                let extras = Extras { thread: topic, reply_to: *card, silent: place.silent, ..Extras::default() };
                Ok(vec![self.client.send(place.chat, &place.moved, &extras).await?])
            }
            DeskMessage::Moved { card, told: false, .. } => {
                if let Some(card) = card {
                    self.client.edit(place.chat, *card, &place.moved, &[]).await?;
                }
                Ok(Vec::new())
            }
            DeskMessage::Mark { .. } => {
                let Some(mark) = &place.mark else { return Ok(Vec::new()) };
                if let Some(posted) = mark.posted {
                    self.client.edit(place.chat, posted, &mark.text, &mark.buttons).await?;
                    return Ok(Vec::new());
                }
                let buttons = mark.buttons.clone();
                let extras = Extras { thread: topic, reply_to: Some(mark.words), buttons, silent: true, ..Extras::default() };
                Ok(vec![self.client.send(place.chat, &mark.text, &extras).await?])
            }
            DeskMessage::Answer { callback, text } => {
                self.client.answer(callback, text).await?;
                Ok(Vec::new())
            }
        }
    }

    /// A customer's voice note or photo, copied into the thread. Its name is `chat:message`.
    async fn copy(&self, place: &Place, topic: Option<i32>, external: Option<&str>) -> Result<Option<i64>, SendError> {
        if place.address.channel != "telegram" {
            return Ok(None);
        }
        let Some((chat, message)) = external.and_then(|external| external.split_once(':')) else { return Ok(None) };
        let (Ok(chat), Ok(message)) = (chat.parse(), message.parse()) else { return Ok(None) };
        match self.client.copy(chat, message, place.chat, topic).await {
            Ok(copied) => Ok(Some(copied)),
            // The words have arrived; a picture that the customer deleted since can't be had.
            // The customer's own chat may be unknown, and this group may take words alone.
            Err(SendError::MessageGone | SendError::Refused(_) | SendError::Unknown | SendError::Blocked | SendError::Shut(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[async_trait]
impl Desk for TelegramDesk {
    fn chats(&self) -> &[i64] {
        &self.chats
    }

    async fn send(&self, place: &Place, message: &DeskMessage) -> Result<Posted, SendError> {
        let placed = matches!(message, DeskMessage::Card { .. } | DeskMessage::Post { .. } | DeskMessage::Transcript);
        let mut made = None;
        let mut topic = place.topic;
        if placed && topic.is_none() && place.card.is_none() {
            made = self.topic(place).await?;
            topic = made;
        }
        let mut posted = self.post(place, topic, message).await;
        if placed && posted == Err(SendError::ThreadGone) {
            self.made().remove(&(place.id, place.chat));
            made = self.topic(place).await?;
            posted = self.post(&Place { card: None, ..place.clone() }, made, message).await;
        }
        match posted {
            Ok(messages) => {
                self.made().remove(&(place.id, place.chat));
                Ok(Posted { messages, topic: made })
            }
            // A press that is too old to be answered, or a card that is gone: nothing is lost by that.
            Err(SendError::Refused(_) | SendError::MessageGone | SendError::ThreadGone) if !placed => Ok(Posted::default()),
            Err(error) => Err(error),
        }
    }

    async fn reply(&self, question: &DeskQuestion, text: &str) -> Result<(), SendError> {
        let extras = Extras { thread: question.thread, reply_to: Some(question.message), silent: true, ..Extras::default() };
        self.client.send(question.chat, text, &extras).await.map(drop)
    }

    async fn board(&self, chat: i64, posted: Option<i64>, text: &str) -> Result<Option<i64>, SendError> {
        if let Some(posted) = posted {
            match self.client.edit(chat, posted, text, &[]).await {
                Err(SendError::MessageGone | SendError::Refused(_)) => {}
                edited => return edited.map(|()| Some(posted)),
            }
        }
        let posted = self.client.send(chat, text, &Extras { silent: true, ..Extras::default() }).await?;
        // Without the right to pin it stands in the group all the same.
        let _ = self.client.pin(chat, posted).await;
        Ok(Some(posted))
    }

    async fn is_member(&self, chat: i64, staff: &str) -> Result<bool, SendError> {
        let Some(id) = staff.strip_prefix("telegram:").and_then(|id| id.parse().ok()) else { return Ok(false) };
        self.client.is_member(chat, id).await
    }

    async fn refuse(&self, chat: i64, callback: &str, answer: &str, report: &str) -> Result<(), SendError> {
        let answered = self.client.answer(callback, answer).await;
        self.client.send(chat, report, &Extras::default()).await?;
        answered
    }

    async fn works(&self, chat: i64) -> bool {
        self.client.keeps(chat).await.is_ok()
    }

    async fn tell(&self, chat: i64, text: &str) -> Result<(), SendError> {
        self.client.send(chat, text, &Extras::default()).await.map(drop)
    }

    fn rate(&self) -> Option<usize> {
        Some(A_MINUTE)
    }
}
