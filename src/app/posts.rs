//! What goes to the staff's groups.
//!
//! Owns: the order between conversations, each group's minute, where a message is placed.
//! Invariants: the most urgent first; one conversation's messages to a group leave in order; a group that does not answer, or is
//! full, holds up no other; nothing of one group is named in another; a row is done only when it is sent, or worth nothing any more.
//! Leaves out: how a group shows a message (`channel`), which group (`conversation`; `shut`, where one takes nothing), merging
//! (`lane`), retries (`outbox`).

use super::App;
use super::handle::Finishes;
use super::lane::{Merged, here, is_alert, is_answer, merge, replaces};
use super::outbox::DESK_HOURS;
use crate::channel::{Desk, Place, Posted};
use crate::conversation::{ConversationId, Delivery, Event, GROUP, State, Urgency};
use crate::desk::{DeskMessage, late, mark, moved, transcript};
use crate::store::{LinkKey, LinkTarget, OutboxRow, OutboxTarget};
use crate::transport::SendError;
use jiff::{SignedDuration, Timestamp};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

/// A group that takes nothing, where no other one does, is tried again after this.
const MENDED: Duration = Duration::from_secs(60);
/// Where it goes on is said once it stands there: looked at again after this.
const STANDS: SignedDuration = SignedDuration::from_secs(2);

impl App {
    /// Sends what is due to the desk; how many rows are done.
    pub async fn deliver_desk(&self) -> usize {
        let Some(desk) = &self.desk else { return 0 };
        self.look_at_shut(desk.as_ref()).await;
        let mut done = 0;
        // What a group refuses goes to another one at once.
        for _ in desk.chats() {
            let (sent, refused) = self.desk_round(desk.as_ref()).await;
            done += sent;
            if !refused {
                break;
            }
        }
        self.show_board().await;
        done
    }

    /// Sends what is due once; how many rows are done, and whether a group has refused what is for it.
    async fn desk_round(&self, desk: &dyn Desk) -> (usize, bool) {
        let mut lanes: BTreeMap<(ConversationId, i64), Vec<OutboxRow>> = BTreeMap::new();
        for row in self.waiting().await.into_iter().filter(|row| matches!(row.target, OutboxTarget::Desk(_))) {
            lanes.entry((row.id, self.group_of(desk, &row))).or_default().push(row);
        }
        let mut lanes: Vec<Lane> = lanes.into_iter().map(|((_, chat), rows)| Lane { chat, rows: merge(rows) }).collect();
        let mut waiting: BTreeMap<i64, usize> = BTreeMap::new();
        for lane in &mut lanes {
            // What a group did not take says nothing about its minute, and the answer to a press takes no place in it.
            let takes = |merged: &&Merged| !is_answer(&merged.row) && merged.row.attempts == 0;
            *waiting.entry(lane.chat).or_default() += lane.rows.iter().filter(takes).count();
            // Somebody has a finger on a button: the answer to a press waits for nothing.
            lane.rows.sort_by_key(|merged| !is_answer(&merged.row));
        }
        lanes.sort_by_key(|lane| {
            let urgency = lane.rows.iter().filter_map(|merged| merged.row.urgency).max();
            (Reverse(urgency), lane.rows.first().map(|merged| merged.row.created))
        });
        for chat in desk.chats() {
            let late = self.limiter().minutes(waiting.get(chat).copied().unwrap_or_default());
            metrics::gauge!("warmline_desk_minutes_late", "group" => chat.to_string()).set(late as f64);
        }
        let (mut done, mut silent, mut refused) = (0, Vec::new(), false);
        for lane in lanes {
            // Asking a group that does not answer again for each conversation would only take longer.
            if silent.contains(&lane.chat) {
                continue;
            }
            let minutes = self.limiter().minutes(waiting.get(&lane.chat).copied().unwrap_or_default());
            let (sent, end) = self.desk_lane(desk, &lane, minutes).await;
            done += sent;
            match end {
                End::Done => {}
                End::Silent(chat) => silent.push(chat),
                End::Shut(chat) => {
                    self.shut_out(desk, chat).await;
                    silent.push(chat);
                    refused = true;
                }
            }
        }
        (done, refused)
    }

