//! What staff can do for a customer besides writing: a refund, a replacement, something for the trouble.
//!
//! Owns: [`Action`], the calls that only staff run; `/do` with its values, the one press that confirms it, limits, what was
//! done and how it ended.
//! Invariants: only whoever has the conversation runs one; nothing is run by one slip of the hand; what a customer gets within
//! thirty days stays within the limits, calls whose end is not known counted as done; every run and its end are in the
//! transcript with its person; the bot says nothing of it to the customer: the person who did it does.
//! Leaves out: making the call (`backend`, `app`).

use super::effect::{CallRequest, DeskNote, Effect};
use super::event::{CallReturned, Staff};
use super::handoff::DRILL;
use super::id::ConversationId;
use super::joined::Kin;
use super::reply::clock;
use super::step::Turn;
use crate::engine::{CallShapes, amount};
use crate::text::Text;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long what was done is remembered, and counts against a limit.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 30);
/// A question whether to do it is void after this.
const ASKED: SignedDuration = SignedDuration::from_mins(10);
/// The longest value, in characters.
const LONGEST: usize = 200;
/// More runs than this in thirty days are not for one customer.
const MOST: usize = 200;

/// A call that only staff run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What it does, for staff.
    pub title: String,
    /// Values that it needs.
    pub params: Vec<String>,
    /// The most that one customer gets in thirty days, by value, in hundredths.
    pub limits: BTreeMap<String, u64>,
}

impl Action {
    /// Those among all calls.
    pub fn all(shapes: &CallShapes) -> Vec<Action> {
        let action = |(name, shape): (&String, &crate::engine::CallShape)| {
            let staff = shape.staff.as_ref()?;
            let (params, limits) = (shape.params.clone(), staff.limits.clone());
            Some(Action { name: name.clone(), title: staff.title.clone(), params, limits })
        };
        shapes.iter().filter_map(action).collect()
    }
}

/// What somebody has asked for and not confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposed {
    /// Its number in the conversation.
    pub number: u64,
    /// Who asked.
    pub staff: String,
    /// The action.
    pub action: String,
    /// Its values.
    pub values: BTreeMap<String, String>,
    /// When.
    pub at: Timestamp,
}

/// Something that staff ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acted {
    /// The call's number.
    pub number: u64,
    /// The action.
    pub action: String,
    /// Its values.
    pub values: BTreeMap<String, String>,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The other conversation of the same person in which it was done; none for this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<ConversationId>,
    /// The console's name for it, where one asked.
    #[serde(default)]
    pub message: i64,
    /// How it ended; `None` while it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
}

impl Acted {
    /// It may have gone through: it counts against the limits.
    fn counts(&self) -> bool {
        !matches!(self.outcome.as_deref(), Some("not_found" | "refused" | "unproven"))
    }
}

