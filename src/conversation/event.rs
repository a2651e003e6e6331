//! What can happen to a conversation.
//!
//! Owns: events, as channels, the desk and the workers make them.
//! Invariants: an event holds everything that its step needs, random bits too, so that the same event gives the same step
//! again after a crash.
//! Leaves out: how events are decoded (`channel`) and stored (`store`).

use super::id::ConversationId;
use super::joined::Kin;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Something that is not text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Media {
    /// A voice note.
    Voice,
    /// A photo.
    Photo,
    /// A video.
    Video,
    /// A file.
    Document,
    /// A sticker.
    Sticker,
    /// A location.
    Location,
    /// Somebody else's contact.
    Contact,
    /// Anything else.
    Other,
}

/// What a customer sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The words; a caption, where there is one; empty for bare media.
    pub text: String,
    /// What came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<Media>,
    /// The channel's name for it: staff's replies and edits refer to it.
    #[serde(default)]
    pub external: String,
    /// A new version of a message that came before.
    #[serde(default)]
    pub edited: bool,
    /// What the channel knows about the sender's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The name that the sender gave themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The data of a button that was pressed instead of writing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressed: Option<String>,
    /// The sender's own phone number, as the channel vouches for it (a shared contact).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The gateway has dealt with this message itself: `stop`, `start` or `help`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Random bits, for a code, should one be needed.
    #[serde(default)]
    pub entropy: u64,
}

/// A person who works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// Stable id, with its channel: `telegram:42`.
    pub id: String,
    /// First name or alias: what customers read.
    pub name: String,
}

/// What a member of staff does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum StaffAction {
    /// Takes the handoff.
    Claim,
    /// Takes it over from a colleague.
    TakeOver,
    /// Gives it back to the queue.
    Release,
    /// Words for the customer. `message` is the desk's name for them.
    Say {
        /// The words.
        text: String,
        /// The desk's message.
        message: i64,
    },
    /// Something other than words for the customer.
    SayMedia {
        /// The desk's message.
        message: i64,
    },
    /// Ends the handoff.
    Close {
        /// What was agreed, for the customer.
        agreed: Option<String>,
    },
    /// Says why words may be sent to somebody whose phone another person may read.
    Safe {
        /// How they know.
        why: Option<String>,
    },
    /// Says that a crisis is none; a second person must say so too.
    NotACrisis {
        /// Why.
        why: Option<String>,
    },
    /// Says that it can wait.
    NotUrgent,
    /// Keeps others from being reminded for a while.
    Snooze {
        /// For how long, and why.
        words: Option<String>,
    },
    /// Gives it back to the bot, without a word to the customer.
    BackToBot {
        /// Why.
        why: Option<String>,
    },
    /// Words for colleagues.
    Note {
        /// The words.
        words: Option<String>,
    },
    /// New words for a message that was written before.
    Edit {
        /// The words.
        text: String,
        /// The desk's message.
        message: i64,
    },
    /// Takes back or deletes a line: the one that is named or answered, or their last.
    Unsend {
        /// The line.
        line: Option<u64>,
        /// The desk's message that holds its words.
        reply: Option<i64>,
    },
    /// Hands it to a colleague.
    Assign {
        /// To whom, and why.
        words: Option<String>,
    },
    /// Promises something for a time.
    Promise {
        /// When and what.
        words: Option<String>,
        /// The desk's message.
        message: i64,
    },
    /// Says that what was promised is done.
    Kept,
    /// Says when somebody looks in again, or why nobody needs to.
    CheckIn {
        /// When and what, or `none` and why.
        words: Option<String>,
    },
    /// Writes down what the customer needs, with their yes.
    Need {
        /// What.
        words: Option<String>,
    },
    /// Answers this customer no more.
    Block {
        /// Why.
        why: Option<String>,
    },
    /// Answers them again.
    Unblock,
    /// Wants the page for this kind of crisis.
    Guide,
    /// Wants to know the commands.
    Help,
    /// Keeps what care heard for longer than thirty days, or ends that.
    Hold {
        /// Until when and why, or `off`.
        words: Option<String>,
    },
    /// Wants the transcript.
    Transcript,
    /// Sends a suggested line.
    Send {
        /// The line's number.
        line: u64,
    },
    /// Wants something done for the customer.
    Do {
        /// What, and with which values.
        words: Option<String>,
    },
    /// Confirms it.
    Confirm {
        /// The question's number.
        number: u64,
    },
    /// Has it done, all values given: for a console that has asked already.
    Act {
        /// The action.
        action: String,
        /// Its values.
        values: BTreeMap<String, String>,
        /// The console's name for it.
        message: i64,
        /// The same once more is meant.
        #[serde(default)]
        again: bool,
    },
    /// Parts this conversation from the others of the same person.
    Part,
    /// A command that does not exist.
    Unknown {
        /// The desk's message.
        message: i64,
    },
    /// Words from somebody who can't be told apart from others (an anonymous admin).
    Anonymous,
    /// Says that what is on the review list was looked at.
    Reviewed {
        /// What they found.
        words: Option<String>,
    },
}

