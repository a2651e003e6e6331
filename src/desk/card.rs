//! The card of a handoff: the first thing that staff read.
//!
//! Owns: its text and buttons.
//! Invariants: plain text; fits one Telegram message with room to spare; urgency stands first.
//! Leaves out: the transcript.

use super::hours::Hours;
use crate::care::Level;
use crate::conversation::{Button, ConversationId, DRILL, Fate, Handoff, Owner, Reason, State, Urgency, failure_words};
use jiff::{SignedDuration, Timestamp};

/// The longest quotation of a customer's words on a card, in characters.
const QUOTE: usize = 600;

/// The text of the card as things stand.
pub fn card(id: ConversationId, state: &State, hours: &Hours, now: Timestamp) -> String {
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
    // Crisis and distress are everybody's.
    lines.extend(handoff.team.iter().filter(|_| handoff.urgency < Urgency::Distress).map(|team| format!("For: {team}")));
    let mut safety = Vec::new();
    if state.flags.do_not_text {
        safety.push("DO NOT TEXT: somebody else may read this phone (to write all the same: /safe and why)");
    }
    if state.flags.minor {
        safety.push("says they are under 18: promise no secrecy, and don't contact the parents yourself");
    }
    if let Some(lead) = &handoff.safeguarding {
        lines.push(format!("SAFEGUARDING: {lead}"));
    }
    if state.flags.opted_out {
        safety.push("opted out: nothing can be sent");
    }
    if state.flags.blocked {
        safety.push("blocked the bot");
    }
    if state.flags.bereaved {
        safety.push("this number belonged to somebody who has died: nothing is sent there");
    }
    if handoff.urgency == Urgency::Crisis && state.address.channel != DRILL {
        safety.push("the words below may be hard to read; /guide says how to go on");
    }
    if !safety.is_empty() {
        lines.push(safety.join("; "));
    }
    if !handoff.words.trim().is_empty() {
        let entry = if handoff.wrote > 0 { format!(" (#{})", handoff.wrote) } else { String::new() };
        lines.push(format!("Wrote{entry}: {}", quote(&handoff.words)));
    }
    lines.extend(owed(state, handoff, hours, now));
    if !state.last_said.is_empty() {
        lines.push(format!("Last said to them{}: {}", arrival(state), quote(&state.last_said)));
    }
    let heard: Vec<String> =
        handoff.evidence.iter().take(4).map(|evidence| format!("\"{}\" ({})", quote(&evidence.text), evidence.rule)).collect();
    match heard.is_empty() {
        false => lines.push(format!("Heard: {}", heard.join(", "))),
        true => lines.push(format!("Why: {}", handoff.reason.name().replace('_', " "))),
    }
    // What the bot took the words for matters where it failed; whoever suffers, or wants a person, wrote no request.
    let asked = handoff.urgency >= Urgency::Distress || handoff.reason == Reason::Care(Level::HumanRequest);
    if let Some(trace) = handoff.trace.as_ref().filter(|_| !asked) {
        lines.push(format!("Understood: {}", trace.summary(&handoff.words)));
    }
    if !handoff.tried.is_empty() {
        lines.push(format!("Tried: {}", handoff.tried.join("; ")));
    }
    let values: Vec<String> =
        state.known.iter().filter(|(kind, _)| kind.as_str() == "order_number").map(|(_, known)| known.value.clone()).collect();
    if !values.is_empty() {
        lines.push(format!("Order: {}", values.join(", ")));
    }
    let needs: Vec<&str> = state.needs.iter().map(|need| need.what.as_str()).collect();
    if !needs.is_empty() {
        lines.push(format!("Needs: {}", needs.join("; ")));
    }
    let also: Vec<String> = state.joined.iter().map(|joined| format!("{} ({})", joined.channel, joined.with.short())).collect();
    if !also.is_empty() {
        lines.push(format!("Also writes by {}.", also.join(", ")));
    }
    if let Some(helper) = &state.helper {
        let ended = hours.local(helper.at).date();
        lines.push(format!("{} helped last, on {}.", helper.staff.name, crate::lexis::day(ended, "en")));
    }
    if let Some(reserved) = handoff.reserved.as_ref().filter(|reserved| reserved.until > now) {
        lines.push(format!("Kept for {} until {}.", reserved.staff.name, hours.clock(reserved.until)));
    }
    lines.push(next_step(state, handoff));
    lines.push(format!("Id: {}", id.short()));
    lines.join("\n")
}

