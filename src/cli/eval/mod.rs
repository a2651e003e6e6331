//! `warmline eval`: how well labelled messages are understood, or distress is heard.
//!
//! Owns: the contract of the design's *Commands*; the report for people: intervals, a confusion list, the cut that the
//! messages suggest.
//! Leaves out: the figures (`metrics`), distress (`care`).

mod care;
mod metrics;

use super::{Paths, parts, print, status, understand::loaded};
use crate::app::{Clock, SystemClock};
use crate::engine::{Engine, Thresholds, Understanding, Verdict};
use crate::text::Text;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use metrics::{Outcome, confusions, in_scope_accuracy, interval, mcc, oos_recall, overall, quantile, share};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What to score.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Learn from these messages instead of the intent files (JSON lines: text, label).
    #[arg(long, requires = "test")]
    train: Option<PathBuf>,
    /// Messages to score (JSON lines: text, label; label `oos` is for what no intent covers).
    #[arg(long, required_unless_present = "care", conflicts_with = "care")]
    test: Option<PathBuf>,
    /// Score distress instead (JSON lines: text, context, expect).
    #[arg(long)]
    care: Option<PathBuf>,
    /// The figures as JSON.
    #[arg(long)]
    json: bool,
}

/// The label of what no intent covers.
const OOS: &str = "oos";

#[derive(Deserialize)]
struct Row {
    text: String,
    label: String,
}

pub(super) fn eval(paths: &Paths, args: &Args) -> ExitCode {
    match (&args.care, &args.test) {
        (Some(file), _) => care::eval(paths, file, args.json),
        (None, Some(test)) => intents(paths, args.train.as_deref(), test, args.json),
        (None, None) => ExitCode::from(status::USAGE),
    }
}

/// Everything that is reported about intents.
struct Report<'a> {
    thresholds: Thresholds,
    understood: Vec<(Option<&'a str>, Understanding)>,
    engine: &'a Engine,
    micros: Vec<f64>,
    train_ms: f64,
    oos_ignored: usize,
}

fn intents(paths: &Paths, train: Option<&Path>, test: &Path, as_json: bool) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let Ok(rows) = lines::<Row>(test) else { return ExitCode::from(status::FINDINGS) };
    let mut oos_ignored = 0;
    let started = SystemClock.now();
    let engine = match train {
        Some(file) => {
            let Ok(rows) = lines::<Row>(file) else { return ExitCode::from(status::FINDINGS) };
            let all = rows.len();
            let rows: Vec<(String, String)> = rows.into_iter().filter(|row| row.label != OOS).map(|row| (row.text, row.label)).collect();
            oos_ignored = all - rows.len();
            Engine::from_examples(&rows, config.thresholds)
        }
        None => match loaded(paths, &config) {
            Some((rules, _)) => rules.engine,
            None => return ExitCode::from(status::CANT_START),
        },
    };
    let train_ms = since(started) * 1e3;
    let today = SystemClock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let bar = progress(rows.len());
    let mut understood = Vec::with_capacity(rows.len());
    let mut micros = Vec::with_capacity(rows.len());
    for row in &rows {
        let started = SystemClock.now();
        let understanding = engine.understand(&Text::new(row.text.as_str()), today);
        micros.push(since(started) * 1e6);
        understood.push((Some(row.label.as_str()).filter(|label| *label != OOS), understanding));
        bar.inc(1);
    }
    bar.finish_and_clear();
    micros.sort_by(f64::total_cmp);
    let unknown: Vec<&str> = rows.iter().map(|row| row.label.as_str()).filter(|l| *l != OOS && engine.intent(l).is_none()).collect();
    if let Some(first) = unknown.first() {
        print::error(format!(
            "{} of {} messages have a label that is no intent here, like `{first}`: they count as wrong",
            unknown.len(),
            rows.len()
        ));
    }
    let report = Report { thresholds: config.thresholds, understood, engine: &engine, micros, train_ms, oos_ignored };
    print::line(if as_json { report.json().to_string() } else { report.text() });
    ExitCode::SUCCESS
}

