//! Which of the staff's groups a handoff stands in.
//!
//! Owns: [`Group`]; choosing one when a handoff opens, and moving it when it is in the wrong one.
//! Invariants: crisis and distress stand in the first group, where everybody reads; what a person has stays where they write,
//! unless it becomes that; a conversation keeps its topic in every group; where it was says that it has moved, and words that
//! staff write there still reach the customer.
//! Leaves out: sending, and how much a group takes (`app`). With one group nothing happens here.

use super::effect::{DeskNote, Effect};
use super::event::Staff;
use super::handoff::DRILL;
use super::parts::{Owner, Thread};
use super::state::State;
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
    pub(super) fn made(&mut self, chat: Option<i64>, topic: i32) {
        match chat.filter(|chat| self.chat.is_some_and(|here| here != *chat)) {
            Some(chat) => drop(self.elsewhere.insert(chat, topic)),
            None => (self.chat, self.topic) = (chat.or(self.chat), Some(topic)),
        }
    }

    /// It goes on in another group, without a card yet.
    pub(super) fn moves(&mut self, from: i64, to: i64) {
        if from != to {
            self.elsewhere.extend(self.topic.take().map(|topic| (from, topic)));
            self.topic = self.elsewhere.remove(&to);
            self.card = None;
            self.card_line = None;
        }
        self.chat = Some(to);
    }
}

impl State {
    /// Names of the desk's messages without a group are those of the group that was the first when there was one only.
    pub fn settle(&mut self, first: i64) {
        self.thread.chat.get_or_insert(first);
        for sent in self.sent.values_mut() {
            sent.chat.get_or_insert(first);
        }
    }
}

impl Turn<'_> {
    /// Puts the open handoff where it belongs, as things stand at the end of a step.
    pub(super) fn keep_place(&mut self) {
        let (Some(handoff), Some(first)) = (&self.state.handoff, self.groups().next()) else { return };
        let fitting = self.fitting(handoff.urgency, handoff.team.as_deref());
        let first_chat = first.chat;
        let here = self.state.thread.chat.unwrap_or(first_chat);
        if self.effects.contains(&Effect::Desk(DeskNote::Opened)) {
            let there = self.choose(&fitting);
            return self.state.thread.moves(here, there);
        }
        let urgent = handoff.urgency >= Urgency::Distress;
        let theirs = matches!(self.state.owner, Owner::Human { .. }) && self.groups().any(|group| group.chat == here);
        // Everybody reads the first one: nothing has to leave it.
        if fitting.contains(&here) || here == first_chat || (theirs && !urgent) {
            return;
        }
        let (there, card, topic) = (self.choose(&fitting), self.state.thread.card, self.state.thread.topic);
        // A card that has not left yet is not needed there any more.
        self.effects.extend(self.state.thread.card_line.map(|line| Effect::DropLine { line }));
        self.state.thread.moves(here, there);
        self.state.thread.moved = Some(self.state.next);
        let team = self.state.handoff.as_ref().and_then(|handoff| handoff.team.clone());
        self.note(match (there == first_chat, team) {
            (true, _) => "It goes on in the first group, where everybody reads".to_string(),
            (false, Some(team)) => format!("It goes on in a group that {team} reads"),
            (false, None) => "It goes on in another group".into(),
        });
        // What has just happened is shown there with its card; else the card alone.
        if !self.effects.iter().any(|effect| matches!(effect, Effect::Desk(note) if note.shows_card())) {
            self.desk(DeskNote::Changed);
        }
        // Whoever has it writes there: they must read where it goes on. Of a card alone it is enough that it says so.
        if theirs && (card.is_some() || topic.is_some()) {
            self.desk(DeskNote::Moved { chat: here, card, told: true, urgent });
        }
        if card.is_some() {
            self.desk(DeskNote::Moved { chat: here, card, told: false, urgent });
        }
    }

    /// The groups that take something from the bot; all of them where none does.
    fn groups(&self) -> impl Iterator<Item = &Group> {
        let shut = |group: &Group| self.facts.shut.contains(&group.chat);
        let all = self.rules.groups.iter().all(shut);
        self.rules.groups.iter().filter(move |group| all || !shut(group))
    }

    /// The groups for this, in the order of the file; never none.
    fn fitting(&self, urgency: Urgency, team: Option<&str>) -> Vec<i64> {
        let those = |fits: &dyn Fn(&Group) -> bool| self.groups().filter(|group| fits(group)).map(|group| group.chat).collect::<Vec<_>>();
        let first = || self.groups().next().map(|group| group.chat).into_iter().collect::<Vec<_>>();
        if urgency >= Urgency::Distress || self.state.address.channel == DRILL {
            return first();
        }
        let theirs = those(&|group| group.teams.iter().any(|one| Some(one.as_str()) == team));
        let shared = if theirs.is_empty() { those(&|group| group.teams.is_empty()) } else { theirs };
        if shared.is_empty() { first() } else { shared }
    }

    /// One that has room, best one in which the customer has a topic. A quiet day stays in the first, and a flood does not end there.
    fn choose(&self, fitting: &[i64]) -> i64 {
        let known = |chat: &&i64| self.state.thread.topic_in(**chat).is_some();
        let room: Vec<&i64> = fitting.iter().filter(|chat| !self.facts.full.contains(chat)).collect();
        let best = room.iter().copied().find(known).or(room.first().copied());
        best.or_else(|| fitting.iter().find(known)).or(fitting.last()).copied().unwrap_or_default()
    }

    /// Staff wrote this in another group than the one where it stands.
    pub(super) fn is_elsewhere(&self) -> bool {
        let first = self.rules.groups.first().map(|group| group.chat);
        self.said_in.is_some_and(|chat| self.state.thread.chat.or(first).is_some_and(|here| here != chat))
    }

    /// What tells colleagues what somebody did stands where it goes on, and where it was said.
    pub(super) fn answer_there(&mut self, staff: &Staff, text: &str) {
        if let Some(chat) = self.said_in.filter(|_| self.is_elsewhere() && text.starts_with(&staff.name)) {
            self.desk(DeskNote::There { chat, text: text.to_string() });
        }
    }
}
