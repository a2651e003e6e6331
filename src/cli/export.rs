//! `warmline export`: everything that is kept of one customer.

use super::{Paths, control, parts, print, status};
use crate::app::{Clock, SystemClock};
use crate::desk;
use crate::store::{Store, StoreError};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Fewer letters of an id than this name nobody.
pub(super) const SHORTEST: usize = 8;

pub(super) fn export(paths: &Paths, id: &str) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let id = id.trim().to_lowercase();
    if id.len() < SHORTEST || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        print::error("a conversation is named by its id, as the card and `warmline queue` show it: eight letters and digits or more");
        return ExitCode::from(status::USAGE);
    }
    let found: Vec<Value> = match control::rows(&config, &format!("export {id}"), async |store| read(store, &id).await) {
        Ok(found) => found,
        Err(status) => return status,
    };
    match found.as_slice() {
        [one] => {
            print::line(serde_json::to_string_pretty(one).unwrap_or_default());
            ExitCode::SUCCESS
        }
        [] => {
            print::error(format!("no conversation begins with {id}"));
            ExitCode::from(status::FINDINGS)
        }
        _ => {
            print::error(format!("several conversations begin with {id}; write more of the id"));
            ExitCode::from(status::FINDINGS)
        }
    }
}

/// The conversations whose id begins so.
pub(super) async fn read(store: &dyn Store, id: &str) -> Result<Vec<Value>, StoreError> {
    let mut found = Vec::new();
    for known in store.conversations().await?.into_iter().filter(|known| known.to_string().starts_with(id)) {
        if let Some(state) = store.state(known).await? {
            let mut export = desk::export(known, &state, &store.transcript(known).await?, SystemClock.now());
            let reviews: Vec<_> = store.reviews(jiff::Timestamp::default()).await?.into_iter().filter(|row| row.id == known).collect();
            export["reviews"] = json!(reviews);
            found.push(export);
        }
    }
    Ok(found)
}
