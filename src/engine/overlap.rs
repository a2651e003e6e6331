//! How much of a message an intent's lines cover, word by word.
//!
//! Owns: a simple score until the statistical scorer comes: the F-measure of shared words, rare words counting more.
//! Invariants: between 0 and [`MOST`]; the cost grows with the lines that share a word with the message.
//! Source: inverse document frequency after K. Spärck Jones (1972).

use super::understand::Line;
use crate::lexis::{Message, Phrase, WordId};
use std::collections::HashMap;

/// The most that shared words alone can score: less than any phrase that matches.
const MOST: f32 = 0.85;

/// How many sentences one line stands for at most.
const SENTENCES: usize = 16;

/// Words of every line with their weights.
#[derive(Clone, Debug, Default)]
pub(super) struct Overlap {
    weights: HashMap<WordId, f32>,
    postings: HashMap<WordId, Vec<u32>>,
    examples: Vec<Example>,
    unknown: f32,
}

#[derive(Clone, Debug)]
struct Example {
    intent: usize,
    words: usize,
    total: f32,
}

impl Overlap {
    pub(super) fn new(phrases: &[Phrase], lines: &[Line]) -> Self {
        let mut sentences: Vec<(usize, Vec<WordId>)> = Vec::new();
        let mut document: HashMap<WordId, Vec<usize>> = HashMap::new();
        for (phrase, line) in phrases.iter().zip(lines).filter(|(_, line)| !line.never) {
            for mut example in phrase.examples(SENTENCES) {
                example.sort_unstable();
                example.dedup();
                sentences.push((line.intent, example));
            }
            for id in phrase.words() {
                let intents = document.entry(id).or_default();
                if !intents.contains(&line.intent) {
                    intents.push(line.intent);
                }
            }
        }
        let intents = lines.iter().map(|line| line.intent + 1).max().unwrap_or(1) as f32;
        // A word that many intents use says little about which one is meant.
        let weights: HashMap<WordId, f32> =
            document.iter().map(|(id, intents_with)| (*id, (1.0 + intents / intents_with.len() as f32).ln() - 0.5)).collect();
        let mut overlap = Overlap { unknown: (1.0 + intents).ln() * 0.6, weights, ..Overlap::default() };
        for (intent, words) in sentences {
            let number = overlap.examples.len() as u32;
            overlap.examples.push(Example { intent, words: words.len(), total: words.iter().map(|id| overlap.weight(*id)).sum() });
            for id in words {
                overlap.postings.entry(id).or_default().push(number);
            }
        }
        overlap
    }

    fn weight(&self, id: WordId) -> f32 {
        self.weights.get(&id).copied().unwrap_or(0.2).max(0.2)
    }

    /// The best score of each intent that shares a word with the message; tokens marked in `skip` (values, greetings) don't
    /// count. With it, the words that carried it.
    pub(super) fn score(&self, message: &Message<'_>, skip: &[bool]) -> HashMap<usize, (f32, Vec<WordId>)> {
        let mut total = 0.0;
        let mut shared: HashMap<u32, f32> = HashMap::new();
        let mut seen: Vec<WordId> = Vec::new();
        for (at, ids) in message.words.iter().enumerate() {
            if skip.get(at).copied().unwrap_or(false) {
                continue;
            }
            let Some(id) = ids.iter().copied().max_by(|a, b| self.weight(*a).total_cmp(&self.weight(*b))) else {
                total += self.unknown;
                continue;
            };
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let weight = self.weight(id) * if message.repaired[at] { 0.9 } else { 1.0 };
            total += self.weight(id);
            for number in self.postings.get(&id).into_iter().flatten() {
                *shared.entry(*number).or_default() += weight;
            }
        }
        let mut best: HashMap<usize, (f32, u32)> = HashMap::new();
        for (number, weight) in shared {
            let example = &self.examples[number as usize];
            // One word in common is a hint, not a request, unless the line is that one word.
            let lone = seen.len() == 1 && example.words > 1;
            let score = MOST * 2.0 * weight / (total + example.total).max(f32::MIN_POSITIVE) * if lone { 0.75 } else { 1.0 };
            let entry = best.entry(example.intent).or_insert((0.0, number));
            if score > entry.0 || (score == entry.0 && number < entry.1) {
                *entry = (score, number);
            }
        }
        best.into_iter()
            .map(|(intent, (score, number))| {
                let carried = seen.iter().filter(|id| self.postings.get(id).is_some_and(|p| p.binary_search(&number).is_ok())).copied();
                (intent, (score.min(MOST), carried.collect()))
            })
            .collect()
    }
}
