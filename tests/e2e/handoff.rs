//! Customer → bot → handoff → claim → staff reply → close.

use crate::house::{DESK, House, Plan};
use jiff::SignedDuration;
use warmline::transport::SendError;

#[tokio::test]
async fn on_telegram_from_the_first_word_to_the_close() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    let priya = house.staff(7, "Priya");
    let sam = house.staff(8, "Sam");

    let said = house.write(&ana, "hello").await;
    assert!(said[0].contains("Fern & Field") && said[0].contains("bot") && said[0].contains("person"), "{said:?}");
    let said = house.write(&ana, "can i talk to a human").await;
    assert!(said[0].starts_with("Yes.") && said[0].contains("17:00"), "{said:?}");

    let topics = house.telegram.topics(DESK);
    assert_eq!(topics.len(), 1);
    assert!(topics[0].name.contains("Ana") && !topics[0].name.to_lowercase().contains("crisis"));
    let topic = topics[0].id;
    let card = house.card();
    let shown = house.telegram.in_topic(DESK, topic).into_iter().find(|message| message.id == card).expect("the card");
    assert!(shown.text.contains("ASKED") && shown.text.contains("can i talk to a human"), "{}", shown.text);
    assert_eq!(shown.buttons.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>(), ["Claim", "Transcript", "Not urgent"]);

    // Before a claim nothing of what staff write goes out, and they are told.
    house.telegram.group_text(&priya, DESK, Some(topic), None, "Hello Ana, how can I help?");
    house.settle().await;
    assert!(!house.telegram.texts(ana.id).iter().any(|text| text.contains("Hello Ana")));
    assert!(house.desk().iter().any(|text| text.starts_with("NOT SENT: nobody has claimed")), "{:?}", house.desk());

    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    house.telegram.press(&sam, DESK, card, &shown.buttons[0].1);
    house.settle().await;
    let answers = house.telegram.answers();
    assert!(
        answers.iter().any(|answer| answer.text.contains("It is yours")) && answers.iter().any(|answer| answer.text == "Priya has it."),
        "{answers:?}"
    );
    let shown = house.telegram.in_topic(DESK, topic).into_iter().find(|message| message.id == card).expect("the card");
    assert!(shown.edited && shown.text.contains("Priya has it."), "{}", shown.text);

    house.telegram.group_text(&priya, DESK, Some(topic), None, "Hello, Priya here.");
    house.telegram.group_text(&sam, DESK, Some(topic), None, "me too");
    house.telegram.group_text(&priya, DESK, Some(topic), None, "/clsoe");
    house.settle().await;
    let texts = house.telegram.texts(ana.id);
    assert!(texts.iter().any(|text| text == "Priya: Hello, Priya here."), "{texts:?}");
    assert!(!texts.iter().any(|text| text.contains("me too") || text.contains("clsoe")), "{texts:?}");
    assert!(house.desk().iter().any(|text| text.contains("NOT SENT: Priya has this conversation")));
    assert!(house.desk().iter().any(|text| text.contains("no such command")));

    // The bot is silent while a person owns the conversation, and staff see every word.
    assert_eq!(house.write(&ana, "where is my order A1042").await, Vec::<String>::new());
    assert!(house.desk().iter().any(|text| text.contains("Customer: where is my order A1042")));

    house.telegram.tap(&priya, DESK, card, "Transcript");
    house.settle().await;
    let transcript = house.desk().into_iter().rev().find(|text| text.contains("Priya claimed it")).expect("a transcript");
    for wanted in ["customer: hello", "[human_request:", "bot: Yes.", "Priya: Hello, Priya here."] {
        assert!(transcript.contains(wanted), "{wanted} in {transcript}");
    }

    house.telegram.group_text(&priya, DESK, Some(topic), None, "/close a new parcel leaves on Thursday");
    house.settle().await;
    let last = house.telegram.texts(ana.id).pop().expect("a word");
    assert!(last.contains("Priya has finished") && last.contains("a new parcel leaves on Thursday") && last.contains("bot"), "{last}");
    assert!(house.write(&ana, "thanks").await[0].contains("welcome"));
    house.telegram.assert_clean();
}

