//! What goes to the desk.
//!
//! Owns: turning the notes of a step into messages for the staff's thread.
//! Invariants: every note becomes at most one message, in order; numbers come from the conversation, so a message is the same
//! one after a crash.
//! Leaves out: how the desk's channel shows a message.

use super::card::{card, card_buttons, is_quoted_whole};
use super::guide::guide;
use super::hours::Hours;
use super::mirror::asked;
use crate::conversation::{Button, ConversationId, DeskNote, Event, NotSent, Owner, State, Urgency, Who, failure_words};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One message to the desk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum DeskMessage {
    /// A new card.
    Card {
        /// Its text.
        text: String,
        /// Its buttons.
        buttons: Vec<Button>,
    },
    /// The card as it stands now.
    CardEdit {
        /// Which card; the open one where nothing is named.
        #[serde(default)]
        card: Option<i64>,
        /// Its text.
        text: String,
        /// Its buttons.
        buttons: Vec<Button>,
    },
    /// Words in the thread.
    Post {
        /// The words.
        text: String,
        /// The desk's message that they answer.
        reply_to: Option<i64>,
        /// Buttons under them.
        #[serde(default)]
        buttons: Vec<Button>,
        /// The customer's own message, to be copied after them.
        #[serde(default)]
        copy: Option<String>,
        /// Makes a sound, however urgent it is.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        loud: bool,
    },
    /// What became of a line of staff, as it is when this is sent.
    Mark {
        /// The line.
        line: u64,
    },
    /// It goes on in another group: the link stands in the message when it is sent.
    Moved {
        /// Its card in the old one.
        card: Option<i64>,
        /// The thread says so to whoever has it; otherwise the card does.
        told: bool,
        /// It is urgent now.
        #[serde(default)]
        urgent: bool,
    },
    /// The transcript, as it is when it is sent.
    Transcript,
    /// The answer to a button press.
    Answer {
        /// The press.
        callback: String,
        /// What the presser reads.
        text: String,
    },
}

impl DeskMessage {
    /// Plain words in the thread.
    pub fn post(text: String) -> Self {
        DeskMessage::Post { text, reply_to: None, buttons: Vec::new(), copy: None, loud: false }
    }
}

/// A message to the desk with its number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeskRow {
    /// Its number in the conversation.
    pub number: u64,
    /// How urgent it is; crisis overtakes.
    pub urgency: Option<Urgency>,
    /// The group that it is for; the first one where nothing is said.
    pub chat: Option<i64>,
    /// The message.
    pub message: DeskMessage,
}

/// The notes of a step as messages. Takes numbers from the state and notes which message posts the card.
pub fn messages(id: ConversationId, state: &mut State, notes: Vec<DeskNote>, event: &Event, hours: &Hours, now: Timestamp) -> Vec<DeskRow> {
    let mut rows = Vec::new();
    let urgency = state.handoff.as_ref().map(|handoff| handoff.urgency);
    // A new card says what they were told last: half of a group's minute is not spent on saying it twice.
    let card_says_it = notes.iter().any(|note| matches!(note, DeskNote::Opened | DeskNote::Raised)) && is_quoted_whole(&state.last_said);
    for note in notes {
        if card_says_it && matches!(&note, DeskNote::Relay { who: Who::Bot, text, .. } if *text == state.last_said) {
            continue;
        }
        let number = state.next;
        // What answers one person is read where they asked.
        let mut chat = match event {
            Event::Staff { chat: Some(chat), .. } if asked(event, &note).is_some() => Some(*chat),
            _ => state.thread.chat,
        };
        let message = match note {
            DeskNote::Opened => new_card(card(id, state, hours, now), number, id, state),
            DeskNote::Raised => {
                let text = format!("NOW {}\n{}", urgency.map_or("", Urgency::name).to_uppercase(), card(id, state, hours, now));
                shown(text, None, number, id, state)
            }
            DeskNote::StillWaiting { times } => {
                let text = format!("No answer yet, reminder {times}.\n{}", card(id, state, hours, now));
                // Only crisis and distress make a sound by themselves; the rest is read in the pinned queue.
                match has_card(state) {
                    true => {
                        DeskMessage::Post { text, reply_to: state.thread.card, buttons: card_buttons(id, state), copy: None, loud: false }
                    }
                    false => new_card(text, number, id, state),
                }
            }
            DeskNote::Closed { by, card } => {
                DeskMessage::CardEdit { card, text: format!("CLOSED by {by}.\nId: {}", id.short()), buttons: Vec::new() }
            }
            DeskNote::Freed { why } => {
                shown(format!("{why}. It needs somebody else.\n{}", card(id, state, hours, now)), state.thread.card, number, id, state)
            }
            DeskNote::Assigned { text } => shown(format!("{text}\n{}", card(id, state, hours, now)), state.thread.card, number, id, state),
            DeskNote::Notice { text } => {
                DeskMessage::Post { text, reply_to: state.thread.card, buttons: Vec::new(), copy: None, loud: true }
            }
            DeskNote::Mark { line } => {
                state.marks.insert(number, line);
                chat = state.sent.get(&line).and_then(|sent| sent.chat).or(chat);
                DeskMessage::Mark { line }
            }
            DeskNote::Moved { chat: from, card, told, urgent } => {
                chat = Some(from);
                DeskMessage::Moved { card, told, urgent }
            }
            DeskNote::There { chat: there, text } => {
                chat = Some(there);
                DeskMessage::post(text)
            }
            DeskNote::Changed if !has_card(state) && state.handoff.is_some() => new_card(card(id, state, hours, now), number, id, state),
            DeskNote::Changed => DeskMessage::CardEdit { card: None, text: card(id, state, hours, now), buttons: card_buttons(id, state) },
            DeskNote::Relay { who, text, external } => {
                let text = match who {
                    Who::Customer => format!("Customer: {text}"),
                    Who::Bot => format!("Bot: {text}"),
                    Who::Staff(name) => format!("{name}: {text}"),
                    Who::Note => text,
                };
                DeskMessage::Post { text, reply_to: None, buttons: Vec::new(), copy: external, loud: false }
            }
            DeskNote::NotSent { message, chat: there, why } => {
                chat = there.or(chat);
                let moved = why == NotSent::Unclaimed && chat != state.thread.chat;
                let text = if moved {
                    "NOT SENT: this has moved, as MOVED above says. Claim it there, then write there.".into()
                } else {
                    not_sent(&why)
                };
                DeskMessage::Post { text, reply_to: message, buttons: Vec::new(), copy: None, loud: true }
            }
            DeskNote::Answer { callback, text } => DeskMessage::Answer { callback, text },
            DeskNote::Transcript => DeskMessage::Transcript,
            DeskNote::Guide => DeskMessage::post(state.handoff.as_ref().map_or("Nothing is open here.".into(), guide)),
            DeskNote::Confirm { number: question, text } => {
                let buttons = vec![Button { label: "Do it".into(), data: format!("d:{id}:{question}") }];
                DeskMessage::Post { text, reply_to: None, buttons, copy: None, loud: false }
            }
            DeskNote::Suggest { line, text } => {
                let buttons = vec![Button { label: "Send".into(), data: format!("s:{id}:{line}") }];
                DeskMessage::Post { text: format!("The bot would say: {text}"), reply_to: None, buttons, copy: None, loud: false }
            }
        };
        state.next += 1;
        rows.push(DeskRow { number, urgency, chat, message });
    }
    rows
}

