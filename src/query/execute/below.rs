//! Reads the rows of an include below rows of its parent node: by one thread, or in parts.
//!
//! What is found below a row depends on that row alone. So the rows above can be dealt out, neighbours together: each part
//! finds, tests and sorts what stands below its own rows, and the parts one after the other are what one thread finds. The
//! error that is told is that of one thread, too: where a part fails, all of it is read again by one. And a part may only
//! find its share of what an include may have, so that none is let through that would be refused as a whole.

use crate::engine::Snapshot;
use crate::error::Result;
use crate::query::execute::walk::{Found, Walker};
use crate::query::execute::watch::Watch;
use crate::query::execute::{arrange, leave_passing, parts};
use crate::query::level::{INCLUDED_ROWS_MAX, Level, RowList, RowSlice};
use crate::query::plan::{Access, Arrangement, Keep, PlanNode};
use crate::value::Value;

/// What is read below given rows.
#[derive(Clone, Copy)]
pub(super) struct Below<'p, 's> {
    pub(super) planned: &'p PlanNode,
    /// The values of the parameters.
    pub(super) given: &'p [Value],
    pub(super) snapshot: &'s Snapshot,
    /// How many of the first rows below each are asked for at least.
    pub(super) rows_max: usize,
}

impl<'p, 's> Below<'p, 's> {
    /// The rows, tested and ordered.
    pub(super) fn read(self, above: RowSlice<'_, 's>, watch: impl Watch) -> Result<Level<'s>> {
        let parts = self.planned.split.parts(above.len());
        if parts > 1
            && let Ok(level) = self.in_parts(above, parts, watch)
        {
            return Ok(level);
        }
        self.part(above, INCLUDED_ROWS_MAX, watch)
    }

    #[inline(never)]
    fn in_parts(
        self,
        above: RowSlice<'_, 's>,
        parts: usize,
        watch: impl Watch,
    ) -> Result<Level<'s>> {
        let table = self.planned.node.table;
        if let (Access::Direct { walk, .. }, true) = (&self.planned.access, self.only_finds()) {
            let first = self.planned.first_children(self.snapshot);
            let found = parts::read(above.len(), parts, watch, |part, tally| {
                let walker = self.walker(INCLUDED_ROWS_MAX, tally);
                match first {
                    Some(first) => walker.find_first_children(first, above.part(part)),
                    None => walker.find(walk, above.part(part)),
                }
            })?;
            let found = Found::joined(found, INCLUDED_ROWS_MAX)?;
            watch.read(found.ids.len());
            return Ok(Level {
                rows: RowList::read_wide(self.snapshot, table, found.ids),
                junction: None,
                offsets: found.offsets,
                recursed: None,
            });
        }
        let share = u32::try_from(parts).map_or(0, |parts| INCLUDED_ROWS_MAX / parts);
        let read = parts::read(above.len(), parts, watch, |part, tally| {
            self.part(above.part(part), share, tally)
        })?;
        Ok(Level::joined(read, self.snapshot.reader(table)))
    }

    /// Whether rows that are found are neither tested nor sorted. Then parts find their ids alone: what stands there under
    /// them would only be moved once more to be joined.
    fn only_finds(self) -> bool {
        let (planned, snapshot) = (self.planned, self.snapshot);
        let is_arranged = match planned.arrangement(snapshot) {
            Arrangement::None | Arrangement::AsFound | Arrangement::SortLater => true,
            Arrangement::SortByKey | Arrangement::SortByColumns => false,
        };
        planned.keep != Keep::Number && planned.node.filter.is_none() && is_arranged
    }

    fn walker<W>(self, rows_max: u32, watch: W) -> Walker<'p, 's, W> {
        Walker {
            table: self.planned.node.table,
            given: self.given,
            snapshot: self.snapshot,
            rows_max,
            watch,
        }
    }

    /// The rows below some of those above, if each step finds no more than `found_max`.
    fn part(self, above: RowSlice<'_, 's>, found_max: u32, watch: impl Watch) -> Result<Level<'s>> {
        let (planned, walker) = (self.planned, self.walker(found_max, watch));
        let is_number = planned.keep == Keep::Number;
        let filter = planned.node.filter.as_ref();
        let first = planned.first_children(self.snapshot);
        let mut level = match &planned.access {
            Access::Direct { walk, .. } if is_number => walker.number_direct(walk, above)?,
            Access::Direct { walk, .. } => match first {
                Some(first) => walker.first_children(first, filter, above)?,
                None => walker.direct(walk, above)?,
            },
            Access::FirstBelow { first, .. } => walker.first_below(first, planned, above)?,
            Access::On { condition, .. } => walker.on(condition, above)?,
            Access::Through { through, .. } if is_number => {
                walker.number_through(through, above)?
            }
            Access::Through { through, .. } => walker.through(through, above)?,
            Access::Chain { steps, .. } if is_number => walker.number_chain(steps, above)?,
            Access::Chain { steps, .. } => walker.chain(steps, above)?,
            Access::Root(_) | Access::FarEnd(_) | Access::Given => {
                unreachable!("a root stands below nothing")
            }
        };
        let tested = first.is_some() || matches!(planned.access, Access::FirstBelow { .. });
        if !tested && let Some(filter) = filter {
            leave_passing(&mut level, filter, self.given)?;
        }
        arrange::arrange(&mut level, planned, self.rows_max, self.snapshot);
        Ok(level)
    }
}
