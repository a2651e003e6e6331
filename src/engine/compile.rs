//! Intent files, from text to an engine.
//!
//! Owns: reading each file into an [`Intent`], the phrases, keywords and patterns into indexes; all mistakes at once.
//! Invariants: files are taken in the order of their names, so the order in which they were found changes nothing; with any
//! error there is no engine.
//! Leaves out: mistakes that show only across files or calls (`lint`).

use super::entity::{Entities, pattern};
use super::intent::{CallShapes, Intent, Localised, Mode, Needs, Slot, Test};
use super::learn;
use super::lint;
use super::small_words::{self, SmallWords};
use super::tongue::Tongues;
use super::understand::{Engine, Keywords, Line, Pattern};
use super::verdict::Thresholds;
use crate::lexis::plain;
use crate::lexis::{
    Concepts, Doc, Finding, Index, Located, Memory, Phrase, PhraseError, Scorer, Severity, Source, Table, Templates, Vocabulary, WordId,
};
use crate::text::Language;
use std::collections::BTreeMap;

const KEYS: [&str; 11] = ["title", "call", "needs", "slots", "hand_over", "mode", "social", "thanks", "keywords", "patterns", "test"];

const LANGUAGE_KEYS: [&str; 6] = ["title", "say", "never", "ask", "confirm", "reply"];

/// The file of what people ask and no intent answers.
const UNMATCHED: &str = "unmatched.toml";

/// Everything that is collected while the files are read.
#[derive(Default)]
pub(super) struct Building {
    pub vocabulary: Vocabulary,
    pub templates: Templates,
    pub intents: Vec<Intent>,
    pub phrases: Vec<Phrase>,
    pub lines: Vec<Line>,
    pub keywords: Vec<Keywords>,
    pub patterns: Vec<Pattern>,
    /// What people ask and no intent answers, as words.
    pub nobodys: Vec<Vec<String>>,
}

/// Compiles intent files (`*.toml` with one intent each, and `entities.toml`) against the calls that exist.
///
/// # Errors
/// Every finding, sorted by file and place, when one of them is an error. Without errors the warnings come with the engine.
pub fn compile(
    sources: &[Source],
    calls: &CallShapes,
    thresholds: Thresholds,
    memory: &dyn Memory,
) -> Result<(Engine, Vec<Finding>), Vec<Finding>> {
    let mut sources: Vec<&Source> = sources.iter().filter(|source| !source.name.contains('/')).collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    let mut findings = Vec::new();
    let mut entities = Entities::default();
    if let Some(source) = sources.iter().find(|source| source.name == "entities.toml") {
        let (read, found) = Entities::read(source);
        entities = read;
        findings.extend(found);
    }
    let mut small = SmallWords::default();
    if let Some(source) = sources.iter().find(|source| source.name == small_words::FILE) {
        let (read, found) = SmallWords::read(source);
        entities.calendar.clone_from(&read.calendar);
        entities.streets.clone_from(&read.streets);
        small = read;
        findings.extend(found);
    }
    let mut building = Building::default();
    for source in sources.iter().filter(|source| !["entities.toml", "words.toml", small_words::FILE].contains(&source.name.as_str())) {
        let doc = Doc::new(source);
        match source.name.as_str() {
            UNMATCHED => doc.read(|root| building.unmatched(root)),
            _ => doc.read(|root| building.file(root, source.stem(), &entities, calls)),
        }
        findings.extend(doc.into_findings());
    }
    let broken: Vec<&str> =
        findings.iter().filter(|finding| finding.message.starts_with("not TOML")).map(|finding| finding.file.as_str()).collect();
    let across = lint::across(&building, &sources);
    let across: Vec<Finding> = across.into_iter().filter(|finding| !broken.contains(&finding.file.as_str())).collect();
    findings.extend(across);
    findings.sort_by(|a, b| (&a.file, a.span).cmp(&(&b.file, b.span)));
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(findings);
    }
    let examples = learn::examples(&building.phrases, &building.lines, &building.intents, &building.nobodys, &mut building.vocabulary);
    let scorer = Scorer::train(building.intents.len(), &examples, memory);
    let engine = Engine {
        vocabulary: building.vocabulary,
        templates: building.templates,
        intents: building.intents,
        tongues: Tongues::new(&building.phrases, &building.lines),
        index: Index::new(building.phrases),
        lines: building.lines,
        nobodys: building.nobodys,
        keywords: building.keywords,
        patterns: building.patterns,
        entities,
        small,
        scorer,
        thresholds,
    };
    Ok((engine, findings))
}

