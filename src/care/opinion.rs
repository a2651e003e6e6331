//! The second opinion: which messages of people in need a message resembles.
//!
//! Owns: the `[[examples]]` of the cue files as two trained scorers (does it need a person; what is the need), and where a
//! score begins to count.
//! Invariants: it can raise, and never lower; a score below the `offer` line adds nothing; the same files give the same scores
//! on every machine.
//! Leaves out: typos (letters inside words see through most of them), and the cues, which act without it.
//! Why two: one line between 'needs a person' and 'does not' is learnt from all examples together; one for each need (a level,
//! and of a crisis its kind) between that need and 'none' hears what is told in the need's own words. Their sum hears more
//! than either (`docs/care.md`).

use super::level::{Kind, Level};
use super::neutral::is_neutral;
use crate::lexis::{Example, Memory, NOBODYS, Recipe, Scorer, Word, recalled};
use crate::text::{Kind as TokenKind, Text, guess};
use std::hash::{Hash, Hasher};

/// From which score on a cue is borne out, a level offered without one, and reached; a score is the sum of two signed
/// distances, about -2 to 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    pub level: Level,
    pub support: f32,
    pub offer: f32,
    pub reach: f32,
    /// From here on a crisis is called one although no cue of a crisis was heard; below, a person is called as for distress:
    /// nobody reads a help line's number because their words resemble somebody's.
    pub certain: f32,
}

/// What the examples say of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Says {
    pub level: Level,
    pub kind: Option<Kind>,
    pub weight: f32,
}

/// An example, as it was read.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub level: Level,
    pub kind: Option<Kind>,
    pub text: String,
    /// How much it counts; 1 is ordinary.
    pub weight: f32,
}

impl Hash for Said {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.level, self.kind, &self.text, self.weight.to_bits()).hash(state);
    }
}

/// The language of the examples.
const LANGUAGE: &str = "en";

/// Fewer words resemble something by chance.
const FEWEST: usize = 4;

/// What a weak resemblance weighs: an offer, or half of what a level takes.
const WEAK: f32 = 0.5;

/// Nobody whose words are so far from needing a person has a need whose words make up for it.
const HOPELESS: f32 = 0.8;

/// Where another kind of crisis is this close, it is not known which one it is.
const CLOSE: f32 = 0.2;

/// A level, and of a crisis its kind.
type Need = (Level, Option<Kind>);

/// A trained second opinion; without examples it says nothing.
#[derive(Clone, Debug)]
pub(super) struct Opinion {
    person: Scorer,
    need: Scorer,
    /// What each class of `need` stands for.
    needs: Vec<Need>,
    lines: Vec<Line>,
    /// The lowest line of all.
    least: f32,
}

impl Opinion {
    /// Learns from examples.
    pub fn new(said: &[Said], lines: Vec<Line>, memory: &dyn Memory) -> Self {
        let mut needs: Vec<Need> = Vec::new();
        let classes: Vec<usize> = said
            .iter()
            .map(|said| match (said.level, said.kind) {
                (Level::None, _) => NOBODYS,
                need => needs.iter().position(|known| *known == need).unwrap_or_else(|| {
                    needs.push(need);
                    needs.len() - 1
                }),
            })
            .collect();
        let learn = || Scorer::any_and_each(needs.len(), &examples(said.iter().zip(classes)), Recipe::NEED);
        let (person, need) = recalled(memory, &("opinion", said), learn);
        Opinion { person, need, needs, least: lines.iter().map(|line| line.support).fold(f32::INFINITY, f32::min), lines }
    }

    /// The level that the message resembles closely enough; less is enough where a cue was `heard`, and a crisis is one where a
    /// cue of `danger` was.
    pub fn on(&self, text: &Text, heard: bool, danger: bool) -> Option<Says> {
        if self.lines.is_empty() {
            return None;
        }
        let words = words(text);
        let person = self.person.score(&words).unwrap_or(f32::NEG_INFINITY);
        // Letters of another language resemble something by chance.
        if person < self.least - HOPELESS || guess(text).is_some_and(|language| language.primary() != LANGUAGE) {
            return None;
        }
        let ((level, kind), need) = self.name(&words)?;
        let score = person + need;
        let line =
            self.lines.iter().find(|line| line.level == level).filter(|line| score >= if heard { line.support } else { line.offer })?;
        let reached = score >= line.reach;
        let weight = if reached { 1.0 } else { WEAK };
        if !heard && text.tokens.iter().filter(|token| token.kind == TokenKind::Word).count() < FEWEST {
            return None;
        }
        // Nor is anybody silenced, and kept from help, because their words resemble those of somebody who is watched.
        let certain = score >= line.certain && kind != Some(Kind::Abuse);
        if level == Level::Crisis && reached && !certain && !danger {
            return Some(Says { level: Level::Distress, kind: None, weight });
        }
        Some(Says { level, kind, weight })
    }

