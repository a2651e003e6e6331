//! `warmline check`.

use super::{Paths, parts, print, status};
use crate::app::{Clock, Config, SystemClock, rules};
use crate::care::HELP_LINES;
use crate::engine::Needs;
use crate::lexis::{Finding, Severity, Source};
use std::process::ExitCode;

pub(super) fn check(paths: &Paths, deny_warnings: bool, release: bool, notes: bool, as_json: bool) -> ExitCode {
    let Ok(config_source) = parts::config_source(paths) else { return ExitCode::from(status::CANT_START) };
    let (config, mut findings) = match Config::read(&config_source) {
        Ok(config) => (config, Vec::new()),
        Err(findings) => (Config::default(), findings),
    };
    let Ok(backend) = parts::backend(&config, &crate::app::Secrets::default()) else { return ExitCode::from(status::CANT_START) };
    let sources = match rules::sources(&paths.intents) {
        Ok(sources) => sources,
        Err(error) => {
            print::error(format!("{} can't be read: {error}", paths.intents.display()));
            return ExitCode::from(status::CANT_START);
        }
    };
    let mut aged = Vec::new();
    match rules::compile(&sources, &backend.shapes(), &config) {
        Ok(loaded) => {
            findings.extend(chatwoot(&config, &config_source));
            findings.extend(thin(&config, &config_source));
            findings.extend(ownership(&loaded.rules, &config, &config_source));
            findings.extend(topics(&loaded.rules, &config_source));
            findings.extend(people(&config, &config_source));
            findings.extend(super::group::findings(&config, &config_source));
            findings.extend(loaded.findings);
            findings.extend(loaded.rules.engine.advise(&sources));
            if let Some(source) = sources.iter().find(|source| source.name == HELP_LINES) {
                let today = SystemClock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
                aged = loaded.rules.help.aged(source, today, release);
            }
        }
        Err(found) => findings.extend(found),
    }
    let mut all = sources;
    all.push(config_source);
    let expired = aged.iter().any(|finding| finding.severity == Severity::Error);
    let denied = findings.iter().any(|finding| finding.severity == Severity::Warning) && deny_warnings;
    // That time has passed is no mistake in the files: only a release stops for it.
    findings.extend(aged);
    let count = |severity| findings.iter().filter(|finding| finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if as_json {
        for finding in &findings {
            print::line(serde_json::to_string(finding).unwrap_or_default());
        }
    } else {
        let advice = count(Severity::Info);
        findings.retain(|finding| notes || finding.severity > Severity::Info);
        print::findings(&findings, &all);
        let files = all.len() - 1;
        let more = if advice > 0 && !notes { format!(", {advice} notes (--notes shows them)") } else { String::new() };
        print::line(format!("{files} files: {errors} errors, {warnings} warnings{more}"));
    }
    if errors > 0 || denied || expired { ExitCode::from(status::FINDINGS) } else { ExitCode::SUCCESS }
}

/// With a way to customers a crisis must reach two people by two ways, in every hour.
fn thin(config: &Config, source: &Source) -> Option<Finding> {
    let telegram = || std::env::var_os("WARMLINE_TELEGRAM_TOKEN").or(std::env::var_os("WARMLINE_TELEGRAM_TOKEN_FILE")).is_some();
    let live = !config.twilio_from.is_empty() || telegram();
    let thin = crate::desk::thin(&config.ladder, &config.all_ways()).filter(|_| live)?;
    let at = ["[[ladder.crisis]]", "[[alert]]", "[desk.telegram]", "[desk]"]
        .iter()
        .find_map(|key| source.text.find(key).map(|at| at..at + key.len()));
    let help = "say who reads what ([desk.telegram] reaches, [[alert]] reaches), and name the ways in [[ladder.crisis]]; `warmline init` shows how";
    Some(Finding::at(source, Severity::Error, at.unwrap_or(0..0), thin).help(help))
}

/// A team that takes an intent which doesn't exist takes nothing.
fn topics(rules: &crate::conversation::Rules, source: &Source) -> Vec<Finding> {
    let known: Vec<&str> = rules.engine.intents().iter().map(|intent| intent.id.as_str()).collect();
    let unknown = rules.teams.iter().flat_map(|team| &team.topics).filter(|topic| !known.contains(&topic.as_str()));
    let finding = |topic: &String| {
        let at = source.text.find(&format!("\"{topic}\"")).map_or(0..0, |start| start..start + topic.len() + 2);
        let help = crate::lexis::nearest(topic, known.iter().copied()).map(|near| format!("did you mean `{near}`?")).unwrap_or_default();
        Finding::at(source, Severity::Warning, at, format!("`{topic}` is no intent, so no team takes it")).help(help)
    };
    unknown.map(finding).collect()
}

/// What Chatwoot still needs from outside this file.
fn chatwoot(config: &Config, source: &Source) -> Option<Finding> {
    let chatwoot = config.chatwoot.as_ref()?;
    let key = "[desk.chatwoot]";
    let at = source.text.find(key).map_or(0..0, |at| at..at + key.len());
    let message = format!("staff work in Chatwoot: account {}, inbox {} of {}", chatwoot.account, chatwoot.inbox, chatwoot.url);
    let base = if config.public_url.is_empty() { "https://YOUR-BOT" } else { &config.public_url };
    let help = format!("the inbox's webhook URL: {base}/desk/chatwoot; set WARMLINE_CHATWOOT_TOKEN and WARMLINE_CHATWOOT_SECRET");
    Some(Finding::at(source, Severity::Info, at, message).help(help))
}

/// Somebody in a team whom nothing else names: their name must be the one that colleagues read.
fn people(config: &Config, source: &Source) -> Vec<Finding> {
    let ways = config.all_ways();
    let known: Vec<&str> = ways.iter().flat_map(|way| &way.reaches).chain(config.aliases.values()).map(String::as_str).collect();
    let unknown = config.teams.iter().flat_map(|team| &team.people).filter(|one| !known.iter().any(|name| name.eq_ignore_ascii_case(one)));
    let finding = |one: &String| {
        let at = source.text.find(&format!("\"{one}\"")).map_or(0..0, |start| start..start + one.len() + 2);
        let help = "people are named as in Telegram (first name) or in [desk.telegram.aliases]; `reaches` names whom a way reaches";
        Finding::at(source, Severity::Warning, at, format!("nothing else names `{one}`: is that what colleagues read?")).help(help)
    };
    if known.is_empty() { Vec::new() } else { unknown.map(finding).collect() }
}

/// A call that only the owner may make must be checked by somebody.
fn ownership(rules: &crate::conversation::Rules, config: &Config, source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let at = |call: &str| source.text.find(&format!("[backend.{call}]")).map_or(0..0, |start| start..start + call.len() + 10);
    for intent in rules.engine.intents().iter().filter(|intent| matches!(intent.needs, Needs::Owner | Needs::Confirm)) {
        let Some(name) = &intent.call else { continue };
        if config.calls.get(name).is_some_and(|call| !call.checks_owner()) {
            let message = format!("`{}` is for the owner only, but nobody checks it in this call", intent.id);
            let help = "a GET: owner = { phone = \"/customer/phone\", email = \"/customer/email\" }; else: check = \"order_status\", or send {{ proof.phone }}";
            findings.push(Finding::at(source, Severity::Error, at(name), message).help(help));
        }
        if intent.needs == Needs::Confirm && !config.calls.is_empty() && !config.calls.contains_key("send_code") {
            let message = format!("`{}` needs a code, and there is no call `send_code`", intent.id);
            let help = "it sends {{ code }} to the phone or e-mail on file; without it, changes asked for on Telegram go to a person";
            findings.push(Finding::at(source, Severity::Warning, at(name), message).help(help));
        }
    }
    for (name, call) in &config.calls {
        let Some(check) = &call.check else { continue };
        if !config.calls.get(check).is_some_and(|check| check.owner_phone.is_some() || check.owner_email.is_some()) {
            let message = format!("`{check}` is no call with an `owner`, so it checks nothing");
            findings.push(Finding::at(source, Severity::Error, at(name), message));
        }
    }
    findings
}
