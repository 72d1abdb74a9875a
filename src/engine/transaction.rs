//! A transaction: statements that stand or fall together.
//!
//! Each statement is atomic and, if it fails, leaves the transaction as it was before it (integrity RI-83). Dropping a
//! transaction undoes it. Savepoints are handles; one that was released or rolled back over is recognised. A
//! transaction reads its own writes: it dereferences to the version as it stands now.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use crate::engine::Database;
use smallvec::SmallVec;

use crate::engine::changes::{self, Changes};
use crate::engine::constraint;
use crate::engine::mutation::Writer;
use crate::engine::read::{Row, RowView};
use crate::engine::snapshot::Snapshot;
use crate::engine::statement::{Context, Counts, Statement};
use crate::engine::undo::Mark;
use crate::error::{
    Operation, RequestError, RequestKind, Result, TransactionError, TransactionKind,
};
use crate::expr::Expr;
use crate::schema::{Deferral, Schema, Table, TableId};
use crate::storage::RowId;
use crate::value::{Key, Timestamp, Value};

/// Statements that stand or fall together. Dropping it undoes them.
#[derive(Debug)]
pub struct Transaction<'db> {
    database: &'db mut Database,
    schema: Arc<Schema>,
    start: Mark,
    now: Option<Timestamp>,
    /// By foreign key: judged at commit, for now.
    deferred: Modes,
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

/// A point of a transaction to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Savepoint {
    handle: slotmap::DefaultKey,
}

/// What stood when a savepoint was made.
#[derive(Clone, Debug)]
pub(crate) struct SavepointMark {
    mark: Mark,
    now: Option<Timestamp>,
    deferred: Modes,
    rows: u64,
}

/// For each foreign key by id: whether it is judged at commit. Most schemas fit without an allocation.
type Modes = SmallVec<[bool; 32]>;

/// Cells by ordinal.
pub(crate) type Cells = Vec<(u32, Value)>;

impl<'db> Transaction<'db> {
    pub(crate) fn begin(database: &'db mut Database) -> Self {
        database.undo.clear();
        let schema = database.current.schema().clone();
        let initially_deferred = |deferral| deferral == Deferral::InitiallyDeferred;
        Transaction {
            deferred: schema
                .foreign_keys()
                .iter()
                .map(|key| initially_deferred(key.deferral))
                .collect(),
            start: database.undo.mark(),
            schema,
            now: None,
            open: Vec::new(),
            rows: 0,
            finished: false,
            database,
        }
    }

    // ---- Statements by name ----

    /// Inserts one row and gives its primary key. Columns not named take their defaults.
    ///
    /// # Errors
    /// `UnknownTable`, `UnknownColumn`, `Type`; a constraint error if the row may not stand. Nothing is changed then.
    pub fn insert<'v>(
        &mut self,
        table: &str,
        row: impl IntoIterator<Item = (&'v str, Value)>,
    ) -> Result<Key> {
        let id = self.schema.table_id(table)?;
        let cells = named_cells(self.schema.table(id), row)?;
        let rows = self.insert_rows(id, [cells])?;
        Ok(self.view(id, rows[0]).key())
    }

    /// Inserts rows as one statement, all or none; each row has one value for each named column.
    ///
    /// # Errors
    /// As [`Transaction::insert`], and `KeyLength` if a row has too few or too many values.
    pub fn insert_many<R>(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: impl IntoIterator<Item = R>,
    ) -> Result<Affected>
    where
        R: IntoIterator<Item = Value>,
    {
        let id = self.schema.table_id(table)?;
        let schema = self.schema.clone();
        let ordinals = columns
            .iter()
            .map(|name| schema.table(id).column(name))
            .collect::<Result<Vec<_>>>()?;
        let mut given = Cells::with_capacity(ordinals.len());
        self.run(Operation::Insert, |statement| {
            let (mut addressed, mut row) = (0, Vec::new());
            for values in rows {
                given.clear();
                let mut values = values.into_iter();
                given.extend(ordinals.iter().copied().zip(values.by_ref()));
                if given.len() < ordinals.len() || values.next().is_some() {
                    let detail = format!("row {addressed} has not {} values", ordinals.len());
                    return Err(RequestError::new(RequestKind::KeyLength, table, detail).into());
                }
                statement.fill_defaults(id, &given, &mut row)?;
                statement.insert(id, &row)?;
                addressed += 1;
            }
            Ok(addressed)
        })
    }

