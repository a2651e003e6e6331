//! A message as the scorer reads it.
//!
//! Owns: shorthand and leetspeak written out, typos repaired at less trust, words that were run together
//! or torn apart by a slip of the thumb.
//! Invariants: every word keeps the token that it came from; a word that the vocabulary or the language knows is never
//! changed; numbers and identifiers are never repaired.

use super::features::Word;
use crate::lexis::{Message, Vocabulary, real_word};
use crate::text::{Kind, Text};
use smallvec::{SmallVec, smallvec};

/// How much a word counts that had to be repaired, split or joined.
const REPAIRED: f32 = 0.8;

/// More words than this are not run together by a slip.
const MOST_PIECES: usize = 4;

/// The words of a message, without the tokens marked in `skip`.
pub fn read<'m>(message: &'m Message<'_>, vocabulary: &'m Vocabulary, skip: &[bool]) -> Vec<Word<'m>> {
    let tokens = &message.text.tokens;
    let mut words = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let token = at;
        at += 1;
        if skip.get(token).copied().unwrap_or(false) {
            continue;
        }
        let known = message.words[token].first().map(|id| vocabulary.word(*id));
        let mut push = |text: &'m str, trust: f32| words.push(Word { text, trust, token });
        let written = tokens[token].text.as_str();
        let understood = |token: usize| !message.words[token].is_empty() && !message.repaired[token];
        // Two pieces of a word: one of them at least is no word by itself.
        let next = tokens.get(token + 1).filter(|next| next.kind == Kind::Word && tokens[token].kind == Kind::Word);
        let next = next.filter(|_| !understood(token) || !understood(token + 1));
        if let Some(word) = next.and_then(|next| joined(written, &next.text, vocabulary)) {
            push(word, REPAIRED);
            at += 1;
            continue;
        }
        match (known, tokens[token].kind) {
            (Some(word), _) if !message.repaired[token] => push(word, 1.0),
            (None, Kind::Number | Kind::Emoji) => push(written, 1.0),
            (Some(word), _) => push(word, REPAIRED),
            (None, _) => match torn(written, vocabulary) {
                Some(pieces) => pieces.into_iter().for_each(|piece| push(piece, REPAIRED)),
                None => push(written, 1.0),
            },
        }
    }
    words
}

/// The words of a text that is learnt from.
pub fn plain(text: &Text) -> Vec<String> {
    text.tokens.iter().map(|token| token.text.clone()).collect()
}

/// 'can cel' as a known word.
fn joined<'v>(one: &str, two: &str, vocabulary: &'v Vocabulary) -> Option<&'v str> {
    if real_word(one) && real_word(two) {
        return None;
    }
    let id = vocabulary.id(&format!("{one}{two}"))?;
    Some(vocabulary.word(id)).filter(|word| word.chars().count() >= 5)
}

/// 'myorder' as two known words, 'whereismyorder' as up to four; the longest first word wins.
fn torn<'v>(word: &str, vocabulary: &'v Vocabulary) -> Option<SmallVec<[&'v str; 4]>> {
    if word.len() < 6 || word.len() > 24 || real_word(word) {
        return None;
    }
    (2..=MOST_PIECES).find_map(|pieces| split(word, pieces, pieces == 2, vocabulary))
}

/// A word as exactly so many known ones; where `any` does not hold, the long ones are English.
fn split<'v>(word: &str, pieces: usize, any: bool, vocabulary: &'v Vocabulary) -> Option<SmallVec<[&'v str; 4]>> {
    let known = |part: &str| {
        vocabulary.id(part).map(|id| vocabulary.word(id)).filter(|part| part.len() >= 2 && (any || part.len() < 4 || real_word(part)))
    };
    if pieces == 1 {
        return known(word).map(|word| smallvec![word]);
    }
    word.char_indices().rev().filter(|(at, _)| *at >= 2).find_map(|(at, _)| {
        let (first, rest) = word.split_at_checked(at)?;
        let first = known(first)?;
        let mut all: SmallVec<[&'v str; 4]> = smallvec![first];
        all.extend(split(rest, pieces - 1, any, vocabulary)?);
        Some(all)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_rows() {
        let mut vocabulary = Vocabulary::default();
        for word in ["where", "is", "my", "order", "parcel", "cancel", "please"] {
            vocabulary.add(word);
        }
        for (name, written, wanted) in [
            ("as it is", "where is my order", vec!["where", "is", "my", "order"]),
            ("a number stays", "where is A1042", vec!["where", "is", "a1042"]),
            ("typo", "my parcle", vec!["my", "parcel"]),
            ("leetspeak", "my 0rder", vec!["my", "order"]),
            ("shorthand", "ordr pls", vec!["order", "please"]),
            ("run together", "whereis myorder", vec!["where", "is", "my", "order"]),
            ("all run together", "whereismyorder", vec!["where", "is", "my", "order"]),
            ("torn apart", "can cel my or der", vec!["cancel", "my", "order"]),
            ("a real word stays", "my border", vec!["my", "border"]),
            ("unknown stays", "my zxcvbn", vec!["my", "zxcvbn"]),
        ] {
            let text = Text::new(written);
            let message = Message::new(&text, &vocabulary);
            let read: Vec<&str> = read(&message, &vocabulary, &[]).into_iter().map(|word| word.text).collect();
            assert_eq!(read, wanted, "{name}");
        }
    }
}
