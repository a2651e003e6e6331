//! What an intent file says, after validation.
//!
//! Owns: `Intent` and its parts, and the shape of backend calls that files are checked against.
//! Leaves out: reading (`compile`) and matching (`understand`).

use crate::text::Language;
use std::collections::BTreeMap;

/// What must be true before an intent is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// The customer owns what is asked about.
    Owner,
    /// Ownership, and a yes that repeats a code sent to the number or address on file.
    Confirm,
    /// A person does it.
    Handoff,
}

/// How far the bot goes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// It answers.
    #[default]
    Live,
    /// Staff see what it would say.
    Suggest,
    /// It is only recorded.
    Shadow,
}

/// A value that an intent needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its name in replies and calls.
    pub name: String,
    /// Its type in `entities.toml`.
    pub kind: String,
}

/// What an intent says in one language. Texts are names of templates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Localised {
    /// What a customer reads when asked to choose.
    pub title: Option<String>,
    /// Slot → template of its question.
    pub ask: BTreeMap<String, String>,
    /// Template of what a yes will do.
    pub confirm: Option<String>,
    /// Outcome (or `text`) → template.
    pub reply: BTreeMap<String, String>,
}

/// One `[[test]]` of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// What the customer writes, turn by turn.
    pub turns: Vec<String>,
    /// An intent's id, `unmatched`, `ambiguous` or `handoff`.
    pub expect: String,
    /// Slots that must have been read.
    pub slots: BTreeMap<String, String>,
    /// Its line in the file.
    pub line: usize,
}

/// One validated intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The file's name without ending.
    pub id: String,
    /// For staff.
    pub title: String,
    /// The backend call, where there is one.
    pub call: Option<String>,
    /// What must be true first.
    pub needs: Needs,
    /// Values it needs, in the order in which they are asked.
    pub slots: Vec<Slot>,
    /// Outcomes after which a person takes over.
    pub hand_over: Vec<String>,
    /// Its call changes something, or sends something.
    pub changes: bool,
    /// Its own mode, where it has one.
    pub mode: Option<Mode>,
    /// Small talk: it yields to any other intent in the same message.
    pub social: bool,
    /// It says thanks: soon after a handoff whoever helped hears of it.
    pub thanks: bool,
    /// What it says, by language.
    pub languages: BTreeMap<Language, Localised>,
    /// Its tests.
    pub tests: Vec<Test>,
}

impl Intent {
    /// What it says in a language; English where that is missing, and any language where English is too.
    pub fn localised(&self, language: &Language) -> Option<&Localised> {
        self.languages
            .get(language)
            .or_else(|| self.languages.iter().find(|(other, _)| other.primary() == language.primary()).map(|(_, l)| l))
            .or_else(|| self.languages.get(&Language::english()))
            .or_else(|| self.languages.values().next())
    }

    /// What a customer reads when asked to choose.
    pub fn title_in(&self, language: &Language) -> &str {
        self.localised(language).and_then(|localised| localised.title.as_deref()).unwrap_or(&self.title)
    }
}

/// What a backend call answers: outcome → the fields that come with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallShape {
    /// The slots that the call uses.
    pub params: Vec<String>,
    /// Outcome → fields that a reply may use.
    pub outcomes: BTreeMap<String, Vec<String>>,
    /// It changes something that is the customer's: only with a code.
    pub changes: bool,
    /// It sends something to what is on file, and changes nothing else.
    pub sends: bool,
    /// Only staff run it.
    pub staff: Option<StaffCall>,
}

/// A call that only staff run, for a customer whom they have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaffCall {
    /// What it does, for staff.
    pub title: String,
    /// The most that one customer gets in thirty days, by slot, in hundredths.
    pub limits: BTreeMap<String, u64>,
}

/// An amount as people write it (`12`, `12.5`, `12,50`), in hundredths; `None` for anything else.
pub fn amount(text: &str) -> Option<u64> {
    let (whole, part) = text.trim().split_once(['.', ',']).unwrap_or((text.trim(), "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 || whole.len() > 12 {
        return None;
    }
    let part: u64 = format!("{part:0<2}").parse().ok()?;
    Some(whole.parse::<u64>().ok()? * 100 + part)
}

/// All calls that exist, by name.
pub type CallShapes = BTreeMap<String, CallShape>;
