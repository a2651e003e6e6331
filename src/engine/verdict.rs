//! What the engine makes of a message: candidates with their reasons, and the verdict.
//!
//! Owns: the types, and how candidates become a verdict.
//! Invariants: scores lie between 0 and 1; candidates are sorted best first, equal ones by id; small talk yields to any
//! other request that reaches the threshold.
//! Leaves out: where candidates come from (`understand`).

use super::entity::Entity;
use super::intent::Intent;
use crate::text::Language;
use std::ops::Range;

/// Where a verdict turns. Scores are chances, so the numbers serve any set of intents: the default threshold is the best
/// cut where [`OUT_OF_SCOPE`](crate::lexis::OUT_OF_SCOPE) of the messages ask for nothing that the intents cover.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Thresholds {
    /// Below this score nothing matched.
    pub threshold: f32,
    /// Candidates this close to the best one are asked about.
    pub margin: f32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds { threshold: 0.5, margin: 0.06 }
    }
}

/// Why an intent got its score. Numbers are those of the engine's lines; [`Engine::why`](super::Engine::why) has the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A phrase covers the whole message.
    Whole(usize),
    /// A phrase stands inside the message.
    Phrase(usize),
    /// A keyword group.
    Keywords(usize),
    /// A pattern.
    Pattern(usize),
    /// The scorer: it resembles the intent's lines.
    Score,
    /// Ruled out by an exception.
    Never(usize),
}

/// An intent that could be meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Number of the intent.
    pub intent: usize,
    /// 0 to 1.
    pub score: f32,
    /// Why.
    pub reason: Reason,
    /// Tokens that a phrase covered.
    pub tokens: Range<usize>,
}

impl Candidate {
    /// Rests on a phrase or rule that an operator wrote.
    pub fn by_rule(&self) -> bool {
        !matches!(self.reason, Reason::Score)
    }
}

/// One of several requests in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Number of the intent.
    pub intent: usize,
    /// The tokens that ask for it.
    pub tokens: Range<usize>,
}

/// What the engine makes of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// One intent.
    Matched(usize),
    /// Several requests, in the order in which they stand.
    Several(Vec<Part>),
    /// Two or three that are too close to choose.
    Ambiguous(Vec<usize>),
    /// None.
    Unmatched,
}

/// A verdict with all that led to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Understanding {
    /// The verdict.
    pub verdict: Verdict,
    /// Candidates, best first; at most eight.
    pub candidates: Vec<Candidate>,
    /// Intents that a `never` line ruled out.
    pub ruled_out: Vec<Candidate>,
    /// Values in the message.
    pub entities: Vec<Entity>,
    /// The language, where it is clear.
    pub language: Option<Language>,
    /// By how many words it leads over the next.
    pub language_lead: f32,
    /// True when nothing but values and filler stands in the message.
    pub bare: bool,
}

impl Understanding {
    /// True when the best candidate rests on a rule, or on a score that is hardly ever wrong.
    pub fn certain(&self) -> bool {
        self.candidates.first().is_some_and(|best| best.by_rule() || best.score >= CERTAIN)
    }
}

/// A score of words alone that interrupts something else.
pub(super) const CERTAIN: f32 = 0.7;

/// One request, or the few that are too close, or none.
pub(super) fn verdict(candidates: &[Candidate], intents: &[Intent], thresholds: Thresholds) -> Verdict {
    let reached = |candidate: &&Candidate| candidate.score >= thresholds.threshold;
    let social = |candidate: &Candidate| intents[candidate.intent].social;
    let Some(first) = candidates.first().filter(reached) else { return Verdict::Unmatched };
    // A request beside small talk is the request, unless only a resemblance speaks for it, and less than a line for the small talk.
    let request = candidates.iter().find(|other| reached(other) && !social(other) && (other.by_rule() || !social(first)));
    let best = match request {
        Some(request) if !(social(first) && matches!(first.reason, Reason::Whole(_))) => request,
        _ => first,
    };
    let close: Vec<&Candidate> = candidates
        .iter()
        .filter(|other| reached(other) && social(other) == social(best) && (best.score - other.score).abs() < thresholds.margin)
        // Resemblance alone doesn't call a rule into question that is at least as strong.
        .filter(|other| other.intent == best.intent || other.by_rule() || !best.by_rule())
        .take(3)
        .collect();
    if close.len() <= 1 {
        return Verdict::Matched(best.intent);
    }
    // Nobody is asked which of two pleasantries they meant; the one said last is answered.
    match close.iter().max_by_key(|other| other.tokens.end) {
        Some(last) if social(best) => Verdict::Matched(last.intent),
        _ => Verdict::Ambiguous(close.into_iter().map(|other| other.intent).collect()),
    }
}
