//! What a message, or a part of it, could ask for.
//!
//! Owns: a message as the engine reads it; how rules and the scorer make candidates; several requests in one message.
//! Invariants: a phrase that covers all that is asked decides alone; a phrase inside it, a keyword group or a pattern sets a
//! floor under the scorer's chance; a `never` line that occurs rules its intent out; small talk is only what a line says.
//! Leaves out: the verdict (`verdict`).

use super::clause::clauses;
use super::entity::Entity;
use super::small_words::Small;
use super::understand::Engine;
use super::verdict::{Candidate, Part, Reason, Verdict, verdict};
use crate::lexis::{Match, Message, read};
use crate::text::Text;
use std::ops::Range;

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
pub(super) struct Reading<'t> {
    pub text: &'t Text,
    pub message: Message<'t>,
    pub matches: Vec<Match>,
    /// Tokens of values.
    pub value: Vec<bool>,
    /// Tokens that carry no request.
    pub filler: Vec<bool>,
    /// Tokens of small talk.
    pub chat: Vec<bool>,
    /// Tokens that the scorer doesn't read.
    pub mute: Vec<bool>,
}

impl Engine {
    pub(super) fn reading<'t>(&self, text: &'t Text, entities: &[Entity]) -> Reading<'t> {
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
        let filler: Vec<bool> = text.tokens.iter().map(|token| self.small.is(Small::Filler, &token.text)).collect();
        let only_chat = (0..text.tokens.len()).all(|at| value[at] || filler[at] || chat[at]);
        // Small talk beside a request says nothing about it, nor does a value; that there is a date may.
        let date = |at: usize| entities.iter().any(|entity| entity.kind == "date" && entity.span.overlaps(text.tokens[at].span));
        let mute = (0..text.tokens.len()).map(|at| (value[at] && !date(at)) || (chat[at] && !only_chat)).collect();
        Reading { text, message, matches, value, filler, chat, mute }
    }

    /// What a part of a message could ask for, best first, and what `never` lines rule out.
    pub(super) fn candidates(&self, reading: &Reading<'_>, part: Range<usize>) -> (Vec<Candidate>, Vec<Candidate>) {
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
        // A line that covers the message decides alone; what else it resembles would change nothing.
        let decided = candidates.iter().any(|candidate| matches!(candidate.reason, Reason::Whole(_)));
        if !asked.is_empty() && !decided {
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
        // A line that covers all that is asked stands against a `never` line, unless that one says more than it: 'thanks' against
        // 'no thanks to you'.
        candidates.retain(|candidate| {
            let whole = matches!(candidate.reason, Reason::Whole(_));
            let says_more = |never: &Range<usize>| {
                never.start <= candidate.tokens.start && candidate.tokens.end <= never.end && never.len() > candidate.tokens.len()
            };
            !ruled_out.iter().any(|out| out.intent == candidate.intent && (!whole || says_more(&out.tokens)))
        });
        ruled_out.sort_by_key(|candidate| candidate.intent);
        ruled_out.dedup_by_key(|candidate| candidate.intent);
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
        self.scorer.chances(&words)
    }

    /// Several requests, one after the other, where each stands in a clause of its own and is beyond doubt.
    pub(super) fn parts(&self, reading: &Reading<'_>, whole: &[Candidate], past: &[Range<usize>]) -> Vec<Part> {
        let clauses = clauses(reading.text, &self.small);
        let mut parts: Vec<Part> = Vec::new();
        // The message as a whole must bear a part out, or a rule in it.
        let least = whole.first().map_or(1.0, |best| best.score - CLOSE_TO_BEST).max(self.thresholds.threshold);
        let close: Vec<usize> = whole.iter().filter(|candidate| candidate.score >= least).map(|candidate| candidate.intent).collect();
        let ruled = reading.matches.iter().map(|found| &self.lines[found.phrase]).filter(|line| !line.never).map(|line| line.intent);
        let mut possible = ruled.chain(close.iter().copied()).filter(|intent| !self.intents[*intent].social);
        let first = possible.next();
        if clauses.len() < 2 || possible.all(|other| Some(other) == first) {
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
            let rule = best.is_some_and(|best| matches!(best.reason, Reason::Whole(_) | Reason::Phrase(_)));
            let borne_out = rule || close.contains(&intent);
            // 'I cancelled A1043 last week' is a report.
            let report = self.intents[intent].changes && past.iter().any(|date| clause.start <= date.start && date.end <= clause.end);
            if !sure || !borne_out || report || self.intents[intent].social {
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
