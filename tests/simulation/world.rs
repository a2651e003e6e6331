//! The world around the bot: a clock, two channels, the staff's group, two ways of alerting; all of them fail.

use crate::chance::Chance;
use crate::watch::Watch;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use warmline::alert::Alert;
use warmline::app::Clock;
use warmline::channel::{Channel, Desk, DeskQuestion, Place, Posted};
use warmline::conversation::{Address, ConversationId, Line, Profile, Speaker};
use warmline::desk::{AlertMessage, DeskMessage, Happened};
use warmline::store::Store;
use warmline::transport::SendError;

pub struct SimClock {
    now: AtomicI64,
    bits: AtomicU64,
}

impl SimClock {
    pub fn new(now: Timestamp, seed: u64) -> Self {
        SimClock { now: AtomicI64::new(now.as_millisecond()), bits: AtomicU64::new(seed) }
    }

    pub fn set(&self, now: Timestamp) {
        self.now.store(now.as_millisecond(), Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now.load(Ordering::Relaxed)).expect("a time")
    }

    fn entropy(&self) -> u64 {
        self.bits.fetch_add(0x9e37_79b9, Ordering::Relaxed)
    }

    async fn sleep(&self, time: Duration) {
        self.set(self.now() + SignedDuration::try_from(time).expect("a duration"));
    }
}

/// What staff can notice.
#[derive(Clone, Debug)]
pub enum Seen {
    /// A card or a reminder in the group.
    Card(ConversationId),
    /// An alert on somebody's phone, whatever the hour.
    Phone(ConversationId),
    /// Their words were delivered to a customer.
    Words(ConversationId),
}

/// Everything outside.
pub struct Net {
    pub clock: Arc<SimClock>,
    pub store: Arc<dyn Store>,
    pub watch: Mutex<Watch>,
    pub ids: Mutex<HashMap<Address, ConversationId>>,
    pub seen: Mutex<Vec<Seen>>,
    /// Until when each of these answers nothing.
    pub down: Mutex<BTreeMap<&'static str, Timestamp>>,
    /// Whose each message and topic of a group is: they have the same names in every group.
    pub names: Mutex<HashMap<(i64, i64), ConversationId>>,
    last: Mutex<HashMap<i64, i64>>,
    /// Texts that will be reported as not delivered.
    pub lost: Mutex<Vec<String>>,
    chance: Mutex<Chance>,
    /// Nothing fails any more.
    calm: AtomicU64,
    next: AtomicI64,
}

impl Net {
    pub fn new(clock: Arc<SimClock>, store: Arc<dyn Store>, seed: u64) -> Arc<Self> {
        Arc::new(Net {
            clock,
            store,
            watch: Mutex::default(),
            ids: Mutex::default(),
            seen: Mutex::default(),
            down: Mutex::default(),
            names: Mutex::default(),
            last: Mutex::default(),
            lost: Mutex::default(),
            chance: Mutex::new(Chance::new(seed ^ 0xfeed)),
            calm: AtomicU64::new(0),
            next: AtomicI64::new(1),
        })
    }

    pub fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn names(&self) -> MutexGuard<'_, HashMap<(i64, i64), ConversationId>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn calm_down(&self) {
        self.calm.store(1, Ordering::Relaxed);
        self.down.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn fails(&self, share: f64) -> bool {
        self.calm.load(Ordering::Relaxed) == 0 && self.chance.lock().unwrap_or_else(PoisonError::into_inner).happens(share)
    }

    fn is_down(&self, what: &str) -> bool {
        let now = self.clock.now();
        self.down.lock().unwrap_or_else(PoisonError::into_inner).get(what).is_some_and(|until| *until > now)
    }

    fn name(&self) -> i64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// The next name of a message in a group.
    pub fn name_in(&self, chat: i64) -> i64 {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let last = last.entry(chat).or_default();
        *last += 1;
        *last
    }

    fn sees(&self, seen: Seen) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
    }
}

pub struct SimChannel {
    pub name: &'static str,
    pub net: Arc<Net>,
}

#[async_trait]
impl Channel for SimChannel {
    fn name(&self) -> &'static str {
        self.name
    }

    fn profile(&self) -> Profile {
        match self.name {
            "telegram" => Profile { buttons: true, contact_button: true, media: true, edits: true, ..Profile::default() },
            _ => Profile { sender_is_phone: true, opt_out_words: true, ..Profile::default() },
        }
    }

    async fn send(&self, line: &Line) -> Result<Vec<String>, SendError> {
        let id = self.net.ids.lock().unwrap_or_else(PoisonError::into_inner).get(&line.to).copied().expect("a known customer");
        let state = self.net.store.state(id).await.expect("reads").expect("a state");
        self.net.watch().line(id, &state, line, self.net.clock.now());
        if self.net.is_down(self.name) || self.net.fails(0.02) {
            return Err(SendError::Later(None));
        }
        if self.net.fails(0.002) {
            return Err(SendError::Blocked);
        }
        let name = format!("{}-{}", self.name, self.net.name());
        if let Speaker::Staff(_) = line.speaker {
            self.net.sees(Seen::Words(id));
        }
        if self.name == "sms" && self.net.fails(0.01) {
            self.net.lost.lock().unwrap_or_else(PoisonError::into_inner).push(name.clone());
        }
        Ok(vec![name])
    }
}

