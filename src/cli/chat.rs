//! `warmline chat`: a customer and a member of staff at one keyboard, through the same inbox, store and outbox as a real channel.

use super::understand::loaded;
use super::{Paths, parts, print, status};
use crate::app::{App, Clock, Parts, SystemClock};
use crate::channel::terminal::{Print, Terminal};
use crate::store::{KvStore, MemoryKv};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, BufReader};

pub(super) fn chat(paths: &Paths) -> ExitCode {
    let Ok(config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    let Some((rules, backend)) = loaded(paths, &config) else { return ExitCode::from(status::CANT_START) };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::from(status::CANT_START);
    };
    let ended = runtime.block_on(async {
        let (sender, mut prints) = tokio::sync::mpsc::unbounded_channel();
        let terminal = Arc::new(Terminal::new(sender));
        let store = KvStore::open(MemoryKv::default()).map_err(|error| error.to_string())?;
        let app = App::new(Parts {
            store: Arc::new(store),
            rules: Arc::new(rules),
            clock: Arc::new(SystemClock),
            channels: vec![terminal.clone()],
            desk: Some(terminal.clone()),
            backend,
            hours: config.hours.clone(),
        })
        .await
        .map_err(|error| error.to_string())?;
        print::line(format!(
            "You write as a customer of {}; orders A1041 to A1047 are yours.\nA line that begins with > is yours as staff: > claim, > words for the customer, > close. Ctrl-D ends.",
            config.shop.name
        ));
        let id = app.conversation(&Terminal::address());
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        let mut number = 0;
        while let Some(line) = lines.next_line().await.map_err(|error| error.to_string())? {
            if line.trim().is_empty() {
                continue;
            }
            number += 1;
            app.receive(vec![Terminal::typed(&line, id, number, SystemClock.entropy())]).await.map_err(|error| error.to_string())?;
            app.settle().await;
            while let Ok(text) = prints.try_recv() {
                print::line(match text {
                    Print::Customer(text) => format!("bot   | {}", text.replace('\n', "\n      | ")),
                    Print::Staff(text) => format!("STAFF | {}", text.replace('\n', "\n      | ")),
                });
            }
        }
        Ok::<(), String>(())
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print::error(error);
            ExitCode::from(status::CANT_START)
        }
    }
}
