//! `warmline explain`.

use super::understand::{Rehearsal, loaded};
use super::{Paths, parts, print, status};
use crate::app::{Clock, SystemClock};
use crate::care::Assessment;
use crate::engine::{Trace, underline};
use crate::text::{Span, Text};
use serde_json::json;
use std::process::ExitCode;

pub(super) fn explain(paths: &Paths, text: &str, as_json: bool) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let Some((rules, backend)) = loaded(paths, &config) else { return ExitCode::from(status::CANT_START) };
    let now = SystemClock.now();
    let local = now.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let read = Text::new(text);
    let care = rules.care.assess(&read);
    let understanding = rules.engine.understand(&read, local.date());
    let mut rehearsal = Rehearsal::new(&rules, Some(backend.as_ref()), local, now, None);
    rehearsal.write(text);
    let said = rehearsal.said.join("\n");
    let handoff = rehearsal.state().handoff.as_ref().map(|handoff| handoff.reason.name());
    let trace = rules.engine.trace(&read, &understanding);
    if as_json {
        let mut answer = json!({"text": text, "care": care, "handoff_reason": handoff, "reply": said});
        let more = json!({"thresholds": rules.engine.thresholds(), "calibration": rules.engine.calibration()});
        for part in [json!(trace), more] {
            let (Some(answer), Some(part)) = (answer.as_object_mut(), part.as_object()) else { continue };
            answer.extend(part.clone());
        }
        print::line(answer.to_string());
    } else {
        print::line(picture(text, &care, &trace));
        print::line(format!("\nThe customer would read\n  {}", said.replace('\n', "\n  ")));
        if let Some(handoff) = handoff {
            print::line(format!("and a person is called ({handoff})."));
        }
    }
    ExitCode::SUCCESS
}

/// The text with what care heard and what was matched underneath, each candidate with its reason, and what decided.
fn picture(text: &str, care: &Assessment, trace: &Trace) -> String {
    let text = text.replace('\n', " ");
    let mut lines = vec![text.clone()];
    for evidence in &care.evidence {
        let under = underline(&text, Span { start: evidence.start, end: evidence.end });
        lines.push(format!("{under} {}: {} ({:.1})", evidence.level.name(), evidence.rule, evidence.weight));
    }
    let offer = if care.offer { ", a person is offered" } else { "" };
    lines.push(trace.picture(&text).trim_start_matches('\n').to_string());
    lines.push(format!("Care      {}{offer}", care.kind.map_or(care.level.name(), crate::care::Kind::name)));
    lines.join("\n")
}
