//! The ORM surface: models, their attributes and how they are associated.

pub(crate) mod resolve;
mod values;
mod instance;
mod reader;
mod database;
mod snapshot;
mod transaction;
mod find;
mod write;
mod link;

pub use self::database::Database;
pub use self::instance::Instance;
pub use self::link::{Related, RelatedView, Source, Target, Targets};
pub use self::snapshot::Snapshot;
pub use self::transaction::Transaction;
pub use self::values::Values;

#[cfg(test)]
mod tests;
