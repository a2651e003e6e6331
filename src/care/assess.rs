//! Assessing a message.
//!
//! Owns: which cues match, and which of them guards and negation cancel.
//! Invariants: a message never gets a lower level because something harmless stands beside the cue.
//! Leaves out: how evidence adds up (`assessment`), memory over messages (`temperature`).

use super::assessment::{Assessment, Evidence, OPINION, SIGN};
use super::interlock::MustCatch;
use super::level::{Kind, Level, Subject};
use super::minor::is_minor;
use super::opinion::Opinion;
use super::shape::{clearly, negated, shouting};
use crate::lexis::{Index, Match, Message, Vocabulary, real_word};
use crate::text::{Kind as TokenKind, Language, Text};
use std::ops::Range;

/// What a phrase of a cue file is for.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    Cue(usize),
    Never(usize),
    /// The levels that it cancels, and the language of its file.
    Guard(Vec<Level>, String),
}

#[derive(Clone, Debug)]
pub(super) struct Cue {
    pub id: String,
    pub level: Level,
    pub kind: Option<Kind>,
    pub subject: Subject,
    pub weight: f32,
    pub negation: bool,
    /// Who says this must not be written to: somebody else reads the phone.
    pub silent: bool,
    /// Counts only in a message whose language no file knows.
    pub unknown_language: bool,
    /// The language of its file.
    pub language: String,
}

/// Compiled cue files.
#[derive(Clone, Debug)]
pub struct Care {
    pub(super) vocabulary: Vocabulary,
    pub(super) index: Index,
    pub(super) entries: Vec<Entry>,
    pub(super) cues: Vec<Cue>,
    pub(super) must_catch: Vec<MustCatch>,
    pub(super) opinion: Opinion,
}

/// A negated crisis cue still counts this much: 'I don't want to kill myself' is written by somebody who thinks of it.
const NEGATED_CRISIS: f32 = 0.5;

/// A crisis cue of another language in an English message.
const FOREIGN_CRISIS: f32 = 0.5;

