//! Reads the rows of an include, under all rows of its parent node at once.
//!
//! Over edges, a step is reading a link in the row or a list of ids: no key is compared or hashed. By value, a step is a
//! look-up per row, or one pass over the table against the sorted values of all rows.

use std::cmp::Ordering;

use smallvec::SmallVec;

use crate::engine::ranked::{self, Rank, Ranked};
use crate::engine::{RowCells, RowId, RowView, Snapshot, TableReader};
use crate::error::Result;
use crate::expr::{Bound, Cells};
use crate::query::execute::watch::Watch;
use crate::query::execute::{first_difference, leave_passing};
use crate::query::level::{self, Level, RowList, RowSlice};
use crate::query::plan::{Crossing, Lookup, Probe, ValueJoin, Walk};
use crate::schema::{ForeignKeyId, TableId};
use crate::value::{Value, ValueRef};

/// Ids under each of some rows, with the offsets of a [`Level`].
pub(super) struct Found {
    pub(super) ids: Vec<RowId>,
    pub(super) offsets: Vec<u32>,
    /// Whether the rows were read to be found.
    pub(super) were_read: bool,
}

/// What a walk to a table needs besides the way.
#[derive(Clone, Copy)]
pub(super) struct Walker<'p, 's, W> {
    pub(super) table: TableId,
    /// The values of the parameters.
    pub(super) given: &'p [Value],
    pub(super) snapshot: &'s Snapshot,
    /// How many rows each step may find.
    pub(super) rows_max: u32,
    pub(super) watch: W,
}

