//! What goes out.
//!
//! Owns: sending customers' rows of the outbox in order per lane; retrying any row, and giving up truthfully.
//! Invariants: a customer's lines leave in order, and a later one waits for an earlier one; what may not be sent is checked
//! again at the moment of sending; delivery is at least once: a crash between sending and marking may repeat a message, never
//! lose one.
//! Leaves out: how a channel sends; what goes to staff (`posts`, `alerts`, `mirror`).

use super::App;
use super::handle::Finishes;
use crate::conversation::{ConversationId, Delivery, Event, Failure, Fate, Line, Owner, Speaker, State};
use crate::store::{LinkKey, LinkTarget, OutboxRow, OutboxTarget};
use crate::transport::SendError;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A customer's line older than this makes no sense any more; staff's messages are kept for a week.
const CUSTOMER_HOURS: i64 = 24;
pub(super) const DESK_HOURS: i64 = 24 * 7;

/// What one worker sends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outgoing<'w> {
    /// Lines to a channel's customers.
    Channel(&'w str),
    /// What goes to the desk.
    Desk,
    /// Alerts by a way.
    Alerts(&'w str),
    /// What conversations of one person tell each other.
    Kin,
    /// What Chatwoot shows.
    Chatwoot,
    /// Events to another system.
    Hooks(&'w str),
}

impl App {
    /// Sends what is due, to customers, to the desks and as alerts; how many rows are done.
    pub async fn deliver(&self) -> usize {
        let (lines, desk) = (self.deliver_lines(None), self.deliver_desk());
        let (lines, posts, alerts, shown) = futures::future::join4(lines, desk, self.deliver_alerts(None), self.deliver_mirror()).await;
        lines + posts + alerts + shown + self.deliver_hooks(None).await + self.deliver_kin().await
    }

    pub(super) async fn waiting(&self) -> Vec<OutboxRow> {
        match self.store.outbox().await {
            Ok(rows) => {
                metrics::gauge!("warmline_outbox_rows").set(rows.len() as f64);
                rows
            }
            Err(error) => {
                tracing::error!(%error, "The outbox can't be read; will try again.");
                Vec::new()
            }
        }
    }

    /// Sends what is due to customers of one channel, or of all; how many rows are done.
    pub async fn deliver_lines(&self, channel: Option<&str>) -> usize {
        let mut lanes: BTreeMap<ConversationId, Vec<OutboxRow>> = BTreeMap::new();
        for row in self.waiting().await {
            if matches!(&row.target, OutboxTarget::Customer(line) if channel.is_none_or(|channel| channel == line.to.channel)) {
                lanes.entry(row.id).or_default().push(row);
            }
        }
        futures::future::join_all(lanes.into_values().map(|lane| self.customer_lane(lane))).await.into_iter().sum()
    }

    /// When a worker should look again: the earliest due head of a lane that it can send on.
    pub(super) async fn next_for(&self, worker: Outgoing<'_>) -> Option<Timestamp> {
        let mut heads: BTreeMap<(ConversationId, &str, Option<i64>), Timestamp> = BTreeMap::new();
        let rows = self.store.outbox().await.ok()?;
        for row in &rows {
            let lane = match (&row.target, worker) {
                (OutboxTarget::Customer(line), Outgoing::Channel(channel)) if channel == line.to.channel => channel,
                (OutboxTarget::Desk(_), Outgoing::Desk) if self.desk.is_some() => "",
                (OutboxTarget::Alert(alert), Outgoing::Alerts(way)) if way == alert.way => &alert.way,
                (OutboxTarget::Kin { .. }, Outgoing::Kin) => "",
                (OutboxTarget::Hook { to, .. }, Outgoing::Hooks(name)) if name == to => to,
                (OutboxTarget::Mirror(_), Outgoing::Chatwoot) if self.chatwoot.is_some() => "",
                _ => continue,
            };
            let chat = self.desk.as_ref().map(|desk| self.group_of(desk.as_ref(), row));
            heads.entry((row.id, lane, chat)).or_insert(self.due(row));
        }
        heads.into_values().min()
    }

    async fn customer_lane(&self, rows: Vec<OutboxRow>) -> usize {
        let mut done = 0;
        for row in rows {
            let now = self.clock.now();
            let OutboxTarget::Customer(line) = &row.target else { continue };
            if row.due > now {
                break;
            }
            let Ok(Some(state)) = self.store.state(row.id).await else { break };
            let delivery = match may_send(&state, line, row.attempts) {
                Send::Drop => None,
                Send::Never(failure) => Some(Delivery::Failed { failure }),
                Send::Yes => match self.send_line(line).await {
                    Ok(external) => Some(Delivery::Sent { external, thread: None, chat: None }),
                    Err(error) => match self.give_up(&row, &error, CUSTOMER_HOURS, now).await {
                        Some(failure) => Some(Delivery::Failed { failure }),
                        None => break,
                    },
                },
            };
            if !self.mark(&row, delivery, now).await {
                break;
            }
            done += 1;
        }
        done
    }

    async fn send_line(&self, line: &Line) -> Result<Vec<String>, SendError> {
        if line.to.channel == super::drill::CHANNEL {
            return Ok(Vec::new());
        }
        let Some(channel) = self.channels.get(line.to.channel.as_str()) else {
            return Err(SendError::Later(Some(std::time::Duration::from_secs(300))));
        };
        channel.send(line).await
    }

    /// Marks a customer's row as done, with what became of it.
    async fn mark(&self, row: &OutboxRow, delivery: Option<Delivery>, now: Timestamp) -> bool {
        let label = match &delivery {
            Some(Delivery::Sent { .. }) => "sent",
            Some(Delivery::Failed { .. }) => "failed",
            None => "dropped",
        };
        metrics::counter!("warmline_lines_total", "end" => label).increment(1);
        let mut finishes = Finishes { outbox: vec![row.number], ..Finishes::default() };
        if let (Some(Delivery::Sent { external, .. }), OutboxTarget::Customer(line)) = (&delivery, &row.target) {
            let target = LinkTarget { id: row.id, number: Some(row.number) };
            let key = |external: &String| LinkKey::Sent { channel: line.to.channel.clone(), external: external.clone() };
            finishes.links = external.iter().map(|external| (key(external), target.clone())).collect();
        }
        let event = match delivery {
            Some(delivery) => Event::Delivered { line: row.number, delivery },
            None => Event::Timer { key: String::new() },
        };
        let links = finishes.links.clone();
        match self.handle(row.id, None, &event, finishes, now).await {
            // The row was dropped while its words were leaving: they have left, and the conversation must know.
            Ok(false) if label == "sent" => {
                let late = self.handle(row.id, None, &event, Finishes { links, ..Finishes::default() }, now).await;
                late.is_ok()
            }
            Ok(_) => true,
            Err(error) => {
                tracing::error!(conversation = %row.id.short(), %error, "A sent line could not be marked; it may be sent again.");
                false
            }
        }
    }

    /// Postpones a row after an error, or says why it is given up.
    pub(super) async fn give_up(&self, row: &OutboxRow, error: &SendError, hours: i64, now: Timestamp) -> Option<Failure> {
        let failure = match error {
            SendError::Later(_) if now.duration_since(row.created) > SignedDuration::from_hours(hours) => Some(Failure::Expired),
            SendError::Later(after) => {
                let back_off = SignedDuration::from_secs(1 << row.attempts.min(8));
                let after = after.and_then(|after| SignedDuration::try_from(after).ok()).unwrap_or(back_off);
                let due = now.checked_add(after).unwrap_or(now);
                tracing::warn!(conversation = %row.id.short(), attempt = row.attempts + 1, %error, "Delivery failed; will retry.");
                if let Err(error) = self.store.postpone(row.id, row.number, due, row.attempts + 1).await {
                    tracing::error!(%error, "A retry could not be noted.");
                }
                None
            }
            SendError::Blocked => Some(Failure::Blocked),
            SendError::OptedOut => {
                self.learn_gateway_confirms().await;
                Some(Failure::OptedOut)
            }
            SendError::Unknown => Some(Failure::Unknown),
            SendError::ThreadGone | SendError::MessageGone | SendError::NotModified | SendError::Refused(_) | SendError::Shut(_) => {
                Some(Failure::Refused)
            }
        };
        if failure.is_some() {
            tracing::warn!(conversation = %row.id.short(), %error, "Delivery has failed for good.");
        }
        failure
    }
}

enum Send {
    Yes,
    /// A bot line that a claim made void.
    Drop,
    Never(Failure),
}

/// Whether a line may leave now: flags and owner may have changed since it was written.
fn may_send(state: &State, line: &Line, attempts: u32) -> Send {
    let claimed = matches!(state.owner, Owner::Human { .. });
    // Where somebody else may read the phone, only the neutral question leaves, and what staff say is safe; neither is tried again
    // later, when it may not be.
    let neutral = line.last_word && line.speaker == Speaker::Bot;
    let safe = (neutral || line.safe_because.is_some()) && attempts == 0;
    match line.speaker {
        // What is on their phone goes: nothing that anybody could read is sent.
        _ if line.replaces.as_ref().is_some_and(|replaces| replaces.delete) => Send::Yes,
        _ if state.flags.opted_out && !line.last_word => Send::Never(Failure::OptedOut),
        _ if state.flags.bereaved => Send::Never(Failure::Bereaved),
        _ if state.flags.do_not_text && !safe => Send::Never(Failure::DoNotText),
        Speaker::Staff(_) if state.sent.get(&line.number).is_some_and(|sent| sent.fate == Fate::TakenBack) => Send::Drop,
        Speaker::Bot if claimed => Send::Drop,
        _ => Send::Yes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Address, Staff};

    #[test]
    fn where_somebody_may_read_the_phone_only_the_question_and_what_is_safe_leave_and_once() {
        let address = Address { channel: "sms".into(), account: "+1".into(), sender: "+2".into() };
        let mut state = State::new(address.clone());
        state.flags.do_not_text = true;
        let staff = Speaker::Staff(Staff { id: "7".into(), name: "Priya".into() });
        let line = |speaker: Speaker, last_word: bool, safe_because: Option<&str>| Line {
            last_word,
            safe_because: safe_because.map(str::to_string),
            ..Line::new(1, address.clone(), speaker, "x".into())
        };
        for (name, line, attempts, leaves) in [
            ("an answer", line(Speaker::Bot, false, None), 0, false),
            ("a notice", line(Speaker::Notice, false, None), 0, false),
            ("the confirmation of an opt-out", line(Speaker::Notice, true, None), 0, false),
            ("the neutral question", line(Speaker::Bot, true, None), 0, true),
            ("the neutral question, again", line(Speaker::Bot, true, None), 1, false),
            ("words of staff", line(staff.clone(), false, None), 0, false),
            ("words of staff with a reason", line(staff.clone(), false, Some("she called")), 0, true),
            ("words of staff with a reason, later", line(staff, false, Some("she called")), 2, false),
        ] {
            assert_eq!(matches!(may_send(&state, &line, attempts), Send::Yes), leaves, "{name}");
        }
    }
}
