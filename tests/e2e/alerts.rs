//! Alerts over real sockets: a mail server, webhooks, Telegram and texts on the other side.

use crate::house::{DESK, House, Plan, RULES};
use crate::support::mail::Mail;
use crate::support::receiver::{Got, Receiver};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use jiff::SignedDuration;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::Arc;
use warmline::alert::{Alert, Email, PagerDuty, Slack, Webhook};
use warmline::channel::{Body, Incoming, Target};
use warmline::conversation::{Address, Event, Ladder, Message, Rules, Rung, Urgency};
use warmline::desk::{Hours, Way, WayKind};
use warmline::store::OutboxTarget;
use warmline::transport::http_client;
use warmline::transport::signed::{Signed, signing_key};
use warmline::transport::smtp::Smtp;

const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub const ONCALL: &str = "+15550107777";

fn way(name: &str, kind: WayKind) -> Way {
    Way::new(name, kind, vec!["Priya".into()])
}

fn rung(minutes: i64, ways: &[&str]) -> Rung {
    Rung { after: SignedDuration::from_mins(minutes), ways: ways.iter().map(ToString::to_string).collect() }
}

fn with_ladder(rungs: BTreeMap<Urgency, Vec<Rung>>) -> Arc<Rules> {
    Arc::new(Rules { ladder: Ladder::new(rungs), ..(**RULES).clone() })
}

pub fn signed(url: &str) -> Signed {
    let key = signing_key(&SecretString::from(WHSEC)).expect("a key");
    Signed::new(http_client().expect("a client"), format!("{url}/hook"), key)
}

fn hook(url: &str) -> Arc<dyn Alert> {
    Arc::new(Webhook::new(signed(url)))
}

/// As a receiver checks it (Standard Webhooks 1.0.0).
pub fn verifies(got: &Got) -> bool {
    let key = STANDARD.decode(&WHSEC["whsec_".len()..]).expect("base64");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).expect("a key");
    mac.update(format!("{}.{}.{}", got.header("webhook-id"), got.header("webhook-timestamp"), got.body).as_bytes());
    got.header("webhook-signature") == format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// The lead gets a text in a crisis.
pub fn lead_is_told() -> (Arc<Rules>, Vec<Way>) {
    (with_ladder(BTreeMap::from([(Urgency::Crisis, vec![rung(0, &["group", "lead"])])])), vec![way("lead", WayKind::Sms)])
}

#[tokio::test]
async fn a_drill_goes_down_the_ladder_and_says_what_it_is() {
    let (rules, ways) = lead_is_told();
    let mut house = House::built(Plan { rules, ways, lead: Some(ONCALL), ..Plan::default() }).await;
    house.app.drill().await.expect("starts");
    house.settle().await;
    assert!(house.twilio.texts_to(ONCALL)[0].starts_with("DRILL. CRISIS: waiting 0:00"), "{:?}", house.twilio.texts_to(ONCALL));
}

