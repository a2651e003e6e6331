//! Help lines and emergency numbers, by country.
//!
//! Owns: `care/help_lines.toml`, from text to [`HelpLines`]; which country a customer is in; which line is open for a kind of
//! crisis; how old a row is.
//! Invariants: a row without a source is refused; a line is never named while it is closed; a language is no country; where
//! the country is unknown, no number is named.
//! Leaves out: the words around a number (`conversation`), and when it was last named to somebody.

use super::level::Kind;
use crate::lexis::{Doc, Finding, Severity, Source, Table};
use crate::text::Text;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The file's name.
pub const FILE: &str = "care/help_lines.toml";

/// A row is worth a second look after this many days, and not to be released after that many.
pub const STALE_DAYS: i64 = 180;
/// See [`STALE_DAYS`].
pub const EXPIRED_DAYS: i64 = 365;

/// Whom a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everyone.
    Everyone,
    /// Children and young people.
    Young,
}

/// When a line answers.
#[derive(Clone, Debug, PartialEq)]
enum Open {
    Always,
    /// Every day between two times, perhaps beyond midnight.
    Daily(Time, Time, TimeZone),
}

/// One number.
#[derive(Clone, Debug, PartialEq)]
pub struct HelpLine {
    /// Whose line it is.
    pub name: String,
    /// What it is for; `None` is the emergency number.
    pub kind: Option<Kind>,
    /// For whom.
    pub audience: Audience,
    /// The number to call.
    pub call: String,
    /// The number to text, where there is one.
    pub text: String,
    /// Where the numbers were read.
    pub source: String,
    /// The day on which they were.
    pub checked: Date,
    open: Open,
    span: std::ops::Range<usize>,
}

#[derive(Clone, Debug)]
struct Country {
    code: String,
    prefixes: Vec<String>,
    /// Folded, with a blank around.
    names: Vec<String>,
    lines: Vec<HelpLine>,
}

/// The compiled table.
#[derive(Clone, Debug, Default)]
pub struct HelpLines {
    countries: Vec<Country>,
    /// The operator's own country, for customers of whom nothing else is known.
    home: Option<usize>,
}

const KINDS: [(&str, Option<Kind>); 4] = [
    ("emergency", None),
    ("suicide_self_harm", Some(Kind::SuicideSelfHarm)),
    ("abuse", Some(Kind::Abuse)),
    ("sextortion", Some(Kind::Sextortion)),
];

