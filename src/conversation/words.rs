//! The bot's own words.
//!
//! Owns: `words.toml`, from text to templates by language; the little phrases that the bot listens for (yes, no, never mind,
//! I don't remember, STOP).
//! Invariants: with the compiled-in file underneath, every word exists in English; a word that can't be filled in is left
//! out rather than said with a gap.
//! Leaves out: what intents say.

use crate::engine::{Small, SmallWords};
use crate::lexis::{Concepts, Doc, Finding, Index, Message, Phrase, Severity, Source, Table, Templates, Vocabulary};
use crate::text::{Language, Text};
use std::collections::{BTreeMap, BTreeSet};

/// What a little phrase means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hear {
    Yes,
    No,
    Withdraw,
    DontKnow,
    First,
    Second,
    Third,
    Different,
    Unhelpful,
    OptOut,
    OptIn,
    Help,
    Safe,
    /// Puts off what was asked, or leaves.
    Later,
    /// Asks where to find what was asked for.
    Find,
    /// The other one of two that were named.
    Other,
    /// Asks whether somebody is coming.
    Nudge,
    /// Asks for the number of a help line.
    HelpLine,
    /// Would rather be called.
    Call,
    /// Has read it: as good as a yes where a yes costs nothing.
    Ok,
}

const HEAR: [(&str, Hear); 21] = [
    ("yes", Hear::Yes),
    ("no", Hear::No),
    ("withdraw", Hear::Withdraw),
    ("dont_know", Hear::DontKnow),
    ("first", Hear::First),
    ("second", Hear::Second),
    ("third", Hear::Third),
    ("different", Hear::Different),
    ("unhelpful", Hear::Unhelpful),
    ("opt_out", Hear::OptOut),
    (ALONE, Hear::OptOut),
    ("opt_in", Hear::OptIn),
    ("help", Hear::Help),
    ("safe", Hear::Safe),
    ("later", Hear::Later),
    ("find", Hear::Find),
    ("other", Hear::Other),
    ("nudge", Hear::Nudge),
    ("help_line", Hear::HelpLine),
    ("call", Hear::Call),
    ("ok", Hear::Ok),
];

/// These count only as the very whole of a message: carriers take them for STOP, people say them of orders.
const ALONE: &str = "opt_out_alone";

/// Fields that each of the bot's words may use, besides `shop` and `lang`.
const FIELDS: [&str; 16] =
    ["shop", "lang", "wanted", "code", "name", "agreed", "time", "day", "now", "opens", "emergency", "line", "next", "count", "from", "to"];

/// Compiled words.
#[derive(Clone, Debug, Default)]
pub struct Words {
    templates: Templates,
    languages: BTreeSet<String>,
    vocabulary: Vocabulary,
    index: Index,
    meanings: Vec<Hear>,
    /// For each phrase, whether nothing polite may stand around it.
    alone: Vec<bool>,
}

/// What was heard of little phrases in a message: whether a phrase is all of it, or inside it.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    whole: Vec<Hear>,
    inside: Vec<Hear>,
    /// Meanings of phrases that a message begins with, and the token after them.
    leading: Vec<(Hear, usize)>,
}

impl Heard {
    /// The phrase is the whole message, politeness aside.
    pub(super) fn only(&self, hear: Hear) -> bool {
        self.whole.contains(&hear)
    }

    /// The message begins with the phrase, politeness aside.
    pub(super) fn begins(&self, hear: Hear) -> bool {
        self.leading.iter().any(|(leading, _)| *leading == hear)
    }

    /// The token after the longest such phrase at the beginning.
    pub(super) fn after(&self, hear: Hear) -> Option<usize> {
        self.leading.iter().filter(|(leading, _)| *leading == hear).map(|(_, end)| *end).max()
    }

    /// The phrase stands somewhere in the message.
    pub(super) fn any(&self, hear: Hear) -> bool {
        self.inside.contains(&hear)
    }
}

