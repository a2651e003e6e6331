//! From files to rules.
//!
//! Owns: reading the folder of intents, filling gaps from the defaults, compiling everything, the interlock, the last good
//! set.
//! Invariants: a set with any error is never used; cue files that don't hear the compiled-in must-catch set are errors; without
//! any usable set the bot is in safe mode: the compiled-in cues listen, and every message goes to a person.

use super::config::Config;
use super::defaults;
use super::learnt::Learnt;
use crate::care::{self, HelpLines};
use crate::conversation::{Action, Rules, Words};
use crate::engine::{self, CallShapes};
use crate::lexis::{Finding, Severity, Source};
use std::path::Path;

/// Compiled rules with what there is to say about their files.
#[derive(Debug)]
pub struct Loaded {
    /// The rules.
    pub rules: Rules,
    /// Warnings and advice.
    pub findings: Vec<Finding>,
}

/// Reads every `*.toml` of a folder and of its `care/`; names are relative to it.
///
/// # Errors
/// The folder or a file can't be read.
pub fn read_folder(folder: &Path) -> std::io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for (prefix, folder) in [("", folder.to_path_buf()), ("care/", folder.join("care"))] {
        if !prefix.is_empty() && !folder.is_dir() {
            continue;
        }
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let Some(name) =
                path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".toml") && !name.starts_with('.'))
            else {
                continue;
            };
            let bytes = std::fs::read(&path)?;
            // What is no UTF-8 is read with marks in its place, so that the fault is shown with its line.
            sources.push(Source::new(format!("{prefix}{name}"), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
    sources.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(sources)
}

/// The operator's files where there are any, else the defaults. Entities and cues that the operator has not written are the
/// defaults in any case.
///
/// # Errors
/// The folder is there but can't be read.
pub fn sources(folder: &Path) -> std::io::Result<Vec<Source>> {
    if !folder.is_dir() {
        return Ok(defaults::sources());
    }
    let mut own = read_folder(folder)?;
    let lacks = |own: &[Source], wanted: &dyn Fn(&str) -> bool| !own.iter().any(|source| wanted(&source.name));
    let intent = |name: &str| !name.contains('/') && !["entities.toml", "small_words.toml", "words.toml", "unmatched.toml"].contains(&name);
    let fill: Vec<Source> = defaults::sources()
        .into_iter()
        .filter(|source| match source.name.as_str() {
            "words.toml" => false,
            shared @ ("entities.toml" | "small_words.toml") => lacks(&own, &|name| name == shared),
            "unmatched.toml" => lacks(&own, &intent) && lacks(&own, &|name| name == "unmatched.toml"),
            care::HELP_LINES => lacks(&own, &|name| name == care::HELP_LINES),
            name if name.starts_with("care/") => lacks(&own, &|name| name.starts_with("care/") && name != care::HELP_LINES),
            _ => lacks(&own, &intent),
        })
        .collect();
    own.extend(fill);
    own.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(own)
}

/// A file that is no UTF-8 says so, at the first place, instead of showing what follows from it.
fn not_utf8(source: &Source) -> Option<Finding> {
    let at = source.text.find('\u{FFFD}')?;
    Some(Finding::at(source, Severity::Error, at..at + 3, "not UTF-8").help("save the file as UTF-8"))
}

/// Compiles a set of files. What was learnt from the same examples before is not learnt again ([`Learnt::usual`]).
///
/// # Errors
/// Every finding of every file, when one of them is an error.
pub fn compile(sources: &[Source], shapes: &CallShapes, config: &Config) -> Result<Loaded, Vec<Finding>> {
    let unreadable: Vec<Finding> = sources.iter().filter_map(not_utf8).collect();
    if !unreadable.is_empty() {
        return Err(unreadable);
    }
    let default_words = Source::new("words.toml", defaults::WORDS);
    let own_words = sources.iter().find(|source| source.name == "words.toml" && source.text != default_words.text);
    let memory = Learnt::usual();
    // Each learns from thousands of sentences: side by side. What one learns doesn't depend on the other.
    let (engine, mut care) = std::thread::scope(|scope| {
        let care = scope.spawn(|| care::compile(sources, &memory));
        let engine = engine::compile(sources, shapes, config.thresholds, &memory);
        (engine, care.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    if let (Ok((engine, _)), Ok((care, _))) = (&engine, &mut care) {
        care.protect(engine.foreign_words());
    }
    let words = Words::compile(&default_words, own_words);
    let home = Some(config.shop.country.as_str()).filter(|country| !country.is_empty());
    let help = match sources.iter().find(|source| source.name == care::HELP_LINES) {
        Some(source) => HelpLines::compile(source, home),
        None => Ok((HelpLines::default(), Vec::new())),
    };
    let mut findings = Vec::new();
    let found =
        [engine.as_ref().map(|(_, f)| f), care.as_ref().map(|(_, f)| f), words.as_ref().map(|(_, f)| f), help.as_ref().map(|(_, f)| f)];
    for found in found {
        findings.extend(found.unwrap_or_else(|errors| errors).iter().cloned());
    }
    if let Ok((care, _)) = &care {
        let set = care::safety_set(care::must_catch(&defaults::sources()), care);
        findings.extend(care::broken(care, &set, &config.care_exceptions));
    }
    match (engine, care, words, help) {
        (Ok((engine, _)), Ok((care, _)), Ok((words, _)), Ok((help, _)))
            if !findings.iter().any(|finding| finding.severity == Severity::Error) =>
        {
            let rules = Rules {
                engine,
                care,
                help,
                words,
                shop: config.shop.clone(),
                mode: config.mode,
                safe: false,
                alone: config.alone,
                known_days: config.known_days,
                ladder: config.ladder.clone(),
                safeguarding: config.safeguarding.clone(),
                actions: Action::all(shapes),
                teams: config.teams.clone(),
                groups: config.groups.clone(),
                aftercare: config.aftercare.clone(),
            };
            Ok(Loaded { rules, findings })
        }
        _ => Err(findings),
    }
}

/// Rules for safe mode: the defaults, answering nothing.
///
/// # Errors
/// The defaults don't compile with these calls; then there is nothing to fall back on but their cues and words.
pub fn safe(shapes: &CallShapes, config: &Config) -> Result<Rules, Vec<Finding>> {
    let mut sources = defaults::sources();
    if let Ok(loaded) = compile(&sources, shapes, config) {
        return Ok(Rules { safe: true, ..loaded.rules });
    }
    // The operator's calls are not those of the default intents: keep only what needs none.
    sources.retain(|source| source.name.contains('/') || !source.text.lines().any(|line| line.trim_start().starts_with("call")));
    compile(&sources, shapes, config).map(|loaded| Rules { safe: true, ..loaded.rules })
}
