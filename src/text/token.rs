//! Tokens: the words of a message, each with the place in the original where it stands.
//!
//! Owns: word edges, elongation, leetspeak, sentences. A token may have an alternative reading (`alt`); whoever compares
//! words tries both.
//! Leaves out: which words matter.

use super::fold::{fold_char, invisible};

/// A half-open range of UTF-8 bytes in the original text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// True when the two share at least one byte.
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// The part of `text` that this span covers; empty when it does not lie on it.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or("")
    }
}

/// What a token is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Letters, perhaps with digits or an apostrophe inside.
    Word,
    /// Digits, or digits with letters: an identifier. Never repaired.
    Number,
    /// One emoji.
    Emoji,
}

/// One word, number or emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The folded form; runs of three or more equal letters are one letter here.
    pub text: String,
    /// Another reading: leetspeak as letters (`k1ll` → `kill`), or an elongated run as two letters (`freeee` → `free`).
    pub alt: Option<String>,
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// Two or more letters, all of them capitals.
    pub caps: bool,
    /// Number of the sentence, from 0: negation does not reach over its edge.
    pub sentence: u16,
}

/// A message, taken apart once and read by everybody.
#[derive(Clone, Debug, Default)]
pub struct Text {
    /// As it was written.
    pub original: String,
    /// Its tokens in order.
    pub tokens: Vec<Token>,
    /// Exclamation marks in all.
    pub exclamations: u16,
    /// Question marks in all.
    pub questions: u16,
}

/// Tokens beyond this many are left out: nobody writes a 2,000-word request, and work per message stays bounded. The words
/// at the end matter as much as those at the start, so the middle goes.
const MOST_TOKENS: usize = 2_000;

/// Room for the letters of most words.
const USUAL_WORD: usize = 12;

impl Text {
    /// Takes a message apart. Total: any string gives some tokens, perhaps none.
    pub fn new(original: impl Into<String>) -> Self {
        let original = original.into();
        let mut reader = Reader { tokens: Vec::with_capacity((original.len() / 5).min(MOST_TOKENS) + 2), ..Reader::default() };
        let mut chars = original.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            reader.read(at, c, next);
        }
        reader.end_word();
        let mut tokens = reader.tokens;
        if tokens.len() > MOST_TOKENS {
            tokens.drain(MOST_TOKENS / 2..tokens.len() - MOST_TOKENS / 2);
        }
        Text { original, tokens, exclamations: reader.exclamations, questions: reader.questions }
    }

    /// The bytes that tokens `from..to` cover.
    pub fn span(&self, from: usize, to: usize) -> Span {
        match (self.tokens.get(from), self.tokens.get(to.saturating_sub(1))) {
            (Some(first), Some(last)) if from < to => Span { start: first.span.start, end: last.span.end },
            _ => Span { start: 0, end: 0 },
        }
    }

    /// Indices of the tokens that overlap a byte range.
    pub fn tokens_in(&self, span: Span) -> std::ops::Range<usize> {
        let from = self.tokens.partition_point(|token| token.span.end <= span.start);
        let to = self.tokens.partition_point(|token| token.span.start < span.end);
        from..to.max(from)
    }
}

#[derive(Default)]
struct Reader {
    tokens: Vec<Token>,
    word: String,
    start: usize,
    end: usize,
    letters: usize,
    capitals: usize,
    sentence: u16,
    exclamations: u16,
    questions: u16,
}

impl Reader {
    fn read(&mut self, at: usize, c: char, next: Option<char>) {
        let end = at + c.len_utf8();
        if invisible(c) {
            return;
        }
        if c.is_alphanumeric() || mark(c) {
            if alone(c) {
                self.end_word();
            }
            self.take(at, end, c);
            if alone(c) {
                self.end_word();
            }
            return;
        }
        let inside = !self.word.is_empty() && next.is_some_and(char::is_alphanumeric);
        match c {
            // An apostrophe inside a word is no edge: "don't" is one word, and the same one without it.
            '\'' | '’' | 'ʼ' | '`' | '´' if inside => {}
            // A symbol that stands for a letter, inside a word only: "k!ll", "h@te".
            '@' | '$' | '!' | '*' if inside && self.letters > 0 => self.take(at, end, c),
            _ => {
                self.end_word();
                match c {
                    '!' | '¡' => self.exclamations = self.exclamations.saturating_add(u16::from(c == '!')),
                    '?' | '？' => self.questions = self.questions.saturating_add(1),
                    _ => {}
                }
                if matches!(c, '.' | '!' | '?' | '\n' | ';' | '…' | '。' | '！' | '？' | '।') {
                    self.sentence = self.sentence.saturating_add(1);
                }
                if emoji(c) {
                    self.push(c.to_string(), None, Span { start: at, end }, Kind::Emoji, false);
                }
            }
        }
    }

