//! A whole bot for a test: memory store, demo shop, fakes on the other side of real sockets, a clock that tests move.

use crate::support::fake_telegram::{FakeTelegram, Person};
use crate::support::fake_twilio::FakeTwilio;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use warmline::alert::{Alert, TextMessage};
use warmline::app::poll::Poller;
use warmline::app::{App, Clock, Config, Parts, Scope, defaults, rules};
use warmline::backend::{Backend, Demo};
use warmline::channel::chatwoot::ChatwootDesk;
use warmline::channel::sms::twilio::TwilioSms;
use warmline::channel::telegram::{Decoder, TelegramChat, TelegramDesk};
use warmline::channel::{Channel, Desk};
use warmline::conversation::Rules;
use warmline::desk::Way;
use warmline::server::api::Access;
use warmline::server::{ChatwootHook, Server, TelegramHook, TwilioHook, router};
use warmline::store::{KvStore, MemoryKv, Store};
use warmline::transport::http_client;
use warmline::transport::signed::Signed;
use warmline::transport::telegram::Telegram;
use warmline::transport::twilio::Twilio;

/// The staff's group.
pub const DESK: i64 = -1_001;
/// Our number.
pub const NUMBER: &str = crate::support::fake_twilio::NUMBER;
pub const SID: &str = "AC00000000000000000000000000000001";
pub const TOKEN: &str = "twilio-token";
pub const PUBLIC: &str = "https://bot.example.com";
pub const SECRET: &str = "hook-secret";

/// The compiled defaults, once for all tests.
pub static RULES: LazyLock<Arc<Rules>> = LazyLock::new(|| {
    let loaded = rules::compile(&defaults::sources(), &Demo::default().shapes(), &Config::default()).expect("the defaults compile");
    Arc::new(loaded.rules)
});

/// A clock that stands still until it is moved, with a fixed row of random bits.
pub struct TestClock {
    now: Mutex<Timestamp>,
    bits: AtomicU64,
}

impl TestClock {
    pub fn at(now: &str) -> Arc<Self> {
        Arc::new(TestClock { now: Mutex::new(now.parse().expect("a time")), bits: AtomicU64::new(4_821) })
    }

    pub fn advance(&self, by: SignedDuration) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.checked_add(by).expect("a time");
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entropy(&self) -> u64 {
        self.bits.load(Ordering::Relaxed)
    }

    async fn sleep(&self, time: Duration) {
        self.advance(SignedDuration::try_from(time).expect("a duration"));
    }
}

pub struct House {
    pub telegram: FakeTelegram,
    pub twilio: FakeTwilio,
    pub clock: Arc<TestClock>,
    pub app: Arc<App>,
    pub poller: Poller,
    pub url: String,
    pub client: reqwest::Client,
    pub sms: Arc<TwilioSms>,
    pub server: tokio::task::JoinHandle<std::io::Result<()>>,
}

/// How a house is built.
pub struct Plan {
    pub now: &'static str,
    pub config: Config,
    pub backend: Arc<dyn Backend>,
    pub store: Arc<dyn Store>,
    pub forum: bool,
    pub desk: bool,
    pub rules: Arc<Rules>,
    pub alerts: BTreeMap<String, Arc<dyn Alert>>,
    pub ways: Vec<Way>,
    /// Other systems that are told what happens.
    pub hooks: BTreeMap<String, Signed>,
    /// The way `lead` texts this number.
    pub lead: Option<&'static str>,
    /// Another desk.
    pub chatwoot: Option<Arc<ChatwootDesk>>,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            // A Friday, within the desk's hours.
            now: "2026-11-20T12:00:00Z",
            config: Config::default(),
            backend: Arc::new(Demo::default()),
            store: Arc::new(KvStore::open(MemoryKv::default()).expect("a store")),
            forum: true,
            desk: true,
            rules: RULES.clone(),
            alerts: BTreeMap::new(),
            ways: Vec::new(),
            hooks: BTreeMap::new(),
            lead: None,
            chatwoot: None,
        }
    }
}

impl Plan {
    /// A text message to whoever is on call.
    pub fn lead_way(twilio: &str, to: &str) -> Arc<dyn Alert> {
        let account = Twilio::new(http_client().expect("a client"), twilio, SID.into(), SecretString::from(TOKEN));
        Arc::new(TextMessage::new(account, NUMBER.into(), to.into()))
    }
}

impl House {
    pub async fn new() -> Self {
        Self::built(Plan::default()).await
    }

    pub async fn built(plan: Plan) -> Self {
        let telegram = FakeTelegram::start().await;
        let twilio = FakeTwilio::start(SID, TOKEN).await;
        if plan.forum {
            telegram.add_forum(DESK, "Desk");
        } else {
            telegram.add_group(DESK, "Desk");
        }
        Self::moved_in(plan, telegram, twilio).await
    }

