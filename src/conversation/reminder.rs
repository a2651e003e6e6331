//! Nobody has claimed it, or nobody has answered: staff are reminded.
//!
//! Owns: the timer of a handoff; the next step of the ladder, when it is due or an alert has failed.
//! Invariants: a handoff has a running timer until a person's words have arrived.
//! Leaves out: whom to alert (`desk`).

use super::effect::{DeskNote, Effect, Timer, Who};
use super::ladder::GROUP;
use super::parts::Owner;
use super::step::Turn;

/// The key of the timer that reminds staff.
pub(super) const UNCLAIMED: &str = "unclaimed";

impl Turn<'_> {
    /// The customer wrote to the person who has it: until a human word is delivered, that person is reminded.
    pub(super) fn unanswered(&mut self) {
        if let Some(handoff) = self.state.handoff.as_mut()
            && handoff.answered
        {
            handoff.answered = false;
            handoff.reminders = 0;
            handoff.updates = 0;
            self.await_claim();
            self.arm_update();
        }
    }

    /// Arms the timer that reminds staff while nobody has claimed the handoff.
    pub(super) fn await_claim(&mut self) {
        if let Some(handoff) = &self.state.handoff
            && let Ok(at) = self.now.checked_add(self.rules.ladder.wait(handoff.urgency, handoff.reminders))
        {
            self.effects.push(Effect::Timer(Timer { key: UNCLAIMED.into(), at }));
        }
    }

    /// The reminder is due: nobody has claimed it, or nobody has answered; or it is void.
    pub(super) fn unclaimed(&mut self) {
        let Some(handoff) = self.state.handoff.as_mut() else { return };
        if handoff.answered && self.state.owner != Owner::Waiting {
            return;
        }
        handoff.reminders += 1;
        let times = handoff.reminders;
        self.desk(DeskNote::StillWaiting { times });
        self.await_claim();
    }

    /// An alert did not get through: it counts as unanswered, and the next step is taken at once, where there is another one.
    pub(super) fn alert_failed(&mut self, way: &str, number: u64, step: u32) {
        let Some(handoff) = self.state.handoff.clone().filter(|handoff| handoff.number == number) else { return };
        // What is posted into the group for a climb fails there like what came before: that says nothing new.
        if way == GROUP {
            if handoff.unreached {
                return;
            }
            if let Some(handoff) = self.state.handoff.as_mut() {
                handoff.unreached = true;
            }
        }
        self.note(format!("An alert did not get through: {way}"));
        let open = !handoff.answered && handoff.reminders == step;
        let climbs = open && self.rules.ladder.is_higher(handoff.urgency, step);
        let next = if climbs { " The next step is taken now." } else { "" };
        let text = format!("An alert did not get through: {way}.{next}");
        self.desk(DeskNote::Relay { who: Who::Note, text, external: None });
        if climbs {
            self.unclaimed();
        }
    }
}
