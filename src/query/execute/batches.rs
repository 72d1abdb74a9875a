//! Reads roots in batches until enough of them are left.
//!
//! What is below a root decides about it alone, so a batch of roots is judged like all of them. Batches double: at the end
//! no more was read than twice what was needed, and nothing twice.

use crate::error::Result;
use crate::query::execute::watch::Watch;
use crate::query::execute::{Execution, access, arrange};
use crate::query::level::Level;

/// Roots in the first batch, or twice as many as are wanted if that is more: setting up the levels below costs about as much
/// as reading a few rows.
const FIRST: usize = 4;

impl<W: Watch> Execution<'_, '_, W> {
    /// Reads the root, and what decides about it.
    pub(super) fn read_root(&mut self) -> Result<()> {
        match self.stop {
            Some(stop) if stop.in_batches => self.read_in_batches(stop.rows),
            _ => self.read_first(0, arrange::rows_max(self.plan, 0)),
        }
    }

    fn read_in_batches(&mut self, wanted: usize) -> Result<()> {
        let mut roots = {
            let root = &self.plan.nodes[0];
            access::Roots::new(root, self.given, self.snapshot, self.watch)?
        };
        let unread = self.levels.iter().map(|it| Level::unread(it.rows.reader));
        let mut read: Vec<Level<'_>> = unread.collect();
        let mut batch = wanted.saturating_mul(2).max(FIRST);
        loop {
            let rows = roots.read(batch)?;
            let is_last = rows.len() < batch;
            self.levels[0] = access::level(rows);
            self.leave_required(0)?;
            for (read, level) in read.iter_mut().zip(&mut self.levels) {
                let fresh = Level::unread(level.rows.reader);
                read.append_batch(std::mem::replace(level, fresh));
            }
            read[0].be_one_list();
            if is_last || read[0].len() >= wanted {
                break;
            }
            batch = batch.saturating_mul(2);
        }
        self.levels = read;
        Ok(())
    }
}
