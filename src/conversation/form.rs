//! Requests that need something first: values, ownership, a code.
//!
//! Owns: beginning an intent, asking for what is missing, taking answers (at once, later, corrected, of the wrong kind),
//! digressions, the ownership check, the code.
//! Invariants: a form never traps: a person, another request, 'never mind' and 'I don't remember' always lead out, and two
//! useless answers lead to a person; what is known is not asked again; one ownership check a conversation.
//! Leaves out: calls and their outcomes (`answer`).

use super::effect::CallRequest;
use super::event::Message;
use super::handoff::Reason;
use super::state::{Asking, Form, Known, Pending, Proof};
use super::step::Turn;
use super::words::{Hear, Heard};
use crate::care::Assessment;
use crate::engine::{Engine, Entity, Intent, Mode, Needs, Understanding, Verdict};
use crate::text::{Text, Token};
use jiff::SignedDuration;
use serde_json::json;
use std::collections::BTreeMap;

/// Useless answers to one question before a person is called.
const TRIES: u8 = 2;
/// Wrong codes before a person is called.
const WRONG_CODES: u8 = 3;
/// Codes that are sent within a day.
const CODES_A_DAY: usize = 5;
/// How long a code works.
const CODE: SignedDuration = SignedDuration::from_mins(10);
/// How long a value is remembered without being said again.
const KNOWN: SignedDuration = SignedDuration::from_hours(24);

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
        let different = self.rules.words.hear(&text).any(Hear::Different);
        self.know(&entities);
        let mut slots = BTreeMap::new();
        for slot in &intent.slots {
            let fresh = pick(&entities, &slot.kind, &text);
            let remembered = || {
                let known = self.state.known.get(&slot.kind).filter(|known| self.now.duration_since(known.at) < KNOWN);
                known.filter(|_| !different).map(|known| known.value.clone())
            };
            if let Some(value) = fresh.or_else(remembered) {
                slots.insert(slot.name.clone(), value);
            }
        }
        let form = Form { intent: intent.id.clone(), slots, asking: Asking::Call, tries: 0, not_found: 0 };
        self.proceed(form, false);
    }

    /// Remembers values.
    pub(super) fn know(&mut self, entities: &[Entity]) {
        for entity in entities {
            let known = Known { value: entity.value.clone(), at: self.now };
            self.state.known.insert(entity.kind.clone(), known);
        }
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
                if let Some(template) = template {
                    self.say_template(template, form, &[]);
                }
            }
            Asking::Proof if self.facts.profile.contact_button => {
                self.say_word("prove_contact", &[]);
                self.ask_contact();
            }
            Asking::Proof => self.say_word("prove_email", &[]),
            Asking::Code { .. } | Asking::Call => {}
        }
    }

    /// A text of an intent, filled in; a gap becomes an honest sentence.
    pub(super) fn say_template(&mut self, template: &str, form: &Form, fields: &[(&str, serde_json::Value)]) -> bool {
        let mut all: Vec<(&str, serde_json::Value)> = form.slots.iter().map(|(name, value)| (name.as_str(), json!(value))).collect();
        all.extend(fields.iter().cloned());
        // A template's name says its language; dates inside are said in the same.
        all.push(("lang", json!(template.split('/').nth(1).unwrap_or("en"))));
        match self.engine().templates().render(template, &self.context(&all)) {
            Ok(text) => {
                self.say(text);
                true
            }
            Err(_) => false,
        }
    }

    /// Sends a code: in our own message where the number vouches for the sender, else through the backend to what is on file.
    fn send_code(&mut self, intent: &Intent, mut form: Form) {
        if !self.may_send_code() {
            self.say_word("codes_used_up", &[]);
            return self.hand_off(Reason::Stuck, &Assessment::default());
        }
        let code = format!("{:04}", self.state.seed % 10_000);
        self.state.codes.push((self.now, false));
        let Ok(expires) = self.now.checked_add(CODE) else { return };
        let here = matches!(self.state.proof, None | Some(Proof::Phone(_))) && self.facts.profile.sender_is_phone;
        form.asking = Asking::Code { code: code.clone(), expires, wrong: 0 };
        if here {
            self.say_confirm(intent, &form);
            self.say_secret("code_here", &code);
            self.state.form = Some(form);
            return;
        }
        let mut params = form.slots.clone();
        params.retain(|name, _| intent.slots.iter().any(|slot| slot.name == *name && !self.engine().entities().is_text(&slot.kind)));
        params.insert("code".into(), code);
        self.state.form = None;
        self.call("send_code", params, form);
    }

    /// Codes can't be tried out: after three wrong ones, or five sent, within a day, a person does it. Beginning again does not
    /// begin the count again.
    fn may_send_code(&mut self) -> bool {
        let now = self.now;
        self.state.codes.retain(|(at, _)| now.duration_since(*at) < KNOWN);
        let wrong = self.state.codes.iter().filter(|(_, wrong)| *wrong).count();
        wrong < usize::from(WRONG_CODES) && self.state.codes.len() - wrong < CODES_A_DAY
    }

    /// What a yes will do.
    pub(super) fn say_confirm(&mut self, intent: &Intent, form: &Form) {
        let template = intent.localised(&self.state.language()).and_then(|localised| localised.confirm.as_ref());
        if let Some(template) = template {
            self.say_template(template, form, &[]);
        }
    }

    /// Makes a call; its return comes as an event.
    pub(super) fn call(&mut self, name: &str, params: BTreeMap<String, String>, form: Form) {
        let number = self.number();
        self.state.calls.insert(number, Pending { name: name.to_string(), form });
        let proof = self.proof();
        self.effects.push(super::Effect::Call(CallRequest { number, name: name.to_string(), params, proof }));
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
        // Another request decides before its values do: in 'actually cancel A1041' the number is not an answer.
        if let Some(other) = other {
            return self.digress(intent, form, other, message, understanding);
        }
        if self.take_value(intent, &mut form, message, text, understanding, heard) {
            return self.proceed(form, false);
        }
        if heard.any(Hear::DontKnow) {
            self.say_word("dont_know", &[]);
            return self.stuck();
        }
        if form.not_found > 0 && heard.only(Hear::Yes) {
            self.say_word("not_found_twice", &[]);
            return self.stuck();
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
            let wanted = self.wanted(intent, &form);
            self.say_word("wrong_kind", &[("wanted", json!(wanted))]);
        }
        self.ask(intent, &form);
        self.state.form = Some(form);
    }

    /// True while an answer in free words is awaited.
    pub(super) fn asks_for_text(&self) -> bool {
        let Some(form) = &self.state.form else { return false };
        let slot = |name: &str| self.engine().intent(&form.intent).and_then(|intent| intent.slots.iter().find(|slot| slot.name == name));
        matches!(&form.asking, Asking::Slot { name } if slot(name).is_some_and(|slot| self.engine().entities().is_text(&slot.kind)))
    }

    fn stuck(&mut self) {
        self.hand_off(Reason::Stuck, &Assessment::default());
    }

    /// Takes what a message gives for the form; `true` when the question is answered.
    fn take_value(
        &mut self,
        intent: &Intent,
        form: &mut Form,
        message: &Message,
        text: &Text,
        understanding: &Understanding,
        heard: &Heard,
    ) -> bool {
        self.know(&understanding.entities);
        let mut answered = false;
        for slot in &intent.slots {
            let asked = matches!(&form.asking, Asking::Slot { name } if *name == slot.name);
            let free = self.engine().entities().is_text(&slot.kind);
            let value = if free {
                let fits = asked && self.engine().entities().accepts(&slot.kind, &text.original, &understanding.entities);
                (fits && !heard.any(Hear::DontKnow) && !heard.only(Hear::Yes)).then(|| message.text.trim().to_string())
            } else if asked {
                let bare = || self.engine().entities().bare(&slot.kind, &text.original);
                pick(&understanding.entities, &slot.kind, text).or_else(bare)
            } else {
                pick(&understanding.entities, &slot.kind, text)
            };
            if let Some(value) = value {
                // A value for another slot is a correction; it counts as an answer too, and the question is asked again.
                form.slots.insert(slot.name.clone(), value);
                form.tries = 0;
                answered = true;
            }
        }
        let proving = form.asking == Asking::Proof || (form.not_found > 0 && self.state.proof.is_none());
        if proving && let Some(email) = understanding.entities.iter().find(|entity| entity.kind == "email") {
            self.state.proof = Some(Proof::Email(email.value.clone()));
            answered = true;
        }
        answered
    }

    /// Another request inside a form, where the message clearly is one.
    fn other_request(&self, intent: &Intent, understanding: &Understanding) -> Option<usize> {
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
            self.proceed(form, false);
        } else {
            self.next_request();
        }
    }

    /// What a form waits for, as people call it.
    fn wanted(&self, intent: &Intent, form: &Form) -> String {
        let kind = match &form.asking {
            Asking::Slot { name } => intent.slots.iter().find(|slot| slot.name == *name).map_or("", |slot| slot.kind.as_str()),
            _ => "email",
        };
        self.engine().entities().called(kind, &self.state.language())
    }

    /// A message while a code is awaited.
    fn code(&mut self, intent: &Intent, mut form: Form, message: &Message, text: &Text, understanding: &Understanding, heard: &Heard) {
        let Asking::Code { code, expires, wrong } = &mut form.asking else { return };
        if self.now >= *expires {
            self.say_word("code_expired", &[]);
            return;
        }
        let written = text.tokens.iter().find(|token| four_digits(token)).map(|token| token.text.clone());
        match written {
            Some(written) if written == *code => {
                self.state.form = None;
                self.proceed(form, true);
            }
            Some(_) => {
                *wrong += 1;
                let wrong = *wrong;
                self.state.codes.push((self.now, true));
                if wrong >= WRONG_CODES {
                    self.say_word("code_failed", &[]);
                    return self.stuck();
                }
                self.say_word("code_wrong", &[]);
                self.state.form = Some(form);
            }
            None if heard.any(Hear::Yes) && text.tokens.len() <= 6 && self.other_request(intent, understanding).is_none() => {
                self.say_word("code_needed", &[]);
                self.state.form = Some(form);
            }
            None if heard.any(Hear::Withdraw) || heard.only(Hear::No) => self.say_word("withdrawn", &[]),
            None if heard.any(Hear::DontKnow) => {
                self.say_word("dont_know", &[]);
                self.stuck();
            }
            None if self.other_request(intent, understanding).is_none() && self.take_correction(intent, &mut form, text, understanding) => {
                self.proceed(form, false);
            }
            None => {
                self.note("Not confirmed: nothing was changed");
                self.say_word("withdrawn", &[]);
                self.verdict(message, text, understanding);
            }
        }
    }

    /// A corrected value while a code is awaited: the code of the old value is void.
    fn take_correction(&self, intent: &Intent, form: &mut Form, text: &Text, understanding: &Understanding) -> bool {
        let mut corrected = false;
        for slot in &intent.slots {
            let free = self.engine().entities().is_text(&slot.kind);
            let place = || {
                self.engine()
                    .entities()
                    .accepts(&slot.kind, &text.original, &understanding.entities)
                    .then(|| text.original.trim().to_string())
            };
            let value = if free { place() } else { pick(&understanding.entities, &slot.kind, text) };
            if let Some(value) = value {
                corrected |= form.slots.insert(slot.name.clone(), value.clone()) != Some(value);
            }
        }
        corrected
    }

    /// 'Sorry, A1043' after an answer: the last request again, with the new value.
    pub(super) fn correct(&mut self, text: &Text, understanding: &Understanding) -> bool {
        let Some(done) = self.state.done.clone().filter(|done| self.now.duration_since(done.at) < KNOWN) else { return false };
        let Some(intent) = self.engine().intent(&done.intent) else { return false };
        let by_rule = understanding.candidates.first().is_some_and(|best| best.by_rule());
        let loose = text.tokens.len() <= 6 && !by_rule;
        if !(understanding.bare || loose) {
            return false;
        }
        let mut slots = done.slots;
        let mut corrected = false;
        for slot in &intent.slots {
            if let Some(value) = pick(&understanding.entities, &slot.kind, text) {
                slots.insert(slot.name.clone(), value);
                corrected = true;
            }
        }
        if corrected {
            self.know(&understanding.entities);
            self.mode = self.engine().mode(intent, self.rules.mode);
            let form = Form { intent: intent.id.clone(), slots, asking: Asking::Call, tries: 0, not_found: 0 };
            self.proceed(form, false);
        }
        corrected
    }

    /// The customer shared their own phone number.
    pub(super) fn shared_phone(&mut self, phone: &str) {
        self.state.proof = Some(Proof::Phone(phone.to_string()));
        match self.state.form.take() {
            Some(form) => self.proceed(form, false),
            None => self.say_word("bare_value", &[]),
        }
    }
}

