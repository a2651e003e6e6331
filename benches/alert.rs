//! From a message to the alert, over real sockets: 100 messages a second for a minute, one in twenty of which needs a person.
//!
//! `cargo bench --bench alert`; `LENGTH` (seconds) makes it shorter. Messages are posted to the bot's Telegram webhook, answers go to a Bot API
//! server on this machine, alerts leave as signed webhooks; the store is sled in a temporary folder, flushed before anything is
//! acknowledged. The time is from the beginning of the post to the end of the alert's request at its receiver.

#![allow(missing_docs, clippy::print_stdout, dead_code)]

#[path = "../tests/support/mod.rs"]
mod support;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use secrecy::SecretString;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::fake_telegram::FakeTelegram;
use warmline::alert::{Alert, Webhook};
use warmline::app::{App, Config, Parts, Spawn, SystemClock, TokioSpawn, defaults, rules};
use warmline::backend::{Backend, Demo};
use warmline::channel::Channel;
use warmline::channel::telegram::{Decoder, TelegramChat};
use warmline::conversation::{Address, ConversationId};
use warmline::lexis::Source;
use warmline::server::{Server, TelegramHook, router};
use warmline::store::{KvStore, SledKv};
use warmline::transport::http_client;
use warmline::transport::signed::{Signed, signing_key};
use warmline::transport::telegram::Telegram;

const SECRET: &str = "hook-secret";
const A_SECOND: u64 = 100;
const HANDING_OVER: u64 = 20;

/// One in twenty needs a person, in turn for each reason.
const NEEDS: [&str; 4] =
    ["can i talk to a human please", "i want to die", "this is the third time i write, useless", "i cant cope any more please help"];
const ROUTINE: [&str; 5] =
    ["when do you open", "what are my delivery options", "how do i reset my password", "thanks a lot", "where is my order A1042"];

const CONFIG: &str = r#"
[desk.telegram]
chat_id = -1001
reaches = ["Priya"]
[[alert]]
name = "hook"
way = "webhook"
to = "http://127.0.0.1:1/hook"
reaches = ["Sam"]
[[ladder.crisis]]
ways = ["hook"]
[[ladder.distress]]
ways = ["hook"]
[[ladder.asked]]
ways = ["hook"]
[[ladder.stuck]]
ways = ["hook"]
"#;

type Arrivals = Arc<Mutex<HashMap<String, Instant>>>;

async fn alerted(State(arrivals): State<Arrivals>, body: Bytes) {
    let now = Instant::now();
    let event: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    let id = event["data"]["id"].as_str().expect("an id").to_string();
    arrivals.lock().expect("arrivals").entry(id).or_insert(now);
}

async fn bound(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::main]
async fn main() {
    let seconds: u64 = std::env::var("LENGTH").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(60);
    let telegram = FakeTelegram::start().await;
    let arrivals: Arrivals = Arrivals::default();
    let receiver = bound(Router::new().route("/hook", post(alerted)).with_state(arrivals.clone())).await;
    let config = Config::read(&Source::new("config.toml", CONFIG)).expect("reads");
    let rules = rules::compile(&defaults::sources(), &Demo::default().shapes(), &config).expect("compiles").rules;
    let folder = tempfile::tempdir().expect("a folder");
    let store = KvStore::open(SledKv::open(folder.path(), || false).expect("opens")).expect("opens");
    let client = Telegram::new(&SecretString::from(telegram.token()), &telegram.base_url()).expect("a client");
    let key = signing_key(&SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).expect("a key");
    let hook: Arc<dyn Alert> = Arc::new(Webhook::new(Signed::new(http_client().expect("a client"), format!("{receiver}/hook"), key)));
    let app = App::new(Parts {
        store: Arc::new(store),
        rules: Arc::new(rules),
        clock: Arc::new(SystemClock),
        channels: vec![Arc::new(TelegramChat::new(client, None)) as Arc<dyn Channel>],
        desk: None,
        alerts: BTreeMap::from([("hook".to_string(), hook)]),
        ways: config.all_ways(),
        hooks: BTreeMap::new(),
        backend: Arc::new(Demo::default()),
        hours: config.hours.clone(),
        team_hours: config.team_hours.clone(),
        most: config.most,
        chatwoot: None,
    })
    .await
    .expect("an app");
    let decoder = Decoder { bot: u64::try_from(telegram.bot_id()).expect("an id"), desk: Vec::new(), aliases: BTreeMap::new() };
    let server = Server {
        app: app.clone(),
        telegram: Some(Arc::new(TelegramHook { decoder: decoder.clone(), secret: SecretString::from(SECRET) })),
        twilio: None,
        chatwoot: None,
        api: Arc::default(),
        metrics: None,
        stopping: Arc::new(AtomicBool::new(false)),
    };
    let url = format!("{}/telegram/webhook", bound(router(server)).await);
    let tasks = Arc::new(TokioSpawn::default());
    warmline::app::run(&app, &(tasks.clone() as Arc<dyn Spawn>), None, None);

    let http = reqwest::Client::new();
    let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / A_SECOND));
    let mut begun: HashMap<String, Instant> = HashMap::new();
    let mut posts = tokio::task::JoinSet::new();
    for number in 0..seconds * A_SECOND {
        ticks.tick().await;
        let sender = i64::try_from(10_000 + number).expect("a number");
        let needs = number % HANDING_OVER == 0;
        let text = if needs { NEEDS[(number / HANDING_OVER) as usize % NEEDS.len()] } else { ROUTINE[number as usize % ROUTINE.len()] };
        let person = telegram.person(sender, "Ana");
        let update = telegram.push_to_webhook(|telegram| telegram.customer_text(&person, text));
        if needs {
            let address = Address { channel: "telegram".into(), account: decoder.bot.to_string(), sender: sender.to_string() };
            let id: ConversationId = app.conversation(&address);
            begun.insert(id.to_string(), Instant::now());
        }
        let post = http.post(&url).header("x-telegram-bot-api-secret-token", SECRET).json(&update);
        posts.spawn(async move { post.send().await.is_ok_and(|answer| answer.status().is_success()) });
    }
    let mut taken = 0;
    while let Some(posted) = posts.join_next().await {
        taken += u64::from(posted.unwrap_or(false));
    }
    let waited = Instant::now();
    while arrivals.lock().expect("arrivals").len() < begun.len() && waited.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let arrivals = arrivals.lock().expect("arrivals").clone();
    let mut times: Vec<f64> =
        begun.iter().filter_map(|(id, begun)| Some(arrivals.get(id)?.duration_since(*begun).as_secs_f64() * 1_000.0)).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get(((times.len().max(1) - 1) as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    println!(
        "{}",
        json!({
            "messages": seconds * A_SECOND, "taken": taken, "a_second": A_SECOND, "needing_a_person": begun.len(), "alerted": times.len(),
            "p50_ms": (at(0.5) * 10.0).round() / 10.0, "p95_ms": (at(0.95) * 10.0).round() / 10.0,
            "p99_ms": (at(0.99) * 10.0).round() / 10.0, "slowest_ms": (at(1.0) * 10.0).round() / 10.0,
        })
    );
    tasks.stop();
    tasks.drain(Duration::from_secs(5)).await;
}
