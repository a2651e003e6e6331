//! The queue of handoffs.
//!
//! Owns: one row a handoff, as staff read it, and its order: the most urgent first, then who has waited longest.
//! Leaves out: promised times.

use crate::conversation::{ConversationId, Owner, State, Urgency};
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
}

impl QueueRow {
    /// The row of a conversation, while it has an open handoff.
    pub fn of(id: ConversationId, state: &State) -> Option<Self> {
        let handoff = state.handoff.as_ref()?;
        Some(QueueRow {
            id,
            urgency: handoff.urgency,
            reason: handoff.reason.name().to_string(),
            channel: state.address.channel.clone(),
            opened: handoff.opened,
            owner: match &state.owner {
                Owner::Human { staff } => Some(staff.name.clone()),
                _ => None,
            },
        })
    }

    /// As staff read it.
    pub fn line(&self, now: Timestamp) -> String {
        let waiting = now.duration_since(self.opened).as_mins().max(0);
        let owner = self.owner.as_ref().map_or("nobody has it".to_string(), |name| format!("{name} has it"));
        format!("{} {}:{:02} {} {}, {owner}", self.urgency.name().to_uppercase(), waiting / 60, waiting % 60, self.channel, self.id.short())
    }

    /// Sorts by what comes first.
    pub fn sort(rows: &mut [QueueRow]) {
        rows.sort_by_key(|row| (Reverse(row.urgency), row.opened, row.id));
    }
}
