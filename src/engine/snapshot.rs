//! One version of all tables, shared.
//!
//! A snapshot never changes, whatever is committed after it was taken (beyond BY-13). Cloning and dropping it are one
//! counted pointer; sending it to another thread is free.

use std::fmt;
use std::sync::Arc;

use crate::engine::clock::Clock;
use crate::engine::key_order;
use crate::engine::name::{ForeignKeyName, TableName};
use crate::engine::read::{Row, RowCells};
use crate::engine::state::State;
use crate::engine::table_rows::TableRows;
use crate::error::Result;
use crate::expr::Expr;
use crate::schema::{ForeignKey, Schema, TableId};
use crate::storage::{RowId, Spot};
use crate::value::{Key, Timestamp, Value};

/// One version of all tables. `Clone` is O(1); `Send` and `Sync`. Its debug form tells how many rows each table has, and
/// nothing that is in them.
#[derive(Clone)]
pub struct Snapshot {
    pub(crate) state: triomphe::Arc<State>,
}

/// Figures about what a version is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StorageStats {
    /// Live rows of all tables.
    pub rows: u64,
    /// Pages that hold them.
    pub pages: u64,
    /// Pages that writes had to copy because a snapshot or fork shared them, since the database was made.
    pub pages_copied: u64,
    /// Bytes of pages, texts and blobs; indexes not counted.
    pub row_bytes: u64,
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tables = self.schema().tables().iter();
        let mut map = f.debug_map();
        map.entries(tables.map(|table| (&table.name, self.row_count(table.id))));
        map.finish()
    }
}

