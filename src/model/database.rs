//! The owned database: the engine's, seen through models.
//!
//! It holds no second counted handle of the current version: a write would then find every page shared and copy it.

use std::sync::Arc;

use crate::engine;
use crate::engine::{Affected, Changes, Clock, DatabaseOptions, Limits, Versions};
use crate::error::Result;
use crate::expr::Expr;
use crate::model::find::read_methods;
use crate::model::increment::increment_methods;
use crate::model::link::Store;
use crate::model::link::call_method;
use crate::model::reader::Reader;
use crate::model::resolve::Resolved;
use crate::model::upsert::upsert_methods;
use crate::model::write::write_methods;
use crate::model::{Instance, Models, Related, Snapshot, Source, Transaction, Tree, Values};
use crate::query::{Queryable, Version};

impl Models {
    /// A database with an empty table for each model.
    ///
    /// ```
    /// use relata::association::HasMany;
    /// use relata::value::DataType;
    /// use relata::{Attribute, Models, values};
    ///
    /// let mut models = Models::new();
    /// models.define_with("User", |user| user.attribute(Attribute::new("name", DataType::Text)));
    /// models.define_with("Task", |task| task.attribute(Attribute::new("title", DataType::Text)));
    /// models.has_many("User", HasMany::new("Task").alias("tasks"));
    ///
    /// let mut db = models.sync()?;
    /// let ada = db.create("User", values! { name: "Ada" })?;
    /// let task = db.related(&ada, "tasks")?.create(values! { title: "Note G" })?;
    /// assert_eq!(db.related(&ada, "tasks")?.get()?, [task]);
    /// # Ok::<(), relata::error::Error>(())
    /// ```
    ///
    /// Each call makes a database of its own, and the models stay as they are (associations SY-8).
    ///
    /// # Errors
    ///
    /// As [`schema`](Models::schema), or what a hook around association gives.
    pub fn sync(&self) -> Result<Database> {
        self.sync_with(DatabaseOptions::default())
    }

    /// As [`sync`](Models::sync), with a clock, a seed and limits.
    ///
    /// # Errors
    ///
    /// As [`sync`](Models::sync).
    pub fn sync_with(&self, options: DatabaseOptions) -> Result<Database> {
        self.run_before()?;
        let models = Arc::new(self.resolve()?);
        self.run_after(&models)?;
        let engine = engine::Database::with_options(models.schema.clone(), options);
        Ok(Database { engine, models })
    }
}

/// An in-memory database of models. Owned, and forked in O(1).
#[derive(Debug)]
pub struct Database {
    engine: engine::Database,
    models: Arc<Resolved>,
}

impl Database {
    pub(super) fn with_models(engine: engine::Database, models: Arc<Resolved>) -> Self {
        Database { engine, models }
    }

    pub(crate) fn from_snapshot(snapshot: Snapshot) -> Result<Self> {
        Ok(Database {
            engine: engine::Database::from_snapshot(snapshot.engine)?,
            models: snapshot.models,
        })
    }

    /// This version, for as long as it is held. O(1).
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            engine: self.engine.snapshot(),
            models: self.models.clone(),
        }
    }

    /// An independent database that shares every page until one of the two writes. O(1).
    pub fn fork(&self) -> Database {
        Database {
            engine: self.engine.fork(),
            models: self.models.clone(),
        }
    }

    /// Makes a snapshot the current version: rows, sequences, clock, randomness and models (beyond BY-15).
    /// O(constraints).
    ///
    /// # Errors
    ///
    /// If the snapshot is of an open transaction: what a commit of it would have been refused for. Nothing is changed
    /// then.
    pub fn reset_to(&mut self, snapshot: &Snapshot) -> Result<()> {
        self.engine.reset_to(&snapshot.engine)?;
        self.models = snapshot.models.clone();
        Ok(())
    }

    /// As [`reset_to`](Database::reset_to), of a version that was committed.
    pub(super) fn set_current(&mut self, version: &Snapshot) {
        self.engine.set_current(&version.engine);
        self.models = version.models.clone();
    }

    /// Sets the clock from the next transaction on.
    pub fn set_clock(&mut self, clock: Clock) {
        self.engine.set_clock(clock);
    }

    /// How large things may grow.
    pub fn limits(&self) -> Limits {
        self.engine.limits()
    }

    /// Sets how large things may grow, from the next transaction on. What is larger already stays.
    pub fn set_limits(&mut self, limits: Limits) {
        self.engine.set_limits(limits);
    }

    /// Starts a transaction. Dropping it undoes it.
    pub fn begin(&mut self) -> Transaction<'_> {
        Transaction::new(self.engine.begin(), &self.models)
    }

    /// Runs a closure in a transaction: committed if it gives `Ok`, undone if it gives `Err` or panics.
    ///
    /// # Errors
    ///
    /// What the closure gives, or what a deferred constraint finds at commit.
    pub fn transaction<T>(
        &mut self,
        body: impl FnOnce(&mut Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut transaction = self.begin();
        let value = body(&mut transaction)?;
        transaction.commit()?;
        Ok(value)
    }

    /// Applies changes as one statement without actions, such as inverted ones to undo.
    ///
    /// # Errors
    ///
    /// `Conflict` if a row is not as the changes expect it; a constraint error if the result may not stand.
    pub fn apply(&mut self, changes: &Changes) -> Result<()> {
        self.engine.apply(changes)
    }

    /// The database of tables, for reading and forking below the models.
    pub fn engine(&self) -> &engine::Database {
        &self.engine
    }

    /// The database of tables, for writing below the models: timestamps are not kept there, constraints are. If it is
    /// given another schema, every request through the models is refused until it has its own again.
    pub fn engine_mut(&mut self) -> &mut engine::Database {
        &mut self.engine
    }

    /// What is associated with an instance under a name, for reading and writing. Each verb is a transaction of its own.
    ///
    /// Where the source is given as `&mut`, a `belongs_to` that is set changes its key in memory as well.
    ///
    /// # Errors
    ///
    /// [`RequestKind::UnknownAssociation`](crate::error::RequestKind::UnknownAssociation).
    pub fn related<'a>(
        &'a mut self,
        source: impl Into<Source<'a>>,
        association: &str,
    ) -> Result<Related<'a>> {
        Related::new(self, source.into(), association)
    }

    call_method!();
    read_methods!();
    write_methods!();
    upsert_methods!();
    increment_methods!();

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            snapshot: &self.engine,
            models: &self.models,
            time: None,
        }
    }

    fn write<T>(&mut self, body: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> Result<T> {
        self.transaction(body)
    }
}

impl Store for Database {
    fn reader(&self) -> Reader<'_> {
        Database::reader(self)
    }

    fn write_all(
        &mut self,
        body: &mut dyn FnMut(&mut Transaction<'_>) -> Result<()>,
    ) -> Result<()> {
        self.transaction(body)
    }
}

impl Queryable for Database {
    fn version(&self) -> Version<'_> {
        self.reader().version()
    }
}
