//! Who is on call.
//!
//! Owns: [`Rota`]: ways that take turns, and the days on which another one stands in.
//! Invariants: turns change at one time of day on the shop's clocks, also across changes of daylight saving; before it begins,
//! the first one has it, so that it is never nobody's.
//! Leaves out: what a way is (`ways`).

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit};

/// Ways that take turns.
#[derive(Clone, Debug, PartialEq)]
pub struct Rota {
    /// Where the shop's clocks are.
    pub zone: TimeZone,
    /// When the first turn begins.
    pub begins: DateTime,
    /// How many days a turn takes; at least one.
    pub days: i32,
    /// Names of ways, in turn; never empty.
    pub turns: Vec<String>,
    /// Another way from one day to another, both included; the first that holds counts.
    pub instead: Vec<(Date, Date, String)>,
}

impl Rota {
    /// The way whose turn it is.
    pub fn at(&self, now: Timestamp) -> &str {
        let local = now.to_zoned(self.zone.clone()).datetime();
        if let Some((_, _, way)) = self.instead.iter().find(|(from, to, _)| (*from..=*to).contains(&local.date())) {
            return way;
        }
        let days = self.begins.until((Unit::Day, local)).map_or(0, |span| span.get_days().max(0));
        let turn = days / self.days.max(1);
        self.turns.get(turn as usize % self.turns.len().max(1)).map_or("", String::as_str)
    }

    /// When the turn of now ends.
    pub fn until(&self, now: Timestamp) -> Option<DateTime> {
        let local = now.to_zoned(self.zone.clone()).datetime();
        if let Some((_, to, _)) = self.instead.iter().find(|(from, to, _)| (*from..=*to).contains(&local.date())) {
            return to.tomorrow().ok().map(|day| day.to_datetime(jiff::civil::Time::midnight()));
        }
        let days = self.begins.until((Unit::Day, local)).map_or(0, |span| span.get_days().max(0));
        let next = (days / self.days.max(1) + 1) * self.days.max(1);
        let end = if local < self.begins { self.begins } else { self.begins.checked_add(next.days()).ok()? };
        let swap =
            self.instead.iter().map(|(from, _, _)| from.to_datetime(jiff::civil::Time::midnight())).filter(|from| *from > local).min();
        Some(swap.map_or(end, |swap| swap.min(end)))
    }

    /// Every way that it may be.
    pub fn ways(&self) -> impl Iterator<Item = &str> {
        self.turns.iter().chain(self.instead.iter().map(|(_, _, way)| way)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_change_at_their_time_of_day() {
        let rota = Rota {
            zone: TimeZone::get("Europe/Berlin").expect("a zone"),
            begins: "2026-10-19T09:00".parse().expect("a time"),
            days: 7,
            turns: vec!["priya".into(), "sam".into()],
            instead: vec![("2026-12-24".parse().expect("a day"), "2026-12-26".parse().expect("a day"), "lee".into())],
        };
        for (at, who, until) in [
            ("2026-10-01T09:00:00+02:00", "priya", "2026-10-19T09:00:00"),
            ("2026-10-19T09:00:00+02:00", "priya", "2026-10-26T09:00:00"),
            ("2026-10-26T08:59:00+01:00", "priya", "2026-10-26T09:00:00"),
            ("2026-10-26T09:00:00+01:00", "sam", "2026-11-02T09:00:00"),
            ("2026-11-02T09:00:00+01:00", "priya", "2026-11-09T09:00:00"),
            ("2026-12-23T12:00:00+01:00", "sam", "2026-12-24T00:00:00"),
            ("2026-12-24T00:00:00+01:00", "lee", "2026-12-27T00:00:00"),
            ("2026-12-26T23:59:00+01:00", "lee", "2026-12-27T00:00:00"),
            ("2026-12-27T00:00:00+01:00", "sam", "2026-12-28T09:00:00"),
        ] {
            let now: Timestamp = at.parse().expect("a time");
            assert_eq!(rota.at(now), who, "{at}");
            assert_eq!(rota.until(now).map(|until| until.to_string()).as_deref(), Some(until), "{at}");
        }
    }
}
