//! A year of a shop: customers, staff, faults, restarts; one seed.

use crate::chance::Chance;
use crate::people::{answer, reply, script};
use crate::world::{Net, Seen, SimAlert, SimChannel, SimClock, SimDesk};
use jiff::{SignedDuration, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::sync::{Arc, LazyLock, PoisonError};
use warmline::alert::Alert;
use warmline::app::{App, Clock, Config, Parts, defaults, rules};
use warmline::backend::{Backend, Demo};
use warmline::channel::{Asks, Body, Channel, Desk, DeskQuestion, Incoming, Target};
use warmline::conversation::{
    Address, ConversationId, Delivery, Event, Failure, Fate, Message, Owner, Rules, Staff, StaffAction, State, Urgency,
};
use warmline::lexis::Source;
use warmline::store::{KvStore, LinkKey, MemoryKv, Store};

const CONFIG: &str = r#"
[shop]
country = "US"
[desk]
time_zone = "Europe/Berlin"
most = 6
ask_after = "2d"
[desk.hours]
mon-fri = ["8:00-12:00", "12:30-20:00"]
sat = ["10:00-14:00"]
[desk.telegram]
chat_id = -1001
reaches = ["S2", "S3"]
[[desk.telegram.group]]
chat_id = -1002
teams = ["texts", "evening"]
[[desk.telegram.group]]
chat_id = -1003
teams = ["returns"]
[[alert]]
name = "oncall"
way = "telegram"
to = "5"
reaches = ["S0"]
[[alert]]
name = "lead"
way = "telegram"
to = "6"
reaches = ["S1"]
[[oncall]]
name = "rota"
turns = ["oncall", "lead"]
begins = "2026-01-05 09:00"
every = "7d"
[[team]]
name = "returns"
topics = ["return_item", "refund_status", "cancel_order"]
people = ["S4", "S5"]
fallback = "evening"
hours = { mon-fri = ["9:00-17:00"] }
[[team]]
name = "evening"
urgencies = ["stuck"]
people = ["S0", "S1", "S2"]
[[team]]
name = "texts"
channels = ["sms"]
[[ladder.crisis]]
ways = ["group", "rota"]
[[ladder.crisis]]
after = "2m"
ways = ["group", "oncall", "lead"]
[[ladder.distress]]
ways = ["group"]
[[ladder.distress]]
after = "10m"
ways = ["group", "oncall"]
"#;

static SHOP: LazyLock<(Config, Arc<Rules>)> = LazyLock::new(|| {
    let config = Config::read(&Source::new("config.toml", CONFIG)).expect("reads");
    let loaded = rules::compile(&defaults::sources(), &Demo::default().shapes(), &config).expect("the defaults compile");
    (config, Arc::new(loaded.rules))
});

/// Seconds between two conversations of a customer, on average.
const BETWEEN: f64 = 75.0 * 86_400.0;

/// How large a year is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub days: i64,
    pub customers: usize,
    pub staff: usize,
}

#[derive(Clone, Debug)]
enum Act {
    /// A customer has a reason to write.
    Begins(usize),
    /// They write the message at this place of their script.
    Writes(usize, &'static [&'static str], usize),
    /// They answer a person.
    Replies(usize),
    /// Somebody presses Claim on a card.
    Claims(usize, ConversationId),
    /// Whoever has it writes.
    Answers(usize, ConversationId),
    /// And closes it.
    Closes(usize, ConversationId),
    /// They look at the queue.
    Looks(usize),
    /// Their shift begins or ends.
    Shift(usize, bool),
    /// The process ends and starts again after so many seconds.
    Restarts(i64),
    /// Something answers nothing for so many seconds.
    Outage(&'static str, i64),
    /// A report about a text that did not arrive.
    Lost(String),
    /// The watch looks at everything.
    Tick,
}

