//! Is it alive, is it ready, how is it doing.

use super::Server;
use crate::care::STALE_DAYS;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// The process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The bot can do its work; if not, why.
pub(super) async fn readyz(State(server): State<Server>) -> (StatusCode, Json<Value>) {
    let mut why = Vec::new();
    let mut notes = Vec::new();
    if let Err(error) = server.app.store.get("layout").await {
        why.push(format!("the store fails: {error}"));
    }
    if server.app.rules.load().safe {
        why.push("safe mode: the intent files are broken and no good set is left; every message goes to a person".into());
    } else if server.app.stale.load(Ordering::Relaxed) {
        notes.push("the intent files have mistakes; the last good set is in use".to_string());
    }
    if server.stopping.load(Ordering::Relaxed) {
        why.push("stopping".into());
    }
    let today = server.app.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    if let Some(days) = server.app.rules.load().help.oldest(today).filter(|days| *days >= STALE_DAYS) {
        notes.push(format!("help lines: the oldest row was looked up {days} days ago"));
    }
    let alerted = server.app.has_desk() || !server.app.alerts.is_empty();
    if !alerted {
        notes.push("no desk: handoffs wait in the queue, and nobody is told".into());
    }
    if !server.app.channels.is_empty() {
        notes.extend(crate::desk::thin(&server.app.rules.load().ladder, &server.app.ways));
    }
    let shut = server.app.shut();
    notes.extend(shut.iter().map(|chat| format!("the bot can't write in the staff's group {chat}: what is for it goes to another one")));
    if alerted {
        notes.push(drill_note(&server).await);
    }
    let status = if why.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({"ready": why.is_empty(), "why": why, "notes": notes})))
}

/// How long ago somebody acknowledged a drill.
async fn drill_note(server: &Server) -> String {
    let now = server.app.clock.now();
    let ago = |at: Timestamp| format!("{} hours ago", now.duration_since(at).as_hours().max(0));
    match server.app.last_drill().await {
        Ok(Some(drill)) => match (drill.claimed, drill.before) {
            (Some(claimed), _) => format!("the last drill was claimed {}", ago(claimed)),
            (None, Some(before)) => format!("nobody has claimed the drill of {}; the last claim was {}", ago(drill.at), ago(before)),
            (None, None) => format!("nobody has claimed the drill of {}", ago(drill.at)),
        },
        Ok(None) => "there was no drill yet: `warmline drill`".into(),
        Err(error) => format!("drills can't be read: {error}"),
    }
}

/// Metrics in Prometheus's text format.
pub(super) async fn metrics(State(server): State<Server>) -> Result<String, StatusCode> {
    if let Ok(queue) = server.app.store.queue().await {
        for urgency in ["stuck", "asked", "distress", "crisis"] {
            let count = queue.iter().filter(|row| row.urgency.name() == urgency).count();
            metrics::gauge!("warmline_queue", "urgency" => urgency).set(count as f64);
        }
    }
    server.metrics.as_ref().map(|metrics| metrics.render()).ok_or(StatusCode::NOT_FOUND)
}
