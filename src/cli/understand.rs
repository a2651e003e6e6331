//! `warmline understand`: JSON lines in, JSON lines out, in order.
//!
//! Owns: the contract of the design's *Commands*. `context` is played through `step` for a fresh customer in staffed hours.

use super::{Paths, parts, print, status};
use crate::app::{Clock, Config, SystemClock, rules};
use crate::backend::Backend;
use crate::conversation::{Address, CallReturned, Effect, Event, Facts, Message, Profile, Reach, Reason, Rules, State, Timer, step};
use crate::engine::Verdict;
use crate::text::{Language, Text, guess};
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::io::BufRead;
use std::process::ExitCode;

#[derive(Deserialize)]
struct Question {
    id: Value,
    text: String,
    #[serde(default)]
    context: Vec<String>,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    now: Option<String>,
}

pub(super) fn understand(paths: &Paths) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let Some((rules, backend)) = loaded(paths, &config) else { return ExitCode::from(status::CANT_START) };
    let mut bad = false;
    let mut input = std::io::stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        match input.read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                print::error(format!("standard input can't be read: {error}"));
                return ExitCode::from(status::CANT_START);
            }
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = match serde_json::from_slice::<Question>(&line) {
            Ok(question) => answer(&rules, backend.as_ref(), &question, SystemClock.now()),
            Err(error) => {
                bad = true;
                json!({"id": null, "error": format!("not a question: {error}")})
            }
        };
        print::line(answer.to_string());
    }
    if bad { ExitCode::from(status::FINDINGS) } else { ExitCode::SUCCESS }
}

/// Compiled rules and the backend, or the mistakes shown.
pub(super) fn loaded(paths: &Paths, config: &Config) -> Option<(Rules, std::sync::Arc<dyn Backend>)> {
    let secrets = parts::secrets().ok()?;
    let backend = parts::backend(config, &secrets).map_err(print::error).ok()?;
    let sources =
        rules::sources(&paths.intents).map_err(|error| print::error(format!("{} can't be read: {error}", paths.intents.display()))).ok()?;
    match rules::compile(&sources, &backend.shapes(), config) {
        Ok(loaded) => Some((loaded.rules, backend)),
        Err(findings) => {
            print::findings(&findings, &sources);
            None
        }
    }
}

/// A conversation outside any store: for `understand`, `test` and `explain`.
pub(super) struct Rehearsal<'a> {
    rules: &'a Rules,
    facts: Facts,
    state: State,
    /// Calls are answered by it, where there is one.
    backend: Option<&'a dyn Backend>,
    now: Timestamp,
    /// What the bot said last.
    pub said: Vec<String>,
    turns: u64,
    timers: Vec<Timer>,
    /// The message that nothing answered: its words without what is personal, and the nearest intent.
    pub missed: Option<(String, Option<String>)>,
    /// The intent for which a call would have been made.
    pub called: Option<String>,
    /// Calls are noted and never return.
    no_calls: bool,
}

/// After a message nothing more comes for so long: what waits for the rest of a burst is answered.
const QUIET: SignedDuration = SignedDuration::from_secs(3);

impl<'a> Rehearsal<'a> {
    /// A fresh customer in staffed hours. `entropy` of codes is fixed.
    pub(super) fn new(rules: &'a Rules, backend: Option<&'a dyn Backend>, local: DateTime, now: Timestamp, language: Option<&str>) -> Self {
        let address = Address { channel: "rehearsal".into(), account: String::new(), sender: crate::backend::Demo::CHAT_PHONE.into() };
        let closes = local.date().at(23, 59, 0, 0);
        let profile = Profile { sender_is_phone: true, ..Profile::default() };
        let facts = Facts { closes: Some(closes), ..Facts::new(local, Reach::Open, profile) };
        let mut state = State::new(address);
        state.language = language.map(|language| Language(language.to_string()));
        Rehearsal {
            rules,
            facts,
            state,
            backend,
            now,
            said: Vec::new(),
            turns: 0,
            timers: Vec::new(),
            missed: None,
            called: None,
            no_calls: false,
        }
    }

    /// Calls are noted, and nothing comes back.
    pub(super) fn without_calls(mut self) -> Self {
        self.no_calls = true;
        self
    }

    /// The time of the next message.
    pub(super) fn at(&mut self, now: Timestamp) {
        self.now = now;
        self.facts.local = now.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    }

    /// One message of the customer, with everything that follows from it.
    pub(super) fn write(&mut self, text: &str) {
        self.turns += 1;
        self.said.clear();
        (self.missed, self.called) = (None, None);
        let external = format!("{}", self.turns);
        let message = Message { text: text.to_string(), external, entropy: 4821, ..Message::default() };
        self.event(Event::Message(Box::new(message)));
        self.now = self.now.checked_add(QUIET).unwrap_or(self.now);
        let now = self.now;
        for timer in self.timers.extract_if(.., |timer| timer.at <= now).collect::<Vec<_>>() {
            self.event(Event::Timer { key: timer.key });
        }
    }

