//! A conversation at hand: events in, effects out, calls answered by the demo shop.

use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, LazyLock};
use warmline::app::{Config, defaults, rules};
use warmline::backend::{Backend, Demo};
use warmline::conversation::{
    Address, DeskNote, Effect, Event, Facts, Line, Message, Profile, Reach, Rules, Staff, StaffAction, State, Timer, step,
};

pub static RULES: LazyLock<Arc<Rules>> = LazyLock::new(|| {
    let loaded = rules::compile(&defaults::sources(), &Demo::default().shapes(), &Config::default()).expect("the defaults compile");
    Arc::new(loaded.rules)
});

pub fn sms() -> Profile {
    Profile { sender_is_phone: true, opt_out_words: true, ..Profile::default() }
}

pub fn facts(profile: Profile) -> Facts {
    let local = "2026-11-20T12:00:00".parse().expect("a time");
    Facts { closes: Some("2026-11-20T17:00:00".parse().expect("a time")), ..Facts::new(local, Reach::Open, profile) }
}

pub struct Talk {
    pub rules: Arc<Rules>,
    pub facts: Facts,
    pub state: State,
    pub now: Timestamp,
    pub demo: Demo,
    pub lines: Vec<Line>,
    pub notes: Vec<DeskNote>,
    pub effects: Vec<Effect>,
    number: u64,
    pub timers: Vec<Timer>,
}

impl Talk {
    pub fn new(profile: Profile) -> Self {
        let address = Address { channel: "sms".into(), account: "+15550109999".into(), sender: Demo::CHAT_PHONE.into() };
        Talk {
            rules: RULES.clone(),
            facts: facts(profile),
            state: State::new(address),
            now: "2026-11-20T12:00:00Z".parse().expect("a time"),
            demo: Demo::default(),
            lines: Vec::new(),
            notes: Vec::new(),
            effects: Vec::new(),
            number: 0,
            timers: Vec::new(),
        }
    }

    /// One event and everything that follows from it.
    pub fn event(&mut self, event: Event) {
        let (state, effects) = step(&self.rules, &self.facts, &self.state, event, self.now);
        self.state = state;
        let mut returns = Vec::new();
        for effect in effects {
            match &effect {
                Effect::Say(line) => self.lines.push(line.clone()),
                Effect::Desk(note) => self.notes.push(note.clone()),
                Effect::Call(request) => {
                    let returned = futures::executor::block_on(self.demo.call(request, "key", self.now));
                    returns.push(returned);
                }
                Effect::Timer(timer) => {
                    self.timers.retain(|other| other.key != timer.key);
                    self.timers.push(timer.clone());
                }
                Effect::Cancel { key } => self.timers.retain(|other| other.key != *key),
                _ => {}
            }
            self.effects.push(effect);
        }
        returns.into_iter().for_each(|returned| self.event(Event::CallReturned(returned)));
    }

    pub fn message(&mut self, text: &str) -> Message {
        self.number += 1;
        Message { text: text.into(), external: self.number.to_string(), entropy: 4821, ..Message::default() }
    }

    /// Time passes; what is due fires.
    pub fn pass(&mut self, time: SignedDuration) {
        self.now = self.now.checked_add(time).expect("a time");
        self.facts.local = self.now.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        let now = self.now;
        for timer in self.timers.extract_if(.., |timer| timer.at <= now).collect::<Vec<_>>() {
            self.event(Event::Timer { key: timer.key });
        }
    }

    /// The customer writes, and is quiet for a moment; what the bot says.
    pub fn write(&mut self, text: &str) -> String {
        self.pass(SignedDuration::from_secs(2));
        let before = self.lines.len();
        self.piece(text);
        self.pass(SignedDuration::from_secs(3));
        self.said_since(before)
    }

    /// The customer writes and may go on.
    pub fn piece(&mut self, text: &str) {
        let message = self.message(text);
        self.event(Event::Message(Box::new(message)));
    }

    /// What the bot said since there were so many lines.
    pub fn said_since(&self, before: usize) -> String {
        self.lines[before..].iter().map(|line| line.text.clone()).collect::<Vec<_>>().join("\n")
    }

    pub fn staff(&mut self, who: &str, action: StaffAction) {
        let staff = Staff { id: who.into(), name: who.into() };
        self.event(Event::Staff { staff, action, chat: None, callback: None });
    }
}
