//! A conversation as another desk (Chatwoot) shows it.
//!
//! Owns: [`MirrorMessage`] and making them from a step; which notes answer that desk alone.
//! Invariants: pure; an open handoff is there with its card and its whole transcript, then every entry once, in order; what was
//! written there is not written there again; nothing that would start a circle is answered; no number of a customer is in it.
//! Leaves out: how it is sent (`channel::chatwoot`), when (`app`).

use super::card::card;
use super::hours::Hours;
use super::mark::mark;
use super::message::not_sent;
use super::there::{Pressed, message_there, pressed, works_there};
use super::transcript::transcript;
use crate::conversation::{
    ConversationId, DRILL, DeskNote, Entry, Event, Fate, NotSent, Owner, Staff, StaffAction, State, Urgency, Who, failure_words,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One thing that the other desk is to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum MirrorMessage {
    /// A handoff is open: its conversation is there, and open.
    Open {
        /// The handoff.
        handoff: u64,
        /// The customer's name, as they gave it.
        name: Option<String>,
        /// Nobody is in need: it is a test.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        drill: bool,
    },
    /// How soon a person is needed.
    Priority {
        /// That.
        urgency: Urgency,
    },
    /// What was said before, as one note; the transcript is the one of the moment in which this is sent.
    History {
        /// What stands above it.
        card: Option<String>,
    },
    /// Words between customer and bot or staff.
    Said {
        /// Their entry in the transcript.
        entry: u64,
        /// The customer said them.
        customer: bool,
        /// The words.
        text: String,
    },
    /// Words for staff.
    Note {
        /// The words.
        text: String,
    },
    /// What became of words that were written there.
    Fate {
        /// The message there.
        message: u64,
        /// Why they did not arrive; none where they did.
        failed: Option<String>,
    },
    /// The conversation there is open, or done.
    Status {
        /// Open.
        open: bool,
    },
}

/// Who asked for it, where a note answers one person: they read it where they asked.
pub(super) fn asked<'e>(event: &'e Event, note: &DeskNote) -> Option<&'e Staff> {
    match (event, note) {
        // What begins with their name tells colleagues what they have done.
        (Event::Staff { staff, callback: None, .. }, DeskNote::Relay { who: Who::Note, text, .. }) if !text.starts_with(&staff.name) => {
            Some(staff)
        }
        (Event::Staff { staff, .. }, DeskNote::Transcript | DeskNote::Guide | DeskNote::Confirm { .. }) => Some(staff),
        _ => None,
    }
}

/// True for a note that answers the other desk alone.
pub fn only_there(event: &Event, note: &DeskNote, state: &State) -> bool {
    match note {
        _ if asked(event, note).is_some_and(|staff| works_there(&staff.id)) => true,
        DeskNote::Answer { callback, .. } => pressed(callback).is_some(),
        DeskNote::NotSent { message, .. } => message.and_then(message_there).is_some(),
        DeskNote::Mark { line } => state.sent.get(line).is_some_and(|sent| message_there(sent.message).is_some()),
        _ => false,
    }
}

/// A step as the mirror sees it.
#[derive(Clone, Copy, Debug)]
pub struct Mirrored<'s> {
    /// The conversation.
    pub id: ConversationId,
    /// Before the step.
    pub before: &'s State,
    /// After it.
    pub next: &'s State,
    /// What happened.
    pub event: &'s Event,
    /// What it wrote into the transcript.
    pub entries: &'s [Entry],
    /// What it told staff.
    pub notes: &'s [DeskNote],
}

