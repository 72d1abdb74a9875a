//! relata against engines and references that are not relata.
//!
//! [`choices`] decides, from a seed or from bytes; [`shape`] draws a random schema and [`operations`] random
//! operations on it; [`reference`](mod@reference) says what they must do, by vectors and loops and from the rules alone; [`machine`]
//! does them on both and compares, [`seeds`] on two threads; [`shrink`] makes a failure small. The state machine and the fuzz target are two
//! sources of choices for the same run. [`differential`] does random statements on SQLite and PostgreSQL, too.
//! [`associations`] does verbs on associations, and [`requests`] asks for rows.

pub mod environment;
pub mod choices;
pub mod seeds;
pub mod faults;
pub mod shape;
pub mod beyond;
pub mod enrich;
pub mod operations;
pub mod reference;
pub mod translate;
pub mod machine;
pub mod shrink;
pub mod differential;
pub mod associations;
pub mod expressions;
pub mod requests;
pub mod aggregates;
