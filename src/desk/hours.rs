//! When somebody is there.
//!
//! Owns: a weekly table with several spans a day, in a time zone; days that differ from it, once or every year.
//! Invariants: times are local wall-clock times, also across changes of daylight saving; a span may end at 24:00.
//! Leaves out: whose hours these are.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A day of one year, or of every year: year, month, day.
type YearDay = (Option<i16>, i8, i8);

/// A weekly table of opening hours.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    zone: TimeZone,
    /// For each weekday from Monday: spans in minutes after midnight, in order.
    days: [Vec<(u16, u16)>; 7],
    /// Days that differ, by year where they differ once: none of its spans is a day on which nobody is there.
    holidays: BTreeMap<YearDay, Vec<(u16, u16)>>,
}

/// Why a table can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum HoursError {
    /// Not a time zone.
    #[error("`{0}` is no time zone; write one like Europe/Berlin")]
    Zone(String),
    /// Not a date.
    #[error("`{0}` is no date; write 2026-12-24, or 12-25 for every year")]
    Date(String),
    /// Not a day.
    #[error("`{0}` is no day; write mon, tue, wed, thu, fri, sat, sun, or a range like mon-fri")]
    Day(String),
    /// Not a span.
    #[error("`{0}` is no span; write one like 9:00-17:00")]
    Span(String),
}

/// So many days ahead the next opening is looked for: nobody is away for longer.
const AHEAD: i64 = 60;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Hours {
    /// Reads a table: `mon-fri` → `["9:00-12:30", "13:30-17:00"]`.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn new(zone: &str, week: &BTreeMap<String, Vec<String>>) -> Result<Self, Vec<HoursError>> {
        let mut errors = Vec::new();
        let zone = TimeZone::get(zone).unwrap_or_else(|_| {
            errors.push(HoursError::Zone(zone.to_string()));
            TimeZone::UTC
        });
        let mut days: [Vec<(u16, u16)>; 7] = Default::default();
        for (names, spans) in week {
            let Some(range) = days_of(names) else {
                errors.push(HoursError::Day(names.clone()));
                continue;
            };
            for span in spans {
                match span_of(span) {
                    Some(span) => range.iter().for_each(|day| days[*day].push(span)),
                    None => errors.push(HoursError::Span(span.clone())),
                }
            }
        }
        days.iter_mut().for_each(|spans| spans.sort_unstable());
        if errors.is_empty() { Ok(Hours { zone, days, holidays: BTreeMap::new() }) } else { Err(errors) }
    }

    /// A time of day on the shop's clocks: `9:05`.
    pub fn clock(&self, at: Timestamp) -> String {
        let local = self.local(at);
        format!("{}:{:02}", local.hour(), local.minute())
    }

    /// The days that differ in another table differ in this one too.
    pub fn with_days_of(mut self, other: &Hours) -> Self {
        self.holidays.clone_from(&other.holidays);
        self
    }

    /// Adds days that differ: `2026-12-24` → `["9:00-12:00"]`, `12-25` → `[]` for every year.
    ///
    /// # Errors
    /// Every mistake in them.
    pub fn with_holidays(mut self, dates: &BTreeMap<String, Vec<String>>) -> Result<Self, Vec<HoursError>> {
        let mut errors = Vec::new();
        for (date, spans) in dates {
            let Some(key) = date_of(date) else {
                errors.push(HoursError::Date(date.clone()));
                continue;
            };
            let mut read = Vec::new();
            for span in spans {
                match span_of(span) {
                    Some(span) => read.push(span),
                    None => errors.push(HoursError::Span(span.clone())),
                }
            }
            read.sort_unstable();
            self.holidays.insert(key, read);
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }

    /// A table without a single span.
    pub fn never() -> Self {
        Hours { zone: TimeZone::UTC, days: Default::default(), holidays: BTreeMap::new() }
    }

    /// The local wall-clock time.
    pub fn local(&self, now: Timestamp) -> DateTime {
        now.to_zoned(self.zone.clone()).datetime()
    }

    /// Where the clocks are.
    pub fn zone(&self) -> TimeZone {
        self.zone.clone()
    }

    /// When the clocks show this.
    pub fn moment(&self, local: DateTime) -> Option<Timestamp> {
        local.to_zoned(self.zone.clone()).ok().map(|zoned| zoned.timestamp())
    }

    /// True within a span.
    pub fn open(&self, now: Timestamp) -> bool {
        let local = self.local(now);
        let minute = minute(local);
        self.on(local.date()).iter().any(|(from, to)| (*from..*to).contains(&minute))
    }

    /// True where a span of the week holds this moment of its wall clock.
    pub fn covers(&self, weekday: Weekday, time: Time) -> bool {
        let minute = time.hour() as u16 * 60 + time.minute() as u16;
        self.spans(weekday).iter().any(|(from, to)| (*from..*to).contains(&minute))
    }

    /// The next moment at which a span begins; `None` when no span ever does.
    pub fn opens(&self, now: Timestamp) -> Option<DateTime> {
        let local = self.local(now);
        (0..=AHEAD).find_map(|ahead| {
            let date = local.date().checked_add(ahead.days()).ok()?;
            let from = self.on(date).iter().map(|(from, _)| *from).find(|from| ahead > 0 || *from > minute(local))?;
            Some(date.to_datetime(time(from)))
        })
    }

    /// When the span that is open now ends; spans that touch, also over midnight, are one.
    pub fn closes(&self, now: Timestamp) -> Option<DateTime> {
        let local = self.local(now);
        let mut date = local.date();
        let mut end = minute(local);
        let mut found = false;
        for _ in 0..14 {
            let reach = self.on(date).iter().filter(|(from, to)| *from <= end && *to > end).map(|(_, to)| *to).max();
            match reach {
                Some(to) => {
                    found = true;
                    end = to;
                    if end == 24 * 60 {
                        date = date.tomorrow().ok()?;
                        end = 0;
                    }
                }
                None => break,
            }
        }
        found.then(|| date.to_datetime(time(end)))
    }

    /// The spans of a date.
    fn on(&self, date: Date) -> &[(u16, u16)] {
        let differs = |year| self.holidays.get(&(year, date.month(), date.day()));
        differs(Some(date.year())).or_else(|| differs(None)).map_or_else(|| self.spans(date.weekday()), Vec::as_slice)
    }

    fn spans(&self, weekday: Weekday) -> &[(u16, u16)] {
        &self.days[weekday.to_monday_zero_offset() as usize]
    }
}

