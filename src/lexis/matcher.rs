//! Finding phrases in messages.
//!
//! Owns: a message as word numbers, the index from telling words to phrases, and the match itself.
//! Invariants: a phrase is tried only when one of its anchor words occurs, so the cost grows with what a message shares with
//! the phrases and not with their number; a match is the longest that starts at its place.
//! Leaves out: scores.

use super::phrase::{Alternatives, GAP, Node, Phrase};
use super::vocabulary::{Vocabulary, WordId};
use crate::text::{Kind, Text};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::ops::Range;

/// The few words that a token may stand for.
pub type WordIds = SmallVec<[WordId; 2]>;

/// A message seen with one vocabulary.
#[derive(Debug)]
pub struct Message<'t> {
    /// The text.
    pub text: &'t Text,
    /// For each token, the words that it may stand for.
    pub words: Vec<WordIds>,
    /// For each token, whether a typo had to be repaired.
    pub repaired: Vec<bool>,
    /// For each slot of the phrases at hand, the token ranges of its values.
    pub slots: Vec<Vec<Range<usize>>>,
}

impl<'t> Message<'t> {
    /// Reads a text with a vocabulary.
    pub fn new(text: &'t Text, vocabulary: &Vocabulary) -> Self {
        let (words, repaired) = text.tokens.iter().map(|token| vocabulary.read(token)).unzip();
        Message { text, words, repaired, slots: Vec::new() }
    }
}

/// One phrase found: which, and the tokens that it covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Number of the phrase in its index.
    pub phrase: usize,
    /// First token and one past the last.
    pub tokens: Range<usize>,
}

/// Many phrases, findable by their telling words.
#[derive(Clone, Debug, Default)]
pub struct Index {
    phrases: Vec<Phrase>,
    /// The phrases whose most telling set holds this word.
    postings: FxHashMap<WordId, Vec<Group>>,
    /// For each phrase, the other sets of words of which one must occur.
    required: Vec<Vec<Vec<WordId>>>,
    /// For each phrase, the bits of the words that it may begin with.
    first: Vec<Bits>,
}

/// The phrases that one of their telling words posts, and that share a gate: the bits of another set of words of which one must
/// occur. Most groups end there.
#[derive(Clone, Debug)]
struct Group {
    gate: Bits,
    /// The bits of a third set, and the phrase.
    phrases: Vec<(Bits, u32)>,
}

/// The bits of the words that a sequence may begin with; all of them where it may begin with anything.
fn first(nodes: &[Node]) -> Bits {
    match nodes.first() {
        Some(Node::Word(id)) => bits([id]),
        Some(Node::Choice(alternatives)) => alternatives.all().fold(0, |bits, alternative| bits | first(alternative)),
        Some(Node::Optional(alternatives)) => {
            alternatives.all().fold(first(nodes.get(1..).unwrap_or_default()), |bits, alternative| bits | first(alternative))
        }
        Some(Node::Gap | Node::Slot(_)) | None => Bits::MAX,
    }
}

/// A bit for each word of a set.
type Bits = u128;

/// One bit for each word: where two sets share no bit, they share no word.
fn bits<'w>(words: impl IntoIterator<Item = &'w WordId>) -> Bits {
    words.into_iter().fold(0, |bits, word| bits | 1 << (word.wrapping_mul(0x9E37_79B9) >> 25))
}

