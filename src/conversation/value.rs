//! Values that customers give.
//!
//! Owns: what is known, taking a form's values from a message, corrections of the last request.
//! Invariants: what is known is not asked again within a day; the last value counts only where the first was taken back.
//! Leaves out: finding values in a text (`engine`).

use super::event::Message;
use super::parts::{Asking, Done, Form, Known, Next, Proof};
use super::step::Turn;
use super::words::{Hear, Heard};
use crate::engine::{Candidate, Entity, Intent, Slot, Small, SmallWords, Understanding, Verdict};
use crate::text::Text;
use jiff::SignedDuration;

/// How long a value is remembered without being said again.
pub(super) const KNOWN: SignedDuration = SignedDuration::from_hours(24);

/// How long a form that was put off is kept.
const PUT_OFF: SignedDuration = SignedDuration::from_hours(3 * 24);
/// A request is fresh for words that point back to it.
const FRESH: SignedDuration = SignedDuration::from_mins(30);
/// What an answered request must score to be meant by them.
const RESEMBLES: f32 = 0.25;
/// More values than this in one message are a list for a person.
const MOST_VALUES: usize = 4;

impl<'a> Turn<'a> {
    /// Remembers values.
    pub(super) fn know(&mut self, entities: &[Entity]) {
        for entity in entities {
            self.know_value(&entity.kind, entity.value.clone());
        }
    }

    pub(super) fn know_value(&mut self, kind: &str, value: String) {
        let old = self.state.known.remove(kind);
        let before = old.and_then(|old| if old.value == value { old.before } else { Some(old.value) });
        self.state.known.insert(kind.to_string(), Known { value, at: self.now, before });
    }

