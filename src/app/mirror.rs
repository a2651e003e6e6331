//! Conversations on their way to Chatwoot.
//!
//! Owns: sending what Chatwoot is to show, in the order of each conversation; trying again; making anew what was deleted there.
//! Invariants: a conversation there is remembered in the conversation's own state before anything is written into it; what is
//! refused is left out and holds up nothing; Chatwoot holds up nobody's words.
//! Leaves out: what is shown (`desk::mirror`), how (`channel::chatwoot`), what agents do (`chatwoot`).

use super::App;
use super::handle::Finishes;
use crate::channel::chatwoot::ChatwootDesk;
use crate::conversation::{ConversationId, Event, State};
use crate::desk::{MirrorMessage, history};
use crate::store::{OutboxRow, OutboxTarget};
use crate::transport::SendError;
use crate::transport::chatwoot::UNPROCESSABLE;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// After this, what stands there is given up.
const HOURS: i64 = 24;
/// Chatwoot counts messages by the minute, and says to one too many what it says to a bad one: that is tried once more.
const FULL: SignedDuration = SignedDuration::from_secs(61);

impl App {
    /// Shows in Chatwoot what is due; how many rows are done.
    pub async fn deliver_mirror(&self) -> usize {
        let Some(desk) = &self.chatwoot else { return 0 };
        let mut lanes: BTreeMap<ConversationId, Vec<OutboxRow>> = BTreeMap::new();
        for row in self.waiting().await.into_iter().filter(|row| matches!(row.target, OutboxTarget::Mirror(_))) {
            lanes.entry(row.id).or_default().push(row);
        }
        if !lanes.is_empty()
            && let Err(error) = desk.learn().await
        {
            tracing::warn!(%error, "Chatwoot doesn't say which user we are; will ask again.");
        }
        futures::future::join_all(lanes.into_values().map(|lane| self.mirror_lane(desk, lane))).await.into_iter().sum()
    }

    async fn mirror_lane(&self, desk: &ChatwootDesk, rows: Vec<OutboxRow>) -> usize {
        let mut done = 0;
        for row in rows {
            let now = self.clock.now();
            let OutboxTarget::Mirror(message) = &row.target else { continue };
            if row.due > now {
                break;
            }
            let nothing = Event::Timer { key: String::new() };
            let shown = self.sent.lock().unwrap_or_else(PoisonError::into_inner).contains(&(row.id, row.number));
            let event = match if shown { Ok(nothing.clone()) } else { self.show(desk, &row, message, now).await } {
                // Without its number nothing more could be shown there: that is asked for again.
                Ok(event @ Event::Mirrored { .. }) => event,
                Ok(event) => {
                    self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert((row.id, row.number));
                    event
                }
                Err(error) => match self.put_off(&row, &error, now).await {
                    true => break,
                    false => nothing,
                },
            };
            let finishes = Finishes { outbox: vec![row.number], ..Finishes::default() };
            if let Err(error) = self.handle(row.id, None, &event, finishes, now).await {
                tracing::error!(conversation = %row.id.short(), %error, "What Chatwoot shows could not be marked; it may be shown again.");
                break;
            }
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).remove(&(row.id, row.number));
            done += 1;
        }
        done
    }

    /// Shows one message; what that means for the conversation.
    async fn show(&self, desk: &ChatwootDesk, row: &OutboxRow, message: &MirrorMessage, now: Timestamp) -> Result<Event, SendError> {
        let Ok(Some(state)) = self.store.state(row.id).await else { return Err(SendError::Later(None)) };
        let known = state.thread.chatwoot;
        if let MirrorMessage::Open { handoff, name, drill } = message {
            let name = if *drill { Some("DRILL") } else { name.as_deref() };
            let room = desk.open(row.id, known, name, &state.address.channel).await?;
            return Ok(Event::Mirrored { conversation: room, handoff: Some(*handoff) });
        }
        let text = match message {
            MirrorMessage::History { card } => {
                let Ok(entries) = self.store.transcript(row.id).await else { return Err(SendError::Later(None)) };
                history(card.as_deref(), &entries, row.number, &self.hours)
            }
            _ => String::new(),
        };
        let gone = match known {
            Some(room) => desk.show(row.id, room, row.number, message, &text, now).await,
            None => Err(SendError::Unknown),
        };
        match gone {
            // It was deleted there, or never was there: an open handoff gets another one, with what was said.
            Err(SendError::Unknown) if state.handoff.is_some() && !matches!(message, MirrorMessage::Fate { .. }) => {
                let room = self.move_in(desk, row.id, &state, now).await?;
                desk.show(row.id, room, row.number, message, &text, now).await?;
            }
            other => other?,
        }
        Ok(Event::Timer { key: String::new() })
    }

    /// Another conversation there; it is remembered before anything is written into it.
    async fn move_in(&self, desk: &ChatwootDesk, id: ConversationId, state: &State, now: Timestamp) -> Result<u64, SendError> {
        let drill = state.address.channel == super::drill::CHANNEL;
        let name = if drill { Some("DRILL") } else { state.name.as_deref() };
        let room = desk.open(id, None, name, &state.address.channel).await?;
        let moved = Event::Mirrored { conversation: room, handoff: None };
        match self.handle(id, None, &moved, Finishes::default(), now).await {
            Ok(_) => Ok(room),
            Err(error) => {
                tracing::error!(conversation = %id.short(), %error, "A new conversation in Chatwoot could not be remembered.");
                Err(SendError::Later(None))
            }
        }
    }

    /// Puts a row off after an error; false where it is given up.
    async fn put_off(&self, row: &OutboxRow, error: &SendError, now: Timestamp) -> bool {
        let after = match error {
            SendError::Later(_) if now.duration_since(row.created) > SignedDuration::from_hours(HOURS) => None,
            SendError::Later(Some(after)) => SignedDuration::try_from(*after).ok(),
            SendError::Later(None) => Some(SignedDuration::from_secs(1 << row.attempts.min(8))),
            SendError::Refused(why) if why == UNPROCESSABLE && row.attempts == 0 => Some(FULL),
            _ => None,
        };
        let Some(after) = after else {
            metrics::counter!("warmline_chatwoot_failures_total").increment(1);
            tracing::error!(conversation = %row.id.short(), attempt = row.attempts + 1, %error, "Something could not be shown in Chatwoot; it is left out.");
            return false;
        };
        tracing::warn!(conversation = %row.id.short(), attempt = row.attempts + 1, %error, "Chatwoot took nothing; will try again.");
        let due = now.checked_add(after).unwrap_or(now);
        if let Err(error) = self.store.postpone(row.id, row.number, due, row.attempts + 1).await {
            tracing::error!(%error, "A retry could not be noted.");
        }
        true
    }
}
