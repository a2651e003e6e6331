//! Advice to operators, from what the compiled set does with its own lines.
//!
//! Owns: sentences that two intents claim, lines that say nothing new, `never` lines that change nothing, keywords that never
//! decide, lines that the rest of the set reads as something else, intents with few lines, types without a name in a language.
//! Invariants: says where, and how to mend it; a warning is a contradiction, a note something to look at.
//! Leaves out: mistakes (`compile`, `lint`): with those there is no set to look at.

use super::learn;
use super::understand::{Engine, Line};
use super::verdict::Reason;
use crate::lexis::{Finding, Severity, Source};
use crate::text::Text;
use jiff::civil::{Date, date};
use std::collections::{BTreeMap, BTreeSet};

/// So many sentences of a line are looked at.
const SENTENCES: usize = 24;
/// With fewer lines in a language than these the bot guesses (note), or hardly knows the intent (warning).
const FEW: usize = 6;
const HARDLY_ANY: usize = 3;
/// The day on which lines are read; they hold no dates.
const SOME_DAY: Date = date(2026, 1, 5);

impl Engine {
    /// What operators may want to look at, sorted by file and place. Takes as long as learning does, several times over.
    pub fn advise(&self, sources: &[Source]) -> Vec<Finding> {
        let advice = Advice { engine: self, sources };
        let mut findings = Vec::new();
        for (number, line) in self.lines.iter().enumerate() {
            findings.extend(if line.never { advice.without_effect(number, line) } else { advice.covered(number, line) });
        }
        findings.extend(advice.idle_keywords());
        findings.extend(advice.misread());
        findings.extend(advice.thin());
        findings.extend(advice.unnamed());
        findings.sort_by(|a, b| (&a.file, a.span).cmp(&(&b.file, b.span)));
        findings
    }
}

struct Advice<'a> {
    engine: &'a Engine,
    sources: &'a [Source],
}

