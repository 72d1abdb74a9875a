//! One version of all instances, shared.

use std::sync::Arc;

use crate::engine;
use crate::error::Result;
use crate::model::find::read_methods;
use crate::model::reader::Reader;
use crate::model::resolve::Resolved;
use crate::model::{Answer, Arguments, Database, Instance, RelatedView};
use crate::query::{Queryable, Version};

/// One version of a [`Database`]. It never changes, whatever is written after it was taken. `Clone` is O(1); `Send` and
/// `Sync`.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) engine: engine::Snapshot,
    pub(crate) models: Arc<Resolved>,
}

impl Snapshot {
    /// The version of the tables, for reading below the models.
    pub fn engine(&self) -> &engine::Snapshot {
        &self.engine
    }

    /// An independent database that goes on from here. O(constraints).
    ///
    /// # Errors
    ///
    /// If this is a version of an open transaction: what a commit of it would have been refused for.
    pub fn fork(&self) -> Result<Database> {
        Database::from_snapshot(self.clone())
    }

    /// What is associated with an instance under a name; for reading.
    ///
    /// # Errors
    ///
    /// [`RequestKind::UnknownAssociation`](crate::error::RequestKind::UnknownAssociation).
    pub fn related<'a>(
        &'a self,
        source: &'a Instance,
        association: &str,
    ) -> Result<RelatedView<'a>> {
        self.related_view(source, association)
    }

    /// Calls an accessor that reads by its name; see [`Database::call`].
    ///
    /// # Errors
    ///
    /// As there, and `Unsupported` for an accessor that writes.
    pub fn call<'t>(
        &self,
        source: &Instance,
        accessor: &str,
        arguments: impl Into<Arguments<'t>>,
    ) -> Result<Answer> {
        Answer::read(self.reader(), source, accessor, arguments.into())
    }

    read_methods!();

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            snapshot: &self.engine,
            models: &self.models,
            time: None,
        }
    }
}

impl Queryable for Snapshot {
    fn version(&self) -> Version<'_> {
        self.reader().version()
    }
}
