//! What a step wants done.
//!
//! Owns: effects, transcript entries, lines to customers, notes to the desk.
//! Invariants: effects are data; all effects of a step are committed together or not at all.
//! Leaves out: doing them (`app`).

use super::course::Finished;
use super::event::{Failure, Staff};
use super::id::{Address, ConversationId};
use super::joined::Kin;
use super::parts::Proof;
use super::review::Why;
use super::urgency::Reason;
use crate::care::Evidence;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who said a line to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The bot.
    Bot,
    /// The bot, calling a person or about their work: no answer, so a claim does not make it void.
    Notice,
    /// A person.
    Staff(Staff),
}

/// A choice that a customer can press, or write, or number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What is on it.
    pub label: String,
    /// What comes back: at most 64 bytes.
    pub data: String,
}

/// A line to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its number in the conversation; the transcript entry has the same.
    pub number: u64,
    /// Where it goes.
    pub to: Address,
    /// Who says it.
    pub speaker: Speaker,
    /// The words.
    pub text: String,
    /// Choices, where the channel has buttons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
    /// Ask for the phone number with the channel's own button.
    #[serde(default)]
    pub ask_contact: bool,
    /// Something that the desk holds and that is copied instead of words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<i64>,
    /// The group that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_from: Option<i64>,
    /// Goes out although nothing else may: the one confirmation of an opt-out, the one neutral line after abuse.
    #[serde(default)]
    pub last_word: bool,
    /// Why staff say that it is safe, where somebody else may read this phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_because: Option<String>,
    /// Only asks something: void once the customer has written on.
    #[serde(default)]
    pub question: bool,
    /// Changes or deletes what was sent before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<Replaces>,
}

/// What was sent before, by the channel's names: this line takes its place, or nothing does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaces {
    /// The channel's names for it.
    pub external: Vec<String>,
    /// It is deleted.
    pub delete: bool,
}

impl Line {
    /// A plain line.
    pub fn new(number: u64, to: Address, speaker: Speaker, text: String) -> Self {
        Line {
            number,
            to,
            speaker,
            text,
            buttons: Vec::new(),
            ask_contact: false,
            copy: None,
            copy_from: None,
            last_word: false,
            safe_because: None,
            question: false,
            replaces: None,
        }
    }

    /// Held back for a moment, so that whoever wrote it can think again.
    pub fn is_held(&self) -> bool {
        matches!(self.speaker, Speaker::Staff(_)) && self.replaces.is_none()
    }
}

/// Whose turn a transcript entry is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The customer.
    Customer,
    /// The bot.
    Bot,
    /// A person.
    Staff(String),
    /// Nobody: something that happened.
    Note,
}

/// One entry of a transcript. Entries are never changed, but that their evidence expires; what became of a line is another entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number in the conversation.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: Who,
    /// The words, codes hidden.
    pub text: String,
    /// What care heard in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What was understood: intent and slots.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub understood: BTreeMap<String, String>,
    /// The line that this entry is about, where it says what became of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<u64>,
}

/// A call to the operator's systems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRequest {
    /// Its number in the conversation; with the conversation's id it makes the idempotency key.
    pub number: u64,
    /// The call's name in `config.toml`.
    pub name: String,
    /// Values of its slots; a code for `send_code`.
    pub params: BTreeMap<String, String>,
    /// What speaks for the customer's ownership.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// Who of the staff runs it, where one of them does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staff: Option<Staff>,
}

/// A timer of a conversation: re-arming a key replaces it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// What it is for.
    pub key: String,
    /// When it is due.
    pub at: Timestamp,
}

