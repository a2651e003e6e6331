//! Entities: the values that stand in a message, with their places.
//!
//! Owns: `entities.toml` (types by kind or pattern), finding values in the original text.
//! Invariants: values come from what was written and are never repaired; spans lie on the original.
//! Leaves out: which slot a value fills when several could (`conversation` knows what was asked).

use super::calendar::Calendar;
use super::date;
use super::small_words::Streets;
use crate::lexis::{Doc, Severity, Source};
use crate::text::{Language, Span, Text};
use jiff::civil::Date;
use regex::{Regex, RegexBuilder};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A value found in a message.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Entity {
    /// The name of its type.
    pub kind: String,
    /// The value, normalised: dates as ISO 8601, numbers in capitals where the type says so.
    pub value: String,
    /// Where it stands.
    pub span: Span,
}

/// How values of a type are recognised.
#[derive(Clone, Debug)]
pub enum EntityKind {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A date, also a relative one.
    Date,
    /// An amount of money.
    Amount,
    /// A postcode of the common national shapes.
    Postcode,
    /// The whole message; only taken when it was asked for.
    Text,
    /// The whole message, where it can be a postal address; only taken when it was asked for.
    Address,
    /// The operator's own pattern.
    Pattern(OwnPattern),
}

/// A pattern that an operator wrote, and how its values are written.
#[derive(Clone, Debug)]
pub struct OwnPattern {
    /// What matches.
    pub regex: Regex,
    /// Values are written in capitals.
    pub upper: bool,
    /// Characters that are left out of values.
    pub without: String,
    /// What is taken for a value when it was asked for, and what is put before it.
    pub asked: Option<(Regex, String)>,
}

impl OwnPattern {
    fn value(&self, written: &str) -> String {
        let kept: String = written.chars().filter(|c| !self.without.contains(*c)).collect();
        if self.upper { kept.to_uppercase() } else { kept }
    }
}

#[derive(Clone, Debug)]
struct Type {
    kind: EntityKind,
    names: BTreeMap<Language, String>,
    /// Where a customer finds it.
    places: BTreeMap<Language, String>,
}

/// All types of values, by name.
#[derive(Clone, Debug, Default)]
pub struct Entities {
    types: BTreeMap<String, Type>,
    pub(super) calendar: Calendar,
    pub(super) streets: Streets,
}

/// A compiled pattern may take this much memory; what needs more is a mistake or a bomb.
const PATTERN_BYTES: usize = 1 << 20;

/// Compiles an operator's pattern within bounds; case does not matter.
pub(super) fn pattern(source: &str) -> Result<Regex, String> {
    RegexBuilder::new(source).case_insensitive(true).size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES).nest_limit(50).build().map_err(
        |error| match error {
            regex::Error::CompiledTooBig(_) => "this pattern is too large to be safe; use smaller repetitions".to_string(),
            error => error.to_string().lines().last().unwrap_or("not a pattern").trim().to_string(),
        },
    )
}

static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\p{L}\p{N}._%+\-]+@[\p{L}\p{N}\-]+(?:\.[\p{L}\p{N}\-]+)+").ok());
static PHONE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\+?\(?\d[\d\s().\-/]{6,18}\d").ok());
static AMOUNT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:[$€£₹]\s?\d[\d.,]*|\d[\d.,]*\s?(?:[$€£₹]|(?:eur|euros?|usd|dollars?|bucks|gbp|pounds?|quid|rs|inr|rupees?)\b))")
        .ok()
});
/// A postal address in the middle of a sentence: a house number, some words, a postcode.
static ADDRESS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let flat = r"(?:(?:flat|apt|apartment|unit|suite)\s+\w+,?\s+)?";
    Regex::new(&format!(r"(?i)\b{flat}\d{{1,4}}[a-z]?[ ,]+(?:[\p{{L}}.'’\-]+[ ,]+){{1,10}}(?:{POSTCODES})\b")).ok()
});
const POSTCODES: &str = r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|[A-Z]\d[A-Z]\s?\d[A-Z]\d|\d{5}-\d{4}|\d{4}\s?[A-Z]{2}|\d{5,6}|\d{5}-\d{3}";
static POSTCODE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!(r"(?i)\b(?:{POSTCODES})\b")).ok());

