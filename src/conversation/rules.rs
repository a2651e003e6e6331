//! The compiled rules that a step reads: one `Arc` held from assessment to commit.

use super::action::Action;
use super::aftercare::Aftercare;
use super::group::Group;
use super::ladder::Ladder;
use super::team::Team;
use super::words::Words;
use crate::care::{Care, HelpLines};
use crate::engine::{Engine, Mode};
use serde::{Deserialize, Serialize};

/// The shop, as customers read of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shop {
    /// Its name.
    pub name: String,
    /// Its address on the web.
    pub website: String,
    /// When it is open, in words.
    pub opening_hours: String,
    /// Where its customers are, as two capital letters; empty where they are everywhere.
    #[serde(default)]
    pub country: String,
}

/// Everything that is compiled from files.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What customers ask for.
    pub engine: Engine,
    /// How they are.
    pub care: Care,
    /// Who helps in danger, by country.
    pub help: HelpLines,
    /// The bot's own words.
    pub words: Words,
    /// The shop.
    pub shop: Shop,
    /// How far the bot goes by itself.
    pub mode: Mode,
    /// The operator's files are broken and no good set is left: care listens, and every message goes to a person.
    pub safe: bool,
    /// One person alone answers: nobody else can confirm what they decide.
    pub alone: bool,
    /// Who is told, and when the next.
    pub ladder: Ladder,
    /// Whoever writes within so many days goes back to the person they know.
    pub known_days: u32,
    /// Who is named to staff when a customer says that they are under 18.
    pub safeguarding: String,
    /// What staff can do for a customer.
    pub actions: Vec<Action>,
    /// Who takes what; empty where everybody takes everything.
    pub teams: Vec<Team>,
    /// The groups in which staff work; the first is everybody's.
    pub groups: Vec<Group>,
    /// What is done after a conversation with a person.
    pub aftercare: Aftercare,
}
