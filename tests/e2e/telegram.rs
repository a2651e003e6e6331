//! Telegram: updates of every kind, the webhook, first contact, ownership.

use crate::house::{DESK, House, Plan, SECRET};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::json;
use warmline::transport::telegram::{Keeps, Telegram};

#[tokio::test]
async fn a_malformed_update_never_blocks_the_ones_behind_it() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    house.telegram.push_raw(json!({"message": {"message_id": "not a number", "text": "private words"}}));
    house.telegram.push_raw(json!({"surprise": true}));
    house.telegram.customer_text(&ana, "when do you open");
    house.settle().await;
    assert_eq!(house.telegram.texts(ana.id).len(), 1);
    assert_eq!(house.telegram.pending(), 0, "all three are confirmed");
}

#[tokio::test]
async fn a_group_says_whether_it_keeps_what_is_written_in_it() {
    let house = House::new().await;
    let client = Telegram::new(&SecretString::from(house.telegram.token()), &house.telegram.base_url()).expect("a client");
    assert_eq!(client.keeps(DESK).await, Ok(Keeps { visible_history: false, protected: false }));
    house.telegram.say_of(DESK, "has_visible_history", true);
    house.telegram.say_of(DESK, "has_protected_content", true);
    assert_eq!(client.keeps(DESK).await, Ok(Keeps { visible_history: true, protected: true }));
    assert!(client.keeps(-100_999).await.is_err(), "a group that the bot is not in");
}

#[tokio::test]
async fn the_webhook_takes_its_secret_only() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    let url = format!("{}/telegram/webhook", house.url);
    let update = house.telegram.push_to_webhook(|telegram| telegram.customer_text(&ana, "when do you open"));
    let post = async |secret: Option<&str>, body: String| {
        let mut request = house.client.post(&url).body(body);
        if let Some(secret) = secret {
            request = request.header("x-telegram-bot-api-secret-token", secret);
        }
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(post(None, update.to_string()).await, 403);
    assert_eq!(post(Some("wrong"), update.to_string()).await, 403);
    assert_eq!(post(Some(SECRET), "x".repeat(300_000)).await, 413);
    assert_eq!(post(Some(SECRET), "{".into()).await, 200, "or Telegram would send it for ever");
    for _ in 0..2 {
        assert_eq!(post(Some(SECRET), update.to_string()).await, 200);
    }
    house.settle().await;
    assert_eq!(house.telegram.texts(ana.id).len(), 1, "a duplicate is one message");
}

#[tokio::test]
async fn who_answers_is_said_at_first_and_again_after_ninety_days() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    let introduced = |said: &[String]| said[0].contains("Fern & Field") && said[0].contains("bot") && said[0].contains("person");
    assert!(introduced(&house.write(&ana, "when do you open").await));
    assert!(!introduced(&house.write(&ana, "what are the delivery options").await));
    house.clock.advance(SignedDuration::from_hours(24 * 89));
    assert!(!introduced(&house.write(&ana, "when do you open").await));
    house.clock.advance(SignedDuration::from_hours(24 * 91));
    assert!(introduced(&house.write(&ana, "what are the delivery options").await));
}

#[tokio::test]
async fn voice_photo_sticker_and_location_get_an_honest_sentence_and_a_person() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    for send in 0..4 {
        match send {
            0 => house.telegram.customer_voice(&ana),
            1 => house.telegram.customer_photo(&ana, None),
            2 => house.telegram.customer_sticker(&ana, "😀"),
            _ => house.telegram.customer_location(&ana),
        };
        house.settle().await;
        let last = house.telegram.messages(ana.id).pop().expect("an answer");
        assert!(last.text.contains("can't open that") && last.buttons.len() == 2, "{}", last.text);
    }
    let last = house.telegram.messages(ana.id).pop().expect("an answer");
    house.telegram.tap(&ana, ana.id, last.id, "Yes, a person");
    house.settle().await;
    let kinds: Vec<String> = house.telegram.messages(DESK).into_iter().map(|message| message.kind).collect();
    for kind in ["voice", "photo", "sticker", "location"] {
        assert!(kinds.iter().any(|other| other == kind), "what came before the handoff is passed on: {kinds:?}");
    }
    assert_eq!(house.telegram.unanswered(), 0, "the press is answered");
    assert_eq!(house.telegram.topics(DESK).len(), 1);
    house.telegram.customer_voice(&ana);
    house.settle().await;
    assert!(house.telegram.messages(DESK).iter().any(|message| message.kind == "voice"), "it is passed on to staff");
    house.telegram.assert_clean();
}

#[tokio::test]
async fn commands_of_customers() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    assert!(!house.write(&ana, "/start").await.is_empty());
    assert!(!house.write(&ana, "/help").await.is_empty());
    assert!(house.write(&ana, "/human").await[0].starts_with("Yes."));
}

