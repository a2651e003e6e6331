//! One conversation: what has happened, and what happens next.
//!
//! Owns: ids, [`State`], [`Event`], [`Effect`] and [`step`]; who owns the conversation; forms, digressions, corrections,
//! ownership checks and codes; messages in pieces, the same question again, requests put off; the life of a handoff, and
//! what comes after it (asking again, reading again); the words to customers, rendered here.
//!
//! ```text
//!            opens (level, two misses, failed action, needs = "handoff")
//!   Bot ───────────────────────────────────────────────▶ Waiting(handoff)
//!    ▲                                                    │ claim   ▲ release
//!    │ close, back to the bot                             ▼         │
//!    └─────────────────────────────────────────────── Human(handoff, staff) ⟲ take over
//! ```
//!
//! Every (state, event) that changes the owner is in that diagram and in the table of `docs/desk.md`; every other pair is refused with
//! a reason, and `tests/dialogue/properties.rs` holds what must be true after any row of events. A colleague gets it from its owner
//! (`/assign`) or takes it over; a shift that ends gives it back.
//!
//! Whoever asked for a person or was stuck may take it back while nobody has claimed it ('never mind'): Waiting → Bot. Of somebody
//! who is angry or suffers that is not believed.
//!
//! While a handoff is open a timer runs. A claim starts it anew; only a human word that was delivered stops it; what the customer
//! writes after that starts it again.
//!
//! Of bot lines that wait to be sent, a new message voids those that only ask (the design voids all of them): an answer to what
//! was asked before is still an answer.
//!
//! Invariants: every customer message is assessed by `care` before anything else; nothing is sent to a customer who opted out
//! or may not be texted; while a person owns the conversation no bot line leaves; crisis and distress silence the bot's
//! answers at once (all but what is kept of them), any other handoff at the claim; words of staff leave only from the one who claimed. `step` is total: same
//! inputs, same outputs; no clock, randomness, lock or I/O.
//! Leaves out: which staff see what and how an alert reads (`desk`), storing and sending (`store`, `app`).

mod action;
mod aftercare;
mod answer;
mod block;
mod burst;
mod check_in;
mod choice;
mod code;
mod colleague;
mod course;
mod customer;
mod effect;
mod event;
mod facts;
mod follow_up;
mod form;
mod gravity;
mod group;
mod handoff;
mod help;
mod id;
mod joined;
mod ladder;
mod manner;
mod opening;
mod opt_out;
mod outgoing;
mod parts;
mod promise;
mod reminder;
mod repeat;
mod reply;
mod rescue;
mod retention;
mod review;
mod rules;
mod several;
mod staff;
mod state;
mod step;
mod team;
mod tone;
mod urgency;
mod value;
mod waiting;
mod words;
mod work;

pub use action::{Acted, Action, Proposed};
pub use aftercare::Aftercare;
pub use colleague::Reserved;
pub use course::{Course, Ended, Finished};
pub use effect::{Button, CallRequest, DeskNote, Effect, Entry, Line, NotSent, Replaces, Speaker, Timer, Who};
pub use event::{CallReturned, Delivery, Event, Failure, Media, Message, Staff, StaffAction};
pub use facts::{Colleague, Facts, Incident, Profile, Reach, Times};
pub use follow_up::{FollowUp, Stage};
pub use group::Group;
pub use handoff::{DRILL, Handoff};
pub use id::{Address, ConversationId, ParseIdError};
pub use joined::{Joined, Kin};
pub use ladder::{GROUP, Ladder, Rung, SHORTEST};
pub use manner::Manner;
pub use outgoing::failure_words;
pub use parts::{Asked, Asking, CheckIn, Copies, Fate, Flags, Form, Helper, Need, Next, Owner, Pending, Proof, Sent, Thread};
pub use promise::Promise;
pub use rescue::rescue;
pub use retention::{Counted, Hold, Kept};
pub use review::Why;
pub use rules::{Rules, Shop};
pub use state::State;
pub use step::step;
pub use team::Team;
pub use urgency::{Reason, Urgency};
pub use words::Words;
