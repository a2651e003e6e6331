//! What goes to the staff's groups.
//!
//! Owns: the order between conversations, each group's minute, merging relays, where a message is placed.
//! Invariants: the most urgent first; one conversation's messages to a group leave in order; a group that does not answer, or is
//! full, holds up no other; nothing of one group is named in another; a row is done only when it is sent, or worth nothing any more.
//! Leaves out: how a group shows a message (`channel`), which group (`conversation`), retries (`outbox`).

use super::App;
use super::handle::Finishes;
use super::outbox::DESK_HOURS;
use crate::channel::{Desk, Place, Posted};
use crate::conversation::{ConversationId, Delivery, Event, State, Urgency};
use crate::desk::{DeskMessage, late, mark, transcript};
use crate::store::{LinkKey, LinkTarget, OutboxRow, OutboxTarget};
use jiff::{SignedDuration, Timestamp};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Relays of one conversation are merged up to this many characters.
const MERGED: usize = 3_500;
/// Where it goes on is said once it stands there: looked at again after this.
const STANDS: SignedDuration = SignedDuration::from_secs(2);

impl App {
    /// Sends what is due to the desk; how many rows are done.
    pub async fn deliver_desk(&self) -> usize {
        let Some(desk) = &self.desk else { return 0 };
        let mut lanes: BTreeMap<(ConversationId, i64), Vec<OutboxRow>> = BTreeMap::new();
        for row in self.waiting().await.into_iter().filter(|row| matches!(row.target, OutboxTarget::Desk(_))) {
            lanes.entry((row.id, group_of(&row, desk.chats()))).or_default().push(row);
        }
        let mut lanes: Vec<Lane> = lanes.into_iter().map(|((_, chat), rows)| Lane { chat, rows: merge(rows) }).collect();
        let mut waiting: BTreeMap<i64, usize> = BTreeMap::new();
        for lane in &mut lanes {
            *waiting.entry(lane.chat).or_default() += lane.rows.len();
            // Somebody has a finger on a button: the answer to a press waits for nothing.
            lane.rows.sort_by_key(|merged| !matches!(merged.row.target, OutboxTarget::Desk(DeskMessage::Answer { .. })));
        }
        lanes.sort_by_key(|lane| {
            let urgency = lane.rows.iter().filter_map(|merged| merged.row.urgency).max();
            (Reverse(urgency), lane.rows.first().map(|merged| merged.row.created))
        });
        let late = waiting.values().map(|waiting| self.limiter().minutes(*waiting)).max().unwrap_or_default();
        metrics::gauge!("warmline_desk_minutes_late").set(late as f64);
        let (mut done, mut silent) = (0, Vec::new());
        for lane in lanes {
            // Asking a group that does not answer again for each conversation would only take longer.
            if silent.contains(&lane.chat) {
                continue;
            }
            let minutes = self.limiter().minutes(waiting.get(&lane.chat).copied().unwrap_or_default());
            match self.desk_lane(desk.as_ref(), &lane, minutes).await {
                Ok(sent) => done += sent,
                Err(sent) => {
                    done += sent;
                    silent.push(lane.chat);
                }
            }
        }
        self.show_board().await;
        done
    }

    /// Sends one conversation's messages to a group; `Err` with what was sent when the group does not answer. What it gets it
    /// reads so many minutes late.
    async fn desk_lane(&self, desk: &dyn Desk, lane: &Lane, minutes: usize) -> Result<usize, usize> {
        let crisis = lane.rows.iter().any(|merged| merged.row.urgency == Some(Urgency::Crisis));
        let mut done = 0;
        for (at, merged) in lane.rows.iter().enumerate() {
            let row = &merged.row;
            let now = self.clock.now();
            let OutboxTarget::Desk(message) = &row.target else { continue };
            // A row that only waited for its place in the minute does not hold up a crisis.
            if row.due > now && !(crisis && row.attempts == 0) {
                break;
            }
            // A card's edit, or a line's mark, that a later one replaces is done without being sent.
            let replaced = lane.rows.iter().skip(at + 1).any(|later| replaces(&later.row, row));
            let Ok(Some(state)) = self.store.state(row.id).await else { break };
            let Some(message) = here(message, row, lane.chat).filter(|_| !replaced) else {
                if !self.mark_desk(merged, lane.chat, Posted::default(), now).await {
                    break;
                }
                done += 1;
                continue;
            };
            let stands = state.thread.card.is_some() || state.thread.card_line.is_none();
            if matches!(message, DeskMessage::Moved { .. }) && !stands && now.duration_since(row.created) < SignedDuration::from_mins(1) {
                self.not_before(row, now.checked_add(STANDS).unwrap_or(now)).await;
                break;
            }
            let free = matches!(message, DeskMessage::Answer { .. });
            let place = if free { Ok(()) } else { self.limiter().take(lane.chat, now, crisis) };
            if let Err(due) = place {
                self.not_before(row, due).await;
                break;
            }
            let message = if minutes == 0 { message } else { self.with_hint(message, &state, minutes) };
            let Some(place) = self.place(row, state, lane.chat, &message).await else { break };
            match desk.send(&place, &message).await {
                Ok(posted) => {
                    if !self.mark_desk(merged, lane.chat, posted, now).await {
                        break;
                    }
                }
                // A press waits for its answer for seconds: later it would answer nobody, and meanwhile hold up the others.
                Err(error) if free => {
                    tracing::warn!(conversation = %row.id.short(), %error, "A press could not be answered.");
                    if !self.mark_desk(merged, lane.chat, Posted::default(), now).await {
                        break;
                    }
                }
                Err(error) => match self.give_up(row, &error, DESK_HOURS, now).await {
                    None => return Err(done),
                    Some(_) => {
                        metrics::counter!("warmline_desk_failures_total").increment(1);
                        tracing::error!(conversation = %row.id.short(), %error, "Staff could not be told; see `warmline queue`.");
                        if !self.mark_desk(merged, lane.chat, Posted::default(), now).await {
                            break;
                        }
                    }
                },
            }
            done += 1;
        }
        Ok(done)
    }

