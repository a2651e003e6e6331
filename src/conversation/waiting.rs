//! While somebody waits for a person.
//!
//! Owns: what they hear when they write on, and when it takes longer than it should; changing their mind.
//! Invariants: no line is said twice in a handoff; a time that is named is one at which the bot itself writes again, and it does;
//! in every state a customer can take the request back, but what a crisis or anger said is not unsaid.
//! Leaves out: who is alerted meanwhile (`handoff`, `desk`).

use super::effect::{DeskNote, Effect, Timer};
use super::handoff::Handoff;
use super::parts::Owner;
use super::step::Turn;
use super::urgency::{Reason, Urgency};
use super::words::{Hear, Heard};
use crate::care::Level;
use crate::engine::{Understanding, Verdict};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// The key of the timer.
pub(super) const UPDATE: &str = "update";

/// A customer who writes again after this long hears where things stand.
const QUIET: SignedDuration = SignedDuration::from_mins(2);

/// So many updates are sent unasked; whoever waits longer than that is not texted for ever.
const UPDATES: u32 = 5;

impl Handoff {
    /// How long until the next word, so many updates later.
    fn patience(&self) -> SignedDuration {
        let minutes: [i64; 5] = match self.urgency {
            Urgency::Crisis => [5, 15, 30, 60, 60],
            Urgency::Distress => [10, 20, 60, 60, 120],
            Urgency::Asked | Urgency::Stuck => [30, 60, 60, 120, 120],
        };
        SignedDuration::from_mins(minutes[self.updates.min(4) as usize])
    }
}

/// The intent that says what is kept of a customer.
const KEPT: &str = "what_is_kept";

