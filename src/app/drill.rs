//! Drills: a marked test crisis, down the same way as a real one.
//!
//! Owns: starting one, and whether a person has acknowledged it.
//! Invariants: a drill goes through care, handoff, store and desk like any message; it says what it is in every place where staff
//! read it; nothing is sent to any customer.
//! Leaves out: who starts one (`warmline drill`), and how often.

use super::App;
use crate::channel::{Body, Incoming, Target};
use crate::conversation::{Address, ConversationId, Event, Message, Who};
use crate::store::StoreError;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The channel of drills: what is said there goes nowhere.
pub use crate::conversation::DRILL as CHANNEL;

/// What the customer of a drill writes.
const WORDS: &str = "This is a DRILL. Please claim it. i want to kill myself";

/// Where the last drill is remembered.
const KEY: &str = "drill";

/// The last drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drill {
    /// Its conversation.
    pub id: ConversationId,
    /// When it was started.
    pub at: Timestamp,
    /// When somebody claimed it.
    #[serde(default)]
    pub claimed: Option<Timestamp>,
    /// When the last one before it that somebody claimed was claimed.
    #[serde(default)]
    pub before: Option<Timestamp>,
}

impl App {
    /// Sends a marked crisis down the whole way.
    ///
    /// # Errors
    /// The store fails.
    pub async fn drill(&self) -> Result<Drill, StoreError> {
        let at = self.clock.now();
        let before = self.last_drill().await?.and_then(|last| last.claimed.or(last.before));
        // Each has a conversation of its own: one that nobody claimed must not swallow the next.
        let address = Address { channel: CHANNEL.into(), account: String::new(), sender: at.as_second().to_string() };
        let drill = Drill { id: self.conversation(&address), at, claimed: None, before };
        let text = serde_json::to_vec(&drill).map_err(|error| StoreError::Failed(error.to_string()))?;
        self.store.put(KEY, text).await?;
        let message = Message { text: WORDS.into(), name: Some("DRILL".into()), external: format!("drill-{at}"), ..Message::default() };
        let body = Body::Event(Event::Message(Box::new(message)));
        let external = format!("drill-{at}");
        self.receive(vec![Incoming { target: Target::Address(address), kind: "message", external, revision: String::new(), body }]).await?;
        Ok(drill)
    }

    /// The last drill, and whether somebody has claimed it.
    ///
    /// # Errors
    /// The store fails.
    pub async fn last_drill(&self) -> Result<Option<Drill>, StoreError> {
        let Some(text) = self.store.get(KEY).await? else { return Ok(None) };
        let Ok(mut drill) = serde_json::from_slice::<Drill>(&text) else { return Ok(None) };
        let entries = self.store.transcript(drill.id).await?;
        drill.claimed = entries.iter().find(|entry| entry.who == Who::Note && entry.text.ends_with(" claimed it")).map(|entry| entry.at);
        Ok(Some(drill))
    }
}
