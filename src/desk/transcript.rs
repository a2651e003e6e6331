//! The transcript as staff read it.
//!
//! Owns: entries as text, one line each, with local times; what became of a line stands beside it.
//! Leaves out: where it is posted.

use super::hours::Hours;
use crate::conversation::{Entry, Who};
use std::collections::HashMap;

/// All entries, complete, in order.
pub fn transcript(entries: &[Entry], hours: &Hours) -> String {
    let fates: HashMap<u64, &str> = entries.iter().filter_map(|entry| Some((entry.about?, entry.text.as_str()))).collect();
    let mut lines = Vec::new();
    let mut day = None;
    for entry in entries.iter().filter(|entry| entry.about.is_none()) {
        let local = hours.local(entry.at);
        if day != Some(local.date()) {
            day = Some(local.date());
            lines.push(format!("— {} —", crate::lexis::day(local.date(), "en")));
        }
        let who = match &entry.who {
            Who::Customer => "customer",
            Who::Bot => "bot",
            Who::Staff(name) => name,
            Who::Note => "*",
        };
        let mut line = format!("#{} {}:{:02} {who}: {}", entry.number, local.hour(), local.minute(), entry.text);
        if !entry.understood.is_empty() {
            let understood: Vec<String> = entry.understood.iter().map(|(name, value)| format!("{name}={value}")).collect();
            line = format!("{line}  [{}]", understood.join(", "));
        }
        for evidence in &entry.evidence {
            line = format!("{line}  [{}: {}]", evidence.level.name(), evidence.rule);
        }
        if let Some(fate) = fates.get(&entry.number) {
            line = format!("{line}  [{}]", fate.to_uppercase());
        }
        lines.push(line);
    }
    lines.join("\n")
}