/// Something for staff; `desk` makes it into alerts, cards and relays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "note")]
pub enum DeskNote {
    /// A handoff was opened.
    Opened,
    /// It became more urgent.
    Raised,
    /// It waits and nobody has claimed it; the count of reminders so far.
    StillWaiting {
        /// From 1.
        times: u32,
    },
    /// Somebody claimed it: the card shows it.
    Changed,
    /// Whoever had it has it no more: it needs somebody else.
    Freed {
        /// What happened: 'Priya has gone off shift'.
        why: String,
    },
    /// A colleague has it now.
    Assigned {
        /// What happened: 'Sam, Priya hands you this'.
        text: String,
    },
    /// Something that colleagues must notice: it makes a sound.
    Notice {
        /// The words.
        text: String,
    },
    /// The page for this kind of crisis was asked for.
    Guide,
    /// What became of a line of staff.
    Mark {
        /// The line.
        line: u64,
    },
    /// Somebody ended it: its card says so.
    Closed {
        /// Who.
        by: String,
        /// The card.
        card: Option<i64>,
    },
    /// It goes on in another group.
    Moved {
        /// The group where it was.
        chat: i64,
        /// Its card there.
        card: Option<i64>,
        /// Whoever has it reads so in the thread; otherwise the card says it.
        told: bool,
        /// It is urgent now.
        urgent: bool,
    },
    /// The answer to staff who asked in another group than the one where it stands.
    There {
        /// The group where they asked.
        chat: i64,
        /// The words.
        text: String,
    },
    /// Words between customer and bot or staff that the thread should show.
    Relay {
        /// Who said them.
        who: Who,
        /// The words.
        text: String,
        /// The channel's name of the customer's message, for media to be copied.
        external: Option<String>,
    },
    /// A line of staff did not leave, or did not arrive; the desk's message and why.
    NotSent {
        /// The desk's message.
        message: Option<i64>,
        /// The group that holds it.
        chat: Option<i64>,
        /// Why.
        why: NotSent,
    },
    /// A button press to be answered.
    Answer {
        /// The press.
        callback: String,
        /// What the presser reads.
        text: String,
    },
    /// The transcript was asked for.
    Transcript,
    /// Whether something is to be done for the customer: a press confirms it.
    Confirm {
        /// The question's number.
        number: u64,
        /// What.
        text: String,
    },
    /// What the bot would say.
    Suggest {
        /// The line's number.
        line: u64,
        /// The words.
        text: String,
    },
}

impl DeskNote {
    /// It is shown with the card: where there is none, it becomes the card.
    pub fn shows_card(&self) -> bool {
        matches!(
            self,
            DeskNote::Opened | DeskNote::Raised | DeskNote::StillWaiting { .. } | DeskNote::Freed { .. } | DeskNote::Assigned { .. }
        )
    }
}

/// Why words of staff did not reach the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum NotSent {
    /// Nobody has claimed the handoff.
    Unclaimed,
    /// Somebody else has.
    Claimed {
        /// Who.
        by: String,
    },
    /// There is no handoff.
    NoHandoff,
    /// The command does not exist.
    UnknownCommand,
    /// An anonymous admin can't be told apart.
    Anonymous,
    /// The channel can't carry it.
    Media,
    /// What was sent by this channel can't be changed.
    Unchangeable,
    /// Staff have blocked the customer.
    ShutOut,
    /// The number belonged to somebody who has died.
    Bereaved,
    /// The customer opted out.
    OptedOut,
    /// The customer may not be texted.
    DoNotText,
    /// The channel failed.
    Failed {
        /// How.
        failure: Failure,
    },
    /// From where it was written only words can be taken.
    TextOnly,
}

/// What a step wants done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "effect")]
pub enum Effect {
    /// A line to the customer.
    Say(Line),
    /// An entry of the transcript.
    Record(Entry),
    /// A backend call.
    Call(CallRequest),
    /// A handoff was opened or raised for this reason; the state has it. `desk` chooses the alerts.
    HandOff {
        /// Why.
        reason: Reason,
    },
    /// A message that nothing answered, without what is personal in it, and the intent that is nearest.
    Missed {
        /// The words that may be shown.
        text: String,
        /// An intent's id.
        nearest: Option<String>,
    },
    /// Something for staff.
    Desk(DeskNote),
    /// A timer is armed.
    Timer(Timer),
    /// A timer is not needed any more.
    Cancel {
        /// Its key.
        key: String,
    },
    /// What care heard before this is forgotten; the words stay.
    ForgetEvidence {
        /// Before when.
        before: Timestamp,
    },
    /// One person more in these figures of a week.
    Count {
        /// The week's Monday.
        week: jiff::civil::Date,
        /// The figures' names.
        names: Vec<String>,
    },
    /// A handoff is over.
    Finished(Finished),
    /// A line that waits to be sent is not sent.
    DropLine {
        /// The line.
        line: u64,
    },
    /// Bot lines that wait to be sent are not sent.
    DropBotLines,
    /// Bot lines that wait to be sent and only ask something are not sent.
    DropQuestions,
    /// Something that another conversation of the same person must know.
    Pass {
        /// Which.
        to: ConversationId,
        /// What.
        word: Kin,
    },
    /// Somebody reads this conversation again.
    Review {
        /// Why.
        why: Why,
        /// The number of the message's entry in the transcript.
        about: u64,
    },
    /// Somebody has.
    Reviewed {
        /// Who.
        by: String,
        /// What they found.
        note: String,
    },
}
