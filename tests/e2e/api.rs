//! The API, as another desk uses it.

use crate::alerts;
use crate::house::{DESK, House, Plan};
use crate::support::receiver::Receiver;
use futures::StreamExt;
use jiff::SignedDuration;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn get(house: &House, token: &str, path: &str) -> (StatusCode, Value) {
    let answer = house.client.get(format!("{}/api/v1/{path}", house.url)).bearer_auth(token).send().await.expect("answers");
    (answer.status(), answer.json().await.unwrap_or_default())
}

async fn post(house: &House, token: &str, path: &str, body: Value) -> (u16, Value) {
    let sent = house.client.post(format!("{}/api/v1/{path}", house.url)).bearer_auth(token).json(&body).send();
    let answer = sent.await.expect("answers");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn without_a_token_nothing_is_read_and_a_token_does_what_its_scopes_say() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "a human please").await;
    let none = house.client.get(format!("{}/api/v1/handoffs", house.url)).send().await.expect("answers").status();
    assert_eq!(none, StatusCode::UNAUTHORIZED);
    for token in ["", "crm", "crm-token2", "CRM-TOKEN"] {
        assert_eq!(get(&house, token, "handoffs").await.0, StatusCode::UNAUTHORIZED, "{token:?}");
    }
    let (status, rows) = get(&house, "wall-token", "handoffs").await;
    assert_eq!((status, rows[0]["urgency"].clone(), rows[0]["owner"].clone()), (StatusCode::OK, json!("asked"), Value::Null));
    assert!(!rows.to_string().contains("Ana"), "{rows}");
    let id = rows[0]["id"].as_str().expect("an id");
    let (status, why) = post(&house, "wall-token", &format!("handoffs/{id}/claim"), json!({"staff": "Robin"})).await;
    assert_eq!((status, why["error"].as_str()), (403, Some("this token has no scope `work`")));
    let description = house.client.get(format!("{}/api/v1/openapi.json", house.url)).send().await.expect("answers");
    let description: Value = description.json().await.expect("JSON");
    let paths: Vec<&String> = description["paths"].as_object().expect("paths").keys().collect();
    assert_eq!(paths.len(), 13, "{paths:?}");
    assert_eq!(description["components"]["securitySchemes"]["token"]["scheme"], "bearer");
}

