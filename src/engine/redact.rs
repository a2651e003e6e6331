//! Messages without what is personal in them.
//!
//! Owns: what may be shown of a message outside its conversation: words that lines or dictionaries know; values by their type.
//! Invariants: no digit and no word that is not in a dictionary or in the operator's own lines gets through, so names,
//! numbers and addresses don't, except where a name is an ordinary word too.
//! Leaves out: who may see it.

use super::understand::Engine;
use crate::lexis::real_word;
use crate::text::{Kind, Text};
use jiff::civil::Date;

/// What stands for a word that is not shown.
const HIDDEN: &str = "…";

/// More words than these are not kept of a message.
const MOST: usize = 40;

impl Engine {
    /// The words of a message that may be shown: `where is [order number] of …`.
    pub fn redact(&self, text: &Text, today: Date) -> String {
        let entities = self.entities.find(text, today);
        let mut shown: Vec<String> = Vec::new();
        for token in text.tokens.iter().take(MOST) {
            let entity = entities.iter().find(|entity| entity.span.overlaps(token.span));
            // Two letters are 'at' and 'in': they name nobody.
            let short = |word: &str| word.chars().count() <= 2;
            let known = |word: &str| short(word) || self.vocabulary.id(word).is_some() || real_word(word) || self.small.knows(word);
            let word = match (entity, token.kind) {
                (Some(entity), _) => format!("[{}]", entity.kind.replace('_', " ")),
                (None, Kind::Emoji) => token.text.clone(),
                (None, Kind::Word) if known(&token.text) && !token.text.contains(|c: char| c.is_ascii_digit()) => token.text.clone(),
                (None, Kind::Word | Kind::Number) => HIDDEN.into(),
            };
            if shown.last() != Some(&word) || !(word == HIDDEN || entity.is_some()) {
                shown.push(word);
            }
        }
        shown.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::{CallShapes, Thresholds, compile};
    use crate::lexis::{Forgetful, Source};
    use crate::text::Text;
    use jiff::civil::date;

    #[test]
    fn names_numbers_and_addresses_are_hidden() {
        let sources = [
            Source::new("entities.toml", include_str!("../../intents/entities.toml")),
            Source::new("small_words.toml", include_str!("../../intents/small_words.toml")),
            Source::new("a.toml", "[en]\nsay = [\"wheres my pkg\"]\nreply.text = \"x\""),
        ];
        let (engine, _) = compile(&sources, &CallShapes::new(), Thresholds::default(), &Forgetful).expect("compiles");
        for (text, wanted) in [
            ("wheres my pkg A1042", "wheres my pkg [order number]"),
            ("my name is Oluwaseun Adeyemi", "my name is …"),
            ("write to ana@example.com please", "write to [email] please"),
            ("call 07700 900461 now", "call [phone] now"),
            ("i live at 12 Elm Street, Leeds LS1 4AB", "i live at [address]"),
            ("my code is 9911", "my code is …"),
            ("😭 help", "😭 help"),
        ] {
            assert_eq!(engine.redact(&Text::new(text), date(2026, 11, 21)), wanted);
        }
    }
}
