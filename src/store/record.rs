//! The records of the store.
//!
//! Owns: what is written and read, and the change that a step makes.
//! Leaves out: keys and bytes (`keys`, `kv`).

use crate::conversation::{CallRequest, ConversationId, Entry, Event, Finished, Kin, Line, State, Timer, Urgency};
use crate::desk::{AlertMessage, DeskEvent, DeskMessage, Figure, MirrorMessage, QueueRow, ReviewRow, Reviewed};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The version of a conversation: one more with every commit; 0 before the first.
pub type Version = u64;

/// Something that arrived from outside.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// Its conversation.
    pub id: ConversationId,
    /// The state to begin with, should there be none: who writes.
    pub address: crate::conversation::Address,
    /// What kind of thing it is: `message`, `callback`, `staff`, `report`.
    pub kind: String,
    /// The outside's name for it.
    pub external: String,
    /// Its revision: empty, or what tells an edit from the first version.
    pub revision: String,
    /// What happened.
    pub event: Event,
    /// When it arrived.
    pub at: Timestamp,
}

/// Something that arrived and has not been worked through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InboxRow {
    /// Its conversation.
    pub id: ConversationId,
    /// Its number among the conversation's arrivals.
    pub number: u64,
    /// Who writes.
    pub address: crate::conversation::Address,
    /// What happened.
    pub event: Event,
    /// When it arrived.
    pub at: Timestamp,
}

/// A state with its version.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The state.
    pub state: State,
    /// Its version.
    pub version: Version,
}

/// Where an outbox row goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "to", content = "what")]
pub enum OutboxTarget {
    /// The customer.
    Customer(Line),
    /// The desk.
    Desk(DeskMessage),
    /// Staff, outside the desk.
    Alert(AlertMessage),
    /// Another conversation of the same person.
    Kin {
        /// Which.
        to: ConversationId,
        /// Which one says it.
        from: ConversationId,
        /// What it must know.
        word: Kin,
    },
    /// Another desk, which shows the conversation as it goes on.
    Mirror(MirrorMessage),
    /// Another system, which is told what happens.
    Hook {
        /// Whose webhook, by the name of its API user.
        to: String,
        /// What happened.
        event: DeskEvent,
    },
}

/// Something to be sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutboxRow {
    /// Its conversation.
    pub id: ConversationId,
    /// Its number in the conversation.
    pub number: u64,
    /// Where it goes and what it is.
    pub target: OutboxTarget,
    /// How urgent; crisis overtakes.
    pub urgency: Option<Urgency>,
    /// Since when it waits.
    pub created: Timestamp,
    /// Not before this.
    pub due: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// The group of staff that it is for; the first one where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<i64>,
}

/// A timer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerRow {
    /// Its conversation.
    pub id: ConversationId,
    /// Its key and time.
    pub timer: Timer,
}

/// A call that has not returned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRow {
    /// Its conversation.
    pub id: ConversationId,
    /// What is called.
    pub request: CallRequest,
    /// Since when.
    pub created: Timestamp,
    /// It was begun before: whether it went through is not known.
    pub started: bool,
}

impl CallRow {
    /// The same for every attempt at this call, and for no other.
    pub fn idempotency_key(&self) -> String {
        format!("{}-{}", self.id, self.request.number)
    }
}

/// A name of the outside world.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "link")]
pub enum LinkKey {
    /// A thread of the desk.
    Topic {
        /// The group.
        chat: i64,
        /// The topic.
        topic: i32,
    },
    /// A message of the desk.
    DeskMessage {
        /// The group.
        chat: i64,
        /// The message.
        message: i64,
    },
    /// The conversation by text of a number.
    Texts {
        /// The number, with its country.
        number: String,
    },
    /// The conversation whose channel vouches that this number is theirs.
    Vouched {
        /// The number, with its country.
        number: String,
    },
    /// A message that a gateway accepted.
    Sent {
        /// The channel.
        channel: String,
        /// The gateway's name for it.
        external: String,
    },
}

/// What a link points to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkTarget {
    /// The conversation.
    pub id: ConversationId,
    /// The line.
    pub number: Option<u64>,
}

/// What customers asked and nothing answered, counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedRow {
    /// The words, without what is personal in them.
    pub text: String,
    /// The intent that is nearest.
    pub nearest: Option<String>,
    /// How often.
    pub count: u64,
    /// When it was last asked.
    pub last: Timestamp,
}

/// What a step writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The conversation.
    pub id: ConversationId,
    /// The version that was loaded; 0 for none.
    pub expected: Version,
    /// The new state.
    pub state: State,
    /// The inbox row that is done.
    pub inbox_done: Option<u64>,
    /// The outbox rows that are done.
    pub outbox_done: Vec<u64>,
    /// The call that has returned.
    pub call_done: Option<u64>,
    /// New entries of the transcript.
    pub entries: Vec<Entry>,
    /// New outbox rows.
    pub outbox: Vec<OutboxRow>,
    /// Outbox rows that are not sent any more, where they are still there.
    pub outbox_dropped: Vec<u64>,
    /// A handoff that is over.
    pub finished: Option<Finished>,
    /// Waiting bot lines to the customer are dropped.
    pub drop_bot_lines: bool,
    /// Waiting bot lines to the customer that only ask something are dropped.
    pub drop_questions: bool,
    /// Messages that nothing answered: each adds to its row's count.
    pub missed: Vec<MissedRow>,
    /// Figures of a week: each adds to its row's count.
    pub figures: Vec<Figure>,
    /// Transcript entries from before this lose their evidence.
    pub forget_evidence: Option<Timestamp>,
    /// Timers armed.
    pub timers: Vec<Timer>,
    /// Timers that fired or are not needed.
    pub timers_done: Vec<String>,
    /// New calls.
    pub calls: Vec<CallRow>,
    /// New links.
    pub links: Vec<(LinkKey, LinkTarget)>,
    /// The handoff as the queue shows it; `None` removes it.
    pub queue: Option<QueueRow>,
    /// New rows of the review list.
    pub reviews: Vec<ReviewRow>,
    /// Somebody has looked at this conversation again.
    pub reviewed: Option<Reviewed>,
}

impl Change {
    /// A change that only writes a state.
    pub fn new(id: ConversationId, expected: Version, state: State) -> Self {
        Change {
            id,
            expected,
            state,
            inbox_done: None,
            outbox_done: Vec::new(),
            call_done: None,
            entries: Vec::new(),
            outbox: Vec::new(),
            outbox_dropped: Vec::new(),
            finished: None,
            drop_bot_lines: false,
            drop_questions: false,
            missed: Vec::new(),
            figures: Vec::new(),
            forget_evidence: None,
            timers: Vec::new(),
            timers_done: Vec::new(),
            calls: Vec::new(),
            links: Vec::new(),
            queue: None,
            reviews: Vec::new(),
            reviewed: None,
        }
    }
}
