//! Lines to customers on Telegram.

use super::split::{LONGEST, split};
use crate::channel::Channel;
use crate::conversation::{Line, Profile};
use crate::transport::SendError;
use crate::transport::telegram::{Extras, Telegram};
use async_trait::async_trait;

/// The customers' side.
pub struct TelegramChat {
    client: Telegram,
    /// The desk's first group, from which staff's media are copied where no other one is named.
    desk: Option<i64>,
}

impl TelegramChat {
    /// A channel over a client.
    pub fn new(client: Telegram, desk: Option<i64>) -> Self {
        TelegramChat { client, desk }
    }
}

impl TelegramChat {
    /// Puts a text into messages that were sent before, part by part; what is left over is deleted, what is missing is sent.
    async fn replace(&self, chat: i64, external: &[String], text: &str) -> Result<Vec<String>, SendError> {
        let parts = if text.is_empty() { Vec::new() } else { split(text, LONGEST) };
        let mut sent = Vec::new();
        for (at, name) in external.iter().enumerate() {
            let message = name.parse().map_err(|_| SendError::MessageGone)?;
            match parts.get(at) {
                Some(part) => {
                    self.client.edit(chat, message, part, &[]).await?;
                    sent.push(name.clone());
                }
                None => self.client.delete(chat, message).await?,
            }
        }
        for part in parts.iter().skip(external.len()) {
            sent.push(self.client.send(chat, part, &Extras::default()).await?.to_string());
        }
        Ok(sent)
    }
}

#[async_trait]
impl Channel for TelegramChat {
    fn name(&self) -> &'static str {
        "telegram"
    }

    fn profile(&self) -> Profile {
        Profile { buttons: true, contact_button: true, media: true, edits: true, ..Profile::default() }
    }

    async fn send(&self, line: &Line) -> Result<Vec<String>, SendError> {
        let chat: i64 = line.to.sender.parse().map_err(|_| SendError::Unknown)?;
        if let (Some(message), Some(desk)) = (line.copy, line.copy_from.or(self.desk)) {
            return Ok(vec![self.client.copy(desk, message, chat, None).await?.to_string()]);
        }
        if let Some(replaces) = &line.replaces {
            return self.replace(chat, &replaces.external, if replaces.delete { "" } else { &line.text }).await;
        }
        let parts = split(&line.text, LONGEST);
        let last = parts.len().saturating_sub(1);
        let mut sent = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let mut extras = Extras::default();
            if at == last {
                extras.buttons.clone_from(&line.buttons);
                extras.contact = line.ask_contact.then(|| "Share my phone number".to_string());
            }
            sent.push(self.client.send(chat, part, &extras).await?.to_string());
        }
        Ok(sent)
    }

    async fn pressed(&self, external: &str) {
        // The wheel on the button stops turning; when that fails it stops by itself.
        let _ = self.client.answer(external, "").await;
    }
}
