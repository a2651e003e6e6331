//! The review list: put together when it is asked for.
//!
//! Owns: which week is meant, what of the store belongs to it, the twenty others picked at random, saying that one was looked at.
//! Invariants: whoever asks twice in a week gets the same order of the others, so that nobody picks what is pleasant; what was looked at stays on
//! the list of its week; nobody in whom anything was noticed counts as one of the others; drills are never picked.
//! Leaves out: what the list says (`desk::Review`), which events put a row there (`conversation`).

use super::{App, drill};
use crate::conversation::{ConversationId, State, Who, Why};
use crate::desk::{Hours, PICKED, Review, ReviewRow, Reviewed};
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Rows of an answer.
const ROWS: usize = 20;

/// A week at the shop, from Monday to Monday.
#[derive(Clone, Copy, Debug)]
pub struct WeekOf {
    /// Its Monday.
    pub monday: Date,
    /// When it begins.
    pub begins: Timestamp,
    /// When the next one does.
    pub ends: Timestamp,
}

impl WeekOf {
    /// The week of a day; `None` beyond the end of the calendar.
    pub fn new(day: Date, hours: &Hours) -> Option<Self> {
        let monday = if day.weekday() == Weekday::Monday { day } else { day.nth_weekday(-1, Weekday::Monday).ok()? };
        let next = monday.nth_weekday(1, Weekday::Monday).ok()?;
        let midnight = |date: Date| hours.moment(date.at(0, 0, 0, 0));
        Some(WeekOf { monday, begins: midnight(monday)?, ends: midnight(next)? })
    }

    fn holds(&self, at: Timestamp) -> bool {
        at >= self.begins && at < self.ends
    }
}

/// The rows of a week; of the week that is running now also what nobody has looked at before it.
///
/// # Errors
/// The store fails.
pub async fn rows(store: &dyn Store, week: WeekOf, now: Timestamp) -> Result<Vec<ReviewRow>, StoreError> {
    let since = if week.holds(now) { Timestamp::default() } else { week.begins };
    let all: Vec<ReviewRow> = store.reviews(since).await?.into_iter().filter(|row| row.at < week.ends).collect();
    let (others, mut rows): (Vec<ReviewRow>, Vec<ReviewRow>) = all.into_iter().partition(|row| row.why == Why::Random);
    rows.retain(|row| week.holds(row.at) || row.done.is_none());
    let noticed: BTreeSet<ConversationId> = rows.iter().filter(|row| week.holds(row.at)).map(|row| row.id).collect();
    let mut picked: Vec<ReviewRow> = others.into_iter().filter(|row| week.holds(row.at) && !noticed.contains(&row.id)).collect();
    let mut seen = BTreeSet::new();
    picked.retain(|row| seen.insert(row.id));
    for (id, state) in unflagged(store, week, &noticed).await? {
        if picked.len() >= PICKED {
            break;
        }
        if seen.insert(id)
            && let Some((at, about)) = wrote_within(store, id, &state, week).await?
        {
            picked.push(ReviewRow { id, why: Why::Random, at, channel: state.address.channel, about, done: None });
        }
    }
    rows.append(&mut picked);
    Ok(rows)
}

/// Conversations in which nothing was noticed, in the order in which they are picked.
async fn unflagged(
    store: &dyn Store,
    week: WeekOf,
    noticed: &BTreeSet<ConversationId>,
) -> Result<Vec<(ConversationId, State)>, StoreError> {
    let mut flagged = noticed.clone();
    flagged.extend(store.queue().await?.into_iter().filter(|row| row.opened < week.ends).map(|row| row.id));
    let finished = store.finished(week.begins).await?;
    flagged.extend(finished.into_iter().filter(|(_, finished)| finished.opened < week.ends).map(|(id, _)| id));
    let mut found = Vec::new();
    for id in store.conversations().await?.into_iter().filter(|id| !flagged.contains(id)) {
        let state = match store.state(id).await {
            Ok(Some(state)) => state,
            // One that can't be read must not keep the others from being looked at.
            Ok(None) | Err(StoreError::Damaged(_)) => continue,
            Err(error) => return Err(error),
        };
        if state.address.channel != drill::CHANNEL && state.heard.is_some_and(|heard| heard >= week.begins) {
            found.push((place(id, week.monday), id, state));
        }
    }
    found.sort_by_key(|(place, id, _)| (*place, *id));
    Ok(found.into_iter().map(|(_, id, state)| (id, state)).collect())
}

/// Where a conversation stands among the others of a week. Its id is a keyed hash already.
fn place(id: ConversationId, monday: Date) -> [u8; 32] {
    Sha256::new().chain_update(id.bytes()).chain_update(monday.to_string()).finalize().into()
}

