//! What staff ask of the whole desk.
//!
//! Owns: the queue as an answer; giving somebody the most urgent handoff that nobody has.
//! Invariants: a claim goes through the conversation like any other, so two who ask at once get two; a question that
//! comes twice is answered once; an answer that can't be posted is not tried again: whoever misses it asks again.
//! Leaves out: questions about one conversation (`conversation`).

use super::App;
use crate::channel::{Asks, Body, DeskQuestion, Incoming, Target};
use crate::conversation::{Event, StaffAction};
use crate::desk::QueueRow;
use crate::store::StoreError;
use jiff::{SignedDuration, Timestamp};
use std::sync::PoisonError;

/// Rows of an answer.
const ROWS: usize = 20;
/// A claim is done in this time.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(30);
/// Answered questions that are remembered.
const REMEMBERED: usize = 10_000;

impl App {
    /// Answers a question of staff.
    pub async fn answer(&self, question: &DeskQuestion) {
        let Some(desk) = &self.desk else { return };
        {
            let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
            if answered.len() >= REMEMBERED {
                answered.clear();
            }
            if !answered.insert(question.message) {
                return;
            }
        }
        let text = match question.asks {
            Asks::Queue => self.queue_text().await,
            Asks::Next => self.next(question).await,
        };
        let text = text.unwrap_or_else(|error| {
            tracing::error!(%error, "A question of staff can't be answered.");
            "The data store can't be read. Please try again, and have it looked at.".into()
        });
        if let Err(error) = desk.reply(question, &text).await {
            tracing::warn!(%error, "An answer to staff could not be posted.");
        }
    }

    async fn queue_text(&self) -> Result<String, StoreError> {
        let (rows, now) = (self.store.queue().await?, self.clock.now());
        let mut lines = Vec::new();
        for row in rows.iter().take(ROWS) {
            lines.push(format!("{} {}", row.line(now), self.link(row.id).await).trim_end().to_string());
        }
        if rows.len() > ROWS {
            lines.push(format!("and {} more", rows.len() - ROWS));
        }
        Ok(if lines.is_empty() { "Nobody waits.".into() } else { lines.join("\n") })
    }

    /// Claims the most urgent handoff that nobody has.
    async fn next(&self, question: &DeskQuestion) -> Result<String, StoreError> {
        let (rows, now): (Vec<QueueRow>, Timestamp) = (self.store.queue().await?, self.clock.now());
        let free = {
            let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
            given.retain(|_, at| now.duration_since(*at) < UNDER_WAY);
            let free = rows.into_iter().find(|row| row.owner.is_none() && !given.contains_key(&row.id));
            if let Some(row) = &free {
                given.insert(row.id, now);
            }
            free
        };
        let Some(row) = free else { return Ok("Nobody waits.".into()) };
        let event = Event::Staff { staff: question.staff.clone(), action: StaffAction::Claim, callback: None };
        let external = format!("next:{}", question.message);
        let target = Target::Conversation(row.id);
        self.receive(vec![Incoming { target, kind: "staff", external, revision: String::new(), body: Body::Event(event) }]).await?;
        let text = format!("{}: {} {}", question.staff.name, row.line(now), self.link(row.id).await);
        Ok(format!("{}\nIts topic says whether it is yours, or somebody was faster.", text.trim_end()))
    }
}
