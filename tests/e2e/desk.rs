//! Staff at work in their group: taking back, changing, handing over, leaving, promising.

use crate::house::{DESK, House, Plan, RULES};
use crate::support::fake_telegram::Person;
use jiff::SignedDuration;
use std::sync::Arc;
use warmline::app::Config;

use warmline::conversation::{Aftercare, Rules, Team, Urgency};

/// Ana waits, and Priya has claimed it: the topic.
async fn claimed(house: &mut House) -> (Person, Person, i32) {
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "a human please").await;
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    (ana, priya, topic)
}

fn mark(house: &House, words: i32) -> Option<String> {
    let marks = house.telegram.messages(DESK);
    marks.into_iter().find(|message| message.reply_to == Some(words)).map(|message| message.text)
}

#[tokio::test]
async fn words_leave_after_five_seconds_and_can_be_taken_back_until_then() {
    let mut house = House::new().await;
    let (ana, priya, topic) = claimed(&mut house).await;
    let words = |house: &House, update: i64| house.telegram.message_id_of(update);
    let update = house.telegram.group_text(&priya, DESK, Some(topic), None, "You are a pain.");
    house.settle_at_once().await;
    let typed = words(&house, update);
    assert_eq!(mark(&house, typed).as_deref(), Some("Leaves in five seconds."));
    assert_eq!(house.telegram.texts(ana.id).last().map(String::as_str), Some("Priya is reading this."), "a person reads, nothing else yet");
    let shown = house.telegram.messages(DESK).into_iter().find(|message| message.reply_to == Some(typed)).expect("a mark");
    house.telegram.tap(&priya, DESK, shown.id, "Undo");
    house.settle().await;
    assert!(!house.telegram.texts(ana.id).iter().any(|text| text.contains("pain")));
    assert_eq!(mark(&house, typed).as_deref(), Some("Not sent: taken back."));

    let update = house.telegram.group_text(&priya, DESK, Some(topic), None, "I am on it.");
    house.settle().await;
    assert!(house.telegram.texts(ana.id).contains(&"Priya: I am on it.".to_string()));
    assert_eq!(mark(&house, words(&house, update)).as_deref(), Some("Delivered."));
    let reading = house.telegram.texts(ana.id).iter().filter(|text| text.contains("is reading this")).count();
    assert_eq!(reading, 1, "said once");
    house.telegram.assert_clean();
}

#[tokio::test]
async fn edits_and_unsend_reach_the_customers_copy() {
    let mut house = House::new().await;
    let (ana, priya, topic) = claimed(&mut house).await;
    let update = house.telegram.group_text(&priya, DESK, Some(topic), None, "It comes on Tuesday.");
    house.settle().await;
    let typed = house.telegram.message_id_of(update);
    house.telegram.group_edit(DESK, typed, "It comes on Thursday.");
    house.settle().await;
    let texts = house.telegram.texts(ana.id);
    assert!(texts.contains(&"Priya: It comes on Thursday.".to_string()) && !texts.iter().any(|text| text.contains("Tuesday")), "{texts:?}");
    house.telegram.group_text(&priya, DESK, Some(topic), Some(typed), "/unsend");
    house.settle().await;
    assert!(!house.telegram.texts(ana.id).iter().any(|text| text.contains("Thursday")));
    assert_eq!(mark(&house, typed).as_deref(), Some("Deleted on their side."));
    house.telegram.assert_clean();
}

#[tokio::test]
async fn a_text_message_can_be_taken_back_only_before_it_leaves() {
    let mut house = House::new().await;
    let priya = house.staff(7, "Priya");
    house.text("+15550100001", "a human please").await;
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.telegram.tap(&priya, DESK, card, "Claim");
    let update = house.telegram.group_text(&priya, DESK, Some(topic), None, "It comes on Tuesday.");
    house.settle().await;
    let typed = house.telegram.message_id_of(update);
    house.telegram.group_edit(DESK, typed, "It comes on Thursday.");
    house.settle().await;
    assert!(house.desk().iter().any(|text| text.starts_with("NOT CHANGED")), "{:?}", house.desk());
    house.telegram.group_text(&priya, DESK, Some(topic), None, "/unsend");
    house.settle().await;
    assert!(house.desk().iter().any(|text| text.contains("can't be taken back")), "{:?}", house.desk());
    let before = house.twilio.texts_to("+15550100001").len();
    let update = house.telegram.group_text(&priya, DESK, Some(topic), None, "wrong window");
    house.settle_at_once().await;
    house.telegram.group_edit(DESK, house.telegram.message_id_of(update), "Right words.");
    house.settle().await;
    let texts = house.twilio.texts_to("+15550100001");
    assert_eq!(texts[before..], ["Priya: Right words."], "changed before it left: sent once");
}

