//! Which language a message is in, by the lines that operators wrote.
//!
//! Owns: for each word, the languages whose lines hold it.
//! Invariants: says nothing rather than something wrong: the words of one language must outweigh those of every other; a word
//! that stands in the lines of several ("ok", "status") says little.
//! Leaves out: small words and scripts (`text::guess` comes first), and memory.

use super::understand::Line;
use crate::lexis::{Message, Phrase, WordId};
use crate::text::Language;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// How much more the words of one language must say than those of the next.
const LEAD: f32 = 0.9;

/// Words of lines never outweigh a language that was clear before: related languages share too many.
const MOST_LEAD: f32 = 1.9;

/// The languages of words and lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Tongues {
    languages: Vec<Language>,
    /// For each word the languages that use it.
    words: FxHashMap<WordId, Vec<usize>>,
}

impl Tongues {
    pub(super) fn new(phrases: &[Phrase], lines: &[Line]) -> Self {
        let names: BTreeMap<&str, ()> = lines.iter().map(|line| (line.language.as_str(), ())).collect();
        let languages: Vec<Language> = names.keys().map(|name| Language((*name).to_string())).collect();
        let number = |line: &Line| languages.iter().position(|language| language.0 == line.language);
        let mut words: FxHashMap<WordId, Vec<usize>> = FxHashMap::default();
        for (phrase, line) in phrases.iter().zip(lines) {
            let Some(language) = number(line) else { continue };
            for word in phrase.words() {
                let of = words.entry(word).or_default();
                if !of.contains(&language) {
                    of.push(language);
                }
            }
        }
        Tongues { languages, words }
    }

    /// Words that no line of a language holds, but those of others do.
    pub(super) fn elsewhere(&self, language: &str) -> impl Iterator<Item = WordId> {
        let own = self.languages.iter().position(|other| other.0 == language);
        self.words.iter().filter(move |(_, of)| !own.is_some_and(|own| of.contains(&own))).map(|(word, _)| *word)
    }

    /// The language whose lines hold the words of a message, and by how many words it leads.
    pub(super) fn guess(&self, message: &Message<'_>, mute: &[bool]) -> Option<(Language, f32)> {
        let mut weights = vec![0.0_f32; self.languages.len()];
        for (at, ids) in message.words.iter().enumerate() {
            let (Some(first), false) = (ids.first(), mute.get(at).copied().unwrap_or(false)) else { continue };
            let of = self.words.get(first).map_or(&[] as &[usize], Vec::as_slice);
            of.iter().for_each(|language| weights[*language] += 1.0 / of.len() as f32);
        }
        let best = (0..weights.len()).max_by(|a, b| weights[*a].total_cmp(&weights[*b]).then(b.cmp(a)))?;
        let second = weights.iter().enumerate().filter(|(at, _)| *at != best).map(|(_, weight)| *weight).fold(0.0, f32::max);
        (weights[best] >= second + LEAD).then(|| (self.languages[best].clone(), (weights[best] - second).min(MOST_LEAD)))
    }
}
