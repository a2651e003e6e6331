//! Messages that a scorer has not seen, made of its own lines.
//!
//! Owns: rounds of hiding classes and holding lines out, for the calibration; what the rest of the lines make of each line,
//! for advice to operators.
//! Invariants: the same lines give the same rounds; sentences of one line are held out together.
//! Leaves out: the curve (`calibration`).

use super::calibration::Case;
use super::solver::{Effort, random};
use super::{Example, NOBODYS, OUT_OF_SCOPE, Recipe, Scorer, background, best_two, words};

/// Rounds of hiding and holding out. Sets of up to twice so many lines take part whole; of larger ones about so many do.
const ROUNDS: u64 = 4;
const MOST_LINES: usize = 1_200;

/// What happens to messages that a scorer has not seen: see [`calibration`].
pub(super) fn cases(classes: usize, examples: &[Example]) -> Vec<Case> {
    let sample = sample(classes, examples);
    let speaking = sample.iter().filter(|example| !example.counter).count();
    let mut present: Vec<usize> = sample.iter().map(|example| example.class).collect();
    present.retain(|class| *class < classes);
    present.sort_unstable();
    present.dedup();
    if present.len() < 4 || speaking < 40 {
        return Vec::new();
    }
    let mut cases = Vec::new();
    let mut outside = Vec::new();
    for round in 0..ROUNDS {
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64 ^ ((round + 1) * 0x0123_4567);
        let mut order = present.clone();
        for at in (1..order.len()).rev() {
            order.swap(at, random(&mut seed) as usize % (at + 1));
        }
        let hidden: Vec<usize> = order.into_iter().take((present.len() * 3).div_ceil(10)).collect();
        let out = |line: usize| mixed(line as u64, round).is_multiple_of(4);
        let quiet = |number: usize| number as u64 % (2 * ROUNDS) == round;
        let keep = |example: &Example| !hidden.contains(&example.class) && !out(example.line);
        let scorer = Scorer::learn(classes, &sample, Recipe::REQUEST, Effort::USUAL, &keep, &|number| !quiet(number));
        let judge = |said: &[String], class: Option<usize>, into: &mut Vec<Case>| {
            let said = words(said);
            let mut scores = scorer.scores(&said);
            hidden.iter().for_each(|class| scores[*class] = f32::NEG_INFINITY);
            let (Some(best), Some(second)) = best_two(&scores) else { return };
            let lead = scores[best] - scores[second].max(-2.0);
            into.push(Case { score: scores[best], lead, strange: scorer.strange(&said), right: class == Some(best), weight: 1.0 });
        };
        let mut last = None;
        for example in sample.iter().filter(|example| !example.counter) {
            // Of each line one sentence is judged; all of them are learnt from, as they will be.
            if last.replace(example.line) == Some(example.line) {
                continue;
            }
            if hidden.contains(&example.class) || (example.class == NOBODYS && out(example.line)) {
                judge(&example.words, None, &mut outside);
            } else if out(example.line) {
                judge(&example.words, Some(example.class), &mut cases);
            }
        }
        for (_, line) in background::LINES.iter().enumerate().filter(|(number, _)| quiet(*number)) {
            judge(line, None, &mut outside);
        }
    }
    let inside = cases.len() as f32;
    let weight = inside * OUT_OF_SCOPE / (1.0 - OUT_OF_SCOPE) / outside.len().max(1) as f32;
    cases.extend(outside.into_iter().map(|case| Case { weight, ..case }));
    cases
}

/// A part of a large set that keeps whole classes and whole lines, so that each is as well known as it will be.
fn sample(classes: usize, examples: &[Example]) -> Vec<Example> {
    let mut firsts: Vec<&Example> = Vec::new();
    for example in examples {
        if firsts.last().is_none_or(|last| last.line != example.line) {
            firsts.push(example);
        }
    }
    let mut counts = vec![0_usize; classes];
    for example in &firsts {
        if let Some(count) = counts.get_mut(example.class) {
            *count += 1;
        }
    }
    let step = if firsts.len() <= 2 * MOST_LINES { 1 } else { firsts.len().div_ceil(MOST_LINES) };
    // With many classes some are left out; with many lines in few classes, lines are.
    let classes_kept: Vec<bool> = (0..classes).map(|class| classes < 12 || class % step.min(classes / 6) == 0).collect();
    let kept: usize = counts.iter().zip(&classes_kept).filter(|(_, kept)| **kept).map(|(count, _)| count).sum();
    let thin = kept.div_ceil(2 * MOST_LINES).max(1);
    examples
        .iter()
        .filter(|example| classes_kept.get(example.class).is_none_or(|kept| *kept) && example.line % thin == 0)
        .cloned()
        .collect()
}

fn mixed(line: u64, round: u64) -> u64 {
    let mut seed = (line + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (round + 1);
    random(&mut seed);
    random(&mut seed) >> 16
}

/// Parts that the lines are held out in; more cost more and find little more.
const FOLDS: u64 = 5;

/// What the other lines make of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeldOut {
    /// The line.
    pub line: usize,
    /// The class that its words resemble most.
    pub class: usize,
    /// The chance of that class.
    pub chance: f32,
    /// The chance of its own class.
    pub own: f32,
}

impl Scorer {
    /// Judges each line by scorers that have not seen it; of each line its first sentence.
    pub fn held_out(&self, examples: &[Example]) -> Vec<HeldOut> {
        let mut judged = Vec::new();
        for fold in 0..FOLDS {
            let out = |line: usize| mixed(line as u64, 0) % FOLDS == fold;
            let scorer = Scorer {
                calibration: self.calibration,
                ..Scorer::learn(self.classes, examples, Recipe::REQUEST, Effort::USUAL, &|example| !out(example.line), &|_| true)
            };
            let mut last = None;
            for example in examples.iter().filter(|example| example.class < self.classes && !example.counter && out(example.line)) {
                if last.replace(example.line) == Some(example.line) {
                    continue;
                }
                let chances = scorer.chances(&words(&example.words));
                if let Some(class) = best_two(&chances).0 {
                    judged.push(HeldOut { line: example.line, class, chance: chances[class], own: chances[example.class] });
                }
            }
        }
        judged.sort_by_key(|judged| judged.line);
        judged
    }
}