impl Turn<'_> {
    /// `/do goodwill A1042 10`: what is asked for is shown, and done by a press.
    pub(super) fn propose(&mut self, staff: &Staff, words: Option<&str>) -> String {
        if let Some(refusal) = self.cannot_act(staff) {
            return refusal;
        }
        let Some(words) = words else { return self.actions() };
        let (name, rest) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
        let values = match self.action(name).map(|action| self.values_of(&action, rest)) {
            None => return format!("There is no such action here. {}", self.actions()),
            Some(Err(why)) => return why,
            Some(Ok(values)) => values,
        };
        if let Some(refusal) = self.beyond(name, &values) {
            return refusal;
        }
        let number = self.number();
        let mut text = format!("{}?", shown(name, &values));
        for (param, value) in values.iter().filter(|(param, value)| self.only_written(param, value, rest)) {
            text.push_str(&format!(" The {param} {value} is what the customer wrote; nothing proves that it is theirs."));
        }
        if let Some(acted) = self.same(name, &values) {
            let at = self.facts.clock(acted.at);
            let end = match acted.outcome.as_deref() {
                None => "has begun the same, and it is under way, since",
                Some("error" | "timeout") => "may have done the same (the end is not known) on",
                Some(_) => "has done the same on",
            };
            text.push_str(&format!(" {} {end} {} at {}.", acted.by, crate::lexis::day(at.date(), "en"), clock(at)));
        }
        self.state.proposed = Some(Proposed { number, staff: staff.id.clone(), action: name.to_string(), values, at: self.now });
        self.desk(DeskNote::Confirm { number, text });
        String::new()
    }

    /// The press that confirms it.
    pub(super) fn confirm(&mut self, staff: &Staff, number: u64) -> String {
        const OVER: &str = "This question is not open any more. Ask again with /do.";
        let Some(proposed) = self.state.proposed.clone().filter(|proposed| proposed.number == number) else { return OVER.into() };
        if proposed.staff != staff.id {
            return "Only whoever asked for it confirms it.".into();
        }
        self.state.proposed = None;
        if self.now.duration_since(proposed.at) > ASKED {
            return OVER.into();
        }
        self.run(staff, &proposed.action, proposed.values).err().unwrap_or_else(|| "Under way. The result is shown here.".into())
    }

    /// Runs an action with all its values, for a console that has asked already.
    pub(super) fn act(&mut self, staff: &Staff, name: &str, values: &BTreeMap<String, String>, message: i64, again: bool) -> String {
        let read = match self.action(name) {
            None => Err(format!("There is no action `{name}`. {}", self.actions())),
            Some(action) => match values.keys().find(|key| !action.params.contains(key)) {
                Some(unknown) => Err(format!("There is no value `{unknown}`: {}", usage(&action))),
                None => self.whole(&action, values.clone()),
            },
        };
        let read = read.and_then(|values| match self.same(name, &values) {
            Some(acted) if !again => {
                Err(format!("{} has run the same within thirty days. Ask whether it is meant once more: `again`.", acted.by))
            }
            _ => Ok(values),
        });
        let refused = read.and_then(|values| self.run(staff, name, values)).err();
        if let Some(acted) = self.state.acted.last_mut().filter(|_| refused.is_none()) {
            acted.message = message;
        }
        self.state.refused = refused.clone().map(|why| (message, why));
        refused.unwrap_or_default()
    }

    fn run(&mut self, staff: &Staff, name: &str, values: BTreeMap<String, String>) -> Result<(), String> {
        // Both may have changed since it was asked for.
        if let Some(refusal) = self.cannot_act(staff).or_else(|| self.beyond(name, &values)) {
            return Err(refusal);
        }
        if self.action(name).is_none() {
            return Err("This action is not configured any more.".into());
        }
        let now = self.now;
        self.state.acted.retain(|acted| acted.outcome.is_none() || now.duration_since(acted.at) < REMEMBERED);
        if self.state.acted.len() >= MOST {
            return Err(format!("{MOST} actions for one customer in thirty days: have it looked at."));
        }
        let number = self.number();
        self.note(format!("{} runs: {}", staff.name, shown(name, &values)));
        self.effects.push(Effect::Call(CallRequest {
            number,
            name: name.to_string(),
            params: values.clone(),
            proof: self.proof(),
            staff: Some(staff.clone()),
        }));
        let acted =
            Acted { number, action: name.to_string(), values, by: staff.name.clone(), at: self.now, from: None, message: 0, outcome: None };
        self.pass_all(&Kin::Acted { acted: Box::new(acted.clone()) });
        self.state.acted.push(acted);
        Ok(())
    }

    /// A call of staff has ended; false where it was none of theirs.
    pub(super) fn acted(&mut self, returned: &CallReturned) -> bool {
        let Some(acted) =
            self.state.acted.iter_mut().find(|acted| acted.number == returned.call && acted.from.is_none() && acted.outcome.is_none())
        else {
            return false;
        };
        acted.outcome = Some(returned.outcome.clone());
        let word = Kin::Acted { acted: Box::new(acted.clone()) };
        let (what, by) = (shown(&acted.action, &acted.values), acted.by.clone());
        let text = match returned.outcome.as_str() {
            "error" | "timeout" => {
                format!("{what}: the system did not answer as it should. It may have gone through: look there before you try again.")
            }
            outcome => {
                let fields: Vec<String> = returned
                    .fields
                    .iter()
                    .map(|(name, value)| format!("{name} {}", value.as_str().map_or(value.to_string(), str::to_string)))
                    .collect();
                let fields = if fields.is_empty() { String::new() } else { format!(" ({})", fields.join(", ")) };
                format!("{what}: {}{fields}", outcome.replace('_', " "))
            }
        };
        self.pass_all(&word);
        self.note(format!("{by}: {text}"));
        self.desk(DeskNote::Notice { text: format!("{text}\nThe customer hears of it from you.") });
        true
    }

    fn action(&self, name: &str) -> Option<Action> {
        self.rules.actions.iter().find(|action| action.name == name).cloned()
    }

    /// What there is.
    fn actions(&self) -> String {
        let line = |action: &Action| {
            let params: String = action.params.iter().map(|param| format!(" {}", param.to_uppercase())).collect();
            let limits: Vec<String> = action.limits.iter().map(|(name, most)| format!("{name} up to {}", money(*most))).collect();
            let limits = if limits.is_empty() { String::new() } else { format!(" ({})", limits.join(", ")) };
            format!("/do {}{params}: {}{limits}", action.name, action.title)
        };
        let lines: Vec<String> = self.rules.actions.iter().map(line).collect();
        if lines.is_empty() { "No actions are configured: [backend.NAME] staff = true".into() } else { lines.join("\n") }
    }

    fn cannot_act(&self, staff: &Staff) -> Option<String> {
        if self.state.address.channel == DRILL {
            return Some("This is a drill: nothing is done.".into());
        }
        self.refusal(staff)
    }

    /// The values in staff's words: `order=A1042`, or alone where it is clear which is meant; what is known of the customer fills
    /// the rest.
    fn values_of(&self, action: &Action, words: &str) -> Result<BTreeMap<String, String>, String> {
        let mut values: BTreeMap<String, String> = BTreeMap::new();
        let mut alone: Vec<&str> = Vec::new();
        let mut last: Option<String> = None;
        let shaped = |param: &str| self.kind(param).is_some_and(|kind| self.engine().entities().is_pattern(&kind));
        for word in words.split_whitespace() {
            match word.split_once('=') {
                Some((name, value)) if action.params.iter().any(|param| param == name) => {
                    values.insert(name.to_string(), value.to_string());
                    // Only free words go on behind a space.
                    last = Some(name.to_string()).filter(|name| !shaped(name) && !action.limits.contains_key(name));
                }
                Some((name, _)) if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
                    return Err(format!("There is no value `{name}`: {}", usage(action)));
                }
                _ => match last.as_ref().and_then(|name| values.get_mut(name)) {
                    Some(value) => *value = format!("{value} {word}"),
                    None => alone.push(word),
                },
            }
        }
        for word in std::mem::take(&mut alone) {
            let missing = || action.params.iter().filter(|param| !values.contains_key(*param));
            let sure = missing()
                .find(|param| shaped(param) && self.read(param, word).is_some())
                .or_else(|| missing().find(|param| action.limits.contains_key(*param) && amount(word).is_some()));
            match sure.cloned() {
                Some(param) => drop(values.insert(param, word.to_string())),
                None => alone.push(word),
            }
        }
        if !alone.is_empty() {
            // Free words are the one value that takes them.
            let free = |param: &&String| !values.contains_key(*param) && !shaped(param) && !action.limits.contains_key(*param);
            let free: Vec<&String> = action.params.iter().filter(free).collect();
            match free.as_slice() {
                [one] => drop(values.insert((*one).clone(), alone.join(" "))),
                _ => return Err(format!("It is not clear what `{}` means. Name it: {}", alone.join(" "), usage(action))),
            }
        }
        self.whole(action, values)
    }

    /// All values, checked; what is known of the customer fills what is missing.
    fn whole(&self, action: &Action, mut values: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
        let shaped = |param: &str| self.kind(param).is_some_and(|kind| self.engine().entities().is_pattern(&kind));
        for param in &action.params {
            let known = || self.kind(param).and_then(|kind| self.state.known.get(&kind)).map(|known| known.value.clone());
            let Some(value) = values.get(param).cloned().or_else(known) else {
                return Err(format!("It needs `{param}`: {}", usage(action)));
            };
            let value = match self.read(param, &value) {
                Some(value) => value,
                None if shaped(param) => return Err(format!("`{param}` is not written like that: {value}")),
                None => value,
            };
            if value.is_empty() || value.chars().count() > LONGEST || value.chars().any(char::is_control) {
                return Err(format!("`{param}` is a text of 1 to {LONGEST} characters."));
            }
            let value = match action.limits.contains_key(param) {
                true => amount(&value).map(money).ok_or(format!("`{param}` is an amount, such as 12.50"))?,
                false => value,
            };
            values.insert(param.clone(), value);
        }
        Ok(values)
    }

    /// The type that a value of this name has in the intents.
    fn kind(&self, param: &str) -> Option<String> {
        let mut slots = self.engine().intents().iter().flat_map(|intent| &intent.slots);
        slots.find(|slot| slot.name == param).map(|slot| slot.kind.clone())
    }

    /// A value as its type writes it.
    fn read(&self, param: &str, value: &str) -> Option<String> {
        let kind = self.kind(param)?;
        let text = Text::new(value.trim());
        let found = self.engine().entities().find(&text, self.facts.local.date());
        // The whole of it, and nothing besides.
        let whole = |entity: &crate::engine::Entity| entity.span.start == 0 && entity.span.end == text.original.len();
        Some(found.into_iter().find(|entity| entity.kind == kind && whole(entity))?.value)
    }

    /// Why it is too much, where it is.
    fn beyond(&self, name: &str, values: &BTreeMap<String, String>) -> Option<String> {
        let action = self.action(name)?;
        for (param, most) in &action.limits {
            let given = |acted: &&Acted| acted.action == name && acted.counts() && self.now.duration_since(acted.at) < REMEMBERED;
            let before: u64 = self.state.acted.iter().filter(given).filter_map(|acted| amount(acted.values.get(param)?)).sum();
            let wanted = values.get(param).and_then(|value| amount(value)).unwrap_or(0);
            if wanted == 0 || before.saturating_add(wanted) > *most {
                let before = if before > 0 { format!(", and they had {} in the last thirty days", money(before)) } else { String::new() };
                return Some(format!("`{param}` goes from 0.01 up to {} here{before}. Ask somebody who may give more.", money(*most)));
            }
        }
        if self.state.acted.iter().any(|acted| acted.action == name && acted.values == *values && acted.outcome.is_none()) {
            return Some("The same is under way already.".into());
        }
        None
    }

    /// A value that staff did not write themselves, and that no system has found to be the customer's.
    fn only_written(&self, param: &str, value: &str, words: &str) -> bool {
        let ours = words.to_lowercase().contains(&value.to_lowercase());
        let found = self.state.done.as_ref().is_some_and(|done| {
            done.slots.values().any(|slot| slot == value) && !["not_found", "unproven", "error"].contains(&done.outcome.as_str())
        });
        !ours && !found && self.kind(param).is_some()
    }

    /// The last time that the same was done.
    fn same(&self, name: &str, values: &BTreeMap<String, String>) -> Option<&Acted> {
        self.state.acted.iter().rev().find(|acted| acted.action == name && acted.values == *values && acted.counts())
    }
}

fn usage(action: &Action) -> String {
    let params: String = action.params.iter().map(|param| format!(" {param}=…")).collect();
    format!("/do {}{params}", action.name)
}

fn shown(name: &str, values: &BTreeMap<String, String>) -> String {
    let values: Vec<String> = values.iter().map(|(name, value)| format!("{name} {value}")).collect();
    format!("{} {}", name.replace('_', " "), values.join(", ")).trim_end().to_string()
}

/// Hundredths as people write them.
fn money(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
