//! Conversations through `step` alone, with the shipped files: what people write, and what must hold whatever they write.

mod action;
mod care;
mod desk;
mod driver;
mod follow_up;
mod gravity;
mod manner;
mod modes;
mod people;
mod properties;
mod rescue;
mod retention;
mod review;
mod rows;
mod team;
mod work;
