//! A guess at the language of a message.
//!
//! Owns: the script, and for Latin script a count of small words that only one language uses.
//! Invariants: says nothing rather than something wrong: short or mixed messages give `None`.
//! Leaves out: memory. The conversation remembers the last language that was clear.

use super::Text;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// A language as BCP 47 writes it: `en`, `es`, `hi-Latn`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Language(pub String);

impl Language {
    /// English, in which everything is always there.
    pub fn english() -> Self {
        Language("en".into())
    }

    /// The primary subtag: `pt` of `pt-br`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or("en")
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Small words, each of one language only among those listed here.
const MARKERS: [(&str, &[&str]); 7] = [
    (
        "en",
        &[
            "the", "is", "my", "where", "what", "how", "when", "you", "your", "have", "has", "want", "and", "with", "it", "i", "im", "was",
            "been", "not", "this", "can", "me", "no", "do", "please", "hello", "hi", "thanks", "order", "need", "dont", "to", "for",
        ],
    ),
    (
        "es",
        &[
            "el", "los", "donde", "esta", "mi", "pedido", "hola", "quiero", "cuando", "gracias", "como", "puedo", "mis", "tengo",
            "necesito", "puedes", "quisiera", "buenas", "usted", "paquete", "llega", "favor", "muy", "pero", "yo", "ayuda", "es", "en",
            "que", "por", "para", "una", "se", "del", "ya", "me", "podemos", "bueno", "hoy", "ese", "eso",
        ],
    ),
    (
        "fr",
        &[
            "le", "les", "est", "ou", "ma", "mon", "commande", "bonjour", "je", "vous", "merci", "quand", "veux", "suis", "une", "des",
            "pas", "avec", "colis", "ai", "nai", "jai", "votre", "et", "cest", "svp", "stp", "faut", "peux", "pouvez", "mes", "vos",
            "nous", "pour", "dans", "slt", "bjr", "jarrive", "sil",
        ],
    ),
    (
        "de",
        &[
            "der",
            "die",
            "das",
            "ist",
            "wo",
            "meine",
            "mein",
            "bestellung",
            "ich",
            "und",
            "nicht",
            "bitte",
            "hallo",
            "danke",
            "wann",
            "wie",
            "kann",
            "habe",
            "ein",
            "eine",
            "paket",
            "sie",
            "mir",
            "mit",
            "ihr",
            "auch",
            "noch",
            "von",
            "zu",
            "hab",
        ],
    ),
    (
        "pt",
        &[
            "onde",
            "meu",
            "minha",
            "pedido",
            "ola",
            "obrigado",
            "obrigada",
            "eu",
            "nao",
            "quero",
            "voce",
            "esta",
            "encomenda",
            "quando",
            "preciso",
            "com",
            "uma",
            "meus",
            "cade",
            "oi",
            "vc",
            "vcs",
            "bom",
            "voces",
            "ajuda",
            "em",
            "que",
            "por",
            "para",
            "um",
            "se",
            "do",
            "da",
            "os",
            "ja",
            "me",
        ],
    ),
    (
        "it",
        &[
            "il",
            "dove",
            "mio",
            "mia",
            "ordine",
            "ciao",
            "grazie",
            "sono",
            "voglio",
            "non",
            "quando",
            "pacco",
            "ho",
            "che",
            "per",
            "di",
            "ma",
            "ce",
            "qualcuno",
            "parla",
            "una",
            "mi",
            "ancora",
            "buongiorno",
            "scusi",
            "vorrei",
            "questo",
            "la",
            "un",
            "me",
        ],
    ),
    (
        "hi-Latn",
        &[
            "mera", "meri", "kahan", "kaha", "hai", "kab", "aayega", "nahi", "kya", "mujhe", "chahiye", "karo", "aap", "bhai", "abhi",
            "tak", "ka", "ki", "kar", "hua", "mere", "paisa", "wapas", "namaste", "nhi", "kyu", "karna", "chaiye", "muje",
        ],
    ),
];

/// For each small word, the languages that it speaks for.
static BY_WORD: LazyLock<FxHashMap<&'static str, Vec<usize>>> = LazyLock::new(|| {
    let mut by_word: FxHashMap<&'static str, Vec<usize>> = FxHashMap::default();
    for (language, (_, words)) in MARKERS.iter().enumerate() {
        words.iter().for_each(|word| by_word.entry(word).or_default().push(language));
    }
    by_word
});

/// The language, where at least two more small words speak for it than for any other (one, in a message of up to three
/// words), or where the script decides.
///
/// ```
/// use warmline::text::{Text, guess};
/// assert_eq!(guess(&Text::new("¿Dónde está mi pedido?")).map(|l| l.0).as_deref(), Some("es"));
/// assert_eq!(guess(&Text::new("A1042")), None);
/// ```
pub fn guess(text: &Text) -> Option<Language> {
    guess_with_lead(text).map(|(language, _)| language)
}

