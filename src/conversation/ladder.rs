//! The ladder: who is told, step by step, until a person's word has been delivered.
//!
//! Owns: for each urgency its rungs: how long after the one before, by which ways.
//! Invariants: every urgency has a first rung; behind the last one it repeats, so nobody is forgotten; the wait between two
//! rungs is [`SHORTEST`] at least, so nobody is flooded.
//! Leaves out: what a way is and whom it reaches (`desk`), sending (`alert`).

use super::urgency::Urgency;
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// The way that is always there: the staff's group.
pub const GROUP: &str = "group";

/// Nobody is called more often than this.
pub const SHORTEST: SignedDuration = SignedDuration::from_secs(30);

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// How long after the one before; of the first one it says nothing.
    pub after: SignedDuration,
    /// Names of ways.
    pub ways: Vec<String>,
}

/// The rungs of every urgency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ladder(BTreeMap<Urgency, Vec<Rung>>);

impl Default for Ladder {
    /// The group at once, and again every two minutes for a crisis, more slowly for the rest.
    fn default() -> Self {
        Ladder::new(BTreeMap::new())
    }
}

impl Ladder {
    /// A ladder; an urgency without rungs gets the default ones.
    pub fn new(mut rungs: BTreeMap<Urgency, Vec<Rung>>) -> Self {
        for urgency in Urgency::ALL {
            let own = rungs.entry(urgency).or_default();
            if own.is_empty() {
                let group = |after| Rung { after, ways: vec![GROUP.to_string()] };
                *own = vec![group(SignedDuration::ZERO), group(urgency.patience())];
            }
            own.iter_mut().for_each(|rung| rung.after = rung.after.max(SHORTEST));
        }
        Ladder(rungs)
    }

    /// The rungs of an urgency, from the first.
    pub fn rungs(&self, urgency: Urgency) -> &[Rung] {
        self.0.get(&urgency).map_or(&[], Vec::as_slice)
    }

    /// A step, from 0; the last rung stands for all behind it.
    pub fn rung(&self, urgency: Urgency, step: u32) -> Option<&Rung> {
        let rungs = self.rungs(urgency);
        rungs.get(step as usize).or(rungs.last())
    }

    /// How long until the step after this one.
    pub fn wait(&self, urgency: Urgency, step: u32) -> SignedDuration {
        match self.rungs(urgency) {
            [] | [_] => urgency.patience(),
            rungs => rungs.get((step as usize).saturating_add(1)).or(rungs.last()).map_or(urgency.patience(), |rung| rung.after),
        }
    }

    /// A step higher than this one that is not only the last one again.
    pub fn is_higher(&self, urgency: Urgency, step: u32) -> bool {
        (step as usize) + 1 < self.rungs(urgency).len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_rung_repeats() {
        let rung = |minutes, way: &str| Rung { after: SignedDuration::from_mins(minutes), ways: vec![way.to_string()] };
        let own = vec![rung(0, "group"), rung(2, "pager"), rung(5, "lead")];
        let ladder = Ladder::new(BTreeMap::from([(Urgency::Crisis, own)]));
        for (step, way, wait, higher) in [(0, "group", 2, true), (1, "pager", 5, true), (2, "lead", 5, false), (9, "lead", 5, false)] {
            assert_eq!(ladder.rung(Urgency::Crisis, step).map(|rung| rung.ways[0].as_str()), Some(way), "{step}");
            assert_eq!(ladder.wait(Urgency::Crisis, step), SignedDuration::from_mins(wait), "{step}");
            assert_eq!(ladder.is_higher(Urgency::Crisis, step), higher, "{step}");
        }
        let one = Ladder::new(BTreeMap::from([(Urgency::Crisis, vec![rung(0, "pager")])]));
        assert_eq!(one.wait(Urgency::Crisis, 0), SignedDuration::from_mins(2), "one step repeats, and not every second");
        assert_eq!(ladder.rung(Urgency::Stuck, 4).map(|rung| rung.ways[0].as_str()), Some(GROUP));
        assert_eq!(Ladder::default().wait(Urgency::Distress, 0), SignedDuration::from_mins(10));
    }
}
