//! An alarm without the store.
//!
//! Owns: what becomes of a cry for help that can't be taken in because the store fails: staff read it in their group at once.
//! Invariants: the message itself is not acknowledged, and comes again when the store works; each is told once while the
//! process runs; nothing is said to the customer, since nothing could keep it from being said twice.
//! Leaves out: everything less urgent than distress, which waits with its sender's gateway.

use super::App;
use crate::care::{Kind, Level};
use crate::channel::Place;
use crate::conversation::{Address, ConversationId, Event};
use crate::desk::DeskMessage;
use crate::text::Text;
use std::sync::PoisonError;

/// More messages than this are not remembered as told.
const REMEMBERED: usize = 10_000;

impl App {
    /// Tells staff of an event that the store did not take, where it can't wait.
    pub(super) async fn alarm(&self, id: ConversationId, address: &Address, event: &Event) {
        let (Some(desk), Event::Message(message)) = (&self.desk, event) else { return };
        let heard = self.rules.load().care.assess(&Text::new(message.text.as_str()));
        if heard.level < Level::Distress {
            return;
        }
        {
            let mut alarmed = self.alarmed.lock().unwrap_or_else(PoisonError::into_inner);
            if alarmed.len() >= REMEMBERED {
                alarmed.clear();
            }
            if !alarmed.insert((id, message.external.clone())) {
                return;
            }
        }
        let name = message.name.as_deref().unwrap_or("somebody");
        let safe = if heard.silent || heard.kind == Some(Kind::Abuse) { "\nSomebody else may read their phone." } else { "" };
        let text = format!(
            "{} OUTSIDE THE QUEUE: the data store can't be written, so the bot has not answered and can't.\n\
             {name}, {} {}, wrote: {}{safe}\n\
             Reach them yourselves, and have the store looked at. This comes again as a handoff when the store works.",
            heard.level.name().to_uppercase(),
            address.channel,
            address.sender,
            message.text,
        );
        let place = Place {
            id,
            topic: None,
            card: None,
            title: format!("{}: outside the queue", heard.level.name()),
            address: address.clone(),
            transcript: None,
            silent: false,
        };
        let post = DeskMessage::Post { text, reply_to: None, buttons: Vec::new(), copy: None };
        if let Err(error) = desk.send(&place, &post).await {
            self.alarmed.lock().unwrap_or_else(PoisonError::into_inner).remove(&(id, message.external.clone()));
            tracing::error!(conversation = %id.short(), ?error, "The store and the desk both fail; an alarm could not be told.");
        }
    }
}