    /// A bot on servers that run already: what a restart finds.
    pub async fn moved_in(plan: Plan, telegram: FakeTelegram, twilio: FakeTwilio) -> Self {
        let clock = TestClock::at(plan.now);
        let groups: Vec<i64> = plan.rules.groups.iter().map(|group| group.chat).collect();
        let groups = if plan.desk && groups.is_empty() { vec![DESK] } else { groups };
        let client = Telegram::new(&SecretString::from(telegram.token()), &telegram.base_url()).expect("a client");
        let chat = Arc::new(TelegramChat::new(client.clone(), groups.first().copied()));
        let desk = TelegramDesk::new(client.clone(), groups.clone()).map(|desk| Arc::new(desk) as Arc<dyn Desk>);
        let account = Twilio::new(http_client().expect("a client"), &twilio.base_url(), SID.into(), SecretString::from(TOKEN));
        let sms = Arc::new(TwilioSms::new(account, NUMBER.into(), Some(PUBLIC)));
        let mut alerts = plan.alerts;
        alerts.extend(plan.lead.map(|to| ("lead".to_string(), Plan::lead_way(&twilio.base_url(), to))));
        let app = App::new(Parts {
            store: plan.store,
            rules: plan.rules,
            clock: clock.clone(),
            channels: vec![chat as Arc<dyn Channel>, sms.clone() as Arc<dyn Channel>],
            desk,
            alerts,
            ways: plan.ways,
            hooks: plan.hooks,
            backend: plan.backend,
            hours: plan.config.hours.clone(),
            team_hours: plan.config.team_hours.clone(),
            most: plan.config.most,
            chatwoot: plan.chatwoot,
        })
        .await
        .expect("an app");
        let decoder = Decoder { bot: u64::try_from(telegram.bot_id()).expect("an id"), desk: groups, aliases: BTreeMap::new() };
        let poller = Poller::new(client, decoder.clone());
        let server = Server {
            app: app.clone(),
            telegram: Some(Arc::new(TelegramHook { decoder: decoder.clone(), secret: SecretString::from(SECRET) })),
            twilio: Some(Arc::new(TwilioHook { channel: sms.clone(), public_url: PUBLIC.into() })),
            api: Arc::new(vec![
                Access { name: "crm".into(), scopes: vec![Scope::Read, Scope::Work], token: SecretString::from("crm-token") },
                Access { name: "wall".into(), scopes: vec![Scope::Read], token: SecretString::from("wall-token") },
            ]),
            metrics: None,
            stopping: Arc::new(AtomicBool::new(false)),
            chatwoot: app
                .chatwoot
                .as_ref()
                .map(|_| Arc::new(ChatwootHook { secret: SecretString::from(crate::support::fake_chatwoot::SECRET) })),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let server = tokio::spawn(async move { axum::serve(listener, router(server)).await });
        House { server, telegram, twilio, clock, app, poller, url, client: reqwest::Client::new(), sms }
    }

    /// Takes in what Telegram holds and works until nothing is left to do; words of staff are held for five seconds.
    pub async fn settle(&mut self) {
        self.settle_at_once().await;
        self.clock.advance(SignedDuration::from_secs(5));
        self.app.settle().await;
    }

    /// The same in the same second: words of staff are still held.
    pub async fn settle_at_once(&mut self) {
        while self.telegram.pending() > 0 {
            self.poller.step(&self.app, Duration::ZERO).await.expect("a poll");
        }
        self.app.settle().await;
    }

    /// Somebody of the staff: a member of their group.
    pub fn staff(&self, id: i64, name: &str) -> Person {
        let person = self.telegram.person(id, name);
        self.telegram.set_member(DESK, &person, "member");
        person
    }

    /// Nothing more comes for a moment: what waits for the rest of a message is answered.
    pub async fn quiet(&mut self) {
        self.clock.advance(SignedDuration::from_secs(3));
        self.app.fire_timers().await;
        self.settle().await;
    }

    /// A customer writes on Telegram; the bot's answers at once.
    pub async fn write_on(&mut self, person: &Person, text: &str) -> Vec<String> {
        let before = self.telegram.messages(person.id).len();
        self.telegram.customer_text(person, text);
        self.settle().await;
        self.telegram.messages(person.id).into_iter().skip(before).map(|message| message.text).collect()
    }

    /// A customer writes on Telegram, and is quiet where no answer comes at once; the bot's answers.
    pub async fn write(&mut self, person: &Person, text: &str) -> Vec<String> {
        let said = self.write_on(person, text).await;
        if !said.is_empty() {
            return said;
        }
        let before = self.telegram.messages(person.id).len();
        self.quiet().await;
        self.telegram.messages(person.id).into_iter().skip(before).map(|message| message.text).collect()
    }

    /// A customer texts; the bot's answers at once.
    pub async fn text_on(&self, from: &str, body: &str) -> Vec<String> {
        let before = self.twilio.texts_to(from).len();
        let sid = self.twilio.new_sid();
        let status =
            self.twilio.text(&self.client, &format!("{}/sms/twilio", self.url), &format!("{PUBLIC}/sms/twilio"), from, body, &sid).await;
        assert_eq!(status.as_u16(), 200);
        self.app.settle().await;
        self.twilio.texts_to(from).into_iter().skip(before).collect()
    }

    /// A customer texts, and is quiet where no answer comes at once; the bot's answers.
    pub async fn text(&self, from: &str, body: &str) -> Vec<String> {
        let said = self.text_on(from, body).await;
        if !said.is_empty() {
            return said;
        }
        let before = self.twilio.texts_to(from).len();
        self.clock.advance(SignedDuration::from_secs(3));
        self.app.fire_timers().await;
        self.app.settle().await;
        self.twilio.texts_to(from).into_iter().skip(before).collect()
    }

    /// What staff read in all topics.
    pub fn desk(&self) -> Vec<String> {
        self.telegram.texts(DESK)
    }

    /// The card's message id, by a word on it.
    pub fn card(&self) -> i32 {
        let messages = self.telegram.messages(DESK);
        messages.iter().find(|message| message.text.contains("waiting")).map(|message| message.id).expect("a card")
    }
}
