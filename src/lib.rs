//! Warmline: a triage bot for customer service.
//!
//! Routine requests get an answer in a second; everything else gets a person, with the transcript. What it believes, and how
//! operators write intents, stands in the README and in `docs/`; this is the map of the code.
//!
//! # The house
//!
//! Imports point left only; what stands in braces does not import its neighbour. `tests/tidy.rs` holds it.
//!
//! ```text
//! text → lexis → {engine, care} → conversation → desk → {store, transport, backend} → {channel, alert} → app → server → cli
//! ```
//!
//! [`text`] to [`desk`] are pure: same inputs, same outputs; no clock, randomness, lock, file or network; they cannot fail on any
//! text. [`app`] is the only place where the parts meet, and `app::clock` the only file that knows the time.
//!
//! # How a message travels
//!
//! A channel verifies and decodes → [`app::App::receive`] stores it under (conversation, kind, external id, revision), and only
//! then is it acknowledged → in the order of its conversation: [`conversation::step`] hears it with [`care`], reads it with
//! [`engine`], and returns a state and effects → one [`store::Store::commit`] writes state, transcript, outbox, timers and calls and
//! marks the inbox row as done, together or not at all → [`app::App::deliver`] sends, and what became of it is an event again.
//!
//! # Where this differs from the first design, and why
//!
//! - Between `Store` and its implementations stands a small trait, [`store::Kv`] (get, range, write, flush). `memory`, `sled` and
//!   the forgetful store of the tests are each some forty lines, and the laws are kept in one place, with one writer that groups
//!   flushes. A later `postgres` implements `Store` itself.
//! - What becomes of a sent line, a call or a timer is an event that goes through `step` like a message does, so delivery truth,
//!   claims and answers are decided in one pure place.
//! - Phrases know `[optional]` words besides `(a|b)` and `*`; small talk has a key of its own (`social`), because a greeting with a
//!   request is the request.
//! - The bot's own words and the little words that it listens for stand in `intents/words.toml`, so that operators can change them
//!   like everything else that customers read.
//! - What was learnt from examples is kept in the user's folder for caches, so that every start but the first takes a second. A
//!   number for examples and code says whether it is still true; without it the same is learnt again.
//! - The ladder's rungs are rules (`conversation::Ladder`), so `step` alone decides when the next one is taken; a page is acknowledged
//!   by words that were delivered and not by a claim.
//! - A handoff stands in one of several groups, and what is urgent in the first: the choice is a step's (`conversation::Group`), so that
//!   every message knows its group before it waits to be sent.
//! - Telegram's rate into one group is a sliding window over the passed time, not a library's clock, so that tests can move it.
//!
//! # Deliberate absences
//!
//! No database server, no model, no reading of a customer's mood as a number, no bot words in a person's conversation, no
//! `parse_mode`, no dispatcher that confirms updates before they are stored.

pub mod alert;
pub mod app;
pub mod backend;
pub mod care;
pub mod channel;
pub mod cli;
pub mod conversation;
pub mod desk;
pub mod engine;
pub mod lexis;
pub mod server;
pub mod store;
pub mod text;
pub mod transport;
