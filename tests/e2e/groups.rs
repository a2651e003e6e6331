//! Several groups of staff: who stands where, what moves, and that nothing of one group is named in another.

use crate::house::{DESK, House, Plan, RULES};
use crate::support::fake_chatwoot::FakeChatwoot;
use crate::support::fake_telegram::{FakeTelegram, Person, SentMessage};
use crate::support::fake_twilio::FakeTwilio;
use jiff::SignedDuration;
use std::sync::Arc;
use warmline::conversation::{Group, Rules, Team};

const SECOND: i64 = -1_002;
const RETURNS: i64 = -1_003;

/// A shop with a second group that takes its share, and one of the team that takes returns.
fn rules(groups: &[i64]) -> Arc<Rules> {
    let of = |chat: &i64| Group { chat: *chat, teams: if *chat == RETURNS { vec!["returns".into()] } else { Vec::new() } };
    let returns = Team { name: "returns".into(), topics: vec!["return_item".into()], ..Team::default() };
    let teams = if groups.contains(&RETURNS) { vec![returns] } else { Vec::new() };
    Arc::new(Rules { teams, groups: groups.iter().map(of).collect(), ..(**RULES).clone() })
}

async fn house(groups: &[i64]) -> House {
    house_of(groups, Plan::default()).await
}

async fn house_of(groups: &[i64], plan: Plan) -> House {
    let (telegram, twilio) = (FakeTelegram::start().await, FakeTwilio::start(crate::house::SID, crate::house::TOKEN).await);
    groups.iter().for_each(|chat| telegram.add_forum(*chat, &format!("Group {chat}")));
    House::moved_in(Plan { rules: rules(groups), ..plan }, telegram, twilio).await
}

/// Somebody who is in all groups.
fn staff(house: &House, groups: &[i64], id: i64, name: &str) -> Person {
    let person = house.telegram.person(id, name);
    groups.iter().for_each(|chat| house.telegram.set_member(*chat, &person, "member"));
    person
}

fn found(house: &House, chat: i64, what: &str) -> Option<SentMessage> {
    house.telegram.messages(chat).into_iter().find(|message| message.text.contains(what))
}

fn cards(house: &House, chat: i64) -> usize {
    house.telegram.messages(chat).into_iter().filter(|message| message.text.contains("waiting")).count()
}

#[tokio::test]
async fn a_quiet_day_stays_in_the_first_group_and_a_busy_minute_uses_the_others() {
    let groups = [DESK, SECOND];
    let mut house = house(&groups).await;
    for number in 0..24 {
        let person = house.telegram.person(100 + number, "Customer");
        house.write(&person, "a human please").await;
        let (first, second) = (cards(&house, DESK), cards(&house, SECOND));
        assert!(number >= 8 || second == 0, "there is room in the first: {first} and {second}");
    }
    let (first, second) = (cards(&house, DESK), cards(&house, SECOND));
    assert_eq!(first + second, 24, "{first} and {second}");
    assert!(second >= 8, "{first} and {second}");
    for chat in groups {
        let board = found(&house, chat, "QUEUE:").expect("a board");
        assert!(board.text.contains("asked"), "every group shows who waits: {}", board.text);
    }
    // Somebody whom staff know comes back to their topic.
    let known = house.telegram.topics(SECOND).len();
    let card = house.telegram.messages(SECOND).into_iter().find(|message| message.text.contains("waiting")).expect("a card");
    let priya = staff(&house, &groups, 7, "Priya");
    house.clock.advance(SignedDuration::from_mins(2));
    house.telegram.tap(&priya, SECOND, card.id, "Claim");
    house.telegram.group_text(&priya, SECOND, card.thread, None, "Here I am.");
    house.settle().await;
    house.telegram.group_text(&priya, SECOND, card.thread, None, "/close all done");
    house.settle().await;
    assert!(found(&house, SECOND, "CLOSED by Priya").is_some());
    let helped = (0..24).map(|number| 100 + number).find(|id| house.telegram.texts(*id).iter().any(|text| text == "Priya: Here I am."));
    let back = house.telegram.person(helped.expect("somebody was helped"), "Customer");
    house.clock.advance(SignedDuration::from_mins(2));
    house.write(&back, "a human please").await;
    assert_eq!(house.telegram.topics(SECOND).len(), known, "no second topic");
    let last = house.telegram.messages(SECOND).into_iter().rfind(|message| message.text.contains("waiting")).expect("a card");
    assert_eq!(last.thread, card.thread);
    house.telegram.assert_clean();
}

