//! A store over sorted keys.
//!
//! Owns: the small trait [`Kv`] that `memory` and `sled` implement, and [`KvStore`], which keeps the laws of `Store` on top of
//! it. Writes go through one writer, which groups them and flushes once for all of a group.
//! Invariants: a batch is written whole or not at all; nothing is acknowledged before it is flushed.
//! Leaves out: what an `accept` and a `commit` write (`plan`), the thread of the writer (`writer`).

use super::plan::{accept, commit, link_key, looked_at};
use super::record::*;
use super::writer::Writer;
use super::{LAYOUT, Store, StoreError, keys};
use crate::conversation::{ConversationId, Entry, Finished, State};
use crate::desk::{Figure, QueueRow, ReviewRow, Reviewed};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Writes and removals that happen together.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Key and value; no value removes the key. A later entry wins over an earlier one of the same key.
    pub items: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

impl Batch {
    pub(super) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.items.push((key, Some(value)));
    }

    pub(super) fn remove(&mut self, key: Vec<u8>) {
        self.items.push((key, None));
    }
}

/// A key and its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Sorted keys with values.
///
/// Laws: `write` is atomic, and visible to `get` and `range` at once; what was written before a `flush` returned survives a
/// crash; a crash loses writes only from the end: what is lost was written after everything that is kept.
pub trait Kv: Send + Sync + 'static {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Keys from `from` (inclusive) to `to` (exclusive) with their values, in order, at most `most`.
    fn range(&self, from: &[u8], to: &[u8], most: usize) -> Result<Vec<Pair>, StoreError>;
    /// Writes a batch.
    fn write(&self, batch: Batch) -> Result<(), StoreError>;
    /// Makes everything written so far durable.
    fn flush(&self) -> Result<(), StoreError>;
}

/// The records of one layout, as JSON: readable, and fields may be added.
#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    v: u32,
    #[serde(rename = "r")]
    record: T,
}

pub(super) fn encode<T: Serialize>(record: &T) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(&Versioned { v: LAYOUT, record }).map_err(|error| StoreError::Failed(error.to_string()))
}

pub(super) fn decode<T: DeserializeOwned>(bytes: &[u8], kind: &'static str) -> Result<T, StoreError> {
    let versioned: Versioned<T> = serde_json::from_slice(bytes).map_err(|_| StoreError::Damaged(kind))?;
    Ok(versioned.record)
}

/// What can be read of some rows. A damaged one must not keep the others from being worked through; it stays, and is reported.
fn readable<T: DeserializeOwned>(rows: Vec<Pair>, kind: &'static str) -> Vec<T> {
    let decoded = rows.iter().map(|(_, value)| decode(value, kind));
    decoded
        .filter_map(|row| {
            row.inspect_err(|_| {
                metrics::counter!("warmline_damaged_rows_total", "kind" => kind).increment(1);
                tracing::error!(kind, "A row of the store can't be read; it is left where it is.");
            })
            .ok()
        })
        .collect()
}

/// What a commit compares, without reading the rest.
#[derive(Deserialize)]
pub(super) struct OnlyVersion {
    pub version: Version,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StateRecord {
    pub version: Version,
    pub state: State,
}

/// The smallest key that is greater than every key with this prefix.
pub(super) fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            return end;
        }
    }
    vec![0xff; 64]
}

/// `Store` over any `Kv`.
pub struct KvStore<K: Kv> {
    kv: Arc<K>,
    writer: Writer,
}

impl<K: Kv> KvStore<K> {
    /// Opens a store: checks the layout and starts the writer.
    ///
    /// # Errors
    /// The layout is newer, or the writer can't be started.
    pub fn open(kv: K) -> Result<Self, StoreError> {
        match kv.get(&keys::named("layout"))? {
            None => {
                let mut batch = Batch::default();
                batch.put(keys::named("layout"), LAYOUT.to_be_bytes().to_vec());
                kv.write(batch)?;
                kv.flush()?;
            }
            Some(bytes) => {
                let found = bytes.try_into().map(u32::from_be_bytes).map_err(|_| StoreError::Damaged("layout"))?;
                if found > LAYOUT {
                    return Err(StoreError::Newer { found });
                }
            }
        }
        let kv = Arc::new(kv);
        let writer = Writer::start(kv.clone())?;
        Ok(KvStore { kv, writer })
    }

