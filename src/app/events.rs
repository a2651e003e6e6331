//! What happens at the desk, for whoever listens.
//!
//! Owns: who may listen (`[[api]]`), and telling those who listen now.
//! Invariants: an event is told after its commit, at most once: whoever missed one reads the queue.
//! Leaves out: what an event says (`desk`), how it travels (`server`), webhooks (`hooks`).

use super::App;
use super::config::Config;
use crate::desk::DeskEvent;
use crate::lexis::Table;
use std::sync::PoisonError;
use tokio::sync::broadcast;

/// Events that wait for somebody slow.
pub(super) const WAITING: usize = 1_024;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// See handoffs, transcripts, figures and events.
    Read,
    /// Claim, answer, note, close.
    Work,
}

impl Scope {
    /// As it is configured.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Work => "work",
        }
    }
}

/// Somebody who may use the API, as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiUser {
    /// The name: its token is `WARMLINE_API_NAME`.
    pub name: String,
    /// What the token may do.
    pub scopes: Vec<Scope>,
    /// Where events are posted, too: signed with `WARMLINE_WEBHOOK_NAME`.
    pub webhook: Option<String>,
}

/// Reads `[[api]]`.
pub(super) fn read(config: &mut Config, root: &Table<'_>) {
    for table in root.tables("api") {
        table.only(&["name", "scopes", "webhook"]);
        let plain = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let Some(name) = table.string("name").filter(|name| plain(&name.value)) else {
            table.doc.error(table.span.clone(), "an API user needs a `name` of letters, digits and _", "name = \"crm\"");
            continue;
        };
        if config.api.iter().any(|user| user.name.eq_ignore_ascii_case(&name.value)) {
            table.doc.error(name.span.clone(), format!("there is an API user called `{}` already", name.value), "");
        }
        let mut scopes = Vec::new();
        for scope in table.strings("scopes") {
            match [Scope::Read, Scope::Work].into_iter().find(|known| known.name() == scope.value) {
                Some(scope) => scopes.push(scope),
                None => table.doc.error(scope.span, format!("there is no scope `{}`", scope.value), "read, work"),
            }
        }
        if scopes.is_empty() {
            table.doc.error(name.span.clone(), format!("`{}` may do nothing", name.value), "scopes = [\"read\", \"work\"]");
        }
        let webhook = table.string("webhook").map(|webhook| {
            if !url::Url::parse(&webhook.value).is_ok_and(|url| ["http", "https"].contains(&url.scheme())) {
                table.doc.error(webhook.span.clone(), "`webhook` is no URL", "webhook = \"https://crm.example.com/warmline\"");
            }
            if !scopes.contains(&Scope::Read) && !scopes.is_empty() {
                table.doc.error(webhook.span, "events are for those who may read", "scopes = [\"read\"]");
            }
            webhook.value
        });
        config.api.push(ApiUser { name: name.value, scopes, webhook });
    }
}

impl App {
    /// Listens from now on; `None` when the bot stops.
    pub fn events(&self) -> Option<broadcast::Receiver<DeskEvent>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(broadcast::Sender::subscribe)
    }

    /// Nothing more is told: whoever listens hears the end.
    pub fn end_events(&self) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Tells what has happened.
    pub(super) fn tell(&self, happened: Vec<DeskEvent>) {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(events) = events.as_ref() else { return };
        for event in happened {
            // Nobody may be listening.
            let _ = events.send(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexis::Source;

    #[test]
    fn every_mistake_is_shown_with_its_place() {
        for (name, text, wanted) in [
            ("no name", "scopes = [\"read\"]\n", vec!["1 an API user needs a `name` of letters, digits and _"]),
            ("no scope", "name = \"crm\"\n", vec!["2 `crm` may do nothing"]),
            ("a scope that is none", "name = \"crm\"\nscopes = [\"read\", \"write\"]\n", vec!["3 there is no scope `write`"]),
            ("no URL", "name = \"crm\"\nscopes = [\"read\"]\nwebhook = \"crm.example\"\n", vec!["4 `webhook` is no URL"]),
            (
                "events for whoever may not read",
                "name = \"crm\"\nscopes = [\"work\"]\nwebhook = \"https://crm.example\"\n",
                vec!["4 events are for those who may read"],
            ),
        ] {
            let findings = Config::read(&Source::new("config.toml", format!("[[api]]\n{text}"))).expect_err("wrong");
            let shown: Vec<String> = findings.iter().map(|finding| format!("{} {}", finding.line, finding.message)).collect();
            assert_eq!(shown, wanted, "{name}");
        }
    }
}
