//! What somebody reads again: what was decided about people in danger.
//!
//! Owns: which events put a conversation on the review list, and staff saying that it was looked at.
//! Invariants: every crisis, every time that one is called less urgent, and every offer for words of danger is on it; drills
//! never are; a row holds no words.
//! Leaves out: the list itself (`desk`), and those picked at random (`app`).

use super::effect::Effect;
use super::event::Staff;
use super::handoff::DRILL;
use super::step::Turn;
use crate::care::{Assessment, Level};
use serde::{Deserialize, Serialize};

/// Why a conversation is looked at again; the first matters most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It was a crisis.
    Crisis,
    /// Staff called it less urgent than care did: a crisis none, distress not urgent.
    Downgraded,
    /// Words of danger that were not enough for a crisis: a person was offered, not called.
    Offered,
    /// Nothing was noticed in it: picked at random.
    Random,
}

impl Why {
    /// As it is written everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Why::Crisis => "crisis",
            Why::Downgraded => "downgraded",
            Why::Offered => "offered",
            Why::Random => "random",
        }
    }
}

impl Turn<'_> {
    /// Puts what they wrote last on the list.
    pub(super) fn put_on_list(&mut self, why: Why) {
        if self.state.address.channel != DRILL {
            self.effects.push(Effect::Review { why, about: self.state.wrote });
        }
    }

    /// Words of danger that only made an offer.
    pub(super) fn review_offer(&mut self, assessment: &Assessment) {
        let danger = assessment.evidence.iter().any(|evidence| evidence.level == Level::Crisis);
        if assessment.offer && assessment.level == Level::None && danger {
            self.put_on_list(Why::Offered);
        }
    }

    /// `/reviewed WORDS`: somebody has read it again.
    pub(super) fn reviewed(&mut self, staff: &Staff, words: Option<String>) -> String {
        let aftercare = &self.rules.aftercare;
        if !aftercare.reviews(&staff.name) {
            return format!("{} reads the list and says what was looked at. /note WORDS is for everybody.", aftercare.reviewer);
        }
        let Some(words) = words else {
            return "Write what you found, or that all was well: /reviewed the crisis was one, and Sam was quick".into();
        };
        self.note(format!("{} looked at it again: {words}", staff.name));
        self.effects.push(Effect::Reviewed { by: staff.name.clone(), note: words });
        "Noted: looked at.".into()
    }
}
