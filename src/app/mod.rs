//! Where the parts meet.
//!
//! Owns: configuration, the running [`App`] (inbox, outbox, calls, timers, reload), the one place that knows the time and makes
//! random bits (`clock`).
//! Invariants: what arrives is stored before it is acknowledged; a step's effects are committed together, and only then
//! carried out; every worker exposes one step, so tests drain queues without waiting.
//! Leaves out: HTTP (`server`) and the terminal (`cli`).

mod aftercare;
mod alarm;
mod alerts;
mod board;
mod calls;
mod chatwoot;
mod chatwoot_config;
pub mod clock;
pub mod config;
mod crew;
pub mod defaults;
pub mod drill;
mod events;
mod groups;
mod handle;
mod hooks;
mod inbox;
mod kin;
mod ladder;
mod lane;
pub mod learnt;
mod limit;
mod mirror;
mod orphans;
mod outbox;
pub mod poll;
mod posts;
mod question;
pub mod reload;
pub mod review;
pub mod rules;
mod run;
mod secrets;
mod shut;
mod teams;
mod timers;

pub use chatwoot_config::ChatwootConfig;
pub use clock::{Clock, ForwardClock, Spawn, SystemClock, TokioSpawn};
pub use config::Config;
pub use events::{ApiUser, Scope};
pub use inbox::Received;
pub use ladder::{SmtpConfig, WayTo};
pub use run::run;
pub use secrets::Secrets;

use crate::alert::Alert;
use crate::backend::Backend;
use crate::channel::chatwoot::ChatwootDesk;
use crate::channel::{Channel, Desk};
use crate::conversation::{ConversationId, Profile, Rules};
use crate::desk::{self, Hours, Way};
use crate::store::{Store, StoreError};
use crate::transport::signed::Signed;
use arc_swap::ArcSwap;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};

/// The running bot: everything that its workers share.
pub struct App {
    /// What must not be lost.
    pub store: Arc<dyn Store>,
    /// The compiled rules; a reload swaps them whole.
    pub rules: ArcSwap<Rules>,
    /// The time and random bits.
    pub clock: Arc<dyn Clock>,
    /// Ways to customers, by name.
    pub channels: BTreeMap<&'static str, Arc<dyn Channel>>,
    /// The way to staff.
    pub desk: Option<Arc<dyn Desk>>,
    /// Ways to staff outside the desk, by name.
    pub alerts: BTreeMap<String, Arc<dyn Alert>>,
    /// Every way to staff, the group too: whom it reaches.
    pub ways: Vec<Way>,
    /// Other systems that are told what happens, by name.
    pub hooks: BTreeMap<String, Signed>,
    /// The systems behind the bot.
    pub backend: Arc<dyn Backend>,
    /// When somebody is there.
    pub hours: Hours,
    /// Teams with hours of their own.
    pub team_hours: BTreeMap<String, Hours>,
    /// The most conversations that one person is given.
    pub most: Option<u32>,
    /// Another way to staff, which shows whole conversations.
    pub chatwoot: Option<Arc<ChatwootDesk>>,
    key: [u8; 32],
    locks: Mutex<HashMap<ConversationId, Arc<tokio::sync::Mutex<()>>>>,
    limiter: Mutex<limit::Limiters>,
    /// The first group that this bot had.
    first_chat: i64,
    /// Groups that take nothing, and when that is looked at again.
    shut: Mutex<BTreeMap<i64, Timestamp>>,
    /// Receivers of events that took none: how often in a row, and until when they are left alone.
    resting: Mutex<BTreeMap<String, (u32, Timestamp)>>,
    calls_under_way: Mutex<HashSet<(ConversationId, u64)>>,
    gateway_confirms: AtomicBool,
    /// What has left and could not be marked so yet.
    sent: Mutex<HashSet<(ConversationId, u64)>>,
    /// Questions of staff that were answered.
    answered: Mutex<HashSet<(i64, i64)>>,
    /// The staff.
    crew: Mutex<desk::Crew>,
    /// Who has which conversation.
    owned: Mutex<HashMap<ConversationId, crew::Owned>>,
    /// Who is in which group, and when that was asked.
    members: Mutex<crew::Members>,
    /// How long most people have waited lately, in minutes.
    wait: Mutex<Option<(u32, u32)>>,
    /// What happens, for whoever listens.
    events: Mutex<Option<tokio::sync::broadcast::Sender<desk::DeskEvent>>>,
    /// The pinned lines, by group.
    board: Mutex<BTreeMap<i64, board::Shown>>,
    /// Handoffs that were just given to somebody who asked for the next one.
    given: Mutex<HashMap<ConversationId, Timestamp>>,
    /// What staff were told although the store failed.
    alarmed: Mutex<HashSet<(ConversationId, String)>>,
    /// There is something in the inbox, the outbox, the calls.
    pub(crate) inbox_ready: Notify,
    pub(crate) outbox_ready: watch::Sender<()>,
    pub(crate) calls_ready: Notify,
    /// The rules in use are not the operator's current files.
    pub stale: AtomicBool,
}

