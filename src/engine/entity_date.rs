//! Dates as people write them.
//!
//! Owns: ISO dates, `24/11/2026`, `24 November`, `Nov 24`, today, yesterday, tomorrow, weekdays, against a passed day.
//! Invariants: a date that does not exist is no date; a day and month that could be either are read day first.
//! Leaves out: ranges and other languages.

use crate::text::{Span, Text};
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Every date in a text.
pub(super) fn find(text: &Text, today: Date) -> Vec<(Span, Date)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.tokens.len() {
        match read(text, at, today) {
            Some((length, date)) => {
                found.push((text.span(at, at + length), date));
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

fn read(text: &Text, at: usize, today: Date) -> Option<(usize, Date)> {
    let word = |offset: usize| text.tokens.get(at + offset).map_or("", |token| token.text.as_str());
    let joined = |offset: usize| {
        let (Some(a), Some(b)) = (text.tokens.get(at + offset), text.tokens.get(at + offset + 1)) else { return false };
        matches!(Span { start: a.span.end, end: b.span.start }.of(&text.original), "-" | "/" | ".")
    };
    if joined(0) && joined(1) {
        let (a, b, c) = (number(word(0))?, number(word(1))?, number(word(2))?);
        let date = if word(0).len() == 4 { Date::new(a, b as i8, c as i8) } else { Date::new(century(c), b as i8, a as i8) };
        return date.ok().map(|date| (3, date));
    }
    let relative = match word(0) {
        "today" => Some(today),
        "yesterday" => today.checked_sub(1.day()).ok(),
        "tomorrow" => today.checked_add(1.day()).ok(),
        _ => None,
    };
    if let Some(date) = relative {
        return Some((1, date));
    }
    if let Some(weekday) = weekday(word(0)) {
        // A bare weekday is the next one ('deliver on friday'); after 'last' or 'since' it is the one before.
        let back = at > 0 && matches!(text.tokens[at - 1].text.as_str(), "last" | "since");
        return today.nth_weekday(if back { -1 } else { 1 }, weekday).ok().map(|date| (1, date));
    }
    let (day, month, length) = match (day_number(word(0)), month(word(1))) {
        (Some(day), Some(month)) => (day, month, 2),
        _ if day_number(word(0)).is_some() && word(1) == "of" => (day_number(word(0))?, month(word(2))?, 3),
        _ => (day_number(word(1))?, month(word(0))?, 2),
    };
    let year = Some(word(length)).filter(|year| year.len() == 4).and_then(number);
    let date = Date::new(year.unwrap_or(today.year()), month, day).ok()?;
    Some((length + usize::from(year.is_some()), date))
}

fn number(word: &str) -> Option<i16> {
    (word.len() <= 4).then(|| word.parse().ok()).flatten()
}

fn century(year: i16) -> i16 {
    if year < 100 { 2000 + year } else { year }
}

fn day_number(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let suffix = word.get(digits.len()..)?;
    if !["", "st", "nd", "rd", "th"].contains(&suffix) || digits.len() > 2 {
        return None;
    }
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

fn month(word: &str) -> Option<i8> {
    const FULL: [&str; 12] =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
    let index = FULL.iter().position(|full| *full == word).or_else(|| MONTHS.iter().position(|short| *short == word))?;
    Some(index as i8 + 1)
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn date_rows() {
        let today = date(2026, 11, 21); // a Saturday
        for (text, wanted) in [
            ("2026-12-01", Some("2026-12-01")),
            ("1/12/2026", Some("2026-12-01")),
            ("01.12.26", Some("2026-12-01")),
            ("on 3rd of november", Some("2026-11-03")),
            ("Nov 3", Some("2026-11-03")),
            ("24 December 2025", Some("2025-12-24")),
            ("yesterday", Some("2026-11-20")),
            ("by friday", Some("2026-11-27")),
            ("since tuesday", Some("2026-11-17")),
            ("31/02/2026", None),
            ("A1042", None),
        ] {
            let found = find(&Text::new(text), today).first().map(|(_, date)| date.to_string());
            assert_eq!(found.as_deref(), wanted, "{text}");
        }
    }
}
