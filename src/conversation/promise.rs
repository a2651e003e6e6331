//! Promises: something by a time, in the words that the customer reads.
//!
//! Owns: making one, the reminder before it is due, whether it was kept, what the customer hears where it was not.
//! Invariants: a promise is the claimer's, and has a clock; nobody is told that it was kept but by a person's act at its time; a
//! broken one takes the ladder's next step.
//! Leaves out: the share of promises that were kept (`desk::Stats`).

use super::effect::{DeskNote, Effect, Line, Speaker, Timer, Who};
use super::event::Staff;
use super::step::Turn;
use jiff::civil::{DateTime, Time, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The key of the timer.
pub(super) const PROMISE: &str = "promise";

/// So long before it is due whoever promised is reminded, and a word from then on keeps it.
const BEFORE: SignedDuration = SignedDuration::from_mins(10);
/// Nothing is promised for later than this.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Something that was promised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// For when.
    pub at: Timestamp,
    /// What.
    pub what: String,
    /// By whom.
    pub by: Staff,
    /// The line that told the customer.
    pub line: u64,
    /// Its time is near, or past: a word now keeps it.
    #[serde(default)]
    pub near: bool,
    /// Its time is past.
    #[serde(default)]
    pub late: bool,
}

const HOW: &str = "Say for when, and what: /promise 15:00 call back. Also: tomorrow 9:30, fri 14:00, 2026-12-01 10:00";

impl Turn<'_> {
    /// `/promise 15:00 call back`: the customer reads it in the same words.
    pub(super) fn promise(&mut self, staff: &Staff, words: Option<&str>, message: i64) -> String {
        if let Some(refusal) = self.refusal(staff) {
            return refusal;
        }
        let Some((local, what)) = words.and_then(|words| moment_of(words, self.facts.local)).filter(|(_, what)| !what.is_empty()) else {
            return HOW.into();
        };
        let Some(away) = self.facts.until(local, self.now) else { return "That time has passed. Name the day: tomorrow 9:30".into() };
        if away > LONGEST {
            return "A promise is for the next thirty days.".into();
        }
        if let Some(why) = self.keeps_from(staff) {
            self.not_sent(Some(message), why);
            return String::new();
        }
        let Ok(at) = self.now.checked_add(away) else { return HOW.into() };
        let time = self.moment(local);
        let context = self.context(&[("name", json!(staff.name)), ("time", json!(time)), ("agreed", json!(what))]);
        let text = self.rules.words.say(&self.state.language(), "promised", &context).unwrap_or_default();
        let line = self.record(Who::Staff(staff.name.clone()), text.clone());
        let near = away <= BEFORE * 2;
        let again = if near { Some(at) } else { at.checked_sub(BEFORE).ok() };
        let promise = Promise { at, what: what.clone(), by: staff.clone(), line, near, late: false };
        if let Some(handoff) = self.state.handoff.as_mut() {
            handoff.promise = Some(promise);
            handoff.course.promised += 1;
        }
        self.effects.extend(again.map(|at| Effect::Timer(Timer { key: PROMISE.into(), at })));
        self.state.last_said.clone_from(&text);
        let safe_because = self.state.safe.take().filter(|_| self.state.flags.do_not_text).map(|safe| safe.why);
        let speaker = Speaker::Staff(staff.clone());
        let line = Line { safe_because, ..Line::new(line, self.state.address.clone(), speaker, text) };
        self.send(line, staff, self.written(message));
        self.desk(DeskNote::Changed);
        format!("Promised for {time}: {what}. You are reminded ten minutes before; /kept when it is done.")
    }

    /// It is done: the claimer says so.
    pub(super) fn kept(&mut self, staff: &Staff) -> String {
        if let Some(refusal) = self.refusal(staff) {
            return refusal;
        }
        if self.state.handoff.as_ref().is_none_or(|handoff| handoff.promise.is_none()) {
            return "Nothing is promised here.".into();
        }
        self.note(format!("{} says that the promise is kept", staff.name));
        self.promise_is_kept();
        self.desk(DeskNote::Changed);
        "Noted.".into()
    }

    /// A person's words were delivered: at its time they keep a promise. The line that made it does not.
    pub(super) fn keeps_promise(&mut self, line: u64) {
        let near = |promise: &Promise| promise.near && line > promise.line;
        if self.state.handoff.as_ref().and_then(|handoff| handoff.promise.as_ref()).is_some_and(near) {
            self.promise_is_kept();
        }
    }

    pub(super) fn promise_is_kept(&mut self) {
        let Some(handoff) = self.state.handoff.as_mut() else { return };
        if handoff.promise.take().is_some_and(|promise| !promise.late) {
            handoff.course.kept += 1;
        }
        self.effects.push(Effect::Cancel { key: PROMISE.into() });
    }

    /// Something is promised for later: whoever closes now would leave it to nobody.
    pub(super) fn still_promised(&self) -> Option<String> {
        let promise = self.state.handoff.as_ref()?.promise.as_ref().filter(|promise| !promise.near)?;
        let time = self.moment(self.facts.clock(promise.at));
        Some(format!("You promised for {time}: {}. /kept when it is done, then close.", promise.what))
    }

    /// The handoff ends: what is promised ends with it, and counts as kept only at its time.
    pub(super) fn promise_ends(&mut self) {
        let Some(promise) = self.state.handoff.as_mut().and_then(|handoff| handoff.promise.clone()) else { return };
        if promise.near {
            return self.promise_is_kept();
        }
        self.unpromise(promise.line);
    }

    /// The line that made it was taken back: so is the promise.
    pub(super) fn unpromise(&mut self, line: u64) {
        let Some(handoff) = self.state.handoff.as_mut() else { return };
        if handoff.promise.as_ref().is_some_and(|promise| promise.line == line) {
            handoff.promise = None;
            handoff.course.promised = handoff.course.promised.saturating_sub(1);
            self.effects.push(Effect::Cancel { key: PROMISE.into() });
        }
    }

    /// Its time is near, or there.
    pub(super) fn promise_due(&mut self) {
        let now = self.now;
        let Some(promise) = self.state.handoff.as_mut().and_then(|handoff| handoff.promise.as_mut()) else { return };
        if now < promise.at {
            promise.near = true;
            let (at, what, by) = (promise.at, promise.what.clone(), promise.by.name.clone());
            let time = self.moment(self.facts.clock(at));
            let text = format!("{by}, by {time} you promised: {what}. /kept when it is done, or write to them.");
            self.effects.push(Effect::Timer(Timer { key: PROMISE.into(), at }));
            return self.desk(DeskNote::Notice { text });
        }
        if promise.late {
            return;
        }
        promise.near = true;
        promise.late = true;
        let (at, what, by) = (promise.at, promise.what.clone(), promise.by.name.clone());
        self.note(format!("Not kept: {by} promised for {}: {what}", self.moment(self.facts.clock(at))));
        if let Some(handoff) = self.state.handoff.as_mut() {
            handoff.course.broken += 1;
            handoff.answered = false;
        }
        let time = self.moment(self.facts.clock(at));
        self.as_notice();
        self.say_word("promise_late", &[("time", json!(time))]);
        self.speak();
        self.unclaimed();
    }
}