    /// Puts a row off; no attempt was made, so none is counted.
    async fn not_before(&self, row: &OutboxRow, due: Timestamp) {
        if let Err(error) = self.store.postpone(row.id, row.number, due, row.attempts).await {
            tracing::error!(%error, "A retry could not be noted.");
        }
    }

    /// A card in a group that is full says so, and where its conversation is better worked on.
    fn with_hint(&self, mut message: DeskMessage, state: &State, minutes: usize) -> DeskMessage {
        if let DeskMessage::Card { text, .. } | DeskMessage::CardEdit { card: None, text, .. } = &mut message {
            let better = self.chatwoot.as_ref().map_or_else(String::new, |chatwoot| chatwoot.link(state.thread.chatwoot));
            *text = format!("{text}\n{}", late(minutes, &better));
        }
        message
    }

    async fn place(&self, row: &OutboxRow, state: State, chat: i64, message: &DeskMessage) -> Option<Place> {
        let transcript = match message {
            DeskMessage::Transcript => Some(transcript(&self.store.transcript(row.id).await.ok()?, &self.hours)),
            _ => None,
        };
        let name = state.name.clone().unwrap_or_else(|| "Customer".into());
        Some(Place {
            id: row.id,
            chat,
            topic: state.thread.topic_in(chat),
            card: state.thread.card.filter(|_| state.thread.chat.is_none_or(|here| here == chat)),
            title: format!("{} · {} · {}", name.chars().take(60).collect::<String>(), state.address.channel, row.id.short()),
            transcript,
            mark: match message {
                DeskMessage::Mark { line } => mark(row.id, &state, *line),
                _ => None,
            },
            link: match message {
                DeskMessage::Moved { .. } => self.link(row.id).await,
                _ => String::new(),
            },
            address: state.address,
            silent: row.urgency < Some(Urgency::Distress) && !matches!(message, DeskMessage::Post { loud: true, .. }),
        })
    }

    /// Marks a desk's row as done and links the desk's names to the conversation.
    async fn mark_desk(&self, merged: &Merged, chat: i64, posted: Posted, now: Timestamp) -> bool {
        let row = &merged.row;
        let target = LinkTarget { id: row.id, number: None };
        let mut finishes = Finishes { outbox: merged.numbers.clone(), ..Finishes::default() };
        finishes.links.extend(posted.topic.map(|topic| (LinkKey::Topic { chat, topic }, target.clone())));
        finishes.links.extend(posted.messages.iter().map(|message| (LinkKey::DeskMessage { chat, message: *message }, target.clone())));
        let external = posted.messages.iter().map(ToString::to_string).collect();
        let delivery = Delivery::Sent { external, thread: posted.topic, chat: posted.topic.map(|_| chat) };
        match self.handle(row.id, None, &Event::Delivered { line: row.number, delivery }, finishes, now).await {
            Ok(_) => true,
            Err(error) => {
                tracing::error!(conversation = %row.id.short(), %error, "A message to the desk could not be marked; it may be sent again.");
                false
            }
        }
    }
}

/// One conversation's messages to one group.
struct Lane {
    chat: i64,
    rows: Vec<Merged>,
}

/// The group that a row goes to: its own, or the first one where that is not configured any more.
fn group_of(row: &OutboxRow, chats: &[i64]) -> i64 {
    row.chat.filter(|chat| chats.contains(chat)).or(chats.first().copied()).unwrap_or_default()
}

/// The message as this group can show it: what was meant for one that is not configured any more names none of its messages, and
/// is nothing where it only changes one of them.
fn here(message: &DeskMessage, row: &OutboxRow, chat: i64) -> Option<DeskMessage> {
    if row.chat.is_none_or(|meant| meant == chat) {
        return Some(message.clone());
    }
    match message {
        DeskMessage::Post { text, buttons, copy, loud, .. } => {
            Some(DeskMessage::Post { text: text.clone(), reply_to: None, buttons: buttons.clone(), copy: copy.clone(), loud: *loud })
        }
        DeskMessage::CardEdit { .. } | DeskMessage::Mark { .. } | DeskMessage::Moved { .. } => None,
        DeskMessage::Card { .. } | DeskMessage::Transcript | DeskMessage::Answer { .. } => Some(message.clone()),
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
