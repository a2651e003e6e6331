//! What is shown of which step, as a table.

use super::super::there::{message_name, staff_there};
use super::*;
use crate::conversation::{Address, Delivery, Failure, Handoff, Reason, Sent};

const BOB: i64 = 3;

fn staff(id: &str, name: &str) -> Staff {
    Staff { id: id.into(), name: name.into() }
}

fn bob() -> Staff {
    staff(&staff_there(BOB.unsigned_abs()), "Bob")
}

fn did(staff: Staff, action: StaffAction, pressed: Option<Pressed>) -> Event {
    Event::Staff { staff, action, chat: None, callback: pressed.map(Pressed::callback) }
}

fn entry(number: u64, who: Who, text: &str) -> Entry {
    let at = Timestamp::default();
    Entry { number, at, who, text: text.into(), evidence: Vec::new(), understood: Default::default(), about: None }
}

fn relay(text: &str) -> DeskNote {
    DeskNote::Relay { who: Who::Note, text: text.into(), external: None }
}

/// A handoff that is open; its line 4 was written there as message 901.
fn open(owner: Owner) -> State {
    let mut state = State::new(Address { channel: "sms".into(), account: "+1".into(), sender: "+2".into() });
    state.handoff = Some(Handoff::new(2, Timestamp::default(), Reason::Stuck));
    state.owner = owner;
    state.thread.chatwoot = Some(101);
    let (message, at) = (message_name(901), Timestamp::default());
    let (staff, mark, external, fate) = (bob().id, None, Vec::new(), Fate::Delivered);
    state.sent.insert(4, Sent { message, chat: None, staff, at, mark, external, fate, deletes: false, edits: false });
    state
}

fn closed() -> State {
    State { handoff: None, owner: Owner::Bot, ..open(Owner::Bot) }
}

/// What is shown, a word for each.
fn shown(before: &State, next: &State, event: &Event, entries: &[Entry], notes: &[DeskNote]) -> Vec<String> {
    let step = Mirrored { id: ConversationId::from_bytes([1; 16]), before, next, event, entries, notes };
    let words = |message: MirrorMessage| match message {
        MirrorMessage::Open { handoff, .. } => format!("open {handoff}"),
        MirrorMessage::Priority { urgency } => format!("priority {}", urgency.name()),
        MirrorMessage::History { card } => format!("history {}", card.is_some()),
        MirrorMessage::Said { entry, customer, text } => format!("{} {entry} {text}", if customer { '<' } else { '>' }),
        MirrorMessage::Note { text } => format!("note {}", text.lines().next().unwrap_or_default()),
        MirrorMessage::Fate { message, failed } => format!("fate {message} {}", failed.unwrap_or_default()),
        MirrorMessage::Status { open } => format!("status {open}"),
    };
    mirror(&step, &Hours::never(), Timestamp::default()).into_iter().map(words).collect()
}

#[test]
fn names_don_t_run_into_those_of_other_desks() {
    for message in [0, 1, 901, u64::from(u32::MAX)] {
        assert_eq!(message_there(message_name(message)), Some(message));
    }
    for name in [5, 0, -1, -(1 << 30), 1 - (1 << 40)] {
        assert_eq!(message_there(name), None, "{name}");
    }
    for (pressed_, _) in Pressed::ALL {
        assert_eq!(pressed(&pressed_.callback()), Some(pressed_));
    }
    assert_eq!(pressed("7731"), None);
}