#[tokio::test]
async fn a_strangers_press_is_refused_and_reported() {
    let mut house = House::new().await;
    let (ana, max) = (house.telegram.person(42, "Ana"), house.telegram.person(99, "Max"));
    house.write(&ana, "a human please").await;
    let card = house.card();
    house.telegram.tap(&max, DESK, card, "Claim");
    house.settle().await;
    assert!(house.telegram.answers().iter().any(|answer| answer.text == "Only members of the desk can do this."));
    assert!(house.desk().iter().any(|text| text.starts_with("REFUSED")), "{:?}", house.desk());
    assert_eq!(house.app.store.queue().await.expect("reads")[0].owner, None);
    house.telegram.assert_clean();
}

#[tokio::test]
async fn the_pinned_queue_is_one_message_and_makes_no_sound() {
    let mut house = House::new().await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "a human please").await;
    let board = |house: &House| -> Vec<String> { house.desk().into_iter().filter(|text| text.starts_with("QUEUE:")).collect() };
    assert_eq!(board(&house).len(), 1);
    assert!(board(&house)[0].contains("1 asked") && board(&house)[0].contains("free"), "{:?}", board(&house));
    house.clock.advance(SignedDuration::from_secs(30));
    let card = house.card();
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    assert!(board(&house)[0].contains("Priya"), "{:?}", board(&house));
    assert_eq!(board(&house).len(), 1, "edited in place");
    let pinned: Vec<_> = house.telegram.messages(DESK).into_iter().filter(|message| message.pinned).collect();
    assert_eq!(pinned.len(), 1);
    let asked = house.telegram.calls_of("sendMessage").into_iter().filter(|call| call.params["chat_id"] == DESK);
    let loud: Vec<String> =
        asked.filter(|call| call.params["disable_notification"] != true).map(|call| call.params["text"].to_string()).collect();
    assert!(loud.is_empty(), "nobody is woken by somebody who asks: {loud:?}");
    house.telegram.assert_clean();
}

#[tokio::test]
async fn what_somebody_had_goes_back_to_the_queue_when_they_go() {
    for how in ["/off", "leaves the group", "the shift ends"] {
        let mut house = House::new().await;
        let (ana, priya, topic) = claimed(&mut house).await;
        house.telegram.group_text(&priya, DESK, None, None, "/on");
        house.settle().await;
        assert!(house.desk().iter().any(|text| text.contains("Priya is on shift until 17:00")), "{how}: {:?}", house.desk());
        match how {
            "/off" => drop(house.telegram.group_text(&priya, DESK, Some(topic), None, "/off")),
            "leaves the group" => house.telegram.leave(DESK, &priya),
            _ => {
                house.clock.advance(SignedDuration::from_hours(5));
                house.app.fire_timers().await;
            }
        }
        house.settle().await;
        let queue = house.app.store.queue().await.expect("reads");
        assert_eq!((queue.len(), queue[0].owner.as_deref()), (1, None), "{how}");
        assert!(house.desk().iter().any(|text| text.contains("It needs somebody else")), "{how}: {:?}", house.desk());
        if how == "the shift ends" {
            let last = house.telegram.texts(ana.id).pop().expect("a word");
            assert!(last.contains("Priya can't go on") && last.contains("9:00 on Monday"), "{how}: {last}");
        }
        house.telegram.assert_clean();
    }
}

