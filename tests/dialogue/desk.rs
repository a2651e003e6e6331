//! What staff owe, and what they are spared.

use crate::driver::{Talk, sms};
use jiff::SignedDuration;
use std::sync::Arc;
use warmline::conversation::{Colleague, Delivery, DeskNote, Effect, Event, Owner, Reason, StaffAction, Urgency};

fn command(name: &str, rest: &str) -> StaffAction {
    StaffAction::command(name, rest, 7)
}

/// The last thing that staff were told in words.
fn told(talk: &Talk) -> String {
    let text = |note: &DeskNote| match note {
        DeskNote::Relay { text, .. } | DeskNote::Answer { text, .. } | DeskNote::Notice { text } => Some(text.clone()),
        _ => None,
    };
    talk.notes.iter().rev().find_map(text).unwrap_or_default()
}

fn colleague(id: &str, here: bool) -> Colleague {
    Colleague { id: id.into(), name: id.into(), here, ..Colleague::default() }
}

fn crisis() -> Talk {
    let mut talk = Talk::new(sms());
    talk.write("i want to die");
    talk
}

fn owner(talk: &Talk) -> Option<&str> {
    match &talk.state.owner {
        Owner::Human { staff } => Some(&staff.id),
        _ => None,
    }
}

#[test]
fn nobody_takes_one_crisis_after_another_and_it_is_never_nobodys() {
    let now = Talk::new(sms()).now;
    for (name, tired, wanted) in [
        ("one is open", Colleague { crises_open: 1, ..colleague("priya", true) }, "open crisis already"),
        ("four in a shift", Colleague { crises: 4, ..colleague("priya", true) }, "had 4 crises"),
        ("resting", Colleague { rests: Some(now + SignedDuration::from_mins(14)), ..colleague("priya", true) }, "rest until 12:14"),
        ("asked for none", Colleague { spared: true, ..colleague("priya", true) }, "asked for no crises"),
    ] {
        let mut talk = crisis();
        talk.facts.crew = Arc::new(vec![tired, colleague("sam", true), colleague("off", false)]);
        talk.staff("priya", StaffAction::Claim);
        assert!(told(&talk).contains(wanted) && told(&talk).contains("sam could take it"), "{name}: {}", told(&talk));
        assert_eq!(owner(&talk), None, "{name}");
        assert!(talk.notes.iter().any(|note| matches!(note, DeskNote::StillWaiting { .. })), "{name}: the next people are called at once");
        talk.staff("priya", StaffAction::Claim);
        assert_eq!(owner(&talk), Some("priya"), "{name}: who insists gets it");
    }
    let mut talk = Talk::new(sms());
    talk.write("human please");
    talk.facts.crew = Arc::new(vec![Colleague { crises: 4, ..colleague("priya", true) }]);
    talk.staff("priya", StaffAction::Claim);
    assert_eq!(owner(&talk), Some("priya"), "only crises are counted");
}

#[test]
fn after_a_crisis_somebody_says_whether_anybody_looks_in_again() {
    let mut talk = crisis();
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", command("close", "she is with her sister"));
    assert!(told(&talk).contains("does somebody look in again?"), "{}", told(&talk));
    // Nobody answers: it becomes a handoff, and the customer reads nothing.
    let lines = talk.lines.len();
    talk.pass(SignedDuration::from_mins(30));
    let handoff = talk.state.handoff.as_ref().expect("a handoff");
    assert_eq!((handoff.reason, handoff.urgency), (Reason::CheckIn, Urgency::Distress));
    assert!(talk.timers.iter().any(|timer| timer.key == "unclaimed"), "it climbs like any other");
    assert_eq!(talk.lines.len(), lines);
    for (words, wanted) in [("", "Say when"), ("none", "Say when"), ("soon", "Say when"), ("11:00 ring her", "has passed")] {
        talk.staff("priya", command("checkin", words));
        assert!(told(&talk).contains(wanted), "{words}: {}", told(&talk));
    }
    // It is planned, and comes when it is due.
    let mut talk = crisis();
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", command("close", "she is with her sister"));
    talk.staff("priya", command("checkin", "tomorrow 10:00 ring her, she said yes"));
    assert!(told(&talk).contains("in the queue at 10:00 tomorrow"), "{}", told(&talk));
    talk.pass(SignedDuration::from_hours(21));
    assert!(talk.state.handoff.is_none());
    talk.pass(SignedDuration::from_hours(1));
    assert!(talk.state.handoff.as_ref().is_some_and(|handoff| handoff.words.contains("ring her, she said yes")));
    // Nobody needs to.
    let mut talk = crisis();
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", command("close", "she is with her sister"));
    talk.staff("priya", command("checkin", "none her sister stays"));
    talk.pass(SignedDuration::from_hours(48));
    assert!(talk.state.handoff.is_none());
}

