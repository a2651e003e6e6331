//! The default store: one folder, no server.
//!
//! Owns: sled 0.34 as a `Kv`: one tree, batches, a flush after each group.
//! Invariants: kill -9 loses nothing that was acknowledged. Power loss may: sled's flush does not flush the disk's own cache
//! on Linux, so that is not promised.

use super::StoreError;
use super::kv::{Batch, Kv, Pair};
use std::path::Path;

/// A folder of sled's.
pub struct SledKv {
    db: sled::Db,
}

impl SledKv {
    /// Opens or makes the folder. While another holder has it, `again` is asked (and may wait) whether to try once more: sled's
    /// own threads keep the lock for a moment after the last handle is gone, and a service manager may start the next process
    /// while the last one is still ending.
    ///
    /// # Errors
    /// Another process has it, it can't be written, or it is damaged.
    pub fn open(path: &Path, mut again: impl FnMut() -> bool) -> Result<Self, StoreError> {
        let shown = path.display().to_string();
        std::fs::create_dir_all(path).map_err(|error| StoreError::Unusable { path: shown.clone(), reason: error.to_string() })?;
        private(path).map_err(|error| StoreError::Unusable { path: shown.clone(), reason: error.to_string() })?;
        // sled panics where it can't write its files, so try first.
        let probe = path.join(".writable");
        std::fs::write(&probe, b"").map_err(|error| StoreError::Unusable { path: shown.clone(), reason: error.to_string() })?;
        let _ = std::fs::remove_file(&probe);
        let open = || sled::Config::new().path(path).mode(sled::Mode::HighThroughput).flush_every_ms(None).open();
        loop {
            match open() {
                Ok(db) => return Ok(SledKv { db }),
                Err(error) if held(&error) && again() => {}
                Err(error) if held(&error) => return Err(StoreError::InUse(shown)),
                Err(error) => return Err(StoreError::Unusable { path: shown, reason: error.to_string() }),
            }
        }
    }
}

/// Somebody else has the folder's lock.
fn held(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(io) if io.kind() == std::io::ErrorKind::WouldBlock || io.to_string().contains("lock"))
}

/// Only the account that runs the bot may read what customers wrote.
fn private(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

fn failed(error: sled::Error) -> StoreError {
    StoreError::Failed(error.to_string())
}

impl Kv for SledKv {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.db.get(key).map_err(failed)?.map(|value| value.to_vec()))
    }

    fn range(&self, from: &[u8], to: &[u8], most: usize) -> Result<Vec<Pair>, StoreError> {
        if from >= to {
            return Ok(Vec::new());
        }
        self.db.range(from..to).take(most).map(|row| row.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(failed)).collect()
    }

    fn write(&self, batch: Batch) -> Result<(), StoreError> {
        let mut writes = sled::Batch::default();
        for (key, value) in batch.items {
            match value {
                Some(value) => writes.insert(key, value),
                None => writes.remove(key),
            }
        }
        self.db.apply_batch(writes).map_err(failed)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.db.flush().map(drop).map_err(failed)
    }
}
