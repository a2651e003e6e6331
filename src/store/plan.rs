//! What taking in and committing write.
//!
//! Owns: the batch of an `accept` and of a `commit`, planned by the writer from what stands in the store at that moment.
//! Invariants: a plan only reads; what it plans is written whole or not at all; a stale version, or something finished that is
//! not there any more, plans nothing.
//! Leaves out: writing it (`writer`), and every other question to the store (`kv`).

use super::kv::{Batch, Kv, OnlyVersion, StateRecord, after, decode, encode};
use super::record::*;
use super::{StoreError, keys};
use crate::conversation::{Entry, Why};
use crate::desk::{Figure, ReviewRow, Reviewed};

fn counter(kv: &impl Kv, key: &[u8]) -> Result<u64, StoreError> {
    Ok(kv.get(key)?.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes))
}

pub(super) fn accept(kv: &impl Kv, arrivals: Vec<Arrival>) -> Result<(Batch, Vec<bool>), StoreError> {
    let mut batch = Batch::default();
    let mut fresh = Vec::new();
    let mut counters = std::collections::HashMap::new();
    let mut seen_now = std::collections::HashSet::new();
    for arrival in arrivals {
        let seen = keys::seen(arrival.id, &arrival.kind, &arrival.external, &arrival.revision);
        let known = kv.get(&seen)?.is_some() || !seen_now.insert(seen.clone());
        fresh.push(!known);
        if known {
            continue;
        }
        let number = match counters.get(&arrival.id) {
            Some(number) => *number,
            None => counter(kv, &keys::arrivals(arrival.id))?,
        };
        counters.insert(arrival.id, number + 1);
        let row = InboxRow { id: arrival.id, number, address: arrival.address, event: arrival.event, at: arrival.at };
        batch.put(keys::numbered(keys::INBOX, row.id, number), encode(&row)?);
        batch.put(keys::arrivals(row.id), (number + 1).to_be_bytes().to_vec());
        batch.put(seen, arrival.at.as_second().to_be_bytes().to_vec());
    }
    Ok((batch, fresh))
}