    /// The keys and values underneath.
    pub fn kv(&self) -> &K {
        &self.kv
    }

    fn all<T: DeserializeOwned>(&self, prefix: &[u8], kind: &'static str) -> Result<Vec<T>, StoreError> {
        Ok(readable(self.kv.range(prefix, &after(prefix), usize::MAX)?, kind))
    }

    /// Writes with the writer. `plan` runs there, alone, so what it reads can't change before its batch is written.
    async fn write<T: Send + 'static>(
        &self,
        plan: impl FnOnce(&K) -> Result<(Batch, T), StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let kv = self.kv.clone();
        self.writer
            .send(Box::new(move || match plan(&kv) {
                Ok((batch, value)) => match kv.write(batch) {
                    Ok(()) => Box::new(move |flushed: Result<(), StoreError>| drop(sender.send(flushed.map(|()| value)))),
                    Err(error) => Box::new(move |_| drop(sender.send(Err(error)))),
                },
                Err(error) => Box::new(move |_| drop(sender.send(Err(error)))),
            }))
            .await?;
        receiver.await.map_err(|_| StoreError::Failed("the writer has stopped".into()))?
    }
}

#[async_trait]
impl<K: Kv> Store for KvStore<K> {
    async fn accept(&self, arrivals: Vec<Arrival>) -> Result<Vec<bool>, StoreError> {
        self.write(move |kv| accept(kv, arrivals)).await
    }

    async fn load(&self, id: ConversationId) -> Result<Option<Stored>, StoreError> {
        let Some(bytes) = self.kv.get(&keys::of(keys::STATE, id))? else { return Ok(None) };
        let record: StateRecord = decode(&bytes, "state")?;
        Ok(Some(Stored { state: record.state, version: record.version }))
    }

    async fn next_inbox(&self, id: ConversationId) -> Result<Option<InboxRow>, StoreError> {
        let prefix = keys::of(keys::INBOX, id);
        let rows = self.kv.range(&prefix, &after(&prefix), 1)?;
        rows.first().map(|(_, value)| decode(value, "inbox")).transpose()
    }

    async fn backlog(&self) -> Result<Vec<ConversationId>, StoreError> {
        let prefix = keys::kind(keys::INBOX);
        let mut ids: Vec<ConversationId> =
            self.kv.range(&prefix, &after(&prefix), usize::MAX)?.iter().filter_map(|(key, _)| keys::id_of(key)).collect();
        ids.dedup();
        Ok(ids)
    }

    async fn commit(&self, change: Change) -> Result<Version, StoreError> {
        self.write(move |kv| commit(kv, change)).await
    }

    async fn transcript(&self, id: ConversationId) -> Result<Vec<Entry>, StoreError> {
        self.all(&keys::of(keys::TRANSCRIPT, id), "transcript")
    }

    async fn outbox(&self) -> Result<Vec<OutboxRow>, StoreError> {
        self.all(&keys::kind(keys::OUTBOX), "outbox")
    }

    async fn postpone(&self, id: ConversationId, number: u64, due: Timestamp, attempts: u32) -> Result<(), StoreError> {
        self.write(move |kv| {
            let key = keys::numbered(keys::OUTBOX, id, number);
            let mut batch = Batch::default();
            // Dropped in the meantime: it stays dropped.
            if let Some(bytes) = kv.get(&key)? {
                let row: OutboxRow = decode(&bytes, "outbox")?;
                batch.put(key, encode(&OutboxRow { due, attempts, ..row })?);
            }
            Ok((batch, ()))
        })
        .await
    }

    async fn timers_due(&self, now: Timestamp) -> Result<Vec<TimerRow>, StoreError> {
        Ok(readable(self.kv.range(&keys::kind(keys::TIMER_DUE), &keys::timers_until(now), 1_000)?, "timer"))
    }

    async fn next_timer(&self) -> Result<Option<Timestamp>, StoreError> {
        let prefix = keys::kind(keys::TIMER_DUE);
        let rows: Vec<TimerRow> = readable(self.kv.range(&prefix, &after(&prefix), 1)?, "timer");
        Ok(rows.first().map(|row| row.timer.at))
    }

    async fn calls(&self) -> Result<Vec<CallRow>, StoreError> {
        self.all(&keys::kind(keys::CALL), "call")
    }

