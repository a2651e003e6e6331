//! What staff ask of the whole desk.
//!
//! Owns: the queue as an answer; giving somebody the most urgent handoff that nobody has; presence, incident lines, the bot
//! switched off; people who leave.
//! Invariants: a claim goes through the conversation like any other, so two who ask at once get two; a question that
//! comes twice is answered once; an answer that can't be posted is not tried again: whoever misses it asks again.
//! Leaves out: questions about one conversation (`conversation`).

use super::App;
use crate::channel::{Asks, Body, DeskQuestion, Incoming, Target};
use crate::conversation::{Event, Incident, StaffAction, Urgency};
use crate::desk::{QueueRow, Stats};
use crate::lexis::day;
use crate::store::StoreError;
use jiff::{SignedDuration, Timestamp};
use std::sync::PoisonError;

/// Rows of an answer.
const ROWS: usize = 20;
/// A claim is done in this time.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(30);
/// A break that names no time, and the days of figures.
const BREAK: SignedDuration = SignedDuration::from_mins(15);
const DAYS: i64 = 7;
/// Answered questions that are remembered.
const REMEMBERED: usize = 10_000;

impl App {
    /// Answers a question of staff.
    pub async fn answer(&self, question: &DeskQuestion) {
        let Some(desk) = &self.desk else { return };
        let text = self.answer_to(question).await;
        if text.is_empty() {
            return;
        }
        if let Err(error) = desk.reply(question, &text).await {
            tracing::warn!(%error, "An answer to staff could not be posted.");
        }
    }

    /// What a question is answered; nothing where it was answered before.
    pub(super) async fn answer_to(&self, question: &DeskQuestion) -> String {
        {
            let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
            if answered.len() >= REMEMBERED {
                answered.clear();
            }
            if !answered.insert((question.chat, question.message)) {
                return String::new();
            }
        }
        let text = match &question.asks {
            Asks::Queue => self.queue_text().await,
            Asks::Next => self.next(question).await,
            Asks::Stats(days) => self.stats_text(days).await,
            Asks::Who => Ok(self.who()),
            Asks::Gone => self.is_gone(question).await,
            Asks::Review => self.review_text().await,
            _ => Ok(self.changes(question).await),
        };
        text.unwrap_or_else(|error| {
            tracing::error!(%error, "A question of staff can't be answered.");
            "The data store can't be read. Please try again, and have it looked at.".into()
        })
    }

    /// Who is there, and who is on call.
    fn who(&self) -> String {
        let now = self.clock.now();
        let mut lines = vec![self.crew().text(&self.load(false), &self.hours)];
        for way in &self.ways {
            let Some(rota) = &way.rota else { continue };
            let until = rota.until(now).map(|until| format!(" until {}, {}:{:02}", day(until.date(), "en"), until.hour(), until.minute()));
            lines.push(format!("On call ({}): {}{}", way.name, rota.at(now), until.unwrap_or_default()));
        }
        lines.join("\n")
    }

    async fn queue_text(&self) -> Result<String, StoreError> {
        let (rows, now) = (self.store.queue().await?, self.clock.now());
        let mut lines = Vec::new();
        for row in rows.iter().take(ROWS) {
            lines.push(format!("{} {}", row.line(now), self.link(row.id).await).trim_end().to_string());
        }
        if rows.len() > ROWS {
            lines.push(format!("and {} more", rows.len() - ROWS));
        }
        Ok(if lines.is_empty() { "Nobody waits.".into() } else { lines.join("\n") })
    }

