//! The weekly figures: what care heard, and how often staff called it right.
//!
//! Owns: which figures may be shown, and how.
//! Invariants: no figure of fewer than [`FEWEST`] people is shown, no week that is not over, and no share finer than a whole
//! percent: nobody can be found in them.
//! Leaves out: counting (`conversation`), keeping (`store`).

use crate::care::Level;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Behind every figure stand at least so many people.
pub const FEWEST: u64 = 20;

/// Rules are judged over so many weeks together.
pub const WEEKS: i64 = 12;

/// One count of one week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figure {
    /// The week's Monday.
    pub week: Date,
    /// `people`, `level.crisis`, `right.<rule>`, `wrong.<rule>`, `sorted`, `not_sorted`.
    pub name: String,
    /// People.
    pub count: u64,
}

/// A week: how many wrote, and which share of them was at which level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Week {
    /// Its Monday.
    pub week: Date,
    /// Who wrote.
    pub people: u64,
    /// Level to percent, rounded; a level that nobody reached is missing.
    pub percent: BTreeMap<String, u64>,
}

/// A rule: how often staff called it right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Precision {
    /// Its id.
    pub rule: String,
    /// Verdicts of staff.
    pub judged: u64,
    /// Percent that were right, rounded.
    pub right: u64,
}

/// Whoever was asked after a close whether it was sorted out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sorted {
    /// Answers.
    pub answers: u64,
    /// Percent of them that said yes, rounded.
    pub yes: u64,
}

/// What may be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Weekly {
    /// The latest first.
    pub weeks: Vec<Week>,
    /// Weeks of fewer than [`FEWEST`] people.
    pub too_few: usize,
    /// Over the last twelve weeks; the least right first.
    pub rules: Vec<Precision>,
    /// Over the same weeks, where enough have answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sorted: Option<Sorted>,
}

impl Weekly {
    /// The figures that may be shown on a day.
    pub fn of(figures: &[Figure], today: Date) -> Self {
        let days = |week: Date| today.since(week).map_or(0, |span| i64::from(span.get_days()));
        let over = |figure: &&Figure| days(figure.week) >= 7;
        let mut weeks: BTreeMap<Date, BTreeMap<&str, u64>> = BTreeMap::new();
        let mut verdicts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for figure in figures.iter().filter(over) {
            if let Some(rule) = figure.name.strip_prefix("right.").filter(|_| days(figure.week) <= 7 * WEEKS) {
                verdicts.entry(rule).or_default().0 += figure.count;
            } else if let Some(rule) = figure.name.strip_prefix("wrong.").filter(|_| days(figure.week) <= 7 * WEEKS) {
                verdicts.entry(rule).or_default().1 += figure.count;
            } else if figure.name == "people" || figure.name.starts_with("level.") {
                weeks.entry(figure.week).or_default().insert(figure.name.strip_prefix("level.").unwrap_or("people"), figure.count);
            }
        }
        let mut weekly = Weekly::default();
        let percent = |part: u64, whole: u64| (part * 100 + whole / 2) / whole.max(1);
        for (week, counts) in weeks.into_iter().rev() {
            let people = counts.get("people").copied().unwrap_or(0);
            if people < FEWEST {
                weekly.too_few += 1;
                continue;
            }
            let levels = counts.iter().filter(|(name, _)| **name != "people");
            let percent = levels.map(|(name, count)| (name.to_string(), percent(*count, people))).collect();
            weekly.weeks.push(Week { week, people, percent });
        }
        let judged = verdicts.into_iter().filter(|(_, (right, wrong))| right + wrong >= FEWEST);
        weekly.rules = judged
            .map(|(rule, (right, wrong))| Precision { rule: rule.into(), judged: right + wrong, right: percent(right, right + wrong) })
            .collect();
        let answers = |name: &str| -> u64 {
            let lately = figures.iter().filter(over).filter(|figure| days(figure.week) <= 7 * WEEKS);
            lately.filter(|figure| figure.name == name).map(|figure| figure.count).sum()
        };
        let (yes, no) = (answers("sorted"), answers("not_sorted"));
        weekly.sorted = (yes + no >= FEWEST).then(|| Sorted { answers: yes + no, yes: percent(yes, yes + no) });
        weekly.rules.sort_by(|a, b| a.right.cmp(&b.right).then_with(|| a.rule.cmp(&b.rule)));
        weekly
    }

