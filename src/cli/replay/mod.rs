//! `warmline replay FILE`: past conversations, as the bot would have had them.
//!
//! Owns: playing customers' messages through `step`, without calling anybody's systems; counting what became of them.
//! Invariants: nothing is sent, stored or looked up; a lookup that the bot would have made counts as answered; words are shown
//! without what is personal in them, unless they are asked for.
//! Leaves out: the formats (`read`) and the pages (`report`).

mod read;
mod report;

use super::understand::{Rehearsal, loaded};
use super::{Paths, parts, print, status};
use crate::app::{Clock, SystemClock};
use crate::conversation::Rules;
use crate::lexis::clusters;
use jiff::{SignedDuration, Timestamp};
use read::Said;
use report::Report;
pub(super) use report::{Group, groups_text};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

/// What to replay.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// JSON lines (text, conversation, role, at), a Telegram export (result.json), or CSV with the same columns.
    file: PathBuf,
    /// How to report.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Write the report here instead of on standard output.
    #[arg(long)]
    output: Option<PathBuf>,
    /// A sender who works here, by name or id as the file has it; may be repeated.
    #[arg(long)]
    staff: Vec<String>,
    /// So many groups of unanswered messages.
    #[arg(long, default_value_t = 20)]
    groups: usize,
    /// Show customers' words as they are, names and numbers too.
    #[arg(long)]
    clear: bool,
}

#[derive(clap::ValueEnum, Clone, Copy, Debug)]
enum Format {
    Text,
    Json,
    Html,
}

/// After so long without a word a conversation begins anew.
const PAUSE: SignedDuration = SignedDuration::from_hours(24);
/// Between messages of which nobody noted the time.
const USUAL: SignedDuration = SignedDuration::from_secs(30);

pub(super) fn replay(paths: &Paths, args: &Args) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let Some((rules, _)) = loaded(paths, &config) else { return ExitCode::from(status::CANT_START) };
    let read = match read::read(&args.file, &args.staff) {
        Ok(read) => read,
        Err(error) => {
            print::error(error);
            return ExitCode::from(status::USAGE);
        }
    };
    read.broken.iter().take(5).for_each(print::error);
    let broken = read.broken.len();
    let report = Report { ours: read.ours, broken, ..run(&rules, read.said, args) };
    let text = match args.format {
        Format::Text => report.text(),
        Format::Json => serde_json::to_string_pretty(&report).unwrap_or_default(),
        Format::Html => report.html().unwrap_or_default(),
    };
    match &args.output {
        None => print::line(text),
        Some(path) => {
            if let Err(error) = std::fs::write(path, text + "\n") {
                print::error(format!("{} can't be written: {error}", path.display()));
                return ExitCode::from(status::CANT_START);
            }
            print::line(format!("{} conversations, {} messages: {}", report.conversations, report.messages, path.display()));
        }
    }
    if broken > 0 { ExitCode::from(status::FINDINGS) } else { ExitCode::SUCCESS }
}

/// A message that nothing answered, as it is shown, and the nearest intent.
type Missed = (String, Option<String>);

fn run(rules: &Rules, said: Vec<Said>, args: &Args) -> Report {
    let mut report = Report { messages: said.len(), ..Report::default() };
    let mut order: Vec<String> = Vec::new();
    let mut by_conversation: BTreeMap<String, Vec<Said>> = BTreeMap::new();
    for said in said {
        if !by_conversation.contains_key(&said.conversation) {
            order.push(said.conversation.clone());
        }
        by_conversation.entry(said.conversation.clone()).or_default().push(said);
    }
    let bar = super::eval::progress(report.messages);
    let mut missed: Vec<Missed> = Vec::new();
    for name in order {
        let Some(mut messages) = by_conversation.remove(&name) else { continue };
        if messages.iter().all(|message| message.at.is_some()) {
            messages.sort_by_key(|message| message.at);
        }
        let mut rehearsal: Option<Rehearsal<'_>> = None;
        let mut now = messages.first().and_then(|message| message.at).unwrap_or_else(|| SystemClock.now());
        for message in messages {
            let at = message.at.filter(|at| *at > now).or_else(|| now.checked_add(USUAL).ok()).unwrap_or(now);
            if rehearsal.is_none() || at.duration_since(now) > PAUSE {
                settle(rehearsal.take(), &mut report);
            }
            now = at;
            let talk = rehearsal.get_or_insert_with(|| fresh(rules, now));
            talk.at(now);
            judge(talk, &message.text, args.clear, &mut report, &mut missed);
            bar.inc(1);
        }
        settle(rehearsal, &mut report);
    }
    bar.finish_and_clear();
    report.groups = groups(missed, args.groups);
    report
}

fn fresh(rules: &Rules, now: Timestamp) -> Rehearsal<'_> {
    let local = now.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    Rehearsal::new(rules, None, local, now, None).without_calls()
}

/// A conversation is over.
fn settle(rehearsal: Option<Rehearsal<'_>>, report: &mut Report) {
    let Some(rehearsal) = rehearsal else { return };
    report.conversations += 1;
    report.without_a_person += usize::from(rehearsal.state().handoff.is_none());
}

/// One message: what became of it.
fn judge(talk: &mut Rehearsal<'_>, text: &str, clear: bool, report: &mut Report, missed: &mut Vec<Missed>) {
    let before = talk.state().clone();
    talk.write(text);
    let (unanswered, called) = (talk.missed.take(), talk.called.take());
    let after = talk.state();
    if before.handoff.is_some() {
        report.with_a_person += 1;
        return;
    }
    if let Some((shown, nearest)) = unanswered.clone().filter(|(shown, _)| clear || shown.contains(char::is_alphabetic)) {
        missed.push((if clear { text.to_string() } else { shown }, nearest));
    }
    if let Some(handoff) = &after.handoff {
        *report.handed_over.entry(handoff.urgency.name().into()).or_default() += 1;
        return;
    }
    if unanswered.is_some() {
        report.unmatched += 1;
        return;
    }
    let about = called.clone().or_else(|| after.form.as_ref().map(|form| form.intent.clone()));
    let about = about.or_else(|| after.done.as_ref().filter(|_| after.done != before.done).map(|done| done.intent.clone()));
    if let Some(intent) = about {
        *report.intents.entry(intent).or_default() += 1;
    }
    let asks = called.is_none() && (after.form.is_some() || after.asked.is_some());
    *(if asks { &mut report.asked_back } else { &mut report.answered }) += 1;
}

/// What nothing answered, in groups, the most frequent first.
pub(super) fn groups(missed: Vec<Missed>, most: usize) -> Vec<Group> {
    let mut counts: BTreeMap<Missed, u64> = BTreeMap::new();
    for missed in missed {
        *counts.entry(missed).or_default() += 1;
    }
    counted_groups(counts.into_iter().map(|((text, nearest), count)| (text, nearest, count)).collect(), most)
}

/// The same of messages that are counted already.
pub(super) fn counted_groups(rows: Vec<(String, Option<String>, u64)>, most: usize) -> Vec<Group> {
    let texts: Vec<&str> = rows.iter().map(|(text, ..)| text.as_str()).collect();
    let counts: Vec<u64> = rows.iter().map(|(_, _, count)| *count).collect();
    let found = clusters(&texts, &counts);
    let group = |members: Vec<usize>| Group {
        count: members.iter().map(|at| counts[*at]).sum(),
        example: rows[members[0]].0.clone(),
        others: members.iter().skip(1).take(4).map(|at| rows[*at].0.clone()).collect(),
        nearest: members.iter().find_map(|at| rows[*at].1.clone()),
    };
    found.into_iter().take(most).map(group).collect()
}
