//! The pinned line of each group, kept up to date.
//!
//! Owns: when it is posted and edited.
//! Invariants: every group shows the whole queue; it is edited only when the queue has changed, and not more often than every twenty
//! seconds: a group takes twenty messages a minute, and crises need them.
//! Leaves out: its text (`desk::board`).

use super::App;
use crate::channel::Desk;
use crate::desk;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{MutexGuard, PoisonError};

/// Where the pinned message's name is kept, with its group's behind: names of one group mean nothing in another.
const KEY: &str = "board";
const PAUSE: SignedDuration = SignedDuration::from_secs(20);

/// What was shown last.
#[derive(Clone, Debug, Default)]
pub(super) struct Shown {
    text: String,
    at: Option<Timestamp>,
    posted: Option<i64>,
    looked: bool,
}

impl App {
    /// Shows the queue in the pinned lines, where it has changed.
    pub(super) async fn show_board(&self) {
        let Some(desk) = &self.desk else { return };
        let shut = self.shut();
        for chat in desk.chats().iter().filter(|chat| !shut.contains(chat)) {
            self.show_board_in(desk.as_ref(), *chat, &format!("{KEY}:{chat}")).await;
        }
    }

    async fn show_board_in(&self, desk: &dyn Desk, chat: i64, key: &str) {
        let now = self.clock.now();
        let mut shown = self.board().get(&chat).cloned().unwrap_or_default();
        if shown.at.is_some_and(|at| now.duration_since(at) < PAUSE) {
            return;
        }
        let Ok(queue) = self.store.queue().await else { return };
        if !shown.looked {
            shown.looked = true;
            let mut kept = self.store.get(key).await.ok().flatten();
            if kept.is_none() && chat == self.first_chat {
                // As it was kept when there was one group only.
                kept = self.store.get(KEY).await.ok().flatten();
            }
            shown.posted = kept.and_then(|kept| String::from_utf8(kept).ok()?.parse().ok());
        }
        if queue.is_empty() && shown.posted.is_none() {
            return;
        }
        let mut rows = Vec::new();
        for row in queue {
            let link = self.link(row.id).await;
            rows.push((row, link));
        }
        let text = desk::board(&rows, &self.hours);
        if text == shown.text {
            // Looked at: not again before the pause is over.
            shown.at = Some(now);
            self.board().insert(chat, shown);
            return;
        }
        // Places that are kept for a crisis are not taken for this.
        if self.limiter().take(chat, now, false).is_err() {
            return;
        }
        match desk.board(chat, shown.posted, &text).await {
            Ok(posted) => {
                if posted.is_some() && posted != shown.posted {
                    let name = posted.unwrap_or_default().to_string();
                    if let Err(error) = self.store.put(key, name.into_bytes()).await {
                        tracing::warn!(%error, "The pinned line could not be remembered; another one will be posted after a restart.");
                    }
                    shown.posted = posted;
                }
                shown.text = text;
            }
            Err(error) => tracing::warn!(%error, "The pinned line could not be shown."),
        }
        shown.at = Some(now);
        self.board().insert(chat, shown);
    }

    fn board(&self) -> MutexGuard<'_, BTreeMap<i64, Shown>> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
