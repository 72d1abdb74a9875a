//! Rows go: as instances that take others along, or as one statement; softly, where the model does so.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::association::registry::ModelEntry;
use crate::engine::{Affected, RowId};
use crate::error::Result;
use crate::model::lifecycle::{Call, HookEvent};
use crate::model::{Instance, Transaction};
use crate::value::Value;

/// Whether a row goes for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::model) enum Going {
    /// Softly, where the model does so.
    AsDeclared,
    /// For good.
    Forced,
}

impl<'db> Transaction<'db> {
    /// Destroys rows as instances are: one by one where others go along with each, and otherwise as one statement.
    pub(in crate::model) fn destroy_each(
        &mut self,
        model: &'db ModelEntry,
        rows: &[RowId],
        going: Going,
    ) -> Result<Affected> {
        let lifecycle = self.lifecycle(model).filter(|_| !self.manner.unhooked);
        let cascades = lifecycle.is_some_and(|it| !it.cascades.is_empty());
        let goes_for_good = going == Going::Forced || model.deleted_at.is_none();
        if !(cascades && goes_for_good) {
            return self.destroy_rows(model, rows, Call::ONE, going);
        }
        self.atomically(|transaction| transaction.destroy_with_associated(model, rows))
    }

    /// Destroys rows as one statement. Rows that are softly deleted already stay as they are, with their time, unless all
    /// go for good.
    pub(in crate::model) fn destroy_rows(
        &mut self,
        model: &'db ModelEntry,
        rows: &[RowId],
        call: Call<'_>,
        going: Going,
    ) -> Result<Affected> {
        let deleted_at = model.deleted_at.filter(|_| going == Going::AsDeclared);
        let mut rows = Cow::Borrowed(rows);
        if deleted_at.is_some() {
            let reader = self.reader();
            rows.to_mut().retain(|&row| !reader.is_deleted(model, row));
        }
        if rows.is_empty() {
            return Ok(Affected::default());
        }
        if self.hooked(model).is_none() {
            return self.take_out(model, &rows, deleted_at);
        }
        self.atomically(|transaction| {
            let mut all = transaction.reader().instances(model, &rows);
            transaction.run_for_all(model, HookEvent::BeforeBulkDestroy, &mut all, call)?;
            transaction.run_for_each(model, HookEvent::BeforeDestroy, &mut all, call)?;
            let rows = transaction.rows_left(&all)?;
            let affected = transaction.take_out(model, &rows, deleted_at)?;
            transaction.run_for_each(model, HookEvent::AfterDestroy, &mut all, call)?;
            transaction.run_for_all(model, HookEvent::AfterBulkDestroy, &mut all, call)?;
            Ok(affected)
        })
    }

    /// Deletes rows, or notes when they were destroyed.
    fn take_out(
        &mut self,
        model: &ModelEntry,
        rows: &[RowId],
        deleted_at: Option<u32>,
    ) -> Result<Affected> {
        let Some(deleted_at) = deleted_at else {
            return self.engine_mut().delete_rows(model.table, rows);
        };
        let mut cells = vec![(deleted_at, Value::Timestamp(self.now()))];
        self.stamp(model, &mut cells);
        let rows: Vec<_> = rows.iter().map(|&row| (row, cells.clone())).collect();
        self.engine_mut().update_rows(model.table, &rows)
    }

    /// The rows of instances that hooks have left there, each once: a hook may put one instance in place of another.
    fn rows_left(&self, instances: &[Instance]) -> Result<Vec<RowId>> {
        let reader = self.reader();
        let mut seen = BTreeSet::new();
        let mut rows = Vec::with_capacity(instances.len());
        for instance in instances {
            rows.extend(reader.row_of(instance)?.filter(|&row| seen.insert(row)));
        }
        Ok(rows)
    }
}
