//! What is done when a step has failed.
//!
//! Owns: [`rescue`]: a person gets what the bot failed on.
//! Invariants: the customer's words are in the transcript and before staff; care is asked once more, by itself; whoever is not
//! with a person yet is handed over, with a running clock.
//! Leaves out: noticing that a step has failed (`app`). Should this fail too, `app` writes a note and tells staff.

use super::effect::{DeskNote, Effect, Entry, Who};
use super::event::Event;
use super::facts::Facts;
use super::parts::Owner;
use super::rules::Rules;
use super::state::State;
use super::step::Turn;
use super::urgency::Reason;
use crate::care::{Assessment, Level};
use crate::text::Text;
use jiff::Timestamp;

/// The step for an event on which the usual one has failed.
pub fn rescue(rules: &Rules, facts: &Facts, state: &State, event: &Event, now: Timestamp) -> (State, Vec<Effect>) {
    let mut turn = Turn::new(rules, facts, state.clone(), now);
    match event {
        Event::Message(message) => turn.unread(&message.text),
        _ => turn.failed("The bot failed on something that happened here. A person should look at it."),
    }
    turn.finish()
}

impl Turn<'_> {
    /// A message that nothing could be made of.
    fn unread(&mut self, words: &str) {
        let number = self.number();
        self.effects.push(Effect::Record(Entry {
            number,
            at: self.now,
            who: Who::Customer,
            text: words.to_string(),
            evidence: Vec::new(),
            understood: Default::default(),
            about: None,
        }));
        self.state.last_words = words.to_string();
        self.state.wrote = number;
        let assessment = self.rules.care.assess(&Text::new(words));
        let level = if assessment.only_resembles() { Level::None } else { assessment.level };
        if matches!(self.state.owner, Owner::Human { .. }) || self.state.handoff.is_some() {
            self.desk(DeskNote::Relay { who: Who::Customer, text: words.to_string(), external: None });
            self.unanswered();
        }
        let reason = if level >= Level::Distress { Reason::Care(level) } else { Reason::Stuck };
        let assessment = if level >= Level::Distress { assessment } else { Assessment::default() };
        self.failed("The bot failed on this message. A person should read it.");
        if self.state.handoff.is_none() || level >= Level::Distress {
            self.hand_off(reason, &assessment);
        }
    }

    fn failed(&mut self, what: &str) {
        self.note(what);
        if self.state.handoff.is_some() {
            self.desk(DeskNote::Relay { who: Who::Note, text: what.into(), external: None });
        }
    }
}
