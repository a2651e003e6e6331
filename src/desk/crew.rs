//! The staff: who is there, who rests, what holds for all of them.
//!
//! Owns: presence, shifts and breaks; how many crises each has had; incident lines, and the bot switched off.
//! Invariants: whoever said nothing counts as there in the desk's hours; a shift ends with `/off`, with the desk's hours, or
//! after twelve hours; a crisis that is over gives its person a quarter of an hour.
//! Leaves out: who has which conversation (`conversation`), keeping this (`app`).

use super::hours::Hours;
use crate::conversation::{Colleague, Incident, Staff};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A shift that nothing else ends.
const SHIFT: SignedDuration = SignedDuration::from_hours(12);
/// The rest after a crisis.
const REST: SignedDuration = SignedDuration::from_mins(15);
/// The longest break.
const BREAK: SignedDuration = SignedDuration::from_hours(4);

/// Whether somebody is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Presence {
    /// They said nothing.
    #[default]
    Unsaid,
    /// On shift.
    On {
        /// Until when.
        until: Timestamp,
    },
    /// On a break.
    Break {
        /// Until when.
        until: Timestamp,
        /// Until when the shift goes on.
        shift: Timestamp,
    },
    /// Off shift.
    Off,
}

/// One of the staff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What customers read.
    pub name: String,
    /// Whether they are there.
    #[serde(default)]
    pub presence: Presence,
    /// When crises of theirs ended, within the last day.
    #[serde(default)]
    pub crises: Vec<Timestamp>,
    /// Asked for no crises.
    #[serde(default)]
    pub spared: bool,
}

/// All of them, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crew {
    /// By id.
    pub members: BTreeMap<String, Member>,
    /// Every message goes to a person.
    #[serde(default)]
    pub bot_off: bool,
    /// What is wrong for everybody.
    #[serde(default)]
    pub incident: Option<Incident>,
}

impl Crew {
    /// Somebody worked: they are known from now on. True where something about them is new.
    pub fn seen(&mut self, staff: &Staff) -> bool {
        match self.members.get_mut(&staff.id) {
            Some(member) if member.name == staff.name => false,
            Some(member) => {
                member.name.clone_from(&staff.name);
                true
            }
            None => {
                let member = Member { name: staff.name.clone(), presence: Presence::Unsaid, crises: Vec::new(), spared: false };
                self.members.insert(staff.id.clone(), member);
                true
            }
        }
    }

    /// They begin a shift; until when it goes on.
    pub fn on(&mut self, staff: &Staff, hours: &Hours, now: Timestamp) -> Timestamp {
        self.seen(staff);
        let longest = now.checked_add(SHIFT).unwrap_or(now);
        let until = hours.closes(now).and_then(|closes| hours.moment(closes)).map_or(longest, |closes| closes.min(longest));
        if let Some(member) = self.members.get_mut(&staff.id) {
            member.presence = Presence::On { until };
        }
        until
    }

    /// Their shift is over.
    pub fn off(&mut self, staff: &Staff) {
        self.seen(staff);
        if let Some(member) = self.members.get_mut(&staff.id) {
            member.presence = Presence::Off;
        }
    }

    /// They take a break; until when.
    pub fn rest(&mut self, staff: &Staff, time: SignedDuration, hours: &Hours, now: Timestamp) -> Timestamp {
        self.seen(staff);
        let until = now.checked_add(time.clamp(SignedDuration::from_mins(1), BREAK)).unwrap_or(now);
        let shift = match self.members.get(&staff.id).map(|member| member.presence) {
            Some(Presence::On { until } | Presence::Break { shift: until, .. }) => until,
            _ => self.on(staff, hours, now),
        };
        if let Some(member) = self.members.get_mut(&staff.id) {
            member.presence = Presence::Break { until, shift };
        }
        until
    }

    /// They are not one of the staff any more.
    pub fn left(&mut self, id: &str) -> Option<Member> {
        self.members.remove(id)
    }

    /// A crisis of theirs is over.
    pub fn had_crisis(&mut self, id: &str, now: Timestamp) {
        if let Some(member) = self.members.get_mut(id) {
            member.crises.retain(|at| now.duration_since(*at) < SHIFT);
            member.crises.push(now);
        }
    }

    /// Shifts and breaks that are over now: whose shift it was, by id. Their presence is changed.
    pub fn ended(&mut self, now: Timestamp) -> Vec<String> {
        let mut ended = Vec::new();
        for (id, member) in &mut self.members {
            match member.presence {
                Presence::Break { until, shift } if until <= now => member.presence = Presence::On { until: shift },
                _ => {}
            }
            if matches!(member.presence, Presence::On { until } if until <= now) {
                member.presence = Presence::Off;
                ended.push(id.clone());
            }
        }
        ended
    }

