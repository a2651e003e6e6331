//! The compiled engine and its one question: what does this message ask for?
//!
//! Owns: `Engine`, its parts, and what it can be asked.
//! Invariants: the same text gives the same answer; understanding cannot fail on any text.
//! Leaves out: how candidates are found (`candidates`), and what was asked before; the conversation narrows the candidates by itself.

use super::candidates::Reading;
use super::entity::{Entities, Entity};
use super::intent::{Intent, Mode};
use super::small_words::SmallWords;
use super::tongue::Tongues;
use super::verdict::{Reason, Thresholds, Understanding, Verdict, verdict};
use crate::lexis::{Index, Scorer, Templates, Vocabulary, WordId, read};
use crate::text::{Language, Span, Text, guess_with_lead};
use jiff::civil::Date;
use regex::Regex;
use std::ops::Range;

/// A `say` or `never` line; its phrase has the same number.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub intent: usize,
    pub never: bool,
    pub text: String,
    pub language: String,
    pub span: (usize, usize),
}

/// One entry of `keywords`.
#[derive(Clone, Debug)]
pub(super) struct Keywords {
    pub intent: usize,
    pub groups: Vec<Vec<WordId>>,
    pub source: String,
}

/// One entry of `patterns`.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub intent: usize,
    pub regex: Regex,
    pub source: String,
}

/// Compiled intent files.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(super) vocabulary: Vocabulary,
    pub(super) templates: Templates,
    pub(super) intents: Vec<Intent>,
    pub(super) index: Index,
    pub(super) lines: Vec<Line>,
    /// What people ask and no intent answers.
    pub(super) nobodys: Vec<Vec<String>>,
    pub(super) keywords: Vec<Keywords>,
    pub(super) patterns: Vec<Pattern>,
    pub(super) entities: Entities,
    pub(super) small: SmallWords,
    pub(super) scorer: Scorer,
    pub(super) tongues: Tongues,
    pub(super) thresholds: Thresholds,
}

impl Engine {
    /// All intents; their order numbers them.
    pub fn intents(&self) -> &[Intent] {
        &self.intents
    }

    /// An intent by its id.
    pub fn intent(&self, id: &str) -> Option<&Intent> {
        self.intents.iter().find(|intent| intent.id == id)
    }

    /// The texts of all intents.
    pub fn templates(&self) -> &Templates {
        &self.templates
    }

    /// The types of values.
    pub fn entities(&self) -> &Entities {
        &self.entities
    }

    /// Words of other languages than English, as the operators' lines have them: real words, though not English ones.
    pub fn foreign_words(&self) -> impl Iterator<Item = &str> {
        self.tongues.elsewhere("en").map(|word| self.vocabulary.word(word)).chain(self.small.all())
    }

    /// What carries no request, corrects, joins or points back.
    pub fn small_words(&self) -> &SmallWords {
        &self.small
    }

    /// Where verdicts turn.
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// The curve from scores to chances.
    pub fn calibration(&self) -> crate::lexis::Calibration {
        self.scorer.calibration()
    }

    /// The mode of an intent, given that of the whole bot: the more careful of the two.
    pub fn mode(&self, intent: &Intent, all: Mode) -> Mode {
        match (intent.mode, all) {
            (Some(Mode::Shadow), _) | (_, Mode::Shadow) => Mode::Shadow,
            (Some(Mode::Suggest), _) | (_, Mode::Suggest) => Mode::Suggest,
            _ => Mode::Live,
        }
    }

    /// What a message asks for. `today` is the customer's day, for relative dates.
    pub fn understand(&self, text: &Text, today: Date) -> Understanding {
        let entities = self.entities.find(text, today);
        let reading = self.reading(text, &entities);
        let whole = 0..text.tokens.len();
        let (candidates, ruled_out) = self.candidates(&reading, whole.clone());
        let covered = candidates.first().is_some_and(|best| matches!(best.reason, Reason::Whole(_)));
        let (language, language_lead) = self.language(&reading).map_or((None, 0.0), |(language, lead)| (Some(language), lead));
        let parts = if covered { Vec::new() } else { self.parts(&reading, &candidates, &gone(text, &entities, today)) };
        let verdict = if parts.len() > 1 { Verdict::Several(parts) } else { verdict(&candidates, &self.intents, self.thresholds) };
        let bare = whole.clone().all(|at| reading.value[at] || reading.filler[at]);
        Understanding { verdict, candidates, ruled_out, entities, language, language_lead, bare }
    }

    /// The language: by its small words, else by whose lines its words stand in.
    fn language(&self, reading: &Reading<'_>) -> Option<(Language, f32)> {
        guess_with_lead(reading.text).or_else(|| self.tongues.guess(&reading.message, &reading.mute))
    }

    /// The verdict on what was understood, had other thresholds stood.
    pub fn decide(&self, understanding: &Understanding, thresholds: Thresholds) -> Verdict {
        match &understanding.verdict {
            Verdict::Several(parts) => Verdict::Several(parts.clone()),
            _ => verdict(&understanding.candidates, &self.intents, thresholds),
        }
    }

    /// What each word added to an intent's score, with the span of the word: for explanations.
    pub fn carried(&self, text: &Text, entities: &[Entity], intent: usize) -> Vec<(Span, f32)> {
        let reading = self.reading(text, entities);
        let words = read(&reading.message, &self.vocabulary, &reading.mute);
        let carried = self.scorer.carried(&words, intent);
        carried.into_iter().map(|(word, amount)| (text.tokens[words[word].token].span, amount)).collect()
    }

