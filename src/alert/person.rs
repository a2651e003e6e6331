//! Alerts to one person, or another group, in Telegram.
//!
//! Owns: the message; it makes a sound, as the ladder means it to.
//! Leaves out: people who never wrote to the bot: Telegram lets it write to none of them (`Unknown`, and the ladder climbs).

use super::{Alert, plain};
use crate::desk::AlertMessage;
use crate::transport::SendError;
use crate::transport::telegram::{Extras, Telegram};
use async_trait::async_trait;
use jiff::Timestamp;

/// One chat.
pub struct Person {
    telegram: Telegram,
    chat: i64,
}

impl Person {
    /// A way to a chat.
    pub fn new(telegram: Telegram, chat: i64) -> Self {
        Person { telegram, chat }
    }
}

#[async_trait]
impl Alert for Person {
    async fn send(&self, alert: &AlertMessage, link: &str, now: Timestamp) -> Result<(), SendError> {
        self.telegram.send(self.chat, &plain(alert, link, now), &Extras::default()).await.map(drop)
    }
}
