//! Two conversations of one person.
//!
//! Owns: finding the other one by a number that is proved; carrying what they tell each other.
//! Invariants: a number counts only where a channel vouches for it: the sender of a text, or the sender's own contact; what one
//! tells the other arrives once, in order, and survives a crash.
//! Leaves out: what it means (`conversation`).

use super::App;
use super::handle::Finishes;
use crate::channel::{Body, Incoming, Target};
use crate::conversation::{ConversationId, Event, Kin, Proof};
use crate::store::{Change, LinkKey, LinkTarget, OutboxRow, OutboxTarget, StoreError};
use std::collections::BTreeSet;

impl App {
    /// Adds what must be known where a conversation turns out to have another one: a text from a number that somebody has
    /// shared, or a shared number that has texted. Looked for with every message as long as there is none: two first messages at
    /// the same moment don't see each other.
    pub(super) async fn look_for_kin(&self, change: &mut Change, event: &Event) -> Result<(), StoreError> {
        if !matches!(event, Event::Message(_)) || !change.state.joined.is_empty() {
            return Ok(());
        }
        let address = &change.state.address;
        let shared = match &change.state.proof {
            Some(Proof::Phone(number)) => Some(international(number)),
            _ => None,
        };
        let (own, other) = match shared {
            _ if self.profile(&address.channel).sender_is_phone => {
                let number = international(&address.sender);
                (LinkKey::Texts { number: number.clone() }, LinkKey::Vouched { number })
            }
            Some(number) => (LinkKey::Vouched { number: number.clone() }, LinkKey::Texts { number }),
            None => return Ok(()),
        };
        let id = change.id;
        if !change.state.linked {
            change.state.linked = true;
            change.links.push((own, LinkTarget { id, number: None }));
        }
        let there = match self.other(&other).await {
            // Their message must not wait for somebody else's record.
            Err(StoreError::Damaged(kind)) => {
                tracing::error!(conversation = %id.short(), kind, "Whether this customer has another conversation can't be read.");
                return Ok(());
            }
            found => found?,
        };
        let Some((kin, channel)) = there.filter(|(kin, _)| *kin != id && !change.state.parted.contains(kin)) else { return Ok(()) };
        let mine = change.state.address.channel.clone();
        // Each hears of the other.
        for (to, from, channel) in [(kin, id, mine), (id, kin, channel)] {
            let word = Kin::Joined { channel };
            let number = change.state.next;
            change.state.next += 1;
            let target = OutboxTarget::Kin { to, from, word };
            let (created, due) = (self.clock.now(), self.clock.now());
            change.outbox.push(OutboxRow { id, number, target, urgency: None, created, due, attempts: 0, chat: None });
        }
        Ok(())
    }

    /// The conversation behind a number, and its channel.
    async fn other(&self, key: &LinkKey) -> Result<Option<(ConversationId, String)>, StoreError> {
        let Some(found) = self.store.link(key).await? else { return Ok(None) };
        Ok(self.store.state(found.id).await?.map(|state| (found.id, state.address.channel)))
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
