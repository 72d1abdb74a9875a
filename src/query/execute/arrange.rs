//! Puts the rows under each parent in the order wanted.

use std::cmp::Ordering;

use crate::engine::{RowCells, Snapshot, TableReader};
use crate::query::execute::first_difference;
use crate::query::level::{Level, RowList};
use crate::query::node::OrderKey;
use crate::query::plan::{Arrangement, PlanNode, RowOrder};
use crate::query::{Direction, Nulls};
use crate::value::ValueRef;

/// Sorts where the plan's arrangement says so. Ties are broken by primary key, and between several junction rows that
/// lead to one row by theirs, so that the order depends on the data alone (beyond BY-1, BY-2).
pub(super) fn arrange(level: &mut Level<'_>, planned: &PlanNode, snapshot: &Snapshot) {
    let columns: &[OrderKey] = match planned.arrangement(snapshot) {
        Arrangement::None | Arrangement::AsFound | Arrangement::SortLater => return,
        Arrangement::SortByKey => &[],
        Arrangement::SortByColumns => match &planned.order {
            RowOrder::Columns(columns) => columns,
            RowOrder::Any | RowOrder::Key | RowOrder::Reaching(_) => &[],
        },
    };
    let sorting = Sorting::new(level, columns, snapshot);
    let sorted = match sorting.is_by_ids() {
        true => sorting.sorted_by_ids(level),
        false => sorting.sorted(level),
    };
    if let Some(positions) = sorted {
        level.permute(&positions);
    }
}

/// Compares rows of a level by position.
struct Sorting<'l, 's> {
    rows: &'l RowList<'s>,
    columns: &'l [OrderKey],
    row_key: KeyOrder<'s>,
    junction: Option<(&'l RowList<'s>, KeyOrder<'s>)>,
}

/// How rows of a table compare by primary key.
#[derive(Clone, Copy)]
pub(super) enum KeyOrder<'s> {
    /// As their ids do.
    Ids,
    Columns(&'s [u32]),
}

impl<'l, 's> Sorting<'l, 's> {
    fn new(level: &'l Level<'s>, columns: &'l [OrderKey], snapshot: &Snapshot) -> Self {
        let junction = level.junction.as_ref();
        Sorting {
            rows: &level.rows,
            columns,
            row_key: KeyOrder::of(level.rows.reader, snapshot),
            junction: junction.map(|rows| (rows, KeyOrder::of(rows.reader, snapshot))),
        }
    }

    /// Whether comparing ids says all, but for which junction row comes first.
    fn is_by_ids(&self) -> bool {
        self.columns.is_empty() && matches!(self.row_key, KeyOrder::Ids)
    }

    /// Ids with their positions are numbers, and sorting a few of those costs a fraction of comparing rows.
    fn sorted_by_ids(&self, level: &Level<'_>) -> Option<Vec<u32>> {
        let ids = level.rows.ids.iter();
        let numbered = ids
            .zip(0_u64..)
            .map(|(id, at)| (u64::from(id.0) << 32) | at);
        let mut numbered: Vec<u64> = numbered.collect();
        let mut changed = false;
        for range in level.ranges() {
            let numbered = &mut numbered[range];
            if !numbered.is_sorted() {
                numbered.sort_unstable();
                changed = true;
            }
            let is_twice = |pair: &[u64]| pair[0] >> 32 == pair[1] >> 32;
            if self.junction.is_some() && numbered.windows(2).any(is_twice) {
                return self.sorted(level);
            }
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the lower half is the position"
        )]
        let position = |number: &u64| *number as u32;
        changed.then(|| numbered.iter().map(position).collect())
    }

    /// By columns where there are some, else by the key; what is compared first is read once per row.
    fn sorted(&self, level: &Level<'_>) -> Option<Vec<u32>> {
        let reader = self.rows.reader;
        match (self.columns.first(), self.row_key) {
            (Some(first), _) => self.sorted_by(level, |cells| {
                first.rank(reader.value(cells, first.ordinal))
            }),
            // No part of a key is null.
            (None, KeyOrder::Columns(&[first, ..])) => {
                self.sorted_by(level, |cells| reader.read(cells, first).rank())
            }
            (None, KeyOrder::Ids | KeyOrder::Columns(_)) => self.sorted_by(level, |_| ()),
        }
    }

    /// Most comparisons are decided by the rank.
    #[inline]
    fn sorted_by<R: Copy + Ord>(
        &self,
        level: &Level<'_>,
        rank: impl Fn(RowCells<'s>) -> R,
    ) -> Option<Vec<u32>> {
        let cells = self.rows.cells.iter();
        let ranked = cells.zip(0_u32..);
        let mut ranked: Vec<(R, u32)> = ranked.map(|(&cells, at)| (rank(cells), at)).collect();
        let compare = |a: &(R, u32), b: &(R, u32)| {
            let by_rank = a.0.cmp(&b.0);
            by_rank.then_with(|| self.compare(a.1, b.1))
        };
        let mut changed = false;
        for range in level.ranges() {
            let ranked = &mut ranked[range];
            if !ranked.is_sorted_by(|a, b| compare(a, b).is_le()) {
                ranked.sort_unstable_by(compare);
                changed = true;
            }
        }
        changed.then(|| ranked.iter().map(|&(_, position)| position).collect())
    }

    #[inline(never)]
    fn compare(&self, a: u32, b: u32) -> Ordering {
        let (a, b) = (a as usize, b as usize);
        self.by_columns(self.rows.cells[a], self.rows.cells[b])
            .then_with(|| self.row_key.compare(self.rows, a, b))
            .then_with(|| match &self.junction {
                Some((rows, key)) => key.compare(rows, a, b),
                None => Ordering::Equal,
            })
    }

    fn by_columns(&self, a: RowCells<'s>, b: RowCells<'s>) -> Ordering {
        let reader = self.rows.reader;
        let orders = self
            .columns
            .iter()
            .map(|key| key.compare(reader.value(a, key.ordinal), reader.value(b, key.ordinal)));
        first_difference(orders)
    }
}

impl<'s> KeyOrder<'s> {
    pub(super) fn of(reader: TableReader<'s>, snapshot: &Snapshot) -> Self {
        match snapshot.ids_are_in_key_order(reader.table.id) {
            true => KeyOrder::Ids,
            false => KeyOrder::Columns(&reader.table.primary_key().columns),
        }
    }

    pub(super) fn compare(self, rows: &RowList<'_>, a: usize, b: usize) -> Ordering {
        match self {
            KeyOrder::Ids => rows.ids[a].cmp(&rows.ids[b]),
            KeyOrder::Columns(_) => rows.reader.compare_keys(rows.cells[a], rows.cells[b]),
        }
    }
}

impl OrderKey {
    /// What to compare first of a value.
    fn rank(&self, value: ValueRef<'_>) -> (bool, u128) {
        let rank = match self.direction {
            Direction::Ascending => value.rank(),
            Direction::Descending => !value.rank(),
        };
        (value.is_null() == (self.nulls == Nulls::Last), rank)
    }

    /// Nulls stand where the key says, whichever the direction.
    pub(crate) fn compare(&self, a: ValueRef<'_>, b: ValueRef<'_>) -> Ordering {
        let nulls = match self.nulls {
            Nulls::First => b.is_null().cmp(&a.is_null()),
            Nulls::Last => a.is_null().cmp(&b.is_null()),
        };
        nulls.then_with(|| match self.direction {
            Direction::Ascending => a.total_cmp(b),
            Direction::Descending => b.total_cmp(a),
        })
    }
}
