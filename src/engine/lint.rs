//! What operators get wrong in intent files, beyond what can't be read.
//!
//! Owns: a slot without a question, an outcome without a reply, a reply with a field that the call doesn't give, a phrase in
//! two intents, an answer that is missing, a language that some intents lack.
//! Leaves out: statistics over examples (come with the scorer).

use super::compile::Building;
use super::intent::{CallShapes, Intent, Needs};
use crate::lexis::{Finding, Severity, Source, Table, Templates};
use crate::text::Language;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Fields that every reply may use.
const ALWAYS: [&str; 4] = ["shop", "lang", "now", "code"];

/// Outcomes that the bot's own words answer.
const OWN: [&str; 3] = ["error", "unproven", "timeout"];

/// Checks one intent while its file is at hand.
pub(super) fn intent(root: &Table<'_>, intent: &Intent, calls: &CallShapes, templates: &Templates) {
    let doc = root.doc;
    let shape = intent.call.as_ref().and_then(|call| calls.get(call));
    if let Some(shape) = shape {
        for param in shape.params.iter().filter(|param| !intent.slots.iter().any(|slot| slot.name == **param)) {
            let at = root.string("call").map_or(0..0, |call| call.span);
            doc.error(at, format!("the call needs `{param}`, which is no slot here"), format!("add to slots: {param} = \"…\""));
        }
    }
    if shape.is_some_and(|shape| shape.staff.is_some()) {
        let at = root.string("call").map_or(0..0, |at| at.span);
        doc.error(at, "only staff run this call: an intent can't", "declare another call, without `staff = true`");
    }
    if shape.is_some_and(|shape| shape.changes) && !matches!(intent.needs, Needs::Confirm | Needs::Handoff) {
        let at = root.string("needs").or_else(|| root.string("call")).map_or(0..0, |at| at.span);
        doc.error(
            at,
            "this call changes something, and anybody could ask for it",
            "needs = \"confirm\" (a code is asked for) or \"handoff\"",
        );
    }
    for (language, localised) in &intent.languages {
        let Some(table) = root.table(&language.0) else { continue };
        let here = table.span.start..table.span.start;
        for slot in intent.slots.iter().filter(|slot| !localised.ask.contains_key(&slot.name)) {
            let help = format!("add: ask.{} = \"Which …?\"", slot.name);
            doc.error(here.clone(), format!("[{language}] has no question for the slot `{}`", slot.name), help);
        }
        if let Some(asked) = table.table("ask") {
            for key in asked.keys().into_iter().filter(|key| !intent.slots.iter().any(|slot| slot.name == key.value)) {
                doc.error(key.span, format!("`{}` is no slot of this intent", key.value), "");
            }
        }
        if intent.needs == Needs::Confirm && localised.confirm.is_none() {
            doc.error(
                here.clone(),
                format!("[{language}] doesn't say what a yes will do"),
                "add: confirm = \"This cancels order {{ order }}.\"",
            );
        }
        let replies = table.table("reply");
        match shape {
            None if intent.call.is_none() && !localised.reply.contains_key("text") => {
                doc.error(here.clone(), format!("[{language}] has no answer"), "add: reply.text = \"…\"");
            }
            None => {}
            Some(shape) => {
                for outcome in
                    shape.outcomes.keys().filter(|outcome| !OWN.contains(&outcome.as_str()) && !localised.reply.contains_key(*outcome))
                {
                    let help = format!("add: reply.{outcome} = \"…\"");
                    doc.error(here.clone(), format!("[{language}] has no reply for the outcome `{outcome}`"), help);
                }
                for outcome in intent.hand_over.iter().filter(|outcome| !shape.outcomes.contains_key(*outcome)) {
                    let at = root.strings("hand_over").into_iter().find(|o| o.value == *outcome).map_or(0..0, |o| o.span);
                    doc.error(at, format!("the call never ends in `{outcome}`"), "");
                }
            }
        }
        for (outcome, template) in &localised.reply {
            let Some(located) = replies.as_ref().and_then(|replies| replies.string(outcome)) else { continue };
            let given = shape.and_then(|shape| shape.outcomes.get(outcome));
            if shape.is_some() && given.is_none() {
                doc.find(Severity::Warning, located.span.clone(), format!("the call never ends in `{outcome}`, so this is never said"), "");
                continue;
            }
            let known = |field: &String| {
                ALWAYS.contains(&field.as_str())
                    || intent.slots.iter().any(|slot| slot.name == *field)
                    || given.is_some_and(|given| given.contains(field))
            };
            for field in templates.fields(template).iter().filter(|field| !known(field)) {
                let mut fields: Vec<&str> = intent.slots.iter().map(|slot| slot.name.as_str()).collect();
                fields.extend(given.into_iter().flatten().map(String::as_str));
                fields.push("shop.name");
                let message = format!("the call doesn't give `{field}` when it ends in `{outcome}`");
                doc.error(located.span.clone(), message, format!("fields here: {}", fields.join(", ")));
            }
        }
    }
}

/// Checks that need all files.
pub(super) fn across(building: &Building, sources: &[&Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let source_of = |intent: usize| sources.iter().find(|source| source.stem() == building.intents[intent].id).copied();
    let mut seen: HashMap<(String, Vec<u32>), usize> = HashMap::new();
    for (line, phrase) in building.lines.iter().zip(&building.phrases).filter(|(line, _)| !line.never) {
        for example in phrase.examples(24) {
            let other = *seen.entry((line.language.clone(), example.clone())).or_insert(line.intent);
            let (Some(source), true) = (source_of(line.intent), other != line.intent) else { continue };
            let sentence: Vec<&str> = example.iter().map(|id| building.vocabulary.word(*id)).collect();
            let message = format!("\"{}\" is said in `{}` too", sentence.join(" "), building.intents[other].id);
            let finding = Finding::at(source, Severity::Error, line.span.0..line.span.1, message);
            findings.push(finding.help("one sentence can only be one request; leave it in the intent that answers it"));
            break;
        }
    }
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for intent in &building.intents {
        *ids.entry(&intent.id).or_default() += 1;
    }
    let all: BTreeSet<&Language> = building.intents.iter().flat_map(|intent| intent.languages.keys()).collect();
    for (number, intent) in building.intents.iter().enumerate() {
        let missing: Vec<String> = all.iter().filter(|l| !intent.languages.contains_key(**l)).map(ToString::to_string).collect();
        if let (false, Some(source)) = (missing.is_empty(), source_of(number)) {
            let message = format!("no [{}], though other intents have it", missing.join("], ["));
            findings.push(Finding::at(source, Severity::Warning, 0..0, message).help("a customer of that language gets English here"));
        }
        if !building.lines.iter().any(|line| line.intent == number && !line.never)
            && !building.keywords.iter().any(|keywords| keywords.intent == number)
            && !building.patterns.iter().any(|pattern| pattern.intent == number)
            && let Some(source) = source_of(number)
        {
            let finding = Finding::at(source, Severity::Error, 0..0, "nothing ever matches this intent");
            findings.push(finding.help("add: [en]\nsay = [\"where is my order\"]"));
        }
    }
    findings
}
