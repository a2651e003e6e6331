//! Rows whose way out was taken from the configuration.
//!
//! Owns: ending them, at a start.
//! Invariants: a customer's line ends as not delivered and staff read so, an alert as failed and the ladder climbs; what might be
//! configured again tomorrow is kept as long as it makes sense.
//! Leaves out: rows that wait for a way which does not answer (`outbox`, `alerts`).

use super::App;
use super::handle::Finishes;
use crate::conversation::{Delivery, Event, Failure};
use crate::desk::Happened;
use crate::store::{OutboxRow, OutboxTarget};
use jiff::SignedDuration;

/// A line is kept for a day, like one that can't be sent; what is for the desk, for a week.
const LINE: SignedDuration = SignedDuration::from_hours(24);
const DESK: SignedDuration = SignedDuration::from_hours(24 * 7);

impl App {
    /// Ends the rows that nobody will ever send; how many there were.
    pub async fn drop_orphans(&self) -> usize {
        let now = self.clock.now();
        let mut dropped = 0;
        for row in self.waiting().await {
            let Some(event) = self.orphan(&row, now.duration_since(row.created)) else { continue };
            let finishes = Finishes { outbox: vec![row.number], ..Finishes::default() };
            match self.handle(row.id, None, &event, finishes, now).await {
                Ok(_) => dropped += 1,
                Err(error) => {
                    tracing::error!(conversation = %row.id.short(), %error, "A row that nobody sends any more could not be ended.")
                }
            }
        }
        if dropped > 0 {
            tracing::warn!(dropped, "Rows of ways that are not configured any more were ended.");
        }
        dropped
    }

    /// What becomes of a row without a way, after so long.
    fn orphan(&self, row: &OutboxRow, age: SignedDuration) -> Option<Event> {
        let nothing = Event::Timer { key: String::new() };
        match &row.target {
            OutboxTarget::Customer(line) => {
                let way = self.channels.contains_key(line.to.channel.as_str()) || line.to.channel == super::drill::CHANNEL;
                let failed = Event::Delivered { line: row.number, delivery: Delivery::Failed { failure: Failure::Expired } };
                (!way && age > LINE).then_some(failed)
            }
            OutboxTarget::Alert(alert) if !self.alerts.contains_key(&alert.way) => Some(match alert.happened {
                Happened::Trigger => Event::AlertFailed { way: alert.way.clone(), handoff: alert.handoff, step: alert.step },
                Happened::Acknowledge | Happened::Resolve => nothing,
            }),
            OutboxTarget::Desk(_) => (self.desk.is_none() && age > DESK).then_some(nothing),
            OutboxTarget::Mirror(_) => self.chatwoot.is_none().then_some(nothing),
            OutboxTarget::Hook { to, .. } => (!self.hooks.contains_key(to)).then_some(nothing),
            OutboxTarget::Alert(_) | OutboxTarget::Kin { .. } => None,
        }
    }
}
