//! Suggest and shadow, abuse, staff.

use crate::driver::{Talk, sms};
use std::sync::Arc;
use warmline::conversation::{DeskNote, NotSent, Owner, Rules, StaffAction};
use warmline::engine::Mode;

fn talk(mode: Mode) -> Talk {
    let mut talk = Talk::new(sms());
    talk.rules = Arc::new(Rules { mode, ..(*talk.rules).clone() });
    talk
}

#[test]
fn suggest_shows_staff_what_it_would_say_and_sends_it_at_a_press() {
    let mut talk = talk(Mode::Suggest);
    assert_eq!(talk.write("when do you open"), "");
    let Some(DeskNote::Suggest { line, text }) = talk.notes.iter().find(|note| matches!(note, DeskNote::Suggest { .. })).cloned() else {
        panic!("a suggestion: {:?}", talk.notes)
    };
    assert!(text.contains("9:00"), "{text}");
    for _ in 0..2 {
        talk.staff("priya", StaffAction::Send { line });
    }
    assert_eq!(talk.lines.len(), 1, "sent once");
}

#[test]
fn shadow_only_records() {
    let mut talk = talk(Mode::Shadow);
    assert_eq!(talk.write("when do you open"), "");
    assert!(talk.notes.is_empty());
}

#[test]
fn care_and_human_requests_act_in_every_mode() {
    for mode in [Mode::Live, Mode::Suggest, Mode::Shadow] {
        let mut asks = talk(mode);
        assert!(asks.write("can i talk to a human").starts_with("This is Fern & Field"), "{mode:?}");
        let mut despairs = talk(mode);
        assert!(despairs.write("i want to die").contains("call or text 988"), "{mode:?}");
        assert_eq!(despairs.state.owner, Owner::Waiting);
    }
}

#[test]
fn abuse_gets_one_neutral_line_and_then_silence_until_it_is_safe() {
    let mut talk = Talk::new(sms());
    let said = talk.write("my husband hits me and i am scared of him");
    assert!(said.contains("OK to reply to you here") && !said.contains("emergency") && !said.contains("Fern"), "{said}");
    assert!(talk.state.flags.do_not_text);
    talk.staff("priya", StaffAction::Claim);
    talk.staff("priya", StaffAction::Say { text: "hello".into(), message: 1 });
    assert!(talk.notes.contains(&DeskNote::NotSent { message: Some(1), chat: None, why: NotSent::DoNotText }), "{:?}", talk.notes);
    assert_eq!(talk.lines.len(), 1);
    for still_locked in ["yes he reads everything", "its not ok", "not sure"] {
        talk.write(still_locked);
        assert!(talk.state.flags.do_not_text, "{still_locked}");
    }
    talk.write("yes");
    talk.staff("priya", StaffAction::Say { text: "hello".into(), message: 2 });
    assert_eq!(talk.lines.len(), 2, "only the customer's own word lifts it");
}

#[test]
fn a_claim_is_exclusive_and_release_gives_it_back() {
    let mut talk = Talk::new(sms());
    talk.write("a person please");
    talk.staff("priya", StaffAction::Claim);
    talk.staff("sam", StaffAction::Claim);
    talk.staff("sam", StaffAction::Close { agreed: None });
    assert!(matches!(&talk.state.owner, Owner::Human { staff } if staff.id == "priya"));
    talk.staff("priya", StaffAction::Release);
    assert_eq!(talk.state.owner, Owner::Waiting);
    talk.staff("sam", StaffAction::Claim);
    talk.staff("sam", StaffAction::Close { agreed: Some("a new parcel leaves today".into()) });
    assert_eq!(talk.state.owner, Owner::Bot);
    assert!(talk.lines.last().is_some_and(|line| line.text.contains("a new parcel leaves today")));
    assert!(talk.write("when do you open").contains("9:00"));
}

#[test]
fn a_tap_is_not_an_answer_and_a_colleague_can_take_over() {
    let timer = || warmline::conversation::Event::Timer { key: "unclaimed".into() };
    let mut talk = Talk::new(sms());
    talk.write("i want to die");
    talk.staff("priya", StaffAction::Claim);
    talk.event(timer());
    assert!(talk.notes.contains(&DeskNote::StillWaiting { times: 1 }), "claimed, and nobody has written");
    talk.staff("sam", StaffAction::Claim);
    assert!(matches!(&talk.state.owner, Owner::Human { staff } if staff.id == "priya"));
    talk.staff("sam", StaffAction::TakeOver);
    assert!(matches!(&talk.state.owner, Owner::Human { staff } if staff.id == "sam"));
    talk.staff("sam", StaffAction::Say { text: "I am here".into(), message: 5 });
    let line = talk.lines.last().expect("a line").number;
    let sent = warmline::conversation::Delivery::Sent { external: vec!["1".into()], thread: None, chat: None };
    talk.event(warmline::conversation::Event::Delivered { line, delivery: sent });
    let before = talk.notes.len();
    talk.event(timer());
    assert_eq!(talk.notes.len(), before, "a delivered human word stops the clock");
}

#[test]
fn over_the_flood_limit_a_crisis_is_still_answered() {
    let mut talk = Talk::new(sms());
    for number in 0..30 {
        talk.write(&format!("when do you open number {number}"));
        talk.now = talk.now.checked_sub(jiff::SignedDuration::from_secs(4)).expect("a time");
    }
    assert_eq!(talk.write("when do you open again"), "");
    assert!(talk.write("i want to die").contains("call or text 988"));
}
