//! The phrase language of intent and cue files.
//!
//! Owns: `where is my (order|parcel)`, `[please] call * me`, `<concept>`, `{slot}`; from text to a tree of word numbers.
//! Invariants: compiling never panics; alternatives of concepts are expanded once; a phrase always has at least one word that
//! must occur.
//! Leaves out: matching (`matcher`).

use super::vocabulary::{Vocabulary, WordId};
use crate::text::Text;
use rustc_hash::FxHashMap;
use std::collections::HashMap;

/// Named lists of phrases that other phrases refer to as `<name>`.
pub type Concepts = HashMap<String, Vec<String>>;

/// Names of slots that phrases may refer to as `{name}`, by index.
pub type Slots<'a> = &'a [String];

/// The longest gap, in words, that one `*` spans.
pub(super) const GAP: usize = 3;

/// How deep brackets and concepts may nest, and how many parts a phrase may have once its concepts are written out: more is
/// a mistake, and would make matching slow.
const DEEPEST: usize = 6;
const MOST_PARTS: usize = 4_000;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Word(WordId),
    Choice(Alternatives),
    Optional(Alternatives),
    Gap,
    Slot(usize),
}

/// The alternatives of a choice, findable by the word with which they begin: a list of ways may have hundreds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Alternatives {
    all: Vec<Vec<Node>>,
    /// Alternatives that begin with this word.
    by_word: FxHashMap<WordId, Vec<usize>>,
    /// Alternatives that may begin with anything.
    open: Vec<usize>,
}

impl Alternatives {
    fn new(all: Vec<Vec<Node>>) -> Self {
        let mut alternatives = Alternatives { all, ..Alternatives::default() };
        for (number, nodes) in alternatives.all.iter().enumerate() {
            match nodes.first() {
                Some(Node::Word(id)) => alternatives.by_word.entry(*id).or_default().push(number),
                _ => alternatives.open.push(number),
            }
        }
        alternatives
    }

    /// Those that may begin with one of these words.
    pub(super) fn beginning(&self, words: &[WordId]) -> impl Iterator<Item = &[Node]> {
        let by_word = words.iter().filter_map(|id| self.by_word.get(id)).flatten();
        by_word.chain(&self.open).map(|number| self.all[*number].as_slice())
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &[Node]> {
        self.all.iter().map(Vec::as_slice)
    }
}

/// A compiled phrase.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrase {
    pub(super) nodes: Vec<Node>,
}

/// Why a phrase can't be used; said to the operator with the file's place around it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhraseError {
    /// No word at all.
    #[error("this phrase has no words")]
    Empty,
    /// Only gaps, options and slots.
    #[error("this phrase has no word that must occur, so it would match anything")]
    Anything,
    /// A bracket without its partner.
    #[error("`{0}` is not closed")]
    Open(char),
    /// A closing bracket or `|` on its own.
    #[error("`{0}` stands alone; it belongs inside (a|b) or [a|b]")]
    Stray(char),
    /// A reference to nothing.
    #[error("there is no list called <{0}>")]
    Concept(String),
    /// A reference to no slot.
    #[error("there is no slot called {{{0}}}")]
    Slot(String),
    /// Concepts that refer to each other in a circle, or brackets in brackets in brackets.
    #[error("too deeply nested (a list that refers to itself?)")]
    Deep,
    /// Too many alternatives.
    #[error("more than {MOST_PARTS} words once its lists are written out")]
    Large,
}

impl Phrase {
    /// Reads and compiles a phrase; its words join the vocabulary.
    pub fn compile(text: &str, vocabulary: &mut Vocabulary, concepts: &Concepts, slots: Slots<'_>) -> Result<Phrase, PhraseError> {
        let mut parser = Parser { vocabulary, concepts, slots, parts: 0 };
        let mut nodes = parser.sequence(text, 0)?;
        while matches!(nodes.first(), Some(Node::Gap)) {
            nodes.remove(0);
        }
        while matches!(nodes.last(), Some(Node::Gap)) {
            nodes.pop();
        }
        if nodes.is_empty() {
            return Err(PhraseError::Empty);
        }
        let must = nodes.iter().any(|node| matches!(node, Node::Word(_)) || matches!(node, Node::Choice(_)) && certain(node));
        if !must {
            return Err(PhraseError::Anything);
        }
        Ok(Phrase { nodes })
    }

