//! The read surface of a version: what queries and models may ask of it.
//!
//! Nothing above the engine names storage; it asks here for rows by id, keys, the two directions of an edge, scans and
//! counts. Every answer borrows from the snapshot. Orders are those of row ids unless a function says otherwise.

use std::cmp::Ordering;
use std::fmt;

use crate::engine::Snapshot;
use crate::engine::key_order;
use crate::engine::name::ColumnName;
use crate::error::{Error, RequestError, RequestKind, Result};
use crate::expr::{Bound, Cells};
use crate::schema::{ForeignKey, Table, TableId};
use crate::storage::{
    Children, Field, Postings, RowId, RowLayout, RowRef, TableStore, at_once, is_large,
};
use crate::value::{Key, Value, ValueRef};

/// The rows under a parent row, by ascending id.
pub(crate) type ChildIds<'a> = Children<'a>;

/// The cells of a row, borrowed from a snapshot: three words. What they mean is for the table's reader to say.
pub(crate) type RowCells<'a> = RowRef<'a>;

/// A row of a table, borrowed from a snapshot.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    layout: &'a RowLayout,
    cells: RowRef<'a>,
}

/// A row with what it takes to read it, for the layers above.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowView<'a> {
    pub(crate) id: RowId,
    pub(crate) table: &'a Table,
    layout: &'a RowLayout,
    cells: RowRef<'a>,
}

/// One table of a snapshot, looked up once for reading many rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TableReader<'a> {
    pub(crate) table: &'a Table,
    store: &'a TableStore,
    /// Where each column stands, so that reading a cell does not go through the store.
    fields: &'a [Field],
    /// Whether rows may have to be waited for.
    pub(crate) is_large: bool,
}

/// The rows of one table by id: as much of a [`TableReader`] as it takes to give them out.
#[derive(Clone, Copy)]
pub(super) struct RowsById<'a> {
    pub(super) table: &'a Table,
    store: &'a TableStore,
}

/// The edges of one foreign key, looked up once for walking many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edges<'a> {
    children: &'a Postings,
    /// Whether lists may have to be waited for.
    is_large: bool,
}

impl<'a> Edges<'a> {
    /// How many rows stand under all parent rows.
    pub(crate) fn len(&self) -> usize {
        self.children.len()
    }

    /// Says that of these parents the list of the one at a position is read next, and then those behind it, so that their memory
    /// is asked for; not if the lists are at hand anyway.
    #[inline]
    pub(crate) fn look_ahead(&self, parents: &[RowId], position: usize) {
        if self.is_large {
            let ahead = at_once(parents, position).iter();
            ahead.for_each(|&parent| self.children.prefetch(parent));
        }
    }

    /// Appends the rows under a parent row, by ascending id.
    #[inline]
    pub(crate) fn append_children(&self, parent: RowId, rows: &mut Vec<RowId>) {
        for ids in self.children.chunks(parent) {
            rows.extend(ids.iter().map(|&id| RowId(id)));
        }
    }

    /// The same of the first ones, so many at most.
    #[inline]
    pub(crate) fn append_first(&self, parent: RowId, rows_max: usize, rows: &mut Vec<RowId>) {
        let mut left = rows_max;
        for ids in self.children.chunks(parent) {
            let ids = &ids[..ids.len().min(left)];
            rows.extend(ids.iter().map(|&id| RowId(id)));
            left -= ids.len();
            if left == 0 {
                return;
            }
        }
    }

    /// The rows under a parent row, by ascending id, one by one from either end.
    #[inline]
    pub(crate) fn children(&self, parent: RowId) -> ChildIds<'a> {
        self.children.children(parent)
    }

    /// How many rows stand under a parent row. O(1).
    #[inline]
    pub(crate) fn child_count(&self, parent: RowId) -> usize {
        self.children.count(parent)
    }
}

