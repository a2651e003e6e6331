//! What the shape of a message says: negation before a cue, capitals, a clear language.
//!
//! Owns: the words that negate, and how far they reach; what counts as shouting.
//! Invariants: a negation reaches two words, within its sentence, and not over a new subject.
//! Leaves out: cues and guards (`assess`).

use super::assess::Evidence;
use super::level::Level;
use crate::text::{Kind as TokenKind, Language, Text, guess_with_lead};

const NEGATIONS: [&str; 22] = [
    "not", "dont", "never", "no", "isnt", "wasnt", "arent", "werent", "didnt", "doesnt", "wont", "wouldnt", "havent", "hasnt", "nobody",
    "without", "aint", "nor", "neither", "cannot", "nothing", "hardly",
];
const SUBJECTS: [&str; 14] = ["i", "im", "ive", "ill", "id", "we", "he", "she", "they", "my", "hes", "shes", "you", "and"];

/// The language whose small words lead by two over every other one; English only where no letter has an accent.
pub(super) fn clearly(text: &Text) -> Option<Language> {
    let accents = || text.original.chars().any(|c| c.is_alphabetic() && !c.is_ascii());
    let (language, lead) = guess_with_lead(text)?;
    (lead >= 2.0 && (language != Language::english() || !accents())).then_some(language)
}

/// Capitals throughout, or a row of exclamation marks: weak signs.
pub(super) fn shouting(text: &Text) -> Option<Evidence> {
    let words = text.tokens.iter().filter(|token| token.kind == TokenKind::Word && token.text.len() > 1).count();
    let loud = text.tokens.iter().filter(|token| token.caps && token.kind == TokenKind::Word).count();
    let capitals = loud >= 4 && loud * 5 >= words * 4;
    let (rule, weight) = match (capitals, text.exclamations >= 3) {
        (true, true) => ("capitals_and_exclamations", 0.7),
        (true, false) => ("capitals", 0.5),
        _ => return None,
    };
    let span = text.span(0, text.tokens.len());
    let words = span.of(&text.original).to_string();
    Some(Evidence { rule: rule.into(), level: Level::Frustration, text: words, start: span.start, end: span.end, weight })
}

/// A negation stands in the two words before, in the same sentence, and no new subject begins in between: in 'I can't go on,
/// I want to die' nothing is negated.
pub(super) fn negated(text: &Text, start: usize) -> bool {
    let Some(first) = text.tokens.get(start) else { return false };
    if SUBJECTS.contains(&first.text.as_str()) {
        return false;
    }
    text.tokens[start.saturating_sub(2)..start]
        .iter()
        .rev()
        .take_while(|token| token.sentence == first.sentence && !SUBJECTS.contains(&token.text.as_str()))
        .any(|token| NEGATIONS.contains(&token.text.as_str()))
}
