//! What staff can't do by one tap.
//!
//! Owns: closing a crisis, saying that it is none, and writing to somebody whose phone another person may read: each takes the
//! claimer's reason, kept in the transcript.
//! Invariants: a crisis ends, or becomes less urgent, only by people and with reasons; 'not a crisis' takes two of them, or,
//! where only one person is there, a second look the next day; only the customer's own word lifts `do_not_text`.
//! The silence itself begins here too: one neutral line, or none.
//! Leaves out: everything that a tap may do (`staff`).

use super::effect::{DeskNote, Effect, Timer, Who};
use super::event::Staff;
use super::handoff::DRILL;
use super::parts::{Asked, Owner, SafeWord};
use super::review::Why;
use super::step::Turn;
use super::urgency::{Reason, Urgency};
use crate::care::Level;
use jiff::SignedDuration;

/// When a crisis that one person alone called none is looked at again.
const NEXT_DAY: SignedDuration = SignedDuration::from_hours(20);

/// The key of the timer for a second look at what one person alone called no crisis.
pub(super) const REVIEW: &str = "review";

impl Turn<'_> {
    pub(super) fn in_crisis(&self) -> bool {
        self.state.handoff.as_ref().is_some_and(|handoff| handoff.urgency == Urgency::Crisis)
    }

    pub(super) fn in_distress(&self) -> bool {
        self.state.handoff.as_ref().is_some_and(|handoff| handoff.urgency == Urgency::Distress && handoff.reason != Reason::CheckIn)
    }

    /// A crisis is closed with a reason; the customer reads nothing of it, and may write on at any time.
    pub(super) fn close_crisis(&mut self, staff: &Staff, why: Option<String>) -> String {
        let Some(why) = why else {
            return "This is a crisis: close it with what was done, for those who come after you: /close she is with her sister, \
                    called at 15:10"
                .into();
        };
        self.note(format!("{} closed the crisis: {why}", staff.name));
        self.judged(true);
        self.end(&staff.name);
        if self.state.address.channel != DRILL {
            self.ask_check_in(staff);
        }
        String::new()
    }

    /// One person says why; another one confirms it.
    pub(super) fn not_a_crisis(&mut self, staff: &Staff, why: Option<String>) -> String {
        if !self.in_crisis() {
            return "This is no crisis.".into();
        }
        let Some(handoff) = self.state.handoff.as_mut() else { return String::new() };
        match (&handoff.doubted, why) {
            (Some(first), _) if *first == staff.id && self.rules.alone => {}
            (Some(first), _) if *first == staff.id => return "Somebody else must confirm it with /notacrisis.".into(),
            (Some(_), _) => {
                self.note(format!("{} confirmed that it is no crisis", staff.name));
                return self.less_urgent();
            }
            (None, None) => return "Say why: /notacrisis he quoted a song".into(),
            (None, Some(why)) => {
                handoff.doubted = Some(staff.id.clone());
                self.note(format!("{} says that it is no crisis: {why}", staff.name));
                if !self.rules.alone {
                    let text = format!(
                        "{} says that this is no crisis: {why}. It stays one until somebody else agrees with /notacrisis.",
                        staff.name
                    );
                    self.desk(DeskNote::Relay { who: Who::Note, text, external: None });
                    return String::new();
                }
            }
        }
        if let Ok(at) = self.now.checked_add(NEXT_DAY) {
            self.effects.push(Effect::Timer(Timer { key: REVIEW.into(), at }));
        }
        self.less_urgent()
    }

    fn less_urgent(&mut self) -> String {
        self.judged(false);
        self.put_on_list(Why::Downgraded);
        if let Some(handoff) = self.state.handoff.as_mut() {
            handoff.urgency = Urgency::Distress;
            handoff.reason = Reason::Care(Level::Distress);
            handoff.kind = None;
            handoff.doubted = None;
        }
        self.await_claim();
        self.desk(DeskNote::Changed);
        "It is handled as distress from now on.".into()
    }

    /// The day after: one person alone called it no crisis.
    pub(super) fn review(&mut self) {
        let text = "REVIEW: yesterday one person alone called this no crisis. Read the words again with /transcript.".into();
        self.desk(DeskNote::Relay { who: Who::Note, text, external: None });
    }

    /// Whoever reads this phone may be the danger: one neutral line, then silence until the customer says that it is safe. Where
    /// they say that somebody else reads it, not even that line.
    pub(super) fn keep_silent(&mut self, read: bool) {
        self.state.safe = None;
        if self.state.flags.do_not_text {
            return;
        }
        self.effects.push(Effect::DropBotLines);
        if read {
            self.state.asked = None;
            self.state.flags.do_not_text = true;
            return;
        }
        self.state.asked = Some(Asked::SafeToReply);
        if matches!(self.state.owner, Owner::Human { .. }) || self.state.flags.opted_out {
            self.state.flags.do_not_text = true;
        } else {
            self.introduced();
            self.as_last_word();
            self.say_word("crisis.abuse", &[]);
            self.silence_after = true;
        }
    }

    /// Why the next words may be sent although somebody else may read the phone.
    pub(super) fn safe(&mut self, staff: &Staff, why: Option<String>) -> String {
        if let Some(refusal) = self.refusal(staff) {
            return refusal;
        }
        if !self.state.flags.do_not_text {
            return "Nothing keeps you from writing here.".into();
        }
        let Some(why) = why else {
            return "Say how you know that it is safe: /safe she called us from her sister's phone".into();
        };
        self.note(format!("{} says why the next message is safe: {why}", staff.name));
        self.state.safe = Some(SafeWord { staff: staff.id.clone(), why });
        "Your next message here will be sent, that one only.".into()
    }
}
