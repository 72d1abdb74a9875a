//! Rows of one table, given out one by one.

use std::fmt;

use crate::engine::read::{ChildIds, Row, RowCells, TableReader};
use crate::storage::RowId;

/// Rows of one table, borrowed from a snapshot.
#[derive(Clone)]
pub struct TableRows<'s> {
    reader: TableReader<'s>,
    source: Source<'s>,
    /// Rows that are on their way from memory, from `next` on: those under a parent stand anywhere, and one after the other
    /// each would be waited for.
    ahead: [Option<RowCells<'s>>; AHEAD],
    next: usize,
    asked: usize,
}

/// How many rows are asked for at once.
const AHEAD: usize = 8;

/// Rows in the order wanted.
#[derive(Clone)]
pub(super) enum Source<'s> {
    /// Collected.
    Ids(std::vec::IntoIter<RowId>),
    /// Collected and looked up.
    Cells(std::vec::IntoIter<RowCells<'s>>),
    /// Straight from an edge whose order is that of the keys.
    Edge(ChildIds<'s>),
}

impl<'s> TableRows<'s> {
    /// Rows that came out of the reader's snapshot.
    #[inline]
    pub(super) fn new(reader: TableReader<'s>, source: Source<'s>) -> Self {
        TableRows {
            reader,
            source,
            ahead: [None; AHEAD],
            next: 0,
            asked: 0,
        }
    }

    /// Asks for the next rows, now that those before them are given out.
    #[inline(never)]
    fn ask(&mut self) {
        self.next = 0;
        self.asked = match &mut self.source {
            Source::Edge(ids) => look_up(self.reader, ids, &mut self.ahead),
            Source::Ids(ids) => look_up(self.reader, ids, &mut self.ahead),
            Source::Cells(rows) => {
                let places = self.ahead.iter_mut().zip(rows);
                places.map(|(place, cells)| *place = Some(cells)).count()
            }
        };
    }
}

/// Looks up as many rows as there are places; how many there were.
#[inline]
fn look_up<'s>(
    reader: TableReader<'s>,
    ids: &mut impl Iterator<Item = RowId>,
    places: &mut [Option<RowCells<'s>>],
) -> usize {
    let mut found = 0;
    // Of the two the places end first: no id is lost.
    for (place, id) in places.iter_mut().zip(ids) {
        let cells = reader.live(id);
        cells.touch();
        *place = Some(cells);
        found += 1;
    }
    found
}

impl<'s> Iterator for TableRows<'s> {
    type Item = Row<'s>;

    // Out of line, each row would be handed over in memory.
    #[inline(always)]
    fn next(&mut self) -> Option<Row<'s>> {
        if self.next == self.asked {
            self.ask();
            if self.asked == 0 {
                return None;
            }
        }
        let cells = self.ahead[self.next]?;
        self.next += 1;
        Some(self.reader.row(cells))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = match &self.source {
            Source::Edge(ids) => ids.len(),
            Source::Ids(ids) => ids.len(),
            Source::Cells(cells) => cells.len(),
        };
        let len = left + self.asked - self.next;
        (len, Some(len))
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