/// What the other desk is to show of a step, in order.
pub fn mirror(step: &Mirrored<'_>, hours: &Hours, now: Timestamp) -> Vec<MirrorMessage> {
    let Mirrored { id, before, next, .. } = *step;
    let (was, is) = (&before.handoff, &next.handoff);
    if was.is_none() && is.is_none() && next.thread.chatwoot.is_none() {
        return Vec::new();
    }
    let card = || Some(card(id, next, hours, now));
    let mut shown = Vec::new();
    match (was, is) {
        (was, Some(is)) if was.as_ref().is_none_or(|was| was.number != is.number) => {
            let drill = next.address.channel == DRILL;
            shown.push(MirrorMessage::Open { handoff: is.number, name: next.name.clone(), drill });
            shown.push(MirrorMessage::Priority { urgency: is.urgency });
            // What this step said stands in the transcript.
            shown.push(MirrorMessage::History { card: card() });
        }
        (_, Some(is)) if matches!(step.event, Event::Mirrored { handoff: None, .. }) => {
            // The conversation there was deleted and made again: it begins with what was said.
            return vec![MirrorMessage::Priority { urgency: is.urgency }, MirrorMessage::History { card: card() }];
        }
        (Some(was), is) => {
            shown.extend(entries(step));
            let urgency = is.as_ref().map(|is| is.urgency).filter(|urgency| *urgency != was.urgency);
            shown.extend(urgency.map(|urgency| MirrorMessage::Priority { urgency }));
        }
        (None, _) => {}
    }
    for note in step.notes.iter().filter(|note| asked(step.event, note).is_none_or(|staff| works_there(&staff.id))) {
        shown.extend(note_there(step, note, hours, now));
    }
    let click = clicked(step.event).map(|(_, pressed)| pressed);
    match (was, is) {
        // Whoever resolved it there has done so already.
        (Some(_), None) if click != Some(Pressed::Resolved) => shown.push(MirrorMessage::Status { open: false }),
        (Some(_), Some(_)) if click == Some(Pressed::Resolved) => shown.push(MirrorMessage::Status { open: true }),
        _ => {}
    }
    shown
}

/// Who clicked what there, where that is what happened.
fn clicked(event: &Event) -> Option<(&Staff, Pressed)> {
    match event {
        Event::Staff { staff, callback: Some(callback), .. } => Some((staff, pressed(callback)?)),
        _ => None,
    }
}

/// The step's entries that the other desk doesn't have yet.
fn entries(step: &Mirrored<'_>) -> Vec<MirrorMessage> {
    let click = clicked(step.event).map(|(_, pressed)| pressed);
    let wrote_there =
        matches!(step.event, Event::Staff { action: StaffAction::Say { message, .. }, .. } if message_there(*message).is_some());
    // An assignment is seen there as what it is, and so is a note.
    let seen_there = matches!(click, Some(Pressed::Assigned | Pressed::Unassigned | Pressed::Noted));
    let told = |text: &str| step.notes.iter().any(|note| matches!(note, DeskNote::Relay { text: told, .. } if told.starts_with(text)));
    let shown = step.entries.iter().filter(|entry| entry.about.is_none() && !entry.text.trim().is_empty()).filter_map(|entry| {
        let said = |customer, text| Some(MirrorMessage::Said { entry: entry.number, customer, text });
        match &entry.who {
            Who::Customer => said(true, entry.text.clone()),
            Who::Bot => said(false, format!("Bot: {}", entry.text)),
            Who::Staff(_) if wrote_there => None,
            Who::Staff(name) => said(false, format!("{name}: {}", entry.text)),
            Who::Note if seen_there || told(&entry.text) => None,
            Who::Note => Some(MirrorMessage::Note { text: entry.text.clone() }),
        }
    });
    shown.collect()
}

