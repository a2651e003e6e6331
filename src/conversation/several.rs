//! Several requests in one message.
//!
//! Owns: answering them in the order in which they stand; each gets its own values and waits for the one before it.
//! Invariants: a value that stands with one request is not taken for another; what waits is dropped when a person takes over,
//! who reads all of it, or when the customer withdraws.
//! Leaves out: telling them apart (`engine`).

use super::event::Message;
use super::parts::Next;
use super::step::Turn;
use crate::engine::{Entity, Part, Understanding};
use crate::text::Text;

impl Turn<'_> {
    /// Begins the first request and remembers the rest.
    pub(super) fn each_in_order(&mut self, parts: &[Part], message: &Message, text: &Text, understanding: &Understanding) {
        let words = |part: &Part| text.span(part.tokens.start, part.tokens.end);
        let Some((first, rest)) = parts.split_first() else { return };
        self.state.next_requests = rest
            .iter()
            .map(|part| Next { intent: self.engine().intents()[part.intent].id.clone(), words: words(part).of(&text.original).to_string() })
            .collect();
        // Values that stand with a later request are that request's.
        let later: Vec<_> = rest.iter().map(words).collect();
        let own = |entity: &&Entity| !later.iter().any(|span| span.overlaps(entity.span));
        let values: Vec<Entity> = understanding.entities.iter().filter(own).cloned().collect();
        let id = self.engine().intents()[first.intent].id.clone();
        self.begin(&id, values, &message.text);
        self.resume();
    }

    /// Nothing is picked up again: neither the form that a digression interrupted nor further requests.
    pub(super) fn drop_threads(&mut self) {
        self.state.paused = None;
        self.state.next_requests.clear();
    }

    /// The next of several requests, when the one before is over.
    pub(super) fn next_request(&mut self) {
        while !self.state.next_requests.is_empty() {
            let next = self.state.next_requests.remove(0);
            let values = self.engine().entities().find(&Text::new(next.words.as_str()), self.facts.local.date());
            self.begin(&next.intent, values, &next.words);
            if self.state.form.is_some() || !self.state.calls.is_empty() || self.state.handoff.is_some() {
                return;
            }
        }
    }
}
