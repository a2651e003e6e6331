//! What staff do with a handoff besides answering it: notes, putting off, calling it less urgent, giving it back to the bot.
//!
//! Owns: these four, and their refusals.
//! Invariants: a crisis is put off or given back only by its claimer, with a reason, and put off for minutes only; it is called
//! less urgent by two people (`gravity`), never here; nothing here says a word to the customer.
//! Leaves out: claiming, words, closing (`staff`).

use super::effect::{DeskNote, Effect, Timer};
use super::event::Staff;
use super::parts::Owner;
use super::reminder::UNCLAIMED;
use super::review::Why;
use super::step::Turn;
use super::urgency::{Reason, Urgency};
use jiff::SignedDuration;

/// The longest time for which a crisis is put off, and anything else.
const CRISIS_REST: SignedDuration = SignedDuration::from_mins(15);
const LONGEST_REST: SignedDuration = SignedDuration::from_hours(24 * 7);

impl Turn<'_> {
    /// Words for colleagues, in the transcript; also where nothing is open.
    pub(super) fn staff_note(&mut self, staff: &Staff, words: Option<String>) -> String {
        let Some(words) = words else { return "Write what colleagues should know: /note prefers calls after 17:00".into() };
        self.note(format!("{} notes: {words}", staff.name));
        "Noted. The customer doesn't see it.".into()
    }

    /// It can wait: it goes to the end of the queue's bands, and the rules that called it so were wrong.
    pub(super) fn not_urgent(&mut self, staff: &Staff) -> String {
        let Some(handoff) = &self.state.handoff else { return "Nothing is open here.".into() };
        if handoff.urgency == Urgency::Crisis {
            return "This is a crisis. Say why it is none, and somebody else confirms it: /notacrisis he quoted a song".into();
        }
        if let Owner::Human { staff: owner } = &self.state.owner
            && owner.id != staff.id
        {
            return format!("{} has it.", owner.name);
        }
        self.judged(false);
        if self.state.handoff.as_ref().is_some_and(|handoff| handoff.urgency == Urgency::Distress) {
            self.put_on_list(Why::Downgraded);
        }
        if let Some(handoff) = self.state.handoff.as_mut() {
            handoff.urgency = Urgency::Stuck;
            handoff.reason = Reason::Stuck;
            handoff.reminders = 0;
        }
        self.note(format!("{} says that it can wait", staff.name));
        self.await_claim();
        self.desk(DeskNote::Changed);
        "It waits with what is least urgent now; nobody is reminded soon.".into()
    }

    /// Nobody is reminded for a while: `30m`, `2h`, and why.
    pub(super) fn snooze(&mut self, staff: &Staff, words: Option<&str>) -> String {
        const HOW: &str = "Say for how long, and why: /snooze 30m waiting for the warehouse";
        if let Some(refusal) = self.refusal(staff) {
            return refusal;
        }
        let (time, why) = words.and_then(|words| words.split_once(' ')).unwrap_or((words.unwrap_or_default(), ""));
        let why = why.trim();
        let Ok(rest) = time.parse::<SignedDuration>() else { return HOW.into() };
        if rest <= SignedDuration::ZERO || rest > LONGEST_REST {
            return "From a minute to seven days: /snooze 30m waiting for the warehouse".into();
        }
        if self.in_crisis() && rest > CRISIS_REST {
            return "This is a crisis: a quarter of an hour at most, and why: /snooze 10m on the phone with her".into();
        }
        if self.in_crisis() && why.is_empty() {
            return "This is a crisis: say why nobody is reminded: /snooze 10m on the phone with her".into();
        }
        let Ok(at) = self.now.checked_add(rest) else { return HOW.into() };
        self.note(format!("{} put it off for {time}{}{why}", staff.name, if why.is_empty() { "" } else { ": " }));
        self.effects.push(Effect::Timer(Timer { key: UNCLAIMED.into(), at }));
        format!("Nobody is reminded for {time}. What the customer writes is shown all the same.")
    }

    /// The bot has the conversation again; the customer reads nothing of it.
    pub(super) fn back_to_bot(&mut self, staff: &Staff, why: Option<String>) -> String {
        if let Some(refusal) = self.refusal(staff) {
            return refusal;
        }
        if let Some(owed) = self.still_promised() {
            return owed;
        }
        if self.in_crisis() && why.is_none() {
            return "This is a crisis: a person ends it, with what was done: /close she is with her sister, called at 15:10".into();
        }
        if self.in_crisis() {
            return self.close_crisis(staff, why);
        }
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        self.note(format!("{} gave it back to the bot{why}", staff.name));
        self.judged(true);
        self.end(&staff.name);
        String::new()
    }

    /// The commands.
    pub(super) fn staff_help() -> String {
        "What you write here goes to the customer once you have claimed it, five seconds later; lines that begin with / never do.\n\
         /queue (who waits), /next (gives you the most urgent one that nobody has)\n\
         /claim, /takeover (from a colleague), /assign NAME WHY, /release (back to the queue)\n\
         /unsend (takes your last line back, or answer the line with it), /transcript, /note WORDS (for colleagues)\n\
         /promise 15:00 CALL BACK, /kept; /need interpreter: THEY SAID YES; /checkin TIME WHAT\n\
         /do (what can be done: a refund, a replacement), /close WHAT WAS AGREED, /bot (back to the bot, without a word), /block WHY, /unblock, /part (two people after all)\n\
         /noturgent, /snooze 30m WHY\n\
         For yourself: /on, /off, /break 15m, /nocrises, /who, /stats; for all: /bot off, /notice WORDS\n\
         In a crisis: /guide (a page about it), /close WHY, /notacrisis WHY (two people), /safe WHY (where somebody else may read the phone), \
         /hold DATE WHY (keeps what was heard)\n\
         Read again: /review (the list), /reviewed WORDS (in its topic, when you have)"
            .into()
    }
}
