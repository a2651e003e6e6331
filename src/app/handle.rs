//! One event, from the store and back.
//!
//! Owns: loading, stepping, committing, again on a conflict; turning effects into rows.
//! Invariants: the rules of a step are one `Arc` from assessment to commit; a panic in a step ends neither the process nor the
//! conversation: a person gets what it failed on.
//! Leaves out: where events come from.

use super::App;
use crate::conversation::{Address, ConversationId, DeskNote, Effect, Entry, Event, Finished, Owner, State, Who, rescue, step};
use crate::desk::{self, QueueRow};
use crate::store::{CallRow, Change, LinkKey, LinkTarget, MissedRow, OutboxRow, OutboxTarget, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::panic::AssertUnwindSafe;

/// What an event finishes.
#[derive(Clone, Debug, Default)]
pub(super) struct Finishes {
    pub inbox: Option<u64>,
    pub outbox: Vec<u64>,
    pub call: Option<u64>,
    pub timer: Option<String>,
    pub links: Vec<(LinkKey, LinkTarget)>,
}

/// Words of staff are held back for so long, so that whoever wrote them can take them back.
pub(super) const HELD: SignedDuration = SignedDuration::from_secs(5);

/// A conflict means that somebody else was faster; more than this many in a row mean that something is wrong.
const TRIES: usize = 20;

impl App {
    /// Steps an event and commits. `Ok(false)`: what it would finish was finished before.
    pub(super) async fn handle(
        &self,
        id: ConversationId,
        address: Option<&Address>,
        event: &Event,
        finishes: Finishes,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if let Event::Staff { staff, .. } = event {
            self.saw(staff).await;
        }
        for attempt in 0..TRIES {
            let stored = self.store.load(id).await?;
            let (state, version) = match (stored, address) {
                (Some(stored), _) => (self.settled(stored.state), stored.version),
                (None, Some(address)) => (State::new(address.clone()), 0),
                (None, None) => return Ok(false),
            };
            let mut change = self.change(id, version, &state, event, &finishes, now);
            self.look_for_kin(&mut change, event).await?;
            let (outbox, calls) = (!change.outbox.is_empty(), !change.calls.is_empty());
            let (queue, finished) = (change.queue.clone(), change.finished.is_some());
            let events = desk::DeskEvent::of(id, &state, &change.state, now);
            match self.store.commit(change).await {
                Ok(_) => {
                    if self.owns(id, queue.as_ref(), now) {
                        self.save_crew().await;
                    }
                    if finished {
                        self.look_at_waits().await;
                    }
                    self.tell(events);
                    if outbox {
                        // Nobody may be listening: the next look finds it.
                        let _ = self.outbox_ready.send(());
                    }
                    if calls {
                        self.calls_ready.notify_one();
                    }
                    return Ok(true);
                }
                Err(StoreError::Conflict) if attempt + 1 < TRIES => {
                    if self.finished_before(id, &finishes).await? {
                        return Ok(false);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Conflict)
    }

    /// True when what an event would finish is not there any more.
    async fn finished_before(&self, id: ConversationId, finishes: &Finishes) -> Result<bool, StoreError> {
        if let Some(number) = finishes.inbox {
            return Ok(self.store.next_inbox(id).await?.is_none_or(|row| row.number != number));
        }
        if !finishes.outbox.is_empty() {
            let waiting = self.store.outbox().await?;
            return Ok(finishes.outbox.iter().any(|number| !waiting.iter().any(|row| row.id == id && row.number == *number)));
        }
        if let Some(number) = finishes.call {
            return Ok(!self.store.calls().await?.iter().any(|row| row.id == id && row.request.number == number));
        }
        Ok(false)
    }

    fn change(&self, id: ConversationId, version: u64, state: &State, event: &Event, finishes: &Finishes, now: Timestamp) -> Change {
        let rules = self.rules.load_full();
        let facts = self.facts(state, event, self.clock.now());
        let stepped = std::panic::catch_unwind(AssertUnwindSafe(|| step(&rules, &facts, state, event.clone(), now)));
        let stepped = stepped.or_else(|_| {
            tracing::error!(conversation = %id.short(), "A step has panicked; a person gets what it failed on.");
            metrics::counter!("warmline_panics_total").increment(1);
            std::panic::catch_unwind(AssertUnwindSafe(|| rescue(&rules, &facts, state, event, now)))
        });
        let (mut next, effects) = stepped.unwrap_or_else(|_| broken_step(state, now));
        let mut change = Change::new(id, version, state.clone());
        change.inbox_done = finishes.inbox;
        change.outbox_done.clone_from(&finishes.outbox);
        change.call_done = finishes.call;
        change.timers_done.extend(finishes.timer.clone());
        change.links.clone_from(&finishes.links);
        let (mut notes, mut passes) = (Vec::new(), Vec::new());
        let urgency = next.handoff.as_ref().map(|handoff| handoff.urgency);
        for effect in effects {
            match effect {
                Effect::Record(entry) => change.entries.push(entry),
                Effect::Say(line) => {
                    let number = line.number;
                    let due = if line.is_held() && state.address.channel != super::drill::CHANNEL { now + HELD } else { now };
                    let target = OutboxTarget::Customer(line);
                    change.outbox.push(OutboxRow { id, number, target, urgency, created: now, due, attempts: 0, chat: None });
                }
                Effect::Call(request) => change.calls.push(CallRow { id, request, created: now, started: false }),
                Effect::HandOff { reason } => {
                    metrics::counter!("warmline_handoffs_total", "reason" => reason.name()).increment(1);
                }
                Effect::Desk(note) => notes.push(note),
                Effect::Missed { text, nearest } => change.missed.push(MissedRow { text, nearest, count: 1, last: now }),
                Effect::Timer(timer) => change.timers.push(timer),
                Effect::Cancel { key } => change.timers_done.push(key),
                Effect::ForgetEvidence { before } => change.forget_evidence = Some(before),
                // A drill is nobody's need.
                Effect::Count { .. } if state.address.channel == super::drill::CHANNEL => {}
                Effect::Count { week, names } => {
                    change.figures.extend(names.into_iter().map(|name| desk::Figure { week, name, count: 1 }));
                }
                Effect::Finished(finished) => {
                    measure(&finished);
                    change.finished = Some(finished);
                }
                Effect::DropLine { line } => {
                    change.outbox.retain(|row| row.number != line);
                    change.outbox_dropped.push(line);
                }
                Effect::DropBotLines => change.drop_bot_lines = true,
                Effect::DropQuestions => change.drop_questions = true,
                Effect::Pass { to, word } => passes.push((to, word)),
                Effect::Review { why, about } => {
                    let channel = state.address.channel.clone();
                    change.reviews.push(desk::ReviewRow { id, why, at: now, channel, about, done: None });
                }
                Effect::Reviewed { by, note } => change.reviewed = Some(desk::Reviewed { by, at: now, note }),
            }
        }
        for mut alert in desk::alerts(id, state, &next, &notes, &rules.ladder, &self.ways, now) {
            let number = next.next;
            next.next += 1;
            alert.number = number;
            let (urgency, target) = (Some(alert.urgency), OutboxTarget::Alert(alert));
            change.outbox.push(OutboxRow { id, number, target, urgency, created: now, due: now, attempts: 0, chat: None });
        }
        for (to, word) in passes {
            let (number, target) = (next.next, OutboxTarget::Kin { to, from: id, word });
            next.next += 1;
            change.outbox.push(OutboxRow { id, number, target, urgency, created: now, due: now, attempts: 0, chat: None });
        }
        if !self.hooks.is_empty() {
            for event in desk::DeskEvent::of(id, state, &next, now) {
                for to in self.hooks.keys().cloned() {
                    let (number, target) = (next.next, OutboxTarget::Hook { to, event: event.clone() });
                    next.next += 1;
                    change.outbox.push(OutboxRow { id, number, target, urgency, created: now, due: now, attempts: 0, chat: None });
                }
            }
        }
        if self.chatwoot.is_some() {
            let step = desk::Mirrored { id, before: state, next: &next, event, entries: &change.entries, notes: &notes };
            for message in desk::mirror(&step, &self.hours, now) {
                let (number, target) = (next.next, OutboxTarget::Mirror(message));
                next.next += 1;
                change.outbox.push(OutboxRow { id, number, target, urgency, created: now, due: now, attempts: 0, chat: None });
            }
        }
        if self.desk.is_some() {
            notes.retain(|note| !desk::only_there(event, note, &next));
            for row in desk::messages(id, &mut next, notes, event, &self.hours, now) {
                let (number, urgency, chat, target) = (row.number, row.urgency, row.chat, OutboxTarget::Desk(row.message));
                change.outbox.push(OutboxRow { id, number, target, urgency, created: now, due: now, attempts: 0, chat });
            }
        }
        change.queue = QueueRow::of(id, &next);
        change.state = next;
        change
    }
}

/// The course of a handoff as metrics: seconds until staff could see it, claimed it, and their words arrived.
fn measure(finished: &Finished) {
    let urgency = finished.urgency.name();
    let course = &finished.course;
    for (to, at) in [("alert", course.alerted), ("claim", course.claimed), ("word", course.answered), ("end", Some(finished.ended))] {
        if let Some(at) = at {
            let seconds = at.duration_since(finished.opened).as_secs_f64();
            metrics::histogram!("warmline_handoff_seconds", "to" => to, "urgency" => urgency).record(seconds);
        }
    }
    for (end, count) in [("made", course.promised), ("kept", course.kept), ("broken", course.broken)] {
        metrics::counter!("warmline_promises_total", "end" => end).increment(u64::from(count));
    }
    if course.again {
        metrics::counter!("warmline_contact_again_total").increment(1);
    }
}

/// What is left to do when a step has panicked: note it, and open nothing that could panic again.
fn broken_step(state: &State, now: Timestamp) -> (State, Vec<Effect>) {
    let mut state = state.clone();
    let number = state.next;
    state.next += 1;
    let text = "The bot failed on this event. A person should look at it.".to_string();
    let entry =
        Entry { number, at: now, who: Who::Note, text: text.clone(), evidence: Vec::new(), understood: Default::default(), about: None };
    let relay = DeskNote::Relay { who: Who::Note, text, external: None };
    if state.owner == Owner::Bot {
        state.form = None;
        state.asked = None;
    }
    (state, vec![Effect::Record(entry), Effect::Desk(relay)])
}
