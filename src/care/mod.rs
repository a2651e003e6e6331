//! How a customer is.
//!
//! Owns: cue files, from text to a compiled [`Care`]; [`Care::assess`]; the must-catch set and the interlock that refuses cue
//! files which no longer catch it.
//! Invariants: pure and total; assessing comes before anything else looks at a message; a guard cancels only the cue that it
//! overlaps; in the crisis tier doubt counts for the customer: a negated crisis cue still is a weak sign.
//! Leaves out: what is answered and who is called (`conversation`, `desk`); help lines by country.

mod assess;
mod assessment;
mod compile;
mod help_lines;
mod interlock;
mod level;
mod minor;
mod neutral;
mod opinion;
mod shape;
mod temperature;

pub use assess::Care;
pub use assessment::{Assessment, Evidence, OPINION};
pub use compile::{compile, must_catch};
pub use help_lines::{Audience, EXPIRED_DAYS, FILE as HELP_LINES, HelpLine, HelpLines, STALE_DAYS};
pub use interlock::{MustCatch, broken, safety_set};
pub use level::{Kind, Level, Subject};
pub use neutral::NEUTRAL;
pub use temperature::{EARLIER, Temperature};
