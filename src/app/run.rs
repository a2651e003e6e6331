//! The workers of a running bot.
//!
//! Owns: one loop each for inbox, outbox, calls, timers, files and Telegram's polling; how they wake and end.
//! Invariants: each loop calls one step and waits for a reason to call it again; asked to stop, it finishes its step.

use super::config::Config;
use super::poll::Poller;
use super::{App, Spawn};
use crate::lexis::Finding;
use crate::transport::telegram::POLL;
use futures::FutureExt;
use futures::future::BoxFuture;
use notify::{RecursiveMode, Watcher};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// A queue is looked at again after this long even when nothing woke its worker.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Starts every worker.
pub fn run(app: &Arc<App>, spawn: &dyn Spawn, poller: Option<Poller>, files: Option<(PathBuf, Config)>) {
    let stopping = spawn.stopping();
    let worker = |name: &'static str, app: &Arc<App>, ready: fn(&App) -> &Notify, step: fn(Arc<App>) -> BoxFuture<'static, ()>| {
        let (app, stopping) = (app.clone(), stopping.clone());
        let task = async move {
            while !stopping.is_cancelled() {
                step(app.clone()).await;
                tokio::select! {
                    () = ready(&app).notified() => {}
                    () = wake(&app) => {}
                    () = stopping.cancelled() => {}
                }
            }
            // What came in last is still worked through.
            step(app).await;
        };
        spawn.spawn(name, task.boxed());
    };
    worker(
        "inbox",
        app,
        |app| &app.inbox_ready,
        |app| {
            async move {
                let _ = app.drain_inbox().await;
            }
            .boxed()
        },
    );
    worker(
        "calls",
        app,
        |app| &app.calls_ready,
        |app| {
            async move {
                let _ = app.make_calls().await;
            }
            .boxed()
        },
    );
    worker(
        "outbox",
        app,
        |app| &app.outbox_ready,
        |app| {
            async move {
                let _ = app.deliver().await;
            }
            .boxed()
        },
    );

    let (timers, end) = (app.clone(), stopping.clone());
    let task = async move {
        while !end.is_cancelled() {
            timers.fire_timers().await;
            tokio::select! {
                () = timers.clock.sleep(Duration::from_secs(1)) => {}
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

/// Waits until the next row of the outbox is due, or for a while.
async fn wake(app: &App) {
    let wait = match app.next_due().await {
        Some(due) => {
            let until = due.duration_since(app.clock.now());
            Duration::try_from(until).unwrap_or(Duration::ZERO).clamp(Duration::from_millis(50), LOOK_AGAIN)
        }
        None => LOOK_AGAIN,
    };
    app.clock.sleep(wait).await;
}

/// Reloads when a file of the folder changes.
fn watch(app: &Arc<App>, spawn: &dyn Spawn, folder: PathBuf, config: Config) {
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