#[tokio::test]
async fn ownership_is_the_senders_own_contact_and_a_change_needs_the_code() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    let said = house.write(&ana, "where is A1042").await;
    assert!(said[0].contains("share your phone number"), "{said:?}");
    assert!(house.telegram.messages(ana.id).pop().is_some_and(|message| message.asks_contact));
    house.telegram.customer_contact(&ana, "+15550100001", false);
    house.settle().await;
    assert!(house.telegram.texts(ana.id).pop().is_some_and(|text| text.contains("isn't your own")));
    house.telegram.customer_contact(&ana, "+15550100001", true);
    house.settle().await;
    assert!(house.telegram.texts(ana.id).pop().is_some_and(|text| text.contains("left us")));
    // Known now: not asked again.
    assert!(house.write(&ana, "and A1043?").await[0].contains("out for delivery") || !house.telegram.texts(ana.id).is_empty());
    let said = house.write(&ana, "cancel order A1041").await;
    assert!(said[0].contains("four-digit code") && !said[0].contains("4821"), "the code goes to what is on file: {said:?}");
    assert!(house.write(&ana, "4821").await[0].to_lowercase().contains("cancelled"));
}

#[tokio::test]
async fn an_ambiguous_request_is_asked_with_buttons() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "track my order or cancel my order").await;
    let asked = house.telegram.messages(ana.id).pop().expect("a question");
    assert!(asked.buttons.len() == 3 && asked.buttons[2].0 == "A person", "{:?}", asked.buttons);
    let label = asked.buttons[0].0.clone();
    house.telegram.tap(&ana, ana.id, asked.id, &label);
    house.settle().await;
    assert!(house.telegram.texts(ana.id).pop().is_some_and(|text| text.contains("order")));
}

#[tokio::test]
async fn a_message_in_pieces_is_answered_once_and_despair_in_one_of_them_at_once() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    for piece in ["hi", "its me again"] {
        house.telegram.customer_text(&ana, piece);
        house.settle().await;
        assert_eq!(house.telegram.texts(ana.id), Vec::<String>::new(), "{piece}: there may be more");
    }
    house.telegram.customer_text(&ana, "when do you open");
    house.settle().await;
    let said = house.telegram.texts(ana.id);
    assert!(said.len() == 1 && said[0].contains("9:00"), "{said:?}");
    house.quiet().await;
    assert_eq!(house.telegram.texts(ana.id).len(), 1, "the pieces before are part of what was answered");

    let bo = house.telegram.person(43, "Bo");
    house.telegram.customer_text(&bo, "hi");
    house.settle().await;
    house.telegram.customer_text(&bo, "i want to die");
    house.settle().await;
    assert!(house.telegram.texts(bo.id)[0].contains("emergency number"));
}

#[tokio::test]
async fn what_nothing_answered_is_counted_without_names() {
    let mut house = House::new().await;
    for (number, name) in ["Oluwaseun", "Przemyslaw"].into_iter().enumerate() {
        let person = house.telegram.person(60 + number as i64, "Someone");
        house.write(&person, &format!("my goldfish {name} dances beautifully every morning")).await;
    }
    let rows = house.app.store.missed().await.expect("reads");
    assert_eq!(rows.len(), 1, "the same without the names: {rows:?}");
    assert!(rows[0].count == 2 && rows[0].text.contains("goldfish …") && !rows[0].text.contains("oluwaseun"), "{rows:?}");
}

#[tokio::test]
async fn texts_of_every_kind_are_survived() {
    let mut house = House::new().await;
    for (number, text) in [
        "😀😀😀".to_string(),
        "\u{202e}gnitirw tfel ot thgir".into(),
        "\u{200b}\u{200b}".into(),
        "\u{1}\u{2}\u{7f}".into(),
        "أين طلبي".into(),
        "a".repeat(100_000),
        "where is my order ".repeat(5_000),
        "_*[`\\".into(),
    ]
    .into_iter()
    .enumerate()
    {
        let person = house.telegram.person(500 + number as i64, "Someone");
        let said = house.write(&person, &text).await;
        assert!(!said.is_empty(), "row {number} is not left without an answer");
    }
    house.telegram.assert_clean();
}

#[tokio::test]
async fn a_long_answer_of_staff_arrives_in_parts() {
    let mut house = House::new().await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "human").await;
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.telegram.group_text(&priya, DESK, Some(topic), None, &"word ".repeat(815));
    house.settle().await;
    assert!(house.telegram.texts(ana.id).iter().filter(|text| text.contains("word word")).count() >= 1);
    assert!(house.telegram.violations().is_empty(), "{:?}", house.telegram.violations());
}

#[tokio::test]
async fn without_a_desk_nobody_is_promised() {
    let mut house = House::built(Plan { desk: false, ..Plan::default() }).await;
    let ana = house.telegram.person(42, "Ana");
    let said = house.write(&ana, "can i talk to someone").await;
    assert!(said[0].contains("can't tell you when"), "{said:?}");
    assert_eq!(house.app.store.queue().await.expect("a store").len(), 1);
}