/// Where it was, this says where it goes on, to whoever has it or on the card. `link` is empty where it has neither topic nor card yet.
pub fn moved(id: ConversationId, state: &State, link: &str, told: bool, urgent: bool) -> String {
    let why = if urgent { "MOVED: it is urgent now" } else { "MOVED" };
    let there = if link.is_empty() { "in another group; the pinned queue there shows it" } else { link };
    match &state.owner {
        Owner::Human { staff } if told => format!(
            "{why}. {}, go there now: {there}\nWhat you write here still reaches the customer, but you read their answers only there.",
            staff.name
        ),
        _ => format!("{why}. It goes on there: {there}\nId: {}", id.short()),
    }
}

/// Under a card in a group that takes no more just now.
pub fn late(minutes: usize, at: &str, better: &str) -> String {
    let minutes = if minutes == 1 { "a minute".to_string() } else { format!("{minutes} minutes") };
    let quicker = if better.is_empty() { String::new() } else { format!(" In Chatwoot nothing is late: {better}") };
    format!(
        "Too much is written in this group ({at}): you read customers' words here about {minutes} late. What you write is not late.{quicker}"
    )
}

/// A card stands where staff read it, or is on its way.
fn has_card(state: &State) -> bool {
    state.thread.card.is_some() || state.thread.card_line.is_some()
}

/// The card from now on.
fn new_card(text: String, number: u64, id: ConversationId, state: &mut State) -> DeskMessage {
    state.thread.card_line = Some(number);
    state.thread.card = None;
    DeskMessage::Card { text, buttons: card_buttons(id, state) }
}

/// The card again, below something that colleagues must notice; where none stands, this is it.
fn shown(text: String, reply_to: Option<i64>, number: u64, id: ConversationId, state: &mut State) -> DeskMessage {
    if !has_card(state) && state.handoff.is_some() {
        return new_card(text, number, id, state);
    }
    DeskMessage::Post { text, reply_to, buttons: card_buttons(id, state), copy: None, loud: true }
}

/// A refusal as staff read it.
pub(super) fn not_sent(why: &NotSent) -> String {
    let why = match why {
        NotSent::Unclaimed => "nobody has claimed this yet. Press Claim, then write again".to_string(),
        NotSent::Claimed { by } => format!("{by} has this conversation"),
        NotSent::NoHandoff => "nothing is open here; the bot answers this customer".to_string(),
        NotSent::UnknownCommand => {
            "there is no such command, and lines that begin with / are never sent. /help shows them"
                .into()
        }
        NotSent::Anonymous => "anonymous admins can't be told apart. Turn off 'Remain anonymous' and write again".into(),
        NotSent::Media => "this customer's channel only takes text. Please put it into words".into(),
        NotSent::Unchangeable => return "NOT CHANGED: what was sent by this channel can't be changed. Write what is right as a new message.".into(),
        NotSent::ShutOut => "this customer is blocked. /unblock ends that".into(),
        NotSent::Bereaved => "this number belonged to somebody who has died; nothing is sent there".into(),
        NotSent::OptedOut => "they opted out of texts; only they can change that".into(),
        NotSent::DoNotText => "somebody else may read this phone. Nothing is sent until they write that it is safe. If you know that it is, say how: /safe she called us from her sister's phone. Then write again".into(),
        NotSent::Failed { failure } => {
            return format!("NOT DELIVERED: {}.", failure_words(*failure));
        }
        NotSent::TextOnly => "this channel only takes text from here. Please put it into words".into(),
    };
    format!("NOT SENT: {why}.")
}