impl HelpLines {
    /// Reads the table; `home` is the country of the configuration, as two letters.
    ///
    /// # Errors
    /// Every finding, when one of them is an error.
    pub fn compile(source: &Source, home: Option<&str>) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        let doc = Doc::new(source);
        let mut table = doc.read(|root| {
            root.only(&["country"]);
            HelpLines { countries: root.tables("country").iter().filter_map(country).collect(), home: None }
        });
        if let Some(home) = home {
            table.home = table.countries.iter().position(|country| country.code == home);
            if table.home.is_none() {
                doc.find(
                    Severity::Warning,
                    0..0,
                    format!("no row for `{home}`, the country of config.toml"),
                    "customers whose country is unknown read 'your local emergency number'",
                );
            }
        }
        let findings = doc.into_findings();
        if findings.iter().any(|finding| finding.severity == Severity::Error) { Err(findings) } else { Ok((table, findings)) }
    }

    /// How many countries have a line or an emergency number.
    pub fn countries(&self) -> usize {
        self.countries.iter().filter(|country| !country.lines.is_empty()).count()
    }

    /// The country of a phone number in international form, by its longest prefix.
    pub fn by_phone(&self, phone: &str) -> Option<&str> {
        let of = |country: &Country| country.prefixes.iter().filter(|prefix| phone.starts_with(*prefix)).map(String::len).max();
        self.countries
            .iter()
            .filter_map(|country| Some((of(country)?, country)))
            .max_by_key(|(length, _)| *length)
            .map(|(_, c)| c.code.as_str())
    }

    /// The country that somebody says they are in: 'I'm in Ireland'.
    pub fn by_words(&self, text: &Text) -> Option<&str> {
        let word = |at: Option<usize>| at.and_then(|at| text.tokens.get(at)).map_or("", |token| token.text.as_str());
        text.tokens.iter().enumerate().find_map(|(at, token)| {
            let before = word(at.checked_sub(1));
            let placed = match token.text.as_str() {
                "in" => !FAR_IN.contains(&before),
                "from" => !FAR_FROM.contains(&before),
                "en" => before == "estoy" || (before == "suis" && word(at.checked_sub(2)) == "je"),
                _ => false,
            };
            if !placed {
                return None;
            }
            let follows = |from: usize| {
                let words: Vec<&str> = text.tokens.iter().skip(from).take(LONGEST_NAME).map(|token| token.text.as_str()).collect();
                let said = format!(" {} ", words.join(" "));
                self.countries.iter().find(|country| country.names.iter().any(|name| said.starts_with(name.as_str())))
            };
            let country = follows(at + 1).or_else(|| if word(Some(at + 1)) == "the" { follows(at + 2) } else { None })?;
            Some(country.code.as_str())
        })
    }

    /// The operator's own country.
    pub fn home(&self) -> Option<&str> {
        self.home.and_then(|home| self.countries.get(home)).map(|country| country.code.as_str())
    }

    /// The emergency number of a country as it stands in a sentence: '112', or '110 (ambulance) or 119 (police)' where no number
    /// stands for both.
    pub fn emergency(&self, country: &str) -> Option<String> {
        let lines: Vec<&HelpLine> = self.lines(country).filter(|line| line.kind.is_none()).collect();
        let one = lines.iter().find(|line| line.name.starts_with("Emergency"));
        match (one, lines.as_slice()) {
            (Some(one), _) | (None, [one]) => Some(one.call.clone()),
            (None, []) => None,
            (None, several) => {
                let named = several.iter().take(2).map(|line| format!("{} ({})", line.call, line.name.to_lowercase()));
                Some(named.collect::<Vec<_>>().join(" or "))
            }
        }
    }

    /// A line for a kind of crisis that answers now; for the young, theirs first.
    pub fn open(&self, country: &str, kind: Kind, young: bool, now: Timestamp) -> Option<&HelpLine> {
        let wanted = |audience: Audience| {
            self.lines(country).find(move |line| line.kind == Some(kind) && line.audience == audience && line.open.at(now))
        };
        let first = if young { wanted(Audience::Young) } else { None };
        first.or_else(|| wanted(Audience::Everyone))
    }

    /// What there is to say about the age of the rows on a day: warnings from [`STALE_DAYS`] on, and, for a release, errors
    /// from [`EXPIRED_DAYS`] on.
    pub fn aged(&self, source: &Source, today: Date, release: bool) -> Vec<Finding> {
        let lines = self.countries.iter().flat_map(|country| country.lines.iter().map(move |line| (country, line)));
        lines
            .filter_map(|(country, line)| {
                let days = today.since(line.checked).ok()?.get_days();
                let severity = match i64::from(days) {
                    days if release && days >= EXPIRED_DAYS => Severity::Error,
                    days if days >= STALE_DAYS => Severity::Warning,
                    _ => return None,
                };
                let message = format!("{}, {}: last checked {days} days ago", country.code, line.name);
                Some(
                    Finding::at(source, severity, line.span.clone(), message)
                        .help(format!("look it up at {}, then set checked_on", line.source)),
                )
            })
            .collect()
    }

    /// How many days ago the row that was checked longest ago was.
    pub fn oldest(&self, today: Date) -> Option<i64> {
        let lines = self.countries.iter().flat_map(|country| &country.lines);
        lines.filter_map(|line| today.since(line.checked).ok()).map(|age| i64::from(age.get_days())).max()
    }

    fn lines(&self, country: &str) -> impl Iterator<Item = &HelpLine> {
        self.countries.iter().filter(move |known| known.code == country).flat_map(|country| &country.lines)
    }
}

