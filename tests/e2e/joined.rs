//! One customer who writes by Telegram and by text.

use crate::house::{DESK, House};
use crate::support::fake_telegram::Person;
use jiff::SignedDuration;
use warmline::conversation::{Owner, State};

const ANA: &str = "+15550100001";

async fn states(house: &House) -> (State, State) {
    let (mut telegram, mut sms) = (None, None);
    for id in house.app.store.conversations().await.expect("reads") {
        let state = house.app.store.state(id).await.expect("reads").expect("a state");
        match state.address.channel.as_str() {
            "telegram" => telegram = Some(state),
            _ => sms = Some(state),
        }
    }
    (telegram.expect("one by Telegram"), sms.expect("one by text"))
}

/// Ana shares her own number in Telegram.
async fn shares(house: &mut House, ana: &Person, phone: &str, own: bool) {
    house.write(ana, "where is my order A1042").await;
    house.telegram.customer_contact(ana, phone, own);
    house.settle().await;
}

fn owner(state: &State) -> Option<&str> {
    match &state.owner {
        Owner::Human { staff } => Some(&staff.name),
        _ => None,
    }
}

#[tokio::test]
async fn only_a_proof_joins_two_conversations_whichever_came_first() {
    for (name, texts_first, phone, own, joined) in [
        ("the number was shared, then a text came", false, ANA, true, true),
        ("a text came, then the number was shared", true, ANA, true, true),
        ("Telegram leaves the plus out", true, "15550100001", true, true),
        ("somebody else's contact", true, ANA, false, false),
        ("another number", true, "+15550100002", true, false),
    ] {
        let mut house = House::new().await;
        let ana = house.telegram.person(42, "Ana");
        if texts_first {
            house.text(ANA, "when do you open").await;
        }
        shares(&mut house, &ana, phone, own).await;
        if !texts_first {
            house.text(ANA, "when do you open").await;
        }
        house.settle().await;
        let (telegram, sms) = states(&house).await;
        assert_eq!((telegram.joined.len(), sms.joined.len()), if joined { (1, 1) } else { (0, 0) }, "{name}");
    }
}

#[tokio::test]
async fn two_handoffs_of_one_customer_have_one_person_and_staff_can_part_them() {
    let mut house = House::new().await;
    let (ana, priya, sam) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"), house.staff(8, "Sam"));
    shares(&mut house, &ana, ANA, true).await;
    house.write(&ana, "a human please").await;
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.text(ANA, "hello? can a person help me").await;
    house.settle().await;
    let cards = house.desk();
    assert!(cards.iter().any(|text| text.contains("The same customer needs somebody by sms too (asked")), "{cards:?}");
    assert!(cards.iter().any(|text| text.contains("Also writes by telegram (")), "{cards:?}");
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    let (telegram, sms) = states(&house).await;
    assert_eq!((owner(&telegram), owner(&sms)), (Some("Priya"), Some("Priya")));
    let other = house.telegram.topics(DESK)[1].id;
    house.telegram.group_text(&sam, DESK, Some(other), None, "/claim");
    house.settle().await;
    assert!(house.desk().iter().any(|text| text == "Priya has it."), "{:?}", house.desk());

    house.telegram.group_text(&priya, DESK, Some(topic), None, "/part");
    house.settle().await;
    // A group takes twenty messages a minute.
    house.clock.advance(SignedDuration::from_secs(61));
    house.settle().await;
    let (telegram, sms) = states(&house).await;
    assert!(telegram.joined.is_empty() && sms.joined.is_empty());
    assert!(house.desk().iter().any(|text| text.contains("parted from this one")), "{:?}", house.desk());
    // It stays so, though the number is shared again.
    house.telegram.customer_contact(&ana, ANA, true);
    house.settle().await;
    let (telegram, sms) = states(&house).await;
    assert!(telegram.joined.is_empty() && sms.joined.is_empty());
    house.telegram.assert_clean();
}

