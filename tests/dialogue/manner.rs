//! What no single message shows: cold answers after a miss, an outpouring, a wait that lasts too long.

use crate::driver::{Talk, sms};
use jiff::SignedDuration;
use warmline::conversation::{Effect, Entry, Reason, Urgency};

/// The rules of the last message that the customer sent.
fn signs(talk: &Talk) -> Vec<String> {
    let said = |effect: &Effect| match effect {
        Effect::Record(Entry { who: warmline::conversation::Who::Customer, evidence, .. }) => {
            Some(evidence.iter().map(|evidence| evidence.rule.clone()).collect())
        }
        _ => None,
    };
    talk.effects.iter().rev().find_map(said).unwrap_or_default()
}

#[test]
fn a_cold_word_after_a_miss_is_a_sign_and_an_answer_is_none() {
    for (name, before, word, wanted) in [
        ("whatever after a miss", "my goldfish sings", "whatever", true),
        ("great after a useless answer", "wheres my parcel", "great", false),
        ("no is an answer", "my goldfish sings", "no", false),
        ("yes is an answer", "my goldfish sings", "yes please", false),
        ("thanks is none", "my goldfish sings", "ok thanks", false),
        ("a number is none", "my goldfish sings", "A1042", false),
        ("nothing went wrong", "where is A1042", "whatever", false),
    ] {
        let mut talk = Talk::new(sms());
        talk.write(before);
        talk.write(word);
        assert_eq!(signs(&talk).contains(&"cold_after_a_miss".to_string()), wanted, "{name}: {:?}", signs(&talk));
    }
}

#[test]
fn giving_up_on_a_question_that_was_asked_twice_brings_an_offer() {
    let mut talk = Talk::new(sms());
    talk.write("wheres my parcel");
    talk.write("the blue one");
    let said = talk.write("forget it");
    assert!(said.contains("left that") && said.contains("person"), "{said} {:?} {:?}", signs(&talk), talk.state.offered);
    assert!(talk.write("yes").contains("Yes"), "the offer stands");
    let mut talk = Talk::new(sms());
    talk.write("wheres my parcel");
    let said = talk.write("forget it");
    assert!(said.contains("left that") && !said.contains("person"), "who changes their mind is not asked: {said}");
    let mut talk = Talk::new(sms());
    talk.write("my goldfish sings");
    let said = talk.write("forget it");
    assert!(!said.contains("person"), "who declines an offer is not asked again: {said}");
}

#[test]
fn an_outpouring_of_somebody_terse_gets_an_offer_beside_what_the_bot_says() {
    let mut talk = Talk::new(sms());
    for text in ["where is A1042", "ok thanks", "when do you open", "ok"] {
        talk.write(text);
    }
    let long = "so the thing is my neighbour took the box in and then went to her sister in the country and the flat is locked and \
                the landlord says he has no key and the plant man was coming on the day after and now he can only come in march and \
                the moss was meant for the stairs";
    talk.write(long);
    assert!(signs(&talk).contains(&"longer_than_usual".to_string()), "{:?}", signs(&talk));
    let mut talk = Talk::new(sms());
    talk.write(long);
    assert!(!signs(&talk).contains(&"longer_than_usual".to_string()), "{:?}", signs(&talk));
}

#[test]
fn who_writes_again_after_too_long_a_wait_moves_up_once() {
    let mut talk = Talk::new(sms());
    talk.write("my goldfish sings");
    talk.write("the weather is lovely");
    let urgency = |talk: &Talk| talk.state.handoff.as_ref().map(|handoff| handoff.urgency);
    assert_eq!(urgency(&talk), Some(Urgency::Stuck));
    talk.pass(SignedDuration::from_mins(30));
    talk.write("the moon is round");
    assert_eq!(urgency(&talk), Some(Urgency::Stuck), "it has not taken too long yet");
    talk.pass(SignedDuration::from_mins(31));
    let said = talk.write("the moon is still round");
    assert!(signs(&talk).contains(&"waiting".to_string()), "{:?}", signs(&talk));
    assert_eq!(urgency(&talk), Some(Urgency::Asked), "{said}");
    talk.write("and round");
    assert!(!signs(&talk).contains(&"waiting".to_string()), "{:?}", signs(&talk));
}

#[test]
fn who_waited_too_long_may_still_take_it_back_and_is_still_answered() {
    let mut talk = Talk::new(sms());
    talk.write("human please");
    talk.pass(SignedDuration::from_mins(31));
    assert!(talk.write("when do you open").contains("9:00"));
    assert_eq!(talk.state.handoff.as_ref().map(|handoff| handoff.reason), Some(Reason::Care(warmline::care::Level::HumanRequest)));
    talk.write("never mind");
    assert!(talk.state.handoff.is_none());
}