/// What stands before 'in' and 'from' where somebody is not: 'made in Ireland', 'shipped from China'.
const FAR_IN: [&str; 2] = ["made", "delivered"];
const FAR_FROM: [&str; 3] = ["shipped", "sent", "comes"];

/// Words of the longest name of a country.
const LONGEST_NAME: usize = 5;

impl Open {
    fn at(&self, now: Timestamp) -> bool {
        match self {
            Open::Always => true,
            Open::Daily(from, to, zone) => {
                // A line that closes within ten minutes is not named any more: dialling takes time.
                let time = now.to_zoned(zone.clone()).time();
                let end = to.wrapping_sub(10.minutes());
                if from < to { *from <= time && time < end } else { *from <= time || time < end }
            }
        }
    }
}

fn country(table: &Table<'_>) -> Option<Country> {
    table.only(&["code", "prefixes", "names", "zone", "line"]);
    let code = table.string("code")?;
    if code.value.len() != 2 || !code.value.bytes().all(|byte| byte.is_ascii_uppercase()) {
        table.doc.error(code.span, "a country is two capital letters", "code = \"IE\"");
    }
    let mut prefixes = Vec::new();
    for prefix in table.strings("prefixes") {
        if !prefix.value.strip_prefix('+').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())) {
            table.doc.error(prefix.span, "a prefix is + and digits", "prefixes = [\"+353\"]");
        }
        prefixes.push(prefix.value);
    }
    let names = table.strings("names").into_iter().map(|name| format!(" {} ", crate::text::fold(&name.value))).collect();
    let zone = table.string("zone");
    let lines = table.tables("line").iter().filter_map(|table| line(table, zone.as_ref().map(|zone| zone.value.as_str()))).collect();
    Some(Country { code: code.value, prefixes, names, lines })
}

fn line(table: &Table<'_>, zone: Option<&str>) -> Option<HelpLine> {
    table.only(&["kind", "audience", "name", "call", "text", "hours", "cost", "languages", "source", "checked_on", "checked_by"]);
    let doc = table.doc;
    for key in ["source", "checked_by", "cost", "name"] {
        if table.string(key).is_none_or(|value| value.value.trim().is_empty()) {
            doc.error(
                table.span.clone(),
                format!("a number needs `{key}`"),
                "numbers are never guessed: leave the row out until somebody has looked it up",
            );
        }
    }
    table.strings("languages");
    let kind = table.choice("kind", &KINDS)?;
    let audience = table.choice("audience", &[("everyone", Audience::Everyone), ("young", Audience::Young)]);
    let (call, text) = (table.string("call"), table.string("text"));
    if call.is_none() && text.is_none() {
        doc.error(table.span.clone(), "a line needs `call` or `text`", "");
    }
    let hours = table.string("hours")?;
    let open = match (hours.value.as_str(), zone) {
        ("always", _) => Open::Always,
        (span, Some(zone)) => match (daily(span), TimeZone::get(zone)) {
            (Some((from, to)), Ok(zone)) => Open::Daily(from, to, zone),
            _ => {
                doc.error(
                    hours.span,
                    format!("`{span}` are no hours"),
                    "hours = \"always\", or \"09:00-22:00\" every day in the country's zone",
                );
                return None;
            }
        },
        (_, None) => {
            doc.error(hours.span, "hours need the country's `zone`", "zone = \"Europe/Dublin\"");
            return None;
        }
    };
    let checked = table.string("checked_on")?;
    let Ok(checked) =
        checked.value.parse::<Date>().inspect_err(|_| doc.error(checked.span.clone(), "not a day", "checked_on = \"2026-11-22\""))
    else {
        return None;
    };
    Some(HelpLine {
        name: table.string("name").map_or_else(String::new, |name| name.value),
        kind: kind.value,
        audience: audience.map_or(Audience::Everyone, |audience| audience.value),
        call: call.map_or_else(String::new, |call| call.value),
        text: text.map_or_else(String::new, |text| text.value),
        source: table.string("source").map_or_else(String::new, |source| source.value),
        checked,
        open,
        span: table.span.clone(),
    })
}