#[tokio::test]
async fn on_sms_from_the_first_word_to_the_close() {
    let mut house = House::new().await;
    let priya = house.staff(7, "Priya");
    let said = house.text("+15550100001", "where is A1042").await;
    assert!(said[0].contains("STOP") && said[0].contains("left us"), "{said:?}");
    let said = house.text("+15550100001", "this is the third time i write, useless").await;
    assert!(said[0].contains("give it to a person") || said[0].contains("giving it to a person"), "{said:?}");
    let topic = house.telegram.topics(DESK)[0].id;
    let card = house.card();
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    house.telegram.group_text(&priya, DESK, Some(topic), None, "Sorry about that, looking now.");
    house.settle().await;
    assert!(house.twilio.texts_to("+15550100001").iter().any(|text| text == "Priya: Sorry about that, looking now."));

    // What does not arrive is shown beside the words of the person who wrote them.
    let sent = house.twilio.sent().into_iter().rev().find(|sent| sent.body.starts_with("Priya")).expect("sent");
    let url = format!("{}/sms/twilio/status", house.url);
    let status =
        house.twilio.report(&house.client, &url, "https://bot.example.com/sms/twilio/status", &sent.sid, "undelivered", Some(30003)).await;
    assert!(status.is_success());
    house.settle().await;
    assert!(house.desk().iter().any(|text| text.starts_with("NOT DELIVERED")), "{:?}", house.desk());

    house.telegram.group_text(&priya, DESK, Some(topic), None, "/close");
    house.settle().await;
    assert!(house.twilio.texts_to("+15550100001").last().is_some_and(|text| text.contains("back with me, the bot")));
    house.twilio.assert_clean();
    house.telegram.assert_clean();
}

#[tokio::test]
async fn without_topics_the_card_is_the_head_of_a_thread() {
    let mut house = House::built(Plan { forum: false, ..Plan::default() }).await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "a person please").await;
    let card = house.card();
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.telegram.group_text(&priya, DESK, None, Some(card), "Hi Ana");
    house.settle().await;
    assert!(house.telegram.texts(ana.id).iter().any(|text| text == "Priya: Hi Ana"));
    house.write(&ana, "hi priya").await;
    let relay = house.telegram.messages(DESK).into_iter().find(|message| message.text.contains("Customer: hi priya")).expect("a relay");
    assert_eq!(relay.reply_to, Some(card));
    house.telegram.group_text(&priya, DESK, None, Some(relay.id), "How are you?");
    house.settle().await;
    assert!(house.telegram.texts(ana.id).iter().any(|text| text == "Priya: How are you?"));
}

#[tokio::test]
async fn an_anonymous_admin_is_refused_visibly() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "i need a human").await;
    let topic = house.telegram.topics(DESK)[0].id;
    house.telegram.anonymous_admin_text(DESK, Some(topic), None, "hello ana");
    house.settle().await;
    assert!(!house.telegram.texts(ana.id).iter().any(|text| text.contains("hello ana")));
    assert!(house.desk().iter().any(|text| text.contains("anonymous")), "{:?}", house.desk());
}

#[tokio::test]
async fn a_crisis_reaches_people_in_the_same_commit_and_silences_the_bot() {
    let mut house = House::built(Plan { now: "2026-11-21T02:10:00Z", ..Plan::default() }).await;
    let ana = house.telegram.person(42, "Ana");
    let said = house.write(&ana, "where is A1042. honestly i want to kill myself").await;
    assert!(said[0].chars().take(100).collect::<String>().contains("emergency number"), "{said:?}");
    assert!(said[0].contains("9:00 on Monday") && said[0].contains("Field's bot"), "{said:?}");
    assert!(house.desk().iter().any(|text| text.starts_with("CRISIS (suicide self harm)")), "{:?}", house.desk());
    assert_eq!(house.write(&ana, "what are your opening hours").await, Vec::<String>::new());

    // Nobody claims it: staff are reminded after two minutes, and again.
    for times in 1..=2 {
        house.clock.advance(SignedDuration::from_mins(2));
        assert_eq!(house.app.fire_timers().await, 1);
        house.app.settle().await;
        assert!(house.desk().iter().any(|text| text.starts_with(&format!("No answer yet, reminder {times}."))), "{:?}", house.desk());
    }
}

#[tokio::test]
async fn an_edit_that_adds_despair_is_heard() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    let update = house.telegram.customer_text(&ana, "when do you open");
    house.settle().await;
    let message = house.telegram.message_id_of(update);
    let before = house.telegram.texts(ana.id).len();
    house.telegram.customer_edit(&ana, message, "when do you open?");
    house.settle().await;
    assert_eq!(house.telegram.texts(ana.id).len(), before, "the same question is not answered twice");
    house.telegram.customer_edit(&ana, message, "when do you open, i cant go on, i want to die");
    house.settle().await;
    assert!(house.desk().iter().any(|text| text.starts_with("CRISIS")), "{:?}", house.desk());
}

#[tokio::test]
async fn a_crisis_overtakes_a_full_minute_of_the_group() {
    let mut house = House::new().await;
    for number in 0..20 {
        let person = house.telegram.person(100 + number, "Customer");
        house.telegram.customer_text(&person, "a human please");
    }
    house.settle().await;
    let sent = house.desk().len();
    assert_eq!(sent, 16, "four places of the minute are kept for crises");
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "i want to die").await;
    assert!(house.desk().iter().any(|text| text.starts_with("CRISIS")), "{:?}", house.desk());
    house.clock.advance(SignedDuration::from_secs(61));
    house.app.settle().await;
    assert!(house.desk().len() > sent + 1, "the others follow in the next minute");
}

