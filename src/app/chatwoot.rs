//! What agents do in Chatwoot.
//!
//! Owns: taking in a webhook whose signature holds.
//! Invariants: what it says is stored before it is acknowledged; it is read against the conversation as it stands, and decided
//! by the step like what any other desk does.
//! Leaves out: signatures (`server`), reading (`channel::chatwoot`), showing (`mirror`).

use super::App;
use crate::channel::chatwoot::{Heard, decode, incoming, question, unplaced};
use crate::conversation::{Fate, Urgency};
use crate::desk::message_name;
use crate::store::StoreError;
use crate::transport::SendError;
use sha2::{Digest, Sha256};
use std::sync::Arc;

impl App {
    /// Takes in a webhook. What concerns nobody here, or can't be read, is left out.
    ///
    /// # Errors
    /// The store fails; nothing was taken in.
    /// `Ok(false)`: they are words for a customer whom nobody here knows.
    pub async fn hear_chatwoot(self: &Arc<Self>, timestamp: &str, body: &[u8]) -> Result<bool, StoreError> {
        let Some(desk) = &self.chatwoot else { return Ok(true) };
        let webhook = match decode(body, &desk.place()) {
            Ok(Some(webhook)) => webhook,
            Ok(None) => return Ok(!unplaced(body, &desk.place())),
            Err(_) => {
                metrics::counter!("warmline_malformed_updates_total").increment(1);
                tracing::warn!("A webhook of Chatwoot could not be read; it is left out.");
                return Ok(true);
            }
        };
        let Some(state) = self.store.state(webhook.id).await? else { return Ok(!unplaced(body, &desk.place())) };
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
            return Ok(true);
        }
        let (room, now) = (webhook.room, self.clock.now());
        match webhook.heard {
            Heard::Retried { message } => {
                let sent = state.sent.values().rev().find(|sent| sent.message == message_name(message)).map(|sent| sent.fate);
                if matches!(sent, None | Some(Fate::Failed(_))) {
                    let desk = desk.clone();
                    tokio::spawn(async move { told(desk.still_failed(room, message, now).await) });
                }
                return Ok(true);
            }
            // Whoever is in danger or distress is not put aside.
            Heard::Hidden => {
                if state.handoff.as_ref().is_some_and(|handoff| handoff.urgency >= Urgency::Distress) {
                    let desk = desk.clone();
                    tokio::spawn(async move { told(desk.reopen(room).await) });
                }
                return Ok(true);
            }
            _ => {}
        }
        if matches!(webhook.heard, Heard::Resolved { .. }) && desk.resolved_it(webhook.id, now) {
            return Ok(true);
        }
        let digest = Sha256::new().chain_update(timestamp).chain_update(".").chain_update(body).finalize();
        let digest: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        self.receive(incoming(webhook, &state, &digest)).await.map(|_| true)
    }
}

fn told(answer: Result<(), SendError>) {
    if let Err(error) = answer {
        tracing::warn!(%error, "Chatwoot could not be told at once.");
    }
}
