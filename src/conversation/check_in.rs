//! Looking in again after a crisis or distress.
//!
//! Owns: asking whoever closed it for a check-in or a reason for none; opening it when it is due.
//! Invariants: a question that nobody answers becomes a handoff itself, so that it climbs like any other; a check-in says
//! nothing to the customer by itself: a person does.
//! Leaves out: what is said then.

use super::effect::{DeskNote, Effect, Timer};
use super::event::Staff;
use super::parts::CheckIn;
use super::promise::moment_of;
use super::step::Turn;
use super::urgency::Reason;
use crate::care::Assessment;
use jiff::SignedDuration;

/// The key of the timer.
pub(super) const CHECK_IN: &str = "check_in";

/// So long nobody may have answered the question.
const ASKED: SignedDuration = SignedDuration::from_mins(30);

const HOW: &str = "Say when somebody looks in, and what was agreed: /checkin tomorrow 10:00 ring her, she said yes, alone at home. \
                   Or why nobody needs to: /checkin none her sister stays with her";

impl Turn<'_> {
    /// A crisis or distress was closed: does somebody look in again?
    pub(super) fn ask_check_in(&mut self, staff: &Staff) {
        self.state.check_in = Some(CheckIn { by: staff.name.clone(), at: None, what: String::new() });
        self.desk(DeskNote::Notice { text: format!("{}, does somebody look in again? {HOW}", staff.name) });
        self.check_in_at(self.now.checked_add(ASKED));
    }

    fn check_in_at(&mut self, at: Result<jiff::Timestamp, jiff::Error>) {
        if let Ok(at) = at {
            self.effects.push(Effect::Timer(Timer { key: CHECK_IN.into(), at }));
        }
    }

    /// `/checkin tomorrow 10:00 ring her` or `/checkin none WHY`.
    pub(super) fn check_in(&mut self, staff: &Staff, words: Option<&str>) -> String {
        let Some(words) = words else { return HOW.into() };
        if let Some(why) = words.strip_prefix("none") {
            if why.trim().is_empty() {
                return HOW.into();
            }
            self.state.check_in = None;
            self.effects.push(Effect::Cancel { key: CHECK_IN.into() });
            self.note(format!("{}: nobody looks in again:{why}", staff.name));
            return "Noted: nobody looks in again.".into();
        }
        let Some((local, what)) = moment_of(words, self.facts.local).filter(|(_, what)| !what.is_empty()) else { return HOW.into() };
        let Some(away) = self.facts.until(local, self.now) else { return "That time has passed. Name the day: tomorrow 10:00".into() };
        let at = self.now.checked_add(away);
        let time = self.moment(local);
        self.note(format!("{}: somebody looks in at {time}: {what}", staff.name));
        self.state.check_in = Some(CheckIn { by: staff.name.clone(), at: at.clone().ok(), what });
        self.check_in_at(at);
        format!("Noted. It is in the queue at {time}.")
    }

    /// It is due, or nobody has said whether there is one.
    pub(super) fn check_in_due(&mut self) {
        let Some(check_in) = self.state.check_in.take() else { return };
        if self.state.handoff.is_some() {
            // Somebody has them anyway, and reads this.
            let text = format!("A check-in is due now: {}. /checkin none WHY when it is done.", words(&check_in));
            self.state.check_in = Some(check_in);
            self.check_in_at(self.now.checked_add(ASKED));
            self.unanswered();
            return self.desk(DeskNote::Notice { text });
        }
        self.note(format!("A check-in is due: {}", words(&check_in)));
        self.open(Reason::CheckIn, &Assessment::default(), false);
        if let Some(handoff) = self.state.handoff.as_mut() {
            handoff.words = words(&check_in);
            handoff.wrote = 0;
        }
    }
}

fn words(check_in: &CheckIn) -> String {
    match check_in.at {
        Some(_) => format!("{} (planned by {})", check_in.what, check_in.by),
        None => format!("{} closed a crisis or distress and has not said whether somebody looks in again", check_in.by),
    }
}
