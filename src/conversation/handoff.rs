//! A handoff: from the moment a person is needed until a person ends it.
//!
//! Owns: `Handoff`, its urgency and reason.
//! Leaves out: opening one (`opening`), reminding of it (`reminder`), what staff do with it (`staff`), whom to alert (`desk`).

use super::colleague::Reserved;
use super::course::Course;
use super::promise::Promise;
use super::urgency::{Reason, Urgency};
use crate::care::{Evidence, Kind, Subject};
use crate::engine::Trace;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An open handoff.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handoff {
    /// Its number in the conversation.
    pub number: u64,
    /// Since when.
    pub opened: Timestamp,
    /// How soon a person is needed.
    pub urgency: Urgency,
    /// Why.
    pub reason: Reason,
    /// What a crisis is about.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// Who is at risk.
    #[serde(default)]
    pub subject: Option<Subject>,
    /// What was heard.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// What the bot had tried: intents and how they ended.
    #[serde(default)]
    pub tried: Vec<String>,
    /// The customer's words that opened or raised it.
    #[serde(default)]
    pub words: String,
    /// The number of their entry in the transcript.
    #[serde(default)]
    pub wrote: u64,
    /// Why those words were understood as they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Trace>,
    /// Reminders so far.
    #[serde(default)]
    pub reminders: u32,
    /// The customer wrote again when it had taken longer than it should.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub waited: bool,
    /// It did not get into the staff's group: the next step was taken for that, once.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unreached: bool,
    /// Staff wrote something that was delivered, and the customer nothing since.
    #[serde(default)]
    pub answered: bool,
    /// When the bot last said where things stand.
    #[serde(default)]
    pub spoke: Option<Timestamp>,
    /// Whom staff call in: the customer says that they are under 18.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safeguarding: Option<String>,
    /// Who of the staff says that it is no crisis; a second person must agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubted: Option<String>,
    /// Whose first words the customer was told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeted: Option<String>,
    /// Who of the staff was asked to leave it to somebody else, and may claim it all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insists: Option<String>,
    /// Kept for the person that the customer knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<Reserved>,
    /// Whose it is among the staff; everybody's where nobody is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// What is promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<Promise>,
    /// When the bot writes again by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_word: Option<Timestamp>,
    /// And the customer has read so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub announced: bool,
    /// How often it has.
    #[serde(default)]
    pub updates: u32,
    /// Digests of what was said while they waited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<u64>,
    /// What happened when.
    #[serde(default)]
    pub course: Course,
}

impl Handoff {
    /// One that has just been opened.
    pub fn new(number: u64, opened: Timestamp, reason: Reason) -> Self {
        Handoff {
            number,
            opened,
            urgency: reason.urgency(),
            reason,
            kind: None,
            subject: None,
            evidence: Vec::new(),
            tried: Vec::new(),
            words: String::new(),
            wrote: 0,
            trace: None,
            reminders: 0,
            waited: false,
            unreached: false,
            answered: false,
            spoke: None,
            safeguarding: None,
            doubted: None,
            greeted: None,
            insists: None,
            reserved: None,
            team: None,
            promise: None,
            next_word: None,
            announced: false,
            updates: 0,
            said: Vec::new(),
            course: Course::default(),
        }
    }

    /// By when a person's word is owed: what was promised, or the time that this urgency may wait.
    pub fn due(&self) -> Timestamp {
        self.promise.as_ref().map_or_else(|| super::waiting::due(self.opened, self.urgency), |promise| promise.at)
    }
}

/// The channel of drills.
pub const DRILL: &str = "drill";
