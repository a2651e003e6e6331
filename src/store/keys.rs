//! Keys: where a record stands among the others.
//!
//! Owns: the layout of keys. Each begins with a letter for its kind; numbers are big-endian, so order is preserved.
//! Invariants: no key of one kind is a prefix of another kind's.

use crate::conversation::ConversationId;
use crate::desk::ReviewRow;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

pub(super) const STATE: u8 = b's';
pub(super) const TRANSCRIPT: u8 = b't';
pub(super) const INBOX: u8 = b'i';
pub(super) const OUTBOX: u8 = b'o';
pub(super) const CALL: u8 = b'c';
pub(super) const QUEUE: u8 = b'q';
pub(super) const TIMER_DUE: u8 = b'w';
pub(super) const MISSED: u8 = b'u';
pub(super) const FIGURE: u8 = b'f';
pub(super) const FINISHED: u8 = b'h';
pub(super) const REVIEW: u8 = b'v';

fn key(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = vec![kind];
    parts.iter().for_each(|part| key.extend_from_slice(part));
    key
}

pub(super) fn kind(kind: u8) -> Vec<u8> {
    vec![kind]
}

pub(super) fn of(kind: u8, id: ConversationId) -> Vec<u8> {
    key(kind, &[id.bytes()])
}

pub(super) fn numbered(kind: u8, id: ConversationId, number: u64) -> Vec<u8> {
    key(kind, &[id.bytes(), &number.to_be_bytes()])
}

/// The next number of a conversation's arrivals.
pub(super) fn arrivals(id: ConversationId) -> Vec<u8> {
    key(b'n', &[id.bytes()])
}

/// Whether an arrival was seen before. A hash, since names of the outside world may be long, and private.
pub(super) fn seen(id: ConversationId, kind: &str, external: &str, revision: &str) -> Vec<u8> {
    let mut digest = Sha256::new();
    for part in [kind, external, revision] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    key(b'd', &[id.bytes(), &digest.finalize()[..16]])
}

/// A conversation's timer by its key; it holds when it is due.
pub(super) fn timer(id: ConversationId, name: &str) -> Vec<u8> {
    key(b'r', &[id.bytes(), name.as_bytes()])
}

/// A timer by when it is due.
pub(super) fn timer_due(at: Timestamp, id: ConversationId, name: &str) -> Vec<u8> {
    key(TIMER_DUE, &[&at.as_millisecond().to_be_bytes(), id.bytes(), name.as_bytes()])
}

/// The end (exclusive) of all timers due until a moment.
pub(super) fn timers_until(at: Timestamp) -> Vec<u8> {
    key(TIMER_DUE, &[&(at.as_millisecond().saturating_add(1)).to_be_bytes()])
}

pub(super) fn link(link: &[u8]) -> Vec<u8> {
    key(b'l', &[&Sha256::digest(link)])
}

pub(super) fn named(name: &str) -> Vec<u8> {
    key(b'm', &[name.as_bytes()])
}

/// The conversation that a key of a kind with ids belongs to.
pub(super) fn id_of(key: &[u8]) -> Option<ConversationId> {
    key.get(1..17).and_then(|bytes| bytes.try_into().ok()).map(ConversationId::from_bytes)
}

/// A figure of a week.
pub(super) fn figure(week: jiff::civil::Date, name: &str) -> Vec<u8> {
    key(FIGURE, &[week.to_string().as_bytes(), name.as_bytes()])
}

/// The end (exclusive) of all figures before a week.
pub(super) fn figures_before(week: jiff::civil::Date) -> Vec<u8> {
    key(FIGURE, &[week.to_string().as_bytes()])
}

/// A handoff that is over, by when it ended.
pub(super) fn finished(at: Timestamp, id: ConversationId, number: u64) -> Vec<u8> {
    key(FINISHED, &[&at.as_millisecond().to_be_bytes(), id.bytes(), &number.to_be_bytes()])
}

/// The beginning of all handoffs that ended at or after a moment.
pub(super) fn finished_since(at: Timestamp) -> Vec<u8> {
    key(FINISHED, &[&at.as_millisecond().to_be_bytes()])
}

/// A row of the review list, by when it came.
pub(super) fn review(row: &ReviewRow) -> Vec<u8> {
    key(REVIEW, &[&row.at.as_millisecond().to_be_bytes(), row.id.bytes(), &row.about.to_be_bytes(), &[row.why as u8]])
}

/// The beginning of all rows of the review list from a moment on.
pub(super) fn reviews_since(at: Timestamp) -> Vec<u8> {
    key(REVIEW, &[&at.as_millisecond().to_be_bytes()])
}

/// A message that nothing answered, by its words.
pub(super) fn missed(text: &str) -> Vec<u8> {
    key(MISSED, &[&Sha256::digest(text.as_bytes())[..16]])
}
