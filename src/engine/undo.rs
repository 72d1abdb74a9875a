//! The undo log: what a transaction changed, physically, in order.
//!
//! An entry names a structure and what it held before; texts and words of rows stand in one arena, so that a write
//! allocates nothing. The log is private. Played backwards it restores every structure; read forwards it also gives
//! the logical [`Changes`](crate::engine::Changes).
//!
//! A change of the schema is no entry: the state that it replaced is kept whole. Going back over it puts that state in
//! place and forgets what came after; the entries before it are undone there, where their ids and layouts mean what they
//! meant. So a change of rows cannot be read across it.
//!
//! Invariant: each entry is undone in exactly the state that it left behind. So an unmatched child's key, which no entry
//! carries, can be read from its row.

use crate::engine::clock::Clock;
use crate::engine::snapshot::Snapshot;
use crate::schema::{ForeignKeyId, TableId};
use crate::storage::give_back_spare_room;
use crate::storage::{ImageId, RowArena, RowId, WordCell};

/// One physical change, with what it takes to reverse it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Undo {
    /// A row came, into a reused slot or a fresh one, and with it the edges that it still has when this is undone.
    Inserted {
        table: TableId,
        row: RowId,
        reused: bool,
    },
    /// A row changed, in plain columns or in others too; the image is the row before.
    Updated {
        table: TableId,
        row: RowId,
        image: ImageId,
        plain: bool,
    },
    /// One plain cell of a row changed, which stands in one word; this is it before. A [`WordCell`], spread out so that
    /// entries stay as short as they are.
    CellUpdated {
        table: TableId,
        row: RowId,
        ordinal: u16,
        is_null: bool,
        word: u64,
    },
    /// A row went, and with it its edges; the image is the row before, links included.
    Deleted {
        table: TableId,
        row: RowId,
        image: ImageId,
    },
    /// A dead slot was given back for reuse.
    Released { table: TableId, row: RowId },
    /// A dense table got a key index.
    BecameIndexed { table: TableId, base: i64 },
    /// A child was put under a parent.
    Linked { key: ForeignKeyId, child: RowId },
    /// A child was taken from under a parent.
    Unlinked {
        key: ForeignKeyId,
        child: RowId,
        parent: RowId,
    },
    /// A child with a complete key found no parent.
    Missed { key: ForeignKeyId, child: RowId },
    /// An unmatched child was taken out of the unmatched map.
    Unmissed { key: ForeignKeyId, child: RowId },
    /// A sequence moved.
    Sequence { table: TableId, before: i64 },
    /// The clock went on, from one of those that the log keeps: in an entry it would make every entry longer.
    Clock { before: ClockId },
    /// Random values were drawn.
    Random { before: u64 },
}

const _: () = assert!(size_of::<Undo>() == 24);

/// The position of a clock in its log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClockId(u32);

/// What a transaction changed so far.
#[derive(Debug, Default)]
pub(crate) struct UndoLog {
    pub(crate) entries: Vec<Undo>,
    pub(crate) images: RowArena,
    clocks: Vec<Clock>,
    /// What schema changes replaced, oldest first.
    replaced: Vec<Replaced>,
}

/// A state that a schema change replaced.
#[derive(Debug)]
struct Replaced {
    before: Snapshot,
    /// The table that changed.
    table: Box<str>,
    /// How long the log was.
    entries: usize,
    images: ImageId,
}

/// A position in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    entries: usize,
    replaced: usize,
}

impl UndoLog {
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            entries: self.entries.len(),
            replaced: self.replaced.len(),
        }
    }

    /// Keeps the state that a change of this table replaces.
    pub(crate) fn push_replaced(&mut self, before: Snapshot, table: &str) {
        self.replaced.push(Replaced {
            before,
            table: table.into(),
            entries: self.entries.len(),
            images: self.images.end(),
        });
    }

    /// The state before the first schema change since a mark, if there was one, and the log as it was then.
    pub(crate) fn pop_replaced_after(&mut self, mark: Mark) -> Option<Snapshot> {
        let Replaced {
            before,
            entries,
            images,
            ..
        } = self.replaced.drain(mark.replaced..).next()?;
        self.entries.truncate(entries);
        self.images.truncate(images);
        Some(before)
    }

    /// The table that the first schema change since a mark changed.
    pub(crate) fn changed_table_since(&self, mark: Mark) -> Option<&str> {
        self.replaced
            .get(mark.replaced)
            .map(|replaced| &*replaced.table)
    }

    /// Takes the newest entry, unless the mark is reached.
    pub(crate) fn pop_after(&mut self, mark: Mark) -> Option<Undo> {
        if self.entries.len() <= mark.entries {
            None
        } else {
            self.entries.pop()
        }
    }

    /// The entries since a mark, oldest first.
    pub(crate) fn since(&self, mark: Mark) -> &[Undo] {
        &self.entries[mark.entries..]
    }

    pub(crate) fn push(&mut self, entry: Undo) {
        self.entries.push(entry);
    }

    /// Notes a plain cell of a row as it was.
    #[inline]
    pub(crate) fn push_cell(&mut self, table: TableId, row: RowId, cell: WordCell) {
        let WordCell {
            ordinal,
            is_null,
            word,
        } = cell;
        self.push(Undo::CellUpdated {
            table,
            row,
            ordinal,
            is_null,
            word,
        });
    }

    /// Notes the clock as it was.
    ///
    /// # Panics
    /// At 2^32 clocks: memory ends before.
    pub(crate) fn push_clock(&mut self, before: Clock) {
        let position = u32::try_from(self.clocks.len());
        let before_id = ClockId(position.expect("memory ends before the positions do"));
        self.clocks.push(before);
        self.push(Undo::Clock { before: before_id });
    }

    pub(crate) fn clock(&self, id: ClockId) -> Clock {
        self.clocks[id.0 as usize]
    }

    /// The clock of the newest entry that has one, which was taken. Later ones go with it.
    pub(crate) fn pop_clock(&mut self, id: ClockId) -> Clock {
        let clock = self.clock(id);
        self.clocks.truncate(id.0 as usize);
        clock
    }

    /// Bytes of an entry.
    pub(crate) const ENTRY_BYTES: u64 = size_of::<Undo>() as u64;

    /// Bytes that the way back takes, blobs that it keeps from being freed included.
    #[inline]
    pub(crate) fn size_bytes(&self) -> u64 {
        self.entries.len() as u64 * Self::ENTRY_BYTES + self.images.size_bytes() as u64
    }

    /// Forgets everything and keeps the room, up to a bound.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.images.clear();
        self.clocks.clear();
        self.replaced.clear();
        self.give_back_spare_room();
    }

    /// Gives back the room that only a large transaction needs.
    pub(crate) fn give_back_spare_room(&mut self) {
        give_back_spare_room(&mut self.entries);
        self.images.give_back_spare_room();
    }
}