pub struct Year {
    size: Size,
    chance: Chance,
    clock: Arc<SimClock>,
    net: Arc<Net>,
    store: Arc<dyn Store>,
    app: Arc<App>,
    agenda: BinaryHeap<Reverse<(Timestamp, u64)>>,
    acts: HashMap<u64, Act>,
    next: u64,
    number: i64,
    customers: Vec<Address>,
    here: Vec<bool>,
    pub events: u64,
    calm: bool,
}

async fn app(store: &Arc<dyn Store>, clock: &Arc<SimClock>, net: &Arc<Net>) -> Arc<App> {
    let alerts = ["oncall", "lead"].map(|name| (name.to_string(), Arc::new(SimAlert { name, net: net.clone() }) as Arc<dyn Alert>));
    let channels = ["telegram", "sms"].map(|name| Arc::new(SimChannel { name, net: net.clone() }) as Arc<dyn Channel>);
    App::new(Parts {
        store: store.clone(),
        rules: SHOP.1.clone(),
        clock: clock.clone(),
        channels: channels.into(),
        desk: Some(Arc::new(SimDesk(net.clone())) as Arc<dyn Desk>),
        alerts: BTreeMap::from(alerts),
        ways: SHOP.0.all_ways(),
        hooks: BTreeMap::new(),
        backend: Arc::new(Demo::default()),
        hours: SHOP.0.hours.clone(),
        team_hours: SHOP.0.team_hours.clone(),
        most: SHOP.0.most,
        chatwoot: None,
    })
    .await
    .expect("an app")
}

impl Year {
    pub async fn new(seed: u64, size: Size) -> Self {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().expect("a time");
        let clock = Arc::new(SimClock::new(start, seed));
        let store: Arc<dyn Store> = Arc::new(KvStore::open(MemoryKv::default()).expect("a store"));
        let net = Net::new(clock.clone(), store.clone(), seed);
        let app = app(&store, &clock, &net).await;
        let address = |number: usize| {
            let sms = number.is_multiple_of(2);
            let channel = if sms { "sms" } else { "telegram" };
            Address { channel: channel.into(), account: "+15550109999".into(), sender: format!("+1555{number:07}") }
        };
        let customers: Vec<Address> = (0..size.customers).map(address).collect();
        {
            let mut ids = net.ids.lock().unwrap_or_else(PoisonError::into_inner);
            ids.extend(customers.iter().map(|address| (address.clone(), app.conversation(address))));
        }
        let mut year = Year {
            size,
            chance: Chance::new(seed),
            clock,
            net,
            store,
            app,
            agenda: BinaryHeap::new(),
            acts: HashMap::new(),
            next: 0,
            number: 0,
            customers,
            here: vec![false; size.staff],
            events: 0,
            calm: false,
        };
        year.plan(start);
        year
    }

    fn plan(&mut self, start: Timestamp) {
        for customer in 0..self.size.customers {
            let first = self.chance.wait(BETWEEN);
            self.at(start, first, Act::Begins(customer));
        }
        for day in 0..self.size.days {
            for staff in 0..self.size.staff {
                // Two are always there in the day, the others now and then; some are late, some leave early.
                if staff > 3 && !self.chance.happens(0.5) {
                    continue;
                }
                let begins = day * 86_400 + 7 * 3_600 + self.chance.below(5_400) as i64;
                let ends = begins + 6 * 3_600 + self.chance.below(10_000) as i64;
                self.at(start, begins, Act::Shift(staff, true));
                self.at(start, ends, Act::Shift(staff, false));
            }
            if self.chance.happens(0.05) {
                let (when, long) = (day * 86_400 + self.chance.below(86_400) as i64, self.chance.below(600) as i64);
                self.at(start, when, Act::Restarts(long));
            }
            for what in ["desk", "sms", "telegram", "oncall", "lead"] {
                if self.chance.happens(0.02) {
                    let (when, long) = (day * 86_400 + self.chance.below(86_400) as i64, self.chance.wait(3_600.0));
                    self.at(start, when, Act::Outage(what, long));
                }
            }
        }
        for tick in 0..self.size.days * 24 {
            self.at(start, tick * 3_600 + 1, Act::Tick);
        }
    }