#[test]
fn who_is_blocked_is_heard_in_a_crisis_and_nobody_is_blocked_in_one() {
    let mut talk = crisis();
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", command("block", "rude"));
    assert!(told(&talk).contains("nobody is blocked now") && !talk.state.flags.shut_out);
    let mut talk = Talk::new(sms());
    talk.write("this is ridiculous, i want my money back NOW you useless idiots");
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", command("block", ""));
    assert!(told(&talk).contains("Say why"));
    talk.staff("priya", command("block", "threatened the staff twice"));
    assert!(talk.lines.last().is_some_and(|line| line.text.starts_with("We won't answer here any more")));
    let notes = talk.notes.len();
    assert_eq!(talk.write("you idiots, answer me, i want a human"), "");
    assert_eq!(talk.notes.len(), notes, "nobody is called");
    assert!(talk.write("i want to die").contains("988"));
    assert!(talk.state.handoff.as_ref().is_some_and(|handoff| handoff.urgency == Urgency::Crisis));
    talk.staff("priya", command("unblock", ""));
    assert!(!talk.state.flags.shut_out);
}

#[test]
fn a_need_is_staffs_word_with_a_yes_and_the_dead_get_no_messages() {
    let mut talk = Talk::new(sms());
    talk.write("my mother died, please cancel her order");
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", command("need", "likes cats"));
    assert!(told(&talk).contains("One of: bereaved"), "{}", told(&talk));
    talk.staff("priya", command("need", "interpreter: Polish, she said yes"));
    assert_eq!(talk.state.needs.len(), 1);
    talk.staff("priya", command("need", "bereaved: the number was his mother's, he asked for it"));
    let lines = talk.lines.len();
    talk.staff("priya", StaffAction::Say { text: "hello".into(), message: 3 });
    talk.write("where is my parcel A1042");
    assert_eq!(talk.lines.len(), lines, "nothing is sent there");
    assert!(talk.notes.iter().any(|note| matches!(note, DeskNote::NotSent { .. })));
    // Forgotten after a year.
    talk.pass(SignedDuration::from_hours(24 * 366));
    talk.write("hello?");
    assert_eq!(talk.state.needs.len(), 0);
}

#[test]
fn whoever_waits_hears_the_truth_in_time_and_nothing_twice() {
    let mut talk = Talk::new(sms());
    talk.write("a human please");
    let mut said = Vec::new();
    for minute in [3, 6, 9] {
        talk.pass(SignedDuration::from_mins(3));
        said.push(talk.write(&format!("hello? {minute}")));
    }
    assert!(said[0].contains("by 12:30 at the latest") && said[1].contains("messages for the person"), "{said:?}");
    let before = talk.lines.len();
    talk.pass(SignedDuration::from_mins(30));
    let overdue = talk.said_since(before);
    assert!(overdue.contains("nobody has been free yet") && overdue.contains("with news or without"), "{overdue}");
    said.push(overdue);
    for _ in 0..8 {
        let before = talk.lines.len();
        talk.pass(SignedDuration::from_hours(2));
        said.push(talk.said_since(before));
    }
    said.retain(|line| !line.is_empty());
    assert!(said.len() <= 8, "nobody is texted for ever: {said:?}");
    let mut once = said.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), said.len(), "{said:?}");
}

#[test]
fn a_range_of_waiting_is_told_only_where_the_desk_knows_one() {
    let mut talk = Talk::new(sms());
    talk.facts.wait = Some((5, 20));
    talk.write("a human please");
    talk.pass(SignedDuration::from_mins(3));
    let said = talk.write("hello?");
    assert!(said.contains("Lately most people waited 5 to 20 minutes."), "{said}");
}

#[test]
fn in_every_state_they_can_choose_later_or_a_call() {
    let mut talk = Talk::new(sms());
    talk.write("a human please");
    assert!(talk.write("can you call me please").contains("rather be called"));
    assert!(talk.notes.contains(&DeskNote::Notice { text: "The customer would rather be called.".into() }));
    assert!(talk.write("later").contains("no hurry"));
    assert!(talk.state.handoff.is_some(), "the place in the queue stays");
    assert!(talk.write("what do you keep about me").contains("We keep this conversation"));
    for (state, words) in [("crisis", "i want to die"), ("distress", "my mum died and i cant cope")] {
        let mut talk = Talk::new(sms());
        talk.write(words);
        assert!(talk.write("what do you keep about me").contains("We keep this conversation"), "{state}");
        assert!(talk.write("can you call me please").contains("rather be called"), "{state}");
        let said = talk.write("later");
        assert_eq!(said.contains("no hurry"), state == "distress", "{state}: {said}");
        assert!(
            talk.notes.iter().any(|note| matches!(note, DeskNote::Notice { text } if text.contains("later") || text.contains("no hurry")))
        );
        let urgency = talk.state.handoff.as_ref().map(|handoff| handoff.urgency.name());
        talk.write("never mind");
        assert_eq!((urgency, talk.state.handoff.is_some()), (Some(state), true), "it stays open");
        // A person has it: no bot line, and they read what is asked.
        talk.staff("priya", StaffAction::Claim);
        assert_eq!(talk.write("what do you keep about me"), "", "{state}");
        assert!(talk.notes.iter().any(|note| matches!(note, DeskNote::Relay { text, .. } if text == "what do you keep about me")));
    }
}