impl<'a> TableReader<'a> {
    /// How many children a row of this table has in the mean over these edges, rounded up.
    pub(crate) fn mean_children(&self, edges: Edges<'_>) -> usize {
        edges
            .children
            .len()
            .div_ceil(self.store.rows().len().max(1))
    }

    /// Says that of these rows the one at a position is read next, and then those behind it, so that their memory is asked for;
    /// not if the table is so small that it is at hand anyway.
    #[inline]
    pub(crate) fn look_ahead(&self, rows: &[RowCells<'_>], position: usize) {
        if self.is_large {
            at_once(rows, position)
                .iter()
                .for_each(|row| row.prefetch());
        }
    }

    /// The table, only for giving out rows.
    #[inline]
    pub(super) fn by_id(&self) -> RowsById<'a> {
        RowsById {
            table: self.table,
            store: self.store,
        }
    }

    /// The cells of a row whose id came out of this snapshot. The row itself is not touched yet.
    #[inline]
    pub(crate) fn live(&self, id: RowId) -> RowCells<'a> {
        self.by_id().live(id)
    }

    /// The same, and its memory is asked for.
    #[inline]
    pub(crate) fn asked_for(&self, id: RowId) -> RowCells<'a> {
        self.by_id().asked_for(id)
    }

    #[inline]
    pub(crate) fn value(&self, cells: RowCells<'a>, ordinal: u32) -> ValueRef<'a> {
        cells.value(self.store.layout(), ordinal)
    }

    /// Compares two rows by primary key, column by column.
    pub(crate) fn compare_keys(&self, a: RowCells<'a>, b: RowCells<'a>) -> Ordering {
        let columns = self.table.primary_key().columns.iter();
        let mut orders =
            columns.map(|&ordinal| self.value(a, ordinal).total_cmp(self.value(b, ordinal)));
        orders
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// As [`value`](TableReader::value), smaller where it is called: for reading many cells of each row.
    #[inline(always)]
    pub(crate) fn read(&self, cells: RowCells<'a>, ordinal: u32) -> ValueRef<'a> {
        cells.read(&self.fields[ordinal as usize])
    }

    /// The upper half of a cell's rank.
    #[inline(always)]
    pub(crate) fn rank(&self, cells: RowCells<'a>, ordinal: u32) -> u64 {
        cells.upper_rank(&self.fields[ordinal as usize])
    }

    /// Where a column stands, for [`RowCells::read`]; none if the table has no such column.
    #[inline(always)]
    pub(crate) fn find_field(&self, ordinal: u32) -> Option<&'a Field> {
        self.fields.get(ordinal as usize)
    }

    /// The row that a foreign key of this table leads to.
    #[inline]
    pub(crate) fn parent(&self, cells: RowCells<'a>, key: &ForeignKey) -> Option<RowId> {
        cells.link(self.store.layout(), key.link)
    }

    /// Every live row, by ascending id.
    pub(crate) fn scan(&self) -> impl Iterator<Item = (RowId, RowCells<'a>)> + use<'a> {
        self.store.rows().iter()
    }

    /// The row as users see it.
    #[inline]
    pub(crate) fn row(&self, cells: RowCells<'a>) -> Row<'a> {
        self.by_id().row(cells)
    }

    /// The row with its id, as a value that can answer for its cells.
    #[inline]
    pub(crate) fn view(&self, id: RowId, cells: RowCells<'a>) -> RowView<'a> {
        RowView {
            id,
            table: self.table,
            layout: self.store.layout(),
            cells,
        }
    }
}

impl<'a> RowsById<'a> {
    /// As [`TableReader::live`].
    #[inline]
    pub(super) fn live(self, id: RowId) -> RowCells<'a> {
        self.store
            .rows()
            .get_live(id)
            .expect("a row id that this snapshot gave out is live in it")
    }

    /// As [`TableReader::asked_for`].
    #[inline]
    pub(super) fn asked_for(self, id: RowId) -> RowCells<'a> {
        let cells = self.live(id);
        cells.prefetch();
        cells
    }

    /// As [`TableReader::row`].
    #[inline]
    pub(super) fn row(self, cells: RowCells<'a>) -> Row<'a> {
        Row {
            table: self.table,
            layout: self.store.layout(),
            cells,
        }
    }
}

impl<'a> Row<'a> {
    /// The value of a column, by name or by ordinal.
    ///
    /// # Errors
    /// `UnknownColumn`.
    #[inline(always)]
    pub fn get(&self, column: impl ColumnName) -> Result<ValueRef<'a>> {
        Ok(self.value(column.ordinal(self.table)?))
    }

    /// The table of the row.
    pub fn table(&self) -> &'a Table {
        self.table
    }

    /// The primary key.
    pub fn key(&self) -> Key {
        self.cells
            .key(self.layout, &self.table.primary_key().columns)
    }

    /// The names and values of the visible columns, in their order.
    pub fn columns(&self) -> impl Iterator<Item = (&'a str, ValueRef<'a>)> + use<'a> {
        let row = *self;
        (0_u32..)
            .zip(&row.table.columns)
            .filter(|(_, column)| !column.hidden)
            .map(move |(ordinal, column)| (&*column.name, row.value(ordinal)))
    }

    #[inline(always)]
    fn value(&self, ordinal: u32) -> ValueRef<'a> {
        self.cells.value(self.layout, ordinal)
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.columns()).finish()
    }
}