impl<'s, W: Watch> Walker<'_, 's, W> {
    /// The rows straight below the given ones.
    pub(super) fn direct(self, walk: &Walk, parents: RowSlice<'_, 's>) -> Result<Level<'s>> {
        let found = self.find(walk, parents)?;
        Ok(self.read(found))
    }

    /// The rows below the given ones, each with the junction row that leads to it.
    pub(super) fn through(
        self,
        crossing: &Crossing,
        parents: RowSlice<'_, 's>,
    ) -> Result<Level<'s>> {
        let (junction, found) = self.cross(crossing, parents)?;
        let offsets = composed(&junction.offsets, &found.offsets);
        let junction = match crossing.shown {
            true => Some(junction.rows.repeated(&found.offsets)),
            false => None,
        };
        let level = self.read(found);
        Ok(Level {
            junction,
            offsets,
            ..level
        })
    }

    /// The rows for which a condition on them and a given row is true, below each given row: every pair is looked at.
    pub(super) fn on(self, condition: &Bound, parents: RowSlice<'_, 's>) -> Result<Level<'s>> {
        let reader = self.snapshot.reader(self.table);
        let columns = reader.table.columns.len();
        let mut found = Found::with_capacity(parents.len(), 0);
        found.were_read = true;
        for parent in 0..parents.len() {
            for (id, cells) in reader.scan() {
                self.watch.read(1);
                let pair = Pair {
                    row: reader.view(id, cells),
                    other: parents.view(parent),
                    columns,
                };
                let passes = condition.matches_with(&pair, self.given);
                if passes.map_err(|failed| condition.error(failed))? {
                    found.ids.push(id);
                }
            }
            found.end_row(self.rows_max)?;
        }
        Ok(self.read(found))
    }

    /// The rows of ids that were found, without junction rows.
    pub(super) fn read(self, found: Found) -> Level<'s> {
        if !found.were_read {
            self.watch.read(found.ids.len());
        }
        Level {
            rows: RowList::read(self.snapshot, self.table, found.ids),
            junction: None,
            offsets: found.offsets,
            recursed: None,
        }
    }

    /// How many rows stand straight below each of the given ones. Over the edges of a parent nothing is looked at but how
    /// many there are.
    pub(super) fn number_direct(self, walk: &Walk, parents: RowSlice<'_, 's>) -> Result<Level<'s>> {
        let offsets = match walk {
            Walk::ToChildren(key) => {
                self.watch.probed(parents.len());
                self.edge_counts(*key, parents)?
            }
            Walk::ToParent(_) | Walk::ByValue(_) => self.find(walk, parents)?.offsets,
        };
        Ok(self.numbers(offsets))
    }

    /// How many rows stand below each of the given ones. Those of the table are not read, only led to.
    pub(super) fn number_through(
        self,
        crossing: &Crossing,
        parents: RowSlice<'_, 's>,
    ) -> Result<Level<'s>> {
        let (junction, found) = self.cross(crossing, parents)?;
        Ok(self.numbers(composed(&junction.offsets, &found.offsets)))
    }

    /// The junction rows below the given rows, and what stands below those.
    pub(super) fn cross(
        self,
        crossing: &Crossing,
        parents: RowSlice<'_, 's>,
    ) -> Result<(Level<'s>, Found)> {
        let junction = self.junction(crossing, parents)?;
        let found = self.find(&crossing.to_target, junction.rows.all())?;
        Ok((junction, found))
    }

    /// The junction rows below the given rows.
    fn junction(self, crossing: &Crossing, parents: RowSlice<'_, 's>) -> Result<Level<'s>> {
        let walker = Walker {
            table: crossing.junction,
            ..self
        };
        let mut junction = walker.direct(&crossing.to_junction, parents)?;
        if let Some(filter) = &crossing.filter {
            leave_passing(&mut junction, filter, self.given)?;
        }
        Ok(junction)
    }

    /// The ids of the rows below each of the given rows.
    pub(super) fn find(self, walk: &Walk, parents: RowSlice<'_, '_>) -> Result<Found> {
        let (table, snapshot, watch) = (self.table, self.snapshot, self.watch);
        match walk {
            Walk::ToParent(key) => {
                watch.probed(parents.len());
                self.to_parent(*key, parents)
            }
            Walk::ToChildren(key) => {
                watch.probed(parents.len());
                self.to_children(*key, parents)
            }
            Walk::ByValue(join) => match &join.lookup {
                Lookup::Key { key, probe } => self.look_up(parents, probe, |values, ids| {
                    watch.probed(1);
                    ids.extend(snapshot.find(table, *key, values));
                }),
                Lookup::Index { index, probe, .. } => {
                    self.look_up(parents, probe, |values, ids| {
                        watch.probed(1);
                        ids.append(&mut snapshot.find_all(table, *index, values));
                    })
                }
                Lookup::Scan => {
                    watch.read(snapshot.row_count(table));
                    self.match_all(join, parents)
                }
            },
        }
    }

    /// The offsets of the rows under each of the given ones over the edges of a key.
    fn edge_counts(self, key: ForeignKeyId, parents: RowSlice<'_, '_>) -> Result<Vec<u32>> {
        let edges = self.snapshot.edges(self.snapshot.schema().foreign_key(key));
        let mut offsets = Vec::with_capacity(parents.len() + 1);
        offsets.push(0);
        let mut rows = 0;
        for &id in parents.ids {
            rows += edges.child_count(id);
            offsets.push(level::offset_within(rows, self.rows_max)?);
        }
        Ok(offsets)
    }

    fn to_parent(self, key: ForeignKeyId, rows: RowSlice<'_, '_>) -> Result<Found> {
        let key = self.snapshot.schema().foreign_key(key);
        let mut found = Found::with_capacity(rows.len(), rows.len());
        for (position, &cells) in rows.cells.iter().enumerate() {
            rows.reader.look_ahead(rows.cells, position);
            found.ids.extend(rows.reader.parent(cells, key));
            found.end_row(self.rows_max)?;
        }
        Ok(found)
    }

    fn to_children(self, key: ForeignKeyId, rows: RowSlice<'_, '_>) -> Result<Found> {
        let edges = self.snapshot.edges(self.snapshot.schema().foreign_key(key));
        let expected = rows.len() * rows.reader.mean_children(edges);
        let mut found = Found::with_capacity(rows.len(), expected);
        for (position, &id) in rows.ids.iter().enumerate() {
            edges.look_ahead(rows.ids, position);
            edges.append_children(id, &mut found.ids);
            found.end_row(self.rows_max)?;
        }
        Ok(found)
    }

    /// One look-up per row; none where a column is null (associations EL-30).
    fn look_up(
        self,
        rows: RowSlice<'_, '_>,
        probe: &[Probe],
        mut find: impl FnMut(&[Value], &mut Vec<RowId>),
    ) -> Result<Found> {
        let mut found = Found::with_capacity(rows.len(), 0);
        for &cells in rows.cells {
            if let Some(values) = probed(rows.reader, cells, probe) {
                find(&values, &mut found.ids);
            }
            found.end_row(self.rows_max)?;
        }
        Ok(found)
    }

    /// One pass over the table; the given rows are sorted by value first, to be found.
    fn match_all(self, join: &ValueJoin, rows: RowSlice<'_, '_>) -> Result<Found> {
        let table = self.snapshot.reader(self.table);
        let types = |from: &u32, to: &u32| {
            let from = rows.reader.table.columns[*from as usize].data_type;
            (from, table.table.columns[*to as usize].data_type)
        };
        match join.from.first().zip(join.to.first()) {
            Some((from, to)) => match types(from, to) {
                // Ranks compare values of one type alone.
                (from, to) if from != to => self.match_by(join, rows, |_| (), false),
                (one, _) => {
                    let decides = join.from.len() == 1 && ranked::decides(one);
                    match ranked::is_wide(one) {
                        true => self.match_by(join, rows, u128::of, decides),
                        false => self.match_by(join, rows, u64::of, decides),
                    }
                }
            },
            None => self.match_by(join, rows, |_| (), false),
        }
    }

    /// The same by a rank of the first value, and whether values of the same rank are equal.
    fn match_by<R: Copy + Ord>(
        self,
        join: &ValueJoin,
        rows: RowSlice<'_, '_>,
        rank: impl Fn(ValueRef<'_>) -> R,
        decides: bool,
    ) -> Result<Found> {
        let table = self.snapshot.reader(self.table);
        let has_null = |reader: TableReader<'_>, cells: RowCells<'_>, columns: &[u32]| {
            let mut columns = columns.iter();
            columns.any(|&it| reader.value(cells, it).is_null())
        };
        let first = |reader: TableReader<'_>, cells: RowCells<'_>, columns: &[u32]| {
            let first = columns.first();
            rank(first.map_or(ValueRef::Null, |&it| reader.value(cells, it)))
        };
        let compare_given = |a: u32, b: u32| {
            if decides {
                return Ordering::Equal;
            }
            let (a, b) = (rows.cells[a as usize], rows.cells[b as usize]);
            first_difference(join.from.iter().map(|&ordinal| {
                let (a, b) = (rows.reader.value(a, ordinal), rows.reader.value(b, ordinal));
                a.total_cmp(b)
            }))
        };
        let given = (0_u32..).zip(rows.cells);
        let given = given.filter(|(_, cells)| !has_null(rows.reader, **cells, &join.from));
        let given = given.map(|(position, &cells)| Ranked {
            rank: first(rows.reader, cells, &join.from),
            position,
        });
        let mut given: Vec<Ranked<R>> = given.collect();
        ranked::sort(&mut given, compare_given);
        let mut pairs: Vec<(u32, RowId)> = Vec::new();
        for (id, cells) in table.scan() {
            if has_null(table, cells, &join.to) {
                continue;
            }
            let wanted = first(table, cells, &join.to);
            let compare = |it: &Ranked<R>| {
                it.rank.cmp(&wanted).then_with(|| {
                    if decides {
                        return Ordering::Equal;
                    }
                    let other = rows.cells[it.position as usize];
                    first_difference(join.from.iter().zip(&join.to).map(|(&from, &to)| {
                        let value = rows.reader.value(other, from);
                        value.total_cmp(table.value(cells, to))
                    }))
                })
            };
            let start = given.partition_point(|it| compare(it).is_lt());
            let equal = given[start..].iter().take_while(|it| compare(it).is_eq());
            pairs.extend(equal.map(|it| (it.position, id)));
        }
        self.found_from_pairs(&pairs, rows.len())
    }

    /// Ids under each row, those of one row in the order of their pairs.
    fn found_from_pairs(self, pairs: &[(u32, RowId)], rows: usize) -> Result<Found> {
        level::offset_within(pairs.len(), self.rows_max)?;
        let mut offsets = vec![0_u32; rows + 1];
        for (row, _) in pairs {
            offsets[*row as usize + 1] += 1;
        }
        for row in 0..rows {
            offsets[row + 1] += offsets[row];
        }
        let mut next = offsets.clone();
        let mut ids = vec![RowId(0); pairs.len()];
        for &(row, id) in pairs {
            let next = &mut next[row as usize];
            ids[*next as usize] = id;
            *next += 1;
        }
        Ok(Found {
            ids,
            offsets,
            were_read: true,
        })
    }

    /// A level of numbers alone.
    pub(super) fn numbers(self, offsets: Vec<u32>) -> Level<'s> {
        Level {
            offsets,
            ..Level::unread(self.snapshot.reader(self.table))
        }
    }
}

