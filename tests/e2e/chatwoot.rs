//! Chatwoot as a desk: a fake one on the other side of real sockets.

use crate::house::{House, NUMBER, PUBLIC, Plan};
use crate::support::fake_chatwoot::{ACCOUNT, FakeChatwoot, INBOX, TOKEN};
use jiff::SignedDuration;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::sync::Arc;
use warmline::app::Clock;
use warmline::channel::chatwoot::ChatwootDesk;
use warmline::conversation::Owner;
use warmline::transport::chatwoot::Chatwoot;
use warmline::transport::http_client;

const ANA: &str = "+15550100001";

pub fn desk(chatwoot: &FakeChatwoot) -> Option<Arc<ChatwootDesk>> {
    let client = Chatwoot::new(http_client().expect("a client"), &chatwoot.url(), ACCOUNT, INBOX, SecretString::from(TOKEN));
    Some(Arc::new(ChatwootDesk::new(client)))
}

/// A house with Chatwoot, and with the group beside it or without.
async fn house(group: bool) -> (House, FakeChatwoot) {
    let chatwoot = FakeChatwoot::start().await;
    let house = House::built(Plan { chatwoot: desk(&chatwoot), desk: group, ..Plan::default() }).await;
    (house, chatwoot)
}

/// Posts a webhook and works until nothing is left to do; words of staff are held for five seconds.
async fn hook(house: &mut House, chatwoot: &FakeChatwoot, webhook: &Value) {
    let url = format!("{}/desk/chatwoot", house.url);
    assert_eq!(chatwoot.post(&house.client, &url, house.clock.now().as_second(), webhook).await, 200);
    house.settle().await;
}

/// Chatwoot is told some things beside the webhook's answer, so that it waits for nothing.
async fn until(what: &str, done: impl Fn() -> bool) {
    let asks = async {
        while !done() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), asks).await.unwrap_or_else(|_| panic!("waited in vain for: {what}"));
}

/// Chatwoot tells the bot what the bot did there; nothing may come of it.
async fn echo(house: &mut House, chatwoot: &FakeChatwoot) {
    house.settle().await;
    let (echoes, calls) = (chatwoot.echoes(), chatwoot.calls().len());
    assert!(!echoes.is_empty());
    for webhook in echoes {
        hook(house, chatwoot, &webhook).await;
    }
    assert_eq!(chatwoot.calls().len(), calls, "{:?}", &chatwoot.calls()[calls..]);
}

#[tokio::test]
async fn a_handoff_opens_a_conversation_with_its_story_and_priority() {
    let (mut house, chatwoot) = house(false).await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "where is A1042").await;
    assert!(chatwoot.rooms().is_empty(), "the bot answers this");
    let said = house.write(&ana, "a human please").await;
    assert!(said[0].contains("person") && !said[0].to_lowercase().contains("nobody"), "people are there: {said:?}");
    let room = chatwoot.room();
    assert_eq!((room.status.as_str(), room.priority.as_deref()), ("open", Some("medium")));
    let contact = &chatwoot.contacts()[0];
    assert_eq!((contact.name.as_str(), &contact.source, contact.source.len()), ("Ana", &room.source, 32));
    let notes = chatwoot.notes();
    assert_eq!(notes.len(), 1, "one note tells the story: {notes:?}");
    for part in ["ASKED | telegram", "Wrote (#", "customer: where is A1042", "customer: a human please", &said[0]] {
        assert!(notes[0].contains(part), "{part}: {}", notes[0]);
    }
    assert_eq!(chatwoot.said(), Vec::<String>::new(), "what the note tells is not told twice");

    house.write(&ana, "it is about ![x](https://evil.example/1.png) my parcel").await;
    assert!(chatwoot.said()[0].starts_with("< it is about ! [x]"), "{:?}", chatwoot.said());
    let sources: Vec<String> = chatwoot.room().messages.iter().map(|said| said.source.clone()).collect();
    assert!(sources.iter().all(|source| source.starts_with(&format!("warmline:{}:", room.source))), "{sources:?}");
    house.write(&ana, "i want to die").await;
    assert_eq!(chatwoot.room().priority.as_deref(), Some("urgent"));
    assert!(chatwoot.notes().iter().any(|note| note.starts_with("NOW CRISIS")), "{:?}", chatwoot.notes());
    echo(&mut house, &chatwoot).await;
}