#[tokio::test]
async fn a_team_reads_its_own_group_and_a_crisis_moves_to_where_everybody_reads() {
    let groups = [DESK, RETURNS];
    let mut house = house(&groups).await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), staff(&house, &groups, 7, "Priya"));
    house.write(&ana, "i want to return my parcel A1044").await;
    house.write(&ana, "a human please").await;
    assert_eq!((cards(&house, DESK), cards(&house, RETURNS)), (0, 1));
    let card = found(&house, RETURNS, "waiting").expect("a card");
    house.telegram.tap(&priya, RETURNS, card.id, "Claim");
    house.telegram.group_text(&priya, RETURNS, card.thread, None, "I have your parcel.");
    house.settle().await;
    let old = found(&house, RETURNS, "Delivered.").expect("a mark");
    house.write(&ana, "i want to die").await;
    let raised = found(&house, DESK, "NOW CRISIS").expect("a card where everybody reads");
    assert!(raised.text.contains("Priya has it"), "{}", raised.text);
    let sent = house.telegram.calls_of("sendMessage").into_iter().find(|call| call.params["text"] == raised.text).expect("the call");
    assert_ne!(sent.params["disable_notification"], true, "it makes a sound");
    let link = format!("https://t.me/c/1/{}", raised.thread.expect("a topic"));
    let moved: Vec<String> = house.telegram.texts(RETURNS).into_iter().filter(|text| text.starts_with("MOVED")).collect();
    assert_eq!(moved.len(), 2, "the card, and a word to whoever has it: {moved:?}");
    assert!(moved.iter().all(|text| text.contains(&link)), "{moved:?}");
    assert!(
        house.telegram.messages(RETURNS).iter().filter(|message| message.text.starts_with("MOVED")).all(|said| said.buttons.is_empty())
    );
    // What she still writes there reaches Ana, is marked there, and is read where it goes on.
    let update = house.telegram.group_text(&priya, RETURNS, card.thread, None, "I am here, Ana.");
    house.settle().await;
    assert!(house.telegram.texts(ana.id).contains(&"Priya: I am here, Ana.".to_string()));
    let words = house.telegram.message_id_of(update);
    let mark = house.telegram.messages(RETURNS).into_iter().find(|message| message.reply_to == Some(words)).expect("a mark");
    assert_eq!(mark.text, "Delivered.");
    assert_eq!(found(&house, RETURNS, "Delivered.").map(|message| message.id), Some(old.id), "the earlier one stands");
    assert_eq!(found(&house, DESK, "Priya: I am here, Ana.").expect("shown").thread, raised.thread);
    house.write(&ana, "ok").await;
    assert_eq!(found(&house, DESK, "Customer: ok").expect("relayed").thread, raised.thread);
    assert!(found(&house, RETURNS, "Customer: ok").is_none());
    // A refusal is read where it was asked.
    let sam = staff(&house, &groups, 8, "Sam");
    house.telegram.group_text(&sam, RETURNS, card.thread, None, "/claim");
    house.telegram.group_text(&sam, RETURNS, card.thread, None, "hello");
    house.settle().await;
    assert!(found(&house, RETURNS, "Priya has it.").is_some() && found(&house, RETURNS, "NOT SENT: Priya has").is_some());
    // What was written here is taken back from there, and its mark stays here.
    let update = house.telegram.group_text(&priya, DESK, raised.thread, None, "Where are you now?");
    house.settle().await;
    house.telegram.group_text(&priya, RETURNS, card.thread, None, "/unsend");
    house.settle().await;
    assert!(!house.telegram.texts(ana.id).iter().any(|text| text.contains("Where are you")), "{:?}", house.telegram.texts(ana.id));
    let here = house.telegram.message_id_of(update);
    let mark = house.telegram.messages(DESK).into_iter().find(|message| message.reply_to == Some(here)).expect("a mark");
    assert_eq!(mark.text, "Deleted on their side.");
    // And taken back where it was written.
    house.telegram.group_text(&priya, RETURNS, card.thread, Some(words), "/unsend");
    house.settle().await;
    assert!(!house.telegram.texts(ana.id).iter().any(|text| text.contains("I am here")), "{:?}", house.telegram.texts(ana.id));
    house.telegram.assert_clean();
}

