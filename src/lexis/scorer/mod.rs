//! The statistical scorer: which of several classes a message resembles, learnt from a few lines each.
//!
//! Owns: training from examples and counter-examples when the files are loaded; the score of every class; the words that
//! carried a score; the chance that a score stands for ([`Calibration`]).
//! Invariants: training is deterministic, whatever the number of threads (each class is learnt by itself); the order of
//! examples of different lines does not matter beyond rounding; scoring cannot fail and its cost grows with the message, and
//! with the number of classes only as fast as memory is read in a row.
//! Leaves out: typos and shorthand (the vocabulary reads them before), and exact rules (the engine's).

mod background;
mod calibration;
mod cluster;
mod features;
mod held_out;
mod kept;
mod meaning;
mod reading;
mod solver;
mod sum;

pub use calibration::{Calibration, OUT_OF_SCOPE};
pub use cluster::clusters;
pub use features::{Recipe, Word};
pub use held_out::HeldOut;
pub use reading::{plain, read};

use crate::lexis::{Memory, recalled};
use features::{Alone, Feature, Rarity, features};
use held_out::cases;
use meaning::{DIMENSIONS, meaning, shares};
use rustc_hash::FxHashSet;
use solver::{Effort, Row, Side, separate};
use std::hash::{Hash, Hasher};

/// A sentence to learn from.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The class that it speaks for, or, as a counter-example, against; [`NOBODYS`] speaks against all of them.
    pub class: usize,
    /// Examples of one line are held out together.
    pub line: usize,
    /// Folded words.
    pub words: Vec<String>,
    /// How much it counts; 1 is ordinary.
    pub weight: f32,
    /// It speaks against its class, and says nothing about the others.
    pub counter: bool,
}

impl Hash for Example {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.class, self.line, &self.words, self.weight.to_bits(), self.counter).hash(state);
    }
}

/// The class of what no class covers.
pub const NOBODYS: usize = usize::MAX;

/// How much a line of everyday chatter counts against every class.
const CHATTER: f32 = 0.5;

/// Classes are learnt on this many threads; the result does not depend on it.
const THREADS: usize = 4;

/// Where this share of a message's words, and two at least, stand in no line, a score is not trusted beyond [`DOUBTFUL`]: the
/// letters of strange words resemble something by chance ('it sings opera').
const STRANGE: f32 = 0.6;
const DOUBTFUL: f32 = 0.45;

/// A trained scorer.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(into = "kept::Kept", try_from = "kept::Kept")]
pub struct Scorer {
    rarity: Rarity,
    /// The words that the classes' own examples hold.
    known: FxHashSet<Box<str>>,
    classes: usize,
    /// Weights as small numbers, bucket by bucket, all classes of a bucket side by side.
    weights: Vec<i8>,
    scale: Vec<f32>,
    bias: Vec<f32>,
    /// Of a scorer of one class whose recipe has no meanings.
    alone: Option<Alone>,
    calibration: Calibration,
}

impl Scorer {
    /// Learns from examples of classes `0..classes`.
    pub fn train(classes: usize, examples: &[Example], memory: &dyn Memory) -> Self {
        recalled(memory, &("train", classes, examples), || Self::train_anew(classes, examples))
    }

    fn train_anew(classes: usize, examples: &[Example]) -> Self {
        let mut scorer = Self::learn(classes, examples, Recipe::REQUEST, Effort::USUAL, &|_| true, &|_| true);
        scorer.calibration = Calibration::fit(&cases(classes, examples));
        scorer
    }

    /// Learns scores alone, for callers who draw their own lines: one scorer, of one class, for whether a message belongs to any
    /// of the classes, and one for each class against what is nobody's.
    pub fn any_and_each(classes: usize, examples: &[Example], recipe: Recipe) -> (Self, Self) {
        let examples: Vec<&Example> = examples.iter().collect();
        let lines = Lines::new(&examples, recipe, &|_| true);
        let each: Vec<usize> = examples.iter().map(|example| example.class).collect();
        let any: Vec<usize> = each.iter().map(|class| if *class < classes { 0 } else { NOBODYS }).collect();
        let any = Self::of_lines(1, &examples, &any, &lines, Effort::THOROUGH);
        (any, Self::of_lines(classes, &examples, &each, &lines, Effort::APART))
    }

    /// The curve that turns scores into chances.
    pub fn calibration(&self) -> Calibration {
        self.calibration
    }