#[test]
fn each_step_is_shown_once_and_where_it_belongs() {
    let (waiting, hers) = (open(Owner::Waiting), open(Owner::Human { staff: staff("telegram:7", "Priya") }));
    let (his, ended) = (open(Owner::Human { staff: bob() }), closed());
    let mut worse = waiting.clone();
    worse.handoff.as_mut().expect("a handoff").urgency = Urgency::Crisis;
    let mut failed = his.clone();
    failed.sent.get_mut(&4).expect("a line").fate = Fate::Failed(Failure::Blocked);
    let never = State { thread: Default::default(), ..closed() };
    let tick = Event::Timer { key: String::new() };
    let message = Event::Message(Box::default());
    let (mark, text) = (DeskNote::Mark { line: 4 }, "x".to_string());
    let say = |message| StaffAction::Say { text: "Hi".into(), message };
    let claimed = DeskNote::Answer { callback: Pressed::Wrote.callback(), text: text.clone() };
    let refused = |message, why| DeskNote::NotSent { message, chat: None, why };
    let taken = || NotSent::Claimed { by: "Priya".into() };
    let press = |pressed: Pressed| vec![DeskNote::Answer { callback: pressed.callback(), text: "why".into() }];
    type Row<'r> = (&'r str, &'r State, &'r State, Event, Vec<Entry>, Vec<DeskNote>, Vec<&'r str>);
    let rows: Vec<Row<'_>> = vec![
        ("nothing is open, nothing was", &never, &never, message.clone(), vec![entry(9, Who::Customer, "hi")], vec![relay("x")], vec![]),
        (
            "it opens",
            &ended,
            &waiting,
            message.clone(),
            vec![entry(9, Who::Customer, "help"), entry(10, Who::Bot, "ok")],
            vec![DeskNote::Opened],
            vec!["open 2", "priority stuck", "history true"],
        ),
        (
            "it goes on",
            &waiting,
            &worse,
            message.clone(),
            vec![entry(9, Who::Customer, "worse"), entry(10, Who::Note, "Raised: crisis"), entry(11, Who::Bot, "call 112")],
            vec![DeskNote::Raised],
            vec!["< 9 worse", "note Raised: crisis", "> 11 Bot: call 112", "priority crisis", "note NOW CRISIS"],
        ),
        (
            "a claim elsewhere",
            &waiting,
            &hers,
            did(staff("telegram:7", "Priya"), StaffAction::Claim, None),
            vec![entry(9, Who::Note, "Priya claimed it")],
            vec![DeskNote::Changed, relay("It is yours.")],
            vec!["note Priya claimed it"],
        ),
        (
            "a claim by words there",
            &waiting,
            &his,
            did(bob(), StaffAction::Claim, Some(Pressed::Wrote)),
            vec![entry(9, Who::Note, "Bob claimed it")],
            vec![DeskNote::Changed, claimed.clone()],
            vec!["note Bob claimed it"],
        ),
        (
            "a claim by words that had better not be",
            &waiting,
            &waiting,
            did(bob(), StaffAction::Claim, Some(Pressed::Wrote)),
            vec![],
            vec![claimed],
            vec!["note x"],
        ),
        (
            "words there",
            &his,
            &his,
            did(bob(), say(message_name(902)), None),
            vec![entry(9, Who::Staff("Bob".into()), "Hi")],
            vec![],
            vec![],
        ),
        (
            "words elsewhere",
            &hers,
            &hers,
            did(staff("telegram:7", "Priya"), say(5), None),
            vec![entry(9, Who::Staff("Priya".into()), "Hi")],
            vec![],
            vec!["> 9 Priya: Hi"],
        ),
        (
            "words there that are refused",
            &hers,
            &hers,
            did(bob(), say(message_name(901)), None),
            vec![],
            vec![refused(Some(message_name(901)), taken())],
            vec!["fate 901 NOT SENT: Priya has this conversation.", "note NOT SENT: Priya has this conversation."],
        ),
        ("words elsewhere that are refused", &his, &his, tick.clone(), vec![], vec![refused(Some(5), taken())], vec![]),
        ("what arrived", &his, &his, tick.clone(), vec![], vec![mark.clone()], vec!["fate 901 "]),
        (
            "what did not",
            &his,
            &failed,
            Event::Delivered { line: 4, delivery: Delivery::Failed { failure: Failure::Blocked } },
            vec![Entry { about: Some(4), ..entry(9, Who::Note, "not delivered") }],
            vec![mark.clone(), refused(Some(message_name(901)), NotSent::Failed { failure: Failure::Blocked })],
            vec!["fate 901 they blocked the bot", "note NOT DELIVERED: they blocked the bot."],
        ),
        (
            "a note there",
            &his,
            &his,
            did(bob(), StaffAction::Note { words: Some("x".into()) }, Some(Pressed::Noted)),
            vec![entry(9, Who::Note, "Bob notes: x")],
            press(Pressed::Noted),
            vec![],
        ),
        (
            "a note elsewhere",
            &his,
            &his,
            did(staff("api:crm:kim", "Kim"), StaffAction::Note { words: Some("x".into()) }, None),
            vec![entry(9, Who::Note, "Kim notes: x")],
            vec![relay("Noted.")],
            vec!["note Kim notes: x"],
        ),
        ("a command there", &his, &his, did(bob(), StaffAction::Help, None), vec![], vec![relay("Help.")], vec!["note Help."]),
        (
            "something to be done, asked for there",
            &his,
            &his,
            did(bob(), StaffAction::Do { words: None }, None),
            vec![],
            vec![DeskNote::Confirm { number: 12, text: "Refund?".into() }],
            vec!["note Refund?"],
        ),
        (
            "something to be done, asked for elsewhere",
            &hers,
            &hers,
            did(staff("telegram:7", "Priya"), StaffAction::Do { words: None }, None),
            vec![],
            vec![DeskNote::Confirm { number: 12, text: "Refund?".into() }],
            vec![],
        ),
        (
            "assigned there",
            &waiting,
            &his,
            did(bob(), StaffAction::Claim, Some(Pressed::Assigned)),
            vec![entry(9, Who::Note, "Bob claimed it")],
            press(Pressed::Assigned),
            vec![],
        ),
        (
            "assigned there, and somebody has it",
            &hers,
            &hers,
            did(bob(), StaffAction::Claim, Some(Pressed::Assigned)),
            vec![],
            press(Pressed::Assigned),
            vec!["note why"],
        ),
        (
            "resolved there",
            &his,
            &ended,
            did(bob(), StaffAction::Close { agreed: None }, Some(Pressed::Resolved)),
            vec![entry(9, Who::Bot, "Bob helped"), entry(10, Who::Note, "Bob closed it")],
            vec![DeskNote::Closed { by: "Bob".into(), card: None }],
            vec!["> 9 Bot: Bob helped", "note Bob closed it"],
        ),
        (
            "resolved there, and refused",
            &his,
            &his,
            did(bob(), StaffAction::Close { agreed: None }, Some(Pressed::Resolved)),
            vec![],
            press(Pressed::Resolved),
            vec!["note why", "status true"],
        ),
        (
            "closed elsewhere",
            &hers,
            &ended,
            did(staff("telegram:7", "Priya"), StaffAction::Close { agreed: None }, None),
            vec![entry(10, Who::Note, "Priya closed it")],
            vec![DeskNote::Closed { by: "Priya".into(), card: None }],
            vec!["note Priya closed it", "status false"],
        ),
        (
            "made again",
            &waiting,
            &waiting,
            Event::Mirrored { conversation: 102, handoff: None },
            vec![],
            vec![],
            vec!["priority stuck", "history true"],
        ),
        ("shown", &waiting, &waiting, Event::Mirrored { conversation: 101, handoff: Some(2) }, vec![], vec![], vec![]),
        ("after it was closed", &ended, &ended, message, vec![entry(9, Who::Customer, "thanks")], vec![], vec![]),
        ("a question about it afterwards", &ended, &ended, tick, vec![], vec![DeskNote::Notice { text }], vec!["note x"]),
    ];
    for (name, before, next, event, entries, notes, wanted) in rows {
        assert_eq!(shown(before, next, &event, &entries, &notes), wanted, "{name}");
    }
}

