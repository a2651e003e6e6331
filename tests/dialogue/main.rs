//! Conversations through `step` alone, with the shipped files: what people write, and what must hold whatever they write.

mod action;
mod care;
mod desk;
mod driver;
mod gravity;
mod manner;
mod modes;
mod people;
mod properties;
mod retention;
mod rows;
mod team;
mod work;
