//! The staff, kept.
//!
//! Owns: who is there, in memory and in the store; shifts that end; people who leave; what a step may know of them.
//! Invariants: whoever goes leaves nothing behind: every conversation that they had goes back to the queue, by an event of its
//! own; a press is taken only from a member of the group, and where that can't be asked, from people who have worked here.
//! Leaves out: what presence means (`desk::Crew`), what staff ask (`question`).

use super::App;
use crate::channel::{Body, Desk, Incoming, Target};
use crate::conversation::{ConversationId, Event, Facts, Profile, Staff, State, Times, Urgency};
use crate::desk::{self, Crew, QueueRow};
use crate::store::StoreError;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, MutexGuard, PoisonError};

/// Where the staff are kept.
const KEY: &str = "crew";
/// How long an answer about membership holds.
const MEMBER: SignedDuration = SignedDuration::from_mins(5);
/// And how long nobody asks again who got none.
const ASKED: SignedDuration = SignedDuration::from_secs(30);
/// How far finished handoffs are looked back at for a range of waiting.
const LATELY: SignedDuration = SignedDuration::from_hours(24 * 14);

/// By group and person: whether they are in it, where that could be asked, and when it was.
pub(super) type Members = HashMap<(i64, String), (Option<bool>, Timestamp)>;

/// Who has a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owned {
    staff: String,
    crisis: bool,
}

impl App {
    /// What is kept of the staff, and who has what.
    pub(super) async fn load_crew(&self) -> Result<(), StoreError> {
        let crew = self.store.get(KEY).await?.and_then(|text| serde_json::from_slice(&text).ok());
        *self.crew() = crew.unwrap_or_default();
        for row in self.store.queue().await? {
            self.owns(row.id, Some(&row), self.clock.now());
        }
        self.look_at_waits().await;
        Ok(())
    }

    pub(super) fn crew(&self) -> MutexGuard<'_, Crew> {
        self.crew.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn save_crew(&self) {
        let text = serde_json::to_vec(&*self.crew());
        if let Ok(text) = text
            && let Err(error) = self.store.put(KEY, text).await
        {
            tracing::error!(%error, "Who is there could not be kept.");
        }
    }

    /// Notes who has a conversation now; true where somebody's crisis is over.
    pub(super) fn owns(&self, id: ConversationId, row: Option<&QueueRow>, now: Timestamp) -> bool {
        let owned = row.and_then(|row| {
            let crisis = row.urgency == Urgency::Crisis && row.channel != super::drill::CHANNEL;
            Some(Owned { staff: row.owner_id.clone()?, crisis })
        });
        let mut all = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match owned.clone() {
            Some(owned) => all.insert(id, owned),
            None => all.remove(&id),
        };
        drop(all);
        let over = before.filter(|before| before.crisis && owned.is_none_or(|owned| owned.staff != before.staff));
        over.is_some_and(|over| {
            self.crew().had_crisis(&over.staff, now);
            true
        })
    }

    /// How many conversations each has, by id; of crises alone, or of all.
    pub(super) fn load(&self, crises: bool) -> BTreeMap<String, u32> {
        let mut load = BTreeMap::new();
        for owned in self.owned.lock().unwrap_or_else(PoisonError::into_inner).values().filter(|owned| owned.crisis || !crises) {
            *load.entry(owned.staff.clone()).or_default() += 1;
        }
        load
    }

    /// What a step may know.
    pub(super) fn facts(&self, state: &State, event: &Event, now: Timestamp) -> Facts {
        let mut facts = desk::facts(&self.hours, self.has_desk(), self.profile(&state.address.channel), now);
        facts.wait = *self.wait.lock().unwrap_or_else(PoisonError::into_inner);
        let crew = self.crew();
        if self.desk.as_ref().is_some_and(|desk| desk.chats().len() > 1) {
            facts.full = self.limiter().full(now);
            facts.shut = self.shut();
        }
        facts.bot_off = crew.bot_off;
        facts.incident.clone_from(&crew.incident);
        if !self.team_hours.is_empty() {
            facts.teams = self.team_times(now);
        }
        // Most steps ask for nobody.
        if matches!(event, Event::Staff { .. } | Event::Kin { .. }) || state.helper.is_some() || !self.rules.load().teams.is_empty() {
            facts.crew = Arc::new(crew.colleagues(&self.load(true), &self.hours, now));
        }
        facts
    }

    /// When the teams are there that have hours of their own.
    fn team_times(&self, now: Timestamp) -> Arc<BTreeMap<String, Times>> {
        let times = |hours| {
            let facts = desk::facts(hours, self.has_desk(), Profile::default(), now);
            Times { reach: facts.reach, opens: facts.opens, closes: facts.closes }
        };
        Arc::new(self.team_hours.iter().map(|(name, hours)| (name.clone(), times(hours))).collect())
    }

