//! Telegram: private chats are customers, one group is the desk.
//!
//! Owns: `decode` (updates into events), `chat` (lines to customers), `group` (the desk), the split of long texts.
//! Invariants: updates are decoded one by one; edits have a revision of their own; only the configured group acts as staff.
//! Leaves out: polling and webhooks (`app`, `server`), the client (`transport`).

mod chat;
mod decode;
mod group;
mod split;

pub use chat::TelegramChat;
pub use decode::{Decoded, Decoder};
pub use group::TelegramDesk;
pub use split::split;