    /// As a person reads it.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        for week in &self.weeks {
            let share = |level: &str| {
                week.percent
                    .get(level)
                    .map(|percent| format!("{level} {}", if *percent == 0 { "under 1".into() } else { percent.to_string() }))
            };
            let shares: Vec<String> = LEVELS.into_iter().map(Level::name).filter_map(share).collect();
            let shares = if shares.is_empty() { "nobody in need".into() } else { format!("{} %", shares.join(" %, ")) };
            lines.push(format!("week of {}: {} people wrote; {shares}", week.week, week.people));
        }
        if self.too_few > 0 {
            let weeks = if self.too_few == 1 { "1 week is".into() } else { format!("{} weeks are", self.too_few) };
            lines.push(format!("{weeks} not shown: fewer than {FEWEST} people wrote"));
        }
        for rule in &self.rules {
            lines.push(format!("{}: staff called it right in {} % of {} crises", rule.rule, rule.right, rule.judged));
        }
        if lines.is_empty() {
            lines.push("No week is over yet in which anybody wrote.".into());
        } else if self.rules.is_empty() {
            lines.push(format!("No rule was judged by staff {FEWEST} times in the last {WEEKS} weeks."));
        }
        if let Some(sorted) = &self.sorted {
            lines.push(format!("Asked later, {} % of {} said that it was sorted out.", sorted.yes, sorted.answers));
        }
        lines.join("\n")
    }
}

/// The most urgent first.
const LEVELS: [Level; 4] = [Level::Crisis, Level::Distress, Level::Frustration, Level::HumanRequest];

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn figure(week: Date, name: &str, count: u64) -> Figure {
        Figure { week, name: name.into(), count }
    }

    #[test]
    fn only_whole_weeks_of_twenty_people_are_shown() {
        let (before, last, this) = (date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16));
        let figures = [
            figure(before, "people", 19),
            figure(before, "level.crisis", 3),
            figure(last, "people", 400),
            figure(last, "level.crisis", 1),
            figure(last, "level.frustration", 30),
            figure(this, "people", 500),
        ];
        let weekly = Weekly::of(&figures, date(2026, 11, 18));
        assert_eq!((weekly.weeks.len(), weekly.too_few), (1, 1));
        assert_eq!(
            weekly.text(),
            "week of 2026-11-09: 400 people wrote; crisis under 1 %, frustration 8 %\n\
             1 week is not shown: fewer than 20 people wrote\n\
             No rule was judged by staff 20 times in the last 12 weeks."
        );
    }

    #[test]
    fn whether_it_was_sorted_out_is_shown_when_twenty_answered() {
        let week = date(2026, 11, 9);
        let text = |yes: u64| Weekly::of(&[figure(week, "sorted", yes), figure(week, "not_sorted", 2)], date(2026, 11, 18)).text();
        assert!(text(18).ends_with("Asked later, 90 % of 20 said that it was sorted out."), "{}", text(18));
        assert!(!text(17).contains("sorted out"), "{}", text(17));
    }

    #[test]
    fn a_rule_is_shown_when_twenty_were_judged() {
        let week = |at: i8| date(2026, 10, at);
        let figures = [
            figure(week(5), "right.wish_to_die", 12),
            figure(week(12), "right.wish_to_die", 6),
            figure(week(12), "wrong.wish_to_die", 2),
            figure(week(12), "right.rare", 19),
            figure(date(2026, 1, 5), "wrong.wish_to_die", 50),
        ];
        let rules = Weekly::of(&figures, date(2026, 11, 18)).rules;
        assert_eq!(rules, [Precision { rule: "wish_to_die".into(), judged: 20, right: 90 }]);
        assert_eq!(Weekly::default().text(), "No week is over yet in which anybody wrote.");
    }
}
