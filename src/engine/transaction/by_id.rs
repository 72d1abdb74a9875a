//! Statements by table and row id, for the layers above: names are resolved, and one call is one statement.

use crate::engine::transaction::{Affected, Transaction};
use crate::error::{Operation, Result};
use crate::expr::Expr;
use crate::schema::TableId;
use crate::storage::RowId;
use crate::value::Value;

impl Transaction<'_> {
    /// Inserts rows of some cells each, filling the rest; their ids in order.
    pub(crate) fn insert_rows(
        &mut self,
        table: TableId,
        rows: impl IntoIterator<Item = impl SomeCells>,
    ) -> Result<Vec<RowId>> {
        let mut ids = Vec::new();
        self.run(Operation::Insert, |statement| {
            statement.only_inserts();
            for cells in rows {
                statement.insert_cells(table, cells)?;
                ids.push(statement.last_inserted());
            }
            Ok(ids.len())
        })?;
        Ok(ids)
    }

    /// Inserts one row of some cells, filling the rest; its id.
    pub(crate) fn insert_row(&mut self, table: TableId, cells: impl SomeCells) -> Result<RowId> {
        self.insert_one(|statement| statement.insert_cells(table, cells))
    }

    /// Writes cells into rows.
    pub(crate) fn update_rows(
        &mut self,
        table: TableId,
        rows: &[(RowId, impl SomeCells)],
    ) -> Result<Affected> {
        if let [(row, cells)] = rows {
            return self.update_row(table, *row, cells.as_ref());
        }
        self.run(Operation::Update, |statement| {
            rows.iter().try_for_each(|(row, cells)| {
                statement.update(table, *row, cells.as_ref()).map(drop)
            })?;
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

    /// The rows for which a filter is true, in primary-key order.
    pub(crate) fn select_ids(&self, table: TableId, filter: &Expr) -> Result<Vec<RowId>> {
        let now = || self.time().read(self.clock());
        let (filter, now) = filter.bind_at(self.schema.table(table), now)?;
        self.ids_where(table, &filter, now.as_slice())
    }
}

/// Cells by ordinal, in whatever they came.
pub(crate) trait SomeCells:
    AsRef<[(u32, Value)]> + IntoIterator<Item = (u32, Value)>
{
}

impl<T: AsRef<[(u32, Value)]> + IntoIterator<Item = (u32, Value)>> SomeCells for T {}
