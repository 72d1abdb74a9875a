//! Reads the rows of an include, under all rows of its parent node at once.
//!
//! Over edges, a step is reading a link in the row or a list of ids: no key is compared or hashed. By value, a step is a
//! look-up per row, or one pass over the table against the sorted values of all rows.

use smallvec::SmallVec;

use crate::engine::{RowId, RowView, Snapshot};
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
        for &cells in rows.cells {
            found.ids.extend(rows.reader.parent(cells, key));
            found.end_row(self.rows_max)?;
        }
        Ok(found)
    }

    fn to_children(self, key: ForeignKeyId, rows: RowSlice<'_, '_>) -> Result<Found> {
        let edges = self.snapshot.edges(self.snapshot.schema().foreign_key(key));
        let expected = rows.len() * rows.reader.mean_children(edges);
        let mut found = Found::with_capacity(rows.len(), expected);
        for &id in rows.ids {
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
            let value = |probe: &Probe| match probe {
                Probe::Column(ordinal) => {
                    let value = rows.reader.value(cells, *ordinal);
                    (!value.is_null()).then(|| value.to_value())
                }
                Probe::Constant(value) => Some(value.clone()),
            };
            let values: Option<SmallVec<[Value; 2]>> = probe.iter().map(value).collect();
            if let Some(values) = values {
                find(&values, &mut found.ids);
            }
            found.end_row(self.rows_max)?;
        }
        Ok(found)
    }

    /// One pass over the table; the given rows are sorted by value first, to be found.
    fn match_all(self, join: &ValueJoin, rows: RowSlice<'_, '_>) -> Result<Found> {
        let table = self.snapshot.reader(self.table);
        let has_null = |position: &u32| {
            let cells = rows.cells[*position as usize];
            join.from
                .iter()
                .any(|&it| rows.reader.value(cells, it).is_null())
        };
        let compare_given = |a: u32, b: u32| {
            let (a, b) = (rows.cells[a as usize], rows.cells[b as usize]);
            let orders = join.from.iter().map(|&ordinal| {
                rows.reader
                    .value(a, ordinal)
                    .total_cmp(rows.reader.value(b, ordinal))
            });
            first_difference(orders)
        };
        let mut given: Vec<u32> = (0_u32..)
            .take(rows.len())
            .filter(|it| !has_null(it))
            .collect();
        given.sort_unstable_by(|&a, &b| compare_given(a, b));
        let mut pairs: Vec<(u32, RowId)> = Vec::new();
        for (id, cells) in table.scan() {
            let compare = |&position: &u32| {
                let other = rows.cells[position as usize];
                let orders = join.from.iter().zip(&join.to).map(|(&from, &to)| {
                    rows.reader
                        .value(other, from)
                        .total_cmp(table.value(cells, to))
                });
                first_difference(orders)
            };
            let start = given.partition_point(|it| compare(it).is_lt());
            let equal = given[start..].iter().take_while(|it| compare(it).is_eq());
            pairs.extend(equal.map(|&position| (position, id)));
        }
        pairs.sort_unstable();
        self.found_from_pairs(&pairs, rows.len())
    }

    /// `pairs` ascend.
    fn found_from_pairs(self, pairs: &[(u32, RowId)], rows: usize) -> Result<Found> {
        let mut found = Found::with_capacity(rows, pairs.len());
        found.were_read = true;
        let mut pairs = pairs.iter().peekable();
        for row in (0_u32..).take(rows) {
            while let Some((_, id)) = pairs.next_if(|(position, _)| *position == row) {
                found.ids.push(*id);
            }
            found.end_row(self.rows_max)?;
        }
        Ok(found)
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

impl Found {
    fn with_capacity(rows: usize, ids: usize) -> Self {
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
    fn end_row(&mut self, rows_max: u32) -> Result<()> {
        let end = level::offset_within(self.ids.len(), rows_max)?;
        self.offsets.push(end);
        Ok(())
    }
}
