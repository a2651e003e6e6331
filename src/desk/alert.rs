//! What an alert says, and by which ways it goes.
//!
//! Owns: [`AlertMessage`]; choosing the ways of a rung; acknowledging and resolving what was begun.
//! Invariants: an alert carries id, urgency, channel, language and since when; names and words only where the way may carry
//! them; a crisis takes every way of its rung at any hour, anything less only those that are read now; a drill says so.
//! Leaves out: the group (`message`), links and sending (`alert`).

use super::rota::Rota;
use super::ways::{Way, WayKind};
use crate::conversation::{ConversationId, DRILL, DeskNote, Ladder, State, Urgency};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What happened to a handoff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// Somebody is needed.
    Trigger,
    /// Somebody has answered: their words have been delivered.
    Acknowledge,
    /// It is over.
    Resolve,
}

/// What a way that may carry it says besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Full {
    /// The customer's name, where it is known.
    pub name: Option<String>,
    /// Their words.
    pub words: String,
    /// Who is named when the customer is under 18.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safeguarding: Option<String>,
}

/// An alert on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertMessage {
    /// The way's name.
    pub way: String,
    /// What happened.
    pub happened: Happened,
    /// The conversation.
    pub id: ConversationId,
    /// The alert's number in it: the same for every attempt.
    pub number: u64,
    /// The handoff's number in it.
    pub handoff: u64,
    /// Which step of the ladder.
    pub step: u32,
    /// How soon a person is needed.
    pub urgency: Urgency,
    /// The customer's channel.
    pub channel: String,
    /// The customer's language.
    pub language: String,
    /// Since when.
    pub opened: Timestamp,
    /// Nobody is in need: it is a test.
    #[serde(default)]
    pub drill: bool,
    /// Names and words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full: Option<Full>,
}

impl AlertMessage {
    /// The same for every alert about one handoff, as long as its urgency is the same.
    pub fn key(&self) -> String {
        format!("{}-{}-{}", self.id, self.handoff, self.urgency.name())
    }

    /// One line, as a person reads it on a locked phone.
    pub fn line(&self, now: Timestamp) -> String {
        let waiting = now.duration_since(self.opened).as_mins().max(0);
        let drill = if self.drill { "DRILL. " } else { "" };
        let what = match self.happened {
            Happened::Trigger => format!("waiting {}:{:02}", waiting / 60, waiting % 60),
            Happened::Acknowledge => "a person has answered".to_string(),
            Happened::Resolve => "closed".to_string(),
        };
        let again = if self.step > 0 && self.happened == Happened::Trigger { ", nobody has answered" } else { "" };
        format!("{drill}{}: {what}{again} ({}, {}) {}", self.urgency.name().to_uppercase(), self.channel, self.language, self.id.short())
    }

    /// What stands below the line: who must be called in, and the words where they may be carried.
    pub fn details(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(full) = &self.full {
            lines.extend(full.safeguarding.iter().map(|lead| format!("SAFEGUARDING: {lead}")));
            lines.push(format!("{}: {}", full.name.as_deref().unwrap_or("Customer"), full.words));
        }
        lines
    }
}

/// The ways of a step of the ladder: those that it names, and whoever's turn it is where it names who is on call.
pub fn called<'w>(names: &'w [String], ways: &'w [Way], now: Timestamp) -> Vec<&'w str> {
    names.iter().map(String::as_str).chain(on_call(names, ways, now)).collect()
}

fn on_call<'w>(names: &[String], ways: &'w [Way], now: Timestamp) -> Vec<&'w str> {
    ways.iter().filter(|way| names.contains(&way.name)).filter_map(|way| way.rota.as_ref()).map(|rota| rota.at(now)).collect()
}

/// The alerts of a step, besides what goes to the group.
pub fn alerts(
    id: ConversationId,
    before: &State,
    next: &State,
    notes: &[DeskNote],
    ladder: &Ladder,
    ways: &[Way],
    now: Timestamp,
) -> Vec<AlertMessage> {
    let mut alerts = Vec::new();
    let begins = notes
        .iter()
        .any(|note| matches!(note, DeskNote::Opened | DeskNote::Raised | DeskNote::Freed { .. } | DeskNote::StillWaiting { .. }));
    if let Some(handoff) = next.handoff.as_ref().filter(|_| begins) {
        let rung = ladder.rung(handoff.urgency, handoff.reminders);
        let names = rung.map(|rung| rung.ways.as_slice()).unwrap_or_default();
        let (called, on_call) = (called(names, ways, now), on_call(names, ways, now));
        // Whoever is in danger or distress, or is nobody's in particular, is everybody's; and whoever is on call is called.
        let all = handoff.urgency >= Urgency::Distress || handoff.team.is_none();
        let ours = |way: &Way| all || way.teams.is_empty() || handoff.team.as_ref().is_some_and(|team| way.teams.contains(team));
        let named = |way: &&Way| called.contains(&way.name.as_str()) && (ours(way) || on_call.contains(&way.name.as_str()));
        let read = |way: &&Way| handoff.urgency == Urgency::Crisis || way.hours.as_ref().is_none_or(|hours| hours.open(now));
        for way in ways.iter().filter(|way| !matches!(way.kind, WayKind::Group | WayKind::OnCall)).filter(named).filter(read) {
            alerts.extend(alert(id, next, way, Happened::Trigger));
        }
    }
    // Pagers keep a page open until somebody takes it. A claim does not: a person's words do.
    let follows = |happened, state: &State, alerts: &mut Vec<AlertMessage>| {
        let Some(handoff) = &state.handoff else { return };
        let mut named: Vec<&str> = ladder.rungs(handoff.urgency).iter().flat_map(|rung| &rung.ways).map(String::as_str).collect();
        let turns = ways.iter().filter(|way| named.contains(&way.name.as_str())).filter_map(|way| way.rota.as_ref());
        named.extend(turns.flat_map(Rota::ways).collect::<Vec<_>>());
        let keeps = |way: &&Way| matches!(way.kind, WayKind::PagerDuty | WayKind::Webhook) && named.contains(&way.name.as_str());
        for way in ways.iter().filter(keeps) {
            alerts.extend(alert(id, state, way, happened));
        }
    };
    if let Some(was) = &before.handoff {
        match next.handoff.as_ref().filter(|is| is.number == was.number) {
            Some(is) if is.urgency != was.urgency => follows(Happened::Resolve, before, &mut alerts),
            Some(is) if is.answered && !was.answered => follows(Happened::Acknowledge, next, &mut alerts),
            Some(_) => {}
            None => follows(Happened::Resolve, before, &mut alerts),
        }
    }
    alerts
}

fn alert(id: ConversationId, state: &State, way: &Way, happened: Happened) -> Option<AlertMessage> {
    let handoff = state.handoff.as_ref()?;
    Some(AlertMessage {
        way: way.name.clone(),
        happened,
        id,
        number: 0,
        handoff: handoff.number,
        step: handoff.reminders,
        urgency: handoff.urgency,
        channel: state.address.channel.clone(),
        language: state.language().to_string(),
        opened: handoff.opened,
        drill: state.address.channel == DRILL,
        full: (way.full && happened == Happened::Trigger).then(|| Full {
            name: state.name.clone(),
            words: handoff.words.clone(),
            safeguarding: handoff.safeguarding.clone(),
        }),
    })
}
