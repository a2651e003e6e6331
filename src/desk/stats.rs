//! The figures that a desk is led by.
//!
//! Owns: times to alert, claim and first human word by urgency; who gave up; contact again; effort; promises; load; the range of
//! waiting times that may be told to a customer.
//! Invariants: made of finished handoffs only, which hold no words; a share or a range is shown only where enough stand behind
//! it; nothing here scores a person's mood.
//! Leaves out: keeping handoffs (`store`).

use super::hours::Hours;
use crate::conversation::{Ended, Finished, Urgency};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// So many stand behind a range that customers read.
const ENOUGH: usize = 20;
/// How far it looks back.
const LATELY: SignedDuration = SignedDuration::from_hours(24 * 14);

/// The middle and the slow end of some times, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Spread {
    /// How many.
    pub n: usize,
    /// Half of them were this fast.
    pub p50: i64,
    /// Nineteen of twenty were this fast.
    pub p95: i64,
}

impl Spread {
    fn of(mut seconds: Vec<i64>) -> Option<Self> {
        seconds.sort_unstable();
        let rank = |share: usize| seconds.get((seconds.len() * share).div_ceil(100).max(1) - 1).copied();
        Some(Spread { n: seconds.len(), p50: rank(50)?, p95: rank(95)? })
    }
}

/// One urgency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Which.
    pub urgency: Urgency,
    /// Handoffs.
    pub handoffs: usize,
    /// Seconds until staff could see it.
    pub to_alert: Option<Spread>,
    /// Seconds until the first claim.
    pub to_claim: Option<Spread>,
    /// Seconds until a person's words were delivered.
    pub to_word: Option<Spread>,
    /// Customers who took it back before anybody had answered.
    pub gave_up: usize,
    /// Customers who needed a person again within three days of the last time.
    pub again: usize,
    /// The middle of the customers' messages to the end.
    pub effort: u32,
}

/// All figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// The most urgent first.
    pub rows: Vec<Row>,
    /// Promises made, kept in time, and broken.
    pub promises: (u32, u32, u32),
    /// Handoffs that each of the staff ended, by name.
    pub load: BTreeMap<String, usize>,
}

impl Stats {
    /// The figures of some finished handoffs.
    pub fn of(finished: &[Finished]) -> Self {
        let mut stats = Stats::default();
        for urgency in Urgency::ALL.into_iter().rev() {
            let of: Vec<&Finished> = finished.iter().filter(|one| one.urgency == urgency).collect();
            if of.is_empty() {
                continue;
            }
            let spread = |when: &dyn Fn(&Finished) -> Option<Timestamp>| {
                Spread::of(of.iter().filter_map(|one| Some(when(one)?.duration_since(one.opened).as_secs().max(0))).collect())
            };
            let mut turns: Vec<u32> = of.iter().map(|one| one.turns).collect();
            turns.sort_unstable();
            stats.rows.push(Row {
                urgency,
                handoffs: of.len(),
                to_alert: spread(&|one| one.course.alerted),
                to_claim: spread(&|one| one.course.claimed),
                to_word: spread(&|one| one.course.answered),
                gave_up: of.iter().filter(|one| one.by == Ended::Customer && one.course.answered.is_none()).count(),
                again: of.iter().filter(|one| one.course.again).count(),
                effort: turns[turns.len() / 2],
            });
        }
        for one in finished {
            stats.promises.0 += one.course.promised;
            stats.promises.1 += one.course.kept;
            stats.promises.2 += one.course.broken;
            if let Ended::Staff(staff) = &one.by {
                *stats.load.entry(staff.name.clone()).or_default() += 1;
            }
        }
        stats
    }

    /// As staff read it.
    pub fn text(&self, days: i64) -> String {
        if self.rows.is_empty() {
            return format!("No handoff has ended in the last {days} days.");
        }
        let mut lines = vec![format!("Handoffs that ended in the last {days} days; times as the middle, and what 19 of 20 stayed under")];
        for row in &self.rows {
            let times = [("seen by staff", row.to_alert), ("claimed", row.to_claim), ("first human word", row.to_word)];
            let times: Vec<String> =
                times.iter().filter_map(|(name, spread)| spread.map(|s| format!("{name} {} / {}", time(s.p50), time(s.p95)))).collect();
            lines.push(format!("{} ({}): {}", row.urgency.name(), row.handoffs, times.join(", ")));
            lines.push(format!(
                "  gave up waiting {}, needed a person again within 3 days {}, messages to the end {}",
                row.gave_up, row.again, row.effort
            ));
        }
        let (made, kept, broken) = self.promises;
        if made > 0 {
            lines.push(format!("Promises: {made} made, {kept} kept, {broken} broken"));
        }
        let load: Vec<String> = self.load.iter().map(|(name, count)| format!("{name} {count}")).collect();
        if !load.is_empty() {
            lines.push(format!("Ended by: {}", load.join(", ")));
        }
        lines.join("\n")
    }
}

