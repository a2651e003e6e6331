//! The compiled engine and its one question: what does this message ask for?
//!
//! Owns: `Engine`; how rules and the scorer make candidates; several requests in one message.
//! Invariants: a phrase that covers the whole message decides alone; a phrase inside it, a keyword group or a pattern sets a
//! floor under the scorer's chance; a `never` line that occurs rules its intent out; the same text gives the same answer.
//! Leaves out: what was asked before; the conversation narrows the candidates by itself.

use super::clause::clauses;
use super::entity::{Entities, Entity};
use super::intent::{Intent, Mode};
use super::tongue::Tongues;
use super::verdict::{Candidate, Part, Reason, Thresholds, Understanding, Verdict, verdict};
use crate::lexis::{Index, Match, Message, Scorer, Templates, Vocabulary, WordId, read};
use crate::text::{Language, Text, guess};
use jiff::civil::Date;
use regex::Regex;
use rustc_hash::FxHashSet;
use std::ops::Range;
use std::sync::LazyLock;

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
    pub(super) keywords: Vec<Keywords>,
    pub(super) patterns: Vec<Pattern>,
    pub(super) entities: Entities,
    pub(super) scorer: Scorer,
    pub(super) tongues: Tongues,
    pub(super) thresholds: Thresholds,
}

/// Words that carry no request: they may stand around a phrase that still covers the whole message.
static FILLER: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    [
        "please",
        "pls",
        "plz",
        "um",
        "uh",
        "so",
        "ok",
        "okay",
        "and",
        "just",
        "hey",
        "hi",
        "hello",
        "well",
        "oh",
        "sir",
        "madam",
        "mate",
        "guys",
        "now",
        "then",
        "also",
        "thanks",
        "thank",
        "you",
        "thx",
        "ty",
        "there",
        "sorry",
        "actually",
        "but",
        "yes",
        "yeah",
        "yep",
        "its",
        "it",
        "is",
        "the",
        "a",
        "no",
        "i",
        // Spanish, French, German, Portuguese, Hinglish.
        "por",
        "favor",
        "porfa",
        "porfavor",
        "hola",
        "gracias",
        "oye",
        "pues",
        "entonces",
        "si",
        "vale",
        "buenas",
        "perdona",
        "perdon",
        "svp",
        "stp",
        "bonjour",
        "bjr",
        "slt",
        "salut",
        "merci",
        "alors",
        "donc",
        "et",
        "oui",
        "euh",
        "bon",
        "pardon",
        "desole",
        "bitte",
        "hallo",
        "danke",
        "und",
        "also",
        "ja",
        "mal",
        "denn",
        "entschuldigung",
        "moin",
        "servus",
        "oi",
        "ola",
        "obrigado",
        "obrigada",
        "pf",
        "pfv",
        "entao",
        "sim",
        "desculpe",
        "desculpa",
        "e",
        "y",
        "bhai",
        "bhaiya",
        "ji",
        "yaar",
        "zara",
        "na",
        "to",
        "aur",
        "namaste",
        "accha",
        "acha",
        "haan",
    ]
    .into_iter()
    .collect()
});

/// A phrase inside a longer message is worth this at least, a keyword group or pattern that.
const PHRASE_FLOOR: f32 = 0.70;
const KEYWORD_FLOOR: f32 = 0.62;

/// How much of the scorer's chance counts on top of a rule.
const SECOND_OPINION: f32 = 0.8;

/// Each of several requests must come this close to the best in the message as a whole.
const CLOSE_TO_BEST: f32 = 0.2;

/// A clause without a phrase asks for something of its own only from this score on.
const BEYOND_DOUBT: f32 = 0.9;

/// Candidates below this are not worth a line in an explanation.
const FAINT: f32 = 0.02;

