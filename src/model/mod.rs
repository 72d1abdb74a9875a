//! The ORM surface: models, their attributes and how they are associated.
//!
//! A model is a table seen by whoever writes an application: attributes instead of columns, associations instead of
//! foreign keys, instances instead of rows. Models are declared in a [`Models`], as plain data in any order, and
//! resolved in one pass that reports every problem at once. What comes out is a schema for the engine and a registry of
//! models and associations in ids and ordinals for everything that reads and writes.
//!
//! A [`Database`] is the engine's with those models over it, and so are a [`Snapshot`] and a [`Transaction`]. They give
//! and take [`Instance`]s, which own their values; [`Database::related`] leads from one to what is associated with it.
//! The life of a call: names become ids in `reader` and `write`, a verb's arguments become rows in `link`, and what has
//! to change goes to the engine as one statement per table and kind.
//!
//! - Declarations are never changed by resolving them.
//! - No two models share a table, and the tables stand in the order of the models. Junctions that nobody defined come
//!   last, in the order in which they are first named.
//! - Models never change under a database: it is made from them, and keeps them with its snapshots and forks.

mod attribute;
mod definition;
mod registry;
mod hooks;
mod lifecycle;
pub(crate) mod resolve;
mod values;
mod instance;
mod reader;
mod loaded;
mod database;
mod snapshot;
mod transaction;
mod shared;
mod find;
mod write;
mod upsert;
mod increment;
mod tree;
mod nested;
mod link;
mod describe;

pub use self::attribute::Attribute;
pub use self::database::Database;
pub use self::definition::ModelDef;
pub use self::describe::{AssociationKind, AssociationView, ModelView, OwnerView, Verb};
pub use self::hooks::Associating;
pub use self::instance::Instance;
pub use self::lifecycle::{Change, HookContext, HookEvent, Rule};
pub use self::link::{
    Answer, Arguments, EachRows, Related, RelatedEach, RelatedView, Source, Target, Targets,
    targets,
};
pub use self::registry::Models;
pub use self::shared::SharedDatabase;
pub use self::snapshot::Snapshot;
pub use self::transaction::Transaction;
pub use self::tree::{Part, Tree, tree};
pub use self::values::{Values, values};

#[cfg(test)]
mod tests;