/// The parts of an [`App`].
pub struct Parts {
    /// What must not be lost.
    pub store: Arc<dyn Store>,
    /// The compiled rules.
    pub rules: Arc<Rules>,
    /// The time and random bits.
    pub clock: Arc<dyn Clock>,
    /// Ways to customers.
    pub channels: Vec<Arc<dyn Channel>>,
    /// The way to staff.
    pub desk: Option<Arc<dyn Desk>>,
    /// Ways to staff outside the desk, by name.
    pub alerts: BTreeMap<String, Arc<dyn Alert>>,
    /// Every way to staff, the group too: whom it reaches.
    pub ways: Vec<Way>,
    /// Other systems that are told what happens, by name.
    pub hooks: BTreeMap<String, Signed>,
    /// The systems behind the bot.
    pub backend: Arc<dyn Backend>,
    /// When somebody is there.
    pub hours: Hours,
    /// Teams with hours of their own.
    pub team_hours: BTreeMap<String, Hours>,
    /// The most conversations that one person is given.
    pub most: Option<u32>,
    /// Another way to staff, which shows whole conversations.
    pub chatwoot: Option<Arc<ChatwootDesk>>,
}

const KEY: &str = "conversation-key";
const GATEWAY_CONFIRMS: &str = "gateway-confirms-opt-out";

impl App {
    /// Puts the parts together. The key of conversations is made at the first start and kept in the store.
    ///
    /// # Errors
    /// The store fails.
    pub async fn new(parts: Parts) -> Result<Arc<Self>, StoreError> {
        let key = match parts.store.get(KEY).await?.and_then(|key| key.try_into().ok()) {
            Some(key) => key,
            None => {
                let mut key = [0; 32];
                key.chunks_mut(8).for_each(|chunk| chunk.copy_from_slice(&parts.clock.entropy().to_le_bytes()));
                parts.store.put(KEY, key.to_vec()).await?;
                key
            }
        };
        let confirms = parts.store.get(GATEWAY_CONFIRMS).await?.is_some();
        let first_chat = Self::learn_first_group(parts.store.as_ref(), parts.desk.as_deref()).await?;
        let rate = parts.desk.as_ref().and_then(|desk| desk.rate());
        let app = Arc::new(App {
            store: parts.store,
            rules: ArcSwap::new(parts.rules),
            clock: parts.clock,
            channels: parts.channels.into_iter().map(|channel| (channel.name(), channel)).collect(),
            desk: parts.desk,
            alerts: parts.alerts,
            ways: parts.ways,
            hooks: parts.hooks,
            backend: parts.backend,
            hours: parts.hours,
            team_hours: parts.team_hours,
            most: parts.most,
            chatwoot: parts.chatwoot,
            key,
            locks: Mutex::default(),
            first_chat,
            shut: Mutex::default(),
            resting: Mutex::default(),
            limiter: Mutex::new(limit::Limiters::new(rate)),
            calls_under_way: Mutex::default(),
            gateway_confirms: AtomicBool::new(confirms),
            sent: Mutex::default(),
            answered: Mutex::default(),
            crew: Mutex::default(),
            owned: Mutex::default(),
            members: Mutex::default(),
            wait: Mutex::default(),
            events: Mutex::new(Some(tokio::sync::broadcast::Sender::new(events::WAITING))),
            board: Mutex::default(),
            given: Mutex::default(),
            alarmed: Mutex::default(),
            inbox_ready: Notify::new(),
            outbox_ready: watch::Sender::new(()),
            calls_ready: Notify::new(),
            stale: AtomicBool::new(false),
        });
        app.load_crew().await?;
        Ok(app)
    }

    /// What a channel can do; for one that is not configured any more, nothing but text.
    pub fn profile(&self, channel: &str) -> Profile {
        let mut profile = self.channels.get(channel).map(|channel| channel.profile()).unwrap_or_default();
        profile.gateway_confirms_opt_out |= profile.opt_out_words && self.gateway_confirms.load(Ordering::Relaxed);
        profile
    }

    /// Whether there is a place where people work.
    pub fn has_desk(&self) -> bool {
        self.desk.is_some() || self.chatwoot.is_some()
    }

    fn limiter(&self) -> MutexGuard<'_, limit::Limiters> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The conversation of an address.
    pub fn conversation(&self, address: &crate::conversation::Address) -> ConversationId {
        ConversationId::of(&self.key, address)
    }

    /// The gateway has refused a send because it handles opt-outs itself, so it confirms them itself too.
    async fn learn_gateway_confirms(&self) {
        if !self.gateway_confirms.swap(true, Ordering::Relaxed)
            && let Err(error) = self.store.put(GATEWAY_CONFIRMS, vec![1]).await
        {
            tracing::warn!(%error, "Could not note that the gateway confirms opt-outs; will learn it again.");
        }
    }

    /// Works until nothing is left to do now: for tests, `chat` and tools.
    pub async fn settle(self: &Arc<Self>) {
        loop {
            let mut done = self.drain_inbox().await;
            done += self.make_calls().await;
            done += self.deliver().await;
            if done == 0 {
                return;
            }
        }
    }
}
