//! Events on their way to other systems.
//!
//! Owns: sending what happened to handoffs to the webhooks of `[[api]]`; trying again; what is too old or too much.
//! Invariants: an event is kept with the step that brought it about, so none is lost in a crash; what happened to one handoff
//! arrives in order; a receiver that hangs holds up nobody else, and no more than [`MOST`] events wait for it.
//! Leaves out: what an event says (`desk`), the signature (`transport`).

use super::App;
use super::handle::Finishes;
use crate::conversation::{ConversationId, Event};
use crate::desk::DeskEvent;
use crate::store::{OutboxRow, OutboxTarget};
use crate::transport::SendError;
use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// An event that nobody took for a day is given up.
const HOURS: i64 = 24;
/// Of more events that wait for one receiver the oldest are given up: every worker passes them.
pub(super) const MOST: usize = 1_000;
/// Handoffs of which somebody is told at once.
const AT_ONCE: usize = 8;
/// Between two tries there is no more than this.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(5);

impl App {
    /// Tells what is due to one receiver, or to all; how many rows are done.
    pub async fn deliver_hooks(&self, to: Option<&str>) -> usize {
        let mut all: BTreeMap<String, Vec<OutboxRow>> = BTreeMap::new();
        for row in self.waiting().await {
            if let OutboxTarget::Hook { to: name, .. } = &row.target
                && to.is_none_or(|to| to == name)
            {
                all.entry(name.clone()).or_default().push(row);
            }
        }
        let mut lanes: BTreeMap<(String, ConversationId), Vec<(OutboxRow, bool)>> = BTreeMap::new();
        for (name, mut rows) in all {
            rows.sort_by_key(|row| (row.created, row.id, row.number));
            let surplus = rows.len().saturating_sub(MOST);
            for (at, row) in rows.into_iter().enumerate() {
                lanes.entry((name.clone(), row.id)).or_default().push((row, at < surplus));
            }
        }
        let lanes = futures::stream::iter(lanes.into_values().map(|lane| self.hook_lane(lane)));
        lanes.buffer_unordered(AT_ONCE).fold(0, async |done, sent| done + sent).await
    }

    async fn hook_lane(&self, rows: Vec<(OutboxRow, bool)>) -> usize {
        let mut done = 0;
        for (row, surplus) in rows {
            let now = self.clock.now();
            let OutboxTarget::Hook { to, event } = &row.target else { continue };
            if row.due > now && !surplus {
                break;
            }
            let told = self.sent.lock().unwrap_or_else(PoisonError::into_inner).contains(&(row.id, row.number));
            let sent = if told || surplus { Ok(()) } else { self.tell_hook(to, event, &row, now).await };
            if let Err(error) = &sent
                && self.hook_later(&row, error, now).await
            {
                break;
            }
            let end = if sent.is_ok() && !surplus { "sent" } else { "failed" };
            if end == "failed" {
                tracing::error!(conversation = %row.id.short(), api = to, "An event was given up; the receiver reads the queue.");
            }
            metrics::counter!("warmline_hooks_total", "end" => end).increment(1);
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert((row.id, row.number));
            let finishes = Finishes { outbox: vec![row.number], ..Finishes::default() };
            if let Err(error) = self.handle(row.id, None, &Event::Timer { key: String::new() }, finishes, now).await {
                tracing::error!(conversation = %row.id.short(), %error, "An event that was told could not be marked; it may be told again.");
                break;
            }
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).remove(&(row.id, row.number));
            done += 1;
        }
        done
    }

    async fn tell_hook(&self, to: &str, event: &DeskEvent, row: &OutboxRow, now: Timestamp) -> Result<(), SendError> {
        let Some(hook) = self.hooks.get(to) else { return Err(SendError::Later(None)) };
        // The same for every try, and another for every event and receiver.
        let id = format!("msg_{}-{}-{to}", row.id, row.number);
        let kind = format!("handoff.{}", event.kind.name());
        let body = json!({ "type": kind, "timestamp": event.at.to_string(), "data": event }).to_string();
        hook.post(id, body, now).await
    }

    /// Puts a row off; false where it is given up. A receiver that refuses may have been set up wrongly: that is mended within hours.
    async fn hook_later(&self, row: &OutboxRow, error: &SendError, now: Timestamp) -> bool {
        if now.duration_since(row.created) > SignedDuration::from_hours(HOURS) {
            return false;
        }
        let after = match error {
            SendError::Later(Some(after)) => SignedDuration::try_from(*after).ok(),
            _ => None,
        };
        let after = after.unwrap_or(SignedDuration::from_secs(1 << row.attempts.min(9))).min(LONGEST_WAIT);
        tracing::warn!(conversation = %row.id.short(), attempt = row.attempts + 1, %error, "An event was not taken; will try again.");
        let due = now.checked_add(after).unwrap_or(now);
        if let Err(error) = self.store.postpone(row.id, row.number, due, row.attempts + 1).await {
            tracing::error!(%error, "A retry could not be noted.");
        }
        true
    }
}
