//! The one writer of a store.
//!
//! Owns: a thread that takes write jobs, runs them one after the other, and flushes once for all that were waiting.
//! Invariants: jobs run alone and in order; an acknowledgement follows the flush of its job's group.
//! Leaves out: what a job writes.

use super::StoreError;
use super::kv::Kv;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::mpsc;

/// What acknowledges a job once its group is flushed.
pub(super) type Acknowledge = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// A write: runs alone, returns what acknowledges it.
pub(super) type Job = Box<dyn FnOnce() -> Acknowledge + Send>;

/// How many jobs may wait, and how many share a flush.
const WAITING: usize = 1_024;
const GROUP: usize = 256;

/// The writer's handle; dropping it lets the thread finish what waits, and end.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start<K: Kv>(kv: Arc<K>) -> Result<Self, StoreError> {
        let (jobs, mut waiting) = mpsc::channel::<Job>(WAITING);
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || {
                while let Some(first) = waiting.blocking_recv() {
                    let mut acknowledgements = vec![first()];
                    while acknowledgements.len() < GROUP
                        && let Ok(job) = waiting.try_recv()
                    {
                        acknowledgements.push(job());
                    }
                    let flushed = kv.flush();
                    for acknowledge in acknowledgements {
                        acknowledge(flushed.as_ref().copied().map_err(|error| StoreError::Failed(error.to_string())));
                    }
                }
            })
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(Writer { jobs: Some(jobs), thread: Some(thread) })
    }

    pub(super) async fn send(&self, job: Job) -> Result<(), StoreError> {
        let stopped = || StoreError::Failed("the writer has stopped".into());
        self.jobs.as_ref().ok_or_else(stopped)?.send(job).await.map_err(|_| stopped())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic in a job has been reported by its caller, whose answer never came.
            let _ = thread.join();
        }
    }
}
