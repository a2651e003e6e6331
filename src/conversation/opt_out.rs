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
use crate::text::Text;

impl Turn<'_> {
    /// True when the message was about opting out or in, or asked for HELP, or came from somebody who opted out: then it has
    /// been dealt with.
    pub(super) fn opt_out(&mut self, message: &Message, heard: &Heard, text: &Text) -> bool {
        if !self.facts.profile.opt_out_words {
            return false;
        }
        let quiet = message.gateway_answered || self.facts.profile.gateway_confirms_opt_out;
        if self.state.flags.opted_out {
            if heard.only(Hear::OptIn) || (heard.only(Hear::Yes) && text.tokens.len() == 1) {
                self.state.flags.opted_out = false;
                self.note("Opted in again");
                self.introduced();
                if !quiet {
                    self.say_word("started", &[]);
                }
                return true;
            }
            if self.state.handoff.is_some() {
                self.desk(DeskNote::Relay { who: Who::Customer, text: message.text.clone(), external: None });
            }
            return true;
        }
        if heard.only(Hear::OptOut) {
            self.state.flags.opted_out = true;
            self.state.form = None;
            self.state.paused = None;
            self.state.asked = None;
            self.note("Opted out: nothing is sent to them any more");
            self.effects.push(Effect::DropBotLines);
            if self.state.handoff.is_some() {
                self.desk(DeskNote::Relay {
                    who: Who::Note,
                    text: "They opted out of texts. Nothing can be sent to them.".into(),
                    external: None,
                });
            }
            if !quiet {
                self.as_notice();
                self.confirming_opt_out();
                self.say_word("stopped", &[]);
            }
            return true;
        }
        if heard.only(Hear::Help) && text.tokens.len() == 1 && !message.gateway_answered {
            self.introduced();
            self.say_word("help_sms", &[]);
            return true;
        }
        message.gateway_answered
    }
}
