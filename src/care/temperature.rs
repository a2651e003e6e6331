//! How warm a conversation has become.
//!
//! Owns: [`Temperature`]: weak signs of earlier messages, and how they fade.
//! Invariants: it only raises; two weak signs within a day make what one strong sign makes; after seven days nothing is left; a
//! minor's is never kept.
//! Leaves out: who is called (`conversation`).

use super::assessment::{Assessment, Evidence, OPINION};
use super::level::Level;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// After so long half is left.
const HALF: f32 = 24.0 * 3600.0;

/// Nothing is carried longer than this.
const LONGEST: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A weak sign, and from when on an earlier one still counts as such.
const WEAK: f32 = 0.5;
const STILL_WEAK: f32 = 0.3;

/// The rule of signs in earlier messages.
pub const EARLIER: &str = "earlier_messages";

/// How warm a conversation is; the default is cold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Temperature {
    degrees: f32,
    level: Level,
    at: Timestamp,
}

impl Temperature {
    /// How warm it still is, from 0; a sign that was strong enough to act on is 1.
    pub fn degrees(&self, now: Timestamp) -> f32 {
        let passed = now.duration_since(self.at);
        if passed >= LONGEST {
            return 0.0;
        }
        self.degrees * 0.5_f32.powf(passed.as_secs_f32().max(0.0) / HALF)
    }

    /// The most urgent level of what warmed it, while it is warm.
    pub fn level(&self, now: Timestamp) -> Level {
        if self.degrees(now) >= STILL_WEAK { self.level } else { Level::None }
    }

    /// Takes a message in: an earlier weak sign and a new one add up; `true` when that raised the level.
    pub fn hear(&mut self, assessment: &mut Assessment, now: Timestamp) -> bool {
        let before = self.degrees(now);
        // That a short answer resembles something is no second sign of annoyance.
        let sure = assessment.evidence.iter().any(|evidence| evidence.rule != OPINION || evidence.level >= Level::Distress);
        let raised = assessment.offer && sure && before >= STILL_WEAK && assessment.warmed();
        let sign = if assessment.level > Level::None {
            1.0
        } else if assessment.offer {
            WEAK
        } else {
            0.0
        };
        let level = assessment.evidence.first().map_or(Level::None, |evidence| evidence.level);
        if sign > 0.0 {
            *self = Temperature { degrees: (before + sign).min(1.0), level: level.max(self.level(now)), at: now };
        }
        raised
    }
}

impl Assessment {
    /// Adds the weak sign of earlier messages to a weak sign of this one.
    fn warmed(&mut self) -> bool {
        let Some(first) = self.evidence.first().cloned() else { return false };
        // Two likenesses bring a person; they don't name a help line.
        let level = if self.only_resembles() { first.level.min(Level::Distress) } else { first.level };
        self.evidence.push(Evidence { rule: EARLIER.into(), level, weight: WEAK, ..first });
        self.settle();
        self.level > Level::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weak(level: Level) -> Assessment {
        let evidence = vec![Evidence { rule: "x".into(), level, text: "x".into(), start: 0, end: 1, weight: 0.5 }];
        let mut assessment = Assessment { evidence, ..Assessment::default() };
        assessment.settle();
        assessment
    }

    #[test]
    fn two_weak_signs_within_a_day_are_one_strong_one() {
        for (name, hours, level, wanted) in [
            ("soon", 1, Level::Frustration, Level::Frustration),
            ("suffering", 12, Level::Distress, Level::Distress),
            ("asking", 2, Level::HumanRequest, Level::HumanRequest),
            ("days later", 60, Level::Frustration, Level::None),
            ("a week later", 200, Level::Distress, Level::None),
        ] {
            let start = Timestamp::UNIX_EPOCH;
            let mut temperature = Temperature::default();
            assert!(!temperature.hear(&mut weak(Level::Frustration), start), "{name}");
            let mut second = weak(level);
            temperature.hear(&mut second, start + SignedDuration::from_hours(hours));
            assert_eq!(second.level, wanted, "{name}");
        }
    }

    #[test]
    fn it_cools() {
        let start = Timestamp::UNIX_EPOCH;
        let mut temperature = Temperature::default();
        temperature.hear(&mut weak(Level::Distress), start);
        let after = |hours| temperature.degrees(start + SignedDuration::from_hours(hours));
        assert!(after(0) > after(10) && after(10) > after(100) && after(168) == 0.0);
        assert_eq!(temperature.level(start), Level::Distress);
        assert_eq!(temperature.level(start + SignedDuration::from_hours(48)), Level::None);
    }
}
