//! Rows of one table, given out one by one.

use std::fmt;

use crate::engine::key_order::Keyed;
use crate::engine::read::{ChildIds, Row, RowCells, TableReader};
use crate::storage::RowId;

/// Rows of one table, borrowed from a snapshot.
#[derive(Clone)]
pub struct TableRows<'s> {
    reader: TableReader<'s>,
    source: Source<'s>,
}

/// Rows in the order wanted.
#[derive(Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "a box would be an allocation for every parent whose rows are asked for"
)]
enum Source<'s> {
    /// Looked up already, to be sorted.
    Keyed(std::vec::IntoIter<Keyed<'s>>),
    Ahead(Ahead<'s>),
}

/// Rows that are looked up a few at a time: those under a parent stand anywhere, and looked up one by one each would be
/// waited for.
#[derive(Clone)]
struct Ahead<'s> {
    ids: Ids<'s>,
    /// Rows on their way from memory: those from `next` up to `asked` were not given out yet.
    rows: [Option<RowCells<'s>>; AHEAD],
    next: usize,
    asked: usize,
}

/// How many rows are asked for at a time.
const AHEAD: usize = 8;

/// Ids in the order wanted.
#[derive(Clone)]
enum Ids<'s> {
    Listed(std::vec::IntoIter<RowId>),
    /// Straight from an edge whose order is that of the keys.
    Children(ChildIds<'s>),
}

impl<'s> TableRows<'s> {
    /// Rows whose ids came out of the reader's snapshot.
    pub(super) fn of_ids(reader: TableReader<'s>, ids: Vec<RowId>) -> Self {
        TableRows {
            reader,
            source: Source::Ahead(Ahead::new(Ids::Listed(ids.into_iter()))),
        }
    }

    /// Rows under a parent row.
    pub(super) fn of_children(reader: TableReader<'s>, ids: ChildIds<'s>) -> Self {
        TableRows {
            reader,
            source: Source::Ahead(Ahead::new(Ids::Children(ids))),
        }
    }

    /// Rows that were sorted.
    pub(super) fn of_keyed(reader: TableReader<'s>, rows: Vec<Keyed<'s>>) -> Self {
        TableRows {
            reader,
            source: Source::Keyed(rows.into_iter()),
        }
    }
}

impl<'s> Ahead<'s> {
    fn new(ids: Ids<'s>) -> Self {
        Ahead {
            ids,
            rows: [None; AHEAD],
            next: 0,
            asked: 0,
        }
    }

    #[inline(always)]
    fn next(&mut self, reader: TableReader<'s>) -> Option<RowCells<'s>> {
        if self.next == self.asked {
            if self.ids.len() == 0 {
                return None;
            }
            self.ask(reader);
        }
        let cells = self.rows[self.next]?;
        self.next += 1;
        Some(cells)
    }

    /// Looks up the next rows, now that those before are given out.
    #[inline(never)]
    fn ask(&mut self, reader: TableReader<'s>) {
        self.next = 0;
        self.asked = match &mut self.ids {
            Ids::Children(ids) => {
                let ids = ids.next_few(AHEAD).iter();
                look_up(reader, ids.map(|id| RowId(*id)), &mut self.rows)
            }
            Ids::Listed(ids) => look_up(reader, ids, &mut self.rows),
        };
    }
}

/// Looks up as many rows as there are places; how many there were.
#[inline]
fn look_up<'s>(
    reader: TableReader<'s>,
    ids: impl Iterator<Item = RowId>,
    places: &mut [Option<RowCells<'s>>],
) -> usize {
    let mut found = 0;
    // Of the two the places end first: no id is lost.
    for (place, id) in places.iter_mut().zip(ids) {
        let cells = reader.live(id);
        *place = Some(cells);
        found += 1;
    }
    found
}

impl Ids<'_> {
    #[inline]
    fn len(&self) -> usize {
        match self {
            Ids::Children(ids) => ids.len(),
            Ids::Listed(ids) => ids.len(),
        }
    }
}

impl<'s> Iterator for TableRows<'s> {
    type Item = Row<'s>;

    // Out of line, each row would be handed over in memory.
    #[inline(always)]
    fn next(&mut self) -> Option<Row<'s>> {
        let cells = match &mut self.source {
            Source::Ahead(ahead) => ahead.next(self.reader)?,
            Source::Keyed(rows) => rows.next()?.cells,
        };
        Some(self.reader.row(cells))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let len = match &self.source {
            Source::Ahead(ahead) => ahead.ids.len() + ahead.asked - ahead.next,
            Source::Keyed(rows) => rows.len(),
        };
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