#[tokio::test]
async fn what_a_team_does_not_answer_goes_on_in_the_group_of_others() {
    let groups = [DESK, RETURNS];
    let mut house = house(&groups).await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "i want to return my parcel A1044").await;
    house.write(&ana, "a human please").await;
    house.clock.advance(SignedDuration::from_hours(1));
    house.app.fire_timers().await;
    house.settle().await;
    let card = found(&house, DESK, "No answer yet, reminder 1").expect("a card");
    assert_eq!(card.buttons.first().map(|button| button.0.as_str()), Some("Claim"));
    let left: Vec<String> = house.telegram.texts(RETURNS).into_iter().filter(|text| text.starts_with("MOVED")).collect();
    assert_eq!(left.len(), 1, "the card alone says so: {left:?}");
    let sam = staff(&house, &groups, 8, "Sam");
    house.telegram.tap(&sam, DESK, card.id, "Claim");
    house.telegram.group_text(&sam, DESK, card.thread, None, "Here I am.");
    house.settle().await;
    assert!(house.telegram.texts(ana.id).contains(&"Sam: Here I am.".to_string()), "{:?}", house.telegram.texts(DESK));
    house.telegram.assert_clean();
}

#[tokio::test]
async fn whoever_leaves_one_group_keeps_what_stands_in_another() {
    let groups = [DESK, RETURNS];
    let mut house = house(&groups).await;
    let (ana, bo, priya) = (house.telegram.person(42, "Ana"), house.telegram.person(43, "Bo"), staff(&house, &groups, 7, "Priya"));
    house.write(&ana, "i want to return my parcel A1044").await;
    house.write(&ana, "a human please").await;
    house.write(&bo, "a human please").await;
    for chat in groups {
        let card = found(&house, chat, "waiting").expect("a card");
        house.telegram.tap(&priya, chat, card.id, "Claim");
    }
    house.settle().await;
    let owners = async |house: &House| {
        let queue = house.app.store.queue().await.expect("reads");
        queue.iter().filter(|row| row.owner.is_some()).map(|row| row.team.clone().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(owners(&house).await.len(), 2);
    house.telegram.leave(RETURNS, &priya);
    house.settle().await;
    assert_eq!(owners(&house).await, [String::new()], "Bo is still hers");
    assert!(found(&house, RETURNS, "Priya has left this group").is_some(), "{:?}", house.telegram.texts(RETURNS));
    house.telegram.leave(DESK, &priya);
    house.settle().await;
    assert_eq!(owners(&house).await.len(), 0);
}

#[tokio::test]
async fn a_strangers_press_is_reported_in_the_group_where_it_was() {
    let mut house = house(&[DESK, RETURNS]).await;
    let (ana, max) = (house.telegram.person(42, "Ana"), house.telegram.person(99, "Max"));
    house.write(&ana, "i want to return my parcel A1044").await;
    house.write(&ana, "a human please").await;
    let card = found(&house, RETURNS, "waiting").expect("a card");
    house.telegram.tap(&max, RETURNS, card.id, "Claim");
    house.settle().await;
    assert!(found(&house, RETURNS, "REFUSED").is_some() && found(&house, DESK, "REFUSED").is_none());
}

#[tokio::test]
async fn staff_media_are_copied_from_the_group_that_holds_them() {
    let groups = [DESK, RETURNS];
    let mut house = house(&groups).await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), staff(&house, &groups, 7, "Priya"));
    house.write(&ana, "i want to return my parcel A1044").await;
    house.write(&ana, "a human please").await;
    let card = found(&house, RETURNS, "waiting").expect("a card");
    house.telegram.tap(&priya, RETURNS, card.id, "Claim");
    let shown = found(&house, RETURNS, "waiting").expect("a card");
    house.telegram.push_raw(serde_json::json!({"message": {
        "message_id": 900, "date": 1_800_000_000, "from": {"id": 7, "is_bot": false, "first_name": "Priya"},
        "chat": {"id": RETURNS, "type": "supergroup", "title": "Returns", "is_forum": true},
        "message_thread_id": shown.thread, "is_topic_message": true,
        "photo": [{"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9, "file_size": 9}],
    }}));
    house.settle().await;
    let copies = house.telegram.calls_of("copyMessage");
    let wanted = (serde_json::json!(RETURNS), serde_json::json!(900));
    assert!(copies.iter().any(|call| (call.params["from_chat_id"].clone(), call.params["message_id"].clone()) == wanted), "{copies:?}");
}

#[tokio::test]
async fn a_group_that_is_taken_from_the_configuration_takes_nothing_with_it() {
    let groups = [DESK, RETURNS];
    let store: Arc<dyn warmline::store::Store> =
        Arc::new(warmline::store::KvStore::open(warmline::store::MemoryKv::default()).expect("a store"));
    let mut house = house_of(&groups, Plan { store: store.clone(), ..Plan::default() }).await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), staff(&house, &groups, 7, "Priya"));
    house.write(&ana, "i want to return my parcel A1044").await;
    house.write(&ana, "a human please").await;
    let card = found(&house, RETURNS, "waiting").expect("a card");
    house.telegram.tap(&priya, RETURNS, card.id, "Claim");
    house.telegram.group_text(&priya, RETURNS, card.thread, None, "I have your parcel.");
    house.settle_at_once().await;
    // The mark of her words is still to come when the group is taken out.
    let House { telegram, twilio, server, .. } = house;
    server.abort();
    let before = telegram.texts(RETURNS);
    let mut house =
        House::moved_in(Plan { rules: rules(&[DESK]), store, now: "2026-11-20T12:05:00Z", ..Plan::default() }, telegram, twilio).await;
    house.settle().await;
    assert!(house.telegram.texts(ana.id).contains(&"Priya: I have your parcel.".to_string()));
    house.write(&ana, "thank you, and when does it come").await;
    let relayed = found(&house, DESK, "when does it come").expect("relayed");
    let card = house.telegram.messages(DESK).into_iter().find(|message| message.text.contains("Priya has it")).expect("a card");
    assert_eq!(card.thread, relayed.thread);
    house.telegram.group_text(&priya, DESK, card.thread, None, "On Thursday.");
    house.settle().await;
    assert!(house.telegram.texts(ana.id).contains(&"Priya: On Thursday.".to_string()));
    assert_eq!(house.telegram.texts(RETURNS), before, "nothing is written where nobody should read it any more");
    house.telegram.assert_clean();
}

