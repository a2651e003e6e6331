//! Two conversations of one person.
//!
//! Owns: finding the other one by a number that is proved; carrying what they tell each other.
//! Invariants: a number counts only where a channel vouches for it: the sender of a text, or the sender's own contact; what one
//! tells the other arrives once, in order, and survives a crash.
//! Leaves out: what it means (`conversation`).

use super::App;
use super::handle::Finishes;
use crate::channel::{Body, Incoming, Target};
use crate::conversation::{ConversationId, Event, Kin};
use crate::store::{Change, LinkKey, LinkTarget, OutboxRow, OutboxTarget, StoreError, Version};
use std::collections::BTreeSet;

impl App {
    /// Adds what must be known where a conversation turns out to have another one: a text from a number that somebody has
    /// shared, or a shared number that has texted.
    pub(super) async fn look_for_kin(&self, change: &mut Change, version: Version, event: &Event) -> Result<(), StoreError> {
        let address = &change.state.address;
        let texts = version == 0 && self.profile(&address.channel).sender_is_phone;
        let shared = match event {
            Event::Message(message) => message.phone.as_deref(),
            _ => None,
        };
        let (own, other) = match (texts, shared) {
            (true, _) => {
                let number = international(&address.sender);
                (LinkKey::Texts { number: number.clone() }, LinkKey::Vouched { number })
            }
            (_, Some(number)) => {
                let number = international(number);
                (LinkKey::Vouched { number: number.clone() }, LinkKey::Texts { number })
            }
            _ => return Ok(()),
        };
        let id = change.id;
        change.links.push((own, LinkTarget { id, number: None }));
        let Some(kin) = self.store.link(&other).await?.map(|found| found.id).filter(|kin| *kin != id) else { return Ok(()) };
        let Some(there) = self.store.state(kin).await? else { return Ok(()) };
        let mine = change.state.address.channel.clone();
        // Each hears of the other; what carries it to this one has this one's name behind it.
        for (to, from, channel) in [(kin, id, mine), (id, kin, there.address.channel)] {
            let word = Kin::Joined { channel };
            let number = change.state.next;
            change.state.next += 1;
            let target = OutboxTarget::Kin { to, from, word };
            let (created, due) = (self.clock.now(), self.clock.now());
            change.outbox.push(OutboxRow { id, number, target, urgency: None, created, due, attempts: 0 });
        }
        Ok(())
    }

    /// Carries what conversations tell each other; how many words that were.
    pub async fn deliver_kin(&self) -> usize {
        let mut done = 0;
        let mut stuck: BTreeSet<ConversationId> = BTreeSet::new();
        for row in self.waiting().await {
            let OutboxTarget::Kin { to, from, word } = &row.target else { continue };
            if stuck.contains(&row.id) {
                continue;
            }
            // The name is the row's: after a crash it is the same word, and taken in once.
            let incoming = Incoming {
                target: Target::Conversation(*to),
                kind: "kin",
                external: format!("{}:{}", row.id, row.number),
                revision: String::new(),
                body: Body::Event(Event::Kin { from: *from, word: word.clone() }),
            };
            let now = self.clock.now();
            let finishes = Finishes { outbox: vec![row.number], ..Finishes::default() };
            let nothing = Event::Timer { key: String::new() };
            let carried = match self.receive(vec![incoming]).await {
                Ok(_) => self.handle(row.id, None, &nothing, finishes, now).await.map(drop),
                Err(error) => Err(error),
            };
            match carried {
                Ok(()) => done += 1,
                Err(error) => {
                    tracing::error!(conversation = %row.id.short(), %error, "What the other conversation must know could not be carried; will try again.");
                    stuck.insert(row.id);
                }
            }
        }
        done
    }
}

/// A number as texts have it: Telegram leaves the plus out.
fn international(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    format!("+{digits}")
}

#[cfg(test)]
mod tests {
    use super::international;

    #[test]
    fn numbers_are_compared_with_their_country() {
        for (written, wanted) in [("15550100001", "+15550100001"), ("+1 555 010-0001", "+15550100001"), ("+15550100001", "+15550100001")] {
            assert_eq!(international(written), wanted);
        }
    }
}