#[tokio::test]
async fn a_colleague_gets_it_with_a_note_and_a_customer_comes_back_to_whom_they_know() {
    let mut house = House::new().await;
    let (ana, priya, topic) = claimed(&mut house).await;
    let sam = house.staff(8, "Sam");
    house.telegram.group_text(&sam, DESK, None, None, "/on");
    house.telegram.group_text(&priya, DESK, Some(topic), None, "/assign Sam she speaks Polish");
    house.settle().await;
    assert!(house.desk().iter().any(|text| text.starts_with("Sam, Priya hands you this: she speaks Polish")), "{:?}", house.desk());
    house.telegram.group_text(&priya, DESK, Some(topic), None, "too late");
    house.telegram.group_text(&sam, DESK, Some(topic), None, "Dzień dobry, Sam here.");
    house.telegram.group_text(&sam, DESK, Some(topic), None, "/close a new parcel on Thursday");
    house.settle().await;
    let texts = house.telegram.texts(ana.id);
    assert!(texts.iter().any(|text| text == "Sam: Dzień dobry, Sam here.") && !texts.iter().any(|text| text.contains("too late")));
    assert!(texts.last().is_some_and(|text| text.contains("Sam has finished here")), "{texts:?}");
    house.clock.advance(SignedDuration::from_mins(60));
    let said = house.write(&ana, "a human please").await;
    assert!(said[0].contains("Sam, who helped you last, sees it first"), "{said:?}");
    // It is kept for Sam: Priya gets nothing, Sam gets it.
    house.telegram.group_text(&priya, DESK, None, None, "/next");
    house.settle().await;
    assert_eq!(house.app.store.queue().await.expect("reads")[0].owner, None);
    house.telegram.group_text(&sam, DESK, None, None, "/next");
    house.settle().await;
    assert_eq!(house.app.store.queue().await.expect("reads")[0].owner.as_deref(), Some("Sam"));
    house.telegram.group_text(&priya, DESK, None, None, "/stats");
    house.telegram.group_text(&priya, DESK, None, None, "/who");
    house.settle().await;
    assert!(house.desk().iter().any(|text| text.contains("asked (1): seen by staff")), "{:?}", house.desk());
    assert!(house.desk().iter().any(|text| text.contains("Sam: on shift until 17:00, has 1 conversation")), "{:?}", house.desk());
}

#[tokio::test]
async fn the_next_is_for_ones_team_and_not_one_too_many() {
    let team = |name: &str, languages: &[&str], people: &[&str]| Team {
        name: name.into(),
        languages: languages.iter().map(ToString::to_string).collect(),
        people: people.iter().map(ToString::to_string).collect(),
        ..Team::default()
    };
    let teams = vec![team("spanish", &["es"], &["Sam"]), team("rest", &[], &["Priya", "Lee"])];
    let rules = Arc::new(Rules { teams, ..(**RULES).clone() });
    let config = Config { most: Some(1), ..Config::default() };
    let mut house = House::built(Plan { rules, config, ..Plan::default() }).await;
    let [priya, sam, lee] = [(7, "Priya"), (8, "Sam"), (9, "Lee")].map(|(id, name)| house.staff(id, name));
    for person in [&priya, &sam, &lee] {
        house.telegram.group_text(person, DESK, None, None, "/on");
    }
    let people = [("ana", "quiero hablar con una persona"), ("bo", "a human please"), ("cy", "i want to talk to a person")];
    for (number, (name, text)) in people.iter().enumerate() {
        let person = house.telegram.person(40 + number as i64, name);
        house.write(&person, text).await;
        house.clock.advance(SignedDuration::from_secs(60));
    }
    let mut next = async |person: &Person| {
        house.telegram.group_text(person, DESK, None, None, "/next");
        house.settle().await;
        let queue = house.app.store.queue().await.expect("reads");
        let has = |name: &str| {
            queue
                .iter()
                .filter(|row| row.owner.as_deref() == Some(name))
                .map(|row| row.team.clone().unwrap_or_default())
                .collect::<Vec<_>>()
        };
        (has("Priya"), has("Sam"), has("Lee"), house.desk().pop().unwrap_or_default())
    };
    assert_eq!(next(&priya).await.0, ["rest"], "who came first writes Spanish");
    let (priyas, _, _, said) = next(&priya).await;
    assert_eq!(priyas.len(), 1);
    assert!(said.contains("as many conversations as one person is given here (1)"), "{said}");
    assert_eq!(next(&sam).await.1, ["spanish"]);
    assert_eq!(next(&lee).await.2, ["rest"]);
    let dan = house.telegram.person(50, "Dan");
    house.write(&dan, "i want to die").await;
    house.telegram.group_text(&priya, DESK, None, None, "/next");
    house.settle().await;
    let queue = house.app.store.queue().await.expect("reads");
    assert_eq!(
        (queue[0].urgency, queue[0].owner.as_deref()),
        (Urgency::Crisis, Some("Priya")),
        "a crisis is everybody's, and beyond every limit"
    );
}

