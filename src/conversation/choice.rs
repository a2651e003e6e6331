//! What was last asked, besides forms: a person or not, which of several.
//!
//! Owns: asking, and reading the answer by button, number, position or words; buttons that come late.
//! Invariants: an answer that is none of the choices is a message of its own; the number after the last choice is a person;
//! nobody is asked twice in a row without a person being called.
//! Leaves out: forms (`form`).

use super::effect::Effect;
use super::event::Message;
use super::parts::Asked;
use super::step::Turn;
use super::urgency::Reason;
use super::words::{Hear, Heard};
use crate::care::{Assessment, Level, Temperature};
use crate::engine::{Understanding, Verdict};
use crate::text::Text;

impl Turn<'_> {
    /// A button whose question is gone still means what stands on it.
    pub(super) fn late_press(&mut self, pressed: &str, message: &Message) {
        if self.pressed_after(pressed) {
            return;
        }
        match pressed.strip_prefix("i:") {
            Some(id) => self.begin(id, Vec::new(), &message.text),
            None if pressed == "no" => self.say_word("declined", &[]),
            None => self.hand_off(Reason::Care(Level::HumanRequest), &Assessment::default()),
        }
    }

    /// What was asked is answered, or the message is about something else (`false`).
    pub(super) fn answers(&mut self, asked: Asked, message: &Message, text: &Text, understanding: &Understanding, heard: &Heard) -> bool {
        match asked {
            Asked::Person => {
                let yes = message.pressed.as_deref() == Some("yes") || (message.pressed.is_none() && heard.only(Hear::Yes));
                let no = message.pressed.as_deref() == Some("no") || (message.pressed.is_none() && self.declines(text, heard));
                if yes {
                    self.hand_off(Reason::Care(Level::HumanRequest), &Assessment::default());
                } else if no {
                    self.state.misses = 0;
                    // Whoever would rather not is not handed over for the next weak sign of annoyance.
                    if self.state.temperature.level(self.now) < Level::Distress {
                        self.state.temperature = Temperature::default();
                    }
                    self.say_word("declined", &[]);
                }
                yes || no
            }
            Asked::Choice { intents, text: first } => {
                let Some(chosen) = self.chosen(&intents, message, text, understanding, heard) else { return false };
                let Some(id) = intents.get(chosen) else {
                    self.hand_off(Reason::Care(Level::HumanRequest), &Assessment::default());
                    return true;
                };
                let first = self.rules.engine.understand(&Text::new(first), self.facts.local.date());
                let values = first.entities.iter().chain(&understanding.entities).cloned().collect();
                self.begin(&id.clone(), values, &message.text);
                true
            }
            Asked::SafeToReply => false,
            Asked::FollowUp | Asked::SortedOut => self.answers_after(&asked, message, text, understanding, heard),
        }
    }

    /// 'No', and 'nah its ok, I'll see'; but 'no, where is my order' asks for something.
    pub(super) fn declines(&self, text: &Text, heard: &Heard) -> bool {
        let Some(end) = heard.after(Hear::No) else { return false };
        if heard.only(Hear::No) || end >= 3 {
            return true;
        }
        let rest = text.span(end, text.tokens.len()).of(&text.original);
        let rest = self.rules.engine.understand(&Text::new(rest), self.facts.local.date());
        !rest.certain() && text.questions == 0
    }

    /// Which of the choices is meant: by button, number, position or words. The number after the last choice is a person.
    fn chosen(&self, intents: &[String], message: &Message, text: &Text, understanding: &Understanding, heard: &Heard) -> Option<usize> {
        if let Some(pressed) = &message.pressed {
            return intents.iter().position(|id| pressed == &format!("i:{id}")).or((pressed == "person").then_some(intents.len()));
        }
        if let [only] = text.tokens.as_slice()
            && let Ok(number) = only.text.parse::<usize>()
        {
            return (1..=intents.len() + 1).contains(&number).then(|| number - 1);
        }
        if heard.only(Hear::No) || heard.only(Hear::Withdraw) {
            return None;
        }
        for (place, hear) in [Hear::First, Hear::Second, Hear::Third].into_iter().enumerate() {
            if heard.only(hear) && place < intents.len() {
                return Some(place);
            }
        }
        if heard.only(Hear::Yes) {
            return Some(0).filter(|_| intents.len() == 1);
        }
        // Words: the best candidate among those that were asked about, or a word of its title; but a clear request for something
        // else is that.
        if let Verdict::Matched(number) = understanding.verdict
            && understanding.certain()
            && !intents.contains(&self.rules.engine.intents()[number].id)
        {
            return None;
        }
        let by_words = understanding.candidates.iter().find_map(|candidate| {
            let id = &self.rules.engine.intents()[candidate.intent].id;
            intents.iter().position(|other| other == id).filter(|_| candidate.score >= 0.3)
        });
        by_words.or_else(|| {
            let language = self.state.language();
            let shared = |id: &String| {
                let title = self.rules.engine.intent(id).map(|intent| Text::new(intent.title_in(&language))).unwrap_or_default();
                title.tokens.iter().filter(|word| word.text.len() > 3 && text.tokens.iter().any(|token| token.text == word.text)).count()
            };
            let (place, count) = intents.iter().map(shared).enumerate().max_by_key(|(place, count)| (*count, usize::MAX - place))?;
            (count > 0).then_some(place)
        })
    }

    pub(super) fn ask_which(&mut self, intents: Vec<String>, text: &str) {
        self.state.misses = 0;
        let language = self.state.language();
        let mut choices: Vec<(String, String)> = intents
            .iter()
            .filter_map(|id| self.rules.engine.intent(id))
            .map(|intent| (intent.title_in(&language).to_string(), format!("i:{}", intent.id)))
            .collect();
        let person = self.rules.words.say(&language, "person", &self.context(&[])).unwrap_or_default();
        choices.push((person, "person".into()));
        self.ask_word("ambiguous");
        self.choices(choices);
        self.state.asked = Some(Asked::Choice { intents, text: text.to_string() });
    }

    /// True for a language in which the bot has no answers.
    pub(super) fn foreign(&self, text: &Text) -> bool {
        let language = self.state.language();
        crate::text::guess(text).is_some_and(|guess| !self.rules.words.answers(&guess) && guess.primary() == language.primary())
    }

    /// Counts a message that nothing answers, without what is personal in it.
    pub(super) fn count_missed(&mut self, text: &Text, understanding: &Understanding) {
        let nearest = understanding.candidates.first().map(|best| self.rules.engine.intents()[best.intent].id.clone());
        let shown = self.rules.engine.redact(text, self.facts.local.date());
        self.effects.push(Effect::Missed { text: shown, nearest });
    }

    /// Nothing matched: the first time a person is offered, the second time in a row one is called.
    pub(super) fn missed(&mut self, text: &Text, understanding: &Understanding) {
        self.count_missed(text, understanding);
        if self.foreign(text) {
            self.say_word("other_language", &[]);
            return self.hand_off(Reason::Language, &Assessment::default());
        }
        self.state.misses = self.state.misses.saturating_add(1);
        if self.state.misses >= 2 {
            self.say_word("unmatched_again", &[]);
            return self.hand_off(Reason::Stuck, &Assessment::default());
        }
        self.state.asked = Some(Asked::Person);
        self.ask_word("unmatched");
        self.yes_or_no();
    }
}
