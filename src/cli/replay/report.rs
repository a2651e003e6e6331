//! What a replay found, for people and programs.
//!
//! Owns: the counts, groups of what nothing answered, and how both are shown as text, JSON and HTML.
//! Invariants: shares are of what could be answered: messages to a person who has taken over count apart.
//! Leaves out: running the conversations (`mod`).

use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;

/// Messages that say the same and that nothing answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// How many messages.
    pub count: u64,
    /// The most typical one.
    pub example: String,
    /// A few others.
    pub others: Vec<String>,
    /// The intent that is nearest.
    pub nearest: Option<String>,
}

/// What became of past messages.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Report {
    pub conversations: usize,
    /// Messages of customers.
    pub messages: usize,
    /// Messages of the shop's side, left out.
    pub ours: usize,
    /// Rows that can't be read.
    pub broken: usize,
    /// Conversations in which no person was needed.
    pub without_a_person: usize,
    /// Messages that were answered.
    pub answered: usize,
    /// Messages that were asked back about: a number, which of two, an e-mail.
    pub asked_back: usize,
    /// Messages that nothing answered, once: a person was offered.
    pub unmatched: usize,
    /// Messages that called a person, by urgency.
    pub handed_over: BTreeMap<String, usize>,
    /// Messages after a person was called.
    pub with_a_person: usize,
    /// Answered or asked back, by intent.
    pub intents: BTreeMap<String, usize>,
    /// What nothing answered, the most frequent first.
    pub groups: Vec<Group>,
}

impl Report {
    fn outcomes(&self) -> Vec<(&'static str, String, usize)> {
        let handed = |urgency: &str| self.handed_over.get(urgency).copied().unwrap_or(0);
        let row = |class: &'static str, name: &str, count: usize| (class, name.to_string(), count);
        vec![
            row("answered", "answered", self.answered),
            row("asked", "asked back", self.asked_back),
            row("unmatched", "nothing answered it: a person offered", self.unmatched),
            row("stuck", "a person called: stuck", handed("stuck")),
            row("wanted", "a person called: asked for, or anger", handed("asked")),
            row("distress", "a person called: distress", handed("distress")),
            row("crisis", "a person called: crisis", handed("crisis")),
        ]
    }

    /// Everything that reached the bot before a person had it.
    fn judged(&self) -> usize {
        self.outcomes().iter().map(|(_, _, count)| count).sum()
    }

    pub fn text(&self) -> String {
        let mut lines = vec![format!("{} conversations, {} messages of customers", self.conversations, self.messages)];
        if self.broken > 0 {
            lines.push(format!("{} rows can't be read and are left out", self.broken));
        }
        lines.push(format!(
            "In {} of the conversations ({}) no person was needed.",
            self.without_a_person,
            percent(self.without_a_person, self.conversations)
        ));
        lines.push(String::new());
        for (_, name, count) in self.outcomes() {
            lines.push(format!("{count:>7}  {:>6}  {:<24} {name}", percent(count, self.judged()), bar(count, self.judged())));
        }
        lines.push(format!("{:>7}          {:<24} after a person was called", self.with_a_person, ""));
        lines.push("\nBy intent".into());
        for (intent, count) in self.by_count() {
            lines.push(format!("{count:>7}  {:>6}  {:<24} {intent}", percent(count, self.judged()), bar(count, self.judged())));
        }
        lines.push("\nWhat nothing answered".into());
        lines.extend(groups_text(&self.groups));
        lines.join("\n")
    }

    fn by_count(&self) -> Vec<(&str, usize)> {
        let mut intents: Vec<(&str, usize)> = self.intents.iter().map(|(intent, count)| (intent.as_str(), *count)).collect();
        intents.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        intents
    }

    /// A page of its own, charts drawn as SVG.
    pub fn html(&self) -> Result<String, minijinja::Error> {
        #[derive(Serialize)]
        struct Bar<'a> {
            class: &'a str,
            name: &'a str,
            count: usize,
            percent: String,
            start: f64,
            width: f64,
        }
        let judged = self.judged().max(1) as f64;
        let outcomes = self.outcomes();
        let mut start = 0.0;
        let stacked: Vec<Bar<'_>> = outcomes
            .iter()
            .map(|(class, name, count)| {
                let width = *count as f64 / judged * 100.0;
                let bar = Bar { class, name, count: *count, percent: percent(*count, self.judged()), start, width };
                start += width;
                bar
            })
            .collect();
        let intents = self.by_count();
        let most = intents.first().map_or(1, |(_, count)| *count).max(1) as f64;
        let bars: Vec<Bar<'_>> = intents
            .iter()
            .map(|(name, count)| Bar {
                class: "answered",
                name,
                count: *count,
                percent: percent(*count, self.judged()),
                start: 0.0,
                width: *count as f64 / most * 100.0,
            })
            .collect();
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.add_template("report", include_str!("report.html"))?;
        environment.get_template("report")?.render(minijinja::Value::from(minijinja::value::Serde(json!({
            "report": self, "outcomes": stacked, "intents": bars, "settled": percent(self.without_a_person, self.conversations),
        }))))
    }
}

/// Groups as lines: how many, an example, the nearest intent, and two others.
pub(in crate::cli) fn groups_text(groups: &[Group]) -> Vec<String> {
    if groups.is_empty() {
        return vec!["  nothing".into()];
    }
    let mut lines = Vec::new();
    for group in groups {
        let nearest = group.nearest.as_ref().map_or(String::new(), |nearest| format!("   (nearest: {nearest})"));
        lines.push(format!("{:>7}  {}{nearest}", group.count, group.example.replace('\n', " ")));
        lines.extend(group.others.iter().take(2).map(|other| format!("         · {}", other.replace('\n', " "))));
    }
    lines
}

fn percent(part: usize, of: usize) -> String {
    format!("{:.1} %", part as f64 / of.max(1) as f64 * 100.0)
}

fn bar(part: usize, of: usize) -> String {
    "█".repeat((part as f64 / of.max(1) as f64 * 24.0).round() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_escapes_what_customers_wrote_and_shares_add_up() {
        let group =
            Group { count: 2, example: "<script>alert(1)</script>".into(), others: vec!["a & b".into()], nearest: Some("thanks".into()) };
        let report = Report {
            conversations: 2,
            messages: 4,
            answered: 2,
            unmatched: 1,
            handed_over: BTreeMap::from([("crisis".to_string(), 1)]),
            intents: BTreeMap::from([("order_status".to_string(), 2)]),
            groups: vec![group],
            ..Report::default()
        };
        let page = report.html().expect("renders");
        assert!(page.contains("&lt;script&gt;") && !page.contains("<script>alert"), "{page}");
        assert!(page.contains("a &amp; b") && page.contains("50.0 %"));
        assert!(report.text().contains("      1  25.0 %") && report.text().contains("(nearest: thanks)"), "{}", report.text());
    }
}
