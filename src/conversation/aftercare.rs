//! What is done after a conversation with a person: the settings of it.
//!
//! Owns: [`Aftercare`].
//! Leaves out: reading it (`app`), the review list (`review`), asking again (`follow_up`).

use jiff::SignedDuration;

/// Who reads again what the desk decided, and when a customer is asked whether it was sorted out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aftercare {
    /// Who of the staff reads the review list, by the name that customers read; empty where nobody is named.
    pub reviewer: String,
    /// So long after a close; `None` for never.
    pub ask_after: Option<SignedDuration>,
}

impl Aftercare {
    /// Whether somebody of this name may say that a conversation was looked at. Where nobody is named, anybody may.
    pub fn reviews(&self, name: &str) -> bool {
        let plain = |name: &str| name.trim().trim_start_matches('@').to_lowercase();
        self.reviewer.is_empty() || plain(&self.reviewer) == plain(name)
    }
}
