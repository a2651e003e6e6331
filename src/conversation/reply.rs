//! Speaking to the customer.
//!
//! Owns: what a step says, gathered into one line; the introduction of somebody new; choices as buttons or as a numbered list;
//! the context that templates see.
//! Invariants: nothing is said while the customer may not be written to; no bot line while a person owns the conversation;
//! codes never reach the transcript.
//! Leaves out: what is said when.

use super::effect::{Button, DeskNote, Effect, Entry, Line, Speaker, Who};
use super::parts::Owner;
use super::step::Turn;
use crate::engine::Mode;
use crate::lexis::day;
use crate::text::Language;
use jiff::civil::DateTime;
use serde_json::{Map, Value, json};

/// What a step says, until it is over.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    parts: Vec<String>,
    /// How many of the parts only ask.
    questions: usize,
    buttons: Vec<Button>,
    ask_contact: bool,
    /// Hidden in the transcript.
    secret: Option<String>,
    /// Said as a notice: it may leave although a person owns the conversation.
    notice: bool,
    last_word: bool,
    /// A person is called, or the customer's will is done: it is said in every mode and over the flood limit.
    acting: bool,
}

/// Somebody who comes back after this many days hears again who answers.
const FORGOTTEN_DAYS: i64 = 90;

impl Turn<'_> {
    /// One of the bot's own words.
    pub(super) fn say_word(&mut self, key: &str, fields: &[(&str, Value)]) {
        let context = self.context(fields);
        if let Some(text) = self.rules.words.say(&self.state.language(), key, &context) {
            self.say(text);
        }
    }

    /// One of the bot's own words that only asks: void once the customer has written on.
    pub(super) fn ask_word(&mut self, key: &str) {
        let before = self.spoken.parts.len();
        self.say_word(key, &[]);
        self.spoken.questions += self.spoken.parts.len() - before;
    }

    /// A text that only asks.
    pub(super) fn ask_text(&mut self, text: String) {
        self.spoken.questions += usize::from(!text.is_empty());
        self.say(text);
    }

    /// A text that is filled in already.
    pub(super) fn say(&mut self, text: String) {
        if !text.is_empty() {
            self.spoken.parts.push(text);
        }
    }

    /// A word that holds a secret.
    pub(super) fn say_secret(&mut self, key: &str, secret: &str) {
        self.spoken.secret = Some(secret.to_string());
        self.say_word(key, &[("code", json!(secret))]);
    }

    /// Choices: `label` and the data that comes back.
    pub(super) fn choices(&mut self, choices: Vec<(String, String)>) {
        if self.facts.profile.buttons {
            self.spoken.buttons = choices.into_iter().map(|(label, data)| Button { label, data }).collect();
        } else {
            let list: Vec<String> = choices.iter().enumerate().map(|(at, (label, _))| format!("{} {label}", at + 1)).collect();
            self.spoken.parts.push(format!("\n{}", list.join("\n")));
            self.spoken.questions += 1;
        }
    }

    /// Yes and no as buttons; where there are none, the question itself is enough.
    pub(super) fn yes_or_no(&mut self) {
        if self.facts.profile.buttons {
            let context = self.context(&[]);
            let word = |key| self.rules.words.say(&self.state.language(), key, &context).unwrap_or_default();
            let (yes, no) = (word("yes"), word("no"));
            self.choices(vec![(yes, "yes".into()), (no, "no".into())]);
        }
    }

    /// A plain yes and a no, with what comes back for them; where there are no buttons, the question itself is enough.
    pub(super) fn yes_no_buttons(&mut self, yes: &str, no: &str) {
        if self.facts.profile.buttons {
            let context = self.context(&[]);
            let word = |key| self.rules.words.say(&self.state.language(), key, &context).unwrap_or_default();
            let choices = vec![(word("yes_only"), yes.to_string()), (word("no"), no.to_string())];
            self.choices(choices);
        }
    }

    /// Asks for the sender's own number with the channel's button.
    pub(super) fn ask_contact(&mut self) {
        self.spoken.ask_contact = true;
    }

    /// This step's line is about a person's work, not a bot's answer.
    pub(super) fn as_notice(&mut self) {
        self.spoken.notice = true;
    }

    /// This step's line goes out in every mode and over the flood limit.
    pub(super) fn acting(&mut self) {
        self.spoken.acting = true;
    }

    /// This step's line goes out although nothing else may.
    pub(super) fn as_last_word(&mut self) {
        self.spoken.last_word = true;
    }

    /// Notes whether the writer is new, or was away for long, before they are noted as heard.
    pub(super) fn meet(&mut self) {
        let away = self.state.heard.map(|heard| self.now.duration_since(heard).as_hours() / 24);
        self.state.stranger |= self.state.introduced.is_none() || away.is_some_and(|days| days >= FORGOTTEN_DAYS);
        self.state.heard = Some(self.now);
        // Effort is counted for one matter: whoever was away begins another.
        if self.state.handoff.is_none() && away.is_some_and(|days| days >= 1) {
            self.state.turns = 0;
        }
    }

    /// The step has said itself that a bot writes.
    pub(super) fn introduced(&mut self) {
        self.state.stranger = false;
        self.state.introduced = Some(self.now);
    }

    /// What templates see.
    pub(super) fn context(&self, fields: &[(&str, Value)]) -> Value {
        let mut context = Map::new();
        context.insert("shop".into(), json!(self.rules.shop));
        context.insert("lang".into(), json!(self.spoken_language().0));
        context.insert("now".into(), json!(clock(self.facts.local)));
        context.insert("emergency".into(), json!(self.emergency()));
        let times = self.times();
        if let Some(opens) = times.opens {
            context.insert("opens".into(), json!(self.moment(opens)));
        }
        // A desk that is open beyond midnight has no closing time that is worth saying.
        let closes = times.closes.filter(|closes| closes.date() == self.facts.local.date()).map(clock);
        context.insert("closes".into(), json!(closes));
        context.extend(fields.iter().map(|(key, value)| ((*key).to_string(), value.clone())));
        Value::Object(context)
    }

    /// The language that the bot's own words are in for this customer.
    fn spoken_language(&self) -> Language {
        Some(self.state.language()).filter(|language| self.rules.words.speaks(language)).unwrap_or_else(Language::english)
    }

    /// A moment as people say it now: '8:00', '8:00 tomorrow', '8:00 on Monday 23 November'.
    pub(super) fn moment(&self, at: DateTime) -> String {
        let today = self.facts.local.date();
        let key = match at.date() {
            date if date == today => "at_today",
            date if today.tomorrow().is_ok_and(|tomorrow| date == tomorrow) => "at_tomorrow",
            _ => "at_later",
        };
        let language = self.spoken_language();
        let context = json!({"time": clock(at), "day": day(at.date(), &language.0), "shop": self.rules.shop, "lang": language.0});
        self.rules.words.say(&language, key, &context).unwrap_or_else(|| clock(at))
    }

    /// A day in the customer's language.
    pub(super) fn day_of(&self, at: DateTime) -> String {
        day(at.date(), &self.spoken_language().0)
    }

    /// Makes one line of what was said.
    pub(super) fn speak(&mut self) {
        let spoken = std::mem::take(&mut self.spoken);
        if spoken.parts.is_empty() {
            return;
        }
        let human = matches!(self.state.owner, Owner::Human { .. });
        let opted_out = self.state.flags.opted_out && !spoken.last_word;
        let locked = self.state.flags.do_not_text || self.state.flags.bereaved;
        if opted_out || locked || (self.muted && !spoken.acting) || (human && !spoken.notice) {
            return;
        }
        let withheld = self.mode != Mode::Live && !spoken.notice && !spoken.last_word && !spoken.acting;
        let question = spoken.questions == spoken.parts.len() && !self.state.stranger;
        let mut parts = spoken.parts;
        if self.state.stranger && !spoken.notice && !spoken.last_word {
            let context = self.context(&[]);
            let language = self.state.language();
            let mut first = self.rules.words.say(&language, "first", &context).unwrap_or_default();
            if self.facts.profile.opt_out_words {
                let stop = self.rules.words.say(&language, "first_sms", &context).unwrap_or_default();
                first = format!("{first} {stop}");
            }
            parts.insert(0, first);
            if !withheld {
                self.introduced();
            }
        }
        let text = join(&parts);
        let shown = spoken.secret.as_ref().map_or(text.clone(), |secret| text.replace(secret.as_str(), "[code]"));
        let number = self.number();
        if withheld {
            return self.withhold(number, text, shown);
        }
        self.state.last_said.clone_from(&shown);
        // The words that call a person are no answer that a claim makes void.
        let speaker = if spoken.notice || spoken.acting { Speaker::Notice } else { Speaker::Bot };
        self.effects.push(Effect::Record(Entry {
            number,
            at: self.now,
            who: Who::Bot,
            text: shown.clone(),
            evidence: Vec::new(),
            understood: Default::default(),
            about: None,
        }));
        if self.state.handoff.is_some() {
            self.desk(DeskNote::Relay { who: Who::Bot, text: shown, external: None });
        }
        self.effects.push(Effect::Say(Line {
            buttons: spoken.buttons,
            ask_contact: spoken.ask_contact && self.facts.profile.contact_button,
            last_word: spoken.last_word,
            question,
            ..Line::new(number, self.state.address.clone(), speaker, text)
        }));
    }

    /// In *suggest* staff see the line with a button to send it; in *shadow* it is only recorded.
    fn withhold(&mut self, number: u64, text: String, shown: String) {
        let mode = if self.mode == Mode::Suggest { "would say" } else { "shadow" };
        self.effects.push(Effect::Record(Entry {
            number,
            at: self.now,
            who: Who::Note,
            text: format!("{mode}: {shown}"),
            evidence: Vec::new(),
            understood: Default::default(),
            about: None,
        }));
        if self.mode == Mode::Suggest {
            self.state.suggested.insert(number, (text, shown.clone()));
            while self.state.suggested.len() > 10 {
                self.state.suggested.pop_first();
            }
            self.desk(DeskNote::Suggest { line: number, text: shown });
        }
    }
}

/// A time of day as it is written everywhere here: `8:05`.
pub(super) fn clock(at: DateTime) -> String {
    format!("{}:{:02}", at.hour(), at.minute())
}

/// Parts as one text: sentences follow each other, lists begin a line of their own.
fn join(parts: &[String]) -> String {
    let mut text = String::new();
    for part in parts {
        if !text.is_empty() && !part.starts_with('\n') {
            text.push(' ');
        }
        text.push_str(part);
    }
    text.trim().to_string()
}
