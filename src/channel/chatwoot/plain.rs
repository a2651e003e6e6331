//! What agents write in Chatwoot's editor, as plain text.
//!
//! Owns: taking out the marks of Markdown that its editor makes: bold, italics, code, links, escapes.
//! Invariants: no letter, digit or line is lost; what is no pair of marks stays as it was written.
//! Leaves out: tables, images and everything else that customers' phones can't show; it stays as it is.

use regex::{Captures, Regex};
use std::sync::LazyLock;

/// Escaped marks, links, code, bold, italics. An underscore inside a word (`order_number`) is none.
static MARKS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rows = [
        (r"\*\*(\S|\S.*?\S)\*\*", "$1"),
        (r"__(\S|\S.*?\S)__", "$1"),
        (r"(^|[^\w*])\*(\S|\S[^*\n]*?\S)\*($|[^\w*])", "$1$2$3"),
        (r"(^|[^\w])_(\S|\S[^_\n]*?\S)_($|[^\w])", "$1$2$3"),
        (r"`([^`\n]+)`", "$1"),
    ];
    rows.into_iter().filter_map(|(pattern, with)| Some((Regex::new(pattern).ok()?, with))).collect()
});

/// `[text](url)`; and `<url>`.
static LINK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\[([^\[\]\n]+)\]\(([^()\s]+)\)|<(https?://[^<>\s]+)>").ok());

/// A mark that is meant as it stands.
static ESCAPED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\\([\\`*_{}\[\]()#+\-.!>~|])").ok());

/// The words without their marks.
pub fn plain(markdown: &str) -> String {
    // What is escaped, and what stands in a link, is set aside, so that nothing is taken out of it.
    let mut kept: Vec<String> = Vec::new();
    let mut keep = |text: String| {
        kept.push(text);
        char::from_u32(0xE000 + (kept.len() as u32 - 1) % 6_000).map(String::from).unwrap_or_default()
    };
    let mut text = markdown.chars().filter(|c| !('\u{E000}'..='\u{F8FF}').contains(c)).collect::<String>().replace("\r\n", "\n");
    if let Some(escaped) = ESCAPED.as_ref() {
        text = escaped.replace_all(&text, |found: &Captures<'_>| keep(found[1].to_string())).into_owned();
    }
    if let Some(link) = LINK.as_ref() {
        text = link
            .replace_all(&text, |found: &Captures<'_>| match (found.get(1), found.get(2), found.get(3)) {
                (Some(name), Some(url), _) if name.as_str() == url.as_str() => keep(url.as_str().to_string()),
                (Some(name), Some(url), _) => format!("{} ({})", name.as_str(), keep(url.as_str().to_string())),
                (_, _, url) => keep(url.map_or(String::new(), |url| url.as_str().to_string())),
            })
            .into_owned();
    }
    // Twice: two pairs may share the space between them.
    for (mark, with) in MARKS.iter().chain(MARKS.iter()) {
        text = mark.replace_all(&text, *with).into_owned();
    }
    // A line that only ends in the editor's own break.
    let text = text.lines().map(|line| line.trim_end().trim_end_matches('\\').trim_end()).collect::<Vec<_>>().join("\n");
    let back = |c: char| match kept.get((c as usize).wrapping_sub(0xE000)) {
        Some(text) if ('\u{E000}'..='\u{F8FF}').contains(&c) => text.clone(),
        _ => c.to_string(),
    };
    // What was set aside may hold something that was set aside before it.
    let once: String = text.chars().map(back).collect();
    once.chars().map(back).collect::<String>().trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_go_and_words_stay() {
        for (markdown, wanted) in [
            ("Hello **Ann**", "Hello Ann"),
            ("*really* __sure__ and _quite_", "really sure and quite"),
            ("order_number and my_order_id", "order_number and my_order_id"),
            ("2 * 3 * 4 and 2*3*4", "2 * 3 * 4 and 2*3*4"),
            ("*a* *b* _c_ _d_", "a b c d"),
            ("use `A1042`", "use A1042"),
            ("see [our page](https://shop.example/a_b_c)", "see our page (https://shop.example/a_b_c)"),
            ("[https://shop.example](https://shop.example)", "https://shop.example"),
            ("<https://shop.example/x>", "https://shop.example/x"),
            (r"A1042 costs 5\* and \_this\_ stays", "A1042 costs 5* and _this_ stays"),
            (r"[a](https://x.example/\_y)", "a (https://x.example/_y)"),
            ("one\\\ntwo  \nthree", "one\ntwo\nthree"),
            ("**one\ntwo**", "**one\ntwo**"),
            ("¿Dónde está **José**?", "¿Dónde está José?"),
            ("", ""),
            ("**", "**"),
        ] {
            assert_eq!(plain(markdown), wanted, "{markdown:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}") {
            let plain = plain(&text);
            let letters = |text: &str| text.chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>();
            // A link that only repeats its address stands once.
            if !text.contains("](") {
                proptest::prop_assert_eq!(letters(&plain), letters(&text));
            }
        }
    }
}