impl Advice<'_> {
    fn at(&self, intent: usize, span: (usize, usize), severity: Severity, message: String, help: &str) -> Option<Finding> {
        let id = &self.engine.intents[intent].id;
        let source = self.sources.iter().find(|source| !source.name.contains('/') && source.stem() == id)?;
        Some(Finding::at(source, severity, span.0..span.1, message).help(help))
    }

    fn id(&self, intent: usize) -> &str {
        &self.engine.intents[intent].id
    }

    fn sentences(&self, number: usize) -> Vec<Text> {
        let words = |sentence: Vec<u32>| sentence.iter().map(|id| self.engine.vocabulary.word(*id)).collect::<Vec<_>>().join(" ");
        self.engine.index.phrases()[number].examples(SENTENCES).into_iter().map(|sentence| Text::new(words(sentence))).collect()
    }

    /// Lines that cover all of a sentence.
    fn covering(&self, text: &Text) -> Vec<usize> {
        let reading = self.engine.reading(text, &[]);
        let whole = |at: &usize| !reading.filler[*at];
        let covers = |found: &&crate::lexis::Match| (0..text.tokens.len()).filter(whole).all(|at| found.tokens.contains(&at));
        reading.matches.iter().filter(covers).map(|found| found.phrase).collect()
    }

    /// A line of which another intent claims a sentence, or that says nothing new.
    fn covered(&self, number: usize, line: &Line) -> Vec<Finding> {
        let sentences = self.sentences(number);
        let social = |intent: usize| self.engine.intents[intent].social;
        let mut shadows: Option<BTreeSet<usize>> = None;
        for text in sentences.iter().filter(|text| !text.tokens.is_empty()) {
            let covering = self.covering(text);
            let rival = covering.iter().map(|at| (*at, &self.engine.lines[*at])).find(|(_, other)| {
                // Of two pleasantries the last one is answered: nobody is asked.
                !other.never && other.intent != line.intent && !social(other.intent) && !social(line.intent)
            });
            if let Some((_, other)) = rival {
                let message = format!("`{}` claims \"{}\" too, by \"{}\"", self.id(other.intent), text.original, other.text);
                let help = "customers who write this are asked which one they mean; make one of the two lines narrower";
                return self.at(line.intent, line.span, Severity::Warning, message, help).into_iter().collect();
            }
            let own: BTreeSet<usize> = covering
                .into_iter()
                .filter(|at| *at != number && !self.engine.lines[*at].never && self.engine.lines[*at].intent == line.intent)
                .collect();
            shadows = Some(shadows.map_or(own.clone(), |before| &before & &own));
        }
        // Of two that say the same the first is kept; with more sentences than were looked at nothing is sure.
        let shadow = shadows.into_iter().flatten().find(|at| *at < number || !self.says_no_more(*at, number));
        let Some(shadow) = shadow.filter(|_| sentences.len() < SENTENCES) else { return Vec::new() };
        let message = format!("says nothing that \"{}\" doesn't say already", self.engine.lines[shadow].text);
        self.at(line.intent, line.span, Severity::Info, message, "it can go").into_iter().collect()
    }

    /// True when every sentence of a line is covered by the other.
    fn says_no_more(&self, line: usize, than: usize) -> bool {
        self.sentences(line).iter().all(|text| self.covering(text).contains(&than))
    }

    /// A `never` line of which the intent claims every sentence all the same: what covers a whole message decides alone.
    fn without_effect(&self, number: usize, line: &Line) -> Vec<Finding> {
        let sentences = self.sentences(number);
        let claims = |text: &Text| {
            let (candidates, _) = self.engine.candidates(&self.engine.reading(text, &[]), 0..text.tokens.len());
            candidates.into_iter().find(|candidate| candidate.intent == line.intent).and_then(|candidate| match candidate.reason {
                Reason::Whole(line) => Some(line),
                _ => None,
            })
        };
        let claimed: Vec<usize> = sentences.iter().filter_map(claims).collect();
        let Some(first) = claimed.first().filter(|_| claimed.len() == sentences.len()) else { return Vec::new() };
        let message = format!("this line keeps nothing away: \"{}\" claims all of it", self.engine.lines[*first].text);
        self.at(line.intent, line.span, Severity::Warning, message, "make that `say` line narrower, or drop this one").into_iter().collect()
    }

    /// Keywords on which no line or test ever turns.
    fn idle_keywords(&self) -> Vec<Finding> {
        let mut occurs = BTreeSet::new();
        let mut decides = BTreeSet::new();
        let tests = self.engine.intents.iter().flat_map(|intent| intent.tests.iter().flat_map(|test| test.turns.iter()));
        let lines =
            (0..self.engine.lines.len()).filter(|at| !self.engine.lines[*at].never).flat_map(|at| self.sentences(at).into_iter().take(1));
        for text in tests.map(|turn| Text::new(turn.as_str())).chain(lines) {
            let reading = self.engine.reading(&text, &[]);
            for (number, keywords) in self.engine.keywords.iter().enumerate() {
                let words = || reading.message.words.iter().flatten();
                if keywords.groups.iter().all(|group| words().any(|id| group.contains(id))) {
                    occurs.insert(number);
                }
            }
            for candidate in self.engine.understand(&text, SOME_DAY).candidates {
                if let Reason::Keywords(number) = candidate.reason {
                    decides.insert(number);
                }
            }
        }
        let idle = self.engine.keywords.iter().enumerate().filter(|(number, _)| !decides.contains(number));
        idle.filter_map(|(number, keywords)| {
            let message = match occurs.contains(&number) {
                true => format!("the keywords \"{}\" never decide: wherever they stand, a line says the same", keywords.source),
                false => format!("the keywords \"{}\" stand in no line and no test", keywords.source),
            };
            let source = self.sources.iter().find(|source| source.stem() == self.id(keywords.intent))?;
            let start = source.text.find(&keywords.source).unwrap_or(0);
            let span = (start, start + keywords.source.len().min(source.text.len() - start));
            self.at(keywords.intent, span, Severity::Info, message, "add a [[test]] that shows what they are for, or drop them")
        })
        .collect()
    }

    /// Lines that the rest of the set takes for another intent.
    fn misread(&self) -> Vec<Finding> {
        let engine = self.engine;
        let mut vocabulary = engine.vocabulary.clone();
        let examples = learn::examples(engine.index.phrases(), &engine.lines, &engine.intents, &engine.nobodys, &mut vocabulary);
        let judged = engine.scorer.held_out(&examples);
        judged
            .into_iter()
            .filter_map(|judged| {
                let line = engine.lines.get(judged.line)?;
                let wrong = judged.class != line.intent && judged.chance >= engine.thresholds.threshold;
                if !wrong || engine.intents[line.intent].social || engine.intents[judged.class].social {
                    return None;
                }
                let (other, percent) = (self.id(judged.class), (judged.chance * 100.0).round());
                let message = format!("without this line the other lines read it as `{other}` ({percent} %)");
                let help = "if it belongs here, add a few lines like it; else move it";
                self.at(line.intent, line.span, Severity::Info, message, help)
            })
            .collect()
    }

    /// Intents with few lines in a language.
    fn thin(&self) -> Vec<Finding> {
        let mut lines: BTreeMap<(usize, &str), Vec<&Line>> = BTreeMap::new();
        for line in self.engine.lines.iter().filter(|line| !line.never) {
            lines.entry((line.intent, &line.language)).or_default().push(line);
        }
        let few = lines.into_iter().filter(|(_, lines)| lines.len() < FEW);
        few.filter_map(|((intent, language), lines)| {
            let (count, span) = (lines.len(), lines[0].span);
            let severity = if count < HARDLY_ANY { Severity::Warning } else { Severity::Info };
            let lines = if count == 1 { "line" } else { "lines" };
            let message = format!("`{}` has {count} {lines} in [{language}]", self.id(intent));
            self.at(intent, span, severity, message, "customers say it in more ways; ten different lines make a good start")
        })
        .collect()
    }

    /// Types of values that have no name in a language which intents speak.
    fn unnamed(&self) -> Vec<Finding> {
        let Some(source) = self.sources.iter().find(|source| source.name == "entities.toml") else { return Vec::new() };
        let languages: BTreeSet<_> = self.engine.intents.iter().flat_map(|intent| intent.languages.keys()).collect();
        let used: BTreeSet<&str> =
            self.engine.intents.iter().flat_map(|intent| intent.slots.iter().map(|slot| slot.kind.as_str())).collect();
        let missing = |kind: &&str| -> Vec<String> {
            languages.iter().filter(|language| !self.engine.entities.is_named(kind, language)).map(ToString::to_string).collect()
        };
        used.into_iter()
            .map(|kind| (kind, missing(&kind)))
            .filter(|(_, missing)| !missing.is_empty())
            .map(|(kind, missing)| {
                let start = source.text.find(&format!("[{kind}]")).unwrap_or(0);
                let message = format!("`{kind}` has no name in {}", missing.join(", "));
                let help = format!("add: name.{} = \"…\"; until then customers read the English one", missing[0]);
                Finding::at(source, Severity::Info, start..start + kind.len() + 2, message).help(help)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{CallShapes, Thresholds, compile};
    use crate::lexis::Forgetful;

    fn advice(files: &[(&str, &str)]) -> String {
        let sources: Vec<Source> = files.iter().map(|(name, body)| Source::new(format!("{name}.toml"), *body)).collect();
        let (engine, _) = compile(&sources, &CallShapes::new(), Thresholds::default(), &Forgetful).expect("compiles");
        engine.advise(&sources).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn advice_rows() {
        let reply = "\nreply.text = \"x\"";
        for (name, a, b, wanted) in [
            (
                "a sentence that two claim",
                "[en]\nsay = [\"where is my old (order|refund)\"]",
                "[en]\nsay = [\"where is * refund\"]",
                "a.toml:2:8: warning: `b` claims \"where is my old refund\" too, by \"where is * refund\"",
            ),
            (
                "a line that says nothing new",
                "[en]\nsay = [\"where is my (order|parcel)\", \"where is my order\"]",
                "[en]\nsay = [\"cancel it\"]",
                "a.toml:2:38: info: says nothing that \"where is my (order|parcel)\" doesn't say already",
            ),
            (
                "a never line without effect",
                "[en]\nsay = [\"where is my (order|refund)\"]\nnever = [\"where is my refund\"]",
                "[en]\nsay = [\"cancel it\"]",
                "this line keeps nothing away: \"where is my (order|refund)\" claims all of it",
            ),
            (
                "keywords that stand nowhere",
                "keywords = [\"track + parcel\"]\n[en]\nsay = [\"where is it\"]",
                "[en]\nsay = [\"cancel it\"]",
                "a.toml:1:14: info: the keywords \"track + parcel\" stand in no line and no test",
            ),
            ("few lines", "[en]\nsay = [\"where is it\"]", "[en]\nsay = [\"cancel it\"]", "a.toml:2:8: warning: `a` has 1 line in [en]"),
        ] {
            let found = advice(&[("a", &format!("{a}{reply}")), ("b", &format!("{b}{reply}"))]);
            assert!(found.contains(wanted), "{name}: {found}");
        }
    }

    #[test]
    fn a_line_in_the_wrong_file_is_noticed() {
        let say = |lines: &[&str]| format!("[en]\nsay = {lines:?}\nreply.text = \"x\"");
        let order = say(&[
            "where is my parcel",
            "track my parcel",
            "when does my parcel come",
            "my parcel is late",
            "has my parcel shipped",
            "when will my parcel be here",
        ]);
        let refund = say(&[
            "i want a refund",
            "where is my refund",
            "refund me",
            "when is the refund coming",
            "my refund is late",
            "still no parcel and my parcel is late now",
        ]);
        let found = advice(&[("order", &order), ("refund", &refund)]);
        assert!(found.contains("refund.toml:2:"), "{found}");
        assert!(found.contains("the other lines read it as `order`"), "{found}");
    }
}
