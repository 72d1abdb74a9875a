//! The owned database: one version of everything, and what it takes to write the next one.
//!
//! Exclusive ownership is what the compiler sees: writing takes `&mut self`, and pages that no snapshot shares are
//! changed in place. Reading goes through the current [`Snapshot`], to which a database dereferences.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use slotmap::SlotMap;

use crate::engine::clock::Clock;
use crate::engine::limits::Limits;
use crate::engine::name::TableName;
use crate::engine::pending;
use crate::engine::snapshot::Snapshot;
use crate::engine::state::State;
use crate::engine::statement::Buffers;
use crate::engine::transaction::{
    Affected, OnConflict, SavepointMark, Transaction, Upserted, Upserts,
};
use crate::engine::undo::UndoLog;
use crate::engine::{Changes, Row};
use crate::error::{Operation, Result};
use crate::expr::Expr;
use crate::schema::{Schema, SchemaChange};
use crate::storage::unshare;
use crate::value::{Key, Value};

/// An in-memory database. Owned, and forked in O(1).
///
/// ```
/// use relata::engine::Database;
/// use relata::schema::{ColumnDef, Schema, TableDef};
/// use relata::value::{DataType, Value};
///
/// let schema = Schema::builder()
///     .table(
///         TableDef::new("authors")
///             .column(ColumnDef::new("id", DataType::Int).primary_key().auto_increment())
///             .column(ColumnDef::new("name", DataType::Text).not_null()),
///     )
///     .build()?;
/// let mut db = Database::new(schema);
/// let ada = db.insert("authors", [("name", Value::from("Ada"))])?;
///
/// let mut fork = db.fork();
/// fork.delete_key("authors", ada.clone())?;
/// assert_eq!((db.count("authors")?, fork.count("authors")?), (1, 0));
/// # Ok::<(), relata::error::Error>(())
/// ```
pub struct Database {
    pub(crate) current: Snapshot,
    pub(crate) undo: UndoLog,
    /// Kept over transactions, so that a handle of an earlier one is recognised.
    pub(crate) savepoints: SlotMap<slotmap::DefaultKey, SavepointMark>,
    pub(crate) limits: Limits,
    pub(crate) buffers: Buffers,
}

/// What a new database starts with.
#[derive(Clone, Copy, Debug)]
pub struct DatabaseOptions {
    /// Where times come from.
    pub clock: Clock,
    /// The seed of random values; from the operating system if none.
    pub seed: Option<u64>,
    /// How large things may grow.
    pub limits: Limits,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        DatabaseOptions {
            clock: Clock::System,
            seed: None,
            limits: Limits::default(),
        }
    }
}

impl Database {
    /// Empty tables for a schema.
    pub fn new(schema: impl Into<Arc<Schema>>) -> Self {
        Database::with_options(schema, DatabaseOptions::default())
    }

    /// Empty tables for a schema, with a clock, a seed and limits.
    pub fn with_options(schema: impl Into<Arc<Schema>>, options: DatabaseOptions) -> Self {
        let seed = options.seed.unwrap_or_else(|| fastrand::u64(..));
        let state = State::new(schema.into(), options.clock, seed);
        Database {
            current: Snapshot {
                state: triomphe::Arc::new(state),
            },
            undo: UndoLog::default(),
            savepoints: SlotMap::new(),
            limits: options.limits,
            buffers: Buffers::default(),
        }
    }

    /// This version, for as long as it is held. O(1).
    pub fn snapshot(&self) -> Snapshot {
        self.current.clone()
    }

    /// An independent database that shares every page until one of the two writes. O(1).
    pub fn fork(&self) -> Database {
        Database {
            limits: self.limits,
            ..Database::going_on_from(self.snapshot())
        }
    }

    /// A database that goes on from a snapshot. O(constraints).
    ///
    /// # Errors
    /// If the snapshot is of an open transaction: what a commit of it would have been refused for (integrity RI-52).
    pub fn from_snapshot(snapshot: Snapshot) -> Result<Database> {
        pending::judge_all(&snapshot.state, Operation::Commit)?;
        Ok(Database::going_on_from(snapshot))
    }

    /// A database that goes on from a version that was committed, or that is only looked at.
    pub(crate) fn going_on_from(snapshot: Snapshot) -> Database {
        Database {
            current: snapshot,
            undo: UndoLog::default(),
            savepoints: SlotMap::new(),
            limits: Limits::default(),
            buffers: Buffers::default(),
        }
    }

    /// Makes a snapshot the current version: rows, sequences, clock and randomness (beyond BY-15). O(constraints).
    ///
    /// # Errors
    /// If the snapshot is of an open transaction: what a commit of it would have been refused for (integrity RI-52).
    /// Nothing is changed then.
    pub fn reset_to(&mut self, snapshot: &Snapshot) -> Result<()> {
        pending::judge_all(&snapshot.state, Operation::Commit)?;
        self.current = snapshot.clone();
        Ok(())
    }

    /// Sets the clock from the next transaction on.
    pub fn set_clock(&mut self, clock: Clock) {
        unshare(&mut self.current.state).clock = clock;
    }