    fn at(&mut self, from: Timestamp, seconds: i64, act: Act) {
        let when = from + SignedDuration::from_secs(seconds);
        self.agenda.push(Reverse((when, self.next)));
        self.acts.insert(self.next, act);
        self.next += 1;
    }

    fn soon(&mut self, mean: f64, act: Act) {
        let wait = self.chance.wait(mean);
        self.at(self.clock.now(), wait, act);
    }

    fn id(&self, customer: usize) -> ConversationId {
        self.app.conversation(&self.customers[customer])
    }

    fn staff(number: usize) -> Staff {
        Staff { id: format!("telegram:{number}"), name: format!("S{number}") }
    }

    /// Lives through the year and some quiet days after it.
    pub async fn live(&mut self) {
        let end = self.clock.now() + SignedDuration::from_hours(24 * self.size.days);
        self.until(end).await;
        // Nobody begins anything new, nothing fails: what was owed is given.
        self.calm = true;
        self.net.calm_down();
        for day in 0..10 {
            for staff in 0..self.size.staff {
                self.at(end, day * 86_400 + 8 * 3_600, Act::Shift(staff, true));
                self.at(end, day * 86_400 + 19 * 3_600, Act::Shift(staff, false));
            }
        }
        self.until(end + SignedDuration::from_hours(24 * 10)).await;
        self.judge().await;
    }

    async fn until(&mut self, end: Timestamp) {
        let mut stuck = 0;
        loop {
            let now = self.clock.now();
            let due = self.app.next_due().await.expect("reads").map(|due| due.max(now));
            let next = self.agenda.peek().map(|Reverse((when, _))| *when);
            let Some(at) = due.into_iter().chain(next).min().filter(|at| *at <= end) else { break };
            stuck = if at == now { stuck + 1 } else { 0 };
            if stuck > 1_000 {
                let id = self.id(0);
                let timers = self.store.timers_due(now).await.expect("reads");
                let rows: Vec<_> = self.store.outbox().await.expect("reads").into_iter().filter(|row| row.due <= now).collect();
                let what = format!("something is due and does not get done: {timers:?} {rows:?}");
                self.net.watch().breaks(id, now, &what);
                break;
            }
            self.clock.set(at);
            if due.is_some_and(|due| due <= at) {
                self.worked(&[]).await;
            } else if let Some(Reverse((_, number))) = self.agenda.pop()
                && let Some(act) = self.acts.remove(&number)
            {
                self.act(act).await;
            }
        }
        self.clock.set(end);
    }

    /// The bot does what it can; what it touched is looked at.
    async fn worked(&mut self, touched: &[ConversationId]) {
        let now = self.clock.now();
        let mut ids: Vec<ConversationId> = touched.to_vec();
        ids.extend(self.store.timers_due(now).await.expect("reads").into_iter().map(|row| row.id));
        ids.extend(self.store.outbox().await.expect("reads").into_iter().filter(|row| row.due <= now).map(|row| row.id));
        for id in ids.clone() {
            let joined = self.state(id).await.map(|state| state.joined).unwrap_or_default();
            ids.extend(joined.into_iter().map(|joined| joined.with));
        }
        ids.sort_unstable();
        ids.dedup();
        self.events += self.app.fire_timers().await as u64;
        self.app.settle().await;
        for id in ids {
            if let Some(state) = self.store.state(id).await.expect("reads") {
                self.net.watch().after(id, &state, now);
            }
        }
        self.react().await;
    }