impl Snapshot {
    /// The time that a transaction on this version would have now.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock().tick().0
    }

    pub(crate) fn clock(&self) -> Clock {
        self.state.clock
    }

    /// The schema of this version.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.state.schema
    }

    /// The row with this primary key; none if there is none. O(1).
    ///
    /// # Errors
    /// `UnknownTable`, or `KeyLength` if the key has another number of columns.
    #[inline]
    pub fn get(&self, table: impl TableName, key: impl Into<Key>) -> Result<Option<Row<'_>>> {
        let id = table.table_id(self.schema())?;
        let key = key.into();
        let store = self.state.table(id);
        let cells = match store.spot(&key) {
            Spot::Slot(row) => store.rows().get(row),
            Spot::Row(row) => store.rows().get_live(row),
            Spot::Nowhere => None,
            Spot::Unknown => {
                let found = self.find_compared(id, key)?;
                return Ok(found.map(|(_, cells)| self.reader(id).row(cells)));
            }
        };
        key.discard();
        Ok(cells.map(|cells| self.reader(id).row(cells)))
    }

    /// The id of the row with this primary key.
    ///
    /// # Errors
    /// `KeyLength`.
    //
    // Inlined as `TableStore::spot` is.
    #[inline(always)]
    pub(crate) fn find_key(&self, table: TableId, key: Key) -> Result<Option<RowId>> {
        let store = self.state.table(table);
        let row = match store.spot(&key) {
            Spot::Slot(row) => store.rows().contains(row).then_some(row),
            Spot::Row(row) => Some(row),
            Spot::Nowhere => None,
            Spot::Unknown => return Ok(self.find_compared(table, key)?.map(|(row, _)| row)),
        };
        key.discard();
        Ok(row)
    }

    /// The row with a primary key that has to be compared with those of rows.
    #[inline(never)]
    fn find_compared(&self, table: TableId, key: Key) -> Result<Option<(RowId, RowCells<'_>)>> {
        self.check_key_length(table, key.len())?;
        Ok(self.state.table(table).find_compared(&key))
    }

    /// Whether there is a row with this primary key. O(1), and less work than [`Snapshot::get`]: a key of one integer, or of
    /// two within 32 bits, is found without looking at a row.
    ///
    /// # Errors
    /// As [`Snapshot::get`].
    #[inline]
    pub fn contains(&self, table: impl TableName, key: impl Into<Key>) -> Result<bool> {
        let id = table.table_id(self.schema())?;
        Ok(self.find_key(id, key.into())?.is_some())
    }

    /// Every row of a table in primary-key order. O(rows), and a sort where the table is not dense.
    ///
    /// # Errors
    /// `UnknownTable`.
    pub fn rows(&self, table: impl TableName) -> Result<TableRows<'_>> {
        let id = table.table_id(self.schema())?;
        let (reader, ids) = (self.reader(id), self.ids_in_key_order(id));
        Ok(match self.ids_are_in_key_order(id) {
            true => TableRows::of_neighbours(reader, ids),
            false => TableRows::of_ids(reader, ids),
        })
    }

    /// The rows for which a filter is true, in primary-key order. O(rows), or as many as there are for what the filter says
    /// of a unique key, a foreign key or an index: values, lists of values, ranges.
    ///
    /// # Errors
    /// `UnknownTable`, what is wrong with the filter, or `Evaluation` if it has no value for a row.
    pub fn filter(&self, table: impl TableName, filter: &Expr) -> Result<Vec<Row<'_>>> {
        let id = table.table_id(self.schema())?;
        let (filter, now) = filter.bind_at(self.schema().table(id), || self.now())?;
        Ok(self
            .ids_where(id, &filter, now.as_slice())?
            .into_iter()
            .map(|row| self.view(id, row).into_row())
            .collect())
    }

    /// The rows that refer to a parent row through a foreign key, in primary-key order. O(rows found), and a sort where
    /// the child table is not dense.
    ///
    /// # Errors
    /// `UnknownConstraint`, or `KeyLength` if the parent's primary key has another number of columns.
    #[inline]
    pub fn children_of(
        &self,
        key: impl ForeignKeyName,
        parent: impl Into<Key>,
    ) -> Result<TableRows<'_>> {
        let key = self
            .schema()
            .foreign_key(key.foreign_key_id(self.schema())?);
        let parent = parent.into();
        self.check_key_length(key.parent, parent.len())?;
        Ok(self.rows_under(key, self.find(key.parent, 0, &parent)))
    }

    /// The rows that refer to a row, in primary-key order; none that refer to nobody.
    fn rows_under(&self, key: &ForeignKey, parent: Option<RowId>) -> TableRows<'_> {
        let reader = self.reader(key.child);
        match parent {
            None => TableRows::of_found(reader, Vec::new()),
            Some(parent) if key.is_to_any_row() => {
                let value = self.view(key.parent, parent).values_of(&key.parent_columns);
                let values = value.iter().map(Value::as_ref);
                let ids = self.state.children_by_value(key, values);
                let rows = ids.into_iter().map(|id| reader.live(id)).collect();
                TableRows::of_found(reader, key_order::sorted(reader, rows))
            }
            Some(parent) if self.ids_are_in_key_order(key.child) => {
                TableRows::of_children(reader, self.children(key, parent))
            }
            Some(parent) => {
                let rows = self.child_rows(key, parent);
                TableRows::of_found(reader, key_order::sorted(reader, rows))
            }
        }
    }

    /// How many rows a table has. O(1).
    ///
    /// # Errors
    /// `UnknownTable`.
    pub fn count(&self, table: impl TableName) -> Result<usize> {
        let id = table.table_id(self.schema())?;
        Ok(self.state.table(id).rows().len())
    }

    /// What this version is made of. O(pages).
    pub fn storage(&self) -> StorageStats {
        let mut stats = StorageStats::default();
        for table in &self.state.tables {
            let rows = table.rows();
            stats.rows += rows.len() as u64;
            stats.pages += u64::from(rows.page_count());
            stats.pages_copied += rows.pages_copied();
            stats.row_bytes += rows.allocated_bytes() as u64;
        }
        stats
    }
}
