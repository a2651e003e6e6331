//! What was learnt before, so that the next start needn't learn it again.
//!
//! Owns: the question of whether bytes are what these examples taught this code; the form in which they are kept.
//! Invariants: bytes that are damaged, or come from other examples or other code, are learnt anew and replaced; with or
//! without a memory, the same is learnt.
//! Leaves out: where bytes are kept; whoever calls says it.

use serde::{Serialize, de::DeserializeOwned};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Where learnt things are kept, by a number for what they were learnt from. It may forget, and may fail without a word.
pub trait Memory: Sync {
    /// What was kept last.
    fn recall(&self, key: u64) -> Option<Vec<u8>>;
    /// Keeps bytes for another time.
    fn keep(&self, key: u64, learnt: &[u8]);
}

/// Remembers nothing.
#[derive(Clone, Copy, Debug)]
pub struct Forgetful;

impl Memory for Forgetful {
    fn recall(&self, _: u64) -> Option<Vec<u8>> {
        None
    }

    fn keep(&self, _: u64, _: &[u8]) {}
}

/// Length of the sum before the bytes.
const SUM: usize = size_of::<u64>();

/// What was learnt `from` this before; else learns it, and keeps it.
pub(crate) fn recalled<T: Serialize + DeserializeOwned>(memory: &dyn Memory, from: &impl Hash, learn: impl FnOnce() -> T) -> T {
    let key = number(&(env!("WARMLINE_LEARNER"), from));
    let known = memory.recall(key).and_then(|bytes| {
        let (sum, bytes) = bytes.split_at_checked(SUM)?;
        (sum == number(&bytes).to_le_bytes()).then(|| postcard::from_bytes(bytes).ok())?
    });
    if let Some(known) = known {
        return known;
    }
    let learnt = learn();
    if let Ok(bytes) = postcard::to_stdvec(&learnt) {
        memory.keep(key, &[number(&bytes.as_slice()).to_le_bytes().as_slice(), &bytes].concat());
    }
    learnt
}

/// The same number in every run of the same program.
fn number(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Notebook(Mutex<BTreeMap<u64, Vec<u8>>>);

    impl Memory for Notebook {
        fn recall(&self, key: u64) -> Option<Vec<u8>> {
            self.0.lock().expect("a notebook").get(&key).cloned()
        }

        fn keep(&self, key: u64, learnt: &[u8]) {
            self.0.lock().expect("a notebook").insert(key, learnt.to_vec());
        }
    }

    /// Whether it had to be learnt.
    fn learns(memory: &dyn Memory, from: &str) -> bool {
        let mut learns = false;
        let learnt: String = recalled(memory, &from, || {
            learns = true;
            from.to_uppercase()
        });
        assert_eq!(learnt, from.to_uppercase());
        learns
    }

    #[test]
    fn the_same_is_learnt_once_and_what_is_damaged_again() {
        let memory = Notebook::default();
        assert!(learns(&memory, "a") && !learns(&memory, "a") && learns(&memory, "b"));
        memory.0.lock().expect("a notebook").values_mut().for_each(|bytes| *bytes.last_mut().expect("a byte") ^= 1);
        assert!(learns(&memory, "a") && !learns(&memory, "a"));
        memory.0.lock().expect("a notebook").values_mut().for_each(Vec::clear);
        assert!(learns(&memory, "a") && learns(&Forgetful, "a") && learns(&Forgetful, "a"));
    }
}