    /// Every word that occurs in the phrase, optional ones too.
    pub fn words(&self) -> Vec<WordId> {
        fn collect(nodes: &[Node], out: &mut Vec<WordId>) {
            for node in nodes {
                match node {
                    Node::Word(id) => out.push(*id),
                    Node::Choice(alternatives) | Node::Optional(alternatives) => {
                        alternatives.all().for_each(|alternative| collect(alternative, out));
                    }
                    Node::Gap | Node::Slot(_) => {}
                }
            }
        }
        let mut out = Vec::new();
        collect(&self.nodes, &mut out);
        out
    }

    /// Some plain sentences that the phrase stands for: the first is every first alternative; then each further alternative
    /// once. At most `most`. Gaps and values are left out.
    pub fn examples(&self, most: usize) -> Vec<Vec<WordId>> {
        fn width(nodes: &[Node]) -> usize {
            nodes
                .iter()
                .map(|node| match node {
                    Node::Choice(alternatives) | Node::Optional(alternatives) => {
                        alternatives.all().map(width).max().unwrap_or(1).max(alternatives.all.len())
                    }
                    _ => 1,
                })
                .max()
                .unwrap_or(1)
        }
        fn write(nodes: &[Node], turn: usize, out: &mut Vec<WordId>) {
            for node in nodes {
                match node {
                    Node::Word(id) => out.push(*id),
                    Node::Choice(alternatives) | Node::Optional(alternatives) if !alternatives.all.is_empty() => {
                        write(&alternatives.all[turn % alternatives.all.len()], turn, out);
                    }
                    _ => {}
                }
            }
        }
        (0..width(&self.nodes).min(most))
            .map(|turn| {
                let mut out = Vec::new();
                write(&self.nodes, turn, &mut out);
                out
            })
            .collect()
    }

    /// Sets of words of each of which at least one occurs in every match, sorted; the most telling set first: `weigh` is high
    /// for common words.
    pub(super) fn required(&self, weigh: &dyn Fn(WordId) -> usize) -> Vec<Vec<WordId>> {
        fn of_sequence(nodes: &[Node], weigh: &dyn Fn(WordId) -> usize) -> Option<Vec<WordId>> {
            nodes.iter().filter_map(|node| of_node(node, weigh)).min_by_key(|ids| cost(ids, weigh))
        }
        fn of_node(node: &Node, weigh: &dyn Fn(WordId) -> usize) -> Option<Vec<WordId>> {
            match node {
                Node::Word(id) => Some(vec![*id]),
                Node::Choice(alternatives) => {
                    let mut ids = Vec::new();
                    for alternative in alternatives.all() {
                        ids.extend(of_sequence(alternative, weigh)?);
                    }
                    ids.sort_unstable();
                    ids.dedup();
                    Some(ids)
                }
                _ => None,
            }
        }
        fn cost(ids: &[WordId], weigh: &dyn Fn(WordId) -> usize) -> usize {
            ids.iter().map(|id| weigh(*id)).sum()
        }
        let mut sets: Vec<Vec<WordId>> = self.nodes.iter().filter_map(|node| of_node(node, weigh)).collect();
        sets.sort_by_key(|ids| cost(ids, weigh));
        sets
    }
}

/// True when every alternative has a word that must occur.
fn certain(node: &Node) -> bool {
    match node {
        Node::Word(_) => true,
        Node::Choice(alternatives) => alternatives.all().all(|alternative| alternative.iter().any(certain)),
        _ => false,
    }
}

/// The words of a phrase as they would be written, without its signs; for comparing and for showing.
pub fn flat(phrase: &str) -> String {
    Text::new(phrase).tokens.iter().map(|token| token.text.as_str()).collect::<Vec<_>>().join(" ")
}

struct Parser<'a> {
    vocabulary: &'a mut Vocabulary,
    concepts: &'a Concepts,
    slots: Slots<'a>,
    parts: usize,
}

