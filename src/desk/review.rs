//! The review list, as whoever reads it again sees it.
//!
//! Owns: its rows, their order, what is counted of them, the words of the list.
//! Invariants: no words, names of customers or numbers: an id leads to them; whoever was in danger comes first.
//! Leaves out: what puts a row there (`conversation`), keeping it (`store`), the pick at random (`app`).

use super::hours::Hours;
use crate::conversation::{ConversationId, Why};
use crate::lexis::day;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// So many conversations in which nothing was noticed are picked for a week.
pub const PICKED: usize = 20;

/// A conversation that somebody reads again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewRow {
    /// The conversation.
    pub id: ConversationId,
    /// Why.
    pub why: Why,
    /// When that was.
    pub at: Timestamp,
    /// The customer's channel.
    pub channel: String,
    /// The number of the message's entry in the transcript.
    pub about: u64,
    /// Somebody has looked at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<Reviewed>,
}

/// Who has looked, and what they found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviewed {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What they found.
    #[serde(default)]
    pub note: String,
}

/// A week's list, with what is left of the weeks before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Review {
    /// Whose list it is; empty where nobody is named.
    pub reviewer: String,
    /// The week's Monday.
    pub week: Date,
    /// Crises of the week.
    pub crises: usize,
    /// Crises that were called none, distress that was called not urgent.
    pub downgrades: usize,
    /// Persons offered for words of danger.
    pub offers: usize,
    /// Others, picked at random.
    pub others: usize,
    /// Not looked at.
    pub open: usize,
    /// Of these, from before the week.
    pub before: usize,
    /// All of them, what matters most first.
    pub rows: Vec<ReviewRow>,
}

impl Review {
    /// The list of a week that begins at a moment.
    pub fn new(reviewer: &str, week: Date, begins: Timestamp, mut rows: Vec<ReviewRow>) -> Self {
        rows.sort_by_key(|row| (row.why, row.at, row.id, row.about));
        let of = |why: Why| rows.iter().filter(|row| row.why == why && row.at >= begins).count();
        let open = rows.iter().filter(|row| row.done.is_none());
        Review {
            reviewer: reviewer.to_string(),
            week,
            crises: of(Why::Crisis),
            downgrades: of(Why::Downgraded),
            offers: of(Why::Offered),
            others: of(Why::Random),
            open: open.clone().count(),
            before: open.filter(|row| row.at < begins).count(),
            rows,
        }
    }

    /// What the list holds, in a line.
    pub fn head(&self, this_week: bool) -> String {
        let whose = if self.reviewer.is_empty() { "Nobody is named ([desk] reviewer)".into() } else { format!("For {}", self.reviewer) };
        let week = if this_week { "this week".into() } else { format!("in the week of {}", self.week) };
        let before = if self.before > 0 { format!(", {} of them from before", self.before) } else { String::new() };
        format!(
            "{whose}: {}, {}, {}, {} {week}; {} not looked at{before}",
            count(self.crises, "crisis", "crises"),
            count(self.downgrades, "downgrade", "downgrades"),
            count(self.offers, "offer", "offers"),
            count(self.others, "other", "others"),
            self.open,
        )
    }

    /// How much is left to do, in a line; nothing where the list is empty.
    pub fn left(&self) -> Option<String> {
        let whose = if self.reviewer.is_empty() { String::new() } else { format!(" for {}", self.reviewer) };
        let all = self.rows.len();
        (all > 0).then(|| format!("To be read again{whose}: {} of {all} not looked at; `warmline review` lists them.", self.open))
    }

    /// What nobody has looked at, what matters most first.
    pub fn unread(&self) -> impl Iterator<Item = &ReviewRow> {
        self.rows.iter().filter(|row| row.done.is_none())
    }
}

impl ReviewRow {
    /// As staff read it.
    pub fn line(&self, hours: &Hours) -> String {
        let when = day(hours.local(self.at).date(), "en");
        let about = if self.about > 0 { format!(" #{}", self.about) } else { String::new() };
        format!("{}, {when}, {}, {}{about}", self.why.name(), self.channel, self.id.short())
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u8, why: Why, at: &str, done: bool) -> ReviewRow {
        let at: Timestamp = at.parse().expect("a time");
        let done = done.then(|| Reviewed { by: "Robin".into(), at, note: "fine".into() });
        ReviewRow { id: ConversationId::from_bytes([id; 16]), why, at, channel: "sms".into(), about: 3, done }
    }

    #[test]
    fn the_head_counts_the_week_and_what_is_left_of_the_weeks_before() {
        let begins = "2026-11-16T00:00:00Z".parse().expect("a time");
        let week = jiff::civil::date(2026, 11, 16);
        let rows = vec![
            row(1, Why::Random, "2026-11-18T09:00:00Z", false),
            row(2, Why::Crisis, "2026-11-20T09:00:00Z", true),
            row(3, Why::Crisis, "2026-11-10T09:00:00Z", false),
            row(4, Why::Downgraded, "2026-11-17T09:00:00Z", false),
        ];
        let list = Review::new("Robin", week, begins, rows);
        assert_eq!(
            list.head(true),
            "For Robin: 1 crisis, 1 downgrade, 0 offers, 1 other this week; 3 not looked at, 1 of them from before"
        );
        let hours = Hours::never();
        let lines: Vec<String> = list.unread().map(|row| row.line(&hours)).collect();
        assert_eq!(
            lines,
            [
                "crisis, Tuesday 10 November, sms, 03030303 #3",
                "downgraded, Tuesday 17 November, sms, 04040404 #3",
                "random, Wednesday 18 November, sms, 01010101 #3",
            ]
        );
        assert_eq!(list.left().as_deref(), Some("To be read again for Robin: 3 of 4 not looked at; `warmline review` lists them."));
        let nobody = Review::new("", week, begins, Vec::new());
        assert_eq!(
            nobody.head(false),
            "Nobody is named ([desk] reviewer): 0 crises, 0 downgrades, 0 offers, 0 others in the week of 2026-11-16; 0 not looked at"
        );
        assert_eq!(nobody.left(), None);
    }
}
