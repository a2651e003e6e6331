//! Everyday chatter: what people also send to a bot.
//!
//! Owns: the lines (`background.txt`), taken apart once. They count against every class, and stand for the world outside
//! when scores are calibrated.
//! Invariants: a line that holds a whole example of the operator's, or is a part of one, is no chatter for them.
//! Leaves out: anything that a shop, a bank or an airline might be asked for: those words would speak against intents.

use crate::text::Text;
use std::collections::HashSet;
use std::sync::LazyLock;

/// The words of each line.
pub(super) static LINES: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    include_str!("background.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| super::plain(&Text::new(line)))
        .collect()
});

/// An example of more words than this is found in a line of chatter only by chance.
const SHORT: usize = 3;

/// For each line, whether it is chatter beside these examples.
pub(super) fn without(examples: &[&[String]]) -> Vec<bool> {
    let whole: HashSet<&[String]> = examples.iter().copied().collect();
    let mut parts: HashSet<&[String]> = HashSet::new();
    for example in examples.iter().filter(|example| example.len() <= SHORT + 1) {
        (1..example.len()).for_each(|length| parts.extend(example.windows(length)));
    }
    let chatter = |line: &Vec<String>| {
        let holds = (1..=SHORT.min(line.len())).any(|length| line.windows(length).any(|part| whole.contains(part)));
        !holds && !whole.contains(line.as_slice()) && !parts.contains(line.as_slice())
    };
    LINES.iter().map(chatter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_answers_is_no_chatter() {
        let words = |text: &str| text.split(' ').map(str::to_string).collect::<Vec<_>>();
        let place = |text: &str| LINES.iter().position(|line| *line == words(text)).expect("a line of chatter");
        let (hi, call, menu) = (place("hi"), place("please call me"), place("menu"));
        let (greeting, calling) = (words("hi"), words("call me"));
        let left = without(&[&greeting, &calling]);
        assert!(!left[hi] && !left[call] && left[menu]);
    }
}
