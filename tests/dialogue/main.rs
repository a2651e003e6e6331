//! Conversations through `step` alone, with the shipped files: what people write, and what must hold whatever they write.

mod driver;
mod modes;
mod people;
mod properties;
mod rows;
