//! How many messages the desk takes in a minute.
//!
//! Owns: a sliding window. A few places are kept free for crises, so that relays can't hold one up.

use jiff::{SignedDuration, Timestamp};
use std::collections::VecDeque;

/// Places that only a crisis may take.
const KEPT_FREE: usize = 4;
const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// A sliding window of sends.
#[derive(Debug)]
pub(super) struct Limiter {
    most: Option<usize>,
    sent: VecDeque<Timestamp>,
}

impl Limiter {
    pub(super) fn new(most: Option<usize>) -> Self {
        Limiter { most, sent: VecDeque::new() }
    }

    /// Takes a place, or says when there will be one.
    pub(super) fn take(&mut self, now: Timestamp, crisis: bool) -> Result<(), Timestamp> {
        let Some(most) = self.most else { return Ok(()) };
        while self.sent.front().is_some_and(|sent| now.duration_since(*sent) >= WINDOW) {
            self.sent.pop_front();
        }
        let most = if crisis { most } else { most.saturating_sub(KEPT_FREE) };
        if self.sent.len() < most {
            self.sent.push_back(now);
            return Ok(());
        }
        let frees = self.sent.len() - most;
        Err(self.sent.get(frees).and_then(|sent| sent.checked_add(WINDOW).ok()).unwrap_or(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_takes_its_number_and_crisis_overtakes() {
        let start: Timestamp = "2026-11-21T12:00:00Z".parse().expect("a time");
        let mut limiter = Limiter::new(Some(6));
        assert_eq!(limiter.take(start, false), Ok(()));
        assert_eq!(limiter.take(start, false), Ok(()));
        assert_eq!(limiter.take(start, false), Err(start + WINDOW));
        for _ in 0..4 {
            assert_eq!(limiter.take(start, true), Ok(()));
        }
        assert_eq!(limiter.take(start, true), Err(start + WINDOW));
        assert_eq!(limiter.take(start + WINDOW, false), Ok(()));
        assert_eq!(Limiter::new(None).take(start, false), Ok(()));
    }
}
