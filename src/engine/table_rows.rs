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
    /// Looked up already, to be sorted.
    Sorted(std::vec::IntoIter<RowCells<'s>>),
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

    /// Rows under a parent row.
    pub(super) fn of_children(reader: TableReader<'s>, ids: ChildIds<'s>) -> Self {
        if reader.is_large {
            ask_for_first(reader, &ids);
        }
        TableRows {
            rows: reader.by_id(),
            source: Source::Children(ids),
        }
    }

    /// Rows that were sorted.
    pub(super) fn of_sorted(reader: TableReader<'s>, rows: Vec<RowCells<'s>>) -> Self {
        TableRows {
            rows: reader.by_id(),
            source: Source::Sorted(rows.into_iter()),
        }
    }
}

/// Has the first rows on their way from memory before one is read: those under a parent stand anywhere, and would be waited
/// for a few at a time. So W3 of `benches/rivals` takes 7% less, though each row is looked up twice.
fn ask_for_first(reader: TableReader<'_>, ids: &ChildIds<'_>) {
    for id in ids.clone().take(ASKED_FOR) {
        reader.live(id).touch();
    }
}

/// How many rows are asked for ahead.
const ASKED_FOR: usize = 16;

impl<'s> Iterator for TableRows<'s> {
    type Item = Row<'s>;

    // Out of line, each row would be handed over in memory.
    #[inline(always)]
    fn next(&mut self) -> Option<Row<'s>> {
        let id = match &mut self.source {
            Source::Sorted(rows) => return Some(self.rows.row(rows.next()?)),
            Source::Listed(ids) => ids.next()?,
            Source::Children(ids) => ids.next()?,
        };
        Some(self.rows.row(self.rows.live(id)))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.source {
            Source::Sorted(rows) => rows.size_hint(),
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