/// The value of a kind: the first, or after a correction ('A1042, sorry, A1043') the last.
fn pick(entities: &[Entity], kind: &str, text: &Text) -> Option<String> {
    const CORRECTING: [&str; 38] = [
        "sorry",
        "no",
        "not",
        "actually",
        "mean",
        "meant",
        "oops",
        "wait",
        "perdon",
        "perdona",
        "digo",
        "uy",
        "disculpa",
        "pardon",
        "desole",
        "non",
        "oups",
        "enfin",
        "plutot",
        "nein",
        "falsch",
        "sondern",
        "entschuldigung",
        "nicht",
        "desculpe",
        "desculpa",
        "perdao",
        "nao",
        "dizer",
        "nahi",
        "nhi",
        "nahin",
        "matlab",
        "galti",
        "ups",
        "euh",
        "tschuldigung",
        "sorri",
    ];
    let mut values = entities.iter().filter(|entity| entity.kind == kind);
    let (first, last) = (values.next()?, values.next_back());
    let corrected = last.filter(|last| {
        let between = text.tokens.iter().filter(|token| token.span.start >= first.span.end && token.span.end <= last.span.start);
        let mut before = text.tokens.iter().filter(|token| token.span.end <= first.span.start).map(|token| token.text.as_str());
        between.into_iter().any(|token| CORRECTING.contains(&token.text.as_str())) || before.next_back() == Some("not")
    });
    Some(corrected.unwrap_or(first).value.clone())
}

fn four_digits(token: &Token) -> bool {
    token.text.len() == 4 && token.text.bytes().all(|byte| byte.is_ascii_digit())
}
