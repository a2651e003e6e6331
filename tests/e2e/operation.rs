//! Running: reload, last good set, safe mode, restart, and what never reaches the log.

use crate::house::{DESK, House, PUBLIC, Plan, RULES};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use warmline::app::clock::patience;
use warmline::app::reload::{Start, start};
use warmline::app::{Config, defaults};
use warmline::backend::{Backend, Demo};
use warmline::store::{Batch, Kv, KvStore, MemoryKv, Pair, SledKv, Store, StoreError};

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("makes");
    std::fs::write(path, text).expect("writes");
}

const GOOD: &str = "title = \"Parking\"\n[en]\nsay = [\"where can i park\"]\nreply.text = \"Behind the shop.\"\n";

#[tokio::test]
async fn a_reload_with_a_mistake_changes_nothing_and_says_all_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let house = House::new().await;
    let config = Config::default();
    write(folder.path(), "parking.toml", GOOD);
    assert_eq!(house.app.reload(folder.path(), &config).await.expect("is used"), []);
    assert!(house.text("+15550100001", "where can i park").await[0].contains("Behind the shop"));

    write(folder.path(), "parking.toml", "titel = 1\n[en]\nsay = [\"(\"]\nreply.text = \"x\"\n");
    let findings = house.app.reload(folder.path(), &config).await.expect_err("is refused");
    assert!(findings.iter().any(|finding| finding.line == 1) && findings.iter().any(|finding| finding.line == 3), "{findings:?}");
    assert!(house.text("+15550100002", "where can i park").await[0].contains("Behind the shop"), "the last good set stays");
    let ready: serde_json::Value =
        house.client.get(format!("{}/readyz", house.url)).send().await.expect("answers").json().await.expect("JSON");
    assert!(ready["notes"].to_string().contains("last good set"), "{ready}");

    // A cue file that no longer hears what it must is refused, however well it is written.
    write(folder.path(), "parking.toml", GOOD);
    write(folder.path(), "care/en.toml", "language = \"en\"\n[[cue]]\nid = \"x\"\nlevel = \"distress\"\nsay = [\"woe is me\"]\n");
    let findings = house.app.reload(folder.path(), &config).await.expect_err("is refused");
    assert!(findings.iter().any(|finding| finding.message.contains("must be heard as")), "{findings:?}");
    assert!(house.text("+15550100003", "i want to kill myself").await[0].contains("call or text 988"));
}

#[tokio::test]
async fn broken_files_at_a_start_mean_the_last_good_set_or_safe_mode() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = KvStore::open(MemoryKv::default()).expect("opens");
    let (shapes, config) = (Demo::default().shapes(), Config::default());
    write(folder.path(), "parking.toml", "broken = [");
    let (first, findings) = start(&store, folder.path(), &shapes, &config).await.expect("starts");
    assert!(matches!(first, Start::Safe(_)) && !findings.is_empty());
    write(folder.path(), "parking.toml", GOOD);
    assert!(matches!(start(&store, folder.path(), &shapes, &config).await.expect("starts").0, Start::Files(_)));
    write(folder.path(), "parking.toml", "broken = [");
    let (again, _) = start(&store, folder.path(), &shapes, &config).await.expect("starts");
    let Start::LastGood(rules) = again else { panic!("the last good set") };
    assert!(rules.engine.intent("parking").is_some());
}

#[tokio::test]
async fn in_safe_mode_every_message_goes_to_a_person_and_care_listens() {
    let house = House::new().await;
    let safe = warmline::conversation::Rules { safe: true, ..(**RULES).clone() };
    house.app.rules.store(Arc::new(safe));
    let said = house.text("+15550100001", "where is A1042").await;
    assert!(!said[0].contains("left us"), "{said:?}");
    assert!(house.text("+15550100002", "i want to die").await[0].contains("call or text 988"));
    assert_eq!(house.app.store.queue().await.expect("reads").len(), 2);
    let ready = house.client.get(format!("{}/readyz", house.url)).send().await.expect("answers");
    assert_eq!(ready.status(), 503);
    let _ = defaults::CONFIG;
}

#[tokio::test]
async fn a_drill_goes_the_whole_way_and_readyz_says_who_answered() {
    let mut house = House::new().await;
    let notes = async |house: &House| -> String {
        let ready = house.client.get(format!("{}/readyz", house.url)).send().await.expect("answers");
        ready.text().await.expect("a text")
    };
    assert!(notes(&house).await.contains("no drill yet"));
    assert!(notes(&house).await.contains("a crisis does not reach two people by two ways in every hour"), "{}", notes(&house).await);
    house.app.drill().await.expect("starts");
    house.settle().await;
    let card = house.desk().into_iter().find(|text| text.starts_with("CRISIS")).expect("a card");
    assert!(card.contains("DRILL") && card.contains("suicide"), "{card}");
    assert!(notes(&house).await.contains("nobody has claimed"));
    let priya = house.staff(7, "Priya");
    let card = house.card();
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    assert!(notes(&house).await.contains("the last drill was claimed 0 hours ago"));
    assert!(house.app.store.outbox().await.expect("reads").is_empty(), "nothing waits to be sent to nobody");
}