#[test]
fn what_answers_there_is_not_told_elsewhere() {
    let state = open(Owner::Waiting);
    let there = did(bob(), StaffAction::Help, None);
    let elsewhere = did(staff("telegram:7", "Priya"), StaffAction::Help, None);
    let not_sent = |message| DeskNote::NotSent { message, chat: None, why: NotSent::Unclaimed };
    for (name, event, note, wanted) in [
        ("an answer", &there, relay("It is yours."), true),
        ("what they did", &there, relay("Bob says that this is no crisis"), false),
        ("an answer elsewhere", &elsewhere, relay("It is yours."), false),
        ("a transcript", &there, DeskNote::Transcript, true),
        ("a press elsewhere", &elsewhere, DeskNote::Answer { callback: "7731".into(), text: "x".into() }, false),
        ("a click", &there, DeskNote::Answer { callback: Pressed::Noted.callback(), text: "x".into() }, true),
        ("a mark", &there, DeskNote::Mark { line: 4 }, true),
        ("a refusal", &there, not_sent(Some(message_name(3))), true),
        ("a refusal elsewhere", &elsewhere, not_sent(Some(3)), false),
        ("a card", &there, DeskNote::Changed, false),
    ] {
        assert_eq!(only_there(event, &note, &state), wanted, "{name}");
    }
}

#[test]
fn the_story_ends_where_the_rest_begins_and_fits() {
    let entries = [entry(1, Who::Customer, "first"), entry(7, Who::Customer, "later")];
    let told = history(Some("CARD"), &entries, 5, &Hours::never());
    assert!(told.starts_with("CARD\n\n") && told.contains("first") && !told.contains("later"), "{told}");
    let long: Vec<Entry> = (1..2_000).map(|number| entry(number, Who::Customer, &"ñ".repeat(100))).collect();
    let told = history(Some("CARD"), &long, 9_999, &Hours::never());
    assert!(told.starts_with("CARD") && told.chars().count() < 150_000 && told.contains("#1999"), "{}", told.chars().count());
}
