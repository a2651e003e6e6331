//! How a customer is.
//!
//! Owns: cue files, from text to a compiled [`Care`]; [`Care::assess`]; the must-catch set and the interlock that refuses cue
//! files which no longer catch it.
//! Invariants: pure and total; assessing comes before anything else looks at a message; a guard cancels only the cue that it
//! overlaps; in the crisis tier doubt counts for the customer: a negated crisis cue still is a weak sign.
//! Leaves out: what is answered and who is called (`conversation`, `desk`); help lines by country.

mod assess;
mod compile;
mod interlock;
mod level;

pub use assess::{Assessment, Care, Evidence};
pub use compile::compile;
pub use interlock::{MustCatch, broken, must_catch};
pub use level::{Kind, Level, Subject};
