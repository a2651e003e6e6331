//! A message from the customer.
//!
//! Owns: the order in which a message is looked at: care first, then opt-out, then who owns the conversation, then what is
//! asked.
//! Invariants: care hears every message, edits and captions too, whoever owns the conversation and however many come; a
//! request for a person is never answered with a question.
//! Leaves out: forms (`form`), answers (`answer`), opting out (`opt_out`).

use super::effect::{DeskNote, Effect, Entry, Who};
use super::event::{Media, Message};
use super::parts::{Asked, Owner};
use super::repeat::digest;
use super::step::Turn;
use super::urgency::{Reason, Urgency};
use super::words::{Hear, Heard};
use crate::care::{Assessment, EARLIER, Evidence, Kind, Level, Temperature};
use crate::engine::{Understanding, Verdict};
use crate::text::{Language, Text, fold};
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// More messages than this in a minute are heard, but not answered by the bot.
const MOST_A_MINUTE: u32 = 20;
/// How many of the last messages are compared for repetition, and how many texts are kept for edits.
const REMEMBERED: usize = 12;

impl Turn<'_> {
    pub(super) fn customer(&mut self, message: &Message) {
        let text = Text::new(message.text.as_str());
        self.state.seed = message.entropy;
        let mut assessment = self.rules.care.assess(&text);
        if let Some(together) = self.heard_together(message, assessment.level) {
            assessment = together;
        }
        self.state.last_words.clone_from(&message.text);
        let before = self.remember(message, &text, &mut assessment);
        self.meet();
        self.flood();
        self.placed(&text);
        if message.name.is_some() {
            self.state.name.clone_from(&message.name);
        }
        self.state.flags.minor |= assessment.minor;
        self.safeguard();
        let understanding = self.rules.engine.understand(&text, self.facts.local.date());
        let heard = self.rules.words.hear(&text, self.rules.engine.small_words());
        self.manner(message, &text, &understanding, &heard, &mut assessment);
        self.warm(message, &mut assessment);
        self.state.flags.blocked = false;
        // A question that has not left yet is overtaken by what they write now.
        if self.state.asked.is_some() || self.state.form.is_some() {
            self.effects.push(Effect::DropQuestions);
        }
        // A plain request that only sounds like somebody in need is answered, and a person offered.
        if assessment.only_resembles() {
            if understanding.certain() {
                assessment.only_offer();
            } else if assessment.level < Level::Crisis && matches!(self.state.owner, Owner::Human { .. }) {
                // Whoever has them reads it, and is not alarmed by a likeness.
                assessment.level = Level::None;
            }
        }
        self.speak_language(message, &understanding);
        self.heard_entry(message, &assessment, &understanding);
        self.hear_grave(&assessment);
        self.keep(&assessment);
        self.review_offer(&assessment);
        self.state.turns = self.state.turns.saturating_add(1);
        self.old_needs();
        if (assessment.level < Level::Distress || assessment.only_resembles()) && self.opt_out(message, &heard, &text, assessment.level) {
            return;
        }
        // Whoever staff have blocked is heard only in danger.
        if self.state.flags.shut_out && (assessment.level < Level::Crisis || assessment.only_resembles()) && self.state.handoff.is_none() {
            self.spoken = Default::default();
            return;
        }
        if self.state.flags.do_not_text
            && (heard.only(Hear::Yes) && self.state.asked == Some(Asked::SafeToReply) || heard.begins(Hear::Safe))
        {
            self.state.flags.do_not_text = false;
            self.state.safe = None;
            self.state.asked = None;
            self.note("The customer wrote that replying here is all right");
        }
        self.relay(message);
        self.pass_on_thanks(message, &understanding, &assessment);
        let call = heard.only(Hear::Call) && assessment.level <= Level::HumanRequest;
        if call && self.state.owner == Owner::Waiting && !self.state.silent() {
            return self.prefers(true);
        }
        if assessment.level > Level::None {
            self.hand_off(Reason::Care(assessment.level), &assessment);
            if call {
                self.note("The customer would rather be called");
            }
            return;
        }
        if matches!(self.state.owner, Owner::Human { .. }) {
            return self.unanswered();
        }
        if self.state.silent() {
            // Whoever may not be written to must not write into nothing: a person reads it.
            if self.state.handoff.is_none() {
                self.hand_off(Reason::Stuck, &Assessment::default());
            }
            return;
        }
        if self.state.handoff.as_ref().is_some_and(|handoff| handoff.urgency >= Urgency::Distress) {
            if self.asks_for_number() {
                return;
            }
            return self.whoever_suffers_asks(&understanding, &heard);
        }
        if message.edited && self.edited(before.as_deref(), message, &understanding) {
            return;
        }
        self.request(message, &text, &understanding, &heard);
        self.state.offer_next = assessment.offer && !self.state.calls.is_empty();
        if assessment.offer && !self.state.offer_next {
            self.offer();
        }
    }

    /// Offers a person, once, where nothing else is asked.
    pub(super) fn offer(&mut self) {
        self.state.offer_next = false;
        let asking = self.state.asked.is_some() || self.state.form.is_some();
        if self.state.offered || self.state.handoff.is_some() || asking {
            return;
        }
        self.let_go();
        self.state.offered = true;
        self.state.asked = Some(Asked::Person);
        self.say_word("offer", &[]);
        self.yes_or_no();
    }

    /// Remembers the message for repetition and edits; what an edited one said before.
    fn remember(&mut self, message: &Message, text: &Text, assessment: &mut Assessment) -> Option<String> {
        let before = self.state.texts.iter().find(|(external, _)| *external == message.external).map(|(_, text)| text.clone());
        if !message.external.is_empty() {
            self.state.texts.retain(|(external, _)| *external != message.external);
            self.state.texts.push((message.external.clone(), message.text.clone()));
            let surplus = self.state.texts.len().saturating_sub(REMEMBERED);
            self.state.texts.drain(..surplus);
        }
        if message.edited || message.pressed.is_some() || text.tokens.len() < 3 {
            return before;
        }
        let digest = digest(&fold(&message.text));
        self.state.recent.push(digest);
        let surplus = self.state.recent.len().saturating_sub(REMEMBERED);
        self.state.recent.drain(..surplus);
        let times = self.state.recent.iter().rev().take_while(|other| **other == digest).count();
        assessment.repeated(text, times as u32);
        before
    }

    /// Weak signs add up over messages; a voice note or a picture after one counts as much as it did.
    fn warm(&mut self, message: &Message, assessment: &mut Assessment) {
        let warm = self.state.temperature.level(self.now);
        if message.media.is_some() && message.text.trim().is_empty() && warm > Level::HumanRequest && self.state.handoff.is_none() {
            let text = message.media.map_or("", media_name).to_string();
            assessment.evidence.push(Evidence { rule: EARLIER.into(), level: warm, text, start: 0, end: 0, weight: 1.0 });
            assessment.level = warm;
            assessment.kind = (warm == Level::Crisis).then_some(Kind::Unclear);
        }
        // What is done for somebody who answers 'yes' or gives an address is no new sign.
        if !message.edited {
            self.state.temperature.hear(assessment, self.now);
        }
        if self.state.flags.minor {
            self.state.temperature = Temperature::default();
        }
    }

    /// Counts messages within a minute; beyond the limit the bot falls silent, once with a word about it.
    fn flood(&mut self) {
        let (since, count) = match self.state.flood {
            Some((since, count)) if self.now.duration_since(since) < SignedDuration::from_secs(60) => (since, count + 1),
            _ => (self.now, 1),
        };
        self.state.flood = Some((since, count));
        self.muted = count > MOST_A_MINUTE + 1;
        if count == MOST_A_MINUTE + 1 {
            self.say_word("too_many", &[]);
        }
    }

    /// Remembers the language; the words of an address or another free answer don't change it.
    fn speak_language(&mut self, message: &Message, understanding: &Understanding) {
        let answer =
            || self.asks_for_text() && understanding.verdict == Verdict::Unmatched && message.text.chars().any(|c| c.is_ascii_digit());
        // One word of another language does not change it: 'ok thanks' is said everywhere.
        let sure =
            |language: &Language| self.state.language.as_ref().is_none_or(|old| old == language || understanding.language_lead >= 2.0);
        if let Some(language) =
            understanding.language.clone().filter(|language| self.state.language.is_none() || (sure(language) && !answer()))
        {
            self.state.language = Some(language);
        } else if self.state.language.is_none() {
            self.state.language = message.language.clone().map(Language);
        }
    }

    fn heard_entry(&mut self, message: &Message, assessment: &Assessment, understanding: &Understanding) {
        let number = self.number();
        self.state.wrote = number;
        let mut understood = BTreeMap::new();
        let id = |intent: usize| self.rules.engine.intents()[intent].id.clone();
        match &understanding.verdict {
            Verdict::Matched(intent) => {
                understood.insert("intent".to_string(), id(*intent));
            }
            Verdict::Several(parts) => {
                let ids: Vec<String> = parts.iter().map(|part| id(part.intent)).collect();
                understood.insert("intent".to_string(), ids.join(", "));
            }
            Verdict::Ambiguous(_) | Verdict::Unmatched => {}
        }
        for entity in &understanding.entities {
            understood.entry(entity.kind.clone()).or_insert_with(|| entity.value.clone());
        }
        let mut words = message.pressed.as_ref().map_or(message.text.clone(), |_| format!("[pressed] {}", message.text));
        if let Some(media) = message.media {
            words = format!("[{}] {words}", media_name(media)).trim_end().to_string();
        }
        if message.edited {
            words = format!("[edited] {words}");
        }
        if message.phone.is_some() {
            words = "[shared their phone number]".into();
        }
        self.effects.push(Effect::Record(Entry {
            number,
            at: self.now,
            who: Who::Customer,
            text: words,
            evidence: assessment.evidence.clone(),
            understood,
            about: None,
        }));
    }

    /// While staff read along, they see every word.
    pub(super) fn relay(&mut self, message: &Message) {
        if self.state.handoff.is_some() {
            let text = match (message.edited, message.media) {
                (true, _) => format!("[edited] {}", message.text),
                (_, Some(media)) => format!("[{}] {}", media_name(media), message.text).trim_end().to_string(),
                _ => message.text.clone(),
            };
            let external = message.media.is_some().then(|| message.external.clone());
            self.desk(DeskNote::Relay { who: Who::Customer, text, external });
        } else if let Some(media) = message.media {
            let text = format!("[{}] {}", media_name(media), message.text).trim_end().to_string();
            self.state.media.push((text, message.external.clone()));
            let surplus = self.state.media.len().saturating_sub(REMEMBERED);
            self.state.media.drain(..surplus);
        }
    }

    /// True when an edit has been dealt with: it corrects a text that a form has taken, or changes nothing that was asked.
    fn edited(&mut self, before: Option<&str>, message: &Message, understanding: &Understanding) -> bool {
        let Some(before) = before else { return false };
        if let Some(mut form) = self.state.form.take() {
            let corrected = form.slots.values_mut().find(|value| value.as_str() == before.trim());
            if let Some(value) = corrected {
                *value = message.text.trim().to_string();
                self.proceed(form, false);
                return true;
            }
            self.state.form = Some(form);
            return false;
        }
        self.asks_the_same(before, understanding)
    }

    /// True when an edit changed neither what is asked nor the values.
    fn asks_the_same(&self, before: &str, now: &Understanding) -> bool {
        let before = self.rules.engine.understand(&Text::new(before), self.facts.local.date());
        let values = |understanding: &Understanding| -> Vec<(String, String)> {
            understanding.entities.iter().map(|entity| (entity.kind.clone(), entity.value.clone())).collect()
        };
        before.verdict == now.verdict && values(&before) == values(now)
    }

    /// A request, while the bot may answer.
    fn request(&mut self, message: &Message, text: &Text, understanding: &Understanding, heard: &Heard) {
        if self.rules.safe || (self.facts.bot_off && !heard.only(Hear::Withdraw)) {
            return self.hand_off(Reason::Stuck, &Assessment::default());
        }
        // Where STOP does not end texts, it means what is going on here.
        if heard.only(Hear::OptOut) && !self.facts.profile.opt_out_words {
            self.state.form = None;
            self.drop_threads();
            self.state.asked = None;
            return self.say_word("withdrawn", &[]);
        }
        if let Some(phone) = &message.phone {
            return self.shared_phone(phone);
        }
        if message.media == Some(Media::Contact) && self.state.form.is_some() {
            return self.say_word("not_yours", &[]);
        }
        if message.media.is_some() && message.text.trim().is_empty() {
            if self.state.handoff.is_some() {
                return self.still_here(false);
            }
            self.state.asked = Some(Asked::Person);
            self.say_word("media", &[]);
            return self.yes_or_no();
        }
        let gathered = self.gather(message, understanding);
        let (message, text, understanding) = match &gathered {
            Some(piece) => (&piece.message, &piece.text, &piece.understanding),
            None => (message, text, understanding),
        };
        if self.state.handoff.is_some() && heard.only(Hear::Later) {
            return self.prefers(false);
        }
        // Whoever waits and asks whether somebody is coming asks about the queue, not about an order.
        if self.state.handoff.is_some() && heard.only(Hear::Nudge) {
            return self.still_here(false);
        }
        if heard.only(Hear::Unhelpful) {
            return self.hand_off(Reason::Care(Level::HumanRequest), &Assessment::default());
        }
        let question = self.state.asked.clone();
        if let Some(asked) = self.state.asked.take()
            && self.answers(asked, message, text, understanding, heard)
        {
            return;
        }
        if let Some(pressed) = &message.pressed {
            return self.late_press(pressed, message);
        }
        if self.state.form.is_some() {
            return self.fill(message, text, understanding, heard);
        }
        if heard.only(Hear::Withdraw) && self.state.handoff.is_some() {
            return self.take_back();
        }
        if heard.only(Hear::Withdraw) {
            self.drop_threads();
            self.state.later = None;
            let key = if self.state.calls.is_empty() { "withdrawn" } else { "under_way" };
            return self.say_word(key, &[]);
        }
        if self.take_up(heard, text, understanding) || self.the_other(heard) || self.correct(text, understanding) {
            return;
        }
        if self.hold(message, text, understanding) {
            // What was asked may be answered by the rest.
            self.state.asked = question;
            return;
        }
        if heard.only(Hear::Nudge) && !understanding.certain() {
            return self.say_word("here", &[]);
        }
        self.verdict(message, text, understanding);
    }

    /// What the engine made of it.
    pub(super) fn verdict(&mut self, message: &Message, text: &Text, understanding: &Understanding) {
        // Whoever waits for a person gets answers to clear questions; anything else is for the person.
        let social = matches!(understanding.verdict, Verdict::Matched(number) if self.rules.engine.intents()[number].social);
        if self.state.handoff.is_some()
            && (social || !matches!(understanding.verdict, Verdict::Matched(_) | Verdict::Several(_)) || !understanding.certain())
        {
            return self.still_here(false);
        }
        match &understanding.verdict {
            Verdict::Matched(number)
                if self.state.handoff.is_some() && !self.at_hand(&self.rules.engine.intents()[*number], understanding) =>
            {
                // The person who comes asks what is missing; a form now would be one more hurdle before them.
                self.know(&understanding.entities);
                self.still_here(false);
            }
            Verdict::Matched(number) => {
                let id = self.rules.engine.intents()[*number].id.clone();
                self.begin(&id, understanding.entities.clone(), &message.text);
            }
            Verdict::Several(parts) => self.each_in_order(parts, message, text, understanding),
            Verdict::Unmatched | Verdict::Ambiguous(_) if self.refers_back(text, understanding) => {
                let id = self.state.done.as_ref().map(|done| done.intent.clone()).unwrap_or_default();
                self.begin(&id, understanding.entities.clone(), &message.text);
            }
            Verdict::Ambiguous(numbers) => {
                let intents: Vec<String> = numbers.iter().map(|number| self.rules.engine.intents()[*number].id.clone()).collect();
                self.ask_which(intents, &message.text);
            }
            Verdict::Unmatched if understanding.bare && !understanding.entities.is_empty() => {
                self.know(&understanding.entities);
                self.ask_word("bare_value");
            }
            Verdict::Unmatched if self.state.misses < 2 && self.names_a_thing(understanding) && !self.foreign(text) => {
                // A number without a request that we understand: what it is about is known now, what is wanted is not.
                self.count_missed(text, understanding);
                self.know(&understanding.entities);
                self.state.misses += 1;
                self.ask_word("bare_value");
            }
            Verdict::Unmatched => self.missed(text, understanding),
        }
    }
}

fn media_name(media: Media) -> &'static str {
    match media {
        Media::Voice => "voice note",
        Media::Photo => "photo",
        Media::Video => "video",
        Media::Document => "file",
        Media::Sticker => "sticker",
        Media::Location => "location",
        Media::Contact => "contact",
        Media::Other => "attachment",
    }
}