    /// Ends the shifts and breaks that are over; how many conversations went back to the queue.
    pub async fn end_shifts(&self) -> usize {
        let ended = self.crew().ended(self.clock.now());
        let mut freed = 0;
        for id in &ended {
            freed += self.gone(id, "has gone off shift", None).await;
        }
        if !ended.is_empty() {
            self.save_crew().await;
        }
        freed
    }

    /// Somebody is not there any more: what they had goes back to the queue; only what stands in this group, where one is named.
    pub(super) async fn gone(&self, staff: &str, why: &str, chat: Option<i64>) -> usize {
        let mut theirs: Vec<ConversationId> = {
            let owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
            owned.iter().filter(|(_, owned)| owned.staff == staff).map(|(id, _)| *id).collect()
        };
        if chat.is_some() {
            let stands = async |id| self.store.state(id).await.ok().flatten().is_none_or(|state| self.settled(state).thread.chat == chat);
            let mut there = Vec::new();
            for id in theirs {
                if stands(id).await {
                    there.push(id);
                }
            }
            theirs = there;
        }
        let now = self.clock.now();
        let left = |id: &ConversationId| Incoming {
            target: Target::Conversation(*id),
            kind: "left",
            external: format!("{staff} {now}"),
            revision: String::new(),
            body: Body::Event(Event::OwnerLeft { staff: staff.to_string(), why: why.to_string() }),
        };
        match self.receive(theirs.iter().map(left).collect()).await {
            Ok(received) => received.fresh,
            Err(error) => {
                tracing::error!(%error, "Conversations of somebody who left could not be given back; their clocks run on.");
                0
            }
        }
    }

    /// Somebody worked: they are known from now on.
    pub(super) async fn saw(&self, staff: &Staff) {
        // Chatwoot doesn't say who resolved something: that is nobody whom colleagues could ask.
        if staff.id == desk::staff_there(0) {
            return;
        }
        let new = self.crew().seen(staff);
        if new {
            self.save_crew().await;
        }
    }

    /// Whether a press comes from a member of one of the groups.
    pub(super) async fn is_member(&self, staff: &Staff, chat: Option<i64>) -> bool {
        let Some(desk) = &self.desk else { return false };
        let mut asked = false;
        // Where it was pressed, most likely.
        let here = chat.filter(|chat| desk.chats().contains(chat));
        for chat in here.iter().chain(desk.chats()) {
            match self.is_in(desk.as_ref(), *chat, &staff.id).await {
                Some(true) => return true,
                Some(false) => asked = true,
                None => {}
            }
        }
        // Where that can't be asked anywhere, people who have worked here.
        !asked && self.crew().members.contains_key(&staff.id)
    }

    /// Whether somebody is in a group; nothing where that can't be asked.
    pub(super) async fn is_in(&self, desk: &dyn Desk, chat: i64, staff: &str) -> Option<bool> {
        let now = self.clock.now();
        let key = (chat, staff.to_string());
        let known = self.members.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some((member, at)) = known
            && now.duration_since(at) < if member.is_some() { MEMBER } else { ASKED }
        {
            return member;
        }
        let member = desk.is_member(chat, staff).await;
        let member = member.map_err(|error| tracing::warn!(%error, "Whether somebody is in a group can't be asked.")).ok();
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.retain(|_, (_, at)| now.duration_since(*at) < MEMBER);
        members.insert(key, (member, now));
        member
    }

    /// Conversations among these that stand where this person does not read.
    pub(super) async fn out_of_sight(&self, staff: &str, ids: impl Iterator<Item = ConversationId>) -> BTreeSet<ConversationId> {
        let mut unseen = BTreeSet::new();
        let Some(desk) = self.desk.as_ref().filter(|desk| desk.chats().len() > 1 && !desk::works_there(staff)) else { return unseen };
        for id in ids {
            let Ok(Some(state)) = self.store.state(id).await else { continue };
            let chat = self.settled(state).thread.chat.filter(|chat| desk.chats().contains(chat));
            if let Some(chat) = chat
                && self.is_in(desk.as_ref(), chat, staff).await == Some(false)
            {
                unseen.insert(id);
            }
        }
        unseen
    }

    /// Looks at how long people have waited lately.
    pub(super) async fn look_at_waits(&self) {
        let now = self.clock.now();
        let Ok(since) = now.checked_sub(LATELY) else { return };
        if let Ok(finished) = self.store.finished(since).await {
            let finished: Vec<_> = finished.into_iter().map(|(_, finished)| finished).collect();
            *self.wait.lock().unwrap_or_else(PoisonError::into_inner) = desk::wait(&finished, &self.hours, now);
        }
    }
}
