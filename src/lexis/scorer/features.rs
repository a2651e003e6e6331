//! A message as numbers: which pieces of words and pairs of words it holds.
//!
//! Owns: the three families (words and neighbours, pairs nearby, letters inside words), their hashing into the buckets of a
//! [`Recipe`], and their weights.
//! Invariants: the same words give the same features in the same order on every machine; the three families are of fixed
//! length (Euclidean) each, so a long message is no louder than a short one; a word read with less trust counts less.
//! Source: feature hashing after Weinberger et al. (2009); tf-idf after Spärck Jones (1972). What was tried and left out is
//! written in `docs/understanding.md`.

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// How a message becomes numbers.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Recipe {
    /// How many buckets features are hashed into, a power of two.
    pub(super) buckets: usize,
    /// How loud each family is: words and neighbours, pairs, letters.
    loudness: [f32; 3],
    /// How much rarity counts: 0 not at all, 1 as in plain tf-idf.
    rarity: f32,
    /// What the words mean in the table of word vectors counts too.
    pub(super) meaning: bool,
}

impl Recipe {
    /// For requests, of which there are a few dozen lines each: letters and the table of words stand in for what no line has.
    pub const REQUEST: Recipe = Recipe { buckets: 1 << 16, loudness: [0.7, 0.4, 1.0], rarity: 0.5, meaning: true };
    /// For needs, of which there are thousands of lines: words, their neighbours and what stands between them say most.
    pub const NEED: Recipe = Recipe { buckets: 1 << 18, loudness: [1.0, 0.6, 0.5], rarity: 1.0, meaning: false };
}

/// Letters inside a word, with its edges, from this many to that many at a time.
const SHORTEST: usize = 2;
const LONGEST: usize = 4;

/// Pairs of words count when they are at most this far apart.
const NEARBY: usize = 5;

/// Words beyond this many add nothing but work.
const MOST_WORDS: usize = 200;

/// A word as the scorer sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Word<'t> {
    /// Folded letters. Of digits only their number counts: every digit is read as 0.
    pub text: &'t str,
    /// How much it is trusted: 1 as written, less where a typo was repaired.
    pub trust: f32,
    /// The token that it stands for.
    pub token: usize,
}

impl Word<'_> {
    /// A question mark, a full stop: it has neighbours, but no letters.
    fn is_mark(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_punctuation())
    }
}

/// One feature of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Feature {
    pub bucket: u32,
    pub value: f32,
    /// The words that it came from, as places in the list of words.
    pub from: (u16, u16),
}

/// How rare features are in the lines that were learnt from. A byte each, so that the table stays near the processor.
#[derive(Clone, Debug)]
pub(super) struct Rarity {
    pub recipe: Recipe,
    levels: Vec<u8>,
    /// What a level weighs.
    weights: [f32; 256],
}

/// Levels for each unit of the logarithm: 255 of them reach to features that are 65,000 times rarer than the most frequent.
const LEVELS: f32 = 23.0;

impl Rarity {
    /// Counts in how many of the messages each feature occurs.
    pub fn of<'w, W: AsRef<[Word<'w>]>>(recipe: Recipe, messages: impl Iterator<Item = W>) -> Self {
        let mut counts = vec![0_u32; recipe.buckets];
        let mut total = 0_u32;
        let mut seen: Vec<u32> = Vec::new();
        for words in messages {
            total += 1;
            seen.clear();
            each(words.as_ref(), recipe.buckets, |_, bucket, _, _| seen.push(bucket));
            seen.sort_unstable();
            seen.dedup();
            seen.iter().for_each(|bucket| counts[*bucket as usize] += 1);
        }
        let level = |count: &u32| (((1 + total) as f32 / (1 + count) as f32).ln() * LEVELS).round() as u8;
        Rarity::new(recipe, counts.iter().map(level).collect())
    }

    /// Of levels that were counted before, one for each bucket.
    pub fn new(recipe: Recipe, levels: Vec<u8>) -> Self {
        let weights = std::array::from_fn(|level| (level as f32 / LEVELS + 1.0).powf(recipe.rarity));
        Rarity { recipe, levels, weights }
    }

    /// The levels.
    pub fn into_levels(self) -> Vec<u8> {
        self.levels
    }

    fn weight(&self, bucket: u32) -> f32 {
        self.weights[self.levels[bucket as usize] as usize]
    }
}

