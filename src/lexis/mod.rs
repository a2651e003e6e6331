//! What understanding and care share: how a file is read with every mistake placed, and the phrase language.
//!
//! Owns: findings (file, line, column, mend), the vocabulary with repair of small typos, phrases and their matcher, the
//! statistical scorer, its calibration, and what becomes of learnt weights (`Memory`).
//! Invariants: reading a file never stops at the first mistake; matching is bounded by the length of phrase and message and
//! cannot fail.
//! Leaves out: what a match or a score means (`engine`, `care`).

mod matcher;
mod memory;
mod phrase;
mod scorer;
mod source;
mod template;
mod vocabulary;
mod words;

pub use matcher::{Index, Match, Message};
pub(crate) use memory::recalled;
pub use memory::{Forgetful, Memory};
pub use phrase::{Concepts, Phrase, PhraseError, Slots, flat};
pub use scorer::{Calibration, Example, HeldOut, NOBODYS, OUT_OF_SCOPE, Recipe, Scorer, Word, clusters, plain, read};
pub use source::{Doc, Finding, Located, Severity, Source, Table, nearest};
pub use template::{RenderError, Templates, day};
pub use vocabulary::{Vocabulary, WordId};
pub use words::real_word;
