//! `warmline unmatched`: what customers asked and nothing answered.

use super::replay::{Group, counted_groups, groups_text};
use super::{Paths, control, parts, print, status};
use crate::store::MissedRow;
use std::process::ExitCode;

pub(super) fn unmatched(paths: &Paths, groups: usize, as_json: bool) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let rows: Vec<MissedRow> = match control::rows(&config, "unmatched", async |store| store.missed().await) {
        Ok(rows) => rows,
        Err(status) => return status,
    };
    let messages: u64 = rows.iter().map(|row| row.count).sum();
    let groups: Vec<Group> = counted_groups(rows.into_iter().map(|row| (row.text, row.nearest, row.count)).collect(), groups);
    if as_json {
        print::line(serde_json::to_string_pretty(&groups).unwrap_or_default());
    } else if groups.is_empty() {
        print::line("Everything was answered, or nobody has written yet.");
    } else {
        print::line(format!("{messages} messages that nothing answered, without names and numbers; the most frequent first"));
        print::line(groups_text(&groups).join("\n"));
        print::line("\nA line in the nearest intent, or an intent of its own, answers them; `warmline explain` shows what is missing.");
    }
    ExitCode::SUCCESS
}
