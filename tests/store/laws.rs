//! The laws of `Store`, each as a function over any implementation.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use std::collections::BTreeMap;
use warmline::care::{Evidence, Level};
use warmline::conversation::{
    Address, CallRequest, ConversationId, Entry, Event, Line, Message, Speaker, Staff, State, Timer, Urgency, Who, Why,
};
use warmline::desk::{DeskMessage, Figure, QueueRow, ReviewRow, Reviewed};
use warmline::store::{Arrival, CallRow, Change, LinkKey, LinkTarget, MissedRow, OutboxRow, OutboxTarget, Store, StoreError};

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time")
}

pub fn id(number: u8) -> ConversationId {
    ConversationId::from_bytes([number; 16])
}

pub fn address() -> Address {
    Address { channel: "sms".into(), account: "+1".into(), sender: "+2".into() }
}

pub fn arrival(conversation: u8, external: &str, revision: &str) -> Arrival {
    let message = Message { text: format!("words of {external}"), ..Message::default() };
    Arrival {
        id: id(conversation),
        address: address(),
        kind: "message".into(),
        external: external.into(),
        revision: revision.into(),
        event: Event::Message(Box::new(message)),
        at: at(0),
    }
}

pub fn entry(number: u64) -> Entry {
    Entry {
        number,
        at: at(0),
        who: Who::Customer,
        text: format!("entry {number}"),
        evidence: vec![],
        understood: BTreeMap::new(),
        about: None,
    }
}

pub fn line(number: u64, speaker: Speaker) -> OutboxRow {
    let line = Line::new(number, address(), speaker, "hi".into());
    OutboxRow {
        id: id(1),
        number,
        target: OutboxTarget::Customer(line),
        urgency: None,
        created: at(0),
        due: at(0),
        attempts: 0,
        chat: None,
    }
}

fn text_of(event: &Event) -> String {
    match event {
        Event::Message(message) => message.text.clone(),
        _ => String::new(),
    }
}

/// Works through one conversation's inbox; the texts in order.
async fn work_through(store: &dyn Store, conversation: u8) -> Vec<String> {
    let mut texts = Vec::new();
    while let Some(row) = store.next_inbox(id(conversation)).await.expect("reads") {
        let version = store.load(id(conversation)).await.expect("reads").map_or(0, |stored| stored.version);
        let mut change = Change::new(id(conversation), version, State::new(address()));
        change.inbox_done = Some(row.number);
        store.commit(change).await.expect("commits");
        texts.push(text_of(&row.event));
    }
    texts
}

pub async fn an_arrival_is_taken_once(store: &dyn Store) {
    let twice = vec![arrival(1, "a", ""), arrival(1, "a", "")];
    assert_eq!(store.accept(twice).await.expect("accepts"), [true, false]);
    assert_eq!(store.accept(vec![arrival(1, "a", ""), arrival(2, "a", "")]).await.expect("accepts"), [false, true]);
    assert_eq!(work_through(store, 1).await, ["words of a"]);
    assert_eq!(store.accept(vec![arrival(1, "a", "")]).await.expect("accepts"), [false], "also after it is done");
}

pub async fn arrivals_are_worked_through_in_order(store: &dyn Store) {
    for number in 0..20 {
        store.accept(vec![arrival(1, &format!("{number:02}"), ""), arrival(2, &format!("x{number}"), "")]).await.expect("accepts");
    }
    let mut backlog = store.backlog().await.expect("reads");
    backlog.sort();
    assert_eq!(backlog, [id(1), id(2)]);
    let wanted: Vec<String> = (0..20).map(|number| format!("words of {number:02}")).collect();
    assert_eq!(work_through(store, 1).await, wanted);
    assert_eq!(store.backlog().await.expect("reads"), [id(2)]);
}

pub async fn an_edit_is_another_arrival(store: &dyn Store) {
    let rows = vec![arrival(1, "a", ""), arrival(1, "a", "1"), arrival(1, "a", "1"), arrival(1, "a", "2")];
    assert_eq!(store.accept(rows).await.expect("accepts"), [true, true, false, true]);
}

