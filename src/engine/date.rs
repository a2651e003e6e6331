//! Dates and ranges of dates as people write them.
//!
//! Owns: ISO dates, `24/11/2026`, `24 November`, `le 3 mai`, today, weekdays, `since Tuesday`, `vor drei Tagen`, `last week`,
//! `between 3 and 5 May`, against a passed day.
//! Invariants: a date that does not exist is no date; a day and month that could be either are read day first; without a year
//! it is the nearest one; a bare weekday is the next one, after a word for the past the last; a range never ends before it
//! begins.
//! Leaves out: times of day; the words themselves (`calendar`).

use super::calendar::{Calendar, Role, Unit, Word};
use crate::text::{Span, Text};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// A day, or the days from one to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Days {
    first: Date,
    last: Date,
}

impl std::fmt::Display for Days {
    /// ISO 8601: a date, or an interval `2026-05-03/2026-05-05`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.first == self.last {
            true => write!(f, "{}", self.first),
            false => write!(f, "{}/{}", self.first, self.last),
        }
    }
}

/// Every date and range in a text.
pub(super) fn find(text: &Text, today: Date, calendar: &Calendar) -> Vec<(Span, Days)> {
    let reader = Reader { text, today, calendar };
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.tokens.len() {
        let begins = calendar.begins(&text.tokens[at].text);
        match begins.then(|| reader.range(at).or_else(|| reader.days(at))).flatten() {
            Some((length, days)) => {
                found.push((text.span(at, at + length), days));
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

struct Reader<'a> {
    text: &'a Text,
    today: Date,
    calendar: &'a Calendar,
}

/// So many tokens, and what they say.
type Read<T> = Option<(usize, T)>;

impl Reader<'_> {
    fn word(&self, at: usize) -> &str {
        self.text.tokens.get(at).map_or("", |token| token.text.as_str())
    }

    fn is(&self, role: Role, at: usize) -> bool {
        self.calendar.is(role, at.checked_sub(1).map_or("", |before| self.word(before)), self.word(at))
    }

    /// What stands between a token and the next.
    fn between(&self, at: usize) -> &str {
        match (self.text.tokens.get(at), self.text.tokens.get(at + 1)) {
            (Some(a), Some(b)) => Span { start: a.span.end, end: b.span.start }.of(&self.text.original).trim(),
            _ => "",
        }
    }

    /// 'between 3 and 5 May', 'from Monday to Friday', '3-5 May'.
    fn range(&self, at: usize) -> Read<Days> {
        let from = usize::from(self.is(Role::From, at));
        let start = self.past_article(at + from);
        let month_day = self.bare_day(start);
        let (length, first) = match (self.date(start), month_day) {
            (Some((length, first)), _) => (length, Some(first)),
            (None, Some(_)) => (1, None),
            (None, None) => return None,
        };
        let mut next = start + length;
        let dash = matches!(self.between(next - 1), "-" | "–" | "—");
        // 'Monday and Friday' are two days; only 'between' makes them one stretch.
        if self.is(Role::To, next) || (from > 0 && self.is(Role::And, next)) {
            next += 1;
        } else if !dash {
            return None;
        }
        let end = self.past_article(next);
        let (length, last) = self.date(end)?;
        let first = match first {
            Some(first) => first,
            None => Date::new(last.year(), last.month(), month_day?).ok()?,
        };
        // 'from Friday to Monday': the Monday after that Friday.
        let last = match self.calendar.word(self.word(end)) {
            Some(Word::Weekday(day)) if last < first => first.nth_weekday(1, weekday(day)?).ok()?,
            _ => last,
        };
        (first <= last).then_some((end + length - at, Days { first, last }))
    }

    /// Words like 'the', 'el', 'dem' between a preposition and a day.
    fn past_article(&self, at: usize) -> usize {
        at + usize::from(self.is(Role::Article, at))
    }

    /// A date, or one of the stretches that have a name: 'last week'.
    fn days(&self, at: usize) -> Read<Days> {
        let one = |(length, date): (usize, Date)| (length, Days { first: date, last: date });
        self.named(at).or_else(|| self.date(at).map(one))
    }

    /// 'last week', 'la semana pasada', 'next month'.
    fn named(&self, at: usize) -> Read<Days> {
        let turn = |at: usize| match (self.is(Role::Past, at), self.is(Role::Coming, at)) {
            (true, false) => Some(-1),
            (false, true) => Some(1),
            _ => None,
        };
        let unit = |at: usize| self.calendar.unit(self.word(at)).filter(|unit| *unit != Unit::Days);
        let (step, unit) = match (turn(at), unit(at + 1), unit(at), turn(at + 1)) {
            (Some(step), Some(unit), ..) | (.., Some(unit), Some(step)) => (step, unit),
            _ => return None,
        };
        let (first, last) = match unit {
            Unit::Months => {
                let month = self.today.checked_add(step.months()).ok()?;
                (month.first_of_month(), month.last_of_month())
            }
            _ => {
                let monday = self.today.checked_sub(i64::from(self.today.weekday().to_monday_zero_offset()).days()).ok()?;
                let monday = monday.checked_add((7 * step).days()).ok()?;
                (monday, monday.checked_add(6.days()).ok()?)
            }
        };
        Some((2, Days { first, last }))
    }

    fn date(&self, at: usize) -> Read<Date> {
        self.in_digits(at).or_else(|| self.counted(at)).or_else(|| self.in_words(at))
    }

    /// `2026-12-01`, `1/12/26`, `1.12.`
    fn in_digits(&self, at: usize) -> Read<Date> {
        let joined = |at: usize| matches!(self.between(at), "-" | "/" | ".");
        if !(joined(at) && joined(at + 1)) {
            return None;
        }
        let (a, b, c) = (digits(self.word(at))?, digits(self.word(at + 1))?, digits(self.word(at + 2))?);
        let small = |number: i16| i8::try_from(number).ok();
        let date = match self.word(at).len() {
            4 => Date::new(a, small(b)?, small(c)?),
            _ => Date::new(century(c), small(b)?, small(a)?),
        };
        date.ok().map(|date| (3, date))
    }

    /// 'three days ago', 'hace 3 días', 'in two weeks'.
    fn counted(&self, at: usize) -> Read<Date> {
        let ahead = self.is(Role::Ahead, at);
        let before = self.is(Role::AgoBefore, at);
        for lead in [1, 2, 0] {
            // 'dentro de 3 días' has a small word in between.
            if (lead > 0 && !ahead && !before) || (lead == 2 && self.calendar.number(self.word(at + 1)).is_some()) {
                continue;
            }
            let Some(count) = self.calendar.number(self.word(at + lead)) else { continue };
            let Some(unit) = self.calendar.unit(self.word(at + lead + 1)) else { continue };
            let after = lead == 0 && self.is(Role::AgoAfter, at + 2);
            if lead == 0 && !after {
                continue;
            }
            let count = if ahead && !after { count } else { -count };
            let span = match unit {
                Unit::Days => i64::from(count).days(),
                Unit::Weeks => i64::from(count).weeks(),
                Unit::Months => i64::from(count).months(),
            };
            return self.today.checked_add(span).ok().map(|date| (if after { 3 } else { lead + 2 }, date));
        }
        None
    }

    /// Today, weekdays, '24 November', 'Nov 24', '3 de mayo'.
    fn in_words(&self, at: usize) -> Read<Date> {
        match self.calendar.word(self.word(at)) {
            Some(Word::Relative(days)) => return self.today.checked_add(i64::from(days).days()).ok().map(|date| (1, date)),
            Some(Word::Weekday(day)) => {
                let after = self.is(Role::Past, at + 1);
                let before = |by: usize| at.checked_sub(by).is_some_and(|before| self.is(Role::Past, before));
                let article = at.checked_sub(1).is_some_and(|before| self.is(Role::Article, before));
                let back = after || before(1) || (article && before(2));
                let date = self.today.nth_weekday(if back { -1 } else { 1 }, weekday(day)?).ok()?;
                return Some((1 + usize::from(after), date));
            }
            _ => {}
        }
        let month = |at: usize| match self.calendar.word(self.word(at)) {
            Some(Word::Month(month)) => i8::try_from(month).ok(),
            _ => None,
        };
        let of = |at: usize| self.is(Role::Of, at);
        let (day, month, length) = match (self.bare_day(at), month(at + 1)) {
            (Some(day), Some(month)) => (day, month, 2),
            (Some(day), None) if of(at + 1) => (day, month(at + 2)?, 3),
            // 'mai 2 din se' is no second of May.
            _ if self.calendar.unit(self.word(at + 2)).is_some() => return None,
            _ => (self.bare_day(at + 1)?, month(at)?, 2),
        };
        let written = Some(self.word(at + length)).filter(|year| year.len() == 4).and_then(digits);
        let date = match written {
            Some(year) => Date::new(year, month, day).ok()?,
            None => self.nearest(month, day)?,
        };
        Some((length + usize::from(written.is_some()), date))
    }

    /// The day of the month that is nearest to today, of this year or its neighbours.
    fn nearest(&self, month: i8, day: i8) -> Option<Date> {
        let this = self.today.year();
        let dates = [this, this - 1, this + 1].into_iter().filter_map(|year| Date::new(year, month, day).ok());
        dates.min_by_key(|date| self.today.until(*date).map_or(i32::MAX, |span| span.get_days().abs()))
    }

    /// A day of a month: `3`, `3rd`, `1er`, `3º`.
    fn bare_day(&self, at: usize) -> Option<i8> {
        let word = self.word(at);
        let number = word.trim_end_matches(char::is_alphabetic);
        let suffix = word.get(number.len()..)?;
        if !["", "st", "nd", "rd", "th", "er", "o", "a"].contains(&suffix) || number.len() > 2 {
            return None;
        }
        number.parse().ok().filter(|day| (1..=31).contains(day))
    }
}

fn digits(word: &str) -> Option<i16> {
    (word.len() <= 4).then(|| word.parse().ok()).flatten()
}

fn century(year: i16) -> i16 {
    if year < 100 { 2000 + year } else { year }
}

fn weekday(day: u8) -> Option<Weekday> {
    Weekday::from_monday_zero_offset(i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn date_rows() {
        let calendar = super::super::small_words::shipped().calendar;
        let today = date(2026, 11, 21); // a Saturday
        for (text, wanted) in [
            ("2026-12-01", Some("2026-12-01")),
            ("1/12/2026", Some("2026-12-01")),
            ("01.12.26", Some("2026-12-01")),
            ("on 3rd of november", Some("2026-11-03")),
            ("Nov 3", Some("2026-11-03")),
            ("24 December 2025", Some("2025-12-24")),
            ("after 3 january", Some("2027-01-03")),
            ("yesterday", Some("2026-11-20")),
            ("by friday", Some("2026-11-27")),
            ("since tuesday", Some("2026-11-17")),
            ("three days ago", Some("2026-11-18")),
            ("a week ago", Some("2026-11-14")),
            ("in 2 weeks", Some("2026-12-05")),
            ("last week", Some("2026-11-09/2026-11-15")),
            ("next month", Some("2026-12-01/2026-12-31")),
            ("between 3 and 5 may 2026", Some("2026-05-03/2026-05-05")),
            ("from friday to monday", Some("2026-11-27/2026-11-30")),
            ("3-5 december", Some("2026-12-03/2026-12-05")),
            ("monday and friday", Some("2026-11-23")),
            ("from 5 december to 3 december", Some("2026-12-05")),
            ("desde el martes", Some("2026-11-17")),
            ("el martes pasado", Some("2026-11-17")),
            ("hace 3 días", Some("2026-11-18")),
            ("la semana pasada", Some("2026-11-09/2026-11-15")),
            ("entre el 3 y el 5 de diciembre", Some("2026-12-03/2026-12-05")),
            ("depuis mardi", Some("2026-11-17")),
            ("le 1er décembre", Some("2026-12-01")),
            ("il y a deux jours", Some("2026-11-19")),
            ("seit Dienstag", Some("2026-11-17")),
            ("vor drei Tagen", Some("2026-11-18")),
            ("letzte Woche", Some("2026-11-09/2026-11-15")),
            ("am 3. Dezember", Some("2026-12-03")),
            ("vom 3. bis 5. Dezember", Some("2026-12-03/2026-12-05")),
            ("desde terça", Some("2026-11-17")),
            ("há 3 dias", Some("2026-11-18")),
            ("3 din pehle", Some("2026-11-18")),
            ("somvar se", Some("2026-11-23")),
            ("31/02/2026", None),
            ("A1042", None),
            ("1/300/2026", None),
            ("i may come", None),
        ] {
            let found = find(&Text::new(text), today, &calendar).first().map(|(_, date)| date.to_string());
            assert_eq!(found.as_deref(), wanted, "{text}");
        }
    }
}
