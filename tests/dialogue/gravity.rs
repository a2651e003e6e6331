//! What takes more than a tap: closing or doubting a crisis, writing where somebody else may read.

use crate::driver::{RULES, Talk, facts, sms};
use warmline::conversation::{DeskNote, Effect, Event, NotSent, Owner, Rules, Speaker, Staff, StaffAction, Urgency, step};

fn say(text: &str) -> StaffAction {
    StaffAction::Say { text: text.into(), message: 7 }
}

fn notes(talk: &Talk) -> String {
    let text = |note: &DeskNote| match note {
        DeskNote::Relay { text, .. } | DeskNote::Answer { text, .. } => text.clone(),
        other => format!("{other:?}"),
    };
    talk.notes.iter().map(text).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_crisis_is_closed_with_a_reason_and_the_customer_reads_nothing_of_it() {
    let mut talk = Talk::new(sms());
    talk.write("i want to die");
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", StaffAction::Close { agreed: None });
    assert!(talk.state.handoff.is_some() && notes(&talk).contains("close it with what was done"), "{}", notes(&talk));
    talk.staff("sam", StaffAction::Close { agreed: Some("done".into()) });
    assert!(talk.state.handoff.is_some(), "only the claimer closes");
    let lines = talk.lines.len();
    talk.staff("priya", StaffAction::Close { agreed: Some("her sister is with her".into()) });
    assert_eq!((talk.state.handoff.is_some(), talk.lines.len()), (false, lines));
}

#[test]
fn not_a_crisis_takes_two_people_and_a_reason() {
    let mut talk = Talk::new(sms());
    talk.write("i want to die");
    let urgency = |talk: &Talk| talk.state.handoff.as_ref().map(|handoff| handoff.urgency);
    talk.staff("priya", StaffAction::NotACrisis { why: None });
    assert!(notes(&talk).contains("Say why"), "{}", notes(&talk));
    talk.staff("priya", StaffAction::NotACrisis { why: Some("he quoted a song".into()) });
    talk.staff("priya", StaffAction::NotACrisis { why: Some("really".into()) });
    assert_eq!(urgency(&talk), Some(Urgency::Crisis), "one person alone changes nothing");
    talk.staff("sam", StaffAction::NotACrisis { why: None });
    assert_eq!(urgency(&talk), Some(Urgency::Distress));
    // The next cry for help is a crisis again, and needs two people again.
    talk.write("i mean it, i want to die");
    assert_eq!(urgency(&talk), Some(Urgency::Crisis));
    talk.staff("sam", StaffAction::NotACrisis { why: Some("no".into()) });
    assert_eq!(urgency(&talk), Some(Urgency::Crisis));
}

#[test]
fn one_person_alone_may_but_looks_at_it_again_the_next_day() {
    let alone = Rules { alone: true, ..(**RULES).clone() };
    let mut talk = Talk::new(sms());
    talk.write("i want to die");
    let staff = Staff { id: "priya".into(), name: "priya".into() };
    let event = Event::Staff { staff, action: StaffAction::NotACrisis { why: Some("a song".into()) }, chat: None, callback: None };
    let (state, effects) = step(&alone, &facts(sms()), &talk.state, event, talk.now);
    assert_eq!(state.handoff.as_ref().map(|handoff| handoff.urgency), Some(Urgency::Distress));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Timer(timer) if timer.key == "review")), "{effects:?}");
    let (_, effects) = step(&alone, &facts(sms()), &state, Event::Timer { key: "review".into() }, talk.now);
    assert!(format!("{effects:?}").contains("REVIEW"), "{effects:?}");
}

#[test]
fn where_somebody_reads_the_phone_not_one_word_is_sent() {
    for text in ["dont text me back, my husband reads my messages. he hits me", "he checks my phone so please dont reply"] {
        let mut talk = Talk::new(sms());
        assert_eq!(talk.write(text), "", "{text}");
        assert!(talk.state.flags.do_not_text && talk.state.owner == Owner::Waiting, "{text}");
        for after in ["STOP", "where is my order A1042", "hello?", "a human please", "yes"] {
            assert_eq!(talk.write(after), "", "{text}: {after}");
        }
    }
}

#[test]
fn staff_say_why_a_message_is_safe_and_only_that_one_goes() {
    let mut talk = Talk::new(sms());
    talk.write("dont text me, my husband reads my messages");
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", say("hello"));
    assert!(talk.notes.contains(&DeskNote::NotSent { message: Some(7), chat: None, why: NotSent::DoNotText }));
    talk.staff("priya", StaffAction::Safe { why: None });
    talk.staff("sam", StaffAction::Safe { why: Some("i think so".into()) });
    talk.staff("priya", say("hello again"));
    assert!(talk.lines.is_empty(), "no reason, or somebody else's: {:?}", talk.lines);
    talk.staff("priya", StaffAction::Safe { why: Some("she called from her sister's phone".into()) });
    talk.staff("priya", say("it's Priya"));
    talk.staff("priya", say("and one more"));
    let sent: Vec<_> = talk.lines.iter().map(|line| (line.text.as_str(), line.safe_because.as_deref())).collect();
    assert_eq!(sent, [("priya: it's Priya", Some("she called from her sister's phone"))]);
    assert!(talk.lines.iter().all(|line| matches!(line.speaker, Speaker::Staff(_))));
}

#[test]
fn a_minor_is_named_to_the_safeguarding_lead() {
    let rules = Rules { safeguarding: "@robin".into(), ..(**RULES).clone() };
    let mut talk = Talk::new(sms());
    let message = talk.message("im 14 and i want to die");
    let (state, _) = step(&rules, &facts(sms()), &talk.state, Event::Message(Box::new(message)), talk.now);
    assert_eq!(state.handoff.as_ref().and_then(|handoff| handoff.safeguarding.as_deref()), Some("@robin"));
    // Said only later, it is told at once.
    talk.write("i want to die");
    let message = talk.message("im 14");
    let (state, effects) = step(&rules, &facts(sms()), &talk.state, Event::Message(Box::new(message)), talk.now);
    assert!(state.flags.minor && format!("{effects:?}").contains("SAFEGUARDING @robin"), "{effects:?}");
}