#[tokio::test]
async fn a_promise_is_read_in_the_same_words_and_a_broken_one_is_told() {
    let mut house = House::new().await;
    let (ana, priya, topic) = claimed(&mut house).await;
    house.telegram.group_text(&priya, DESK, Some(topic), None, "/promise 15:00 a call about the refund");
    house.settle().await;
    let promised = "Priya has promised you this for 15:00: a call about the refund.";
    assert!(house.telegram.texts(ana.id).iter().any(|text| text == promised), "{:?}", house.telegram.texts(ana.id));
    house.clock.advance(SignedDuration::from_mins(171));
    house.app.fire_timers().await;
    house.settle().await;
    assert!(house.desk().iter().any(|text| text.starts_with("Priya, by 15:00 you promised")), "{:?}", house.desk());
    house.clock.advance(SignedDuration::from_mins(10));
    house.app.fire_timers().await;
    house.settle().await;
    let last = house.telegram.texts(ana.id).pop().expect("a word");
    assert!(last.contains("promised something for 15:00") && last.contains("our doing"), "{last}");
    assert!(house.desk().iter().any(|text| text.contains("OVERDUE: Priya promised for 15:00")), "{:?}", house.desk());
}

#[tokio::test]
async fn the_bot_is_switched_off_for_all_and_an_incident_stands_before_answers() {
    let mut house = House::new().await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.telegram.group_text(&priya, DESK, None, None, "/notice opening_hours: We close early today.");
    house.telegram.group_text(&priya, DESK, None, None, "/who");
    house.settle().await;
    let said = house.write(&ana, "when do you open").await;
    assert!(said[0].contains("We close early today. "), "{said:?}");
    house.telegram.group_text(&priya, DESK, None, None, "/notice off");
    house.telegram.group_text(&priya, DESK, None, None, "/bot off");
    house.settle().await;
    let bo = house.telegram.person(43, "Bo");
    let said = house.write(&bo, "when do you open").await;
    assert!(said[0].contains("They'll see everything you wrote"), "{said:?}");
    house.telegram.group_text(&priya, DESK, None, None, "/bot on");
    house.settle().await;
    let cy = house.telegram.person(44, "Cy");
    assert!(house.write(&cy, "when do you open").await[0].contains("9:00"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_who_claim_at_once_one_wins_and_the_others_are_told_who() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "a human please").await;
    let card = house.card();
    let data = house.telegram.messages(DESK).into_iter().find(|message| message.id == card).expect("the card").buttons[0].1.clone();
    let staff: Vec<Person> = (0..200).map(|number| house.staff(1_000 + number, &format!("S{number}"))).collect();
    let presses: Vec<_> =
        staff.iter().map(|person| house.telegram.push_to_webhook(|telegram| telegram.press(person, DESK, card, &data))).collect();
    let mut posts = tokio::task::JoinSet::new();
    for press in presses {
        let (client, url, app) = (house.client.clone(), format!("{}/telegram/webhook", house.url), house.app.clone());
        posts.spawn(async move {
            let sent = client.post(url).json(&press).header("x-telegram-bot-api-secret-token", crate::house::SECRET).send();
            assert_eq!(sent.await.expect("answers").status().as_u16(), 200);
            // Each works through what there is, at the same time as the others.
            app.drain_inbox().await;
        });
    }
    while let Some(posted) = posts.join_next().await {
        posted.expect("no panic");
    }
    house.settle().await;
    let answers: Vec<String> = house.telegram.answers().into_iter().map(|answer| answer.text).collect();
    assert_eq!(answers.len(), 200);
    assert_eq!(answers.iter().filter(|text| text.starts_with("It is yours.")).count(), 1);
    let owner = house.app.store.queue().await.expect("reads")[0].owner.clone().expect("an owner");
    assert_eq!(answers.iter().filter(|text| **text == format!("{owner} has it.")).count(), 199);
    let claimed = house.app.store.transcript(house.app.store.queue().await.expect("reads")[0].id).await.expect("reads");
    assert_eq!(claimed.iter().filter(|entry| entry.text.ends_with(" claimed it")).count(), 1);
    house.telegram.assert_clean();
}

#[tokio::test]
async fn the_reviewer_reads_the_list_in_the_group_and_marks_what_was_looked_at_in_the_topic() {
    let aftercare = Aftercare { reviewer: "Robin".into(), ask_after: None };
    let rules = Arc::new(Rules { aftercare, ..(**RULES).clone() });
    let mut house = House::built(Plan { rules, ..Plan::default() }).await;
    let (priya, robin) = (house.staff(7, "Priya"), house.staff(8, "Robin"));
    let (ana, bo) = (house.telegram.person(42, "Ana"), house.telegram.person(43, "Bo"));
    house.write(&bo, "when do you open").await;
    house.write(&ana, "i want to die").await;
    let ask = async |house: &mut House| {
        house.telegram.group_text(&priya, DESK, None, None, "/review");
        house.settle().await;
        house.desk().into_iter().rfind(|text| text.starts_with("For Robin")).expect("a list")
    };
    let list = ask(&mut house).await;
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines[0], "For Robin: 1 crisis, 0 downgrades, 0 offers, 1 other this week; 2 not looked at");
    let topic = house.telegram.topics(DESK)[0].id;
    assert!(lines[1].starts_with("crisis, Friday 20 November, telegram, ") && lines[1].ends_with(&format!("/{topic}")), "{list}");
    assert!(lines[2].starts_with("random, Friday 20 November, telegram, "), "{list}");
    assert!(!list.contains("Ana") && !list.contains("die"), "{list}");
    house.telegram.group_text(&priya, DESK, Some(topic), None, "/reviewed all well");
    house.settle().await;
    assert!(house.desk().iter().any(|text| text.starts_with("Robin reads the list")), "{:?}", house.desk());
    assert!(ask(&mut house).await.contains("2 not looked at"));
    house.telegram.group_text(&robin, DESK, Some(topic), None, "/reviewed it was one, Priya was quick");
    house.settle().await;
    let list = ask(&mut house).await;
    assert!(list.starts_with("For Robin: 1 crisis, 0 downgrades, 0 offers, 1 other this week; 1 not looked at"), "{list}");
    assert!(!house.telegram.texts(ana.id).iter().any(|text| text.contains("quick")), "the customer reads nothing of it");
    house.telegram.assert_clean();
}

