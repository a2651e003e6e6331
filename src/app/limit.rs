//! How many messages a group of staff takes in a minute.
//!
//! Owns: a sliding window for each group. A few places are kept free for crises, so that relays can't hold one up.

use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// Places that only a crisis may take.
const KEPT_FREE: usize = 4;
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// The windows of all groups.
#[derive(Debug)]
pub(super) struct Limiters {
    most: Option<usize>,
    groups: BTreeMap<i64, VecDeque<Timestamp>>,
    /// Groups that want nothing before this.
    resting: BTreeMap<i64, Timestamp>,
}

impl Limiters {
    pub(super) fn new(most: Option<usize>) -> Self {
        Limiters { most, groups: BTreeMap::new(), resting: BTreeMap::new() }
    }

    /// Takes a place in a group's minute, or says when there will be one.
    pub(super) fn take(&mut self, chat: i64, now: Timestamp, crisis: bool) -> Result<(), Timestamp> {
        if let Some(until) = self.resting.get(&chat).copied().filter(|until| *until > now) {
            return Err(until);
        }
        let Some(most) = self.most else { return Ok(()) };
        let sent = self.groups.entry(chat).or_default();
        forget(sent, now);
        let most = if crisis { most } else { most.saturating_sub(KEPT_FREE) };
        if sent.len() < most {
            sent.push_back(now);
            return Ok(());
        }
        let frees = sent.len() - most;
        Err(sent.get(frees).and_then(|sent| sent.checked_add(WINDOW).ok()).unwrap_or(now))
    }

    /// A group has said when it takes something again.
    pub(super) fn rest(&mut self, chat: i64, until: Timestamp) {
        self.resting.insert(chat, until);
    }

    /// The groups that have taken more than half of their minute: the next customer is better off in another one.
    pub(super) fn full(&mut self, now: Timestamp) -> Vec<i64> {
        let Some(most) = self.most else { return Vec::new() };
        self.groups.values_mut().for_each(|sent| forget(sent, now));
        self.groups.iter().filter(|(_, sent)| sent.len() * 2 > most).map(|(chat, _)| *chat).collect()
    }

    /// Minutes until so many messages have left, those for crises apart.
    pub(super) fn minutes(&self, waiting: usize) -> usize {
        self.most.map_or(0, |most| waiting / most.saturating_sub(KEPT_FREE).max(1))
    }
}

fn forget(sent: &mut VecDeque<Timestamp>, now: Timestamp) {
    while sent.front().is_some_and(|sent| now.duration_since(*sent) >= WINDOW) {
        sent.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_takes_its_number_and_crisis_overtakes() {
        let start: Timestamp = "2026-11-21T12:00:00Z".parse().expect("a time");
        let mut limiter = Limiters::new(Some(6));
        let mut take = |at, crisis| limiter.take(-1, at, crisis);
        assert_eq!(take(start, false), Ok(()));
        assert_eq!(take(start, false), Ok(()));
        assert_eq!(take(start, false), Err(start + WINDOW));
        for _ in 0..4 {
            assert_eq!(take(start, true), Ok(()));
        }
        assert_eq!(take(start, true), Err(start + WINDOW));
        assert_eq!(take(start + WINDOW, false), Ok(()));
        assert_eq!(Limiters::new(None).take(-1, start, false), Ok(()));
    }

    #[test]
    fn every_group_has_a_minute_of_its_own() {
        let start: Timestamp = "2026-11-21T12:00:00Z".parse().expect("a time");
        let mut limiter = Limiters::new(Some(20));
        for _ in 0..16 {
            assert_eq!(limiter.take(-1, start, false), Ok(()));
        }
        assert_eq!((limiter.take(-1, start, false), limiter.take(-2, start, false)), (Err(start + WINDOW), Ok(())));
        assert_eq!((limiter.full(start), limiter.full(start + WINDOW)), (vec![-1], vec![]));
        limiter.rest(-2, start + WINDOW);
        assert_eq!((limiter.take(-2, start, true), limiter.take(-2, start + WINDOW, true)), (Err(start + WINDOW), Ok(())));
        assert_eq!([15, 16, 50].map(|waiting| limiter.minutes(waiting)), [0, 1, 3]);
    }
}
