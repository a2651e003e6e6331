//! The ways by which staff are reached, and whether a crisis reaches enough of them.
//!
//! Owns: [`Way`]: whom it reaches, when, and how much it may carry; the hours of the week in which a crisis reaches fewer than
//! two people by two ways.
//! Invariants: a way without hours reaches its people always; people and ways are counted by their names.
//! Leaves out: sending (`alert`), when a rung is climbed (`conversation`).

use super::hours::Hours;
use super::rota::Rota;
use crate::conversation::{Ladder, Urgency};
use jiff::SignedDuration;
use jiff::civil::{Time, Weekday};
use std::collections::BTreeSet;

/// How somebody is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WayKind {
    /// The staff's group in Telegram.
    Group,
    /// A person, or another group, in Telegram.
    Telegram,
    /// E-mail.
    Email,
    /// A Slack-compatible incoming webhook.
    Slack,
    /// A text message.
    Sms,
    /// PagerDuty.
    PagerDuty,
    /// A signed webhook.
    Webhook,
    /// Whoever is on call: one of the others.
    OnCall,
}

/// A way.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Its name in the ladder.
    pub name: String,
    /// What it is.
    pub kind: WayKind,
    /// Names of the people who read it.
    pub reaches: Vec<String>,
    /// When they do; `None` for always. A crisis takes it at any hour.
    pub hours: Option<Hours>,
    /// May carry the customer's name and words.
    pub full: bool,
    /// The teams for whose handoffs alone it is taken; a crisis takes it for any.
    pub teams: Vec<String>,
    /// Whose turn it is, where ways take turns.
    pub rota: Option<Rota>,
}

impl Way {
    /// A way at any hour and for everybody.
    pub fn new(name: &str, kind: WayKind, reaches: Vec<String>) -> Self {
        Way { name: name.into(), kind, reaches, hours: None, full: false, teams: Vec::new(), rota: None }
    }
}

/// A step that comes later than this does not count: whoever is in danger can't wait for it.
const SOON: SignedDuration = SignedDuration::from_mins(30);

/// More turns than these are not looked at, and that is said.
const TURNS: usize = 1024;

/// The spans of a week, in quarters of an hour.
const SLOT: i32 = 15;

/// Hours of the week in which a crisis reaches fewer than two people or by fewer than two ways, as sentences that an operator
/// reads; empty where all is well.
pub fn gaps(ladder: &Ladder, ways: &[Way]) -> Vec<String> {
    let mut since = SignedDuration::ZERO;
    let soon = ladder.rungs(Urgency::Crisis).iter().enumerate().take_while(|(step, rung)| {
        since += if *step == 0 { SignedDuration::ZERO } else { rung.after };
        since <= SOON
    });
    let named: BTreeSet<&str> = soon.flat_map(|(_, rung)| &rung.ways).map(String::as_str).collect();
    let mut all: Vec<String> = Vec::new();
    let turns = turns(&named, ways);
    if turns.len() > TURNS {
        all.push(format!("who is on call takes turns in more than {TURNS} ways, and not all were looked at"));
    }
    for turn in turns.into_iter().take(TURNS) {
        for gap in gaps_of(&turn, ways) {
            if !all.contains(&gap) {
                all.push(gap);
            }
        }
    }
    all
}

/// The ways that are named, once for every turn that those on call may have: whoever's turn it is, two must be reached.
fn turns<'w>(named: &BTreeSet<&'w str>, ways: &'w [Way]) -> Vec<BTreeSet<&'w str>> {
    let mut all: Vec<BTreeSet<&str>> = vec![named.clone()];
    for way in ways.iter().filter(|way| named.contains(way.name.as_str())) {
        let Some(rota) = &way.rota else { continue };
        let who: BTreeSet<&str> = rota.ways().collect();
        all = all.iter().flat_map(|names| who.iter().map(|one| names.iter().copied().chain([*one]).collect())).take(TURNS + 1).collect();
    }
    all
}

fn gaps_of(named: &BTreeSet<&str>, ways: &[Way]) -> Vec<String> {
    let ways: Vec<&Way> = ways.iter().filter(|way| way.rota.is_none() && named.contains(way.name.as_str())).collect();
    let mut gaps: Vec<(String, String)> = Vec::new();
    let mut before = None;
    for slot in 0..7 * 24 * 60 / SLOT {
        let reached = reached(&ways, slot * SLOT);
        let at = clock(slot * SLOT);
        match &reached {
            Some(short) if before.as_ref() == Some(short) => {
                if let Some(last) = gaps.last_mut() {
                    last.0 = format!("{} to {}", last.0.split(" to ").next().unwrap_or_default(), clock((slot + 1) * SLOT));
                }
            }
            Some(short) => gaps.push((format!("{at} to {}", clock((slot + 1) * SLOT)), short.clone())),
            None => {}
        }
        before = reached;
    }
    gaps.into_iter().map(|(when, short)| format!("{when}: {short}")).collect()
}

/// The gaps in one sentence; `None` where a crisis reaches two people by two ways in every hour of the week.
pub fn thin(ladder: &Ladder, ways: &[Way]) -> Option<String> {
    let gaps = gaps(ladder, ways);
    let more = if gaps.len() > 1 { format!(" (and {} more gaps)", gaps.len() - 1) } else { String::new() };
    gaps.first().map(|first| format!("a crisis does not reach two people by two ways in every hour: {first}{more}"))
}

