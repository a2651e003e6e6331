//! Messages that come in pieces.
//!
//! Owns: holding back greetings and fragments for two quiet seconds, reading the pieces as one message, and answering what is
//! left when nothing more comes.
//! Invariants: a complete request is never held; care has heard every piece, and each with what came just before it, before any
//! of this; what is held is answered by a timer, so that a crash loses nothing.
//! Leaves out: what a message asks for (`engine`).

use super::effect::{Effect, Timer};
use super::event::Message;
use super::parts::Owner;
use super::step::Turn;
use super::words::Hear;
use crate::care::{Assessment, Level};
use crate::engine::{Understanding, Verdict};
use crate::text::Text;
use jiff::SignedDuration;

/// The timer's key.
pub(super) const BURST: &str = "burst";
/// How long nothing more must come before a fragment is taken for all there is.
const QUIET: SignedDuration = SignedDuration::from_secs(2);
/// Messages that follow within this time are read together by care.
const TOGETHER: SignedDuration = SignedDuration::from_mins(1);
/// Longer messages are not the beginning of one.
const LONGEST: usize = 6;
/// More pieces than this are answered as they stand.
const MOST: usize = 8;

/// A message with what was read of it.
pub(super) struct Piece {
    pub message: Message,
    pub text: Text,
    pub understanding: Understanding,
}

impl Turn<'_> {
    /// The text of all pieces so far with a new one, where there are any.
    pub(super) fn joined(&self, message: &Message) -> Option<String> {
        let held = &self.state.held;
        (!held.is_empty() && message.pressed.is_none()).then(|| format!("{}\n{}", held.join("\n"), message.text))
    }

    /// Despair that only shows when a message is read with the one just before it: 'i just want' … 'to die'. `alone` is what
    /// the new message says by itself.
    pub(super) fn heard_together(&self, message: &Message, alone: Level) -> Option<Assessment> {
        let just_now = self.state.heard.is_some_and(|heard| self.now.duration_since(heard) < TOGETHER);
        let before = if self.state.held.is_empty() { self.state.last_words.clone() } else { self.state.held.join("\n") };
        if !just_now || before.is_empty() || message.edited || message.pressed.is_some() {
            return None;
        }
        let together = self.rules.care.assess(&Text::new(format!("{before}\n{}", message.text)));
        // What the earlier message said by itself has been acted on.
        let new = together.level >= Level::Distress && together.level > alone;
        (new && together.level > self.rules.care.assess(&Text::new(before)).level).then_some(together)
    }

    /// The pieces together, where the new one does not say it all by itself; nothing is held any more.
    pub(super) fn gather(&mut self, message: &Message, alone: &Understanding) -> Option<Piece> {
        let joined = self.joined(message);
        self.let_go();
        let text = Text::new(joined?);
        let mut understanding = self.rules.engine.understand(&text, self.facts.local.date());
        let social = |verdict: &Verdict| matches!(verdict, Verdict::Matched(number) if self.rules.engine.intents()[*number].social);
        // A request that stands by itself is the request; the pieces before it may still hold its values.
        if matches!(alone.verdict, Verdict::Matched(_)) && !social(&alone.verdict) && alone.certain() {
            understanding = Understanding { entities: understanding.entities, ..alone.clone() };
        }
        Some(Piece { message: Message { text: text.original.clone(), ..message.clone() }, text, understanding })
    }

    /// Holds a greeting or a fragment back; `false`: it is complete.
    pub(super) fn hold(&mut self, message: &Message, text: &Text, understanding: &Understanding) -> bool {
        let fragment = match understanding.verdict {
            Verdict::Matched(number) => self.rules.engine.intents()[number].social,
            Verdict::Unmatched => text.tokens.len() <= LONGEST && text.questions == 0,
            Verdict::Several(_) | Verdict::Ambiguous(_) => false,
        };
        let pieces = message.text.lines().count();
        let complete =
            message.edited || message.pressed.is_some() || message.text.starts_with('/') || self.state.handoff.is_some() || pieces >= MOST;
        let Some(at) = self.now.checked_add(QUIET).ok().filter(|_| fragment && !complete) else {
            return false;
        };
        self.state.held = vec![message.text.clone()];
        self.effects.push(Effect::Timer(Timer { key: BURST.into(), at }));
        true
    }

    /// What is held has been answered otherwise.
    pub(super) fn let_go(&mut self) {
        if !std::mem::take(&mut self.state.held).is_empty() {
            self.effects.push(Effect::Cancel { key: BURST.into() });
        }
    }

    /// Nothing more came: what is held is all there is.
    pub(super) fn quiet(&mut self) {
        let text = Text::new(std::mem::take(&mut self.state.held).join("\n"));
        let busy = self.state.owner != Owner::Bot || self.state.handoff.is_some() || self.state.form.is_some() || self.state.silent();
        if busy || text.original.is_empty() {
            return;
        }
        let understanding = self.rules.engine.understand(&text, self.facts.local.date());
        let heard = self.rules.words.hear(&text, self.rules.engine.small_words());
        if self.take_up(&heard, &text, &understanding) {
            return;
        }
        if heard.only(Hear::Nudge) && !understanding.certain() {
            return self.say_word("here", &[]);
        }
        let message = Message { text: text.original.clone(), entropy: self.state.seed, ..Message::default() };
        self.verdict(&message, &text, &understanding);
    }
}
