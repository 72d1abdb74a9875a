//! The one place where rows, edges and sequences change, and where the changes are reversed.
//!
//! A [`Writer`] does single, plain writes and logs each. It decides nothing: which rows to write, and whether the
//! result may stand, is said elsewhere.
//!
//! Writing a key column of a child unlinks it: the edge is gone, and the child is queued until the judging step looks
//! up its parent. A cascade that writes a parent's new key keeps the edge, since the child still stands under the same
//! parent row (integrity RI-19).

use smallvec::SmallVec;

use crate::engine::clock::Clock;
use crate::engine::new_edges::{NewEdges, Parents};
use crate::engine::state::State;
use crate::engine::tidying::Tidying;
use crate::engine::undo::{Mark, Undo, UndoLog};
use crate::schema::{ForeignKey, ForeignKeyId, Reach, Schema, TableId};
use crate::storage::unshare;
use crate::storage::{
    Collision, Edge, ImageId, Place, RowId, RowLayout, RowRef, WordCell, sort_edges,
};
use crate::value::{Value, ValueRef};

/// Writes to a state, logging the way back.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) undo: &'a mut UndoLog,
    pub(crate) schema: &'a Schema,
    /// The table whose sequence this statement has logged last: one entry per statement is enough.
    pub(crate) sequence_logged: Option<TableId>,
}

/// Children whose parent has to be looked up when the statement is judged.
pub(crate) type Queue = Vec<(ForeignKeyId, RowId)>;

impl<'a> Writer<'a> {
    /// Writes a new row, with edges as [`Parents`] says. A place that needs the table indexed is made so.
    pub(crate) fn insert_row(
        &mut self,
        table: TableId,
        values: &[Value],
        parents: Parents<'_>,
        collisions: &mut Vec<Collision>,
        queue: &mut Queue,
    ) -> Result<RowId, Unplaced> {
        let mut place = self.state.table(table).place(values);
        // A statement that also updates may still take the row out of the way that has the key.
        if matches!(place, Place::OutOfReach)
            || matches!(place, Place::Taken(_)) && matches!(parents, Parents::MayChange)
        {
            self.become_indexed(table);
            place = self.state.table(table).place(values);
        }
        let (row, reused) = match place {
            Place::Taken(row) => return Err(Unplaced::Taken(row)),
            Place::Full | Place::OutOfReach => return Err(Unplaced::Full),
            Place::Fresh(row) => (row, false),
            Place::Reused(row) => (row, true),
        };
        let schema = self.schema;
        let keys = &schema.table(table).foreign_keys;
        let mut links = SmallVec::<[Option<RowId>; 4]>::from_elem(None, keys.len());
        for (link, &id) in links.iter_mut().zip(keys) {
            match self.parent_of_new(schema.foreign_key(id), values, &parents) {
                Parent::Found(parent) => *link = Some(parent),
                Parent::Exempt => {}
                Parent::Unknown => queue.push((id, row)),
            }
        }
        let store = self.state.table_mut(table);
        let later = matches!(parents, Parents::StayForMany(_));
        let listed_at_once = store.link_of_pairs();
        let is_listed = |link: u32| !later || listed_at_once == Some(link);
        let is_first_child = store.insert(place, values, &links, later, collisions);
        // The entry of the insertion undoes the edges too.
        self.undo.push(Undo::Inserted { table, row, reused });
        // A parent with other children is there.
        if is_first_child {
            for (&id, parent) in keys.iter().zip(&links) {
                let key = schema.foreign_key(id);
                if let Some(parent) = *parent
                    && is_listed(key.link)
                {
                    self.leave_gap(key, row, parent, queue);
                }
            }
        }
        if let Parents::StayForMany(edges) = parents {
            for (link, parent) in (0..).zip(&links) {
                if let Some(parent) = *parent
                    && !is_listed(link)
                {
                    edges.push(link, Edge::new(parent, row));
                }
            }
        }
        Ok(row)
    }

    /// Takes a new row from under a slot that turns out to hold no row, and queues it.
    #[inline]
    fn leave_gap(&mut self, key: &ForeignKey, row: RowId, parent: RowId, queue: &mut Queue) {
        if !self.state.table(key.parent).rows().contains(parent) {
            self.state.table_mut(key.child).unlink(row, key.link);
            queue.push((key.id, row));
        }
    }

