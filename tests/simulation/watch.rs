//! What must hold at every moment, and what was broken.
//!
//! Looked at where it happens: each line as it reaches a channel, each alert as it is sent, each conversation after each event.

use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use warmline::conversation::{Acted, ConversationId, Entry, Line, Owner, Speaker, State, Urgency, Who};

/// The ladder's longest wait in a crisis, and what a retry may add.
const LONGEST: SignedDuration = SignedDuration::from_secs(120 + 5);

/// A crisis that nobody has answered.
#[derive(Clone)]
struct Cry {
    since: Timestamp,
    alerted: Option<Timestamp>,
    /// Who has it, and since when: a claim pauses the ladder for one step.
    owner: Option<(String, Timestamp)>,
    /// Until when nobody is reminded, with a reason.
    rests: Option<Timestamp>,
}

#[derive(Default)]
pub struct Watch {
    cries: HashMap<ConversationId, Cry>,
    /// Lines that were handed to a channel, by conversation: when the last one was.
    said: HashMap<ConversationId, Timestamp>,
    /// What customers wrote.
    pub wrote: HashMap<ConversationId, Vec<String>>,
    /// Until when the bot was not running.
    pub back: Option<Timestamp>,
    pub broken: Vec<String>,
    pub alerts: u64,
    pub lines: u64,
    /// What staff did for customers in the last thirty days, and conversations that have another one.
    pub acted: u64,
    pub joined: u64,
    /// Cards in other groups than the first, and handoffs that moved to another group.
    pub spread: u64,
    pub moved: u64,
}

impl Watch {
    pub fn breaks(&mut self, id: ConversationId, at: Timestamp, what: &str) {
        if self.broken.len() < 50 {
            self.broken.push(format!("{at} {}: {what}", id.short()));
        }
    }

    /// A line reaches a channel.
    pub fn line(&mut self, id: ConversationId, state: &State, line: &Line, now: Timestamp) {
        self.lines += 1;
        self.said.insert(id, now);
        // What is taken back from their phone is no word to it.
        if line.replaces.as_ref().is_some_and(|replaces| replaces.delete) {
            return;
        }
        let neutral = line.last_word && line.speaker == Speaker::Bot;
        if state.flags.do_not_text && line.safe_because.is_none() && !neutral {
            self.breaks(id, now, "a word under do_not_text");
        }
        if state.flags.opted_out && !line.last_word {
            self.breaks(id, now, "a word after an opt-out");
        }
        if state.flags.bereaved {
            self.breaks(id, now, "a word to somebody who has died");
        }
        if matches!(state.owner, Owner::Human { .. }) && line.speaker == Speaker::Bot && !line.last_word {
            self.breaks(id, now, "a bot word in a human's conversation");
        }
    }

    /// An alert leaves, whether it arrives or not.
    pub fn alert(&mut self, id: ConversationId, now: Timestamp) {
        self.alerts += 1;
        self.gap(id, now);
        if let Some(cry) = self.cries.get_mut(&id) {
            cry.alerted = Some(now);
        }
    }

    /// Whoever has it says why nobody is reminded for a while.
    pub fn rests(&mut self, id: ConversationId, until: Timestamp) {
        if let Some(cry) = self.cries.get_mut(&id) {
            cry.rests = Some(until);
        }
    }

    /// Too long since the last alert about a crisis.
    fn gap(&mut self, id: ConversationId, now: Timestamp) {
        let Some(cry) = self.cries.get(&id) else { return };
        let claimed = cry.owner.as_ref().map_or(cry.since, |(_, since)| *since);
        let from = cry
            .alerted
            .map_or(cry.since, |alerted| alerted.max(cry.since))
            .max(claimed)
            .max(cry.rests.unwrap_or(cry.since))
            .max(self.back.unwrap_or(cry.since));
        if now.duration_since(from) > LONGEST {
            let gap = now.duration_since(from).as_secs();
            self.breaks(id, now, &format!("a crisis without an answer was not alerted for {gap} s"));
        }
    }

    /// All crises that nobody has answered.
    pub fn look(&mut self, now: Timestamp) {
        for id in self.cries.keys().copied().collect::<Vec<_>>() {
            self.gap(id, now);
        }
    }