    /// The words behind a reason.
    pub fn why(&self, reason: Reason) -> &str {
        match reason {
            Reason::Whole(line) | Reason::Phrase(line) | Reason::Never(line) => self.lines.get(line).map_or("", |line| &line.text),
            Reason::Keywords(group) => self.keywords.get(group).map_or("", |group| &group.source),
            Reason::Pattern(pattern) => self.patterns.get(pattern).map_or("", |pattern| &pattern.source),
            Reason::Score => "",
        }
    }
}

/// Where dates stand that are over.
fn gone(text: &Text, entities: &[Entity], today: Date) -> Vec<Range<usize>> {
    let mut dates = entities.iter().filter(|entity| entity.kind == "date").peekable();
    if dates.peek().is_none() {
        return Vec::new();
    }
    let today = today.to_string();
    dates.filter(|entity| entity.value.get(..10).is_some_and(|day| *day < *today)).map(|entity| text.tokens_in(entity.span)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{CallShapes, compile};
    use crate::lexis::{Forgetful, Source};
    use jiff::civil::date;
    use std::sync::LazyLock;

    fn sources() -> Vec<Source> {
        let intent = |name: &str, body: &str| Source::new(format!("{name}.toml"), format!("{body}\nreply.text = \"x\"\n"));
        vec![
            intent(
                "order_status",
                "keywords = [\"track + parcel\"]\n[en]\nsay = [\"where is my (order|parcel)\", \"has my * shipped\"]\nnever = [\"where is my order confirmation\"]",
            ),
            intent("cancel_order", "[en]\nsay = [\"cancel my (order|parcel)\", \"i do not want my order\"]"),
            intent("refund", "[en]\nsay = [\"where is my refund\", \"i want my money back\"]"),
            intent("greeting", "social = true\n[en]\nsay = [\"(hi|hello|good morning)\"]"),
            Source::new("small_words.toml", include_str!("../../intents/small_words.toml")),
            Source::new("entities.toml", include_str!("../../intents/entities.toml")),
        ]
    }

    fn built(sources: &[Source]) -> Engine {
        compile(sources, &CallShapes::new(), Thresholds::default(), &Forgetful).expect("compiles").0
    }

    fn engine() -> &'static Engine {
        static ENGINE: LazyLock<Engine> = LazyLock::new(|| built(&sources()));
        &ENGINE
    }

    /// The same files, found in another order.
    fn shuffled() -> &'static Engine {
        static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
            let mut sources = sources();
            sources.reverse();
            sources.rotate_left(2);
            built(&sources)
        });
        &ENGINE
    }

    fn said(text: &str) -> String {
        let id = |number: &usize| engine().intents()[*number].id.clone();
        match engine().understand(&Text::new(text), date(2026, 11, 21)).verdict {
            Verdict::Matched(number) => id(&number),
            Verdict::Several(parts) => parts.iter().map(|part| id(&part.intent)).collect::<Vec<_>>().join("+"),
            Verdict::Ambiguous(numbers) => numbers.iter().map(id).collect::<Vec<_>>().join("|"),
            Verdict::Unmatched => "-".into(),
        }
    }

    #[test]
    fn verdict_rows() {
        for (name, text, wanted) in [
            ("phrase", "where is my order", "order_status"),
            ("greeting with a request is the request", "hello, where is my parcel please", "order_status"),
            ("greeting alone", "hello there", "greeting"),
            ("phrase in a longer message", "i have been home all day so where is my parcel", "order_status"),
            ("typos", "wher is my parcle", "order_status"),
            ("run together", "whereis myparcel", "order_status"),
            ("never", "where is my order confirmation mail", "-"),
            ("keywords in any order", "this parcel thing how do i track", "order_status"),
            ("resemblance", "want cancel order", "cancel_order"),
            ("two requests, in order", "cancel my order and where is my refund", "cancel_order+refund"),
            ("two sentences", "Where is my refund? Also, please cancel my order.", "refund+cancel_order"),
            ("the same twice is one", "where is my order? where is my parcel?", "order_status"),
            ("gibberish", "asdf qwer zxcv", "-"),
            ("nothing", "", "-"),
            ("emoji", "🎉🎉", "-"),
        ] {
            assert_eq!(said(text), wanted, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn understanding_is_total(text in ".*") {
            let understanding = engine().understand(&Text::new(text), date(2026, 11, 21));
            for candidate in &understanding.candidates {
                proptest::prop_assert!((0.0..=1.0).contains(&candidate.score));
            }
        }

        #[test]
        fn every_span_of_an_explanation_lies_on_the_message(text in "(where|order|refund|é|😭|A1042|cancel|tuesday|[a-z ]{0,9}|\\PC| ){0,20}") {
            let read = Text::new(text.as_str());
            let understanding = engine().understand(&read, date(2026, 11, 21));
            let trace = engine().trace(&read, &understanding);
            let spans = trace.candidates.iter().flat_map(|candidate| candidate.span.into_iter().chain(candidate.words.iter().map(|(span, _)| *span)));
            for span in spans.chain(trace.entities.iter().map(|entity| entity.span)) {
                proptest::prop_assert!(text.get(span.start..span.end).is_some_and(|part| !part.is_empty()), "{:?}", span);
            }
            proptest::prop_assert!(trace.picture(&text).contains("Verdict"));
        }

        #[test]
        fn the_order_in_which_files_are_found_changes_nothing(text in "(where|is|my|order|parcel|refund|cancel|and|money|hi|track|A1042|[a-z]{1,6}| ){0,14}") {
            let read = Text::new(text);
            let today = date(2026, 11, 21);
            proptest::prop_assert_eq!(engine().understand(&read, today), shuffled().understand(&read, today));
        }
    }
}
