//! The compiled engine and its one question: what does this message ask for?
//!
//! Owns: `Engine`, candidates with their reasons, the verdict.
//! Invariants: a phrase that covers the whole message decides alone; a `never` line that occurs rules its intent out; small
//! talk yields to any other intent; scores lie between 0 and 1 and are the same for the same text.
//! Leaves out: what was asked before; the conversation narrows the candidates by itself.

use super::entity::{Entities, Entity};
use super::intent::{Intent, Mode};
use super::overlap::Overlap;
use crate::lexis::{Index, Message, Templates, Vocabulary, WordId};
use crate::text::{Language, Text, guess};
use jiff::civil::Date;
use regex::Regex;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

/// Where a verdict turns.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Thresholds {
    /// Below this score nothing matched.
    pub threshold: f32,
    /// Candidates this close to the best one are asked about.
    pub margin: f32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Thresholds { threshold: 0.55, margin: 0.06 }
    }
}

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

/// Why an intent got its score.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Reason {
    /// A phrase covers the whole message.
    Whole {
        /// The line.
        phrase: String,
    },
    /// A phrase stands inside the message.
    Phrase {
        /// The line.
        phrase: String,
    },
    /// A keyword group.
    Keywords {
        /// The group.
        keywords: String,
    },
    /// A pattern.
    Pattern {
        /// The pattern.
        pattern: String,
    },
    /// Words in common with a line.
    Words {
        /// The words.
        words: Vec<String>,
    },
    /// Ruled out by an exception.
    Never {
        /// The line.
        phrase: String,
    },
}

/// An intent that could be meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Number of the intent.
    pub intent: usize,
    /// 0 to 1.
    pub score: f32,
    /// Why.
    pub reason: Reason,
    /// Tokens that a phrase covered.
    pub tokens: Range<usize>,
}

/// What the engine makes of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// One intent.
    Matched(usize),
    /// Two or three that are too close to choose.
    Ambiguous(Vec<usize>),
    /// None.
    Unmatched,
}

/// A verdict with all that led to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Understanding {
    /// The verdict.
    pub verdict: Verdict,
    /// Candidates, best first; at most eight.
    pub candidates: Vec<Candidate>,
    /// Intents that a `never` line ruled out.
    pub ruled_out: Vec<Candidate>,
    /// Values in the message.
    pub entities: Vec<Entity>,
    /// The language, where it is clear.
    pub language: Option<Language>,
    /// True when nothing but values and filler stands in the message.
    pub bare: bool,
}

/// Compiled intent files.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(super) vocabulary: Vocabulary,
    pub(super) templates: Templates,
    pub(super) intents: Vec<Intent>,
    pub(super) index: Index,
    pub(super) lines: Vec<Line>,
    pub(super) keywords: Vec<Keywords>,
    pub(super) patterns: Vec<Pattern>,
    pub(super) entities: Entities,
    pub(super) overlap: Overlap,
    pub(super) thresholds: Thresholds,
}

/// Words that carry no request: they may stand around a phrase that still covers the whole message.
static FILLER: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    HashSet::from([
        "please", "pls", "plz", "um", "uh", "so", "ok", "okay", "and", "just", "hey", "hi", "hello", "well", "oh", "sir", "madam", "mate",
        "guys", "now", "then", "also", "thanks", "thank", "you", "thx", "ty", "there", "sorry", "actually", "but", "yes", "yeah", "yep",
        "its", "it", "is", "the", "a", "no", "i",
    ])
});