fn daily(span: &str) -> Option<(Time, Time)> {
    let (from, to) = span.split_once('-')?;
    let time = |text: &str| -> Option<Time> {
        let (hour, minute) = text.trim().split_once(':')?;
        Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
    };
    Some((time(from)?, time(to)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r#"
[[country]]
code = "IE"
prefixes = ["+353"]
names = ["Ireland"]
zone = "Europe/Dublin"
line = [
  { kind = "emergency", name = "Emergency", call = "112", hours = "always", cost = "free", source = "https://a.example", checked_on = "2026-11-01", checked_by = "x" },
  { kind = "suicide_self_harm", name = "Line", call = "116 123", hours = "9:00-22:00", cost = "free", source = "https://b.example", checked_on = "2026-01-01", checked_by = "x" },
  { kind = "suicide_self_harm", audience = "young", name = "Young", call = "1", text = "2", hours = "22:00-6:00", cost = "free", source = "https://c.example", checked_on = "2026-11-01", checked_by = "x" },
]
[[country]]
code = "US"
prefixes = ["+1"]
names = ["the usa"]
[[country]]
code = "JM"
prefixes = ["+1876"]
"#;

    fn table() -> HelpLines {
        HelpLines::compile(&Source::new(FILE, TABLE), Some("IE")).expect("compiles").0
    }

    #[test]
    fn country_rows() {
        let table = table();
        for (phone, wanted) in [("+353871234567", Some("IE")), ("+12125550100", Some("US")), ("+18765550100", Some("JM")), ("+999", None)] {
            assert_eq!(table.by_phone(phone), wanted, "{phone}");
        }
        for (text, wanted) in [
            ("I'm in Ireland, if that matters", Some("IE")),
            ("we live in the USA", Some("US")),
            ("is it made in Ireland?", None),
            ("do you ship to Ireland", None),
        ] {
            assert_eq!(table.by_words(&Text::new(text)), wanted, "{text}");
        }
        assert_eq!((table.home(), table.countries()), (Some("IE"), 1));
    }

    #[test]
    fn a_closed_line_is_not_named() {
        let table = table();
        let name = |young: bool, at: &str| {
            let now: Timestamp = at.parse().expect("a time");
            table.open("IE", Kind::SuicideSelfHarm, young, now).map(|line| line.name.clone())
        };
        assert_eq!(name(false, "2026-11-22T12:00:00Z").as_deref(), Some("Line"));
        assert_eq!(name(false, "2026-11-22T21:55:00Z"), None, "it closes in five minutes");
        assert_eq!(name(true, "2026-11-22T23:00:00Z").as_deref(), Some("Young"));
        assert_eq!(name(true, "2026-11-22T12:00:00Z").as_deref(), Some("Line"), "theirs is closed");
        assert_eq!(table.open("IE", Kind::ProductDanger, false, Timestamp::UNIX_EPOCH), None);
        assert_eq!(table.emergency("IE").as_deref(), Some("112"));
        assert_eq!(table.emergency("US"), None);
    }

    #[test]
    fn old_rows_are_told() {
        let source = Source::new(FILE, TABLE);
        let found = |day: Date, release| table().aged(&source, day, release).iter().map(|f| f.severity).collect::<Vec<_>>();
        let day = |y, m, d| jiff::civil::date(y, m, d);
        assert_eq!(found(day(2026, 6, 1), false), []);
        assert_eq!(found(day(2026, 11, 22), true), [Severity::Warning]);
        assert_eq!(found(day(2027, 3, 1), true), [Severity::Error]);
        assert_eq!(found(day(2027, 3, 1), false), [Severity::Warning]);
        assert_eq!(table().oldest(day(2026, 1, 11)), Some(10));
    }

    #[test]
    fn a_number_without_a_source_is_refused() {
        let text = TABLE.replace("source = \"https://b.example\", ", "");
        let errors = HelpLines::compile(&Source::new(FILE, text), None).expect_err("an error");
        assert!(errors[0].to_string().contains("needs `source`"), "{}", errors[0]);
    }
}
