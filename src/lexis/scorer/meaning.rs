//! What English words mean: a small table of word vectors.
//!
//! Owns: the table (`word_vectors.bin`), and the direction that the known words of a message point in together.
//! Invariants: frequent words count little; the more of a message is unknown, the quieter its meaning; a message without known
//! words has none.
//! Origin: 30,000 words through all-MiniLM-L6-v2 (Apache-2.0), reduced to 64 dimensions by
//! `word_vectors.py`, which says how. Source of the weights: S. Arora et al., A Simple but Tough-to-Beat Baseline for Sentence
//! Embeddings (2017). What it earns is measured in `docs/understanding.md`.
//! Leaves out: other languages.

use super::features::Word;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// Numbers for each word.
pub(super) const DIMENSIONS: usize = 64;

/// How loud meaning is beside the other families.
const LOUDNESS: f32 = 1.0;

/// How fast frequent words fade.
const FADE: f32 = 3e-4;

static TABLE: LazyLock<FxHashMap<&'static str, (f32, &'static [u8])>> = LazyLock::new(|| {
    let bytes: &'static [u8] = include_bytes!("word_vectors.bin");
    let count = bytes.get(..4).and_then(|count| count.try_into().ok()).map_or(0, u32::from_le_bytes) as usize;
    let mut rest = bytes.get(8..).unwrap_or_default();
    let mut words: Vec<&'static str> = Vec::with_capacity(count);
    for _ in 0..count {
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { break };
        words.push(std::str::from_utf8(&rest[..end]).unwrap_or_default());
        rest = &rest[end + 1..];
    }
    let weigh = |rank: usize| {
        // Zipf's law stands in for counts.
        let frequency = 0.1 / (rank as f32 + 10.0);
        FADE / (FADE + frequency)
    };
    words.into_iter().zip(rest.chunks_exact(DIMENSIONS)).enumerate().map(|(rank, (word, vector))| (word, (weigh(rank), vector))).collect()
});

/// What one word of a message adds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// Its place in the list of words.
    pub word: usize,
    scale: f32,
    vector: &'static [u8],
}

impl Share {
    /// What it adds in each dimension.
    pub fn values(&self) -> impl Iterator<Item = f32> {
        self.vector.iter().map(|byte| self.scale * f32::from(byte.cast_signed()))
    }
}

/// What each known word adds to the meaning of the message.
pub(super) fn shares(words: &[Word<'_>]) -> Vec<Share> {
    let mut shares: Vec<Share> = Vec::with_capacity(words.len());
    let (mut known, mut all) = (0.0_f32, 0.0_f32);
    for (place, word) in words.iter().enumerate() {
        match TABLE.get(word.text) {
            Some((weight, vector)) => {
                let weight = weight * word.trust;
                known += weight;
                all += weight;
                shares.push(Share { word: place, scale: weight, vector });
            }
            None if word.text.chars().all(char::is_alphabetic) => all += 1.0,
            None => {}
        }
    }
    let sum = shares.iter().fold([0.0_f32; DIMENSIONS], |mut sum, share| {
        sum.iter_mut().zip(share.values()).for_each(|(sum, value)| *sum += value);
        sum
    });
    let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length <= f32::EPSILON {
        return Vec::new();
    }
    let scale = LOUDNESS * known / all / length;
    shares.iter_mut().for_each(|share| share.scale *= scale);
    shares
}

/// The direction of the whole message; all zeros where nothing is known.
pub(super) fn meaning(words: &[Word<'_>]) -> [f32; DIMENSIONS] {
    let mut sum = [0.0; DIMENSIONS];
    for share in shares(words) {
        sum.iter_mut().zip(share.values()).for_each(|(sum, value)| *sum += value);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> [f32; DIMENSIONS] {
        let words: Vec<Word<'_>> = text.split(' ').enumerate().map(|(token, text)| Word { text, trust: 1.0, token }).collect();
        meaning(&words)
    }

    fn dot(a: [f32; DIMENSIONS], b: [f32; DIMENSIONS]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn the_table_is_whole() {
        assert!(TABLE.len() > 25_000, "{}", TABLE.len());
        assert!(TABLE["the"].0 < 0.1 && TABLE["mattress"].0 > 0.9);
    }

    #[test]
    fn words_of_like_meaning_point_the_same_way() {
        for (near, word, far) in
            [("package", "parcel", "password"), ("reimbursement", "refund", "bicycle"), ("invoice", "receipt", "weather")]
        {
            assert!(dot(of(near), of(word)) > dot(of(word), of(far)) + 0.2, "{near} {word} {far}");
        }
    }

    #[test]
    fn what_is_unknown_is_quiet() {
        assert_eq!(of("zxcvbn"), [0.0; DIMENSIONS]);
        let (clear, half) = (of("refund"), of("refund zxcvbn"));
        assert!(dot(half, half) < dot(clear, clear) / 2.0);
    }
}