    /// Takes what a message gives for the form; `true` when the question is answered.
    pub(super) fn take_value(
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
                let fits = asked && self.engine().entities().accepts(&slot.kind, text, &understanding.entities);
                (fits && !heard.any(Hear::DontKnow) && !heard.only(Hear::Yes)).then(|| message.text.trim().to_string())
            } else if asked {
                let bare = || self.engine().entities().bare(&slot.kind, &text.original);
                pick(self.engine().small_words(), &understanding.entities, &slot.kind, text).or_else(bare)
            } else {
                pick(self.engine().small_words(), &understanding.entities, &slot.kind, text)
            };
            if let Some(value) = value {
                if !free {
                    self.know_value(&slot.kind, value.clone());
                }
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

    /// 'Sorry, A1043' after an answer: the last request again, with the new value.
    pub(super) fn correct(&mut self, text: &Text, understanding: &Understanding) -> bool {
        let Some((intent, done)) = self.last_request() else { return false };
        let by_rule = understanding.candidates.first().is_some_and(|best| best.by_rule());
        let loose = text.tokens.len() <= 6 && !by_rule;
        if !(understanding.bare || loose) {
            return false;
        }
        let mut slots = done.slots;
        let mut corrected = false;
        for slot in &intent.slots {
            if let Some(value) = pick(self.engine().small_words(), &understanding.entities, &slot.kind, text) {
                slots.insert(slot.name.clone(), value);
                corrected = true;
            }
        }
        if corrected {
            self.know(&understanding.entities);
            self.mode = self.engine().mode(intent, self.rules.mode);
            self.proceed(Form::new(intent.id.clone(), slots), false);
        }
        corrected
    }

    /// The last request, while it is fresh.
    fn last_request(&self) -> Option<(&'a Intent, Done)> {
        let done = self.state.done.clone().filter(|done| self.now.duration_since(done.at) < KNOWN)?;
        Some((self.engine().intent(&done.intent)?, done))
    }

    /// 'And the other one?': the last request again, with the value that was named before; unknown, it is asked for.
    pub(super) fn the_other(&mut self, heard: &Heard) -> bool {
        let Some((intent, done)) = self.last_request().filter(|_| heard.only(Hear::Other)) else { return false };
        let Some(slot) = intent.slots.iter().find(|slot| !self.engine().entities().is_text(&slot.kind)) else { return false };
        let mut slots = done.slots;
        let current = slots.remove(&slot.name);
        let other = self.state.known.get(&slot.kind).and_then(|known| {
            [Some(&known.value), known.before.as_ref()].into_iter().flatten().find(|value| Some(*value) != current.as_ref()).cloned()
        });
        slots.extend(other.map(|other| (slot.name.clone(), other)));
        self.mode = self.engine().mode(intent, self.rules.mode);
        self.proceed(Form::new(intent.id.clone(), slots), false);
        true
    }

    /// A form that was put off goes on: with a value that it lacks, or a plain yes.
    pub(super) fn take_up(&mut self, heard: &Heard, text: &Text, understanding: &Understanding) -> bool {
        let Some(later) = self.state.later.clone().filter(|later| self.now.duration_since(later.at) < PUT_OFF) else { return false };
        let Some(intent) = self.engine().intent(&later.form.intent) else { return false };
        let mut form = later.form;
        let value = |slot: &Slot| {
            if self.engine().entities().is_address(&slot.kind) {
                let whole = self.engine().entities().accepts(&slot.kind, text, &understanding.entities);
                return whole.then(|| text.original.trim().to_string());
            }
            let value = pick(self.engine().small_words(), &understanding.entities, &slot.kind, text);
            value.or_else(|| self.engine().entities().bare(&slot.kind, &text.original).filter(|_| text.tokens.len() <= 3))
        };
        let missing = intent.slots.iter().filter(|slot| !form.slots.contains_key(&slot.name));
        let values: Vec<(String, String)> = missing.filter_map(|slot| Some((slot.name.clone(), value(slot)?))).collect();
        let address = values
            .iter()
            .any(|(name, _)| intent.slots.iter().any(|slot| slot.name == *name && self.engine().entities().is_address(&slot.kind)));
        // An address is one, whatever its street is called ('7 Sandpiper Close').
        let alone = understanding.bare || address || matches!(understanding.verdict, Verdict::Unmatched);
        if !(heard.only(Hear::Yes) || (alone && !values.is_empty())) {
            return false;
        }
        self.know(&understanding.entities);
        form.slots.extend(values);
        self.state.later = None;
        self.mode = self.engine().mode(intent, self.rules.mode);
        self.proceed(form, false);
        true
    }

    /// 'And when does it come?': words that point back, and some resemblance to what was answered last. Nothing is ever changed
    /// on so little.
    pub(super) fn refers_back(&self, text: &Text, understanding: &Understanding) -> bool {
        let Some((intent, done)) = self.last_request() else { return false };
        let small = self.engine().small_words();
        let points = text.tokens.iter().any(|token| small.is(Small::Pointing, &token.text))
            || (text.tokens.len() <= 6 && text.tokens.first().is_some_and(|token| small.is(Small::Joining, &token.text)));
        let resembles = |candidate: &Candidate| self.engine().intents()[candidate.intent].id == intent.id && candidate.score >= RESEMBLES;
        let fresh = self.now.duration_since(done.at) < FRESH;
        fresh && points && !intent.changes && understanding.candidates.iter().any(resembles)
    }

    /// Several values of a kind in one message: the first is this request's, each other one is a request of its own.
    pub(super) fn further(&mut self, intent: &Intent, entities: &[Entity], kind: &str, taken: Option<&String>, text: &Text) {
        let small = self.engine().small_words();
        let of_kind: Vec<&Entity> = entities.iter().filter(|entity| entity.kind == kind).collect();
        let first = of_kind.first().map(|entity| &entity.value);
        // Only what the operator's own pattern finds names a thing: two dates or amounts in a sentence are one request.
        if !self.engine().entities().is_pattern(kind) || taken != first || corrected(small, &of_kind, text) {
            return;
        }
        let mut seen: Vec<&String> = taken.into_iter().collect();
        for entity in of_kind.iter().skip(1).take(MOST_VALUES) {
            if !seen.contains(&&entity.value) {
                seen.push(&entity.value);
                self.state.next_requests.push(Next { intent: intent.id.clone(), words: entity.value.clone() });
            }
        }
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
pub(super) fn pick(small: &SmallWords, entities: &[Entity], kind: &str, text: &Text) -> Option<String> {
    let values: Vec<&Entity> = entities.iter().filter(|entity| entity.kind == kind).collect();
    let chosen = if corrected(small, &values, text) { values.last() } else { values.first() };
    chosen.map(|entity| entity.value.clone())
}

/// True when the last of several values takes the first back: a word of correction stands between them, or 'not' before the first.
fn corrected(small: &SmallWords, values: &[&Entity], text: &Text) -> bool {
    let (Some(first), Some(last), true) = (values.first(), values.last(), values.len() > 1) else { return false };
    let word = |end: usize| text.tokens.iter().rev().find(|token| token.span.end <= end).map_or("", |token| token.text.as_str());
    // 'A1042, not A1041' takes back the second, not the first.
    if small.is(Small::Negating, word(last.span.start)) {
        return false;
    }
    let mut between = text.tokens.iter().filter(|token| token.span.start >= first.span.end && token.span.end <= last.span.start);
    between.any(|token| small.is(Small::Correcting, &token.text)) || small.is(Small::Negating, word(first.span.start))
}
