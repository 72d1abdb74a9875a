//! Reads the first rows below each given row in the order of an index.

use smallvec::SmallVec;

use crate::engine::Snapshot;
use crate::error::Result;
use crate::query::execute::access::InOrder;
use crate::query::execute::walk::{Walker, probed};
use crate::query::execute::watch::Watch;
use crate::query::level::{self, Level, RowSlice};
use crate::query::plan::{FirstBelow, FoundOrder, PlanNode};
use crate::value::Value;

/// How many rows are asked for before the first of them is looked at, if so many are wanted and the one behind them, which
/// is looked at to see that it is not tied. They stand anywhere; one after the other, each would be waited for.
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
                let ahead = ahead.map(|id| {
                    let cells = reader.live(id);
                    cells.touch();
                    (id, cells)
                });
                let ahead: SmallVec<[_; AHEAD]> = ahead.collect();
                let behind = ids.map(|id| (id, reader.live(id)));
                let mut found = ahead.into_iter().chain(behind);
                in_order.read(&mut found, None, wanted, &mut level.rows)?;
            }
            let end = level::offset_within(level.rows.len(), self.rows_max)?;
            level.offsets.push(end);
        }
        Ok(level)
    }
}