#[tokio::test]
async fn an_agent_answers_and_reads_that_it_arrived() {
    let (mut house, chatwoot) = house(false).await;
    house.text(ANA, "a human please").await;
    assert!(!chatwoot.calls().is_empty());
    for text in [serde_json::to_string(&chatwoot.contacts()[0].name).expect("JSON"), chatwoot.room().attributes.to_string()] {
        assert!(!text.contains("5550100001"), "no number: {text}");
    }
    let (id, webhook) = chatwoot.writes(3, "Bob Stone", "Hello **Ann**, see [this](https://shop.example/x).", false);
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(house.twilio.texts_to(ANA).last().map(String::as_str), Some("Bob: Hello Ann, see this (https://shop.example/x)."));
    assert_eq!(chatwoot.message(id).status, "delivered");
    assert!(chatwoot.notes().iter().any(|note| note == "Bob claimed it"), "{:?}", chatwoot.notes());
    assert!(!chatwoot.said().iter().any(|said| said.contains("Hello Ann")), "it stands there already: {:?}", chatwoot.said());

    // The same webhook again, and once more: words leave once.
    let before = house.twilio.texts_to(ANA).len();
    hook(&mut house, &chatwoot, &webhook).await;
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(house.twilio.texts_to(ANA).len(), before);

    // The carrier reports later that it did not arrive.
    let sid = house.twilio.sent().last().expect("a text").sid.clone();
    let (url, public) = (format!("{}/sms/twilio/status", house.url), format!("{PUBLIC}/sms/twilio/status"));
    house.twilio.report(&house.client, &url, &public, &sid, "undelivered", Some(30003)).await;
    house.settle().await;
    let said = chatwoot.message(id);
    assert_eq!((said.status.as_str(), said.error.as_str()), ("failed", "the number or chat doesn't exist"));
    assert!(chatwoot.notes().iter().any(|note| note.starts_with("NOT DELIVERED: ")), "{:?}", chatwoot.notes());

    // What the gateway refuses at once.
    house.twilio.fail_next(400, 21610, None);
    let (id, webhook) = chatwoot.writes(3, "Bob Stone", "Are you there?", false);
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!((chatwoot.message(id).status.as_str(), chatwoot.message(id).error.as_str()), ("failed", "they opted out of texts"));
    assert_eq!(house.twilio.sent().iter().filter(|sent| sent.to == ANA && sent.from != NUMBER).count(), 0);
}

#[tokio::test]
async fn who_has_it_in_the_group_keeps_it() {
    let (mut house, chatwoot) = house(true).await;
    let ana = house.telegram.person(42, "Ana");
    let priya = house.staff(7, "Priya");
    house.write(&ana, "a human please").await;
    let card = house.card();
    house.telegram.tap(&priya, crate::house::DESK, card, "Claim");
    house.settle().await;
    assert!(chatwoot.notes().iter().any(|note| note == "Priya claimed it"), "{:?}", chatwoot.notes());
    assert!(!chatwoot.notes().iter().any(|note| note.contains("It is yours")), "an answer to a press is for whoever pressed");

    let (id, webhook) = chatwoot.writes(3, "Bob Stone", "I can help", false);
    hook(&mut house, &chatwoot, &webhook).await;
    let said = chatwoot.message(id);
    assert_eq!((said.status.as_str(), said.error.as_str()), ("failed", "NOT SENT: Priya has this conversation."));
    assert!(!house.telegram.texts(ana.id).iter().any(|text| text.contains("I can help")));
    assert!(!house.desk().iter().any(|text| text.contains("NOT SENT")), "a refusal is for whoever was refused: {:?}", house.desk());
    assert_eq!(chatwoot.notes().iter().filter(|note| note.contains("Priya has")).count(), 1, "{:?}", chatwoot.notes());

    let topic = house.telegram.topics(crate::house::DESK)[0].id;
    house.telegram.group_text(&priya, crate::house::DESK, Some(topic), None, "Hello Ana.");
    house.settle().await;
    assert!(chatwoot.said().contains(&"> Priya: Hello Ana.".to_string()), "{:?}", chatwoot.said());
    // Assigned there, it stays hers, and the agent reads so.
    let webhook = chatwoot.assign(Some((3, "Bob Stone")));
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(chatwoot.notes().last().map(String::as_str), Some("Priya has it."));
    house.telegram.group_text(&priya, crate::house::DESK, Some(topic), None, "/close a parcel is on its way");
    house.settle().await;
    assert_eq!(chatwoot.room().status, "resolved");
    echo(&mut house, &chatwoot).await;
}

