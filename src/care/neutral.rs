//! Words that say nothing about how somebody is.
//!
//! Owns: the committed list. The second opinion passes over these words, so that adding them to a message changes nothing; no
//! guard holds one of them.
//! Leaves out: words that only say little ('please', 'parcel'): they stand in ordinary requests, and tell something.

use rustc_hash::FxHashSet;
use std::sync::LazyLock;

/// Weekdays, months, colours, numbers and things, sorted.
pub const NEUTRAL: [&str; 52] = [
    "april",
    "august",
    "autumn",
    "beige",
    "bracket",
    "brown",
    "carpet",
    "cotton",
    "cupboard",
    "cushion",
    "december",
    "drawer",
    "eight",
    "eighteen",
    "eleven",
    "fabric",
    "february",
    "fifteen",
    "fourteen",
    "grey",
    "hinge",
    "january",
    "july",
    "june",
    "linen",
    "monday",
    "mug",
    "napkin",
    "nineteen",
    "november",
    "october",
    "orange",
    "oval",
    "purple",
    "rug",
    "saturday",
    "september",
    "seventeen",
    "shelf",
    "sixteen",
    "spoon",
    "sunday",
    "teapot",
    "thirteen",
    "thursday",
    "tray",
    "tuesday",
    "turquoise",
    "wardrobe",
    "wednesday",
    "wooden",
    "yellow",
];

/// For looking up.
static WORDS: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| NEUTRAL.into_iter().collect());

/// True for a word of the list.
pub(super) fn is_neutral(word: &str) -> bool {
    WORDS.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(NEUTRAL.is_sorted());
        assert!(NEUTRAL.iter().all(|word| is_neutral(word)) && !is_neutral("alone"));
    }
}
