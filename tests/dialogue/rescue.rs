//! What is done when a step has failed.

use crate::driver::{Talk, sms};
use std::collections::BTreeMap;
use std::sync::Arc;
use warmline::conversation::{CallReturned, DeskNote, Effect, Event, Owner, Rules, StaffAction, Urgency, rescue};
use warmline::engine::Mode;

/// The customer writes, and the usual step fails.
fn fails(talk: &mut Talk, text: &str) -> Vec<Effect> {
    let message = talk.message(text);
    let (state, effects) = rescue(&talk.rules, &talk.facts, &talk.state, &Event::Message(Box::new(message)), talk.now);
    talk.state = state;
    effects
}

fn says(effects: &[Effect]) -> Vec<&str> {
    effects.iter().filter_map(|effect| if let Effect::Say(line) = effect { Some(line.text.as_str()) } else { None }).collect()
}

#[test]
fn whoever_wrote_reaches_a_person_all_the_same() {
    for (text, urgency) in [
        ("where is my parcel", Urgency::Stuck),
        ("i want to die", Urgency::Crisis),
        ("a human please", Urgency::Asked),
        ("", Urgency::Stuck),
    ] {
        let mut talk = Talk::new(sms());
        talk.rules = Arc::new(Rules { mode: Mode::Shadow, ..(*talk.rules).clone() });
        let effects = fails(&mut talk, text);
        assert_eq!(talk.state.handoff.as_ref().map(|handoff| handoff.urgency), Some(urgency), "{text:?}");
        assert_eq!(talk.state.owner, Owner::Waiting, "{text:?}");
        assert!(!says(&effects).is_empty(), "{text:?}: the customer hears what happens");
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Desk(DeskNote::Opened))), "{text:?}");
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Timer(timer) if timer.key == "unclaimed")), "{text:?}");
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Record(entry) if entry.text == text)), "{text:?}");
    }
}

#[test]
fn whoever_has_them_reads_the_words() {
    let mut talk = Talk::new(sms());
    talk.write("a human please");
    talk.staff("priya", StaffAction::Claim);
    let effects = fails(&mut talk, "are you there");
    assert!(says(&effects).is_empty(), "no bot word in a person's conversation");
    let relayed =
        |wanted: &str| effects.iter().any(|effect| matches!(effect, Effect::Desk(DeskNote::Relay { text, .. }) if text == wanted));
    let told = |wanted: &str| effects.iter().any(|effect| matches!(effect, Effect::Desk(DeskNote::Notice { text }) if text == wanted));
    assert!(relayed("are you there") && told("The bot failed on this message. A person should read it."));
    fails(&mut talk, "i want to die");
    assert_eq!(talk.state.handoff.as_ref().map(|handoff| handoff.urgency), Some(Urgency::Crisis));
}

#[test]
fn stop_is_honoured_all_the_same() {
    let mut talk = Talk::new(sms());
    let effects = fails(&mut talk, "STOP");
    assert!(talk.state.flags.opted_out && talk.state.handoff.is_none());
    assert_eq!(says(&effects).len(), 1, "the one confirmation");
}

#[test]
fn whatever_else_fails_a_clock_runs_and_nothing_stays_open() {
    let mut talk = Talk::new(sms());
    talk.write("i want to die");
    for key in ["unclaimed", "update"] {
        let event = Event::Timer { key: key.into() };
        let (state, effects) = rescue(&talk.rules, &talk.facts, &talk.state, &event, talk.now);
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Timer(timer) if timer.key == "unclaimed")), "{key}");
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Desk(DeskNote::StillWaiting { times: 1 }))), "{key}: called again");
        assert_eq!(state.handoff.map(|handoff| handoff.reminders), Some(1), "{key}");
    }
    let mut talk = Talk::new(sms());
    let (state, effects) = {
        let message = talk.message("where is my order A1042");
        warmline::conversation::step(&talk.rules, &talk.facts, &talk.state, Event::Message(Box::new(message)), talk.now)
    };
    let call = effects.iter().find_map(|effect| if let Effect::Call(request) = effect { Some(request.number) } else { None });
    let returned = CallReturned { call: call.expect("a call"), outcome: "shipped".into(), fields: BTreeMap::new() };
    let (state, effects) = rescue(&talk.rules, &talk.facts, &state, &Event::CallReturned(returned), talk.now);
    assert!(state.calls.is_empty() && state.handoff.is_some());
    assert!(!says(&effects).is_empty(), "the customer hears what happens");
}
