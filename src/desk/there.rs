//! What another desk's people, messages and clicks are called here.
//!
//! Owns: ids of its staff, names of its messages, the `callback` of what was done there by a click and not in words.
//! Invariants: no name means two things, whichever desks there are.
//! Leaves out: what is shown there (`mirror`).

/// The beginning of staff's ids there.
const STAFF: &str = "chatwoot:";

/// The id here of a user there.
pub fn staff_there(user: u64) -> String {
    format!("{STAFF}{user}")
}

/// True for the id of somebody who works there.
pub fn works_there(staff: &str) -> bool {
    staff.starts_with(STAFF)
}

/// Names of messages there begin below this. Telegram's are above zero, those of the API between zero and -2^30.
const BELOW: i64 = -(1 << 40);

/// The name here of a message there.
pub fn message_name(message: u64) -> i64 {
    BELOW - i64::try_from(message).unwrap_or(0).min(i64::MAX / 2)
}

/// The message there, where a name means one.
pub(super) fn message_there(name: i64) -> Option<u64> {
    (name <= BELOW).then(|| name.abs_diff(BELOW))
}

/// What somebody did there by a click and not in words. Its name is the `callback` of its event, so that the answer is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// Wrote to the customer, which claims what nobody has.
    Wrote,
    /// Wrote a private note.
    Noted,
    /// Assigned it to somebody.
    Assigned,
    /// Assigned it to nobody.
    Unassigned,
    /// Resolved it.
    Resolved,
    /// Deleted a message.
    Deleted,
}

impl Pressed {
    pub(super) const ALL: [(Pressed, &'static str); 6] = [
        (Pressed::Wrote, "chatwoot:wrote"),
        (Pressed::Noted, "chatwoot:noted"),
        (Pressed::Assigned, "chatwoot:assigned"),
        (Pressed::Unassigned, "chatwoot:unassigned"),
        (Pressed::Resolved, "chatwoot:resolved"),
        (Pressed::Deleted, "chatwoot:deleted"),
    ];

    /// The event's `callback`.
    pub fn callback(self) -> String {
        Pressed::ALL.into_iter().find(|(pressed, _)| *pressed == self).map_or(String::new(), |(_, name)| name.into())
    }
}

/// The click that a `callback` stands for; none for those of other desks.
pub fn pressed(callback: &str) -> Option<Pressed> {
    Pressed::ALL.into_iter().find(|(_, name)| *name == callback).map(|(pressed, _)| pressed)
}
