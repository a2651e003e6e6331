//! Alerts by text message, to whoever is on call.
//!
//! Owns: the text: one SMS where it can be.

use super::{Alert, plain};
use crate::desk::AlertMessage;
use crate::transport::SendError;
use crate::transport::twilio::Twilio;
use async_trait::async_trait;
use jiff::Timestamp;

/// One phone.
pub struct TextMessage {
    twilio: Twilio,
    from: String,
    to: String,
}

impl TextMessage {
    /// A way to a phone, from our number or Messaging Service.
    pub fn new(twilio: Twilio, from: String, to: String) -> Self {
        TextMessage { twilio, from, to }
    }
}

#[async_trait]
impl Alert for TextMessage {
    async fn send(&self, alert: &AlertMessage, link: &str, now: Timestamp) -> Result<(), SendError> {
        self.twilio.send(&self.from, &self.to, &plain(alert, link, now), None).await.map(drop)
    }
}
