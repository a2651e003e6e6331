//! The words by which people say dates.
//!
//! Owns: the `dates` tables of `small_words.toml`, as meanings of words.
//! Invariants: a word that means two different things in two languages means neither.
//! Leaves out: reading a date (`date`).

use crate::lexis::{Located, Table};
use crate::text::fold;
use rustc_hash::{FxHashMap, FxHashSet};

/// What a word says about a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// A day of the week, Monday is 0.
    Weekday(u8),
    /// A month, January is 1.
    Month(u8),
    /// So many days from today: yesterday is -1.
    Relative(i8),
}

/// A length of time that people count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Days,
    Weeks,
    Months,
}

/// What a word does to the date beside it. A word may do several: 'in' and 'a' are small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The one before: last, since.
    Past,
    /// The one after: next.
    Coming,
    /// Begins a range: from, between.
    From,
    /// Stands between the ends of a range: to, until.
    To,
    /// Stands there too, after a word that begins a range: between 3 *and* 5 May.
    And,
    /// May stand before a day: the, el, dem.
    Article,
    /// Stands between day and month: of, de.
    Of,
    /// Before a length of time that is over: hace, vor.
    AgoBefore,
    /// After it: ago, pehle.
    AgoAfter,
    /// Before a length of time to come: in, dans.
    Ahead,
}

const ROLES: [(&str, Role); 10] = [
    ("past", Role::Past),
    ("coming", Role::Coming),
    ("from", Role::From),
    ("to", Role::To),
    ("and", Role::And),
    ("article", Role::Article),
    ("of", Role::Of),
    ("ago_before", Role::AgoBefore),
    ("ago_after", Role::AgoAfter),
    ("ahead", Role::Ahead),
];
const UNITS: [(&str, Unit); 3] = [("day", Unit::Days), ("week", Unit::Weeks), ("month", Unit::Months)];
const RELATIVE: [(&str, i8); 5] = [("today", 0), ("yesterday", -1), ("tomorrow", 1), ("before_yesterday", -2), ("after_tomorrow", 2)];

/// The words of dates, of all languages.
#[derive(Clone, Debug, Default)]
pub(super) struct Calendar {
    words: FxHashMap<String, Option<Word>>,
    units: FxHashMap<String, Unit>,
    numbers: FxHashMap<String, i16>,
    /// Roles by word; of two words ('y a') the second has it, behind the first.
    roles: FxHashMap<String, Vec<(Role, Option<String>)>>,
    /// Words with which a date may begin.
    begins: FxHashSet<String>,
}

impl Calendar {
    pub(super) fn read(&mut self, table: &Table<'_>) {
        let mut known = vec!["weekdays", "months", "numbers"];
        known.extend(ROLES.iter().map(|(name, _)| *name));
        known.extend(UNITS.iter().map(|(name, _)| *name));
        known.extend(RELATIVE.iter().map(|(name, _)| *name));
        table.only(&known);
        for (at, words) in exactly(table, "weekdays", 7).iter().enumerate() {
            spellings(words).for_each(|word| self.mean(word, Word::Weekday(at as u8)));
        }
        for (at, words) in exactly(table, "months", 12).iter().enumerate() {
            spellings(words).for_each(|word| self.mean(word, Word::Month(at as u8 + 1)));
        }
        for (at, words) in table.strings("numbers").iter().enumerate() {
            spellings(words).for_each(|word| {
                self.numbers.entry(word).or_insert(at as i16 + 1);
            });
        }
        for (name, days) in RELATIVE {
            table.strings(name).iter().for_each(|word| self.mean(fold(&word.value), Word::Relative(days)));
        }
        for (name, unit) in UNITS {
            table.strings(name).iter().for_each(|word| {
                self.units.insert(fold(&word.value), unit);
            });
        }
        for (name, role) in ROLES {
            table.strings(name).iter().for_each(|word| {
                let folded = fold(&word.value);
                let (before, word) =
                    folded.rsplit_once(' ').map_or((None, folded.as_str()), |(before, word)| (Some(before.to_string()), word));
                self.roles.entry(word.to_string()).or_default().push((role, before));
            });
        }
    }

    /// After all languages: the words with which a date may begin.
    pub(super) fn finish(&mut self) {
        let opens = |roles: &[(Role, Option<String>)]| {
            roles.iter().any(|(role, _)| matches!(role, Role::Past | Role::Coming | Role::From | Role::AgoBefore | Role::Ahead))
        };
        let roles = self.roles.iter().filter(|(_, roles)| opens(roles)).map(|(word, _)| word);
        self.begins = self.words.keys().chain(self.units.keys()).chain(self.numbers.keys()).chain(roles).cloned().collect();
    }

    /// True when a date may begin with this word.
    pub(super) fn begins(&self, word: &str) -> bool {
        word.starts_with(|c: char| c.is_ascii_digit()) || self.begins.contains(word)
    }

    fn mean(&mut self, word: String, meaning: Word) {
        let known = self.words.entry(word).or_insert(Some(meaning));
        if *known != Some(meaning) {
            *known = None;
        }
    }

    pub(super) fn word(&self, word: &str) -> Option<Word> {
        self.words.get(word).copied().flatten()
    }

    pub(super) fn unit(&self, word: &str) -> Option<Unit> {
        self.units.get(word).copied()
    }

    /// A small number in words or digits.
    pub(super) fn number(&self, word: &str) -> Option<i16> {
        self.numbers.get(word).copied().or_else(|| (word.len() <= 3).then(|| word.parse().ok()).flatten())
    }

    /// True when a word has a role, given the word before it.
    pub(super) fn is(&self, role: Role, before: &str, word: &str) -> bool {
        let has = |(own, behind): &(Role, Option<String>)| *own == role && behind.as_deref().is_none_or(|behind| behind == before);
        self.roles.get(word).is_some_and(|roles| roles.iter().any(has))
    }
}

fn spellings(words: &Located<String>) -> impl Iterator<Item = String> + '_ {
    words.value.split('|').map(|word| fold(word.trim())).filter(|word| !word.is_empty())
}

/// A list that has to have so many entries; another number is a mistake, and nothing is read.
fn exactly(table: &Table<'_>, key: &str, wanted: usize) -> Vec<Located<String>> {
    let words = table.strings(key);
    if !words.is_empty() && words.len() != wanted {
        let message = format!("`{key}` has {} entries instead of {wanted}", words.len());
        table.doc.error(words[0].span.clone(), message, "one entry each, in order, with `|` between spellings: \"monday|mon\"");
        return Vec::new();
    }
    words
}