    /// Where a new row's key leads, if that can be said already. It may be a slot of a dense table that nobody has looked into
    /// yet.
    fn parent_of_new(&self, key: &ForeignKey, values: &[Value], parents: &Parents<'_>) -> Parent {
        let cell = |ordinal: u32| values[ordinal as usize].as_ref();
        if !key.is_complete(cell) {
            return Parent::Exempt;
        }
        // Of several rows with the key, one that the statement has yet to insert may be the parent.
        let decided = !matches!(parents, Parents::MayChange)
            && (key.parent != key.child || !self.state.parents_may_repeat(key));
        if !decided {
            return Parent::Unknown;
        }
        if let ([column], Some(unique)) = (&key.key_order[..], key.parent_key) {
            let store = self.state.table(key.parent);
            if let Some(slot) = store.dense_slot(unique, cell(*column)) {
                // New rows of the table itself may yet take the slot, and make it indexed, before edges that are collected are
                // put in place.
                let looks_later =
                    key.parent != key.child || !matches!(parents, Parents::StayForMany(_));
                return match looks_later || store.rows().contains(slot) {
                    true => Parent::Found(slot),
                    false => Parent::Unknown,
                };
            }
        }
        let cells = key.key_order.iter().map(|&ordinal| cell(ordinal));
        match self.state.find_parent(key, cells) {
            Some(_) if key.is_to_any_row() => Parent::Exempt,
            Some(parent) => Parent::Found(parent),
            None => Parent::Unknown,
        }
    }

    /// Puts the collected edges of new rows in place. Children of a slot that holds no row are queued.
    pub(crate) fn insert_edges(&mut self, table: TableId, edges: &mut NewEdges, queue: &mut Queue) {
        let keys = &self.schema.table(table).foreign_keys;
        for (&id, of_key) in keys.iter().zip(edges.by_link()) {
            if of_key.is_empty() {
                continue;
            }
            let key = self.schema.foreign_key(id);
            sort_edges(of_key);
            let parents = self.state.table(key.parent).rows();
            let is_there = |of_one: &[Edge]| parents.contains(of_one[0].parent());
            let of_one_parent = |a: &Edge, b: &Edge| a.parent() == b.parent();
            if !of_key.chunk_by(of_one_parent).all(is_there) {
                let (there, orphans) = of_key
                    .drain(..)
                    .partition::<Vec<_>, _>(|edge| parents.contains(edge.parent()));
                *of_key = there;
                for edge in orphans {
                    let store = self.state.table_mut(table);
                    store.clear_link(edge.child(), key.link);
                    queue.push((id, edge.child()));
                }
            }
            self.state.table_mut(table).list_all(key.link, of_key);
        }
        edges.clear();
    }

    /// Writes cells of a row; none if all of them hold these values already. The edges of the keys that are written go,
    /// unless `how` says otherwise.
    pub(crate) fn update_row(
        &mut self,
        table: TableId,
        row: RowId,
        cells: &[(u32, Value)],
        how: Writing<'_>,
        collisions: &mut Vec<Collision>,
        queue: &mut Queue,
    ) -> Option<Updated> {
        let schema = self.schema;
        let store = self.state.table(table);
        let current = store.rows().get(row)?;
        let changed = changed_columns(store.layout(), current, cells);
        if changed.is_empty() {
            return None;
        }
        let in_table = schema.table(table);
        let reach = in_table.reach(&changed);
        if reach == Reach::Row {
            let cell = match changed[..] {
                [ordinal] if !how.judged => current.word_cell(store.layout(), ordinal),
                _ => None,
            };
            let image = match cell {
                Some(cell) => {
                    self.undo.push_cell(table, row, cell);
                    None
                }
                None => {
                    let image = self.undo.images.push(store.layout(), current);
                    self.log_update(table, row, image, reach);
                    Some(image)
                }
            };
            let store = self.state.table_mut(table);
            store.update_plain(row, cells, &changed);
            return Some(Updated { image, reach });
        }
        let link = |id| current.link(store.layout(), schema.foreign_key(id).link);
        let left = how.swept.and_then(link);
        let changes = |ordinal: &u32| changed.contains(ordinal);
        if in_table.primary_key().columns.iter().any(changes) {
            self.become_indexed(table);
        }
        for &id in &in_table.foreign_keys {
            let key = schema.foreign_key(id);
            if !key.deciding_columns().any(|ordinal| changes(&ordinal)) {
                continue;
            }
            let complete = key.is_complete(|ordinal| {
                match cells.iter().find(|(other, _)| *other == ordinal) {
                    Some((_, value)) => value.as_ref(),
                    None => self.cell(table, row, ordinal),
                }
            });
            if complete && how.kept.contains(&id) {
                continue;
            }
            if how.swept == Some(id) {
                self.leave_parent(key, row, left);
            } else {
                self.unlink(key, row);
            }
            if complete {
                queue.push((id, row));
            }
        }
        let image = self.keep_image(table, row)?;
        self.log_update(table, row, image, reach);
        self.state
            .table_mut(table)
            .update(row, cells, &changed, collisions);
        Some(Updated {
            image: Some(image),
            reach,
        })
    }

