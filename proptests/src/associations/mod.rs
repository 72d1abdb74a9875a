//! Random graphs of associations and random verbs on them, against a naive reference of the rules.
//!
//! [`graph`] is a graph as plain data, which [`draw_graph`] draws, [`declare`] makes relata's declarations of and
//! [`layout`] reads by the rules. [`steps`] are what is done, [`draw_steps`] draws them from the rows that are there.
//! `watch` lets hooks look on at half of the graphs. [`rules`] says what a step must do and `perform` does it on relata; [`machine`] compares after each. [`shrink`]
//! makes a failure small and [`code`] writes it down as code that can be pasted.

pub mod graph;
pub mod names;
pub mod draw_graph;
pub mod layout;
pub mod steps;
pub mod rules;
pub mod draw_steps;
pub mod declare;
mod watch;
mod perform;
pub mod machine;
pub mod code;
pub mod shrink;
