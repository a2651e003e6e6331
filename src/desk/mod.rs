//! The desk: what staff see, and when they are there.
//!
//! Owns: opening hours and the [`Facts`] made from them; the order of the queue; cards, relays,
//! refusals and transcripts as staff read them; by which ways an alert goes, and what it says; a
//! conversation as another desk shows it.
//! Invariants: pure; the most urgent comes first, then who has waited longest; every note of a conversation becomes a message
//! to the desk or is said to be nowhere; texts are plain, without markup, so customers' words can't break them.
//! Leaves out: sending (`channel`, `alert`), when the next rung of the ladder is taken (`conversation`).

mod alert;
mod board;
mod card;
mod crew;
mod event;
mod export;
mod guide;
mod hours;
mod mark;
mod message;
mod mirror;
mod queue;
mod review;
mod rota;
mod stats;
mod there;
mod transcript;
mod walk;
mod ways;
mod weekly;

pub use alert::{AlertMessage, Full, Happened, alerts, called};
pub use board::board;
pub use card::{card, card_buttons};
pub use crew::{Crew, Member, Presence};
pub use event::{DeskEvent, EventKind};
pub use export::export;
pub use guide::guide;
pub use hours::{Hours, HoursError};
pub use mark::{Mark, mark};
pub use message::{DeskMessage, DeskRow, late, messages, moved};
pub use mirror::{MirrorMessage, Mirrored, history, mirror, only_there};
pub use queue::QueueRow;
pub use review::{PICKED, Review, ReviewRow, Reviewed};
pub use rota::Rota;
pub use stats::{Spread, Stats, wait};
pub use there::{Pressed, message_name, pressed, staff_there, works_there};
pub use transcript::transcript;
pub use walk::walk;
pub use ways::{Way, WayKind, gaps, thin};
pub use weekly::{FEWEST, Figure, Precision, Sorted, Week, Weekly};

use crate::conversation::{Facts, Profile, Reach};
use jiff::Timestamp;

/// What a step may know about the world at this moment.
pub fn facts(hours: &Hours, desk: bool, profile: Profile, now: Timestamp) -> Facts {
    let open = hours.open(now);
    let reach = match (desk, open) {
        (false, _) => Reach::NoDesk,
        (true, true) => Reach::Open,
        (true, false) => Reach::Closed,
    };
    Facts {
        opens: (desk && !open).then(|| hours.opens(now)).flatten(),
        closes: (desk && open).then(|| hours.closes(now)).flatten(),
        zone: hours.zone(),
        ..Facts::new(hours.local(now), reach, profile)
    }
}
