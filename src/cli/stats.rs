//! `warmline stats`: the figures that a desk is led by.

use super::{Paths, control, parts, print, status};
use crate::app::{Clock, SystemClock};
use crate::conversation::{ConversationId, Finished};
use crate::desk::Stats;
use std::process::ExitCode;

pub(super) fn stats(paths: &Paths, days: i64, as_json: bool) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let days = days.clamp(1, 366);
    let since = SystemClock.now().checked_sub(jiff::SignedDuration::from_hours(24 * days)).unwrap_or_default();
    let question = format!("finished {since}");
    let finished: Vec<(ConversationId, Finished)> = match control::rows(&config, &question, async |store| store.finished(since).await) {
        Ok(finished) => finished,
        Err(status) => return status,
    };
    let stats = Stats::of(&finished.into_iter().map(|(_, finished)| finished).collect::<Vec<_>>());
    print::line(if as_json { serde_json::to_string_pretty(&stats).unwrap_or_default() } else { stats.text(days) });
    ExitCode::SUCCESS
}