impl Index {
    /// An index of phrases; their order numbers them.
    pub fn new(phrases: Vec<Phrase>) -> Self {
        let mut counts: FxHashMap<WordId, usize> = FxHashMap::default();
        for phrase in &phrases {
            for id in phrase.words() {
                *counts.entry(id).or_default() += 1;
            }
        }
        let mut index = Index::default();
        for (number, phrase) in phrases.iter().enumerate() {
            let mut sets = phrase.required(&|id| counts.get(&id).copied().unwrap_or(1)).into_iter();
            let telling = sets.next().unwrap_or_default();
            let sets: Vec<Vec<WordId>> = sets.collect();
            let [gate, next] = [0, 1].map(|place| sets.get(place).map_or(Bits::MAX, bits));
            let posted = (next, number as u32);
            for id in telling {
                let groups = index.postings.entry(id).or_default();
                match groups.iter_mut().find(|group| group.gate == gate) {
                    Some(group) => group.phrases.push(posted),
                    None => groups.push(Group { gate, phrases: vec![posted] }),
                }
            }
            index.first.push(first(&phrase.nodes));
            index.required.push(sets);
        }
        index.phrases = phrases;
        index
    }

    /// The phrases in their order.
    pub fn phrases(&self) -> &[Phrase] {
        &self.phrases
    }

