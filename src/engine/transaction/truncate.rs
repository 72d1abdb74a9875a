//! Clearing whole tables.
//!
//! It is a delete of every row of some tables in one statement (integrity RI-91), without actions: a reference from a
//! table that stays refuses it, whatever that key would do on delete. Sequences go on where they are.

use std::collections::BTreeSet;

use crate::engine::RowView;
use crate::engine::constraint;
use crate::engine::name::TableName;
use crate::engine::transaction::{Affected, Transaction};
use crate::error::{Operation, Result};
use crate::schema::{ForeignKey, TableId};

impl Transaction<'_> {
    /// Deletes every row of the tables, as one statement. O(rows).
    ///
    /// # Errors
    /// `UnknownTable`; a constraint error of kind `Restrict` if a row of another table refers to one of the rows.
    pub fn truncate(
        &mut self,
        tables: impl IntoIterator<Item = impl TableName>,
    ) -> Result<Affected> {
        let tables = tables.into_iter();
        let ids: BTreeSet<TableId> = tables
            .map(|table| table.table_id(&self.schema))
            .collect::<Result<_>>()?;
        self.refuse_referred(&ids)?;
        let rows: Vec<_> = ids
            .into_iter()
            .flat_map(|id| self.scan(id).map(move |row| (id, row.id)))
            .collect();
        self.run(Operation::Delete, |statement| {
            let mut each = rows.iter();
            each.try_for_each(|&(table, row)| statement.delete(table, row))?;
            Ok(rows.len())
        })
    }

    /// The first reference from a table that stays, by creation order of the keys and then by primary key.
    fn refuse_referred(&self, cleared: &BTreeSet<TableId>) -> Result<()> {
        let keys = self.schema.foreign_keys().iter();
        let from_outside =
            keys.filter(|key| cleared.contains(&key.parent) && !cleared.contains(&key.child));
        for key in from_outside {
            let state = &self.database.current.state;
            let by_value = key.is_to_any_row();
            if !by_value && state.children(key).is_empty() {
                continue;
            }
            let children = self.scan(key.child);
            let children = children.filter(|row| match by_value {
                true => self.refers_by_value(key, row),
                false => row.parent(key).is_some(),
            });
            if let Some(child) = children.min_by_key(RowView::key) {
                return Err(
                    constraint::still_refers(state, key, child.id, Operation::Delete).into(),
                );
            }
        }
        Ok(())
    }

    /// Whether a row refers to any row there is through a key that has no edges.
    fn refers_by_value(&self, key: &ForeignKey, row: &RowView<'_>) -> bool {
        let values = key.key_order.iter().map(|&ordinal| row.value(ordinal));
        let state = &self.database.current.state;
        key.is_complete(|ordinal| row.value(ordinal)) && state.find_parent(key, values).is_some()
    }
}