/// The features of a message.
pub(super) fn features(words: &[Word<'_>], rarity: &Rarity) -> Vec<Feature> {
    let mut out = Vec::with_capacity(words.len() * 24);
    let mut families = Vec::with_capacity(words.len() * 24);
    let Recipe { buckets, loudness, .. } = rarity.recipe;
    let mut squares = [0.0_f32; 3];
    each(words, buckets, |family, bucket, trust, from| {
        let value = rarity.weight(bucket) * trust;
        squares[family] += value * value;
        families.push(family as u8);
        out.push(Feature { bucket, value, from });
    });
    let scale: [f32; 3] = std::array::from_fn(|family| loudness[family] / squares[family].sqrt().max(f32::MIN_POSITIVE));
    for (feature, family) in out.iter_mut().zip(families) {
        feature.value *= scale[family as usize];
    }
    out
}

/// Features added up: their squares, and their values times the weights of the only class.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    squares: f32,
    weighed: f32,
}

impl Sums {
    fn add(&mut self, value: f32, weight: i8) {
        self.squares += value * value;
        self.weighed += value * f32::from(weight);
    }
}

/// What a scorer of one class needs to add up a message without a list of its features.
#[derive(Clone, Debug)]
pub(super) struct Alone {
    /// Bucket by bucket: how rare, and the weight; side by side, because both are always wanted.
    table: Vec<(u8, i8)>,
    /// What a level of rarity weighs.
    rarity: [f32; 256],
    recipe: Recipe,
    /// The sums of known words' letters, which are the same in every message; by the hash of the word.
    spelt: FxHashMap<u64, Sums>,
}

impl Alone {
    pub fn new(rarity: &Rarity, weights: &[i8], known: &FxHashSet<Box<str>>) -> Self {
        let table = rarity.levels.iter().copied().zip(weights.iter().copied()).collect();
        let mut alone = Alone { table, rarity: rarity.weights, recipe: rarity.recipe, spelt: FxHashMap::default() };
        alone.spelt = known.iter().map(|word| (hash(word), alone.spelling(word))).collect();
        alone
    }

    /// How rare a feature is, and its weight.
    fn at(&self, family: u64, state: u64) -> (f32, i8) {
        let (level, weight) = self.table[bucket(family, state, self.recipe.buckets) as usize];
        (self.rarity[level as usize], weight)
    }

    fn spelling(&self, word: &str) -> Sums {
        let mut sums = Sums::default();
        each_letters(word, |state| {
            let (value, weight) = self.at(2, state);
            sums.add(value, weight);
        });
        sums
    }