    /// People notice.
    async fn react(&mut self) {
        let seen = std::mem::take(&mut *self.net.seen.lock().unwrap_or_else(PoisonError::into_inner));
        for seen in seen {
            match seen {
                Seen::Card(id) => {
                    let there: Vec<usize> = (0..self.size.staff).filter(|staff| self.here[*staff]).collect();
                    if there.is_empty() {
                        continue;
                    }
                    let quick = if self.is_crisis(id).await { 45.0 } else { 400.0 };
                    let staff = self.chance.of(&there);
                    self.soon(quick, Act::Claims(staff, id));
                    // Two see it at once.
                    if self.chance.happens(0.3) {
                        let other = self.chance.of(&there);
                        let when = self.clock.now();
                        self.at(when, 20, Act::Claims(staff, id));
                        self.at(when, 20, Act::Claims(other, id));
                    }
                }
                Seen::Phone(id) if self.calm || self.chance.happens(0.4) => {
                    let oncall = self.chance.below(2);
                    self.soon(120.0, Act::Claims(oncall, id));
                }
                Seen::Phone(_) => {}
                Seen::Words(id) => {
                    let customer = self.customers.iter().position(|address| self.app.conversation(address) == id);
                    if let Some(customer) = customer.filter(|_| self.chance.happens(0.5)) {
                        self.soon(240.0, Act::Replies(customer));
                    }
                }
            }
        }
        let lost = std::mem::take(&mut *self.net.lost.lock().unwrap_or_else(PoisonError::into_inner));
        for name in lost {
            self.soon(30.0, Act::Lost(name));
        }
    }

    async fn is_crisis(&self, id: ConversationId) -> bool {
        let state = self.store.state(id).await.expect("reads");
        state.and_then(|state| state.handoff).is_some_and(|handoff| handoff.urgency == Urgency::Crisis)
    }

    async fn state(&self, id: ConversationId) -> Option<State> {
        self.store.state(id).await.expect("reads")
    }

    async fn receive(&mut self, target: Target, kind: &'static str, body: Body) {
        self.number += 1;
        self.events += 1;
        let incoming = Incoming { target, kind, external: self.number.to_string(), revision: String::new(), body };
        // What is sent twice is taken once.
        let all = if self.chance.happens(0.02) { vec![incoming.clone(), incoming] } else { vec![incoming] };
        self.app.receive(all).await.expect("accepts");
    }

    async fn writes(&mut self, customer: usize, text: &str) {
        let id = self.id(customer);
        let before = self.state(id).await;
        let entropy = self.chance.bits();
        // One in five of Telegram's has the number of somebody who texts: the same person, as both channels vouch.
        let phone = (customer % 10 == 1 && self.chance.happens(0.1)).then(|| self.customers[customer - 1].sender.clone());
        let text = if phone.is_some() { "" } else { text };
        let message = Message { text: text.into(), external: format!("m{}", self.number + 1), entropy, phone, ..Message::default() };
        let target = Target::Address(self.customers[customer].clone());
        let alerts = self.net.watch().alerts;
        self.net.watch().wrote.entry(id).or_default().push(text.to_string());
        self.receive(target, "message", Body::Event(Event::Message(Box::new(message)))).await;
        if !self.calm && self.chance.happens(0.001) {
            // Taken in, and the process ends before it is worked through.
            self.restarts(0).await;
            return;
        }
        self.worked(&[id]).await;
        if let Some(state) = self.state(id).await {
            let now = self.clock.now();
            let broken = self.net.watch().broken.len();
            let waits = self.store.outbox().await.expect("reads").iter().any(|row| row.id == id && row.created == now);
            self.net.watch().after_words(id, before.as_ref(), &state, alerts, waits, now);
            if self.net.watch().broken.len() > broken && std::env::var("STORY").is_ok() {
                let entries = self.store.transcript(id).await.expect("reads");
                println!("{}", warmline::desk::transcript(&entries, &SHOP.0.hours));
            }
        }
    }

    async fn does(&mut self, staff: usize, id: ConversationId, kind: &'static str, action: StaffAction) {
        self.number += 1;
        let callback = (kind == "callback").then(|| self.number.to_string());
        // Most write where it stands; some where it stood before.
        let thread = self.state(id).await.map(|state| state.thread).unwrap_or_default();
        let before = thread.elsewhere.keys().next().copied().filter(|_| self.chance.happens(0.2));
        let chat = before.or(thread.chat);
        let mut action = action;
        if let (StaffAction::Say { message, .. } | StaffAction::Promise { message, .. }, Some(chat)) = (&mut action, chat) {
            *message = self.net.name_in(chat);
            self.net.names().insert((chat, *message), id);
        }
        let event = Event::Staff { staff: Self::staff(staff), action, chat, callback };
        self.receive(Target::Conversation(id), kind, Body::Event(event)).await;
        self.worked(&[id]).await;
    }

