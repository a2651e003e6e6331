//! A finished conversation as the customer's phone saw it.
//!
//! Owns: which entries a phone shows, and the waits between them.
//! Invariants: nothing that only staff saw is in it; waits are the real ones; what did not arrive is not shown as if it had.
//! Leaves out: which conversation is walked through (`cli`).

use super::hours::Hours;
use crate::conversation::{Entry, Finished, Who};
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;

/// A wait that is worth a line of its own.
const LONG: SignedDuration = SignedDuration::from_mins(2);
/// What belongs to a handoff begins so long before it.
const BEFORE: SignedDuration = SignedDuration::from_hours(1);

/// The phone's view of a handoff and what led to it.
pub fn walk(finished: &Finished, entries: &[Entry], hours: &Hours) -> String {
    let fates: HashMap<u64, &str> = entries.iter().filter_map(|entry| Some((entry.about?, entry.text.as_str()))).collect();
    let from = finished.opened.checked_sub(BEFORE).unwrap_or(finished.opened);
    let until = finished.ended.checked_add(SignedDuration::from_mins(1)).unwrap_or(finished.ended);
    let seen = entries.iter().filter(|entry| entry.about.is_none() && entry.at >= from && entry.at <= until && entry.who != Who::Note);
    let mut lines = Vec::new();
    let mut last: Option<Timestamp> = None;
    for entry in seen {
        let local = hours.local(entry.at);
        match last {
            None => lines.push(format!("{}, {}", crate::lexis::day(local.date(), "en"), finished.channel)),
            Some(last) if entry.at.duration_since(last) >= LONG => {
                lines.push(format!("        … {} …", wait(entry.at.duration_since(last))))
            }
            Some(_) => {}
        }
        last = Some(entry.at);
        let time = format!("{}:{:02}", local.hour(), local.minute());
        match (&entry.who, fates.get(&entry.number)) {
            (Who::Customer, _) => lines.push(format!("{time}  you: {}", entry.text)),
            (_, Some(fate)) => lines.push(format!("{time}  (nothing arrives here: {fate})")),
            // The words of staff carry their name.
            (Who::Staff(name), None) => lines.push(format!("{time}       {name}: {}", entry.text)),
            _ => lines.push(format!("{time}       {}", entry.text)),
        }
    }
    lines.join("\n")
}

fn wait(time: SignedDuration) -> String {
    match time.as_mins() {
        ..=119 => format!("{} minutes", time.as_mins()),
        120..=2_879 => format!("{} hours", time.as_hours()),
        _ => format!("{} days", time.as_hours() / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Course, Ended, Reason, Staff, Urgency};

    #[test]
    fn a_phone_shows_what_arrived_and_the_real_waits() {
        let at = |time: &str| format!("2026-11-20T{time}:00Z").parse::<Timestamp>().expect("a time");
        let entry = |number: u64, time: &str, who: Who, text: &str, about: Option<u64>| Entry {
            number,
            at: at(time),
            who,
            text: text.into(),
            evidence: Vec::new(),
            understood: Default::default(),
            about,
        };
        let priya = || Who::Staff("Priya".into());
        let entries = [
            entry(1, "08:00", Who::Customer, "last week's question", None),
            entry(2, "12:00", Who::Customer, "a human please", None),
            entry(3, "12:00", Who::Bot, "Yes.", None),
            entry(4, "12:01", Who::Note, "Priya claimed it", None),
            entry(5, "12:41", priya(), "Hello Ana", None),
            entry(6, "12:41", priya(), "wrong window", None),
            entry(7, "12:41", Who::Note, "taken back before it left", Some(6)),
        ];
        let finished = Finished {
            handoff: 3,
            opened: at("12:00"),
            ended: at("12:50"),
            urgency: Urgency::Asked,
            reason: Reason::Stuck,
            channel: "sms".into(),
            language: "en".into(),
            by: Ended::Staff(Staff { id: "7".into(), name: "Priya".into() }),
            turns: 1,
            course: Course::default(),
        };
        assert_eq!(
            walk(&finished, &entries, &Hours::never()),
            "Friday 20 November, sms\n12:00  you: a human please\n12:00       Yes.\n        … 41 minutes …\n12:41       Priya: Hello Ana\n\
             12:41  (nothing arrives here: taken back before it left)"
        );
    }
}