#[tokio::test]
async fn another_desk_claims_answers_and_closes_beside_telegram() {
    let mut house = House::new().await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "where is A1042").await;
    house.write(&ana, "a human please").await;
    let rows = get(&house, "crm-token", "handoffs").await.1;
    let id = rows[0]["id"].as_str().expect("an id").to_string();
    let path = |act: &str| format!("handoffs/{id}/{act}");
    let robin = json!({"staff": "Robin"});

    assert_eq!(post(&house, "crm-token", &path("reply"), json!({"staff": "Robin", "text": "Hi"})).await.0, 409, "not before a claim");
    let (status, done) = post(&house, "crm-token", &path("claim"), robin.clone()).await;
    assert_eq!((status, done["owner"].as_str()), (200, Some("Robin")));
    let (status, why) = post(&house, "crm-token", &path("claim"), json!({"staff": "Kim"})).await;
    assert_eq!((status, why["error"].as_str()), (409, Some("Robin has it")));
    let card = house.card();
    house.telegram.tap(&priya, DESK, card, "Transcript");
    house.telegram.group_text(&priya, DESK, Some(house.telegram.topics(DESK)[0].id), None, "me too");
    house.settle().await;
    assert!(house.desk().iter().any(|text| text == "NOT SENT: Robin has this conversation."), "{:?}", house.desk());

    // The same key acts once.
    for _ in 0..2 {
        let sent = house.client.post(format!("{}/api/v1/{}", house.url, path("reply"))).bearer_auth("crm-token");
        let sent = sent.header("idempotency-key", "k1").json(&json!({"staff": "Robin", "text": "Hello Ana, looking now."})).send();
        let answer = sent.await.expect("answers");
        assert_eq!(answer.status().as_u16(), 202);
        assert_eq!(answer.json::<Value>().await.expect("JSON")["fate"], "leaving");
    }
    house.clock.advance(SignedDuration::from_secs(5));
    house.app.settle().await;
    let texts = house.telegram.texts(ana.id);
    assert_eq!(texts.iter().filter(|text| **text == "Robin: Hello Ana, looking now.").count(), 1, "{texts:?}");
    assert!(house.desk().iter().any(|text| text.contains("Robin: Hello Ana, looking now.")), "colleagues read it in the topic");
    assert_eq!(post(&house, "crm-token", &path("note"), json!({"staff": "Robin", "text": "calls after five"})).await.0, 200);
    let (_, detail) = get(&house, "crm-token", &format!("handoffs/{id}")).await;
    assert!(detail["card"].as_str().is_some_and(|card| card.contains("Order: A1042") && card.contains("Robin has it.")), "{detail}");
    let (_, said) = get(&house, "crm-token", &path("transcript")).await;
    assert!(said.as_array().is_some_and(|said| said.iter().any(|entry| entry["text"] == "Robin notes: calls after five")), "{said}");
    let (status, done) = post(&house, "crm-token", &path("close"), json!({"staff": "Robin", "agreed": "a new parcel"})).await;
    assert_eq!((status, done["owner"].clone()), (200, Value::Null));
    house.app.settle().await;
    assert!(house.telegram.texts(ana.id).last().is_some_and(|text| text.contains("Robin has finished here")));
    assert_eq!(post(&house, "crm-token", &path("claim"), robin).await.0, 404);
    assert_eq!(get(&house, "crm-token", "stats?days=1").await.1["load"]["Robin"], 1);
    house.telegram.assert_clean();
}

#[tokio::test]
async fn staff_do_something_for_a_customer_from_the_topic_and_over_the_api() {
    let mut house = House::new().await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "a human please").await;
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    house.telegram.group_text(&priya, DESK, Some(topic), None, "/do goodwill A1042 10");
    house.settle().await;
    let question =
        house.telegram.messages(DESK).into_iter().rev().find(|message| message.text.starts_with("goodwill amount 10.00, order A1042?"));
    house.telegram.tap(&priya, DESK, question.expect("a question").id, "Do it");
    house.settle().await;
    assert!(
        house.desk().iter().any(|text| text.starts_with("goodwill amount 10.00, order A1042: credited (amount 10.00)")),
        "{:?}",
        house.desk()
    );
    let said = house.telegram.texts(ana.id);
    assert!(!said.iter().any(|text| text.contains("10.00")), "the customer hears of it from the person: {said:?}");

    let id = get(&house, "crm-token", "handoffs").await.1[0]["id"].as_str().expect("an id").to_string();
    let (_, actions) = get(&house, "wall-token", "actions").await;
    assert_eq!(actions[0]["name"], "goodwill");
    assert_eq!(actions[0]["limits"]["amount"], 2000);
    let run = |name: &str| format!("handoffs/{id}/actions/{name}");
    let bare = post(&house, "crm-token", &run("refund"), json!({"staff": "Priya"})).await;
    assert_eq!(bare.0, 400, "without a key whoever asks again would pay twice: {bare:?}");
    let post = async |house: &House, token: &str, path: &str, body: Value| {
        let sent = house
            .client
            .post(format!("{}/api/v1/{path}", house.url))
            .bearer_auth(token)
            .header("idempotency-key", format!("{path} {body}"));
        let answer = sent.json(&body).send().await.expect("answers");
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or_default())
    };
    let robin = |values: Value| json!({"staff": "Robin", "values": values});
    assert_eq!(post(&house, "wall-token", &run("refund"), robin(json!({}))).await.0, 403, "a token that only reads");
    assert_eq!(post(&house, "crm-token", &run("refund"), robin(json!({"order": "A1042"}))).await, (409, json!({"error": "Priya has it"})));
    house.telegram.group_text(&priya, DESK, Some(topic), None, "/release");
    house.settle().await;
    assert_eq!(post(&house, "crm-token", &format!("handoffs/{id}/claim"), json!({"staff": "Robin"})).await.0, 200);
    for (name, values, wanted) in [
        ("dance", json!({}), "There is no action `dance`."),
        ("refund", json!({}), "It needs `order`"),
        ("goodwill", json!({"order": "A1042", "amount": "11"}), "they had 10.00 in the last thirty days"),
    ] {
        let (status, why) = post(&house, "crm-token", &run(name), robin(values)).await;
        assert_eq!(status, 409, "{name}");
        assert!(why["error"].as_str().is_some_and(|why| why.contains(wanted)), "{name}: {why}");
    }
    // The first try under this key was refused, and stays so; the next key is another try.
    assert_eq!(post(&house, "crm-token", &run("refund"), robin(json!({"order": "A1042"}))).await.0, 409);
    for _ in 0..2 {
        let (status, ran) = post(&house, "crm-token", &run("refund"), robin(json!({"order": "a1042"}))).await;
        assert_eq!((status, ran["action"].as_str()), (202, Some("refund")), "{ran}");
        house.app.settle().await;
    }
    let (_, runs) = get(&house, "crm-token", &format!("handoffs/{id}/actions")).await;
    assert_eq!(runs.as_array().map(Vec::len), Some(2), "asked twice, run once: {runs}");
    assert_eq!((runs[1]["outcome"].as_str(), runs[1]["by"].as_str()), (Some("refunded"), Some("Robin")), "{runs}");
    let (_, transcript) = get(&house, "crm-token", &format!("handoffs/{id}/transcript")).await;
    assert!(transcript.to_string().contains("Robin: refund order A1042: refunded"), "{transcript}");
    house.telegram.assert_clean();
}

