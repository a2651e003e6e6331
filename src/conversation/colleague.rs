//! One customer, several people of the staff.
//!
//! Owns: handing over to a colleague, whoever has it leaving, back to the person that a customer knows, not too much for one
//! person.
//! Invariants: a handoff has one owner or none, and a clock runs whenever that changes; nobody is handed one crisis after
//! another without having said yes, and a crisis is never nobody's because of that; a crisis waits for no certain person.
//! Leaves out: who is there (`Facts`, made by `desk`).

use super::effect::DeskNote;
use super::event::Staff;
use super::facts::Colleague;
use super::handoff::DRILL;
use super::joined::Kin;
use super::parts::Owner;
use super::step::Turn;
use super::urgency::Urgency;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A handoff is kept for the person that the customer knows for so long.
const RESERVED: SignedDuration = SignedDuration::from_mins(10);

/// The person whom a customer knows has it first, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    /// For whom.
    pub staff: Staff,
    /// Until when.
    pub until: Timestamp,
}

impl Turn<'_> {
    /// `/assign Sam she speaks Polish`.
    pub(super) fn assign(&mut self, staff: &Staff, words: Option<&str>) -> String {
        let here: Vec<&str> = self.facts.crew.iter().filter(|other| other.here).map(|other| other.name.as_str()).collect();
        let how = || format!("Say to whom, and why: /assign Sam she speaks Polish. Here now: {}.", list(&here));
        match &self.state.owner {
            Owner::Bot => return "Nothing is open here.".into(),
            Owner::Human { staff: owner } if owner.id != staff.id => return format!("{} has it. /takeover takes it over.", owner.name),
            _ => {}
        }
        let Some((name, why)) = words.map(|words| words.split_once(char::is_whitespace).unwrap_or((words, ""))) else { return how() };
        let Some(to) = self.facts.named(name).cloned() else { return format!("Nobody here is called {name}. {}", how()) };
        if to.id == staff.id {
            return self.claim(staff);
        }
        if !to.here {
            return format!("{} is not there now. Here now: {}.", to.name, list(&here));
        }
        if self.in_crisis() && !to.can_take_a_crisis(self.now) {
            return format!("{} has a crisis, has had enough of them in this shift, or rests after one. Ask somebody else.", to.name);
        }
        let why = why.trim();
        let reason = if why.is_empty() { String::new() } else { format!(": {why}") };
        self.note(format!("{} handed it to {}{reason}", staff.name, to.name));
        self.goes_to(Staff { id: to.id, name: to.name.clone() });
        self.begins_anew();
        let text = format!("{}, {} hands you this{reason}. What you write here now goes to the customer.", to.name, staff.name);
        self.desk(DeskNote::Assigned { text });
        format!("{} has it now.", to.name)
    }

    /// Whoever has it is not there any more: it needs somebody else, from the first step of the ladder.
    pub(super) fn owner_left(&mut self, id: &str, why: &str) {
        let Owner::Human { staff } = self.state.owner.clone() else { return };
        if staff.id == id {
            self.free(&staff, why);
        }
    }

    /// Nobody has it any more.
    pub(super) fn free(&mut self, staff: &Staff, why: &str) {
        let owed = self.state.handoff.as_ref().is_some_and(|handoff| !handoff.answered && handoff.urgency < Urgency::Crisis);
        self.state.owner = Owner::Waiting;
        if !self.told {
            self.pass_all(&Kin::Freed { staff: staff.clone() });
        }
        self.note(format!("{} {why}", staff.name));
        self.begins_anew();
        self.desk(DeskNote::Freed { why: format!("{} {why}", staff.name) });
        if owed && self.times().opens.is_some() {
            self.acting();
            self.say_word("left", &[("name", json!(staff.name))]);
        }
    }

    /// Somebody else has it, or nobody: no answer counts any more, and the clock runs from the first step.
    pub(super) fn begins_anew(&mut self) {
        self.state.safe = None;
        if let Some(handoff) = self.state.handoff.as_mut() {
            handoff.answered = false;
            handoff.reminders = 0;
        }
        self.await_claim();
        self.arm_update();
    }

    /// Why somebody had better not take this crisis. Whoever insists gets it: it must not be nobody's.
    pub(super) fn strain(&mut self, staff: &Staff) -> Option<String> {
        let me = self.facts.colleague(&staff.id)?;
        if !self.in_crisis() || self.state.address.channel == DRILL || me.can_take_a_crisis(self.now) {
            return None;
        }
        let why = if me.spared {
            "You asked for no crises.".to_string()
        } else if me.crises_open > 0 {
            "You have an open crisis already.".into()
        } else if me.crises >= Colleague::CRISES {
            format!("You have had {} crises in this shift.", Colleague::CRISES)
        } else {
            let until = self.facts.clock(me.rests.unwrap_or(self.now));
            format!("You have just had one, and rest until {}.", super::reply::clock(until))
        };
        let free: Vec<&str> = self
            .facts
            .crew
            .iter()
            .filter(|other| other.id != staff.id && other.here && other.can_take_a_crisis(self.now))
            .map(|other| other.name.as_str())
            .collect();
        let handoff = self.state.handoff.as_mut()?;
        if handoff.insists.as_ref() == Some(&staff.id) {
            return None;
        }
        handoff.insists = Some(staff.id.clone());
        let free = if free.is_empty() { String::new() } else { format!(" {} could take it.", list(&free)) };
        self.note(format!("{} was asked to leave it to somebody else: {why}", staff.name));
        // The next people are called now, not when the clock runs out.
        self.unclaimed();
        Some(format!("{why}{free} The next people are being called. If nobody else can, claim it again."))
    }

    /// Back to the person that the customer knows, where that person is there.
    pub(super) fn reserve(&mut self) {
        let Some(helper) = self.state.helper.clone() else { return };
        let days = self.now.duration_since(helper.at).as_hours() / 24;
        let crisis = self.in_crisis();
        if crisis || days >= i64::from(self.rules.known_days) {
            return;
        }
        let Some(known) = self.facts.colleague(&helper.staff.id) else { return };
        let (here, fields) = (known.here, [("name", json!(helper.staff.name))]);
        if here && let Ok(until) = self.now.checked_add(RESERVED) {
            if let Some(handoff) = self.state.handoff.as_mut() {
                handoff.reserved = Some(Reserved { staff: helper.staff, until });
            }
            self.say_word("known_here", &fields);
        } else {
            self.say_word("known_away", &fields);
        }
    }
}

/// Names as people read them.
fn list(names: &[&str]) -> String {
    if names.is_empty() { "nobody".into() } else { names.join(", ") }
}