pub async fn a_commit_is_whole(store: &dyn Store) {
    store.accept(vec![arrival(1, "a", "")]).await.expect("accepts");
    let mut state = State::new(address());
    state.misses = 1;
    let mut change = Change::new(id(1), 0, state.clone());
    change.inbox_done = Some(0);
    change.entries = vec![entry(1), entry(2)];
    change.outbox = vec![line(3, Speaker::Bot)];
    change.timers = vec![Timer { key: "t".into(), at: at(60) }];
    let request = CallRequest { number: 4, name: "c".into(), params: BTreeMap::new(), proof: None, staff: None };
    change.calls = vec![CallRow { id: id(1), request, created: at(0), started: false }];
    change.queue = Some(row(1, Urgency::Stuck, 0));
    assert_eq!(store.commit(change).await.expect("commits"), 1);
    let stored = store.load(id(1)).await.expect("reads").expect("there");
    assert_eq!((stored.state, stored.version), (state, 1));
    assert!(store.next_inbox(id(1)).await.expect("reads").is_none());
    assert_eq!(store.transcript(id(1)).await.expect("reads"), [entry(1), entry(2)]);
    assert_eq!(store.outbox().await.expect("reads"), [line(3, Speaker::Bot)]);
    assert_eq!(store.calls().await.expect("reads").len(), 1);
    assert_eq!(store.timers_due(at(59)).await.expect("reads"), []);
    assert_eq!(store.timers_due(at(60)).await.expect("reads").len(), 1);
    assert_eq!(store.queue().await.expect("reads").len(), 1);
    assert_eq!(store.conversations().await.expect("reads"), [id(1)]);
}

pub async fn a_stale_commit_writes_nothing(store: &dyn Store) {
    store.commit(Change::new(id(1), 0, State::new(address()))).await.expect("commits");
    let mut stale = Change::new(id(1), 0, State::new(address()));
    stale.entries = vec![entry(1)];
    stale.outbox = vec![line(2, Speaker::Bot)];
    stale.queue = Some(row(1, Urgency::Crisis, 0));
    assert!(matches!(store.commit(stale).await, Err(StoreError::Conflict)));
    assert_eq!(store.transcript(id(1)).await.expect("reads"), []);
    assert_eq!(store.outbox().await.expect("reads"), []);
    assert_eq!(store.queue().await.expect("reads"), []);
}

pub async fn what_is_finished_cant_be_finished_twice(store: &dyn Store) {
    let mut first = Change::new(id(1), 0, State::new(address()));
    first.outbox = vec![line(1, Speaker::Bot)];
    store.commit(first).await.expect("commits");
    for (version, wanted) in [(1, true), (2, false)] {
        let mut change = Change::new(id(1), version, State::new(address()));
        change.outbox_done = vec![1];
        assert_eq!(store.commit(change).await.is_ok(), wanted);
    }
}

pub async fn arming_a_timer_again_replaces_it(store: &dyn Store) {
    for (version, second) in [(0, 10), (1, 100)] {
        let mut change = Change::new(id(1), version, State::new(address()));
        change.timers = vec![Timer { key: "t".into(), at: at(second) }];
        store.commit(change).await.expect("commits");
    }
    assert_eq!(store.timers_due(at(50)).await.expect("reads"), []);
    assert_eq!(store.timers_due(at(100)).await.expect("reads").len(), 1);
    let mut change = Change::new(id(1), 2, State::new(address()));
    change.timers_done = vec!["t".into()];
    store.commit(change).await.expect("commits");
    assert_eq!(store.timers_due(at(500)).await.expect("reads"), []);
}

pub async fn bot_lines_are_dropped_and_others_stay(store: &dyn Store) {
    let mut change = Change::new(id(1), 0, State::new(address()));
    let staff = Speaker::Staff(Staff { id: "s".into(), name: "S".into() });
    let desk = OutboxRow { target: OutboxTarget::Desk(DeskMessage::Transcript), number: 4, ..line(4, Speaker::Bot) };
    change.outbox = vec![line(1, Speaker::Bot), line(2, staff), line(3, Speaker::Notice), desk];
    store.commit(change).await.expect("commits");
    let mut change = Change::new(id(1), 1, State::new(address()));
    change.drop_bot_lines = true;
    change.outbox = vec![line(5, Speaker::Bot)];
    store.commit(change).await.expect("commits");
    let left: Vec<u64> = store.outbox().await.expect("reads").iter().map(|row| row.number).collect();
    assert_eq!(left, [2, 3, 4, 5], "what the same commit adds stays");
}

pub async fn questions_are_dropped_and_answers_stay(store: &dyn Store) {
    let mut change = Change::new(id(1), 0, State::new(address()));
    let mut question = line(2, Speaker::Bot);
    if let OutboxTarget::Customer(line) = &mut question.target {
        line.question = true;
    }
    change.outbox = vec![line(1, Speaker::Bot), question];
    store.commit(change).await.expect("commits");
    let mut change = Change::new(id(1), 1, State::new(address()));
    change.drop_questions = true;
    store.commit(change).await.expect("commits");
    let left: Vec<u64> = store.outbox().await.expect("reads").iter().map(|row| row.number).collect();
    assert_eq!(left, [1]);
}