impl Turn<'_> {
    /// Arms the next update, and notes when it comes. Nobody who is less than in distress is woken by one at night.
    pub(super) fn arm_update(&mut self) {
        let Some(handoff) = self.state.handoff.as_ref().filter(|handoff| handoff.reason != Reason::CheckIn) else { return };
        let times = self.times();
        let from = match (times.reach, times.opens) {
            (super::facts::Reach::Open, _) => Some(self.now),
            // Nobody is called, so there will be no news.
            (super::facts::Reach::NoDesk, _) => None,
            _ if handoff.urgency >= Urgency::Distress => Some(self.now),
            (_, Some(opens)) => self.facts.moment(opens),
            _ => None,
        };
        let at = from.filter(|_| handoff.updates < UPDATES).and_then(|from| from.checked_add(handoff.patience()).ok());
        if let Some(handoff) = self.state.handoff.as_mut() {
            handoff.next_word = at;
        }
        self.effects.push(match at {
            Some(at) => Effect::Timer(Timer { key: UPDATE.into(), at }),
            None => Effect::Cancel { key: UPDATE.into() },
        });
    }

    /// It takes longer than it should: an honest word, and when the next one comes.
    pub(super) fn update(&mut self) {
        let now = self.now;
        let Some(handoff) = self.state.handoff.as_mut() else { return };
        if handoff.answered && self.state.owner != Owner::Waiting {
            handoff.next_word = None;
            return;
        }
        handoff.updates += 1;
        handoff.spoke = Some(now);
        let urgency = handoff.urgency;
        let announced = std::mem::take(&mut handoff.announced);
        self.arm_update();
        match (&self.state.owner, urgency) {
            // A person has it, and may be on the phone with them; a time that was named is kept all the same.
            (Owner::Human { .. }, Urgency::Crisis | Urgency::Distress) if !announced => {}
            (Owner::Human { staff }, _) => {
                let fields = [("name", json!(staff.name))];
                self.as_notice();
                self.say_new("overdue.claimed", &fields, true);
            }
            (_, Urgency::Crisis) => self.say_on("still_here.crisis_late"),
            (_, Urgency::Distress) => self.say_on("still_here.distress_late"),
            _ if self.reach() == "open" => self.say_on("overdue.open"),
            // The desk has closed meanwhile: the word that was announced comes all the same.
            _ => self.say_on(&format!("waiting.{}", self.reach())),
        }
    }

    fn say_on(&mut self, key: &str) {
        self.acting();
        self.say_new(key, &[], true);
    }

    /// Where things stand, while a handoff waits: when it is asked for, or after two quiet minutes.
    pub(super) fn still_here(&mut self, asked: bool) {
        let now = self.now;
        if self.silence_after {
            return;
        }
        let Some(handoff) = self.state.handoff.as_mut() else { return };
        let quiet = handoff.spoke.is_none_or(|spoke| now.duration_since(spoke) >= QUIET);
        if !asked && !quiet {
            return;
        }
        handoff.spoke = Some(now);
        let keys = match handoff.urgency {
            Urgency::Crisis => ["still_here.crisis".to_string(), "still_here.crisis_again".into()],
            Urgency::Distress => ["still_here.distress".to_string(), "still_here.distress_again".into()],
            _ => [format!("waiting.{}", self.reach()), "waiting.again".into()],
        };
        self.acting();
        if !self.say_new(&keys[0], &[], false) {
            self.say_new(&keys[1], &[], true);
        }
    }

    /// One of the bot's own words, with the next word's time and the count of what they have written, if it was not said before
    /// in this handoff; whether it was said. A line that says something `anew` each time may come again as long as it does.
    fn say_new(&mut self, key: &str, fields: &[(&str, serde_json::Value)], anew: bool) -> bool {
        let Some(handoff) = self.state.handoff.as_ref() else { return false };
        let wait = self.facts.wait.filter(|_| self.times().reach == super::facts::Reach::Open);
        let next = handoff.next_word.filter(|at| *at > self.now).map(|at| self.moment(self.facts.clock(at)));
        let (from, to) = wait.map_or((None, None), |(from, to)| (Some(from), Some(to)));
        let count = self.state.turns;
        let mut all = vec![("next", json!(next.clone())), ("count", json!(count)), ("from", json!(from)), ("to", json!(to))];
        all.extend(fields.iter().cloned());
        let context = self.context(&all);
        let Some(text) = self.rules.words.say(&self.state.language(), key, &context) else { return false };
        let digest = super::repeat::digest(if anew { &text } else { key });
        let Some(handoff) = self.state.handoff.as_mut() else { return false };
        if handoff.said.contains(&digest) {
            return false;
        }
        handoff.said.push(digest);
        handoff.announced |= next.is_some_and(|next| text.contains(&next));
        self.say(text);
        true
    }

    /// They no longer want the person that they wait for. 'Forget it' of somebody who is angry or suffers is no such wish: they
    /// stay in the queue, and hear it.
    pub(super) fn take_back(&mut self) {
        let calm = self
            .state
            .handoff
            .as_ref()
            .is_some_and(|handoff| handoff.urgency <= Urgency::Asked && handoff.reason != Reason::Care(Level::Frustration));
        if !calm || self.state.owner != Owner::Waiting {
            return self.still_here(true);
        }
        self.say_word("taken_back", &[]);
        self.note("The customer took it back");
        self.end("the customer");
    }

    /// What they may ask in every state, in danger and distress too: what is kept of them, and to wait. Nobody in danger reads
    /// that there is no hurry; staff read what they wish. Anything else is heard by the people who were called.
    pub(super) fn whoever_suffers_asks(&mut self, understanding: &Understanding, heard: &Heard) {
        let asked = match understanding.verdict {
            Verdict::Matched(number) if understanding.certain() => Some(self.engine().intents()[number].id.as_str()),
            _ => None,
        };
        if asked == Some(KEPT) {
            let words = self.state.last_words.clone();
            return self.begin(KEPT, Vec::new(), &words);
        }
        match heard.only(Hear::Later) {
            true if self.in_crisis() => {
                self.desk(DeskNote::Notice { text: "The customer would rather go on later. The crisis stays open.".into() });
                self.still_here(true);
            }
            true => self.prefers(false),
            false => self.still_here(false),
        }
    }

    /// There is no hurry, or a call would be better: staff see it, the place in the queue stays.
    pub(super) fn prefers(&mut self, call: bool) {
        let (what, key) = if call { ("would rather be called", "prefers_call") } else { ("is in no hurry", "no_hurry") };
        self.note(format!("The customer {what}"));
        self.desk(DeskNote::Notice { text: format!("The customer {what}.") });
        self.acting();
        self.say_word(key, &[]);
    }
}

/// Until when a handoff's next word is awaited, for whoever sorts a queue by it.
pub(super) fn due(opened: Timestamp, urgency: Urgency) -> Timestamp {
    opened.checked_add(urgency.patience()).unwrap_or(opened)
}
