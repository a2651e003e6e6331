//! One customer who writes by two channels.
//!
//! Owns: [`Kin`], what two conversations of one person tell each other; joining by proof and parting again; one person of the
//! staff for both; what is true of the person, in both.
//! Invariants: conversations are joined by proof alone (a number that one channel vouches for and the other is), visibly to
//! staff, and what staff have parted stays parted; transcripts stay apart; what endangers or excludes a person is told and never
//! lifted from elsewhere: a conversation lifts its own, by its own customer or staff; STOP of one channel ends what the other sends
//! unprompted, and never an answer to who writes there; whoever has one of two has the other, unless they have gone or it is one
//! crisis too many.
//! Leaves out: finding the other conversation, carrying words between them (`app`).

use super::action::Acted;
use super::effect::{DeskNote, Effect, Who};
use super::event::Staff;
use super::handoff::DRILL;
use super::id::ConversationId;
use super::parts::{Flags, Need, Owner};
use super::step::Turn;
use super::urgency::Urgency;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Nobody is believed to write by more channels.
const MOST: usize = 4;

/// A word about who has them is old after this: a conversation may have been closed since.
const FRESH: SignedDuration = SignedDuration::from_mins(2);

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
    /// What is true of them there now. Only what is true counts; `opted_out` alone is taken as it stands.
    Flags {
        /// As it is there.
        flags: Flags,
    },
    /// What they need.
    Needs {
        /// All of it, or what is to be added.
        needs: Vec<Need>,
        /// What is not named any more is gone.
        all: bool,
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
        /// From whom they took it, where they did.
        from: Option<String>,
        /// When.
        at: Timestamp,
    },
    /// Whoever had them there gave them back.
    Freed {
        /// Who.
        staff: Staff,
    },
    /// Staff did something for them there, or it has ended.
    Acted {
        /// What.
        acted: Box<Acted>,
    },
}

