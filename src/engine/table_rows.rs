//! Rows of one table, given out one by one.

use std::fmt;

use crate::engine::key_order::Keyed;
use crate::engine::read::{ChildIds, Row, TableReader};
use crate::storage::RowId;

/// Rows of one table, borrowed from a snapshot.
#[derive(Clone)]
pub struct TableRows<'s> {
    reader: TableReader<'s>,
    source: Source<'s>,
}

/// Rows in the order wanted.
#[derive(Clone)]
pub(super) enum Source<'s> {
    /// Collected.
    Ids(std::vec::IntoIter<RowId>),
    /// Collected and looked up, to be sorted.
    Sorted(std::vec::IntoIter<Keyed<'s>>),
    /// Straight from an edge whose order is that of the keys.
    Edge(ChildIds<'s>),
}

impl<'s> TableRows<'s> {
    /// Rows that came out of the reader's snapshot.
    pub(super) fn new(reader: TableReader<'s>, source: Source<'s>) -> Self {
        TableRows { reader, source }
    }
}

impl<'s> Iterator for TableRows<'s> {
    type Item = Row<'s>;

    // Out of line, each row would be handed over in memory.
    #[inline(always)]
    fn next(&mut self) -> Option<Row<'s>> {
        let id = match &mut self.source {
            Source::Edge(ids) => ids.next()?,
            Source::Ids(ids) => ids.next()?,
            Source::Sorted(rows) => {
                let row = rows.next()?;
                return Some(self.reader.row(row.cells));
            }
        };
        Some(self.reader.row(self.reader.live(id)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.source {
            Source::Edge(ids) => ids.size_hint(),
            Source::Ids(ids) => ids.size_hint(),
            Source::Sorted(rows) => rows.size_hint(),
        }
    }
}

impl ExactSizeIterator for TableRows<'_> {}

impl fmt::Debug for TableRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableRows")
            .field("table", &self.reader.table.name)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
