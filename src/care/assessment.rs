//! What was heard in a message, and how it adds up.
//!
//! Owns: [`Evidence`], [`Assessment`], the sums at which a level is offered and reached.
//! Invariants: evidence for every level is kept, not only for the highest; more evidence never means a lower level.
//! Leaves out: where evidence comes from (`assess`, `opinion`, `shape`; how somebody writes: `conversation`).

use super::level::{Kind, Level, Subject};
use crate::text::Text;

/// One cue that was heard.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Evidence {
    /// The cue's id.
    pub rule: String,
    /// Its level.
    pub level: Level,
    /// The words.
    pub text: String,
    /// First byte of them in the message.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// How much it counts: 1 acts alone.
    pub weight: f32,
}

/// How a customer is, as far as one message says.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Assessment {
    /// The most urgent level that was reached.
    pub level: Level,
    /// What a crisis is about.
    pub kind: Option<Kind>,
    /// Who is at risk, in a crisis.
    pub subject: Option<Subject>,
    /// Says that they are under 18.
    pub minor: bool,
    /// Must not be written to: somebody else reads this phone.
    #[serde(default)]
    pub silent: bool,
    /// 0 to 1: how much speaks for the level, or for an offer below it.
    pub score: f32,
    /// Everything that was heard.
    pub evidence: Vec<Evidence>,
    /// A weak sign: answer, and offer a person once.
    pub offer: bool,
}

/// The rule of what only resembles the examples.
pub const OPINION: &str = "resembles_examples";

/// A weak sign is one from this sum on.
pub(super) const SIGN: f32 = 0.45;
/// A level is reached at this sum of weights.
const ENOUGH: f32 = 0.99;

impl Assessment {
    /// Level, score and offer from the evidence. A level is reached by the weight of its own cues and of every more urgent
    /// one: half a sign of crisis and half a sign of distress make distress.
    pub(super) fn settle(&mut self) {
        self.evidence.sort_by(|a, b| b.level.cmp(&a.level).then(a.start.cmp(&b.start)));
        let weight =
            |level: Level| -> f32 { self.evidence.iter().filter(|evidence| evidence.level >= level).map(|evidence| evidence.weight).sum() };
        // Somebody who asks for a person gets one; weak signs of something else don't add up to asking.
        let human: f32 =
            self.evidence.iter().filter(|evidence| evidence.level == Level::HumanRequest).map(|evidence| evidence.weight).sum();
        let reached = [Level::Crisis, Level::Distress, Level::Frustration].into_iter().find(|level| weight(*level) >= ENOUGH);
        self.level = reached.unwrap_or(if human >= ENOUGH { Level::HumanRequest } else { Level::None });
        let score = match self.level {
            Level::None => weight(Level::Frustration).max(human),
            Level::HumanRequest => human,
            level => weight(level),
        };
        self.score = score.min(1.0);
        self.offer = self.level == Level::None && self.score >= SIGN;
    }

    /// Nothing that counts by itself was heard in it; it only resembles what people in need write.
    pub fn only_resembles(&self) -> bool {
        let opinion = |evidence: &Evidence| evidence.rule == OPINION;
        self.evidence.iter().any(opinion)
            && self.evidence.iter().all(|evidence| opinion(evidence) || (evidence.weight < SIGN && evidence.level == Level::Frustration))
    }

    /// Answers as for an ordinary request, and offers a person.
    pub fn only_offer(&mut self) {
        (self.level, self.kind, self.subject, self.offer) = (Level::None, None, None, true);
    }

    /// The same message came `times` times in a row: twice is a weak sign, three times is exasperation.
    pub fn repeated(&mut self, text: &Text, times: u32) {
        if times < 2 {
            return;
        }
        self.sign("repetition", Level::Frustration, text, if times == 2 { 0.5 } else { 1.0 });
    }

    /// Adds a sign that is not in a message's words, but in how or when it was written.
    pub fn sign(&mut self, rule: &str, level: Level, text: &Text, weight: f32) {
        let span = text.span(0, text.tokens.len());
        let words = text.original.clone();
        self.evidence.push(Evidence { rule: rule.into(), level, text: words, start: span.start, end: span.end, weight });
        self.settle();
    }
}
