//! A table with every name resolved.

use crate::error::{RequestError, RequestKind, Result};
use crate::schema::{Check, Column, ForeignKeyId, Index, UniqueKey};
use crate::value::DataType;

/// Which table. Ascending in the order of creation, and never reused in the schemas that follow from each other by
/// changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableId(pub(crate) u32);

impl TableId {
    /// A number for lists with a place for each id. While no table was dropped it is the position in
    /// [`Schema::tables`](crate::schema::Schema::tables).
    #[inline]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How far a write to a column reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// It concerns its row alone: no key, filter of a key, index or foreign key has the column.
    Row,
    /// What finds the row may change, and what the row refers to.
    Table,
    /// Other rows may refer to what is written.
    Children,
}

/// A table: its columns and every rule that its rows obey.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Table {
    /// What names it in its schema.
    pub id: TableId,
    /// Its name.
    pub name: Box<str>,
    /// Its columns in the order of their definitions. Only the last one can be hidden.
    pub columns: Vec<Column>,
    /// Its unique keys. The first is always the primary key.
    pub keys: Vec<UniqueKey>,
    /// Its indexes besides those of its keys.
    pub indexes: Vec<Index>,
    /// What must not be false for its rows, in the order of their definitions.
    pub checks: Vec<Check>,
    /// The foreign keys that it is the child of, in creation order. The position of a key here is its link slot.
    pub foreign_keys: Vec<ForeignKeyId>,
    /// The foreign keys that it is the parent of, in creation order.
    pub referenced_by: Vec<ForeignKeyId>,
    /// The column that takes the next number of the table's sequence where no value is given.
    pub auto_increment: Option<u32>,
    /// By ordinal: what a write to the column reaches.
    pub(crate) reaches: Box<[Reach]>,
    /// The ordinals of the visible columns, sorted by name.
    pub(crate) by_name: Box<[u32]>,
}

impl Table {
    /// How many columns are not hidden: the first ones.
    #[inline]
    pub(crate) fn visible_columns(&self) -> usize {
        self.by_name.len()
    }

    /// The ordinal of the column of this name. A hidden column has no name to be found by. O(log n).
    ///
    /// # Errors
    ///
    /// [`RequestKind::UnknownColumn`] if there is none.
    pub fn column(&self, name: &str) -> Result<u32> {
        self.find_column(name).ok_or_else(|| {
            let detail = format!("no column {name}");
            RequestError::new(RequestKind::UnknownColumn, &*self.name, detail).into()
        })
    }

    /// The ordinal of the column of this name, if there is one.
    pub(crate) fn find_column(&self, name: &str) -> Option<u32> {
        /// Below this many columns looking at all of them is quicker than halving: most differ in length already.
        const SCANNED_MAX: usize = 16;
        if self.columns.len() <= SCANNED_MAX {
            let mut visible = (0..).zip(&self.columns).filter(|(_, c)| !c.hidden);
            return visible
                .find(|(_, c)| &*c.name == name)
                .map(|(ordinal, _)| ordinal);
        }
        self.by_name
            .binary_search_by(|&ordinal| (*self.columns[ordinal as usize].name).cmp(name))
            .ok()
            .map(|position| self.by_name[position])
    }

    /// The position of an index over exactly these columns.
    pub(crate) fn index_over(&self, columns: &[u32]) -> Option<usize> {
        self.indexes.iter().position(|it| it.columns == columns)
    }

    /// What a write to these columns reaches.
    #[inline]
    pub(crate) fn reach(&self, ordinals: &[u32]) -> Reach {
        let reaches = ordinals.iter().map(|&it| self.reaches[it as usize]);
        reaches.max().unwrap_or(Reach::Row)
    }

    /// The key that names a row.
    #[inline]
    pub fn primary_key(&self) -> &UniqueKey {
        &self.keys[0]
    }

    /// The types of the columns, a hidden one included, in their order.
    pub fn data_types(&self) -> impl ExactSizeIterator<Item = DataType> + '_ {
        self.columns.iter().map(|column| column.data_type)
    }
}
