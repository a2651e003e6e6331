//! After a close: whether it was sorted out, and thanks for whoever helped.
//!
//! Owns: asking at a close whether the bot may ask again, asking once when that is due, what the answers do; passing thanks on.
//! Invariants: only a customer's own yes lets the bot write by itself, once for one handoff, by day at the shop, while nothing
//! is open; nobody is asked after a crisis, distress, abuse or grief; a no goes back to the person who helped.
//! Leaves out: when a customer is asked (`Aftercare`), looking in after a crisis, which a person does (`check_in`).

use super::effect::{DeskNote, Effect, Timer, Who};
use super::event::{Message, Staff};
use super::handoff::DRILL;
use super::opening::BEREAVEMENT;
use super::parts::Asked;
use super::step::Turn;
use super::urgency::{Reason, Urgency};
use super::words::{Hear, Heard};
use crate::care::{Assessment, Kind, Level};
use crate::engine::{Mode, Understanding, Verdict};
use crate::text::Text;
use jiff::civil::{Time, time};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The key of the timer.
pub(super) const FOLLOW_UP: &str = "follow_up";

/// By day is between these; what falls outside waits for ten in the morning.
const MORNING: Time = time(9, 0, 0, 0);
const EVENING: Time = time(19, 0, 0, 0);
const TEN: Time = time(10, 0, 0, 0);

/// Whoever wrote within this time is in the middle of something; they are asked later.
const BUSY: SignedDuration = SignedDuration::from_mins(15);
const LATER: SignedDuration = SignedDuration::from_hours(1);
/// A question that is overdue by more than this (the bot was down) is not asked any more.
const STALE: SignedDuration = SignedDuration::from_hours(72);
/// Thanks within this time are for whoever helped.
const THANKS: SignedDuration = SignedDuration::from_hours(72);
/// For so long after words of danger or grief nobody is asked.
const GRAVE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The longest thanks that are passed on, in characters.
const QUOTE: usize = 300;

/// What the buttons send back.
const MAY: &str = "f:yes";
const MAY_NOT: &str = "f:no";
const SORTED: &str = "s:yes";
const NOT_SORTED: &str = "s:no";

/// Asking again after a close.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// Who helped.
    pub staff: Staff,
    /// When it was closed.
    pub closed: Timestamp,
    /// When they are asked.
    pub at: Timestamp,
    /// How far it is.
    pub stage: Stage,
}

/// How far asking again is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// They were asked whether the bot may, and have not answered.
    Offered,
    /// They said yes.
    Agreed,
    /// They were asked whether it was sorted out.
    Asked,
}

