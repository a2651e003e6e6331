//! Which of the staff's groups a handoff stands in.
//!
//! Owns: [`Group`]; choosing one when a handoff opens, and moving it when it is in the wrong one.
//! Invariants: crisis and distress stand in the first group, where everybody reads; what a person has stays where they write,
//! unless it becomes that; a conversation keeps its topic in every group; where it was says that it has moved, and words that
//! staff write there still reach the customer.
//! Leaves out: sending, and how much a group takes (`app`). With one group nothing happens here.

use super::effect::{DeskNote, Effect};
use super::handoff::DRILL;
use super::parts::{Owner, Thread};
use super::step::Turn;
use super::urgency::Urgency;

/// A group of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The channel's name of it.
    pub chat: i64,
    /// The teams whose handoffs stand there. Where none is named, it takes its share of what is for no team's group.
    pub teams: Vec<String>,
}

impl Thread {
    /// The topic in a group.
    pub fn topic_in(&self, chat: i64) -> Option<i32> {
        if self.chat.is_none_or(|here| here == chat) { self.topic } else { self.elsewhere.get(&chat).copied() }
    }

    /// A topic was made in a group.
    pub fn made(&mut self, chat: Option<i64>, topic: i32) {
        match chat.filter(|chat| self.chat.is_some_and(|here| here != *chat)) {
            Some(chat) => drop(self.elsewhere.insert(chat, topic)),
            None => self.topic = Some(topic),
        }
    }

    /// It goes on in another group, without a card yet.
    fn moves(&mut self, from: i64, to: i64) {
        if from != to {
            self.elsewhere.extend(self.topic.take().map(|topic| (from, topic)));
            self.topic = self.elsewhere.remove(&to);
            self.card = None;
            self.card_line = None;
        }
        self.chat = Some(to);
    }
}

impl Turn<'_> {
    /// Puts the open handoff where it belongs, as things stand at the end of a step.
    pub(super) fn keep_place(&mut self) {
        let (Some(handoff), Some(first)) = (&self.state.handoff, self.rules.groups.first()) else { return };
        let fitting = self.fitting(handoff.urgency, handoff.team.as_deref());
        let here = self.state.thread.chat.unwrap_or(first.chat);
        if self.effects.contains(&Effect::Desk(DeskNote::Opened)) {
            let there = self.choose(&fitting);
            return self.state.thread.moves(here, there);
        }
        let urgent = handoff.urgency >= Urgency::Distress;
        let theirs = matches!(self.state.owner, Owner::Human { .. }) && self.rules.groups.iter().any(|group| group.chat == here);
        if fitting.contains(&here) || (theirs && !urgent) {
            return;
        }
        let (there, card, topic) = (self.choose(&fitting), self.state.thread.card, self.state.thread.topic);
        // A card that has not left yet is not needed there any more.
        self.effects.extend(self.state.thread.card_line.map(|line| Effect::DropLine { line }));
        self.state.thread.moves(here, there);
        self.note(if urgent { "It goes on in the first group, where everybody reads" } else { "It goes on in another group" });
        // What has just been raised, or waits again, is shown there with its card.
        let shown = |effect: &Effect| matches!(effect, Effect::Desk(DeskNote::Raised | DeskNote::StillWaiting { .. }));
        if !self.effects.iter().any(shown) {
            self.desk(DeskNote::Changed);
        }
        // Whoever has it writes there: they must read where it goes on. Of a card alone it is enough that it says so.
        if theirs && (card.is_some() || topic.is_some()) {
            self.desk(DeskNote::Moved { chat: here, card, told: true });
        }
        if card.is_some() {
            self.desk(DeskNote::Moved { chat: here, card, told: false });
        }
    }

    /// The groups for this, in the order of the file; never none.
    fn fitting(&self, urgency: Urgency, team: Option<&str>) -> Vec<i64> {
        let groups = &self.rules.groups;
        let first = groups.first().map_or(0, |group| group.chat);
        if urgency >= Urgency::Distress || self.state.address.channel == DRILL {
            return vec![first];
        }
        let those = |fits: &dyn Fn(&Group) -> bool| groups.iter().filter(|group| fits(group)).map(|group| group.chat).collect::<Vec<_>>();
        let theirs = those(&|group| group.teams.iter().any(|one| Some(one.as_str()) == team));
        // The first group names no team, so there always is one.
        if theirs.is_empty() { those(&|group| group.teams.is_empty()) } else { theirs }
    }

    /// One that has room, best one in which the customer has a topic; a quiet day stays in the first.
    fn choose(&self, fitting: &[i64]) -> i64 {
        let known = |chat: &&i64| self.state.thread.topic_in(**chat).is_some();
        let room: Vec<&i64> = fitting.iter().filter(|chat| !self.facts.full.contains(chat)).collect();
        let best = room.iter().copied().find(known).or(room.first().copied());
        best.or_else(|| fitting.iter().find(known)).or(fitting.first()).copied().unwrap_or_default()
    }

    /// Staff wrote this in another group than the one where it stands.
    pub(super) fn is_elsewhere(&self) -> bool {
        let first = self.rules.groups.first().map(|group| group.chat);
        self.said_in.is_some_and(|chat| self.state.thread.chat.or(first).is_some_and(|here| here != chat))
    }

    /// What staff are answered is read where they asked, too.
    pub(super) fn answer_there(&mut self, text: &str) {
        if let Some(chat) = self.said_in.filter(|_| self.is_elsewhere()) {
            self.desk(DeskNote::There { chat, text: text.to_string() });
        }
    }
}
