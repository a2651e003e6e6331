//! Folding of single characters: the form in which two spellings of one letter are equal.
//!
//! Owns: compatibility decomposition, case, Latin diacritics, what is invisible.
//! Leaves out: everything that needs a neighbour (elongation, leetspeak); `token` has that.

use unicode_normalization::UnicodeNormalization;

/// True for characters that a reader cannot see and that must not split or hide a word: zero-width spaces and joiners,
/// direction marks, variation selectors, soft hyphens, tags.
pub(super) fn invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E01EF}')
        || (c.is_control() && !c.is_whitespace())
}

/// Appends the folded form of `c` to `out`: NFKD, lower case, without Latin diacritics. Vowel signs of other scripts stay,
/// since there they are letters.
pub(super) fn fold_char(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
        return;
    }
    // Decomposed, lowered, and decomposed again: a lowered capital may itself be a compatibility form.
    for d in std::iter::once(c).nfkd().flat_map(char::to_lowercase).nfkd() {
        match d {
            '\u{0300}'..='\u{036F}' => {}
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ı' => out.push('i'),
            d => out.push(d),
        }
    }
}

/// The folded form of a whole text; what is invisible is gone.
///
/// ```
/// assert_eq!(warmline::text::fold("ＦＲÉＤ\u{200b}ÉRIC"), "frederic");
/// ```
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().filter(|c| !invisible(*c)) {
        fold_char(c, &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_rows() {
        for (name, given, wanted) in [
            ("ascii case", "HeLLo", "hello"),
            ("diacritics", "Où est ma commandé", "ou est ma commande"),
            ("full width", "ｏｒｄｅｒ", "order"),
            ("mathematical letters", "𝐡𝐞𝐥𝐩", "help"),
            ("sharp s", "Straße", "strasse"),
            ("turkish dotted capital", "İstanbul", "istanbul"),
            ("zero width", "k\u{200b}ill", "kill"),
            ("right to left mark", "\u{202e}abc", "abc"),
            ("devanagari vowels stay", "मदद करो", "मदद करो"),
            ("nul", "a\0b", "ab"),
        ] {
            assert_eq!(fold(given), wanted, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in ".*") {
            let once = fold(&text);
            proptest::prop_assert_eq!(fold(&once), once);
        }
    }
}
