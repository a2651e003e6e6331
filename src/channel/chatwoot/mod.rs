//! Chatwoot as a desk: an API inbox in which agents read and answer.
//!
//! Owns: showing a conversation there; reading what agents do (`decode`), in words without marks (`plain`).
//! Invariants: everything that is written there carries our name for it, so that it is known when it comes back; a customer is
//! known there by our id and the name that they gave, never by their number.
//! Leaves out: what is shown (`desk::mirror`), order and retries (`app`).

mod decode;
mod plain;

pub use decode::{Heard, Malformed, Place, Webhook, decode, incoming, question, unplaced};

use crate::conversation::{ConversationId, Urgency};
use crate::desk::MirrorMessage;
use crate::transport::SendError;
use crate::transport::chatwoot::{Chatwoot, Post};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A webhook about what we resolved ourselves comes within this.
const ECHO: SignedDuration = SignedDuration::from_mins(5);

/// A change of a message within this time after we have written its fate is our own, and more of them than this are not answered.
const OWN_MARK: SignedDuration = SignedDuration::from_secs(10);
const MARKS: u32 = 6;
/// Fates are remembered for so long.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(1);

/// The desk.
pub struct ChatwootDesk {
    client: Chatwoot,
    me: OnceLock<u64>,
    /// What we have resolved, and when: its webhook looks like an agent's.
    resolved: Mutex<HashMap<ConversationId, Timestamp>>,
    /// Messages whose fate we have written: when, and how often.
    marked: Mutex<HashMap<u64, (Timestamp, u32)>>,
}

impl ChatwootDesk {
    /// A desk in an inbox.
    pub fn new(client: Chatwoot) -> Self {
        ChatwootDesk { client, me: OnceLock::new(), resolved: Mutex::default(), marked: Mutex::default() }
    }

    /// Where webhooks must come from.
    pub fn place(&self) -> Place {
        Place { account: self.client.account(), inbox: self.client.inbox(), me: self.me.get().copied() }
    }

    /// Asks once which user we are.
    ///
    /// # Errors
    /// Chatwoot does not answer.
    pub async fn learn(&self) -> Result<(), SendError> {
        if self.me.get().is_none() {
            let _ = self.me.set(self.client.me().await?);
        }
        Ok(())
    }

    /// Where staff read a conversation; everything that is for them, where it has no number there yet.
    pub fn link(&self, room: Option<u64>) -> String {
        room.map_or_else(|| self.client.inbox_link(), |room| self.client.link(room))
    }

    /// The conversation is there and open: the one that was there before, or a new one; its number.
    ///
    /// # Errors
    /// Chatwoot does not answer or refuses.
    pub async fn open(&self, id: ConversationId, before: Option<u64>, name: Option<&str>, channel: &str) -> Result<u64, SendError> {
        self.resolved.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        if let Some(room) = before {
            match self.client.status(room, true).await {
                Err(SendError::Unknown) => {}
                other => return other.map(|()| room),
            }
        }
        let source = id.to_string();
        let unnamed = format!("Customer {}", id.short());
        let contact = self.client.contact(&source, name.unwrap_or(&unnamed)).await?;
        let attributes = json!({"warmline_id": source, "channel": channel});
        let room = self.client.conversation(&source, contact, attributes).await?;
        if !room.open {
            self.client.status(room.number, true).await?;
        }
        Ok(room.number)
    }

