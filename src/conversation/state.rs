//! What is known about a conversation between two events.
//!
//! Owns: `State` and its parts.
//! Invariants: a state names intents and slots by id, so that a reload may remove them; everything has a default, so that an
//! older record can be read.
//! Leaves out: the transcript, which is kept beside it and only grows.

use super::event::Staff;
use super::handoff::Handoff;
use super::id::Address;
use super::manner::Manner;
use super::retention::{Counted, Hold, Kept};
use crate::care::{Kind, Temperature};
use crate::text::Language;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Owner {
    /// The bot.
    #[default]
    Bot,
    /// Nobody yet: a handoff is open.
    Waiting,
    /// A person.
    Human {
        /// Who claimed it.
        staff: Staff,
    },
}

/// What speaks for a customer's ownership of an order.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by", content = "value")]
pub enum Proof {
    /// A phone number that the channel vouches for.
    Phone(String),
    /// The e-mail that the customer says is on the order.
    Email(String),
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Proof::Phone(_) => "Phone(…)",
            Proof::Email(_) => "Email(…)",
        })
    }
}

/// What a form waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "for")]
pub enum Asking {
    /// A slot's value.
    Slot {
        /// The slot.
        name: String,
    },
    /// Something that proves ownership.
    Proof,
    /// The code that was sent.
    Code {
        /// The code.
        code: String,
        /// Until when it works.
        expires: Timestamp,
        /// How often a wrong one was written.
        wrong: u8,
    },
    /// Nothing: a call is being made.
    Call,
}

/// A request that needs something before it can be carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Form {
    /// The intent.
    pub intent: String,
    /// Values so far.
    pub slots: BTreeMap<String, String>,
    /// What is missing.
    pub asking: Asking,
    /// How often the answer was of no use.
    #[serde(default)]
    pub tries: u8,
    /// How often the backend could not find it.
    #[serde(default)]
    pub not_found: u8,
    /// Where the asked value is found has been said.
    #[serde(default)]
    pub hinted: bool,
}

impl Form {
    /// A request with the values at hand.
    pub fn new(intent: String, slots: BTreeMap<String, String>) -> Self {
        Form { intent, slots, asking: Asking::Call, tries: 0, not_found: 0, hinted: false }
    }
}

/// What was last asked, besides forms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "asked")]
pub enum Asked {
    /// Which of these intents.
    Choice {
        /// Their ids, in the order shown.
        intents: Vec<String>,
        /// The message that was ambiguous: its values still count.
        text: String,
    },
    /// Whether a person is wanted.
    Person,
    /// Whether replying here is safe.
    SafeToReply,
}

/// A call that has not returned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// The call's name.
    pub name: String,
    /// The request that it is made for.
    pub form: Form,
}

/// What is true of the customer, whoever owns the conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Flags {
    /// Opted out: nothing is sent.
    #[serde(default)]
    pub opted_out: bool,
    /// Texting may endanger them: nothing is sent.
    #[serde(default)]
    pub do_not_text: bool,
    /// Said that they are under 18.
    #[serde(default)]
    pub minor: bool,
    /// Blocked the bot.
    #[serde(default)]
    pub blocked: bool,
}

/// Somebody of the staff says why the next words are safe to send, although somebody else may read the phone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafeWord {
    /// Whose next words.
    pub staff: String,
    /// Why.
    pub why: String,
}

/// Where staff read this conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// The desk's thread (a topic).
    #[serde(default)]
    pub topic: Option<i32>,
    /// The card of the open handoff.
    #[serde(default)]
    pub card: Option<i64>,
    /// The line that posts the card, while it is under way.
    #[serde(default)]
    pub card_line: Option<u64>,
}

/// A value that the customer gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Known {
    /// The value.
    pub value: String,
    /// When it was given.
    pub at: Timestamp,
    /// The one before it: 'the other one'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// The intent.
    pub intent: String,
    /// Its slots.
    pub slots: BTreeMap<String, String>,
    /// When.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: String,
}

/// An answer that was given: its digest, never its words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// Digest of the words.
    pub digest: u64,
    /// When it was last given.
    pub at: Timestamp,
    /// How often in a row.
    pub times: u8,
}

/// A form that the customer has put off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Later {
    /// The form.
    pub form: Form,
    /// Since when.
    pub at: Timestamp,
}

/// A request that waits for the one before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Next {
    /// The intent.
    pub intent: String,
    /// The words that asked for it.
    pub words: String,
}