#[tokio::test]
async fn whoever_agrees_is_asked_after_two_days_and_a_no_goes_back_to_priya() {
    let aftercare = Aftercare { reviewer: String::new(), ask_after: Some(SignedDuration::from_hours(48)) };
    let rules = Arc::new(Rules { aftercare, ..(**RULES).clone() });
    let mut house = House::built(Plan { rules, ..Plan::default() }).await;
    let (ana, priya, topic) = claimed(&mut house).await;
    house.telegram.group_text(&priya, DESK, Some(topic), None, "/close a new parcel leaves today");
    house.settle().await;
    assert!(house.telegram.texts(ana.id).last().is_some_and(|text| text.ends_with("Yes or no is fine.")));
    house.write(&ana, "thank you Priya").await;
    assert!(house.desk().contains(&"For Priya, their thanks: thank you Priya".to_string()), "{:?}", house.desk());
    let said = house.write(&ana, "yes").await;
    assert_eq!(said, ["All right, I'll ask you on Sunday 22 November."]);
    house.clock.advance(SignedDuration::from_hours(49));
    house.app.fire_timers().await;
    house.settle().await;
    let question = house.telegram.messages(ana.id).into_iter().next_back().expect("a question");
    assert_eq!(question.text, "You said I may ask. Did Priya sort it out? Yes or no is fine.");
    house.telegram.tap(&ana, ana.id, question.id, "No");
    house.settle().await;
    let said = house.telegram.texts(ana.id).pop().unwrap_or_default();
    assert!(said.starts_with("Thank you for telling me.") && said.contains("Priya, who helped you last"), "{said}");
    assert!(house.desk().iter().any(|text| text.contains("asked whether Priya had sorted it out")), "{:?}", house.desk());
    house.telegram.assert_clean();
}
