//! Stand-ins for the services that Warmline talks to, for tests over real sockets.
//!
//! Owns: the list of the stand-ins, and the one way in which tests wait for something to happen (woken by each change, no sleeping
//! or polling). Leaves out: starting the bot, its configuration, and anything of the crate under test; nothing here imports it.

#![allow(dead_code, unused_imports)] // each test binary uses a part

pub mod fake_chatwoot;
pub mod fake_telegram;
pub mod fake_twilio;
pub mod mail;
pub mod receiver;

use std::pin::pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// How long `wait_for` waits before it gives up and says what was sent.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// A listener on a free port of 127.0.0.1, served until the last handle goes.
#[derive(Debug)]
struct Served {
    base_url: String,
    task: JoinHandle<()>,
}

impl Served {
    /// Binds the port and serves `router` on it.
    async fn start(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on 127.0.0.1");
        let address = listener.local_addr().expect("the port that was bound");
        let router = router.layer(DefaultBodyLimit::max(64 << 20));
        let task = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Self { base_url: format!("http://{address}"), task }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits until `done`, asked again after each change; after [`PATIENCE`] it panics with `what` and the `story` so far.
async fn wait_until(changed: &Notify, what: &str, done: impl Fn() -> bool, story: impl Fn() -> String) {
    let settled = on_change(changed, || done().then_some(()));
    if tokio::time::timeout(PATIENCE, settled).await.is_err() {
        panic!("waited {} s in vain for: {what}\n{}", PATIENCE.as_secs(), story());
    }
}

/// The first value that `look` gives, which is asked now and after each change. No change between the two can be missed.
async fn on_change<T>(changed: &Notify, look: impl Fn() -> Option<T>) -> T {
    loop {
        let mut next = pin!(changed.notified());
        next.as_mut().enable();
        if let Some(found) = look() {
            return found;
        }
        next.await;
    }
}

/// Seconds since 1970, for the dates that services put into what they send.
fn unix_now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}