impl Entities {
    /// Reads `entities.toml`.
    pub fn read(source: &Source) -> (Self, Vec<crate::lexis::Finding>) {
        let doc = Doc::new(source);
        let types = doc.read(|root| {
            let mut types = BTreeMap::new();
            for key in root.keys() {
                let Some(table) = root.table(&key.value) else { continue };
                table.only(&["kind", "pattern", "upper", "without", "asked", "prefix", "example", "name", "find"]);
                let by_language = |key: &str| {
                    table.table(key).map_or_else(BTreeMap::new, |texts| {
                        texts
                            .keys()
                            .into_iter()
                            .filter_map(|l| texts.string(&l.value).map(|text| (Language(l.value), text.value)))
                            .collect()
                    })
                };
                let (names, places) = (by_language("name"), by_language("find"));
                table.string("example");
                let upper = table.boolean("upper").is_some_and(|upper| upper.value);
                let kind = match (table.string("pattern"), table.has("kind")) {
                    (Some(source), false) => match pattern(&source.value) {
                        Ok(regex) => {
                            let without = table.string("without").map_or_else(String::new, |without| without.value);
                            let prefix = table.string("prefix").map_or_else(String::new, |prefix| prefix.value);
                            let asked = table.string("asked").and_then(|asked| match pattern(&asked.value) {
                                Ok(regex) => Some((regex, prefix.clone())),
                                Err(error) => {
                                    doc.error(asked.span, format!("not a usable pattern: {error}"), "");
                                    None
                                }
                            });
                            Some(EntityKind::Pattern(OwnPattern { regex, upper, without, asked }))
                        }
                        Err(error) => {
                            doc.error(source.span, format!("not a usable pattern: {error}"), "");
                            None
                        }
                    },
                    (None, true) => table
                        .choice(
                            "kind",
                            &[("email", 0), ("phone", 1), ("date", 2), ("amount", 3), ("postcode", 4), ("text", 5), ("address", 6)],
                        )
                        .map(|kind| match kind.value {
                            0 => EntityKind::Email,
                            1 => EntityKind::Phone,
                            2 => EntityKind::Date,
                            3 => EntityKind::Amount,
                            4 => EntityKind::Postcode,
                            5 => EntityKind::Text,
                            _ => EntityKind::Address,
                        }),
                    _ => {
                        doc.error(
                            key.span.clone(),
                            format!("`{}` needs either a `kind` or a `pattern`", key.value),
                            "for example: pattern = '\\bA\\d{4}\\b'",
                        );
                        None
                    }
                };
                if !names.contains_key(&Language::english()) {
                    doc.find(
                        Severity::Warning,
                        key.span,
                        format!("`{}` has no English name", key.value),
                        "add: name.en = \"order number\"",
                    );
                }
                if let Some(kind) = kind {
                    types.insert(key.value, Type { kind, names, places });
                }
            }
            types
        });
        (Entities { types, ..Entities::default() }, doc.into_findings())
    }

    /// True when a type has that name.
    pub fn has(&self, name: &str) -> bool {
        self.types.contains_key(name)
    }

    /// The names of all types.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }

    /// True for the type that takes a whole message.
    pub fn is_text(&self, name: &str) -> bool {
        matches!(self.types.get(name), Some(Type { kind: EntityKind::Text | EntityKind::Address, .. }))
    }

