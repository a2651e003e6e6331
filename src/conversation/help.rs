//! Where somebody in danger finds help at once.
//!
//! Owns: the customer's country, as far as it is known; the numbers that a crisis line names.
//! Invariants: the country comes from the phone number, from what they say or from the configuration, in that order of trust
//! turned round: what they say now counts most; a language is no country; a line that is closed is not named; the same line is
//! named once a day, unless the danger is a new one.
//! Leaves out: the table (`care::HelpLines`) and the words (`words.toml`).

use super::parts::Proof;
use super::step::Turn;
use super::words::Hear;
use crate::care::{HelpLine, Kind, Subject};
use crate::text::Text;
use jiff::SignedDuration;
use serde_json::json;

/// The same numbers are not named again within this time.
const ONCE: SignedDuration = SignedDuration::from_hours(24);

impl Turn<'_> {
    /// Remembers where they say that they are.
    pub(super) fn placed(&mut self, text: &Text) {
        if let Some(country) = self.rules.help.by_words(text) {
            self.state.country = Some(country.to_string());
        }
    }

    /// The country whose numbers are of use to them.
    fn country(&self) -> Option<String> {
        let help = &self.rules.help;
        let proof = match &self.state.proof {
            Some(Proof::Phone(phone)) => Some(phone.as_str()),
            _ => None,
        };
        let sender = self.facts.profile.sender_is_phone.then_some(self.state.address.sender.as_str());
        let said = self.state.country.as_deref();
        said.or_else(|| sender.or(proof).and_then(|phone| help.by_phone(phone))).or_else(|| help.home()).map(str::to_string)
    }

    /// The emergency number of their country, as it stands in a sentence.
    pub(super) fn emergency(&self) -> String {
        let number = self.country().and_then(|country| self.rules.help.emergency(&country));
        number.unwrap_or_else(|| "your local emergency number".to_string())
    }

    /// A line about danger, with the numbers of their country; once a day, unless the danger is another one.
    pub(super) fn say_help(&mut self, key: &str, kind: Kind) {
        let named = self.state.helped.is_some_and(|(at, before)| before == kind && self.now.duration_since(at) < ONCE);
        if !named {
            self.name_help(key, kind);
        }
    }

    /// The same, however lately it was said: they ask for it.
    pub(super) fn name_help(&mut self, key: &str, kind: Kind) {
        let country = self.country();
        let open = |country: &str| self.rules.help.open(country, kind, self.state.flags.minor, self.now);
        let line = country.as_deref().and_then(open).map(way);
        self.state.helped = Some((self.now, kind));
        self.say_word(key, &[("line", json!(line))]);
    }

    /// They ask for the number that they were given: it is said again, whoever has the conversation.
    pub(super) fn asks_for_number(&mut self) -> bool {
        let text = Text::new(self.state.last_words.as_str());
        let heard = self.rules.words.hear(&text, self.rules.engine.small_words());
        let kind = self.state.handoff.as_ref().and_then(|handoff| Some((handoff.kind?, handoff.subject)));
        let Some((kind, subject)) = kind.filter(|(kind, _)| *kind != Kind::Abuse && heard.any(Hear::HelpLine)) else { return false };
        self.acting();
        self.name_help(&danger(kind, subject.is_some_and(|subject| subject != Subject::Oneself)), kind);
        true
    }
}

/// The key of the words for a danger, to oneself or to somebody else.
pub(super) fn danger(kind: Kind, other: bool) -> String {
    match (kind, other) {
        (Kind::SuicideSelfHarm, true) => "crisis.someone_else".to_string(),
        (Kind::Abuse | Kind::ThreatToCustomer | Kind::Sextortion, true) => "crisis.someone_else_unsafe".to_string(),
        (kind, _) => format!("crisis.{}", kind.name()),
    }
}

/// 'call or text 988', 'call 13 11 14, or text 0477 13 11 14'.
fn way(line: &HelpLine) -> String {
    match (line.call.as_str(), line.text.as_str()) {
        (call, "") => format!("call {call}"),
        ("", text) => format!("text {text}"),
        (call, text) if call == text => format!("call or text {call}"),
        (call, text) => format!("call {call}, or text {text}"),
    }
}
