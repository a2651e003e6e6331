//! What was learnt from examples, kept in a folder between starts.
//!
//! Owns: where the folder is (`WARMLINE_CACHE`, else the user's folder for caches), writing whole files, throwing old ones away.
//! Invariants: nothing fails because of it: what can't be read is learnt again, what can't be written isn't kept; a file is
//! there whole or not at all; only weights learnt from the operator's own files are in it, never a customer's words.
//! Leaves out: whether a file is what it should be (`lexis::Memory`).

use crate::lexis::Memory;
use std::path::PathBuf;

/// So many files stay: a few sets of intents, each with what understanding and care learnt.
const FILES: usize = 16;

/// The folder; `None` where there is no place for one.
#[derive(Clone, Debug)]
pub struct Learnt(Option<PathBuf>);

impl Learnt {
    /// Where this user's programs keep what they can make again. `WARMLINE_CACHE=off` keeps nothing.
    pub fn usual() -> Self {
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        match named("WARMLINE_CACHE") {
            Some(off) if off.as_os_str() == "off" => Learnt(None),
            Some(folder) => Learnt(Some(folder)),
            None => {
                let caches = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")));
                Learnt(caches.map(|caches| caches.join("warmline")))
            }
        }
    }

    /// A folder that the caller names.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Learnt(Some(folder.into()))
    }

    fn file(&self, key: u64) -> Option<PathBuf> {
        self.0.as_ref().map(|folder| folder.join(format!("{key:016x}.learnt")))
    }

    fn write(&self, key: u64, learnt: &[u8]) -> Option<()> {
        let (folder, file) = (self.0.as_ref()?, self.file(key)?);
        std::fs::create_dir_all(folder).ok()?;
        let new = folder.join(format!("{key:016x}.{}.new", std::process::id()));
        let written = std::fs::write(&new, learnt).and_then(|()| std::fs::rename(&new, &file));
        if written.is_err() {
            let _ = std::fs::remove_file(&new);
        }
        self.thin_out()
    }

    /// The files that were written longest ago go.
    fn thin_out(&self) -> Option<()> {
        let files = std::fs::read_dir(self.0.as_ref()?).ok()?.flatten().map(|entry| entry.path());
        let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "learnt"));
        let mut files: Vec<_> = files.filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path))).collect();
        files.sort_unstable();
        let many = files.len().saturating_sub(FILES);
        files.into_iter().take(many).for_each(|(_, path)| drop(std::fs::remove_file(path)));
        Some(())
    }
}

impl Memory for Learnt {
    fn recall(&self, key: u64) -> Option<Vec<u8>> {
        std::fs::read(self.file(key)?).ok()
    }

    fn keep(&self, key: u64, learnt: &[u8]) {
        if self.write(key, learnt).is_none() {
            tracing::debug!("what was learnt can't be kept for the next start");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again_and_the_folder_does_not_grow() {
        let folder = tempfile::tempdir().expect("a folder");
        let learnt = Learnt::at(folder.path().join("deep/er"));
        assert_eq!(learnt.recall(1), None);
        for key in 0..3 * FILES as u64 {
            learnt.keep(key, &key.to_le_bytes());
        }
        assert_eq!(learnt.recall(3 * FILES as u64 - 1), Some((3 * FILES as u64 - 1).to_le_bytes().to_vec()));
        assert_eq!(std::fs::read_dir(folder.path().join("deep/er")).expect("a folder").count(), FILES);
    }

    #[test]
    fn a_folder_that_cannot_be_is_no_fault() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        for learnt in [Learnt(None), Learnt::at(file.path().join("below"))] {
            learnt.keep(1, b"x");
            assert_eq!(learnt.recall(1), None);
        }
    }
}
