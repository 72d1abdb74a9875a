//! One statement: what it addresses, what follows from it, and the judgement at its end (integrity section 10).
//!
//! A statement keeps the history of its changes: first the rows that it addressed, then level after level the rows that
//! actions changed. It is atomic by its [`Drop`]: unless it was finished, the log is played back to where it began. So
//! an error and a panic in a user's closure take the same way.

use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use crate::engine::any_row::{AtRest, GivenUp, LeftBehind};
use crate::engine::constraint;
use crate::engine::limits::Limits;
use crate::engine::mutation::{Queue, Unplaced, Updated, Writer};
use crate::engine::pending::Modes;
use crate::engine::referential::{Cause, Change, Level, Restricted, WorkList};
use crate::engine::refusals::{Refusal, Refusals};
use crate::engine::state::State;
use crate::engine::undo::{Mark, UndoLog};
use crate::error::{Limit, Operation, Result, TransactionError, TransactionKind};
use crate::schema::{DefaultValue, ForeignKeyId, Table, TableId};
use crate::storage::{Collision, RowId};
use crate::value::{Timestamp, Value};

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
    /// Whether a change can have consequences for other rows: something other than an insert or a write to plain columns.
    has_consequences: bool,
    vacated: BTreeSet<(ForeignKeyId, RowId)>,
    /// Children left under a parent row that no longer has their key, with that row.
    left: BTreeMap<(ForeignKeyId, RowId), RowId>,
    refusals: Refusals,
    /// Whether rows changed that keys to any row refer to.
    values_changed: bool,
    given_up: GivenUp,
    /// Whether the statement only inserts, so that a parent found on the way is the parent for good.
    parents_stay: bool,
    finished: bool,
}

/// Which columns of a table are given a value, and where it stands among the values.
#[derive(Debug)]
pub(crate) struct Given {
    /// For each column, the position of its value.
    sources: SmallVec<[Option<u32>; 32]>,
}

impl Given {
    /// The columns of the values, in their order.
    pub(crate) fn new(table: &Table, ordinals: impl IntoIterator<Item = u32>) -> Self {
        let mut sources = SmallVec::from_elem(None, table.columns.len());
        for (position, ordinal) in (0..).zip(ordinals) {
            sources[ordinal as usize] = Some(position);
        }
        Given { sources }
    }

