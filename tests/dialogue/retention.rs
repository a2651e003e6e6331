//! How long what care heard is kept, and what is counted of it.

use crate::driver::{Talk, sms};
use jiff::SignedDuration;
use warmline::conversation::{DeskNote, Effect, StaffAction};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How often evidence was forgotten so far.
fn forgotten(talk: &Talk) -> usize {
    talk.effects.iter().filter(|effect| matches!(effect, Effect::ForgetEvidence { .. })).count()
}

fn counted(talk: &Talk) -> Vec<String> {
    let names = |effect: &Effect| match effect {
        Effect::Count { names, .. } => names.clone(),
        _ => Vec::new(),
    };
    talk.effects.iter().flat_map(names).collect()
}

fn answer(talk: &Talk) -> &str {
    match talk.notes.last() {
        Some(DeskNote::Relay { text, .. }) => text,
        other => panic!("an answer, not {other:?}"),
    }
}

fn days(talk: &mut Talk, days: usize) {
    (0..days).for_each(|_| talk.pass(DAY));
}

#[test]
fn evidence_is_forgotten_after_thirty_days_and_the_next_clock_is_set() {
    let mut talk = Talk::new(sms());
    talk.write("i want to die");
    days(&mut talk, 29);
    talk.write("i still want to die");
    assert_eq!((forgotten(&talk), talk.state.kept.is_some()), (0, true));
    days(&mut talk, 1);
    assert_eq!((forgotten(&talk), talk.state.kept.is_some()), (1, true), "the first is gone, the second stays");
    days(&mut talk, 31);
    assert!(talk.state.kept.is_none() && talk.state.handoff.as_ref().is_some_and(|handoff| handoff.evidence.is_empty()));
    assert!(!talk.timers.iter().any(|timer| timer.key == "forget"), "nothing is left to forget");
}

#[test]
fn a_temperature_is_gone_after_a_week_and_nothing_is_kept_of_plain_requests() {
    let mut talk = Talk::new(sms());
    talk.write("where is my parcel");
    assert!(talk.state.kept.is_none() && talk.timers.iter().all(|timer| timer.key != "forget"));
    talk.write("I WANT MY PARCEL NOW PLEASE");
    assert!(talk.state.temperature.degrees(talk.now) > 0.0);
    days(&mut talk, 8);
    assert_eq!(talk.state.temperature, Default::default());
}

#[test]
fn a_hold_has_a_name_a_reason_and_an_end() {
    let mut talk = Talk::new(sms());
    talk.write("i want to die");
    let hold = |words: &str| StaffAction::command("hold", words, 7);
    let until = |days: i64| talk.facts.local.date().checked_add(jiff::Span::new().days(days)).expect("a date").to_string();
    let (soon, late, past) = (until(60), until(400), until(-1));
    for (words, said) in [
        (String::new(), "Say until when and why"),
        (soon.clone(), "Say until when and why"),
        (format!("{past} court"), "Say until when and why"),
        (format!("{late} court"), "a year at most"),
        ("off".into(), "Nothing is on hold"),
        (format!("{soon} the coroner asked for it"), "is kept until"),
    ] {
        talk.staff("priya", hold(&words));
        assert!(answer(&talk).contains(said), "{words}: {}", answer(&talk));
    }
    let kept = talk.state.hold.clone().expect("a hold");
    assert_eq!((kept.by.as_str(), kept.why.as_str()), ("priya", "the coroner asked for it"));
    days(&mut talk, 59);
    assert_eq!(forgotten(&talk), 0);
    days(&mut talk, 3);
    assert_eq!((forgotten(&talk), &talk.state.hold), (1, &None));
    assert!(talk.effects.iter().any(|effect| matches!(effect, Effect::Record(entry) if entry.text.contains("the coroner asked for it"))));
}

#[test]
fn a_person_counts_once_a_week_however_much_they_write() {
    let mut talk = Talk::new(sms());
    talk.write("i want to die");
    talk.write("i want to die");
    let level = |talk: &Talk| counted(talk).iter().filter(|name| *name == "level.crisis").count();
    assert_eq!(level(&talk), 1);
    days(&mut talk, 7);
    talk.write("i want to die");
    assert_eq!(level(&talk), 2);
}

#[test]
fn a_rule_is_judged_by_what_staff_do_with_the_crisis() {
    let mut talk = Talk::new(sms());
    talk.write("i want to die");
    talk.staff("priya", StaffAction::NotACrisis { why: Some("a song".into()) });
    talk.staff("sam", StaffAction::NotACrisis { why: None });
    let verdicts = |talk: &Talk| counted(talk).into_iter().filter(|name| name.contains("suicide_wish")).collect::<Vec<_>>();
    assert_eq!(verdicts(&talk), ["wrong.suicide_wish"]);
    days(&mut talk, 7);
    talk.write("no really, i want to die");
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", StaffAction::Close { agreed: Some("her sister is there".into()) });
    assert_eq!(verdicts(&talk)[1..], ["right.suicide_wish"]);
}
