//! Groups of staff that take nothing from the bot.
//!
//! Owns: noticing one (the bot was put out, may not write, or the group has another id now), telling staff in one that works, and
//! where rows go that were meant for it; which group names without one belong to.
//! Invariants: while one group works, what is for another is not given up; the one that failed is looked at again every hour.
//! Leaves out: which group a handoff stands in (`conversation`, which knows what is shut).

use super::App;
use crate::channel::Desk;
use crate::conversation::State;
use crate::store::OutboxRow;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::PoisonError;

/// Then it is tried again.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// Where the first group is kept that this bot had: names without a group are its.
const KEY: &str = "first-group";

impl App {
    /// The first group that this bot had.
    pub(super) async fn learn_first_group(
        store: &dyn crate::store::Store,
        desk: Option<&dyn Desk>,
    ) -> Result<i64, crate::store::StoreError> {
        let Some(first) = desk.and_then(|desk| desk.chats().first().copied()) else { return Ok(0) };
        let known = store.get(KEY).await?.and_then(|kept| String::from_utf8(kept).ok()?.parse().ok());
        if known.is_none() {
            store.put(KEY, first.to_string().into_bytes()).await?;
        }
        Ok(known.unwrap_or(first))
    }

    /// A state whose names of messages all have their group.
    pub(super) fn settled(&self, mut state: State) -> State {
        if self.desk.is_some() {
            state.settle(self.first_chat);
        }
        state
    }

    /// The groups that take nothing now.
    pub fn shut(&self) -> Vec<i64> {
        self.shut.lock().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// Looks again at those whose hour is over: what stands elsewhere does not go back on a guess.
    pub(super) async fn look_at_shut(&self, desk: &dyn Desk) {
        let now = self.clock.now();
        let due =
            |shut: &BTreeMap<i64, Timestamp>| shut.iter().filter(|(_, until)| **until <= now).map(|(chat, _)| *chat).collect::<Vec<_>>();
        let again = due(&self.shut.lock().unwrap_or_else(PoisonError::into_inner));
        for chat in again {
            let works = desk.works(chat).await;
            let mut shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
            if works {
                shut.remove(&chat);
            } else {
                shut.insert(chat, now.checked_add(AGAIN).unwrap_or(now));
            }
        }
    }

    /// None takes anything: this one failed last, so the others are tried.
    pub(super) fn shut_only(&self, chat: i64, now: Timestamp) {
        let mut shut = self.shut.lock().unwrap_or_else(PoisonError::into_inner);
        let others = !shut.is_empty();
        shut.clear();
        if others {
            shut.insert(chat, now.checked_add(AGAIN).unwrap_or(now));
        }
    }

    /// Another group takes what this one does not.
    pub(super) fn is_open_besides(&self, desk: &dyn Desk, chat: i64) -> bool {
        let shut = self.shut();
        desk.chats().iter().any(|other| *other != chat && !shut.contains(other))
    }

    /// A group takes nothing: the others take what is for it, and say so once.
    pub(super) async fn shut_out(&self, desk: &dyn Desk, chat: i64) {
        let now = self.clock.now();
        let until = now.checked_add(AGAIN).unwrap_or(now);
        self.shut.lock().unwrap_or_else(PoisonError::into_inner).insert(chat, until);
        metrics::counter!("warmline_desk_shut_total").increment(1);
        tracing::error!(group = chat, "A group of staff takes nothing from the bot; what is for it goes to another one for an hour.");
        let shut = self.shut();
        let Some(open) = desk.chats().iter().find(|other| !shut.contains(other)) else { return };
        let text = format!(
            "The bot can't write in your group {chat}. What is for it stands here for an hour. Make the bot an admin there again, or put the \
             group's new number into config.toml."
        );
        if let Err(error) = desk.tell(*open, &text).await {
            tracing::warn!(%error, "Staff could not be told that a group takes nothing.");
        }
    }

    /// The group that a row goes to: its own, or the first one that works where its own is not configured, or takes nothing.
    pub(super) fn group_of(&self, desk: &dyn Desk, row: &OutboxRow) -> i64 {
        let (meant, shut) = (row.chat.unwrap_or(self.first_chat), self.shut());
        let mut open = desk.chats().iter().copied().filter(|chat| !shut.contains(chat));
        open.clone().find(|chat| *chat == meant).or_else(|| open.next()).or(desk.chats().first().copied()).unwrap_or_default()
    }
}