    /// Sends one conversation's messages to a group, which reads them so many minutes late; how many rows are done.
    async fn desk_lane(&self, desk: &dyn Desk, lane: &Lane, minutes: usize) -> (usize, End) {
        let crisis = lane.rows.iter().any(|merged| merged.row.urgency == Some(Urgency::Crisis));
        let mut done = 0;
        for (at, merged) in lane.rows.iter().enumerate() {
            let row = &merged.row;
            let now = self.clock.now();
            let OutboxTarget::Desk(message) = &row.target else { continue };
            // A row that only waited for its place in the minute does not hold up a crisis.
            if row.due > now && !(crisis && row.attempts == 0) {
                // That it moved can be said later; what stands behind that can't wait.
                if matches!(message, DeskMessage::Moved { .. }) {
                    continue;
                }
                break;
            }
            let Ok(Some(state)) = self.store.state(row.id).await else { break };
            let state = self.settled(state);
            // A card's edit, or a line's mark, that a later one replaces is done without being sent, and so is a card that is none any more.
            let replaced = lane.rows.iter().skip(at + 1).any(|later| replaces(&later.row, row));
            let void = match message {
                DeskMessage::Card { .. } => state.thread.card_line != Some(row.number),
                DeskMessage::CardEdit { card: None, .. } => state.thread.chat != Some(lane.chat),
                // It has come back meanwhile.
                DeskMessage::Moved { .. } => state.thread.chat == Some(lane.chat),
                _ => false,
            };
            let meant = row.chat.unwrap_or(self.first_chat) == lane.chat;
            let Some(message) = here(message, meant).filter(|_| !replaced && !void) else {
                if self.mark_desk(merged, lane.chat, Posted::default(), now).await == Marked::Failed {
                    break;
                }
                done += 1;
                continue;
            };
            let stands = state.thread.card.is_some() || state.thread.card_line.is_none();
            if matches!(message, DeskMessage::Moved { .. }) && !stands {
                self.not_before(row, now.checked_add(STANDS).unwrap_or(now)).await;
                continue;
            }
            let chat = self.rehomed(desk, &state, row.number, &message, lane.chat);
            let free = is_answer(row);
            let place = if free { Ok(()) } else { self.limiter().take(chat, now, crisis) };
            if let Err(due) = place {
                self.not_before(row, due).await;
                break;
            }
            let message = if minutes == 0 || crisis { message } else { self.with_hint(message, &state, minutes, now) };
            let Some(place) = self.place(row, state, chat, &message).await else { break };
            let posted = match desk.send(&place, &message).await {
                Ok(posted) => posted,
                // A press waits for its answer for seconds: later it would answer nobody, and meanwhile hold up the others.
                Err(error) if free => {
                    tracing::warn!(conversation = %row.id.short(), %error, "A press could not be answered.");
                    Posted::default()
                }
                Err(SendError::Unknown | SendError::Shut(_)) if self.is_open_besides(desk, chat) => {
                    return (done, End::Shut(chat));
                }
                Err(error) => {
                    // Where no group takes anything, one of them may be mended: what is for them waits.
                    let error = match error {
                        SendError::Unknown | SendError::Shut(_) => {
                            tracing::error!(group = chat, "No group of staff takes anything from the bot.");
                            self.shut_only(chat, now);
                            SendError::Later(Some(MENDED))
                        }
                        error => error,
                    };
                    if let SendError::Later(Some(after)) = error
                        && after < MENDED
                    {
                        self.limiter().rest(chat, now.checked_add(after).unwrap_or(now));
                    } else if lane.rows.iter().skip(at).any(|merged| is_alert(&merged.row)) {
                        // Too many messages a minute are no failure: those come. Anything else is.
                        self.group_failed(row.id, now).await;
                    }
                    let again = self.give_up(row, &error, DESK_HOURS, now).await.is_none();
                    if again {
                        return (done, End::Silent(chat));
                    }
                    metrics::counter!("warmline_desk_failures_total").increment(1);
                    tracing::error!(conversation = %row.id.short(), %error, "Staff could not be told; see `warmline queue`.");
                    Posted::default()
                }
            };
            let card = posted.messages.first().copied().filter(|_| matches!(message, DeskMessage::Card { .. }));
            if self.mark_desk(merged, chat, posted, now).await == Marked::Failed {
                break;
            }
            if let Some(card) = card {
                self.take_back(desk, &place, card).await;
            }
            done += 1;
        }
        (done, End::Done)
    }

    /// The group for a message: what is for the old one, where it has no thread any more to be read in, stands in the new one.
    fn rehomed(&self, desk: &dyn Desk, state: &State, number: u64, message: &DeskMessage, chat: i64) -> i64 {
        let before = state.thread.moved.is_some_and(|moved| number < moved);
        let plain = before && matches!(message, DeskMessage::Post { reply_to: None, .. } | DeskMessage::Transcript);
        let shut = self.shut();
        let open = |home: &i64| desk.chats().contains(home) && !shut.contains(home);
        state.thread.chat.filter(|home| plain && open(home) && state.thread.topic_in(chat).is_none()).unwrap_or(chat)
    }

