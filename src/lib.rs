//! An in-memory relational engine whose whole database is a value.
#![deny(missing_docs)]
#![warn(clippy::unwrap_used)]

pub mod value;
pub mod error;
pub mod expr;
pub mod schema;
mod storage;
pub mod engine;
mod association;
pub mod model;

pub use crate::model::{
    Database, Instance, Related, RelatedView, Snapshot, Source, Target, Targets, Transaction, Values,
};
