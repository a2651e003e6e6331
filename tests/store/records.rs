//! Records: one fixture a layout, read for ever; a store of a newer version is refused; so are folders that can't be used.

use crate::laws::id;
use std::time::Duration;
use warmline::app::clock::patience;
use warmline::conversation::State;
use warmline::store::{Batch, Kv, KvStore, MemoryKv, SledKv, Store, StoreError};

/// A state as layout 1 wrote it. Never edited: a new layout gets a new file.
const STATE_1: &str = include_str!("../data/state-1.json");

#[tokio::test]
async fn layout_1_is_read() {
    let kv = MemoryKv::default();
    let mut key = vec![b's'];
    key.extend_from_slice(id(1).bytes());
    kv.write(Batch { items: vec![(key, Some(STATE_1.trim().as_bytes().to_vec()))] }).expect("writes");
    let store = KvStore::open(kv).expect("opens");
    let stored = store.load(id(1)).await.expect("reads").expect("there");
    assert_eq!(stored.version, 12);
    assert_eq!(stored.state.form.as_ref().map(|form| form.intent.as_str()), Some("cancel_order"));
    let again: State = serde_json::from_str(&serde_json::to_string(&stored.state).expect("writes")).expect("reads");
    assert_eq!(again, stored.state);
}

#[test]
fn a_newer_store_is_refused() {
    let kv = MemoryKv::default();
    kv.write(Batch { items: vec![(b"mlayout".to_vec(), Some(99_u32.to_be_bytes().to_vec()))] }).expect("writes");
    assert!(matches!(KvStore::open(kv), Err(StoreError::Newer { found: 99 })));
}

#[test]
fn a_second_process_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let _first = SledKv::open(folder.path(), || false).expect("opens");
    assert!(matches!(SledKv::open(folder.path(), || false), Err(StoreError::InUse(_))));
}

#[test]
fn a_folder_is_opened_again_as_soon_as_it_is_let_go() {
    let folder = tempfile::tempdir().expect("a folder");
    for round in 0..100_u32 {
        // sled's writing thread may still hold the lock when the last handle is gone.
        let kv = SledKv::open(folder.path(), patience(Duration::from_secs(2))).expect("opens");
        let rows = (0..200_u32).map(|row| (row.to_be_bytes().to_vec(), Some(vec![0; 4_096]))).collect();
        kv.write(Batch { items: rows }).expect("writes");
        if round % 2 == 0 {
            kv.flush().expect("flushes");
        }
    }
}

#[test]
fn a_folder_that_cant_be_made_is_refused() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    assert!(matches!(SledKv::open(&file.path().join("data"), || false), Err(StoreError::Unusable { .. })));
}
