//! What happens at the desk, for whoever listens.
//!
//! Owns: [`DeskEvent`] and telling it; who may listen (`[[api]]`).
//! Invariants: an event holds no words, names of customers or numbers; it is told after its commit, at most once: whoever
//! missed one reads the queue.
//! Leaves out: how it travels (`server`).

use super::App;
use super::config::Config;
use crate::conversation::{ConversationId, Owner, State};
use crate::lexis::Table;
use jiff::Timestamp;
use serde::Serialize;
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
}

/// Reads `[[api]]`.
pub(super) fn read(config: &mut Config, root: &Table<'_>) {
    for table in root.tables("api") {
        table.only(&["name", "scopes"]);
        let plain = |name: &str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let Some(name) = table.string("name").filter(|name| plain(&name.value)) else {
            table.doc.error(table.span.clone(), "an API user needs a `name` of letters, digits and _", "name = \"crm\"");
            continue;
        };
        if config.api.iter().any(|user| user.name == name.value) {
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
        config.api.push(ApiUser { name: name.value, scopes });
    }
}

/// Something that happened to a handoff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeskEvent {
    /// `opened`, `raised`, `claimed`, `freed`, `answered`, `wrote`, `closed`.
    pub kind: &'static str,
    /// The conversation.
    pub id: ConversationId,
    /// How urgent it is, or was.
    pub urgency: &'static str,
    /// The customer's channel.
    pub channel: String,
    /// Who has it.
    pub owner: Option<String>,
    /// When.
    pub at: Timestamp,
}

impl DeskEvent {
    /// What a step has changed.
    pub(super) fn of(id: ConversationId, before: &State, after: &State, now: Timestamp) -> Vec<Self> {
        let (was, is) = (&before.handoff, &after.handoff);
        let Some(handoff) = is.as_ref().or(was.as_ref()) else { return Vec::new() };
        let owner = |state: &State| match &state.owner {
            Owner::Human { staff } => Some(staff.clone()),
            _ => None,
        };
        let (had, has) = (owner(before), owner(after));
        let mut kinds = Vec::new();
        match (was, is) {
            (None, Some(_)) => kinds.push("opened"),
            (Some(_), None) => kinds.push("closed"),
            (Some(was), Some(is)) => {
                if is.urgency > was.urgency {
                    kinds.push("raised");
                }
                match (&had, &has) {
                    (had, Some(_)) if *had != has => kinds.push("claimed"),
                    (Some(_), None) => kinds.push("freed"),
                    _ => {}
                }
                if is.answered && !was.answered {
                    kinds.push("answered");
                }
                if after.wrote != before.wrote {
                    kinds.push("wrote");
                }
            }
            (None, None) => {}
        }
        let event = |kind| DeskEvent {
            kind,
            id,
            urgency: handoff.urgency.name(),
            channel: after.address.channel.clone(),
            owner: has.as_ref().map(|staff| staff.name.clone()),
            at: now,
        };
        kinds.into_iter().map(event).collect()
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