    /// Every phrase that occurs, with every place where it starts; ordered by phrase and place.
    pub fn find(&self, message: &Message<'_>) -> Vec<Match> {
        let here: SmallVec<[Bits; 32]> = message.words.iter().map(bits).collect();
        let said = here.iter().fold(0, |said, here| said | here);
        let mut words: SmallVec<[WordId; 32]> = message.words.iter().flatten().copied().collect();
        words.sort_unstable();
        words.dedup();
        let mut numbers: Vec<usize> = Vec::with_capacity(32);
        for posted in words.iter().filter_map(|id| self.postings.get(id)) {
            for (gate, phrase) in posted.iter().filter(|group| group.gate & said != 0).flat_map(|group| &group.phrases) {
                let phrase = *phrase as usize;
                if gate & said != 0 && self.required[phrase].iter().all(|set| share(set, &words)) {
                    numbers.push(phrase);
                }
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        let mut matches = Vec::new();
        for number in numbers {
            let nodes = &self.phrases[number].nodes;
            // A phrase begins with one of its first words; an emoji before it is no part of it.
            for at in (0..message.words.len()).filter(|at| here[*at] & self.first[number] != 0) {
                if let Some(end) = longest(nodes, message, at).filter(|end| *end > at) {
                    matches.push(Match { phrase: number, tokens: at..end });
                }
            }
        }
        matches
    }
}

/// True when two sorted sets share a word.
fn share(a: &[WordId], b: &[WordId]) -> bool {
    let (few, many) = if a.len() < b.len() { (a, b) } else { (b, a) };
    few.iter().any(|id| many.binary_search(id).is_ok())
}

/// The furthest end of a match that starts at a token.
fn longest(nodes: &[Node], message: &Message<'_>, at: usize) -> Option<usize> {
    let mut best = None;
    let mut steps = 2_000;
    walk(&[nodes], message, at, &mut best, &mut steps);
    best
}

/// Walks a stack of node sequences: the rest of the innermost first, then what follows outside. `steps` bounds the work on
/// pathological phrases; a real one takes a few dozen.
fn walk(stack: &[&[Node]], message: &Message<'_>, at: usize, best: &mut Option<usize>, steps: &mut usize) {
    if *steps == 0 {
        return;
    }
    *steps -= 1;
    let Some((nodes, outer)) = stack.split_first() else {
        *best = (*best).max(Some(at));
        return;
    };
    let Some((node, rest)) = nodes.split_first() else {
        return walk(outer, message, at, best, steps);
    };
    let continue_with = |sequence: &[Node], at: usize, best: &mut Option<usize>, steps: &mut usize| {
        let mut deeper: SmallVec<[&[Node]; 8]> = SmallVec::new();
        if !sequence.is_empty() {
            deeper.push(sequence);
        }
        deeper.push(rest);
        deeper.extend_from_slice(outer);
        walk(&deeper, message, at, best, steps);
    };
    match node {
        Node::Word(id) => {
            if message.words.get(at).is_some_and(|ids| ids.contains(id)) {
                continue_with(&[], at + 1, best, steps);
            } else if message.text.tokens.get(at).is_some_and(|token| token.kind == Kind::Emoji) && at > 0 {
                // An emoji between two words of a phrase is decoration.
                walk(stack, message, at + 1, best, steps);
            }
        }
        Node::Choice(alternatives) => {
            beginning(alternatives, message, at, |alternative| continue_with(alternative, at, best, steps));
        }
        Node::Optional(alternatives) => {
            beginning(alternatives, message, at, |alternative| continue_with(alternative, at, best, steps));
            continue_with(&[], at, best, steps);
        }
        Node::Gap => {
            for skipped in 0..=GAP.min(message.words.len().saturating_sub(at)) {
                continue_with(&[], at + skipped, best, steps);
            }
        }
        Node::Slot(slot) => {
            for range in message.slots.get(*slot).into_iter().flatten().filter(|range| range.start == at) {
                continue_with(&[], range.end, best, steps);
            }
        }
    }
}

/// Calls `take` with the alternatives that may begin at a token; behind an emoji, which may be decoration, those that may begin
/// after it.
fn beginning<'a>(alternatives: &'a Alternatives, message: &Message<'_>, at: usize, mut take: impl FnMut(&'a [Node])) {
    let decoration = (at..message.words.len()).take_while(|at| message.text.tokens[*at].kind == Kind::Emoji).count();
    let words = message.words.get(at + decoration).map_or(&[][..], |ids| ids.as_slice());
    if decoration == 0 {
        return alternatives.beginning(words).for_each(take);
    }
    let own = message.words.get(at).map_or(&[][..], |ids| ids.as_slice());
    let both: SmallVec<[WordId; 4]> = own.iter().chain(words).copied().collect();
    alternatives.beginning(&both).for_each(&mut take);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexis::Concepts;

    fn spans(phrase: &str, message: &str) -> Vec<(usize, usize)> {
        let mut vocabulary = Vocabulary::default();
        let concepts = Concepts::from([("die".to_string(), vec!["die".to_string(), "be dead".to_string()])]);
        let phrase = Phrase::compile(phrase, &mut vocabulary, &concepts, &["order".to_string()]).expect("compiles");
        let text = Text::new(message);
        let mut message = Message::new(&text, &vocabulary);
        message.slots = vec![vec![2..3]];
        Index::new(vec![phrase]).find(&message).into_iter().map(|found| (found.tokens.start, found.tokens.end)).collect()
    }

    #[test]
    fn match_rows() {
        for (name, phrase, message, wanted) in [
            ("words in order", "where is my order", "hey where is my order?", vec![(1, 5)]),
            ("not out of order", "where is", "is where", vec![]),
            ("whole words", "order", "border orders", vec![]),
            ("choice", "my (order|small parcel)", "my small parcel", vec![(0, 3)]),
            ("optional there", "where is [my] order", "where is my order", vec![(0, 4)]),
            ("optional absent", "where is [my] order", "where is order", vec![(0, 3)]),
            ("gap of none", "has * shipped", "has shipped", vec![(0, 2)]),
            ("gap of three", "has * shipped", "has my big order shipped", vec![(0, 5)]),
            ("gap of four is too far", "has * shipped", "has my very big order shipped", vec![]),
            ("concept", "want to <die>", "i want to be dead", vec![(1, 5)]),
            ("typo", "cancel my order", "cancle my ordre", vec![(0, 3)]),
            ("slot", "cancel order {order}", "cancel order A1042", vec![(0, 3)]),
            ("twice", "help", "help me help", vec![(0, 1), (2, 3)]),
            ("emoji between", "i want to die", "i want 😭 to die", vec![(0, 5)]),
        ] {
            assert_eq!(spans(phrase, message), wanted, "{name}");
        }
    }

    #[test]
    fn a_phrase_of_gaps_is_bounded() {
        let phrase = "a * a * a * a * a * a * a * a * a * a * b";
        assert_eq!(spans(phrase, &"a ".repeat(500)), []);
    }
}
