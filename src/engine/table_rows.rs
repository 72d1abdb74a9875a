//! Rows of one table, given out one by one.
//!
//! Rows of a large table stand anywhere. One after the other they would be waited for, so some are looked up, and on their
//! way from memory, before the first of them is given out.

use std::{fmt, vec};

use crate::engine::read::{ChildIds, Row, RowCells, RowsById, TableReader};
use crate::storage::{AT_ONCE, RowId};

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
    Found(vec::IntoIter<RowCells<'s>>),
    /// Looked up one by one.
    Single(Ids<'s>),
    /// Looked up some at a time.
    Bursts(Box<Bursts<'s>>),
}

#[derive(Clone)]
enum Ids<'s> {
    Listed(vec::IntoIter<RowId>),
    /// Straight from an edge whose order is that of the keys.
    Children(ChildIds<'s>),
}

#[derive(Clone)]
struct Bursts<'s> {
    /// The present ones.
    found: vec::IntoIter<RowCells<'s>>,
    /// Those that come after them.
    ids: Ids<'s>,
}

/// So many children are all looked up before the first is read. It takes a tenth off W3 of `benches/rivals`; whoever reads only
/// the first of them looks up too many.
const FEW: usize = 64;

impl<'s> TableRows<'s> {
    /// Rows whose ids came out of the reader's snapshot.
    pub(super) fn of_ids(reader: TableReader<'s>, ids: Vec<RowId>) -> Self {
        TableRows::in_bursts(reader, Ids::Listed(ids.into_iter()))
    }

    /// The same of rows that stand one behind the other, so that the next one is near anyway.
    pub(super) fn of_neighbours(reader: TableReader<'s>, ids: Vec<RowId>) -> Self {
        TableRows {
            rows: reader.by_id(),
            source: Source::Single(Ids::Listed(ids.into_iter())),
        }
    }

    /// Rows under a parent row.
    pub(super) fn of_children(reader: TableReader<'s>, ids: ChildIds<'s>) -> Self {
        if reader.is_large && ids.len() <= FEW {
            let rows = ids.map(|id| reader.asked_for(id)).collect();
            return TableRows::of_found(reader, rows);
        }
        TableRows::in_bursts(reader, Ids::Children(ids))
    }

    /// One by one if the table is at hand anyway.
    fn in_bursts(reader: TableReader<'s>, ids: Ids<'s>) -> Self {
        let found = Vec::new().into_iter();
        TableRows {
            rows: reader.by_id(),
            source: match reader.is_large {
                true => Source::Bursts(Box::new(Bursts { found, ids })),
                false => Source::Single(ids),
            },
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

impl<'s> Iterator for TableRows<'s> {
    type Item = Row<'s>;

    // Out of line, each row would be handed over in memory.
    #[inline(always)]
    fn next(&mut self) -> Option<Row<'s>> {
        let cells = match &mut self.source {
            Source::Found(rows) => rows.next()?,
            Source::Single(ids) => self.rows.live(ids.next()?),
            Source::Bursts(bursts) => bursts.next(self.rows)?,
        };
        Some(self.rows.row(cells))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.source {
            Source::Found(rows) => rows.size_hint(),
            Source::Single(ids) => ids.size_hint(),
            Source::Bursts(bursts) => {
                let rows = bursts.found.len() + bursts.ids.len();
                (rows, Some(rows))
            }
        }
    }
}

impl ExactSizeIterator for TableRows<'_> {}

impl<'s> Bursts<'s> {
    fn next(&mut self, rows: RowsById<'s>) -> Option<RowCells<'s>> {
        if self.found.len() == 0 {
            let ids = self.ids.by_ref().take(AT_ONCE);
            let found: Vec<_> = ids.map(|id| rows.asked_for(id)).collect();
            self.found = found.into_iter();
        }
        self.found.next()
    }
}

impl Iterator for Ids<'_> {
    type Item = RowId;

    #[inline]
    fn next(&mut self) -> Option<RowId> {
        match self {
            Ids::Listed(ids) => ids.next(),
            Ids::Children(ids) => ids.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            Ids::Listed(ids) => ids.size_hint(),
            Ids::Children(ids) => ids.size_hint(),
        }
    }
}

impl ExactSizeIterator for Ids<'_> {}

impl fmt::Debug for TableRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableRows")
            .field("table", &self.rows.table.name)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
