//! One statement: what it addresses, what follows from it, and the judgement at its end (integrity section 10).
//!
//! A statement keeps the history of its changes: first the rows that it addressed, then level after level the rows that
//! actions changed. It is atomic by its [`Drop`]: unless it was finished, the log is played back to where it began. So
//! an error and a panic in a user's closure take the same way.

mod addressing;
mod judging;
mod proposed;

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::any_row::{AtRest, GivenUp};
use crate::engine::limits::Limits;
use crate::engine::mutation::{Queue, Writer, Writing};
use crate::engine::new_edges::NewEdges;
use crate::engine::pending::Modes;
use crate::engine::referential::{Change, Level, Restricted, WorkList};
use crate::engine::refusals::{Refusal, Refusals};
use crate::engine::state::State;
use crate::engine::undo::{Mark, UndoLog};
use crate::error::{Operation, Result};
use crate::schema::{ForeignKeyId, TableId};
use crate::storage::{Collision, RowId, at_once, clear_and_give_back};
use crate::value::{Timestamp, Value};

pub(crate) use self::addressing::Given;
pub(crate) use self::proposed::Proposed;

/// What one transaction passes to each of its statements.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    /// The transaction's time, once it was read.
    pub(crate) now: &'a mut Option<Timestamp>,
    /// The constraints that are judged at commit, for now.
    pub(crate) modes: &'a Modes,
    pub(crate) limits: &'a Limits,
    pub(crate) buffers: &'a mut Buffers,
}

/// Room that one statement leaves to the next, so that a small one allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// The changes that have consequences, are judged at the end, or may be the parent that somebody waits for.
    history: Vec<Change>,
    /// Collisions of unique keys that were met on the way, with their tables.
    collisions: Vec<(TableId, Collision)>,
    /// Scratch for one write.
    met: Vec<Collision>,
    queue: Queue,
    edges: NewEdges,
    /// Scratch for the values that are given for one row, and for one that is made whole.
    values: Vec<Value>,
    row: Vec<Value>,
    vacated: BTreeSet<(ForeignKeyId, RowId)>,
    /// Children left under a parent row that no longer has their key, with that row.
    left: BTreeMap<(ForeignKeyId, RowId), RowId>,
    given_up: GivenUp,
}

/// A statement under way.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    writer: Writer<'a>,
    context: Context<'a>,
    operation: Operation,
    mark: Mark,
    /// The transaction's time as it was before, for the way back.
    now_before: Option<Timestamp>,
    /// How many rows it changed, those of actions included.
    rows_changed: usize,
    /// Before any row was inserted, no row.
    last_inserted: RowId,
    /// Whether a change can have consequences for other rows: a row went, or has another value that others may refer to.
    has_consequences: bool,
    refusals: Refusals,
    /// Whether rows changed that keys to any row refer to.
    values_changed: bool,
    /// Whether the statement only inserts, so that a parent found on the way is the parent for good.
    parents_stay: bool,
    /// The table that many rows come to, whose edges are collected.
    collects_edges: Option<TableId>,
    end: End,
}

/// How a statement ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It has not, or it failed: it is played back.
    Open,
    /// It stands, and left nothing in the buffers.
    Settled,
    /// It stands.
    Judged,
}

/// How many rows a statement changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) addressed: usize,
    pub(crate) by_actions: usize,
}

impl<'a> Statement<'a> {
    pub(crate) fn begin(writer: Writer<'a>, context: Context<'a>, operation: Operation) -> Self {
        let mark = writer.undo.mark();
        let now_before = *context.now;
        Statement {
            writer,
            context,
            operation,
            mark,
            now_before,
            rows_changed: 0,
            last_inserted: RowId(u32::MAX),
            has_consequences: false,
            refusals: Refusals::default(),
            values_changed: false,
            parents_stay: false,
            collects_edges: None,
            end: End::Open,
        }
    }

    /// Says that the statement will insert and do nothing else.
    pub(crate) fn only_inserts(&mut self) {
        self.parents_stay = true;
    }

    /// Says that the statement will insert rows into one table, and do nothing else.
    pub(crate) fn inserts_many(&mut self, table: TableId) {
        self.parents_stay = true;
        self.collects_edges = Some(table);
    }