pub async fn what_nothing_answered_is_counted_by_its_words(store: &dyn Store) {
    let missed = |text: &str, last| MissedRow { text: text.into(), nearest: Some("refund".into()), count: 1, last: at(last) };
    for (version, rows) in [vec![missed("gift cards", 10)], vec![missed("gift cards", 20), missed("lamps", 5)]].into_iter().enumerate() {
        let mut change = Change::new(id(1), version as u64, State::new(address()));
        change.missed = rows;
        store.commit(change).await.expect("commits");
    }
    let mut rows = store.missed().await.expect("reads");
    rows.sort_by_key(|row| row.count);
    assert_eq!(rows, [missed("lamps", 5), MissedRow { count: 2, ..missed("gift cards", 20) }]);
    store.forget_missed(at(10)).await.expect("writes");
    assert_eq!(store.missed().await.expect("reads").len(), 1);
}

pub async fn expired_evidence_is_forgotten_and_the_words_stay(store: &dyn Store) {
    let evidence = || vec![Evidence { rule: "r".into(), level: Level::Distress, text: "words".into(), start: 0, end: 5, weight: 1.0 }];
    let with = |number, second| Entry { evidence: evidence(), at: at(second), ..entry(number) };
    let change = Change { entries: vec![with(1, 0), with(2, 100)], ..Change::new(id(1), 0, State::new(address())) };
    store.commit(change).await.expect("commits");
    let change = Change { forget_evidence: Some(at(100)), ..Change::new(id(1), 1, State::new(address())) };
    store.commit(change).await.expect("commits");
    let entries = store.transcript(id(1)).await.expect("reads");
    assert_eq!(entries, [Entry { evidence: Vec::new(), ..with(1, 0) }, with(2, 100)]);
}

pub async fn figures_add_up_by_week_and_are_forgotten(store: &dyn Store) {
    let figure = |week, name: &str| Figure { week, name: name.into(), count: 1 };
    let (first, second) = (date(2026, 11, 9), date(2026, 11, 16));
    for (version, number) in [(0, 1), (1, 1), (0, 2)] {
        let figures = vec![figure(first, "people"), figure(second, "people")];
        store.commit(Change { figures, ..Change::new(id(number), version, State::new(address())) }).await.expect("commits");
    }
    let counts = async || -> Vec<(Date, u64)> {
        store.figures().await.expect("reads").into_iter().map(|figure| (figure.week, figure.count)).collect()
    };
    assert_eq!(counts().await, [(first, 3), (second, 3)]);
    store.forget_figures(second).await.expect("forgets");
    assert_eq!(counts().await, [(second, 3)]);
}

pub async fn a_postponed_row_keeps_its_place_and_a_dropped_one_stays_dropped(store: &dyn Store) {
    let mut change = Change::new(id(1), 0, State::new(address()));
    change.outbox = vec![line(1, Speaker::Bot), line(2, Speaker::Bot)];
    store.commit(change).await.expect("commits");
    let rows = store.outbox().await.expect("reads");
    store.postpone(rows[0].id, rows[0].number, at(30), 1).await.expect("writes");
    let again = store.outbox().await.expect("reads");
    assert_eq!((again[0].number, again[0].due, again[0].attempts), (1, at(30), 1));
    let mut change = Change::new(id(1), 1, State::new(address()));
    change.outbox_done = vec![1];
    store.commit(change).await.expect("commits");
    store.postpone(rows[0].id, rows[0].number, at(40), 2).await.expect("writes");
    assert_eq!(store.outbox().await.expect("reads").len(), 1);
}

fn row(conversation: u8, urgency: Urgency, second: i64) -> QueueRow {
    QueueRow {
        id: id(conversation),
        urgency,
        reason: "x".into(),
        channel: "sms".into(),
        opened: at(second),
        owner: None,
        owner_id: None,
        due: None,
        answered: false,
        reserved: None,
        team: None,
    }
}

pub async fn the_queue_puts_the_most_urgent_first(store: &dyn Store) {
    for (number, urgency, second) in [(1, Urgency::Stuck, 0), (2, Urgency::Asked, 9), (3, Urgency::Crisis, 50), (4, Urgency::Asked, 5)] {
        let mut change = Change::new(id(number), 0, State::new(address()));
        change.queue = Some(row(number, urgency, second));
        store.commit(change).await.expect("commits");
    }
    let order: Vec<ConversationId> = store.queue().await.expect("reads").iter().map(|row| row.id).collect();
    assert_eq!(order, [id(3), id(4), id(2), id(1)]);
    store.commit(Change::new(id(3), 1, State::new(address()))).await.expect("commits");
    assert_eq!(store.queue().await.expect("reads").len(), 3, "without a handoff it leaves the queue");
}