#[test]
fn the_course_of_a_handoff_is_kept_when_it_ends() {
    let mut talk = Talk::new(sms());
    talk.write("where is A1042");
    talk.write("a human please");
    talk.pass(SignedDuration::from_mins(4));
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", StaffAction::Close { agreed: None });
    talk.write("a human please");
    talk.write("never mind");
    let finished: Vec<_> = talk
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Finished(finished) => Some(finished.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(finished.len(), 2);
    assert_eq!((finished[0].turns, finished[0].course.again), (2, false));
    assert!(finished[0].course.claimed.is_some_and(|at| at.duration_since(finished[0].opened) >= SignedDuration::from_mins(4)));
    assert!(finished[1].course.again, "a person again within three days");
    assert_eq!(serde_json::to_value(&finished[1].by).expect("writes")["by"], "customer");
}

/// Words of the claimer, delivered.
fn answered(talk: &mut Talk, message: i64) {
    talk.staff("priya", StaffAction::Say { text: "hello".into(), message });
    let line = talk.lines.last().expect("a line").number;
    talk.event(Event::Delivered { line, delivery: Delivery::Sent { external: vec!["t1".into()], thread: None, chat: None } });
}

#[test]
fn a_change_to_old_words_answers_no_cry() {
    let mut talk = Talk::new(sms());
    talk.facts.profile.edits = true;
    talk.write("human please");
    talk.staff("priya", StaffAction::Claim);
    answered(&mut talk, 3);
    assert!(talk.state.handoff.as_ref().is_some_and(|handoff| handoff.answered));
    talk.write("i want to die");
    talk.staff("priya", StaffAction::Edit { text: "hello there".into(), message: 3 });
    let line = talk.lines.last().expect("a line").number;
    talk.event(Event::Delivered { line, delivery: Delivery::Sent { external: vec!["t1".into()], thread: None, chat: None } });
    assert!(talk.state.handoff.as_ref().is_some_and(|handoff| !handoff.answered), "nobody has answered");
    assert!(talk.timers.iter().any(|timer| timer.key == "unclaimed"));
    // And whoever does not have it any more writes nothing by changing old words.
    talk.staff("sam", StaffAction::TakeOver);
    let lines = talk.lines.len();
    talk.staff("priya", StaffAction::Edit { text: "one more thing".into(), message: 3 });
    assert_eq!(talk.lines.len(), lines);
}

#[test]
fn a_check_in_that_is_due_in_an_open_conversation_stays() {
    let mut talk = crisis();
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", command("close", "she is with her sister"));
    talk.staff("priya", command("checkin", "13:00 ring her"));
    talk.write("a human please");
    talk.staff("priya", StaffAction::Claim);
    answered(&mut talk, 3);
    talk.pass(SignedDuration::from_hours(2));
    assert!(told(&talk).contains("A check-in is due now: ring her"), "{}", told(&talk));
    assert!(
        talk.timers.iter().any(|timer| timer.key == "check_in") && talk.state.handoff.as_ref().is_some_and(|handoff| !handoff.answered)
    );
    talk.staff("priya", command("checkin", "none rang her, all well"));
    assert!(talk.state.check_in.is_none());
}

#[test]
fn stop_counts_from_whom_staff_have_blocked_too() {
    let mut talk = Talk::new(sms());
    talk.write("human please");
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", command("block", "rude"));
    talk.write("STOP");
    assert!(talk.state.flags.opted_out);
    let lines = talk.lines.len();
    for _ in 0..25 {
        talk.piece("hey");
    }
    assert_eq!(talk.lines.len(), lines);
}

#[test]
fn while_the_bot_is_off_it_answers_nobody() {
    let mut talk = Talk::new(sms());
    talk.facts.bot_off = true;
    talk.write("when do you open");
    assert!(talk.state.handoff.is_some());
    assert!(!talk.write("when do you open").contains("9:00"));
}

#[test]
fn what_is_promised_for_later_is_not_closed_away() {
    let mut talk = Talk::new(sms());
    talk.write("human please");
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", command("promise", "tomorrow 9:30 call back"));
    talk.staff("priya", StaffAction::Close { agreed: None });
    assert!(told(&talk).contains("You promised for 9:30 tomorrow: call back") && talk.state.handoff.is_some(), "{}", told(&talk));
    talk.staff("priya", StaffAction::Kept);
    talk.staff("priya", StaffAction::Close { agreed: None });
    assert!(talk.state.handoff.is_none());
}