    /// A card that was on its way when its handoff ended or moved says so.
    async fn take_back(&self, desk: &dyn Desk, place: &Place, card: i64) {
        let Ok(Some(state)) = self.store.state(place.id).await else { return };
        if state.thread.card == Some(card) && state.thread.chat == Some(place.chat) {
            return;
        }
        let text = match state.handoff.is_some() {
            true => moved(place.id, &state, &self.link(place.id).await, false, false),
            false => "CLOSED.".into(),
        };
        let edit = DeskMessage::CardEdit { card: Some(card), text, buttons: Vec::new() };
        if let Err(error) = desk.send(place, &edit).await {
            tracing::warn!(conversation = %place.id.short(), %error, "A card that is none any more could not be changed.");
        }
    }

    /// An alert did not get into the group: like any way that fails, the next step is taken.
    async fn group_failed(&self, id: ConversationId, now: Timestamp) {
        let Ok(Some(state)) = self.store.state(id).await else { return };
        let Some(handoff) = state.handoff else { return };
        let failed = Event::AlertFailed { way: GROUP.into(), handoff: handoff.number, step: handoff.reminders };
        if let Err(error) = self.handle(id, None, &failed, Finishes::default(), now).await {
            tracing::error!(conversation = %id.short(), %error, "A failed alert could not be noted.");
        }
    }

    /// Puts a row off; no attempt was made, so none is counted.
    async fn not_before(&self, row: &OutboxRow, due: Timestamp) {
        if let Err(error) = self.store.postpone(row.id, row.number, due, row.attempts).await {
            tracing::error!(%error, "A retry could not be noted.");
        }
    }

    /// A card in a group that is full says so, and where its conversation is better worked on.
    fn with_hint(&self, mut message: DeskMessage, state: &State, minutes: usize, now: Timestamp) -> DeskMessage {
        if let DeskMessage::Card { text, .. } | DeskMessage::CardEdit { card: None, text, .. } = &mut message {
            let better = self.chatwoot.as_ref().map_or_else(String::new, |chatwoot| chatwoot.link(state.thread.chatwoot));
            *text = format!("{text}\n{}", late(minutes, &self.hours.clock(now), &better));
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
            moved: match message {
                DeskMessage::Moved { told, urgent, .. } => moved(row.id, &state, &self.link(row.id).await, *told, *urgent),
                _ => String::new(),
            },
            address: state.address,
            silent: row.urgency < Some(Urgency::Distress) && !matches!(message, DeskMessage::Post { loud: true, .. }),
        })
    }

    /// Marks a desk's row as done and links the desk's names to the conversation.
    async fn mark_desk(&self, merged: &Merged, chat: i64, posted: Posted, now: Timestamp) -> Marked {
        let row = &merged.row;
        let target = LinkTarget { id: row.id, number: None };
        let mut finishes = Finishes { outbox: merged.numbers.clone(), ..Finishes::default() };
        finishes.links.extend(posted.topic.map(|topic| (LinkKey::Topic { chat, topic }, target.clone())));
        finishes.links.extend(posted.messages.iter().map(|message| (LinkKey::DeskMessage { chat, message: *message }, target.clone())));
        let external = posted.messages.iter().map(ToString::to_string).collect();
        let delivery = Delivery::Sent { external, thread: posted.topic, chat: Some(chat) };
        let event = Event::Delivered { line: row.number, delivery };
        let links = finishes.links.clone();
        let marked = match self.handle(row.id, None, &event, finishes, now).await {
            // The row was dropped while its words were leaving: what staff write there must be understood all the same.
            Ok(false) if !links.is_empty() => self.handle(row.id, None, &event, Finishes { links, ..Finishes::default() }, now).await,
            marked => marked,
        };
        match marked {
            Ok(_) => Marked::Done,
            Err(error) => {
                tracing::error!(conversation = %row.id.short(), %error, "A message to the desk could not be marked; it may be sent again.");
                Marked::Failed
            }
        }
    }
}

/// One conversation's messages to one group.
struct Lane {
    chat: i64,
    rows: Vec<Merged>,
}

/// How a lane ended.
enum End {
    Done,
    /// The group does not answer now.
    Silent(i64),
    /// The group takes nothing from the bot.
    Shut(i64),
}

#[derive(PartialEq, Eq)]
enum Marked {
    Done,
    Failed,
}
