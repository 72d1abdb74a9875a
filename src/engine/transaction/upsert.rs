//! Inserts that meet rows: insert or update, insert or leave out, replace (integrity RI-62).
//!
//! A row is looked up in the state as the statement has made it so far, by the values that it gives and by constant
//! defaults. A value that the database makes is looked up by nobody: should it meet another row, that is a duplicate.
//! Found and written, a row is judged as an update; left out, not at all. Reaching one row twice is an error, since the
//! last one would win.

use std::collections::BTreeSet;

use crate::engine::name::TableName;
use crate::engine::statement::{Given, Proposed, Statement};
use crate::engine::transaction::by_name::{named_cells, named_columns};
use crate::engine::transaction::on_conflict::Resolved;
use crate::engine::transaction::{Cells, OnConflict, Transaction};
use crate::error::{Operation, RequestError, RequestKind, Result};
use crate::schema::{Table, TableId};
use crate::storage::RowId;
use crate::value::{Key, Value};

/// What became of one row, with the primary key that it has now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upserted {
    /// It came.
    Inserted(Key),
    /// The row that was there took its values.
    Updated(Key),
    /// It was left out.
    Skipped,
}

/// What became of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Upserts {
    /// Rows that came.
    pub inserted: u64,
    /// Rows that were there and took new values, whether or not those differ (integrity RI-73).
    pub updated: u64,
    /// Rows that were left out.
    pub skipped: u64,
    /// Changes that ON UPDATE made to other rows.
    pub by_actions: u64,
}

impl Upserted {
    /// The primary key of the row, if it is there.
    pub fn key(&self) -> Option<&Key> {
        match self {
            Upserted::Inserted(key) | Upserted::Updated(key) => Some(key),
            Upserted::Skipped => None,
        }
    }
}