impl Words {
    /// Compiles `words.toml`; `defaults` is the compiled-in file, whose words fill the gaps.
    ///
    /// # Errors
    /// Every finding, when one of them is an error.
    pub fn compile(defaults: &Source, own: Option<&Source>) -> Result<(Self, Vec<Finding>), Vec<Finding>> {
        let mut findings = Vec::new();
        let mut words = Words::default();
        let mut texts: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut hear: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        let mut known: BTreeSet<String> = BTreeSet::new();
        for (own, source) in [Some(defaults), own].into_iter().enumerate().filter_map(|(own, source)| Some((own == 1, source?))) {
            let doc = Doc::new(source);
            doc.read(|root| {
                for language in root.keys() {
                    let Some(table) = root.table(&language.value) else { continue };
                    let texts = texts.entry(language.value.clone()).or_default();
                    read(&table, "", &language.value, own, &mut known, texts, &mut hear);
                }
            });
            findings.extend(doc.into_findings());
        }
        for (language, texts) in &texts {
            for (key, text) in texts {
                if let Err(error) = words.templates.add(&format!("{language}/{key}"), text) {
                    let source = own.unwrap_or(defaults);
                    findings.push(Finding::at(source, Severity::Error, 0..0, format!("{language}.{key}: {error}")));
                }
            }
            words.languages.insert(language.clone());
        }
        words.languages_heard(&hear);
        findings.extend(untranslated(&texts, own.unwrap_or(defaults)));
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(findings);
        }
        Ok((words, findings))
    }

    fn languages_heard(&mut self, hear: &BTreeMap<(String, String), Vec<String>>) {
        let mut phrases = Vec::new();
        for ((_, name), lines) in hear {
            let Some((_, meaning)) = HEAR.iter().find(|(known, _)| known == name) else { continue };
            for line in lines {
                if let Ok(phrase) = Phrase::compile(line, &mut self.vocabulary, &Concepts::new(), &[]) {
                    phrases.push(phrase);
                    self.meanings.push(*meaning);
                    self.alone.push(name == ALONE);
                }
            }
        }
        self.index = Index::new(phrases);
    }

    /// A word, filled in; English where the language lacks it; `None` where it can't be filled in.
    pub fn say(&self, language: &Language, key: &str, context: &serde_json::Value) -> Option<String> {
        [language.0.as_str(), language.primary(), "en"].into_iter().find_map(|language| {
            let name = format!("{language}/{key}");
            self.templates.has(&name).then(|| self.templates.render(&name, context).ok()).flatten()
        })
    }

    /// True when the bot has words of its own in a language.
    pub fn speaks(&self, language: &Language) -> bool {
        self.languages.contains(&language.0) || self.languages.contains(language.primary())
    }

    /// True when it has more of a language than the one sentence that it can't help in it.
    pub(super) fn answers(&self, language: &Language) -> bool {
        [language.0.as_str(), language.primary()].iter().any(|language| self.templates.has(&format!("{language}/unmatched")))
    }

    /// Which little phrases stand in a message.
    pub(super) fn hear(&self, text: &Text, small: &SmallWords) -> Heard {
        let message = Message::new(text, &self.vocabulary);
        let mut heard = Heard::default();
        for found in self.index.find(&message) {
            let meaning = self.meanings[found.phrase];
            let polite = |at: usize| !self.alone[found.phrase] && small.is(Small::Polite, &text.tokens[at].text);
            if (0..text.tokens.len()).all(|at| found.tokens.contains(&at) || polite(at)) {
                heard.whole.push(meaning);
            }
            if (0..found.tokens.start).all(polite) {
                heard.leading.push((meaning, found.tokens.end));
            }
            if !self.alone[found.phrase] {
                heard.inside.push(meaning);
            }
        }
        heard
    }
}

/// Words that a language lacks though the bot answers in it: English is said there.
fn untranslated(texts: &BTreeMap<String, BTreeMap<String, String>>, source: &Source) -> Vec<Finding> {
    let english =
        texts.get("en").into_iter().flat_map(BTreeMap::keys).filter(|key| !ENGLISH_ONLY.iter().any(|group| key.starts_with(group)));
    let english: Vec<&String> = english.collect();
    let answering = texts.iter().filter(|(_, texts)| texts.contains_key("unmatched"));
    answering
        .filter_map(|(language, texts)| {
            let missing: Vec<&str> = english.iter().filter(|key| !texts.contains_key(**key)).map(|key| key.as_str()).collect();
            let message = format!("[{language}] has no {}", missing.join(", "));
            let finding = Finding::at(source, Severity::Warning, 0..0, message);
            (!missing.is_empty()).then(|| finding.help("until it has, customers read the English words there"))
        })
        .collect()
}