#[tokio::test]
async fn a_crisis_goes_by_every_way_of_its_step_and_says_neither_name_nor_words() {
    let (receiver, mail) = (Receiver::start().await, Mail::start().await);
    let client = http_client().expect("a client");
    let smtp = Smtp::new(&mail.url, None, "bot@shop.example").expect("a client");
    let mut alerts: BTreeMap<String, Arc<dyn Alert>> = BTreeMap::new();
    alerts.insert("hook".into(), hook(&receiver.url));
    alerts.insert("slack".into(), Arc::new(Slack::new(client.clone(), SecretString::from(format!("{}/slack", receiver.url)))));
    alerts.insert("pager".into(), Arc::new(PagerDuty::new(client.clone(), &receiver.url, SecretString::from("routing-key"))));
    alerts.insert("mail".into(), Arc::new(Email::new(smtp, vec!["priya@shop.example".into(), "sam@shop.example".into()])));
    let ways = vec![
        way("hook", WayKind::Webhook),
        way("slack", WayKind::Slack),
        way("pager", WayKind::PagerDuty),
        way("mail", WayKind::Email),
        way("lead", WayKind::Sms),
    ];
    let ladder =
        BTreeMap::from([(Urgency::Crisis, vec![rung(0, &["group", "hook", "slack", "pager", "mail"]), rung(2, &["group", "lead"])])]);
    let mut house = House::built(Plan { rules: with_ladder(ladder), alerts, ways, lead: Some(ONCALL), ..Plan::default() }).await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "i want to die").await;

    let hooked = receiver.on("/hook");
    assert_eq!(hooked.len(), 1);
    assert!(verifies(&hooked[0]), "{hooked:?}");
    assert_eq!((&hooked[0].json()["type"], &hooked[0].json()["data"]["urgency"]), (&"handoff.waiting".into(), &"crisis".into()));
    let letters = mail.letters();
    let mut to: Vec<String> = letters.iter().flat_map(|letter| letter.to.clone()).collect();
    to.sort();
    assert_eq!((letters.len(), to), (2, vec!["priya@shop.example".to_string(), "sam@shop.example".to_string()]), "each their own");
    assert!(letters[0].text.contains("Subject: CRISIS: waiting 0:00 (telegram, en)"), "{}", letters[0].text);
    let (slack, pager) = (receiver.on("/slack"), receiver.on("/v2/enqueue"));
    assert_eq!((slack.len(), pager[0].json()["event_action"].clone()), (1, "trigger".into()));
    for told in [&hooked[0].body, &letters[0].text, &slack[0].body, &pager[0].body] {
        assert!(!told.contains("Ana") && !told.contains("die") && told.contains("risis") | told.contains("CRISIS"), "{told}");
    }
    // Nobody comes: one step higher after two minutes, and only then.
    assert!(house.twilio.texts_to(ONCALL).is_empty());
    house.clock.advance(SignedDuration::from_mins(2));
    house.app.fire_timers().await;
    house.settle().await;
    assert!(
        house.twilio.texts_to(ONCALL)[0].starts_with("CRISIS: waiting 0:02, nobody has answered"),
        "{:?}",
        house.twilio.texts_to(ONCALL)
    );
    // A claim is no answer: words that arrive take the page down, a close ends it.
    let priya = house.staff(7, "Priya");
    let card = house.card();
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    assert_eq!(receiver.on("/v2/enqueue").len(), 1);
    let topic = house.telegram.topics(DESK)[0].id;
    house.telegram.group_text(&priya, DESK, Some(topic), None, "Hello, I am here.");
    house.settle().await;
    house.telegram.group_text(&priya, DESK, Some(topic), None, "/close her sister is with her");
    house.settle().await;
    let actions: Vec<String> =
        receiver.on("/v2/enqueue").iter().map(|got| got.json()["event_action"].as_str().unwrap_or("").to_string()).collect();
    assert_eq!(actions, ["trigger", "acknowledge", "resolve"]);
    let kinds: Vec<String> = receiver.on("/hook").iter().map(|got| got.json()["type"].as_str().unwrap_or("").to_string()).collect();
    assert_eq!(kinds, ["handoff.waiting", "handoff.answered", "handoff.closed"]);
    assert!(receiver.on("/hook").iter().all(verifies));
}

#[tokio::test]
async fn an_alert_that_fails_climbs_at_once_and_is_tried_again_as_the_same_one() {
    let receiver = Receiver::start().await;
    receiver.answer(503);
    let alerts = BTreeMap::from([("hook".to_string(), hook(&receiver.url))]);
    let ways = vec![way("hook", WayKind::Webhook), way("lead", WayKind::Sms)];
    let ladder = BTreeMap::from([(Urgency::Distress, vec![rung(0, &["hook"]), rung(10, &["lead"])])]);
    let house = House::built(Plan { rules: with_ladder(ladder), alerts, ways, lead: Some(ONCALL), ..Plan::default() }).await;
    house.text("+15550101234", "my husband died and i cant cope any more").await;
    assert_eq!(house.twilio.texts_to(ONCALL).len(), 1, "the lead hears at once, not after ten minutes");
    receiver.answer(200);
    house.clock.advance(SignedDuration::from_secs(2));
    house.app.settle().await;
    let ids: Vec<String> = receiver.on("/hook").iter().map(|got| got.header("webhook-id")).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
    house.clock.advance(SignedDuration::from_secs(60));
    house.app.settle().await;
    assert_eq!((receiver.on("/hook").len(), house.twilio.texts_to(ONCALL).len()), (2, 1), "what arrived is not sent again");
}

#[tokio::test]
async fn outside_its_hours_a_way_is_taken_for_a_crisis_only() {
    let receiver = Receiver::start().await;
    let alerts = BTreeMap::from([("hook".to_string(), hook(&receiver.url))]);
    let weekend = BTreeMap::from([("sat-sun".to_string(), vec!["9:00-12:00".to_string()])]);
    let ways = vec![Way { hours: Some(Hours::new("UTC", &weekend).expect("hours")), ..way("hook", WayKind::Webhook) }];
    let first = || vec![rung(0, &["hook"])];
    let ladder = BTreeMap::from([(Urgency::Crisis, first()), (Urgency::Distress, first())]);
    let house = House::built(Plan { rules: with_ladder(ladder), alerts, ways, ..Plan::default() }).await;
    house.text("+15550101234", "my husband died and i cant cope any more").await;
    assert_eq!(receiver.on("/hook").len(), 0);
    house.text("+15550101234", "i want to die").await;
    // What was less urgent is over, for those who keep a page open; the crisis is told.
    let told: Vec<String> =
        receiver.on("/hook").iter().map(|got| format!("{} {}", got.json()["type"], got.json()["data"]["urgency"])).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.contains(&"\"handoff.waiting\" \"crisis\"".to_string()) && told.contains(&"\"handoff.closed\" \"distress\"".to_string()),
        "{told:?}"
    );
}