    async fn asks(&mut self, staff: usize, asks: Asks) {
        self.number += 1;
        self.events += 1;
        let question = DeskQuestion { staff: Self::staff(staff), asks, thread: None, message: self.number, chat: -1_001 };
        self.app.answer(&question).await;
        let queue = self.store.queue().await.expect("reads");
        let theirs = Self::staff(staff).id;
        let ids: Vec<ConversationId> =
            queue.iter().filter(|row| row.owner.is_none() || row.owner_id.as_ref() == Some(&theirs)).map(|row| row.id).collect();
        self.worked(&ids).await;
    }

    async fn restarts(&mut self, seconds: i64) {
        let now = self.clock.now();
        self.app = app(&self.store, &self.clock, &self.net).await;
        let back = now + SignedDuration::from_secs(seconds);
        self.clock.set(back);
        self.net.watch().back = Some(back);
        let ids: Vec<ConversationId> = self.store.backlog().await.expect("reads");
        self.worked(&ids).await;
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Begins(customer) => {
                if self.calm {
                    return;
                }
                let script = script(&mut self.chance);
                self.soon(1.0, Act::Writes(customer, script, 0));
                self.soon(BETWEEN, Act::Begins(customer));
            }
            Act::Writes(customer, script, place) => {
                self.writes(customer, script[place]).await;
                if place + 1 < script.len() {
                    let mean = if self.chance.happens(0.7) { 40.0 } else { 900.0 };
                    self.soon(mean, Act::Writes(customer, script, place + 1));
                }
            }
            Act::Replies(customer) => {
                let id = self.id(customer);
                if self.state(id).await.is_some_and(|state| matches!(state.owner, Owner::Human { .. })) {
                    let words = reply(&mut self.chance);
                    self.writes(customer, words).await;
                }
            }
            Act::Claims(staff, id) => {
                let owner = self.state(id).await.map(|state| state.owner);
                let action = match owner {
                    // Nobody answered: a colleague takes it over.
                    Some(Owner::Human { staff: other }) if other.id != Self::staff(staff).id && self.chance.happens(0.2) => {
                        StaffAction::TakeOver
                    }
                    _ => StaffAction::Claim,
                };
                self.does(staff, id, "callback", action).await;
                if self.chance.happens(0.9) {
                    self.soon(90.0, Act::Answers(staff, id));
                }
            }
            Act::Answers(staff, id) => self.answers(staff, id).await,
            Act::Closes(staff, id) => {
                let what = "done, and told so".to_string();
                self.does(staff, id, "staff", StaffAction::Close { agreed: Some(what) }).await;
                if self.chance.happens(0.8) {
                    self.does(staff, id, "staff", StaffAction::CheckIn { words: Some("none not needed".into()) }).await;
                }
            }
            Act::Looks(staff) => self.looks(staff).await,
            Act::Shift(staff, begins) => {
                self.here[staff] = begins;
                // Some forget to say so.
                if begins && self.chance.happens(0.8) {
                    self.asks(staff, Asks::On).await;
                } else if !begins && self.chance.happens(0.7) {
                    self.asks(staff, Asks::Off).await;
                }
                if begins {
                    self.soon(300.0, Act::Looks(staff));
                }
            }
            Act::Restarts(seconds) => self.restarts(seconds).await,
            Act::Outage(what, seconds) => {
                if !self.calm {
                    let until = self.clock.now() + SignedDuration::from_secs(seconds);
                    self.net.down.lock().unwrap_or_else(PoisonError::into_inner).insert(what, until);
                }
            }
            Act::Lost(external) => {
                let links = vec![LinkKey::Sent { channel: "sms".into(), external }];
                let report = Body::Report(Delivery::Failed { failure: Failure::Undelivered });
                self.receive(Target::Links(links), "report", report).await;
                self.worked(&[]).await;
            }
            Act::Tick => {
                let now = self.clock.now();
                self.net.watch().look(now);
            }
        }
    }

    async fn answers(&mut self, staff: usize, id: ConversationId) {
        let Some(state) = self.state(id).await else { return };
        let Owner::Human { staff: owner } = &state.owner else { return };
        if owner.id != Self::staff(staff).id && self.chance.happens(0.9) {
            return;
        }
        self.number += 1;
        let words = answer(&mut self.chance).to_string();
        let message = self.number;
        let action = match self.chance.share() {
            ..0.06 => StaffAction::Promise { words: Some("tomorrow 15:00 a call".into()), message },
            0.06..0.08 => StaffAction::Release,
            0.08..0.10 => StaffAction::command("assign", "S1 knows it", message),
            0.10..0.11 => StaffAction::command("snooze", "10m on the phone", message),
            0.11..0.16 => StaffAction::command("do", "goodwill A1042 8", message),
            0.16..0.165 => StaffAction::Part,
            _ => StaffAction::Say { text: words, message },
        };
        if matches!(action, StaffAction::Snooze { .. }) && owner.id == Self::staff(staff).id {
            self.net.watch().rests(id, self.clock.now() + SignedDuration::from_mins(10));
        }
        self.does(staff, id, "staff", action).await;
        if let Some(proposed) = self.state(id).await.and_then(|state| state.proposed) {
            self.does(staff, id, "callback", StaffAction::Confirm { number: proposed.number }).await;
        }
        if self.chance.happens(0.05) {
            self.does(staff, id, "staff", StaffAction::Unsend { line: None, reply: None }).await;
        }
        if self.chance.happens(0.5) {
            self.soon(600.0, Act::Closes(staff, id));
        }
    }

    async fn looks(&mut self, staff: usize) {
        if !self.here[staff] {
            return;
        }
        let me = Self::staff(staff).id;
        let queue = self.store.queue().await.expect("reads");
        let mine: Vec<_> = queue.iter().filter(|row| row.owner_id.as_ref() == Some(&me)).map(|row| (row.id, row.answered)).collect();
        if mine.is_empty() && queue.iter().any(|row| row.owner.is_none()) {
            self.asks(staff, Asks::Next).await;
        }
        for (id, answered) in mine {
            let act = if answered { Act::Closes(staff, id) } else { Act::Answers(staff, id) };
            self.soon(60.0, act);
        }
        self.soon(900.0, Act::Looks(staff));
    }

    /// At the end: nothing was lost, nothing is left over.
    async fn judge(&mut self) {
        let now = self.clock.now();
        for row in self.store.outbox().await.expect("reads") {
            let what = format!("a row was never sent: {:?}", row.target).chars().take(160).collect::<String>();
            self.net.watch().breaks(row.id, now, &what);
        }
        for id in self.store.conversations().await.expect("reads") {
            let state = self.state(id).await.expect("a state");
            for line in state.sent.iter().filter(|(_, sent)| sent.fate == Fate::Leaving).map(|(line, _)| line) {
                self.net.watch().breaks(id, now, &format!("nobody knows what became of line {line}"));
            }
            let entries = self.store.transcript(id).await.expect("reads");
            self.net.watch().story(id, &entries, now);
            self.net.watch().given(id, &state, now);
        }
        let waiting = self.store.queue().await.expect("reads");
        for row in waiting.iter().filter(|row| row.urgency == Urgency::Crisis && row.owner.is_none()) {
            self.net.watch().breaks(row.id, now, "a crisis was never taken");
        }
    }

    /// What was broken.
    pub fn broken(&self) -> Vec<String> {
        self.net.watch().broken.clone()
    }

    /// Alerts, lines, actions of staff and joined conversations, so that nobody mistakes an empty year for a good one.
    pub fn counts(&self) -> [u64; 6] {
        let watch = self.net.watch();
        [watch.alerts, watch.lines, watch.acted, watch.joined, watch.spread, watch.moved]
    }
}
