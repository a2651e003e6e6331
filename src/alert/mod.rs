//! How staff are reached outside the desk.
//!
//! Owns: the trait [`Alert`], and one file a way: a person in Telegram, e-mail, a Slack-compatible webhook, a text message,
//! PagerDuty, a signed webhook.
//! Invariants: an alert carries what `desk` put into it and a link, nothing else; a way never retries by itself; what the
//! receiver can use to tell a repeat from a new alert is the same for every attempt.
//! Leaves out: when somebody is alerted (`conversation`), by which ways (`desk`), retries (`app`).

mod email;
mod pager_duty;
mod person;
mod slack;
mod text;
mod webhook;

pub use email::Email;
pub use pager_duty::PagerDuty;
pub use person::Person;
pub use slack::Slack;
pub use text::TextMessage;
pub use webhook::Webhook;

use crate::desk::AlertMessage;
use crate::transport::SendError;
use async_trait::async_trait;
use jiff::Timestamp;

/// A way to staff.
#[async_trait]
pub trait Alert: Send + Sync {
    /// Sends an alert; `link` is where the words can be read, empty where that is not known.
    ///
    /// # Errors
    /// It was not sent, or it isn't known that it was.
    async fn send(&self, alert: &AlertMessage, link: &str, now: Timestamp) -> Result<(), SendError>;
}

/// The whole alert as plain text.
fn plain(alert: &AlertMessage, link: &str, now: Timestamp) -> String {
    let mut lines = vec![alert.line(now)];
    lines.extend(alert.details());
    lines.extend(Some(link.to_string()).filter(|link| !link.is_empty()));
    lines.join("\n")
}

#[cfg(test)]
pub(crate) mod samples {
    use crate::conversation::{ConversationId, Urgency};
    use crate::desk::{AlertMessage, Full, Happened};

    /// An alert for tests.
    pub fn sample(full: bool) -> AlertMessage {
        AlertMessage {
            way: "oncall".into(),
            happened: Happened::Trigger,
            id: ConversationId::from_bytes([0xab; 16]),
            number: 9,
            handoff: 3,
            step: 1,
            urgency: Urgency::Crisis,
            channel: "sms".into(),
            language: "en".into(),
            opened: "2026-11-20T12:00:00Z".parse().expect("a time"),
            drill: false,
            full: full.then(|| Full { name: Some("Ana <b>".into()), words: "i & you @all".into(), safeguarding: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_phone_shows_neither_name_nor_words_unless_the_way_may_carry_them() {
        let now = "2026-11-20T12:04:00Z".parse().expect("a time");
        let brief = plain(&samples::sample(false), "https://t.me/c/1/2", now);
        assert_eq!(brief, "CRISIS: waiting 0:04, nobody has answered (sms, en) abababab\nhttps://t.me/c/1/2");
        let full = plain(&samples::sample(true), "", now);
        assert_eq!(full, "CRISIS: waiting 0:04, nobody has answered (sms, en) abababab\nAna <b>: i & you @all");
    }
}
