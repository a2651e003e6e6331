//! STOP, START and HELP.
//!
//! Owns: opting out and in, in the carriers' words and in any clear wording; one confirmation at most.
//! Invariants: after an opt-out nothing is sent but that one confirmation, and not even that where the gateway sends its own;
//! crisis and distress are heard before this file is asked.
//! Source: CTIA Messaging Principles and Best Practices, 5.1.2–5.1.3; 47 CFR 64.1200(a)(10) (any reasonable means).
//! Leaves out: what the gateway blocks by itself.

use super::effect::{DeskNote, Effect, Who};
use super::event::Message;
use super::step::Turn;
use super::words::{Hear, Heard};
use crate::care::Level;
use crate::text::Text;

impl Turn<'_> {
    /// True when the message was about opting out or in, or asked for HELP, or came from somebody who opted out and wants
    /// nothing that only a person can give: then it has been dealt with.
    pub(super) fn opt_out(&mut self, message: &Message, heard: &Heard, text: &Text, level: Level) -> bool {
        if !self.facts.profile.opt_out_words {
            return false;
        }
        let by_gateway = |kind: &str| message.gateway.as_deref() == Some(kind);
        let quiet = message.gateway.is_some() || self.facts.profile.gateway_confirms_opt_out;
        if self.state.flags.opted_out {
            if heard.only(Hear::OptIn) || by_gateway("start") || (heard.only(Hear::Yes) && text.tokens.len() == 1) {
                self.opt_in(quiet);
                return true;
            }
            // Somebody who asks for a person gets one, although we may not write to them: staff are told.
            if level > Level::None && !heard.only(Hear::OptOut) {
                return false;
            }
            self.relay(message);
            return true;
        }
        if heard.only(Hear::OptOut) || by_gateway("stop") {
            self.opt_out_now(quiet);
            return true;
        }
        if heard.only(Hear::Help) && text.tokens.len() == 1 && message.gateway.is_none() {
            self.introduced();
            self.say_word("help_sms", &[]);
            return true;
        }
        message.gateway.is_some()
    }

    fn opt_in(&mut self, quiet: bool) {
        self.state.flags.opted_out = false;
        self.note("Opted in again");
        self.introduced();
        if !quiet {
            self.acting();
            self.say_word("started", &[]);
        }
    }

    fn opt_out_now(&mut self, quiet: bool) {
        self.state.flags.opted_out = true;
        self.state.form = None;
        self.drop_threads();
        self.state.asked = None;
        self.note("Opted out: nothing is sent to them any more");
        self.effects.push(Effect::DropBotLines);
        if self.state.handoff.is_some() {
            let text = "They opted out of texts. Nothing can be sent to them.".into();
            self.desk(DeskNote::Relay { who: Who::Note, text, external: None });
        }
        if !quiet {
            self.as_notice();
            self.as_last_word();
            self.say_word("stopped", &[]);
        }
    }
}