#[tokio::test]
async fn a_claim_over_the_api_refuses_an_agent() {
    let (mut house, chatwoot) = house(false).await;
    house.text(ANA, "a human please").await;
    let id = chatwoot.room().source;
    let claim = house.client.post(format!("{}/api/v1/handoffs/{id}/claim", house.url)).bearer_auth("crm-token");
    assert_eq!(claim.json(&json!({"staff": "Robin"})).send().await.expect("answers").status().as_u16(), 200);
    let (message, webhook) = chatwoot.writes(3, "Bob", "mine!", false);
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(chatwoot.message(message).error, "NOT SENT: Robin has this conversation.");
    let reply = house.client.post(format!("{}/api/v1/handoffs/{id}/reply", house.url)).bearer_auth("crm-token");
    assert_eq!(reply.json(&json!({"staff": "Robin", "text": "Hello"})).send().await.expect("answers").status().as_u16(), 202);
    house.settle().await;
    assert!(chatwoot.said().contains(&"> Robin: Hello".to_string()), "{:?}", chatwoot.said());
}

#[tokio::test]
async fn notes_and_commands_are_for_colleagues() {
    let (mut house, chatwoot) = house(false).await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "a human please").await;
    let (_, webhook) = chatwoot.writes(3, "Bob Stone", "/claim", true);
    hook(&mut house, &chatwoot, &webhook).await;
    assert!(chatwoot.notes().last().expect("a note").starts_with("It is yours."), "{:?}", chatwoot.notes());
    let before = (chatwoot.notes().len(), house.telegram.texts(ana.id).len());
    let (_, webhook) = chatwoot.writes(3, "Bob Stone", "she prefers _calls_", true);
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!((chatwoot.notes().len(), house.telegram.texts(ana.id).len()), before, "a note is a note there already");
    let id = chatwoot.room().source.parse().expect("an id");
    let entries = house.app.store.transcript(id).await.expect("a transcript");
    assert!(entries.iter().any(|entry| entry.text == "Bob notes: she prefers calls"), "{entries:?}");
    let (_, webhook) = chatwoot.writes(3, "Bob Stone", "/transcript", true);
    hook(&mut house, &chatwoot, &webhook).await;
    assert!(chatwoot.notes().last().expect("a note").contains("Bob notes: she prefers calls"));
    let (message, webhook) = chatwoot.writes(3, "Bob Stone", "/nonsense", true);
    hook(&mut house, &chatwoot, &webhook).await;
    assert!(chatwoot.message(message).error.starts_with("NOT SENT: there is no such command"));
    let (_, webhook) = chatwoot.writes(3, "Bob Stone", "/queue", true);
    hook(&mut house, &chatwoot, &webhook).await;
    until("an answer", || chatwoot.notes().last().is_some_and(|note| note.contains("Bob has it") || note.contains("ASKED"))).await;
    assert!(chatwoot.notes().last().expect("a note").to_uppercase().contains("ASKED"), "{:?}", chatwoot.notes());
    // A picture can't be copied from there; the customer gets nothing by halves.
    let (message, mut webhook) = chatwoot.writes(3, "Bob Stone", "look", false);
    webhook["attachments"] = json!([{"file_type": "image", "data_url": "https://desk.example/1.png"}]);
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(chatwoot.message(message).error, "NOT SENT: this channel only takes text from here. Please put it into words.");
    assert_eq!(house.telegram.texts(ana.id).len(), before.1);
}

