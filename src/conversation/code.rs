//! The four-digit code that a change waits for.
//!
//! Owns: sending one, reading the answer, what makes it void.
//! Invariants: a change happens only after its own code was written within ten minutes; codes can't be tried out, and beginning
//! again does not begin the count again; a corrected value voids the code of the old one.
//! Leaves out: making the change (`answer`).

use super::event::Message;
use super::parts::{Asking, Form, Proof};
use super::step::Turn;
use super::urgency::Reason;
use super::value::{KNOWN, pick};
use super::words::{Hear, Heard};
use crate::care::Assessment;
use crate::engine::{Intent, Understanding};
use crate::text::{Text, Token};
use jiff::SignedDuration;

/// Wrong codes before a person is called.
const WRONG_CODES: u8 = 3;
/// Codes that are sent within a day.
const CODES_A_DAY: usize = 5;
/// How long a code works.
const CODE: SignedDuration = SignedDuration::from_mins(10);
impl Turn<'_> {
    /// Sends a code: in our own message where the number vouches for the sender, else through the backend to what is on file.
    pub(super) fn send_code(&mut self, intent: &Intent, mut form: Form) {
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
        if let Some(text) = template.and_then(|template| self.fill_in(template, form, &[])) {
            self.say(text);
        }
    }

    /// A message while a code is awaited.
    pub(super) fn code(
        &mut self,
        intent: &Intent,
        mut form: Form,
        message: &Message,
        text: &Text,
        understanding: &Understanding,
        heard: &Heard,
    ) {
        let Asking::Code { code, expires, wrong } = form.asking.clone() else { return };
        if self.now >= expires {
            return self.say_word("code_expired", &[]);
        }
        match self.tried_code(&form, text, understanding, &code) {
            Some(tried) if tried == code => {
                self.state.form = None;
                return self.proceed(form, true);
            }
            Some(_) => {
                self.state.codes.push((self.now, true));
                if wrong + 1 >= WRONG_CODES {
                    self.say_word("code_failed", &[]);
                    return self.stuck();
                }
                form.asking = Asking::Code { code, expires, wrong: wrong + 1 };
                self.say_word("code_wrong", &[]);
                self.state.form = Some(form);
                return;
            }
            None => {}
        }
        let other = self.other_request(intent, understanding).is_some();
        if !other && heard.begins(Hear::Yes) && text.tokens.len() <= 6 {
            self.say_word("code_needed", &[]);
            self.state.form = Some(form);
        } else if heard.any(Hear::Withdraw) || heard.only(Hear::No) {
            self.say_word("withdrawn", &[]);
        } else if heard.only(Hear::Later) {
            self.put_off(form);
        } else if heard.any(Hear::DontKnow) {
            self.say_word("dont_know", &[]);
            self.stuck();
        } else if !other && self.take_correction(intent, &mut form, text, understanding) {
            match intent.slots.iter().find(|slot| !form.slots.contains_key(&slot.name)) {
                None => self.proceed(form, false),
                Some(slot) => {
                    self.ask_word("place_again");
                    form.asking = Asking::Slot { name: slot.name.clone() };
                    self.state.form = Some(form);
                }
            }
        } else {
            self.note("Not confirmed: nothing was changed");
            self.say_word("withdrawn", &[]);
            self.verdict(message, text, understanding);
        }
    }

    /// The one code that a message tries: the first four digits in it that are not part of a value such as an order number.
    /// Only one counts, so that a message full of codes is one try; the digits of this form's own order are a code only where
    /// they happen to be the right one.
    fn tried_code(&self, form: &Form, text: &Text, understanding: &Understanding, code: &str) -> Option<String> {
        let named = |token: &Token| {
            let pattern = |kind: &str| self.engine().entities().is_pattern(kind);
            understanding.entities.iter().any(|entity| pattern(&entity.kind) && entity.span.overlaps(token.span))
        };
        let own = |token: &Token| form.slots.values().any(|value| value.ends_with(&token.text) && value.len() > token.text.len());
        let mut digits = text.tokens.iter().filter(|token| four_digits(token) && !named(token));
        digits.find(|token| !own(token) || token.text == code).map(|token| token.text.clone())
    }

    /// A corrected value while a code is awaited: the code of the old value is void.
    fn take_correction(&mut self, intent: &Intent, form: &mut Form, text: &Text, understanding: &Understanding) -> bool {
        let mut corrected = false;
        for slot in &intent.slots {
            if self.engine().entities().is_text(&slot.kind) {
                if !self.engine().entities().accepts(&slot.kind, text, &understanding.entities) {
                    continue;
                }
                let place = text.original.trim().to_string();
                let words = |place: &str| place.split_whitespace().count();
                let before = form.slots.insert(slot.name.clone(), place.clone());
                // A shorter one may be the rest of it, or its correction: which, only the customer knows.
                if before.is_some_and(|before| before != place && words(&place) <= words(&before)) {
                    form.slots.remove(&slot.name);
                }
                corrected = true;
            } else if let Some(value) = pick(self.engine().small_words(), &understanding.entities, &slot.kind, text) {
                let changed = form.slots.insert(slot.name.clone(), value.clone()) != Some(value.clone());
                if changed {
                    self.know_value(&slot.kind, value);
                }
                corrected |= changed;
            }
        }
        corrected
    }
}

fn four_digits(token: &Token) -> bool {
    token.text.len() == 4 && token.text.bytes().all(|byte| byte.is_ascii_digit())
}
