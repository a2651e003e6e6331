//! The card of a handoff: the first thing that staff read.
//!
//! Owns: its text and buttons.
//! Invariants: plain text; fits one Telegram message with room to spare; urgency stands first.
//! Leaves out: the transcript.

use crate::conversation::{Button, ConversationId, Owner, State};
use jiff::Timestamp;

/// The longest quotation of a customer's words on a card, in characters.
const QUOTE: usize = 600;

/// The text of the card as things stand.
pub fn card(id: ConversationId, state: &State, now: Timestamp) -> String {
    let Some(handoff) = &state.handoff else { return "Nothing is open here.".into() };
    let mut lines = Vec::new();
    let mut head = handoff.urgency.name().to_uppercase();
    if let Some(kind) = handoff.kind {
        head = format!("{head} ({})", kind.name().replace('_', " "));
    }
    let waiting = now.duration_since(handoff.opened).as_mins().max(0);
    let language = state.language();
    lines.push(format!("{head} | {} | {language} | waiting {}:{:02}", state.address.channel, waiting / 60, waiting % 60));
    match &state.owner {
        Owner::Human { staff } if handoff.reminders > 0 && !handoff.answered => {
            lines.push(format!("{} has it, and the customer has no answer yet. /takeover takes it over.", staff.name));
        }
        Owner::Human { staff } => lines.push(format!("{} has it.", staff.name)),
        Owner::Waiting => lines.push("Nobody has it yet.".into()),
        Owner::Bot => lines.push("Closed.".into()),
    }
    let mut safety = Vec::new();
    if state.flags.do_not_text {
        safety.push("DO NOT TEXT: somebody else may read this phone");
    }
    if state.flags.minor {
        safety.push("says they are under 18");
    }
    if state.flags.opted_out {
        safety.push("opted out: nothing can be sent");
    }
    if state.flags.blocked {
        safety.push("blocked the bot");
    }
    if !safety.is_empty() {
        lines.push(safety.join("; "));
    }
    if !handoff.words.trim().is_empty() {
        lines.push(format!("Wrote: {}", quote(&handoff.words)));
    }
    if !state.last_said.is_empty() {
        lines.push(format!("Last said to them: {}", quote(&state.last_said)));
    }
    let heard: Vec<String> =
        handoff.evidence.iter().take(4).map(|evidence| format!("\"{}\" ({})", quote(&evidence.text), evidence.rule)).collect();
    match heard.is_empty() {
        false => lines.push(format!("Heard: {}", heard.join(", "))),
        true => lines.push(format!("Why: {}", handoff.reason.name().replace('_', " "))),
    }
    if !handoff.tried.is_empty() {
        lines.push(format!("Tried: {}", handoff.tried.join("; ")));
    }
    let values: Vec<String> =
        state.known.iter().filter(|(kind, _)| kind.as_str() == "order_number").map(|(_, known)| known.value.clone()).collect();
    if !values.is_empty() {
        lines.push(format!("Order: {}", values.join(", ")));
    }
    lines.push(format!("Id: {}", id.short()));
    lines.join("\n")
}

/// The buttons that go with it.
pub fn card_buttons(id: ConversationId, state: &State) -> Vec<Button> {
    let button = |label: &str, action: &str| Button { label: label.into(), data: format!("{action}:{id}") };
    match (&state.owner, state.handoff.is_some()) {
        (_, false) => Vec::new(),
        (Owner::Human { .. }, _) => vec![button("Transcript", "t")],
        _ => vec![button("Claim", "c"), button("Transcript", "t")],
    }
}

fn quote(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() <= QUOTE {
        return text.to_string();
    }
    text.chars().take(QUOTE).collect::<String>() + " …"
}