    /// Writes values into every row that the filter selects.
    ///
    /// # Errors
    /// `UnknownTable`, `UnknownColumn`, `Type`; a constraint error if the result may not stand. Nothing is changed then.
    pub fn update<'v>(
        &mut self,
        table: &str,
        filter: &Expr,
        values: impl IntoIterator<Item = (&'v str, Value)>,
    ) -> Result<Affected> {
        let id = self.schema.table_id(table)?;
        let cells = named_cells(self.schema.table(id), values)?;
        let rows = self.select_ids(id, filter)?;
        self.run(Operation::Update, |statement| {
            rows.iter()
                .try_for_each(|&row| statement.update(id, row, &cells).map(drop))?;
            Ok(rows.len())
        })
    }

    /// Writes values into the row with this primary key; no row is no error and counts none.
    ///
    /// # Errors
    /// As [`Transaction::update`], and `KeyLength`.
    pub fn update_key<'v>(
        &mut self,
        table: &str,
        key: impl Into<Key>,
        values: impl IntoIterator<Item = (&'v str, Value)>,
    ) -> Result<Affected> {
        let id = self.schema.table_id(table)?;
        let cells = named_cells(self.schema.table(id), values)?;
        let key = key.into();
        self.check_key_length(id, &key)?;
        let rows: Vec<_> = self
            .find(id, 0, &key)
            .map(|row| (row, cells))
            .into_iter()
            .collect();
        self.update_rows(id, &rows)
    }

