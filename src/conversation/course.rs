//! The course of a handoff: when what happened, for the figures that a desk is led by.
//!
//! Owns: [`Course`], kept in a handoff while it is open, and [`Finished`], what is left of it when it is over.
//! Invariants: it holds times and counts, no words, names of customers or numbers; a time is noted once, when it first happens.
//! Leaves out: what is made of it (`desk::Stats`).

use super::event::Staff;
use super::parts::{Copies, Owner};
use super::step::Turn;
use super::urgency::{Reason, Urgency};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Somebody who needs a person again within this time was not helped, or not enough.
const AGAIN: SignedDuration = SignedDuration::from_hours(72);

/// What has happened in a handoff so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// When staff could first see it: the card was posted, or an alert sent.
    #[serde(default)]
    pub alerted: Option<Timestamp>,
    /// When it was first claimed.
    #[serde(default)]
    pub claimed: Option<Timestamp>,
    /// When a person's words were first delivered.
    #[serde(default)]
    pub answered: Option<Timestamp>,
    /// Promises made.
    #[serde(default)]
    pub promised: u32,
    /// Promises kept in time.
    #[serde(default)]
    pub kept: u32,
    /// Promises whose time passed.
    #[serde(default)]
    pub broken: u32,
    /// They needed a person within three days of the last handoff.
    #[serde(default)]
    pub again: bool,
}

/// Who ended a handoff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by", content = "who")]
pub enum Ended {
    /// A person of the staff.
    Staff(Staff),
    /// The customer, who took it back.
    Customer,
}

/// A handoff that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// Its number in the conversation.
    pub handoff: u64,
    /// Since when.
    pub opened: Timestamp,
    /// Until when.
    pub ended: Timestamp,
    /// How urgent it was in the end.
    pub urgency: Urgency,
    /// Why.
    pub reason: Reason,
    /// The customer's channel.
    pub channel: String,
    /// The customer's language.
    pub language: String,
    /// Who ended it.
    pub by: Ended,
    /// The customer's messages, from the first about it.
    pub turns: u32,
    /// What happened.
    pub course: Course,
}

impl Turn<'_> {
    /// They needed a person lately, and do again.
    pub(super) fn comes_again(&self) -> bool {
        self.state.ended.is_some_and(|ended| self.now.duration_since(ended) <= AGAIN)
    }

    /// Staff can see it now.
    pub(super) fn alerted(&mut self, number: u64) {
        let now = self.now;
        if let Some(handoff) = self.state.handoff.as_mut().filter(|handoff| handoff.number == number) {
            handoff.course.alerted.get_or_insert(now);
        }
    }

    /// A way has carried their name and words.
    pub(super) fn copied(&mut self, way: Option<String>) {
        let (Some(way), now) = (way, self.now) else { return };
        match self.state.copies.iter_mut().find(|copies| copies.way == way) {
            Some(copies) => {
                copies.last = now;
                copies.count += 1;
            }
            None => self.state.copies.push(Copies { way, first: now, last: now, count: 1 }),
        }
    }

    /// The open handoff as it ends.
    pub(super) fn finished(&self) -> Option<Finished> {
        let handoff = self.state.handoff.as_ref()?;
        Some(Finished {
            handoff: handoff.number,
            opened: handoff.opened,
            ended: self.now,
            urgency: handoff.urgency,
            reason: handoff.reason,
            channel: self.state.address.channel.clone(),
            language: self.state.language().to_string(),
            by: match &self.state.owner {
                Owner::Human { staff } => Ended::Staff(staff.clone()),
                _ => Ended::Customer,
            },
            turns: self.state.turns,
            course: handoff.course.clone(),
        })
    }
}