    /// The score of every class, as a signed distance: above 0 is inside.
    pub fn scores(&self, words: &[Word<'_>]) -> Vec<f32> {
        let mut sums = vec![0.0_f32; self.classes];
        let all = numbers(words, &self.rarity);
        // With the widest vectors that the machine has; each sum is added up in the same order on all of them.
        pulp::Arch::new().dispatch(sum::Sum { rows: &all, weights: &self.weights, sums: &mut sums });
        for ((sum, scale), bias) in sums.iter_mut().zip(&self.scale).zip(&self.bias) {
            *sum = *sum * scale + bias;
        }
        sums
    }

    /// The score of the only class, of a recipe without meanings; `None` where there is not one class.
    pub fn score(&self, words: &[Word<'_>]) -> Option<f32> {
        let alone = self.alone.as_ref()?;
        Some(alone.weighed(words) * self.scale[0] + self.bias[0])
    }

    /// The share of words that no example has; numbers don't count.
    fn strange(&self, words: &[Word<'_>]) -> f32 {
        let plain = |word: &&Word<'_>| word.text.chars().all(char::is_alphabetic);
        let (all, unknown) = words.iter().filter(plain).fold((0_u16, 0_u16), |(all, unknown), word| {
            (all.saturating_add(1), unknown.saturating_add(u16::from(!self.known.contains(word.text))))
        });
        f32::from(unknown) / f32::from(all.max(1))
    }

    /// The chance of every class, from its score, its lead over the best other, and how strange the words are.
    pub fn chances(&self, words: &[Word<'_>]) -> Vec<f32> {
        let scores = self.scores(words);
        let strange = self.strange(words);
        let (best, second) = best_two(&scores);
        let other = |class: usize| if Some(class) == best { second.map_or(-1.0, |s| scores[s]) } else { best.map_or(-1.0, |b| scores[b]) };
        let strangers = words.len() as f32 * strange >= 2.0 && strange >= STRANGE;
        let most = if strangers { DOUBTFUL } else { 1.0 };
        scores.iter().enumerate().map(|(class, score)| self.calibration.chance(*score, other(class), strange).min(most)).collect()
    }

    /// What each word added to the score of a class, as (place in `words`, amount); pairs are shared by their words.
    pub fn carried(&self, words: &[Word<'_>], class: usize) -> Vec<(usize, f32)> {
        let scale = self.scale.get(class).copied().unwrap_or(0.0);
        let weight = |bucket: usize| scale * f32::from(self.weights.get(bucket * self.classes + class).copied().unwrap_or(0));
        let mut sums = vec![0.0_f32; words.len()];
        for Feature { bucket, value, from } in features(words, &self.rarity) {
            sums[from.0 as usize] += value * weight(bucket as usize) / 2.0;
            sums[from.1 as usize] += value * weight(bucket as usize) / 2.0;
        }
        let Recipe { buckets, meaning, .. } = self.rarity.recipe;
        for share in shares(words).into_iter().filter(|_| meaning) {
            sums[share.word] += share.values().enumerate().map(|(at, value)| value * weight(buckets + at)).sum::<f32>();
        }
        sums.into_iter().enumerate().collect()
    }

    /// Learns from the examples that `line` lets through and the chatter that `chat` does; the calibration is still the default.
    fn learn(
        classes: usize,
        examples: &[Example],
        recipe: Recipe,
        effort: Effort,
        line: &(dyn Fn(&Example) -> bool + Sync),
        chat: &dyn Fn(usize) -> bool,
    ) -> Self {
        let examples: Vec<&Example> = examples.iter().filter(|example| line(example)).collect();
        let of: Vec<usize> = examples.iter().map(|example| example.class).collect();
        Self::of_lines(classes, &examples, &of, &Lines::new(&examples, recipe, chat), effort)
    }

    /// Learns from lines that are taken apart; `of` is the class of each.
    fn of_lines(classes: usize, examples: &[&Example], of: &[usize], lines: &Lines, effort: Effort) -> Self {
        let recipe = lines.rarity.recipe;
        let places = recipe.buckets + DIMENSIONS;
        let mut learnt: Vec<(Vec<f32>, f32)> = vec![(Vec::new(), 0.0); classes];
        let share = classes.div_ceil(THREADS).max(1);
        std::thread::scope(|scope| {
            for (part, slots) in learnt.chunks_mut(share).enumerate() {
                scope.spawn(move || {
                    for (offset, slot) in slots.iter_mut().enumerate() {
                        let sides = sides(places, part * share + offset, examples, of, lines, effort);
                        // A class without examples (hidden, or sampled out) is outside of everything.
                        *slot = if sides.iter().any(|side| side.inside) { separate(places, &sides, effort) } else { (Vec::new(), -1.0) };
                    }
                });
            }
        });
        let own = examples.iter().zip(of).filter(|(example, of)| **of < classes && !example.counter);
        let mut scorer = Scorer {
            known: own.flat_map(|(example, _)| &example.words).map(|word| word.as_str().into()).collect(),
            rarity: lines.rarity.clone(),
            classes,
            weights: vec![0; places * classes],
            scale: vec![0.0; classes],
            bias: learnt.iter().map(|(_, bias)| *bias).collect(),
            alone: None,
            calibration: Calibration::default(),
        };
        for (class, (weights, _)) in learnt.iter().enumerate() {
            let most = weights.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
            scorer.scale[class] = most / 127.0;
            for (bucket, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
                scorer.weights[bucket * classes + class] = (weight / most * 127.0).round() as i8;
            }
        }
        scorer.ready()
    }

    /// With what is made of the weights for speed.
    fn ready(mut self) -> Self {
        let alone = self.classes == 1 && !self.rarity.recipe.meaning;
        self.alone = alone.then(|| Alone::new(&self.rarity, &self.weights, &self.known));
        self
    }
}

/// Lines taken apart, to learn from.
struct Lines {
    rarity: Rarity,
    rows: Vec<Row>,
    chatter: Vec<Row>,
}

impl Lines {
    fn new(examples: &[&Example], recipe: Recipe, chat: &dyn Fn(usize) -> bool) -> Self {
        let rarity = Rarity::of(recipe, examples.iter().map(|example| words(&example.words)));
        let row = |words: &[Word<'_>]| Row::new(numbers(words, &rarity));
        let rows = examples.iter().map(|example| row(&words(&example.words))).collect();
        let foreign = background::without(&examples.iter().map(|example| example.words.as_slice()).collect::<Vec<_>>());
        let chatter = background::LINES
            .iter()
            .enumerate()
            .filter(|(number, _)| chat(*number) && foreign[*number])
            .map(|(_, line)| row(&words(line)))
            .collect();
        Lines { rows, chatter, rarity }
    }
}

/// A message as numbers: its features, and behind the buckets what it means.
fn numbers(words: &[Word<'_>], rarity: &Rarity) -> Vec<(u32, f32)> {
    let said = features(words, rarity);
    let meant = if rarity.recipe.meaning { meaning(words) } else { [0.0; DIMENSIONS] };
    let mut all: Vec<(u32, f32)> = Vec::with_capacity(said.len() + meant.len());
    all.extend(said.iter().map(|feature| (feature.bucket, feature.value)));
    let places = (rarity.recipe.buckets as u32..).zip(meant);
    all.extend(places.filter(|(_, value)| *value != 0.0));
    all
}

/// The places of the best and second-best value.
fn best_two(scores: &[f32]) -> (Option<usize>, Option<usize>) {
    let (mut best, mut second) = (None, None);
    for (at, score) in scores.iter().enumerate() {
        if best.is_none_or(|best: usize| *score > scores[best]) {
            (best, second) = (Some(at), best);
        } else if second.is_none_or(|second: usize| *score > scores[second]) {
            second = Some(at);
        }
    }
    (best, second)
}

fn words(words: &[String]) -> Vec<Word<'_>> {
    words.iter().enumerate().map(|(token, text)| Word { text, trust: 1.0, token }).collect()
}

/// What a class is told apart from: its own examples, its counter-examples, and of the others' the nearest.
fn sides<'r>(places: usize, class: usize, examples: &[&Example], of: &[usize], lines: &'r Lines, effort: Effort) -> Vec<Side<'r>> {
    let mut sides = Vec::new();
    let mut others: Vec<(f32, Side<'_>)> = Vec::new();
    for ((example, of), row) in examples.iter().zip(of).zip(&lines.rows) {
        if *of == class {
            sides.push(Side { row, inside: !example.counter, weight: example.weight });
        } else if !example.counter && (effort.rivals || *of == NOBODYS) {
            others.push((0.0, Side { row, inside: false, weight: example.weight }));
        }
    }
    others.extend(lines.chatter.iter().map(|row| (0.0, Side { row, inside: false, weight: CHATTER })));
    if others.len() > effort.nearest + effort.nearest / 2 {
        let mut middle = vec![0.0_f32; places];
        sides.iter().filter(|side| side.inside).for_each(|side| side.row.add_to(&mut middle, 1.0));
        others.iter_mut().for_each(|(near, side)| *near = side.row.dot(&middle));
        // A stable sort: equally near ones stay in the order of their lines.
        others.sort_by(|a, b| b.0.total_cmp(&a.0));
        let far = others.split_off(effort.nearest);
        let step = far.len().div_ceil(effort.nearest / 2).max(1);
        others.extend(far.into_iter().step_by(step));
    }
    sides.extend(others.into_iter().map(|(_, side)| side));
    sides
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexis::Forgetful;

    fn example(class: usize, line: usize, text: &str, counter: bool) -> Example {
        let words = text.split(' ').map(str::to_string).collect();
        Example { class, line, words, weight: 1.0, counter }
    }

    fn examples() -> Vec<Example> {
        let lines = [
            (0, "where is my parcel"),
            (0, "when will my order arrive"),
            (0, "track my order"),
            (0, "has my parcel shipped"),
            (1, "cancel my order"),
            (1, "i do not want the order any more"),
            (1, "please stop my order before it ships"),
            (2, "i want my money back"),
            (2, "when do i get my refund"),
            (2, "refund please"),
        ];
        lines.into_iter().enumerate().map(|(line, (class, text))| example(class, line, text, false)).collect()
    }

    fn scores(scorer: &Scorer, text: &str) -> Vec<f32> {
        let said: Vec<String> = text.split(' ').map(str::to_string).collect();
        scorer.scores(&words(&said))
    }

    fn top(scorer: &Scorer, text: &str) -> usize {
        best_two(&scores(scorer, text)).0.expect("a class")
    }

    #[test]
    fn unseen_sentences_find_their_class() {
        let scorer = Scorer::train(3, &examples(), &Forgetful);
        for (text, wanted) in [("where is my package", 0), ("can you cancel it", 1), ("money back now", 2), ("refnd pls", 2)] {
            assert_eq!(top(&scorer, text), wanted, "{text}");
        }
    }

    #[test]
    fn training_again_gives_the_same_numbers() {
        let (a, b) = (Scorer::train(3, &examples(), &Forgetful), Scorer::train(3, &examples(), &Forgetful));
        assert_eq!((a.weights, a.scale, a.bias, a.calibration), (b.weights, b.scale, b.bias, b.calibration));
    }

    #[test]
    fn chatter_and_gibberish_stay_below_what_was_learnt() {
        let scorer = Scorer::train(3, &examples(), &Forgetful);
        let chance = |text: &str| {
            let said: Vec<String> = text.split(' ').map(str::to_string).collect();
            scorer.chances(&words(&said)).into_iter().fold(0.0, f32::max)
        };
        for text in ["asdf qwer zxcv", "the weather is lovely today", ""] {
            assert!(chance(text) < chance("where is my parcel") / 2.0, "{text}: {}", chance(text));
        }
    }

    #[test]
    fn a_counter_example_lowers_its_class() {
        let mut with = examples();
        with.push(example(0, 90, "where is my refund", true));
        let (plain, with) = (Scorer::train(3, &examples(), &Forgetful), Scorer::train(3, &with, &Forgetful));
        assert!(scores(&with, "where is my refund")[0] < scores(&plain, "where is my refund")[0]);
    }

    #[test]
    fn the_words_that_carried_a_score_are_named() {
        let scorer = Scorer::train(3, &examples(), &Forgetful);
        let said: Vec<String> = "could you refund me".split(' ').map(str::to_string).collect();
        let carried = scorer.carried(&words(&said), 2);
        let most = carried.iter().max_by(|a, b| a.1.total_cmp(&b.1)).expect("words");
        assert_eq!(said[most.0], "refund");
    }

    #[test]
    fn what_is_nobodys_speaks_against_all() {
        let mut with = examples();
        with.push(example(NOBODYS, 91, "do you sell gift cards for my order", false));
        let (plain, with) = (Scorer::train(3, &examples(), &Forgetful), Scorer::train(3, &with, &Forgetful));
        let most = |scorer: &Scorer| scores(scorer, "do you sell gift cards for my order").into_iter().fold(f32::NEG_INFINITY, f32::max);
        assert!(most(&with) < most(&plain));
    }

    #[test]
    fn the_score_of_one_class_is_the_same_without_a_list() {
        let examples: Vec<Example> =
            examples().into_iter().map(|e| Example { class: if e.class == 0 { 0 } else { NOBODYS }, ..e }).collect();
        let scorer = Scorer::any_and_each(1, &examples, Recipe::NEED).0;
        for text in ["where is my parcel", "cancel it", "", "asdf where"] {
            let said: Vec<String> = text.split(' ').filter(|word| !word.is_empty()).map(str::to_string).collect();
            let (list, one) = (scorer.scores(&words(&said))[0], scorer.score(&words(&said)).expect("one class"));
            assert!((list - one).abs() < 1e-4, "{text}: {list} {one}");
        }
    }

    #[test]
    fn no_classes_no_scores() {
        assert_eq!(Scorer::train(0, &[], &Forgetful).scores(&[]), Vec::<f32>::new());
    }
}
