//! The socket over which commands ask a running bot.
//!
//! Owns: `control.sock` in the data folder, mode 0600: one line of question, lines of answer.
//! Invariants: only the account that runs the bot can connect. sled's lock is exclusive, so a second process could not read the
//! store beside it.

use super::{print, serve, status};
use crate::app::{App, Config, Spawn};
use crate::store::{Store, StoreError};
use futures::FutureExt;
use serde::de::DeserializeOwned;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt};

/// Removes the socket at the end.
pub(super) struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn path(data: &Path) -> PathBuf {
    data.join("control.sock")
}

/// Answers questions until the bot stops. Without a socket the bot runs all the same.
pub(super) fn listen(app: &Arc<App>, spawn: &dyn Spawn, data: &Path) -> Option<Socket> {
    let path = path(data);
    // The store's lock is ours, so a socket that is there belongs to a process that was killed.
    let _ = std::fs::remove_file(&path);
    let bound = tokio::net::UnixListener::bind(&path).and_then(|listener| {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(listener)
    });
    let listener = match bound {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, "The control socket can't be made; `warmline queue` will not reach this bot.");
            return None;
        }
    };
    let (app, stopping) = (app.clone(), spawn.stopping());
    let task = async move {
        loop {
            let stream = tokio::select! {
                stream = listener.accept() => stream,
                () = stopping.cancelled() => return,
            };
            let Ok((mut stream, _)) = stream else { continue };
            let mut question = String::new();
            let (read, mut write) = stream.split();
            if tokio::io::BufReader::new(read).read_line(&mut question).await.is_err() {
                continue;
            }
            let answer = match question.trim() {
                "unmatched" => app.store.missed().await.ok().and_then(|rows| serde_json::to_string(&rows).ok()),
                "weekly" => app.store.figures().await.ok().and_then(|rows| serde_json::to_string(&rows).ok()),
                "queue" => app.store.queue().await.ok().and_then(|rows| serde_json::to_string(&rows).ok()),
                "drill" => app.drill().await.ok().and_then(|drill| serde_json::to_string(&[drill]).ok()),
                "walk" => super::walk::read(app.store.as_ref(), &app.hours).await.ok().and_then(|found| serde_json::to_string(&found).ok()),
                question => match question.split_once(' ') {
                    Some(("export", id)) => {
                        super::export::read(app.store.as_ref(), id).await.ok().and_then(|found| serde_json::to_string(&found).ok())
                    }
                    Some(("finished", since)) => match since.parse() {
                        Ok(since) => app.store.finished(since).await.ok().and_then(|found| serde_json::to_string(&found).ok()),
                        Err(_) => None,
                    },
                    Some((asked @ ("review" | "reviewed"), rest)) => {
                        super::review::answer(&app, asked, rest).await.and_then(|found| serde_json::to_string(&found).ok())
                    }
                    _ => None,
                },
            };
            let _ = write.write_all(format!("{}\n", answer.unwrap_or_else(|| "null".into())).as_bytes()).await;
        }
    };
    spawn.spawn("control", task.boxed());
    Some(Socket(path))
}

/// Rows of a running bot, or, when none runs, of its store; the mistake is shown, and the status is for the way out.
pub(super) fn rows<T: DeserializeOwned>(
    config: &Config,
    question: &str,
    read: impl AsyncFnOnce(&dyn Store) -> Result<Vec<T>, StoreError>,
) -> Result<Vec<T>, ExitCode> {
    if let Some(rows) = ask(&config.data, question) {
        return Ok(rows);
    }
    if !config.data.is_dir() {
        return Ok(Vec::new());
    }
    serve::open(config).and_then(|store| futures::executor::block_on(read(&store))).map_err(|error| {
        print::error(error.to_string());
        ExitCode::from(status::CANT_START)
    })
}

/// Asks a running bot for its rows of something; `None` when none runs there.
pub(super) fn ask<T: DeserializeOwned>(data: &Path, question: &str) -> Option<Vec<T>> {
    let mut stream = UnixStream::connect(path(data)).ok()?;
    stream.write_all(format!("{question}\n").as_bytes()).ok()?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).ok()?;
    serde_json::from_str(&answer).ok()
}
