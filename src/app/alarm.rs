//! An alarm without the store.
//!
//! Owns: what becomes of a cry for help that can't be taken in because the store fails: staff read it in their group at once,
//! and every way of the first step is taken.
//! Invariants: the message itself is not acknowledged, and comes again when the store works; each is told once while the
//! process runs; nothing is said to the customer, since nothing could keep it from being said twice.
//! Leaves out: everything less urgent than distress, which waits with its sender's gateway.

use super::App;
use crate::care::{Assessment, Kind, Level};
use crate::channel::Place;
use crate::conversation::{Address, ConversationId, Event, Message, Rules, Urgency};
use crate::desk::{AlertMessage, DeskMessage, Happened, called};
use crate::text::Text;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::PoisonError;

/// More messages than this are not remembered as told.
const REMEMBERED: usize = 10_000;

impl App {
    /// Tells staff of an event that the store did not take, where it can't wait.
    pub(super) async fn alarm(&self, id: ConversationId, address: &Address, event: &Event) {
        let Event::Message(message) = event else { return };
        let rules = self.rules.load_full();
        let heard = rules.care.assess(&Text::new(message.text.as_str()));
        let urgency = match heard.level {
            Level::Crisis => Urgency::Crisis,
            Level::Distress => Urgency::Distress,
            _ => return,
        };
        {
            let mut alarmed = self.alarmed.lock().unwrap_or_else(PoisonError::into_inner);
            if alarmed.len() >= REMEMBERED {
                alarmed.clear();
            }
            if !alarmed.insert((id, message.external.clone())) {
                return;
            }
        }
        // The ways carry no words, so only the group's knowing counts where there is a group; a way that worked is not taken twice.
        let again = !self.alarmed.lock().unwrap_or_else(PoisonError::into_inner).insert((id, format!("ways:{}", message.external)));
        let mut hasher = DefaultHasher::new();
        message.external.hash(&mut hasher);
        let ways = async { again || self.tell_ways(id, address, urgency, &rules, hasher.finish()).await };
        let (group, ways) = futures::future::join(self.tell_group(id, address, message, &heard), ways).await;
        if !ways {
            self.alarmed.lock().unwrap_or_else(PoisonError::into_inner).remove(&(id, format!("ways:{}", message.external)));
        }
        if !group && (self.desk.is_some() || !ways) {
            self.alarmed.lock().unwrap_or_else(PoisonError::into_inner).remove(&(id, message.external.clone()));
            tracing::error!(conversation = %id.short(), "The store and the staff's group both fail; an alarm could not be told there.");
        }
    }

    /// The words, in the group; whether they are there.
    async fn tell_group(&self, id: ConversationId, address: &Address, message: &Message, heard: &Assessment) -> bool {
        let Some(desk) = &self.desk else { return false };
        let name = message.name.as_deref().unwrap_or("somebody");
        let safe = if heard.silent || heard.kind == Some(Kind::Abuse) { "\nSomebody else may read their phone." } else { "" };
        let text = format!(
            "{} OUTSIDE THE QUEUE: the data store can't be written, so the bot has not answered and can't.\n\
             {name}, {} {}, wrote: {}{safe}\n\
             Reach them yourselves, and have the store looked at. This comes again as a handoff when the store works.",
            heard.level.name().to_uppercase(),
            address.channel,
            address.sender,
            message.text,
        );
        let place = Place {
            id,
            chat: 0,
            topic: None,
            card: None,
            title: format!("{}: outside the queue", heard.level.name()),
            address: address.clone(),
            transcript: None,
            mark: None,
            moved: String::new(),
            silent: false,
        };
        let post = DeskMessage::post(text);
        // The first group is everybody's; where it takes nothing, any other one is better than none.
        for chat in desk.chats() {
            if desk.send(&Place { chat: *chat, ..place.clone() }, &post).await.is_ok() {
                return true;
            }
        }
        false
    }

    /// Every way of the first step; whether one of them worked. They carry no words: those stand in the group, and come again.
    async fn tell_ways(&self, id: ConversationId, address: &Address, urgency: Urgency, rules: &Rules, digest: u64) -> bool {
        let now = self.clock.now();
        let named = rules.ladder.rung(urgency, 0).map(|rung| rung.ways.clone()).unwrap_or_default();
        let ways = called(&named, &self.ways, now).into_iter().filter_map(|name| Some((name, self.alerts.get(name)?)));
        let told = ways.map(|(name, way)| async move {
            let alert = AlertMessage {
                way: name.to_string(),
                happened: Happened::Trigger,
                id,
                number: digest,
                handoff: 0,
                step: 0,
                urgency,
                channel: address.channel.clone(),
                language: "?".into(),
                opened: now,
                drill: false,
                full: None,
            };
            way.send(&alert, "", now).await.is_ok()
        });
        futures::future::join_all(told).await.contains(&true)
    }
}
