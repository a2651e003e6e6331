//! Why a message was understood as it was: for operators, and for staff who take it over.
//!
//! Owns: `Trace`, made after the fact from an understanding; its picture as text.
//! Invariants: holds no words of the customer, only where they stand; says for each candidate what spoke for it and why it
//! lost, and which threshold decided.
//! Leaves out: what care heard (`care` has its own evidence).

use super::entity::Entity;
use super::understand::Engine;
use super::verdict::{Candidate, Reason, Understanding, Verdict};
use crate::text::{Span, Text};
use serde::{Deserialize, Serialize};

/// Candidates that are worth a line.
const SHOWN: usize = 4;
/// Words that are worth naming, and what they have to add at least.
const WORDS: usize = 5;
const FAINT: f32 = 0.05;

/// One intent that was considered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Considered {
    /// Its id.
    pub intent: String,
    /// Its score, 0 to 1.
    pub score: f32,
    /// What spoke for it, in words; of a `never` line, against it.
    pub reason: String,
    /// What the rule matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// What single words added to the scorer's part, the strongest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<(Span, f32)>,
    /// Why it was not the one; empty for those that were.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lost: String,
}

/// Why a message was understood as it was. Spans are UTF-8 bytes of the message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// The verdict: an intent, `a, then b`, `ambiguous: a or b`, `unmatched`.
    pub verdict: String,
    /// What decided it.
    pub decided: String,
    /// Intents, best first; those that `never` lines ruled out are last.
    pub candidates: Vec<Considered>,
    /// Values that were read.
    pub entities: Vec<Entity>,
}

impl Engine {
    /// Explains an understanding of a text.
    pub fn trace(&self, text: &Text, understanding: &Understanding) -> Trace {
        let id = |number: usize| self.intents[number].id.clone();
        let (verdict, chosen) = match &understanding.verdict {
            Verdict::Matched(number) => (id(*number), vec![*number]),
            Verdict::Several(parts) => {
                let numbers: Vec<usize> = parts.iter().map(|part| part.intent).collect();
                (numbers.iter().map(|number| id(*number)).collect::<Vec<_>>().join(", then "), numbers)
            }
            Verdict::Ambiguous(numbers) => {
                (format!("ambiguous: {}", numbers.iter().map(|number| id(*number)).collect::<Vec<_>>().join(" or ")), numbers.clone())
            }
            Verdict::Unmatched => ("unmatched".into(), Vec::new()),
        };
        let mut considered: Vec<Considered> = Vec::new();
        for candidate in understanding.candidates.iter().take(SHOWN) {
            let mut words = self.carried(text, &understanding.entities, candidate.intent);
            words.retain(|(_, amount)| amount.abs() >= FAINT);
            words.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
            words.truncate(WORDS);
            let lost = if chosen.contains(&candidate.intent) { String::new() } else { self.lost(candidate, understanding, &chosen) };
            considered.push(Considered { words, lost, ..self.considered(text, candidate) });
        }
        // Small talk is ruled out by every request; that explains nothing.
        for candidate in understanding.ruled_out.iter().filter(|candidate| !self.intents[candidate.intent].social) {
            considered.push(Considered { lost: "ruled out".into(), ..self.considered(text, candidate) });
        }
        Trace { verdict, decided: self.decided(understanding, &chosen), candidates: considered, entities: understanding.entities.clone() }
    }

    fn considered(&self, text: &Text, candidate: &Candidate) -> Considered {
        let why = self.why(candidate.reason);
        let reason = match candidate.reason {
            Reason::Whole(_) => format!("the whole message is \"{why}\""),
            Reason::Phrase(_) => format!("holds \"{why}\""),
            Reason::Keywords(_) => format!("keywords {why}"),
            Reason::Pattern(_) => format!("pattern {why}"),
            Reason::Score => "resembles its lines".into(),
            Reason::Never(_) => format!("never \"{why}\""),
        };
        let span = (!candidate.tokens.is_empty()).then(|| text.span(candidate.tokens.start, candidate.tokens.end));
        Considered {
            intent: self.intents[candidate.intent].id.clone(),
            score: candidate.score,
            reason,
            span,
            words: Vec::new(),
            lost: String::new(),
        }
    }

    /// Why a candidate is not the one.
    fn lost(&self, candidate: &Candidate, understanding: &Understanding, chosen: &[usize]) -> String {
        let threshold = self.thresholds.threshold;
        let best = understanding.candidates.iter().find(|other| chosen.contains(&other.intent));
        match best {
            _ if candidate.score < threshold => format!("below {threshold:.2}"),
            Some(best) if self.intents[candidate.intent].social && !self.intents[best.intent].social => {
                "small talk beside a request".into()
            }
            Some(best) if best.by_rule() && !candidate.by_rule() => {
                format!("only resembles, and a line speaks for {}", self.intents[best.intent].id)
            }
            Some(best) => format!("{:.2} behind {}", best.score - candidate.score, self.intents[best.intent].id),
            None => "stands in no part of its own".into(),
        }
    }