#[tokio::test]
async fn words_on_their_way_when_it_gets_worse_do_not_stop_the_ladder() {
    let (rules, ways) = lead_is_told();
    let mut house = House::built(Plan { rules, ways, lead: Some(ONCALL), ..Plan::default() }).await;
    let ana = house.telegram.person(42, "Ana");
    let priya = house.staff(7, "Priya");
    house.write(&ana, "can i talk to a human").await;
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    // Both are taken in before anything is delivered.
    house.telegram.group_text(&priya, DESK, Some(topic), None, "Your refund is on its way.");
    house.telegram.customer_text(&ana, "i want to die");
    house.settle().await;
    assert_eq!(house.twilio.texts_to(ONCALL).len(), 1);
    house.clock.advance(SignedDuration::from_mins(2));
    house.app.fire_timers().await;
    house.settle().await;
    assert_eq!(house.twilio.texts_to(ONCALL).len(), 2, "nobody has answered the cry");
    // Words after it do.
    house.telegram.group_text(&priya, DESK, Some(topic), None, "I am here. Where are you?");
    house.settle().await;
    house.clock.advance(SignedDuration::from_mins(30));
    house.app.fire_timers().await;
    house.settle().await;
    assert_eq!(house.twilio.texts_to(ONCALL).len(), 2);
}

#[tokio::test]
async fn what_a_removed_way_has_left_behind_is_ended_at_the_next_start() {
    let rules = with_ladder(BTreeMap::from([(Urgency::Crisis, vec![rung(0, &["group", "gone"]), rung(2, &["group"])])]));
    let house = House::built(Plan { rules, ways: vec![way("gone", WayKind::Webhook)], ..Plan::default() }).await;
    let address = Address { channel: "sms".into(), account: "+15550109999".into(), sender: "+15550100001".into() };
    let message = Message { text: "i want to die".into(), external: "1".into(), ..Message::default() };
    let body = Body::Event(Event::Message(Box::new(message)));
    let incoming = Incoming { target: Target::Address(address), kind: "message", external: "1".into(), revision: String::new(), body };
    // Worked through, and the process ends before anything is sent.
    house.app.receive(vec![incoming]).await.expect("accepts");
    house.app.drain_inbox().await;
    let rows = house.app.store.outbox().await.expect("reads");
    assert_eq!(rows.iter().filter(|row| matches!(row.target, OutboxTarget::Alert(_))).count(), 1);
    assert_eq!(house.app.drop_orphans().await, 1);
    let left = house.app.store.outbox().await.expect("reads");
    assert!(!left.iter().any(|row| matches!(row.target, OutboxTarget::Alert(_))));
    assert!(left.len() >= rows.len() - 1, "what can be sent is kept");
    let id = house.app.store.queue().await.expect("reads")[0].id;
    let notes = house.app.store.transcript(id).await.expect("reads");
    assert!(notes.iter().any(|entry| entry.text == "An alert did not get through: gone"), "{notes:?}");
    assert_eq!(house.app.drop_orphans().await, 0);
}

#[tokio::test]
async fn a_card_that_does_not_get_into_the_group_takes_the_next_step_at_once() {
    for (name, status, why, card) in [
        ("no answer for a moment", 502, "Bad Gateway", true),
        ("put out of the only group", 403, "Forbidden: bot was kicked from the supergroup chat", false),
    ] {
        let ladder =
            BTreeMap::from([(Urgency::Asked, vec![rung(0, &["group"]), rung(30, &["group", "lead"]), rung(60, &["group", "hook"])])]);
        let receiver = Receiver::start().await;
        let alerts = BTreeMap::from([("hook".to_string(), hook(&receiver.url))]);
        let ways = vec![way("lead", WayKind::Sms), way("hook", WayKind::Webhook)];
        let plan = Plan { rules: with_ladder(ladder), alerts, ways, lead: Some(ONCALL), ..Plan::default() };
        let mut house = House::built(plan).await;
        let ana = house.telegram.person(42, "Ana");
        let again = |house: &House| house.telegram.fail_next("createForumTopic", status, why, None);
        again(&house);
        if !card {
            (0..3).for_each(|_| again(&house));
        }
        house.write(&ana, "a human please").await;
        let told = house.twilio.texts_to(ONCALL);
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        house.clock.advance(SignedDuration::from_secs(30));
        house.settle().await;
        assert_eq!(house.desk().iter().any(|text| text.starts_with("ASKED")), card, "{name}: {:?}", house.desk());
        assert_eq!((house.twilio.texts_to(ONCALL).len(), receiver.on("/hook").len()), (1, 0), "{name}: one step, once");
    }
}