    /// Shows a message; `number` is its own in the conversation, `history` the text of one that is that.
    ///
    /// # Errors
    /// Chatwoot does not answer or refuses; [`SendError::Unknown`]: the conversation is gone.
    pub async fn show(
        &self,
        id: ConversationId,
        room: u64,
        number: u64,
        message: &MirrorMessage,
        history: &str,
        now: Timestamp,
    ) -> Result<(), SendError> {
        let post = |incoming, private, number: u64| Post { incoming, private, text: "", source: format!("{}{id}:{number}", decode::OURS) };
        match message {
            MirrorMessage::Open { .. } => self.client.status(room, true).await,
            MirrorMessage::Priority { urgency } => self.client.priority(room, priority(*urgency)).await,
            MirrorMessage::History { .. } => self.client.post(room, &Post { text: &harmless(history), ..post(false, true, number) }).await,
            MirrorMessage::Said { entry, customer, text } => {
                self.client.post(room, &Post { text: &harmless(text), ..post(*customer, false, *entry) }).await
            }
            MirrorMessage::Note { text } => self.client.post(room, &Post { text: &harmless(text), ..post(false, true, number) }).await,
            MirrorMessage::Fate { message, failed } => match self.fate(room, *message, failed.as_deref(), now).await {
                // An older Chatwoot, or a message of a conversation before this one: the words beside it say the same.
                Err(SendError::Unknown) => Err(SendError::Refused("HTTP 404".into())),
                other => other,
            },
            MirrorMessage::Status { open: true } => self.client.status(room, true).await,
            MirrorMessage::Status { open: false } => {
                // Before it is asked for: the webhook may be faster than the answer.
                self.resolved.lock().unwrap_or_else(PoisonError::into_inner).insert(id, now);
                let ended = self.client.status(room, false).await;
                if ended.is_err() {
                    self.resolved.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                }
                ended
            }
        }
    }

    async fn fate(&self, room: u64, message: u64, failed: Option<&str>, now: Timestamp) -> Result<(), SendError> {
        {
            let mut marked = self.marked.lock().unwrap_or_else(PoisonError::into_inner);
            marked.retain(|_, (at, _)| now.duration_since(*at) < FORGOTTEN);
            let (at, count) = marked.entry(message).or_insert((now, 0));
            (*at, *count) = (now, *count + 1);
        }
        self.client.fate(room, message, failed).await
    }

    /// Words that did not leave here are called sent there, after *retry*: that sends nothing, and whoever pressed it must know.
    ///
    /// # Errors
    /// Chatwoot does not answer or refuses.
    pub async fn still_failed(&self, room: u64, message: u64, now: Timestamp) -> Result<(), SendError> {
        let before = self.marked.lock().unwrap_or_else(PoisonError::into_inner).get(&message).copied();
        // What we write ourselves comes back as such a change.
        if before.is_some_and(|(at, count)| now.duration_since(at) < OWN_MARK || count > MARKS) {
            return Ok(());
        }
        self.fate(room, message, Some("Not sent. Retry sends nothing from here: please write it anew."), now).await
    }

    /// It stays where staff see it.
    ///
    /// # Errors
    /// Chatwoot does not answer or refuses.
    pub async fn reopen(&self, room: u64) -> Result<(), SendError> {
        self.client.status(room, true).await
    }

    /// Answers a question of the whole desk where it was asked.
    ///
    /// # Errors
    /// Chatwoot does not answer or refuses.
    pub async fn reply(&self, room: u64, message: i64, text: &str) -> Result<(), SendError> {
        let source = format!("{}answer:{message}", decode::OURS);
        self.client.post(room, &Post { incoming: false, private: true, text: &harmless(text), source }).await
    }

    /// Whether we have just resolved it ourselves; said once.
    pub fn resolved_it(&self, id: ConversationId, now: Timestamp) -> bool {
        let mut resolved = self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        resolved.retain(|_, at| now.duration_since(*at) < ECHO);
        resolved.remove(&id).is_some()
    }
}

fn priority(urgency: Urgency) -> &'static str {
    match urgency {
        Urgency::Crisis => "urgent",
        Urgency::Distress => "high",
        Urgency::Asked => "medium",
        Urgency::Stuck => "low",
    }
}

/// Chatwoot shows Markdown, fills templates in and notifies who is mentioned: a customer's words fetch no picture, hide nothing
/// of themselves and call nobody.
fn harmless(text: &str) -> String {
    text.replace("![", "! [").replace("{{", "{ {").replace("{%", "{ %").replace("mention://", "mention: //")
}
