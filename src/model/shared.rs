//! A database of models for threads: the engine's way of sharing, over models.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::{Clock, Limits, Shared, Versions, shared_methods};
use crate::error::Result;
use crate::model::{Database, Snapshot, Transaction};

/// A handle to a database that threads share. `Clone` is O(1); `Send` and `Sync`.
///
/// Reading takes the last published version and never waits for a writer. Writers take turns, in the order in which they
/// ask; what one commits is published at one instant, and what fails or panics leaves nothing.
///
/// ```
/// use relata::{Attribute, DataType, Models, SharedDatabase, values};
///
/// let mut models = Models::new();
/// models.define_with("Job", |job| job.attribute(Attribute::new("name", DataType::Text)));
/// let shared = SharedDatabase::new(models.sync()?);
///
/// let before = shared.read();
/// let writer = shared.clone();
/// std::thread::spawn(move || writer.write(|tx| tx.create("Job", values! { name: "sweep" })))
///     .join()
///     .expect("the thread does not panic")?;
/// assert_eq!((before.count("Job")?, shared.read().count("Job")?), (0, 1));
/// # Ok::<(), relata::Error>(())
/// ```
#[derive(Clone)]
pub struct SharedDatabase {
    shared: Arc<Shared<Database>>,
}

impl SharedDatabase {
    shared_methods!();
}

impl Versions for Database {
    type Snapshot = Snapshot;

    fn snapshot(&self) -> Snapshot {
        Database::snapshot(self)
    }

    fn set_current(&mut self, version: &Snapshot) {
        Database::set_current(self, version);
    }

    fn limits(&self) -> Limits {
        self.engine().limits()
    }

    fn going_on_from(version: Snapshot, limits: Limits) -> Self {
        let engine = Versions::going_on_from(version.engine, limits);
        Database::with_models(engine, version.models)
    }
}

impl fmt::Debug for SharedDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shared.fmt(f)
    }
}