#[tokio::test]
async fn who_needs_somebody_by_a_second_channel_has_the_person_of_the_first() {
    let mut house = House::new().await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    shares(&mut house, &ana, ANA, true).await;
    house.write(&ana, "a human please").await;
    house.telegram.tap(&priya, DESK, house.card(), "Claim");
    house.settle().await;
    house.text(ANA, "i can't take this any more, i am so alone").await;
    house.settle().await;
    let (_, sms) = states(&house).await;
    assert_eq!(owner(&sms), Some("Priya"));
    assert!(house.desk().iter().any(|text| text.contains("The same customer needs somebody by sms too (distress")), "{:?}", house.desk());
    // A claim is no answer: the clock of the second one runs.
    house.clock.advance(SignedDuration::from_mins(11));
    house.app.fire_timers().await;
    house.settle().await;
    assert!(house.desk().iter().any(|text| text.starts_with("No answer yet, reminder 1")), "{:?}", house.desk());
}

#[tokio::test]
async fn an_opt_out_and_needs_follow_the_person_and_who_writes_is_answered() {
    let mut house = House::new().await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    shares(&mut house, &ana, ANA, true).await;
    house.text(ANA, "when do you open").await;
    house.settle().await;
    house.text(ANA, "STOP").await;
    house.settle().await;
    let (telegram, sms) = states(&house).await;
    assert!(sms.flags.opted_out && !telegram.flags.opted_out && telegram.flags.opted_out_there, "nothing unprompted there");
    let said = house.write(&ana, "when do you open").await;
    assert!(said.iter().any(|text| text.contains("9:00")), "they write here themselves: {said:?}");
    let (telegram, sms) = states(&house).await;
    assert!(sms.flags.opted_out && !telegram.flags.opted_out, "texts stay off");
    // What staff write down of a person holds in both.
    house.write(&ana, "a human please").await;
    house.telegram.tap(&priya, DESK, house.card(), "Claim");
    house.telegram.group_text(&priya, DESK, Some(house.telegram.topics(DESK)[0].id), None, "/need interpreter Polish: she said yes");
    house.settle().await;
    let (telegram, sms) = states(&house).await;
    assert_eq!((telegram.needs.len(), sms.needs.len()), (1, 1), "{:?}", house.desk());
    house.telegram.group_text(&priya, DESK, Some(house.telegram.topics(DESK)[0].id), None, "/need none");
    house.settle().await;
    let (telegram, sms) = states(&house).await;
    assert_eq!((telegram.needs.len(), sms.needs.len()), (0, 0), "what is withdrawn is gone in both");
    house.telegram.assert_clean();
}

#[tokio::test]
async fn a_phone_that_somebody_else_reads_is_silent_in_both_and_each_lifts_its_own() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    shares(&mut house, &ana, ANA, true).await;
    house.text(ANA, "when do you open").await;
    house.settle().await;
    house.write(&ana, "my husband hits me and he reads my messages").await;
    house.settle().await;
    let (telegram, sms) = states(&house).await;
    assert!(telegram.flags.do_not_text && sms.flags.do_not_text);
    assert_eq!(house.text(ANA, "when do you open").await, Vec::<String>::new(), "not a word by text either");
    // That she may be written to by text says nothing about Telegram, whoever sent that text.
    house.text(ANA, "it is safe to text me").await;
    house.settle().await;
    let (telegram, _) = states(&house).await;
    assert!(telegram.flags.do_not_text);
}

#[tokio::test]
async fn whoever_takes_one_over_or_gives_it_back_does_so_with_both() {
    let mut house = House::new().await;
    let (ana, priya, sam) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"), house.staff(8, "Sam"));
    house.telegram.group_text(&sam, DESK, None, None, "/on");
    shares(&mut house, &ana, ANA, true).await;
    house.write(&ana, "a human please").await;
    house.text(ANA, "can a person help me").await;
    house.settle().await;
    house.telegram.tap(&priya, DESK, house.card(), "Claim");
    house.settle().await;
    let topic = house.telegram.topics(DESK)[0].id;
    for (command, wanted) in [("/takeover", Some("Sam")), ("/release", None)] {
        house.clock.advance(SignedDuration::from_secs(61));
        house.telegram.group_text(&sam, DESK, Some(topic), None, command);
        house.settle().await;
        let (telegram, sms) = states(&house).await;
        assert_eq!((owner(&telegram), owner(&sms)), (wanted, wanted), "{command}");
    }
}
