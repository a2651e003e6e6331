//! What the shape of a message says: negation before a cue, capitals, rows of marks, drawn-out words, a clear language.
//!
//! Owns: the words that negate, and how far they reach; what counts as shouting.
//! Invariants: a negation reaches two words, within its sentence, and not over a new subject.
//! Leaves out: cues and guards (`assess`).

use super::assessment::Evidence;
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

/// Capitals throughout, drawn-out words, rows of marks: weak signs, and weaker ones. Exclamation marks alone are glad as often
/// as not.
pub(super) fn shouting(text: &Text) -> Option<Evidence> {
    let words = text.tokens.iter().filter(|token| token.kind == TokenKind::Word && token.text.len() > 1).count();
    let loud = text.tokens.iter().filter(|token| token.caps && token.kind == TokenKind::Word).count();
    let capitals = loud >= 4 && loud * 5 >= words * 4;
    let asking = text.original.contains("???");
    let (rule, weight) = match (capitals, text.exclamations >= 3 || asking || drawn_out(text)) {
        (true, true) => ("capitals_and_marks", 0.7),
        (true, false) => ("capitals", 0.5),
        (false, _) if asking && drawn_out(text) => ("drawn_out_question", 0.5),
        (false, _) if asking => ("question_marks", 0.3),
        _ => return None,
    };
    let span = text.span(0, text.tokens.len());
    let words = span.of(&text.original).to_string();
    Some(Evidence { rule: rule.into(), level: Level::Frustration, text: words, start: span.start, end: span.end, weight })
}

/// A word with a letter four times or more in a row: 'pleeeease'.
fn drawn_out(text: &Text) -> bool {
    let long = |word: &str| {
        let mut row = (0, ' ');
        word.chars().any(|c| {
            row = if c == row.1 && c.is_alphabetic() { (row.0 + 1, c) } else { (1, c) };
            row.0 >= 4
        })
    };
    text.tokens.iter().any(|token| token.kind == TokenKind::Word && long(token.span.of(&text.original)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shape_rows() {
        for (name, text, wanted) in [
            ("calm", "where is my parcel?", None),
            ("glad", "IT CAME, thank you!!!", None),
            ("three questions", "where? when? by whom?", None),
            ("a short shout", "WHERE IS IT", None),
            ("capitals", "WHERE IS MY PARCEL", Some(("capitals", 0.5))),
            ("capitals and marks", "WHERE IS MY PARCEL!!!", Some(("capitals_and_marks", 0.7))),
            ("a row of question marks", "where is it???", Some(("question_marks", 0.3))),
            ("drawn out too", "whyyyyy is it late???", Some(("drawn_out_question", 0.5))),
            ("drawn out alone", "pleeeease send it", None),
            ("nothing", "", None),
        ] {
            let found = shouting(&Text::new(text)).map(|evidence| (evidence.rule, evidence.weight));
            assert_eq!(found.as_ref().map(|(rule, weight)| (rule.as_str(), *weight)), wanted, "{name}");
        }
    }
}
