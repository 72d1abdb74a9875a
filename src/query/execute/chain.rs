//! Reads the rows of a chain: step by step, under all rows that it begins at.
//!
//! After each step the rows of a source stand together, whichever rows between led to them; they are sorted by id, and
//! what stands there again is left out (beyond BY-8). So no step begins at a row more often than once for each source, and
//! the last step has found its rows in the order of their ids. A step costs what walking from the rows before it costs,
//! and O(n log n) for the n rows that a source has before the repeats are out; a list that ascends already costs one look.
//! Sorting ids in place was preferred to a bitmap for each source, which would cost the size of the table however few the
//! rows, and which has no order to give.

use crate::engine::{RowId, Snapshot};
use crate::error::Result;
use crate::query::execute::leave_passing;
use crate::query::execute::walk::{Found, Walker, composed};
use crate::query::execute::watch::Watch;
use crate::query::level::{Level, RowSlice};
use crate::query::plan::{Step, Way};
use crate::schema::TableId;

impl<'s, W: Watch> Walker<'_, 's, W> {
    /// The rows that a chain leads to below each of the given ones, each once and ascending.
    pub(super) fn chain(self, steps: &[Step], sources: RowSlice<'_, 's>) -> Result<Level<'s>> {
        let mut level = self.step(&steps[0], sources, None)?;
        for step in &steps[1..] {
            level = self.step(step, level.rows.all(), Some(&level.offsets))?;
        }
        Ok(level)
    }

    /// How many there are.
    pub(super) fn number_chain(
        self,
        steps: &[Step],
        sources: RowSlice<'_, 's>,
    ) -> Result<Level<'s>> {
        let found = self.chain(steps, sources)?;
        Ok(self.numbers(found.offsets))
    }

    /// The rows of one step below rows that stand under sources, where they do.
    fn step(self, step: &Step, rows: RowSlice<'_, 's>, under: Option<&[u32]>) -> Result<Level<'s>> {
        let walker = Walker {
            table: step.table,
            ..self
        };
        let mut found = match &step.way {
            Way::Direct(walk) => walker.find(walk, rows)?,
            Way::Through(crossing) => {
                let (junction, mut found) = walker.cross(crossing, rows)?;
                found.offsets = composed(&junction.offsets, &found.offsets);
                found
            }
        };
        if step.one {
            // Which row is the one is said of rows that pass.
            let level = walker.passing(step, found)?;
            found = Found {
                ids: level.rows.ids,
                offsets: level.offsets,
                were_read: true,
            };
            found.leave_lowest_keys(step.table, self.snapshot);
        }
        if let Some(under) = under {
            found.offsets = composed(under, &found.offsets);
        }
        found.leave_once();
        match step.one {
            true => Ok(walker.read(found)),
            false => walker.passing(step, found),
        }
    }

    fn passing(self, step: &Step, found: Found) -> Result<Level<'s>> {
        let mut level = self.read(found);
        if let Some(filter) = &step.filter {
            leave_passing(&mut level, filter, self.given)?;
        }
        Ok(level)
    }
}

impl Found {
    /// Sorts the ids under each row, and leaves each once.
    fn leave_once(&mut self) {
        self.leave(|ids| {
            let ascends = ids.is_sorted_by(|a, b| a < b);
            if ascends {
                return ids.len();
            }
            ids.sort_unstable();
            let mut left = 1;
            for position in 1..ids.len() {
                if ids[position] != ids[left - 1] {
                    ids[left] = ids[position];
                    left += 1;
                }
            }
            left
        });
    }

    /// Leaves the one with the lowest primary key under each row.
    fn leave_lowest_keys(&mut self, table: TableId, snapshot: &Snapshot) {
        self.leave(|ids| {
            if ids.len() > 1 {
                let mut sorted = ids.to_vec();
                snapshot.sort_by_key(table, &mut sorted);
                ids[0] = sorted[0];
            }
            ids.len().min(1)
        });
    }

    /// Leaves the first ids under each row: as many as `arrange` says once it has put those there that stay.
    fn leave(&mut self, mut arrange: impl FnMut(&mut [RowId]) -> usize) {
        let (mut start, mut left) = (0_usize, 0_usize);
        for end in &mut self.offsets[1..] {
            let range = start..*end as usize;
            let staying = arrange(&mut self.ids[range]);
            self.ids.copy_within(start..start + staying, left);
            left += staying;
            start = *end as usize;
            *end = u32::try_from(left).unwrap_or(u32::MAX);
        }
        self.ids.truncate(left);
    }
}
