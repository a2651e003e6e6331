//! Which people of the staff a handoff is for.
//!
//! Owns: [`Team`], what it takes; routing at the opening, to whoever stands in where nobody of it is there, and on to them when
//! it has not answered.
//! Invariants: the first team of the file that takes it gets it; crisis and distress are everybody's, whatever their team; routing
//! changes neither urgency nor place in the queue; nothing waits for people who are not there, and with every reminder it goes on
//! to others.
//! Leaves out: who is there (`Facts`), the queue (`desk`).

use super::effect::{DeskNote, Who};
use super::facts::{Reach, Times};
use super::parts::{Done, Owner};
use super::step::Turn;
use super::urgency::Urgency;
use crate::engine::Verdict;
use crate::text::Text;
use jiff::SignedDuration;

/// Some of the staff, and what they take. What is empty excludes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Team {
    /// Its name.
    pub name: String,
    /// Intents.
    pub topics: Vec<String>,
    /// Languages, as primary tags.
    pub languages: Vec<String>,
    /// Channels.
    pub channels: Vec<String>,
    /// Urgencies.
    pub urgencies: Vec<Urgency>,
    /// Who is in it, by the names that colleagues read; nobody named means everybody.
    pub people: Vec<String>,
    /// Who stands in.
    pub fallback: Option<String>,
    /// The most conversations that one person of it is given.
    pub most: Option<u32>,
}

impl Team {
    fn takes(&self, topic: Option<&str>, language: &str, channel: &str, urgency: Urgency) -> bool {
        let any = |list: &[String], value: Option<&str>| list.is_empty() || value.is_some_and(|value| list.iter().any(|one| one == value));
        any(&self.topics, topic)
            && any(&self.languages, Some(language))
            && any(&self.channels, Some(channel))
            && (self.urgencies.is_empty() || self.urgencies.contains(&urgency))
    }

    /// This person is in it.
    pub fn has(&self, name: &str) -> bool {
        self.people.is_empty() || self.people.iter().any(|one| one.to_lowercase() == name.to_lowercase())
    }
}

/// A request is what the handoff is about for so long after it was answered.
const FRESH: SignedDuration = SignedDuration::from_mins(30);
/// No row of stand-ins is longer.
const STAND_INS: usize = 8;

impl Turn<'_> {
    /// The team for what is being handed over.
    pub(super) fn route(&self, urgency: Urgency) -> Option<String> {
        if self.rules.teams.is_empty() {
            return None;
        }
        let (topic, language) = (self.topic(urgency), self.state.language());
        let channel = self.state.address.channel.as_str();
        let team = self.rules.teams.iter().find(|team| team.takes(topic.as_deref(), language.primary(), channel, urgency))?;
        // Where nobody of it is there, whoever stands in; where nobody of those is either, it is everybody's.
        std::iter::successors(Some(team.name.clone()), |name| self.stand_in(name)).take(STAND_INS).find(|name| self.is_there(name))
    }

    /// What it is about: the open form, the last words, or what was answered just now.
    fn topic(&self, urgency: Urgency) -> Option<String> {
        if let Some(form) = self.state.form.as_ref().or(self.state.paused.as_ref()) {
            return Some(form.intent.clone());
        }
        let text = Text::new(self.state.last_words.as_str());
        let understanding = self.engine().understand(&text, self.facts.local.date());
        // What somebody in need writes is no request, however much it looks like one.
        if let Verdict::Matched(number) = understanding.verdict
            && understanding.certain()
            && urgency < Urgency::Distress
            && !self.engine().intents()[number].social
        {
            return Some(self.engine().intents()[number].id.clone());
        }
        let fresh = |done: &&Done| self.now.duration_since(done.at) < FRESH;
        self.state.done.as_ref().filter(fresh).map(|done| done.intent.clone())
    }

    fn stand_in(&self, name: &str) -> Option<String> {
        self.rules.teams.iter().find(|team| team.name == name)?.fallback.clone()
    }

    /// Somebody of the team is there now, as far as that is known.
    fn is_there(&self, name: &str) -> bool {
        let open = self.facts.teams.get(name).is_none_or(|times| times.reach == Reach::Open);
        let Some(team) = self.rules.teams.iter().find(|team| team.name == name) else { return false };
        // Of whoever has never worked here nothing is known: their hours speak for them.
        let known: Vec<_> = self.facts.crew.iter().filter(|one| !team.people.is_empty() && team.has(&one.name)).collect();
        // Whoever has said nothing is there in the team's own hours.
        open && (known.is_empty() || known.iter().any(|one| one.here || !one.said))
    }

    /// It has waited for its team: whoever stands in gets it, or everybody.
    pub(super) fn widen(&mut self) {
        if self.state.owner != Owner::Waiting {
            return;
        }
        let Some(team) = self.state.handoff.as_mut().and_then(|handoff| handoff.team.take()) else { return };
        let next = self.stand_in(&team);
        let text = format!("{team} has not answered; {} can take it now.", next.as_deref().unwrap_or("everybody"));
        if let Some(handoff) = self.state.handoff.as_mut() {
            handoff.team = next;
        }
        self.note(text.clone());
        self.desk(DeskNote::Relay { who: Who::Note, text, external: None });
    }

    /// When the people are there for whom this is: the team's hours, or the desk's.
    pub(super) fn times(&self) -> Times {
        let team = self.routed.as_ref().or(self.state.handoff.as_ref().and_then(|handoff| handoff.team.as_ref()));
        let team = team.filter(|_| !self.in_crisis() && !self.in_distress());
        team.and_then(|team| self.facts.teams.get(team)).copied().unwrap_or(Times {
            reach: self.facts.reach,
            opens: self.facts.opens,
            closes: self.facts.closes,
        })
    }
}
