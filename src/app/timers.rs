//! Timers.
//!
//! Owns: firing what is due; when something is due next. A timer is a row; after downtime each overdue one fires once.

use super::App;
use super::handle::Finishes;
use crate::conversation::Event;
use crate::store::{OutboxTarget, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;

impl App {
    /// When something is due next: a timer, or a row of the outbox that waits for its time.
    ///
    /// # Errors
    /// The store fails.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut heads = BTreeMap::new();
        for row in self.store.outbox().await? {
            let lane = match &row.target {
                OutboxTarget::Customer(_) => "",
                OutboxTarget::Desk(_) => "desk",
                OutboxTarget::Alert(alert) => &alert.way,
                OutboxTarget::Kin { .. } => "kin",
                OutboxTarget::Mirror(_) => "chatwoot",
                OutboxTarget::Hook { to, .. } => to,
            };
            heads.entry((row.id, row.chat, lane.to_string())).or_insert(self.due(&row));
        }
        Ok(heads.into_values().chain(self.store.next_timer().await?).min())
    }

    /// Fires every timer that is due, the most urgent conversation first; how many there were.
    pub async fn fire_timers(&self) -> usize {
        let now = self.clock.now();
        self.end_shifts().await;
        let (rows, queue) = match (self.store.timers_due(now).await, self.store.queue().await) {
            (Ok(rows), Ok(queue)) => (rows, queue),
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "Timers can't be read; will try again.");
                return 0;
            }
        };
        let place = |id| queue.iter().position(|row| row.id == id).unwrap_or(usize::MAX);
        let mut rows = rows;
        rows.sort_by_key(|row| (place(row.id), row.timer.at));
        let mut fired = 0;
        for row in rows {
            let finishes = Finishes { timer: Some(row.timer.key.clone()), ..Finishes::default() };
            match self.handle(row.id, None, &Event::Timer { key: row.timer.key }, finishes, now).await {
                Ok(_) => fired += 1,
                Err(error) => tracing::error!(conversation = %row.id.short(), %error, "A timer could not be committed; will try again."),
            }
        }
        fired
    }
}
