//! SMS.
//!
//! Owns: `twilio`, the first gateway. Others get a file each.

pub mod twilio;
