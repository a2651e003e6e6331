//! Complaints of the people who write.

use crate::house::{DESK, House, Plan};
use jiff::SignedDuration;

#[tokio::test]
async fn the_handoff_is_silent_to_the_customer() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    let said = house.write(&ana, "can i talk to a human").await;
    assert!(said[0].contains("passing you on to a person") && said[0].contains("17:00"), "{said:?}");
    let priya = house.staff(7, "Priya");
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.telegram.group_text(&priya, DESK, Some(topic), None, "Hello");
    house.telegram.group_text(&priya, DESK, Some(topic), None, "/close all fine");
    house.settle().await;
    let texts = house.telegram.texts(ana.id);
    let place = |what: &str| texts.iter().position(|text| text.contains(what)).unwrap_or_else(|| panic!("{what} in {texts:?}"));
    assert!(
        place("passing you on") < place("Priya is reading this") && place("Priya: Hello") < place("Priya has finished here"),
        "{texts:?}"
    );
}

#[tokio::test]
async fn the_bot_talks_over_the_human() {
    let mut house = House::new().await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "a human please").await;
    let card = house.card();
    // A question that was asked before the claim is not answered after it.
    house.telegram.customer_text(&ana, "when do you open");
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    let before = house.telegram.texts(ana.id);
    for text in ["where is A1042", "when do you open", "yes", "cancel my order"] {
        assert_eq!(house.write(&ana, text).await, Vec::<String>::new(), "{text}");
    }
    assert!(!before.iter().any(|text| text.contains("Monday to Friday")), "{before:?}");
}

#[tokio::test]
async fn the_conversation_never_comes_back_to_the_bot() {
    let mut house = House::new().await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    for end in ["/close done", "/bot", "never mind"] {
        house.write(&ana, "a human please").await;
        if end == "never mind" {
            house.write(&ana, end).await;
        } else {
            let card =
                house.telegram.messages(DESK).into_iter().rev().find(|message| message.text.contains("Nobody has it")).expect("a card");
            let topic = house.telegram.topics(DESK)[0].id;
            house.telegram.tap(&priya, DESK, card.id, "Claim");
            house.telegram.group_text(&priya, DESK, Some(topic), None, end);
            house.settle().await;
        }
        let said = house.write(&ana, "when do you open").await;
        assert!(said.iter().any(|text| text.contains("9:00")), "after {end}: {said:?}");
        house.clock.advance(SignedDuration::from_hours(26));
    }
}

#[tokio::test]
async fn out_of_hours_there_is_no_true_word() {
    let house = House::built(Plan { now: "2026-11-20T22:40:00Z", ..Plan::default() }).await;
    let said = house.text("+15550100001", "a human please").await;
    assert!(said[0].contains("nobody is in until 9:00 on Monday"), "{said:?}");
    assert!(!said[0].contains("shortly") && !said[0].contains("soon"), "{said:?}");
    assert!(house.text("+15550100001", "when do you open").await[0].contains("9:00"), "routine questions are answered all the same");
}

#[tokio::test]
async fn nobody_says_how_long_it_takes() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "a human please").await;
    house.clock.advance(SignedDuration::from_mins(3));
    let said = house.write(&ana, "hello?").await;
    assert!(said[0].contains("I'll write again by 12:30 at the latest"), "no range without data, but a time that the bot keeps: {said:?}");
    house.clock.advance(SignedDuration::from_mins(28));
    house.app.fire_timers().await;
    house.settle().await;
    let last = house.telegram.texts(ana.id).pop().expect("a word");
    assert!(last.contains("nobody has been free yet") && last.contains("with news or without"), "{last}");
}

#[tokio::test]
async fn messages_come_twice_or_out_of_order() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    let update = house.telegram.push_to_webhook(|telegram| telegram.customer_text(&ana, "when do you open"));
    for _ in 0..3 {
        let sent = house.client.post(format!("{}/telegram/webhook", house.url)).json(&update);
        let status = sent.header("x-telegram-bot-api-secret-token", crate::house::SECRET).send().await.expect("answers").status();
        assert_eq!(status.as_u16(), 200);
    }
    house.settle().await;
    assert_eq!(house.telegram.texts(ana.id).len(), 1);
    // The gateway fails: what was said later waits for what was said before.
    house.twilio.fail_next(503, 20_500, None);
    house.text_on("+15550100001", "when do you open").await;
    house.text_on("+15550100001", "how do i reset my password").await;
    house.clock.advance(SignedDuration::from_secs(10));
    house.app.settle().await;
    let texts = house.twilio.texts_to("+15550100001");
    assert!(texts.len() == 2 && texts[0].contains("9:00"), "{texts:?}");
}

#[tokio::test]
async fn edited_and_wordless_messages_are_lost() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    house.telegram.customer_voice(&ana);
    house.settle().await;
    assert!(house.telegram.texts(ana.id).last().is_some_and(|text| text.contains("can't open that, but a person can")));
    let update = house.telegram.customer_text(&ana, "when do you open");
    house.settle().await;
    house.telegram.customer_edit(&ana, house.telegram.message_id_of(update), "when do you open? i want to kill myself");
    house.settle().await;
    assert!(house.desk().iter().any(|text| text.starts_with("CRISIS")), "{:?}", house.desk());
    assert!(house.desk().iter().any(|text| text.contains("kill myself")));
}

#[tokio::test]
async fn the_fallback_is_too_sure_of_itself() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    let said = house.write(&ana, "glorp snarf wibble").await;
    assert!(said[0].contains("can't help with that myself. Shall I get a person?"), "{said:?}");
    let said = house.write(&ana, "blurgh tosk").await;
    assert!(said[0].contains("handing it to a person"), "the second miss is the last: {said:?}");
    assert!(house.desk().iter().any(|text| text.starts_with("STUCK")));
}

#[tokio::test]
async fn a_form_traps_people() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    assert!(house.write(&ana, "where is my order").await[0].contains("Which order"));
    assert!(house.write(&ana, "when do you open").await[0].contains("9:00"), "a question in between is answered");
    assert!(house.write(&ana, "i dont know").await.iter().any(|text| text.contains("person")), "who doesn't know gets a person");
    let bo = house.telegram.person(43, "Bo");
    house.write(&bo, "where is my order").await;
    assert!(house.write(&bo, "a human please").await[0].starts_with("Yes."), "a person, the first time, in the middle of a form");
}

#[tokio::test]
async fn stop_is_not_honoured() {
    let house = House::new().await;
    house.text("+15550100001", "when do you open").await;
    let said = house.text("+15550100001", "STOP").await;
    assert!(said.len() == 1 && said[0].contains("won't get any more texts"), "{said:?}");
    for text in ["when do you open", "where is A1042", "STOP"] {
        assert_eq!(house.text("+15550100001", text).await, Vec::<String>::new(), "{text}");
    }
    assert!(!house.text("+15550100001", "START").await.is_empty());
    house.twilio.assert_clean();
}

#[tokio::test]
async fn a_text_becomes_many_parts() {
    let house = House::new().await;
    let mut longest = 0;
    for (number, text) in
        ["a human please", "this is the third time, useless", "i want to die", "my mother died", "STOP"].iter().enumerate()
    {
        for said in house.text(&format!("+1555010000{number}"), text).await {
            assert!(said.is_ascii(), "one character outside GSM 03.38 doubles the parts: {said}");
            longest = longest.max(said.len());
        }
    }
    // The first line to somebody new says who answers: with it, three parts of 153 characters.
    assert!(longest <= 459, "{longest}");
}
