//! Complaints of the people who run it.

use crate::house::{DESK, House, PUBLIC, Plan};
use std::sync::Arc;
use warmline::app::{Config, defaults, rules};
use warmline::backend::{Backend, Demo};
use warmline::lexis::Source;

#[tokio::test]
async fn webhooks_are_forged() {
    let house = House::new().await;
    let update = r#"{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":9,"type":"private"},"from":{"id":9,"is_bot":false,"first_name":"A"},"text":"hi"}}"#;
    for secret in [None, Some("wrong"), Some("")] {
        let mut sent = house.client.post(format!("{}/telegram/webhook", house.url)).body(update);
        if let Some(secret) = secret {
            sent = sent.header("x-telegram-bot-api-secret-token", secret);
        }
        assert_eq!(sent.send().await.expect("answers").status().as_u16(), 403, "{secret:?}");
    }
    let fields = house.twilio.inbound_fields("+15550100001", "hi", &house.twilio.new_sid());
    for signature in [None, Some("bm90IGl0")] {
        let mut sent = house.client.post(format!("{}/sms/twilio", house.url)).form(&fields);
        if let Some(signature) = signature {
            sent = sent.header("x-twilio-signature", signature);
        }
        assert_eq!(sent.send().await.expect("answers").status().as_u16(), 403, "{signature:?}");
    }
    assert!(house.app.store.conversations().await.expect("reads").is_empty(), "nothing was stored");
    assert!(PUBLIC.starts_with("https://"));
}

#[tokio::test]
async fn keyword_rules_misfire() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    for text in ["are your gardeners skilled", "do you sell weed killer", "this price is killing me lol", "i am dying to see it"] {
        house.write(&ana, text).await;
        assert!(!house.desk().iter().any(|text| text.starts_with("CRISIS")), "{text}: {:?}", house.desk());
    }
}

#[tokio::test]
async fn what_people_wrote_is_kept_with_their_data_in_reports() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "does ana.smith@example.com with +15557654321 get the loyalty gnome").await;
    let missed = house.app.store.missed().await.expect("reads");
    assert_eq!(missed.len(), 1);
    assert!(!missed[0].text.contains("example.com") && !missed[0].text.contains("7654321"), "{}", missed[0].text);
    assert!(missed[0].text.contains("loyalty"), "it can be answered next time: {}", missed[0].text);
}

#[tokio::test]
async fn a_reload_breaks_what_worked() {
    let mut house = House::new().await;
    let ana = house.telegram.person(42, "Ana");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("opening_hours.toml"), "title = \"x\"\n[en]\nsay = [\"when (do you open\"]\n").expect("writes");
    let findings = house.app.reload(folder.path(), &Config::default()).await.expect_err("a mistake");
    assert!(findings.iter().any(|finding| finding.file == "opening_hours.toml" && finding.line == 3), "{findings:?}");
    assert!(house.write(&ana, "when do you open").await[0].contains("9:00"), "the last good set answers");
}

#[tokio::test]
async fn split_shifts_and_holidays_are_unknown() {
    let text = "[desk]\ntime_zone = \"Europe/Berlin\"\n[desk.hours]\nmon-fri = [\"9:00-12:30\", \"13:30-17:00\"]\n[desk.holidays]\n\
                \"2026-11-20\" = []\n\"12-24\" = [\"9:00-12:00\"]\n";
    let config = Config::read(&Source::new("config.toml", text)).expect("reads");
    let loaded = rules::compile(&defaults::sources(), &Demo::default().shapes(), &config).expect("compiles");
    for (now, wanted) in [
        ("2026-11-19T11:45:00Z", "nobody is in until 13:30"),
        ("2026-11-20T09:00:00Z", "nobody is in until 9:00 on Monday"),
        ("2026-12-24T12:00:00Z", "nobody is in until 9:00 tomorrow"),
    ] {
        let plan = Plan { now, config: config.clone(), rules: Arc::new(loaded.rules.clone()), ..Plan::default() };
        let house = House::built(plan).await;
        let said = house.text("+15550100001", "a human please").await;
        assert!(said[0].contains(wanted), "{now}: {said:?}");
        assert!(!house.telegram.topics(DESK).is_empty(), "it is kept for then");
    }
}