/// A moment at the beginning of some words, in local time, and what stands behind it. A time alone is one of today.
pub(super) fn moment_of(words: &str, local: DateTime) -> Option<(DateTime, String)> {
    let mut words = words.split_whitespace().peekable();
    let day = words.peek()?.to_lowercase();
    let date = match day.as_str() {
        "today" => Some(local.date()),
        "tomorrow" => local.date().tomorrow().ok(),
        day => match (day.parse(), weekday(day)) {
            (Ok(date), _) => Some(date),
            (_, Some(weekday)) => (1..=7).find_map(|ahead| {
                let date = local.date().checked_add(ahead.days()).ok()?;
                (date.weekday() == weekday).then_some(date)
            }),
            _ => None,
        },
    };
    if date.is_some() {
        words.next();
    }
    let (hour, minute) = words.next()?.split_once(':')?;
    let time = Time::new(hour.parse().ok()?, minute.trim_end_matches(',').parse().ok()?, 0, 0).ok()?;
    let rest: Vec<&str> = words.collect();
    Some((date.unwrap_or(local.date()).to_datetime(time), rest.join(" ")))
}

fn weekday(name: &str) -> Option<Weekday> {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let place = DAYS.iter().position(|day| name.len() >= 3 && day.starts_with(name))?;
    Weekday::from_monday_zero_offset(place as i8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_rows() {
        // A Friday.
        let local: DateTime = "2026-11-20T12:00:00".parse().expect("a time");
        for (words, wanted) in [
            ("15:00 call back", Some(("2026-11-20T15:00:00", "call back"))),
            ("tomorrow 9:30 a new parcel", Some(("2026-11-21T09:30:00", "a new parcel"))),
            ("fri 14:00 ring her", Some(("2026-11-27T14:00:00", "ring her"))),
            ("2026-12-01 10:00, write", Some(("2026-12-01T10:00:00", "write"))),
            ("15:00", Some(("2026-11-20T15:00:00", ""))),
            ("call back at three", None),
            ("25:00 never", None),
            ("", None),
        ] {
            let found = moment_of(words, local).map(|(at, rest)| (at.to_string(), rest));
            assert_eq!(found, wanted.map(|(at, rest)| (at.to_string(), rest.to_string())), "{words}");
        }
    }
}