    /// True when a whole message can be a value of a type that takes whole messages.
    pub fn accepts(&self, name: &str, read: &Text, entities: &[Entity]) -> bool {
        let text = read.original.as_str();
        let words = text.split_whitespace().count();
        match self.types.get(name).map(|kind| &kind.kind) {
            Some(EntityKind::Text) => text.trim().chars().count() >= 5,
            // A house number and a street or a postcode, more than one word, no question; digits of an order number are no house
            // number, and those of 'not in till 6' none either.
            Some(EntityKind::Address) => {
                let own = |at: usize| {
                    entities.iter().any(|entity| entity.span.start <= at && at < entity.span.end && self.is_pattern(&entity.kind))
                };
                let street = read.tokens.iter().any(|token| self.streets.is(&token.text));
                let place = street || entities.iter().any(|entity| self.is_postcode(&entity.kind) || self.is_address(&entity.kind));
                place && words >= 3 && !text.contains('?') && text.char_indices().any(|(at, c)| c.is_ascii_digit() && !own(at))
            }
            _ => false,
        }
    }

    /// True for postal addresses.
    pub fn is_address(&self, name: &str) -> bool {
        matches!(self.types.get(name), Some(Type { kind: EntityKind::Address, .. }))
    }

    fn is_postcode(&self, name: &str) -> bool {
        matches!(self.types.get(name), Some(Type { kind: EntityKind::Postcode, .. }))
    }

    /// True for a type with the operator's own pattern.
    pub fn is_pattern(&self, name: &str) -> bool {
        matches!(self.types.get(name), Some(Type { kind: EntityKind::Pattern(_), .. }))
    }

    /// A value in a shorter form that is only taken where it was asked for: '1042' for A1042.
    pub fn bare(&self, name: &str, text: &str) -> Option<String> {
        let Some(Type { kind: EntityKind::Pattern(own), .. }) = self.types.get(name) else { return None };
        let (regex, prefix) = own.asked.as_ref()?;
        regex.find(text).map(|found| format!("{prefix}{}", own.value(found.as_str())))
    }

    /// True when a type has a name in a language.
    pub(super) fn is_named(&self, name: &str, language: &Language) -> bool {
        self.types.get(name).is_none_or(|kind| kind.names.contains_key(language))
    }

    /// What people call a type: 'order number'.
    pub fn called(&self, name: &str, language: &Language) -> String {
        let names = self.types.get(name).map(|kind| &kind.names);
        names
            .and_then(|names| names.get(language).or_else(|| names.get(&Language::english())))
            .cloned()
            .unwrap_or_else(|| name.replace('_', " "))
    }

    /// Where a customer finds a value of a type, in their language or else in English; where the operator has said it.
    pub fn place(&self, name: &str, language: &Language) -> Option<&str> {
        let places = &self.types.get(name)?.places;
        places.get(language).or_else(|| places.get(&Language::english())).map(String::as_str)
    }

