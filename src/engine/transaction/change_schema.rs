//! A change of the schema as a statement of a transaction.
//!
//! It is atomic as any other: the next state takes the place of the present one when it is complete. The one that it
//! replaces is kept by the undo log, so that a rollback puts it back as it was.

use std::sync::Arc;

use crate::engine::pending;
use crate::engine::schema_change;
use crate::engine::snapshot::Snapshot;
use crate::engine::state::State;
use crate::engine::transaction::Transaction;
use crate::error::{Result, TransactionError, TransactionKind};
use crate::schema::{SchemaChange, TableId};

impl Transaction<'_> {
    /// Changes the schema. Rows that are there are validated first, in primary-key order; snapshots and forks made before
    /// keep the schema that they have (integrity RI-92, RI-93).
    ///
    /// Columns and foreign keys that come or go write the rows of their table anew; a table, an index, a unique key, a
    /// check or a not null writes none. O(rows of the table), and O(schema).
    ///
    /// Requests that were prepared before are refused afterwards, and so are the transaction's
    /// [`changes`](Transaction::changes).
    ///
    /// # Errors
    /// `UnknownTable`, `UnknownColumn`, `UnknownConstraint`; `InUse` if something relies on what is to go; `Unsupported`
    /// for a change of a primary key; `Pending` if a deferred reference of the table is unmet;
    /// [`Error::Declaration`](crate::error::Error::Declaration) for what could not be declared; a constraint error if a row
    /// breaks what comes. Nothing is changed then.
    pub fn change_schema(&mut self, change: &SchemaChange) -> Result<()> {
        let before = self.schema.before(change)?;
        if before.is_empty() {
            return self.change_once(change);
        }
        self.atomically(|transaction| {
            let mut all = before.iter().chain([change]);
            all.try_for_each(|change| transaction.change_once(change))
        })
    }

    /// One change, of which nothing else has to go.
    fn change_once(&mut self, change: &SchemaChange) -> Result<()> {
        let (schema, changed) = self.schema.after(change)?;
        self.refuse_pending(changed)?;
        self.keep_time_of_reads();
        let mut now = self.time.written;
        let current = &self.database.current;
        let next = schema_change::carry_over(current, Arc::new(schema), changed, &mut now)?;
        self.time.written = now;
        self.replace(next, changed);
        Ok(())
    }

    /// Puts the state under the next schema in place.
    fn replace(&mut self, next: State, changed: TableId) {
        let next = Snapshot {
            state: triomphe::Arc::new(next),
        };
        let before = std::mem::replace(&mut self.database.current, next);
        let before_change =
            std::mem::replace(&mut self.schema, self.database.current.schema().clone());
        let table = before_change
            .find_table(changed)
            .or_else(|| self.schema.find_table(changed));
        let table = table.map_or("", |table| &*table.name);
        self.database.undo.push_replaced(before, table);
        self.modes = self.modes.under(&before_change, &self.schema);
    }

    /// A key whose references are unmet cannot change under them, on neither side, nor one whose duplicates wait.
    fn refuse_pending(&self, table: TableId) -> Result<()> {
        if let Some(key) = pending::waiting_key(&self.database.current.state, table) {
            let detail = format!(
                "table {} cannot change while rows share unique key {}",
                self.schema.table(table).name,
                self.schema.table(table).keys[key].name
            );
            return Err(TransactionError::new(TransactionKind::Pending, detail).into());
        }
        let keys = self.schema.foreign_keys().iter();
        let mut involved = keys.filter(|key| key.child == table || key.parent == table);
        let state = &self.database.current.state;
        match involved.find(|key| !state.unmatched(key.id).is_empty()) {
            None => Ok(()),
            Some(key) => {
                let (table, child) = (self.schema.table(table), self.schema.table(key.child));
                let detail = format!(
                    "table {} cannot change while references of {} by foreign key {} are unmet",
                    table.name, child.name, key.name
                );
                Err(TransactionError::new(TransactionKind::Pending, detail).into())
            }
        }
    }
}
