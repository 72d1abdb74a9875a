//! Rows of one table, given out one by one, with the memory of the next ones asked for ahead.
//!
//! Rows found over an edge stand anywhere. Looking one up only when the one before is read waits for memory once per
//! row; asking for a few together waits about once for all of them.

use std::fmt;

use crate::engine::read::{ChildIds, Row, RowCells, TableReader};
use crate::storage::RowId;

/// Rows that are asked for together. With ten children a parent, out of cache, 4, 8 and 16 measured the same; making room
/// for them costs.
const AHEAD: usize = 4;

/// Rows of one table, borrowed from a snapshot.
#[derive(Clone)]
pub struct TableRows<'s> {
    reader: TableReader<'s>,
    ids: Ids<'s>,
    /// The next rows, as far as they were asked for, and which of these comes next.
    ahead: [Option<(RowId, RowCells<'s>)>; AHEAD],
    next: usize,
}

/// Row ids in the order wanted.
#[derive(Clone)]
pub(super) enum Ids<'s> {
    /// Collected, and sorted if need be.
    Owned(std::vec::IntoIter<RowId>),
    /// Straight from an edge whose order is that of the keys.
    Edge(ChildIds<'s>),
}

impl<'s> TableRows<'s> {
    /// Rows whose ids came out of the reader's snapshot.
    pub(super) fn new(reader: TableReader<'s>, ids: Ids<'s>) -> Self {
        TableRows {
            reader,
            ids,
            ahead: [None; AHEAD],
            next: AHEAD,
        }
    }

    fn look_ahead(&mut self) {
        match &mut self.ids {
            Ids::Owned(ids) => fill(&mut self.ahead, self.reader, ids),
            Ids::Edge(ids) => fill(&mut self.ahead, self.reader, ids),
        }
        self.next = 0;
    }
}

fn fill<'s>(
    ahead: &mut [Option<(RowId, RowCells<'s>)>; AHEAD],
    reader: TableReader<'s>,
    ids: &mut impl Iterator<Item = RowId>,
) {
    for place in ahead {
        *place = ids.next().map(|id| {
            let cells = reader.live(id);
            cells.touch();
            (id, cells)
        });
    }
}

impl<'s> Iterator for TableRows<'s> {
    type Item = Row<'s>;

    #[inline]
    fn next(&mut self) -> Option<Row<'s>> {
        if self.next == AHEAD {
            self.look_ahead();
        }
        let (id, cells) = self.ahead[self.next]?;
        self.next += 1;
        Some(self.reader.view(id, cells).into_row())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let ahead = self.ahead[self.next..].iter().flatten().count();
        let found = match &self.ids {
            Ids::Owned(ids) => ids.len(),
            Ids::Edge(ids) => ids.len(),
        };
        (ahead + found, Some(ahead + found))
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
