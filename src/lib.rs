//! An in-memory relational engine whose whole database is a value.
#![deny(missing_docs)]
#![warn(clippy::unwrap_used)]

pub mod value;
pub mod error;
pub mod expr;
pub mod schema;
mod storage;
pub mod engine;
pub mod association;
pub mod query;
pub mod model;

pub use crate::model::{
    Attribute, Database, Instance, ModelDef, Models, Related, RelatedView, Snapshot, Source,
    Target, Targets, Transaction, Values,
};