    fn event(&mut self, event: Event) {
        let (state, effects) = step(self.rules, &self.facts, &self.state, event, self.now);
        self.state = state;
        let mut returns = Vec::new();
        for effect in effects {
            match effect {
                Effect::Say(line) => self.said.push(line.text),
                Effect::Missed { text, nearest } => self.missed = Some((text, nearest)),
                Effect::Call(request) if self.no_calls => {
                    self.called = self.state.calls.remove(&request.number).map(|pending| pending.form.intent);
                }
                Effect::Call(request) => {
                    let returned = match self.backend {
                        Some(backend) => futures::executor::block_on(backend.call(&request, "rehearsal", self.now)),
                        None => CallReturned { call: request.number, outcome: "sent".into(), fields: Default::default() },
                    };
                    returns.push(returned);
                }
                Effect::Timer(timer) => {
                    self.timers.retain(|other| other.key != timer.key);
                    self.timers.push(timer);
                }
                Effect::Cancel { key } => self.timers.retain(|other| other.key != key),
                _ => {}
            }
        }
        returns.into_iter().for_each(|returned| self.event(Event::CallReturned(returned)));
    }

    /// What is known now.
    pub(super) fn state(&self) -> &State {
        &self.state
    }
}

fn answer(rules: &Rules, backend: &dyn Backend, question: &Question, now: Timestamp) -> Value {
    let local = question.now.as_deref().and_then(local_time).unwrap_or_else(|| now.to_zoned(jiff::tz::TimeZone::UTC).datetime());
    let mut rehearsal = Rehearsal::new(rules, Some(backend), local, now, question.lang.as_deref());
    for earlier in &question.context {
        rehearsal.write(earlier);
    }
    let before = rehearsal.state().clone();
    let text = Text::new(question.text.as_str());
    let alone = rules.care.assess(&text);
    rehearsal.write(&question.text);
    let after = rehearsal.state();
    let understanding = rules.engine.understand(&text, local.date());
    let id = |number: usize| rules.engine.intents()[number].id.clone();
    let (mut verdict, mut intent) = match &understanding.verdict {
        Verdict::Matched(number) => ("matched", Some(id(*number))),
        Verdict::Several(parts) => ("matched", parts.first().map(|part| id(part.intent))),
        Verdict::Ambiguous(_) => ("ambiguous", None),
        Verdict::Unmatched => ("unmatched", None),
    };
    // A value for a form that the context began belongs to its intent.
    let continued = before.form.as_ref().map(|form| form.intent.clone()).or_else(|| {
        let done = after.done.as_ref().filter(|_| before.done != after.done)?;
        Some(done.intent.clone())
    });
    if let (Some(continued), "unmatched") = (continued, verdict)
        && after.misses == 0
        && !understanding.entities.is_empty()
    {
        (verdict, intent) = ("matched", Some(continued));
    }
    let candidates: Vec<Value> = understanding
        .candidates
        .iter()
        .map(|candidate| json!({"intent": id(candidate.intent), "score": (f64::from(candidate.score) * 1000.0).round() / 1000.0}))
        .collect();
    let intents: Vec<String> = match &understanding.verdict {
        Verdict::Ambiguous(numbers) => numbers.iter().map(|number| id(*number)).collect(),
        Verdict::Several(parts) => parts.iter().map(|part| id(part.intent)).collect(),
        _ => intent.iter().cloned().collect(),
    };
    let mut slots: Map<String, Value> = Map::new();
    for entity in &understanding.entities {
        let name = intent
            .as_ref()
            .and_then(|intent| rules.engine.intent(intent))
            .and_then(|intent| intent.slots.iter().find(|slot| slot.kind == entity.kind))
            .map_or(entity.kind.clone(), |slot| slot.name.clone());
        slots.entry(name).or_insert_with(|| json!(entity.value));
    }
    // What the context raised counts; it never replaces the level of the text itself.
    let repeated = after.handoff.as_ref().and_then(|handoff| match handoff.reason {
        Reason::Care(level) if before.handoff.is_none() => Some(level),
        _ => None,
    });
    let level = alone.level.max(repeated.unwrap_or_default());
    let evidence: Vec<Value> =
        alone.evidence.iter().map(|e| json!({"rule": e.rule, "text": e.text, "start": e.start, "end": e.end})).collect();
    let language = guess(&text).or_else(|| after.language.clone()).unwrap_or_else(Language::english);
    json!({
        "id": question.id,
        "verdict": verdict,
        "intent": intent,
        "intents": intents,
        "candidates": candidates,
        "slots": slots,
        "care": {
            "level": level.name(),
            "kind": alone.kind.map(crate::care::Kind::name),
            "subject": alone.subject,
            "minor": alone.minor,
            "score": (f64::from(alone.score) * 1000.0).round() / 1000.0,
            "evidence": evidence,
        },
        "handoff": after.handoff.is_some(),
        "handoff_reason": after.handoff.as_ref().map(|handoff| handoff.reason.name()),
        "offer": alone.offer,
        "language": language.0,
    })
}

/// A moment as the contract gives it: with an offset, or local.
fn local_time(text: &str) -> Option<DateTime> {
    let zoned = text.parse::<Timestamp>().ok().map(|now| now.to_zoned(jiff::tz::TimeZone::UTC).datetime());
    text.parse::<DateTime>().ok().or(zoned)
}