/// A note to the desk, where it says something that nothing else there does.
fn note_there(step: &Mirrored<'_>, note: &DeskNote, hours: &Hours, now: Timestamp) -> Vec<MirrorMessage> {
    let Mirrored { id, next, .. } = *step;
    let words = |text: String| vec![MirrorMessage::Note { text }];
    let urgency = next.handoff.as_ref().map_or("", |handoff| handoff.urgency.name()).to_uppercase();
    match note {
        DeskNote::Raised => words(format!("NOW {urgency}\n{}", card(id, next, hours, now))),
        DeskNote::StillWaiting { times } => words(format!("No answer yet, reminder {times}.")),
        DeskNote::Freed { why } => words(format!("{why}. It needs somebody else.")),
        DeskNote::Assigned { text } | DeskNote::Notice { text } => words(text.clone()),
        DeskNote::Guide => words(next.handoff.as_ref().map_or("Nothing is open here.".into(), super::guide::guide)),
        DeskNote::Transcript => vec![MirrorMessage::History { card: None }],
        // There are no buttons there.
        DeskNote::Confirm { number, text } => words(format!("{text}\nTo have it done, write /confirm {number} in a private note.")),
        DeskNote::Relay { who: Who::Note, text, .. } => words(text.clone()),
        DeskNote::Mark { line } => marked(step, *line),
        DeskNote::NotSent { message, why, .. } => {
            let there = message.and_then(message_there);
            // A refusal is for whoever wrote; a failure for all.
            if there.is_none() && !matches!(why, NotSent::Failed { .. }) {
                return Vec::new();
            }
            let text = not_sent(why);
            let refused = there.filter(|_| !matches!(why, NotSent::Failed { .. }));
            let fate = refused.map(|message| MirrorMessage::Fate { message, failed: Some(text.clone()) });
            fate.into_iter().chain(words(text)).collect()
        }
        DeskNote::Answer { callback, text } if answers(step, callback) && !text.is_empty() => words(text.clone()),
        // Claims and ends stand in the transcript, and so do the words; there are no buttons there.
        DeskNote::Answer { .. }
        | DeskNote::Opened
        | DeskNote::Changed
        | DeskNote::Closed { .. }
        | DeskNote::Moved { .. }
        | DeskNote::There { .. }
        | DeskNote::Relay { .. }
        | DeskNote::Suggest { .. } => Vec::new(),
    }
}

/// Whether the answer to a click there is worth words: not where the click did what it says.
fn answers(step: &Mirrored<'_>, callback: &str) -> bool {
    let Some((staff, _)) = clicked(step.event) else { return false };
    match pressed(callback) {
        None | Some(Pressed::Noted) => false,
        // Who has it stands above, and a refusal follows the words that were refused; that somebody had better not take it does not.
        Some(Pressed::Wrote) => step.next.owner == Owner::Waiting,
        Some(Pressed::Assigned) => !matches!(&step.next.owner, Owner::Human { staff: owner } if owner.id == staff.id),
        Some(Pressed::Unassigned) => matches!(step.next.owner, Owner::Human { .. }),
        Some(Pressed::Resolved) => step.next.handoff.is_some(),
        Some(Pressed::Deleted) => true,
    }
}

/// What became of a line, where it was written there.
fn marked(step: &Mirrored<'_>, line: u64) -> Vec<MirrorMessage> {
    let Some(sent) = step.next.sent.get(&line) else { return Vec::new() };
    let Some(message) = message_there(sent.message) else { return Vec::new() };
    let fate = |failed| vec![MirrorMessage::Fate { message, failed }];
    match sent.fate {
        Fate::Leaving => Vec::new(),
        Fate::Delivered => fate(None),
        // The words themselves have arrived before.
        Fate::Failed(_) if sent.edits || sent.deletes => {
            mark(step.id, step.next, line).map(|mark| MirrorMessage::Note { text: mark.text }).into_iter().collect()
        }
        Fate::Failed(failure) => fate(Some(failure_words(failure).to_string())),
        Fate::TakenBack => fate(Some("taken back before it left".into())),
        Fate::Deleted => fate(Some("deleted on their side".into())),
    }
}

/// The longest text that one note takes there, in characters.
const LONGEST: usize = 140_000;

/// What was said before a message of this number, below the card.
pub fn history(card: Option<&str>, entries: &[Entry], before: u64, hours: &Hours) -> String {
    // What comes after it stands there by itself; what became of a line is told with the line.
    let earlier: Vec<Entry> = entries.iter().filter(|entry| entry.number < before || entry.about.is_some()).cloned().collect();
    let text = transcript(&earlier, hours);
    let text = card.map_or(text.clone(), |card| format!("{card}\n\n{text}"));
    let surplus = text.chars().count().saturating_sub(LONGEST);
    if surplus == 0 {
        return text;
    }
    let cut: String = text.chars().skip(surplus).collect();
    format!("{}\n\n… (earlier lines: `warmline walk`)\n{cut}", card.unwrap_or_default()).trim_start().to_string()
}

#[cfg(test)]
mod tests;