    /// Writes a cell that nothing else depends on and that can hold the value, if it stands in one word; whether it does.
    /// One that holds the value already is left alone.
    pub(crate) fn update_cell(
        &mut self,
        table: TableId,
        row: RowId,
        ordinal: u32,
        value: &Value,
    ) -> bool {
        let store = self.state.table(table);
        let layout = store.layout();
        let Some(current) = store.rows().get(row) else {
            return false;
        };
        let Some(cell) = current.word_cell(layout, ordinal) else {
            return false;
        };
        if !current.holds(layout.field(ordinal), value.as_ref()) {
            self.undo.push_cell(table, row, cell);
            self.state
                .table_mut(table)
                .update_plain_cell(row, ordinal, value);
        }
        true
    }

    fn log_update(&mut self, table: TableId, row: RowId, image: ImageId, reach: Reach) {
        self.undo.push(Undo::Updated {
            table,
            row,
            image,
            plain: reach == Reach::Row,
        });
    }

    /// Takes a row out, and with it its edges, except that of `cleared`: the whole list of that parent goes at the end of
    /// the level. The slot is free only when the statement releases it.
    pub(crate) fn delete_row(
        &mut self,
        table: TableId,
        row: RowId,
        cleared: Option<ForeignKeyId>,
    ) -> Option<ImageId> {
        let schema = self.schema;
        for &id in &schema.table(table).foreign_keys {
            let key = schema.foreign_key(id);
            if self.is_unmatched(key, row) {
                self.unlink(key, row);
            }
        }
        let image = self.keep_image(table, row)?;
        self.undo.push(Undo::Deleted { table, row, image });
        let cleared = cleared.map(|id| schema.foreign_key(id).link);
        self.state.table_mut(table).remove(row, cleared);
        Some(image)
    }

    /// Empties the list of a parent whose children were all deleted. Undoing those deletions fills it again.
    pub(crate) fn clear_children(&mut self, key: &ForeignKey, parent: RowId) {
        let store = self.state.table_mut(key.child);
        store.clear_children(key.link, parent);
    }

    /// Takes from a parent's list the children that left it.
    pub(crate) fn sweep_children(&mut self, key: &ForeignKey, parent: RowId) {
        let store = self.state.table_mut(key.child);
        store.sweep_children(key.link, parent);
    }

    /// Takes the link to its parent out of a row, which stays in the parent's list until that is swept. Undoing it puts the
    /// row back into the list.
    fn leave_parent(&mut self, key: &ForeignKey, child: RowId, parent: Option<RowId>) {
        if let Some(parent) = parent {
            self.state.table_mut(key.child).clear_link(child, key.link);
            self.undo.push(Undo::Unlinked {
                key: key.id,
                child,
                parent,
            });
        }
    }

    /// Gives the slot of a deleted row back, at the end of the statement that deleted it.
    pub(crate) fn release(&mut self, table: TableId, row: RowId) {
        if !self.state.table(table).is_dense() && self.state.table_mut(table).release(row) {
            self.undo.push(Undo::Released { table, row });
        }
    }

    /// Puts a child without an edge under its parent.
    pub(crate) fn link(&mut self, key: &ForeignKey, child: RowId, parent: RowId) {
        self.state
            .table_mut(key.child)
            .link(child, key.link, parent);
        self.undo.push(Undo::Linked { key: key.id, child });
    }