impl Parser<'_> {
    fn sequence(&mut self, text: &str, depth: usize) -> Result<Vec<Node>, PhraseError> {
        if depth > DEEPEST {
            return Err(PhraseError::Deep);
        }
        let mut nodes = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let after = rest.get(c.len_utf8()..).unwrap_or("");
            match c {
                '(' | '[' | '<' | '{' => {
                    self.words(&mut plain, &mut nodes)?;
                    let (inside, tail) = inside(c, after)?;
                    nodes.push(self.group(c, inside, depth)?);
                    rest = tail;
                    continue;
                }
                ')' | ']' | '>' | '}' | '|' => return Err(PhraseError::Stray(c)),
                '*' if plain.is_empty() || plain.ends_with(char::is_whitespace) => {
                    self.words(&mut plain, &mut nodes)?;
                    nodes.push(Node::Gap);
                }
                c => plain.push(c),
            }
            rest = after;
        }
        self.words(&mut plain, &mut nodes)?;
        Ok(nodes)
    }

    fn words(&mut self, plain: &mut String, nodes: &mut Vec<Node>) -> Result<(), PhraseError> {
        for token in Text::new(std::mem::take(plain)).tokens {
            self.parts += 1;
            if self.parts > MOST_PARTS {
                return Err(PhraseError::Large);
            }
            nodes.push(Node::Word(self.vocabulary.add(&token.text)));
        }
        Ok(())
    }

    fn group(&mut self, open: char, inside: &str, depth: usize) -> Result<Node, PhraseError> {
        match open {
            '<' => {
                let concepts = self.concepts;
                let list = concepts.get(inside.trim()).ok_or_else(|| PhraseError::Concept(inside.trim().to_string()))?;
                let alternatives: Result<Vec<_>, _> = list.iter().map(|phrase| self.sequence(phrase, depth + 1)).collect();
                Ok(Node::Choice(Alternatives::new(alternatives?)))
            }
            '{' => {
                let index = self.slots.iter().position(|slot| slot == inside.trim());
                index.map(Node::Slot).ok_or_else(|| PhraseError::Slot(inside.trim().to_string()))
            }
            _ => {
                let mut alternatives = Vec::new();
                for part in parts(inside) {
                    alternatives.push(self.sequence(part, depth + 1)?);
                }
                alternatives.retain(|alternative| !alternative.is_empty());
                if alternatives.is_empty() {
                    return Err(PhraseError::Empty);
                }
                let alternatives = Alternatives::new(alternatives);
                Ok(if open == '(' { Node::Choice(alternatives) } else { Node::Optional(alternatives) })
            }
        }
    }
}

fn partner(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        '<' => '>',
        _ => '}',
    }
}

/// What stands between an open bracket and its partner, and what follows.
fn inside(open: char, text: &str) -> Result<(&str, &str), PhraseError> {
    let close = partner(open);
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        if c == open {
            depth += 1;
        } else if c == close {
            if depth == 0 {
                return Ok((text.get(..at).unwrap_or(""), text.get(at + 1..).unwrap_or("")));
            }
            depth -= 1;
        }
    }
    Err(PhraseError::Open(open))
}

/// The alternatives of a choice: split at `|`, but not inside inner brackets.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0;
    let mut from = 0;
    let mut out = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '<' | '{' => depth += 1,
            ')' | ']' | '>' | '}' => depth -= 1,
            '|' if depth == 0 => {
                out.push(text.get(from..at).unwrap_or(""));
                from = at + 1;
            }
            _ => {}
        }
    }
    out.push(text.get(from..).unwrap_or(""));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(text: &str) -> Result<Phrase, PhraseError> {
        let concepts = Concepts::from([
            ("die".to_string(), vec!["die".to_string(), "be dead".to_string()]),
            ("loop".to_string(), vec!["a <loop>".to_string()]),
        ]);
        Phrase::compile(text, &mut Vocabulary::default(), &concepts, &["order".to_string()])
    }

    #[test]
    fn mistakes_are_named() {
        for (name, text, wanted) in [
            ("nothing", " ", PhraseError::Empty),
            ("gap alone", "*", PhraseError::Empty),
            ("options alone", "[a|b]", PhraseError::Anything),
            ("slot alone", "{order}", PhraseError::Anything),
            ("open", "where is (my", PhraseError::Open('(')),
            ("stray", "a | b", PhraseError::Stray('|')),
            ("concept", "i <live>", PhraseError::Concept("live".into())),
            ("slot", "order {nr}", PhraseError::Slot("nr".into())),
            ("circle", "<loop>", PhraseError::Deep),
        ] {
            assert_eq!(compile(text), Err(wanted), "{name}");
        }
    }

    #[test]
    fn examples_walk_the_alternatives() {
        let mut vocabulary = Vocabulary::default();
        let phrase = Phrase::compile("where is my (order|small parcel)", &mut vocabulary, &Concepts::new(), &[]).expect("compiles");
        let shown: Vec<String> = phrase
            .examples(4)
            .into_iter()
            .map(|ids| ids.into_iter().map(|id| vocabulary.word(id).to_string()).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(shown, ["where is my order", "where is my small parcel"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_compiles_or_says_why(text in "[a-c(|)\\[\\]<>{}* ]{0,40}") {
            let _ = compile(&text);
        }
    }
}
