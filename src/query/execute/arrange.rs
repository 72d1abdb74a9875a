//! Puts the rows under each parent in the order wanted, or the first few of them.

use std::cmp::Ordering;

use crate::engine::ranked::{self, Rank, Ranked};
use crate::engine::{RowCells, RowId, Snapshot, TableReader, parallel};
use crate::query::execute::first_difference;
use crate::query::level::{Level, RowList};
use crate::query::node::OrderKey;
use crate::query::plan::{Arrangement, Plan, PlanNode, RowOrder};
use crate::query::{Direction, Nulls};
use crate::value::ValueRef;

/// Sorts where the plan's arrangement says so, and leaves no more than the first `rows_max` rows under each parent of what
/// it sorts. Ties are broken by primary key, and between several junction rows that lead to one row by theirs, so that the
/// order depends on the data alone (beyond BY-1, BY-2).
pub(super) fn arrange(
    level: &mut Level<'_>,
    planned: &PlanNode,
    rows_max: usize,
    snapshot: &Snapshot,
) {
    let columns: &[OrderKey] = match planned.arrangement(snapshot) {
        Arrangement::None | Arrangement::AsFound | Arrangement::SortLater => return,
        Arrangement::SortByKey => &[],
        Arrangement::SortByColumns => match &planned.order {
            RowOrder::Columns(columns) => columns,
            RowOrder::Any | RowOrder::Key | RowOrder::Reaching(_) => &[],
        },
    };
    let sorting = Sorting::new(level, columns, snapshot);
    // An include was split where its parents were.
    let is_root = planned.node.include.is_none();
    let positions = match is_root && planned.split.parts(level.len()) > 1 {
        true => sorting.positions_wide(rows_max),
        false => sorting.positions(level, rows_max),
    };
    if let Some(positions) = positions {
        level.permute(&positions);
        level.count_at_most(rows_max);
    }
}

