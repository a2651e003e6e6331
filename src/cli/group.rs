//! Whether the staff's groups keep to themselves what is written in them.
//!
//! Owns: asking Telegram, and what is wrong with the answer.
//! Invariants: asked only where a token and a group are at hand; that Telegram doesn't answer is a note, no mistake.

use super::parts;
use crate::app::Config;
use crate::lexis::{Finding, Severity, Source};
use crate::transport::SendError;
use crate::transport::telegram::Keeps;
use std::time::Duration;

/// Telegram is waited for no longer than this.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is wrong, and the mend.
pub(super) fn mistakes(keeps: Keeps) -> impl Iterator<Item = (&'static str, &'static str)> {
    let history = (
        "who joins the staff's group later reads everything that customers wrote before",
        "in the group's settings set `Chat history for new members` to hidden",
    );
    let forwarded = (
        "what customers wrote can be forwarded and saved from the staff's group",
        "in the group's settings turn on `Restrict saving content`",
    );
    [(keeps.visible_history, history), (!keeps.protected, forwarded)].into_iter().filter(|(wrong, _)| *wrong).map(|(_, mistake)| mistake)
}

/// Asks Telegram, where a token is in the environment.
pub(super) fn findings(config: &Config, source: &Source) -> Vec<Finding> {
    let Some(secrets) = parts::secrets().ok().filter(|_| !config.groups.is_empty()) else { return Vec::new() };
    let Ok(Some(telegram)) = parts::telegram(config, &secrets) else { return Vec::new() };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return Vec::new() };
    let asked = config.groups.iter().map(|group| {
        let asked =
            async { tokio::time::timeout(PATIENCE, telegram.client.keeps(group.chat)).await.unwrap_or(Err(SendError::Later(None))) };
        (group.chat, runtime.block_on(asked))
    });
    let mut findings = Vec::new();
    for (chat, keeps) in asked {
        let id = chat.to_string();
        let at = source.text.find(&id).map_or(0..0, |at| at..at + id.len());
        let which = if config.groups.len() > 1 { format!(" ({chat})") } else { String::new() };
        match keeps {
            Ok(keeps) => findings.extend(
                mistakes(keeps)
                    .map(|(mistake, mend)| Finding::at(source, Severity::Warning, at.clone(), format!("{mistake}{which}")).help(mend)),
            ),
            Err(SendError::Later(_)) => {
                let message = format!("Telegram could not be asked whether the staff's group{which} keeps its history to itself");
                findings.push(Finding::at(source, Severity::Info, at, message).help("try again later"));
            }
            Err(_) => {
                let message = format!("the bot can't see the staff's group{which}: what is for it would not get there");
                findings.push(Finding::at(source, Severity::Warning, at, message).help("add the bot there as an admin, or correct the id"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_keeps_to_itself_what_is_written_in_it() {
        for (visible_history, protected, wrong) in [(false, true, 0), (true, true, 1), (false, false, 1), (true, false, 2)] {
            assert_eq!(mistakes(Keeps { visible_history, protected }).count(), wrong, "{visible_history} {protected}");
        }
    }
}
