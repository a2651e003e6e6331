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
        let mut done = 0;
        for (name, mut rows) in all {
            rows.sort_by_key(|row| (row.created, row.id, row.number));
            let now = self.clock.now();
            let old = rows.partition_point(|row| now.duration_since(row.created) > SignedDuration::from_hours(HOURS));
            let surplus = old.max(rows.len().saturating_sub(MOST));
            for row in rows.drain(..surplus) {
                done += usize::from(self.hook_done(&row, &name, "failed").await);
            }
            if self.rests(&name).is_some_and(|until| until > now) {
                continue;
            }
            let mut lanes: BTreeMap<ConversationId, Vec<OutboxRow>> = BTreeMap::new();
            rows.into_iter().for_each(|row| lanes.entry(row.id).or_default().push(row));
            let lanes = futures::stream::iter(lanes.into_values().map(|lane| self.hook_lane(&name, lane)));
            done += lanes.buffer_unordered(AT_ONCE).fold(0, async |done, sent| done + sent).await;
        }
        done
    }

    /// When a row can leave: an event not while its receiver is left alone.
    pub(super) fn due(&self, row: &OutboxRow) -> Timestamp {
        match &row.target {
            OutboxTarget::Hook { to, .. } => self.rests(to).map_or(row.due, |until| until.max(row.due)),
            _ => row.due,
        }
    }

    /// Until when a receiver that took nothing is left alone.
    fn rests(&self, to: &str) -> Option<Timestamp> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).get(to).map(|(_, until)| *until)
    }

    async fn hook_lane(&self, to: &str, mut rows: Vec<OutboxRow>) -> usize {
        // In the order in which they happened, whatever the clocks of those who wrote them down said.
        rows.sort_by_key(|row| row.number);
        let mut done = 0;
        for row in rows {
            let now = self.clock.now();
            let OutboxTarget::Hook { event, .. } = &row.target else { continue };
            // Whoever took nothing a moment ago takes nothing now.
            if self.rests(to).is_some_and(|until| until > now) {
                break;
            }
            let told = self.sent.lock().unwrap_or_else(PoisonError::into_inner).contains(&(row.id, row.number));
            let sent = if told { Ok(()) } else { self.tell_hook(to, event, &row, now).await };
            if let Err(error) = sent {
                self.let_rest(to, &error, now);
                break;
            }
            self.resting.lock().unwrap_or_else(PoisonError::into_inner).remove(to);
            if !self.hook_done(&row, to, "sent").await {
                break;
            }
            done += 1;
        }
        done
    }

    /// An event is told, or given up.
    async fn hook_done(&self, row: &OutboxRow, to: &str, end: &'static str) -> bool {
        if end == "failed" {
            tracing::error!(conversation = %row.id.short(), api = to, "An event was given up; the receiver reads the queue.");
        }
        metrics::counter!("warmline_hooks_total", "end" => end).increment(1);
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert((row.id, row.number));
        let (now, finishes) = (self.clock.now(), Finishes { outbox: vec![row.number], ..Finishes::default() });
        if let Err(error) = self.handle(row.id, None, &Event::Timer { key: String::new() }, finishes, now).await {
            tracing::error!(conversation = %row.id.short(), %error, "An event that was told could not be marked; it may be told again.");
            return false;
        }
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).remove(&(row.id, row.number));
        true
    }

    async fn tell_hook(&self, to: &str, event: &DeskEvent, row: &OutboxRow, now: Timestamp) -> Result<(), SendError> {
        let Some(hook) = self.hooks.get(to) else { return Err(SendError::Later(None)) };
        // The same for every try, and another for every event and receiver.
        let id = format!("msg_{}-{}-{to}", row.id, row.number);
        let kind = format!("handoff.{}", event.kind.name());
        let body = json!({ "type": kind, "timestamp": event.at.to_string(), "data": event }).to_string();
        hook.post(id, body, now).await
    }

    /// A receiver took nothing: it is left alone for a while. One that refuses may have been set up wrongly: that is mended within
    /// hours.
    fn let_rest(&self, to: &str, error: &SendError, now: Timestamp) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let times = resting.get(to).map_or(0, |(times, _)| *times);
        let back_off = SignedDuration::from_secs(1 << times.min(9));
        let after = match error {
            SendError::Later(Some(after)) => SignedDuration::try_from(*after).unwrap_or(back_off),
            _ => back_off,
        };
        let until = now.checked_add(after.max(back_off).min(LONGEST_WAIT)).unwrap_or(now);
        tracing::warn!(api = to, times = times + 1, %error, "An event was not taken; will try again.");
        resting.insert(to.to_string(), (times + 1, until));
    }
}