/// Seconds as people read them.
fn time(seconds: i64) -> String {
    match seconds {
        ..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        _ => format!("{}:{:02} h", seconds / 3_600, seconds / 60 % 60),
    }
}

/// The range in which most people waited for a human word lately, in minutes, of those who asked while somebody was there; `None`
/// where too few stand behind it.
pub fn wait(finished: &[Finished], hours: &Hours, now: Timestamp) -> Option<(u32, u32)> {
    let asked = |one: &&Finished| one.urgency <= Urgency::Asked && now.duration_since(one.ended) <= LATELY && hours.open(one.opened);
    let waited = |one: &Finished| Some(one.course.answered?.duration_since(one.opened).as_secs().max(0));
    let mut seconds: Vec<i64> = finished.iter().filter(asked).filter_map(waited).collect();
    if seconds.len() < ENOUGH {
        return None;
    }
    seconds.sort_unstable();
    // Rounded away from each other, to five minutes: a range that is finer than its data promises too much.
    let rank = |share: usize| seconds[seconds.len() * share / 100];
    let (from, to) = (rank(20) / 300 * 5, (rank(80) / 300 + 1) * 5);
    Some((u32::try_from(from.max(1)).ok()?, u32::try_from(to).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Course, Reason, Staff};

    fn finished(urgency: Urgency, claimed: i64, answered: Option<i64>) -> Finished {
        let opened: Timestamp = "2026-11-20T12:00:00Z".parse().expect("a time");
        let after = |seconds: i64| opened + SignedDuration::from_secs(seconds);
        Finished {
            handoff: 1,
            opened,
            ended: after(9_000),
            urgency,
            reason: Reason::Stuck,
            channel: "sms".into(),
            language: "en".into(),
            by: answered.map_or(Ended::Customer, |_| Ended::Staff(Staff { id: "7".into(), name: "Priya".into() })),
            turns: 4,
            course: Course {
                alerted: Some(after(1)),
                claimed: Some(after(claimed)),
                answered: answered.map(after),
                promised: 1,
                kept: 1,
                ..Course::default()
            },
        }
    }

    #[test]
    fn the_figures_are_read_off_the_handoffs() {
        let mut all: Vec<Finished> = (1..=20).map(|minute| finished(Urgency::Asked, minute * 60, Some(minute * 60 + 30))).collect();
        all.push(finished(Urgency::Crisis, 20, Some(40)));
        all.push(finished(Urgency::Asked, 50, None));
        let stats = Stats::of(&all);
        assert_eq!(
            stats.text(7),
            "Handoffs that ended in the last 7 days; times as the middle, and what 19 of 20 stayed under\n\
             crisis (1): seen by staff 1 s, claimed 20 s, first human word 40 s\n"
                .replace("1 s,", "1 s / 1 s,")
                .replace("20 s,", "20 s / 20 s,")
                .replace("40 s", "40 s / 40 s")
                + "  gave up waiting 0, needed a person again within 3 days 0, messages to the end 4\n\
                   asked (21): seen by staff 1 s / 1 s, claimed 10 min / 19 min, first human word 10 min / 19 min\n  \
                   gave up waiting 1, needed a person again within 3 days 0, messages to the end 4\n\
                   Promises: 22 made, 22 kept, 0 broken\nEnded by: Priya 21"
        );
        assert_eq!(Stats::default().text(7), "No handoff has ended in the last 7 days.");
    }

    #[test]
    fn a_range_is_told_only_where_enough_waited_while_somebody_was_there() {
        let week = BTreeMap::from([("mon-fri".to_string(), vec!["9:00-17:00".to_string()])]);
        let hours = Hours::new("UTC", &week).expect("a table");
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().expect("a time");
        let all: Vec<Finished> = (1..=20).map(|minute| finished(Urgency::Asked, 5, Some(minute * 60))).collect();
        assert_eq!(wait(&all, &hours, now), Some((5, 20)));
        assert_eq!(wait(&all[1..], &hours, now), None, "too few");
        assert_eq!(wait(&all, &hours, now + SignedDuration::from_hours(24 * 20)), None, "too long ago");
        assert_eq!(wait(&all, &Hours::never(), now), None, "nobody was there");
    }
}