#[tokio::test]
async fn assignments_claim_hand_over_and_give_back() {
    let (mut house, chatwoot) = house(false).await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "a human please").await;
    let id = chatwoot.room().source.parse().expect("an id");
    let owner = async |house: &House| match house.app.store.state(id).await.expect("a store").expect("a state").owner {
        Owner::Human { staff } => staff.id,
        other => format!("{other:?}"),
    };
    let notes = chatwoot.notes().len();
    let webhook = chatwoot.assign(Some((3, "Bob Stone")));
    hook(&mut house, &chatwoot, &webhook).await;
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(owner(&house).await, "chatwoot:3");
    let webhook = chatwoot.assign(Some((4, "Kim")));
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(owner(&house).await, "chatwoot:4");
    assert_eq!(chatwoot.notes().len(), notes, "assignments are seen there: {:?}", chatwoot.notes());
    let webhook = chatwoot.assign(None);
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(owner(&house).await, "Waiting");
}

#[tokio::test]
async fn a_deleted_message_is_taken_back_while_it_can_be() {
    let (mut house, chatwoot) = house(false).await;
    house.text(ANA, "a human please").await;
    let url = format!("{}/desk/chatwoot", house.url);
    let before = house.twilio.texts_to(ANA).len();
    let (id, webhook) = chatwoot.writes(3, "Bob Stone", "oops", false);
    assert_eq!(chatwoot.post(&house.client, &url, house.clock.now().as_second(), &webhook).await, 200);
    house.settle_at_once().await;
    let mut gone = webhook.clone();
    (gone["event"], gone["content_attributes"]) = (json!("message_updated"), json!({"deleted": true}));
    hook(&mut house, &chatwoot, &gone).await;
    assert_eq!(house.twilio.texts_to(ANA).len(), before, "it has not left");
    assert_eq!(chatwoot.message(id).error, "taken back before it left");
    assert_eq!(chatwoot.notes().last().map(String::as_str), Some("Not sent."));
}

#[tokio::test]
async fn resolving_it_closes_it_and_the_customer_hears_so() {
    let (mut house, chatwoot) = house(false).await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "a human please").await;
    let (_, webhook) = chatwoot.writes(3, "Bob Stone", "It is on its way.", false);
    hook(&mut house, &chatwoot, &webhook).await;
    let webhook = chatwoot.resolve();
    hook(&mut house, &chatwoot, &webhook).await;
    let texts = house.telegram.texts(ana.id);
    assert!(texts.last().expect("words").contains("Bob"), "{texts:?}");
    assert_eq!(chatwoot.room().status, "resolved");
    assert!(house.app.store.queue().await.expect("a store").is_empty());
    let id = chatwoot.room().source.parse().expect("an id");
    let state = house.app.store.state(id).await.expect("a store").expect("a state");
    let copies = warmline::desk::export(id, &state, &[], house.clock.now())["copies"].clone();
    assert_eq!((copies["chatwoot_conversation"].as_u64(), &copies["ways"][0]["way"]), (Some(chatwoot.room().id), &json!("chatwoot")));
    echo(&mut house, &chatwoot).await;
    // They come back: the same conversation opens again.
    house.write(&ana, "a human please").await;
    assert_eq!((chatwoot.rooms().len(), chatwoot.room().status.as_str()), (1, "open"));
    assert_eq!(chatwoot.notes().iter().filter(|note| note.starts_with("ASKED")).count(), 2);
}

#[tokio::test]
async fn resolving_a_crisis_or_what_nobody_has_is_refused_and_opened_again() {
    let (mut house, chatwoot) = house(false).await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "i want to die").await;
    assert_eq!(chatwoot.room().priority.as_deref(), Some("urgent"));
    let webhook = chatwoot.resolve();
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(chatwoot.room().status, "open");
    assert_eq!(chatwoot.notes().last().map(String::as_str), Some("Nobody has claimed it yet. Claim it first."));
    let (_, webhook) = chatwoot.writes(3, "Bob Stone", "I am here.", false);
    hook(&mut house, &chatwoot, &webhook).await;
    let webhook = chatwoot.resolve();
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(chatwoot.room().status, "open");
    assert!(chatwoot.notes().last().expect("a note").starts_with("This is a crisis: close it with what was done"));
    assert_eq!(house.app.store.queue().await.expect("a store").len(), 1);
    let (_, webhook) = chatwoot.writes(3, "Bob Stone", "/close her sister is with her", true);
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(chatwoot.room().status, "resolved");
    assert!(!house.telegram.texts(ana.id).last().expect("words").contains("sister"));
    echo(&mut house, &chatwoot).await;
}