#[tokio::test]
async fn a_restart_resumes_what_was_not_done() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || -> Arc<dyn Store> {
        let kv = SledKv::open(folder.path(), patience(Duration::from_secs(5))).expect("opens");
        Arc::new(KvStore::open(kv).expect("opens"))
    };
    let mut house = House::built(Plan { store: open(), ..Plan::default() }).await;
    let ana = house.telegram.person(42, "Ana");
    house.write(&ana, "a human please").await;
    // Taken in, and then the process ends before anything is worked through.
    house.telegram.customer_text(&ana, "hello? anybody?");
    house.poller.step(&house.app, std::time::Duration::ZERO).await.expect("polls");
    let (telegram, twilio) = (house.telegram.clone(), house.twilio.clone());
    let House { app, server, .. } = house;
    server.abort();
    let _ = server.await;
    drop(app);

    let mut house = House::moved_in(Plan { store: open(), ..Plan::default() }, telegram, twilio).await;
    house.settle().await;
    assert!(house.desk().iter().any(|text| text.contains("Customer: hello? anybody?")), "{:?}", house.desk());
    assert_eq!(house.telegram.topics(DESK).len(), 1, "the same topic is used");
    let priya = house.staff(7, "Priya");
    let card = house.card();
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.settle().await;
    assert!(house.telegram.answers().iter().any(|answer| answer.text.contains("It is yours")));
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn texts_names_numbers_and_tokens_never_reach_the_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let mut house = House::new().await;
    let (ana, priya) = (house.telegram.person(42, "Anastasia"), house.staff(7, "Priyanka"));
    house.write(&ana, "zanzibar i want to kill myself").await;
    house.telegram.push_raw(serde_json::json!({"message": {"text": "zanzibar", "message_id": "x"}}));
    let (card, topic) = (house.card(), house.telegram.topics(DESK)[0].id);
    house.telegram.tap(&priya, DESK, card, "Claim");
    house.telegram.block(&ana);
    house.telegram.group_text(&priya, DESK, Some(topic), None, "zanzibar to you too");
    house.telegram.fail_next("sendMessage", 500, "Internal Server Error", None);
    house.settle().await;
    house.twilio.fail_next(503, 20503, None);
    house.text("+15550100077", "zanzibar, cancel order A1041").await;
    house.twilio.opt_out("+15550100078");
    house.text("+15550100078", "zanzibar").await;
    drop(guard);
    let logged = String::from_utf8_lossy(&log.0.lock().expect("a lock")).into_owned();
    let token = house.telegram.token();
    // Libraries below `warmline` are quiet by default (the filter of `serve`); ours must be quiet at any level.
    let ours: Vec<&str> = logged.lines().filter(|line| line.contains("warmline")).collect();
    assert!(!ours.is_empty(), "something was logged");
    for private in ["zanzibar", "kill", "Anastasia", "Priyanka", "555010007", "+1555", token.as_str(), crate::house::TOKEN, "4821"] {
        let shown: Vec<&&str> = ours.iter().filter(|line| line.contains(private)).collect();
        assert!(shown.is_empty(), "{private} in {shown:?}");
    }
}

/// A disk that may become read-only.
#[derive(Default)]
struct ReadOnly {
    kv: MemoryKv,
    now: Arc<std::sync::atomic::AtomicBool>,
}

impl Kv for ReadOnly {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.kv.get(key)
    }

    fn range(&self, from: &[u8], to: &[u8], most: usize) -> Result<Vec<Pair>, StoreError> {
        self.kv.range(from, to, most)
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        if self.now.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(StoreError::Failed("read-only file system".into()));
        }
        self.kv.write(batch)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.kv.flush()
    }
}

#[tokio::test]
async fn where_the_store_is_read_only_a_cry_for_help_reaches_staff_all_the_same_and_once() {
    let kv = ReadOnly::default();
    let broken = kv.now.clone();
    let (rules, ways) = crate::alerts::lead_is_told();
    let store = Arc::new(KvStore::open(kv).expect("a store"));
    let house = House::built(Plan { store, rules, ways, lead: Some(crate::alerts::ONCALL), ..Plan::default() }).await;
    let send = async |body: &str, sid: &str| {
        let (hook, public) = (format!("{}/sms/twilio", house.url), format!("{PUBLIC}/sms/twilio"));
        house.twilio.text(&house.client, &hook, &public, "+15550100077", body, sid).await.as_u16()
    };
    let told = || house.telegram.messages(DESK).into_iter().filter(|message| message.text.contains("OUTSIDE THE QUEUE")).count();
    broken.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(send("where is A1042", "SM1").await >= 500, "not acknowledged: the gateway tries again");
    assert_eq!(told(), 0, "what can wait waits");
    assert!(send("i want to die", "SM2").await >= 500 && send("i want to die", "SM2").await >= 500);
    assert_eq!((told(), house.twilio.texts_to(crate::alerts::ONCALL).len()), (1, 1), "told once, by every way");
    assert!(house.twilio.texts_to("+15550100077").is_empty());
    // The store works again, and the gateway's next attempt is a handoff like any other.
    broken.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(send("i want to die", "SM2").await, 200);
    house.app.settle().await;
    assert!(house.twilio.texts_to("+15550100077")[0].contains("988"));
    assert_eq!((told(), house.app.store.queue().await.expect("reads").len()), (1, 1));
}