/// A phrase inside a longer message is worth this at least, a keyword group or pattern that.
const PHRASE_FLOOR: f32 = 0.70;
const KEYWORD_FLOOR: f32 = 0.62;

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

    /// Where verdicts turn.
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
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
        let mut message = Message::new(text, &self.vocabulary);
        let values: Vec<Range<usize>> = entities.iter().map(|entity| text.tokens_in(entity.span)).collect();
        message.slots = self.slot_ranges(&entities, &values);
        let matches = self.index.find(&message);

        let mut skip = vec![false; text.tokens.len()];
        for range in &values {
            skip.get_mut(range.clone()).into_iter().flatten().for_each(|skip| *skip = true);
        }
        let filler: Vec<bool> = text.tokens.iter().map(|token| FILLER.contains(token.text.as_str())).collect();
        let filler = |at: usize| filler.get(at).copied().unwrap_or(false);
        let mut chat = vec![false; text.tokens.len()];
        for found in matches.iter().filter(|found| !self.lines[found.phrase].never && self.intents[self.lines[found.phrase].intent].social)
        {
            chat.get_mut(found.tokens.clone()).into_iter().flatten().for_each(|chat| *chat = true);
        }
        let social = |at: usize| chat.get(at).copied().unwrap_or(false);
        let content: Vec<usize> = (0..text.tokens.len()).filter(|at| !skip[*at] && !filler(*at)).collect();
        let asked: Vec<usize> = content.iter().copied().filter(|at| !social(*at)).collect();

        let mut candidates: Vec<Candidate> = Vec::new();
        let mut ruled_out: Vec<Candidate> = Vec::new();
        let mut offer = |candidate: Candidate| match candidates.iter_mut().find(|other| other.intent == candidate.intent) {
            Some(other) if other.score >= candidate.score => {}
            Some(other) => *other = candidate,
            None => candidates.push(candidate),
        };
        for found in &matches {
            let line = &self.lines[found.phrase];
            let tokens = found.tokens.clone();
            let phrase = line.text.clone();
            if line.never {
                ruled_out.push(Candidate { intent: line.intent, score: 0.0, reason: Reason::Never { phrase }, tokens });
                continue;
            }
            let (score, reason) = if self.intents[line.intent].social {
                // Small talk may be wordy: half of the message is enough, as long as nothing is asked.
                let share = tokens.len() as f32 / text.tokens.len().max(1) as f32;
                let whole = asked.is_empty() || tokens.len() == text.tokens.len();
                match (whole, share >= 0.5) {
                    (true, _) => (1.0, Reason::Whole { phrase }),
                    (false, true) => (0.55 + 0.4 * (share - 0.5), Reason::Phrase { phrase }),
                    (false, false) => (0.3, Reason::Phrase { phrase }),
                }
            } else {
                let covered = asked.iter().filter(|at| tokens.contains(at)).count();
                if covered == asked.len() {
                    (1.0, Reason::Whole { phrase })
                } else {
                    (PHRASE_FLOOR + 0.25 * covered as f32 / asked.len() as f32, Reason::Phrase { phrase })
                }
            };
            offer(Candidate { intent: line.intent, score, reason, tokens });
        }
        let none = 0..0;
        for keywords in &self.keywords {
            let all = keywords.groups.iter().all(|group| message.words.iter().flatten().any(|id| group.contains(id)));
            if all {
                let reason = Reason::Keywords { keywords: keywords.source.clone() };
                offer(Candidate { intent: keywords.intent, score: KEYWORD_FLOOR, reason, tokens: none.clone() });
            }
        }
        for pattern in self.patterns.iter().filter(|pattern| pattern.regex.is_match(&text.original)) {
            let reason = Reason::Pattern { pattern: pattern.source.clone() };
            offer(Candidate { intent: pattern.intent, score: KEYWORD_FLOOR, reason, tokens: none.clone() });
        }
        let covered_by_small_talk: Vec<bool> = skip.iter().enumerate().map(|(at, skip)| *skip || social(at) || filler(at)).collect();
        if !asked.is_empty() {
            for (intent, (score, words)) in self.overlap.score(&message, &covered_by_small_talk) {
                if self.intents[intent].social {
                    continue;
                }
                let words = words.into_iter().map(|id| self.vocabulary.word(id).to_string()).collect();
                offer(Candidate { intent, score, reason: Reason::Words { words }, tokens: none.clone() });
            }
        }
        ruled_out.sort_by_key(|candidate| candidate.intent);
        ruled_out.dedup_by_key(|candidate| candidate.intent);
        candidates.retain(|candidate| {
            !ruled_out.iter().any(|out| out.intent == candidate.intent) || matches!(candidate.reason, Reason::Whole { .. })
        });
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| self.intents[a.intent].id.cmp(&self.intents[b.intent].id)));
        candidates.truncate(8);
        Understanding {
            verdict: self.verdict(&candidates),
            bare: asked.is_empty() && content.is_empty(),
            candidates,
            ruled_out,
            entities,
            language: guess(text),
        }
    }

    fn verdict(&self, candidates: &[Candidate]) -> Verdict {
        let Some(best) = candidates.first().filter(|best| best.score >= self.thresholds.threshold) else {
            return Verdict::Unmatched;
        };
        let close: Vec<usize> = candidates
            .iter()
            .take(3)
            .filter(|other| other.score >= self.thresholds.threshold && best.score - other.score < self.thresholds.margin)
            .map(|other| other.intent)
            .collect();
        // Nobody is asked which of two pleasantries they meant; the one said last is answered.
        let small_talk = candidates.iter().filter(|other| close.contains(&other.intent)).max_by_key(|other| other.tokens.end);
        match small_talk {
            Some(last) if close.iter().all(|intent| self.intents[*intent].social) => Verdict::Matched(last.intent),
            _ if close.len() > 1 => Verdict::Ambiguous(close),
            _ => Verdict::Matched(best.intent),
        }
    }

    /// Slots of phrases are numbered within their intent; values are offered to every slot of their type.
    fn slot_ranges(&self, entities: &[Entity], values: &[Range<usize>]) -> Vec<Vec<Range<usize>>> {
        let most = self.intents.iter().map(|intent| intent.slots.len()).max().unwrap_or(0);
        let mut ranges = vec![Vec::new(); most];
        if entities.is_empty() {
            return ranges;
        }
        for intent in &self.intents {
            for (number, slot) in intent.slots.iter().enumerate() {
                for (entity, range) in entities.iter().zip(values).filter(|(entity, _)| entity.kind == slot.kind) {
                    debug_assert_eq!(entity.kind, slot.kind);
                    if !ranges[number].contains(range) {
                        ranges[number].push(range.clone());
                    }
                }
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{CallShapes, compile};
    use crate::lexis::Source;
    use jiff::civil::date;

    fn engine() -> Engine {
        let intent = |name: &str, body: &str| Source::new(format!("{name}.toml"), format!("{body}\nreply.text = \"x\"\n"));
        let sources = [
            intent(
                "order_status",
                "keywords = [\"track + parcel\"]\n[en]\nsay = [\"where is my (order|parcel)\", \"has my * shipped\"]\nnever = [\"where is my order confirmation\"]",
            ),
            intent("cancel_order", "[en]\nsay = [\"cancel my (order|parcel)\", \"i do not want my order\"]"),
            intent("refund", "[en]\nsay = [\"where is my refund\", \"i want my money back\"]"),
            intent("greeting", "social = true\n[en]\nsay = [\"(hi|hello|good morning)\"]"),
        ];
        compile(&sources, &CallShapes::new(), Thresholds::default()).expect("compiles").0
    }

    fn verdict(text: &str) -> String {
        let engine = engine();
        let id = |number: &usize| engine.intents()[*number].id.clone();
        match engine.understand(&Text::new(text), date(2026, 11, 21)).verdict {
            Verdict::Matched(number) => id(&number),
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
            ("never", "where is my order confirmation mail", "-"),
            ("keywords in any order", "this parcel thing how do i track", "order_status"),
            ("shared words", "want cancel order", "cancel_order"),
            ("two at once are asked about", "cancel my order and where is my refund", "cancel_order|refund"),
            ("gibberish", "asdf qwer zxcv", "-"),
            ("nothing", "", "-"),
            ("emoji", "🎉🎉", "-"),
        ] {
            assert_eq!(verdict(text), wanted, "{name}");
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
    }
}