    /// How large things may grow.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Sets how large things may grow, from the next transaction on. What is larger already stays.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Starts a transaction. Dropping it undoes it.
    pub fn begin(&mut self) -> Transaction<'_> {
        Transaction::begin(self)
    }

    /// Runs a closure in a transaction: committed if it gives `Ok`, undone if it gives `Err` or panics.
    ///
    /// # Errors
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

    /// Inserts one row and gives its primary key. See [`Transaction::insert`].
    ///
    /// # Errors
    /// As [`Transaction::insert`].
    pub fn insert<'v>(
        &mut self,
        table: impl TableName,
        row: impl IntoIterator<Item = (&'v str, Value)>,
    ) -> Result<Key> {
        self.transaction(|tx| tx.insert(table, row))
    }

    /// Inserts rows, all or none. See [`Transaction::insert_many`].
    ///
    /// # Errors
    /// As [`Transaction::insert_many`].
    pub fn insert_many<R>(
        &mut self,
        table: impl TableName,
        columns: &[&str],
        rows: impl IntoIterator<Item = R>,
    ) -> Result<Affected>
    where
        R: AsRef<[Value]> + IntoIterator<Item = Value>,
    {
        self.transaction(|tx| tx.insert_many(table, columns, rows))
    }

    /// Writes values into the rows that a filter selects. See [`Transaction::update`].
    ///
    /// # Errors
    /// As [`Transaction::update`].
    pub fn update<'v>(
        &mut self,
        table: impl TableName,
        filter: &Expr,
        values: impl IntoIterator<Item = (&'v str, Value)>,
    ) -> Result<Affected> {
        self.transaction(|tx| tx.update(table, filter, values))
    }

    /// Writes values into one row. See [`Transaction::update_key`].
    ///
    /// # Errors
    /// As [`Transaction::update_key`].
    pub fn update_key<'v>(
        &mut self,
        table: impl TableName,
        key: impl Into<Key>,
        values: impl IntoIterator<Item = (&'v str, Value)>,
    ) -> Result<Affected> {
        self.transaction(|tx| tx.update_key(table, key, values))
    }

    /// Writes what a closure makes of each row that a filter selects. See [`Transaction::update_with`].
    ///
    /// # Errors
    /// As [`Transaction::update_with`].
    pub fn update_with<'v>(
        &mut self,
        table: impl TableName,
        filter: &Expr,
        change: impl FnMut(Row<'_>) -> Result<Vec<(&'v str, Value)>>,
    ) -> Result<Affected> {
        self.transaction(|tx| tx.update_with(table, filter, change))
    }

    /// Inserts a row, or updates the row that has its primary key. See [`Transaction::upsert`].
    ///
    /// # Errors
    /// As [`Transaction::upsert`].
    pub fn upsert<'v>(
        &mut self,
        table: impl TableName,
        row: impl IntoIterator<Item = (&'v str, Value)>,
    ) -> Result<Key> {
        self.transaction(|tx| tx.upsert(table, row))
    }

    /// Inserts a row, or does what `on_conflict` says if a unique key of it is taken. See
    /// [`Transaction::insert_on_conflict`].
    ///
    /// # Errors
    /// As [`Transaction::insert_on_conflict`].
    pub fn insert_on_conflict<'v>(
        &mut self,
        table: impl TableName,
        row: impl IntoIterator<Item = (&'v str, Value)>,
        on_conflict: &OnConflict,
    ) -> Result<Upserted> {
        self.transaction(|tx| tx.insert_on_conflict(table, row, on_conflict))
    }

    /// Inserts rows, all or none, and does what `on_conflict` says with those of which a unique key is taken. See
    /// [`Transaction::insert_many_on_conflict`].
    ///
    /// # Errors
    /// As [`Transaction::insert_many_on_conflict`].
    pub fn insert_many_on_conflict<R>(
        &mut self,
        table: impl TableName,
        columns: &[&str],
        rows: impl IntoIterator<Item = R>,
        on_conflict: &OnConflict,
    ) -> Result<Upserts>
    where
        R: IntoIterator<Item = Value>,
    {
        self.transaction(|tx| tx.insert_many_on_conflict(table, columns, rows, on_conflict))
    }

    /// Deletes the rows that a filter selects. See [`Transaction::delete`].
    ///
    /// # Errors
    /// As [`Transaction::delete`].
    pub fn delete(&mut self, table: impl TableName, filter: &Expr) -> Result<Affected> {
        self.transaction(|tx| tx.delete(table, filter))
    }

    /// Deletes one row. See [`Transaction::delete_key`].
    ///
    /// # Errors
    /// As [`Transaction::delete_key`].
    pub fn delete_key(&mut self, table: impl TableName, key: impl Into<Key>) -> Result<Affected> {
        self.transaction(|tx| tx.delete_key(table, key))
    }

    /// Deletes every row of some tables. See [`Transaction::truncate`].
    ///
    /// # Errors
    /// As [`Transaction::truncate`].
    pub fn truncate(
        &mut self,
        tables: impl IntoIterator<Item = impl TableName>,
    ) -> Result<Affected> {
        self.transaction(|tx| tx.truncate(tables))
    }

    /// Changes the schema. See [`Transaction::change_schema`].
    ///
    /// # Errors
    /// As [`Transaction::change_schema`].
    pub fn change_schema(&mut self, change: &SchemaChange) -> Result<()> {
        self.transaction(|tx| tx.change_schema(change))
    }

    /// Makes `next` the number that the next row of a table without one gets. See [`Transaction::set_sequence`].
    ///
    /// # Errors
    /// As [`Transaction::set_sequence`].
    pub fn set_sequence(&mut self, table: impl TableName, next: i64) -> Result<()> {
        self.transaction(|tx| tx.set_sequence(table, next))
    }

    /// Applies changes as one statement without actions. See [`Transaction::apply`].
    ///
    /// # Errors
    /// As [`Transaction::apply`].
    pub fn apply(&mut self, changes: &Changes) -> Result<()> {
        self.transaction(|tx| tx.apply(changes))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database")
            .field("rows", &self.current)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl Deref for Database {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.current
    }
}
