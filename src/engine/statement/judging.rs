//! The judgement at the end of a statement (integrity section 10, step 4): what the rows may not be, and whose parents
//! have to be looked up.

use crate::engine::any_row::LeftBehind;
use crate::engine::constraint;
use crate::engine::referential::{Change, Restricted};
use crate::engine::statement::{Buffers, Statement};
use crate::error::{Operation, Result};
use crate::schema::{ForeignKeyId, TableId};
use crate::storage::{Collision, RowId};

impl Statement<'_> {
    pub(super) fn judge(&mut self) -> Result<()> {
        self.judge_rows()?;
        self.requeue_vacated();
        self.queue_left_behind();
        let missing = self.look_up_parents();
        self.adopt_unmatched();
        missing
            .into_iter()
            .try_for_each(|(key, child)| self.refuse_missing(key, child))
    }

    /// Not null, checks and unique keys of every row that was written and is still there, row by row in the order of the
    /// statement (RI-70). A row that came was judged then, but for keys that the statement could still set free; one
    /// in which nothing was written that a not null column or a check may forbid need not be.
    pub(super) fn judge_rows(&mut self) -> Result<()> {
        let place = |&(table, met): &(TableId, Collision)| (table, met.row, met.key);
        self.context.buffers.collisions.sort_unstable_by_key(place);
        let (schema, state) = (self.writer.schema, &*self.writer.state);
        let Buffers {
            history,
            collisions,
            ..
        } = &*self.context.buffers;
        for change in history.iter().filter(|change| !change.gone) {
            let Change {
                table, row, cause, ..
            } = *change;
            let chain = || constraint::chain(state, history, cause);
            if change.judged {
                let shape = schema.table(table);
                let refuse = |refusal| self.refusals.add(refusal, (table, row), chain);
                constraint::judge_stored_row(shape, state, row, self.operation, refuse)?;
            }
            if collisions.is_empty() {
                continue;
            }
            let first = collisions.partition_point(|(other, met)| (*other, met.row) < (table, row));
            let of_row = collisions[first..]
                .iter()
                .take_while(|(other, met)| (*other, met.row) == (table, row));
            for &(_, met) in of_row {
                let waits = self.context.modes.key_waits(schema, table, met.key);
                if waits && !self.refusals.are_kept() {
                    continue;
                }
                let refusal = constraint::refusal_of_collision(table, state, met, self.operation);
                if let Some(refusal) = refusal {
                    self.refusals.add(refusal, (table, row), chain)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn refuse_restricted(&mut self, found: &Restricted) -> Result<()> {
        let (state, history) = (&*self.writer.state, &self.context.buffers.history);
        let change = &history[found.change as usize];
        let refusal = constraint::restricted(state, found, self.operation);
        let chain = || constraint::chain(state, history, change.cause);
        self.refusals
            .add(refusal, (change.table, change.row), chain)
    }

    /// At fault is the parent row that went, or else the child that took a key which no row has.
    fn refuse_missing(&mut self, id: ForeignKeyId, child: RowId) -> Result<()> {
        let (state, history) = (&*self.writer.state, &self.context.buffers.history);
        let key = self.writer.schema.foreign_key(id);
        let row = match self.context.buffers.left.get(&(id, child)) {
            Some(&parent) => (key.parent, parent),
            None => (key.child, child),
        };
        let operation = if self.context.modes.reference_waits(id) {
            Operation::Commit
        } else {
            self.operation
        };
        let refusal = constraint::no_parent(state, id, child, operation);
        let cause = || last_change(history, row)?.cause;
        self.refusals
            .add(refusal, row, || constraint::chain(state, history, cause()))
    }

    /// Queues the children that stand under a parent row which no longer has their key.
    fn requeue_vacated(&mut self) {
        if self.context.buffers.vacated.is_empty() {
            return;
        }
        for (id, parent) in std::mem::take(&mut self.context.buffers.vacated) {
            let key = self.writer.schema.foreign_key(id);
            let left: Vec<RowId> = self.writer.state.children(key).children(parent).collect();
            for child in left {
                if !constraint::has_key_of(self.writer.state, key, child, parent) {
                    self.writer.unlink(key, child);
                    self.context.buffers.queue.push((id, child));
                    self.context.buffers.left.insert((id, child), parent);
                }
            }
        }
    }

    /// Queues the children that carry a value of a key to any row which no row has any more.
    fn queue_left_behind(&mut self) {
        if !self.values_changed {
            return;
        }
        let (at_rest, given_up) = self.at_rest();
        let left_behind = given_up.left_behind(&at_rest);
        let Buffers { queue, left, .. } = &mut *self.context.buffers;
        for LeftBehind { key, child, parent } in left_behind {
            queue.push((key, child));
            left.insert((key, child), parent);
        }
    }

    /// Gives every queued child its edge or its place among the unmatched; the children without a parent that break an
    /// immediate key, by creation order of the keys and then by primary key.
    fn look_up_parents(&mut self) -> Vec<(ForeignKeyId, RowId)> {
        let mut queue = std::mem::take(&mut self.context.buffers.queue);
        queue.sort_by_key(|&(key, _)| key);
        let mut missing = Vec::new();
        for &(id, child) in &queue {
            let key = self.writer.schema.foreign_key(id);
            match constraint::parent_of(self.writer.state, key, child) {
                constraint::Parent::Settled => {}
                constraint::Parent::Found(parent) => self.writer.link(key, child, parent),
                constraint::Parent::Missing => {
                    if !self.writer.is_unmatched(key, child) {
                        self.writer.miss(key, child);
                    }
                    if self.refusals.are_kept() || !self.context.modes.reference_waits(id) {
                        missing.push((id, child));
                    }
                }
            }
        }
        self.context.buffers.queue = queue;
        let (schema, state) = (self.writer.schema, &*self.writer.state);
        missing.sort_by_cached_key(|&(id, child)| {
            (id, state.key_of(schema.foreign_key(id).child, child))
        });
        missing
    }

    /// Puts unmatched children under rows that took their key.
    fn adopt_unmatched(&mut self) {
        for position in 0..self.context.buffers.history.len() {
            let Change {
                table, row, gone, ..
            } = self.context.buffers.history[position];
            if gone {
                continue;
            }
            for &id in &self.writer.schema.table(table).referenced_by {
                if self.writer.state.unmatched(id).is_empty() {
                    continue;
                }
                let key = self.writer.schema.foreign_key(id);
                let children = constraint::unmatched_children_of(self.writer.state, key, row);
                if children.is_empty() {
                    continue;
                }
                let parent = constraint::adopter(self.writer.state, key, row);
                for child in children {
                    self.writer.unlink(key, child);
                    if !key.is_to_any_row() {
                        self.writer.link(key, child, parent);
                    }
                }
            }
        }
    }
}

/// The last change of a row.
fn last_change(history: &[Change], row: (TableId, RowId)) -> Option<&Change> {
    let mut changes = history.iter().rev();
    changes.find(|change| (change.table, change.row) == row)
}
