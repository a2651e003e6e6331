//! Carrying a request out, and what comes back.
//!
//! Owns: the plain answer, the backend call, every outcome of a call.
//! Invariants: a slow or broken backend means an honest sentence and a person, never silence; an order that can't be found and
//! one that isn't theirs get the same words; a change that may or may not have gone through goes to a person.
//! Leaves out: making the call (`backend`, `app`).

use super::effect::{DeskNote, Who};
use super::event::CallReturned;
use super::parts::{Asked, Asking, Done, Form, Owner, Proof};
use super::step::Turn;
use super::urgency::{Reason, Urgency};
use crate::care::Assessment;
use crate::engine::{Intent, Mode, Needs};

impl Turn<'_> {
    /// Everything is there: answer, or call.
    pub(super) fn carry_out(&mut self, intent: &Intent, form: Form) {
        let Some(call) = &intent.call else {
            let template = intent.localised(&self.state.language()).and_then(|localised| localised.reply.get("text"));
            let text = template.and_then(|template| self.fill_in(template, &form, &[])).unwrap_or_default();
            if intent.needs == Needs::Handoff {
                self.say(text);
                return self.hand_off(Reason::Intent, &Assessment::default());
            }
            self.tell(intent, text);
            if !intent.social {
                self.done(form, "answered");
            }
            return;
        };
        if self.mode != Mode::Live && intent.changes {
            // Only lookups are made while the bot does not act by itself.
            return self.note(format!("would call {call}"));
        }
        let params = form.slots.clone();
        self.call(call, params, form);
    }

    fn done(&mut self, form: Form, outcome: &str) {
        self.state.misses = 0;
        self.state.done = Some(Done { intent: form.intent, slots: form.slots, at: self.now, outcome: outcome.to_string() });
    }

    /// A call has ended.
    pub(super) fn call_returned(&mut self, returned: &CallReturned) {
        if self.acted(returned) {
            return;
        }
        let Some(pending) = self.state.calls.remove(&returned.call) else { return };
        let result = format!("{} → {}", pending.name, returned.outcome);
        self.note(result.clone());
        let urgent = self.state.handoff.as_ref().is_some_and(|handoff| handoff.urgency >= Urgency::Distress);
        if matches!(self.state.owner, Owner::Human { .. }) || urgent {
            self.desk(DeskNote::Relay { who: Who::Note, text: result, external: None });
            return;
        }
        let Some(intent) = self.engine().intent(&pending.form.intent) else {
            self.say_word("ran_out", &[]);
            return self.hand_off(Reason::Stuck, &Assessment::default());
        };
        self.mode = self.engine().mode(intent, self.rules.mode);
        match (pending.name.as_str(), returned.outcome.as_str()) {
            (_, "not_found" | "unproven") => self.no_match(intent, pending.form),
            ("send_code", "sent") => {
                self.say_confirm(intent, &pending.form);
                self.say_word("code_sent", &[]);
                self.await_answer(pending.form);
            }
            ("send_code", _) | (_, "error" | "timeout") => self.call_failed(intent, &pending.name, pending.form),
            (_, outcome) => self.outcome(intent, pending.form, outcome, returned),
        }
        if self.state.offer_next && self.state.calls.is_empty() {
            self.offer();
        }
    }

    fn outcome(&mut self, intent: &Intent, form: Form, outcome: &str, returned: &CallReturned) {
        let fields: Vec<(&str, serde_json::Value)> = returned.fields.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let template = intent.localised(&self.state.language()).and_then(|localised| localised.reply.get(outcome)).cloned();
        let Some(text) = template.and_then(|template| self.fill_in(&template, &form, &fields)) else {
            return self.call_failed(intent, "", form);
        };
        self.done(form, outcome);
        match intent.changes {
            true => {
                self.incident(intent);
                self.say(text);
            }
            false => self.tell(intent, text),
        }
        if intent.hand_over.iter().any(|other| other == outcome) {
            self.drop_threads();
            return self.hand_off(Reason::Intent, &Assessment::default());
        }
        self.resume();
    }

    /// Not found, or not theirs: the same words for both.
    fn no_match(&mut self, intent: &Intent, mut form: Form) {
        form.not_found += 1;
        if form.not_found >= 2 {
            self.state.form = Some(form);
            self.say_word("not_found_twice", &[]);
            return self.hand_off(Reason::Stuck, &Assessment::default());
        }
        let by_number = self.facts.profile.sender_is_phone && self.state.proof.is_none();
        let slot = intent.slots.iter().find(|slot| !self.engine().entities().is_text(&slot.kind));
        let by_email = matches!(self.state.proof, Some(Proof::Email(_)));
        match slot {
            Some(slot) if by_email => {
                // Either may be mistyped: both are asked for again.
                self.state.proof = None;
                form.slots.remove(&slot.name);
                self.state.known.remove(&slot.kind);
                self.say_word("no_match_email", &[]);
                form.asking = Asking::Slot { name: slot.name.clone() };
            }
            _ if by_number => {
                form.asking = Asking::Proof;
                self.say_word("no_match_phone", &[]);
            }
            Some(slot) => {
                let reply = intent.localised(&self.state.language()).and_then(|localised| localised.reply.get("not_found")).cloned();
                if let Some(text) = reply.and_then(|reply| self.fill_in(&reply, &form, &[])) {
                    self.say(text);
                }
                form.asking = Asking::Slot { name: slot.name.clone() };
            }
            None => {
                self.say_word("not_found_twice", &[]);
                return self.hand_off(Reason::Stuck, &Assessment::default());
            }
        }
        self.await_answer(form);
    }

    /// A form that a call brings back goes on; one that was begun since is picked up after it.
    fn await_answer(&mut self, form: Form) {
        if let Some(newer) = self.state.form.replace(form) {
            self.state.paused = Some(newer);
        }
    }

    /// The backend doesn't answer, or answers what can't be said.
    fn call_failed(&mut self, intent: &Intent, call: &str, form: Form) {
        self.drop_threads();
        let changes = intent.needs == Needs::Confirm && call != "send_code";
        self.done(form, "the system did not answer");
        if changes {
            self.say_word("action_failed", &[]);
            return self.hand_off(Reason::Stuck, &Assessment::default());
        }
        self.state.asked = Some(Asked::Person);
        self.say_word("backend_down", &[]);
        self.yes_or_no();
    }
}