impl Transaction<'_> {
    /// Inserts a row, or, if its primary key is taken, writes its other columns into the row that has it:
    /// [`OnConflict::update`].
    ///
    /// # Errors
    /// As [`Transaction::insert`].
    pub fn upsert<'v>(
        &mut self,
        table: impl TableName,
        row: impl IntoIterator<Item = (&'v str, Value)>,
    ) -> Result<Key> {
        match self.insert_on_conflict(table, row, &OnConflict::update())? {
            Upserted::Inserted(key) | Upserted::Updated(key) => Ok(key),
            Upserted::Skipped => unreachable!("an update leaves no row out"),
        }
    }

    /// Inserts a row, or does what `on_conflict` says if a unique key of it is taken.
    ///
    /// # Errors
    /// As [`Transaction::insert`]; `UnknownConstraint` if there is no such key, `Unsupported` if it is deferrable.
    pub fn insert_on_conflict<'v>(
        &mut self,
        table: impl TableName,
        row: impl IntoIterator<Item = (&'v str, Value)>,
        on_conflict: &OnConflict,
    ) -> Result<Upserted> {
        let id = table.table_id(&self.schema)?;
        let cells = named_cells(self.schema.table(id), row)?;
        let (ordinals, values): (Vec<u32>, Vec<Value>) = cells.into_iter().unzip();
        let mut outcome = Outcome::Skipped;
        self.upsert_values(id, &ordinals, [values], on_conflict, |it| outcome = it)?;
        let key = |row| self.view(id, row).key();
        Ok(match outcome {
            Outcome::Inserted(row) => Upserted::Inserted(key(row)),
            Outcome::Updated(row) => Upserted::Updated(key(row)),
            Outcome::Skipped => Upserted::Skipped,
        })
    }

    /// Inserts rows as one statement, all or none, and does what `on_conflict` says with those of which a unique key is
    /// taken; each row has one value for each named column.
    ///
    /// # Errors
    /// As [`Transaction::insert_on_conflict`]; `KeyLength` if a row has too few or too many values; `Repeated` if two rows
    /// meet one row, stored or new, unless such rows are left out.
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
        let id = table.table_id(&self.schema)?;
        let ordinals = named_columns(self.schema.table(id), columns)?;
        let mut upserts = Upserts::default();
        let rows = rows.into_iter().map(|row| row.into_iter().collect());
        let by_actions = self.upsert_values(id, &ordinals, rows, on_conflict, |it| match it {
            Outcome::Inserted(_) => upserts.inserted += 1,
            Outcome::Updated(_) => upserts.updated += 1,
            Outcome::Skipped => upserts.skipped += 1,
        })?;
        Ok(Upserts {
            by_actions,
            ..upserts
        })
    }

    /// Inserts a row of values for some columns, or leaves it out if a unique key of it is taken; its id.
    pub(super) fn insert_or_skip(
        &mut self,
        table: TableId,
        ordinals: &[u32],
        values: Vec<Value>,
    ) -> Result<Option<RowId>> {
        let mut row = None;
        let report = |outcome| {
            if let Outcome::Inserted(inserted) = outcome {
                row = Some(inserted);
            }
        };
        self.upsert_values(table, ordinals, [values], &OnConflict::skip(), report)?;
        Ok(row)
    }

    /// The changes by actions.
    fn upsert_values(
        &mut self,
        table: TableId,
        ordinals: &[u32],
        rows: impl IntoIterator<Item = Vec<Value>>,
        on_conflict: &OnConflict,
        mut report: impl FnMut(Outcome),
    ) -> Result<u64> {
        let schema = self.schema.clone();
        let table = schema.table(table);
        let resolved = on_conflict.resolve(table, ordinals)?;
        let affected = self.run(Operation::Insert, |statement| {
            if resolved.written.is_none() {
                statement.only_inserts();
            }
            let mut upsert = Upsert {
                table,
                resolved: &resolved,
                ordinals,
                given: Given::new(table, ordinals),
                met: BTreeSet::new(),
                row: Vec::new(),
            };
            let mut addressed = 0;
            for (position, values) in rows.into_iter().enumerate() {
                upsert.given.check_length(table, position, values.len())?;
                let outcome = upsert.one(statement, values)?;
                addressed += usize::from(!matches!(outcome, Outcome::Skipped));
                report(outcome);
            }
            Ok(addressed)
        })?;
        Ok(affected.by_actions)
    }
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Inserted(RowId),
    Updated(RowId),
    Skipped,
}

/// One statement, row by row.
struct Upsert<'a> {
    table: &'a Table,
    resolved: &'a Resolved,
    ordinals: &'a [u32],
    given: Given,
    /// The rows that the statement inserted or updated.
    met: BTreeSet<RowId>,
    /// Scratch for a whole row.
    row: Vec<Value>,
}

impl Upsert<'_> {
    fn one(&mut self, statement: &mut Statement<'_>, mut values: Vec<Value>) -> Result<Outcome> {
        statement.check_types(self.table, self.ordinals, &values)?;
        let proposed = Proposed {
            table: self.table,
            given: &self.given,
            values: &values,
        };
        let found = proposed.conflict(statement.state(), self.resolved.keys.iter().copied());
        let Some(row) = found else {
            let (table, given, full) = (self.table.id, &self.given, &mut self.row);
            statement.complete(table, given, &mut values, full)?;
            statement.insert(table, full)?;
            let row = statement.last_inserted();
            self.met.insert(row);
            return Ok(Outcome::Inserted(row));
        };
        let Some(written) = &self.resolved.written else {
            return Ok(Outcome::Skipped);
        };
        if !self.met.insert(row) {
            let detail = "an upsert addresses one row twice";
            return Err(RequestError::new(RequestKind::Repeated, &*self.table.name, detail).into());
        }
        let mut cells = Cells::with_capacity(written.len());
        for &ordinal in written {
            let value = statement.value_of(self.table, &self.given, &mut values, ordinal)?;
            cells.push((ordinal, value));
        }
        statement.update(self.table.id, row, &cells)?;
        Ok(Outcome::Updated(row))
    }
}
