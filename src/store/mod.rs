//! What must not be lost.
//!
//! Owns: the trait [`Store`] and its laws; the records; `memory` and `sled`.
//! Invariants: the laws of [`Store`], which `tests/store` checks on every implementation; records carry a version, and a
//! store that was written by a newer version is refused, never guessed at.
//! Leaves out: deciding anything. A store writes what a step decided.

mod keys;
mod kv;
mod memory;
mod plan;
mod record;
mod sled_kv;
mod writer;

pub use kv::{Batch, Kv, KvStore, Pair};
pub use memory::MemoryKv;
pub use record::{Arrival, CallRow, Change, InboxRow, LinkKey, LinkTarget, MissedRow, OutboxRow, OutboxTarget, Stored, TimerRow, Version};
pub use sled_kv::SledKv;

use crate::conversation::{ConversationId, Entry, Finished, State};
use crate::desk::{Figure, QueueRow, ReviewRow, Reviewed};
use async_trait::async_trait;
use jiff::Timestamp;

/// The layout of records that this version writes. A store with a higher one is refused.
pub const LAYOUT: u32 = 1;

/// Why the store could not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else committed first: load again and step again.
    #[error("the conversation has changed since it was loaded")]
    Conflict,
    /// Another process has the folder.
    #[error("the data folder {0} is in use by another process; stop it, or set another [store] url")]
    InUse(String),
    /// The folder can't be written.
    #[error("the data folder {path} can't be used: {reason}")]
    Unusable {
        /// The folder.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// Written by a newer version.
    #[error(
        "the store was written by a newer version (layout {found}, this one knows up to {LAYOUT}); use that version, or another folder"
    )]
    Newer {
        /// Its layout.
        found: u32,
    },
    /// A record that can't be read.
    #[error("a record of kind `{0}` can't be read")]
    Damaged(&'static str),
    /// The disk.
    #[error("the store failed: {0}")]
    Failed(String),
}

/// The store.
///
/// Laws, each a test of `tests/store`:
/// 1. What `accept` and `commit` returned `Ok` for survives a crash of the process.
/// 2. `accept` takes each (conversation, kind, external id, revision) once, in order, and numbers the rest of a conversation
///    in the order in which they were accepted.
/// 3. `commit` writes state, transcript, outbox, timers, calls, links and the queue's row and removes the inbox row, together
///    or not at all.
/// 4. A stale `expected` yields `Conflict` and writes nothing.
/// 5. Timers: arming a key again replaces it.
/// 6. Reading changes nothing.
/// 7. Evidence that a commit forgets is gone from the transcript, and nothing else of it.
/// 8. A row of the review list that was looked at stays so, with who looked first; a commit that says so marks all of its
///    conversation's rows, and writes one where there is none to mark.
#[async_trait]
pub trait Store: Send + Sync {
    /// Takes in what arrived, durably, and says for each whether it was new.
    async fn accept(&self, arrivals: Vec<Arrival>) -> Result<Vec<bool>, StoreError>;

    /// A conversation's state with its version.
    async fn load(&self, id: ConversationId) -> Result<Option<Stored>, StoreError>;

    /// The first inbox row of a conversation that is not done.
    async fn next_inbox(&self, id: ConversationId) -> Result<Option<InboxRow>, StoreError>;

    /// Conversations with inbox rows that are not done.
    async fn backlog(&self) -> Result<Vec<ConversationId>, StoreError>;

    /// Writes a step, together or not at all.
    async fn commit(&self, change: Change) -> Result<Version, StoreError>;

    /// A conversation's transcript, in order.
    async fn transcript(&self, id: ConversationId) -> Result<Vec<Entry>, StoreError>;

    /// Outbox rows that are not sent, by conversation and number.
    async fn outbox(&self) -> Result<Vec<OutboxRow>, StoreError>;

    /// Puts a row off: when it is tried again, and how often it was tried. What the row says stays as it is stored.
    async fn postpone(&self, id: ConversationId, number: u64, due: Timestamp, attempts: u32) -> Result<(), StoreError>;

    /// Timers that are due, the earliest first.
    async fn timers_due(&self, now: Timestamp) -> Result<Vec<TimerRow>, StoreError>;

    /// When the next timer is due.
    async fn next_timer(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Calls that have not returned.
    async fn calls(&self) -> Result<Vec<CallRow>, StoreError>;

    /// Notes that a call is being made, so that a restart knows; `false` where it has returned meanwhile.
    async fn call_started(&self, row: &CallRow) -> Result<bool, StoreError>;

    /// Where a name of the outside world points.
    async fn link(&self, key: &LinkKey) -> Result<Option<LinkTarget>, StoreError>;

    /// Handoffs that are open, in the queue's order.
    async fn queue(&self) -> Result<Vec<QueueRow>, StoreError>;

    /// The weekly figures, by week and name.
    async fn figures(&self) -> Result<Vec<Figure>, StoreError>;

    /// Forgets the figures of the weeks before one.
    async fn forget_figures(&self, before: jiff::civil::Date) -> Result<(), StoreError>;

    /// Handoffs that ended at or after a moment, in that order.
    async fn finished(&self, since: Timestamp) -> Result<Vec<(ConversationId, Finished)>, StoreError>;

    /// Forgets the handoffs that ended before a moment.
    async fn forget_finished(&self, before: Timestamp) -> Result<(), StoreError>;

    /// What customers asked and nothing answered, counted by its words.
    async fn missed(&self) -> Result<Vec<MissedRow>, StoreError>;

    /// Forgets what was last asked before a moment.
    async fn forget_missed(&self, before: Timestamp) -> Result<(), StoreError>;

    /// The review list from a moment on, in that order.
    async fn reviews(&self, since: Timestamp) -> Result<Vec<ReviewRow>, StoreError>;

    /// Marks a row of it as looked at, and writes it where it was not there (one that was picked at random).
    async fn reviewed(&self, row: ReviewRow, done: Reviewed) -> Result<(), StoreError>;

    /// Forgets the rows from before a moment.
    async fn forget_reviews(&self, before: Timestamp) -> Result<(), StoreError>;

    /// Every conversation.
    async fn conversations(&self) -> Result<Vec<ConversationId>, StoreError>;

    /// A value that belongs to no conversation.
    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Writes such a value, durably.
    async fn put(&self, name: &str, value: Vec<u8>) -> Result<(), StoreError>;

    /// A conversation's state from its channel's address, for tests and tools.
    async fn state(&self, id: ConversationId) -> Result<Option<State>, StoreError> {
        Ok(self.load(id).await?.map(|stored| stored.state))
    }
}
