//! SMS through Twilio.
//!
//! Owns: webhooks (verify, decode), delivery reports, sending.
//! Invariants: nothing is decoded before its signature is verified against the configured public URL; the inbound id is
//! `MessageSid`, so a repeated webhook is the same arrival.
//! Source: Twilio, *Twilio's request to your incoming message webhook*; *Outbound message status in status callbacks*.
//! Leaves out: STOP and START; the conversation honours them on any channel whose profile says so.

use crate::channel::{Body, Channel, Incoming, Target};
use crate::conversation::{Address, Delivery, Event, Failure, Line, Media, Message, Profile};
use crate::store::LinkKey;
use crate::transport::SendError;
use crate::transport::twilio::{Listed, Twilio};
use async_trait::async_trait;

/// The longest body that Twilio takes.
const LONGEST: usize = 1_600;

/// The channel.
pub struct TwilioSms {
    client: Twilio,
    from: String,
    status_callback: Option<String>,
}

impl TwilioSms {
    /// A channel that sends from a number or a Messaging Service. `public_url` is where Twilio reaches us.
    pub fn new(client: Twilio, from: String, public_url: Option<&str>) -> Self {
        let status_callback = public_url.map(|url| format!("{}/sms/twilio/status", url.trim_end_matches('/')));
        TwilioSms { client, from, status_callback }
    }

    /// The client.
    pub fn client(&self) -> &Twilio {
        &self.client
    }

    /// The number that customers write to; `None` where a Messaging Service has several.
    pub fn number(&self) -> Option<&str> {
        Some(self.from.as_str()).filter(|from| from.starts_with('+'))
    }

    /// What a verified inbound webhook says. `None`: a field that must be there is missing.
    pub fn decode(fields: &[(String, String)], entropy: u64) -> Option<Incoming> {
        let field = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
        let sid = field("MessageSid").or_else(|| field("SmsSid"))?;
        let media = field("NumMedia").and_then(|count| count.parse::<u32>().ok()).is_some_and(|count| count > 0);
        let kind = field("MediaContentType0").unwrap_or("");
        let media = media.then_some(match kind.split('/').next() {
            Some("image") => Media::Photo,
            Some("audio") => Media::Voice,
            Some("video") => Media::Video,
            _ => Media::Other,
        });
        let gateway = field("OptOutType").filter(|kind| !kind.is_empty()).map(str::to_lowercase);
        Some(incoming(field("From")?, field("To")?, sid, field("Body").unwrap_or(""), media, gateway, entropy))
    }

    /// What a listed message says, for taking in what was missed.
    pub fn missed(listed: &Listed, entropy: u64) -> Option<Incoming> {
        let (from, to) = (listed.from.as_ref()?, listed.to.as_ref()?);
        Some(incoming(from, to, &listed.sid, listed.body.as_deref().unwrap_or(""), None, None, entropy))
    }

    /// What a verified delivery report says; `None` for states on the way.
    pub fn report(fields: &[(String, String)]) -> Option<Incoming> {
        let field = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
        let sid = field("MessageSid").or_else(|| field("SmsSid"))?;
        let failure = match field("MessageStatus").or_else(|| field("SmsStatus"))? {
            "undelivered" | "failed" => match field("ErrorCode").and_then(|code| code.parse::<u32>().ok()) {
                Some(21610) => Failure::OptedOut,
                Some(30003 | 30005 | 30006 | 21211 | 21614) => Failure::Unknown,
                Some(30007 | 30008 | 30034) => Failure::Refused,
                _ => Failure::Undelivered,
            },
            _ => return None,
        };
        Some(Incoming {
            target: Target::Links(vec![LinkKey::Sent { channel: "sms".into(), external: sid.to_string() }]),
            kind: "report",
            external: sid.to_string(),
            revision: "failed".into(),
            body: Body::Report(Delivery::Failed { failure }),
        })
    }
}

fn incoming(from: &str, to: &str, sid: &str, text: &str, media: Option<Media>, gateway: Option<String>, entropy: u64) -> Incoming {
    let message = Message { text: text.to_string(), media, external: sid.to_string(), gateway, entropy, ..Message::default() };
    let address = Address { channel: "sms".into(), account: to.to_string(), sender: from.to_string() };
    Incoming {
        target: Target::Address(address),
        kind: "message",
        external: sid.to_string(),
        revision: String::new(),
        body: Body::Event(Event::Message(Box::new(message))),
    }
}

#[async_trait]
impl Channel for TwilioSms {
    fn name(&self) -> &'static str {
        "sms"
    }

    fn profile(&self) -> Profile {
        Profile { sender_is_phone: true, opt_out_words: true, ..Profile::default() }
    }

    async fn send(&self, line: &Line) -> Result<Vec<String>, SendError> {
        // The customer wrote to one of our numbers and is answered from it, unless a Messaging Service chooses.
        let from = if self.from.starts_with("MG") { &self.from } else { &line.to.account };
        let mut sids = Vec::new();
        for part in super::super::telegram::split(&line.text, LONGEST) {
            sids.push(self.client.send(from, &line.to.sender, &part, self.status_callback.as_deref()).await?);
        }
        Ok(sids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(fields: &[(&str, &str)]) -> Vec<(String, String)> {
        fields.iter().map(|(name, value)| ((*name).to_string(), (*value).to_string())).collect()
    }

    #[test]
    fn decode_rows() {
        let whole = [("MessageSid", "SM1"), ("From", "+15550100001"), ("To", "+15550109999"), ("Body", "hi"), ("NumMedia", "0")];
        let decoded = TwilioSms::decode(&fields(&whole), 0).expect("decodes");
        assert_eq!(decoded.external, "SM1");
        assert!(TwilioSms::decode(&fields(&whole[..2]), 0).is_none(), "no number of ours");
        let picture = [&whole[..4], &[("NumMedia", "1"), ("MediaContentType0", "image/jpeg")]].concat();
        let Some(Incoming { body: Body::Event(Event::Message(message)), .. }) = TwilioSms::decode(&fields(&picture), 0) else {
            panic!("a message");
        };
        assert_eq!(message.media, Some(Media::Photo));
    }

    #[test]
    fn report_rows() {
        for (status, code, wanted) in [
            ("queued", "", None),
            ("delivered", "", None),
            ("undelivered", "30003", Some(Failure::Unknown)),
            ("failed", "21610", Some(Failure::OptedOut)),
            ("failed", "", Some(Failure::Undelivered)),
        ] {
            let report = TwilioSms::report(&fields(&[("MessageSid", "SM1"), ("MessageStatus", status), ("ErrorCode", code)]));
            let failure = report.map(|report| match report.body {
                Body::Report(Delivery::Failed { failure }) => failure,
                _ => panic!("a failure"),
            });
            assert_eq!(failure, wanted, "{status} {code}");
        }
    }
}