    /// A conversation after an event.
    pub fn after(&mut self, id: ConversationId, state: &State, now: Timestamp) {
        let crisis = |state: &State| state.handoff.as_ref().is_some_and(|handoff| handoff.urgency == Urgency::Crisis && !handoff.answered);
        match (crisis(state), self.cries.contains_key(&id)) {
            (true, false) => drop(self.cries.insert(id, Cry { since: now, alerted: None, owner: None, rests: None })),
            (false, true) => drop(self.cries.remove(&id)),
            _ => {}
        }
        let owner = match &state.owner {
            Owner::Human { staff } => Some(staff.id.clone()),
            _ => None,
        };
        if let Some(cry) = self.cries.get_mut(&id)
            && cry.owner.as_ref().map(|(owner, _)| owner) != owner.as_ref()
        {
            cry.owner = owner.map(|owner| (owner, now));
        }
    }

    /// Right after a customer's words were worked through.
    pub fn after_words(&mut self, id: ConversationId, before: Option<&State>, state: &State, alerts: u64, waits: bool, now: Timestamp) {
        let open = |state: &State| state.handoff.as_ref().map(|handoff| (handoff.number, handoff.urgency));
        let (was, is) = (before.and_then(open), open(state));
        if is.is_some_and(|(_, urgency)| urgency == Urgency::Crisis) && was != is && self.alerts == alerts {
            self.breaks(id, now, "a crisis was not alerted at once");
        }
        let told = waits || self.said.get(&id) == Some(&now);
        let muted = state.flags.shut_out || state.flood.is_some_and(|(_, count)| count > 20);
        if was.is_none() && is.is_some() && !told && !state.silent() && !muted {
            let wrote = self.wrote.get(&id).and_then(|wrote| wrote.last()).cloned().unwrap_or_default();
            self.breaks(id, now, &format!("a customer was handed over without a word after {wrote:?}: {:?}", state.flags));
        }
    }

    /// What staff gave one customer within thirty days, by both their channels: twenty at most, and everything has an end.
    pub fn given(&mut self, id: ConversationId, state: &State, now: Timestamp) {
        let amount = |text: &String| text.parse::<f64>().unwrap_or(0.0);
        self.acted += state.acted.iter().filter(|acted| acted.from.is_none()).count() as u64;
        self.joined += u64::from(!state.joined.is_empty());
        // Before they were known to be one, they were two.
        let Some(since) = state.joined.iter().map(|joined| joined.at).min().or(state.parted.is_empty().then_some(Timestamp::MIN)) else {
            return;
        };
        let mut acted: Vec<Acted> = state.acted.iter().filter(|acted| acted.at >= since).cloned().collect();
        acted.sort_by_key(|acted| acted.at);
        for (at, last) in acted.iter().enumerate() {
            let before = |acted: &&Acted| last.at.duration_since(acted.at) < SignedDuration::from_hours(24 * 30);
            let given: f64 = acted[..=at].iter().filter(before).filter_map(|acted| acted.values.get("amount")).map(amount).sum();
            if given > 20.0 {
                self.breaks(id, now, &format!("{given} were given within thirty days"));
            }
            if last.outcome.is_none() {
                self.breaks(id, now, "nobody knows what became of something that staff did");
            }
        }
    }

    /// The whole story of a conversation, at the end.
    pub fn story(&mut self, id: ConversationId, entries: &[Entry], now: Timestamp) {
        let heard: Vec<&str> = entries.iter().filter(|entry| entry.who == Who::Customer).map(|entry| entry.text.as_str()).collect();
        let wrote = self.wrote.remove(&id).unwrap_or_default();
        if heard.len() != wrote.len() || wrote.iter().zip(&heard).any(|(wrote, heard)| !heard.ends_with(wrote.as_str())) {
            self.breaks(id, now, &format!("{} messages were written, {} are in the transcript", wrote.len(), heard.len()));
        }
        let mut owner: Option<String> = None;
        for entry in entries.iter().filter(|entry| entry.who == Who::Note && entry.about.is_none()) {
            let first = entry.text.split(' ').next().unwrap_or("").to_string();
            if entry.text.ends_with(" claimed it") {
                if let Some(owner) = &owner {
                    self.breaks(id, entry.at, &format!("{first} claimed what {owner} has"));
                }
                owner = Some(first);
            } else if entry.text.contains(" took it over from ")
                || entry.text.contains(" has the same customer by another channel, and this")
            {
                owner = Some(first);
            } else if let Some((_, to)) = entry.text.split_once(" handed it to ") {
                owner = Some(to.split([':', ' ']).next().unwrap_or("").to_string());
            } else if entry.text.contains(" gave it back")
                || entry.text.contains(" gave back the other")
                || entry.text.contains(" has gone off shift")
                || entry.text.contains(" closed ")
            {
                owner = None;
            }
        }
    }
}
