//! Rows by primary key, of a table whose row order is another one.

use std::cmp::Ordering;

use smallvec::SmallVec;

use crate::engine::ranked::{self, Rank, Ranked};
use crate::engine::read::{RowCells, TableReader};
use crate::storage::RowId;

/// A row that was looked up.
pub(super) type Found<'s> = (RowId, RowCells<'s>);

/// The most rows that are sorted without an allocation beside that of the list that comes out.
const FEW: usize = 16;

/// What is wanted of each of some rows, whose ids came out of the reader's snapshot, by primary key; of rows that share one
/// for a while, the lowest id comes first. Each row is looked up once.
pub(super) fn sorted<'s, T>(
    reader: TableReader<'s>,
    ids: impl Iterator<Item = RowId>,
    wanted: impl Fn(Found<'s>) -> T,
) -> Vec<T> {
    let table = reader.table;
    let first = &table.columns[table.primary_key().columns[0] as usize];
    match ranked::begin_alike(first.data_type) {
        true => sorted_by::<u128, T>(reader, ids, wanted),
        false => sorted_by::<u64, T>(reader, ids, wanted),
    }
}

fn sorted_by<'s, R: Rank, T>(
    reader: TableReader<'s>,
    ids: impl Iterator<Item = RowId>,
    wanted: impl Fn(Found<'s>) -> T,
) -> Vec<T> {
    let first = reader.table.primary_key().columns[0];
    let mut rows: SmallVec<[Found<'s>; FEW]> = SmallVec::new();
    let mut ranked: SmallVec<[Ranked<R>; FEW]> = SmallVec::new();
    for (id, position) in ids.zip(0..) {
        let cells = reader.live(id);
        let rank = R::of(reader.read(cells, first));
        ranked.push(Ranked { rank, position });
        rows.push((id, cells));
    }
    ranked::sort(&mut ranked, |a, b| {
        compare(reader, rows[a as usize], rows[b as usize])
    });
    let sorted = ranked.iter();
    sorted
        .map(|row| wanted(rows[row.position as usize]))
        .collect()
}

/// Compares whole keys, then ids.
#[inline(never)]
fn compare<'s>(reader: TableReader<'s>, a: Found<'s>, b: Found<'s>) -> Ordering {
    let by_key = reader.compare_keys(a.1, b.1);
    by_key.then_with(|| a.0.cmp(&b.0))
}
