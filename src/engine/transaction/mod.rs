//! A transaction: statements that stand or fall together.
//!
//! Each statement is atomic and, if it fails, leaves the transaction as it was before it (integrity RI-83). Dropping a
//! transaction undoes it. Savepoints are handles; one that was released or rolled back over is recognised. A
//! transaction reads its own writes: it dereferences to the version as it stands now.

mod by_name;
mod by_id;
mod one_row;
mod prepared;
mod on_conflict;
mod upsert;
mod sequences;
mod savepoint;
mod deferral;
mod change_schema;
mod truncate;
mod time;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::engine::Database;
use crate::engine::changes::{self, Changes};
use crate::engine::mutation::Writer;
use crate::engine::pending::{self, Modes};
use crate::engine::snapshot::Snapshot;
use crate::engine::statement::{Context, Counts, Statement};
use crate::engine::undo::Mark;
use crate::error::{Operation, Result};
use crate::schema::Schema;
use crate::storage::{RowId, unshare};
use crate::value::{Timestamp, Value};

pub use self::on_conflict::OnConflict;
pub use self::prepared::PreparedInsert;
pub use self::savepoint::Savepoint;
pub(crate) use self::savepoint::{SavepointMark, atomically};
pub(crate) use self::time::Time;
pub use self::upsert::{Upserted, Upserts};

/// Statements that stand or fall together. Dropping it undoes them.
pub struct Transaction<'db> {
    database: &'db mut Database,
    schema: Arc<Schema>,
    start: Mark,
    time: Time,
    modes: Modes,
    /// The handles that can still be used, oldest first.
    open: Vec<slotmap::DefaultKey>,
    rows: u64,
    finished: bool,
}

/// How many rows a statement changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Affected {
    /// Rows that the statement addressed, whether or not their values changed (integrity RI-73).
    pub rows: u64,
    /// Changes that ON DELETE and ON UPDATE made to other rows.
    pub by_actions: u64,
}

/// What a transaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Rows that its statements changed, actions included.
    pub rows: u64,
}

/// Cells by ordinal.
pub(crate) type Cells = SmallVec<[(u32, Value); 4]>;

impl<'db> Transaction<'db> {
    pub(crate) fn begin(database: &'db mut Database) -> Self {
        database.undo.clear();
        let schema = database.current.schema().clone();
        Transaction {
            modes: Modes::initial(&schema),
            start: database.undo.mark(),
            schema,
            time: Time::default(),
            open: Vec::new(),
            rows: 0,
            finished: false,
            database,
        }
    }

    pub(super) fn run(
        &mut self,
        operation: Operation,
        address: impl FnOnce(&mut Statement<'_>) -> Result<usize>,
    ) -> Result<Affected> {
        let mut statement = self.statement(operation);
        let addressed = address(&mut statement)?;
        let Counts {
            addressed,
            by_actions,
        } = statement.finish(addressed)?;
        drop(statement);
        let affected = Affected {
            rows: addressed as u64,
            by_actions: by_actions as u64,
        };
        self.rows += affected.rows + affected.by_actions;
        Ok(affected)
    }

    /// A statement that inserts one row; its id.
    fn insert_one(
        &mut self,
        insert: impl FnOnce(&mut Statement<'_>) -> Result<()>,
    ) -> Result<RowId> {
        let mut row = None;
        self.run(Operation::Insert, |statement| {
            statement.only_inserts();
            insert(statement)?;
            row = Some(statement.last_inserted());
            Ok(1)
        })?;
        Ok(row.expect("a statement that stands has inserted its row"))
    }

    pub(super) fn statement(&mut self, operation: Operation) -> Statement<'_> {
        self.keep_time_of_reads();
        let Database {
            current,
            undo,
            limits,
            buffers,
            ..
        } = &mut *self.database;
        let writer = Writer {
            state: unshare(&mut current.state),
            undo,
            schema: &self.schema,
            sequence_logged: None,
        };
        let context = Context {
            now: &mut self.time.written,
            modes: &self.modes,
            limits,
            buffers,
        };
        Statement::begin(writer, context, operation)
    }

    /// The transaction's time: the database's clock, read once, at the first need.
    pub fn now(&mut self) -> Timestamp {
        self.keep_time_of_reads();
        if let Some(now) = self.time.written {
            return now;
        }
        writer(self.database, &self.schema).now(&mut self.time.written)
    }

    /// The same for reads, which share the transaction.
    pub(crate) fn time(&self) -> &Time {
        &self.time
    }

    /// What a read took for the time is the time.
    #[inline]
    fn keep_time_of_reads(&mut self) {
        if let Some(read) = self.time.is_ahead() {
            writer(self.database, &self.schema).now(&mut self.time.written);
            self.time.written = Some(read);
        }
    }

    /// Judges what was deferred and lets the transaction stand.
    ///
    /// # Errors
    /// The first duplicate of a deferred key, or else the first deferred reference that is unmet, with all the others of
    /// both sorts as [`Error::violations`](crate::error::Error::violations). Nothing of the transaction remains then
    /// (integrity RI-52).
    pub fn commit(mut self) -> Result<Commit> {
        pending::judge_all(&self.database.current.state, Operation::Commit)?;
        self.finished = true;
        Ok(Commit { rows: self.rows })
    }

    /// As [`Transaction::commit`], and what was changed. O(changes).
    ///
    /// # Errors
    /// As [`Transaction::commit`], and [`Transaction::changes`]; nothing of the transaction remains then either.
    pub fn commit_with_changes(self) -> Result<Changes> {
        let changes = self.changes()?;
        self.commit()?;
        Ok(changes)
    }

    /// What the transaction has changed so far, by primary key. O(changes).
    ///
    /// # Errors
    /// `SchemaChanged` if the transaction changed the schema: changes of rows do not lead across that.
    pub fn changes(&self) -> Result<Changes> {
        changes::decode(
            &self.database.current.state,
            &self.database.undo,
            self.start,
        )
    }

    /// The version as it stands now: uncommitted writes are in it, and what waits for commit may be broken. O(1).
    pub fn snapshot(&self) -> Snapshot {
        self.database.snapshot()
    }

    /// Bytes that the way back takes so far: what
    /// [`Limits::transaction_bytes_max`](crate::engine::Limits::transaction_bytes_max) bounds.
    pub fn way_back_bytes(&self) -> u64 {
        self.database.undo.size_bytes()
    }

    /// Undoes the transaction. The same as dropping it.
    pub fn rollback(self) {}

    fn roll_back(&mut self, mark: Mark) {
        if let Some(before) = self.database.undo.pop_replaced_after(mark) {
            self.schema = before.schema().clone();
            self.database.current = before;
        }
        if self.database.undo.mark() != mark {
            writer(self.database, &self.schema).roll_back(mark);
        }
    }
}

/// Writes outside a statement.
fn writer<'a>(database: &'a mut Database, schema: &'a Schema) -> Writer<'a> {
    Writer {
        state: unshare(&mut database.current.state),
        undo: &mut database.undo,
        schema,
        sequence_logged: None,
    }
}

impl fmt::Debug for Transaction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("database", &self.database)
            .field("rows", &self.rows)
            .field("savepoints", &self.open.len())
            .finish_non_exhaustive()
    }
}

impl Deref for Transaction<'_> {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.database.current
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.roll_back(self.start);
        }
        self.forget_from(0);
        self.database.undo.clear();
    }
}