impl<'a> RowView<'a> {
    #[inline(always)]
    pub(crate) fn value(&self, ordinal: u32) -> ValueRef<'a> {
        self.cells.value(self.layout, ordinal)
    }

    /// The row that a foreign key of this table leads to.
    #[inline]
    pub(crate) fn parent(&self, key: &ForeignKey) -> Option<RowId> {
        self.cells.link(self.layout, key.link)
    }

    pub(crate) fn key(&self) -> Key {
        self.values_of(&self.table.primary_key().columns)
    }

    pub(crate) fn values_of(&self, columns: &[u32]) -> Key {
        self.cells.key(self.layout, columns)
    }

    /// Every value, hidden columns included.
    pub(crate) fn values(&self) -> Vec<Value> {
        self.cells.values(self.layout)
    }

    pub(crate) fn into_row(self) -> Row<'a> {
        Row {
            table: self.table,
            layout: self.layout,
            cells: self.cells,
        }
    }
}

impl Cells for RowView<'_> {
    #[inline(always)]
    fn cell(&self, ordinal: u32) -> ValueRef<'_> {
        self.cells.read(self.layout.field(ordinal))
    }
}

impl Snapshot {
    /// A table, for reading many rows of it.
    #[inline]
    pub(crate) fn reader(&self, table: TableId) -> TableReader<'_> {
        let store = self.state.table(table);
        TableReader {
            table: self.state.schema.table(table),
            store,
            fields: store.layout().fields(),
            is_large: store.rows().are_large(),
        }
    }

    /// The row of an id, if it is live.
    #[inline]
    pub(crate) fn row(&self, table: TableId, id: RowId) -> Option<RowView<'_>> {
        let store = self.state.table(table);
        let cells = store.rows().get(id)?;
        Some(RowView {
            id,
            table: self.state.schema.table(table),
            layout: store.layout(),
            cells,
        })
    }

    /// The row of an id that came out of this snapshot.
    #[inline]
    pub(crate) fn view(&self, table: TableId, id: RowId) -> RowView<'_> {
        self.row(table, id)
            .expect("a row id that this snapshot gave out is live in it")
    }

    /// The row with this value of a unique key, in the order of the key's columns. A null finds nothing.
    #[inline]
    pub(crate) fn find(&self, table: TableId, key: usize, values: &[Value]) -> Option<RowId> {
        if values.iter().any(Value::is_null) {
            return None;
        }
        self.state
            .table(table)
            .find(key, values.iter().map(Value::as_ref))
    }

    /// The rows under a parent row, by ascending id.
    #[inline]
    pub(crate) fn children(&self, key: &ForeignKey, parent: RowId) -> ChildIds<'_> {
        self.state.children(key).children(parent)
    }

    /// The rows under a parent row, looked up, by ascending id.
    #[inline]
    pub(super) fn child_rows(&self, key: &ForeignKey, parent: RowId) -> Vec<RowCells<'_>> {
        let (reader, edges) = (self.reader(key.child), self.state.children(key));
        let mut rows = Vec::with_capacity(edges.count(parent));
        for ids in edges.chunks(parent) {
            rows.extend(ids.iter().map(|&id| reader.live(RowId(id))));
        }
        rows
    }

    /// The edges of a foreign key, for walking many.
    pub(crate) fn edges(&self, key: &ForeignKey) -> Edges<'_> {
        let children = self.state.children(key);
        Edges {
            children,
            is_large: is_large(children.len() * size_of::<RowId>()),
        }
    }

    /// How many rows stand under a parent row. O(1).
    #[inline]
    pub(crate) fn child_count(&self, key: &ForeignKey, parent: RowId) -> usize {
        self.state.children(key).count(parent)
    }

    /// Every row, by ascending id.
    pub(crate) fn scan(&self, table: TableId) -> impl Iterator<Item = RowView<'_>> {
        let store = self.state.table(table);
        let (layout, table) = (store.layout(), self.state.schema.table(table));
        store.rows().iter().map(move |(id, cells)| RowView {
            id,
            table,
            layout,
            cells,
        })
    }

    /// How many rows a table has. O(1).
    pub(crate) fn row_count(&self, table: TableId) -> usize {
        self.state.table(table).rows().len()
    }

    /// The rows with this value of a secondary index.
    pub(crate) fn find_all(&self, table: TableId, index: usize, values: &[Value]) -> Vec<RowId> {
        self.state
            .table(table)
            .find_all(index, values.iter().map(Value::as_ref))
    }

    /// Whether ascending row ids are ascending primary keys.
    pub(crate) fn ids_are_in_key_order(&self, table: TableId) -> bool {
        self.state.table(table).is_dense()
    }

    /// Sorts ids by primary key: as they are where row order is key order, otherwise with each key read once.
    pub(crate) fn sort_by_key(&self, table: TableId, ids: &mut [RowId]) {
        if self.ids_are_in_key_order(table) {
            ids.sort_unstable();
            return;
        }
        key_order::sort(self.reader(table), ids);
    }

    /// Every row id of a table in primary-key order.
    pub(crate) fn ids_in_key_order(&self, table: TableId) -> Vec<RowId> {
        let mut ids: Vec<_> = self.scan(table).map(|row| row.id).collect();
        if !self.ids_are_in_key_order(table) {
            self.sort_by_key(table, &mut ids);
        }
        ids
    }

    /// The ids of the rows for which a filter is true, with a value for each parameter, in primary-key order.
    pub(crate) fn ids_where(
        &self,
        table: TableId,
        filter: &Bound,
        given: &[Value],
    ) -> Result<Vec<RowId>> {
        let rows = self.rows_where(table, filter, given);
        let mut ids = rows
            .map(|row| Ok(row?.id))
            .collect::<Result<Vec<RowId>>>()?;
        self.sort_by_key(table, &mut ids);
        Ok(ids)
    }

    #[inline]
    pub(crate) fn check_key_length(&self, table: TableId, found: usize) -> Result<()> {
        let table = self.state.schema.table(table);
        if found == table.primary_key().columns.len() {
            return Ok(());
        }
        Err(wrong_key_length(table, found))
    }
}

#[cold]
fn wrong_key_length(table: &Table, found: usize) -> Error {
    let expected = table.primary_key().columns.len();
    let detail = format!("the primary key has {expected} columns, not {found}");
    RequestError::new(RequestKind::KeyLength, &*table.name, detail).into()
}