#[tokio::test]
async fn without_a_fresh_signature_nothing_is_heard() {
    let (mut house, chatwoot) = house(false).await;
    house.text(ANA, "a human please").await;
    let url = format!("{}/desk/chatwoot", house.url);
    let (_, webhook) = chatwoot.writes(3, "Bob Stone", "Hello", false);
    let (body, now) = (webhook.to_string(), house.clock.now().as_second());
    let post = async |timestamp: Option<String>, signature: Option<String>, body: String| {
        let mut request = house.client.post(&url).body(body);
        if let Some(timestamp) = timestamp {
            request = request.header("x-chatwoot-timestamp", timestamp);
        }
        if let Some(signature) = signature {
            request = request.header("x-chatwoot-signature", signature);
        }
        request.send().await.expect("answers").status().as_u16()
    };
    let sign = |at: i64| FakeChatwoot::sign(at, body.as_bytes());
    for (name, timestamp, signature, body, wanted) in [
        ("nothing", None, None, body.clone(), 403),
        ("no signature", Some(now.to_string()), None, body.clone(), 403),
        ("no time", None, Some(sign(now)), body.clone(), 403),
        ("another time", Some((now + 1).to_string()), Some(sign(now)), body.clone(), 403),
        ("another body", Some(now.to_string()), Some(sign(now)), body.replace("Hello", "Pay me"), 403),
        ("no hexadecimal", Some(now.to_string()), Some("sha256=zz".into()), body.clone(), 403),
        ("too old", Some((now - 301).to_string()), Some(sign(now - 301)), body.clone(), 403),
        ("not yet", Some((now + 301).to_string()), Some(sign(now + 301)), body.clone(), 403),
        ("no number", Some("soon".into()), Some(FakeChatwoot::sign(0, b"")), body.clone(), 403),
        ("too long", Some(now.to_string()), Some(sign(now)), "x".repeat(300_000), 413),
    ] {
        assert_eq!(post(timestamp, signature, body).await, wanted, "{name}");
    }
    assert!(house.app.store.backlog().await.expect("a store").is_empty());
    for (name, signed) in [("not JSON", "hello"), ("what we don't know", r#"{"event":"webwidget_triggered"}"#), ("nothing", "{}")] {
        assert_eq!(post(Some(now.to_string()), Some(FakeChatwoot::sign(now, signed.as_bytes())), signed.into()).await, 200, "{name}");
    }
    let before = house.twilio.texts_to(ANA).len();
    house.settle().await;
    assert_eq!(house.twilio.texts_to(ANA).len(), before);
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(house.twilio.texts_to(ANA).last().map(String::as_str), Some("Bob: Hello"), "as it was signed");

    let without = House::new().await;
    let status = chatwoot.post(&without.client, &format!("{}/desk/chatwoot", without.url), without.clock.now().as_second(), &webhook).await;
    assert_eq!(status, 404, "where it is not used");
}

#[tokio::test]
async fn while_chatwoot_fails_nothing_is_lost_and_everything_keeps_its_order() {
    let (mut house, chatwoot) = house(false).await;
    let ana = house.telegram.person(42, "Ana");
    chatwoot.down(Some(500));
    house.write(&ana, "a human please").await;
    for words in ["it is about a lamp", "that came broken", "and late"] {
        house.write(&ana, words).await;
    }
    assert!(chatwoot.rooms().is_empty());
    house.clock.advance(SignedDuration::from_mins(20));
    house.settle().await;
    chatwoot.down(None);
    // One more failure in the middle of it.
    for status in [429, 503] {
        house.clock.advance(SignedDuration::from_mins(20));
        chatwoot.fail_next(status);
        house.settle().await;
    }
    for _ in 0..12 {
        house.clock.advance(SignedDuration::from_mins(5));
        house.settle().await;
    }
    let said: Vec<String> = chatwoot.said().into_iter().filter(|said| said.starts_with('<')).collect();
    assert_eq!(said, ["< it is about a lamp", "< that came broken", "< and late"]);
    let notes = chatwoot.notes();
    assert!(notes[0].starts_with("ASKED") && !notes[0].contains("lamp"), "the note tells what was before: {notes:?}");
    assert_eq!((chatwoot.rooms().len(), chatwoot.contacts().len()), (1, 1));
}

#[tokio::test]
async fn what_is_refused_holds_up_nothing_and_a_deleted_conversation_is_made_again() {
    let (mut house, chatwoot) = house(false).await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "a human please").await;
    chatwoot.fail_next(403);
    house.write(&ana, "first").await;
    house.write(&ana, "second").await;
    let said: Vec<String> = chatwoot.said().into_iter().filter(|said| said.starts_with('<')).collect();
    assert_eq!(said, ["< second"], "what Chatwoot refuses for good is left out");
    chatwoot.delete_all();
    house.write(&ana, "third").await;
    let said: Vec<String> = chatwoot.said().into_iter().filter(|said| said.starts_with('<')).collect();
    assert_eq!((chatwoot.rooms().len(), chatwoot.contacts().len(), said), (1, 1, vec!["< third".to_string()]));
    assert!(chatwoot.notes().iter().any(|note| note.contains("customer: first")), "the story again: {:?}", chatwoot.notes());
    assert_eq!(chatwoot.room().priority.as_deref(), Some("medium"));
    let (id, webhook) = chatwoot.writes(3, "Bob", "Hello", false);
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(chatwoot.message(id).status, "delivered");
}

