//! What is done when a step has failed.

use crate::driver::{Talk, sms};
use warmline::conversation::{DeskNote, Effect, Event, Owner, StaffAction, Urgency, rescue};

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
    for (text, urgency) in [("where is my parcel", Urgency::Stuck), ("i want to die", Urgency::Crisis), ("", Urgency::Stuck)] {
        let mut talk = Talk::new(sms());
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
    assert!(relayed("are you there") && relayed("The bot failed on this message. A person should read it."));
    fails(&mut talk, "i want to die");
    assert_eq!(talk.state.handoff.as_ref().map(|handoff| handoff.urgency), Some(Urgency::Crisis));
}
