//! A transaction: writes through models that stand or fall together.

use std::sync::Arc;

use crate::association::registry::ModelEntry;
use crate::engine;
use crate::engine::{Affected, Changes, Commit, Savepoint};
use crate::error::Result;
use crate::expr::Expr;
use crate::model::find::read_methods;
use crate::model::increment::increment_methods;
use crate::model::lifecycle::Manner;
use crate::model::link::Store;
use crate::model::link::call_method;
use crate::model::reader::{Reader, check_origin, check_schema};
use crate::model::resolve::Resolved;
use crate::model::upsert::upsert_methods;
use crate::model::write::write_methods;
use crate::model::{Instance, Related, Snapshot, Source, Tree, Values};
use crate::query::{Queryable, Version};
use crate::value::Timestamp;

/// Writes that stand or fall together; it reads its own. Dropping it undoes them. Each of its methods is all or nothing
/// by itself, and leaves the transaction as it was if it fails.
///
/// Undoing does not reach into memory: an instance that was written keeps what it was told, until it is reloaded.
#[derive(Debug)]
pub struct Transaction<'db> {
    engine: engine::Transaction<'db>,
    models: &'db Arc<Resolved>,
    pub(super) manner: Manner,
}

impl<'db> Transaction<'db> {
    pub(crate) fn new(engine: engine::Transaction<'db>, models: &'db Arc<Resolved>) -> Self {
        Transaction {
            engine,
            models,
            manner: Manner::default(),
        }
    }

    /// Judges what was deferred and lets the transaction stand.
    ///
    /// # Errors
    ///
    /// The first deferred reference that is unmet; nothing of the transaction remains then.
    pub fn commit(self) -> Result<Commit> {
        self.engine.commit()
    }

    /// As [`commit`](Transaction::commit), and what was changed. O(changes).
    ///
    /// # Errors
    ///
    /// As [`commit`](Transaction::commit), and [`changes`](Transaction::changes).
    pub fn commit_with_changes(self) -> Result<Changes> {
        self.engine.commit_with_changes()
    }

    /// Undoes the transaction. The same as dropping it.
    pub fn rollback(self) {
        self.engine.rollback();
    }

    /// What the transaction has changed so far, by table and primary key. O(changes).
    ///
    /// # Errors
    ///
    /// `SchemaChanged` if the schema was changed below the models.
    pub fn changes(&self) -> Result<Changes> {
        self.engine.changes()
    }

    /// The version as it stands now, uncommitted writes included. O(1).
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            engine: self.engine.snapshot(),
            models: self.models.clone(),
        }
    }

    /// The transaction's time: the database's clock, read once, at the first need.
    pub fn now(&mut self) -> Timestamp {
        self.engine.now()
    }

    /// Marks this point of the transaction.
    ///
    /// # Errors
    ///
    /// [`Limit::Savepoints`](crate::error::Limit::Savepoints) if too many are open.
    pub fn savepoint(&mut self) -> Result<Savepoint> {
        self.engine.savepoint()
    }

    /// Undoes everything since the savepoint. The savepoint stays, later ones go.
    ///
    /// # Errors
    ///
    /// `UnknownSavepoint`.
    pub fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()> {
        self.engine.rollback_to(savepoint)
    }

    /// Forgets the savepoint and later ones; what was done since stays.
    ///
    /// # Errors
    ///
    /// `UnknownSavepoint`.
    pub fn release(&mut self, savepoint: Savepoint) -> Result<()> {
        self.engine.release(savepoint)
    }

    /// Runs a closure that is undone whole if it fails or panics; after a failure, and after a panic that somebody catches,
    /// the transaction goes on.
    ///
    /// # Errors
    ///
    /// What the closure gives, or [`Limit::Savepoints`](crate::error::Limit::Savepoints).
    pub fn atomically<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        engine::atomically(self, |transaction| &mut transaction.engine, body)
    }

    /// Judges the named foreign keys, or all deferrable ones if none is named, at commit from now on.
    ///
    /// # Errors
    ///
    /// `UnknownConstraint`, or `NotDeferrable`.
    pub fn defer_constraints(&mut self, names: &[&str]) -> Result<()> {
        self.engine.defer_constraints(names)
    }

    /// Judges the named foreign keys, or all deferrable ones if none is named, now and after each statement.
    ///
    /// # Errors
    ///
    /// `UnknownConstraint`, `NotDeferrable`, or the unmet references.
    pub fn set_constraints_immediate(&mut self, names: &[&str]) -> Result<()> {
        self.engine.set_constraints_immediate(names)
    }

    /// Reports the deferred references that are unmet now. Nothing is changed.
    ///
    /// # Errors
    ///
    /// What a commit would be refused for: the first one, with the further ones as
    /// [`Error::violations`](crate::error::Error::violations).
    pub fn check_deferred(&self) -> Result<()> {
        self.engine.check_deferred()
    }

    /// Applies changes as one statement without actions.
    ///
    /// # Errors
    ///
    /// `Conflict` if a row is not as the changes expect it; a constraint error if the result may not stand.
    pub fn apply(&mut self, changes: &Changes) -> Result<()> {
        self.engine.apply(changes)
    }

    /// The transaction on tables, for reading below the models.
    pub fn engine(&self) -> &engine::Transaction<'db> {
        &self.engine
    }

    /// The transaction on tables, for writing below the models: timestamps are not kept there, constraints are.
    pub fn engine_mut(&mut self) -> &mut engine::Transaction<'db> {
        &mut self.engine
    }

    /// What is associated with an instance under a name, for reading and writing. Each verb is a savepoint: all or
    /// nothing.
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

    // ---- For the modules that write ----

    pub(crate) fn reader(&self) -> Reader<'_> {
        Reader {
            snapshot: &self.engine,
            models: self.models,
            time: Some(self.engine.time()),
        }
    }

    pub(crate) fn models(&self) -> &'db Arc<Resolved> {
        self.models
    }

    /// As [`Reader::model`], for longer than a borrow of the transaction.
    pub(crate) fn model(&self, name: &str) -> Result<&'db ModelEntry> {
        check_schema(&self.engine, self.models, name)?;
        self.models.registry.by_name(name)
    }

    /// As [`Reader::model_of`], for longer than a borrow of the transaction.
    pub(crate) fn model_of(&self, instance: &Instance) -> Result<&'db ModelEntry> {
        check_schema(&self.engine, self.models, instance.model())?;
        check_origin(self.models, instance)?;
        Ok(self.models.registry.model(instance.model_id()))
    }

    /// Every write of this type is one statement, or sees to its own savepoint.
    fn write<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        body(self)
    }
}

impl Store for Transaction<'_> {
    fn reader(&self) -> Reader<'_> {
        Transaction::reader(self)
    }

    fn write_all(
        &mut self,
        body: &mut dyn FnMut(&mut Transaction<'_>) -> Result<()>,
    ) -> Result<()> {
        self.atomically(|transaction| body(transaction))
    }
}

impl Queryable for Transaction<'_> {
    fn version(&self) -> Version<'_> {
        self.reader().version()
    }
}