impl Report<'_> {
    fn id(&self, intent: usize) -> &str {
        &self.engine.intents()[intent].id
    }

    /// What is said at a threshold. Ambiguous and unmatched are rejected.
    fn outcomes(&self, thresholds: Thresholds) -> Vec<Outcome<'_>> {
        let said = |understanding: &Understanding| match self.engine.decide(understanding, thresholds) {
            Verdict::Matched(intent) => Some(intent),
            Verdict::Several(parts) => parts.first().map(|part| part.intent),
            Verdict::Ambiguous(_) | Verdict::Unmatched => None,
        };
        self.understood.iter().map(|(truth, u)| Outcome { truth: *truth, said: said(u).map(|intent| self.id(intent)) }).collect()
    }

    /// The top candidate, whatever its score, on messages that are in scope.
    fn accuracy(&self) -> Option<f64> {
        share(&self.understood, |(truth, _)| truth.is_some(), |(truth, u)| u.candidates.first().map(|best| self.id(best.intent)) == *truth)
    }

    fn grid(&self) -> Vec<(f32, Vec<Outcome<'_>>)> {
        (1..20)
            .map(|step| step as f32 / 20.0)
            .map(|threshold| (threshold, self.outcomes(Thresholds { threshold, ..self.thresholds })))
            .collect()
    }

    fn json(&self) -> Value {
        let outcomes = self.outcomes(self.thresholds);
        let row = |threshold: f32, outcomes: &[Outcome<'_>]| {
            json!({
                "threshold": rounded(f64::from(threshold)),
                "in_scope_accuracy": in_scope_accuracy(outcomes).map(rounded),
                "oos_recall": oos_recall(outcomes).map(rounded),
                "mcc": rounded(mcc(outcomes)),
            })
        };
        let mut all = row(self.thresholds.threshold, &outcomes);
        let more = json!({
            "accuracy": self.accuracy().map(rounded),
            "grid": self.grid().iter().map(|(threshold, outcomes)| row(*threshold, outcomes)).collect::<Vec<_>>(),
            "train_ms": rounded(self.train_ms),
            "p50_us": rounded(quantile(&self.micros, 0.50)),
            "p99_us": rounded(quantile(&self.micros, 0.99)),
            "n": self.understood.len(),
            "oos_ignored": self.oos_ignored,
        });
        if let (Value::Object(all), Value::Object(more)) = (&mut all, more) {
            all.extend(more);
        }
        all
    }

    fn text(&self) -> String {
        let outcomes = self.outcomes(self.thresholds);
        let mut lines =
            vec![format!("{} messages, {} intents, learnt in {:.0} ms", outcomes.len(), self.engine.intents().len(), self.train_ms)];
        if self.oos_ignored > 0 {
            lines.push(format!("{} `{OOS}` lines of the training file were not used", self.oos_ignored));
        }
        let figure = |name: &str, value: Option<f64>, of: &dyn Fn(&[Outcome<'_>]) -> Option<f64>| match value {
            Some(value) => {
                let (low, high) = interval(&outcomes, |redrawn| of(redrawn).unwrap_or(0.0));
                format!("  {name:<38} {:5.1} %   ({:.1} to {:.1})", value * 100.0, low * 100.0, high * 100.0)
            }
            None => format!("  {name:<38} none of these"),
        };
        lines.push(format!("\nTop candidate right, whatever its score   {}", percent(self.accuracy())));
        lines
            .push(format!("\nAt threshold {:.2} and margin {:.2}, with 95 % intervals", self.thresholds.threshold, self.thresholds.margin));
        lines.push(figure("in scope, answered rightly", in_scope_accuracy(&outcomes), &in_scope_accuracy));
        lines.push(figure("out of scope, left to a person", oos_recall(&outcomes), &oos_recall));
        lines.push(figure("all", overall(&outcomes), &overall));
        let (low, high) = interval(&outcomes, mcc);
        lines.push(format!("  {:<38} {:5.3}     ({low:.3} to {high:.3})", "Matthews correlation (1 is perfect)", mcc(&outcomes)));
        lines.push(format!(
            "\nA decision   median {:.0} µs, 99 % below {:.0} µs",
            quantile(&self.micros, 0.5),
            quantile(&self.micros, 0.99)
        ));
        lines.push("\nThreshold   in scope   out of scope   all     correlation".into());
        let grid = self.grid();
        for (threshold, outcomes) in &grid {
            let cells = [in_scope_accuracy(outcomes), oos_recall(outcomes), overall(outcomes)].map(percent);
            lines.push(format!("  {threshold:.2}      {:>7}   {:>9}      {:>6}   {:.3}", cells[0], cells[1], cells[2], mcc(outcomes)));
        }
        let best = grid.iter().max_by(|a, b| mcc(&a.1).total_cmp(&mcc(&b.1)));
        if let Some((threshold, outcomes)) = best {
            let cut = format!(
                "For messages like these, a threshold of {threshold:.2} does best ({:.3}); it stands under [understanding] in config.toml.",
                mcc(outcomes)
            );
            lines.push(format!("\n{cut}"));
        }
        let name = |label: Option<&str>| label.unwrap_or("(no intent)").to_string();
        let wrong = confusions(&outcomes);
        if !wrong.is_empty() {
            lines.push("\nMost frequent mistakes: what it was → what was made of it".into());
        }
        for (pair, count) in wrong.into_iter().take(15) {
            lines.push(format!("  {count:>4}  {} → {}", name(pair.truth), name(pair.said)));
        }
        lines.join("\n")
    }
}

/// Seconds that have passed.
fn since(started: jiff::Timestamp) -> f64 {
    SystemClock.now().duration_since(started).as_secs_f64()
}

fn percent(share: Option<f64>) -> String {
    share.map_or("–".into(), |share| format!("{:.1} %", share * 100.0))
}

fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

/// JSON lines of a file; every bad line is named.
fn lines<T: DeserializeOwned>(file: &Path) -> Result<Vec<T>, ()> {
    let text = std::fs::read_to_string(file).map_err(|error| print::error(format!("{} can't be read: {error}", file.display())))?;
    let mut rows = Vec::new();
    let mut bad = false;
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(row) => rows.push(row),
            Err(error) => {
                bad = true;
                print::error(format!("{}:{}: {error}", file.display(), number + 1));
            }
        }
    }
    if rows.is_empty() && !bad {
        print::error(format!("{} has no lines", file.display()));
    }
    if bad || rows.is_empty() { Err(()) } else { Ok(rows) }
}

/// A bar on the terminal for long runs; nothing where standard error is no terminal.
pub(in crate::cli) fn progress(length: usize) -> ProgressBar {
    let target = if length < 2_000 { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(length as u64), target).with_style(style)
}