#[tokio::test]
async fn after_a_day_it_is_given_up_and_what_comes_later_is_shown() {
    let (mut house, chatwoot) = house(false).await;
    let ana = house.telegram.person(42, "Ana");
    chatwoot.down(Some(503));
    house.write(&ana, "a human please").await;
    house.clock.advance(SignedDuration::from_hours(25));
    house.settle().await;
    chatwoot.down(None);
    house.write(&ana, "is anybody there?").await;
    assert!(chatwoot.said().iter().any(|said| said == "< is anybody there?"), "{:?}", chatwoot.said());
    assert!(chatwoot.notes().iter().any(|note| note.contains("customer: a human please")), "{:?}", chatwoot.notes());
}

#[tokio::test]
async fn a_restart_goes_on_where_it_was() {
    let chatwoot = FakeChatwoot::start().await;
    let store: Arc<dyn warmline::store::Store> =
        Arc::new(warmline::store::KvStore::open(warmline::store::MemoryKv::default()).expect("a store"));
    let plan = || Plan { chatwoot: desk(&chatwoot), desk: false, store: store.clone(), ..Plan::default() };
    let mut house = House::built(plan()).await;
    house.text(ANA, "a human please").await;
    chatwoot.down(Some(500));
    house.text(ANA, "it is about a lamp").await;
    // An agent's words are taken in, and the process ends before they are worked through.
    let (id, webhook) = chatwoot.writes(3, "Bob", "Which lamp?", false);
    let url = format!("{}/desk/chatwoot", house.url);
    assert_eq!(chatwoot.post(&house.client, &url, house.clock.now().as_second(), &webhook).await, 200);
    let (telegram, twilio) = (house.telegram.clone(), house.twilio.clone());
    house.server.abort();
    drop(house);
    chatwoot.down(None);
    house = House::moved_in(plan(), telegram, twilio).await;
    house.clock.advance(SignedDuration::from_mins(1));
    house.settle().await;
    house.settle().await;
    assert_eq!(house.twilio.texts_to(ANA).last().map(String::as_str), Some("Bob: Which lamp?"));
    assert_eq!((chatwoot.rooms().len(), chatwoot.message(id).status.as_str()), (1, "delivered"));
    assert!(chatwoot.said().contains(&"< it is about a lamp".to_string()), "{:?}", chatwoot.said());
}