impl Turn<'_> {
    pub(super) fn kin(&mut self, from: ConversationId, word: Kin) {
        let known = self.state.joined.iter().any(|joined| joined.with == from);
        match word {
            Kin::Joined { channel } => self.join(from, channel),
            _ if !known => {}
            Kin::Parted => self.unjoin(from),
            Kin::Flags { flags } => self.same_person(&flags),
            Kin::Needs { needs, all } => self.same_needs(needs, all),
            Kin::Opened { channel, urgency } => self.needed_there(from, &channel, urgency),
            Kin::Claimed { staff, from, at } => self.claimed_there(&staff, from.as_deref(), at),
            Kin::Freed { staff } => self.freed_there(&staff),
            Kin::Acted { acted } => self.acted_there(from, *acted),
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
        let own: Vec<Acted> = self.state.acted.iter().filter(|acted| acted.from.is_none()).cloned().collect();
        own.into_iter().for_each(|acted| self.pass(with, Kin::Acted { acted: Box::new(acted) }));
        self.pass(with, Kin::Flags { flags: self.state.flags.clone() });
        if !self.state.needs.is_empty() {
            self.pass(with, Kin::Needs { needs: self.state.needs.clone(), all: false });
        }
        match self.state.owner.clone() {
            Owner::Human { staff } => self.pass(with, Kin::Claimed { staff, from: None, at: self.now }),
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
        self.parted();
        self.note(format!("{} parted it from the other conversation", staff.name));
        "These are two conversations again, and stay so. What was noted of both still is: look at needs, and at what may be sent.".into()
    }

    fn unjoin(&mut self, with: ConversationId) {
        self.state.joined.retain(|joined| joined.with != with);
        self.state.parted.push(with);
        self.parted();
        self.known_to_staff("The other conversation has been parted from this one.".into());
    }

    /// STOP there is somebody else's. What was done there counts on: else two words would double a limit.
    fn parted(&mut self) {
        self.state.flags.opted_out_there = false;
        self.desk_changed();
    }

    /// What is true of the person holds here too.
    fn same_person(&mut self, there: &Flags) {
        let before = self.state.flags.clone();
        let flags = &mut self.state.flags;
        flags.opted_out_there = there.opted_out;
        flags.do_not_text |= there.do_not_text;
        flags.shut_out |= there.shut_out;
        flags.bereaved |= there.bereaved;
        flags.minor |= there.minor;
        let now = self.state.flags.clone();
        let changes = [
            (before.do_not_text, now.do_not_text, "somebody else may read their phone"),
            (before.shut_out, now.shut_out, "they are blocked"),
            (before.bereaved, now.bereaved, "this number belonged to somebody who has died"),
            (before.minor, now.minor, "they say that they are under 18"),
            (before.opted_out_there, now.opted_out_there, "they opted out there: nothing unprompted is sent here, answers are"),
        ];
        let new: Vec<&str> = changes.into_iter().filter(|(before, now, _)| !before && *now).map(|(_, _, what)| what).collect();
        if !new.is_empty() {
            self.known_to_staff(format!("By their other channel: {}.", new.join("; ")));
            self.desk_changed();
        }
        self.safeguard();
    }

    fn same_needs(&mut self, needs: Vec<Need>, all: bool) {
        let before = self.state.needs.clone();
        if all {
            self.state.needs = needs;
        } else {
            for need in needs {
                if !self.state.needs.iter().any(|known| known.what == need.what) {
                    self.state.needs.push(need);
                }
            }
        }
        if self.state.needs != before {
            self.known_to_staff("What they need was noted by their other channel: the card shows it.".into());
            self.desk_changed();
        }
    }

    fn needed_there(&mut self, from: ConversationId, channel: &str, urgency: Urgency) {
        let text = format!("The same customer needs somebody by {channel} too ({}, {}).", urgency.name(), from.short());
        match self.state.owner.clone() {
            Owner::Human { staff } => {
                self.note(text.clone());
                self.desk(DeskNote::Notice { text });
                self.pass(from, Kin::Claimed { staff, from: None, at: self.now });
            }
            Owner::Waiting => self.known_to_staff(text),
            Owner::Bot => {}
        }
    }

    /// One person for both: where nobody has this one, or whoever gave up the other. Not somebody who has gone, and no crisis on top
    /// of another.
    fn claimed_there(&mut self, staff: &Staff, from: Option<&str>, at: Timestamp) {
        let ours = match &self.state.owner {
            Owner::Waiting => true,
            Owner::Human { staff: owner } => owner.id != staff.id && from == Some(owner.id.as_str()),
            Owner::Bot => false,
        };
        if !ours || self.now.duration_since(at) > FRESH {
            return;
        }
        let me = self.facts.colleague(&staff.id).cloned();
        let fit = me.is_none_or(|me| (me.here || !me.said) && (!self.in_crisis() || me.can_take_a_crisis(self.now)));
        if !fit {
            return self.known_to_staff(format!("{} has the same customer by another channel; this one still needs somebody.", staff.name));
        }
        self.goes_to(staff.clone());
        self.begins_anew();
        let text = format!("{} has the same customer by another channel, and this one with it.", staff.name);
        self.note(text.clone());
        self.desk(DeskNote::Assigned { text });
    }

    fn freed_there(&mut self, staff: &Staff) {
        if matches!(&self.state.owner, Owner::Human { staff: owner } if owner.id == staff.id) {
            self.free(staff, "gave back the other conversation of this customer, and this one with it");
        }
    }

    /// What was done there counts here: one customer, one limit.
    fn acted_there(&mut self, from: ConversationId, acted: Acted) {
        let same = |known: &&mut Acted| known.from == Some(from) && known.number == acted.number;
        match self.state.acted.iter_mut().find(same) {
            Some(known) => known.outcome = acted.outcome,
            None => self.state.acted.push(Acted { from: Some(from), message: 0, ..acted }),
        }
    }

    /// The other conversations hear of a handoff here.
    pub(super) fn kin_opened(&mut self) {
        let Some(urgency) = self.state.handoff.as_ref().map(|handoff| handoff.urgency) else { return };
        let channel = self.state.address.channel.clone();
        self.pass_all(&Kin::Opened { channel, urgency });
    }

    /// And of who has it now, and from whom.
    pub(super) fn kin_claimed(&mut self, staff: &Staff) {
        let from = match &self.state.owner {
            Owner::Human { staff } => Some(staff.id.clone()),
            _ => None,
        };
        self.pass_all(&Kin::Claimed { staff: staff.clone(), from, at: self.now });
    }

    /// And of what has changed about the person.
    pub(super) fn tell_kin(&mut self, flags: &Flags, needs: &[Need]) {
        let shared = |flags: &Flags| Flags { blocked: false, opted_out_there: false, ..flags.clone() };
        if shared(&self.state.flags) != shared(flags) {
            self.pass_all(&Kin::Flags { flags: self.state.flags.clone() });
        }
        if self.state.needs != needs {
            self.pass_all(&Kin::Needs { needs: self.state.needs.clone(), all: true });
        }
    }

    pub(super) fn pass_all(&mut self, word: &Kin) {
        let others: Vec<ConversationId> = self.state.joined.iter().map(|joined| joined.with).collect();
        others.into_iter().for_each(|with| self.pass(with, word.clone()));
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
