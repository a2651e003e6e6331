//! `warmline chat`: a customer and a member of staff at one keyboard, through the same inbox, store and outbox as a real channel.

use super::understand::loaded;
use super::{Paths, parts, print, status};
use crate::app::{App, Clock, ForwardClock, Parts};
use crate::channel::terminal::{Print, Terminal};
use crate::store::{KvStore, MemoryKv};
use jiff::SignedDuration;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc::UnboundedReceiver;

/// How often timers are looked at.
const TICK: Duration = Duration::from_millis(300);
/// Longer than a burst is waited for, and than words of staff are held.
const QUIET: SignedDuration = SignedDuration::from_secs(6);

pub(super) fn chat(paths: &Paths) -> ExitCode {
    let Ok(mut config) = parts::config(paths) else { return ExitCode::from(status::CANT_START) };
    // The terminal is the only place where staff are.
    config.groups.clear();
    let Some((rules, backend)) = loaded(paths, &config) else { return ExitCode::from(status::CANT_START) };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::from(status::CANT_START);
    };
    let ended = runtime.block_on(async {
        let (sender, mut prints) = tokio::sync::mpsc::unbounded_channel();
        let terminal = Arc::new(Terminal::new(sender));
        let clock = Arc::new(ForwardClock::default());
        let store = KvStore::open(MemoryKv::default()).map_err(|error| error.to_string())?;
        let app = App::new(Parts {
            store: Arc::new(store),
            rules: Arc::new(rules),
            clock: clock.clone(),
            channels: vec![terminal.clone()],
            desk: Some(terminal.clone()),
            alerts: Default::default(),
            ways: Vec::new(),
            hooks: Default::default(),
            backend,
            hours: config.hours.clone(),
        team_hours: config.team_hours.clone(),
        most: config.most,
            chatwoot: None,
        })
        .await
        .map_err(|error| error.to_string())?;
        print::line(format!(
            "You write as a customer of {}; orders A1041 to A1047 are yours.\nA line that begins with > is yours as staff: > claim, > words for the customer, > close. Ctrl-D ends.",
            config.shop.name
        ));
        let id = app.conversation(&Terminal::address());
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        // From a file or a pipe each line is all that is said: nobody goes on typing.
        let piped = !std::io::stdin().is_terminal();
        let mut number = 0;
        loop {
            let line = tokio::select! {
                line = lines.next_line() => line.map_err(|error| error.to_string())?,
                () = clock.sleep(TICK) => {
                    app.fire_timers().await;
                    app.settle().await;
                    show(&mut prints);
                    continue;
                }
            };
            let Some(line) = line else { break };
            if line.trim().is_empty() {
                continue;
            }
            number += 1;
            app.receive(vec![Terminal::typed(&line, id, number, clock.entropy())]).await.map_err(|error| error.to_string())?;
            app.settle().await;
            if piped {
                clock.forward(QUIET);
                app.fire_timers().await;
                app.settle().await;
            }
            show(&mut prints);
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

/// Prints what has been said.
fn show(prints: &mut UnboundedReceiver<Print>) {
    while let Ok(text) = prints.try_recv() {
        print::line(match text {
            Print::Customer(text) => format!("bot   | {}", text.replace('\n', "\n      | ")),
            Print::Staff(text) => format!("STAFF | {}", text.replace('\n', "\n      | ")),
        });
    }
}
