//! What happens to handoffs, for other systems.
//!
//! Owns: [`DeskEvent`], and which of them a step has brought about.
//! Invariants: an event holds no words, names of customers or numbers.
//! Leaves out: who is told, and how it travels (`app`, `server`).

use crate::conversation::{ConversationId, Owner, State, Urgency};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A person is needed.
    Opened,
    /// It is more urgent now.
    Raised,
    /// Somebody has it, or somebody else.
    Claimed,
    /// Nobody has it any more.
    Freed,
    /// A person's words have arrived.
    Answered,
    /// The customer wrote again.
    Wrote,
    /// It is over.
    Closed,
}

impl EventKind {
    /// As events name it.
    pub fn name(self) -> &'static str {
        match self {
            EventKind::Opened => "opened",
            EventKind::Raised => "raised",
            EventKind::Claimed => "claimed",
            EventKind::Freed => "freed",
            EventKind::Answered => "answered",
            EventKind::Wrote => "wrote",
            EventKind::Closed => "closed",
        }
    }
}

/// Something that happened to a handoff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskEvent {
    /// What.
    pub kind: EventKind,
    /// The conversation.
    pub id: ConversationId,
    /// How urgent it is, or was.
    pub urgency: Urgency,
    /// The customer's channel.
    pub channel: String,
    /// Who has it.
    pub owner: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl DeskEvent {
    /// What a step has changed.
    pub fn of(id: ConversationId, before: &State, after: &State, now: Timestamp) -> Vec<Self> {
        let (was, is) = (&before.handoff, &after.handoff);
        let Some(handoff) = is.as_ref().or(was.as_ref()) else { return Vec::new() };
        let owner = |state: &State| match &state.owner {
            Owner::Human { staff } => Some(staff.clone()),
            _ => None,
        };
        let (had, has) = (owner(before), owner(after));
        let mut kinds = Vec::new();
        match (was, is) {
            (None, Some(_)) => kinds.push(EventKind::Opened),
            (Some(_), None) => kinds.push(EventKind::Closed),
            (Some(was), Some(is)) => {
                if is.urgency > was.urgency {
                    kinds.push(EventKind::Raised);
                }
                match (&had, &has) {
                    (had, Some(_)) if *had != has => kinds.push(EventKind::Claimed),
                    (Some(_), None) => kinds.push(EventKind::Freed),
                    _ => {}
                }
                if is.answered && !was.answered {
                    kinds.push(EventKind::Answered);
                }
                if after.wrote != before.wrote {
                    kinds.push(EventKind::Wrote);
                }
            }
            (None, None) => {}
        }
        let event = |kind| DeskEvent {
            kind,
            id,
            urgency: handoff.urgency,
            channel: after.address.channel.clone(),
            owner: has.as_ref().map(|staff| staff.name.clone()),
            at: now,
        };
        kinds.into_iter().map(event).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care::Level;
    use crate::conversation::{Address, Handoff, Reason, Staff};

    #[test]
    fn each_change_has_its_name() {
        let at: Timestamp = "2026-11-20T12:00:00Z".parse().expect("a time");
        let id = ConversationId::from_bytes([1; 16]);
        let quiet = State::new(Address { channel: "sms".into(), account: "a".into(), sender: "+1".into() });
        let mut waiting = quiet.clone();
        waiting.handoff = Some(Handoff::new(1, at, Reason::Care(Level::HumanRequest)));
        waiting.owner = Owner::Waiting;
        let changed = |from: &State, change: &dyn Fn(&mut State)| {
            let mut state = from.clone();
            change(&mut state);
            state
        };
        let handoff = |state: &mut State, change: &dyn Fn(&mut Handoff)| change(state.handoff.as_mut().expect("open"));
        let has = |name: &str| Owner::Human { staff: Staff { id: name.into(), name: name.into() } };
        let claimed = changed(&waiting, &|state| state.owner = has("Priya"));
        for (name, before, after, wanted) in [
            ("a greeting", &quiet, quiet.clone(), vec![]),
            ("a person is asked for", &quiet, waiting.clone(), vec!["opened"]),
            ("and written again", &waiting, changed(&waiting, &|state| state.wrote = 9), vec!["wrote"]),
            ("and is in danger", &waiting, changed(&waiting, &|state| handoff(state, &|it| it.urgency = Urgency::Crisis)), vec!["raised"]),
            ("somebody has it", &waiting, claimed.clone(), vec!["claimed"]),
            ("somebody else", &claimed, changed(&claimed, &|state| state.owner = has("Sam")), vec!["claimed"]),
            ("their words arrive", &claimed, changed(&claimed, &|state| handoff(state, &|it| it.answered = true)), vec!["answered"]),
            ("they give it back", &claimed, waiting.clone(), vec!["freed"]),
            ("it is over", &claimed, quiet.clone(), vec!["closed"]),
        ] {
            let events = DeskEvent::of(id, before, &after, at);
            assert_eq!(events.iter().map(|event| event.kind.name()).collect::<Vec<_>>(), wanted, "{name}");
            for event in events {
                let json = serde_json::to_value(&event).expect("JSON");
                assert_eq!(
                    (json["kind"].as_str(), json["urgency"].as_str()),
                    (Some(event.kind.name()), Some(event.urgency.name())),
                    "{name}"
                );
            }
        }
    }
}