    fn take(&mut self, at: usize, end: usize, c: char) {
        if self.word.is_empty() {
            self.start = at;
        }
        self.end = end;
        self.letters += usize::from(c.is_alphabetic());
        self.capitals += usize::from(c.is_uppercase());
        fold_char(c, &mut self.word);
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let word = std::mem::replace(&mut self.word, String::with_capacity(USUAL_WORD));
        let (letters, capitals) = (std::mem::take(&mut self.letters), std::mem::take(&mut self.capitals));
        let span = Span { start: self.start, end: self.end };
        let caps = letters >= 2 && capitals == letters;
        let digits = word.chars().any(|c| c.is_numeric());
        if digits {
            let alt = unleet(&word);
            self.push(word, alt, span, Kind::Number, caps);
        } else if let Some(alt) = word.contains(['@', '$', '!', '*']).then(|| unleet(&word)).flatten() {
            self.push(alt, None, span, Kind::Word, caps);
        } else if elongated(&word) {
            let (one, two) = shorten(&word);
            self.push(one, Some(two), span, Kind::Word, caps);
        } else {
            self.push(word, None, span, Kind::Word, caps);
        }
    }

    fn push(&mut self, text: String, alt: Option<String>, span: Span, kind: Kind, caps: bool) {
        let sentence = self.sentence;
        self.tokens.push(Token { text, alt, span, kind, caps, sentence });
    }
}

/// Combining marks of scripts whose vowels are marks.
fn mark(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036F}' | '\u{0610}'..='\u{061A}' | '\u{064B}'..='\u{065F}' | '\u{0900}'..='\u{0903}'
        | '\u{093A}'..='\u{094F}' | '\u{0951}'..='\u{0957}')
}

/// Scripts that do not put spaces between words: each character is a word of its own.
fn alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}')
}

fn emoji(c: char) -> bool {
    matches!(c, '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{1F300}'..='\u{1FAFF}')
}

/// Leetspeak as letters, or `None` where that leaves anything but letters, or where hardly a letter was there to begin with
/// (an order number is no word).
fn unleet(word: &str) -> Option<String> {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    let read: Option<String> = word
        .chars()
        .map(|c| match c {
            '0' => Some('o'),
            '1' | '!' => Some('i'),
            '3' => Some('e'),
            '4' | '@' => Some('a'),
            '5' | '$' => Some('s'),
            '7' => Some('t'),
            '*' => Some('u'),
            c if c.is_alphabetic() => Some(c),
            _ => None,
        })
        .collect();
    read.filter(|read| letters >= 2 && letters * 2 >= read.chars().count())
}

/// True where some letter stands three times in a row.
fn elongated(word: &str) -> bool {
    let (mut last, mut run) = ('\0', 0);
    word.chars().any(|c| {
        run = if c == last { run + 1 } else { 1 };
        last = c;
        run == 3
    })
}

/// A word with an [`elongated`] run: the run as one letter, and as two.
fn shorten(word: &str) -> (String, String) {
    let mut one = String::with_capacity(word.len());
    let mut two = String::with_capacity(word.len());
    let mut chars = word.chars().peekable();
    while let Some(c) = chars.next() {
        let mut run = 1;
        while chars.next_if_eq(&c).is_some() {
            run += 1;
        }
        one.push(c);
        two.push(c);
        if run == 2 {
            one.push(c);
        }
        if run >= 2 {
            two.push(c);
        }
    }
    (one, two)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        Text::new(text).tokens.into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn token_rows() {
        for (name, text, wanted) in [
            ("plain", "Where is my order?", vec!["where", "is", "my", "order"]),
            ("apostrophes", "I'm here, don’t wait", vec!["im", "here", "dont", "wait"]),
            ("quoted word", "the 'good' one", vec!["the", "good", "one"]),
            ("elongation", "sooooo slow", vec!["so", "slow"]),
            ("double letters stay", "still a parcel", vec!["still", "a", "parcel"]),
            ("identifier", "it's A1042.", vec!["its", "a1042"]),
            ("symbol as a letter", "I h@te this", vec!["i", "hate", "this"]),
            ("emoji", "help😭now", vec!["help", "😭", "now"]),
            ("zero width", "k\u{200b}ill", vec!["kill"]),
            ("nothing", " \t\u{200b} ", vec![]),
            ("chinese", "我的订单", vec!["我", "的", "订", "单"]),
            ("hindi", "मेरा ऑर्डर", vec!["मेरा", "ऑर्डर"]),
        ] {
            assert_eq!(words(text), wanted, "{name}");
        }
    }

    #[test]
    fn second_readings() {
        let alt = |text: &str| Text::new(text).tokens[0].alt.clone();
        assert_eq!(alt("freeeee").as_deref(), Some("free"));
        assert_eq!(alt("k1ll").as_deref(), Some("kill"));
        assert_eq!(alt("A1042"), None);
        assert_eq!(alt("hello"), None);
    }

    #[test]
    fn capitals_and_sentences() {
        let text = Text::new("WHERE IS it? I paid.");
        assert!(text.tokens[0].caps && text.tokens[1].caps && !text.tokens[2].caps);
        assert!(!text.tokens[3].caps, "a lone I is no shouting");
        assert_eq!(text.tokens.iter().map(|token| token.sentence).collect::<Vec<_>>(), [0, 0, 0, 1, 1]);
    }

    proptest::proptest! {
        #[test]
        fn spans_lie_on_the_original_in_order(given in ".*") {
            let text = Text::new(given.clone());
            let mut last = 0;
            for token in &text.tokens {
                proptest::prop_assert!(token.span.start >= last && token.span.end > token.span.start);
                proptest::prop_assert!(given.get(token.span.start..token.span.end).is_some());
                last = token.span.end;
            }
        }
    }
}
