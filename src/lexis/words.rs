//! Words that are compiled in: real ones that must not be repaired, and the shorthand of text messages.
//!
//! Owns: the list (`real_words.txt`, SCOWL; its licence stands in the file) and the table of shorthand.
//! Leaves out: other languages; a word that is real elsewhere is protected by being in a phrase.

use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::LazyLock;

static REAL: LazyLock<FxHashSet<&'static str>> =
    LazyLock::new(|| include_str!("real_words.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// True for an English word that people really write.
pub fn real_word(word: &str) -> bool {
    REAL.contains(word)
}

/// What a piece of text-message shorthand stands for, in one word.
pub(super) fn shorthand(word: &str) -> Option<&'static str> {
    static TABLE: LazyLock<FxHashMap<&'static str, &'static str>> = LazyLock::new(|| {
        [
            ("pls", "please"),
            ("plz", "please"),
            ("plse", "please"),
            ("u", "you"),
            ("ur", "your"),
            ("r", "are"),
            ("y", "why"),
            ("pkg", "package"),
            ("pkge", "package"),
            ("parc", "parcel"),
            ("ordr", "order"),
            ("ord", "order"),
            ("odr", "order"),
            ("sts", "status"),
            ("stat", "status"),
            ("whr", "where"),
            ("wher", "where"),
            ("wheres", "where"),
            ("whers", "where"),
            ("wen", "when"),
            ("wat", "what"),
            ("wot", "what"),
            ("wht", "what"),
            ("hw", "how"),
            ("cn", "can"),
            ("hv", "have"),
            ("hav", "have"),
            ("thx", "thanks"),
            ("tnx", "thanks"),
            ("thks", "thanks"),
            ("ty", "thanks"),
            ("tks", "thanks"),
            ("msg", "message"),
            ("addr", "address"),
            ("acct", "account"),
            ("acc", "account"),
            ("pw", "password"),
            ("pwd", "password"),
            ("pswd", "password"),
            ("passwd", "password"),
            ("pymt", "payment"),
            ("pmt", "payment"),
            ("rfnd", "refund"),
            ("dlvry", "delivery"),
            ("tmrw", "tomorrow"),
            ("tmr", "tomorrow"),
            ("2day", "today"),
            ("2moro", "tomorrow"),
            ("bday", "birthday"),
            ("ppl", "people"),
            ("smth", "something"),
            ("sth", "something"),
            ("sm1", "someone"),
            ("some1", "someone"),
            ("any1", "anyone"),
            ("bc", "because"),
            ("coz", "because"),
            ("cuz", "because"),
            ("dnt", "dont"),
            ("abt", "about"),
            ("bk", "back"),
            ("gd", "good"),
            ("nd", "and"),
            ("n", "and"),
            ("w8", "wait"),
            ("gr8", "great"),
            ("l8", "late"),
            ("b4", "before"),
            ("4ever", "forever"),
            ("4get", "forget"),
            ("2", "to"),
            ("4", "for"),
            ("csr", "agent"),
            ("rep", "representative"),
            ("cust", "customer"),
            ("srvc", "service"),
            ("svc", "service"),
        ]
        .into_iter()
        .collect()
    });
    TABLE.get(word).copied()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_list_is_sorted_and_holds_the_dangerous_neighbours() {
        let words: Vec<&str> = include_str!("real_words.txt").lines().filter(|line| !line.starts_with('#')).collect();
        assert!(words.is_sorted());
        for word in ["skilled", "border", "diet", "filled", "billed"] {
            assert!(super::real_word(word), "{word}");
        }
    }
}
