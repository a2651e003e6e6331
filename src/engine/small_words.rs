//! The small words of the languages: what carries no request, what corrects, joins or points back, and the words of dates.
//!
//! Owns: `small_words.toml`, from text to sets.
//! Invariants: the words of all languages are read together, since people mix them; a word that two languages use for
//! different days or months is neither.
//! Leaves out: phrases (yes, no, never mind), which are the bot's own words (`conversation`).

use super::calendar::Calendar;
use crate::lexis::{Doc, Finding, Source, Table};
use crate::text::fold;
use rustc_hash::FxHashSet;

/// The file's name.
pub(super) const FILE: &str = "small_words.toml";

/// What a small word does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Small {
    /// Carries no request: may stand around a phrase that still covers the message.
    Filler,
    /// May stand around a yes, a no or a never mind.
    Polite,
    /// Says that the value before it was wrong.
    Correcting,
    /// Before a value: not this one.
    Negating,
    /// Begins a further request.
    Joining,
    /// Points back to what was talked about.
    Pointing,
}

const LISTS: [(&str, Small); 6] = [
    ("filler", Small::Filler),
    ("polite", Small::Polite),
    ("correcting", Small::Correcting),
    ("negating", Small::Negating),
    ("joining", Small::Joining),
    ("pointing", Small::Pointing),
];

/// Compiled small words.
#[derive(Clone, Debug, Default)]
pub struct SmallWords {
    sets: [FxHashSet<String>; LISTS.len()],
    pub(super) calendar: Calendar,
    pub(super) streets: Streets,
}

/// Words that stand in the first line of an address, and endings of such words ("-strasse").
#[derive(Clone, Debug, Default)]
pub(super) struct Streets {
    words: FxHashSet<String>,
    endings: Vec<String>,
}

impl Streets {
    pub(super) fn is(&self, word: &str) -> bool {
        self.words.contains(word) || self.endings.iter().any(|ending| word.len() > ending.len() && word.ends_with(ending.as_str()))
    }
}

impl SmallWords {
    /// Reads the file.
    pub(super) fn read(source: &Source) -> (Self, Vec<Finding>) {
        let doc = Doc::new(source);
        let mut words = SmallWords::default();
        doc.read(|root| {
            for language in root.keys() {
                let Some(table) = root.table(&language.value) else { continue };
                words.language(&table);
            }
        });
        words.calendar.finish();
        (words, doc.into_findings())
    }

    fn language(&mut self, table: &Table<'_>) {
        let mut known: Vec<&str> = LISTS.iter().map(|(name, _)| *name).collect();
        known.extend(["dates", "street"]);
        table.only(&known);
        for (name, small) in LISTS {
            for word in table.strings(name) {
                let folded = fold(&word.value);
                if folded.is_empty() || folded.contains(char::is_whitespace) {
                    table.doc.error(word.span, format!("\"{}\" is not one word", word.value), "each entry is a single word");
                    continue;
                }
                self.sets[small as usize].insert(folded);
            }
        }
        for word in table.strings("street") {
            let folded = fold(&word.value);
            match folded.strip_prefix('-') {
                Some(ending) => self.streets.endings.push(ending.to_string()),
                None => drop(self.streets.words.insert(folded)),
            }
        }
        if let Some(dates) = table.table("dates") {
            self.calendar.read(&dates);
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.sets.iter().flatten().map(String::as_str)
    }

    /// True for a word that does anything.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.sets.iter().any(|set| set.contains(word))
    }

    /// True for a word that does this.
    pub fn is(&self, small: Small, word: &str) -> bool {
        self.sets[small as usize].contains(word)
    }
}

#[cfg(test)]
pub(crate) fn shipped() -> SmallWords {
    let (words, findings) = SmallWords::read(&Source::new(FILE, include_str!("../../intents/small_words.toml")));
    assert_eq!(findings, []);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_words_are_not_one() {
        let (words, findings) = SmallWords::read(&Source::new(FILE, "[en]\nfiller = [\"thank you\", \"Désolé\"]"));
        assert!(findings[0].to_string().contains("is not one word"), "{}", findings[0]);
        assert!(words.is(Small::Filler, "desole") && !words.is(Small::Polite, "desole"));
    }
}
