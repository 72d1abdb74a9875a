//! Rows of one table, given out one by one.

use std::fmt;

use crate::engine::read::{ChildIds, Row, RowCells, RowsById, TableReader};
use crate::storage::RowId;

/// Rows of one table, borrowed from a snapshot.
//
// Sixteen words, which a caller moves in a few instructions; more would be copied by a call, and that more than once.
#[derive(Clone)]
pub struct TableRows<'s> {
    rows: RowsById<'s>,
    source: Source<'s>,
}

/// Rows in the order wanted.
#[derive(Clone)]
enum Source<'s> {
    /// Looked up already.
    Found(std::vec::IntoIter<RowCells<'s>>),
    Listed(std::vec::IntoIter<RowId>),
    /// Straight from an edge whose order is that of the keys.
    Children(ChildIds<'s>),
}

impl<'s> TableRows<'s> {
    /// Rows whose ids came out of the reader's snapshot.
    pub(super) fn of_ids(reader: TableReader<'s>, ids: Vec<RowId>) -> Self {
        TableRows {
            rows: reader.by_id(),
            source: Source::Listed(ids.into_iter()),
        }
    }

    /// Rows under a parent row. A few are looked up and on their way from memory before one is read: they stand anywhere, and
    /// would be waited for one or two at a time.
    pub(super) fn of_children(reader: TableReader<'s>, ids: ChildIds<'s>) -> Self {
        if reader.is_large && ids.len() <= FEW {
            let rows: Vec<_> = ids.map(|id| reader.live(id)).collect();
            rows.iter().for_each(|row| row.touch());
            return TableRows::of_found(reader, rows);
        }
        TableRows {
            rows: reader.by_id(),
            source: Source::Children(ids),
        }
    }

    /// Rows that were looked up.
    pub(super) fn of_found(reader: TableReader<'s>, rows: Vec<RowCells<'s>>) -> Self {
        TableRows {
            rows: reader.by_id(),
            source: Source::Found(rows.into_iter()),
        }
    }
}

/// So many rows are looked up before the first is read. It takes a tenth off W3 of `benches/rivals`; whoever reads only the
/// first of them looks up too many.
const FEW: usize = 64;

impl<'s> Iterator for TableRows<'s> {
    type Item = Row<'s>;

    // Out of line, each row would be handed over in memory.
    #[inline(always)]
    fn next(&mut self) -> Option<Row<'s>> {
        let id = match &mut self.source {
            Source::Found(rows) => return Some(self.rows.row(rows.next()?)),
            Source::Listed(ids) => ids.next()?,
            Source::Children(ids) => ids.next()?,
        };
        Some(self.rows.row(self.rows.live(id)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.source {
            Source::Found(rows) => rows.size_hint(),
            Source::Listed(ids) => ids.size_hint(),
            Source::Children(ids) => ids.size_hint(),
        }
    }
}

impl ExactSizeIterator for TableRows<'_> {}

impl fmt::Debug for TableRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableRows")
            .field("table", &self.rows.table.name)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