    /// Takes a child from under its parent, or out of the unmatched map.
    pub(crate) fn unlink(&mut self, key: &ForeignKey, child: RowId) {
        let store = self.state.table(key.child);
        let Some(row) = store.rows().get(child) else {
            return;
        };
        if let Some(parent) = row.link(store.layout(), key.link) {
            self.state.table_mut(key.child).unlink(child, key.link);
            self.undo.push(Undo::Unlinked {
                key: key.id,
                child,
                parent,
            });
        } else if self.is_unmatched(key, child) {
            self.undo.push(Undo::Unmissed { key: key.id, child });
            write_unmatched(self.state, key, child, false);
        }
    }

    /// Notes that a child's complete key has no parent.
    pub(crate) fn miss(&mut self, key: &ForeignKey, child: RowId) {
        self.undo.push(Undo::Missed { key: key.id, child });
        write_unmatched(self.state, key, child, true);
    }

    /// Whether a child stands in the unmatched map.
    pub(crate) fn is_unmatched(&self, key: &ForeignKey, child: RowId) -> bool {
        let unmatched = self.state.unmatched(key.id);
        if unmatched.is_empty() {
            return false;
        }
        let store = self.state.table(key.child);
        store
            .rows()
            .get(child)
            .is_some_and(|row| unmatched.contains(key_cells(key, row, store.layout()), child))
    }

    /// Moves a table's sequence.
    pub(crate) fn set_sequence(&mut self, table: TableId, next: i64) {
        let before = std::mem::replace(&mut self.state.sequences[table.index()], next);
        if self.sequence_logged != Some(table) {
            self.sequence_logged = Some(table);
            self.undo.push(Undo::Sequence { table, before });
        }
    }

    /// Moves the clock on.
    pub(crate) fn set_clock(&mut self, clock: Clock) {
        let before = std::mem::replace(&mut self.state.clock, clock);
        if before != clock {
            self.undo.push_clock(before);
        }
    }

    /// Moves the random state on.
    pub(crate) fn set_random(&mut self, random: u64) {
        let before = std::mem::replace(&mut self.state.random, random);
        self.undo.push(Undo::Random { before });
    }

    /// Plays the log backwards to a mark.
    pub(crate) fn roll_back(&mut self, mark: Mark) {
        let mut tidying = Tidying::default();
        while let Some(entry) = self.undo.pop_after(mark) {
            if let Some((table, row)) = self.reverse(entry) {
                tidying.note(self.state, table, row);
            }
            if tidying.is_full() {
                self.tidy(&mut tidying);
            }
        }
        self.tidy(&mut tidying);
        self.undo.give_back_spare_room();
    }

    fn tidy(&mut self, tidying: &mut Tidying) {
        for (table, row) in tidying.take() {
            self.state.table_mut(table).tidy_page(row);
        }
    }

    /// Reverses one write; the row, if texts of it came or went.
    fn reverse(&mut self, entry: Undo) -> Option<(TableId, RowId)> {
        match entry {
            Undo::Inserted { table, row, reused } => {
                self.state.table_mut(table).uninsert(row, reused);
                return Some((table, row));
            }
            Undo::Updated {
                table,
                row,
                image,
                plain,
            } => {
                let moved_texts = self.restore(table, row, image, plain);
                return moved_texts.then_some((table, row));
            }
            Undo::CellUpdated {
                table,
                row,
                ordinal,
                is_null,
                word,
            } => {
                let cell = WordCell {
                    ordinal,
                    is_null,
                    word,
                };
                self.state.table_mut(table).restore_word(row, cell);
            }
            Undo::Deleted { table, row, image } => {
                let moved_texts = self.restore(table, row, image, false);
                return moved_texts.then_some((table, row));
            }
            Undo::Released { table, row } => self.state.table_mut(table).take_released(row),
            Undo::BecameIndexed { table, base } => {
                self.state.table_mut(table).become_dense_again(base)
            }
            Undo::Linked { key, child } => {
                let key = self.schema.foreign_key(key);
                self.state.table_mut(key.child).unlink(child, key.link);
            }
            Undo::Unlinked { key, child, parent } => {
                let key = self.schema.foreign_key(key);
                self.state
                    .table_mut(key.child)
                    .link(child, key.link, parent);
            }
            Undo::Missed { key, child } => self.set_unmatched(key, child, false),
            Undo::Unmissed { key, child } => self.set_unmatched(key, child, true),
            Undo::Sequence { table, before } => self.state.sequences[table.index()] = before,
            Undo::Clock { before } => self.state.clock = self.undo.pop_clock(before),
            Undo::Random { before } => self.state.random = before,
        }
        None
    }