    /// The state as the statement has made it so far.
    pub(crate) fn state(&self) -> &State {
        self.writer.state
    }

    pub(crate) fn writer(&mut self) -> &mut Writer<'a> {
        &mut self.writer
    }

    /// Works through the levels, judges, and lets the statement stand.
    //
    // By reference: moved, the statement would be copied, whose fields were just written.
    pub(crate) fn finish(&mut self, addressed: usize) -> Result<Counts> {
        let first_level = self.rows_changed;
        if self.collects_edges.is_some() {
            self.insert_edges();
        }
        if self.has_consequences {
            self.follow_actions()?;
        }
        self.stand()?;
        Ok(Counts {
            addressed,
            by_actions: self.rows_changed - first_level,
        })
    }

    /// Puts the edges that were collected in place.
    fn insert_edges(&mut self) {
        if let Some(table) = self.collects_edges {
            let Buffers { edges, queue, .. } = &mut *self.context.buffers;
            self.writer.insert_edges(table, edges, queue);
        }
    }

    /// Judges without actions and lets the statement stand: for changes that already contain what followed.
    pub(crate) fn finish_without_actions(&mut self) -> Result<()> {
        self.vacate_everything();
        self.stand()
    }

    /// Judges, and lets the statement stand. Where nothing is left to judge, nothing was written since the last count.
    fn stand(&mut self) -> Result<()> {
        if self.is_settled() {
            self.end = End::Settled;
            return Ok(());
        }
        self.judge()?;
        self.check_transaction_bytes()?;
        self.release_slots();
        self.end = End::Judged;
        Ok(())
    }

    /// Works through the levels and judges as [`finish`](Statement::finish) does, without failing by a constraint: gives all
    /// that are broken, deferred ones too. The statement cannot stand after that.
    pub(crate) fn plan(&mut self) -> Result<Vec<Refusal>> {
        self.refusals = Refusals::kept();
        self.follow_actions()?;
        self.judge()?;
        Ok(std::mem::take(&mut self.refusals).into_kept())
    }

    /// What changed so far, in order.
    pub(crate) fn history(&self) -> &[Change] {
        &self.context.buffers.history
    }

    /// The log, which holds rows as they were before.
    pub(crate) fn undo(&self) -> &UndoLog {
        self.writer.undo
    }

    /// Level after level, until nothing more follows. Keys to any row have their turn whenever nothing else follows.
    fn follow_actions(&mut self) -> Result<()> {
        let mut start = 0;
        loop {
            let at_rest = start == self.context.buffers.history.len();
            if at_rest && !self.values_changed {
                return Ok(());
            }
            let mut kept = self.refusals.are_kept().then(Vec::new);
            let work = match at_rest {
                false => self.level(start).follow(kept.as_mut()),
                true => {
                    let (at_rest, given_up) = self.at_rest();
                    given_up.follow(&at_rest, kept.as_mut())
                }
            };
            kept.iter()
                .flatten()
                .try_for_each(|restricted| self.refuse_restricted(restricted))?;
            start = self.context.buffers.history.len();
            self.carry_out(work)?;
            if at_rest && start == self.context.buffers.history.len() {
                return Ok(());
            }
        }
    }

    fn level(&self, start: usize) -> Level<'_> {
        Level {
            schema: self.writer.schema,
            state: self.writer.state,
            undo: self.writer.undo,
            history: &self.context.buffers.history,
            start,
            queue: &self.context.buffers.queue,
            vacated: &self.context.buffers.vacated,
        }
    }

    fn at_rest(&mut self) -> (AtRest<'_>, &mut GivenUp) {
        let Buffers {
            history,
            queue,
            given_up,
            ..
        } = &mut *self.context.buffers;
        let at_rest = AtRest {
            schema: self.writer.schema,
            state: self.writer.state,
            undo: self.writer.undo,
            history,
            queue,
        };
        (at_rest, given_up)
    }

    fn carry_out(&mut self, work: Result<WorkList, Restricted>) -> Result<()> {
        let work = match work {
            Ok(work) => work,
            Err(restricted) => {
                // A row's own constraints are reported before RESTRICT (RI-70).
                self.judge_rows()?;
                return self.refuse_restricted(&restricted);
            }
        };
        self.values_changed |= work.values_changed;
        self.context
            .buffers
            .vacated
            .extend(work.vacated.iter().copied());
        for (position, delete) in work.deletes.iter().enumerate() {
            self.look_ahead(&work.deletes, position, |it| (it.table, it.row));
            self.take_out(
                delete.table,
                delete.row,
                Some(delete.cause),
                delete.with_list,
            )?;
        }
        for &(key, parent) in &work.cleared {
            let key = self.writer.schema.foreign_key(key);
            self.writer.clear_children(key, parent);
        }
        for (position, ((table, row), assignment)) in work.assignments().enumerate() {
            self.look_ahead(&work.updates, position, |it| (it.table, it.row));
            self.write_cells(
                table,
                row,
                &assignment.cells,
                Writing {
                    kept: &assignment.kept,
                    swept: assignment.swept,
                    judged: false,
                },
                Some(assignment.cause),
            )?;
        }
        for &(key, parent) in &work.swept {
            let key = self.writer.schema.foreign_key(key);
            self.writer.sweep_children(key, parent);
        }
        Ok(())
    }

    /// Says that the row of the work at a position is written next, and then those behind it, so that their memory is asked for.
    #[inline]
    fn look_ahead<T>(&self, work: &[T], position: usize, row: impl Fn(&T) -> (TableId, RowId)) {
        for (table, row) in at_once(work, position).iter().map(row) {
            self.writer.state.prefetch(table, row);
        }
    }

    /// Changes without actions may leave children under any parent that went or took another key.
    fn vacate_everything(&mut self) {
        let Buffers {
            history, vacated, ..
        } = &mut *self.context.buffers;
        for change in history.iter().filter(|it| it.rekeyed) {
            for &key in &self.writer.schema.table(change.table).referenced_by {
                if self.writer.schema.foreign_key(key).is_to_any_row() {
                    self.values_changed = true;
                } else {
                    vacated.insert((key, change.row));
                }
            }
        }
    }

    fn release_slots(&mut self) {
        for change in self
            .context
            .buffers
            .history
            .iter()
            .filter(|change| change.gone)
        {
            self.writer.release(change.table, change.row);
        }
    }

    /// Whether nothing is left to judge: only plain columns changed, or rows came that found their parents.
    fn is_settled(&self) -> bool {
        let Buffers { history, queue, .. } = &*self.context.buffers;
        history.is_empty() && queue.is_empty()
    }

    /// The way back is no longer than its limit. Edges are not counted row by row: asked again when they are linked.
    fn check_transaction_bytes(&self) -> Result<()> {
        let limits = self.context.limits;
        if self.writer.undo.size_bytes() > limits.transaction_bytes_max {
            return Err(limits.transaction_too_large());
        }
        Ok(())
    }
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        if self.end == End::Settled {
            debug_assert!(self.context.buffers.are_empty());
            return;
        }
        if self.end == End::Open {
            self.writer.roll_back(self.mark);
            *self.context.now = self.now_before;
        }
        self.context.buffers.empty();
    }
}

impl Buffers {
    /// Whether nothing is left for the next statement to mistake for its own. What met a key is cleared by each write.
    fn are_empty(&self) -> bool {
        self.history.is_empty()
            && self.collisions.is_empty()
            && self.queue.is_empty()
            && self.edges.len() == 0
            && self.vacated.is_empty()
            && self.left.is_empty()
            && self.given_up.is_untouched()
    }

    /// Empties everything for the next statement. Most statements left nothing in the sets, so they are asked first.
    fn empty(&mut self) {
        clear_and_give_back(&mut self.history);
        clear_and_give_back(&mut self.collisions);
        clear_and_give_back(&mut self.met);
        clear_and_give_back(&mut self.queue);
        self.edges.clear();
        if !self.vacated.is_empty() {
            self.vacated.clear();
        }
        if !self.left.is_empty() {
            self.left.clear();
        }
        if !self.given_up.is_untouched() {
            self.given_up = GivenUp::default();
        }
    }
}