#[tokio::test]
async fn a_card_in_a_full_group_says_how_late_words_come_and_where_it_is_quicker() {
    let chatwoot = FakeChatwoot::start().await;
    let plan = Plan { chatwoot: crate::chatwoot::desk(&chatwoot), ..Plan::default() };
    let mut house = house_of(&[DESK], plan).await;
    for number in 0..40 {
        let person = house.telegram.person(100 + number, "Customer");
        house.telegram.customer_text(&person, "a human please");
    }
    house.settle().await;
    house.clock.advance(SignedDuration::from_secs(61));
    house.app.settle().await;
    let hinted: Vec<String> =
        house.telegram.texts(DESK).into_iter().filter(|text| text.contains("Too much is written in this group")).collect();
    assert!(!hinted.is_empty(), "{:?}", house.telegram.texts(DESK));
    assert!(hinted.iter().all(|text| text.contains("In Chatwoot nothing is late: http")), "{hinted:?}");
    assert!(hinted[0].contains("about 2 minutes late") || hinted[0].contains("about a minute late"), "{}", hinted[0]);
}

#[tokio::test]
async fn what_a_group_does_not_take_stands_in_one_that_does() {
    let groups = [DESK, RETURNS];
    let mut house = house(&groups).await;
    let (ana, sam) = (house.telegram.person(42, "Ana"), staff(&house, &groups, 8, "Sam"));
    house.telegram.fail_next("createForumTopic", 403, "Forbidden: bot was kicked from the supergroup chat", None);
    house.write(&ana, "i want to return my parcel A1044").await;
    house.write(&ana, "a human please").await;
    let card = found(&house, DESK, "waiting").expect("a card where somebody reads it");
    assert!(found(&house, DESK, &format!("can't write in your group {RETURNS}")).is_some(), "{:?}", house.telegram.texts(DESK));
    assert!(house.telegram.texts(RETURNS).is_empty());
    house.telegram.tap(&sam, DESK, card.id, "Claim");
    house.telegram.group_text(&sam, DESK, card.thread, None, "Here I am.");
    house.settle().await;
    assert!(house.telegram.texts(ana.id).contains(&"Sam: Here I am.".to_string()));
    let bo = house.telegram.person(43, "Bo");
    house.write(&bo, "i want to return my parcel A1044").await;
    house.write(&bo, "a human please").await;
    assert_eq!(cards(&house, DESK), 2, "known for an hour");
    house.clock.advance(SignedDuration::from_mins(61));
    house.app.fire_timers().await;
    house.settle().await;
    let cy = house.telegram.person(44, "Cy");
    house.write(&cy, "i want to return my parcel A1044").await;
    house.write(&cy, "a human please").await;
    assert_eq!(cards(&house, RETURNS), 1, "tried again after that: {:?}", house.telegram.texts(DESK));
    house.telegram.assert_clean();
}

