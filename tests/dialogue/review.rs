//! What is read again: which events put a conversation on the list, and who says that it was read.

use crate::driver::{Talk, sms};
use std::sync::Arc;
use warmline::conversation::{Address, Aftercare, DRILL, DeskNote, Effect, Rules, StaffAction, Why};

/// What is on the list, in order.
fn listed(talk: &Talk) -> Vec<Why> {
    let why = |effect: &Effect| match effect {
        Effect::Review { why, .. } => Some(*why),
        _ => None,
    };
    talk.effects.iter().filter_map(why).collect()
}

fn command(name: &str, rest: &str) -> StaffAction {
    StaffAction::command(name, rest, 7)
}

fn told(talk: &Talk) -> &str {
    match talk.notes.last() {
        Some(DeskNote::Relay { text, .. }) => text,
        other => panic!("an answer, not {other:?}"),
    }
}

/// Something that happens: the customer writes, or somebody of the staff does something.
enum Act {
    Writes(&'static str),
    Does(&'static str, &'static str, &'static str),
}

use Act::{Does, Writes};

fn played(talk: &mut Talk, acts: &[Act]) {
    for act in acts {
        match act {
            Writes(text) => drop(talk.write(text)),
            Does(who, name, rest) => talk.staff(who, command(name, rest)),
        }
    }
}

#[test]
fn which_events_are_read_again() {
    for (name, acts, wanted) in [
        ("a request", vec![Writes("where is my parcel A1042")], vec![]),
        ("a person, please", vec![Writes("a human please")], vec![]),
        ("anger", vec![Writes("this is ridiculous")], vec![]),
        ("a crisis", vec![Writes("i want to die")], vec![Why::Crisis]),
        ("a crisis is one, however often it is said", vec![Writes("i want to die"), Writes("i really want to die")], vec![Why::Crisis]),
        ("a handoff that becomes one", vec![Writes("a human please"), Writes("i want to die")], vec![Why::Crisis]),
        (
            "closed with a reason",
            vec![Writes("i want to die"), Does("sam", "claim", ""), Does("sam", "close", "with her sister")],
            vec![Why::Crisis],
        ),
        ("doubted by one", vec![Writes("i want to die"), Does("sam", "notacrisis", "a song")], vec![Why::Crisis]),
        (
            "called none by two",
            vec![Writes("i want to die"), Does("sam", "notacrisis", "a song"), Does("priya", "notacrisis", "")],
            vec![Why::Crisis, Why::Downgraded],
        ),
        (
            "and a crisis again",
            vec![
                Writes("i want to die"),
                Does("sam", "notacrisis", "a song"),
                Does("priya", "notacrisis", ""),
                Writes("i mean it, i want to die"),
            ],
            vec![Why::Crisis, Why::Downgraded, Why::Crisis],
        ),
        (
            "distress that can wait",
            vec![Writes("my mother died, please cancel her order"), Does("sam", "noturgent", "")],
            vec![Why::Downgraded],
        ),
        ("anger that can wait", vec![Writes("this is ridiculous"), Does("sam", "noturgent", "")], vec![]),
        ("an offer for words of danger", vec![Writes("not suicidal, just want my parcel")], vec![Why::Offered]),
        ("an offer for shouting", vec![Writes("WHERE IS MY ORDER NOW")], vec![]),
    ] {
        let mut talk = Talk::new(sms());
        played(&mut talk, &acts);
        assert_eq!(listed(&talk), wanted, "{name}");
    }
}

#[test]
fn one_person_alone_is_read_again_too() {
    let mut talk = Talk::new(sms());
    talk.rules = Arc::new(Rules { alone: true, ..(*talk.rules).clone() });
    played(&mut talk, &[Writes("i want to die"), Does("sam", "notacrisis", "a song")]);
    assert_eq!(listed(&talk), [Why::Crisis, Why::Downgraded]);
}

#[test]
fn a_row_names_the_message_and_a_drill_is_never_one() {
    let mut talk = Talk::new(sms());
    talk.write("hello");
    talk.write("i want to die");
    let about = talk.state.wrote;
    assert!(talk.effects.contains(&Effect::Review { why: Why::Crisis, about }));
    let mut drill = Talk::new(sms());
    drill.state.address = Address { channel: DRILL.into(), ..drill.state.address.clone() };
    played(&mut drill, &[Writes("i want to die"), Does("sam", "notacrisis", "a song"), Does("priya", "notacrisis", "")]);
    assert_eq!(listed(&drill), []);
}

#[test]
fn only_the_named_reviewer_says_that_it_was_looked_at() {
    let mut talk = Talk::new(sms());
    talk.write("i want to die");
    talk.staff("priya", command("reviewed", "all well"));
    assert!(talk.effects.contains(&Effect::Reviewed { by: "priya".into(), note: "all well".into() }), "nobody is named: anybody");

    let aftercare = Aftercare { reviewer: "Robin".into(), ask_after: None };
    let mut talk = Talk::new(sms());
    talk.rules = Arc::new(Rules { aftercare, ..(*talk.rules).clone() });
    talk.write("i want to die");
    talk.staff("priya", command("reviewed", "all well"));
    assert!(told(&talk).starts_with("Robin reads the list"), "{}", told(&talk));
    talk.staff("robin", command("reviewed", ""));
    assert!(told(&talk).starts_with("Write what you found"), "{}", told(&talk));
    assert!(!talk.effects.iter().any(|effect| matches!(effect, Effect::Reviewed { .. })));
    talk.staff("robin", command("reviewed", "it was one, and Sam was quick"));
    assert!(talk.effects.contains(&Effect::Reviewed { by: "robin".into(), note: "it was one, and Sam was quick".into() }));
    assert!(talk.lines.iter().all(|line| !line.text.contains("Sam was quick")), "the customer reads nothing of it");
}
