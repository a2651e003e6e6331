//! Whom staff answer no more, and what a customer needs.
//!
//! Owns: blocking and its end; needs, written down by staff with the customer's yes.
//! Invariants: nobody is blocked during a crisis, and whoever is blocked is heard in the next one; a need is never inferred, and is
//! gone after twelve months; the number of somebody who has died gets no message.
//! Leaves out: what care hears.

use super::effect::{DeskNote, Effect};
use super::event::Staff;
use super::parts::Need;
use super::step::Turn;
use jiff::SignedDuration;

/// How long a need is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 365);

/// What can be needed. The first one silences the number.
const BEREAVED: &str = "bereaved";
const NEEDS: [&str; 5] = [BEREAVED, "interpreter", "hearing", "slower pace", "safe hours"];

impl Turn<'_> {
    /// `/block WHY`: the bot and staff answer no more; a crisis still gets through.
    pub(super) fn block(&mut self, staff: &Staff, why: Option<&str>) -> String {
        if let Some(refusal) = self.refusal(staff) {
            return refusal;
        }
        if self.in_crisis() {
            return "This is a crisis: nobody is blocked now. Hand it to a colleague with /assign, or give it back with /release.".into();
        }
        let Some(why) = why else { return "Say why: /block threatened the staff twice. A crisis of theirs still gets through.".into() };
        self.note(format!("{} blocked them: {why}", staff.name));
        self.as_notice();
        self.say_word("shut_out", &[]);
        self.speak();
        self.state.flags.shut_out = true;
        self.end(&staff.name);
        "They are blocked. Only a crisis of theirs is still shown. /unblock ends it.".into()
    }

    /// `/unblock`.
    pub(super) fn unblock(&mut self, staff: &Staff) -> String {
        if !std::mem::take(&mut self.state.flags.shut_out) {
            return "They are not blocked.".into();
        }
        self.note(format!("{} unblocked them", staff.name));
        "They are answered again.".into()
    }

    /// `/need interpreter: she asked for one`.
    pub(super) fn need(&mut self, staff: &Staff, words: Option<&str>) -> String {
        let how = || {
            format!(
                "Write down what they asked for themselves, and that they agreed: /need interpreter: Polish, she said yes. One of: {}. \
                 /need none forgets them all.",
                NEEDS.join(", ")
            )
        };
        let Some(words) = words else { return how() };
        if words == "none" {
            self.state.needs.clear();
            self.state.flags.bereaved = false;
            self.note(format!("{} forgot what they need", staff.name));
            return "Nothing is noted any more.".into();
        }
        let what = words.to_lowercase();
        let Some(kind) = NEEDS.iter().find(|need| what.starts_with(*need) && words.len() > need.len() + 2) else { return how() };
        self.state.needs.push(Need { what: words.to_string(), by: staff.name.clone(), at: self.now });
        self.note(format!("{} notes a need: {words}", staff.name));
        self.desk(DeskNote::Changed);
        if *kind == BEREAVED {
            self.state.flags.bereaved = true;
            self.effects.push(Effect::DropBotLines);
            return "Noted. Nothing is sent to this number any more.".into();
        }
        "Noted for twelve months.".into()
    }

    /// Forgets needs that are too old.
    pub(super) fn old_needs(&mut self) {
        let now = self.now;
        self.state.needs.retain(|need| now.duration_since(need.at) < KEPT);
    }
}
