//! How soon a person is needed, and why.
//!
//! Owns: [`Urgency`] and [`Reason`], their names, how long each may wait before staff are reminded.
//! Invariants: a reason has one urgency; later variants are more urgent.
//! Leaves out: what is done about it (`handoff`, `desk`).

use crate::care::Level;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How soon a person is needed; later is sooner. Frustration and asking for a human are one band: nobody is overtaken for
/// being polite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// The bot got stuck.
    Stuck,
    /// Asked for a human, or is angry.
    Asked,
    /// Suffers.
    Distress,
    /// Life or safety.
    Crisis,
}

impl Urgency {
    /// From the least urgent.
    pub const ALL: [Urgency; 4] = [Urgency::Stuck, Urgency::Asked, Urgency::Distress, Urgency::Crisis];

    /// As staff read it.
    pub fn name(self) -> &'static str {
        match self {
            Urgency::Stuck => "stuck",
            Urgency::Asked => "asked",
            Urgency::Distress => "distress",
            Urgency::Crisis => "crisis",
        }
    }

    /// How long nobody may have claimed it before staff are reminded, where the ladder says nothing else.
    pub fn patience(self) -> SignedDuration {
        SignedDuration::from_mins(match self {
            Urgency::Crisis => 2,
            Urgency::Distress => 10,
            Urgency::Asked => 30,
            Urgency::Stuck => 60,
        })
    }
}

/// Why a person is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "level")]
pub enum Reason {
    /// Care heard something.
    Care(Level),
    /// Two misses, a failed action, a form that ran out of tries.
    Stuck,
    /// A language that nobody configured.
    Language,
    /// The intent is a person's work.
    Intent,
    /// Somebody looks in again.
    CheckIn,
}

impl Reason {
    /// As the contracts write it.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Care(level) => level.name(),
            Reason::Stuck => "stuck",
            Reason::Language => "language",
            Reason::Intent => "intent",
            Reason::CheckIn => "check_in",
        }
    }

    pub(super) fn urgency(self) -> Urgency {
        match self {
            Reason::Care(Level::Crisis) => Urgency::Crisis,
            Reason::Care(Level::Distress) | Reason::CheckIn => Urgency::Distress,
            Reason::Care(Level::Frustration | Level::HumanRequest) => Urgency::Asked,
            _ => Urgency::Stuck,
        }
    }
}
