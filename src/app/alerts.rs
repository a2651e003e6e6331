//! Alerts on their way.
//!
//! Owns: sending them, each way by itself; trying again; telling the conversation of one that does not get through.
//! Invariants: a way that hangs holds up no other way; the first failure of an alert lets the ladder climb at once, while the
//! alert itself is tried again as long as it makes sense; alerts about one handoff leave by one way in order.
//! Leaves out: how a way sends (`alert`), what an alert says (`desk`).

use super::App;
use super::handle::Finishes;
use crate::conversation::{ConversationId, Event};
use crate::desk::{AlertMessage, Happened};
use crate::store::{OutboxRow, OutboxTarget};
use crate::transport::SendError;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// An alert older than this says nothing new: the ladder has gone on.
const HOURS: i64 = 1;

/// A way that wants more time than this is asked again all the same: somebody waits.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(60);

impl App {
    /// Sends the alerts that are due by one way, or by all; how many rows are done.
    pub async fn deliver_alerts(&self, way: Option<&str>) -> usize {
        let mut lanes: BTreeMap<(String, ConversationId), Vec<OutboxRow>> = BTreeMap::new();
        for row in self.waiting().await {
            if let OutboxTarget::Alert(alert) = &row.target
                && way.is_none_or(|way| way == alert.way)
            {
                lanes.entry((alert.way.clone(), row.id)).or_default().push(row);
            }
        }
        futures::future::join_all(lanes.into_values().map(|lane| self.alert_lane(lane))).await.into_iter().sum()
    }

    async fn alert_lane(&self, rows: Vec<OutboxRow>) -> usize {
        let mut done = 0;
        for (at, row) in rows.iter().enumerate() {
            let now = self.clock.now();
            let OutboxTarget::Alert(alert) = &row.target else { continue };
            if row.due > now {
                break;
            }
            let newer =
                rows.iter().skip(at + 1).any(|row| matches!(&row.target, OutboxTarget::Alert(other) if other.happened == alert.happened));
            let old = alert.happened == Happened::Trigger && row.attempts > 0 && (newer || self.is_over(row, alert).await);
            let done_before = self.sent.lock().unwrap_or_else(PoisonError::into_inner).contains(&(row.id, row.number));
            if old || done_before {
                if !self.mark_alert(row, &Event::Timer { key: String::new() }, now).await {
                    break;
                }
                done += 1;
                continue;
            }
            if !self.send_alert(row, alert, now).await {
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
        let failed = match alert.happened {
            Happened::Trigger => Event::AlertFailed { way: alert.way.clone(), handoff: alert.handoff, step: alert.step },
            // That a page is not taken down keeps nobody from being called.
            Happened::Acknowledge | Happened::Resolve => Event::Timer { key: String::new() },
        };
        let event = match sent {
            Ok(()) => {
                self.sent.lock().unwrap_or_else(PoisonError::into_inner).insert((row.id, row.number));
                match alert.happened {
                    Happened::Trigger => {
                        Event::AlertSent { handoff: alert.handoff, copied: alert.full.is_some().then(|| alert.way.clone()) }
                    }
                    Happened::Acknowledge | Happened::Resolve => Event::Timer { key: String::new() },
                }
            }
            Err(error) => {
                tracing::warn!(conversation = %row.id.short(), way = alert.way, attempt = row.attempts + 1, %error, "An alert failed.");
                let last = !matches!(error, SendError::Later(_)) || now.duration_since(row.created) > SignedDuration::from_hours(HOURS);
                match (last, row.attempts) {
                    (true, _) => failed,
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
                        let back_off = SignedDuration::from_secs(1 << attempts.min(6));
                        let after = after.unwrap_or(back_off).max(back_off).min(LONGEST_WAIT);
                        let due = now.checked_add(after).unwrap_or(now);
                        if let Err(error) = self.store.postpone(row.id, row.number, due, attempts + 1).await {
                            tracing::error!(%error, "A retry could not be noted.");
                        }
                        return false;
                    }
                }
            }
        };
        self.mark_alert(row, &event, now).await
    }

    /// What was sent is done. While it can't be marked, it is not sent again by this process.
    async fn mark_alert(&self, row: &OutboxRow, event: &Event, now: Timestamp) -> bool {
        let finishes = Finishes { outbox: vec![row.number], ..Finishes::default() };
        match self.handle(row.id, None, event, finishes, now).await {
            Ok(_) => {
                self.sent.lock().unwrap_or_else(PoisonError::into_inner).remove(&(row.id, row.number));
                true
            }
            Err(error) => {
                tracing::error!(conversation = %row.id.short(), %error, "A sent alert could not be marked; it may be sent again.");
                false
            }
        }
    }

    /// The handoff of an alert is closed, or has been answered.
    async fn is_over(&self, row: &OutboxRow, alert: &AlertMessage) -> bool {
        let Ok(Some(state)) = self.store.state(row.id).await else { return false };
        state.handoff.is_none_or(|handoff| handoff.number != alert.handoff || handoff.answered)
    }

    /// Where staff read the conversation: its topic, or its page in Chatwoot.
    pub(super) async fn link(&self, id: ConversationId) -> String {
        let thread = self.store.state(id).await.ok().flatten().map(|state| self.settled(state).thread).unwrap_or_default();
        let chats = self.desk.as_ref().map_or(&[][..], |desk| desk.chats());
        let chat = thread.chat.or(chats.first().copied()).filter(|chat| chats.contains(chat)).unwrap_or_default();
        // Without topics the card is where it stands.
        let message = thread.topic_in(chat).map(i64::from).or(thread.card.filter(|_| thread.chat == Some(chat)));
        // A supergroup's id is -100 and the number that its links show.
        match (chat.to_string().strip_prefix("-100"), message) {
            (Some(group), Some(message)) => format!("https://t.me/c/{group}/{message}"),
            _ => match (&self.chatwoot, thread.chatwoot) {
                (Some(chatwoot), Some(room)) => chatwoot.link(Some(room)),
                _ => String::new(),
            },
        }
    }
}
