//! What the scorer learns from.
//!
//! Owns: sentences made of `say` and `never` lines, and of the names of intents; an engine made of labelled messages alone.
//! Invariants: a line gives at most [`SENTENCES`] sentences, so that one with many choices is no louder than the rest.
//! Leaves out: the learning (`lexis`).

use super::entity::Entities;
use super::intent::{Intent, Mode, Needs};
use super::small_words::SmallWords;
use super::tongue::Tongues;
use super::understand::{Engine, Line};
use super::verdict::Thresholds;
use crate::lexis::{Example, Forgetful, Index, NOBODYS, Phrase, Scorer, Templates, Vocabulary, plain};
use crate::text::Text;
use std::collections::BTreeMap;

/// How many sentences one line stands for at most.
const SENTENCES: usize = 6;

/// What the sentences of one line weigh together at most.
const LOUDEST: f32 = 2.0;

/// The examples of all lines, of each intent's id and titles, and of what is nobody's.
pub(super) fn examples(
    phrases: &[Phrase],
    lines: &[Line],
    intents: &[Intent],
    nobodys: &[Vec<String>],
    vocabulary: &mut Vocabulary,
) -> Vec<Example> {
    let mut examples = Vec::new();
    for (line, (phrase, from)) in phrases.iter().zip(lines).enumerate() {
        let sentences = phrase.examples(SENTENCES);
        let weight = (LOUDEST / sentences.len().max(1) as f32).min(1.0);
        for sentence in sentences {
            let words = sentence.into_iter().map(|id| vocabulary.word(id).to_string()).collect();
            examples.push(Example { class: from.intent, line, words, weight, counter: from.never });
        }
    }
    for (class, intent) in intents.iter().enumerate() {
        let titles = intent.languages.values().filter_map(|localised| localised.title.as_deref());
        for name in [intent.id.replace('_', " "), intent.title.clone()].iter().map(String::as_str).chain(titles) {
            let words = plain(&Text::new(name));
            words.iter().for_each(|word| {
                vocabulary.add(word);
            });
            // A name is about its intent on every round of calibration: it is a line of its own.
            examples.push(Example { class, line: lines.len() + class, words, weight: 1.0, counter: false });
        }
    }
    let names = lines.len() + intents.len();
    for (number, words) in nobodys.iter().enumerate() {
        examples.push(Example { class: NOBODYS, line: names + number, words: words.clone(), weight: 1.0, counter: false });
    }
    examples
}

impl Engine {
    /// An engine that has learnt from labelled messages alone: no phrases, no rules. Intents are the labels, sorted.
    pub fn from_examples(rows: &[(String, String)], thresholds: Thresholds) -> Self {
        let mut labels: Vec<&str> = rows.iter().map(|(_, label)| label.as_str()).collect();
        labels.sort_unstable();
        labels.dedup();
        let mut vocabulary = Vocabulary::default();
        let mut examples = Vec::with_capacity(rows.len() + labels.len());
        let named = labels.iter().map(|label| (label.replace('_', " "), *label));
        for (line, (text, label)) in rows.iter().map(|(text, label)| (text.clone(), label.as_str())).chain(named).enumerate() {
            let Ok(class) = labels.binary_search(&label) else { continue };
            let words = plain(&Text::new(text));
            words.iter().for_each(|word| {
                vocabulary.add(word);
            });
            examples.push(Example { class, line, words, weight: 1.0, counter: false });
        }
        let intent = |label: &&str| Intent {
            id: (*label).to_string(),
            title: label.replace('_', " "),
            call: None,
            needs: Needs::Nothing,
            slots: Vec::new(),
            changes: false,
            hand_over: Vec::new(),
            mode: None::<Mode>,
            social: false,
            thanks: false,
            languages: BTreeMap::new(),
            tests: Vec::new(),
        };
        Engine {
            vocabulary,
            templates: Templates::default(),
            intents: labels.iter().map(intent).collect(),
            index: Index::default(),
            lines: Vec::new(),
            nobodys: Vec::new(),
            keywords: Vec::new(),
            patterns: Vec::new(),
            entities: Entities::default(),
            small: SmallWords::default(),
            scorer: Scorer::train(labels.len(), &examples, &Forgetful),
            tongues: Tongues::default(),
            thresholds,
        }
    }
}
