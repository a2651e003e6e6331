//! Long polling.
//!
//! Owns: the loop from Telegram's updates to the inbox, one step at a time.
//! Invariants: the next `getUpdates` confirms a batch only after the whole of it is in the inbox; an update that can't be read
//! is counted, logged without its content, and confirmed with the others.

use super::App;
use crate::channel::Incoming;
use crate::channel::telegram::{Decoded, Decoder};
use crate::transport::SendError;
use crate::transport::telegram::Telegram;
use std::time::Duration;

/// One poller of one bot.
pub struct Poller {
    client: Telegram,
    decoder: Decoder,
    offset: i64,
}

impl Poller {
    /// A poller that begins with what Telegram has kept.
    pub fn new(client: Telegram, decoder: Decoder) -> Self {
        Poller { client, decoder, offset: 0 }
    }

    /// One poll: waits for updates and takes them in; how many there were.
    ///
    /// # Errors
    /// Telegram or the store fail; nothing was confirmed, so nothing is lost.
    pub async fn step(&mut self, app: &App, wait: Duration) -> Result<usize, SendError> {
        let updates = self.client.updates(self.offset, wait).await?;
        let mut last = self.offset - 1;
        let mut incoming = Vec::new();
        let mut questions = Vec::new();
        for raw in &updates {
            let (id, decoded) = self.decoder.decode(raw.get(), app.clock.entropy());
            last = last.max(id);
            match decoded {
                Decoded::Question(question) => questions.push(question),
                other => incoming.extend(take(id, other)),
            }
        }
        let pressed: Vec<String> = customers_presses(&incoming);
        app.receive(incoming).await.map_err(|error| {
            tracing::error!(%error, "Updates could not be stored; Telegram keeps them.");
            SendError::Later(None)
        })?;
        self.offset = last + 1;
        for question in questions {
            app.answer(&question).await;
        }
        if let Some(channel) = app.channels.get("telegram") {
            futures::future::join_all(pressed.iter().map(|external| channel.pressed(external))).await;
        }
        Ok(updates.len())
    }
}

/// What an update gives, with malformed ones counted.
pub fn take(id: i64, decoded: Decoded) -> Option<Incoming> {
    match decoded {
        Decoded::Incoming(incoming) => Some(*incoming),
        Decoded::Nothing | Decoded::Question(_) => None,
        Decoded::Malformed => {
            metrics::counter!("warmline_malformed_updates_total").increment(1);
            tracing::warn!(update = id, "An update could not be read; it is left out.");
            None
        }
    }
}

/// The presses of customers among what came in; the desk answers those of staff.
pub fn customers_presses(incoming: &[Incoming]) -> Vec<String> {
    let customers =
        incoming.iter().filter(|incoming| incoming.kind == "callback" && matches!(incoming.target, crate::channel::Target::Address(_)));
    customers.map(|incoming| incoming.external.clone()).collect()
}
