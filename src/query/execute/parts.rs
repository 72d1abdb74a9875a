//! Reads in parts, on all cores, what a plan says is to be split.

use std::cell::Cell;
use std::ops::Range;

use crate::engine::parallel;
use crate::error::Result;
use crate::query::execute::watch::Watch;

/// What a part cost. Each has its own, so that threads share no word that they write.
#[derive(Debug, Default)]
pub(super) struct Tally {
    probes: Cell<usize>,
    rows_read: Cell<usize>,
}

impl Watch for &Tally {
    fn turn_to(self, node: usize) -> usize {
        node
    }

    #[inline]
    fn probed(self, look_ups: usize) {
        self.probes.set(self.probes.get() + look_ups);
    }

    #[inline]
    fn read(self, rows: usize) {
        self.rows_read.set(self.rows_read.get() + rows);
    }

    fn passed(self, _node: usize, _rows: usize) {}
}

/// What `read` gives for each of so many parts of the first `len` positions, in their order; what all of them cost is told to
/// the watch.
///
/// # Errors
/// That of the first part that has one.
pub(super) fn read<R: Send>(
    len: usize,
    parts: usize,
    watch: impl Watch,
    read: impl Fn(Range<usize>, &Tally) -> Result<R> + Send + Sync,
) -> Result<Vec<R>> {
    let found = parallel::in_parts(len, parts, |part| {
        let tally = Tally::default();
        let found = read(part, &tally)?;
        Ok((found, tally))
    });
    let found: Result<Vec<(R, Tally)>> = found.into_iter().collect();
    let found = found?.into_iter().map(|(found, tally)| {
        watch.probed(tally.probes.get());
        watch.read(tally.rows_read.get());
        found
    });
    Ok(found.collect())
}
