//! The workers of a running bot.
//!
//! Owns: one loop each for inbox, outbox, calls, timers, files and Telegram's polling; how they wake and end.
//! Invariants: each loop calls one step and waits for a reason to call it again; asked to stop, it finishes its step.

use super::config::Config;
use super::outbox::Outgoing;
use super::poll::Poller;
use super::{App, Spawn};
use crate::lexis::Finding;
use crate::transport::telegram::POLL;
use futures::FutureExt;
use notify::{RecursiveMode, Watcher};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// A queue is looked at again after this long even when nothing woke its worker.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// How often timers are looked at: the shortest one is two seconds.
const TICK: Duration = Duration::from_millis(300);

/// Who sends what, for as long as the bot runs.
enum Worker {
    Channel(&'static str),
    Desk,
    Alerts(String),
    Kin,
    Chatwoot,
    Hooks(String),
}

/// Starts every worker.
pub fn run(app: &Arc<App>, spawn: &Arc<dyn Spawn>, poller: Option<Poller>, files: Option<(PathBuf, Config)>) {
    let stopping = spawn.stopping();
    let (inbox, end) = (app.clone(), stopping.clone());
    let task = async move {
        loop {
            steady("inbox", inbox.drain_inbox()).await;
            if end.is_cancelled() {
                return;
            }
            tokio::select! {
                () = inbox.inbox_ready.notified() => {}
                () = inbox.clock.sleep(LOOK_AGAIN) => {}
                () = end.cancelled() => {}
            }
        }
    };
    spawn.spawn("inbox", task.boxed());

    let (calls, end, tasks) = (app.clone(), stopping.clone(), spawn.clone());
    let task = async move {
        while !end.is_cancelled() {
            let start = |task| tasks.spawn("call", task);
            calls.start_calls(&start).await;
            tokio::select! {
                () = calls.calls_ready.notified() => {}
                () = calls.clock.sleep(LOOK_AGAIN) => {}
                () = end.cancelled() => {}
            }
        }
    };
    spawn.spawn("calls", task.boxed());

    // One worker a channel, one for the desk and one a way of alerting: a service that hangs holds up nobody else's words.
    let chatwoot = app.chatwoot.iter().map(|_| Worker::Chatwoot);
    let ways = app.alerts.keys().cloned().map(Worker::Alerts);
    let hooks = app.hooks.keys().cloned().map(Worker::Hooks);
    let channels = app.channels.keys().map(|channel| Worker::Channel(channel));
    for worker in channels.chain([Worker::Desk, Worker::Kin]).chain(chatwoot).chain(ways).chain(hooks) {
        let (app, end) = (app.clone(), stopping.clone());
        let mut ready = app.outbox_ready.subscribe();
        let task = async move {
            loop {
                let outgoing = match &worker {
                    Worker::Channel(channel) => Outgoing::Channel(channel),
                    Worker::Desk => Outgoing::Desk,
                    Worker::Alerts(way) => Outgoing::Alerts(way),
                    Worker::Kin => Outgoing::Kin,
                    Worker::Chatwoot => Outgoing::Chatwoot,
                    Worker::Hooks(name) => Outgoing::Hooks(name),
                };
                match outgoing {
                    Outgoing::Channel(channel) => steady("outbox", app.deliver_lines(Some(channel))).await,
                    Outgoing::Desk => steady("desk", app.deliver_desk()).await,
                    Outgoing::Alerts(way) => steady("alerts", app.deliver_alerts(Some(way))).await,
                    Outgoing::Kin => steady("kin", app.deliver_kin()).await,
                    Outgoing::Chatwoot => steady("chatwoot", app.deliver_mirror()).await,
                    Outgoing::Hooks(name) => steady("webhooks", app.deliver_hooks(Some(name))).await,
                }
                if end.is_cancelled() {
                    return;
                }
                tokio::select! {
                    _ = ready.changed() => {}
                    () = wake(&app, outgoing) => {}
                    () = end.cancelled() => {}
                }
            }
        };
        spawn.spawn("outbox", task.boxed());
    }

    let (timers, end) = (app.clone(), stopping.clone());
    let task = async move {
        while !end.is_cancelled() {
            steady("timers", timers.fire_timers()).await;
            tokio::select! {
                () = timers.clock.sleep(TICK) => {}
                () = end.cancelled() => {}
            }
        }
    };
    spawn.spawn("timers", task.boxed());
    if let Some(mut poller) = poller {
        let (app, end) = (app.clone(), stopping.clone());
        let task = async move {
            while !end.is_cancelled() {
                tokio::select! {
                    polled = poller.step(&app, POLL) => if let Err(error) = polled {
                        tracing::warn!(%error, "Telegram does not answer; will ask again.");
                        app.clock.sleep(retry_after(&error)).await;
                    },
                    () = end.cancelled() => {}
                }
            }
        };
        spawn.spawn("telegram", task.boxed());
    }
    if let Some((folder, config)) = files {
        watch(app, spawn, folder, config);
    }
}

fn retry_after(error: &crate::transport::SendError) -> Duration {
    match error {
        crate::transport::SendError::Later(Some(after)) => *after,
        _ => Duration::from_secs(3),
    }
}

/// One step of a worker; a panic in it is reported and does not end the worker.
async fn steady(worker: &'static str, step: impl Future<Output = usize>) {
    if AssertUnwindSafe(step).catch_unwind().await.is_err() {
        metrics::counter!("warmline_panics_total").increment(1);
        tracing::error!(worker, "A worker's step has panicked; the worker goes on.");
    }
}

/// Waits until the next row of the outbox is due, or for a while.
async fn wake(app: &App, worker: Outgoing<'_>) {
    let wait = match app.next_for(worker).await {
        Some(due) => {
            let until = due.duration_since(app.clock.now());
            Duration::try_from(until).unwrap_or(Duration::ZERO).clamp(Duration::from_millis(50), LOOK_AGAIN)
        }
        None => LOOK_AGAIN,
    };
    app.clock.sleep(wait).await;
}

/// Reloads when a file of the folder changes.
fn watch(app: &Arc<App>, spawn: &Arc<dyn Spawn>, folder: PathBuf, config: Config) {
    if !folder.is_dir() {
        return;
    }
    let changed = Arc::new(Notify::new());
    let tell = changed.clone();
    let watcher = notify::recommended_watcher(move |event: Result<notify::Event, notify::Error>| {
        if event.is_ok_and(|event| !event.kind.is_access()) {
            tell.notify_one();
        }
    });
    let mut watcher = match watcher {
        Ok(watcher) => watcher,
        Err(error) => return tracing::warn!(%error, "Files can't be watched; restart after changing them."),
    };
    if let Err(error) = watcher.watch(&folder, RecursiveMode::Recursive) {
        return tracing::warn!(%error, "Files can't be watched; restart after changing them.");
    }
    let (app, stopping) = (app.clone(), spawn.stopping());
    let task = async move {
        let _watcher = watcher;
        loop {
            tokio::select! {
                () = changed.notified() => {}
                () = stopping.cancelled() => return,
            }
            // An editor writes a file in several steps; wait until it is done.
            app.clock.sleep(Duration::from_millis(300)).await;
            match app.reload(&folder, &config).await {
                Ok(_) => tracing::info!("The intent files have changed and are in use."),
                Err(findings) => {
                    let errors: Vec<String> = findings.iter().map(Finding::to_string).collect();
                    tracing::error!(
                        mistakes = errors.len(),
                        "The intent files have mistakes; the last good set stays in use.\n{}",
                        errors.join("\n")
                    );
                }
            }
        }
    };
    spawn.spawn("files", task.boxed());
}