impl Care {
    /// Words of other languages, which are not repaired into those of cues.
    pub fn protect<'w>(&mut self, words: impl Iterator<Item = &'w str>) {
        self.vocabulary.protect(words);
    }

    /// How the writer of a message is.
    pub fn assess(&self, text: &Text) -> Assessment {
        let message = Message::new(text, &self.vocabulary);
        let matches = self.index.find(&message);
        let mut evidence: Vec<(usize, Range<usize>, f32)> = Vec::new();
        let (mut spoken, mut unknown) = (None, None);
        for found in &matches {
            let Entry::Cue(number) = self.entries[found.phrase] else { continue };
            let cue = &self.cues[number];
            if self.guarded(text, number, found, &matches) {
                continue;
            }
            if cue.unknown_language && !*unknown.get_or_insert_with(|| self.unknown_language(&message)) {
                continue;
            }
            let mut weight = cue.weight;
            // 'Idiot' and 'person' are words of many languages: in a message that is clearly of one language the cues of others say
            // nothing. English ones hold words that are said everywhere. Of danger they say half in an English message, and all in
            // one of another language: related languages are easily mistaken.
            if !["en", "pcm"].contains(&cue.language.as_str()) {
                let spoken = spoken.get_or_insert_with(|| clearly(text)).as_ref();
                if spoken.is_none_or(|spoken| spoken.primary() != cue.language) {
                    // A word of one language is no slip of another's: 'Monti' is not French 'honte'.
                    if cue.level < Level::Crisis && message.repaired[found.tokens.clone()].contains(&true) {
                        continue;
                    }
                    // Of words that are English too ('SOS') one can't know whose they are.
                    let english = || text.tokens[found.tokens.clone()].iter().all(|token| real_word(&token.text));
                    match cue.level {
                        Level::Crisis if spoken.map_or_else(english, |spoken| *spoken == Language::english()) => weight *= FOREIGN_CRISIS,
                        Level::Crisis => {}
                        _ if spoken.is_some() => continue,
                        _ => {}
                    }
                }
            }
            if cue.negation && negated(text, found.tokens.start) {
                if cue.level != Level::Crisis {
                    continue;
                }
                weight *= NEGATED_CRISIS;
            }
            // One cue counts once, where it weighs most.
            match evidence.iter_mut().find(|(other, _, _)| *other == number) {
                Some((_, tokens, other)) if weight > *other => (*tokens, *other) = (found.tokens.clone(), weight),
                Some(_) => {}
                None => evidence.push((number, found.tokens.clone(), weight)),
            }
        }
        self.once(&mut evidence);
        let mut assessment = self.weigh(text, evidence);
        assessment.minor = is_minor(text);
        assessment
    }

    /// The must-catch set of these files.
    pub fn must_catch(&self) -> &[MustCatch] {
        &self.must_catch
    }

    /// Two words at least, and more than half of them, that stand in no file and in no list of real words.
    fn unknown_language(&self, message: &Message<'_>) -> bool {
        let words = || message.text.tokens.iter().zip(&message.words).filter(|(token, _)| token.kind == TokenKind::Word);
        let strange = words().filter(|(token, ids)| ids.is_empty() && !real_word(&token.text)).count();
        strange >= 2 && strange * 2 > words().count()
    }

    fn guarded(&self, text: &Text, cue: usize, found: &Match, matches: &[Match]) -> bool {
        let overlaps = |other: &Match| other.tokens.start < found.tokens.end && found.tokens.start < other.tokens.end;
        let sentence = |token: usize| text.tokens.get(token).map_or(0, |token| token.sentence);
        let crosses = |tokens: &Range<usize>| sentence(tokens.start) != sentence(tokens.end.saturating_sub(1));
        // What a guard says of one sentence is nothing about the next: 'a lego set. i want to kill myself'.
        let reaches = |other: &Match| overlaps(other) && (!crosses(&other.tokens) || crosses(&found.tokens));
        matches.iter().filter(|other| reaches(other)).any(|other| match &self.entries[other.phrase] {
            Entry::Never(number) => *number == cue,
            // The idioms of one language say nothing about the cues of another; English cues hold words of many.
            Entry::Guard(levels, language) => {
                let own = &self.cues[cue].language;
                levels.contains(&self.cues[cue].level) && (language == own || own == "en" || language == "en")
            }
            Entry::Cue(_) => false,
        })
    }

    /// The same words are one sign, in however many languages' files they stand: an emoji stands in all of them.
    fn once(&self, evidence: &mut Vec<(usize, Range<usize>, f32)>) {
        let mut kept: Vec<(usize, Range<usize>, f32)> = Vec::with_capacity(evidence.len());
        for (number, tokens, weight) in evidence.drain(..) {
            let cue = &self.cues[number];
            let same = kept.iter_mut().find(|(other, at, _)| {
                let other = &self.cues[*other];
                *at == tokens && other.level == cue.level && other.language != cue.language
            });
            match same {
                Some(before) if weight > before.2 => *before = (number, tokens, weight),
                Some(_) => {}
                None => kept.push((number, tokens, weight)),
            }
        }
        *evidence = kept;
    }

    fn weigh(&self, text: &Text, found: Vec<(usize, Range<usize>, f32)>) -> Assessment {
        let mut evidence: Vec<Evidence> = found
            .iter()
            .map(|(number, tokens, weight)| {
                let span = text.span(tokens.start, tokens.end);
                let cue = &self.cues[*number];
                let text = span.of(&text.original).to_string();
                Evidence { rule: cue.id.clone(), level: cue.level, text, start: span.start, end: span.end, weight: *weight }
            })
            .collect();
        evidence.extend(shouting(text));
        let mut assessment = Assessment { evidence, ..Assessment::default() };
        assessment.settle();
        let danger = assessment.evidence.iter().any(|evidence| evidence.level == Level::Crisis);
        let says = (assessment.level < Level::Crisis).then(|| self.opinion.on(text, assessment.score >= SIGN, danger)).flatten();
        if let Some(says) = says {
            let span = text.span(0, text.tokens.len());
            let whole = span.of(&text.original).to_string();
            let (rule, weight) = (OPINION.into(), says.weight);
            assessment.evidence.push(Evidence { rule, level: says.level, text: whole, start: span.start, end: span.end, weight });
            assessment.settle();
            assessment.kind = says.kind.filter(|_| assessment.level == Level::Crisis);
            assessment.subject = assessment.kind.map(|_| Subject::Oneself);
        }
        assessment.silent = found.iter().any(|(number, _, _)| self.cues[*number].silent);
        if assessment.level == Level::Crisis {
            let strongest = found
                .iter()
                .filter(|(number, _, _)| self.cues[*number].level == Level::Crisis)
                .max_by(|(a, x, wa), (b, y, wb)| wa.total_cmp(wb).then((y.start, b).cmp(&(x.start, a))));
            if let Some((number, _, _)) = strongest {
                assessment.kind = self.cues[*number].kind;
                assessment.subject = Some(self.cues[*number].subject);
            }
        }
        assessment
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexis::{Forgetful, Source};

    const CUES: &str = r#"
language = "en"
[concepts]
wish = ["want to", "wanna"]
[[cue]]
id = "wish_to_die"
level = "crisis"
kind = "suicide_self_harm"
say = ["<wish> die", "kill myself"]
[[cue]]
id = "alone"
level = "distress"
weight = 0.5
say = ["so alone"]
[[cue]]
id = "angry"
level = "frustration"
say = ["ridiculous", "third time"]
never = ["ridiculous(ly)? good", "ridiculously good"]
[[cue]]
id = "human"
level = "human_request"
say = ["speak to a (human|person)"]
[[guard]]
id = "idiom"
levels = ["crisis"]
say = ["wanna die laughing", "want to die laughing"]
[[cue]]
id = "unknown_language_alarm"
level = "distress"
unknown_language = true
say = ["(🔪|sos)"]
"#;

    fn care() -> Care {
        let cues = CUES.replace("\"ridiculous(ly)? good\", ", "");
        compile(&[Source::new("care/en.toml", cues)], &Forgetful).expect("compiles").0
    }

    use super::super::compile;

    #[test]
    fn level_rows() {
        let care = care();
        for (name, text, level, offer) in [
            ("nothing", "where is my order", Level::None, false),
            ("crisis", "honestly I want to die", Level::Crisis, false),
            ("capitals and spacing", "I   WANT\u{200b} TO DIE", Level::Crisis, false),
            ("zero width inside", "i want to d\u{200b}ie", Level::Crisis, false),
            ("buried", "where is A1042, i wanna die, thanks", Level::Crisis, false),
            ("negated crisis is a weak sign", "i dont want to die over a parcel", Level::None, true),
            ("a negation of something else", "i can not go on, i want to die", Level::Crisis, false),
            ("guarded", "i wanna die laughing at this", Level::None, false),
            ("the guard covers only its cue", "wanna die laughing at the ad. but i want to die", Level::Crisis, false),
            ("weak", "i feel so alone", Level::None, true),
            ("two weak signs", "dont want to die. so alone", Level::Distress, false),
            ("frustration", "this is ridiculous", Level::Frustration, false),
            ("own exception", "ridiculously good", Level::None, false),
            ("human", "can i speak to a person", Level::HumanRequest, false),
            ("most urgent wins", "third time i want to die", Level::Crisis, false),
            ("shouting", "WHERE IS MY ORDER NOW", Level::None, true),
            ("an alarm in an unknown language", "jag orkar inte mer 🔪", Level::Distress, false),
            ("a loanword in an unknown language", "gusto kong mawala sos", Level::Distress, false),
            ("an alarm in a known one", "do you sell this knife 🔪", Level::None, false),
            ("one strange word", "order sos ikea", Level::None, false),
            ("word edges", "skilled at killing time", Level::None, false),
        ] {
            let found = care.assess(&Text::new(text));
            assert_eq!((found.level, found.offer), (level, offer), "{name}: {found:?}");
        }
    }

    #[test]
    fn evidence_says_where() {
        let text = "ok so i want to die";
        let found = care().assess(&Text::new(text));
        let evidence = &found.evidence[0];
        assert_eq!((evidence.rule.as_str(), &text[evidence.start..evidence.end]), ("wish_to_die", "want to die"));
        assert_eq!(found.kind, Some(Kind::SuicideSelfHarm));
    }

    #[test]
    fn repetition_raises() {
        let care = care();
        let text = Text::new("where is it");
        let mut once = care.assess(&text);
        once.repeated(&text, 2);
        assert!(once.offer && once.level == Level::None);
        let mut thrice = care.assess(&text);
        thrice.repeated(&text, 3);
        assert_eq!(thrice.level, Level::Frustration);
    }

    proptest::proptest! {
        #[test]
        fn assessing_is_total_and_evidence_lies_on_the_text(text in ".*") {
            let found = care().assess(&Text::new(text.clone()));
            for evidence in found.evidence {
                proptest::prop_assert!(text.get(evidence.start..evidence.end).is_some());
            }
        }

        #[test]
        fn neutral_words_never_lower_a_crisis(before in proptest::collection::vec("(my|parcel|blue|table|tuesday|window)", 0..6),
                                              after in proptest::collection::vec("(my|parcel|blue|table|tuesday|window)", 0..6)) {
            let text = format!("{} i want to die {}", before.join(" "), after.join(" "));
            proptest::prop_assert_eq!(care().assess(&Text::new(text)).level, Level::Crisis);
        }
    }
}
