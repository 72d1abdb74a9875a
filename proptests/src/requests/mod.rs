//! Random requests on random worlds: relata against loops over vectors, against SQLite, and against itself.
//!
//! A [`world`] is models, associations and rows as plain data, which [`draw_world`] draws and [`declare`] makes a database
//! of. A [`request`] is a tree of includes, which [`draw_request`] draws and [`build`] tells relata's builder. What it must
//! give is a [`tree`]: [`naive`] makes it from the rules, by looking at every row, once [`settle`] has said what scopes
//! say; [`found`] reads it off relata's result. [`sql`] asks SQLite for the same rows.
//!
//! There are six [`proof`]s: [`loops`] against the naive reading, [`rival`] against SQLite, [`parts`] by taking a request
//! apart with a predicate, [`dresses`] with and without indexes and enforced keys, [`plans`] in every way that a request can
//! be answered, [`pages`] by reading it page by page. [`campaign`] runs many requests and [`shrink`] makes a failure small.

pub mod request;
pub mod world;
pub mod draw_values;
pub mod draw_filter;
pub mod draw_world;
pub mod draw_request;
pub mod declare;
pub mod build;
pub mod truth;
pub mod settle;
pub mod tree;
pub mod naive;
pub mod found;
pub mod forms;
pub mod sql;
pub mod proof;
pub mod loops;
pub mod rival;
pub mod parts;
pub mod dresses;
pub mod plans;
pub mod pages;
pub mod campaign;
pub mod shrink;
