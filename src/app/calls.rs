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

    async fn make_call(&self, row: &CallRow) -> bool {
        let name = &row.request.name;
        let returned = if row.started && !self.backend.repeatable(name) {
            tracing::warn!(conversation = %row.id.short(), call = %name, "A call was cut off and can't safely be repeated; a person gets it.");
            ended(&row.request, "error")
        } else {
            if let Err(error) = self.store.call_started(row).await {
                tracing::error!(%error, "A call could not be marked; will try again.");
                return false;
            }
            self.backend.call(&row.request, &row.idempotency_key(), self.clock.now()).await
        };
        metrics::counter!("warmline_calls_total", "outcome" => returned.outcome.clone()).increment(1);
        let finishes = Finishes { call: Some(row.request.number), ..Finishes::default() };
        match self.handle(row.id, None, Event::CallReturned(returned), finishes, self.clock.now()).await {
            Ok(done) => done,
            Err(error) => {
                tracing::error!(conversation = %row.id.short(), %error, "A call's end could not be committed; will try again.");
                false
            }
        }
    }
}