    /// Every value in a text, in order. The operator's patterns win over the built-in kinds, and kinds win in this order:
    /// e-mail and postal address, amount, date, phone of ten digits, postcode, shorter phone; a value inside another one is not a value.
    pub fn find(&self, read: &Text, today: Date) -> Vec<Entity> {
        let text = read.original.as_str();
        let mut found: Vec<(u8, Entity)> = Vec::new();
        // Most messages hold neither digits nor an address: then most kinds need not be looked for.
        let digits = text.bytes().any(|byte| byte.is_ascii_digit());
        let at = text.contains('@');
        for (name, kind) in &self.types {
            let mut add = |rank: u8, start: usize, end: usize, value: String| {
                found.push((rank, Entity { kind: name.clone(), value, span: Span { start, end } }));
            };
            match &kind.kind {
                EntityKind::Pattern(own) => {
                    own.regex.find_iter(text).filter(|m| !m.is_empty()).for_each(|m| add(0, m.start(), m.end(), own.value(m.as_str())));
                }
                EntityKind::Email if at => each(&EMAIL, text, |m| add(1, m.start(), m.end(), m.as_str().to_lowercase())),
                EntityKind::Amount if digits => each(&AMOUNT, text, |m| add(2, m.start(), m.end(), m.as_str().trim().to_string())),
                EntityKind::Date => date::find(read, today, &self.calendar).into_iter().for_each(|(span, days)| {
                    add(3, span.start, span.end, days.to_string());
                }),
                EntityKind::Address if digits => each(&ADDRESS, text, |m| add(1, m.start(), m.end(), m.as_str().trim().to_string())),
                EntityKind::Postcode if digits => each(&POSTCODE, text, |m| add(5, m.start(), m.end(), m.as_str().to_uppercase())),
                EntityKind::Phone if digits => each(&PHONE, text, |m| {
                    let digits: String = m.as_str().chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
                    // Ten digits are no postcode; fewer may be.
                    let length = digits.trim_start_matches('+').len();
                    if length >= 7 {
                        add(if length >= 10 { 4 } else { 6 }, m.start(), m.end(), digits);
                    }
                }),
                _ => {}
            }
        }
        found.sort_by_key(|(rank, entity)| (*rank, entity.span.start));
        let mut kept: Vec<Entity> = Vec::new();
        for (_, entity) in found {
            if !kept.iter().any(|other| other.span.overlaps(entity.span)) {
                kept.push(entity);
            }
        }
        kept.sort_by_key(|entity| entity.span);
        kept
    }
}

fn each(regex: &LazyLock<Option<Regex>>, text: &str, add: impl FnMut(regex::Match<'_>)) {
    if let Some(regex) = regex.as_ref() {
        regex.find_iter(text).for_each(add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn entities() -> Entities {
        let source = Source::new(
            "entities.toml",
            "[order_number]\npattern = '\\bA\\d{4}\\b'\nupper = true\nname.en = \"order number\"\n[email]\nkind = \"email\"\nname.en = \"email\"\n\
             [phone]\nkind = \"phone\"\nname.en = \"p\"\n[date]\nkind = \"date\"\nname.en = \"d\"\n[amount]\nkind = \"amount\"\nname.en = \"a\"\n\
             [postcode]\nkind = \"postcode\"\nname.en = \"z\"\n",
        );
        let (mut entities, findings) = Entities::read(&source);
        assert_eq!(findings, []);
        entities.calendar = crate::engine::small_words::shipped().calendar;
        entities
    }

    #[test]
    fn value_rows() {
        for (name, text, wanted) in [
            ("order number", "its a1042 thanks", vec![("order_number", "A1042")]),
            ("e-mail", "write to Ana.B@Example.com.", vec![("email", "ana.b@example.com")]),
            ("phone", "call +44 20 7946 0958", vec![("phone", "+442079460958")]),
            ("amount", "you took £25.99 twice", vec![("amount", "£25.99")]),
            ("postcode", "i live at SW1A 1AA", vec![("postcode", "SW1A 1AA")]),
            ("date", "since 3 november", vec![("date", "2026-11-03")]),
            ("two", "A1042 and A1043", vec![("order_number", "A1042"), ("order_number", "A1043")]),
            ("number inside an address", "ana1042@example.com", vec![("email", "ana1042@example.com")]),
            ("nothing", "where is it", vec![]),
        ] {
            let found = entities().find(&Text::new(text), date(2026, 11, 21));
            let shown: Vec<(&str, &str)> = found.iter().map(|entity| (entity.kind.as_str(), entity.value.as_str())).collect();
            assert_eq!(shown, wanted, "{name}");
        }
    }

    #[test]
    fn a_pattern_bomb_is_refused() {
        let error = pattern(r"((a{1,100}){1,100}){1,100}").expect_err("too large");
        assert!(error.contains("too large"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn spans_lie_on_the_text(text in ".*") {
            for entity in entities().find(&Text::new(text.clone()), date(2026, 11, 21)) {
                proptest::prop_assert!(!entity.span.of(&text).is_empty());
            }
        }
    }
}
