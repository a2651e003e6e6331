//! Cue files, from text to `Care`.
//!
//! Owns: reading concepts, cues, guards and the must-catch set of each file; all mistakes at once.
//! Invariants: files are taken in the order of their names; concepts belong to their file.
//! Leaves out: whether the cues still catch what they must (`interlock`).

use super::assess::{Care, Cue, Entry};
use super::help_lines::FILE as HELP_LINES;
use super::interlock::MustCatch;
use super::level::{Kind, Level, Subject};
use super::opinion::{Line, Opinion, Said};
use crate::lexis::{Concepts, Doc, Finding, Index, Located, Memory, Phrase, PhraseError, Severity, Source, Table, Vocabulary};
use std::collections::BTreeSet;

const LEVELS: [(&str, Level); 4] =
    [("crisis", Level::Crisis), ("distress", Level::Distress), ("frustration", Level::Frustration), ("human_request", Level::HumanRequest)];

#[derive(Default)]
struct Building {
    vocabulary: Vocabulary,
    phrases: Vec<Phrase>,
    entries: Vec<Entry>,
    cues: Vec<Cue>,
    ids: BTreeSet<String>,
    must_catch: Vec<MustCatch>,
    examples: Vec<Said>,
    /// Of the file that is being read.
    language: String,
    lines: Vec<Line>,
}

/// How much a line of the safety set counts among the examples.
const SAFETY: f32 = 25.0;

/// What examples may stand for.
const EXAMPLES: [(&str, Level); 5] = [LEVELS[0], LEVELS[1], LEVELS[2], LEVELS[3], ("none", Level::None)];

/// The must-catch set of cue files, without compiling their cues; a file that can't be read adds nothing.
pub fn must_catch(sources: &[Source]) -> Vec<MustCatch> {
    // Most files have none, and thousands of lines of other things.
    let has = |source: &&Source| is_cue_file(source) && source.text.contains("must_");
    let mut sources: Vec<&Source> = sources.iter().filter(has).collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    sources.into_iter().flat_map(|source| Doc::new(source).read(safety_lines)).collect()
}

/// Compiles cue files (`care/*.toml`).
///
/// # Errors
/// Every finding, when one of them is an error.
pub fn compile(sources: &[Source], memory: &dyn Memory) -> Result<(Care, Vec<Finding>), Vec<Finding>> {
    let (mut building, findings) = read(sources)?;
    // What must be heard, and what must not, are examples too, and weighty ones.
    let must = building.must_catch.iter().map(|must| Said { level: must.level, kind: must.kind, text: must.text.clone(), weight: SAFETY });
    building.examples.extend(must);
    let care = Care {
        vocabulary: building.vocabulary,
        index: Index::new(building.phrases),
        entries: building.entries,
        cues: building.cues,
        must_catch: building.must_catch,
        opinion: Opinion::new(&building.examples, building.lines, memory),
    };
    Ok((care, findings))
}

fn is_cue_file(source: &Source) -> bool {
    source.name.starts_with("care/") && source.name != HELP_LINES
}

fn read(sources: &[Source]) -> Result<(Building, Vec<Finding>), Vec<Finding>> {
    let mut sources: Vec<&Source> = sources.iter().filter(|source| is_cue_file(source)).collect();
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    let mut building = Building::default();
    let mut findings = Vec::new();
    for source in sources {
        let doc = Doc::new(source);
        doc.read(|root| building.file(root));
        findings.extend(doc.into_findings());
    }
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(findings);
    }
    Ok((building, findings))
}

impl Building {
    fn file(&mut self, root: &Table<'_>) {
        self.language = root.string("language").map_or_else(|| "en".to_string(), |language| language.value);
        root.only(&["language", "reviewed_by", "concepts", "cue", "guard", "examples", "opinion", "must_catch", "must_not_catch"]);
        let mut concepts = Concepts::new();
        if let Some(table) = root.table("concepts") {
            for key in table.keys() {
                concepts.insert(key.value.clone(), table.strings(&key.value).into_iter().map(|phrase| phrase.value).collect());
            }
        }
        for table in root.tables("cue") {
            self.cue(&table, &concepts);
        }
        for table in root.tables("guard") {
            table.only(&["id", "levels", "say"]);
            let levels: Vec<Level> = table
                .strings("levels")
                .into_iter()
                .filter_map(|name| match LEVELS.iter().find(|(known, _)| *known == name.value) {
                    Some((_, level)) => Some(*level),
                    None => {
                        table.doc.error(
                            name.span,
                            format!("there is no level `{}`", name.value),
                            "crisis, distress, frustration, human_request",
                        );
                        None
                    }
                })
                .collect();
            self.phrases(&table, "say", &concepts, &Entry::Guard(levels, self.language.clone()));
        }
        for table in root.tables("examples") {
            self.examples(&table);
        }
        for table in root.tables("opinion") {
            table.only(&["level", "support", "offer", "reach", "certain"]);
            let certain = table.number("certain").map_or(f32::INFINITY, |number| number.value as f32);
            let [support, offer, reach] = ["support", "offer", "reach"].map(|key| table.number(key).map(|number| number.value as f32));
            if let (Some(level), Some(support), Some(offer), Some(reach)) = (table.choice("level", &LEVELS), support, offer, reach) {
                self.lines.push(Line { level: level.value, support, offer, reach, certain });
            }
        }
        self.must_catch.extend(safety_lines(root));
    }

