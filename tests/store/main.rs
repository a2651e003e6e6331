//! The store: its laws on every implementation, a wrapper that forgets what was not flushed, and real processes killed with
//! signal 9 under load.

#[path = "../support/mod.rs"]
mod support;

mod kill;
mod laws;
mod records;
mod unflushed;

use std::sync::Arc;
use warmline::store::{KvStore, MemoryKv, SledKv, Store};

/// A store for a law, with what must outlive it.
pub struct Opened {
    /// The store.
    pub store: Arc<dyn Store>,
    _folder: Option<tempfile::TempDir>,
}

fn memory() -> Opened {
    Opened { store: Arc::new(KvStore::open(MemoryKv::default()).expect("opens")), _folder: None }
}

fn sled() -> Opened {
    let folder = tempfile::tempdir().expect("a folder");
    let store = KvStore::open(SledKv::open(folder.path(), || false).expect("opens")).expect("opens");
    Opened { store: Arc::new(store), _folder: Some(folder) }
}

fn forgetful() -> Opened {
    Opened { store: Arc::new(KvStore::open(unflushed::Unflushed::default()).expect("opens")), _folder: None }
}

/// Runs every law on an implementation.
macro_rules! store_laws {
    ($name:ident: $($law:ident),* $(,)?) => {
        mod $name {
            $(#[tokio::test]
            async fn $law() {
                let opened = crate::$name();
                crate::laws::$law(opened.store.as_ref()).await;
            })*
        }
    };
}

macro_rules! every_store {
    ($($law:ident),* $(,)?) => {
        mod law_of {
            store_laws!(memory: $($law),*);
            store_laws!(sled: $($law),*);
            store_laws!(forgetful: $($law),*);
        }
    };
}

every_store!(
    an_arrival_is_taken_once,
    arrivals_are_worked_through_in_order,
    an_edit_is_another_arrival,
    a_commit_is_whole,
    a_stale_commit_writes_nothing,
    what_is_finished_cant_be_finished_twice,
    arming_a_timer_again_replaces_it,
    bot_lines_are_dropped_and_others_stay,
    questions_are_dropped_and_answers_stay,
    what_nothing_answered_is_counted_by_its_words,
    expired_evidence_is_forgotten_and_the_words_stay,
    figures_add_up_by_week_and_are_forgotten,
    a_postponed_row_keeps_its_place_and_a_dropped_one_stays_dropped,
    the_queue_puts_the_most_urgent_first,
    links_and_values_are_found_again,
    the_review_list_stands_in_order_and_is_forgotten,
    who_looked_first_stays_on_the_review_list,
    a_commit_marks_what_the_review_list_holds_of_its_conversation,
);