    async fn call_started(&self, row: &CallRow) -> Result<bool, StoreError> {
        let row = CallRow { started: true, ..row.clone() };
        self.write(move |kv| {
            let key = keys::numbered(keys::CALL, row.id, row.request.number);
            let mut batch = Batch::default();
            let waits = kv.get(&key)?.is_some();
            if waits {
                batch.put(key, encode(&row)?);
            }
            Ok((batch, waits))
        })
        .await
    }

    async fn link(&self, key: &LinkKey) -> Result<Option<LinkTarget>, StoreError> {
        self.kv.get(&link_key(key)?)?.map(|bytes| decode(&bytes, "link")).transpose()
    }

    async fn queue(&self) -> Result<Vec<QueueRow>, StoreError> {
        let mut rows: Vec<QueueRow> = self.all(&keys::kind(keys::QUEUE), "queue")?;
        QueueRow::sort(&mut rows);
        Ok(rows)
    }

    async fn finished(&self, since: Timestamp) -> Result<Vec<(ConversationId, Finished)>, StoreError> {
        let rows = self.kv.range(&keys::finished_since(since), &after(&keys::kind(keys::FINISHED)), usize::MAX)?;
        Ok(readable(rows, "finished"))
    }

    async fn forget_finished(&self, before: Timestamp) -> Result<(), StoreError> {
        self.write(move |kv| {
            let mut batch = Batch::default();
            let old = kv.range(&keys::kind(keys::FINISHED), &keys::finished_since(before), usize::MAX)?;
            old.into_iter().for_each(|(key, _)| batch.remove(key));
            Ok((batch, ()))
        })
        .await
    }

    async fn reviews(&self, since: Timestamp) -> Result<Vec<ReviewRow>, StoreError> {
        let rows = self.kv.range(&keys::reviews_since(since), &after(&keys::kind(keys::REVIEW)), usize::MAX)?;
        Ok(readable(rows, "review"))
    }

    async fn reviewed(&self, row: ReviewRow, done: Reviewed) -> Result<(), StoreError> {
        self.write(move |kv| Ok((looked_at(kv, row, done)?, ()))).await
    }

    async fn forget_reviews(&self, before: Timestamp) -> Result<(), StoreError> {
        self.write(move |kv| {
            let mut batch = Batch::default();
            let old = kv.range(&keys::kind(keys::REVIEW), &keys::reviews_since(before), usize::MAX)?;
            old.into_iter().for_each(|(key, _)| batch.remove(key));
            Ok((batch, ()))
        })
        .await
    }

    async fn missed(&self) -> Result<Vec<MissedRow>, StoreError> {
        self.all(&keys::kind(keys::MISSED), "missed")
    }

    async fn forget_missed(&self, before: Timestamp) -> Result<(), StoreError> {
        self.write(move |kv| {
            let prefix = keys::kind(keys::MISSED);
            let mut batch = Batch::default();
            for (key, value) in kv.range(&prefix, &after(&prefix), usize::MAX)? {
                if decode::<MissedRow>(&value, "missed").map_or(true, |row| row.last < before) {
                    batch.remove(key);
                }
            }
            Ok((batch, ()))
        })
        .await
    }

    async fn figures(&self) -> Result<Vec<Figure>, StoreError> {
        self.all(&keys::kind(keys::FIGURE), "figure")
    }

    async fn forget_figures(&self, before: jiff::civil::Date) -> Result<(), StoreError> {
        self.write(move |kv| {
            let mut batch = Batch::default();
            kv.range(&keys::kind(keys::FIGURE), &keys::figures_before(before), usize::MAX)?
                .into_iter()
                .for_each(|(key, _)| batch.remove(key));
            Ok((batch, ()))
        })
        .await
    }

    async fn conversations(&self) -> Result<Vec<ConversationId>, StoreError> {
        let prefix = keys::kind(keys::STATE);
        Ok(self.kv.range(&prefix, &after(&prefix), usize::MAX)?.iter().filter_map(|(key, _)| keys::id_of(key)).collect())
    }

    async fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.kv.get(&keys::named(name))
    }

    async fn put(&self, name: &str, value: Vec<u8>) -> Result<(), StoreError> {
        let key = keys::named(name);
        self.write(move |_| {
            let mut batch = Batch::default();
            batch.put(key, value);
            Ok((batch, ()))
        })
        .await
    }
}
