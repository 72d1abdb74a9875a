//! Rows by primary key, of a table whose row order is another one.
//!
//! All rows are looked up before the first is read, so that they come from memory together. Then each is read once, for a
//! number that decides most comparisons; only of rows with the same number the keys themselves are compared.

use crate::engine::ranked::{self, Ranked};
use crate::engine::read::{RowCells, TableReader};
use crate::storage::RowId;

/// Rows that were looked up by ascending ids, by primary key; of rows that share one for a while, the lowest id comes first.
pub(super) fn sorted<'s>(
    reader: TableReader<'s>,
    mut rows: Vec<RowCells<'s>>,
) -> Vec<RowCells<'s>> {
    if rows.len() > FEW || !sort_few(reader, &mut rows) {
        let order = order(reader, &rows);
        rows = order.iter().map(|it| rows[it.position as usize]).collect();
    }
    rows
}

/// Sorts ids in the same way.
pub(super) fn sort(reader: TableReader<'_>, ids: &mut [RowId]) {
    ids.sort_unstable();
    let rows: Vec<_> = ids.iter().map(|&id| reader.live(id)).collect();
    let order = order(reader, &rows);
    let sorted: Vec<_> = order.iter().map(|it| ids[it.position as usize]).collect();
    ids.copy_from_slice(&sorted);
}

/// The positions of rows by primary key, those of rows that share one ascending.
#[inline(never)]
fn order(reader: TableReader<'_>, rows: &[RowCells<'_>]) -> Vec<Ranked<u64>> {
    let first = reader.table.primary_key().columns[0];
    let ranked = (0..).zip(rows).map(|(position, &cells)| {
        reader.look_ahead(rows, position as usize);
        let rank = reader.rank(cells, first);
        Ranked { rank, position }
    });
    let mut order: Vec<_> = ranked.collect();
    ranked::sort(&mut order, |a, b| {
        let by_key = reader.compare_keys(rows[a as usize], rows[b as usize]);
        by_key.then_with(|| a.cmp(&b))
    });
    order
}

/// So few rows are sorted by [`sort_few`]: as many as most parents have.
const FEW: usize = 16;

/// Sorts at most [`FEW`] rows by what their ranks begin with, if that decides between all of them.
//
// Each rank becomes a number that ends with the row's position. Numbers are sorted without a jump that depends on what is
// compared, of which half would be foretold wrongly: ten rows in any order take half of the time.
#[inline]
fn sort_few(reader: TableReader<'_>, rows: &mut [RowCells<'_>]) -> bool {
    let Some(&first_row) = rows.first() else {
        return true;
    };
    let first = reader.table.primary_key().columns[0];
    let mut ranks = [0_u64; FEW];
    let ranks = &mut ranks[..rows.len()];
    for (position, (rank, &cells)) in ranks.iter_mut().zip(&*rows).enumerate() {
        reader.look_ahead(rows, position);
        *rank = reader.rank(cells, first);
    }
    // What all begin with says nothing, and without it there is room for the position behind ranks that are near each other.
    let differing = ranks.iter().fold(0, |bits, rank| bits | (rank ^ ranks[0]));
    let common = differing.leading_zeros() % u64::BITS;
    for (rank, position) in ranks.iter_mut().zip(0..) {
        *rank = *rank << common & !POSITION | position;
    }
    sort_numbers(ranks);
    let begins_alike = |pair: &[u64; 2]| (pair[0] ^ pair[1]) & !POSITION == 0;
    if ranks.array_windows().any(begins_alike) {
        return false;
    }
    let mut unsorted = [first_row; FEW];
    unsorted[..rows.len()].copy_from_slice(rows);
    for (row, rank) in rows.iter_mut().zip(ranks) {
        *row = unsorted[(*rank & POSITION) as usize];
    }
    true
}

/// The bits of a position among few rows.
const POSITION: u64 = FEW as u64 - 1;

/// Each number is carried past those before it, and leaves the larger ones behind itself.
#[inline]
fn sort_numbers(numbers: &mut [u64]) {
    for at in 1..numbers.len() {
        let mut carried = numbers[at];
        for number in &mut numbers[..at] {
            let low = carried.min(*number);
            carried = carried.max(*number);
            *number = low;
        }
        numbers[at] = carried;
    }
}