/// The same, and by how many words the language leads over the next.
pub fn guess_with_lead(text: &Text) -> Option<(Language, f32)> {
    if let Some(code) = script(&text.original) {
        return Some((Language(code.into()), f32::INFINITY));
    }
    let mut counts = [0_i32; MARKERS.len()];
    for token in text.tokens.iter().filter(|token| !in_address(&text.original, token.span)).take(60) {
        for language in BY_WORD.get(token.text.as_str()).into_iter().flatten() {
            counts[*language] += 1;
        }
    }
    if let Some(code) = letters(&text.original).filter(|_| counts.iter().all(|count| *count < 2)) {
        return Some((Language(code.into()), f32::INFINITY));
    }
    let best = counts.iter().enumerate().max_by_key(|(index, count)| (**count, -(*index as i32)))?;
    let second = counts.iter().enumerate().filter(|(index, _)| *index != best.0).map(|(_, count)| *count).max()?;
    let lead = if text.tokens.len() <= 3 { 1 } else { 2 };
    let clear = *best.1 >= 1 && *best.1 - second >= lead.min(*best.1);
    (clear && *best.1 > second).then(|| (Language(MARKERS[best.0].0.into()), (*best.1 - second) as f32))
}

/// Part of an e-mail address or a web address: 'com' is no word there.
fn in_address(text: &str, span: super::Span) -> bool {
    let before = text.get(..span.start).and_then(|before| before.chars().next_back());
    let mut after = text.get(span.end..).unwrap_or("").chars();
    let dot = after.next();
    matches!(before, Some('@' | '.' | '/')) || dot == Some('@') || (dot == Some('.') && after.next().is_some_and(char::is_alphanumeric))
}

/// Letters that one Latin-script language has and those with small words above have not; two of them, and no rival's.
fn letters(text: &str) -> Option<&'static str> {
    const LETTERS: [(&str, &str); 6] =
        [("pl", "ąęłśźżćńĄĘŁŚŹŻĆŃ"), ("tr", "ğışĞİŞ"), ("cs", "řěůžšŘĚŮŽŠ"), ("ro", "țțășăȚȘĂ"), ("hu", "őűŐŰ"), ("da", "øåØÅ")];
    if text.is_ascii() {
        return None;
    }
    let counts = LETTERS.map(|(_, letters)| text.chars().take(400).filter(|c| !c.is_ascii() && letters.contains(*c)).count());
    let best = (0..counts.len()).max_by_key(|at| (counts[*at], usize::MAX - at))?;
    let alone = counts.iter().enumerate().all(|(at, count)| at == best || *count < counts[best]);
    (counts[best] >= 2 && alone).then_some(LETTERS[best].0)
}

fn script(text: &str) -> Option<&'static str> {
    let mut counts = [0_usize; 7];
    let mut latin = 0;
    for c in text.chars().take(400) {
        match c {
            'a'..='z' | 'A'..='Z' => latin += 1,
            '\u{0900}'..='\u{097F}' => counts[0] += 1,
            '\u{0600}'..='\u{06FF}' => counts[1] += 1,
            '\u{0400}'..='\u{04FF}' => counts[2] += 1,
            '\u{4E00}'..='\u{9FFF}' => counts[3] += 1,
            '\u{3040}'..='\u{30FF}' => counts[4] += 1,
            '\u{AC00}'..='\u{D7AF}' => counts[5] += 1,
            '\u{0370}'..='\u{03FF}' => counts[6] += 1,
            _ => {}
        }
    }
    let (index, count) = counts.iter().enumerate().max_by_key(|(_, count)| **count)?;
    (*count > latin).then_some(["hi", "ar", "ru", "zh", "ja", "ko", "el"][index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guesses() {
        for (text, wanted) in [
            ("where is my order", Some("en")),
            ("dónde está mi pedido", Some("es")),
            ("où est ma commande", Some("fr")),
            ("wo ist meine Bestellung", Some("de")),
            ("cadê meu pedido", Some("pt")),
            ("mera order kahan hai", Some("hi-Latn")),
            ("मेरा ऑर्डर कहाँ है", Some("hi")),
            ("где мой заказ", Some("ru")),
            ("dzień dobry, chciałabym zwrócić sukienkę", Some("pl")),
            ("siparişim nerede, yardım eder misiniz şimdi", Some("tr")),
            ("A1042", None),
            ("ana@example.com", None),
            ("ok", None),
            ("😭😭", None),
            ("", None),
        ] {
            assert_eq!(guess(&Text::new(text)).map(|language| language.0).as_deref(), wanted, "{text}");
        }
    }
}