fn read(
    table: &Table<'_>,
    prefix: &str,
    language: &str,
    own: bool,
    known: &mut BTreeSet<String>,
    texts: &mut BTreeMap<String, String>,
    hear: &mut BTreeMap<(String, String), Vec<String>>,
) {
    for key in table.keys() {
        let name = format!("{prefix}{}", key.value);
        if prefix.is_empty() && key.value == "hear" {
            let Some(lists) = table.table("hear") else { continue };
            lists.only(&HEAR.map(|(name, _)| name));
            for list in lists.keys() {
                let lines = lists.strings(&list.value);
                for line in &lines {
                    if let Err(error) = Phrase::compile(&line.value, &mut Vocabulary::default(), &Concepts::new(), &[]) {
                        lists.doc.error(line.span.clone(), error.to_string(), "");
                    }
                }
                hear.insert((language.to_string(), list.value), lines.into_iter().map(|line| line.value).collect());
            }
            continue;
        }
        if prefix.is_empty() && GROUPS.contains(&key.value.as_str()) {
            if let Some(group) = table.table(&key.value) {
                read(&group, &format!("{name}."), language, own, known, texts, hear);
            }
            continue;
        }
        let Some(text) = table.string(&key.value) else { continue };
        if text.value.trim().is_empty() {
            table.doc.error(
                text.span,
                format!("`{name}` is empty: the customer would read nothing"),
                "leave it out to get the shipped words",
            );
            continue;
        }
        if own && !known.contains(&name) {
            let help = crate::lexis::nearest(&name, known.iter().map(String::as_str))
                .map_or(String::new(), |near| format!("did you mean `{near}`?"));
            table.doc.error(key.span, format!("the bot has no word `{name}`"), help);
            continue;
        }
        if CARE.iter().any(|group| name.starts_with(group))
            && let Some((fault, mend)) = super::tone::fault(language, &text.value)
        {
            table.doc.error(text.span.clone(), fault, mend);
        }
        let mut check = Templates::default();
        match check.add("word", &text.value) {
            Err(error) => table.doc.error(text.span, format!("not a usable text: {error}"), "fields are written {{ name }}"),
            Ok(()) => {
                for field in check.fields("word").iter().filter(|field| !FIELDS.contains(&field.as_str()) && *field != "closes") {
                    table.doc.error(
                        text.span.clone(),
                        format!("`{field}` is no field of the bot's words"),
                        format!("fields: {}, closes", FIELDS.join(", ")),
                    );
                }
                known.insert(name.clone());
                texts.insert(name, text.value);
            }
        }
    }
}

/// Words for danger stay English until a native and clinical reader has signed them; a language that is answered in needs no word
/// for not being able to.
const ENGLISH_ONLY: [&str; 3] = ["crisis", "still_here", "other_language"];

/// Words for people who suffer, are angry or ask for a person.
const CARE: [&str; 10] =
    ["human_request", "frustration", "distress", "bereavement", "stuck", "waiting", "overdue", "still_here", "crisis", "offer"];

const GROUPS: [&str; 10] =
    ["human_request", "frustration", "distress", "bereavement", "stuck", "waiting", "overdue", "still_here", "crisis", "crisis_then"];

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults() -> Source {
        Source::new("words.toml", include_str!("../../intents/words.toml"))
    }

    #[test]
    fn the_shipped_words_compile_and_gaps_are_filled() {
        let own = Source::new("words.toml", "[en]\nunmatched = \"Hm.\"\nunmatchd = \"x\"\n[es]\nyes = \"Sí\"\n");
        let findings = Words::compile(&defaults(), Some(&own)).expect_err("a typo");
        assert_eq!(findings[0].to_string(), "words.toml:3:1: error: the bot has no word `unmatchd`\n    help: did you mean `unmatched`?");
        let own = Source::new("words.toml", "[en]\nunmatched = \"Hm.\"\n[es]\nyes = \"Sí\"\n");
        let (words, findings) = Words::compile(&defaults(), Some(&own)).expect("compiles");
        assert_eq!(findings, []);
        let context = serde_json::json!({"shop": {"name": "Fern"}, "lang": "es"});
        let say = |language: &str, key: &str| words.say(&Language(language.into()), key, &context);
        assert_eq!(say("en", "unmatched").as_deref(), Some("Hm."));
        assert_eq!(say("es", "yes").as_deref(), Some("Sí"));
        assert_eq!(say("es", "no").as_deref(), Some("No"));
    }

    #[test]
    fn what_a_language_lacks_is_told() {
        let own = Source::new("words.toml", "[nl]\nunmatched = \"Dat kan ik niet.\"\n");
        let (_, findings) = Words::compile(&defaults(), Some(&own)).expect("compiles");
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.starts_with("[nl] has no ") && findings[0].message.contains("withdrawn"), "{}", findings[0]);
    }

    #[test]
    fn heard_rows() {
        let (words, _) = Words::compile(&defaults(), None).expect("compiles");
        let small = &crate::engine::shipped_small_words();
        for (text, meaning, wanted) in [
            ("yes please", Hear::Yes, true),
            ("STOP", Hear::OptOut, true),
            ("please stop texting me", Hear::OptOut, true),
            ("cancel", Hear::OptOut, true),
            ("cancel my order", Hear::OptOut, false),
            ("cancel please", Hear::OptOut, false),
            ("stop by the shop", Hear::OptOut, false),
            ("I don't remember", Hear::DontKnow, true),
            ("never mind", Hear::Withdraw, true),
            ("the second one", Hear::Second, true),
        ] {
            assert_eq!(words.hear(&Text::new(text), small).only(meaning), wanted, "{text}");
        }
    }
}
