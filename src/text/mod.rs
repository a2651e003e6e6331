//! What was written, made comparable.
//!
//! Owns: normalisation (NFKC, case, diacritics, elongation, leetspeak, zero-width characters), tokens with spans into the
//! original, and a guess at the language.
//! Invariants: total on any `&str`; every span lies on character boundaries of the original and spans never overlap or go
//! backwards; normalising twice changes nothing.
//! Leaves out: meaning. Nothing here knows an intent, a cue or a customer.

mod fold;
mod language;
mod token;

pub use fold::fold;
pub use language::{Language, guess, guess_with_lead};
pub use token::{Kind, Span, Text, Token};
