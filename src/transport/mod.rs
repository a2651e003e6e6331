//! The clients that speak to the outside.
//!
//! Owns: one Telegram client (teloxide), one Twilio client, one for Chatwoot and one for webhooks (reqwest), one for SMTP
//! (lettre), with their limits and time-outs; what can go wrong, in words that a worker can act on.
//! Invariants: no type of a client library leaves this module's files, except where updates are decoded; errors carry no
//! token, number or text.
//! Leaves out: what is sent to whom.

pub mod chatwoot;
pub mod hook;
pub mod signed;
pub mod smtp;
pub mod telegram;
pub mod twilio;

use std::time::Duration;

/// Why something could not be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Try again, not before this long.
    #[error("try again later")]
    Later(Option<Duration>),
    /// The customer blocked the bot.
    #[error("blocked by the customer")]
    Blocked,
    /// The customer opted out at the gateway.
    #[error("opted out")]
    OptedOut,
    /// There is no such chat or number.
    #[error("no such recipient")]
    Unknown,
    /// The thread is closed or gone.
    #[error("the thread is gone")]
    ThreadGone,
    /// The message to be edited or copied is gone.
    #[error("the message is gone")]
    MessageGone,
    /// An edit that changes nothing.
    #[error("not modified")]
    NotModified,
    /// The group takes nothing from the bot: it was put out, may not write, or the group has another id now.
    #[error("the group takes nothing: {0}")]
    Shut(String),
    /// Refused, and it will be refused again: the gateway's code or description, without the content.
    #[error("refused: {0}")]
    Refused(String),
}

/// The HTTP client that everything but Telegram shares.
///
/// # Errors
/// TLS can't be set up.
pub fn http_client() -> Result<reqwest::Client, String> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(15))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("warmline/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| error.without_url().to_string())
}
