//! What a step may know about the world.
//!
//! Owns: `Facts` (made by `desk` for each step), `Profile` (what a channel can do).
//! Leaves out: how facts are found out.

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

/// What a channel can do. The core never asks which channel it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Has buttons; without, choices are a numbered list.
    pub buttons: bool,
    /// Can ask for the sender's own phone number with a button.
    pub contact_button: bool,
    /// The sender's address is a phone number that the network vouches for.
    pub sender_is_phone: bool,
    /// STOP, START and HELP are honoured as carriers require.
    pub opt_out_words: bool,
    /// The gateway confirms opt-outs itself.
    pub gateway_confirms_opt_out: bool,
    /// Staff's media can be copied to the customer.
    pub media: bool,
}

/// How far staff can be reached now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reach {
    /// A desk is configured and it is within its hours.
    Open,
    /// A desk is configured, but nobody is on shift.
    Closed,
    /// No desk is configured: the queue is all there is.
    NoDesk,
}

/// What the desk says now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The shop's local time.
    pub local: DateTime,
    /// How far staff can be reached.
    pub reach: Reach,
    /// When the desk opens next, in local time.
    pub opens: Option<DateTime>,
    /// When it closes, in local time, while it is open.
    pub closes: Option<DateTime>,
    /// What the customer's channel can do.
    pub profile: Profile,
}
