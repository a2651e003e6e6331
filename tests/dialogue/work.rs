//! What staff do with a handoff besides answering it.

use crate::driver::{Talk, sms};
use jiff::SignedDuration;
use warmline::conversation::{DeskNote, Effect, Owner, StaffAction, Urgency};

fn last_note(talk: &Talk) -> String {
    let text = |note: &DeskNote| match note {
        DeskNote::Relay { text, .. } | DeskNote::Answer { text, .. } => Some(text.clone()),
        _ => None,
    };
    talk.notes.iter().rev().find_map(text).unwrap_or_default()
}

fn counted(talk: &Talk) -> Vec<String> {
    let names = |effect: &Effect| match effect {
        Effect::Count { names, .. } => names.clone(),
        _ => Vec::new(),
    };
    talk.effects.iter().flat_map(names).filter(|name| name.starts_with("right.") || name.starts_with("wrong.")).collect()
}

fn command(name: &str, rest: &str) -> StaffAction {
    StaffAction::command(name, rest, 7)
}

fn crisis() -> Talk {
    let mut talk = Talk::new(sms());
    talk.write("i want to die");
    talk.staff("priya", StaffAction::Claim);
    talk
}

fn angry() -> Talk {
    let mut talk = Talk::new(sms());
    talk.write("this is ridiculous, i want my money back NOW you useless idiots");
    talk
}

#[test]
fn a_crisis_is_not_put_off_or_given_back_by_a_tap() {
    for (name, who, action, wanted) in [
        ("snooze without a reason", "priya", command("snooze", "10m"), "say why"),
        ("snooze for too long", "priya", command("snooze", "2h she sleeps"), "quarter of an hour"),
        ("snooze by somebody else", "sam", command("snooze", "10m i think so"), "priya has it"),
        ("not urgent", "priya", StaffAction::NotUrgent, "somebody else confirms"),
        ("back to the bot", "priya", command("bot", ""), "a person ends it"),
        ("back to the bot by somebody else", "sam", command("bot", "fine now"), "priya has it"),
    ] {
        let mut talk = crisis();
        let timers = talk.timers.clone();
        talk.staff(who, action);
        assert!(last_note(&talk).contains(wanted), "{name}: {}", last_note(&talk));
        assert_eq!(talk.state.handoff.as_ref().map(|handoff| handoff.urgency), Some(Urgency::Crisis), "{name}");
        assert_eq!(talk.timers, timers, "{name}: the clock runs on");
    }
    let mut talk = crisis();
    talk.staff("priya", command("snooze", "10m on the phone with her"));
    assert!(last_note(&talk).contains("Nobody is reminded for 10m"), "{}", last_note(&talk));
    talk.pass(SignedDuration::from_mins(9));
    assert!(!matches!(talk.notes.last(), Some(DeskNote::StillWaiting { .. })));
    talk.pass(SignedDuration::from_mins(1));
    assert!(matches!(talk.notes.last(), Some(DeskNote::StillWaiting { .. })));
    let lines = talk.lines.len();
    talk.staff("priya", command("bot", "her sister is with her"));
    assert_eq!((talk.state.owner.clone(), talk.lines.len()), (Owner::Bot, lines));
    assert!(!counted(&talk).is_empty() && counted(&talk).iter().all(|name| name.starts_with("right.")), "{:?}", counted(&talk));
}

#[test]
fn staff_say_of_every_level_whether_it_was_called_rightly() {
    let mut talk = angry();
    talk.staff("priya", StaffAction::NotUrgent);
    assert_eq!(talk.state.handoff.as_ref().map(|handoff| handoff.urgency), Some(Urgency::Stuck));
    assert!(!counted(&talk).is_empty() && counted(&talk).iter().all(|name| name.starts_with("wrong.")), "{:?}", counted(&talk));
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", StaffAction::Close { agreed: None });
    assert!(counted(&talk).iter().all(|name| name.starts_with("wrong.")), "judged once: {:?}", counted(&talk));
    let mut talk = angry();
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", StaffAction::Close { agreed: Some("the refund goes out today".into()) });
    assert!(!counted(&talk).is_empty() && counted(&talk).iter().all(|name| name.starts_with("right.")), "{:?}", counted(&talk));
}

#[test]
fn a_note_and_a_way_back_say_nothing_to_the_customer() {
    let mut talk = Talk::new(sms());
    talk.write("human please");
    talk.staff("priya", StaffAction::Claim);
    let lines = talk.lines.len();
    talk.staff("priya", command("note", "prefers calls after five"));
    talk.staff("priya", command("note", ""));
    assert!(last_note(&talk).contains("/note"), "{}", last_note(&talk));
    talk.staff("priya", command("help", ""));
    assert!(last_note(&talk).contains("/snooze"), "{}", last_note(&talk));
    talk.staff("priya", command("snooze", "soon"));
    assert!(last_note(&talk).contains("for how long"), "{}", last_note(&talk));
    talk.staff("priya", command("bot", ""));
    assert_eq!((talk.state.owner.clone(), talk.lines.len()), (Owner::Bot, lines));
    assert!(talk.write("when do you open").contains("9:00"), "the bot answers again");
}
