//! A store that forgets everything that was not flushed, as a machine's memory does.

use crate::laws::{address, arrival, entry, id};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use warmline::conversation::State;
use warmline::store::{Batch, Change, Kv, KvStore, Pair, Store, StoreError};

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// What survives, and what does not yet.
#[derive(Clone, Default)]
pub struct Unflushed {
    durable: Arc<Mutex<Map>>,
    seen: Arc<Mutex<Map>>,
    broken: Arc<Mutex<bool>>,
}

impl Unflushed {
    /// The store as the next process finds it.
    fn crash(&self) -> Self {
        let durable = self.durable.lock().expect("a lock").clone();
        Unflushed { durable: Arc::new(Mutex::new(durable.clone())), seen: Arc::new(Mutex::new(durable)), broken: Arc::default() }
    }
}

impl Kv for Unflushed {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.seen.lock().expect("a lock").get(key).cloned())
    }

    fn range(&self, from: &[u8], to: &[u8], most: usize) -> Result<Vec<Pair>, StoreError> {
        let seen = self.seen.lock().expect("a lock");
        Ok(seen.range(from.to_vec()..to.to_vec()).take(most).map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        let mut seen = self.seen.lock().expect("a lock");
        for (key, value) in batch.items {
            match value {
                Some(value) => seen.insert(key, value),
                None => seen.remove(&key),
            };
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        if *self.broken.lock().expect("a lock") {
            return Err(StoreError::Failed("the disk is gone".into()));
        }
        *self.durable.lock().expect("a lock") = self.seen.lock().expect("a lock").clone();
        Ok(())
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_crash() {
    let kv = Unflushed::default();
    let mut acknowledged = 0_u64;
    let mut kv_now = kv;
    for round in 0..30_u64 {
        let store = Arc::new(KvStore::open(kv_now.clone()).expect("opens"));
        let writes = (0..8).map(|number| {
            let store = store.clone();
            async move { store.accept(vec![arrival(number, &format!("{round}"), "")]).await.expect("accepts") }
        });
        futures::future::join_all(writes).await;
        let mut change = Change::new(id(99), acknowledged, State::new(address()));
        change.entries = vec![entry(round)];
        acknowledged = store.commit(change).await.expect("commits");
        kv_now = kv_now.crash();
        let after = KvStore::open(kv_now.clone()).expect("opens");
        assert_eq!(after.transcript(id(99)).await.expect("reads").len() as u64, round + 1);
        assert_eq!(after.backlog().await.expect("reads").len(), 8);
        let again = after.accept(vec![arrival(3, &format!("{round}"), "")]).await.expect("accepts");
        assert_eq!(again, [false], "it is known after the crash");
    }
}

#[tokio::test]
async fn what_could_not_be_flushed_is_not_acknowledged() {
    let kv = Unflushed::default();
    let store = KvStore::open(kv.clone()).expect("opens");
    *kv.broken.lock().expect("a lock") = true;
    assert!(store.accept(vec![arrival(1, "a", "")]).await.is_err());
    assert!(store.commit(Change::new(id(1), 0, State::new(address()))).await.is_err());
    assert!(KvStore::open(kv.crash()).expect("opens").backlog().await.expect("reads").is_empty());
}
