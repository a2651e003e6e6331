//! Alerts by e-mail.
//!
//! Owns: subject and text; letters about one handoff stand together.
//! Leaves out: what becomes of a handoff after the alert: a letter is not edited.

use super::{Alert, plain};
use crate::desk::AlertMessage;
use crate::transport::SendError;
use crate::transport::smtp::{Letter, Smtp};
use async_trait::async_trait;
use jiff::Timestamp;

/// A few people's mailboxes.
pub struct Email {
    smtp: Smtp,
    to: Vec<String>,
}

impl Email {
    /// A way to these addresses.
    pub fn new(smtp: Smtp, to: Vec<String>) -> Self {
        Email { smtp, to }
    }
}

#[async_trait]
impl Alert for Email {
    async fn send(&self, alert: &AlertMessage, link: &str, now: Timestamp) -> Result<(), SendError> {
        let letter = Letter { subject: alert.line(now), text: plain(alert, link, now) + "\n", thread: alert.key() };
        // Each their own: one address that the server refuses keeps the letter from nobody else.
        let sent = futures::future::join_all(self.to.iter().map(|to| self.smtp.send(std::slice::from_ref(to), &letter))).await;
        if sent.iter().any(Result::is_ok) { Ok(()) } else { sent.into_iter().next().unwrap_or(Ok(())) }
    }
}
