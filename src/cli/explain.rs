//! `warmline explain`.

use super::understand::{Rehearsal, loaded};
use super::{Paths, parts, print, status};
use crate::app::{Clock, SystemClock};
use crate::conversation::Rules;
use crate::engine::{Engine, Reason, Understanding, Verdict};
use crate::text::Text;
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
    if as_json {
        let id = |number: usize| rules.engine.intents()[number].id.as_str();
        let row = |candidate: &crate::engine::Candidate| json!({"intent": id(candidate.intent), "score": candidate.score, "reason": reason(&rules.engine, candidate.reason)});
        print::line(
            json!({
                "text": text, "care": care, "handoff_reason": handoff, "reply": said,
                "verdict": verdict(&rules, &understanding.verdict),
                "candidates": understanding.candidates.iter().map(row).collect::<Vec<_>>(),
                "ruled_out": understanding.ruled_out.iter().map(row).collect::<Vec<_>>(),
                "entities": understanding.entities, "thresholds": rules.engine.thresholds(), "calibration": rules.engine.calibration(),
            })
            .to_string(),
        );
    } else {
        print::line(picture(&rules, text, &read, &care, &understanding));
        print::line(format!("\nThe customer would read\n  {}", said.replace('\n', "\n  ")));
        if let Some(handoff) = handoff {
            print::line(format!("and a person is called ({handoff})."));
        }
    }
    ExitCode::SUCCESS
}

/// The text with what was read underneath, what care heard, each candidate with its reason, and what decided.
pub(super) fn picture(rules: &Rules, text: &str, read: &Text, care: &crate::care::Assessment, understanding: &Understanding) -> String {
    let mut lines = vec![text.replace('\n', " ")];
    let under = |start: usize, end: usize| {
        let before = text.get(..start).map_or(0, |before| before.chars().count());
        let length = text.get(start..end).map_or(1, |part| part.chars().count()).max(1);
        format!("{}{}", " ".repeat(before), "~".repeat(length))
    };
    for evidence in &care.evidence {
        lines.push(format!(
            "{} {}: {} ({:.1})",
            under(evidence.start, evidence.end),
            evidence.level.name(),
            evidence.rule,
            evidence.weight
        ));
    }
    for entity in &understanding.entities {
        lines.push(format!("{} {} = {}", under(entity.span.start, entity.span.end), entity.kind, entity.value));
    }
    if let Some(best) = understanding.candidates.first().filter(|best| !best.tokens.is_empty()) {
        let span = read.span(best.tokens.start, best.tokens.end);
        lines.push(format!("{} {}", under(span.start, span.end), rules.engine.intents()[best.intent].id));
    }
    let offer = if care.offer { ", a person is offered" } else { "" };
    lines.push(format!("\nCare      {}{offer}", care.kind.map_or(care.level.name(), crate::care::Kind::name)));
    let thresholds = rules.engine.thresholds();
    lines.push(format!(
        "Verdict   {} (threshold {:.2}, margin {:.2})",
        verdict(rules, &understanding.verdict),
        thresholds.threshold,
        thresholds.margin
    ));
    for candidate in understanding.candidates.iter().take(4) {
        let carried = carried(&rules.engine, read, understanding, candidate.intent);
        let carried = if carried.is_empty() { String::new() } else { format!("  [{carried}]") };
        let (id, why) = (&rules.engine.intents()[candidate.intent].id, shortened(&reason(&rules.engine, candidate.reason)));
        lines.push(format!("  {:.2}  {id:<18} {why}{carried}", candidate.score));
    }
    for candidate in &understanding.ruled_out {
        lines.push(format!("  --    {:<18} {}", rules.engine.intents()[candidate.intent].id, reason(&rules.engine, candidate.reason)));
    }
    if understanding.candidates.is_empty() && understanding.ruled_out.is_empty() {
        lines.push("  no intent resembles it".into());
    }
    lines.join("\n")
}

/// A long line is cut in the middle: its beginning tells which one it is.
fn shortened(text: &str) -> String {
    const MOST: usize = 90;
    if text.chars().count() <= MOST {
        return text.to_string();
    }
    let (head, tail): (String, Vec<char>) = (text.chars().take(MOST - 12).collect(), text.chars().collect());
    format!("{head}…{}", tail.iter().skip(tail.len().saturating_sub(10)).collect::<String>())
}

/// The words that spoke most for an intent, and against it: `refund +0.62, my +0.10, cancel -0.20`.
fn carried(engine: &Engine, text: &Text, understanding: &Understanding, intent: usize) -> String {
    let mut words = engine.carried(text, &understanding.entities, intent);
    words.retain(|(_, amount)| amount.abs() >= 0.05);
    words.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
    let shown: Vec<String> = words.iter().take(5).map(|(span, amount)| format!("{} {amount:+.2}", span.of(&text.original))).collect();
    shown.join(", ")
}

fn verdict(rules: &Rules, verdict: &Verdict) -> String {
    let id = |number: &usize| rules.engine.intents()[*number].id.clone();
    match verdict {
        Verdict::Matched(number) => id(number),
        Verdict::Several(parts) => parts.iter().map(|part| id(&part.intent)).collect::<Vec<_>>().join(", then "),
        Verdict::Ambiguous(numbers) => format!("ambiguous: {}", numbers.iter().map(id).collect::<Vec<_>>().join(" or ")),
        Verdict::Unmatched => "unmatched".into(),
    }
}

fn reason(engine: &Engine, reason: Reason) -> String {
    let why = engine.why(reason);
    match reason {
        Reason::Whole(_) => format!("the whole message is \"{why}\""),
        Reason::Phrase(_) => format!("holds \"{why}\""),
        Reason::Keywords(_) => format!("keywords {why}"),
        Reason::Pattern(_) => format!("pattern {why}"),
        Reason::Score => "resembles its lines".into(),
        Reason::Never(_) => format!("ruled out by never \"{why}\""),
    }
}
