//! What staff do.
//!
//! Owns: claim, release, close.
//! Invariants: a claim is exclusive; a refusal is always said to whoever was refused.
//! Leaves out: words to the customer (`outgoing`), colleagues (`colleague`), how the desk shows it.

use super::effect::{DeskNote, Effect, NotSent, Who};
use super::event::{Staff, StaffAction};
use super::handoff::DRILL;
use super::parts::{Asked, Helper, Owner, Thread};
use super::reminder::UNCLAIMED;
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
            StaffAction::Edit { text, message } => {
                self.edit_as(staff, &text, message);
                String::new()
            }
            StaffAction::Unsend { line, reply } => self.unsend(staff, line, reply),
            StaffAction::Assign { words } => self.assign(staff, words.as_deref()),
            StaffAction::Promise { words, message } => self.promise(staff, words.as_deref(), message),
            StaffAction::Kept => self.kept(staff),
            StaffAction::CheckIn { words } => self.check_in(staff, words.as_deref()),
            StaffAction::Need { words } => self.need(staff, words.as_deref()),
            StaffAction::Part => self.part(staff),
            StaffAction::Do { words } => self.propose(staff, words.as_deref()),
            StaffAction::Confirm { number } => self.confirm(staff, number),
            StaffAction::Act { action, values, message, again } => self.act(staff, &action, &values, message, again),
            StaffAction::Block { why } => self.block(staff, why.as_deref()),
            StaffAction::Unblock => self.unblock(staff),
            StaffAction::Guide => {
                self.desk(DeskNote::Guide);
                String::new()
            }
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
            StaffAction::Reviewed { words } => self.reviewed(staff, words),
        };
        if let Some(callback) = callback {
            self.desk(DeskNote::Answer { callback, text: answer });
        } else if !answer.is_empty() {
            self.answer_there(staff, &answer);
            self.desk(DeskNote::Relay { who: Who::Note, text: answer, external: None });
        }
    }

    pub(super) fn claim(&mut self, staff: &Staff) -> String {
        match &self.state.owner {
            Owner::Human { staff: other } if other.id == staff.id => "It is yours already.".into(),
            Owner::Human { staff: other } => format!("{} has it.", other.name),
            Owner::Bot => "Nothing waits here.".into(),
            Owner::Waiting => {
                if let Some(strain) = self.strain(staff) {
                    return strain;
                }
                self.goes_to(staff.clone());
                self.note(format!("{} claimed it", staff.name));
                // A drill asks for a claim and nothing more. Else a tap is not an answer: the clock runs on, from now, until a human word is delivered.
                if self.state.address.channel == DRILL {
                    self.effects.push(Effect::Cancel { key: UNCLAIMED.into() });
                } else {
                    self.await_claim();
                }
                self.desk(DeskNote::Changed);
                match self.is_elsewhere() {
                    true => "It is yours. It has moved, as MOVED above says: you read the customer's answers only there.".into(),
                    false => "It is yours. What you write here now goes to the customer.".into(),
                }
            }
        }
    }

    /// A person has it from now on, and has not answered yet.
    pub(super) fn goes_to(&mut self, staff: Staff) {
        // Who was told of it by the other conversation does not tell it back.
        if !self.told {
            self.kin_claimed(&staff);
        }
        self.state.owner = Owner::Human { staff };
        self.reset_answer();
        let now = self.now;
        if let Some(handoff) = self.state.handoff.as_mut() {
            handoff.course.claimed.get_or_insert(now);
            handoff.reserved = None;
        }
        self.state.form = None;
        self.drop_threads();
        if self.state.asked != Some(Asked::SafeToReply) {
            self.state.asked = None;
        }
        self.effects.push(Effect::DropBotLines);
    }

    /// Takes a conversation over from a colleague, who can't or won't go on: visibly.
    fn take_over(&mut self, staff: &Staff) -> String {
        match self.state.owner.clone() {
            Owner::Human { staff: other } if other.id != staff.id => {
                self.goes_to(staff.clone());
                self.note(format!("{} took it over from {}", staff.name, other.name));
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
        self.free(staff, "gave it back");
        "It waits for somebody else now.".into()
    }

    fn close(&mut self, staff: &Staff, agreed: Option<String>) -> String {
        if let Some(refusal) = self.refusal(staff) {
            return refusal;
        }
        if let Some(owed) = self.still_promised() {
            return owed;
        }
        if self.in_crisis() {
            return self.close_crisis(staff, agreed);
        }
        let follow_up = self.plan_follow_up(staff);
        self.as_notice();
        let agreed = agreed.map(|agreed| format!("{}.", agreed.trim().trim_end_matches('.')));
        self.say_word("closed", &[("name", json!(staff.name)), ("agreed", json!(agreed))]);
        if let Some(follow_up) = &follow_up {
            self.ask_to_ask(follow_up);
        }
        self.speak();
        self.note(format!("{} closed it", staff.name));
        self.judged(true);
        let distress = self.in_distress();
        self.end(&staff.name);
        if distress {
            self.ask_check_in(staff);
        }
        if let Some(follow_up) = follow_up {
            self.await_consent(follow_up);
        }
        String::new()
    }

    /// The handoff is over; the bot has the conversation again.
    pub(super) fn end(&mut self, by: &str) {
        self.desk(DeskNote::Closed { by: by.to_string(), card: self.state.thread.card });
        self.promise_ends();
        if self.state.address.channel != DRILL {
            self.effects.extend(self.finished().map(Effect::Finished));
        }
        if let Owner::Human { staff } = &self.state.owner {
            self.state.helper = Some(Helper { staff: staff.clone(), at: self.now });
        }
        self.state.ended = Some(self.now);
        self.state.turns = 0;
        self.state.owner = Owner::Bot;
        self.state.handoff = None;
        self.state.misses = 0;
        self.state.form = None;
        self.drop_threads();
        self.state.asked = None;
        self.state.recent.clear();
        let thread = &mut self.state.thread;
        *thread = Thread { card: None, card_line: None, ..std::mem::take(thread) };
        for key in [UNCLAIMED, super::waiting::UPDATE] {
            self.effects.push(Effect::Cancel { key: key.into() });
        }
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
}
