//! What follows from changed rows: the five actions of a foreign key (integrity sections 2 to 4 and 10).
//!
//! Input is one level: the rows that changed together. Output is a work list; nothing is written here. The cases, by
//! the rule that the key has for the event (row gone: its delete rule; key changed: its update rule):
//!
//! 1. NO ACTION: nothing now. Children left under the parent are judged at the end of the statement.
//! 2. RESTRICT: any child with the old key fails the statement, before any action of the level (RI-13, RI-16).
//! 3. CASCADE on delete: the children go. Going beats every other action on the same row (RI-17).
//! 4. CASCADE on update: the parent's new key is written into the children, and their edges stay.
//! 5. SET NULL, SET DEFAULT: null or the constant default is written into all columns of the key and into that of its
//!    guard; on delete into those that were chosen for it (RI-24).
//!
//! Which children: those linked to the parent row. A child that took the key in another way during the statement was
//! unlinked when it was written and is not acted on (RI-19). Where rows share a deferred key, a child stands under the one
//! it stood under before, or else under the one with the lowest primary key, and only that row acts on it.
//!
//! Assignments to one row are merged in creation order of the keys; a key that would write another value to a column
//! already assigned is left out whole (RI-17).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use smallvec::SmallVec;

use crate::engine::mutation::Queue;
use crate::engine::state::State;
use crate::engine::undo::UndoLog;
use crate::schema::{Action, ForeignKey, ForeignKeyId, Schema, TableId};
use crate::storage::{ImageId, RowId, RowRef};
use crate::value::{Key, Value, ValueRef};

/// A row that the statement changed, and why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) table: TableId,
    pub(crate) row: RowId,
    /// The row before this change; none for a row that came.
    pub(crate) before: Option<ImageId>,
    pub(crate) gone: bool,
    /// Whether a value that other rows may refer to went with it, or became another one.
    pub(crate) rekeyed: bool,
    /// Whether what was written may break a not null column or a check.
    pub(crate) judged: bool,
    /// The key whose action it was, and the change that caused it, as a position in the statement's history.
    pub(crate) cause: Option<Cause>,
}

/// Which change caused another, through which key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cause {
    pub(crate) key: ForeignKeyId,
    pub(crate) change: u32,
}

/// What a level leads to.
#[derive(Debug, Default)]
pub(crate) struct WorkList {
    /// Rows to delete: each once, by table and ascending id.
    pub(crate) deletes: Vec<Delete>,
    /// What keys write into rows, by row and, for one row, in creation order of the keys.
    pub(crate) updates: Vec<Update>,
    /// The cells that updates name by position: one set for each event.
    pub(crate) cells: Vec<KeyCells>,
    /// Parents that went and whose children are all among the deletes: their lists go whole.
    pub(crate) cleared: Vec<(ForeignKeyId, RowId)>,
    /// Parents that went and whose children are all let go by an update: those that did leave their list together.
    pub(crate) swept: Vec<(ForeignKeyId, RowId)>,
    /// Parents whose old key may still stand in children.
    pub(crate) vacated: Vec<(ForeignKeyId, RowId)>,
    /// Whether rows changed that keys to any row refer to; what follows from that is for `any_row` to say.
    pub(crate) values_changed: bool,
}

/// A row to delete.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Delete {
    pub(crate) table: TableId,
    pub(crate) row: RowId,
    pub(crate) cause: Cause,
    /// Whether the whole list of its parent goes, so that it need not be taken out of it.
    pub(crate) with_list: bool,
}

/// What one key writes into one row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Update {
    pub(crate) table: TableId,
    pub(crate) row: RowId,
    pub(crate) cause: Cause,
    /// A position in [`WorkList::cells`].
    cells: u32,
    edge: Edge,
}

/// What becomes of a row's edge when a key writes into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// The row stays under its parent.
    Kept,
    /// It goes, if the write changes what the row refers to.
    Taken,
    /// It goes in any case, with the list of the parent: [`WorkList::swept`].
    Swept,
}