    /// The sum of a message's features times their weights, as [`features`] would give them.
    pub fn weighed(&self, words: &[Word<'_>]) -> f32 {
        let words = words.get(..MOST_WORDS).unwrap_or(words);
        let (mut neighbours, mut pairs, mut letters) = (Sums::default(), Sums::default(), Sums::default());
        let hashes: SmallVec<[u64; 64]> = words.iter().map(|word| hash(word.text)).collect();
        each_neighbour(&hashes, |state, (a, b)| {
            let (value, weight) = self.at(0, state);
            neighbours.add(value * trust(words, a, b), weight);
        });
        each_pair(&hashes, |state, (a, b)| {
            let (value, weight) = self.at(1, state);
            pairs.add(value * trust(words, a, b), weight);
        });
        for (word, hash) in words.iter().zip(&hashes).filter(|(word, _)| !word.is_mark()) {
            let sums = self.spelt.get(hash).copied().unwrap_or_else(|| self.spelling(word.text));
            letters.squares += sums.squares * word.trust * word.trust;
            letters.weighed += sums.weighed * word.trust;
        }
        let loud = |sums: Sums, loudness: f32| loudness / sums.squares.sqrt().max(f32::MIN_POSITIVE) * sums.weighed;
        let [one, two, three] = self.recipe.loudness;
        loud(neighbours, one) + loud(pairs, two) + loud(letters, three)
    }
}

/// Calls `take` with family, bucket, trust and origin of every feature.
fn each(words: &[Word<'_>], buckets: usize, mut take: impl FnMut(usize, u32, f32, (u16, u16))) {
    let words = words.get(..MOST_WORDS).unwrap_or(words);
    let hashes: Vec<u64> = words.iter().map(|word| hash(word.text)).collect();
    each_neighbour(&hashes, |state, (a, b)| take(0, bucket(0, state, buckets), trust(words, a, b), (a as u16, b as u16)));
    each_pair(&hashes, |state, (a, b)| take(1, bucket(1, state, buckets), trust(words, a, b), (a as u16, b as u16)));
    for (at, word) in words.iter().enumerate().filter(|(_, word)| !word.is_mark()) {
        each_letters(word.text, |state| take(2, bucket(2, state, buckets), word.trust, (at as u16, at as u16)));
    }
}

/// How far a feature of one or two words is trusted.
fn trust(words: &[Word<'_>], a: usize, b: usize) -> f32 {
    if a == b { words[a].trust } else { words[a].trust * words[b].trust }
}

/// Words, each with its next one, and the first and last of the message; with the places that they came from.
fn each_neighbour(hashes: &[u64], mut take: impl FnMut(u64, (usize, usize))) {
    for (at, word) in hashes.iter().enumerate() {
        take(mix(0, *word), (at, at));
        if let Some(next) = hashes.get(at + 1) {
            take(mix(mix(0, *word), *next), (at, at + 1));
        }
    }
    if let (Some(first), Some(last)) = (hashes.first(), hashes.last()) {
        let end = hashes.len() - 1;
        take(mix(*first, 99), (0, 0));
        take(mix(*last, 101), (end, end));
    }
}

/// Pairs of different words that stand near each other, whichever comes first.
fn each_pair(hashes: &[u64], mut take: impl FnMut(u64, (usize, usize))) {
    for (at, word) in hashes.iter().enumerate() {
        for (further, other) in hashes.iter().enumerate().skip(at + 1).take(NEARBY) {
            if other != word {
                let (low, high) = (word.min(other), word.max(other));
                take(mix(*low, high.rotate_left(17)), (at, further));
            }
        }
    }
}

/// Letters of a word, some at a time, its edges included.
fn each_letters(word: &str, mut take: impl FnMut(u64)) {
    let mut letters: SmallVec<[u64; 24]> = SmallVec::new();
    letters.push(u64::from('^'));
    letters.extend(word.chars().map(|c| u64::from(if c.is_numeric() { '0' } else { c })));
    letters.push(u64::from('$'));
    for start in 0..letters.len() {
        let mut state = 31;
        for (length, letter) in letters.iter().skip(start).take(LONGEST).enumerate() {
            state = mix(state, *letter);
            if length + 1 >= SHORTEST {
                take(state);
            }
        }
    }
}

fn mix(state: u64, value: u64) -> u64 {
    let mixed = (state ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}

/// FNV-1a, mixed once more.
fn hash(word: &str) -> u64 {
    let plain = |byte: u8| u64::from(if byte.is_ascii_digit() { b'0' } else { byte });
    let hash = word.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ plain(byte)).wrapping_mul(0x0100_0000_01b3));
    mix(hash, 7)
}

fn bucket(family: u64, state: u64, buckets: usize) -> u32 {
    (mix(state, 0x0123_4567 + family * 77) >> 32) as u32 & (buckets as u32 - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words<'t>(text: &'t str) -> Vec<Word<'t>> {
        text.split(' ').enumerate().map(|(token, text)| Word { text, trust: 1.0, token }).collect()
    }

    #[test]
    fn every_family_has_its_loudness_whatever_the_length() {
        let long = "where is my parcel i ordered it on monday and nothing has come";
        let rarity = Rarity::of(Recipe::REQUEST, [words(long)].into_iter());
        for text in ["where is", long] {
            let total: f32 = features(&words(text), &rarity).iter().map(|feature| feature.value * feature.value).sum();
            let wanted: f32 = Recipe::REQUEST.loudness.iter().map(|loud| loud * loud).sum();
            assert!((total - wanted).abs() < 1e-4, "{text}: {total}");
        }
    }

    #[test]
    fn of_a_number_only_the_shape_counts() {
        let rarity = Rarity::of(Recipe::REQUEST, [words("track a1042")].into_iter());
        assert_eq!(features(&words("track a1042"), &rarity), features(&words("track a9377"), &rarity));
        assert_ne!(features(&words("track a1042"), &rarity), features(&words("track a10"), &rarity));
    }

    #[test]
    fn nothing_has_no_features() {
        assert_eq!(features(&[], &Rarity::of(Recipe::NEED, std::iter::empty::<Vec<Word<'_>>>())), []);
    }
}