/// A message as the engine sees it, read once for all its parts.
struct Reading<'t> {
    text: &'t Text,
    message: Message<'t>,
    matches: Vec<Match>,
    /// Tokens of values.
    value: Vec<bool>,
    /// Tokens that carry no request.
    filler: Vec<bool>,
    /// Tokens of small talk.
    chat: Vec<bool>,
    /// Tokens that the scorer doesn't read.
    mute: Vec<bool>,
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
        let language = self.language(&reading, &candidates);
        let parts = if covered { Vec::new() } else { self.parts(&reading, &candidates) };
        let verdict = if parts.len() > 1 { Verdict::Several(parts) } else { verdict(&candidates, &self.intents, self.thresholds) };
        let bare = whole.clone().all(|at| reading.value[at] || reading.filler[at]);
        Understanding { verdict, candidates, ruled_out, entities, language, bare }
    }

    /// The language: by its small words, else by the line that covers the message, else by whose lines its words stand in.
    fn language(&self, reading: &Reading<'_>, candidates: &[Candidate]) -> Option<Language> {
        let by_line = || match candidates.first().map(|best| best.reason) {
            Some(Reason::Whole(line)) => self.tongues.of_line(line),
            _ => None,
        };
        guess(reading.text).or_else(by_line).or_else(|| self.tongues.guess(&reading.message, &reading.mute))
    }

    /// The verdict on what was understood, had other thresholds stood.
    pub fn decide(&self, understanding: &Understanding, thresholds: Thresholds) -> Verdict {
        match &understanding.verdict {
            Verdict::Several(parts) => Verdict::Several(parts.clone()),
            _ => verdict(&understanding.candidates, &self.intents, thresholds),
        }
    }

    /// What each word added to an intent's score, with the span of the word: for explanations.
    pub fn carried(&self, text: &Text, today: Date, intent: usize) -> Vec<(crate::text::Span, f32)> {
        let entities = self.entities.find(text, today);
        let reading = self.reading(text, &entities);
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

    fn reading<'t>(&self, text: &'t Text, entities: &[Entity]) -> Reading<'t> {
        let mut message = Message::new(text, &self.vocabulary);
        let values: Vec<Range<usize>> = entities.iter().map(|entity| text.tokens_in(entity.span)).collect();
        message.slots = self.slot_ranges(entities, &values);
        let matches = self.index.find(&message);
        let mark = |ranges: &mut dyn Iterator<Item = Range<usize>>| {
            let mut marked = vec![false; text.tokens.len()];
            for range in ranges {
                marked.get_mut(range).into_iter().flatten().for_each(|mark| *mark = true);
            }
            marked
        };
        let value = mark(&mut values.iter().cloned());
        let small = |found: &&Match| !self.lines[found.phrase].never && self.intents[self.lines[found.phrase].intent].social;
        let chat = mark(&mut matches.iter().filter(small).map(|found| found.tokens.clone()));
        let filler: Vec<bool> = text.tokens.iter().map(|token| FILLER.contains(token.text.as_str())).collect();
        let only_chat = (0..text.tokens.len()).all(|at| value[at] || filler[at] || chat[at]);
        // Small talk beside a request says nothing about it, nor does a value; that there is a date may.
        let date = |at: usize| entities.iter().any(|entity| entity.kind == "date" && entity.span.overlaps(text.tokens[at].span));
        let mute = (0..text.tokens.len()).map(|at| (value[at] && !date(at)) || (chat[at] && !only_chat)).collect();
        Reading { text, message, matches, value, filler, chat, mute }
    }

    /// What a part of a message could ask for, best first, and what `never` lines rule out.
    fn candidates(&self, reading: &Reading<'_>, part: Range<usize>) -> (Vec<Candidate>, Vec<Candidate>) {
        let asked: Vec<usize> = part.clone().filter(|at| !reading.value[*at] && !reading.filler[*at] && !reading.chat[*at]).collect();
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut ruled_out: Vec<Candidate> = Vec::new();
        let mut offer = |candidate: Candidate| match candidates.iter_mut().find(|other| other.intent == candidate.intent) {
            Some(other) if other.score >= candidate.score => {}
            Some(other) => *other = candidate,
            None => candidates.push(candidate),
        };
        for found in reading.matches.iter().filter(|found| part.start <= found.tokens.start && found.tokens.end <= part.end) {
            let line = &self.lines[found.phrase];
            let tokens = found.tokens.clone();
            if line.never {
                ruled_out.push(Candidate { intent: line.intent, score: 0.0, reason: Reason::Never(found.phrase), tokens });
                continue;
            }
            let covered = asked.iter().filter(|at| tokens.contains(at)).count();
            let (score, reason) = if self.intents[line.intent].social {
                // Small talk may be wordy: half of the message is enough, as long as nothing is asked.
                let share = tokens.len() as f32 / part.len().max(1) as f32;
                match (asked.is_empty() || tokens.len() == part.len(), share >= 0.5) {
                    (true, _) => (1.0, Reason::Whole(found.phrase)),
                    (false, true) => (0.55 + 0.4 * (share - 0.5), Reason::Phrase(found.phrase)),
                    (false, false) => (0.3, Reason::Phrase(found.phrase)),
                }
            } else if covered == asked.len() {
                (1.0, Reason::Whole(found.phrase))
            } else {
                (PHRASE_FLOOR + 0.25 * covered as f32 / asked.len() as f32, Reason::Phrase(found.phrase))
            };
            offer(Candidate { intent: line.intent, score, reason, tokens });
        }
        for (number, keywords) in self.keywords.iter().enumerate() {
            let words = || reading.message.words[part.clone()].iter().flatten();
            if keywords.groups.iter().all(|group| words().any(|id| group.contains(id))) {
                offer(Candidate { intent: keywords.intent, score: KEYWORD_FLOOR, reason: Reason::Keywords(number), tokens: 0..0 });
            }
        }
        let span = reading.text.span(part.start, part.end);
        for (number, pattern) in self.patterns.iter().enumerate().filter(|(_, p)| p.regex.is_match(span.of(&reading.text.original))) {
            offer(Candidate { intent: pattern.intent, score: KEYWORD_FLOOR, reason: Reason::Pattern(number), tokens: 0..0 });
        }
        if !asked.is_empty() {
            for (intent, chance) in self.chances(reading, &part).into_iter().enumerate().filter(|(_, chance)| *chance >= FAINT) {
                // Small talk is only what a line says: anything may resemble it.
                if self.intents[intent].social {
                    continue;
                }
                match candidates.iter_mut().find(|other| other.intent == intent) {
                    // Two kinds of evidence for the same are more than either.
                    Some(other) => other.score += (1.0 - other.score) * chance * SECOND_OPINION,
                    None => candidates.push(Candidate { intent, score: chance, reason: Reason::Score, tokens: 0..0 }),
                }
            }
        }
        ruled_out.sort_by_key(|candidate| candidate.intent);
        ruled_out.dedup_by_key(|candidate| candidate.intent);
        candidates.retain(|candidate| {
            !ruled_out.iter().any(|out| out.intent == candidate.intent) || matches!(candidate.reason, Reason::Whole(_))
        });
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| self.intents[a.intent].id.cmp(&self.intents[b.intent].id)));
        candidates.truncate(8);
        (candidates, ruled_out)
    }

    fn chances(&self, reading: &Reading<'_>, part: &Range<usize>) -> Vec<f32> {
        let whole = part.len() == reading.mute.len();
        let words = if whole {
            read(&reading.message, &self.vocabulary, &reading.mute)
        } else {
            let mute: Vec<bool> = reading.mute.iter().enumerate().map(|(at, mute)| *mute || !part.contains(&at)).collect();
            read(&reading.message, &self.vocabulary, &mute)
        };
        self.scorer.chances(&self.scorer.scores(&words))
    }

    /// Several requests, one after the other, where each stands in a clause of its own and is beyond doubt.
    fn parts(&self, reading: &Reading<'_>, whole: &[Candidate]) -> Vec<Part> {
        let clauses = clauses(reading.text);
        let mut parts: Vec<Part> = Vec::new();
        if clauses.len() < 2 {
            return parts;
        }
        for clause in clauses {
            let (candidates, _) = self.candidates(reading, clause.clone());
            let Verdict::Matched(intent) = verdict(&candidates, &self.intents, self.thresholds) else { continue };
            let best = candidates.iter().find(|candidate| candidate.intent == intent);
            let words = clause.clone().filter(|at| !reading.mute[*at] && !reading.filler[*at]).count();
            let sure = best.is_some_and(|best| match best.reason {
                Reason::Whole(_) | Reason::Phrase(_) => true,
                _ => best.score >= BEYOND_DOUBT && words >= 3,
            });
            // The message as a whole must bear it out.
            let least = whole.first().map_or(1.0, |best| best.score - CLOSE_TO_BEST).max(self.thresholds.threshold);
            let borne_out = whole.iter().any(|candidate| candidate.intent == intent && candidate.score >= least);
            if !sure || !borne_out || self.intents[intent].social {
                continue;
            }
            match parts.iter_mut().find(|part| part.intent == intent) {
                Some(part) => part.tokens.end = clause.end,
                None => parts.push(Part { intent, tokens: clause }),
            }
        }
        parts
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
                for (_, range) in entities.iter().zip(values).filter(|(entity, _)| entity.kind == slot.kind) {
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

    fn engine() -> &'static Engine {
        static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
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
    }
}
