//! What is done when a step has failed.
//!
//! Owns: [`rescue`]: a person gets what the bot failed on.
//! Invariants: the customer's words are in the transcript and before staff; care is asked once more, by itself; whoever is not
//! with a person yet is handed over, in every mode; a call that returned is settled; whoever waits has a running clock after it.
//! Leaves out: noticing that a step has failed (`app`). Should this fail too, `app` writes a note and tells staff.

use super::effect::{DeskNote, Effect, Entry, Who};
use super::event::{CallReturned, Event, Message};
use super::facts::Facts;
use super::parts::Owner;
use super::reminder::UNCLAIMED;
use super::rules::Rules;
use super::state::State;
use super::step::Turn;
use super::urgency::Reason;
use crate::care::{Assessment, Level};
use crate::engine::Mode;
use crate::text::Text;
use jiff::Timestamp;

/// The step for an event on which the usual one has failed.
pub fn rescue(rules: &Rules, facts: &Facts, state: &State, event: &Event, now: Timestamp) -> (State, Vec<Effect>) {
    let mut turn = Turn::new(rules, facts, state.clone(), now);
    // Whatever mode is on: a person is needed.
    turn.mode = Mode::Live;
    match event {
        Event::Message(message) => turn.unread(message),
        Event::CallReturned(returned) => turn.unsettled(returned),
        Event::Timer { key } if key == UNCLAIMED => turn.failed("The bot failed on a reminder."),
        _ => turn.failed("The bot failed on something that happened here. A person should look at it."),
    }
    turn.clock_runs();
    turn.finish()
}

impl Turn<'_> {
    /// A message that nothing could be made of.
    fn unread(&mut self, message: &Message) {
        let number = self.number();
        self.effects.push(Effect::Record(Entry {
            number,
            at: self.now,
            who: Who::Customer,
            text: message.text.clone(),
            evidence: Vec::new(),
            understood: Default::default(),
            about: None,
        }));
        self.state.last_words.clone_from(&message.text);
        self.state.wrote = number;
        let text = Text::new(message.text.as_str());
        let assessment = self.rules.care.assess(&text);
        let level = if assessment.only_resembles() { Level::None } else { assessment.level };
        let heard = self.rules.words.hear(&text, self.rules.engine.small_words());
        // STOP is honoured before anything is said.
        if level < Level::Distress && self.opt_out(message, &heard, &text, level) {
            return;
        }
        if self.state.handoff.is_some() {
            self.desk(DeskNote::Relay { who: Who::Customer, text: message.text.clone(), external: None });
            self.unanswered();
        }
        self.failed("The bot failed on this message. A person should read it.");
        if self.state.handoff.is_none() || level > Level::None {
            let (reason, assessment) = match level {
                Level::None => (Reason::Stuck, Assessment::default()),
                level => (Reason::Care(level), assessment),
            };
            self.hand_off(reason, &assessment);
        }
    }

    /// A call came back, and nothing could be made of it.
    fn unsettled(&mut self, returned: &CallReturned) {
        self.state.calls.remove(&returned.call);
        let acted = self.state.acted.iter_mut().find(|acted| acted.number == returned.call && acted.outcome.is_none());
        if let Some(acted) = acted {
            acted.outcome = Some("error".into());
        }
        self.failed("The bot failed on what another system answered. It may have been done: look there.");
        if self.state.handoff.is_none() {
            self.hand_off(Reason::Stuck, &Assessment::default());
        }
    }

    fn failed(&mut self, what: &str) {
        self.note(what);
        if self.state.handoff.is_some() {
            self.desk(DeskNote::Notice { text: what.into() });
        }
    }

    /// Whoever waits, or was not answered, is called for again: the clock that fired may be the one that failed.
    fn clock_runs(&mut self) {
        let Some(handoff) = self.state.handoff.as_mut().filter(|handoff| !handoff.answered) else { return };
        let armed = self.effects.iter().any(|effect| matches!(effect, Effect::Timer(timer) if timer.key == UNCLAIMED));
        if armed {
            return;
        }
        handoff.reminders += 1;
        let times = handoff.reminders;
        self.await_claim();
        if self.state.owner == Owner::Waiting {
            self.desk(DeskNote::StillWaiting { times });
        }
    }
}