/// What we owe them, and by when.
fn owed(state: &State, handoff: &Handoff, hours: &Hours, now: Timestamp) -> Option<String> {
    if let Some(promise) = &handoff.promise {
        let late = if promise.late { "OVERDUE: " } else { "" };
        return Some(format!("{late}{} promised for {}: {}", promise.by.name, hours.clock(promise.at), promise.what));
    }
    let waits = state.owner == Owner::Waiting && now.duration_since(handoff.due()) > SignedDuration::ZERO;
    waits.then(|| format!("A word has been owed since {}.", hours.clock(handoff.due())))
}

/// Whether our last words to them arrived, where it is known.
fn arrival(state: &State) -> String {
    match state.sent.values().next_back().map(|sent| sent.fate) {
        Some(Fate::Failed(failure)) => format!(" (NOT DELIVERED: {})", failure_words(failure)),
        _ => String::new(),
    }
}

fn next_step(state: &State, handoff: &Handoff) -> String {
    match &state.owner {
        _ if state.address.channel == DRILL => "Next: claim it; nothing more.",
        Owner::Human { .. } if state.flags.do_not_text => "Next: a safe way to reach them; /safe and why, or a call.",
        Owner::Human { .. } if !handoff.answered => "Next: write to them; a claim is no answer.",
        Owner::Human { .. } => "Next: /close when it is done, or /promise what comes later.",
        _ if handoff.urgency == Urgency::Crisis => "Next: claim it and write, now.",
        _ => "Next: claim it, then write.",
    }
    .to_string()
}

/// The buttons that go with it.
pub fn card_buttons(id: ConversationId, state: &State) -> Vec<Button> {
    let button = |label: &str, action: &str| Button { label: label.into(), data: format!("{action}:{id}") };
    match (&state.owner, state.handoff.is_some()) {
        (_, false) => Vec::new(),
        (Owner::Human { .. }, _) => vec![button("Transcript", "t"), button("Close", "x"), button("Back to bot", "b")],
        // A crisis is called less urgent by two people, in words.
        _ if state.handoff.as_ref().is_some_and(|handoff| handoff.urgency == Urgency::Crisis) => {
            vec![button("Claim", "c"), button("Transcript", "t")]
        }
        _ => vec![button("Claim", "c"), button("Transcript", "t"), button("Not urgent", "n")],
    }
}

/// The card shows these words to their end.
pub(super) fn is_quoted_whole(text: &str) -> bool {
    text.trim().chars().count() <= QUOTE
}

fn quote(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() <= QUOTE {
        return text.to_string();
    }
    text.chars().take(QUOTE).collect::<String>() + " …"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::care::{Evidence, Kind};
    use crate::conversation::Address;

    #[test]
    fn the_first_screen_tells_the_story() {
        let opened: Timestamp = "2026-11-20T12:00:00Z".parse().expect("a time");
        let mut state = State::new(Address { channel: "sms".into(), account: "+1".into(), sender: "+2".into() });
        let evidence =
            Evidence { rule: "suicide_wish".into(), level: Level::Crisis, text: "want to die".into(), start: 2, end: 13, weight: 1.0 };
        state.owner = Owner::Waiting;
        state.flags.minor = true;
        state.last_said = "Please call your local emergency number now.".into();
        let mut handoff = Handoff::new(3, opened, Reason::Care(Level::Crisis));
        handoff.kind = Some(Kind::SuicideSelfHarm);
        handoff.evidence = vec![evidence];
        handoff.tried = vec!["order_status: shipped".into()];
        handoff.words = "i want to die".into();
        handoff.wrote = 12;
        state.handoff = Some(handoff);
        let id = ConversationId::from_bytes([0xab; 16]);
        let later = "2026-11-20T13:04:30Z".parse().expect("a time");
        assert_eq!(
            card(id, &state, &Hours::never(), later),
            "CRISIS (suicide self harm) | sms | en | waiting 1:04\nNobody has it yet.\nsays they are under 18: promise no secrecy, and \
             don't contact the parents yourself; the words below may be hard to read; /guide says how to go on\n\
             Wrote (#12): i want to die\nA word has been owed since 12:02.\n\
             Last said to them: Please call your local emergency number now.\nHeard: \"want to die\" (suicide_wish)\n\
             Tried: order_status: shipped\nNext: claim it and write, now.\nId: abababab"
        );
        assert_eq!(card_buttons(id, &state).len(), 2);
        state.handoff = None;
        assert!(card_buttons(id, &state).is_empty());
    }
}