impl Building {
    /// Sentences that are nobody's: plain, without the signs of phrases.
    fn unmatched(&mut self, root: &Table<'_>) {
        for language in root.keys() {
            let Some(table) = root.table(&language.value) else { continue };
            table.only(&["say"]);
            for line in table.strings("say") {
                let words = plain(&crate::text::Text::new(line.value));
                if words.is_empty() {
                    table.doc.find(Severity::Warning, line.span, "this line has no words", "");
                } else {
                    self.nobodys.push(words);
                }
            }
        }
    }

    fn file(&mut self, root: &Table<'_>, id: &str, entities: &Entities, calls: &CallShapes) {
        let number = self.intents.len();
        let mut intent = Intent {
            id: id.to_string(),
            title: root.string("title").map_or_else(|| id.replace('_', " "), |title| title.value),
            call: None,
            needs: root
                .choice(
                    "needs",
                    &[("nothing", Needs::Nothing), ("owner", Needs::Owner), ("confirm", Needs::Confirm), ("handoff", Needs::Handoff)],
                )
                .map_or(Needs::Nothing, |needs| needs.value),
            slots: slots(root, entities),
            changes: false,
            hand_over: root.strings("hand_over").into_iter().map(|outcome| outcome.value).collect(),
            mode: root.choice("mode", &[("live", Mode::Live), ("suggest", Mode::Suggest), ("shadow", Mode::Shadow)]).map(|mode| mode.value),
            social: root.boolean("social").is_some_and(|social| social.value),
            thanks: root.boolean("thanks").is_some_and(|thanks| thanks.value),
            languages: BTreeMap::new(),
            tests: tests(root),
        };
        let call = root.string("call");
        if let Some(call) = &call {
            if !calls.contains_key(&call.value) {
                let help = match crate::lexis::nearest(&call.value, calls.keys().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("calls of config.toml: {}", calls.keys().cloned().collect::<Vec<_>>().join(", ")),
                };
                root.doc.error(call.span.clone(), format!("there is no call `{}`", call.value), help);
            }
            intent.changes = calls.get(&call.value).is_some_and(|shape| shape.changes || shape.sends);
            intent.call = Some(call.value.clone());
        }
        let languages: Vec<Located<String>> = root.keys().into_iter().filter(|key| is_language(root, key)).collect();
        let mut known: Vec<&str> = KEYS.to_vec();
        known.extend(languages.iter().map(|language| language.value.as_str()));
        root.only_or(&known, &LANGUAGE_KEYS, "it belongs under a language: put it below [en]");
        for language in &languages {
            if let Some(table) = root.table(&language.value) {
                let localised = self.language(&table, &language.value, number, &intent);
                intent.languages.insert(Language(language.value.clone()), localised);
            }
        }
        if languages.is_empty() {
            root.doc.error(
                root.span.start..root.span.start,
                "no language: nothing would ever match",
                "add: [en]\nsay = [\"where is my order\"]",
            );
        }
        for group in root.strings("keywords") {
            match keywords(&group.value, &mut self.vocabulary) {
                Some(groups) => self.keywords.push(Keywords { intent: number, groups, source: group.value }),
                None => root.doc.error(group.span, "keywords without a word", "for example: \"where|track + order|parcel\""),
            }
        }
        for source in root.strings("patterns") {
            if source.value.contains('\u{8}') {
                let message = "this pattern holds a backspace: in double quotes \\b is that character, not a word's edge";
                root.doc.error(source.span, message, "write patterns in 'single quotes'");
                continue;
            }
            match pattern(&source.value) {
                Ok(regex) if regex.is_match("") => {
                    root.doc.error(source.span, "this pattern matches an empty message, so it would match everything", "");
                }
                Ok(regex) => self.patterns.push(Pattern { intent: number, regex, source: source.value }),
                Err(error) => root.doc.error(source.span, format!("not a usable pattern: {error}"), "write patterns in 'single quotes'"),
            }
        }
        lint::intent(root, &intent, calls, &self.templates);
        self.intents.push(intent);
    }

