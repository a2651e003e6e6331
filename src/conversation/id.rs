//! Who is who.
//!
//! Owns: `ConversationId` (a keyed hash, so an id in a log or a link tells nobody's number), `Address` (where a customer is
//! reached).
//! Invariants: `Debug` and `Display` of an address never show the sender.
//! Leaves out: joining two conversations of one customer.

use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// A conversation: 16 bytes, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConversationId([u8; 16]);

impl ConversationId {
    /// The conversation of an address: HMAC-SHA-256 of (channel, account, sender), cut to 16 bytes. Lengths go in too, so no
    /// two addresses run together.
    pub fn of(key: &[u8; 32], address: &Address) -> Self {
        let mut id = [0; 16];
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) {
            for part in [&address.channel, &address.account, &address.sender] {
                mac.update(&(part.len() as u64).to_be_bytes());
                mac.update(part.as_bytes());
            }
            id.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        }
        ConversationId(id)
    }

    /// The raw bytes, for keys of the store.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// From the raw bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        ConversationId(bytes)
    }

    /// The first eight digits: enough for people to tell conversations apart.
    pub fn short(&self) -> String {
        self.to_string().chars().take(8).collect()
    }
}

impl std::fmt::Display for ConversationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for ConversationId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Not 32 hexadecimal digits.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a conversation")]
pub struct ParseIdError;

impl std::str::FromStr for ConversationId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let mut id = [0; 16];
        if text.len() != 32 {
            return Err(ParseIdError);
        }
        for (byte, at) in id.iter_mut().zip((0..32).step_by(2)) {
            let digits = text.get(at..at + 2).ok_or(ParseIdError)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| ParseIdError)?;
        }
        Ok(ConversationId(id))
    }
}

impl Serialize for ConversationId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ConversationId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where a customer is reached.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// The channel: `telegram`, `sms`, `terminal`.
    pub channel: String,
    /// Our side: a bot, a number.
    pub account: String,
    /// Their side: a chat, a number. Private.
    pub sender: String,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:…", self.channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(account: &str, sender: &str) -> Address {
        Address { channel: "sms".into(), account: account.into(), sender: sender.into() }
    }

    #[test]
    fn ids_tell_nothing_and_run_nothing_together() {
        let key = [7; 32];
        let id = ConversationId::of(&key, &address("+1", "555"));
        assert_ne!(id, ConversationId::of(&key, &address("+15", "55")));
        assert_ne!(id, ConversationId::of(&[8; 32], &address("+1", "555")));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!("xyz".parse::<ConversationId>(), Err(ParseIdError));
        assert!(!format!("{:?}", address("+1", "555")).contains("555"));
    }
}
