//! Alerts on their way.
//!
//! Owns: sending them, each way by itself; trying again; telling the conversation of one that does not get through.
//! Invariants: a way that hangs holds up no other way; the first failure of an alert lets the ladder climb at once, while the
//! alert itself is tried again as long as it makes sense; alerts about one handoff leave by one way in order.
//! Leaves out: how a way sends (`alert`), what an alert says (`desk`).

use super::App;
use super::handle::Finishes;
use crate::conversation::{ConversationId, Event};
use crate::desk::AlertMessage;
use crate::store::{OutboxRow, OutboxTarget};
use crate::transport::SendError;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// An alert older than this says nothing new: the ladder has gone on.
const HOURS: i64 = 1;

impl App {
    /// Sends the alerts that are due; how many rows are done.
    pub async fn deliver_alerts(&self) -> usize {
        let mut lanes: BTreeMap<(String, ConversationId), Vec<OutboxRow>> = BTreeMap::new();
        for row in self.waiting().await {
            if let OutboxTarget::Alert(alert) = &row.target {
                lanes.entry((alert.way.clone(), row.id)).or_default().push(row);
            }
        }
        futures::future::join_all(lanes.into_values().map(|lane| self.alert_lane(lane))).await.into_iter().sum()
    }

    async fn alert_lane(&self, rows: Vec<OutboxRow>) -> usize {
        let mut done = 0;
        for row in rows {
            let now = self.clock.now();
            let OutboxTarget::Alert(alert) = &row.target else { continue };
            if row.due > now {
                break;
            }
            if !self.send_alert(&row, alert, now).await {
                break;
            }
            done += 1;
        }
        done
    }

    /// Sends one alert; false where it stays.
    async fn send_alert(&self, row: &OutboxRow, alert: &AlertMessage, now: Timestamp) -> bool {
        let link = self.link(row.id).await;
        let sent = match self.alerts.get(&alert.way) {
            Some(way) => way.send(alert, &link, now).await,
            // The way was taken out of the configuration.
            None => Err(SendError::Refused("there is no such way any more".into())),
        };
        metrics::counter!("warmline_alerts_total", "end" => if sent.is_ok() { "sent" } else { "failed" }).increment(1);
        let failed = Event::AlertFailed { way: alert.way.clone(), step: alert.step };
        let finishes = Finishes { outbox: vec![row.number], ..Finishes::default() };
        let (event, finishes) = match sent {
            Ok(()) => (Event::Timer { key: String::new() }, finishes),
            Err(error) => {
                tracing::warn!(conversation = %row.id.short(), way = alert.way, attempt = row.attempts + 1, %error, "An alert failed.");
                let last = !matches!(error, SendError::Later(_)) || now.duration_since(row.created) > SignedDuration::from_hours(HOURS);
                match (last, row.attempts) {
                    (true, _) => (failed, finishes),
                    (false, attempts) => {
                        // The first failure is told at once; the alert itself is tried again.
                        if attempts == 0
                            && let Err(error) = self.handle(row.id, None, &failed, Finishes::default(), now).await
                        {
                            tracing::error!(conversation = %row.id.short(), %error, "A failed alert could not be noted.");
                        }
                        let after = match error {
                            SendError::Later(Some(after)) => SignedDuration::try_from(after).ok(),
                            _ => None,
                        };
                        let after = after.unwrap_or(SignedDuration::from_secs(1 << attempts.min(6)));
                        let due = now.checked_add(after).unwrap_or(now);
                        if let Err(error) = self.store.postpone(row.id, row.number, due, attempts + 1).await {
                            tracing::error!(%error, "A retry could not be noted.");
                        }
                        return false;
                    }
                }
            }
        };
        match self.handle(row.id, None, &event, finishes, now).await {
            Ok(_) => true,
            Err(error) => {
                tracing::error!(conversation = %row.id.short(), %error, "A sent alert could not be marked; it may be sent again.");
                false
            }
        }
    }

    /// Where staff read the conversation: its topic.
    pub(super) async fn link(&self, id: ConversationId) -> String {
        let chat = self.desk.as_ref().map_or(0, |desk| desk.chat());
        let topic = self.store.state(id).await.ok().flatten().and_then(|state| state.thread.topic);
        // A supergroup's id is -100 and the number that its links show.
        match (chat.to_string().strip_prefix("-100"), topic) {
            (Some(group), Some(topic)) => format!("https://t.me/c/{group}/{topic}"),
            _ => String::new(),
        }
    }
}