    /// Which threshold decided.
    fn decided(&self, understanding: &Understanding, chosen: &[usize]) -> String {
        let (threshold, margin) = (self.thresholds.threshold, self.thresholds.margin);
        let Some(first) = understanding.candidates.first() else { return "nothing resembles it".into() };
        match &understanding.verdict {
            Verdict::Several(_) => "each part asks for something of its own".into(),
            Verdict::Ambiguous(_) => format!("they are within {margin:.2} of each other (margin)"),
            Verdict::Unmatched => format!("the best, {:.2}, is below {threshold:.2} (threshold)", first.score),
            Verdict::Matched(number) => {
                let Some(best) = understanding.candidates.iter().find(|candidate| candidate.intent == *number) else {
                    return String::new();
                };
                if matches!(best.reason, Reason::Whole(_)) {
                    return "a line that covers the whole message decides alone".into();
                }
                let next = understanding.candidates.iter().find(|other| !chosen.contains(&other.intent));
                match next {
                    Some(next) if best.score >= next.score => {
                        let lead = best.score - next.score;
                        format!(
                            "{:.2} is above {threshold:.2} (threshold), and {lead:.2} ahead of the next (margin {margin:.2})",
                            best.score
                        )
                    }
                    _ => format!("{:.2} is above {threshold:.2} (threshold)", best.score),
                }
            }
        }
    }
}

impl Trace {
    /// A readable picture: what was matched, underlined; each candidate with what spoke for it and why it lost; what decided.
    pub fn picture(&self, text: &str) -> String {
        let mut lines = Vec::new();
        for entity in &self.entities {
            lines.push(format!("{} {} = {}", underline(text, entity.span), entity.kind, entity.value));
        }
        for considered in self.candidates.iter().filter(|considered| considered.span.is_some()) {
            let span = considered.span.unwrap_or(Span { start: 0, end: 0 });
            let not = if considered.reason.starts_with("never") { "not " } else { "" };
            lines.push(format!("{} {not}{}", underline(text, span), considered.intent));
        }
        lines.push(format!("\nVerdict   {}: {}", self.verdict, self.decided));
        for considered in &self.candidates {
            let score = if considered.reason.starts_with("never") { "  --".into() } else { format!("{:.2}", considered.score) };
            let lost = if considered.lost.is_empty() { String::new() } else { format!("  ({})", considered.lost) };
            lines.push(format!("  {score}  {:<18} {}{lost}", considered.intent, shortened(&considered.reason)));
            if !considered.words.is_empty() {
                lines.push(format!("        {:<18} {}", "", self.words(considered, text)));
            }
        }
        if self.candidates.is_empty() {
            lines.push("  no intent resembles it".into());
        }
        lines.join("\n")
    }

    /// One line for staff: what the message was taken for, and why.
    pub fn summary(&self, text: &str) -> String {
        let Some(best) = self.candidates.first() else { return format!("{} ({})", self.verdict, self.decided) };
        let words = self.words(best, text);
        let words = if words.is_empty() { String::new() } else { format!(" [{words}]") };
        match self.verdict == best.intent {
            true => format!("{} {:.2}, {}{words}", best.intent, best.score, shortened(&best.reason)),
            false => format!("{}; nearest {} {:.2}{words}; {}", self.verdict, best.intent, best.score, self.decided),
        }
    }

    fn words(&self, considered: &Considered, text: &str) -> String {
        considered.words.iter().map(|(span, amount)| format!("{} {amount:+.2}", span.of(text))).collect::<Vec<_>>().join(", ")
    }
}

/// Blanks up to a span and tildes below it, counted in characters.
pub fn underline(text: &str, span: Span) -> String {
    let before = text.get(..span.start).map_or(0, |before| before.chars().count());
    let length = span.of(text).chars().count().max(1);
    format!("{}{}", " ".repeat(before), "~".repeat(length))
}

/// A long line is cut in the middle: its beginning and end tell which one it is.
fn shortened(text: &str) -> String {
    const MOST: usize = 90;
    let count = text.chars().count();
    if count <= MOST {
        return text.to_string();
    }
    let (head, tail): (String, String) = (text.chars().take(MOST - 12).collect(), text.chars().skip(count - 10).collect());
    format!("{head}…{tail}")
}
