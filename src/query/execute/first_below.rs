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
                let found = snapshot.rows_behind(self.table, index, &first.range, walk, self.given);
                let mut found = found.map(|id| (id, reader.live(id)));
                in_order.read(&mut found, None, wanted, &mut level.rows)?;
            }
            let end = level::offset_within(level.rows.len(), self.rows_max)?;
            level.offsets.push(end);
        }
        Ok(level)
    }
}