/// Values for the columns of a key.
pub(crate) type KeyCells = SmallVec<[(u32, Value); 1]>;

/// The merged assignments to one row.
#[derive(Debug)]
pub(crate) struct Assignment<'w> {
    pub(crate) cells: Cow<'w, [(u32, Value)]>,
    /// The keys whose edges the row keeps.
    pub(crate) kept: SmallVec<[ForeignKeyId; 1]>,
    /// The key whose parent's list is swept afterwards.
    pub(crate) swept: Option<ForeignKeyId>,
    pub(crate) cause: Cause,
}

impl WorkList {
    /// Lets a key write the same cells into rows.
    pub(crate) fn write(
        &mut self,
        table: TableId,
        rows: Vec<RowId>,
        cells: KeyCells,
        edge: Edge,
        cause: Cause,
    ) {
        let at = u32::try_from(self.cells.len()).expect("a level has fewer than 2^32 events");
        self.cells.push(cells);
        self.updates.extend(rows.into_iter().map(|row| Update {
            table,
            row,
            cause,
            cells: at,
            edge,
        }));
    }

    /// In the order in which it is done: each row is deleted once, or else updated.
    pub(crate) fn arranged(mut self) -> Self {
        let place = |delete: &Delete| (delete.table, delete.row);
        self.deletes
            .sort_unstable_by_key(|delete| turn(delete.table, delete.row, delete.cause));
        self.deletes.dedup_by_key(|delete| place(delete));
        let WorkList {
            deletes, updates, ..
        } = &mut self;
        if !deletes.is_empty() {
            updates.retain(|update| {
                deletes
                    .binary_search_by_key(&(update.table, update.row), place)
                    .is_err()
            });
        }
        updates.sort_unstable_by_key(|update| turn(update.table, update.row, update.cause));
        self
    }

    /// The rows to update, each with what all keys together write into it: a key that would write another value to a
    /// column already assigned is left out whole (RI-17).
    pub(crate) fn assignments(&self) -> impl Iterator<Item = ((TableId, RowId), Assignment<'_>)> {
        self.updates
            .chunk_by(|a, b| (a.table, a.row) == (b.table, b.row))
            .map(|of_one_row| {
                let first = of_one_row[0];
                let kept = (first.edge == Edge::Kept).then_some(first.cause.key);
                let mut assignment = Assignment {
                    cells: Cow::Borrowed(&self.cells[first.cells as usize]),
                    kept: kept.into_iter().collect(),
                    swept: (of_one_row.len() == 1 && first.edge == Edge::Swept)
                        .then_some(first.cause.key),
                    cause: first.cause,
                };
                for update in &of_one_row[1..] {
                    assignment.merge(&self.cells[update.cells as usize], update);
                }
                ((first.table, first.row), assignment)
            })
    }
}

/// When something is done to a row: by table and row, and what is done to one row in creation order of the keys, as the events
/// come.
//
// One number: its parts compared one after the other are jumps that are foretold wrongly.
fn turn(table: TableId, row: RowId, Cause { key, change }: Cause) -> u128 {
    let parts = [table.0, row.0, key.0, change].into_iter();
    parts.fold(0, |turn, part| turn << u32::BITS | u128::from(part))
}

impl Assignment<'_> {
    fn merge(&mut self, cells: &[(u32, Value)], update: &Update) {
        let assigned = |ordinal: &u32| self.cells.iter().find(|(other, _)| other == ordinal);
        let contradicts = cells
            .iter()
            .any(|(ordinal, value)| assigned(ordinal).is_some_and(|(_, other)| other != value));
        if contradicts {
            return;
        }
        let new: KeyCells = cells
            .iter()
            .filter(|(ordinal, _)| assigned(ordinal).is_none())
            .cloned()
            .collect();
        if !new.is_empty() {
            self.cells.to_mut().extend(new);
        }
        if update.edge == Edge::Kept {
            self.kept.push(update.cause.key);
        }
    }
}

