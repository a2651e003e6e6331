//! New rules while the bot runs.
//!
//! Owns: loading at start (files, last good set, safe mode), reloading when files change.
//! Invariants: a set that fails changes nothing and is reported with every mistake; the last set that worked is in the store,
//! so a restart has it too; in-flight steps keep the rules they began with.

use super::App;
use super::config::Config;
use super::rules;
use crate::conversation::Rules;
use crate::engine::CallShapes;
use crate::lexis::{Finding, Severity, Source};
use crate::store::{Store, StoreError};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const LAST_GOOD: &str = "last-good-files";

/// Where the rules in use come from.
#[derive(Debug)]
pub enum Start {
    /// The files as they are.
    Files(Rules),
    /// The files are broken; the last set that worked.
    LastGood(Rules),
    /// The files are broken and there is no good set.
    Safe(Rules),
}

/// Loads rules at start.
///
/// # Errors
/// The store fails, or nothing at all compiles.
pub async fn start(store: &dyn Store, folder: &Path, shapes: &CallShapes, config: &Config) -> Result<(Start, Vec<Finding>), StoreError> {
    let read = rules::sources(folder).map_err(|error| vec![unreadable(&error)]);
    match read.and_then(|sources| rules::compile(&sources, shapes, config).map(|loaded| (sources, loaded))) {
        Ok((sources, loaded)) => {
            keep(store, &sources).await?;
            Ok((Start::Files(loaded.rules), loaded.findings))
        }
        Err(findings) => {
            let kept = store.get(LAST_GOOD).await?.and_then(|bytes| serde_json::from_slice::<Vec<Source>>(&bytes).ok());
            if let Some(loaded) = kept.and_then(|sources| rules::compile(&sources, shapes, config).ok()) {
                return Ok((Start::LastGood(loaded.rules), findings));
            }
            match rules::safe(shapes, config) {
                Ok(rules) => Ok((Start::Safe(rules), findings)),
                Err(_) => Err(StoreError::Failed("not even the built-in files compile with these calls".into())),
            }
        }
    }
}

async fn keep(store: &dyn Store, sources: &[Source]) -> Result<(), StoreError> {
    let bytes = serde_json::to_vec(sources).map_err(|error| StoreError::Failed(error.to_string()))?;
    if store.get(LAST_GOOD).await?.as_ref() != Some(&bytes) {
        store.put(LAST_GOOD, bytes).await?;
    }
    Ok(())
}

fn unreadable(error: &std::io::Error) -> Finding {
    Finding::at(&Source::new("intents", ""), Severity::Error, 0..0, format!("the folder can't be read: {error}"))
}

impl App {
    /// Loads the files again; what there is to say about them. `Err` when they are not used.
    pub async fn reload(&self, folder: &Path, config: &Config) -> Result<Vec<Finding>, Vec<Finding>> {
        let sources = rules::sources(folder).map_err(|error| vec![unreadable(&error)])?;
        match rules::compile(&sources, &self.backend.shapes(), config) {
            Ok(loaded) => {
                self.rules.store(Arc::new(loaded.rules));
                self.stale.store(false, Ordering::Relaxed);
                if let Err(error) = keep(self.store.as_ref(), &sources).await {
                    tracing::error!(%error, "The new files work, but could not be kept for a restart.");
                }
                metrics::counter!("warmline_reloads_total", "end" => "used").increment(1);
                Ok(loaded.findings)
            }
            Err(findings) => {
                self.stale.store(true, Ordering::Relaxed);
                metrics::counter!("warmline_reloads_total", "end" => "refused").increment(1);
                Err(findings)
            }
        }
    }
}