impl Turn<'_> {
    /// Somebody in danger, distress or grief was heard, even faintly.
    pub(super) fn hear_grave(&mut self, assessment: &Assessment) {
        let heard = |level: Level, rule: &str| level >= Level::Distress || rule.starts_with(BEREAVEMENT);
        let abuse = assessment.silent || assessment.kind == Some(Kind::Abuse);
        if abuse || heard(assessment.level, "") || assessment.evidence.iter().any(|evidence| heard(evidence.level, &evidence.rule)) {
            self.state.grave = Some(self.now);
        }
    }

    /// Asking again after this close, where that is configured and decent.
    pub(super) fn plan_follow_up(&self, staff: &Staff) -> Option<FollowUp> {
        let after = self.rules.aftercare.ask_after?;
        let handoff = self.state.handoff.as_ref()?;
        let calm = handoff.urgency < Urgency::Distress && handoff.reason != Reason::CheckIn && !self.was_grave();
        let reached = !self.state.silent() && !self.state.flags.opted_out_there && !self.state.flags.shut_out && !self.state.flags.blocked;
        if !calm || !reached || self.rules.mode != Mode::Live || self.state.address.channel == DRILL {
            return None;
        }
        let at = self.by_day(self.now.checked_add(after).ok()?)?;
        Some(FollowUp { staff: staff.clone(), closed: self.now, at, stage: Stage::Offered })
    }

    /// Danger, distress or grief, lately.
    fn was_grave(&self) -> bool {
        let lately = |at: Timestamp| self.now.duration_since(at) < GRAVE;
        let warm = self.state.temperature.level(self.now) >= Level::Distress;
        self.state.grave.is_some_and(lately) || self.state.helped.is_some_and(|(at, _)| lately(at)) || warm || self.state.check_in.is_some()
    }

    /// Asks, in the line of the close, whether the bot may ask again.
    pub(super) fn ask_to_ask(&mut self, follow_up: &FollowUp) {
        let day = self.day_of(self.facts.clock(follow_up.at));
        self.say_word("may_ask", &[("day", json!(day))]);
        self.yes_no_buttons(MAY, MAY_NOT);
    }

    /// The close is done: an answer is awaited.
    pub(super) fn await_consent(&mut self, follow_up: FollowUp) {
        self.state.follow_up = Some(follow_up);
        self.state.asked = Some(Asked::FollowUp);
    }

    /// Nobody is asked again whom a person has, or who must not be written to, or after words of danger or grief. Looked at after
    /// every step.
    pub(super) fn keep_follow_up(&mut self) {
        let Some(follow_up) = &self.state.follow_up else { return };
        let grave = self.state.grave.is_some_and(|at| at >= follow_up.closed) || self.state.check_in.is_some();
        let flags = &self.state.flags;
        if self.state.handoff.is_some() || self.state.silent() || flags.opted_out_there || flags.shut_out || flags.blocked || grave {
            self.drop_follow_up();
        }
    }

    fn drop_follow_up(&mut self) {
        if self.state.follow_up.take().is_some_and(|follow_up| follow_up.stage == Stage::Agreed) {
            self.effects.push(Effect::Cancel { key: FOLLOW_UP.into() });
        }
        if matches!(self.state.asked, Some(Asked::FollowUp | Asked::SortedOut)) {
            self.state.asked = None;
        }
    }

    /// The first moment from this one on that is by day at the shop.
    fn by_day(&self, at: Timestamp) -> Option<Timestamp> {
        let local = self.facts.clock(at);
        let date = match local.time() {
            early if early < MORNING => local.date(),
            late if late > EVENING => local.date().checked_add(1.day()).ok()?,
            _ => return Some(at),
        };
        self.facts.moment(date.to_datetime(TEN))
    }

    /// It is due: asked now, by day, or not at all.
    pub(super) fn follow_up_due(&mut self) {
        let Some(follow_up) = self.state.follow_up.clone().filter(|follow_up| follow_up.stage == Stage::Agreed) else { return };
        let off = self.rules.aftercare.ask_after.is_none() || self.rules.mode != Mode::Live || self.rules.safe || self.facts.bot_off;
        if off || self.now.duration_since(follow_up.at) > STALE {
            self.note("Not asked whether it was sorted out: it is off, or too late");
            return self.drop_follow_up();
        }
        let busy = !self.state.calls.is_empty() || self.state.heard.is_some_and(|heard| self.now.duration_since(heard) < BUSY);
        let wanted = if busy { self.now.checked_add(LATER).ok() } else { Some(self.now) };
        let Some(at) = wanted.and_then(|at| self.by_day(at.max(follow_up.at))) else { return self.drop_follow_up() };
        if at > self.now {
            return self.effects.push(Effect::Timer(Timer { key: FOLLOW_UP.into(), at }));
        }
        let context = self.context(&[("name", json!(follow_up.staff.name))]);
        let text = self.rules.words.say(&self.state.language(), "follow_up", &context).unwrap_or_default();
        self.ask_text(text);
        self.yes_no_buttons(SORTED, NOT_SORTED);
        self.state.follow_up = Some(FollowUp { stage: Stage::Asked, ..follow_up });
        self.state.asked = Some(Asked::SortedOut);
    }

    /// A press on one of these buttons, however late; `false`: on another one.
    pub(super) fn pressed_after(&mut self, pressed: &str) -> bool {
        match pressed {
            MAY => self.consent(true),
            MAY_NOT => self.consent(false),
            SORTED => self.sorted_out(),
            NOT_SORTED => self.not_sorted_out(),
            _ => return false,
        }
        true
    }

    /// Words in answer to one of the two questions; `false`: they are about something else.
    pub(super) fn answers_after(
        &mut self,
        asked: &Asked,
        message: &Message,
        text: &Text,
        understanding: &Understanding,
        heard: &Heard,
    ) -> bool {
        if let Some(pressed) = &message.pressed {
            return self.pressed_after(pressed);
        }
        let social = matches!(understanding.verdict, Verdict::Matched(number) if self.rules.engine.intents()[number].social);
        let yes = heard.only(Hear::Yes) || (heard.begins(Hear::Yes) && social);
        match asked {
            // 'Ok' was read, and is no clear yes: the question stands.
            Asked::FollowUp if heard.only(Hear::Ok) => {
                self.say_word("declined", &[]);
                self.state.asked = Some(Asked::FollowUp);
            }
            Asked::FollowUp if yes => self.consent(true),
            Asked::FollowUp if self.declines(text, heard) => self.consent(false),
            Asked::SortedOut if yes => self.sorted_out(),
            // 'No, it still hasn't come' is for a person; 'no, when do you open?' is a question.
            Asked::SortedOut if heard.begins(Hear::No) && text.questions == 0 => self.not_sorted_out(),
            _ => return false,
        }
        true
    }

    /// They say whether the bot may ask. A yes that comes late counts from now.
    fn consent(&mut self, yes: bool) {
        if self.state.handoff.is_some() {
            return self.still_here(false);
        }
        let follow_up = self.state.follow_up.clone().filter(|follow_up| follow_up.stage != Stage::Asked);
        let planned = follow_up.filter(|_| yes).and_then(|follow_up| {
            let after = self.rules.aftercare.ask_after?;
            let late = follow_up.at.duration_since(self.now) < LATER;
            let at = if late { self.by_day(self.now.checked_add(after).ok()?)? } else { follow_up.at };
            Some(FollowUp { at, stage: Stage::Agreed, ..follow_up })
        });
        let Some(follow_up) = planned else {
            self.drop_follow_up();
            return self.say_word("declined", &[]);
        };
        let day = self.day_of(self.facts.clock(follow_up.at));
        self.say_word("will_ask", &[("day", json!(day))]);
        self.note("They agreed to be asked whether it was sorted out");
        self.effects.push(Effect::Timer(Timer { key: FOLLOW_UP.into(), at: follow_up.at }));
        self.state.follow_up = Some(follow_up);
    }

    fn sorted_out(&mut self) {
        self.drop_follow_up();
        self.note("The customer says that it was sorted out");
        self.count_once(vec!["sorted".into()]);
        self.say_word("sorted", &[]);
    }

    /// It was not: back to a person, to the one who helped where that one is there.
    fn not_sorted_out(&mut self) {
        self.drop_follow_up();
        self.note("The customer says that it was not sorted out");
        self.count_once(vec!["not_sorted".into()]);
        let reason = Reason::Care(Level::HumanRequest);
        if self.state.handoff.is_some() {
            return self.hand_off(reason, &Assessment::default());
        }
        self.acting();
        self.say_word("not_sorted", &[]);
        self.say_word(&format!("stuck.{}", self.reach()), &[]);
        self.open(reason, &Assessment::default(), false);
        self.reserve();
        let who = self.state.helper.as_ref().map_or("anybody", |helper| helper.staff.name.as_str());
        let words = format!("{} (asked whether {who} had sorted it out)", self.state.last_words.trim());
        if let Some(handoff) = self.state.handoff.as_mut() {
            handoff.words = words;
        }
    }

    /// Thanks soon after a handoff reach whoever helped: once, and only where the bot has answered nothing in between.
    pub(super) fn pass_on_thanks(&mut self, message: &Message, understanding: &Understanding, assessment: &Assessment) {
        let thanks = matches!(understanding.verdict, Verdict::Matched(number) if self.rules.engine.intents()[number].thanks);
        let plain = !message.edited && message.pressed.is_none() && assessment.level == Level::None && !assessment.offer;
        let (Some(ended), Some(helper)) = (self.state.ended, self.state.helper.clone()) else { return };
        let theirs = helper.at == ended && self.state.done.as_ref().is_none_or(|done| done.at < ended);
        let soon = self.now.duration_since(ended) <= THANKS && self.state.thanked != Some(ended);
        let closed = self.state.handoff.is_none() && !self.state.flags.shut_out && self.state.address.channel != DRILL;
        if !(thanks && plain && theirs && soon && closed) {
            return;
        }
        self.state.thanked = Some(ended);
        let words: String = message.text.trim().chars().take(QUOTE).collect();
        self.note(format!("Their thanks were passed on to {}", helper.staff.name));
        let text = format!("For {}, their thanks: {words}", helper.staff.name);
        self.desk(DeskNote::Relay { who: Who::Note, text, external: None });
    }
}
