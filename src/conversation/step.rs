//! The step: one event, one new state, the effects.
//!
//! Owns: `step` and the `Turn` that the parts of a step share.
//! Invariants: total and pure; what a step wants to say to the customer becomes one line.
//! Leaves out: everything that an event means; each kind has its file.

use super::effect::{DeskNote, Effect, Entry, Who};
use super::event::Event;
use super::facts::Facts;
use super::parts::{Flags, Need};
use super::reply::Spoken;
use super::rules::Rules;
use super::state::State;
use jiff::Timestamp;

/// What happens next. Same inputs, same outputs.
pub fn step(rules: &Rules, facts: &Facts, state: &State, event: Event, now: Timestamp) -> (State, Vec<Effect>) {
    let mut turn = Turn::new(rules, facts, state.clone(), now);
    turn.told = matches!(event, Event::Kin { .. });
    match event {
        Event::Message(message) => turn.customer(&message),
        Event::Staff { staff, action, chat, callback } => {
            turn.said_in = chat;
            turn.staff(&staff, action, callback);
        }
        Event::CallReturned(returned) => turn.call_returned(&returned),
        Event::Delivered { line, delivery } => turn.delivered(line, delivery),
        Event::AlertSent { handoff, copied } => {
            turn.alerted(handoff);
            turn.copied(copied);
        }
        Event::OwnerLeft { staff, why } => turn.owner_left(&staff, &why),
        Event::AlertFailed { way, handoff, step } => turn.alert_failed(&way, handoff, step),
        Event::Timer { key } if key == super::reminder::UNCLAIMED => {
            turn.widen();
            turn.unclaimed();
        }
        Event::Timer { key } if key == super::gravity::REVIEW => turn.review(),
        Event::Timer { key } if key == super::retention::FORGET => turn.forget(),
        Event::Timer { key } if key == super::burst::BURST => turn.quiet(),
        Event::Timer { key } if key == super::promise::PROMISE => turn.promise_due(),
        Event::Timer { key } if key == super::waiting::UPDATE => turn.update(),
        Event::Timer { key } if key == super::check_in::CHECK_IN => turn.check_in_due(),
        Event::Timer { key } if key == super::follow_up::FOLLOW_UP => turn.follow_up_due(),
        Event::Timer { .. } => {}
        Event::Kin { from, word } => turn.kin(from, word),
        Event::Mirrored { conversation, handoff } => {
            turn.state.thread.chatwoot = Some(conversation);
            turn.copied(Some("chatwoot".into()));
            handoff.into_iter().for_each(|number| turn.alerted(number));
        }
    }
    turn.finish()
}

/// A step while it is made.
pub(super) struct Turn<'a> {
    pub rules: &'a Rules,
    pub facts: &'a Facts,
    pub now: Timestamp,
    pub state: State,
    pub effects: Vec<Effect>,
    pub spoken: Spoken,
    /// After this step's line nothing may be sent to the customer.
    pub silence_after: bool,
    /// How far the bot goes in this step.
    pub mode: crate::engine::Mode,
    /// Bot lines are kept back (over the flood limit): care still hears.
    pub muted: bool,
    /// The team of the handoff that is being opened.
    pub routed: Option<String>,
    /// What was true of the person before.
    pub before: (Flags, Vec<Need>),
    /// The other conversations know what changes in this step: one of them said it.
    pub told: bool,
    /// The group in which staff did what this step is about.
    pub said_in: Option<i64>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(rules: &'a Rules, facts: &'a Facts, state: State, now: Timestamp) -> Self {
        let before = (state.flags.clone(), state.needs.clone());
        Turn {
            rules,
            facts,
            now,
            before,
            told: false,
            said_in: None,
            state,
            effects: Vec::new(),
            spoken: Spoken::default(),
            silence_after: false,
            mode: rules.mode,
            muted: false,
            routed: None,
        }
    }
}

impl Turn<'_> {
    pub(super) fn finish(mut self) -> (State, Vec<Effect>) {
        self.speak();
        if self.silence_after {
            self.state.flags.do_not_text = true;
        }
        self.keep_follow_up();
        self.keep_place();
        if !self.told {
            let (flags, needs) = std::mem::take(&mut self.before);
            self.tell_kin(&flags, &needs);
        }
        (self.state, self.effects)
    }

    /// The next number of the conversation.
    pub(super) fn number(&mut self) -> u64 {
        let number = self.state.next;
        self.state.next += 1;
        number
    }

    /// An entry of the transcript; its number.
    pub(super) fn record(&mut self, who: Who, text: String) -> u64 {
        let number = self.number();
        self.effects.push(Effect::Record(Entry {
            number,
            at: self.now,
            who,
            text,
            evidence: Vec::new(),
            understood: Default::default(),
            about: None,
        }));
        number
    }

    /// Something for staff.
    pub(super) fn desk(&mut self, note: DeskNote) {
        self.effects.push(Effect::Desk(note));
    }
}