/// The staff's groups: everybody's, and those of teams.
const CHATS: [i64; 3] = [-1_001, -1_002, -1_003];

pub struct SimDesk(pub Arc<Net>);

impl SimDesk {
    /// A message names nothing of another group, and what is urgent stands in the first.
    fn belongs(&self, place: &Place, message: &DeskMessage, now: Timestamp) {
        let (reply, card, shown) = match message {
            DeskMessage::Card { text, .. } => (None, None, Some(text)),
            DeskMessage::CardEdit { card, .. } => (None, card.or(place.card), None),
            DeskMessage::Moved { card, .. } => (None, *card, None),
            DeskMessage::Post { reply_to, .. } => (*reply_to, place.card, None),
            DeskMessage::Mark { .. } | DeskMessage::Transcript | DeskMessage::Answer { .. } => (None, None, None),
        };
        let mark = place.mark.iter().flat_map(|mark| [Some(mark.words), mark.posted]).flatten();
        let names = self.0.names();
        for name in mark.chain(reply).chain(card).chain(place.topic.map(i64::from)) {
            if names.get(&(place.chat, name)).is_some_and(|whose| *whose != place.id) || !names.contains_key(&(place.chat, name)) {
                let whose = names.get(&(place.chat, name)).map(|id| id.short());
                let what = format!("a message names {name} in {}, which is {whose:?}'s: {message:?}", place.chat);
                self.0.watch().breaks(place.id, now, &what);
            }
        }
        let urgent = |text: &String| text.trim_start_matches("NOW ").starts_with("CRISIS") || text.starts_with("DISTRESS");
        if shown.is_some_and(urgent) && place.chat != CHATS[0] {
            self.0.watch().breaks(place.id, now, "a card of somebody in need where not everybody reads");
        }
    }
}

#[async_trait]
impl Desk for SimDesk {
    fn chats(&self) -> &[i64] {
        &CHATS
    }

    async fn send(&self, place: &Place, message: &DeskMessage) -> Result<Posted, SendError> {
        let now = self.0.clock.now();
        let alerts = match message {
            DeskMessage::Card { .. } => true,
            DeskMessage::Post { text, buttons, .. } => !buttons.is_empty() && (text.contains("waiting") || text.contains("reminder")),
            _ => false,
        };
        if alerts {
            self.0.watch().alert(place.id, now);
        }
        self.belongs(place, message, now);
        match message {
            DeskMessage::Card { .. } if place.chat != CHATS[0] => self.0.watch().spread += 1,
            DeskMessage::Moved { told: false, .. } => self.0.watch().moved += 1,
            _ => {}
        }
        if self.0.is_down("desk") || self.0.fails(0.01) {
            return Err(SendError::Later(None));
        }
        if alerts {
            self.0.sees(Seen::Card(place.id));
        }
        let posts = !matches!(message, DeskMessage::CardEdit { .. } | DeskMessage::Answer { .. } | DeskMessage::Moved { told: false, .. })
            && place.mark.as_ref().is_none_or(|mark| mark.posted.is_none());
        let name = self.0.name_in(place.chat);
        let topic = (posts && place.topic.is_none()).then(|| self.0.name_in(place.chat));
        for name in topic.into_iter().chain([name]) {
            self.0.names().insert((place.chat, name), place.id);
        }
        let messages = if posts { vec![name] } else { Vec::new() };
        Ok(Posted { messages, topic: topic.map(|topic| topic as i32) })
    }

    async fn reply(&self, _: &DeskQuestion, _: &str) -> Result<(), SendError> {
        Ok(())
    }

    async fn board(&self, _: i64, posted: Option<i64>, _: &str) -> Result<Option<i64>, SendError> {
        Ok(posted.or(Some(1)))
    }

    fn rate(&self) -> Option<usize> {
        Some(20)
    }
}

pub struct SimAlert {
    pub name: &'static str,
    pub net: Arc<Net>,
}

#[async_trait]
impl Alert for SimAlert {
    async fn send(&self, alert: &AlertMessage, _: &str, now: Timestamp) -> Result<(), SendError> {
        if alert.happened == Happened::Trigger {
            self.net.watch().alert(alert.id, now);
        }
        if self.net.is_down(self.name) || self.net.fails(0.05) {
            return Err(SendError::Later(None));
        }
        if alert.happened == Happened::Trigger {
            self.net.sees(Seen::Phone(alert.id));
        }
        Ok(())
    }
}