#[tokio::test]
async fn a_blocked_customer_is_shown_to_the_one_who_wrote() {
    let mut house = House::new().await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "human").await;
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    house.telegram.block(&ana);
    let update = house.telegram.group_text(&priya, DESK, Some(topic), None, "Hello?");
    house.settle().await;
    let words = house.telegram.message_id_of(update);
    let notice = house.telegram.messages(DESK).into_iter().find(|message| message.text.starts_with("NOT DELIVERED")).expect("a notice");
    assert!(notice.text.contains("blocked"));
    assert_eq!(notice.reply_to, Some(words), "it stands beside the words");
}

#[tokio::test]
async fn relays_are_merged_and_a_retry_repeats_none() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "a human please").await;
    for _ in 0..2 {
        house.telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 5", Some(5));
        house.telegram.customer_text(&ana, "my number is on the label");
        house.telegram.customer_text(&ana, "the box is blue");
        house.settle().await;
        house.clock.advance(SignedDuration::from_secs(6));
        house.app.settle().await;
    }
    let relays: Vec<String> = house.desk().into_iter().filter(|text| text.contains("blue") || text.contains("label")).collect();
    assert_eq!(relays.join("\n").matches("the box is blue").count(), 2, "{relays:?}");
    assert_eq!(relays.join("\n").matches("on the label").count(), 2, "{relays:?}");
    assert!(relays.iter().any(|text| text.contains("label\nCustomer: the box")), "merged into one post: {relays:?}");
}

#[tokio::test]
async fn a_colleague_takes_over_visibly() {
    let mut house = House::new().await;
    let (ana, priya, sam) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"), house.staff(8, "Sam"));
    house.write(&ana, "a human please").await;
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.telegram.group_text(&sam, DESK, Some(topic), None, "/takeover");
    house.telegram.group_text(&sam, DESK, Some(topic), None, "Sam here now.");
    house.settle().await;
    assert!(house.desk().iter().any(|text| text.contains("Sam has taken it over from Priya")), "{:?}", house.desk());
    assert!(house.telegram.texts(ana.id).iter().any(|text| text == "Sam: Sam here now."));
}

#[tokio::test]
async fn telegrams_retry_after_is_respected() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    house.telegram.fail_next("sendMessage", 429, "Too Many Requests: retry after 30", Some(30));
    assert_eq!(house.write_on(&ana, "when do you open").await, Vec::<String>::new());
    house.clock.advance(SignedDuration::from_secs(24));
    house.app.settle().await;
    assert_eq!(house.telegram.texts(ana.id).len(), 0);
    house.clock.advance(SignedDuration::from_secs(2));
    house.app.settle().await;
    assert_eq!(house.telegram.texts(ana.id).len(), 1);
    let _ = SendError::Blocked;
}

#[tokio::test]
async fn staff_see_the_queue_and_two_who_ask_for_the_next_get_two() {
    let mut house = House::new().await;
    house.text("+15550100001", "human please").await;
    house.text("+15550100002", "i want to die").await;
    house.text("+15550100003", "human please").await;
    let (priya, sam, stranger) = (house.staff(7, "Priya"), house.staff(8, "Sam"), house.telegram.person(9, "Max"));
    house.telegram.group_text(&priya, DESK, None, None, "/queue");
    house.settle().await;
    let queue = house.desk().into_iter().find(|text| text.contains("nobody has it")).expect("the queue");
    let urgencies: Vec<&str> = queue.lines().map(|line| line.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(urgencies, ["CRISIS", "ASKED", "ASKED"], "{queue}");
    assert!(queue.contains("https://t.me/c/") || DESK > -1_000_000_000_000, "{queue}");

    house.telegram.group_text(&priya, DESK, None, None, "/next");
    house.telegram.group_text(&sam, DESK, None, None, "/next@warmline_bot");
    house.settle().await;
    let owners: Vec<Option<String>> = house.app.store.queue().await.expect("reads").into_iter().map(|row| row.owner).collect();
    assert_eq!(owners, [Some("Priya".into()), Some("Sam".into()), None]);
    assert!(house.desk().iter().any(|text| text.starts_with("Priya: CRISIS 0:00 sms")), "{:?}", house.desk());

    // Who writes to the bot alone is a customer, whatever they write.
    let said = house.write(&stranger, "/queue").await;
    assert!(!said.join(" ").contains("CRISIS"), "{said:?}");
    house.telegram.group_text(&sam, DESK, None, None, "/next");
    house.telegram.group_text(&sam, DESK, None, None, "/next");
    house.settle().await;
    assert!(house.desk().iter().any(|text| text == "Nobody waits."), "{:?}", house.desk());
}