/// A child that RESTRICT protects its parent for.
#[derive(Debug)]
pub(crate) struct Restricted {
    pub(crate) key: ForeignKeyId,
    pub(crate) old_key: Key,
    pub(crate) child: RowId,
    /// The change that the parent was restricted from.
    pub(crate) change: u32,
}

/// The state that a level is looked at in.
#[derive(Clone, Copy)]
pub(crate) struct Level<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) state: &'a State,
    pub(crate) undo: &'a UndoLog,
    /// All changes of the statement so far; the level is the tail from `start` on.
    pub(crate) history: &'a [Change],
    pub(crate) start: usize,
    /// Children unlinked by the statement.
    pub(crate) queue: &'a Queue,
    /// Parents that earlier levels vacated.
    pub(crate) vacated: &'a BTreeSet<(ForeignKeyId, RowId)>,
}

/// A referenced key that went away: with its row, or by taking another value.
#[derive(Clone, Copy)]
struct Event {
    change: u32,
    parent: RowId,
    before: ImageId,
    action: Action,
    gone: bool,
}

impl Level<'_> {
    /// The work that follows from the level, or the first child that forbids it. If such children are kept, all of them,
    /// and the work as if there were none.
    pub(crate) fn follow(
        &self,
        mut kept: Option<&mut Vec<Restricted>>,
    ) -> Result<WorkList, Restricted> {
        let mut work = WorkList::default();
        let events = self.events(&mut work);
        for of_one_key in events.chunk_by(|a, b| a.0 == b.0) {
            let mut restricted = of_one_key
                .iter()
                .filter(|(_, event)| event.action == Action::Restrict)
                .peekable();
            if restricted.peek().is_some() {
                let key = self.schema.foreign_key(of_one_key[0].0);
                let written = self.written_children(key);
                restricted.try_for_each(|(_, event)| {
                    self.restrict(key, event, &written, kept.as_deref_mut())
                })?;
            }
        }
        for (key, event) in &events {
            self.act(self.schema.foreign_key(*key), event, &mut work);
        }
        Ok(work.arranged())
    }

    /// Every event of the level, by creation order of the keys and then in order of the changes. What keys to any row
    /// refer to is only noted.
    fn events(&self, work: &mut WorkList) -> Vec<(ForeignKeyId, Event)> {
        let mut events = Vec::new();
        for (change, position) in self.history[self.start..].iter().zip(self.start..) {
            let Some(before) = change.before.filter(|_| change.rekeyed) else {
                continue;
            };
            for &id in &self.schema.table(change.table).referenced_by {
                let key = self.schema.foreign_key(id);
                if key.is_to_any_row() {
                    work.values_changed = true;
                } else if self.key_went(key, change, before) {
                    let action = if change.gone {
                        key.on_delete
                    } else {
                        key.on_update
                    };
                    let position =
                        u32::try_from(position).expect("a statement changes less than 2^32 rows");
                    let event = Event {
                        change: position,
                        parent: change.row,
                        before,
                        action,
                        gone: change.gone,
                    };
                    events.push((id, event));
                }
            }
        }
        events.sort_by_key(|&(key, _)| key);
        events
    }

    /// Whether a fully non-null referenced key went with this change (RI-4, RI-12), and anything can refer to it.
    fn key_went(&self, key: &ForeignKey, change: &Change, before: ImageId) -> bool {
        let store = self.state.table(key.parent);
        let layout = store.layout();
        let old = self.undo.images.get(before, layout);
        let went = |new: RowRef<'_>| {
            key.parent_columns
                .iter()
                .any(|&ordinal| !old.same_value(layout, ordinal, new))
        };
        if !change.gone && !store.rows().get(change.row).is_none_or(went) {
            return false;
        }
        let restricts = key.on_delete == Action::Restrict || key.on_update == Action::Restrict;
        (restricts || self.state.children(key).count(change.row) > 0)
            && !key
                .parent_columns
                .iter()
                .any(|&ordinal| old.is_null(layout, ordinal))
    }

    /// Fails if a child still has the old key (RI-13): one under the parent or under another row that has the key, too, one
    /// that the statement wrote or left behind, or one that waits for a parent.
    fn restrict(
        &self,
        key: &ForeignKey,
        event: &Event,
        written: &BTreeMap<Key, RowId>,
        kept: Option<&mut Vec<Restricted>>,
    ) -> Result<(), Restricted> {
        let old_key: Key = self.old_key(key, event).map(ValueRef::to_value).collect();
        let waiting = self
            .state
            .unmatched(key.id)
            .find_all(self.old_key(key, event));
        let children = self.children_with_old_key(key, event).into_iter();
        let others = written.get(&old_key).copied().into_iter().chain(waiting);
        let others = others.chain(self.children_of_repeats(key, event));
        let found = children.chain(others);
        let restricted = |child| Restricted {
            key: key.id,
            old_key: old_key.clone(),
            child,
            change: event.change,
        };
        match kept {
            Some(kept) => {
                kept.extend(found.map(restricted));
                Ok(())
            }
            None => match self.lowest(key.child, found) {
                Some(child) => Err(restricted(child)),
                None => Ok(()),
            },
        }
    }

    /// The children under other rows that have the key that went. There are such rows if the key is deferrable, and if an
    /// earlier level gave the parent a key that another row has: then it was held only in passing, and the other row's
    /// children forbid to give it up no less than its own would, since RESTRICT looks at values alone (RI-13).
    fn children_of_repeats(&self, key: &ForeignKey, event: &Event) -> Vec<RowId> {
        let in_passing = self.start > 0;
        let Some(position) = key
            .parent_key
            .filter(|_| in_passing || self.state.parents_may_repeat(key))
        else {
            return Vec::new();
        };
        let unique = &self.schema.table(key.parent).keys[position];
        let store = self.state.table(key.parent);
        if position == 0 && store.is_dense() {
            // No key of it changes, so none is held in passing.
            return Vec::new();
        }
        let old = self.undo.images.get(event.before, store.layout());
        let columns = unique.columns.iter();
        let old_key = columns.map(|&ordinal| old.value(store.layout(), ordinal));
        let holders = store.find_every(position, old_key).into_iter();
        holders
            .flat_map(|holder| self.state.children(key).children(holder))
            .filter(|&child| self.has_old_key(key, event, child))
            .collect()
    }

    /// The row with the lowest primary key.
    fn lowest(&self, table: TableId, rows: impl Iterator<Item = RowId>) -> Option<RowId> {
        self.state.table(table).lowest(rows)
    }

    /// The children that the statement wrote and that have no edge yet, and those under parents that earlier levels
    /// vacated, by the key that they carry now.
    fn written_children(&self, key: &ForeignKey) -> BTreeMap<Key, RowId> {
        let store = self.state.table(key.child);
        let mut written = BTreeMap::new();
        let queued = self.queue.iter().filter(|&&(id, _)| id == key.id);
        let of_key = (key.id, RowId(0))..=(key.id, RowId(u32::MAX));
        let left_behind = self
            .vacated
            .range(of_key)
            .flat_map(|&(_, parent)| self.state.children(key).children(parent));
        for child in queued.map(|&(_, child)| child).chain(left_behind) {
            let Some(row) = store.rows().get(child) else {
                continue;
            };
            let cell = |ordinal| row.value(store.layout(), ordinal);
            if key.is_complete(cell) {
                let carried = row.key(store.layout(), &key.child_columns);
                written.entry(carried).or_insert(child);
            }
        }
        written
    }

    fn act(&self, key: &ForeignKey, event: &Event, work: &mut WorkList) {
        let cause = Cause {
            key: key.id,
            change: event.change,
        };
        if event.action == Action::Cascade && event.gone {
            let children = self.children_with_old_key(key, event);
            let with_list = children.len() == self.state.children(key).count(event.parent);
            if with_list {
                work.cleared.push((key.id, event.parent));
            }
            let delete = |row| Delete {
                table: key.child,
                row,
                cause,
                with_list,
            };
            work.deletes.extend(children.into_iter().map(delete));
            return;
        }
        if event.action == Action::Restrict {
            // Judged: no child has the old key, or each that has is kept as a reason to refuse.
            return;
        }
        let listed = self.state.children(key).count(event.parent);
        if listed > 0 {
            work.vacated.push((key.id, event.parent));
        }
        let cells: KeyCells = match event.action {
            // NO ACTION waits for the end of the statement.
            Action::NoAction | Action::Restrict => return,
            Action::Cascade => self.new_key(key, event),
            Action::SetNull => nulls(key, event.gone),
            Action::SetDefault => defaults(self.schema, key, event.gone),
        };
        let children = self.children_with_old_key(key, event);
        let edge = match event.action {
            Action::Cascade => Edge::Kept,
            Action::SetNull if event.gone && children.len() == listed => Edge::Swept,
            _ => Edge::Taken,
        };
        if edge == Edge::Swept {
            work.swept.push((key.id, event.parent));
        }
        work.write(key.child, children, cells, edge, cause);
    }

    /// The children under the parent that carry the key it gave up. All of them do, unless an earlier level of the
    /// statement left some behind.
    fn children_with_old_key(&self, key: &ForeignKey, event: &Event) -> Vec<RowId> {
        let children = self.state.children(key).children(event.parent);
        if !self.vacated.contains(&(key.id, event.parent)) {
            return children.collect();
        }
        children
            .filter(|&child| self.has_old_key(key, event, child))
            .collect()
    }

    fn has_old_key(&self, key: &ForeignKey, event: &Event, child: RowId) -> bool {
        let store = self.state.table(key.child);
        store.rows().get(child).is_some_and(|row| {
            key.child_columns
                .iter()
                .zip(self.old_key(key, event))
                .all(|(&ordinal, old)| row.value(store.layout(), ordinal) == old)
        })
    }

    /// The key that went, in the order of the child columns.
    fn old_key<'k>(
        &'k self,
        key: &'k ForeignKey,
        event: &Event,
    ) -> impl Iterator<Item = ValueRef<'k>> + Clone {
        let layout = self.state.table(key.parent).layout();
        let old = self.undo.images.get(event.before, layout);
        key.parent_columns
            .iter()
            .map(move |&ordinal| old.value(layout, ordinal))
    }

    /// What the parent has now, for the child columns.
    fn new_key(&self, key: &ForeignKey, event: &Event) -> KeyCells {
        let store = self.state.table(key.parent);
        let Some(new) = store.rows().get(event.parent) else {
            return SmallVec::new();
        };
        key.child_columns
            .iter()
            .zip(&key.parent_columns)
            .map(|(&child, &parent)| (child, new.value(store.layout(), parent).to_value()))
            .collect()
    }
}

/// What SET NULL writes when a parent is gone, or has another key.
pub(crate) fn nulls(key: &ForeignKey, gone: bool) -> KeyCells {
    key.columns_let_go(gone)
        .map(|ordinal| (ordinal, Value::Null))
        .collect()
}

/// What SET DEFAULT writes then.
pub(crate) fn defaults(schema: &Schema, key: &ForeignKey, gone: bool) -> KeyCells {
    let columns = &schema.table(key.child).columns;
    key.columns_let_go(gone)
        .map(|ordinal| (ordinal, columns[ordinal as usize].default.constant()))
        .collect()
}
