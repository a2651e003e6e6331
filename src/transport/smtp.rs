//! The SMTP client (lettre).
//!
//! Owns: one plain-text letter to a few people.
//! Invariants: beyond this machine nothing is sent without TLS; errors carry the server's code and no address.
//! Source: RFC 5321 (reply codes: 4yz may pass, 5yz will not).

use super::SendError;
use lettre::message::{Mailbox, header};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::{ExposeSecret, SecretString};

/// A server that says nothing for so long is asked again later.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(15);

/// One server.
#[derive(Clone)]
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// A letter.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its subject: one line.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// What it is about; letters about the same stand together in a mail program.
    pub thread: String,
}

/// Why a server can't be used.
pub fn mistake(url: &str) -> Option<&'static str> {
    let Ok(parsed) = url::Url::parse(url) else { return Some("no URL") };
    let local = matches!(parsed.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let starttls = parsed.query_pairs().any(|(name, value)| name == "tls" && value == "required");
    match parsed.scheme() {
        _ if parsed.password().is_some() => Some("the password belongs into WARMLINE_SMTP_PASSWORD"),
        "smtps" => None,
        "smtp" if local || starttls => None,
        "smtp" => Some("without TLS; write smtps://, or smtp://…?tls=required for STARTTLS"),
        _ => Some("neither smtp:// nor smtps://"),
    }
}

impl Smtp {
    /// A client for a server: `smtps://user@host`, `smtp://user@host:587?tls=required`.
    ///
    /// # Errors
    /// The URL or the sender is none.
    pub fn new(url: &str, password: Option<&SecretString>, from: &str) -> Result<Self, String> {
        if let Some(mistake) = mistake(url) {
            return Err(format!("smtp.url: {mistake}"));
        }
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| "smtp.url can't be used".to_string())?;
        let user = url::Url::parse(url).ok().map(|url| url.username().to_string()).filter(|user| !user.is_empty());
        if let (Some(user), Some(password)) = (user, password) {
            let user = percent_encoding::percent_decode_str(&user).decode_utf8_lossy().into_owned();
            builder = builder.credentials(Credentials::new(user, password.expose_secret().to_string()));
        }
        let from = from.parse().map_err(|_| "smtp.from is no address".to_string())?;
        Ok(Smtp { transport: builder.timeout(Some(PATIENCE)).build(), from })
    }

    /// Sends a letter.
    ///
    /// # Errors
    /// A server that can't be reached or says 4yz as [`SendError::Later`]; one that refuses for good.
    pub async fn send(&self, to: &[String], letter: &Letter) -> Result<(), SendError> {
        let mut builder = Message::builder().from(self.from.clone()).subject(&letter.subject).header(header::ContentType::TEXT_PLAIN);
        for address in to {
            builder = builder.to(address.parse().map_err(|_| SendError::Unknown)?);
        }
        let thread = format!("<{}@warmline>", letter.thread);
        let builder = builder.references(thread.clone()).in_reply_to(thread);
        let message = builder.body(letter.text.clone()).map_err(|_| SendError::Refused("the letter can't be written".into()))?;
        // The library's own time-out ends with the connection.
        let Ok(sent) = tokio::time::timeout(PATIENCE, self.transport.send(message)).await else { return Err(SendError::Later(None)) };
        match sent {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => {
                Err(SendError::Refused(error.status().map_or_else(|| "refused".to_string(), |code| format!("SMTP {code}"))))
            }
            Err(_) => Err(SendError::Later(None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beyond_this_machine_mail_is_encrypted() {
        for (url, fine) in [
            ("smtps://desk@mail.example", true),
            ("smtp://desk@mail.example:587?tls=required", true),
            ("smtp://127.0.0.1:2525", true),
            ("smtp://mail.example:25", false),
            ("smtps://desk:secret@mail.example", false),
            ("https://mail.example", false),
            ("mail.example", false),
        ] {
            assert_eq!(mistake(url).is_none(), fine, "{url}");
        }
    }
}
