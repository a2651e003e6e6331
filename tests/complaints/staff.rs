//! Complaints of the people who answer.

use crate::house::{DESK, House};
use jiff::SignedDuration;

#[tokio::test]
async fn nobody_is_told_at_handoff() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "i am so angry, this is the third time, get me a human").await;
    let card = house.telegram.messages(DESK).into_iter().find(|message| message.text.contains("Nobody has it yet.")).expect("a card");
    assert!(card.text.contains("third time") && card.buttons.iter().any(|(label, _)| label == "Claim"), "{}", card.text);
    assert!(house.desk().iter().any(|text| text.starts_with("QUEUE: 1 asked")), "{:?}", house.desk());
}

#[tokio::test]
async fn a_conversation_is_forgotten() {
    let mut house = House::new().await;
    house.text("+15550100001", "i want to die").await;
    // Nobody reacts, for an hour: they are told again every two minutes.
    for _ in 0..30 {
        house.clock.advance(SignedDuration::from_mins(2));
        house.app.fire_timers().await;
        house.settle().await;
    }
    assert!(house.desk().iter().filter(|text| text.starts_with("No answer yet")).count() >= 25, "{:?}", house.desk().len());
    // A claim is no answer: claimed and then forgotten, it goes on.
    let priya = house.staff(7, "Priya");
    let card = house.card();
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    let before = house.desk().len();
    house.clock.advance(SignedDuration::from_mins(3));
    house.app.fire_timers().await;
    house.settle().await;
    assert!(house.desk()[before..].iter().any(|text| text.contains("the customer has no answer yet")), "{:?}", &house.desk()[before..]);
}

#[tokio::test]
async fn two_agents_answer_one_customer() {
    let mut house = House::new().await;
    let (ana, priya, sam) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"), house.staff(8, "Sam"));
    house.write(&ana, "a person please").await;
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.telegram.tap(&sam, DESK, card, "Claim");
    house.telegram.group_text(&sam, DESK, Some(topic), None, "Hello, Sam here");
    house.telegram.group_text(&priya, DESK, Some(topic), None, "Hello, Priya here");
    house.settle().await;
    let answers: Vec<String> = house.telegram.answers().into_iter().map(|answer| answer.text).collect();
    assert!(answers.iter().any(|text| text.starts_with("It is yours.")) && answers.contains(&"Priya has it.".to_string()), "{answers:?}");
    let texts = house.telegram.texts(ana.id);
    assert!(texts.iter().any(|text| text.contains("Priya here")) && !texts.iter().any(|text| text.contains("Sam here")), "{texts:?}");
    assert!(house.desk().iter().any(|text| text == "NOT SENT: Priya has this conversation."));
}

#[tokio::test]
async fn a_reply_of_staff_does_not_arrive_and_nobody_knows() {
    let mut house = House::new().await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "a person please").await;
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    house.telegram.block(&ana);
    let update = house.telegram.group_text(&priya, DESK, Some(topic), None, "Hello Ana");
    house.settle().await;
    let words = house.telegram.message_id_of(update);
    let below: Vec<String> =
        house.telegram.messages(DESK).into_iter().filter(|message| message.reply_to == Some(words)).map(|message| message.text).collect();
    assert!(below.iter().any(|text| text == "NOT DELIVERED: they blocked the bot."), "{below:?}");
    assert!(!below.iter().any(|text| text == "Delivered."), "never called sent");
}

#[tokio::test]
async fn a_deleted_topic_swallows_messages() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "i need a human").await;
    let topic = house.telegram.topics(DESK)[0].id;
    house.telegram.delete_topic(DESK, topic);
    house.write(&ana, "are you there?").await;
    let again = house.telegram.topics(DESK).into_iter().find(|other| other.id != topic).expect("a new topic");
    assert!(house.telegram.in_topic(DESK, again.id).iter().any(|message| message.text.contains("are you there?")));
}

#[tokio::test]
async fn the_customer_must_tell_it_all_again() {
    let mut house = House::new().await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "where is my parcel A1042").await;
    house.write(&ana, "nothing works here, i want a human").await;
    let card = house.card();
    let shown = house.telegram.messages(DESK).into_iter().find(|message| message.id == card).expect("the card");
    assert!(shown.text.contains("Order: A1042") && shown.text.contains("order_status (not finished)"), "{}", shown.text);
    house.telegram.tap(&priya, DESK, card, "Transcript");
    house.settle().await;
    let transcript = house.desk().pop().expect("a transcript");
    assert!(transcript.contains("customer: where is my parcel A1042") && transcript.contains("bot: "), "{transcript}");
}

#[tokio::test]
async fn the_loudest_is_served_first() {
    let house = House::new().await;
    house.text("+15550100001", "human please").await;
    house.clock.advance(SignedDuration::from_mins(1));
    house.text("+15550100002", "THIS IS RIDICULOUS YOU USELESS IDIOTS, MY MONEY BACK NOW").await;
    house.clock.advance(SignedDuration::from_mins(1));
    house.text("+15550100003", "i want to die").await;
    let queue = house.app.store.queue().await.expect("reads");
    let order: Vec<(&str, &str)> = queue.iter().map(|row| (row.urgency.name(), row.reason.as_str())).collect();
    assert_eq!(order, [("crisis", "crisis"), ("asked", "human_request"), ("asked", "frustration")], "being polite costs nobody a place");
}