#[tokio::test]
async fn bad_input_gets_a_clear_error_and_changes_nothing() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "i want to die").await;
    let rows = get(&house, "crm-token", "handoffs").await.1;
    let id = rows[0]["id"].as_str().expect("an id").to_string();
    for (path, body, status) in [
        (format!("handoffs/{id}/claim"), json!({"staff": "  "}), 422),
        (format!("handoffs/{id}/claim"), json!({"staff": "a\nb"}), 422),
        (format!("handoffs/{id}/claim"), json!({}), 422),
        ("handoffs/nonsense/claim".into(), json!({"staff": "Robin"}), 404),
        (format!("handoffs/{}/claim", "0".repeat(32)), json!({"staff": "Robin"}), 404),
        (format!("handoffs/{id}/reply"), json!({"staff": "Robin", "text": " "}), 422),
        (format!("handoffs/{id}/release"), json!({"staff": "Robin"}), 200),
        (format!("handoffs/{id}/close"), json!({"staff": "Robin"}), 409),
    ] {
        assert_eq!(post(&house, "crm-token", &path, body.clone()).await.0, status, "{path} {body}");
    }
    assert_eq!(post(&house, "crm-token", &format!("handoffs/{id}/claim"), json!({"staff": "Robin"})).await.0, 200);
    let (status, why) = post(&house, "crm-token", &format!("handoffs/{id}/close"), json!({"staff": "Robin"})).await;
    assert_eq!((status, why["error"].as_str()), (409, Some("a crisis is closed with what was done: `agreed`")));
}

#[tokio::test]
async fn events_say_what_happens_and_no_words() {
    let mut house = House::new().await;
    let sent = house.client.get(format!("{}/api/v1/events", house.url)).bearer_auth("wall-token").send();
    let mut stream = sent.await.expect("answers").bytes_stream();
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "a human please").await;
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    house.telegram.group_text(&priya, DESK, Some(topic), None, "Hello");
    house.settle().await;
    house.write(&ana, "i want to die").await;
    house.telegram.group_text(&priya, DESK, Some(topic), None, "/release");
    house.settle().await;
    let mut told = String::new();
    while !told.contains("event: freed") {
        told += &String::from_utf8_lossy(&stream.next().await.expect("more").expect("bytes"));
    }
    let kinds: Vec<&str> = told.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(kinds, ["opened", "claimed", "answered", "raised", "wrote", "freed"]);
    assert!(!told.contains("Ana") && !told.contains("die") && told.contains("\"urgency\":\"crisis\""), "{told}");
}