    /// Writes what a closure makes of each row that the filter selects. The closure sees every row as it was before the
    /// statement (integrity RI-61).
    ///
    /// # Errors
    /// As [`Transaction::update`], and whatever the closure gives.
    pub fn update_with<'v>(
        &mut self,
        table: &str,
        filter: &Expr,
        mut change: impl FnMut(Row<'_>) -> Result<Vec<(&'v str, Value)>>,
    ) -> Result<Affected> {
        let id = self.schema.table_id(table)?;
        let mut rows = Vec::new();
        for row in self.select_ids(id, filter)? {
            let values = change(self.view(id, row).into_row())?;
            rows.push((row, named_cells(self.schema.table(id), values)?));
        }
        self.update_rows(id, &rows)
    }

    /// Inserts a row, or, if its primary key is taken, writes its other columns into the row that has it.
    ///
    /// # Errors
    /// As [`Transaction::insert`].
    pub fn upsert<'v>(
        &mut self,
        table: &str,
        row: impl IntoIterator<Item = (&'v str, Value)>,
    ) -> Result<Key> {
        let id = self.schema.table_id(table)?;
        let cells = named_cells(self.schema.table(id), row)?;
        let rows = self.upsert_rows(id, &[cells])?;
        Ok(self.view(id, rows[0]).key())
    }

    /// Deletes every row that the filter selects, and what ON DELETE takes along.
    ///
    /// # Errors
    /// `UnknownTable`, what is wrong with the filter, or a constraint error if a reference forbids it.
    pub fn delete(&mut self, table: &str, filter: &Expr) -> Result<Affected> {
        let id = self.schema.table_id(table)?;
        let rows = self.select_ids(id, filter)?;
        self.delete_rows(id, &rows)
    }

    /// Deletes the row with this primary key, and what ON DELETE takes along; no row is no error and counts none.
    ///
    /// # Errors
    /// As [`Transaction::delete`], and `KeyLength`.
    pub fn delete_key(&mut self, table: &str, key: impl Into<Key>) -> Result<Affected> {
        let id = self.schema.table_id(table)?;
        let key = key.into();
        self.check_key_length(id, &key)?;
        let rows: Vec<_> = self.find(id, 0, &key).into_iter().collect();
        self.delete_rows(id, &rows)
    }

    /// Applies changes as one statement: no actions run, since the changes contain what they did; every constraint is
    /// judged on the result.
    ///
    /// # Errors
    /// `Conflict` if a row is not as the changes expect it; a constraint error if the result may not stand.
    pub fn apply(&mut self, changes: &Changes) -> Result<()> {
        let plan = changes.resolve(self)?;
        let mut statement = self.statement(Operation::Apply);
        let counts = plan.run(&mut statement)?;
        statement.finish_without_actions()?;
        self.rows += counts;
        Ok(())
    }

    // ---- Statements by id, for the layers above ----

    /// Inserts rows of some cells each, filling the rest; their ids in order.
    pub(crate) fn insert_rows(
        &mut self,
        table: TableId,
        rows: impl IntoIterator<Item = Cells>,
    ) -> Result<Vec<RowId>> {
        let mut ids = Vec::new();
        self.run(Operation::Insert, |statement| {
            let mut full = Vec::new();
            for cells in rows {
                statement.fill_defaults(table, &cells, &mut full)?;
                ids.push(statement.insert(table, &full)?);
            }
            Ok(ids.len())
        })?;
        Ok(ids)
    }

    /// Writes cells into rows.
    pub(crate) fn update_rows(
        &mut self,
        table: TableId,
        rows: &[(RowId, Cells)],
    ) -> Result<Affected> {
        self.run(Operation::Update, |statement| {
            rows.iter()
                .try_for_each(|(row, cells)| statement.update(table, *row, cells).map(drop))?;
            Ok(rows.len())
        })
    }

    /// Deletes rows.
    pub(crate) fn delete_rows(&mut self, table: TableId, rows: &[RowId]) -> Result<Affected> {
        self.run(Operation::Delete, |statement| {
            rows.iter()
                .try_for_each(|&row| statement.delete(table, row))?;
            Ok(rows.len())
        })
    }

    /// Inserts rows, or updates those whose primary key is taken; the ids in order.
    pub(crate) fn upsert_rows(&mut self, table: TableId, rows: &[Cells]) -> Result<Vec<RowId>> {
        let schema = self.schema.clone();
        let mut touched = BTreeSet::new();
        let mut ids = Vec::new();
        self.run(Operation::Insert, |statement| {
            let mut full = Vec::new();
            for cells in rows {
                let id = upsert_row(statement, schema.table(table), cells, &mut full)?;
                if !touched.insert(id) {
                    let detail = "an upsert addresses one row twice";
                    return Err(RequestError::new(
                        RequestKind::Repeated,
                        &*schema.table(table).name,
                        detail,
                    )
                    .into());
                }
                ids.push(id);
            }
            Ok(ids.len())
        })?;
        Ok(ids)
    }

    /// The rows for which a filter is true, in primary-key order.
    pub(crate) fn select_ids(&self, table: TableId, filter: &Expr) -> Result<Vec<RowId>> {
        let filter = filter.bind(self.schema.table(table))?;
        let mut ids: Vec<_> = self
            .scan(table)
            .filter(|row| filter.matches(row))
            .map(|row| row.id)
            .collect();
        self.sort_by_key(table, &mut ids);
        Ok(ids)
    }

    fn run(
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
        let affected = Affected {
            rows: addressed as u64,
            by_actions: by_actions as u64,
        };
        self.rows += affected.rows + affected.by_actions;
        Ok(affected)
    }

    fn statement(&mut self, operation: Operation) -> Statement<'_> {
        let Database {
            current,
            undo,
            rows_changed_max,
            ..
        } = &mut *self.database;
        let writer = Writer {
            state: triomphe::Arc::make_mut(&mut current.state),
            undo,
            schema: &self.schema,
            sequence_logged: None,
        };
        let context = Context {
            now: &mut self.now,
            deferred: &self.deferred,
            rows_changed_max: *rows_changed_max,
        };
        Statement::begin(writer, context, operation)
    }

    /// The transaction's time: the database's clock, read once, at the first need.
    pub fn now(&mut self) -> Timestamp {
        if let Some(now) = self.now {
            return now;
        }
        let Database { current, undo, .. } = &mut *self.database;
        let state = triomphe::Arc::make_mut(&mut current.state);
        Writer {
            state,
            undo,
            schema: &self.schema,
            sequence_logged: None,
        }
        .now(&mut self.now)
    }

    // ---- Savepoints ----

    /// Marks this point of the transaction.
    pub fn savepoint(&mut self) -> Savepoint {
        let mark = SavepointMark {
            mark: self.database.undo.mark(),
            now: self.now,
            deferred: self.deferred.clone(),
            rows: self.rows,
        };
        let handle = self.database.savepoints.insert(mark);
        self.open.push(handle);
        Savepoint { handle }
    }

    /// Undoes everything since the savepoint, constraint modes included. The savepoint stays, later ones go.
    ///
    /// # Errors
    /// `UnknownSavepoint`.
    pub fn rollback_to(&mut self, savepoint: Savepoint) -> Result<()> {
        let position = self.position_of(savepoint)?;
        self.forget_from(position + 1);
        let SavepointMark {
            mark,
            now,
            deferred,
            rows,
        } = self.database.savepoints[savepoint.handle].clone();
        (self.now, self.deferred, self.rows) = (now, deferred, rows);
        self.roll_back(mark);
        Ok(())
    }

    /// Forgets the savepoint and later ones; what was done since stays.
    ///
    /// # Errors
    /// `UnknownSavepoint`.
    pub fn release(&mut self, savepoint: Savepoint) -> Result<()> {
        let position = self.position_of(savepoint)?;
        self.forget_from(position);
        Ok(())
    }

    /// Runs a closure that is undone whole if it fails; the transaction goes on in either case. If the closure panics,
    /// the unwinding transaction is undone.
    ///
    /// # Errors
    /// What the closure gives.
    pub fn atomically<T>(&mut self, body: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let savepoint = self.savepoint();
        let result = body(self);
        if result.is_err() {
            self.rollback_to(savepoint)?;
        }
        self.release(savepoint)?;
        result
    }

    fn position_of(&self, savepoint: Savepoint) -> Result<usize> {
        let found = self.open.iter().rposition(|&open| open == savepoint.handle);
        found.ok_or_else(|| {
            let detail =
                "this savepoint was released, rolled back over, or is of another transaction";
            TransactionError::new(TransactionKind::UnknownSavepoint, detail).into()
        })
    }

    fn forget_from(&mut self, position: usize) {
        for handle in self.open.drain(position..) {
            self.database.savepoints.remove(handle);
        }
    }

    // ---- Deferred constraints ----

    /// Judges the named foreign keys, or all deferrable ones if none is named, at commit from now on.
    ///
    /// # Errors
    /// `UnknownConstraint`, or `NotDeferrable`.
    pub fn defer_constraints(&mut self, names: &[&str]) -> Result<()> {
        for key in self.deferrable(names)? {
            self.deferred[key] = true;
        }
        Ok(())
    }

    /// Judges the named foreign keys, or all deferrable ones if none is named, now and after each statement. If that
    /// fails the mode stays as it was and the transaction goes on (integrity RI-55).
    ///
    /// # Errors
    /// `UnknownConstraint`, `NotDeferrable`, or the first unmet reference.
    pub fn set_constraints_immediate(&mut self, names: &[&str]) -> Result<()> {
        let keys = self.deferrable(names)?;
        for &key in &keys {
            self.judge_pending(key, Operation::SetImmediate)?;
        }
        for key in keys {
            self.deferred[key] = false;
        }
        Ok(())
    }

    /// Reports the first deferred reference that is unmet now. Nothing is changed.
    ///
    /// # Errors
    /// The reference.
    pub fn check_deferred(&self) -> Result<()> {
        (0..self.deferred.len())
            .try_for_each(|key| self.judge_pending(key, Operation::SetImmediate))
    }

    fn deferrable(&self, names: &[&str]) -> Result<Vec<usize>> {
        let keys = self.schema.foreign_keys();
        if names.is_empty() {
            return Ok((0..keys.len())
                .filter(|&key| keys[key].deferral != Deferral::NotDeferrable)
                .collect());
        }
        let mut found = Vec::new();
        for name in names {
            let before = found.len();
            for (position, key) in keys
                .iter()
                .enumerate()
                .filter(|(_, key)| &*key.name == *name)
            {
                if key.deferral == Deferral::NotDeferrable {
                    let detail = format!("foreign key {name} is not deferrable");
                    return Err(
                        TransactionError::new(TransactionKind::NotDeferrable, detail).into(),
                    );
                }
                found.push(position);
            }
            if found.len() == before {
                return Err(RequestError::new(
                    RequestKind::UnknownConstraint,
                    *name,
                    "no foreign key of this name",
                )
                .into());
            }
        }
        Ok(found)
    }

    fn judge_pending(&self, key: usize, operation: Operation) -> Result<()> {
        let key = &self.schema.foreign_keys()[key];
        let state = &self.database.current.state;
        let unmatched = state.edge(key.id).unmatched();
        if unmatched.is_empty() {
            return Ok(());
        }
        let first = unmatched.iter().min_by(|&a, &b| {
            constraint::key_of(state, key.child, a).cmp(&constraint::key_of(state, key.child, b))
        });
        match first {
            None => Ok(()),
            Some(child) => Err(constraint::no_parent(state, &[], key.id, child, operation).into()),
        }
    }

    // ---- The end ----

    /// Judges what was deferred and lets the transaction stand.
    ///
    /// # Errors
    /// The first deferred reference that is unmet; nothing of the transaction remains then (integrity RI-52).
    pub fn commit(mut self) -> Result<Commit> {
        (0..self.deferred.len()).try_for_each(|key| self.judge_pending(key, Operation::Commit))?;
        self.finished = true;
        Ok(Commit { rows: self.rows })
    }

    /// As [`Transaction::commit`], and what was changed. O(changes).
    ///
    /// # Errors
    /// As [`Transaction::commit`].
    pub fn commit_with_changes(self) -> Result<Changes> {
        let changes = self.changes();
        self.commit()?;
        Ok(changes)
    }

    /// What the transaction has changed so far, by primary key. O(changes).
    pub fn changes(&self) -> Changes {
        changes::decode(
            &self.database.current.state,
            &self.database.undo,
            self.start,
        )
    }

    /// The version as it stands now, uncommitted writes included. O(1).
    pub fn snapshot(&self) -> Snapshot {
        self.database.snapshot()
    }

    /// Undoes the transaction. The same as dropping it.
    pub fn rollback(self) {}

    fn roll_back(&mut self, mark: Mark) {
        let Database { current, undo, .. } = &mut *self.database;
        if undo.mark() == mark {
            return;
        }
        let state = triomphe::Arc::make_mut(&mut current.state);
        Writer {
            state,
            undo,
            schema: &self.schema,
            sequence_logged: None,
        }
        .roll_back(mark);
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

/// Names to ordinals; a column named twice is refused.
fn named_cells<'v>(
    table: &Table,
    values: impl IntoIterator<Item = (&'v str, Value)>,
) -> Result<Cells> {
    let mut cells = Cells::new();
    for (name, value) in values {
        let ordinal = table.column(name)?;
        if cells.iter().any(|(given, _)| *given == ordinal) {
            let detail = format!("column {name} is given twice");
            return Err(RequestError::new(RequestKind::Repeated, &*table.name, detail).into());
        }
        cells.push((ordinal, value));
    }
    Ok(cells)
}

fn upsert_row(
    statement: &mut Statement<'_>,
    table: &Table,
    cells: &Cells,
    full: &mut Vec<Value>,
) -> Result<RowId> {
    let primary = &table.primary_key().columns;
    let given = |ordinal: &u32| {
        cells
            .iter()
            .find(|(column, _)| column == ordinal)
            .map(|(_, value)| value)
    };
    let key: Option<Vec<&Value>> = primary.iter().map(given).collect();
    let existing = key
        .filter(|key| !key.iter().any(|value| value.is_null()))
        .and_then(|key| {
            statement
                .state()
                .table(table.id)
                .find(0, key.into_iter().map(Value::as_ref))
        });
    match existing {
        Some(row) => {
            let others: Cells = cells
                .iter()
                .filter(|(ordinal, _)| !primary.contains(ordinal))
                .cloned()
                .collect();
            statement.update(table.id, row, &others)?;
            Ok(row)
        }
        None => {
            statement.fill_defaults(table.id, cells, full)?;
            statement.insert(table.id, full)
        }
    }
}

/// Rows are read through the version; this keeps the helper types in one place.
impl<'a> From<RowView<'a>> for Row<'a> {
    fn from(view: RowView<'a>) -> Self {
        view.into_row()
    }
}
