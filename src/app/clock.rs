//! The one place that knows the time, waits, makes random bits and starts tasks.
//!
//! Owns: `Clock` and `Spawn`, what they are in a running program, and patience at a start. Everything else takes the time as an argument.

use async_trait::async_trait;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The time and randomness.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Random bits, for codes and keys.
    fn entropy(&self) -> u64;
    /// Waits.
    async fn sleep(&self, time: Duration);
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn entropy(&self) -> u64 {
        rand::random()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// Waits a moment whenever it is asked, and says whether to go on, until `most` has passed since the first time: for what another
/// process or thread is about to let go of, before anything is served.
pub fn patience(most: Duration) -> impl FnMut() -> bool {
    let mut first = None;
    move || {
        std::thread::sleep(Duration::from_millis(20));
        first.get_or_insert_with(Instant::now).elapsed() < most
    }
}

/// The machine's clock, put forward: for input that is read faster than anybody types.
#[derive(Debug, Default)]
pub struct ForwardClock {
    ahead: AtomicI64,
}

impl ForwardClock {
    /// Puts it forward.
    pub fn forward(&self, time: SignedDuration) {
        self.ahead.fetch_add(time.as_secs(), Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for ForwardClock {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        now.checked_add(SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed))).unwrap_or(now)
    }

    fn entropy(&self) -> u64 {
        SystemClock.entropy()
    }

    async fn sleep(&self, time: Duration) {
        SystemClock.sleep(time).await;
    }
}

/// Starts tasks that end when the program is asked to stop.
pub trait Spawn: Send + Sync {
    /// Starts a task; a panic in it is reported and ends only itself.
    fn spawn(&self, name: &'static str, task: BoxFuture<'static, ()>);
    /// Resolves when the program is asked to stop.
    fn stopping(&self) -> CancellationToken;
}

/// Tasks on tokio.
#[derive(Clone, Debug, Default)]
pub struct TokioSpawn {
    tracker: TaskTracker,
    token: CancellationToken,
}

impl TokioSpawn {
    /// Asks every task to stop.
    pub fn stop(&self) {
        self.token.cancel();
        self.tracker.close();
    }

    /// Waits for every task, at most this long; `false` when one did not end.
    pub async fn drain(&self, most: Duration) -> bool {
        self.tracker.close();
        tokio::time::timeout(most, self.tracker.wait()).await.is_ok()
    }
}

impl Spawn for TokioSpawn {
    fn spawn(&self, name: &'static str, task: BoxFuture<'static, ()>) {
        let handle = tokio::spawn(task);
        self.tracker.spawn(async move {
            if handle.await.is_err_and(|error| error.is_panic()) {
                tracing::error!(task = name, "A task has panicked.");
            }
        });
    }

    fn stopping(&self) -> CancellationToken {
        self.token.clone()
    }
}