pub async fn links_and_values_are_found_again(store: &dyn Store) {
    let key = LinkKey::Topic { chat: -5, topic: 7 };
    let target = LinkTarget { id: id(1), number: Some(3) };
    let mut change = Change::new(id(1), 0, State::new(address()));
    change.links = vec![(key.clone(), target.clone())];
    store.commit(change).await.expect("commits");
    assert_eq!(store.link(&key).await.expect("reads"), Some(target));
    assert_eq!(store.link(&LinkKey::Topic { chat: -5, topic: 8 }).await.expect("reads"), None);
    store.put("name", vec![1, 2]).await.expect("writes");
    assert_eq!(store.get("name").await.expect("reads"), Some(vec![1, 2]));
    assert_eq!(store.get("other").await.expect("reads"), None);
}

fn review(conversation: u8, why: Why, second: i64) -> ReviewRow {
    ReviewRow { id: id(conversation), why, at: at(second), channel: "sms".into(), about: 3, done: None }
}

fn looked(by: &str, second: i64) -> Reviewed {
    Reviewed { by: by.into(), at: at(second), note: "fine".into() }
}

/// The review list: whose, why, and who looked.
async fn list(store: &dyn Store, since: i64) -> Vec<(ConversationId, Why, Option<String>)> {
    let rows = store.reviews(at(since)).await.expect("reads");
    rows.into_iter().map(|row| (row.id, row.why, row.done.map(|done| done.by))).collect()
}

pub async fn the_review_list_stands_in_order_and_is_forgotten(store: &dyn Store) {
    let rows = vec![review(1, Why::Crisis, 20), review(1, Why::Downgraded, 20), review(1, Why::Offered, 5)];
    store.commit(Change { reviews: rows, ..Change::new(id(1), 0, State::new(address())) }).await.expect("commits");
    let stale = Change { reviews: vec![review(1, Why::Crisis, 30)], ..Change::new(id(1), 0, State::new(address())) };
    assert!(matches!(store.commit(stale).await, Err(StoreError::Conflict)));
    assert_eq!(list(store, 0).await, [(id(1), Why::Offered, None), (id(1), Why::Crisis, None), (id(1), Why::Downgraded, None)]);
    assert_eq!(list(store, 20).await.len(), 2);
    store.forget_reviews(at(20)).await.expect("forgets");
    assert_eq!(list(store, 0).await.len(), 2);
}

pub async fn who_looked_first_stays_on_the_review_list(store: &dyn Store) {
    let rows = vec![review(1, Why::Crisis, 20)];
    store.commit(Change { reviews: rows, ..Change::new(id(1), 0, State::new(address())) }).await.expect("commits");
    store.reviewed(review(1, Why::Crisis, 20), looked("robin", 30)).await.expect("writes");
    store.reviewed(review(1, Why::Crisis, 20), looked("sam", 40)).await.expect("writes");
    // One that was picked was not there before.
    store.reviewed(review(2, Why::Random, 25), looked("robin", 50)).await.expect("writes");
    let robin = || Some("robin".to_string());
    assert_eq!(list(store, 0).await, [(id(1), Why::Crisis, robin()), (id(2), Why::Random, robin())]);
    assert_eq!(store.reviews(at(25)).await.expect("reads")[0].done, Some(looked("robin", 50)));
}

pub async fn a_commit_marks_what_the_review_list_holds_of_its_conversation(store: &dyn Store) {
    let rows = vec![review(1, Why::Crisis, 20), review(1, Why::Downgraded, 22)];
    store.commit(Change { reviews: rows, ..Change::new(id(1), 0, State::new(address())) }).await.expect("commits");
    let others = Change { reviews: vec![review(2, Why::Crisis, 21)], ..Change::new(id(2), 0, State::new(address())) };
    store.commit(others).await.expect("commits");
    let robin = || Some("robin".to_string());
    store.commit(Change { reviewed: Some(looked("robin", 30)), ..Change::new(id(1), 1, State::new(address())) }).await.expect("commits");
    assert_eq!(list(store, 0).await, [(id(1), Why::Crisis, robin()), (id(2), Why::Crisis, None), (id(1), Why::Downgraded, robin())]);
    // Nothing was noticed in this one: it is written as one of the others, when they were last heard.
    let state = State { heard: Some(at(10)), wrote: 5, ..State::new(address()) };
    store.commit(Change { reviewed: Some(looked("robin", 40)), ..Change::new(id(3), 0, state) }).await.expect("commits");
    let row = store.reviews(at(10)).await.expect("reads").remove(0);
    assert_eq!((row.id, row.why, row.at, row.about), (id(3), Why::Random, at(10), 5));
}
