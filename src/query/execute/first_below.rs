//! Reads the first rows below each given row: in the order of an index, or children in that of their ids.

use smallvec::SmallVec;

use crate::engine::{RowCells, RowId, Snapshot, TableReader};
use crate::error::Result;
use crate::expr::Bound;
use crate::query::execute::access::InOrder;
use crate::query::execute::row_test::RowTest;
use crate::query::execute::walk::{Found, Walker, probed};
use crate::query::execute::watch::Watch;
use crate::query::level::{self, Level, RowList, RowSlice};
use crate::query::plan::{FirstBelow, FirstChildren, FoundOrder, PlanNode};
use crate::value::Value;

/// How many rows are asked for before the first of them is looked at; of an index, if so many are wanted and the one behind
/// them, which is looked at to see that it is not tied. They stand anywhere; one after the other, each would be waited for.
const AHEAD: usize = 8;

impl<'s, W: Watch> Walker<'_, 's, W> {
    /// The rows below the given ones, as many below each as the node stops after, and those that the order does not tell from
    /// the last.
    pub(super) fn first_below(
        self,
        first: &FirstBelow,
        planned: &PlanNode,
        parents: RowSlice<'_, 's>,
    ) -> Result<Level<'s>> {
        let snapshot: &'s Snapshot = self.snapshot;
        let reader = snapshot.reader(self.table);
        let fixed = &reader.table.indexes[first.index].columns[..first.probe.len()];
        let in_order = InOrder::by_index(planned, fixed, self.given, snapshot, self.watch);
        let wanted = planned.stop.map_or(usize::MAX, |stop| stop.rows);
        let mut level = Level {
            offsets: vec![0],
            ..Level::unread(reader)
        };
        for &cells in parents.cells {
            let values: Option<SmallVec<[Value; 2]>> = probed(parents.reader, cells, &first.probe);
            if let (Some(values), FoundOrder::Index(walk)) = (values, planned.found) {
                self.watch.probed(1);
                let index = (first.index, &*values);
                let mut ids =
                    snapshot.rows_behind(self.table, index, &first.range, walk, self.given);
                let ahead = ids.by_ref().take(wanted.saturating_add(1).min(AHEAD));
                let ahead = asked_for(reader, ahead);
                let behind = ids.map(|id| (id, reader.live(id)));
                let mut found = ahead.into_iter().chain(behind);
                in_order.read(&mut found, None, wanted, &mut level.rows)?;
            }
            let end = level::offset_within(level.rows.len(), self.rows_max)?;
            level.offsets.push(end);
        }
        Ok(level)
    }

    /// The first children of the given rows that pass a filter.
    pub(super) fn first_children(
        self,
        first: FirstChildren,
        filter: Option<&Bound>,
        parents: RowSlice<'_, 's>,
    ) -> Result<Level<'s>> {
        let Some(filter) = filter else {
            let found = self.find_first_children(first, parents)?;
            return Ok(self.read(found));
        };
        self.watch.probed(parents.len());
        let snapshot: &'s Snapshot = self.snapshot;
        let reader = snapshot.reader(self.table);
        let edges = snapshot.edges(snapshot.schema().foreign_key(first.key));
        let test = RowTest::new(reader, filter, self.given);
        let mut level = Level {
            offsets: vec![0],
            ..Level::unread(reader)
        };
        for (position, &parent) in parents.ids.iter().enumerate() {
            edges.look_ahead(parents.ids, position);
            let (ids, rows) = (edges.children(parent), &mut level.rows);
            match first.backwards {
                false => self.take_passing(ids, &test, first.rows, rows)?,
                true => self.take_passing(ids.rev(), &test, first.rows, rows)?,
            }
            let end = level::offset_within(level.rows.len(), self.rows_max)?;
            level.offsets.push(end);
        }
        Ok(level)
    }

    /// The ids of the first children of the given rows.
    pub(super) fn find_first_children(
        self,
        first: FirstChildren,
        parents: RowSlice<'_, 's>,
    ) -> Result<Found> {
        self.watch.probed(parents.len());
        let snapshot = self.snapshot;
        let edges = snapshot.edges(snapshot.schema().foreign_key(first.key));
        let below_each = parents.reader.mean_children(edges).min(first.rows);
        let mut found = Found::with_capacity(parents.len(), parents.len() * below_each);
        for (position, &parent) in parents.ids.iter().enumerate() {
            edges.look_ahead(parents.ids, position);
            match first.backwards {
                false => edges.append_first(parent, first.rows, &mut found.ids),
                true => {
                    let ids = edges.children(parent).rev();
                    found.ids.extend(ids.take(first.rows));
                }
            }
            found.end_row(self.rows_max)?;
        }
        Ok(found)
    }

    /// Adds as many rows as are wanted of those that pass a test.
    fn take_passing(
        self,
        mut ids: impl Iterator<Item = RowId>,
        test: &RowTest<'_, 's>,
        wanted: usize,
        rows: &mut RowList<'s>,
    ) -> Result<()> {
        let enough = rows.len().saturating_add(wanted);
        loop {
            let ahead = asked_for(rows.reader, ids.by_ref().take(AHEAD));
            if ahead.is_empty() {
                return Ok(());
            }
            for (id, cells) in ahead {
                self.watch.read(1);
                if test.judge(id, cells)? {
                    rows.extend(std::iter::once((id, cells)));
                    if rows.len() == enough {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// Rows that will be looked at, so few that they can be asked for together.
#[inline]
fn asked_for<'s>(
    reader: TableReader<'s>,
    ids: impl Iterator<Item = RowId>,
) -> SmallVec<[(RowId, RowCells<'s>); AHEAD]> {
    ids.map(|id| (id, reader.asked_for(id))).collect()
}
