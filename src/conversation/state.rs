//! What is known about a conversation between two events.
//!
//! Owns: `State`.
//! Invariants: a state names intents and slots by id, so that a reload may remove them; everything has a default, so that an
//! older record can be read.
//! Leaves out: its parts (`parts`); the transcript, which is kept beside it and only grows.

use super::action::{Acted, Proposed};
use super::follow_up::FollowUp;
use super::handoff::Handoff;
use super::id::Address;
use super::id::ConversationId;
use super::joined::Joined;
use super::manner::Manner;
use super::parts::*;
use super::retention::{Counted, Hold, Kept};
use crate::care::{Kind, Temperature};
use crate::text::Language;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All that is known.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    /// Lines of staff, by number, and what became of them.
    #[serde(default)]
    pub sent: BTreeMap<u64, Sent>,
    /// Messages to the desk that say what became of a line, while they are under way: message → line.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub marks: BTreeMap<u64, u64>,
    /// Who helped last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helper: Option<Helper>,
    /// When the last handoff ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// What they need, as they said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// Somebody looks in again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_in: Option<CheckIn>,
    /// Copies of their words outside, by way: whoever erases them must know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<Copies>,
    /// Their number leads to this conversation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub linked: bool,
    /// Other conversations of the same person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub joined: Vec<Joined>,
    /// Conversations that staff say are not the same person's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parted: Vec<ConversationId>,
    /// What staff have asked for and not confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Proposed>,
    /// Why the last action that a console asked for was not begun, with the console's name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<(i64, String)>,
    /// What staff have done for them in the last thirty days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acted: Vec<Acted>,
    /// Their messages since the last handoff ended, or since they came back.
    #[serde(default)]
    pub turns: u32,
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
    /// When somebody in danger, distress or grief was last heard, even faintly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grave: Option<Timestamp>,
    /// Asking whether it was sorted out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<FollowUp>,
    /// The end of the handoff for which thanks were passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thanked: Option<Timestamp>,
}

impl State {
    /// A conversation that has just begun.
    pub fn new(address: Address) -> Self {
        State { address, next: 1, ..State::default() }
    }

    /// The language that the customer is answered in.
    pub fn language(&self) -> Language {
        self.language.clone().unwrap_or_else(Language::english)
    }

    /// True while nothing may be sent to the customer.
    pub fn silent(&self) -> bool {
        self.flags.opted_out || self.flags.do_not_text || self.flags.bereaved
    }
}