impl StaffAction {
    /// A command, by its name without the slash and what stands behind it. `message` is the desk's name for the message.
    pub fn command(name: &str, rest: &str, message: i64) -> Self {
        let rest = Some(rest.trim().to_string()).filter(|rest| !rest.is_empty());
        match name {
            "claim" => StaffAction::Claim,
            "takeover" => StaffAction::TakeOver,
            "release" => StaffAction::Release,
            "transcript" => StaffAction::Transcript,
            "close" => StaffAction::Close { agreed: rest },
            "safe" => StaffAction::Safe { why: rest },
            "hold" => StaffAction::Hold { words: rest },
            "noturgent" => StaffAction::NotUrgent,
            "snooze" => StaffAction::Snooze { words: rest },
            "bot" => StaffAction::BackToBot { why: rest },
            "note" => StaffAction::Note { words: rest },
            "unsend" | "undo" => StaffAction::Unsend { line: None, reply: None },
            "assign" => StaffAction::Assign { words: rest },
            "promise" => StaffAction::Promise { words: rest, message },
            "kept" => StaffAction::Kept,
            "checkin" => StaffAction::CheckIn { words: rest },
            "need" => StaffAction::Need { words: rest },
            "part" => StaffAction::Part,
            "do" => StaffAction::Do { words: rest },
            // What is a button where there are buttons.
            "confirm" => match rest.and_then(|number| number.parse().ok()) {
                Some(number) => StaffAction::Confirm { number },
                None => StaffAction::Unknown { message },
            },
            "block" => StaffAction::Block { why: rest },
            "unblock" => StaffAction::Unblock,
            "guide" => StaffAction::Guide,
            "help" => StaffAction::Help,
            "notacrisis" => StaffAction::NotACrisis { why: rest },
            "reviewed" => StaffAction::Reviewed { words: rest },
            _ => StaffAction::Unknown { message },
        }
    }
}

/// How a backend call ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallReturned {
    /// Number of the call in its conversation.
    pub call: u64,
    /// One of the call's outcomes, or `error`, `timeout`, `unproven`.
    pub outcome: String,
    /// What a reply may use.
    #[serde(default)]
    pub fields: BTreeMap<String, serde_json::Value>,
}

/// Why a line did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// They blocked the bot.
    Blocked,
    /// They opted out.
    OptedOut,
    /// They may not be texted.
    DoNotText,
    /// The number belonged to somebody who has died.
    Bereaved,
    /// The number or chat does not exist.
    Unknown,
    /// The channel refused the content.
    Refused,
    /// Tried until it made no sense any more.
    Expired,
    /// The network or gateway reports that it did not arrive.
    Undelivered,
}

/// What became of an outbox row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Delivery {
    /// The channel accepted it, under these names.
    Sent {
        /// The channel's name for each message.
        external: Vec<String>,
        /// The desk's thread that it went to, where it made one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread: Option<i32>,
        /// The desk's group that it went to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chat: Option<i64>,
    },
    /// It won't arrive.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// Anything that can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// The customer wrote, edited, pressed or sent something.
    Message(Box<Message>),
    /// A member of staff did something. `callback` is the desk's button press that waits for an answer.
    Staff {
        /// Who.
        staff: Staff,
        /// What.
        action: StaffAction,
        /// The group in which they did, where it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chat: Option<i64>,
        /// The press to be answered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        callback: Option<String>,
    },
    /// A backend call ended.
    CallReturned(CallReturned),
    /// An outbox row was sent, or never will be.
    Delivered {
        /// The row's number.
        line: u64,
        /// What became of it.
        delivery: Delivery,
    },
    /// Whoever has it is not there any more.
    OwnerLeft {
        /// Who.
        staff: String,
        /// What happened: 'has gone off shift'.
        why: String,
    },
    /// An alert was sent.
    AlertSent {
        /// The handoff's number in the conversation.
        handoff: u64,
        /// The way that carried names and words, where one did: a copy is outside now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        copied: Option<String>,
    },
    /// An alert could not be sent.
    AlertFailed {
        /// The way's name.
        way: String,
        /// The handoff's number in the conversation.
        handoff: u64,
        /// The step of the ladder that it belonged to.
        step: u32,
    },
    /// A timer is due.
    Timer {
        /// Its key.
        key: String,
    },
    /// Another conversation of the same person says something.
    Kin {
        /// Which.
        from: ConversationId,
        /// What.
        word: Kin,
    },
    /// Another desk keeps the conversation under this number.
    Mirrored {
        /// Its number there.
        conversation: u64,
        /// The handoff that staff can read there now; none where the conversation there had to be made again.
        handoff: Option<u64>,
    },
}
