//! What goes out.
//!
//! Owns: sending rows of the outbox in order per lane, retrying, giving up truthfully; merging relays; the desk's rate.
//! Invariants: a customer's lines leave in order, and a later one waits for an earlier one; what may not be sent is checked
//! again at the moment of sending; delivery is at least once: a crash between sending and marking may repeat a message, never
//! lose one.
//! Leaves out: how a channel sends.

use super::App;
use super::handle::Finishes;
use crate::channel::{Place, Posted};
use crate::conversation::{ConversationId, Delivery, Event, Failure, Fate, Line, Owner, Speaker, State, Urgency};
use crate::desk::{DeskMessage, mark, transcript};
use crate::store::{LinkKey, LinkTarget, OutboxRow, OutboxTarget};
use crate::transport::SendError;
use jiff::{SignedDuration, Timestamp};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// A customer's line older than this makes no sense any more; staff's messages are kept for a week.
const CUSTOMER_HOURS: i64 = 24;
const DESK_HOURS: i64 = 24 * 7;
/// Relays of one conversation are merged up to this many characters.
const MERGED: usize = 3_500;

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
}

impl App {
    /// Sends what is due, to customers, to the desks and as alerts; how many rows are done.
    pub async fn deliver(&self) -> usize {
        let (lines, desk) = (self.deliver_lines(None), self.deliver_desk());
        let (lines, posts, alerts, shown) = futures::future::join4(lines, desk, self.deliver_alerts(None), self.deliver_mirror()).await;
        lines + posts + alerts + shown + self.deliver_kin().await
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

    /// Sends what is due to the desk; how many rows are done.
    pub async fn deliver_desk(&self) -> usize {
        let mut lanes: BTreeMap<ConversationId, Vec<OutboxRow>> = BTreeMap::new();
        for row in self.waiting().await.into_iter().filter(|row| matches!(row.target, OutboxTarget::Desk(_))) {
            lanes.entry(row.id).or_default().push(row);
        }
        self.desk_lanes(lanes).await
    }

    /// When a worker should look again: the earliest due head of a lane that it can send on.
    pub(super) async fn next_for(&self, worker: Outgoing<'_>) -> Option<Timestamp> {
        let mut heads: BTreeMap<(ConversationId, &str), Timestamp> = BTreeMap::new();
        let rows = self.store.outbox().await.ok()?;
        for row in &rows {
            let lane = match (&row.target, worker) {
                (OutboxTarget::Customer(line), Outgoing::Channel(channel)) if channel == line.to.channel => channel,
                (OutboxTarget::Desk(_), Outgoing::Desk) if self.desk.is_some() => "",
                (OutboxTarget::Alert(alert), Outgoing::Alerts(way)) if way == alert.way => &alert.way,
                (OutboxTarget::Kin { .. }, Outgoing::Kin) => "",
                (OutboxTarget::Mirror(_), Outgoing::Chatwoot) if self.chatwoot.is_some() => "",
                _ => continue,
            };
            heads.entry((row.id, lane)).or_insert(row.due);
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
                    Ok(external) => Some(Delivery::Sent { external, thread: None }),
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
    async fn give_up(&self, row: &OutboxRow, error: &SendError, hours: i64, now: Timestamp) -> Option<Failure> {
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
            SendError::ThreadGone | SendError::MessageGone | SendError::NotModified | SendError::Refused(_) => Some(Failure::Refused),
        };
        if failure.is_some() {
            tracing::warn!(conversation = %row.id.short(), %error, "Delivery has failed for good.");
        }
        failure
    }

    /// The desk: the most urgent conversations first, each in order, within the desk's rate.
    async fn desk_lanes(&self, lanes: BTreeMap<ConversationId, Vec<OutboxRow>>) -> usize {
        let mut lanes: Vec<Vec<Merged>> = lanes.into_values().map(merge).collect();
        // Somebody has a finger on a button: the answer to a press waits for nothing.
        for lane in &mut lanes {
            lane.sort_by_key(|merged| !matches!(merged.row.target, OutboxTarget::Desk(DeskMessage::Answer { .. })));
        }
        lanes.sort_by_key(|lane| {
            let urgency = lane.iter().filter_map(|merged| merged.row.urgency).max();
            (Reverse(urgency), lane.first().map(|merged| merged.row.created))
        });
        let mut done = 0;
        for lane in lanes {
            match self.desk_lane(lane).await {
                Ok(sent) => done += sent,
                // The desk does not answer: asking again for each conversation would only take longer.
                Err(sent) => return done + sent,
            }
        }
        self.show_board().await;
        done
    }

    /// Sends one conversation's messages; `Err` with what was sent when the desk does not answer.
    async fn desk_lane(&self, lane: Vec<Merged>) -> Result<usize, usize> {
        let Some(desk) = &self.desk else { return Ok(0) };
        let crisis = lane.iter().any(|merged| merged.row.urgency == Some(Urgency::Crisis));
        let mut done = 0;
        for (at, merged) in lane.iter().enumerate() {
            let row = &merged.row;
            let now = self.clock.now();
            let OutboxTarget::Desk(message) = &row.target else { continue };
            // A row that only waited for its place in the minute does not hold up a crisis.
            if row.due > now && !(crisis && row.attempts == 0) {
                break;
            }
            // A card's edit, or a line's mark, that a later one replaces is done without being sent.
            let replaced = lane.iter().skip(at + 1).any(|later| replaces(&later.row, row));
            if replaced {
                if !self.mark_desk(merged, Posted::default(), now).await {
                    break;
                }
                done += 1;
                continue;
            }
            let free = matches!(message, DeskMessage::Answer { .. });
            let place = if free { Ok(()) } else { self.limiter.lock().unwrap_or_else(PoisonError::into_inner).take(now, crisis) };
            if let Err(due) = place {
                // No attempt was made, so none is counted.
                if let Err(error) = self.store.postpone(row.id, row.number, due, row.attempts).await {
                    tracing::error!(%error, "A retry could not be noted.");
                }
                break;
            }
            let Some(place) = self.place(row, message).await else { break };
            match desk.send(&place, message).await {
                Ok(posted) => {
                    if !self.mark_desk(merged, posted, now).await {
                        break;
                    }
                }
                // A press waits for its answer for seconds: later it would answer nobody, and meanwhile hold up the others.
                Err(error) if free => {
                    tracing::warn!(conversation = %row.id.short(), %error, "A press could not be answered.");
                    if !self.mark_desk(merged, Posted::default(), now).await {
                        break;
                    }
                }
                Err(error) => match self.give_up(row, &error, DESK_HOURS, now).await {
                    None => return Err(done),
                    Some(_) => {
                        metrics::counter!("warmline_desk_failures_total").increment(1);
                        tracing::error!(conversation = %row.id.short(), %error, "Staff could not be told; see `warmline queue`.");
                        if !self.mark_desk(merged, Posted::default(), now).await {
                            break;
                        }
                    }
                },
            }
            done += 1;
        }
        Ok(done)
    }

    async fn place(&self, row: &OutboxRow, message: &DeskMessage) -> Option<Place> {
        let state = self.store.state(row.id).await.ok()??;
        let transcript = match message {
            DeskMessage::Transcript => Some(transcript(&self.store.transcript(row.id).await.ok()?, &self.hours)),
            _ => None,
        };
        let name = state.name.clone().unwrap_or_else(|| "Customer".into());
        Some(Place {
            id: row.id,
            topic: state.thread.topic,
            card: state.thread.card,
            title: format!("{} · {} · {}", name.chars().take(60).collect::<String>(), state.address.channel, row.id.short()),
            transcript,
            mark: match message {
                DeskMessage::Mark { line } => mark(row.id, &state, *line),
                _ => None,
            },
            address: state.address,
            silent: row.urgency < Some(Urgency::Distress) && !matches!(message, DeskMessage::Post { loud: true, .. }),
        })
    }

    /// Marks a desk's row as done and links the desk's names to the conversation.
    async fn mark_desk(&self, merged: &Merged, posted: Posted, now: Timestamp) -> bool {
        let row = &merged.row;
        let chat = self.desk.as_ref().map_or(0, |desk| desk.chat());
        let target = LinkTarget { id: row.id, number: None };
        let mut finishes = Finishes { outbox: merged.numbers.clone(), ..Finishes::default() };
        finishes.links.extend(posted.topic.map(|topic| (LinkKey::Topic { chat, topic }, target.clone())));
        finishes.links.extend(posted.messages.iter().map(|message| (LinkKey::DeskMessage { chat, message: *message }, target.clone())));
        let external = posted.messages.iter().map(ToString::to_string).collect();
        let event = Event::Delivered { line: row.number, delivery: Delivery::Sent { external, thread: posted.topic } };
        match self.handle(row.id, None, &event, finishes, now).await {
            Ok(_) => true,
            Err(error) => {
                tracing::error!(conversation = %row.id.short(), %error, "A message to the desk could not be marked; it may be sent again.");
                false
            }
        }
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

/// The open card as it stands, or what became of the same line: only the last is worth showing.
fn replaces(later: &OutboxRow, row: &OutboxRow) -> bool {
    match (&row.target, &later.target) {
        (OutboxTarget::Desk(DeskMessage::CardEdit { card: None, .. }), OutboxTarget::Desk(DeskMessage::CardEdit { card: None, .. })) => {
            true
        }
        (OutboxTarget::Desk(DeskMessage::Mark { line }), OutboxTarget::Desk(DeskMessage::Mark { line: other })) => line == other,
        _ => false,
    }
}

/// A message to the desk and the numbers of all rows whose words it holds.
struct Merged {
    row: OutboxRow,
    numbers: Vec<u64>,
}

/// Consecutive plain relays of a conversation become one post. All of them are done when it is sent, none before.
fn merge(rows: Vec<OutboxRow>) -> Vec<Merged> {
    let mut merged: Vec<Merged> = Vec::new();
    for row in rows {
        if let Some(last) = merged.last_mut()
            && let OutboxTarget::Desk(DeskMessage::Post { text: first, reply_to: None, buttons: none, copy: None, loud: false }) =
                &mut last.row.target
            && let OutboxTarget::Desk(DeskMessage::Post { text, reply_to: None, buttons, copy: None, loud: false }) = &row.target
            && none.is_empty()
            && buttons.is_empty()
            && first.chars().count() + text.chars().count() < MERGED
        {
            first.push('\n');
            first.push_str(text);
            last.numbers.push(row.number);
            continue;
        }
        merged.push(Merged { numbers: vec![row.number], row });
    }
    merged
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
