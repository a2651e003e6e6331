//! The queue of handoffs.
//!
//! Owns: one row a handoff, as staff read it, and its order: the most urgent first, then by when a word is owed: what was
//! promised, or the time that its urgency may wait. Whoever is angry and whoever asks politely are one band.
//! Leaves out: who may take which (`conversation`).

use crate::conversation::{ConversationId, Owner, Reserved, State, Urgency};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// One open handoff, without words, names or numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueRow {
    /// The conversation.
    pub id: ConversationId,
    /// How soon a person is needed.
    pub urgency: Urgency,
    /// Why, as the contracts write it.
    pub reason: String,
    /// The customer's channel.
    pub channel: String,
    /// Since when.
    pub opened: Timestamp,
    /// Who has it.
    pub owner: Option<String>,
    /// Their id.
    #[serde(default)]
    pub owner_id: Option<String>,
    /// By when a word is owed.
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// A person's words have been delivered, and the customer has written nothing since.
    #[serde(default)]
    pub answered: bool,
    /// Kept for this person until then.
    #[serde(default)]
    pub reserved: Option<Reserved>,
    /// The team that it is for; everybody where nobody is named.
    #[serde(default)]
    pub team: Option<String>,
}

impl QueueRow {
    /// The row of a conversation, while it has an open handoff.
    pub fn of(id: ConversationId, state: &State) -> Option<Self> {
        let handoff = state.handoff.as_ref()?;
        let owner = match &state.owner {
            Owner::Human { staff } => Some(staff),
            _ => None,
        };
        Some(QueueRow {
            id,
            urgency: handoff.urgency,
            reason: handoff.reason.name().to_string(),
            channel: state.address.channel.clone(),
            opened: handoff.opened,
            owner: owner.map(|staff| staff.name.clone()),
            owner_id: owner.map(|staff| staff.id.clone()),
            due: Some(handoff.due()),
            answered: handoff.answered,
            reserved: handoff.reserved.clone(),
            team: handoff.team.clone().filter(|_| handoff.urgency < Urgency::Distress),
        })
    }

    /// As staff read it.
    pub fn line(&self, now: Timestamp) -> String {
        let waiting = now.duration_since(self.opened).as_mins().max(0);
        let owner = self.owner.as_ref().map_or("nobody has it".to_string(), |name| format!("{name} has it"));
        let team = self.team.as_ref().map(|team| format!(" for {team}")).unwrap_or_default();
        let urgency = self.urgency.name().to_uppercase();
        format!("{urgency} {}:{:02} {} {}{team}, {owner}", waiting / 60, waiting % 60, self.channel, self.id.short())
    }

    /// The first that somebody may take: what is kept for them before what is kept for nobody, within the same urgency.
    pub fn next<'q>(rows: &'q [QueueRow], staff: &str, now: Timestamp, taken: impl Fn(&QueueRow) -> bool) -> Option<&'q QueueRow> {
        let kept =
            |row: &QueueRow| row.reserved.as_ref().filter(|reserved| reserved.until > now).map(|reserved| reserved.staff.id == staff);
        let free: Vec<&QueueRow> = rows.iter().filter(|row| row.owner.is_none() && kept(row) != Some(false) && !taken(row)).collect();
        let urgency = free.first()?.urgency;
        free.iter().find(|row| row.urgency == urgency && kept(row) == Some(true)).or(free.first()).copied()
    }

    /// Sorts by what comes first.
    pub fn sort(rows: &mut [QueueRow]) {
        rows.sort_by_key(|row| (Reverse(row.urgency), row.due.unwrap_or(row.opened), row.id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Staff;

    fn row(id: u8, urgency: Urgency, opened: &str, due: &str) -> QueueRow {
        let at = |time: &str| format!("2026-11-20T{time}:00Z").parse().expect("a time");
        QueueRow {
            id: ConversationId::from_bytes([id; 16]),
            urgency,
            reason: "x".into(),
            channel: "sms".into(),
            opened: at(opened),
            owner: None,
            owner_id: None,
            due: Some(at(due)),
            answered: false,
            reserved: None,
            team: None,
        }
    }

    #[test]
    fn the_most_urgent_first_then_by_when_a_word_is_owed() {
        let mut rows = [
            row(1, Urgency::Stuck, "08:00", "09:00"),
            row(2, Urgency::Asked, "10:00", "10:30"),
            row(3, Urgency::Asked, "09:00", "15:00"),
            row(4, Urgency::Crisis, "11:00", "11:02"),
            row(5, Urgency::Distress, "10:30", "10:40"),
        ];
        QueueRow::sort(&mut rows);
        assert_eq!(rows.iter().map(|row| row.id.bytes()[0]).collect::<Vec<_>>(), [4, 5, 2, 3, 1], "3 was promised something for 15:00");
        let now: Timestamp = "2026-11-20T11:05:00Z".parse().expect("a time");
        let next = |rows: &[QueueRow], staff: &str| QueueRow::next(rows, staff, now, |_| false).map(|row| row.id.bytes()[0]);
        assert_eq!(next(&rows, "7"), Some(4));
        let asked = &mut rows[2..4];
        asked[1].reserved =
            Some(Reserved { staff: Staff { id: "7".into(), name: "Priya".into() }, until: now + jiff::SignedDuration::from_mins(5) });
        assert_eq!(next(asked, "7"), Some(3), "the customer whom Priya knows");
        assert_eq!(next(&asked[1..], "8"), None, "kept for Priya");
        asked[1].reserved.as_mut().expect("kept").until = now;
        assert_eq!(next(&asked[1..], "8"), Some(3), "not for ever");
    }
}