    /// The need that fits best, and how well. A suicide line must not answer a threat: of a crisis that could as well be another
    /// one the kind is unclear, or abuse where it could be that.
    fn name(&self, words: &[Word<'_>]) -> Option<(Need, f32)> {
        let scores = self.need.scores(words);
        let named = || self.needs.iter().copied().zip(scores.iter().copied());
        let (best, score) = named().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let abuse = (Level::Crisis, Some(Kind::Abuse));
        let close: Vec<Need> =
            named().filter(|(need, other)| need.0 == Level::Crisis && *other > score - CLOSE).map(|(need, _)| need).collect();
        let need = match (best.0, close.len()) {
            (Level::Crisis, 2..) if close.contains(&abuse) => abuse,
            (Level::Crisis, 2..) => (Level::Crisis, Some(Kind::Unclear)),
            _ => best,
        };
        Some((need, score))
    }
}

fn examples<'s>(said: impl Iterator<Item = (&'s Said, usize)>) -> Vec<Example> {
    said.enumerate()
        .map(|(line, (said, class))| {
            let text = Text::new(said.text.as_str());
            let words = words(&text).into_iter().map(|word| word.text.to_string()).collect();
            Example { class, line, words, weight: said.weight, counter: false }
        })
        .collect()
}

/// The words of a message and the marks between them: whether somebody asks or states tells much. Of a number only the shape
/// counts.
fn words(text: &Text) -> Vec<Word<'_>> {
    let mut words = Vec::with_capacity(text.tokens.len() * 2);
    let mut done = 0;
    for (token, read) in text.tokens.iter().enumerate() {
        words.extend(marks(&text.original, done, read.span.start).map(|text| Word { text, trust: 1.0, token }));
        if !is_neutral(&read.text) {
            words.push(Word { text: &read.text, trust: 1.0, token });
        }
        done = read.span.end;
    }
    let token = text.tokens.len().saturating_sub(1);
    words.extend(marks(&text.original, done, text.original.len()).map(|text| Word { text, trust: 1.0, token }));
    words
}

/// The marks in a part of a text; of a row of equal weight ('?!', '...') the first two.
fn marks(text: &str, mut from: usize, to: usize) -> impl Iterator<Item = &str> {
    let rows = |byte: u8| match byte {
        b'?' | b'!' => 1,
        b'.' => 2,
        _ => 0,
    };
    std::iter::from_fn(move || {
        let bytes = text.as_bytes();
        let to = to.min(bytes.len());
        while from < to && !bytes[from].is_ascii_punctuation() {
            from += 1;
        }
        let start = from;
        let row = (start < to).then(|| rows(bytes[start]))?;
        from += 1;
        while row != 0 && from < to && rows(bytes[from]) == row {
            from += 1;
        }
        text.get(start..from.min(start + 2))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexis::Forgetful;

    fn opinion() -> Opinion {
        let rows = [
            (Level::Distress, None, "my husband died last week and i do not know how to go on"),
            (Level::Distress, None, "i lost my job and cannot pay the rent i am so scared"),
            (Level::Distress, None, "i just sit here and cry since mum died"),
            (Level::Crisis, Some(Kind::Abuse), "he hits me and checks my phone please help"),
            (Level::Crisis, Some(Kind::Medical), "she swallowed the pills and will not wake up"),
            (Level::None, None, "where is my parcel"),
            (Level::None, None, "i lost my receipt can you send it again"),
            (Level::None, None, "my phone is broken can i return it"),
            (Level::None, None, "how do i go on to the next page"),
        ];
        let said: Vec<Said> = rows.into_iter().map(|(level, kind, text)| Said { level, kind, text: text.into(), weight: 1.0 }).collect();
        let line = |level| Line { level, support: -1.2, offer: 0.0, reach: 0.8, certain: 9.0 };
        Opinion::new(&said, vec![line(Level::Crisis), line(Level::Distress)], &Forgetful)
    }

    #[test]
    fn opinion_rows() {
        let opinion = opinion();
        for (text, wanted) in [
            ("my husband died and i cry all day", Some((Level::Distress, None))),
            ("he hits me and i am scared please help", Some((Level::Crisis, Some(Kind::Abuse)))),
            ("she took the pills and does not wake up", Some((Level::Crisis, Some(Kind::Medical)))),
            ("where is my receipt", None),
            ("", None),
        ] {
            let says = opinion.on(&Text::new(text), true, true);
            assert_eq!(says.map(|says| (says.level, says.kind)), wanted, "{text}: {says:?}");
        }
    }

    #[test]
    fn without_examples_it_says_nothing() {
        let line = Line { level: Level::Distress, support: -9.0, offer: -9.0, reach: 0.0, certain: 0.0 };
        assert_eq!(Opinion::new(&[], vec![line], &Forgetful).on(&Text::new("anything at all"), true, true), None);
        assert_eq!(Opinion::new(&[], vec![], &Forgetful).on(&Text::new("anything at all"), true, true), None);
    }
}
