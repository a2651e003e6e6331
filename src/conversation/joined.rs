//! One customer who writes by two channels.
//!
//! Owns: [`Kin`], what two conversations of one person tell each other; joining by proof and parting again; one person of the
//! staff for both; what is true of the person, in both.
//! Invariants: conversations are joined by proof alone (a number that one channel vouches for and the other is), visibly to
//! staff, and what staff have parted stays parted; transcripts stay apart; what a person must not be sent holds in both, but whoever
//! writes by a channel without STOP themselves is answered there; nobody has one of two while a colleague takes the other.
//! Leaves out: finding the other conversation, carrying words between them (`app`).

use super::effect::{DeskNote, Effect, Who};
use super::event::Staff;
use super::handoff::DRILL;
use super::id::ConversationId;
use super::parts::{Flags, Need, Owner};
use super::step::Turn;
use super::urgency::Urgency;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Nobody is believed to write by more channels.
const MOST: usize = 4;

/// Another conversation of the same person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// The conversation.
    pub with: ConversationId,
    /// Its channel.
    pub channel: String,
    /// Since when that is known.
    pub at: Timestamp,
}

/// What a conversation hears from another one of the same person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kin")]
pub enum Kin {
    /// It is the same person, by proof.
    Joined {
        /// Its channel.
        channel: String,
    },
    /// Staff say that it is not.
    Parted,
    /// What is true of them has changed.
    Flags {
        /// As it is there.
        flags: Flags,
        /// What they need.
        needs: Vec<Need>,
    },
    /// They need a person there.
    Opened {
        /// Its channel.
        channel: String,
        /// How soon.
        urgency: Urgency,
    },
    /// Somebody has them there.
    Claimed {
        /// Who.
        staff: Staff,
    },
}

