//! What staff write to a customer, from the desk to the customer's phone.
//!
//! Owns: lines of staff, held back for a moment; taking one back, changing and deleting it; what became of it.
//! Invariants: before a claim nothing leaves, and then only the claimer's words; whoever wrote a line sees what became of it; a
//! line that could not be taken back any more is never called taken back.
//! Leaves out: how long a line is held (`app`), how the desk shows what became of it (`desk`).

use super::effect::{DeskNote, Effect, Entry, Line, NotSent, Replaces, Speaker, Who};
use super::event::{Delivery, Failure, Staff};
use super::parts::{Fate, Owner, Sent};
use super::reminder::UNCLAIMED;
use super::step::Turn;
use jiff::SignedDuration;
use serde_json::json;

/// Lines that are remembered with what became of them.
const REMEMBERED: usize = 50;
/// Telegram lets a bot delete what is younger than this.
const DELETABLE: SignedDuration = SignedDuration::from_hours(48);

/// Where the desk holds words of staff: names of one group, all of them.
pub(super) struct Written {
    message: i64,
    chat: Option<i64>,
    mark: Option<i64>,
}

impl Turn<'_> {
    pub(super) fn say_as(&mut self, staff: &Staff, text: String, message: i64, media: bool) {
        // Below zero are the names of other desks: what they hold besides words can't be copied from there.
        let why = (media && message < 0).then_some(NotSent::TextOnly).or_else(|| self.not_theirs(staff));
        let why = why.or_else(|| self.keeps_from(staff)).or((media && !self.facts.profile.media).then_some(NotSent::Media));
        if let Some(why) = why {
            return self.not_sent(Some(message), why);
        }
        self.is_reading(staff);
        // A reason is for one message: what was safe then may not be safe now.
        let safe = self.state.safe.take().filter(|_| self.state.flags.do_not_text).map(|safe| safe.why);
        let shown = if media { "[attachment]".to_string() } else { text.trim().to_string() };
        self.state.last_said = format!("{}: {shown}", staff.name);
        let text = if media { text } else { format!("{}: {}", staff.name, text.trim()) };
        // Words that were not written in the desk's thread are shown there.
        if message < 0 || self.is_elsewhere() {
            self.desk(DeskNote::Relay { who: Who::Staff(staff.name.clone()), text: shown.clone(), external: None });
        }
        let number = self.record(Who::Staff(staff.name.clone()), shown);
        let line = Line {
            copy: media.then_some(message),
            copy_from: self.said_in.filter(|_| media),
            safe_because: safe,
            ..Line::new(number, self.state.address.clone(), Speaker::Staff(staff.clone()), text)
        };
        self.send(line, staff, self.written(message));
    }

    /// Why this person's words are not for this customer.
    fn not_theirs(&self, staff: &Staff) -> Option<NotSent> {
        match &self.state.owner {
            Owner::Human { staff: owner } if owner.id == staff.id => None,
            Owner::Human { staff: owner } => Some(NotSent::Claimed { by: owner.name.clone() }),
            Owner::Waiting => Some(NotSent::Unclaimed),
            Owner::Bot => Some(NotSent::NoHandoff),
        }
    }

    /// Why nothing may be sent to this customer now, by this person.
    pub(super) fn keeps_from(&self, staff: &Staff) -> Option<NotSent> {
        let flags = &self.state.flags;
        let safe = self.state.safe.as_ref().is_some_and(|safe| safe.staff == staff.id);
        flags
            .opted_out
            .then_some(NotSent::OptedOut)
            .or(flags.bereaved.then_some(NotSent::Bereaved))
            .or(flags.shut_out.then_some(NotSent::ShutOut).filter(|_| !self.in_crisis()))
            .or((flags.do_not_text && !safe).then_some(NotSent::DoNotText))
    }

    /// The first word of whoever has it: the customer knows that a person reads before the words are there. Where each line
    /// costs, the words themselves say it.
    fn is_reading(&mut self, staff: &Staff) {
        let Some(handoff) = self.state.handoff.as_mut() else { return };
        if handoff.greeted.as_ref() == Some(&staff.id) || !self.facts.profile.edits || self.state.flags.do_not_text {
            return;
        }
        handoff.greeted = Some(staff.id.clone());
        self.as_notice();
        self.say_word("reading", &[("name", json!(staff.name))]);
        self.speak();
    }

    /// Words that were written just now. What is said from outside the groups is shown where it stands, and stays there.
    pub(super) fn written(&self, message: i64) -> Written {
        Written { message, chat: self.said_in.or(self.state.thread.chat), mark: None }
    }

    /// Sends a line and remembers it. The desk shows what becomes of it.
    pub(super) fn send(&mut self, line: Line, staff: &Staff, written: Written) {
        let number = line.number;
        let deletes = line.replaces.as_ref().is_some_and(|replaces| replaces.delete);
        let edits = line.replaces.is_some() && !deletes;
        let external = line.replaces.as_ref().map(|replaces| replaces.external.clone()).unwrap_or_default();
        let (Written { message, chat, mark }, at) = (written, self.now);
        let sent = Sent { message, chat, staff: staff.id.clone(), at, mark, external, fate: Fate::Leaving, deletes, edits };
        let held = line.is_held();
        self.state.sent.insert(number, sent);
        while self.state.sent.len() > REMEMBERED {
            self.state.sent.pop_first();
        }
        self.effects.push(Effect::Say(line));
        if held {
            self.desk(DeskNote::Mark { line: number });
        }
    }

    /// Staff have changed words that they wrote: so does the customer's copy.
    pub(super) fn edit_as(&mut self, staff: &Staff, text: &str, message: i64) {
        let found = self.state.sent.iter().rev().find(|(_, sent)| self.is_here(sent) && sent.message == message && !sent.deletes);
        let Some((number, sent)) = found.map(|(number, sent)| (*number, sent.clone())) else { return };
        if sent.staff != staff.id || text.trim().is_empty() {
            return;
        }
        // New words are words: only whoever has the conversation writes them.
        if let Some(why) = self.not_theirs(staff).or_else(|| self.keeps_from(staff)) {
            return self.not_sent(Some(message), why);
        }
        let shown = format!("[edited] {}", text.trim());
        let text = format!("{}: {}", staff.name, text.trim());
        // What is on the customer's phone already is changed there; what has not left is dropped, and leaves in its new words.
        let there = !sent.external.is_empty();
        let replaces = match sent.fate {
            Fate::Leaving if !there => None,
            Fate::Failed(_) if !there => return,
            Fate::TakenBack | Fate::Deleted => return,
            _ if !self.facts.profile.edits => return self.not_sent(Some(message), NotSent::Unchangeable),
            Fate::Leaving | Fate::Delivered | Fate::Failed(_) => Some(Replaces { external: sent.external, delete: false }),
        };
        if sent.fate == Fate::Leaving {
            self.effects.push(Effect::DropLine { line: number });
        }
        // Should the old words have left in this very moment, that is noted with them.
        if let Some(old) = self.state.sent.get_mut(&number) {
            old.fate = Fate::TakenBack;
            old.mark = None;
        }
        let newer = self.record(Who::Staff(staff.name.clone()), shown);
        if let Some(promise) = self.state.handoff.as_mut().and_then(|handoff| handoff.promise.as_mut())
            && promise.line == number
        {
            promise.line = newer;
        }
        let safe_because = self.state.safe.take().filter(|_| self.state.flags.do_not_text).map(|safe| safe.why);
        let speaker = Speaker::Staff(staff.clone());
        let line = Line { replaces, safe_because, ..Line::new(newer, self.state.address.clone(), speaker, text) };
        self.send(line, staff, Written { message, chat: sent.chat, mark: sent.mark });
    }

    /// Takes a line back before it leaves, or deletes it where the channel can.
    pub(super) fn unsend(&mut self, staff: &Staff, line: Option<u64>, reply: Option<i64>) -> String {
        let mine = |sent: &Sent| sent.staff == staff.id && !matches!(sent.fate, Fate::TakenBack | Fate::Deleted) && !sent.deletes;
        let found = match (line, reply) {
            (Some(line), _) => self.state.sent.get_key_value(&line),
            (None, Some(reply)) => {
                let names = |sent: &Sent| self.is_here(sent) && (sent.message == reply || sent.mark == Some(reply));
                self.state.sent.iter().rev().find(|(_, sent)| names(sent))
            }
            (None, None) => self.state.sent.iter().rev().find(|(_, sent)| mine(sent)),
        };
        let Some((number, sent)) = found.filter(|(_, sent)| mine(sent)).map(|(number, sent)| (*number, sent.clone())) else {
            return "There is no line of yours here that could be taken back.".into();
        };
        match sent.fate {
            Fate::Leaving if sent.external.is_empty() => {
                self.effects.push(Effect::DropLine { line: number });
                if let Some(sent) = self.state.sent.get_mut(&number) {
                    sent.fate = Fate::TakenBack;
                }
                self.about(number, "taken back before it left".into());
                self.unpromise(number);
                self.desk(DeskNote::Mark { line: number });
                "Not sent.".into()
            }
            Fate::Failed(_) if sent.external.is_empty() => "That didn't arrive, so there is nothing to take back.".into(),
            _ if !self.facts.profile.edits => "What was sent by this channel can't be taken back.".into(),
            _ if self.now.duration_since(sent.at) >= DELETABLE => "That is older than 48 hours: the channel deletes nothing so old.".into(),
            // Delivered, or being changed: what is on their phone is deleted.
            _ => {
                if sent.fate == Fate::Leaving {
                    self.effects.push(Effect::DropLine { line: number });
                }
                let gone = self.number();
                let replaces = Some(Replaces { external: sent.external, delete: true });
                let to = self.state.address.clone();
                let line = Line { replaces, ..Line::new(gone, to, Speaker::Staff(staff.clone()), String::new()) };
                self.state.sent.remove(&number);
                self.send(line, staff, Written { message: sent.message, chat: sent.chat, mark: sent.mark });
                self.about(number, format!("{} had it deleted", staff.name));
                "It is being deleted on their side. They may have read it.".into()
            }
        }
    }

    pub(super) fn send_suggested(&mut self, staff: &Staff, line: u64) -> String {
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
        self.effects.push(Effect::Say(Line::new(number, self.state.address.clone(), Speaker::Notice, text)));
        "Sent.".into()
    }

    pub(super) fn not_sent(&mut self, message: Option<i64>, why: NotSent) {
        self.desk(DeskNote::NotSent { message, chat: self.said_in, why });
    }

    /// A line was written in the group where staff are now: only there do its messages have these names.
    fn is_here(&self, sent: &Sent) -> bool {
        sent.chat.is_none() || self.said_in.is_none() || sent.chat == self.said_in
    }

    /// What became of an outbox row.
    pub(super) fn delivered(&mut self, line: u64, delivery: Delivery) {
        match delivery {
            Delivery::Sent { external, thread, chat } => {
                if let Some(topic) = thread {
                    self.state.thread.made(chat, topic);
                }
                if self.state.thread.card_line == Some(line) {
                    // A group that takes nothing any more is not where the card went.
                    if let Some((from, to)) = self.state.thread.chat.zip(chat).filter(|(from, to)| from != to) {
                        self.state.thread.moves(from, to);
                    }
                    self.state.thread.card_line = None;
                    self.state.thread.card = external.first().and_then(|id| id.parse().ok());
                    let number = self.state.handoff.as_ref().map_or(0, |handoff| handoff.number);
                    if self.state.thread.card.is_some() {
                        self.alerted(number);
                    }
                }
                if let Some(sent) = self.state.marks.remove(&line).and_then(|of| self.state.sent.get_mut(&of)) {
                    sent.mark = external.first().and_then(|id| id.parse().ok()).or(sent.mark);
                }
                self.arrived(line, external);
            }
            Delivery::Failed { failure } => {
                self.about(line, format!("not delivered: {}", failure_words(failure)));
                match failure {
                    Failure::Blocked => self.state.flags.blocked = true,
                    Failure::OptedOut => self.state.flags.opted_out = true,
                    _ => {}
                }
                let sent = self.state.sent.get_mut(&line).map(|sent| {
                    sent.fate = Fate::Failed(failure);
                    (sent.message, sent.chat)
                });
                if sent.is_some() {
                    self.desk(DeskNote::Mark { line });
                    self.unanswered();
                }
                if sent.is_some() || self.state.handoff.is_some() {
                    let (message, chat) = sent.map_or((None, None), |(message, chat)| (Some(message), chat));
                    self.desk(DeskNote::NotSent { message, chat, why: NotSent::Failed { failure } });
                }
            }
        }
    }

    /// A line of staff has reached the channel.
    fn arrived(&mut self, line: u64, external: Vec<String>) {
        let Some(sent) = self.state.sent.get_mut(&line) else { return };
        sent.external = external;
        sent.fate = if sent.deletes { Fate::Deleted } else { Fate::Delivered };
        let answering = !sent.deletes && !sent.edits;
        self.desk(DeskNote::Mark { line });
        // Words that were on their way when the customer wrote again, or when the claim was given back, answer nothing.
        let answers = answering && line > self.state.wrote && matches!(self.state.owner, Owner::Human { .. });
        let now = self.now;
        if let Some(handoff) = self.state.handoff.as_mut().filter(|_| answers) {
            handoff.answered = true;
            handoff.course.answered.get_or_insert(now);
            self.effects.push(Effect::Cancel { key: UNCLAIMED.into() });
            self.effects.push(Effect::Cancel { key: super::waiting::UPDATE.into() });
            self.keeps_promise(line);
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
        Failure::Bereaved => "the number belonged to somebody who has died",
        Failure::Unknown => "the number or chat doesn't exist",
        Failure::Refused => "the channel refused it",
        Failure::Expired => "it was tried for too long without success",
        Failure::Undelivered => "the network reports that it didn't arrive",
    }
}