    /// Presence and what holds for all.
    async fn changes(&self, question: &DeskQuestion) -> String {
        let (now, staff) = (self.clock.now(), &question.staff);
        let mut off = false;
        let text = match &question.asks {
            Asks::On => {
                let until = self.crew().on(staff, &self.hours, now);
                format!("{} is on shift until {}. /off ends it, /break 15m rests.", staff.name, self.hours.clock(until))
            }
            Asks::Off => {
                self.crew().off(staff);
                off = true;
                format!("{} is off.", staff.name)
            }
            Asks::Break(time) => {
                let time = if time.is_empty() { Ok(BREAK) } else { time.parse::<SignedDuration>() };
                let Ok(time) = time else { return "Say for how long: /break 15m".into() };
                let until = self.crew().rest(staff, time, &self.hours, now);
                format!("{} is on a break until {}. What they have stays theirs; its clocks run on.", staff.name, self.hours.clock(until))
            }
            Asks::NoCrises => {
                let mut crew = self.crew();
                crew.seen(staff);
                let spared = crew.members.get_mut(&staff.id).is_some_and(|member| {
                    member.spared = !member.spared;
                    member.spared
                });
                match spared {
                    true => format!("{} is not asked to take crises. /nocrises again ends that.", staff.name),
                    false => format!("{} takes crises again.", staff.name),
                }
            }
            Asks::Bot { on } => {
                self.crew().bot_off = !on;
                match on {
                    true => format!("{} switched the bot on: it answers again.", staff.name),
                    false => format!("{} switched the bot off: every message goes to a person. /bot on ends that.", staff.name),
                }
            }
            Asks::Notice(words) => self.incident(words),
            _ => return String::new(),
        };
        self.save_crew().await;
        if !off {
            return text;
        }
        let freed = self.gone(&staff.id, "has gone off shift", None).await;
        match freed {
            0 => text,
            1 => format!("{text} 1 conversation of theirs waits for somebody else now."),
            _ => format!("{text} {freed} conversations of theirs wait for somebody else now."),
        }
    }

    /// A line before the answers that it concerns.
    fn incident(&self, words: &str) -> String {
        if words.is_empty() {
            return "Say what customers should know: /notice order_status: parcels are a day late because of the storm. Without the name \
                    of an intent it stands before every answer. /notice off ends it."
                .into();
        }
        if words == "off" {
            self.crew().incident = None;
            return "Nothing stands before the answers any more.".into();
        }
        let rules = self.rules.load();
        let intent = words.split_once(':').filter(|(name, _)| rules.engine.intents().iter().any(|intent| intent.id == *name));
        let (intent, text) = intent.map_or((None, words), |(name, text)| (Some(name.to_string()), text));
        self.crew().incident = Some(Incident { intent, text: text.trim().to_string() });
        "Customers read it before the answers that it concerns, once a day each. /notice off ends it.".into()
    }

