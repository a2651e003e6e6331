//! What agents do in Chatwoot.
//!
//! Owns: taking in a webhook whose signature holds.
//! Invariants: what it says is stored before it is acknowledged; it is read against the conversation as it stands, and decided
//! by the step like what any other desk does.
//! Leaves out: signatures (`server`), reading (`channel::chatwoot`), showing (`mirror`).

use super::App;
use crate::channel::chatwoot::{Heard, decode, incoming, question};
use crate::store::StoreError;
use sha2::{Digest, Sha256};
use std::sync::Arc;

impl App {
    /// Takes in a webhook. What concerns nobody here, or can't be read, is left out.
    ///
    /// # Errors
    /// The store fails; nothing was taken in.
    pub async fn hear_chatwoot(self: &Arc<Self>, timestamp: &str, body: &[u8]) -> Result<(), StoreError> {
        let Some(desk) = &self.chatwoot else { return Ok(()) };
        let webhook = match decode(body, &desk.place()) {
            Ok(Some(webhook)) => webhook,
            Ok(None) => return Ok(()),
            Err(_) => {
                metrics::counter!("warmline_malformed_updates_total").increment(1);
                tracing::warn!("A webhook of Chatwoot could not be read; it is left out.");
                return Ok(());
            }
        };
        let Some(state) = self.store.state(webhook.id).await? else { return Ok(()) };
        if let Some(question) = question(&webhook.heard) {
            // Chatwoot waits five seconds for us, and we may wait for Chatwoot.
            let (app, desk, room) = (self.clone(), desk.clone(), webhook.room);
            tokio::spawn(async move {
                let text = app.answer_to(&question).await;
                if !text.is_empty()
                    && let Err(error) = desk.reply(room, question.message, &text).await
                {
                    tracing::warn!(%error, "An answer to staff could not be posted.");
                }
            });
            return Ok(());
        }
        if matches!(webhook.heard, Heard::Resolved { .. }) && desk.resolved_it(webhook.id, self.clock.now()) {
            return Ok(());
        }
        let digest = Sha256::new().chain_update(timestamp).chain_update(".").chain_update(body).finalize();
        let digest: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.receive(incoming(webhook, &state, &digest)).await.map(drop)
    }
}
