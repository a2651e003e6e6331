//! What a step may know about the world.
//!
//! Owns: `Facts` (made by `desk` for each step), `Profile` (what a channel can do).
//! Leaves out: how facts are found out.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a channel can do. The core never asks which channel it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Has buttons; without, choices are a numbered list.
    pub buttons: bool,
    /// Can ask for the sender's own phone number with a button.
    pub contact_button: bool,
    /// The sender's address is a phone number that the network vouches for.
    pub sender_is_phone: bool,
    /// STOP, START and HELP are honoured as carriers require.
    pub opt_out_words: bool,
    /// The gateway confirms opt-outs itself.
    pub gateway_confirms_opt_out: bool,
    /// Staff's media can be copied to the customer.
    pub media: bool,
    /// What was sent can be changed and deleted; a short line costs nothing.
    pub edits: bool,
}

/// How far staff can be reached now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// A desk is configured and it is within its hours.
    Open,
    /// A desk is configured, but nobody is on shift.
    Closed,
    /// No desk is configured: the queue is all there is.
    NoDesk,
}

/// When some of the staff are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// How far they can be reached.
    pub reach: Reach,
    /// When they are there next, in local time.
    pub opens: Option<DateTime>,
    /// Until when they are there, in local time.
    pub closes: Option<DateTime>,
}

/// Somebody of the staff, as the desk knows them now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Colleague {
    /// Stable id, with its channel.
    pub id: String,
    /// What customers read.
    pub name: String,
    /// On shift, and not on a break.
    pub here: bool,
    /// They have said whether they are there; otherwise the desk's hours speak for them.
    pub said: bool,
    /// Crises that they have now.
    pub crises_open: u32,
    /// Crises that they have had in this shift.
    pub crises: u32,
    /// Rests after a crisis until then.
    pub rests: Option<Timestamp>,
    /// Asked for no crises.
    pub spared: bool,
}

impl Colleague {
    /// Crises that one person takes in a shift.
    pub const CRISES: u32 = 4;

    /// Not one crisis after another, and none for whoever asked for none.
    pub fn can_take_a_crisis(&self, now: Timestamp) -> bool {
        !self.spared && self.crises_open == 0 && self.crises < Colleague::CRISES && self.rests.is_none_or(|until| until <= now)
    }
}

/// Something that is wrong for everybody, said before the answers that it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// The intent that it concerns; all, where none is named.
    pub intent: Option<String>,
    /// The words.
    pub text: String,
}

/// What the desk says now.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// The shop's local time.
    pub local: DateTime,
    /// How far staff can be reached.
    pub reach: Reach,
    /// When the desk opens next, in local time.
    pub opens: Option<DateTime>,
    /// When it closes, in local time, while it is open.
    pub closes: Option<DateTime>,
    /// What the customer's channel can do.
    pub profile: Profile,
    /// Where the shop's clocks are.
    pub zone: TimeZone,
    /// The staff.
    pub crew: Arc<Vec<Colleague>>,
    /// How long most people have waited lately, in minutes, where enough have.
    pub wait: Option<(u32, u32)>,
    /// Every message goes to a person.
    pub bot_off: bool,
    /// What is wrong for everybody.
    pub incident: Option<Incident>,
    /// Teams with hours of their own, by name.
    pub teams: Arc<BTreeMap<String, Times>>,
    /// Groups of staff that have little room left in this minute.
    pub full: Vec<i64>,
    /// Groups that take nothing from the bot at present.
    pub shut: Vec<i64>,
}

impl Facts {
    /// A moment in a shop of which nothing else is known.
    pub fn new(local: DateTime, reach: Reach, profile: Profile) -> Self {
        Facts {
            local,
            reach,
            opens: None,
            closes: None,
            profile,
            zone: TimeZone::UTC,
            crew: Arc::default(),
            wait: None,
            bot_off: false,
            incident: None,
            teams: Arc::default(),
            full: Vec::new(),
            shut: Vec::new(),
        }
    }

    /// Somebody of the staff.
    pub fn colleague(&self, id: &str) -> Option<&Colleague> {
        self.crew.iter().find(|colleague| colleague.id == id)
    }

    /// Somebody of the staff by the name that colleagues write: whole, or its only beginning.
    pub fn named(&self, name: &str) -> Option<&Colleague> {
        let name = name.trim_start_matches('@').to_lowercase();
        let begins = |colleague: &&Colleague| colleague.name.to_lowercase().starts_with(&name);
        let whole = self.crew.iter().find(|colleague| colleague.name.to_lowercase() == name);
        let mut found = self.crew.iter().filter(begins);
        whole.or(found.next().filter(|_| !name.is_empty() && found.next().is_none()))
    }

    /// When the shop's clocks show this.
    pub fn moment(&self, local: DateTime) -> Option<Timestamp> {
        local.to_zoned(self.zone.clone()).ok().map(|zoned| zoned.timestamp())
    }

    /// What the shop's clocks show then.
    pub fn clock(&self, at: Timestamp) -> DateTime {
        at.to_zoned(self.zone.clone()).datetime()
    }

    /// How far away a moment is that the shop's clocks will show; nothing where it has passed.
    pub fn until(&self, local: DateTime, now: Timestamp) -> Option<SignedDuration> {
        self.moment(local).map(|at| at.duration_since(now)).filter(SignedDuration::is_positive)
    }
}
