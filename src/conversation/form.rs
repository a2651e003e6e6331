//! Requests that need something first: values, ownership, a code.
//!
//! Owns: beginning an intent, asking for what is missing, taking answers (at once, later, corrected, of the wrong kind),
//! digressions, the ownership check, putting it off.
//! Invariants: a form never traps: a person, another request, 'never mind' and 'I don't remember' always lead out, and two
//! useless answers lead to a person; what is known is not asked again; one ownership check a conversation.
//! Leaves out: reading values (`value`), codes (`code`), calls and their outcomes (`answer`).

use super::effect::CallRequest;
use super::event::Message;
use super::parts::{Asked, Asking, Form, Later, Pending, Proof};
use super::step::Turn;
use super::urgency::Reason;
use super::value::{KNOWN, pick};
use super::words::{Hear, Heard};
use crate::care::Assessment;
use crate::engine::{Engine, Entity, Intent, Mode, Needs, Understanding, Verdict};
use crate::text::Text;
use serde_json::json;
use std::collections::BTreeMap;

/// Useless answers to one question before a person is called.
const TRIES: u8 = 2;
impl<'a> Turn<'a> {
    pub(super) fn engine(&self) -> &'a Engine {
        &self.rules.engine
    }

    /// Begins an intent with the values at hand.
    pub(super) fn begin(&mut self, id: &str, entities: Vec<Entity>, words: &str) {
        let Some(intent) = self.engine().intent(id) else {
            self.state.form = None;
            return self.say_word("unmatched", &[]);
        };
        self.mode = self.engine().mode(intent, self.rules.mode);
        self.state.misses = 0;
        let text = Text::new(words);
        let small = self.engine().small_words();
        let different = self.rules.words.hear(&text, small).any(Hear::Different);
        self.know(&entities);
        let mut slots = BTreeMap::new();
        for slot in &intent.slots {
            let fresh = pick(small, &entities, &slot.kind, &text);
            self.further(intent, &entities, &slot.kind, fresh.as_ref(), &text);
            let remembered = || {
                let known = self.state.known.get(&slot.kind).filter(|known| self.now.duration_since(known.at) < KNOWN);
                known.filter(|_| !different).map(|known| known.value.clone())
            };
            if let Some(value) = fresh.or_else(remembered) {
                slots.insert(slot.name.clone(), value);
            }
        }
        if self.state.later.as_ref().is_some_and(|later| later.form.intent == intent.id) {
            self.state.later = None;
        }
        self.proceed(Form::new(intent.id.clone(), slots), false);
    }

    /// Asks for the next thing that is missing, or carries the request out.
    pub(super) fn proceed(&mut self, mut form: Form, confirmed: bool) {
        let Some(intent) = self.engine().intent(&form.intent) else { return };
        if let Some(slot) = intent.slots.iter().find(|slot| !form.slots.contains_key(&slot.name)) {
            form.asking = Asking::Slot { name: slot.name.clone() };
            self.ask(intent, &form);
            self.state.form = Some(form);
            return;
        }
        if matches!(intent.needs, Needs::Owner | Needs::Confirm) && self.proof().is_none() {
            form.asking = Asking::Proof;
            self.ask(intent, &form);
            self.state.form = Some(form);
            return;
        }
        if intent.needs == Needs::Confirm && !confirmed {
            if self.mode != Mode::Live {
                return self.note("would send a code");
            }
            return self.send_code(intent, form);
        }
        self.state.form = None;
        self.carry_out(intent, form);
    }

    /// What speaks for ownership: what was proved before, or the sender's number.
    pub(super) fn proof(&self) -> Option<Proof> {
        let sender = self.facts.profile.sender_is_phone.then(|| Proof::Phone(self.state.address.sender.clone()));
        self.state.proof.clone().or(sender)
    }

    /// The question for what a form waits for.
    fn ask(&mut self, intent: &Intent, form: &Form) {
        match &form.asking {
            Asking::Slot { name } => {
                let template = intent.localised(&self.state.language()).and_then(|localised| localised.ask.get(name));
                if let Some(text) = template.and_then(|template| self.fill_in(template, form, &[])) {
                    self.ask_text(text);
                }
            }
            Asking::Proof if self.facts.profile.contact_button => {
                self.ask_word("prove_contact");
                self.ask_contact();
            }
            Asking::Proof => self.ask_word("prove_email"),
            Asking::Code { .. } | Asking::Call => {}
        }
    }

    /// A text of an intent, filled in; `None` where it would have a gap.
    pub(super) fn fill_in(&self, template: &str, form: &Form, fields: &[(&str, serde_json::Value)]) -> Option<String> {
        let mut all: Vec<(&str, serde_json::Value)> = form.slots.iter().map(|(name, value)| (name.as_str(), json!(value))).collect();
        all.extend(fields.iter().cloned());
        // A template's name says its language; dates inside are said in the same.
        all.push(("lang", json!(template.split('/').nth(1).unwrap_or("en"))));
        self.engine().templates().render(template, &self.context(&all)).ok()
    }

    /// Makes a call; its return comes as an event.
    pub(super) fn call(&mut self, name: &str, params: BTreeMap<String, String>, form: Form) {
        let number = self.number();
        self.state.calls.insert(number, Pending { name: name.to_string(), form });
        let proof = self.proof();
        self.effects.push(super::Effect::Call(CallRequest { number, name: name.to_string(), params, proof, staff: None }));
    }

    /// A message while a form waits.
    pub(super) fn fill(&mut self, message: &Message, text: &Text, understanding: &Understanding, heard: &Heard) {
        let Some(mut form) = self.state.form.take() else { return };
        let Some(intent) = self.engine().intent(&form.intent) else {
            // A reload took the intent away: what was asked can't be finished.
            self.say_word("ran_out", &[]);
            return self.stuck();
        };
        self.mode = self.engine().mode(intent, self.rules.mode);
        if let Asking::Code { .. } = form.asking {
            return self.code(intent, form, message, text, understanding, heard);
        }
        // A message that gives what was asked is the answer, unless a rule says that it asks for something else.
        let by_rule = understanding.candidates.first().is_some_and(|best| best.by_rule());
        let answers = matches!(&form.asking, Asking::Slot { name } if intent.slots.iter().any(|slot| slot.name == *name && understanding.entities.iter().any(|entity| entity.kind == slot.kind)));
        let other = self.other_request(intent, understanding).filter(|_| by_rule || !answers);
        if heard.only(Hear::Withdraw) || (heard.any(Hear::Withdraw) && other.is_none() && understanding.entities.is_empty()) {
            self.drop_threads();
            return self.say_word("withdrawn", &[]);
        }
        if heard.only(Hear::Later) || (heard.begins(Hear::Later) && other.is_none() && understanding.entities.is_empty()) {
            return self.put_off(form);
        }
        if heard.only(Hear::Find) {
            return self.where_to_find(intent, form);
        }
        // Another request decides before its values do: in 'actually cancel A1041' the number is not an answer.
        if let Some(other) = other {
            return self.digress(intent, form, other, message, understanding);
        }
        if self.take_value(intent, &mut form, message, text, understanding, heard) {
            return self.proceed(form, false);
        }
        let same = matches!(understanding.verdict, Verdict::Matched(number) if self.engine().intents()[number].id == intent.id);
        if heard.any(Hear::DontKnow) && !same {
            self.say_word("dont_know", &[]);
            return self.stuck();
        }
        if form.not_found > 0 && heard.only(Hear::Yes) {
            self.say_word("not_found_twice", &[]);
            return self.stuck();
        }
        // A thank-you or a hello in between is no answer, and no wrong one either.
        if let Verdict::Matched(number) = understanding.verdict
            && self.engine().intents()[number].social
        {
            self.begin(&self.engine().intents()[number].id.clone(), Vec::new(), &message.text);
            self.ask(intent, &form);
            self.state.form = Some(form);
            return;
        }
        form.tries += 1;
        if form.tries >= TRIES {
            self.say_word("ran_out", &[]);
            return self.stuck();
        }
        let free = matches!(&form.asking, Asking::Slot { name } if intent.slots.iter().any(|slot| slot.name == *name && self.engine().entities().is_text(&slot.kind)));
        if free {
            self.say_word("not_a_place", &[]);
            self.state.form = Some(form);
            return;
        }
        if let Some(found) = understanding.entities.first() {
            self.know(std::slice::from_ref(found));
            let wanted = self.engine().entities().called(&self.wanted_kind(intent, &form), &self.state.language());
            self.say_word("wrong_kind", &[("wanted", json!(wanted))]);
        }
        self.ask(intent, &form);
        self.state.form = Some(form);
    }

    /// True when a request can be carried out with what is there: nothing has to be asked first.
    pub(super) fn at_hand(&self, intent: &Intent, understanding: &Understanding) -> bool {
        let has = |kind: &str| understanding.entities.iter().any(|entity| entity.kind == kind) || self.state.known.contains_key(kind);
        let owner =
            intent.needs == Needs::Nothing || intent.needs == Needs::Handoff || (intent.needs == Needs::Owner && self.proof().is_some());
        owner && intent.slots.iter().all(|slot| has(&slot.kind))
    }

    /// True when a message holds something that the operator's own pattern names, such as an order.
    pub(super) fn names_a_thing(&self, understanding: &Understanding) -> bool {
        understanding.entities.iter().any(|entity| self.engine().entities().is_pattern(&entity.kind))
    }

    /// True while an answer in free words is awaited.
    pub(super) fn asks_for_text(&self) -> bool {
        let Some(form) = &self.state.form else { return false };
        let slot = |name: &str| self.engine().intent(&form.intent).and_then(|intent| intent.slots.iter().find(|slot| slot.name == name));
        matches!(&form.asking, Asking::Slot { name } if slot(name).is_some_and(|slot| self.engine().entities().is_text(&slot.kind)))
    }

    /// The customer will answer later: what they gave is kept.
    pub(super) fn put_off(&mut self, form: Form) {
        self.drop_threads();
        self.state.later = Some(Later { form: Form { asking: Asking::Call, tries: 0, ..form }, at: self.now });
        self.say_word("later", &[]);
    }

    /// Where the value that was asked for is found; asked again, or where nobody has said it, a person is offered.
    fn where_to_find(&mut self, intent: &Intent, mut form: Form) {
        let kind = self.wanted_kind(intent, &form);
        let place = self.engine().entities().place(&kind, &self.state.language()).filter(|_| !form.hinted).map(str::to_string);
        form.hinted = true;
        self.state.form = Some(form);
        match place {
            Some(place) => self.ask_text(place),
            None => {
                self.state.asked = Some(Asked::Person);
                self.ask_word("no_hint");
                self.yes_or_no();
            }
        }
    }

    pub(super) fn stuck(&mut self) {
        self.hand_off(Reason::Stuck, &Assessment::default());
    }

    /// Another request inside a form, where the message clearly is one.
    pub(super) fn other_request(&self, intent: &Intent, understanding: &Understanding) -> Option<usize> {
        match understanding.verdict {
            Verdict::Matched(number) if understanding.certain() && self.engine().intents()[number].id != intent.id => Some(number),
            _ => None,
        }
    }

    /// Answers a digression and picks the thread up again; a request about the same thing replaces the form.
    fn digress(&mut self, intent: &Intent, form: Form, other: usize, message: &Message, understanding: &Understanding) {
        let other = &self.engine().intents()[other];
        let missing = intent.slots.iter().filter(|slot| !form.slots.contains_key(&slot.name));
        let wanted: Vec<&str> = missing.map(|slot| slot.kind.as_str()).collect();
        let replaces = other.slots.iter().any(|slot| wanted.contains(&slot.kind.as_str()));
        let id = other.id.clone();
        if !replaces {
            self.state.paused = Some(form);
        }
        self.begin(&id, understanding.entities.clone(), &message.text);
        self.resume();
    }

    /// Picks up the form that a digression interrupted, or the next of several requests.
    pub(super) fn resume(&mut self) {
        if self.state.form.is_some() || !self.state.calls.is_empty() || self.state.handoff.is_some() {
            return;
        }
        if let Some(form) = self.state.paused.take() {
            // A number that was not the order's proves nothing the second time either: the question stands.
            let stands = form.asking == Asking::Proof && form.not_found > 0 && self.state.proof.is_none();
            match self.engine().intent(&form.intent).filter(|_| stands) {
                Some(intent) => {
                    self.ask(intent, &form);
                    self.state.form = Some(form);
                }
                None => self.proceed(form, false),
            }
        } else {
            self.next_request();
        }
    }

    /// The type of what a form waits for.
    fn wanted_kind(&self, intent: &Intent, form: &Form) -> String {
        match &form.asking {
            Asking::Slot { name } => intent.slots.iter().find(|slot| slot.name == *name).map(|slot| slot.kind.clone()).unwrap_or_default(),
            _ => "email".into(),
        }
    }
}