    /// The value of a column, if it is given one.
    pub(crate) fn value<'v>(&self, values: &'v [Value], ordinal: u32) -> Option<&'v Value> {
        let position = self.sources[ordinal as usize]?;
        Some(&values[position as usize])
    }
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
            has_consequences: false,
            vacated: BTreeSet::new(),
            left: BTreeMap::new(),
            refusals: Refusals::default(),
            values_changed: false,
            given_up: GivenUp::default(),
            parents_stay: false,
            finished: false,
        }
    }

    /// Says that the statement will insert and do nothing else.
    pub(crate) fn only_inserts(&mut self) {
        self.parents_stay = true;
    }

    /// The state as the statement has made it so far.
    pub(crate) fn state(&self) -> &State {
        self.writer.state
    }

    pub(crate) fn writer(&mut self) -> &mut Writer<'a> {
        &mut self.writer
    }

    // ---- The rows that the statement addresses ----

    /// Makes a whole row of the values that were given and defaults for the rest. Takes the values; sequences, clock and
    /// randomness move on.
    pub(crate) fn complete(
        &mut self,
        table_id: TableId,
        given: &Given,
        values: &mut [Value],
        row: &mut Vec<Value>,
    ) -> Result<()> {
        let table = self.writer.schema.table(table_id);
        row.clear();
        for (column, source) in table.columns.iter().zip(&given.sources) {
            let value = source.map_or(Value::Null, |position| {
                std::mem::take(&mut values[position as usize])
            });
            // A null for a generated key asks for the next one.
            let left_out = source.is_none()
                || (value.is_null() && column.default == DefaultValue::AutoIncrement);
            row.push(if left_out {
                self.writer
                    .default_value(table_id, &column.default, self.context.now)?
            } else {
                value
            });
        }
        if let Some(ordinal) = table.auto_increment
            && let Some(key) = row[ordinal as usize].as_ref().as_int()
        {
            self.writer.note_key(table_id, key);
        }
        Ok(())
    }

    /// The value that a column would have in a whole row: the one that was given, taken, or else the default.
    pub(crate) fn value_of(
        &mut self,
        table: &Table,
        given: &Given,
        values: &mut [Value],
        ordinal: u32,
    ) -> Result<Value> {
        let default = &table.columns[ordinal as usize].default;
        let value = given.sources[ordinal as usize]
            .map(|position| std::mem::take(&mut values[position as usize]));
        match value {
            Some(value) if !(value.is_null() && *default == DefaultValue::AutoIncrement) => {
                Ok(value)
            }
            _ => self
                .writer
                .default_value(table.id, default, self.context.now),
        }
    }

    /// Each value has the type of its column.
    pub(crate) fn check_types(
        &self,
        table: &Table,
        ordinals: &[u32],
        values: &[Value],
    ) -> Result<()> {
        constraint::check_types(
            table,
            ordinals.iter().copied().zip(values),
            self.context.limits,
        )
    }

    /// Writes a new row of all columns. Its not null columns and checks are judged at once: nothing can change them any
    /// more. So are its unique keys, unless the statement may still take another row out of the way.
    pub(crate) fn insert(&mut self, table_id: TableId, values: &[Value]) -> Result<RowId> {
        let schema = self.writer.schema;
        let table = schema.table(table_id);
        constraint::check_types(table, (0..).zip(values), self.context.limits)?;
        constraint::check_new_row(table, values, self.operation)?;
        self.context.buffers.met.clear();
        let row = match self.writer.insert_row(
            table_id,
            values,
            self.parents_stay,
            &mut self.context.buffers.met,
            &mut self.context.buffers.queue,
        ) {
            Ok(row) => row,
            Err(Unplaced::Taken(other)) => {
                return Err(constraint::duplicate_of_new(
                    self.writer.state,
                    table,
                    0,
                    values,
                    other,
                    self.operation,
                )
                .into());
            }
            Err(Unplaced::Full) => {
                let detail = format!("table {} has used every row id", table.name);
                return Err(
                    TransactionError::new(TransactionKind::Limit(Limit::RowIds), detail).into(),
                );
            }
        };
        let waits_for_end = !self.parents_stay && !self.context.buffers.met.is_empty();
        if waits_for_end {
            let Buffers {
                collisions, met, ..
            } = &mut *self.context.buffers;
            collisions.extend(met.drain(..).map(|collision| (table_id, collision)));
        }
        let refused = |met: &&Collision| !self.context.modes.key_waits(schema, table_id, met.key);
        let refused = self.context.buffers.met.iter().find(refused).copied();
        if let Some(Collision { key, other, .. }) = refused {
            return Err(constraint::duplicate_of_new(
                self.writer.state,
                table,
                key,
                values,
                other,
                self.operation,
            )
            .into());
        }
        self.count(table_id)?;
        if waits_for_end || self.is_waited_for(table) {
            self.context.buffers.history.push(Change {
                table: table_id,
                row,
                before: None,
                gone: false,
                cause: None,
            });
        }
        Ok(row)
    }

    /// Writes cells of a row that the statement addresses; whether anything changed.
    pub(crate) fn update(
        &mut self,
        table: TableId,
        row: RowId,
        cells: &[(u32, Value)],
    ) -> Result<bool> {
        let values = cells.iter().map(|(ordinal, value)| (*ordinal, value));
        constraint::check_types(self.writer.schema.table(table), values, self.context.limits)?;
        self.write_cells(table, row, cells, &[], None)
    }

    /// Takes out a row that the statement addresses.
    pub(crate) fn delete(&mut self, table: TableId, row: RowId) -> Result<()> {
        self.take_out(table, row, None, false)
    }

    // ---- What follows, and the judgement ----

    /// Works through the levels, judges, and lets the statement stand.
    pub(crate) fn finish(mut self, addressed: usize) -> Result<Counts> {
        let first_level = self.rows_changed;
        if self.has_consequences {
            self.follow_actions()?;
        }
        self.judge()?;
        self.check_transaction_bytes()?;
        self.release_slots();
        self.finished = true;
        Ok(Counts {
            addressed,
            by_actions: self.rows_changed - first_level,
        })
    }

    /// Judges without actions and lets the statement stand: for changes that already contain what followed.
    pub(crate) fn finish_without_actions(mut self) -> Result<()> {
        self.vacate_everything();
        self.judge()?;
        self.check_transaction_bytes()?;
        self.release_slots();
        self.finished = true;
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
            vacated: &self.vacated,
        }
    }

    fn at_rest(&mut self) -> (AtRest<'_>, &mut GivenUp) {
        let at_rest = AtRest {
            schema: self.writer.schema,
            state: self.writer.state,
            undo: self.writer.undo,
            history: &self.context.buffers.history,
            queue: &self.context.buffers.queue,
        };
        (at_rest, &mut self.given_up)
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
        self.vacated.extend(work.vacated.iter().copied());
        for delete in &work.deletes {
            self.take_out(
                delete.table,
                delete.row,
                Some(delete.cause),
                delete.with_list,
            )?;
        }
        for &(key, parent) in &work.cleared {
            self.writer.clear_children(key, parent);
        }
        for ((table, row), assignment) in work.assignments() {
            self.write_cells(
                table,
                row,
                &assignment.cells,
                &assignment.kept,
                Some(assignment.cause),
            )?;
        }
        Ok(())
    }

    /// Changes without actions may leave children under any parent that went or took another key.
    fn vacate_everything(&mut self) {
        let buffers = &*self.context.buffers;
        for change in buffers.history.iter().filter(|it| it.before.is_some()) {
            for &key in &self.writer.schema.table(change.table).referenced_by {
                if self.writer.schema.foreign_key(key).is_to_any_row() {
                    self.values_changed = true;
                } else {
                    self.vacated.insert((key, change.row));
                }
            }
        }
    }

    fn judge(&mut self) -> Result<()> {
        if self.is_settled() {
            return Ok(());
        }
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
    /// statement (RI-70). A row that came was judged then, but for keys that the statement could still set free.
    fn judge_rows(&mut self) -> Result<()> {
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
            if change.before.is_some() {
                let shape = schema.table(table);
                for refusal in constraint::refusals_of_stored_row(shape, state, row, self.operation)
                {
                    self.refusals.add(refusal, (table, row), chain)?;
                }
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

    fn refuse_restricted(&mut self, found: &Restricted) -> Result<()> {
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
        let row = match self.left.get(&(id, child)) {
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
        if self.vacated.is_empty() {
            return;
        }
        for (id, parent) in std::mem::take(&mut self.vacated) {
            let key = self.writer.schema.foreign_key(id);
            let left: Vec<RowId> = self
                .writer
                .state
                .edge(id)
                .children()
                .children(parent)
                .collect();
            for child in left {
                if !constraint::has_key_of(self.writer.state, key, child, parent) {
                    self.writer.unlink(key, child);
                    self.context.buffers.queue.push((id, child));
                    self.left.insert((id, child), parent);
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
        for LeftBehind { key, child, parent } in given_up.left_behind(&at_rest) {
            self.context.buffers.queue.push((key, child));
            self.left.insert((key, child), parent);
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
                if self.writer.state.edge(id).unmatched().is_empty() {
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

    // ---- Writing ----

    fn write_cells(
        &mut self,
        table: TableId,
        row: RowId,
        cells: &[(u32, Value)],
        kept: &[ForeignKeyId],
        cause: Option<Cause>,
    ) -> Result<bool> {
        self.context.buffers.met.clear();
        let Buffers {
            history,
            collisions,
            met,
            queue,
        } = &mut *self.context.buffers;
        let Some(Updated { image, plain }) =
            self.writer.update_row(table, row, cells, kept, met, queue)
        else {
            return Ok(false);
        };
        collisions.extend(met.iter().map(|&collision| (table, collision)));
        self.has_consequences |= !plain;
        if !plain || must_be_judged(self.writer.schema.table(table), cells) {
            history.push(Change {
                table,
                row,
                before: Some(image),
                gone: false,
                cause,
            });
        }
        self.count(table)?;
        Ok(true)
    }

    fn take_out(
        &mut self,
        table: TableId,
        row: RowId,
        cause: Option<Cause>,
        with_list: bool,
    ) -> Result<()> {
        let cleared = cause.filter(|_| with_list).map(|cause| cause.key);
        if let Some(before) = self.writer.delete_row(table, row, cleared) {
            self.has_consequences = true;
            self.context.buffers.history.push(Change {
                table,
                row,
                before: Some(before),
                gone: true,
                cause,
            });
            self.count(table)?;
        }
        Ok(())
    }

    /// Whether nothing is left to judge: only plain columns changed, or rows came that found their parents.
    fn is_settled(&self) -> bool {
        let Buffers { history, queue, .. } = &*self.context.buffers;
        history.is_empty() && queue.is_empty()
    }

    /// Whether a child without a parent may be waiting for a row of a table.
    fn is_waited_for(&self, table: &Table) -> bool {
        let state = &*self.writer.state;
        let mut keys = table.referenced_by.iter();
        keys.any(|&key| !state.edge(key).unmatched().is_empty())
    }

    /// Counts a changed row against the limits.
    fn count(&mut self, table: TableId) -> Result<()> {
        let limits = self.context.limits;
        self.rows_changed += 1;
        if self.rows_changed > limits.rows_changed_max {
            return Err(limits.too_many_rows_changed(self.writer.schema.table(table)));
        }
        self.check_transaction_bytes()
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

/// Whether a row with these cells in plain columns may break a constraint of its own.
fn must_be_judged(table: &Table, cells: &[(u32, Value)]) -> bool {
    let refuses_null = |(ordinal, value): &(u32, Value)| {
        value.is_null() && !table.columns[*ordinal as usize].nullable
    };
    !table.checks.is_empty() || cells.iter().any(refuses_null)
}

impl Drop for Statement<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.writer.roll_back(self.mark);
            *self.context.now = self.now_before;
        }
        let Buffers {
            history,
            collisions,
            met,
            queue,
        } = &mut *self.context.buffers;
        empty(history);
        empty(collisions);
        empty(met);
        empty(queue);
    }
}

/// The last change of a row.
fn last_change(history: &[Change], row: (TableId, RowId)) -> Option<&Change> {
    let mut changes = history.iter().rev();
    changes.find(|change| (change.table, change.row) == row)
}

/// Empties a buffer for the next statement. A large one gives its memory back.
fn empty<T>(buffer: &mut Vec<T>) {
    const ENTRIES_MAX: usize = 1_024;
    if buffer.capacity() > ENTRIES_MAX {
        *buffer = Vec::new();
    } else {
        buffer.clear();
    }
}
