//! Where one request may end and the next begin.
//!
//! Owns: clauses: parts of a message between sentence ends, commas and words like 'and'.
//! Invariants: clauses do not overlap, go forwards, and each has at least two words: a shorter piece joins its neighbour.
//! Leaves out: whether a clause asks for anything.

use super::small_words::{Small, SmallWords};
use crate::text::{Span, Text};
use std::ops::Range;

/// More clauses than this are a letter, not a list of requests.
const MOST: usize = 8;

/// The clauses of a message; a message of one clause is one range. A message of too many parts is one clause too.
pub(super) fn clauses(text: &Text, small: &SmallWords) -> Vec<Range<usize>> {
    let mut clauses: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    for at in 1..text.tokens.len() {
        let (before, token) = (&text.tokens[at - 1], &text.tokens[at]);
        let between = Span { start: before.span.end, end: token.span.start }.of(&text.original);
        let cut = before.sentence != token.sentence || between.contains([',', '\n', '&', '+']) || small.is(Small::Joining, &token.text);
        if cut && at - start >= 2 && text.tokens.len() - at >= 2 {
            clauses.push(start..at);
            start = at;
        }
    }
    clauses.push(start..text.tokens.len());
    if clauses.len() > MOST { std::iter::once(0..text.tokens.len()).collect() } else { clauses }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clause_rows() {
        for (text, wanted) in [
            ("where is my order", vec!["where is my order"]),
            ("cancel A1042 and where is A1043", vec!["cancel A1042", "and where is A1043"]),
            ("Where is it? I want my money back.", vec!["Where is it", "I want my money back"]),
            ("hi, where is it", vec!["hi, where is it"]),
            ("", vec![""]),
        ] {
            let text = Text::new(text);
            let shown: Vec<&str> = clauses(&text, &super::super::small_words::shipped())
                .into_iter()
                .map(|c| text.span(c.start, c.end).of(&text.original))
                .collect();
            assert_eq!(shown, wanted);
        }
    }

    proptest::proptest! {
        #[test]
        fn clauses_cover_the_message(text in ".*") {
            let text = Text::new(text);
            let clauses = clauses(&text, &super::super::small_words::shipped());
            proptest::prop_assert_eq!(clauses.first().map(|c| c.start), Some(0));
            proptest::prop_assert_eq!(clauses.last().map(|c| c.end), Some(text.tokens.len()));
            proptest::prop_assert!(clauses.windows(2).all(|pair| pair[0].end == pair[1].start));
        }
    }
}
