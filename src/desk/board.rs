//! The pinned line: the queue at one glance.
//!
//! Owns: its text.
//! Invariants: no words, names or numbers of customers; it says since when, not for how long, so that it changes only when the
//! queue does.
//! Leaves out: when it is edited (`app`).

use super::hours::Hours;
use super::queue::QueueRow;
use crate::conversation::Urgency;

/// Rows that are shown.
const ROWS: usize = 15;

/// The line for a queue in its order, each row with its link.
pub fn board(rows: &[(QueueRow, String)], hours: &Hours) -> String {
    if rows.is_empty() {
        return "QUEUE: nobody waits.".into();
    }
    let count = |urgency: Urgency| rows.iter().filter(|(row, _)| row.urgency == urgency).count();
    let counts: Vec<String> = Urgency::ALL
        .into_iter()
        .rev()
        .filter(|urgency| count(*urgency) > 0)
        .map(|urgency| format!("{} {}", count(urgency), urgency.name()))
        .collect();
    let mut lines = vec![format!("QUEUE: {}. /next gives you the first that is free.", counts.join(", "))];
    for (row, link) in rows.iter().take(ROWS) {
        let local = hours.local(row.opened);
        let owner = row.owner.as_deref().unwrap_or("free");
        let since = format!("{} since {}:{:02}, {}, {owner}", row.urgency.name(), local.hour(), local.minute(), row.channel);
        lines.push(format!("{since} {}", if link.is_empty() { row.id.short() } else { link.clone() }));
    }
    if rows.len() > ROWS {
        lines.push(format!("and {} more", rows.len() - ROWS));
    }
    lines.join("\n")
}