impl Turn<'_> {
    pub(super) fn kin(&mut self, from: ConversationId, word: Kin) {
        let known = self.state.joined.iter().any(|joined| joined.with == from);
        match word {
            Kin::Joined { channel } => self.join(from, channel),
            _ if !known => {}
            Kin::Parted => self.unjoin(from),
            Kin::Flags { flags, needs } => self.same_person(&flags, needs),
            Kin::Opened { channel, urgency } => self.needed_there(from, &channel, urgency),
            Kin::Claimed { staff } => self.claimed_there(&staff),
        }
    }

    fn join(&mut self, with: ConversationId, channel: String) {
        let known = self.state.joined.iter().any(|joined| joined.with == with) || self.state.parted.contains(&with);
        if known || self.state.joined.len() >= MOST || self.state.address.channel == DRILL {
            return;
        }
        self.known_to_staff(format!(
            "The same customer also writes by {channel} ({}): the number proves it. /part ends that.",
            with.short()
        ));
        self.state.joined.push(Joined { with, channel, at: self.now });
        let Flags { opted_out, do_not_text, minor, shut_out, bereaved, .. } = self.state.flags;
        if opted_out || do_not_text || minor || shut_out || bereaved || !self.state.needs.is_empty() {
            self.tell_kin();
        }
        match self.state.owner.clone() {
            Owner::Human { staff } => self.pass(with, Kin::Claimed { staff }),
            Owner::Waiting => self.kin_opened(),
            Owner::Bot => {}
        }
        self.desk_changed();
    }

    /// `/part`: they are two people after all.
    pub(super) fn part(&mut self, staff: &Staff) -> String {
        if self.state.joined.is_empty() {
            return "This conversation is joined with no other.".into();
        }
        for joined in std::mem::take(&mut self.state.joined) {
            self.state.parted.push(joined.with);
            self.pass(joined.with, Kin::Parted);
        }
        self.note(format!("{} parted it from the other conversation", staff.name));
        self.desk_changed();
        "These are two conversations again, and stay so. What was true of both still is: look at needs and flags.".into()
    }

    fn unjoin(&mut self, with: ConversationId) {
        self.state.joined.retain(|joined| joined.with != with);
        self.state.parted.push(with);
        self.known_to_staff("The other conversation has been parted from this one.".into());
        self.desk_changed();
    }

    /// What is true of the person holds here too.
    fn same_person(&mut self, there: &Flags, needs: Vec<Need>) {
        let before = self.state.flags.clone();
        let flags = &mut self.state.flags;
        flags.opted_out_there = there.opted_out && (!flags.opted_out || flags.opted_out_there);
        if there.opted_out {
            flags.opted_out = true;
        } else if before.opted_out_there {
            flags.opted_out = false;
        }
        flags.do_not_text = there.do_not_text;
        flags.shut_out = there.shut_out;
        flags.bereaved = there.bereaved;
        flags.minor |= there.minor;
        for need in needs {
            if !self.state.needs.iter().any(|known| known.what == need.what) {
                self.state.needs.push(need);
            }
        }
        if self.state.flags != before {
            self.known_to_staff("What they may be sent has changed by their other channel.".into());
            self.desk_changed();
        }
    }

    /// They write here themselves, by a channel that has no STOP: here they are answered.
    pub(super) fn writes_here(&mut self) {
        if self.state.flags.opted_out_there && !self.facts.profile.opt_out_words {
            self.state.flags.opted_out_there = false;
            self.state.flags.opted_out = false;
            self.note("They opted out by their other channel, and write here themselves: answered here");
        }
    }

    fn needed_there(&mut self, from: ConversationId, channel: &str, urgency: Urgency) {
        let text = format!("The same customer needs somebody by {channel} too ({}, {}).", urgency.name(), from.short());
        match self.state.owner.clone() {
            Owner::Human { staff } => {
                self.note(text.clone());
                self.desk(DeskNote::Notice { text: format!("{text} {} has both now.", staff.name) });
                self.pass(from, Kin::Claimed { staff });
            }
            Owner::Waiting => self.known_to_staff(text),
            Owner::Bot => {}
        }
    }

    fn claimed_there(&mut self, staff: &Staff) {
        if self.state.owner != Owner::Waiting {
            return;
        }
        self.goes_to(staff.clone());
        self.await_claim();
        let text = format!("{} has the same customer by another channel, and this one with it.", staff.name);
        self.note(text.clone());
        self.desk(DeskNote::Assigned { text });
    }

    /// The other conversations hear of a handoff here.
    pub(super) fn kin_opened(&mut self) {
        let Some(urgency) = self.state.handoff.as_ref().map(|handoff| handoff.urgency) else { return };
        let channel = self.state.address.channel.clone();
        for with in self.others() {
            self.pass(with, Kin::Opened { channel: channel.clone(), urgency });
        }
    }

    /// And of who has it.
    pub(super) fn kin_claimed(&mut self, staff: &Staff) {
        for with in self.others() {
            self.pass(with, Kin::Claimed { staff: staff.clone() });
        }
    }

    /// And of what is true of the person.
    pub(super) fn tell_kin(&mut self) {
        let flags = Flags { opted_out_there: false, blocked: false, ..self.state.flags.clone() };
        // What came from there is not told back.
        let flags = Flags { opted_out: flags.opted_out && !self.state.flags.opted_out_there, ..flags };
        for with in self.others() {
            self.pass(with, Kin::Flags { flags: flags.clone(), needs: self.state.needs.clone() });
        }
    }

    fn others(&self) -> Vec<ConversationId> {
        self.state.joined.iter().map(|joined| joined.with).collect()
    }

    fn pass(&mut self, to: ConversationId, word: Kin) {
        self.effects.push(Effect::Pass { to, word });
    }

    fn known_to_staff(&mut self, text: String) {
        self.note(text.clone());
        if self.state.handoff.is_some() {
            self.desk(DeskNote::Relay { who: Who::Note, text, external: None });
        }
    }

    fn desk_changed(&mut self) {
        if self.state.handoff.is_some() {
            self.desk(DeskNote::Changed);
        }
    }
}