    fn language(&mut self, table: &Table<'_>, language: &str, number: usize, intent: &Intent) -> Localised {
        table.only_or(&LANGUAGE_KEYS, &KEYS, "it belongs at the top of the file, above the first [header]");
        for group in ["ask", "reply"] {
            let Some(inner) = table.table(group) else { continue };
            for key in inner.keys().into_iter().filter(|key| ["say", "never", "confirm"].contains(&key.value.as_str())) {
                let message = format!("`{}` stands under the wrong header: TOML reads it as `{language}.{group}.{}`", key.value, key.value);
                table.doc.error(
                    key.span,
                    message,
                    format!("move it above [{language}.{group}], or write {group}.name = \"…\" without that header"),
                );
            }
        }
        let slots: Vec<String> = intent.slots.iter().map(|slot| slot.name.clone()).collect();
        for (key, never) in [("say", false), ("never", true)] {
            for line in table.strings(key) {
                match Phrase::compile(&line.value, &mut self.vocabulary, &Concepts::new(), &slots) {
                    Ok(phrase) => {
                        self.phrases.push(phrase);
                        let span = (line.span.start, line.span.end);
                        self.lines.push(Line { intent: number, never, text: line.value, language: language.to_string(), span });
                    }
                    Err(error) => {
                        let help = match &error {
                            PhraseError::Concept(_) => "only cue files have lists; write (a|b) here",
                            PhraseError::Slot(_) => "slots are declared at the top: slots = { order = \"order_number\" }",
                            _ => "",
                        };
                        table.doc.error(line.span, error.to_string(), help);
                    }
                }
            }
        }
        let mut localised = Localised { title: table.string("title").map(|title| title.value), ..Localised::default() };
        let mut add = |key: &str, text: Located<String>| {
            let name = format!("{}/{language}/{key}", intent.id);
            if let Err(error) = self.templates.add(&name, &text.value) {
                table.doc.error(text.span, format!("not a usable text: {error}"), "fields are written {{ order }}");
            }
            name
        };
        if let Some(text) = table.string("confirm") {
            localised.confirm = Some(add("confirm", text));
        }
        for (key, into) in [("ask", &mut localised.ask), ("reply", &mut localised.reply)] {
            let Some(texts) = table.table(key) else { continue };
            for name in texts.keys() {
                if let Some(text) = texts.string(&name.value) {
                    into.insert(name.value.clone(), add(&format!("{key}.{}", name.value), text));
                }
            }
        }
        localised
    }
}

/// A key is a language when it looks like a language tag and is no key of ours ('say' has three letters too).
fn is_language(root: &Table<'_>, key: &Located<String>) -> bool {
    let tag = &key.value;
    let primary = tag.split('-').next().unwrap_or("");
    !KEYS.contains(&tag.as_str())
        && !LANGUAGE_KEYS.contains(&tag.as_str())
        && (2..=3).contains(&primary.len())
        && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && root.has(tag)
}

fn slots(root: &Table<'_>, entities: &Entities) -> Vec<Slot> {
    let Some(table) = root.table("slots") else { return Vec::new() };
    let mut slots = Vec::new();
    for key in table.keys() {
        let Some(kind) = table.string(&key.value) else { continue };
        if !entities.has(&kind.value) {
            let help = match crate::lexis::nearest(&kind.value, entities.names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("types of entities.toml: {}", entities.names().collect::<Vec<_>>().join(", ")),
            };
            table.doc.error(kind.span, format!("there is no type `{}`", kind.value), help);
        }
        slots.push((key.span.start, Slot { name: key.value, kind: kind.value }));
    }
    slots.sort_by_key(|(start, _)| *start);
    slots.into_iter().map(|(_, slot)| slot).collect()
}

fn tests(root: &Table<'_>) -> Vec<Test> {
    root.tables("test")
        .into_iter()
        .filter_map(|table| {
            table.only(&["turns", "expect", "slots"]);
            let turns: Vec<String> = table.strings("turns").into_iter().map(|turn| turn.value).collect();
            let expect = table.string("expect");
            if turns.is_empty() || expect.is_none() {
                table.doc.error(table.span.clone(), "a test needs `turns` and `expect`", "");
                return None;
            }
            let slots = table.table("slots").map_or_else(BTreeMap::new, |slots| {
                slots.keys().into_iter().filter_map(|key| slots.string(&key.value).map(|value| (key.value, value.value))).collect()
            });
            let line = Finding::at(table.doc.source(), Severity::Info, table.span.clone(), "").line;
            Some(Test { turns, expect: expect.map(|expect| expect.value).unwrap_or_default(), slots, line })
        })
        .collect()
}

/// `where|track + order|parcel`: every part must occur, in any order, by any of its words.
fn keywords(source: &str, vocabulary: &mut Vocabulary) -> Option<Vec<Vec<WordId>>> {
    let groups: Vec<Vec<WordId>> = source
        .split('+')
        .map(|part| {
            let text = crate::text::Text::new(part);
            text.tokens.iter().map(|token| vocabulary.add(&token.text)).collect()
        })
        .collect();
    groups.iter().all(|group| !group.is_empty()).then_some(groups)
}