/// When they last wrote within the week, and what.
async fn wrote_within(store: &dyn Store, id: ConversationId, state: &State, week: WeekOf) -> Result<Option<(Timestamp, u64)>, StoreError> {
    if let Some(heard) = state.heard.filter(|heard| week.holds(*heard)) {
        return Ok(Some((heard, state.wrote)));
    }
    let entries = store.transcript(id).await?;
    let last = entries.iter().rev().find(|entry| entry.who == Who::Customer && week.holds(entry.at));
    Ok(last.map(|entry| (entry.at, entry.number)))
}

/// Says that what a week's list holds of a conversation was looked at; what was marked.
///
/// # Errors
/// The store fails.
pub async fn mark(
    store: &dyn Store,
    week: WeekOf,
    now: Timestamp,
    id: ConversationId,
    done: &Reviewed,
) -> Result<Vec<ReviewRow>, StoreError> {
    let mut marked = Vec::new();
    for row in rows(store, week, now).await?.into_iter().filter(|row| row.id == id && row.done.is_none()) {
        store.reviewed(row.clone(), done.clone()).await?;
        marked.push(ReviewRow { done: Some(done.clone()), ..row });
    }
    Ok(marked)
}

impl App {
    /// This week's list, as staff read it in their group.
    pub(super) async fn review_text(&self) -> Result<String, StoreError> {
        let now = self.clock.now();
        let Some(week) = WeekOf::new(self.hours.local(now).date(), &self.hours) else { return Ok(String::new()) };
        let found = rows(self.store.as_ref(), week, now).await?;
        let review = Review::new(&self.rules.load().aftercare.reviewer, week.monday, week.begins, found);
        let mut lines = vec![review.head(true)];
        for row in review.unread().take(ROWS) {
            lines.push(format!("{} {}", row.line(&self.hours), self.link(row.id).await).trim_end().to_string());
        }
        if review.open > ROWS {
            lines.push(format!("and {} more; `warmline review` lists all", review.open - ROWS));
        }
        if review.open > 0 {
            lines.push(
                "The topic, or `warmline export ID`, shows the words. /reviewed WORDS in the topic, or `warmline review --done ID`.".into(),
            );
        }
        Ok(lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{Address, Ended, Entry, Finished, Owner, Reason, Urgency};
    use crate::desk::QueueRow;
    use crate::store::{Change, KvStore, MemoryKv};
    use futures::executor::block_on;

    const WEEK: &str = "2026-11-18";

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn id(number: u8) -> ConversationId {
        ConversationId::from_bytes([number; 16])
    }

    fn week(day: &str) -> WeekOf {
        WeekOf::new(day.parse().expect("a day"), &Hours::never()).expect("a week")
    }

    /// A conversation that was last heard then.
    fn heard(number: u8, channel: &str, heard: &str) -> Change {
        let address = Address { channel: channel.into(), account: "+1".into(), sender: number.to_string() };
        let state = State { heard: Some(at(heard)), wrote: 7, ..State::new(address) };
        Change::new(id(number), 0, state)
    }

    fn commit(store: &dyn Store, change: Change) {
        block_on(store.commit(change)).expect("commits");
    }

    fn listed(store: &dyn Store, day: &str, now: &str) -> Vec<ReviewRow> {
        block_on(rows(store, week(day), at(now))).expect("reads")
    }

    fn ids(rows: &[ReviewRow]) -> Vec<ConversationId> {
        rows.iter().map(|row| row.id).collect()
    }

    #[test]
    fn a_week_runs_from_monday_to_monday() {
        for (day, monday) in [("2026-11-16", "2026-11-16"), ("2026-11-18", "2026-11-16"), ("2026-11-22", "2026-11-16")] {
            assert_eq!(week(day).monday.to_string(), monday, "{day}");
        }
        assert_eq!(week(WEEK).ends, at("2026-11-23T00:00:00Z"));
    }

    #[test]
    fn the_others_are_twenty_in_whom_nothing_was_noticed_and_always_the_same() {
        let store = KvStore::open(MemoryKv::default()).expect("opens");
        (1..=60).for_each(|number| commit(&store, heard(number, "sms", "2026-11-17T10:00:00Z")));
        // None of these can be picked.
        commit(&store, heard(61, "drill", "2026-11-17T10:00:00Z"));
        commit(&store, heard(62, "sms", "2026-11-15T23:59:59Z"));
        let mut open = heard(63, "sms", "2026-11-17T10:00:00Z");
        open.queue = Some(QueueRow {
            id: id(63),
            urgency: Urgency::Asked,
            reason: "x".into(),
            channel: "sms".into(),
            opened: at("2026-11-17T10:00:00Z"),
            owner: None,
            owner_id: None,
            due: None,
            answered: false,
            reserved: None,
            team: None,
        });
        commit(&store, open);
        let mut over = heard(64, "sms", "2026-11-17T10:00:00Z");
        over.finished = Some(Finished {
            handoff: 1,
            opened: at("2026-11-15T10:00:00Z"),
            ended: at("2026-11-16T10:00:00Z"),
            urgency: Urgency::Asked,
            reason: Reason::Stuck,
            channel: "sms".into(),
            language: "en".into(),
            by: Ended::Customer,
            turns: 1,
            course: Default::default(),
        });
        commit(&store, over);
        let mut crisis = heard(65, "sms", "2026-11-17T10:00:00Z");
        let row = ReviewRow { id: id(65), why: Why::Crisis, at: at("2026-11-17T10:00:00Z"), channel: "sms".into(), about: 7, done: None };
        crisis.reviews.push(row);
        commit(&store, crisis);

        let first = listed(&store, WEEK, "2026-11-18T00:00:00Z");
        assert_eq!(first, listed(&store, "2026-11-22", "2026-11-20T00:00:00Z"), "on any day of the week");
        let others: Vec<&ReviewRow> = first.iter().filter(|row| row.why == Why::Random).collect();
        assert_eq!((first.len(), others.len()), (21, PICKED));
        assert!(others.iter().all(|row| row.id <= id(60) && row.about == 7), "{others:?}");
        // Marking one writes it, and nobody takes its place; somebody new may only come where nothing was looked at.
        let done = Reviewed { by: "Robin".into(), at: at("2026-11-18T00:00:00Z"), note: "fine".into() };
        let one = others[3].id;
        let marked = block_on(mark(&store, week(WEEK), done.at, one, &done)).expect("writes");
        assert_eq!((marked.len(), marked[0].why), (1, Why::Random));
        assert!(block_on(mark(&store, week(WEEK), done.at, one, &done)).expect("writes").is_empty(), "once");
        (66..=200).for_each(|number| commit(&store, heard(number, "sms", "2026-11-19T10:00:00Z")));
        let later = listed(&store, WEEK, "2026-11-20T00:00:00Z");
        assert_eq!(later.iter().filter(|row| row.why == Why::Random).count(), PICKED);
        assert!(later.iter().any(|row| row.id == one && row.done.is_some()));
        // Another week, another order.
        (1..=60).for_each(|number| {
            let mut again = heard(number, "sms", "2026-11-24T10:00:00Z");
            again.expected = 1;
            again.entries = vec![Entry {
                number: 4,
                at: at("2026-11-17T10:00:00Z"),
                who: Who::Customer,
                text: "hi".into(),
                evidence: Vec::new(),
                understood: Default::default(),
                about: None,
            }];
            commit(&store, again);
        });
        let next = listed(&store, "2026-11-24", "2026-11-24T12:00:00Z");
        assert_ne!(ids(&next)[1..], ids(&first)[1..]);
        // Who wrote in both weeks belongs to both, with the message of each.
        let again = listed(&store, WEEK, "2026-11-24T12:00:00Z");
        assert!(again.iter().any(|row| row.why == Why::Random && row.about == 4), "{again:?}");
    }

    #[test]
    fn what_nobody_looked_at_is_carried_over_and_what_was_looked_at_is_not() {
        let store = KvStore::open(MemoryKv::default()).expect("opens");
        for (number, day) in [(1, "2026-11-09"), (2, "2026-11-10"), (3, "2026-11-17")] {
            let moment = format!("{day}T10:00:00Z");
            let mut change = heard(number, "sms", &moment);
            assert_eq!(change.state.owner, Owner::Bot);
            change.reviews =
                vec![ReviewRow { id: id(number), why: Why::Downgraded, at: at(&moment), channel: "sms".into(), about: 7, done: None }];
            commit(&store, change);
        }
        let done = Reviewed { by: "Robin".into(), at: at("2026-11-12T00:00:00Z"), note: String::new() };
        block_on(mark(&store, week("2026-11-09"), done.at, id(2), &done)).expect("writes");
        assert_eq!(ids(&listed(&store, WEEK, "2026-11-18T00:00:00Z")), [id(1), id(3)]);
        assert_eq!(ids(&listed(&store, "2026-11-11", "2026-11-18T00:00:00Z")), [id(1), id(2)], "a past week is that week");
    }
}