/// All that is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Where the customer is reached.
    pub address: Address,
    /// The next number for an entry, line, call or handoff.
    #[serde(default)]
    pub next: u64,
    /// Who answers.
    #[serde(default)]
    pub owner: Owner,
    /// The open handoff.
    #[serde(default)]
    pub handoff: Option<Handoff>,
    /// Why the next words of staff are safe, where nothing may be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe: Option<SafeWord>,
    /// The last language that was clear.
    #[serde(default)]
    pub language: Option<Language>,
    /// The name that the customer gave themselves.
    #[serde(default)]
    pub name: Option<String>,
    /// The country that they said they are in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// When numbers for a danger were last named to them, and for which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helped: Option<(Timestamp, Kind)>,
    /// Weak signs of earlier messages.
    #[serde(default)]
    pub temperature: Temperature,
    /// The number of what they wrote last.
    #[serde(default)]
    pub wrote: u64,
    /// How they usually write.
    #[serde(default)]
    pub manner: Manner,
    /// Since when what care heard is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
    /// It is kept longer than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
    /// What they have added to the week's figures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
    /// When they last wrote.
    #[serde(default)]
    pub heard: Option<Timestamp>,
    /// When the bot last said who it is.
    #[serde(default)]
    pub introduced: Option<Timestamp>,
    /// The next bot line says who answers: they are new, or were away for long.
    #[serde(default)]
    pub stranger: bool,
    /// The form that is being filled in.
    #[serde(default)]
    pub form: Option<Form>,
    /// A form that a digression interrupted.
    #[serde(default)]
    pub paused: Option<Form>,
    /// A form that the customer has put off.
    #[serde(default)]
    pub later: Option<Later>,
    /// Requests of the same message that are still to be answered, in order.
    #[serde(default)]
    pub next_requests: Vec<Next>,
    /// Pieces of a message that may go on.
    #[serde(default)]
    pub held: Vec<String>,
    /// Answers of the last day.
    #[serde(default)]
    pub answered: Vec<Answered>,
    /// What was last asked, besides forms.
    #[serde(default)]
    pub asked: Option<Asked>,
    /// Messages in a row that were not understood.
    #[serde(default)]
    pub misses: u8,
    /// What is true of the customer.
    #[serde(default)]
    pub flags: Flags,
    /// What the customer wrote last.
    #[serde(default)]
    pub last_words: String,
    /// What was last said to the customer, codes hidden.
    #[serde(default)]
    pub last_said: String,
    /// The last request that was answered.
    #[serde(default)]
    pub done: Option<Done>,
    /// Values by type.
    #[serde(default)]
    pub known: BTreeMap<String, Known>,
    /// What speaks for ownership.
    #[serde(default)]
    pub proof: Option<Proof>,
    /// Calls that have not returned, by number.
    #[serde(default)]
    pub calls: BTreeMap<u64, Pending>,
    /// Where staff read it.
    #[serde(default)]
    pub thread: Thread,
    /// What the customer sent besides words and nobody has seen yet: what it is, and the channel's name for it.
    #[serde(default)]
    pub media: Vec<(String, String)>,
    /// Hashes of the last few messages, to notice a repeated one.
    #[serde(default)]
    pub recent: Vec<u64>,
    /// A person was offered since the last handoff.
    #[serde(default)]
    pub offered: bool,
    /// A person is to be offered as soon as the answer is there that they wait for.
    #[serde(default)]
    pub offer_next: bool,
    /// Lines of staff that are on their way: line → the desk's message.
    #[serde(default)]
    pub staff_lines: BTreeMap<u64, i64>,
    /// Lines that the bot suggested and nobody has sent: line → words, and the words without secrets.
    #[serde(default)]
    pub suggested: BTreeMap<u64, (String, String)>,
    /// When codes were sent, and whether it was a wrong one that was written instead.
    #[serde(default)]
    pub codes: Vec<(Timestamp, bool)>,
    /// Random bits of the last message.
    #[serde(default)]
    pub seed: u64,
    /// Since when, and how many messages came within that minute.
    #[serde(default)]
    pub flood: Option<(Timestamp, u32)>,
    /// The last texts by the channel's name, to tell what an edit changed.
    #[serde(default)]
    pub texts: Vec<(String, String)>,
}

impl State {
    /// A conversation that has just begun.
    pub fn new(address: Address) -> Self {
        State {
            address,
            next: 1,
            owner: Owner::Bot,
            handoff: None,
            safe: None,
            language: None,
            name: None,
            country: None,
            helped: None,
            temperature: Temperature::default(),
            wrote: 0,
            manner: Manner::default(),
            kept: None,
            hold: None,
            counted: None,
            heard: None,
            introduced: None,
            stranger: false,
            form: None,
            paused: None,
            later: None,
            next_requests: Vec::new(),
            held: Vec::new(),
            answered: Vec::new(),
            asked: None,
            misses: 0,
            flags: Flags::default(),
            last_words: String::new(),
            last_said: String::new(),
            done: None,
            known: BTreeMap::new(),
            proof: None,
            calls: BTreeMap::new(),
            thread: Thread::default(),
            media: Vec::new(),
            recent: Vec::new(),
            offered: false,
            offer_next: false,
            staff_lines: BTreeMap::new(),
            suggested: BTreeMap::new(),
            codes: Vec::new(),
            seed: 0,
            flood: None,
            texts: Vec::new(),
        }
    }

    /// The language that the customer is answered in.
    pub fn language(&self) -> Language {
        self.language.clone().unwrap_or_else(Language::english)
    }

    /// True while nothing may be sent to the customer.
    pub fn silent(&self) -> bool {
        self.flags.opted_out || self.flags.do_not_text
    }
}
