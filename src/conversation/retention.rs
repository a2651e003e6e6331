//! How long what care heard is kept.
//!
//! Owns: forgetting evidence after thirty days and a temperature that has gone cold; a hold on that, by name, with a reason and
//! an end; what a message and a verdict add to the weekly figures.
//! Invariants: evidence is gone a day after its thirtieth at the latest, unless a person put a hold on it, and no hold lasts
//! longer than a year; a person adds one to a figure in a week, however much they write; a figure names nobody.
//! Leaves out: the transcript's words, which stay; which figures may be shown (`desk`).

use super::effect::{Effect, Timer};
use super::event::Staff;
use super::step::Turn;
use super::urgency::Reason;
use crate::care::{Assessment, Level, OPINION, Temperature};
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The key of the timer that forgets.
pub(super) const FORGET: &str = "forget";

/// How long evidence is kept, and a temperature at most.
const EVIDENCE: SignedDuration = SignedDuration::from_hours(30 * 24);
const TEMPERATURE: SignedDuration = SignedDuration::from_hours(7 * 24);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// No hold lasts longer than so many days.
const LONGEST_HOLD: i32 = 366;

/// Since when evidence is there, and when the last came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The first that is not forgotten.
    pub since: Timestamp,
    /// The last.
    pub last: Timestamp,
}

/// Evidence is kept longer: who says so, why, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
    /// Until when.
    pub until: Timestamp,
}

/// What this customer has added to a week's figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// The week's Monday.
    pub week: Date,
    /// Names of figures.
    pub names: BTreeSet<String>,
}

impl Turn<'_> {
    /// Something was heard: the clock runs.
    pub(super) fn keep(&mut self, assessment: &Assessment) {
        self.count(assessment);
        if assessment.evidence.is_empty() {
            return;
        }
        match &mut self.state.kept {
            Some(kept) => kept.last = self.now,
            kept @ None => {
                *kept = Some(Kept { since: self.now, last: self.now });
                self.forget_at(self.now.checked_add(TEMPERATURE));
            }
        }
    }

    /// The clock has run out: what is old is forgotten, and the next look is set.
    pub(super) fn forget(&mut self) {
        let Some(kept) = self.state.kept else { return };
        if let Some(hold) = self.state.hold.as_ref().filter(|hold| hold.until > self.now) {
            return self.forget_at(Ok(hold.until));
        }
        self.state.hold = None;
        if self.state.temperature.level(self.now) == Level::None {
            self.state.temperature = Temperature::default();
        }
        if self.state.counted.as_ref().is_some_and(|counted| counted.week != self.week()) {
            self.state.counted = None;
        }
        let Ok(before) = self.now.checked_sub(EVIDENCE) else { return };
        if kept.since > before {
            return self.forget_at(kept.since.checked_add(EVIDENCE).map(|at| at.max(self.now)));
        }
        self.effects.push(Effect::ForgetEvidence { before });
        self.state.grave = self.state.grave.filter(|at| *at > before);
        if let Some(handoff) = self.state.handoff.as_mut().filter(|handoff| handoff.opened <= before) {
            handoff.evidence.clear();
        }
        if kept.last <= before {
            self.state.kept = None;
        } else {
            self.forget_at(self.now.checked_add(DAY));
        }
    }

    fn forget_at(&mut self, at: Result<Timestamp, jiff::Error>) {
        if let Ok(at) = at {
            self.effects.push(Effect::Timer(Timer { key: FORGET.into(), at }));
        }
    }

    /// `/hold 2027-03-01 WHY` keeps evidence until the end of that day; `/hold off` ends it.
    pub(super) fn hold_evidence(&mut self, staff: &Staff, words: Option<&str>) -> String {
        const HOW: &str = "Say until when and why: /hold 2027-03-01 asked for by the court. /hold off ends it.";
        let Some(words) = words else { return HOW.into() };
        if words == "off" {
            return match self.state.hold.take() {
                None => "Nothing is on hold here.".into(),
                Some(_) => {
                    self.note(format!("{} ended the hold on what was heard", staff.name));
                    self.forget_at(Ok(self.now));
                    "The hold is over.".into()
                }
            };
        }
        let (date, why) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
        let today = self.facts.local.date();
        let Some(date) = date.parse::<Date>().ok().filter(|date| *date >= today && !why.trim().is_empty()) else { return HOW.into() };
        let days = date.since(today).map_or(i32::MAX, |span| span.get_days());
        if days > LONGEST_HOLD {
            return "A hold lasts a year at most; it can be set again then.".into();
        }
        let Ok(until) = self.now.checked_add(SignedDuration::from_hours(24 * (i64::from(days) + 1))) else { return HOW.into() };
        self.note(format!("{} keeps what was heard until {date}: {}", staff.name, why.trim()));
        self.state.hold = Some(Hold { by: staff.name.clone(), why: why.trim().into(), until });
        format!("What was heard here is kept until {date}.")
    }

    /// Adds a message to the week's figures: that somebody wrote, and the level.
    fn count(&mut self, assessment: &Assessment) {
        let mut names = vec!["people".to_string()];
        if assessment.level > Level::None {
            names.push(format!("level.{}", assessment.level.name()));
        }
        self.count_once(names);
    }

    /// Staff say whether it was what it was called for: right or wrong for each rule of that level, and for a likeness.
    pub(super) fn judged(&mut self, right: bool) {
        let Some(handoff) = self.state.handoff.as_mut() else { return };
        let Reason::Care(level) = handoff.reason else { return };
        let verdict = if right { "right" } else { "wrong" };
        let (judged, others) = std::mem::take(&mut handoff.evidence)
            .into_iter()
            .partition::<Vec<_>, _>(|evidence| evidence.level == level || evidence.rule == OPINION);
        let names = judged.iter().map(|evidence| format!("{verdict}.{}", evidence.rule)).collect();
        // Judged once.
        handoff.evidence = others;
        self.count_once(names);
    }

    pub(super) fn count_once(&mut self, names: Vec<String>) {
        let week = self.week();
        let counted = self.state.counted.take().filter(|counted| counted.week == week);
        let mut counted = counted.unwrap_or(Counted { week, names: BTreeSet::new() });
        let new: Vec<String> = names.into_iter().filter(|name| counted.names.insert(name.clone())).collect();
        self.state.counted = Some(counted);
        if !new.is_empty() {
            self.effects.push(Effect::Count { week, names: new });
        }
    }

    /// The Monday of this week, at the shop.
    fn week(&self) -> Date {
        let today = self.facts.local.date();
        if today.weekday() == Weekday::Monday { today } else { today.nth_weekday(-1, Weekday::Monday).unwrap_or(today) }
    }
}
