//! `warmline queue`.

use super::{Paths, control, parts, print, status};
use crate::app::{Clock, SystemClock};
use crate::desk::QueueRow;
use serde_json::json;
use std::process::ExitCode;

pub(super) fn queue(paths: &Paths, as_json: bool) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let rows: Vec<QueueRow> = match control::rows(&config, "queue", async |store| store.queue().await) {
        Ok(rows) => rows,
        Err(status) => return status,
    };
    let now = SystemClock.now();
    if rows.is_empty() && !as_json {
        print::line("Nothing waits.");
    }
    for row in rows {
        let waiting = now.duration_since(row.opened).as_secs().max(0);
        print::line(if as_json { row_json(&row, waiting) } else { row_text(&row, waiting) });
    }
    ExitCode::SUCCESS
}

fn row_json(row: &QueueRow, waiting: i64) -> String {
    json!({
        "id": row.id, "urgency": row.urgency, "reason": row.reason, "channel": row.channel, "waiting_secs": waiting, "owner": row.owner,
    })
    .to_string()
}

fn row_text(row: &QueueRow, waiting: i64) -> String {
    let owner = row.owner.as_deref().unwrap_or("nobody yet");
    let (hours, minutes) = (waiting / 3600, waiting / 60 % 60);
    format!("{:<9} {:<14} {:<9} {} waiting {hours}:{minutes:02}  {owner}", row.urgency.name(), row.reason, row.channel, row.id.short())
}
