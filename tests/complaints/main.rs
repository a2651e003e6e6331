//! What users of other systems complain about, each as a test that bears the complaint's name: here it can't happen.
//!
//! Through the public surface: updates of a Bot API server, signed webhooks, messages that arrived. Owns the list; what each
//! surface does in detail stands in `tests/e2e`.

#[path = "../e2e/house.rs"]
#[allow(dead_code)] // these tests use a part
mod house;
#[path = "../support/mod.rs"]
mod support;

mod customers;
mod operators;
mod staff;