#[tokio::test]
async fn a_drill_says_that_it_is_one() {
    let (mut house, chatwoot) = house(false).await;
    house.app.drill().await.expect("a drill");
    house.settle().await;
    assert_eq!((chatwoot.contacts()[0].name.as_str(), chatwoot.room().attributes["channel"].as_str()), ("DRILL", Some("drill")));
    assert!(chatwoot.notes()[0].contains("DRILL"));
    let webhook = chatwoot.assign(Some((3, "Bob")));
    hook(&mut house, &chatwoot, &webhook).await;
    assert!(house.app.last_drill().await.expect("a store").expect("a drill").claimed.is_some());
}

#[tokio::test]
async fn what_looks_sent_there_and_was_not_is_called_failed() {
    let (mut house, chatwoot) = house(true).await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "a human please").await;
    house.telegram.tap(&priya, crate::house::DESK, house.card(), "Claim");
    house.settle().await;
    let (id, mut webhook) = chatwoot.writes(3, "Bob Stone", "I can help", false);
    hook(&mut house, &chatwoot, &webhook).await;
    assert_eq!(chatwoot.message(id).status, "failed");
    // Chatwoot's own retry calls it sent, and sends nothing: a little later it is called failed again, and why.
    webhook["event"] = json!("message_updated");
    let patches = || chatwoot.calls().iter().filter(|call| call.starts_with("PATCH")).count();
    let before = patches();
    hook(&mut house, &chatwoot, &webhook).await;
    tokio::task::yield_now().await;
    assert_eq!(patches(), before, "our own mark comes back as such a change");
    house.clock.advance(SignedDuration::from_secs(30));
    hook(&mut house, &chatwoot, &webhook).await;
    until("another mark", || chatwoot.message(id).error.contains("please write it anew")).await;
    assert_eq!(patches(), before + 1);
    assert!(!house.telegram.texts(ana.id).iter().any(|text| text.contains("I can help")));

    // Words for a customer whom nobody here knows.
    let (_, mut webhook) = chatwoot.writes(3, "Bob Stone", "Hello?", false);
    webhook["conversation"]["contact_inbox"]["source_id"] = json!("5f4c0a9e-1111-2222-3333-444455556666");
    let url = format!("{}/desk/chatwoot", house.url);
    assert_eq!(chatwoot.post(&house.client, &url, house.clock.now().as_second(), &webhook).await, 422);
}

#[tokio::test]
async fn a_crisis_is_not_put_aside_there_and_another_room_ends_nothing() {
    let (mut house, chatwoot) = house(false).await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "i want to die").await;
    let mut snoozed = chatwoot.resolve();
    snoozed["status"] = json!("snoozed");
    let opened = || chatwoot.calls().iter().filter(|call| call.contains("toggle_status")).count();
    let before = opened();
    hook(&mut house, &chatwoot, &snoozed).await;
    until("it is opened again", || opened() > before).await;
    // A second conversation there for the same customer.
    let bo = house.telegram.person(43, "Bo");
    house.write(&bo, "a human please").await;
    let (_, webhook) = chatwoot.writes(3, "Bob Stone", "Hello Bo", false);
    hook(&mut house, &chatwoot, &webhook).await;
    let mut resolved = chatwoot.resolve();
    resolved["id"] = json!(9_999);
    hook(&mut house, &chatwoot, &resolved).await;
    assert_eq!(house.app.store.queue().await.expect("reads").len(), 2, "nothing was closed by it");
    // Nobody gets it because of who was written there before.
    let mut unassigned = chatwoot.assign(None);
    unassigned["changed_attributes"] = json!([{"assignee_id": {"previous_value": 99, "current_value": null}}]);
    hook(&mut house, &chatwoot, &unassigned).await;
    let queue = house.app.store.queue().await.expect("reads");
    assert!(queue.iter().any(|row| row.owner.as_deref() == Some("Bob")), "{queue:?}");
    // The bot itself is nobody who answers.
    let mine = chatwoot.assign(Some((1, "Warmline")));
    hook(&mut house, &chatwoot, &mine).await;
    let queue = house.app.store.queue().await.expect("reads");
    assert!(!queue.iter().any(|row| row.owner.as_deref() == Some("Warmline")), "{queue:?}");
}