    fn cue(&mut self, table: &Table<'_>, concepts: &Concepts) {
        table.only(&["id", "level", "kind", "subject", "weight", "say", "never", "negation", "silent", "unknown_language"]);
        let Some(id) = table.string("id") else {
            table.doc.error(table.span.clone(), "a cue needs an `id`: staff see it as the rule that fired", "id = \"wish_to_die\"");
            return;
        };
        if !self.ids.insert(id.value.clone()) {
            table.doc.error(id.span.clone(), format!("there are two cues called `{}`", id.value), "");
        }
        let Some(level) = table.choice("level", &LEVELS) else {
            if !table.has("level") {
                table.doc.error(id.span, "a cue needs a `level`", "crisis, distress, frustration, human_request");
            }
            return;
        };
        let kind = kind(table, &level);
        let weight = table.number("weight").map_or(1.0, |weight| {
            if !(weight.value > 0.0 && weight.value <= 1.0) {
                table.doc.error(weight.span, "a weight lies above 0 and up to 1", "1.0 acts alone, 0.5 is a weak sign");
            }
            weight.value as f32
        });
        let subjects = [("self", Subject::Oneself), ("other", Subject::Other), ("child", Subject::Child)];
        let number = self.cues.len();
        self.cues.push(Cue {
            id: id.value,
            level: level.value,
            kind,
            subject: table.choice("subject", &subjects).map_or(Subject::Oneself, |subject| subject.value),
            weight,
            language: self.language.clone(),
            silent: table.boolean("silent").is_some_and(|silent| silent.value),
            unknown_language: table.boolean("unknown_language").is_some_and(|unknown| unknown.value),
            negation: table.boolean("negation").is_none_or(|negation| negation.value),
        });
        if self.phrases(table, "say", concepts, &Entry::Cue(number)) == 0 && table.strings("say").is_empty() {
            table.doc.error(table.span.clone(), "a cue needs `say`", "say = [\"i want to die\"]");
        }
        self.phrases(table, "never", concepts, &Entry::Never(number));
    }

    fn examples(&mut self, table: &Table<'_>) {
        table.only(&["level", "kind", "weight", "say"]);
        let Some(level) = table.choice("level", &EXAMPLES) else { return };
        let kind = kind(table, &level);
        let weight = table.number("weight").map_or(1.0, |weight| {
            if !(weight.value > 0.0 && weight.value <= SAFETY.into()) {
                table.doc.error(weight.span, format!("a weight of examples lies above 0 and up to {SAFETY}"), "1 is ordinary");
            }
            weight.value as f32
        });
        self.examples.extend(table.strings("say").into_iter().map(|text| Said { level: level.value, kind, text: text.value, weight }));
    }

    fn phrases(&mut self, table: &Table<'_>, key: &str, concepts: &Concepts, entry: &Entry) -> usize {
        let mut count = 0;
        for line in table.strings(key) {
            match Phrase::compile(&line.value, &mut self.vocabulary, concepts, &[]) {
                Ok(phrase) => {
                    self.phrases.push(phrase);
                    self.entries.push(entry.clone());
                    count += 1;
                }
                Err(error) => {
                    let help = match &error {
                        PhraseError::Concept(name) => match crate::lexis::nearest(name, concepts.keys().map(String::as_str)) {
                            Some(near) => format!("did you mean <{near}>?"),
                            None => "lists stand under [concepts] in the same file".to_string(),
                        },
                        _ => String::new(),
                    };
                    table.doc.error(line.span, error.to_string(), help);
                }
            }
        }
        count
    }
}

/// The kind of a crisis; nothing else has one.
fn kind(table: &Table<'_>, level: &Located<Level>) -> Option<Kind> {
    let kind = table.choice("kind", &Kind::NAMES);
    match (level.value, &kind) {
        (Level::Crisis, None) if !table.has("kind") => {
            table.doc.error(level.span.clone(), "a crisis needs a `kind`", "suicide_self_harm, abuse, medical, …, unclear");
        }
        (Level::Crisis, _) | (_, None) => {}
        (_, Some(kind)) => table.doc.error(kind.span.clone(), "only a crisis has a `kind`", ""),
    }
    kind.map(|kind| kind.value)
}

/// What a file says must be heard, and what must not.
fn safety_lines(root: &Table<'_>) -> Vec<MustCatch> {
    let mut lines = Vec::new();
    for table in root.tables("must_catch") {
        table.only(&["text", "level", "kind", "subject"]);
        if let (Some(text), Some(level)) = (table.string("text"), table.choice("level", &LEVELS)) {
            let kind = table.choice("kind", &Kind::NAMES).map(|kind| kind.value);
            lines.push(MustCatch { text: text.value, level: level.value, kind });
        }
        table.string("subject");
    }
    for table in root.tables("must_not_catch") {
        table.only(&["text"]);
        if let Some(text) = table.string("text") {
            lines.push(MustCatch { text: text.value, level: Level::None, kind: None });
        }
    }
    lines
}
