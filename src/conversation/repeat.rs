//! The same question again.
//!
//! Owns: answers of the last day, and what is said instead of the same words.
//! Invariants: the same answer is not given twice in the same words; asked in the same words again soon, or a third time in
//! others, a person is offered; after that one is called.
//! Leaves out: anger about it (`care` hears repetition too).

use super::parts::{Answered, Asked};
use super::step::Turn;
use super::urgency::Reason;
use super::value::KNOWN;
use crate::care::Assessment;
use crate::engine::Intent;
use jiff::SignedDuration;
use sha2::{Digest, Sha256};

/// Within this time somebody who asks again still has the answer before their eyes.
const SOON: SignedDuration = SignedDuration::from_hours(1);
/// Answers that are remembered.
const REMEMBERED: usize = 12;

impl Turn<'_> {
    /// What is wrong for everybody stands before the answers that it concerns, once a day for each customer.
    pub(super) fn incident(&mut self, intent: &Intent) {
        let Some(incident) = self.facts.incident.clone().filter(|_| !intent.social) else { return };
        let digest = digest(&incident.text);
        let told = self.state.answered.iter().any(|answered| answered.digest == digest);
        if told || incident.intent.is_some_and(|concerned| concerned != intent.id) {
            return;
        }
        self.state.answered.push(Answered { digest, at: self.now, times: 1 });
        self.say(incident.text);
    }

    /// Says an answer, or what there is to say when it was given before.
    pub(super) fn tell(&mut self, intent: &Intent, text: String) {
        self.incident(intent);
        let now = self.now;
        let digest = digest(&text);
        let same_words = matches!(self.state.recent.as_slice(), [.., before, last] if before == last);
        self.state.answered.retain(|answered| now.duration_since(answered.at) < KNOWN);
        let Some(answered) = self.state.answered.iter_mut().find(|answered| answered.digest == digest) else {
            self.state.answered.push(Answered { digest, at: now, times: 1 });
            let surplus = self.state.answered.len().saturating_sub(REMEMBERED);
            self.state.answered.drain(..surplus);
            return self.say(text);
        };
        answered.times = match now.duration_since(answered.at) < SOON {
            true => answered.times.saturating_add(1),
            false => 2,
        };
        answered.at = now;
        let insisted = answered.times + u8::from(same_words && answered.times >= 2);
        if intent.social {
            return self.say_word("here", &[]);
        }
        // In the middle of something else, or in the queue already, nobody is offered a person: they get the answer.
        let busy = self.state.form.is_some() || self.state.paused.is_some() || !self.state.next_requests.is_empty();
        match insisted {
            _ if insisted <= 2 || busy || self.state.handoff.is_some() => {
                self.say_word("as_before", &[]);
                self.say(text);
            }
            3 => {
                self.state.asked = Some(Asked::Person);
                self.say_word("again", &[]);
                self.yes_or_no();
            }
            _ => {
                self.say_word("enough", &[]);
                self.hand_off(Reason::Stuck, &Assessment::default());
            }
        }
    }
}

/// A short digest, for comparing texts that are not kept.
pub(super) fn digest(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
