//! How they write, against how they wrote before: signs that no single message shows.
//!
//! Owns: [`Manner`], a customer's usual length; the weak signs of a long outpouring and of a cold answer after the bot failed
//! them (`care` adds them up); patience at its end, where they write again after they waited longer than they should.
//! Invariants: an answer to what was asked, thanks, a press and an edit are no signs; a wait is one once.
//! Leaves out: the shape of one message and its repetition (`care`), how signs add up over messages (`care::Temperature`).

use super::event::Message;
use super::parts::{Asked, Owner};
use super::step::Turn;
use super::words::{Hear, Heard};
use crate::care::{Assessment, Level};
use crate::engine::{Understanding, Verdict};
use crate::text::{Kind as TokenKind, Text};
use serde::{Deserialize, Serialize};

/// How long a customer's messages usually are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manner {
    messages: u32,
    /// Words a message; older messages count less and less.
    words: f32,
}

/// So many messages must be known before there is a usual.
const KNOWN: u32 = 3;
/// How far one message moves the usual length.
const STEP: f32 = 0.2;
/// An outpouring has so many words, and so many times the usual.
const LONG: usize = 40;
const TIMES: f32 = 4.0;
/// A cold answer has no more words than this.
const SHORT: usize = 3;

/// What brings a person; a weak sign; and a faint one, which counts beside another only.
const STRONG: f32 = 1.0;
const WEAK: f32 = 0.5;
const FAINT: f32 = 0.3;

impl Manner {
    fn take_in(&mut self, words: usize) {
        let words = words as f32;
        self.words = if self.messages == 0 { words } else { self.words + STEP * (words - self.words) };
        self.messages = self.messages.saturating_add(1);
    }

    fn is_outpouring(self, words: usize) -> bool {
        self.messages >= KNOWN && words >= LONG && words as f32 >= TIMES * self.words
    }
}

impl Turn<'_> {
    /// Adds what the manner of a message says.
    pub(super) fn manner(
        &mut self,
        message: &Message,
        text: &Text,
        understanding: &Understanding,
        heard: &Heard,
        assessment: &mut Assessment,
    ) {
        if message.edited || message.pressed.is_some() {
            return;
        }
        let words = text.tokens.iter().filter(|token| token.kind == TokenKind::Word).count();
        if self.state.manner.is_outpouring(words) {
            let weight = if understanding.certain() { FAINT } else { WEAK };
            assessment.sign("longer_than_usual", Level::Frustration, text, weight);
        }
        self.state.manner.take_in(words);
        if self.is_cold(text, words, understanding, heard) {
            assessment.sign("cold_after_a_miss", Level::Frustration, text, WEAK);
        }
        if !understanding.certain() && !heard.only(Hear::Withdraw) && self.waits_too_long() {
            assessment.sign("waiting", Level::Frustration, text, STRONG);
        }
    }

    /// A word or two, and no answer to anything, right after the bot did not understand or asked the same twice.
    fn is_cold(&self, text: &Text, words: usize, understanding: &Understanding, heard: &Heard) -> bool {
        let failed = self.state.misses > 0 || self.state.form.as_ref().is_some_and(|form| form.tries > 0 || form.not_found > 0);
        let only_words = text.tokens.iter().all(|token| token.kind == TokenKind::Word);
        let answers = [
            Hear::Yes,
            Hear::No,
            Hear::DontKnow,
            Hear::First,
            Hear::Second,
            Hear::Third,
            Hear::Different,
            Hear::Later,
            Hear::Find,
            Hear::Other,
            Hear::OptOut,
            Hear::OptIn,
            Hear::Help,
            Hear::Safe,
            Hear::HelpLine,
        ];
        // Who lets it be when a person was offered has answered.
        let declined = heard.only(Hear::Withdraw) && self.state.asked == Some(Asked::Person);
        failed
            && !declined
            && (1..=SHORT).contains(&words)
            && only_words
            && understanding.entities.is_empty()
            && (heard.only(Hear::Withdraw) || !matches!(understanding.verdict, Verdict::Matched(_) | Verdict::Several(_)))
            && !answers.iter().any(|answer| heard.only(*answer))
    }

    /// Nobody has come in the time that this urgency allows; said of each wait once.
    fn waits_too_long(&mut self) -> bool {
        let (now, waiting) = (self.now, self.state.owner == Owner::Waiting);
        let Some(handoff) = self.state.handoff.as_mut() else { return false };
        let long = waiting && !handoff.waited && now.duration_since(handoff.opened) >= handoff.urgency.patience();
        handoff.waited |= long;
        long
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outpouring_is_long_by_itself_and_for_this_customer() {
        for (name, before, words, wanted) in [
            ("a stranger", vec![], 80, false),
            ("after short ones", vec![4, 6, 5], 60, true),
            ("not long by itself", vec![2, 3, 2], 30, false),
            ("as always", vec![50, 40, 60], 70, false),
            ("two are no habit", vec![4, 4], 60, false),
        ] {
            let mut manner = Manner::default();
            before.into_iter().for_each(|words| manner.take_in(words));
            assert_eq!(manner.is_outpouring(words), wanted, "{name}");
        }
    }
}
