//! What a customer asks for.
//!
//! Owns: intent files, from text to a compiled [`Engine`], with every mistake placed; [`Engine::understand`]; entities and
//! slots; the lints of intent files.
//! Invariants: text in, values out: nothing here opens a file or looks at a clock; understanding cannot fail on any text and
//! never repairs a number; the order of the files changes nothing; a verdict is never silent: matched, ambiguous or
//! unmatched, with the reasons.
//! Leaves out: distress (`care`), what is done about a verdict (`conversation`).

mod advice;
mod calendar;
mod candidates;
mod clause;
mod compile;
mod date;
mod entity;
mod intent;
mod learn;
mod lint;
mod redact;
mod small_words;
mod tongue;
mod trace;
mod understand;
mod verdict;

pub use compile::compile;
pub use entity::{Entities, Entity, EntityKind};
pub use intent::{CallShape, CallShapes, Intent, Localised, Mode, Needs, Slot, StaffCall, Test, amount};
#[cfg(test)]
pub(crate) use small_words::shipped as shipped_small_words;
pub use small_words::{Small, SmallWords};
pub use trace::{Considered, Trace, underline};
pub use understand::Engine;
pub use verdict::{Candidate, Part, Reason, Thresholds, Understanding, Verdict};