    /// Somebody has left a group. Whoever is still in another one keeps what stands there.
    async fn is_gone(&self, question: &DeskQuestion) -> Result<String, StoreError> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, staff), _| *staff != question.staff.id);
        if self.is_elsewhere(question).await {
            let (name, freed) =
                (&question.staff.name, self.gone(&question.staff.id, "has left the group it stood in", Some(question.chat)).await);
            return Ok(match freed {
                0 => String::new(),
                1 => format!("{name} has left this group. 1 conversation that {name} had here waits for somebody else."),
                _ => format!("{name} has left this group. {freed} conversations that {name} had here wait for somebody else."),
            });
        }
        let was = self.crew().left(&question.staff.id);
        if was.is_some() {
            self.save_crew().await;
        }
        let freed = self.gone(&question.staff.id, "has left the desk", None).await;
        Ok(if freed == 0 {
            String::new()
        } else {
            format!("{} has left. What they had waits for somebody else: {freed}.", question.staff.name)
        })
    }

    /// Whoever left a group is in another one, or that can't be asked: what stands there stays theirs, and its clocks run.
    async fn is_elsewhere(&self, question: &DeskQuestion) -> bool {
        let Some(desk) = &self.desk else { return false };
        for chat in desk.chats().iter().filter(|chat| **chat != question.chat) {
            // A group from which the bot was put out says nothing.
            let unknown = !self.shut().contains(chat);
            if self.is_in(desk.as_ref(), *chat, &question.staff.id).await.unwrap_or(unknown) {
                return true;
            }
        }
        false
    }

    async fn stats_text(&self, days: &str) -> Result<String, StoreError> {
        let days = days.parse().unwrap_or(DAYS).clamp(1, 366);
        let Ok(since) = self.clock.now().checked_sub(SignedDuration::from_hours(24 * days)) else { return Ok(String::new()) };
        let finished: Vec<_> = self.store.finished(since).await?.into_iter().map(|(_, finished)| finished).collect();
        Ok(Stats::of(&finished).text(days))
    }

    /// Claims the most urgent handoff that nobody has.
    async fn next(&self, question: &DeskQuestion) -> Result<String, StoreError> {
        let (rows, now): (Vec<QueueRow>, Timestamp) = (self.store.queue().await?, self.clock.now());
        // Whoever is given what they can't read would keep it from everybody.
        let waiting = rows.iter().filter(|row| row.owner.is_none()).map(|row| row.id);
        let unseen = self.out_of_sight(&question.staff.id, waiting).await;
        let (free, waits, full) = {
            let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
            given.retain(|_, at| now.duration_since(*at) < UNDER_WAY);
            let colleagues = self.crew().colleagues(&self.load(true), &self.hours, now);
            let me = colleagues.iter().find(|colleague| colleague.id == question.staff.id);
            // Whoever would be asked to leave a crisis to others gets what comes after it; the others must see it.
            let spared = |row: &QueueRow| row.urgency == Urgency::Crisis && me.is_some_and(|me| !me.can_take_a_crisis(now));
            let rules = self.rules.load();
            let name = &question.staff.name;
            let mine = |team: &String| rules.teams.iter().any(|one| one.name == *team && one.has(name));
            let kept = |row: &QueueRow| row.reserved.as_ref().is_some_and(|kept| kept.until > now && kept.staff.id == question.staff.id);
            // A team of people whom nobody here knows by these names would have nobody.
            let known = |team: &String| colleagues.iter().any(|one| rules.teams.iter().any(|all| all.name == *team && all.has(&one.name)));
            let others = |row: &QueueRow| row.team.as_ref().is_some_and(|team| !mine(team) && known(team)) && !kept(row);
            // Whoever has enough gets a crisis all the same.
            let load = self.load(false).get(&question.staff.id).copied().unwrap_or(0);
            let own = rules.teams.iter().filter(|team| !team.people.is_empty() && team.has(name)).filter_map(|team| team.most).min();
            let full = own.or(self.most).filter(|most| load >= *most);
            let enough = |row: &QueueRow| full.is_some() && row.urgency < Urgency::Crisis;
            let taken =
                |row: &QueueRow| given.contains_key(&row.id) || spared(row) || others(row) || enough(row) || unseen.contains(&row.id);
            let free = QueueRow::next(&rows, &question.staff.id, now, taken).cloned();
            if let Some(row) = &free {
                given.insert(row.id, now);
            }
            // What is just being claimed waits for nobody any more.
            (free, rows.iter().any(|row| row.owner.is_none() && !given.contains_key(&row.id)), full)
        };
        let Some(row) = free else {
            if let Some(most) = full.filter(|_| waits) {
                return Ok(format!(
                    "You have as many conversations as one person is given here ({most}). Claim takes one more all the same."
                ));
            }
            return Ok(match waits {
                true => {
                    "What waits is kept for somebody else or another team, stands in a group that you are not in, or is a crisis that somebody else \
                         should take: /queue shows it. Claim in its topic takes it all the same."
                        .into()
                }
                false => "Nobody waits.".into(),
            });
        };
        let event = Event::Staff { staff: question.staff.clone(), action: StaffAction::Claim, chat: None, callback: None };
        let external = format!("next:{}:{}", question.chat, question.message);
        let target = Target::Conversation(row.id);
        self.receive(vec![Incoming { target, kind: "staff", external, revision: String::new(), body: Body::Event(event) }]).await?;
        let text = format!("{}: {} {}", question.staff.name, row.line(now), self.link(row.id).await);
        Ok(format!("{}\nIts topic says whether it is yours, or somebody was faster.", text.trim_end()))
    }
}