pub(super) fn commit(kv: &impl Kv, change: Change) -> Result<(Batch, Version), StoreError> {
    let id = change.id;
    let state_key = keys::of(keys::STATE, id);
    let version = match kv.get(&state_key)? {
        Some(bytes) => decode::<OnlyVersion>(&bytes, "state")?.version,
        None => 0,
    };
    if version != change.expected {
        return Err(StoreError::Conflict);
    }
    // What a step finishes must still be there: otherwise it was finished before, and this step is a second one.
    let finished: Vec<Vec<u8>> = change
        .inbox_done
        .map(|number| keys::numbered(keys::INBOX, id, number))
        .into_iter()
        .chain(change.outbox_done.iter().map(|number| keys::numbered(keys::OUTBOX, id, *number)))
        .chain(change.call_done.map(|number| keys::numbered(keys::CALL, id, number)))
        .collect();
    for key in &finished {
        if kv.get(key)?.is_none() {
            return Err(StoreError::Conflict);
        }
    }
    let mut batch = Batch::default();
    let version = version + 1;
    reviews(kv, &change, &mut batch)?;
    batch.put(state_key, encode(&StateRecord { version, state: change.state })?);
    finished.into_iter().for_each(|key| batch.remove(key));
    for entry in &change.entries {
        batch.put(keys::numbered(keys::TRANSCRIPT, id, entry.number), encode(entry)?);
    }
    if change.drop_bot_lines || change.drop_questions {
        let prefix = keys::of(keys::OUTBOX, id);
        for (key, value) in kv.range(&prefix, &after(&prefix), usize::MAX)? {
            let row: OutboxRow = decode(&value, "outbox")?;
            let void = |line: &crate::conversation::Line| {
                line.speaker == crate::conversation::Speaker::Bot && (change.drop_bot_lines || line.question)
            };
            if matches!(&row.target, OutboxTarget::Customer(line) if void(line)) {
                batch.remove(key);
            }
        }
    }
    change.outbox_dropped.iter().for_each(|number| batch.remove(keys::numbered(keys::OUTBOX, id, *number)));
    if let Some(finished) = &change.finished {
        batch.put(keys::finished(finished.ended, id, finished.handoff), encode(&(id, finished))?);
    }
    for row in &change.outbox {
        batch.put(keys::numbered(keys::OUTBOX, id, row.number), encode(row)?);
    }
    for name in change.timers_done.iter().chain(change.timers.iter().map(|timer| &timer.key)) {
        let key = keys::timer(id, name);
        if let Some(at) = kv.get(&key)? {
            let timer: crate::conversation::Timer = decode(&at, "timer")?;
            batch.remove(keys::timer_due(timer.at, id, name));
            batch.remove(key);
        }
    }
    for timer in &change.timers {
        batch.put(keys::timer(id, &timer.key), encode(timer)?);
        batch.put(keys::timer_due(timer.at, id, &timer.key), encode(&TimerRow { id, timer: timer.clone() })?);
    }
    for row in &change.missed {
        let key = keys::missed(&row.text);
        // A row that can't be read begins anew: it is only a count.
        let before = kv.get(&key)?.and_then(|bytes| decode::<MissedRow>(&bytes, "missed").ok());
        let count = before.map_or(0, |before| before.count) + row.count;
        batch.put(key, encode(&MissedRow { count, ..row.clone() })?);
    }
    for figure in &change.figures {
        let key = keys::figure(figure.week, &figure.name);
        let before = kv.get(&key)?.and_then(|bytes| decode::<Figure>(&bytes, "figure").ok());
        let count = before.map_or(0, |before| before.count) + figure.count;
        batch.put(key, encode(&Figure { count, ..figure.clone() })?);
    }
    if let Some(before) = change.forget_evidence {
        let prefix = keys::of(keys::TRANSCRIPT, id);
        for (key, value) in kv.range(&prefix, &after(&prefix), usize::MAX)? {
            let entry: Entry = decode(&value, "transcript")?;
            if entry.at < before && !entry.evidence.is_empty() {
                batch.put(key, encode(&Entry { evidence: Vec::new(), ..entry })?);
            }
        }
    }
    for row in &change.calls {
        batch.put(keys::numbered(keys::CALL, id, row.request.number), encode(row)?);
    }
    for (key, target) in &change.links {
        batch.put(link_key(key)?, encode(target)?);
    }
    let queue = keys::of(keys::QUEUE, id);
    match &change.queue {
        Some(row) => batch.put(queue, encode(row)?),
        None => batch.remove(queue),
    }
    Ok((batch, version))
}

/// What a commit writes of the review list.
fn reviews(kv: &impl Kv, change: &Change, batch: &mut Batch) -> Result<(), StoreError> {
    for row in &change.reviews {
        batch.put(keys::review(row), encode(row)?);
    }
    let Some(done) = &change.reviewed else { return Ok(()) };
    let prefix = keys::kind(keys::REVIEW);
    let mut marked = false;
    for (key, value) in kv.range(&prefix, &after(&prefix), usize::MAX)? {
        let row = decode::<ReviewRow>(&value, "review").ok().filter(|row| row.id == change.id && row.done.is_none());
        if let Some(row) = row {
            batch.put(key, encode(&ReviewRow { done: Some(done.clone()), ..row })?);
            marked = true;
        }
    }
    if !marked {
        // Nothing was noticed in it: it was picked, or somebody looked of themselves.
        let (at, channel) = (change.state.heard.unwrap_or(done.at), change.state.address.channel.clone());
        let row = ReviewRow { id: change.id, why: Why::Random, at, channel, about: change.state.wrote, done: None };
        batch.items.extend(looked_at(kv, row, done.clone())?.items);
    }
    Ok(())
}

/// A row of the review list was looked at; who looked first stays.
pub(super) fn looked_at(kv: &impl Kv, row: ReviewRow, done: Reviewed) -> Result<Batch, StoreError> {
    let mut batch = Batch::default();
    let key = keys::review(&row);
    let before = kv.get(&key)?.and_then(|bytes| decode::<ReviewRow>(&bytes, "review").ok()).and_then(|row| row.done);
    batch.put(key, encode(&ReviewRow { done: before.or(Some(done)), ..row })?);
    Ok(batch)
}

pub(super) fn link_key(key: &LinkKey) -> Result<Vec<u8>, StoreError> {
    let json = serde_json::to_vec(key).map_err(|error| StoreError::Failed(error.to_string()))?;
    Ok(keys::link(&json))
}
