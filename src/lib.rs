//! Warmline
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
