//! Words as numbers, and the repair of small typos.
//!
//! Owns: which words the phrases know; which known words a written word may have been meant as.
//! Invariants: a word that is known, a real word of the language, or an identifier is never repaired; a repair is one edit
//! (insertion, deletion, substitution, swap of neighbours) and keeps the first letter, except that the first two may be
//! swapped. 'skilled' never becomes 'killed'.
//! Source: deletion neighbourhoods as in W. Garbe's SymSpell.

use super::matcher::WordIds;
use super::words::{real_word, shorthand};
use crate::text::{Kind, Token};
use rustc_hash::{FxHashMap, FxHashSet};

/// A word of a vocabulary.
pub type WordId = u32;

/// Words of fewer characters are not repaired: too much is one edit away from them.
const SHORTEST: usize = 5;

/// The words of a set of phrases.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    ids: FxHashMap<Box<str>, WordId>,
    words: Vec<Box<str>>,
    deletions: FxHashMap<Box<str>, Vec<WordId>>,
    /// Words of elsewhere that are meant as they stand.
    protected: FxHashSet<Box<str>>,
}

impl Vocabulary {
    /// The number of a word, new or known.
    pub fn add(&mut self, word: &str) -> WordId {
        if let Some(id) = self.ids.get(word) {
            return *id;
        }
        let id = self.words.len() as WordId;
        self.ids.insert(word.into(), id);
        self.words.push(word.into());
        if repairable(word) {
            for shorter in deletions(word).chain(std::iter::once(word.to_string())) {
                self.deletions.entry(shorter.into()).or_default().push(id);
            }
        }
        id
    }

    /// Words that are meant as they stand: 'perdon' is Spanish, and no slip of 'person'.
    pub fn protect<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        self.protected.extend(words.map(Box::from));
    }

    /// The number of a known word.
    pub fn id(&self, word: &str) -> Option<WordId> {
        self.ids.get(word).copied()
    }

    /// The word of a number.
    pub fn word(&self, id: WordId) -> &str {
        self.words.get(id as usize).map_or("", |word| word)
    }

    /// How many words there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// True without words.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Every known word that a token may stand for, itself first, and whether it had to be repaired.
    pub fn read(&self, token: &Token) -> (WordIds, bool) {
        let mut ids = WordIds::new();
        let mut add = |id: Option<WordId>| {
            if let Some(id) = id.filter(|id| !ids.contains(id)) {
                ids.push(id);
            }
        };
        add(self.id(&token.text));
        add(token.alt.as_deref().and_then(|alt| self.id(alt)));
        add(shorthand(&token.text).and_then(|word| self.id(word)));
        if !ids.is_empty() || token.kind != Kind::Word || real_word(&token.text) || self.protected.contains(token.text.as_str()) {
            return (ids, false);
        }
        let ids = self.repair(&token.text);
        let repaired = !ids.is_empty();
        (ids, repaired)
    }

    /// Known words one edit away.
    fn repair(&self, word: &str) -> WordIds {
        let length = word.chars().count();
        if length + 1 < SHORTEST || length > 30 {
            return WordIds::new();
        }
        let mut found = WordIds::new();
        for shorter in std::iter::once(word.to_string()).chain(deletions(word)) {
            for id in self.deletions.get(shorter.as_str()).into_iter().flatten() {
                if !found.contains(id) && one_edit(word, self.word(*id)) {
                    found.push(*id);
                }
            }
        }
        found
    }
}

fn repairable(word: &str) -> bool {
    word.chars().count() >= SHORTEST && word.chars().all(char::is_alphabetic)
}

fn deletions(word: &str) -> impl Iterator<Item = String> + '_ {
    word.char_indices().map(|(at, c)| {
        let mut shorter = String::with_capacity(word.len());
        shorter.push_str(word.get(..at).unwrap_or(""));
        shorter.push_str(word.get(at + c.len_utf8()..).unwrap_or(""));
        shorter
    })
}

/// One insertion, deletion, substitution or swap of neighbours, with the first letter kept or swapped with the second.
fn one_edit(written: &str, meant: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (written.chars().collect(), meant.chars().collect());
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let end = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (a_mid, b_mid) = (&a[start..a.len() - end], &b[start..b.len() - end]);
    let swapped = matches!((a_mid, b_mid), ([w, x], [y, z]) if w == z && x == y);
    let single = a_mid.len() <= 1 && b_mid.len() <= 1 && a_mid.len() + b_mid.len() > 0;
    swapped || (single && start > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    fn vocabulary(words: &[&str]) -> Vocabulary {
        let mut vocabulary = Vocabulary::default();
        for word in words {
            vocabulary.add(word);
        }
        vocabulary
    }

    #[test]
    fn repair_rows() {
        let vocabulary = vocabulary(&["parcel", "killed", "order", "suicide", "where", "refund", "please", "cant"]);
        for (name, written, wanted) in [
            ("known", "parcel", vec!["parcel"]),
            ("dropped letter", "parcl", vec!["parcel"]),
            ("doubled letter", "parrcel", vec!["parcel"]),
            ("neighbour key", "parvel", vec!["parcel"]),
            ("swap", "pracel", vec!["parcel"]),
            ("swap at the start", "aprcel", vec!["parcel"]),
            ("sensitive word", "suicde", vec!["suicide"]),
            ("shorthand", "pls", vec!["please"]),
            ("leetspeak", "0rder", vec!["order"]),
            ("first letter is kept", "skilled", vec![]),
            ("a real word is meant", "border", vec![]),
            ("identifier", "a1042", vec![]),
            ("too far", "parsl", vec![]),
            ("short words are left alone", "cart", vec![]),
        ] {
            let text = Text::new(written);
            let (ids, _) = vocabulary.read(&text.tokens[0]);
            let words: Vec<&str> = ids.into_iter().map(|id| vocabulary.word(id)).collect();
            assert_eq!(words, wanted, "{name}");
        }
    }
}
