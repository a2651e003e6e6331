//! Long texts in parts.
//!
//! Owns: splitting at a paragraph, a line, a word, in this order, by UTF-16 units, as Telegram counts.
//! Invariants: no part is longer than the limit; the parts together hold every word in order.

/// The longest message that Telegram takes, in UTF-16 units.
pub(super) const LONGEST: usize = 4_096;

/// A text in parts of at most `limit` UTF-16 units.
pub fn split(text: &str, limit: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let cut = fitting(rest, limit);
        if cut == rest.len() {
            parts.push(rest.to_string());
            break;
        }
        let head = rest.get(..cut).unwrap_or("");
        let next_is_space = rest.get(cut..).is_some_and(|tail| tail.starts_with(char::is_whitespace));
        let at = if next_is_space { Some(cut) } else { None };
        let at = at
            .or_else(|| head.rfind("\n\n").filter(|at| *at > cut / 2))
            .or_else(|| head.rfind('\n').filter(|at| *at > cut / 2))
            .or_else(|| head.rfind(char::is_whitespace).filter(|at| *at > 0))
            .unwrap_or(cut);
        parts.push(rest.get(..at).unwrap_or("").trim_end().to_string());
        rest = rest.get(at..).unwrap_or("").trim_start();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The largest number of bytes, on a character's edge, that fits the limit.
fn fitting(text: &str, limit: usize) -> usize {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units > limit {
            return at.max(c.len_utf8().min(text.len()) * usize::from(at == 0));
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_rows() {
        for (name, text, limit, wanted) in [
            ("short", "a b", 10, vec!["a b"]),
            ("on a word", "hello there world", 12, vec!["hello there", "world"]),
            ("a word too long", "abcdefgh", 3, vec!["abc", "def", "gh"]),
            ("on a line", "one two\nthree", 10, vec!["one two", "three"]),
            ("nothing", "  ", 10, vec![]),
            ("surrogate pairs count twice", "😭😭😭", 4, vec!["😭😭", "😭"]),
        ] {
            assert_eq!(split(text, limit), wanted, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parts_fit_and_keep_every_word(text in "[a-zé😭 \n]{0,300}", limit in 2_usize..50) {
            let parts = split(&text, limit);
            for part in &parts {
                proptest::prop_assert!(part.encode_utf16().count() <= limit);
            }
            let squeeze = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            proptest::prop_assert_eq!(squeeze(&parts.concat()), squeeze(&text));
        }
    }
}
