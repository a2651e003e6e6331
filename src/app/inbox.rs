//! What comes in.
//!
//! Owns: taking arrivals into the store, and working through them in order, one conversation at a time each.
//! Invariants: `receive` returns only after what it took is durable; two workers never have the same conversation.
//! Leaves out: decoding (`channel`).

use super::App;
use super::handle::Finishes;
use crate::channel::{Body, Incoming, Target};
use crate::conversation::{Address, ConversationId, Event};
use crate::store::{Arrival, LinkTarget, StoreError};
use std::sync::{Arc, PoisonError};

/// What became of what came in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// New, and stored.
    pub fresh: usize,
    /// Belongs to no conversation (yet).
    pub unknown: usize,
}

impl App {
    /// Takes in what was decoded, durably, in order; how much of it was new. What belongs to no conversation is left out.
    pub async fn receive(&self, incoming: Vec<Incoming>) -> Result<Received, StoreError> {
        let mut received = Received::default();
        let now = self.clock.now();
        let mut arrivals = Vec::new();
        for incoming in incoming {
            if self.refused(&incoming).await {
                received.unknown += 1;
                continue;
            }
            let (id, address, number) = match self.resolve(&incoming.target).await {
                Ok(Some(found)) => found,
                Ok(None) => {
                    received.unknown += 1;
                    continue;
                }
                Err(StoreError::Damaged(kind)) => {
                    tracing::error!(kind, "A conversation can't be read; what came for it is left out, so that the others go on.");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let event = match (incoming.body, number) {
                (Body::Event(event), _) => event,
                (Body::Report(delivery), Some(line)) => Event::Delivered { line, delivery },
                (Body::Report(_), None) => continue,
            };
            arrivals.push(Arrival {
                id,
                address,
                kind: incoming.kind.to_string(),
                external: incoming.external,
                revision: incoming.revision,
                event,
                at: now,
            });
        }
        if arrivals.is_empty() {
            return Ok(received);
        }
        let all = arrivals.len();
        let fresh = match self.store.accept(arrivals.clone()).await {
            Ok(fresh) => fresh.into_iter().filter(|fresh| *fresh).count(),
            Err(error) => {
                for arrival in &arrivals {
                    self.alarm(arrival.id, &arrival.address, &arrival.event).await;
                }
                return Err(error);
            }
        };
        metrics::counter!("warmline_arrivals_total").increment(fresh as u64);
        metrics::counter!("warmline_duplicates_total").increment((all - fresh) as u64);
        if fresh > 0 {
            self.inbox_ready.notify_one();
        }
        received.fresh = fresh;
        Ok(received)
    }

    /// A press in the staff's group by somebody who is not in it: refused, and reported.
    async fn refused(&self, incoming: &Incoming) -> bool {
        let ("callback", Body::Event(Event::Staff { staff, chat, .. })) = (incoming.kind, &incoming.body) else { return false };
        if self.is_member(staff, *chat).await {
            return false;
        }
        metrics::counter!("warmline_presses_refused_total").increment(1);
        if let Some(desk) = &self.desk {
            let text = "REFUSED: somebody who is in none of your groups pressed a button here. Nothing was done.";
            let chat = chat.or(desk.chats().first().copied()).unwrap_or_default();
            let refused = desk.refuse(chat, &incoming.external, "Only members of the desk can do this.", text).await;
            if let Err(error) = refused {
                tracing::warn!(%error, "That a press was refused could not be reported.");
            }
        }
        true
    }

    async fn resolve(&self, target: &Target) -> Result<Option<(ConversationId, Address, Option<u64>)>, StoreError> {
        let found = match target {
            Target::Address(address) => return Ok(Some((self.conversation(address), address.clone(), None))),
            Target::Conversation(id) => Some(LinkTarget { id: *id, number: None }),
            Target::Links(links) => {
                let mut found = None;
                for link in links {
                    found = self.store.link(link).await?;
                    if found.is_some() {
                        break;
                    }
                }
                found
            }
        };
        let Some(LinkTarget { id, number }) = found else { return Ok(None) };
        Ok(self.store.state(id).await?.map(|state| (id, state.address, number)))
    }

    /// Works through everything that waits; how many events that were.
    pub async fn drain_inbox(self: &Arc<Self>) -> usize {
        let ids = match self.store.backlog().await {
            Ok(ids) => ids,
            Err(error) => {
                tracing::error!(%error, "The inbox can't be read; will try again.");
                return 0;
            }
        };
        let mut done = 0;
        for chunk in ids.chunks(64) {
            done += futures::future::join_all(chunk.iter().map(|id| self.work(*id))).await.into_iter().sum::<usize>();
        }
        done
    }

    /// Works through one conversation's inbox; how many events that were.
    async fn work(&self, id: ConversationId) -> usize {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            if locks.len() > 10_000 {
                locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            }
            locks.entry(id).or_default().clone()
        };
        let _alone = lock.lock().await;
        let mut done = 0;
        loop {
            let row = match self.store.next_inbox(id).await {
                Ok(Some(row)) => row,
                Ok(None) => return done,
                Err(error) => {
                    tracing::error!(%error, "The inbox can't be read; will try again.");
                    return done;
                }
            };
            let finishes = Finishes { inbox: Some(row.number), ..Finishes::default() };
            if let Err(error) = self.handle(id, Some(&row.address), &row.event, finishes, row.at).await {
                self.alarm(id, &row.address, &row.event).await;
                tracing::error!(conversation = %id.short(), %error, "An event could not be committed; will try again.");
                return done;
            }
            done += 1;
        }
    }
}