/// A row and another one, whose columns stand behind its own.
struct Pair<'s> {
    row: RowView<'s>,
    other: RowView<'s>,
    columns: usize,
}

impl Cells for Pair<'_> {
    fn cell(&self, ordinal: u32) -> ValueRef<'_> {
        match ordinal.checked_sub(u32::try_from(self.columns).unwrap_or(u32::MAX)) {
            None => self.row.value(ordinal),
            Some(behind) => self.other.value(behind),
        }
    }
}

/// Where the rows of each parent end, of rows that stand under rows that stand under parents.
pub(super) fn composed(upper: &[u32], lower: &[u32]) -> Vec<u32> {
    upper.iter().map(|&end| lower[end as usize]).collect()
}

/// What is looked up for a row; nothing where a column is null.
pub(super) fn probed(
    reader: TableReader<'_>,
    cells: RowCells<'_>,
    probe: &[Probe],
) -> Option<SmallVec<[Value; 2]>> {
    let value = |probe: &Probe| match probe {
        Probe::Column(ordinal) => {
            let value = reader.value(cells, *ordinal);
            (!value.is_null()).then(|| value.to_value())
        }
        Probe::Constant(value) => Some(value.clone()),
    };
    probe.iter().map(value).collect()
}

impl Found {
    pub(super) fn with_capacity(rows: usize, ids: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Found {
            ids: Vec::with_capacity(ids),
            offsets,
            were_read: false,
        }
    }

    /// What was found in parts, one behind the other.
    ///
    /// # Errors
    /// `Limit` for more than `rows_max` in all.
    pub(super) fn joined(parts: Vec<Found>, rows_max: u32) -> Result<Self> {
        let rows = parts.iter().map(|part| part.offsets.len() - 1).sum();
        let ids = parts.iter().map(|part| part.ids.len()).sum();
        level::offset_within(ids, rows_max)?;
        let mut found = Found::with_capacity(rows, ids);
        for mut part in parts {
            let before = level::offset_within(found.ids.len(), rows_max)?;
            let ends = part.offsets.iter().skip(1);
            found.offsets.extend(ends.map(|end| before + end));
            found.ids.append(&mut part.ids);
            found.were_read |= part.were_read;
        }
        Ok(found)
    }

    /// What was found since the last call stands under the next row, if it is not more than `rows_max` in all.
    #[inline]
    pub(super) fn end_row(&mut self, rows_max: u32) -> Result<()> {
        let end = level::offset_within(self.ids.len(), rows_max)?;
        self.offsets.push(end);
        Ok(())
    }
}
