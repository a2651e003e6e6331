//! What the bot looks up or triggers.
//!
//! Owns: the trait [`Backend`]; `http`, calls to the operator's systems that `config.toml` declares; `demo`, a small shop
//! inside the binary.
//! Invariants: a call always ends in an outcome, within its time-out; whether something is the customer's is decided here,
//! against data that never leaves this module; an order that isn't theirs gives nothing away but `unproven`.
//! Leaves out: when calls are made and repeated (`app`), what is said about outcomes (`conversation`).

mod declared;
mod demo;
mod http;

pub use declared::{HttpCall, OutcomeRule, read_call};
pub use demo::Demo;
pub use http::Http;

use crate::conversation::{CallRequest, CallReturned, Proof};
use crate::engine::CallShapes;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// The systems behind the bot.
#[async_trait]
pub trait Backend: Send + Sync {
    /// The calls that exist.
    fn shapes(&self) -> CallShapes;

    /// True when a call may be made again after one whose end is not known.
    fn repeatable(&self, call: &str) -> bool;

    /// Makes a call. Laws: it ends, and never fails: trouble is the outcome `error` or `timeout`.
    /// `key` is the same for every attempt at this call, and for no other.
    async fn call(&self, request: &CallRequest, key: &str, now: Timestamp) -> CallReturned;
}

/// A call's end without fields.
pub fn ended(request: &CallRequest, outcome: &str) -> CallReturned {
    CallReturned { call: request.number, outcome: outcome.to_string(), fields: BTreeMap::new() }
}

/// True when a proof matches what is on file. Phone numbers are compared by their digits, with or without the country's
/// prefix written out; e-mails without case.
fn owns(proof: Option<&Proof>, phone: Option<&str>, email: Option<&str>) -> bool {
    match proof {
        Some(Proof::Phone(given)) => phone.is_some_and(|phone| same_number(given, phone)),
        Some(Proof::Email(given)) => email.is_some_and(|email| given.trim().eq_ignore_ascii_case(email.trim())),
        None => false,
    }
}

fn same_number(a: &str, b: &str) -> bool {
    let digits = |number: &str| number.chars().filter(char::is_ascii_digit).collect::<String>();
    let both_international = a.trim_start().starts_with('+') && b.trim_start().starts_with('+');
    let (a, b) = (digits(a), digits(b));
    if both_international {
        return !a.is_empty() && a == b;
    }
    // Ten digits identify a subscriber wherever numbers are that long; shorter ones must be equal throughout.
    let tail = |number: &str| number.get(number.len().saturating_sub(10)..).unwrap_or("").to_string();
    !a.is_empty() && (a == b || (a.len() >= 10 && b.len() >= 10 && tail(&a) == tail(&b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ownership_rows() {
        let phone = |number: &str| Some(Proof::Phone(number.into()));
        for (name, proof, wanted) in [
            ("the number", phone("+1 555 010 0001"), true),
            ("without the country", phone("5550100001"), true),
            ("another number", phone("+15550100002"), false),
            ("the tail alone", phone("0001"), false),
            ("the same tail in another country", phone("+915550100001"), false),
            ("nothing", phone(""), false),
            ("the e-mail, other case", Some(Proof::Email("Ana@Example.com".into())), true),
            ("another e-mail", Some(Proof::Email("bob@example.com".into())), false),
            ("no proof", None, false),
        ] {
            assert_eq!(owns(proof.as_ref(), Some("+15550100001"), Some("ana@example.com")), wanted, "{name}");
        }
        assert!(!owns(phone("").as_ref(), Some(""), None), "an empty number on file is nobody's");
    }
}
