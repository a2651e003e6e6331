//! Calls to the operator's systems.
//!
//! Owns: making the calls that were committed as pending, and bringing back how they ended.
//! Invariants: a call that may have gone through before a crash is made again only when that is safe; otherwise it ends as
//! `error`, and the conversation gives it to a person.

use super::App;
use super::handle::Finishes;
use crate::backend::ended;
use crate::conversation::Event;
use crate::store::CallRow;
use futures::FutureExt;
use futures::future::BoxFuture;
use std::sync::PoisonError;

impl App {
    /// Makes every call that waits; how many there were.
    pub async fn make_calls(&self) -> usize {
        let rows = match self.store.calls().await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::error!(%error, "Pending calls can't be read; will try again.");
                return 0;
            }
        };
        futures::future::join_all(rows.iter().map(|row| self.make_call(row))).await.into_iter().filter(|made| *made).count()
    }

    /// Starts every call that waits and is not under way, each as a task of its own: a slow one holds up no other.
    pub(super) async fn start_calls(self: &std::sync::Arc<Self>, spawn: &(dyn Fn(BoxFuture<'static, ()>) + Send + Sync)) {
        let rows = self.store.calls().await.unwrap_or_default();
        for row in rows {
            let key = (row.id, row.request.number);
            if !self.calls_under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(key) {
                continue;
            }
            let app = self.clone();
            spawn(
                async move {
                    app.make_call(&row).await;
                    app.calls_under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
                }
                .boxed(),
            );
        }
    }

    async fn make_call(&self, row: &CallRow) -> bool {
        let name = &row.request.name;
        let returned = if row.started && !self.backend.repeatable(name) {
            tracing::warn!(conversation = %row.id.short(), call = %name, "A call was cut off and can't safely be repeated; a person gets it.");
            ended(&row.request, "error")
        } else {
            match self.store.call_started(row).await {
                Ok(true) => {}
                // Somebody else has made it since the list was read.
                Ok(false) => return false,
                Err(error) => {
                    tracing::error!(%error, "A call could not be marked; will try again.");
                    return false;
                }
            }
            let returned = self.backend.call(&row.request, &row.idempotency_key(), self.clock.now()).await;
            match returned.outcome.as_str() {
                // A lookup that failed at once is asked once more; one that took its whole time is not, the customer waits.
                "error" if self.backend.repeatable(name) => self.backend.call(&row.request, &row.idempotency_key(), self.clock.now()).await,
                _ => returned,
            }
        };
        metrics::counter!("warmline_calls_total", "outcome" => returned.outcome.clone()).increment(1);
        let finishes = Finishes { call: Some(row.request.number), ..Finishes::default() };
        match self.handle(row.id, None, &Event::CallReturned(returned), finishes, self.clock.now()).await {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(conversation = %row.id.short(), %error, "A call's end could not be committed; will try again.");
                false
            }
        }
    }
}