/// How many rows under each parent anybody can ask for, of a node that is cut right after it is read: those that its limit
/// reaches, where nothing takes rows out between reading and cutting.
pub(super) fn rows_max(plan: &Plan, node: usize) -> usize {
    let planned = &plan.nodes[node];
    let is_required = |child: &usize| plan.nodes[*child].is_required();
    let is_decided = planned.asks.is_empty()
        && planned.joins.is_empty()
        && !planned.node.children.iter().any(is_required);
    match planned.cut.limit {
        Some(limit) if is_decided => limit.saturating_add(planned.cut.offset),
        _ => usize::MAX,
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

    /// The positions of the rows that are left, in order; none if all stay where they are.
    fn positions(&self, level: &Level<'_>, rows_max: usize) -> Option<Vec<u32>> {
        match self.first_key() {
            None => self.sorted(level, rows_max, |it| self.rows.ids[it]),
            Some((first, true)) => self.sorted(level, rows_max, |it| self.rank::<u128>(&first, it)),
            Some((first, false)) => self.sorted(level, rows_max, |it| self.rank::<u64>(&first, it)),
        }
    }

    /// The same of rows that all stand under one parent, on all cores.
    #[inline(never)]
    fn positions_wide(&self, rows_max: usize) -> Option<Vec<u32>> {
        match self.first_key() {
            None => self.sorted_wide(rows_max, |it| self.rows.ids[it]),
            Some((first, true)) => self.sorted_wide(rows_max, |it| self.rank::<u128>(&first, it)),
            Some((first, false)) => self.sorted_wide(rows_max, |it| self.rank::<u64>(&first, it)),
        }
    }

    /// What is compared first, and whether its values often begin alike; none if that is the id.
    fn first_key(&self) -> Option<(OrderKey, bool)> {
        let first = match (self.columns.first(), self.row_key) {
            (Some(first), _) => *first,
            // No part of a key is null.
            (None, KeyOrder::Columns(&[first, ..])) => {
                OrderKey::own(first, Direction::Ascending, Nulls::Last)
            }
            (None, KeyOrder::Ids | KeyOrder::Columns(_)) => return None,
        };
        let columns = &self.rows.reader.table.columns;
        let data_type = columns[first.ordinal as usize].data_type;
        Some((first, ranked::begin_alike(data_type)))
    }

    #[inline(always)]
    fn rank<R: Rank>(&self, first: &OrderKey, position: usize) -> R {
        self.rows.look_ahead(position);
        let cells = self.rows.cells[position];
        first.rank(self.rows.reader.read(cells, first.ordinal))
    }

    fn sorted_wide<R: Copy + Ord + Send>(
        &self,
        rows_max: usize,
        rank: impl Fn(usize) -> R + Send + Sync,
    ) -> Option<Vec<u32>> {
        let len = u32::try_from(self.rows.len()).expect("positions are numbers of 32 bits");
        let mut rows = parallel::each(0..len, |position| Ranked {
            rank: rank(position as usize),
            position,
        });
        let is_changed = ranked::sort_first_wide(&mut rows, rows_max, |a, b| self.compare(a, b));
        is_changed.then(|| rows.iter().map(|row| row.position).collect())
    }

    /// By a rank of the row at a position, and then by all that rows are compared by.
    #[inline]
    fn sorted<R: Copy + Ord>(
        &self,
        level: &Level<'_>,
        rows_max: usize,
        rank: impl Fn(usize) -> R,
    ) -> Option<Vec<u32>> {
        let mut positions: Option<Vec<u32>> = None;
        let mut rows: Vec<Ranked<R>> = Vec::new();
        for bounds in level.offsets.windows(2) {
            let (start, end) = (bounds[0], bounds[1]);
            if end - start < 2 && rows_max > 0 {
                if let Some(positions) = &mut positions {
                    positions.extend(start..end);
                }
                continue;
            }
            rows.clear();
            rows.extend((start..end).map(|position| Ranked {
                rank: rank(position as usize),
                position,
            }));
            let is_changed = ranked::sort_first(&mut rows, rows_max, |a, b| self.compare(a, b));
            if is_changed || positions.is_some() {
                let positions = positions.get_or_insert_with(|| {
                    let mut before = Vec::with_capacity(level.len());
                    before.extend(0..start);
                    before
                });
                positions.extend(rows.iter().map(|row| row.position));
            }
        }
        positions
    }

    #[inline(never)]
    fn compare(&self, a: u32, b: u32) -> Ordering {
        let (a, b) = (a as usize, b as usize);
        let cells = &self.rows.cells;
        by_columns(self.columns, self.rows.reader, cells[a], cells[b])
            .then_with(|| self.row_key.compare(self.rows, a, b))
            .then_with(|| match &self.junction {
                Some((rows, key)) => key.compare(rows, a, b),
                None => Ordering::Equal,
            })
    }
}

/// Compares two rows of a table by columns.
pub(super) fn by_columns<'k>(
    keys: impl IntoIterator<Item = &'k OrderKey>,
    reader: TableReader<'_>,
    a: RowCells<'_>,
    b: RowCells<'_>,
) -> Ordering {
    first_difference(keys.into_iter().map(|key| {
        let (a, b) = (reader.value(a, key.ordinal), reader.value(b, key.ordinal));
        key.compare(a, b)
    }))
}

impl<'s> KeyOrder<'s> {
    pub(super) fn of(reader: TableReader<'s>, snapshot: &Snapshot) -> Self {
        match snapshot.ids_are_in_key_order(reader.table.id) {
            true => KeyOrder::Ids,
            false => KeyOrder::Columns(&reader.table.primary_key().columns),
        }
    }

    /// Two rows of a list, by position.
    pub(super) fn compare(self, rows: &RowList<'_>, a: usize, b: usize) -> Ordering {
        let row = |position: usize| (rows.ids[position], rows.cells[position]);
        self.compare_rows(rows.reader, row(a), row(b))
    }

    pub(super) fn compare_rows(
        self,
        reader: TableReader<'_>,
        a: (RowId, RowCells<'_>),
        b: (RowId, RowCells<'_>),
    ) -> Ordering {
        match self {
            KeyOrder::Ids => a.0.cmp(&b.0),
            KeyOrder::Columns(_) => reader.compare_keys(a.1, b.1),
        }
    }
}

impl OrderKey {
    /// What to compare first of a value. A null shares its rank with the first or the last value that there can be.
    #[inline(always)]
    fn rank<R: Rank>(&self, value: ValueRef<'_>) -> R {
        match (value.is_null(), self.direction) {
            (true, _) => R::end(self.nulls == Nulls::Last),
            (false, Direction::Ascending) => R::of(value),
            (false, Direction::Descending) => R::of(value).inverted(),
        }
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
