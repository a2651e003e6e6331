//! What must hold after any sequence of events.

use crate::driver::{RULES, Talk, facts, sms};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};
use warmline::conversation::{
    Aftercare, Colleague, ConversationId, Delivery, Effect, Event, Failure, Flags, Group, Kin, Owner, Rules, Speaker, Staff, StaffAction,
    Stage, Team, Urgency, step,
};

/// A shop that asks two days after a close whether it was sorted out.
static ASKING: LazyLock<Arc<Rules>> = LazyLock::new(|| {
    let aftercare = Aftercare { ask_after: Some(jiff::SignedDuration::from_hours(48)), ..Aftercare::default() };
    // Everybody's group, one that shares its load, one of a team.
    let group = |chat, teams: &[&str]| Group { chat, teams: teams.iter().map(ToString::to_string).collect() };
    let groups = vec![group(-1, &[]), group(-2, &[]), group(-3, &["orders"])];
    let teams = vec![Team { name: "orders".into(), topics: vec!["cancel_order".into(), "order_status".into()], ..Team::default() }];
    Arc::new(Rules { aftercare, groups, teams, ..(**RULES).clone() })
});

const TEXTS: [&str; 26] = [
    "hello",
    "where is my parcel",
    "A1042",
    "cancel A1041",
    "4821",
    "1234",
    "yes",
    "no",
    "a human please",
    "i want to die",
    "STOP",
    "START",
    "never mind",
    "i dont remember",
    "this is ridiculous",
    "my husband hits me",
    "dont text me, my husband reads my messages",
    "yes it is safe",
    "when do you open",
    "asdf qwer",
    "",
    "😭",
    "thanks",
    "sorry, A1043",
    "ana@example.com",
    "track my order or cancel my order",
];