#[tokio::test]
async fn what_happens_is_posted_to_whoever_asked_for_it_signed_in_order_and_once() {
    let receiver = Receiver::start().await;
    let hooks = BTreeMap::from([("crm".to_string(), alerts::signed(&receiver.url))]);
    let mut house = House::built(Plan { hooks, ..Plan::default() }).await;
    let (ana, priya) = (house.telegram.person(42, "Ana"), house.staff(7, "Priya"));
    house.write(&ana, "when do you open").await;
    assert!(receiver.on("/hook").is_empty(), "what the bot answers is nobody's business");
    house.write(&ana, "a human please").await;
    // Down for a while: nothing is lost, and what came later waits.
    receiver.answer(500);
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.telegram.group_text(&priya, DESK, Some(topic), None, "Hello Ana.");
    house.settle().await;
    house.write(&ana, "i want to die").await;
    let tried = receiver.on("/hook").len();
    receiver.answer(401);
    house.clock.advance(SignedDuration::from_mins(10));
    house.app.settle().await;
    assert!(receiver.on("/hook").len() > tried, "a wrong setting is mended within hours: it is tried again");
    receiver.answer(200);
    house.clock.advance(SignedDuration::from_mins(10));
    house.app.settle().await;
    house.telegram.group_text(&priya, DESK, Some(topic), None, "/release");
    house.settle().await;

    let got = receiver.on("/hook");
    assert!(got.iter().all(alerts::verifies), "as the receiver's library checks it");
    let mut ids = std::collections::BTreeSet::new();
    let mut kinds = Vec::new();
    for got in &got {
        let body = got.json();
        assert!(!got.body.contains("Ana") && !got.body.contains("Hello") && !got.body.contains("die"), "{body}");
        if ids.insert(got.header("webhook-id")) {
            kinds.push(body["type"].as_str().unwrap_or_default().to_string());
        }
    }
    let wanted = ["opened", "claimed", "answered", "raised", "wrote", "freed"].map(|kind| format!("handoff.{kind}"));
    assert_eq!(kinds, wanted);
    assert!(got.len() > kinds.len(), "some were tried again, under their old ids");
    let last = got.last().expect("one").json();
    assert_eq!((last["data"]["urgency"].as_str(), last["data"]["owner"].clone()), (Some("crisis"), Value::Null));
}

#[tokio::test]
async fn who_takes_no_events_for_long_holds_up_nothing_and_gets_the_newest() {
    let receiver = Receiver::start().await;
    receiver.answer(500);
    let hooks = BTreeMap::from([("crm".to_string(), alerts::signed(&receiver.url))]);
    let mut house = House::built(Plan { hooks, ..Plan::default() }).await;
    for number in 0..30 {
        let person = house.telegram.person(100 + number, "Customer");
        house.telegram.customer_text(&person, "a human please");
    }
    house.settle().await;
    let waiting = async |house: &House| {
        let rows = house.app.store.outbox().await.expect("reads");
        rows.iter().filter(|row| matches!(row.target, warmline::store::OutboxTarget::Hook { .. })).count()
    };
    assert_eq!(waiting(&house).await, 30);
    house.clock.advance(SignedDuration::from_hours(25));
    house.app.settle().await;
    assert_eq!(waiting(&house).await, 0, "given up after a day");
    receiver.answer(200);
    let tried = receiver.on("/hook").len();
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "a human please").await;
    assert_eq!(receiver.on("/hook").len(), tried + 1);
}
