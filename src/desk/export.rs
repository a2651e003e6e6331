//! Everything that is kept of one customer, as they may ask for it.
//!
//! Owns: which parts of a conversation an export shows.
//! Invariants: what care heard is in it, as long as it is kept; codes, proofs and whatever else would open something are not.
//! Leaves out: who asks, and whether they may (`cli`).

use crate::conversation::{ConversationId, Entry, State};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The export of a conversation.
pub fn export(id: ConversationId, state: &State, entries: &[Entry], now: Timestamp) -> Value {
    let known: Vec<Value> = state.known.iter().map(|(kind, known)| json!({ "kind": kind, "value": known.value })).collect();
    json!({
        "id": id,
        "channel": state.address.channel,
        "address": state.address.sender,
        "name": state.name,
        "language": state.language,
        "country": state.country,
        "flags": state.flags,
        "known": known,
        "also_writes_by": state.joined,
        // What is outside, so that whoever erases it knows where to look.
        "copies": { "staff_group_topic": state.thread.topic, "topics_in_other_groups": state.thread.elsewhere, "chatwoot_conversation": state.thread.chatwoot, "ways": state.copies },
        "temperature": { "level": state.temperature.level(now), "degrees": state.temperature.degrees(now) },
        "evidence_held": state.hold,
        "handoff": state.handoff.as_ref().map(|handoff| json!({
            "opened": handoff.opened, "urgency": handoff.urgency, "reason": handoff.reason.name(), "kind": handoff.kind,
            "words": handoff.words, "evidence": handoff.evidence,
        })),
        "transcript": entries,
    })
}
