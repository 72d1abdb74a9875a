//! Rows to be sorted, each with a number that is compared first.
//!
//! A row that is sorted is as small as that number and its position, and only rows of the same rank are looked at again. The
//! rank is as wide as the values ask for: see [`Rank`].

use std::cmp::Ordering;

use crate::engine::parallel;
use crate::value::{DataType, ValueRef};

/// A row to be sorted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ranked<R> {
    pub(crate) rank: R,
    pub(crate) position: u32,
}

/// The first bits of a value's rank.
pub(crate) trait Rank: Copy + Ord {
    fn of(value: ValueRef<'_>) -> Self;

    /// The contrary of the order.
    fn inverted(self) -> Self;

    /// Before all others, or behind them.
    fn end(is_last: bool) -> Self;
}

/// Enough for what is no wider than a number, and for uuids, which hardly ever begin alike.
impl Rank for u64 {
    #[inline(always)]
    fn of(value: ValueRef<'_>) -> Self {
        (value.rank() >> u64::BITS) as u64
    }

    #[inline]
    fn inverted(self) -> Self {
        !self
    }

    #[inline]
    fn end(is_last: bool) -> Self {
        if is_last { u64::MAX } else { 0 }
    }
}

/// For texts, which often begin alike.
impl Rank for u128 {
    #[inline(always)]
    fn of(value: ValueRef<'_>) -> Self {
        value.rank()
    }

    #[inline]
    fn inverted(self) -> Self {
        !self
    }

    #[inline]
    fn end(is_last: bool) -> Self {
        if is_last { u128::MAX } else { 0 }
    }
}

/// Whether the values of a type should be ranked by more than 64 bits.
pub(crate) fn begin_alike(data_type: DataType) -> bool {
    match data_type {
        DataType::Text | DataType::Bytes | DataType::Json => true,
        DataType::Bool | DataType::Int | DataType::Float | DataType::Uuid => false,
        DataType::Timestamp | DataType::Date => false,
    }
}

/// Whether two values of a type are equal if their ranks are, of the width that the type asks for.
pub(crate) fn decides(data_type: DataType) -> bool {
    match data_type {
        DataType::Text | DataType::Bytes | DataType::Json => false,
        DataType::Bool | DataType::Int | DataType::Float | DataType::Uuid => true,
        DataType::Timestamp | DataType::Date => true,
    }
}

/// Whether that width is more than 64 bits: of texts, and of uuids where no two may be mixed up.
pub(crate) fn is_wide(data_type: DataType) -> bool {
    begin_alike(data_type) || data_type == DataType::Uuid
}

/// By rank, and those of the same rank by a comparison of their positions.
#[inline]
fn by_rank<R: Ord>(
    compare: impl Fn(u32, u32) -> Ordering,
) -> impl Fn(&Ranked<R>, &Ranked<R>) -> Ordering {
    move |a, b| {
        let by_rank = a.rank.cmp(&b.rank);
        by_rank.then_with(|| compare(a.position, b.position))
    }
}

/// Sorts rows, those of the same rank by a comparison of their positions; whether that changed anything.
#[inline]
pub(crate) fn sort<R: Copy + Ord>(
    rows: &mut [Ranked<R>],
    compare: impl Fn(u32, u32) -> Ordering,
) -> bool {
    let compare = by_rank(compare);
    if rows.is_sorted_by(|a, b| compare(a, b).is_le()) {
        return false;
    }
    rows.sort_unstable_by(compare);
    true
}

/// As many rows are sorted sooner than the first ones are picked out of them.
const SORTED_SOONER: usize = 20;

/// Sorts rows and leaves the first ones; whether that changed anything. O(rows) where a few of many are left.
#[inline]
pub(crate) fn sort_first<R: Copy + Ord>(
    rows: &mut Vec<Ranked<R>>,
    rows_max: usize,
    compare: impl Fn(u32, u32) -> Ordering + Copy,
) -> bool {
    if rows.len() <= rows_max {
        return sort(rows, compare);
    }
    pick_first(rows, rows_max, compare);
    sort(rows, compare);
    rows.truncate(rows_max);
    true
}

/// The same on all cores.
pub(crate) fn sort_first_wide<R: Copy + Ord + Send>(
    rows: &mut Vec<Ranked<R>>,
    rows_max: usize,
    compare: impl Fn(u32, u32) -> Ordering + Copy + Sync,
) -> bool {
    let is_cut = rows.len() > rows_max;
    if is_cut {
        pick_first(rows, rows_max, compare);
    }
    let by_rank = by_rank(compare);
    let is_changed = !rows.is_sorted_by(|a, b| by_rank(a, b).is_le());
    if is_changed {
        parallel::sort_unstable_by(rows, by_rank);
    }
    rows.truncate(rows_max);
    is_cut || is_changed
}

/// Puts the first ones of many rows first, and leaves no others.
fn pick_first<R: Copy + Ord>(
    rows: &mut Vec<Ranked<R>>,
    rows_max: usize,
    compare: impl Fn(u32, u32) -> Ordering + Copy,
) {
    if rows.len() > SORTED_SOONER.max(rows_max.saturating_mul(2)) {
        rows.select_nth_unstable_by(rows_max, by_rank(compare));
        rows.truncate(rows_max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows by position: what ranks them, and what decides where ranks do not.
    fn rows(random: &mut fastrand::Rng) -> Vec<(u64, u8)> {
        let len = random.usize(0..60);
        let row = |_| (random.u64(0..6), random.u8(0..4));
        (0..len).map(row).collect()
    }

    fn ranked(rows: &[(u64, u8)]) -> Vec<Ranked<u64>> {
        let ranked = rows.iter().zip(0..);
        let ranked = ranked.map(|(&(rank, _), position)| Ranked { rank, position });
        ranked.collect()
    }

    // Broken, rows that begin alike would stand in the order in which they were found, or a limit would take others.
    #[test]
    fn ranks_and_what_decides_between_equal_ones_sort_as_pairs_do() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..2_000 {
            let rows = rows(&mut random);
            let place = |at: u32| (rows[at as usize], at);
            let compare = |a: u32, b: u32| place(a).cmp(&place(b));
            let mut expected: Vec<u32> = (0..).take(rows.len()).collect();
            expected.sort_by_key(|at| place(*at));
            let as_found = expected.is_sorted();
            let rows_max = random.usize(0..=rows.len());

            let mut sorted = ranked(&rows);
            assert_eq!(sort(&mut sorted, compare), !as_found);
            let mut first = ranked(&rows);
            let is_changed = sort_first(&mut first, rows_max, compare);
            assert_eq!(is_changed, !as_found || rows_max < rows.len());
            let mut wide = ranked(&rows);
            assert_eq!(sort_first_wide(&mut wide, rows_max, compare), is_changed);
            for (sorted, expected) in [
                (sorted, &expected[..]),
                (first, &expected[..rows_max]),
                (wide, &expected[..rows_max]),
            ] {
                let positions: Vec<u32> = sorted.iter().map(|it| it.position).collect();
                assert_eq!(positions, expected);
            }
        }
    }
}