    /// The staff as a step sees them. `crises` are those that each has now, by id.
    pub fn colleagues(&self, crises: &BTreeMap<String, u32>, hours: &Hours, now: Timestamp) -> Vec<Colleague> {
        let open = hours.open(now);
        let colleague = |(id, member): (&String, &Member)| {
            let lately = |at: &&Timestamp| now.duration_since(**at) < SHIFT;
            let rests = member.crises.last().and_then(|last| last.checked_add(REST).ok());
            Colleague {
                id: id.clone(),
                name: member.name.clone(),
                here: match member.presence {
                    Presence::Unsaid => open,
                    Presence::On { until } => until > now,
                    Presence::Break { .. } | Presence::Off => false,
                },
                said: member.presence != Presence::Unsaid,
                crises_open: crises.get(id).copied().unwrap_or(0),
                crises: member.crises.iter().filter(lately).count() as u32,
                rests: rests.filter(|until| *until > now),
                spared: member.spared,
            }
        };
        self.members.iter().map(colleague).collect()
    }

    /// Who is there, as staff read it.
    pub fn text(&self, load: &BTreeMap<String, u32>, hours: &Hours) -> String {
        let mut lines = Vec::new();
        for (id, member) in &self.members {
            let presence = match member.presence {
                Presence::Unsaid => "has not said whether they are there (/on)".to_string(),
                Presence::On { until } => format!("on shift until {}", hours.clock(until)),
                Presence::Break { until, .. } => format!("on a break until {}", hours.clock(until)),
                Presence::Off => "off".into(),
            };
            let spared = if member.spared { ", no crises" } else { "" };
            let load = match load.get(id).copied().unwrap_or(0) {
                0 => String::new(),
                1 => ", has 1 conversation".into(),
                many => format!(", has {many} conversations"),
            };
            lines.push(format!("{}: {presence}{load}{spared}", member.name));
        }
        if self.bot_off {
            lines.push("The bot is off: every message goes to a person. /bot on".into());
        }
        if let Some(incident) = &self.incident {
            let what = incident.intent.as_deref().unwrap_or("every answer");
            lines.push(format!("Said before {what}: {} (/notice off)", incident.text));
        }
        if lines.is_empty() { "Nobody has worked here yet.".into() } else { lines.join("\n") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours() -> Hours {
        let week = BTreeMap::from([("mon-fri".to_string(), vec!["9:00-17:00".to_string()])]);
        Hours::new("UTC", &week).expect("a table")
    }

    fn at(time: &str) -> Timestamp {
        format!("2026-11-20T{time}:00Z").parse().expect("a time")
    }

    #[test]
    fn a_shift_ends_with_the_desk_and_a_break_ends_before_it() {
        let (mut crew, hours) = (Crew::default(), hours());
        let priya = Staff { id: "telegram:7".into(), name: "Priya".into() };
        assert_eq!(crew.on(&priya, &hours, at("12:00")), at("17:00"));
        crew.rest(&priya, SignedDuration::from_mins(15), &hours, at("16:30"));
        let here = |crew: &Crew, now| crew.colleagues(&BTreeMap::new(), &hours, now)[0].here;
        assert!(!here(&crew, at("16:40")));
        assert_eq!(crew.ended(at("16:45")), Vec::<String>::new());
        assert!(here(&crew, at("16:45")));
        assert_eq!(crew.ended(at("17:00")), ["telegram:7"]);
        assert_eq!(crew.ended(at("17:01")), Vec::<String>::new());
        assert!(!here(&crew, at("17:01")));
        assert_eq!(crew.on(&priya, &hours, at("20:00")), "2026-11-21T08:00:00Z".parse::<Timestamp>().expect("a time"), "out of hours");
        assert_eq!(crew.text(&BTreeMap::from([(priya.id.clone(), 2)]), &hours), "Priya: on shift until 8:00, has 2 conversations");
    }

    #[test]
    fn a_crisis_gives_a_rest_and_is_counted_for_a_shift() {
        let (mut crew, hours) = (Crew::default(), hours());
        crew.seen(&Staff { id: "7".into(), name: "Priya".into() });
        for hour in ["09:00", "10:00", "11:00"] {
            crew.had_crisis("7", at(hour));
        }
        let now = crew.colleagues(&BTreeMap::from([("7".to_string(), 1)]), &hours, at("11:10"));
        assert_eq!((now[0].crises, now[0].crises_open, now[0].rests), (3, 1, Some(at("11:15"))));
        assert_eq!(crew.colleagues(&BTreeMap::new(), &hours, at("22:30"))[0].crises, 1, "the others are more than a shift ago");
    }
}