fn event() -> impl Strategy<Value = Event> {
    let staff = |id: &'static str| Staff { id: id.into(), name: id.into() };
    let action = prop_oneof![
        Just(StaffAction::Claim),
        Just(StaffAction::Release),
        Just(StaffAction::TakeOver),
        Just(StaffAction::NotUrgent),
        Just(StaffAction::Snooze { words: Some("10m on the phone".into()) }),
        Just(StaffAction::BackToBot { why: None }),
        Just(StaffAction::BackToBot { why: Some("done".into()) }),
        Just(StaffAction::Note { words: Some("calls after five".into()) }),
        Just(StaffAction::Close { agreed: None }),
        Just(StaffAction::Close { agreed: Some("done".into()) }),
        Just(StaffAction::Safe { why: Some("she called us".into()) }),
        Just(StaffAction::NotACrisis { why: Some("a song".into()) }),
        Just(StaffAction::Transcript),
        Just(StaffAction::Promise { words: Some("15:00 call back".into()), message: 5 }),
        Just(StaffAction::Kept),
        Just(StaffAction::Assign { words: Some("sam she knows".into()) }),
        Just(StaffAction::Block { why: Some("rude".into()) }),
        Just(StaffAction::Unblock),
        Just(StaffAction::Need { words: Some("bereaved: he said yes".into()) }),
        Just(StaffAction::Need { words: Some("none".into()) }),
        Just(StaffAction::CheckIn { words: Some("none fine".into()) }),
        Just(StaffAction::Edit { text: "hi there".into(), message: 3 }),
        Just(StaffAction::Unsend { line: None, reply: None }),
        Just(StaffAction::Say { text: "hi".into(), message: 3 }),
        Just(StaffAction::SayMedia { message: 4 }),
        Just(StaffAction::Anonymous),
        Just(StaffAction::Reviewed { words: Some("fine".into()) }),
        Just(StaffAction::Do { words: Some("goodwill A1042 5".into()) }),
        (1_u64..40).prop_map(|number| StaffAction::Confirm { number }),
        Just(StaffAction::Part),
    ];
    let flags = (any::<bool>(), any::<bool>()).prop_map(|(opted_out, do_not_text)| Flags { opted_out, do_not_text, ..Flags::default() });
    let word = prop_oneof![
        4 => Just(Kin::Joined { channel: "telegram".into() }),
        1 => Just(Kin::Parted),
        1 => flags.prop_map(|flags| Kin::Flags { flags }),
        1 => Just(Kin::Freed { staff: staff("priya") }),
        1 => Just(Kin::Opened { channel: "telegram".into(), urgency: Urgency::Asked }),
        1 => Just(Kin::Claimed {
            staff: staff("sam"),
            from: Some("priya".into()),
            at: "2026-11-20T12:00:00Z".parse().expect("a time"),
        }),
    ];
    let delivery = prop_oneof![
        Just(Delivery::Sent { external: vec!["9".into()], thread: None, chat: None }),
        (1_i32..9, -3_i64..0).prop_map(|(topic, chat)| Delivery::Sent {
            external: vec!["9".into()],
            thread: Some(topic),
            chat: Some(chat)
        }),
        Just(Delivery::Failed { failure: Failure::Blocked }),
        Just(Delivery::Failed { failure: Failure::Undelivered }),
    ];
    prop_oneof![
        6 => (0..TEXTS.len(), any::<bool>()).prop_map(|(text, edited)| {
            let message = warmline::conversation::Message { text: TEXTS[text].into(), external: text.to_string(), edited, entropy: 4821, ..Default::default() };
            Event::Message(Box::new(message))
        }),
        2 => (action, prop_oneof![Just("priya"), Just("sam")], -3_i64..0).prop_map(move |(action, who, chat)| Event::Staff { staff: staff(who), action, chat: Some(chat), callback: None }),
        1 => (1_u64..40, delivery).prop_map(|(line, delivery)| Event::Delivered { line, delivery }),
        1 => Just(Event::Timer { key: "unclaimed".into() }),
        1 => prop_oneof![Just("review"), Just("promise"), Just("update"), Just("check_in"), Just("forget"), Just("burst"), Just("follow_up")]
            .prop_map(|key| Event::Timer { key: key.into() }),
        1 => prop_oneof![Just("priya"), Just("sam")].prop_map(|who| Event::OwnerLeft { staff: who.into(), why: "has gone".into() }),
        1 => word.prop_map(|word| Event::Kin { from: ConversationId::from_bytes([9; 16]), word }),
        1 => (1_u64..20, 0_u32..3).prop_map(|(handoff, step)| Event::AlertFailed { way: "lead".into(), handoff, step }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn ownership_and_silence_hold(events in proptest::collection::vec(event(), 1..25), full in proptest::collection::vec(-3_i64..0, 0..6)) {
        let mut talk = Talk::new(sms());
        talk.rules = ASKING.clone();
        let colleague = |id: &str| Colleague { id: id.into(), name: id.into(), here: true, ..Colleague::default() };
        talk.facts.crew = std::sync::Arc::new(vec![colleague("priya"), colleague("sam")]);
        for (number, event) in events.into_iter().enumerate() {
            talk.facts.full = full.get(number % full.len().max(1)).copied().into_iter().collect();
            let before = talk.state.clone();
            let from = talk.effects.len();
            talk.event(event.clone());
            for effect in &talk.effects[from..] {
                if let Effect::Say(line) = effect {
                    let human = matches!(before.owner, Owner::Human { .. }) && matches!(talk.state.owner, Owner::Human { .. });
                    prop_assert!(!(human && line.speaker == Speaker::Bot), "a bot line in a person's conversation: {line:?}");
                    prop_assert!(!(before.flags.bereaved && talk.state.flags.bereaved), "a line to somebody who has died: {line:?}");
                    let locked = before.flags.do_not_text && talk.state.flags.do_not_text;
                    let reasoned = matches!(line.speaker, Speaker::Staff(_)) && line.safe_because.is_some();
                    prop_assert!(!locked || reasoned, "a line under do_not_text: {line:?}");
                    prop_assert!(!(before.flags.opted_out && talk.state.flags.opted_out), "a line after an opt-out: {line:?}");
                    if let Speaker::Staff(staff) = &line.speaker {
                        let changes = line.replaces.is_some() || before.sent.values().any(|sent| sent.staff == staff.id);
                        let owns = matches!(&before.owner, Owner::Human { staff: owner } if owner.id == staff.id);
                        prop_assert!(owns || changes, "words without a claim");
                    }
                }
            }
            // Whoever waits, or was not answered, has a running clock.
            let waits = talk.state.handoff.as_ref().is_some_and(|handoff| !handoff.answered);
            prop_assert!(!waits || talk.timers.iter().any(|timer| timer.key == "unclaimed"), "nobody is reminded after {event:?}");
            // What is promised has a clock, and so has a check-in.
            let promised = talk.state.handoff.as_ref().and_then(|handoff| handoff.promise.as_ref()).is_some_and(|promise| !promise.late);
            prop_assert!(!promised || talk.timers.iter().any(|timer| timer.key == "promise"), "a promise without a clock after {event:?}");
            let looks_in = talk.state.check_in.is_some();
            prop_assert!(!looks_in || talk.timers.iter().any(|timer| timer.key == "check_in"), "a check-in without a clock after {event:?}");
            // Whoever agreed to be asked again has a clock, until somebody has them or nothing may be sent.
            let agreed = talk.state.follow_up.as_ref().is_some_and(|follow_up| follow_up.stage == Stage::Agreed);
            prop_assert!(!agreed || talk.timers.iter().any(|timer| timer.key == "follow_up"), "a yes without a clock after {event:?}");
            prop_assert!(talk.state.follow_up.is_none() || (talk.state.handoff.is_none() && !talk.state.silent()), "asked all the same");
            // Who is in need stands where everybody reads, and what a person has nowhere else than before, but for that.
            let (was, is) = (before.thread.chat, talk.state.thread.chat);
            if let Some(handoff) = &talk.state.handoff {
                prop_assert!(is.is_some(), "in no group after {event:?}");
                prop_assert!(handoff.urgency < Urgency::Distress || is == Some(-1), "out of sight after {event:?}");
                let theirs = matches!(before.owner, Owner::Human { .. }) && matches!(talk.state.owner, Owner::Human { .. });
                prop_assert!(!theirs || handoff.urgency >= Urgency::Distress || was == is, "moved under somebody's hands by {event:?}");
            }
            prop_assert!(!talk.state.thread.elsewhere.contains_key(&is.unwrap_or_default()), "two topics in one group");
            prop_assert_eq!(talk.state.handoff.is_some(), talk.state.owner != Owner::Bot, "an owner without a handoff, or the other way round");
        }
    }

    #[test]
    fn the_same_event_gives_the_same_step(events in proptest::collection::vec(event(), 1..8)) {
        let mut state = Talk::new(sms()).state;
        let now = "2026-11-20T12:00:00Z".parse().expect("a time");
        for event in events {
            let first = step(&RULES, &facts(sms()), &state, event.clone(), now);
            let second = step(&RULES, &facts(sms()), &state, event, now);
            prop_assert_eq!(&first, &second);
            state = first.0;
        }
    }

    #[test]
    fn a_step_is_total(text in ".{0,200}") {
        let mut talk = Talk::new(sms());
        talk.write(&text);
        talk.write(&text);
    }
}
