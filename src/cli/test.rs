//! `warmline test`.

use super::understand::{Rehearsal, loaded};
use super::{Paths, parts, print, status};
use crate::app::{Clock, SystemClock, defaults};
use crate::backend::{Backend, Demo};
use crate::care;
use crate::conversation::Rules;
use crate::engine::{Intent, Test, Verdict};
use crate::text::Text;
use std::process::ExitCode;

/// Runs every `[[test]]` and the safety set; one line for each that fails.
pub(super) fn test(paths: &Paths) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let Some((rules, backend)) = loaded(paths, &config) else { return ExitCode::from(status::CANT_START) };
    // The operator's systems are not touched: without the demo, every call simply ends well.
    let demo = config.calls.is_empty();
    let (mut passed, mut failed) = (0, 0);
    for intent in rules.engine.intents() {
        for test in &intent.tests {
            let fresh = Demo::default();
            let backend: Option<&dyn Backend> = demo.then_some(&fresh as &dyn Backend);
            match run(&rules, backend, intent, test) {
                Ok(()) => passed += 1,
                Err(why) => {
                    failed += 1;
                    print::line(format!("FAILED {}.toml:{}  {:?}\n       {why}", intent.id, test.line, test.turns));
                }
            }
        }
    }
    drop(backend);
    // The built-in set, and what the operator's own files add to it.
    let must = care::safety_set(care::must_catch(&defaults::sources()), &rules.care);
    for finding in care::broken(&rules.care, &must, &config.care_exceptions) {
        failed += 1;
        print::line(format!("FAILED safety set  {}", finding.message));
    }
    passed += must.len();
    print::line(format!("{passed} passed, {failed} failed"));
    if failed > 0 { ExitCode::from(status::FINDINGS) } else { ExitCode::SUCCESS }
}

/// What became of a test's turns, against what was expected.
fn run(rules: &Rules, backend: Option<&dyn Backend>, intent: &Intent, test: &Test) -> Result<(), String> {
    let now = SystemClock.now();
    let local = now.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let mut rehearsal = Rehearsal::new(rules, backend, local, now, None);
    let mut last = Verdict::Unmatched;
    for turn in &test.turns {
        rehearsal.write(turn);
        last = rules.engine.understand(&Text::new(turn.as_str()), local.date()).verdict;
    }
    let state = rehearsal.state();
    let form = state.form.as_ref().map(|form| (form.intent.as_str(), &form.slots));
    let done = state.done.as_ref().map(|done| (done.intent.as_str(), &done.slots));
    let told = match &last {
        Verdict::Matched(number) => rules.engine.intents()[*number].id.as_str(),
        Verdict::Several(parts) => &parts.iter().map(|part| rules.engine.intents()[part.intent].id.as_str()).collect::<Vec<_>>().join("+"),
        Verdict::Ambiguous(_) => "ambiguous",
        Verdict::Unmatched => "unmatched",
    };
    // A request counts where it has led, else where the last message belongs.
    let reached = form.or(done).map_or(told, |(intent, _)| intent);
    let fits = match test.expect.as_str() {
        "handoff" => state.handoff.is_some(),
        "ambiguous" | "unmatched" => told == test.expect,
        expected => reached == expected || told == expected,
    };
    if !fits {
        let known = rules.engine.intent(&test.expect).is_some() || ["handoff", "ambiguous", "unmatched"].contains(&test.expect.as_str());
        let hint = if known { "" } else { " (there is no such intent)" };
        let handoff = state.handoff.as_ref().map_or(String::new(), |handoff| format!(", handed over: {}", handoff.reason.name()));
        return Err(format!("expected {}{hint}, reached {reached}, last message {told}{handoff}", test.expect));
    }
    let slots = form.or(done).map(|(_, slots)| slots).cloned().unwrap_or_default();
    let target = rules.engine.intent(&test.expect).unwrap_or(intent);
    for (name, value) in &test.slots {
        let known = || {
            let kind = target.slots.iter().find(|slot| slot.name == *name).map(|slot| slot.kind.as_str()).unwrap_or(name);
            state.known.get(kind).map(|known| known.value.clone())
        };
        let found = slots.get(name).cloned().or_else(known);
        if found.as_ref() != Some(value) {
            return Err(format!("expected {name} = {value}, found {}", found.as_deref().unwrap_or("nothing")));
        }
    }
    Ok(())
}