fn minute(at: DateTime) -> u16 {
    at.hour() as u16 * 60 + at.minute() as u16
}

fn time(minute: u16) -> Time {
    Time::new((minute / 60) as i8 % 24, (minute % 60) as i8, 0, 0).unwrap_or_default()
}

fn date_of(date: &str) -> Option<YearDay> {
    if let Ok(date) = date.parse::<Date>() {
        return Some((Some(date.year()), date.month(), date.day()));
    }
    // A leap year, so that 29 February is a date.
    let date: Date = format!("2024-{date}").parse().ok()?;
    Some((None, date.month(), date.day()))
}

fn days_of(names: &str) -> Option<Vec<usize>> {
    let day = |name: &str| DAYS.iter().position(|day| *day == name.trim().to_lowercase());
    match names.split_once('-') {
        None => day(names).map(|day| vec![day]),
        Some((from, to)) => {
            let (from, to) = (day(from)?, day(to)?);
            Some((0..7).map(|ahead| (from + ahead) % 7).take((to + 7 - from) % 7 + 1).collect())
        }
    }
}

fn span_of(span: &str) -> Option<(u16, u16)> {
    let minute = |text: &str| {
        let (hour, minute) = text.trim().split_once(':')?;
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        (minute < 60 && hour * 60 + minute <= 24 * 60).then_some(hour * 60 + minute)
    };
    let (from, to) = span.split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    (from < to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(week: &[(&str, &[&str])]) -> Hours {
        let week = week.iter().map(|(day, spans)| ((*day).to_string(), spans.iter().map(ToString::to_string).collect())).collect();
        Hours::new("Europe/Berlin", &week).expect("a table")
    }

    #[test]
    fn hour_rows() {
        let split = hours(&[("mon-fri", &["9:00-12:30", "13:30-17:00"])]);
        let always = hours(&[("mon-sun", &["0:00-24:00"])]);
        let night = hours(&[("fri", &["20:00-24:00"]), ("sat", &["0:00-4:00"])]);
        // 2026-11-20 is a Friday; Berlin is an hour ahead of UTC.
        for (name, hours, now, open, opens, closes) in [
            ("in the morning", &split, "2026-11-20T09:00:00Z", true, None, Some("2026-11-20T12:30:00")),
            ("at lunch", &split, "2026-11-20T12:00:00Z", false, Some("2026-11-20T13:30:00"), None),
            ("after work on Friday", &split, "2026-11-20T18:00:00Z", false, Some("2026-11-23T09:00:00"), None),
            ("the end is outside", &split, "2026-11-20T16:00:00Z", false, Some("2026-11-23T09:00:00"), None),
            ("over midnight", &night, "2026-11-20T21:00:00Z", true, None, Some("2026-11-21T04:00:00")),
            ("always", &always, "2026-11-20T21:00:00Z", true, None, Some("2026-12-04T00:00:00")),
        ] {
            let now: Timestamp = now.parse().expect("a time");
            assert_eq!(hours.open(now), open, "{name}");
            if !open {
                assert_eq!(hours.opens(now).map(|at| at.to_string()).as_deref(), opens, "{name}");
            }
            assert_eq!(hours.closes(now).map(|at| at.to_string()).as_deref(), closes, "{name}");
        }
    }

    #[test]
    fn holidays_differ_once_or_every_year() {
        let dates = |dates: &[(&str, &[&str])]| -> BTreeMap<String, Vec<String>> {
            dates.iter().map(|(date, spans)| ((*date).to_string(), spans.iter().map(ToString::to_string).collect())).collect()
        };
        let week = hours(&[("mon-fri", &["9:00-17:00"])]);
        let hours = week.clone().with_holidays(&dates(&[("2026-12-24", &["9:00-12:00"]), ("12-25", &[]), ("12-26", &[])])).expect("reads");
        for (now, open, opens) in [
            ("2026-12-24T10:30:00Z", true, None),
            ("2026-12-24T12:00:00Z", false, Some("2026-12-28T09:00:00")),
            ("2026-12-25T10:00:00Z", false, Some("2026-12-28T09:00:00")),
            ("2027-12-24T12:00:00Z", true, None),
            ("2028-12-25T10:00:00Z", false, Some("2028-12-27T09:00:00")),
        ] {
            let now: Timestamp = now.parse().expect("a time");
            assert_eq!(hours.open(now), open, "{now}");
            assert!(open || hours.opens(now).map(|at| at.to_string()).as_deref() == opens, "{now}: {:?}", hours.opens(now));
        }
        let errors = week.with_holidays(&dates(&[("xmas", &[]), ("12-24", &["9-12"])])).expect_err("wrong");
        assert_eq!(errors.len(), 2);
    }

    #[test]
    fn every_mistake_is_named() {
        let week = BTreeMap::from([("munday".to_string(), vec![]), ("tue".to_string(), vec!["17:00-9:00".to_string()])]);
        let errors = Hours::new("Mars/Base", &week).expect_err("wrong");
        assert_eq!(errors.len(), 3, "{errors:?}");
    }
}