    /// Writes a row as it was; says whether its texts moved. If only plain columns were written since, no index has to
    /// know.
    fn restore(&mut self, table: TableId, row: RowId, image: ImageId, plain: bool) -> bool {
        let store = self.state.table_mut(table);
        let before = self.undo.images.get(image, store.layout());
        let moved_texts = match plain {
            true => store.restore_plain(row, before),
            false => store.restore(row, before),
        };
        self.undo.images.truncate(image);
        moved_texts
    }

    /// Puts a child under its parent with no way back: for a key that came, whose edges go with it.
    pub(crate) fn link_for_good(&mut self, key: &ForeignKey, child: RowId, parent: RowId) {
        let store = self.state.table_mut(key.child);
        store.link(child, key.link, parent);
    }

    fn set_unmatched(&mut self, key: ForeignKeyId, child: RowId, present: bool) {
        let schema = self.schema;
        write_unmatched(self.state, schema.foreign_key(key), child, present);
    }

    fn become_indexed(&mut self, table: TableId) {
        if let Some(base) = self.state.table(table).dense_base() {
            self.state.table_mut(table).become_indexed();
            self.undo.push(Undo::BecameIndexed { table, base });
        }
    }

    fn keep_image(&mut self, table: TableId, row: RowId) -> Option<ImageId> {
        let store = self.state.table(table);
        let current = store.rows().get(row)?;
        Some(self.undo.images.push(store.layout(), current))
    }

    fn cell(&self, table: TableId, row: RowId, ordinal: u32) -> ValueRef<'_> {
        let store = self.state.table(table);
        store
            .rows()
            .get(row)
            .map_or(ValueRef::Null, |row| row.value(store.layout(), ordinal))
    }
}

/// How a row is written: what becomes of its edges when its keys are, and what is kept of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Writing<'a> {
    /// The keys whose edges stay.
    pub(crate) kept: &'a [ForeignKeyId],
    /// The key whose edge goes from the row alone, and from its parent's list when that is swept.
    pub(crate) swept: Option<ForeignKeyId>,
    /// Whether the row is judged at the end of the statement, so that its image is kept whatever changes.
    pub(crate) judged: bool,
}

/// Where the key of a new row leads.
#[derive(Clone, Copy, Debug)]
enum Parent {
    /// Nowhere: it has a null, its guard is not true, or any row will do and one is there.
    Exempt,
    Found(RowId),
    /// To be looked up when the statement is judged.
    Unknown,
}

/// A row that was updated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Updated {
    /// The row before; none if one plain cell changed and the row need not be judged.
    pub(crate) image: Option<ImageId>,
    /// How far that reaches.
    pub(crate) reach: Reach,
}

/// The columns to which the cells give another value than the row has.
fn changed_columns(
    layout: &RowLayout,
    current: RowRef<'_>,
    cells: &[(u32, Value)],
) -> SmallVec<[u32; 8]> {
    cells
        .iter()
        .filter(|(ordinal, value)| !current.holds(layout.field(*ordinal), value.as_ref()))
        .map(|(ordinal, _)| *ordinal)
        .collect()
}

/// Why a row has no place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unplaced {
    /// Another row of a dense table has the primary key.
    Taken(RowId),
    /// The table has used every row id.
    Full,
}

/// Adds a child to the unmatched map or takes it out, under the key that its row holds now.
fn write_unmatched(state: &mut State, key: &ForeignKey, child: RowId, present: bool) {
    let State {
        tables, unmatched, ..
    } = state;
    let store = &tables[key.child.index()];
    let unmatched = unshare(&mut unmatched[key.id.index()]);
    let Some(row) = store.rows().get(child) else {
        return;
    };
    let cells = key_cells(key, row, store.layout());
    if present {
        unmatched.insert(cells, child);
    } else {
        unmatched.remove(cells, child);
    }
}

/// A child's key, column by column.
fn key_cells<'a>(
    key: &'a ForeignKey,
    row: RowRef<'a>,
    layout: &'a RowLayout,
) -> impl Iterator<Item = ValueRef<'a>> + Clone {
    key.child_columns
        .iter()
        .map(move |&ordinal| row.value(layout, ordinal))
}
