//! The bot over real sockets: a fake Bot API server and a fake Twilio API, the app between them, one step at a time.

#[path = "../support/mod.rs"]
mod support;

mod alerts;
mod api;
mod backend;
mod chatwoot;
mod desk;
mod groups;
mod handoff;
mod house;
mod joined;
mod operation;
mod sms;
mod telegram;