/// What is missing in a minute of the week.
fn reached(ways: &[&Way], minute: i32) -> Option<String> {
    let there = |way: &&&Way| way.hours.as_ref().is_none_or(|hours| hours.covers(weekday(minute), time(minute)));
    let there: Vec<&&Way> = ways.iter().filter(there).filter(|way| !way.reaches.is_empty()).collect();
    let people: BTreeSet<&str> = there.iter().flat_map(|way| &way.reaches).map(String::as_str).collect();
    // Whatever goes through Telegram fails with it.
    let kind = |kind| if kind == WayKind::Group { WayKind::Telegram } else { kind };
    let kinds: BTreeSet<WayKind> = there.iter().map(|way| kind(way.kind)).collect();
    let list = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
    match (people.len(), kinds.len()) {
        (0, _) => Some("nobody is reached".into()),
        (1, _) => Some(format!("only {} is reached", list(people))),
        (_, 1) => Some(format!("people are reached by one way only ({})", list(there.iter().map(|way| way.name.as_str()).collect()))),
        _ => None,
    }
}

fn weekday(minute: i32) -> Weekday {
    Weekday::from_monday_zero_offset((minute / (24 * 60) % 7) as i8).unwrap_or(Weekday::Monday)
}

fn time(minute: i32) -> Time {
    Time::new((minute / 60 % 24) as i8, (minute % 60) as i8, 0, 0).unwrap_or_default()
}

fn clock(minute: i32) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let minute = minute % (7 * 24 * 60);
    format!("{} {}:{:02}", DAYS[(minute / (24 * 60)) as usize % 7], minute / 60 % 24, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Rung;
    use jiff::SignedDuration;
    use std::collections::BTreeMap;

    fn way(name: &str, kind: WayKind, reaches: &[&str], hours: Option<&[(&str, &[&str])]>) -> Way {
        let week = |week: &[(&str, &[&str])]| {
            let week = week.iter().map(|(day, spans)| ((*day).to_string(), spans.iter().map(ToString::to_string).collect())).collect();
            Hours::new("UTC", &week).expect("a table")
        };
        Way { hours: hours.map(week), ..Way::new(name, kind, reaches.iter().map(ToString::to_string).collect()) }
    }

    #[test]
    fn a_crisis_reaches_two_people_by_two_ways_in_every_hour() {
        let rung = |ways: &[&str]| Rung { after: SignedDuration::ZERO, ways: ways.iter().map(ToString::to_string).collect() };
        let ladder = Ladder::new(BTreeMap::from([(Urgency::Crisis, vec![rung(&["group", "oncall"]), rung(&["lead"])])]));
        let day: &[(&str, &[&str])] = &[("mon-fri", &["9:00-17:00"])];
        let group = || way("group", WayKind::Group, &["Priya", "Sam"], Some(day));
        for (name, ways, wanted) in [
            ("none", vec![], vec!["Mon 0:00 to Mon 0:00: nobody is reached"]),
            (
                "two people, two ways, always",
                vec![way("group", WayKind::Group, &["Priya"], None), way("lead", WayKind::Sms, &["Ana"], None)],
                vec![],
            ),
            (
                "one person by two ways",
                vec![way("oncall", WayKind::Sms, &["Ana"], None), way("lead", WayKind::Email, &["Ana"], None)],
                vec!["Mon 0:00 to Mon 0:00: only Ana is reached"],
            ),
            (
                "two people by one way",
                vec![way("oncall", WayKind::Sms, &["Ana"], None), way("lead", WayKind::Sms, &["Ben"], None)],
                vec!["Mon 0:00 to Mon 0:00: people are reached by one way only (lead, oncall)"],
            ),
            (
                "a way that the ladder never takes",
                vec![way("other", WayKind::Sms, &["Ana", "Ben"], None)],
                vec!["Mon 0:00 to Mon 0:00: nobody is reached"],
            ),
        ] {
            assert_eq!(gaps(&ladder, &ways), wanted, "{name}");
        }
        let rota = |turns: &[&str]| Rota {
            zone: jiff::tz::TimeZone::UTC,
            begins: "2026-10-19T09:00".parse().expect("a time"),
            days: 7,
            turns: turns.iter().map(ToString::to_string).collect(),
            instead: Vec::new(),
        };
        let with = |turns: &[&str]| {
            let oncall = Way { rota: Some(rota(turns)), ..way("oncall", WayKind::OnCall, &[], None) };
            let (ana, ben) = (way("ana", WayKind::Sms, &["Ana"], None), way("ben", WayKind::Sms, &["Ben"], None));
            gaps(&ladder, &[oncall, ana, ben, way("lead", WayKind::Email, &["Ana"], None)])
        };
        assert_eq!(with(&["ben"]), Vec::<String>::new(), "Ben by text, Ana by mail");
        assert_eq!(with(&["ben", "ana"]), ["Mon 0:00 to Mon 0:00: only Ana is reached"], "in every second week");
        let nights = gaps(&ladder, &[group(), way("lead", WayKind::Sms, &["Ana"], None)]);
        assert_eq!(nights.len(), 6, "{nights:?}");
        assert_eq!(nights[1], "Mon 17:00 to Tue 9:00: only Ana is reached");
        assert_eq!(nights[5], "Fri 17:00 to Mon 0:00: only Ana is reached");
    }
}