#[tokio::test]
async fn a_crisis_is_read_in_another_group_when_the_first_takes_nothing() {
    let mut house = house(&[DESK, SECOND]).await;
    let ana = house.telegram.person(42, "Ana");
    house.telegram.fail_next("createForumTopic", 400, "Bad Request: chat not found", None);
    house.write(&ana, "i want to die").await;
    assert!(found(&house, SECOND, "CRISIS").is_some(), "{:?}", house.telegram.texts(SECOND));
}

#[tokio::test]
async fn nobody_is_given_what_stands_in_a_group_that_they_are_not_in() {
    let groups = [DESK, RETURNS];
    let mut house = house(&groups).await;
    let (ana, bo) = (house.telegram.person(42, "Ana"), house.telegram.person(43, "Bo"));
    let (sam, rae) = (staff(&house, &[DESK], 8, "Sam"), staff(&house, &groups, 9, "Rae"));
    house.write(&ana, "i want to return my parcel A1044").await;
    house.write(&ana, "a human please").await;
    house.telegram.group_text(&sam, DESK, None, None, "/next");
    house.settle().await;
    assert!(found(&house, DESK, "stands in a group that you are not in").is_some(), "{:?}", house.telegram.texts(DESK));
    house.write(&bo, "a human please").await;
    for (person, chat) in [(&sam, DESK), (&rae, RETURNS)] {
        house.telegram.group_text(person, chat, None, None, "/next");
        house.settle().await;
    }
    let queue = house.app.store.queue().await.expect("reads");
    let owner = |team: Option<&str>| queue.iter().find(|row| row.team.as_deref() == team).and_then(|row| row.owner.as_deref());
    assert_eq!((owner(None), owner(Some("returns"))), (Some("Sam"), Some("Rae")));
}

#[tokio::test]
async fn names_from_before_there_were_several_groups_are_the_first_ones() {
    let store: Arc<dyn warmline::store::Store> =
        Arc::new(warmline::store::KvStore::open(warmline::store::MemoryKv::default()).expect("a store"));
    // One group, as it was; then another one becomes the first.
    let mut house = House::built(Plan { store: store.clone(), ..Plan::default() }).await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "a human please").await;
    let card = found(&house, DESK, "waiting").expect("a card");
    house.telegram.tap(&priya, DESK, card.id, "Claim");
    let update = house.telegram.group_text(&priya, DESK, card.thread, None, "Here I am.");
    house.settle_at_once().await;
    let words = house.telegram.message_id_of(update);
    let House { telegram, twilio, server, .. } = house;
    server.abort();
    telegram.add_forum(SECOND, "Second");
    // As many messages as in the other one, so that a wrong one would be found.
    let mut house =
        House::moved_in(Plan { rules: rules(&[SECOND, DESK]), store, now: "2026-11-20T12:05:00Z", ..Plan::default() }, telegram, twilio)
            .await;
    for number in 0..10 {
        let person = house.telegram.person(100 + number, "Customer");
        house.write(&person, "a human please").await;
    }
    let before: Vec<String> = house.telegram.texts(SECOND).into_iter().filter(|text| !text.starts_with("QUEUE")).collect();
    house.settle().await;
    assert!(house.telegram.texts(ana.id).contains(&"Priya: Here I am.".to_string()));
    let mark = house.telegram.messages(DESK).into_iter().find(|message| message.reply_to == Some(words)).expect("a mark");
    assert_eq!(mark.text, "Delivered.");
    house.write(&ana, "thanks, what now").await;
    assert_eq!(found(&house, DESK, "what now").expect("relayed").thread, card.thread, "it stays where Priya writes");
    let after: Vec<String> = house.telegram.texts(SECOND).into_iter().filter(|text| !text.starts_with("QUEUE")).collect();
    assert_eq!(before, after, "nothing of it touches the other group");
    house.telegram.assert_clean();
}
