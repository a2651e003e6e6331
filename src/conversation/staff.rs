//! What staff do, and what becomes of their words.
//!
//! Owns: claim, release, words, close; delivery of lines.
//! Invariants: a claim is exclusive; before a claim nothing of what staff write leaves; a refusal is always said to whoever
//! was refused.
//! Leaves out: how the desk shows it.

use super::effect::{DeskNote, Effect, Entry, Line, NotSent, Speaker, Who};
use super::event::{Delivery, Failure, Staff, StaffAction};
use super::handoff::{DRILL, UNCLAIMED};
use super::state::{Asked, Owner, Thread};
use super::step::Turn;
use serde_json::json;

impl Turn<'_> {
    pub(super) fn staff(&mut self, staff: &Staff, action: StaffAction, callback: Option<String>) {
        let answer = match action {
            StaffAction::Claim => self.claim(staff),
            StaffAction::TakeOver => self.take_over(staff),
            StaffAction::Release => self.release(staff),
            StaffAction::Close { agreed } => self.close(staff, agreed),
            StaffAction::Safe { why } => self.safe(staff, why),
            StaffAction::NotACrisis { why } => self.not_a_crisis(staff, why),
            StaffAction::NotUrgent => self.not_urgent(staff),
            StaffAction::Snooze { words } => self.snooze(staff, words.as_deref()),
            StaffAction::BackToBot { why } => self.back_to_bot(staff, why),
            StaffAction::Note { words } => self.staff_note(staff, words),
            StaffAction::Help => Self::staff_help(),
            StaffAction::Hold { words } => self.hold_evidence(staff, words.as_deref()),
            StaffAction::Transcript => {
                self.desk(DeskNote::Transcript);
                String::new()
            }
            StaffAction::Say { text, message } => {
                self.say_as(staff, text, message, false);
                String::new()
            }
            StaffAction::SayMedia { message } => {
                self.say_as(staff, String::new(), message, true);
                String::new()
            }
            StaffAction::Send { line } => self.send_suggested(staff, line),
            StaffAction::Unknown { message } => {
                self.not_sent(Some(message), NotSent::UnknownCommand);
                String::new()
            }
            StaffAction::Anonymous => {
                if callback.is_none() {
                    self.not_sent(None, NotSent::Anonymous);
                }
                "Anonymous admins can't be told apart, so they can't claim or write. Turn off 'Remain anonymous'.".into()
            }
        };
        if let Some(callback) = callback {
            self.desk(DeskNote::Answer { callback, text: answer });
        } else if !answer.is_empty() {
            self.desk(DeskNote::Relay { who: Who::Note, text: answer, external: None });
        }
    }

    fn claim(&mut self, staff: &Staff) -> String {
        match &self.state.owner {
            Owner::Human { staff: other } if other.id == staff.id => "It is yours already.".into(),
            Owner::Human { staff: other } => format!("{} has it.", other.name),
            Owner::Bot => "Nothing waits here.".into(),
            Owner::Waiting => {
                self.state.owner = Owner::Human { staff: staff.clone() };
                self.reset_answer();
                self.state.form = None;
                self.drop_threads();
                if self.state.asked != Some(Asked::SafeToReply) {
                    self.state.asked = None;
                }
                self.note(format!("{} claimed it", staff.name));
                self.effects.push(Effect::DropBotLines);
                // A drill asks for a claim and nothing more. Else a tap is not an answer: the clock runs on, from now, until a human word is delivered.
                if self.state.address.channel == DRILL {
                    self.effects.push(Effect::Cancel { key: UNCLAIMED.into() });
                } else {
                    self.await_claim();
                }
                self.desk(DeskNote::Changed);
                "It is yours. What you write here now goes to the customer.".into()
            }
        }
    }

    /// Takes a conversation over from a colleague, who can't or won't go on: visibly.
    fn take_over(&mut self, staff: &Staff) -> String {
        match self.state.owner.clone() {
            Owner::Human { staff: other } if other.id != staff.id => {
                self.state.owner = Owner::Human { staff: staff.clone() };
                self.note(format!("{} took it over from {}", staff.name, other.name));
                self.reset_answer();
                self.await_claim();
                self.desk(DeskNote::Changed);
                format!("{} has taken it over from {}.", staff.name, other.name)
            }
            _ => self.claim(staff),
        }
    }

    /// Whoever has it now has not answered yet.
    fn reset_answer(&mut self) {
        if let Some(handoff) = self.state.handoff.as_mut() {
            handoff.answered = false;
        }
    }

    fn release(&mut self, staff: &Staff) -> String {
        if let Some(refusal) = self.refusal(staff) {
            return refusal;
        }
        self.state.owner = Owner::Waiting;
        self.reset_answer();
        self.note(format!("{} gave it back", staff.name));
        self.await_claim();
        self.desk(DeskNote::Changed);
        "It waits for somebody else now.".into()
    }

    fn close(&mut self, staff: &Staff, agreed: Option<String>) -> String {
        if let Some(refusal) = self.refusal(staff) {
            return refusal;
        }
        if self.in_crisis() {
            return self.close_crisis(staff, agreed);
        }
        self.as_notice();
        let agreed = agreed.map(|agreed| format!("{}.", agreed.trim().trim_end_matches('.')));
        self.say_word("closed", &[("name", json!(staff.name)), ("agreed", json!(agreed))]);
        self.speak();
        self.note(format!("{} closed it", staff.name));
        self.judged(true);
        self.end(&staff.name);
        String::new()
    }

    /// The handoff is over; the bot has the conversation again.
    pub(super) fn end(&mut self, by: &str) {
        self.desk(DeskNote::Closed { by: by.to_string(), card: self.state.thread.card });
        self.state.owner = Owner::Bot;
        self.state.handoff = None;
        self.state.misses = 0;
        self.state.form = None;
        self.drop_threads();
        self.state.asked = None;
        self.state.recent.clear();
        self.state.thread = Thread { topic: self.state.thread.topic, ..Thread::default() };
        self.effects.push(Effect::Cancel { key: UNCLAIMED.into() });
    }

    /// Why this person may not act as the owner, where they may not.
    pub(super) fn refusal(&self, staff: &Staff) -> Option<String> {
        match &self.state.owner {
            Owner::Human { staff: owner } if owner.id == staff.id => None,
            Owner::Human { staff: owner } => Some(format!("{} has it.", owner.name)),
            Owner::Waiting => Some("Nobody has claimed it yet. Claim it first.".into()),
            Owner::Bot => Some("Nothing is open here.".into()),
        }
    }

    fn say_as(&mut self, staff: &Staff, text: String, message: i64, media: bool) {
        let why = match &self.state.owner {
            Owner::Human { staff: owner } if owner.id == staff.id => None,
            Owner::Human { staff: owner } => Some(NotSent::Claimed { by: owner.name.clone() }),
            Owner::Waiting => Some(NotSent::Unclaimed),
            Owner::Bot => Some(NotSent::NoHandoff),
        };
        let locked = self.state.flags.do_not_text;
        let safe = self.state.safe.as_ref().filter(|safe| locked && safe.staff == staff.id).map(|safe| safe.why.clone());
        let why = why
            .or(self.state.flags.opted_out.then_some(NotSent::OptedOut))
            .or((locked && safe.is_none()).then_some(NotSent::DoNotText))
            .or((media && !self.facts.profile.media).then_some(NotSent::Media));
        if let Some(why) = why {
            return self.not_sent(Some(message), why);
        }
        // A reason is for one message: what was safe then may not be safe now.
        self.state.safe = None;
        let copy = media.then_some(message);
        let shown = if media { "[attachment]".to_string() } else { text.trim().to_string() };
        self.state.last_said = format!("{}: {shown}", staff.name);
        let text = if media { text } else { format!("{}: {}", staff.name, text.trim()) };
        let number = self.record(Who::Staff(staff.name.clone()), shown);
        // Kept after it was sent: a report of failure may come hours later, and is shown beside these words.
        self.state.staff_lines.insert(number, message);
        while self.state.staff_lines.len() > 50 {
            self.state.staff_lines.pop_first();
        }
        self.effects.push(Effect::Say(Line {
            number,
            to: self.state.address.clone(),
            speaker: Speaker::Staff(staff.clone()),
            text,
            buttons: Vec::new(),
            ask_contact: false,
            copy,
            last_word: false,
            safe_because: safe,
            question: false,
        }));
    }

    fn send_suggested(&mut self, staff: &Staff, line: u64) -> String {
        if let Owner::Human { staff: owner } = &self.state.owner
            && owner.id != staff.id
        {
            return format!("{} has it.", owner.name);
        }
        if self.state.silent() {
            return "They can't be written to.".into();
        }
        let Some((text, shown)) = self.state.suggested.remove(&line) else {
            return "That was sent already, or is too old.".into();
        };
        self.introduced();
        let number = self.record(Who::Bot, shown);
        self.note(format!("{} sent what the bot suggested", staff.name));
        self.effects.push(Effect::Say(Line {
            number,
            to: self.state.address.clone(),
            speaker: Speaker::Notice,
            text,
            buttons: Vec::new(),
            ask_contact: false,
            copy: None,
            last_word: false,
            safe_because: None,
            question: false,
        }));
        "Sent.".into()
    }

    fn not_sent(&mut self, message: Option<i64>, why: NotSent) {
        self.desk(DeskNote::NotSent { message, why });
    }

    /// What became of an outbox row.
    pub(super) fn delivered(&mut self, line: u64, delivery: Delivery) {
        match delivery {
            Delivery::Sent { external, thread } => {
                if thread.is_some() {
                    self.state.thread.topic = thread;
                }
                if self.state.thread.card_line == Some(line) {
                    self.state.thread.card_line = None;
                    self.state.thread.card = external.first().and_then(|id| id.parse().ok());
                }
                // Words that were on their way when the customer wrote again, or when the claim was given back, answer nothing.
                if self.state.staff_lines.contains_key(&line)
                    && line > self.state.wrote
                    && matches!(self.state.owner, Owner::Human { .. })
                    && let Some(handoff) = self.state.handoff.as_mut()
                {
                    handoff.answered = true;
                    self.effects.push(Effect::Cancel { key: UNCLAIMED.into() });
                }
            }
            Delivery::Failed { failure } => {
                self.about(line, format!("not delivered: {}", failure_words(failure)));
                match failure {
                    Failure::Blocked => self.state.flags.blocked = true,
                    Failure::OptedOut => self.state.flags.opted_out = true,
                    _ => {}
                }
                let message = self.state.staff_lines.remove(&line);
                if message.is_some() {
                    self.unanswered();
                }
                if message.is_some() || self.state.handoff.is_some() {
                    self.not_sent(message, NotSent::Failed { failure });
                }
            }
        }
    }

    /// A note about a line.
    fn about(&mut self, line: u64, text: String) {
        let number = self.number();
        self.effects.push(Effect::Record(Entry {
            number,
            at: self.now,
            who: Who::Note,
            text,
            evidence: Vec::new(),
            understood: Default::default(),
            about: Some(line),
        }));
    }
}

/// A failure as staff read it.
pub fn failure_words(failure: Failure) -> &'static str {
    match failure {
        Failure::Blocked => "they blocked the bot",
        Failure::OptedOut => "they opted out of texts",
        Failure::DoNotText => "somebody else may read this phone",
        Failure::Unknown => "the number or chat doesn't exist",
        Failure::Refused => "the channel refused it",
        Failure::Expired => "it was tried for too long without success",
        Failure::Undelivered => "the network reports that it didn't arrive",
    }
}
