//! `warmline walk`: a finished conversation as the phone saw it, for the people who answer for it.

use super::{Paths, control, parts, print, status};
use crate::app::{Clock, SystemClock};
use crate::desk::{self, Hours};
use crate::store::{Store, StoreError};
use std::process::ExitCode;

pub(super) fn walk(paths: &Paths) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let found: Vec<String> = match control::rows(&config, "walk", async |store| read(store, &config.hours).await) {
        Ok(found) => found,
        Err(status) => return status,
    };
    match found.first() {
        Some(text) => print::line(text),
        None => print::line("No handoff has ended in the last four weeks."),
    }
    ExitCode::SUCCESS
}

/// One of the handoffs that ended in the last four weeks, any of them.
pub(super) async fn read(store: &dyn Store, hours: &Hours) -> Result<Vec<String>, StoreError> {
    let clock = SystemClock;
    let since = clock.now().checked_sub(jiff::SignedDuration::from_hours(24 * 28)).unwrap_or_default();
    let finished = store.finished(since).await?;
    if finished.is_empty() {
        return Ok(Vec::new());
    }
    let (id, finished) = &finished[(clock.entropy() % finished.len() as u64) as usize];
    Ok(vec![desk::walk(finished, &store.transcript(*id).await?, hours)])
}
