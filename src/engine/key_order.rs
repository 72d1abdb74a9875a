//! Rows by primary key, of a table whose row order is another one.
//!
//! Each row is looked up once, and its key begins with a number that decides most comparisons; only of rows with the same
//! number the keys themselves are compared.

use std::cmp::Ordering;

use crate::engine::ranked::Rank;
use crate::engine::read::{RowCells, TableReader};
use crate::storage::RowId;

/// A row that was looked up to be sorted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyed<'s> {
    /// Of the first column of the key.
    rank: u64,
    pub(super) cells: RowCells<'s>,
    pub(super) id: RowId,
}

/// Rows whose ids came out of the reader's snapshot, by primary key; of rows that share one for a while, the lowest id
/// comes first.
pub(super) fn sorted<'s>(
    reader: TableReader<'s>,
    ids: impl ExactSizeIterator<Item = RowId>,
) -> Vec<Keyed<'s>> {
    let first = reader.table.primary_key().columns[0];
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let cells = reader.live(id);
        let rank = Rank::of(reader.read(cells, first));
        rows.push(Keyed { rank, cells, id });
    }
    rows.sort_unstable_by(|a, b| {
        let by_rank = a.rank.cmp(&b.rank);
        by_rank.then_with(|| compare(reader, a, b))
    });
    rows
}

/// Compares whole keys, then ids.
#[inline(never)]
fn compare(reader: TableReader<'_>, a: &Keyed<'_>, b: &Keyed<'_>) -> Ordering {
    let by_key = reader.compare_keys(a.cells, b.cells);
    by_key.then_with(|| a.id.cmp(&b.id))
}
