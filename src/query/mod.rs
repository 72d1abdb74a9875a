//! A read, in stages: a request by name, resolved, planned, executed, and a result that borrows.
//!
//! 1. [`Select`] and [`Include`] say what is wanted: plain data, nothing is checked yet.
//! 2. `resolve` turns names into ids and ordinals and checks every type; nothing below handles names.
//! 3. `planner` chooses how each part is read and writes it down as a `Plan`; [`explain`] tells that.
//! 4. `execute` obeys the plan, level by level: never depth first, never a copy of a row, no list per parent.
//! 5. [`Rows`] is the flat result, seen as a tree of [`Record`]s.
//!
//! A request is a tree of *nodes*: the root, and below each node its includes. The stages keep them in one list, each
//! before what it contains, so that a node's own includes and theirs are the nodes that follow it; the rows of a node
//! are one *level* of the result.
//!
//! Every read is of a [`Version`]: a snapshot and the models over it.

mod order;
mod criteria;
mod select;
mod include;
mod include_all;
mod scope;
mod attributes;
mod node;
mod resolve;
mod reach;
mod keyset;
mod parameters;
mod strategy;
mod reason;
mod plan;
mod counting;
mod planner;
mod recursed;
mod level;
mod execute;
pub mod explain;
mod planned;
mod prepared;
mod given;
mod shape;
mod result;
mod joined;
mod depth_first;
pub mod aggregate;
mod owned;
#[cfg(feature = "json")]
mod json;

use std::sync::Arc;

use crate::association::registry::Registry;
use crate::engine::{Snapshot, Time};
use crate::value::Timestamp;

pub use self::depth_first::{DepthFirst, Visit};
pub(crate) use self::given::{Begin, Given, GivenRows};
pub use self::include::{Include, include};
pub use self::include_all::{IncludeAll, IncludeKind, include_all};
pub use self::joined::{Joined, JoinedRow, JoinedRows};
pub use self::order::{Direction, Nulls, Order, asc, desc};
pub use self::owned::OwnedRows;
pub use self::prepared::Prepared;
pub use self::result::{Record, Records, Rows};
pub use self::scope::{Scope, ScopeChoice};
pub use self::select::{Select, select};
pub use self::shape::{Column, Counted, Included, Loaded};
#[doc(hidden)]
pub use self::strategy::Strategy;

pub(crate) use self::criteria::Criteria;
pub(crate) use self::resolve::{check_criteria, models_reached};
pub(crate) use self::scope::{ModelScopes, Scopes};

/// What a request can be run on: a database, a snapshot, a transaction.
pub trait Queryable {
    /// The version to read.
    fn version(&self) -> Version<'_>;
}

/// One version of all tables, and the models over them.
#[derive(Clone, Copy, Debug)]
pub struct Version<'s> {
    pub(crate) snapshot: &'s Snapshot,
    pub(crate) registry: &'s Arc<Registry>,
    /// None for models without scopes.
    pub(crate) scopes: Option<&'s Scopes>,
    /// Of the transaction that reads, if one does.
    time: Option<&'s Time>,
}

impl<'s> Version<'s> {
    /// The models must be over the tables of the snapshot.
    pub(crate) fn new(snapshot: &'s Snapshot, registry: &'s Arc<Registry>) -> Self {
        Version {
            snapshot,
            registry,
            scopes: None,
            time: None,
        }
    }

    /// The same within a transaction.
    pub(crate) fn with_time(self, time: &'s Time) -> Self {
        Version {
            time: Some(time),
            ..self
        }
    }

    /// What `now()` is.
    pub(crate) fn now(self) -> Timestamp {
        match self.time {
            Some(time) => time.read(self.snapshot.clock()),
            None => self.snapshot.now(),
        }
    }

    /// The same with the scopes of the models.
    pub(crate) fn with_scopes(self, scopes: &'s Scopes) -> Self {
        Version {
            scopes: Some(scopes),
            ..self
        }
    }
}

impl Queryable for Version<'_> {
    fn version(&self) -> Version<'_> {
        *self
    }
}

/// How deep includes may be nested.
pub(crate) const DEPTH_MAX: u32 = 64;

#[cfg(test)]
mod tests;
