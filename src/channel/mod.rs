//! How customers and staff are reached.
//!
//! Owns: the traits [`Channel`] (customers) and [`Desk`] (staff); `telegram`, `sms`, `terminal`, `chatwoot` (staff only): verify,
//! decode into events, send.
//! Invariants: what can't be verified is not decoded; what can't be decoded is counted and logged without its content, and
//! never blocks what comes behind it; customers' words go out as plain text.
//! Leaves out: storing what was decoded, and when something is sent (`app`).

pub mod chatwoot;
pub mod sms;
pub mod telegram;
pub mod terminal;

use crate::conversation::{Address, ConversationId, Delivery, Event, Line, Profile, Staff};
use crate::desk::{DeskMessage, Mark};
use crate::store::LinkKey;
use crate::transport::SendError;
use async_trait::async_trait;

/// Whose conversation something belongs to.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The customer who wrote.
    Address(Address),
    /// The conversation that a card's button names.
    Conversation(ConversationId),
    /// The first of these links that exists.
    Links(Vec<LinkKey>),
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// An event.
    Event(Event),
    /// What a gateway reports about a line; the link says which.
    Report(Delivery),
}

/// Something decoded, ready to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Incoming {
    /// Whose conversation.
    pub target: Target,
    /// `message`, `callback`, `staff`, `report`.
    pub kind: &'static str,
    /// The outside's name for it.
    pub external: String,
    /// What tells an edit from the first version.
    pub revision: String,
    /// What happened.
    pub body: Body,
}

/// What staff ask of the whole desk, not of one conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskQuestion {
    /// Who.
    pub staff: Staff,
    /// What.
    pub asks: Asks,
    /// The thread in which they ask.
    pub thread: Option<i32>,
    /// The desk's message.
    pub message: i64,
    /// The group in which they ask; 0 where it is none.
    pub chat: i64,
}

/// What can be asked, or said to all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Who waits.
    Queue,
    /// To get the most urgent one that nobody has.
    Next,
    /// Begins a shift.
    On,
    /// Ends it.
    Off,
    /// Takes a break, for so long.
    Break(String),
    /// Wants no crises, or wants them again.
    NoCrises,
    /// Who is there.
    Who,
    /// The figures of the last so many days.
    Stats(String),
    /// Switches the bot off or on for all.
    Bot {
        /// On.
        on: bool,
    },
    /// A line before the answers that it concerns, or `off`.
    Notice(String),
    /// Nothing: they have left the group.
    Gone,
    /// What is read again.
    Review,
}

impl Asks {
    /// A command about the whole desk, by its name and what stands behind it.
    pub fn command(name: &str, rest: &str) -> Option<Self> {
        let rest = rest.trim();
        Some(match (name, rest) {
            ("queue", _) => Asks::Queue,
            ("next", _) => Asks::Next,
            ("on", _) => Asks::On,
            ("off", _) => Asks::Off,
            ("break", rest) => Asks::Break(rest.to_string()),
            ("nocrises", _) => Asks::NoCrises,
            ("who", _) => Asks::Who,
            ("stats", rest) => Asks::Stats(rest.to_string()),
            ("bot", "off") => Asks::Bot { on: false },
            ("bot", "on") => Asks::Bot { on: true },
            ("notice", rest) => Asks::Notice(rest.to_string()),
            ("review", _) => Asks::Review,
            _ => return None,
        })
    }
}

/// A way to customers.
///
/// Laws: `send` returns the gateway's names of all messages that the line became, or an error after which nothing of it, or
/// only its beginning, was sent. It does not retry.
#[async_trait]
pub trait Channel: Send + Sync {
    /// Its name: the `channel` of its addresses.
    fn name(&self) -> &'static str;
    /// What it can do.
    fn profile(&self) -> Profile;
    /// Sends a line.
    async fn send(&self, line: &Line) -> Result<Vec<String>, SendError>;
    /// Answers a button press, where the channel wants that; best effort.
    async fn pressed(&self, _external: &str) {}
}

/// What the desk needs to place a message.
#[derive(Clone, Debug)]
pub struct Place {
    /// The conversation.
    pub id: ConversationId,
    /// The group that the message is for.
    pub chat: i64,
    /// Its thread, where there is one.
    pub topic: Option<i32>,
    /// Its card.
    pub card: Option<i64>,
    /// A title for a new thread.
    pub title: String,
    /// Where the customer is.
    pub address: Address,
    /// The transcript, should the message be that.
    pub transcript: Option<String>,
    /// What became of a line, should the message be that.
    pub mark: Option<Mark>,
    /// Where it goes on, should the message say so.
    pub moved: String,
    /// Makes no sound.
    pub silent: bool,
}

/// What the desk did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Posted {
    /// Its names of the messages.
    pub messages: Vec<i64>,
    /// A thread that it made.
    pub topic: Option<i32>,
}

/// A way to staff in which they work.
#[async_trait]
pub trait Desk: Send + Sync {
    /// The groups in which staff work, as links name them; the first is everybody's. Never none.
    fn chats(&self) -> &[i64];
    /// Sends a message; makes or remakes the thread where it must.
    async fn send(&self, place: &Place, message: &DeskMessage) -> Result<Posted, SendError>;
    /// Answers a question where it was asked.
    async fn reply(&self, question: &DeskQuestion, text: &str) -> Result<(), SendError>;
    /// Shows the queue in a group's one pinned message, posted before under this name or to be posted now; its name.
    async fn board(&self, _chat: i64, _posted: Option<i64>, _text: &str) -> Result<Option<i64>, SendError> {
        Ok(None)
    }
    /// Whether this person is in a group.
    async fn is_member(&self, _chat: i64, _staff: &str) -> Result<bool, SendError> {
        Ok(true)
    }
    /// Refuses a press, and reports it in the group where it was.
    async fn refuse(&self, _chat: i64, _callback: &str, _answer: &str, _report: &str) -> Result<(), SendError> {
        Ok(())
    }
    /// Whether the bot is in a group.
    async fn works(&self, _chat: i64) -> bool {
        true
    }
    /// Says something to a whole group.
    async fn tell(&self, _chat: i64, _text: &str) -> Result<(), SendError> {
        Ok(())
    }
    /// Messages a minute that each group takes; `None` without a limit.
    fn rate(&self) -> Option<usize>;
}
