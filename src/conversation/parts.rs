//! The parts of a conversation's state.
//!
//! Owns: who answers, forms and what they wait for, what was asked, flags, what staff sent and what became of it.
//! Invariants: everything has a default, so that an older record can be read.
//! Leaves out: the state that they make up (`state`).

use super::event::{Failure, Staff};
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
    /// Whether the bot may ask again whether it was sorted out.
    FollowUp,
    /// Whether it was.
    SortedOut,
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
    /// Staff have blocked them: only somebody in danger is still heard.
    #[serde(default)]
    pub shut_out: bool,
    /// The number belonged to somebody who has died: nothing is sent there.
    #[serde(default)]
    pub bereaved: bool,
    /// They opted out by another of their channels: nothing unprompted is sent by this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opted_out_there: bool,
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
    /// The group; the first one where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<i64>,
    /// The topic there.
    #[serde(default)]
    pub topic: Option<i32>,
    /// What has a lower number was said before it moved here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<u64>,
    /// Its topics in other groups.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub elsewhere: BTreeMap<i64, i32>,
    /// The card of the open handoff.
    #[serde(default)]
    pub card: Option<i64>,
    /// The line that posts the card, while it is under way.
    #[serde(default)]
    pub card_line: Option<u64>,
    /// The conversation in Chatwoot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chatwoot: Option<u64>,
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

/// What became of a line of staff.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "why")]
pub enum Fate {
    /// Held back for a moment, or on its way.
    #[default]
    Leaving,
    /// The channel took it.
    Delivered,
    /// It won't arrive.
    Failed(Failure),
    /// Taken back before it left.
    TakenBack,
    /// Deleted on the customer's side.
    Deleted,
}

/// A line of staff. Kept after it was sent: a report of failure may come hours later, and is shown beside these words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The desk's message that holds the words.
    pub message: i64,
    /// The group in which they were written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<i64>,
    /// Who wrote them.
    pub staff: String,
    /// When.
    pub at: Timestamp,
    /// The desk's message that says what became of them.
    #[serde(default)]
    pub mark: Option<i64>,
    /// The channel's names for what was sent; of a line that replaces another, that one's, until it is there itself.
    #[serde(default)]
    pub external: Vec<String>,
    /// What became of it.
    #[serde(default)]
    pub fate: Fate,
    /// The line only deletes an earlier one.
    #[serde(default)]
    pub deletes: bool,
    /// The line only changes an earlier one: it answers nothing.
    #[serde(default)]
    pub edits: bool,
}

/// Who helped a customer last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Helper {
    /// Who.
    pub staff: Staff,
    /// Until when they had it.
    pub at: Timestamp,
}

/// Something that a customer needs, and said so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// What, in staff's words.
    pub what: String,
    /// Who wrote it down.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Words of theirs that are outside: in a mailbox, in another service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copies {
    /// The way that carried them.
    pub way: String,
    /// When first.
    pub first: Timestamp,
    /// When last.
    pub last: Timestamp,
    /// How often.
    pub count: u32,
}

/// Somebody looks in again after a crisis or distress.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckIn {
    /// Who closed it.
    pub by: String,
    /// When somebody looks in; `None` while nobody has said.
    pub at: Option<Timestamp>,
    /// What is done then, and what was agreed.
    pub what: String,
}
