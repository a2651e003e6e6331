//! A person is needed: opening a handoff, and raising it.
//!
//! Owns: what a handoff holds when it opens; when it is raised; the words to the customer.
//! Invariants: words, state, note to the desk and timer are effects of the same step; urgency only rises.
//! Leaves out: reminding (`reminder`), for whom it is (`team`), where it stands (`group`).

use super::effect::{DeskNote, Effect, Who};
use super::facts::Reach;
use super::handoff::Handoff;
use super::help::danger;
use super::parts::{Asked, Owner};
use super::review::Why;
use super::step::Turn;
use super::urgency::{Reason, Urgency};
use crate::care::{Assessment, Evidence, Kind, Level, Subject};
use crate::engine::{Mode, Trace};
use crate::text::Text;

/// The cues that have words of their own: one a language, `bereavement_es`.
pub(super) const BEREAVEMENT: &str = "bereavement";

impl Turn<'_> {
    /// Opens a handoff, or raises the open one, with words to the customer where the bot may speak.
    pub(super) fn hand_off(&mut self, reason: Reason, assessment: &Assessment) {
        if self.mode != Mode::Live && !matches!(reason, Reason::Care(_)) {
            // The bot only shows or records what it would do; care and requests for a person act in every mode.
            return self.note(format!("would hand over: {}", reason.name()));
        }
        let neutral = assessment.kind == Some(Kind::Abuse) && assessment.subject == Some(Subject::Oneself);
        if neutral || assessment.silent {
            self.keep_silent(assessment.silent);
        }
        match self.state.handoff.as_ref().map(|handoff| (handoff.urgency, handoff.kind)) {
            None => self.open(reason, assessment, true),
            Some((urgency, kind)) if reason.urgency() > urgency || (assessment.kind.is_some() && assessment.kind != kind) => {
                self.raise(reason, assessment);
            }
            Some(_) => self.again(reason, assessment),
        }
    }

    /// Who is named when the customer says that they are under 18.
    fn safeguarding(&self) -> Option<String> {
        let lead = self.rules.safeguarding.trim();
        (self.state.flags.minor && !lead.is_empty()).then(|| lead.to_string())
    }

    /// They say so only now: the lead hears at once.
    pub(super) fn safeguard(&mut self) {
        let lead = self.safeguarding();
        if let (Some(lead), Some(handoff)) = (lead, self.state.handoff.as_mut())
            && handoff.safeguarding.is_none()
        {
            handoff.safeguarding = Some(lead.clone());
            let text = format!("SAFEGUARDING {lead}: the customer says that they are under 18.");
            self.desk(DeskNote::Relay { who: Who::Note, text, external: None });
            self.desk(DeskNote::Changed);
        }
    }

    /// How the customer's last words were understood, for staff.
    fn trace(&self) -> Option<Trace> {
        let text = Text::new(self.state.last_words.as_str());
        let understanding = self.rules.engine.understand(&text, self.facts.local.date());
        (!text.tokens.is_empty()).then(|| self.rules.engine.trace(&text, &understanding))
    }

    /// Opens one, with words to the customer or without.
    pub(super) fn open(&mut self, reason: Reason, assessment: &Assessment, speaks: bool) {
        let number = self.number();
        let tried = self.tried();
        let again = self.comes_again();
        let mut handoff = Handoff::new(number, self.now, reason);
        handoff.kind = assessment.kind;
        handoff.subject = assessment.subject;
        handoff.tried = tried;
        handoff.words = self.state.last_words.clone();
        handoff.wrote = self.state.wrote;
        handoff.trace = self.trace();
        handoff.spoke = Some(self.now);
        handoff.safeguarding = self.safeguarding();
        handoff.course.again = again;
        handoff.team = self.route(reason.urgency());
        // Whoever is in danger or distress is everybody's: the whole desk's hours count.
        self.routed = handoff.team.clone().filter(|_| reason.urgency() < Urgency::Distress);
        if speaks {
            self.handoff_words(reason, assessment);
        }
        self.state.handoff = Some(handoff);
        if speaks {
            self.reserve();
        }
        self.heard_more(assessment);
        self.state.owner = Owner::Waiting;
        self.state.form = None;
        self.drop_threads();
        self.state.later = None;
        self.state.held.clear();
        self.state.misses = 0;
        self.state.offered = false;
        if self.state.asked != Some(Asked::SafeToReply) {
            self.state.asked = None;
        }
        self.note(format!("Handed over: {}", reason.name()));
        if reason.urgency() == Urgency::Crisis {
            self.put_on_list(Why::Crisis);
        }
        self.await_claim();
        self.arm_update();
        self.effects.push(Effect::HandOff { reason });
        self.kin_opened();
        self.desk(DeskNote::Opened);
        for (text, external) in std::mem::take(&mut self.state.media) {
            self.desk(DeskNote::Relay { who: Who::Customer, text, external: Some(external) });
        }
    }

    /// It is more urgent than it was, or about something else: staff hear at once, whoever has it.
    fn raise(&mut self, reason: Reason, assessment: &Assessment) {
        let words = self.state.last_words.clone();
        let trace = self.trace();
        let becomes_one = reason.urgency() == Urgency::Crisis && !self.in_crisis();
        let mut rises = false;
        if let Some(handoff) = self.state.handoff.as_mut() {
            let before = handoff.urgency;
            handoff.urgency = handoff.urgency.max(reason.urgency());
            handoff.reason = reason;
            handoff.kind = assessment.kind.or(handoff.kind);
            handoff.subject = assessment.subject.or(handoff.subject);
            handoff.words = words;
            handoff.wrote = self.state.wrote;
            handoff.trace = trace;
            // Another kind of the same urgency does not begin the ladder anew: those who come later would never hear.
            rises = reason.urgency() > before;
            handoff.reminders = if rises { 0 } else { handoff.reminders };
            rises |= handoff.answered;
            handoff.answered = false;
            handoff.spoke = Some(self.now);
            handoff.doubted = None;
            handoff.unreached &= !rises;
        }
        if !matches!(self.state.owner, Owner::Human { .. }) {
            let team = self.route(reason.urgency());
            if let Some(handoff) = self.state.handoff.as_mut() {
                handoff.team = team;
            }
        }
        self.heard_more(assessment);
        self.note(format!("Raised: {}", reason.name()));
        if becomes_one {
            self.put_on_list(Why::Crisis);
        }
        self.state.form = None;
        self.drop_threads();
        if !matches!(self.state.owner, Owner::Human { .. }) {
            self.handoff_words(reason, assessment);
        }
        if rises {
            self.await_claim();
            if let Some(handoff) = self.state.handoff.as_mut() {
                handoff.updates = 0;
            }
            self.arm_update();
        }
        self.effects.push(Effect::HandOff { reason });
        self.desk(DeskNote::Raised);
    }

    /// The same again: staff see the words; the customer hears where things stand.
    fn again(&mut self, reason: Reason, assessment: &Assessment) {
        self.heard_more(assessment);
        if matches!(self.state.owner, Owner::Human { .. }) {
            self.unanswered();
        }
        if self.asks_for_number() || matches!(self.state.owner, Owner::Human { .. }) {
            return;
        }
        let asks = matches!(reason, Reason::Care(Level::HumanRequest | Level::Crisis));
        self.still_here(asks);
    }

    /// Keeps evidence, the newest twenty, with short quotations.
    fn heard_more(&mut self, assessment: &Assessment) {
        let Some(handoff) = self.state.handoff.as_mut() else { return };
        for evidence in &assessment.evidence {
            let text = evidence.text.chars().take(200).collect();
            handoff.evidence.push(Evidence { text, ..evidence.clone() });
        }
        let surplus = handoff.evidence.len().saturating_sub(20);
        handoff.evidence.drain(..surplus);
    }

    /// What the customer reads when a person is called.
    fn handoff_words(&mut self, reason: Reason, assessment: &Assessment) {
        if self.silence_after {
            return;
        }
        self.acting();
        let reach = self.reach();
        match reason {
            Reason::Care(Level::Crisis) => self.crisis_words(assessment, reach),
            // A death gets one plain 'sorry', and no emergency number.
            Reason::Care(Level::Distress) if assessment.evidence.iter().any(|evidence| evidence.rule.starts_with(BEREAVEMENT)) => {
                self.say_word(&format!("bereavement.{reach}"), &[]);
            }
            Reason::Care(level) => self.say_word(&format!("{}.{reach}", level.name()), &[]),
            Reason::CheckIn => {}
            Reason::Stuck | Reason::Language | Reason::Intent => self.say_word(&format!("stuck.{reach}"), &[]),
        }
    }

    fn crisis_words(&mut self, assessment: &Assessment, reach: &str) {
        self.introduced();
        let kind = assessment.kind.unwrap_or(Kind::Unclear);
        let other = assessment.subject.is_some_and(|subject| subject != Subject::Oneself);
        let key = danger(kind, other);
        self.say_help(&key, kind);
        self.say_word(&format!("crisis_then.{reach}"), &[]);
    }

    /// How far staff can be reached, as the keys of the words have it.
    pub(super) fn reach(&self) -> &'static str {
        let times = self.times();
        match times.reach {
            Reach::Open => "open",
            Reach::Closed if times.opens.is_some() => "closed",
            _ => "no_desk",
        }
    }

    /// What the bot tried in this conversation, newest first.
    fn tried(&self) -> Vec<String> {
        let form = self.state.form.iter().map(|form| format!("{} (not finished)", form.intent));
        let done = self.state.done.iter().map(|done| format!("{}: {}", done.intent, done.outcome));
        form.chain(done).collect()
    }

    /// A note in the transcript.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.record(Who::Note, text.into());
    }
}
