//! Rows side by side: the words of some rows, and the heap for their long texts.
//!
//! A page is one allocation, plus its heap's when it has long texts. [`Page`] is storage only; the work is done by
//! [`PageMut`].
//!
//! Invariants: `live` counts the slots with the live bit; every word of a live slot is written, and a null cell is zero;
//! of a dead slot only the first word means something: it is zero, or it links the slot to the next free one. The heap's
//! garbage is bounded by its texts, and a page without live rows has an empty heap.

use std::iter;

use triomphe::{Arc, HeaderSlice};

use crate::storage::heap::{Cell, Heap, cell_at, cell_at_mut, is_inline};
use crate::storage::layout::{Field, LIVE, RowLayout};
use crate::storage::row_ref::RowRef;
use crate::storage::{RowId, WordCell, unshare_by};
use crate::value::{DataType, Value, ValueRef, canonical_float};

/// The bit of a dead slot's first word that says that the lower half leads to the next free slot.
const FREE: u64 = 1 << 62;

/// The end of the chain of free slots. No row has this id.
const LAST_FREE: u64 = u32::MAX as u64;

/// The part of a page's words that its heap may keep unused after a rollback.
const SPARE_SHARE: usize = 64;

/// Rows of one table: their words in place behind a head. What a write looks at besides its row so stands beside the page's
/// count, whose line of memory it has touched already.
pub(crate) type Page = HeaderSlice<PageHead, [u64]>;

/// What stands in a page before the words.
#[derive(Clone, Debug)]
pub(crate) struct PageHead {
    live: u32,
    heap: Heap,
}

/// A page, borrowed for reading.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageRef<'a> {
    words: &'a [u64],
    heap: &'a Heap,
    live: u32,
}

/// A page, borrowed for writing.
#[derive(Debug)]
pub(crate) struct PageMut<'a> {
    words: &'a mut [u64],
    heap: &'a mut Heap,
    live: &'a mut u32,
}

/// What restoring a row met.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restored {
    /// Whether the slot was dead before.
    pub(crate) was_dead: bool,
    /// Whether texts outside of the row came or went, so that the page may be worth tidying.
    pub(crate) moved_texts: bool,
}

/// A page of so many words, all of dead slots.
#[cold]
#[inline(never)]
pub(crate) fn new_page(words: usize) -> Arc<Page> {
    let head = PageHead {
        live: 0,
        heap: Heap::for_page(),
    };
    Arc::from_header_and_iter(head, iter::repeat_n(0, words))
}

/// The page for writing, copied first if a clone shares it. The words are copied once, to where they stay.
#[inline]
pub(crate) fn unshare_page(page: &mut Arc<Page>) -> &mut Page {
    unshare_by(page, |page| {
        Arc::from_header_and_slice(page.header.clone(), &page.slice)
    })
}

impl<'a> PageRef<'a> {
    #[inline]
    pub(crate) fn of(page: &'a Page) -> Self {
        PageRef {
            words: &page.slice,
            heap: &page.header.heap,
            live: page.header.live,
        }
    }

    /// How many rows are live.
    #[inline]
    pub(crate) fn live(self) -> u32 {
        self.live
    }

    /// What the long texts stand in.
    pub(crate) fn heap(self) -> &'a Heap {
        self.heap
    }

    /// The row in a slot, if it is live.
    #[inline]
    #[cfg(test)]
    pub(crate) fn row(self, layout: &RowLayout, slot: u32) -> Option<RowRef<'a>> {
        self.row_at(layout.paging().slot_words(slot))
    }

    /// The row at some words of the page, if it is live.
    #[inline]
    pub(crate) fn row_at(self, words: std::ops::Range<usize>) -> Option<RowRef<'a>> {
        let words = self.words.get(words)?;
        (*words.first()? & LIVE != 0).then(|| RowRef::new(words, self.heap))
    }

    /// The row at some words of the page that holds a live one: its words are not looked at.
    #[inline]
    pub(crate) fn live_row_at(self, words: std::ops::Range<usize>) -> Option<RowRef<'a>> {
        Some(RowRef::new(self.words.get(words)?, self.heap))
    }

    /// Where a free slot leads; none if the slot is not in the chain of free slots, `Some(None)` at its end.
    pub(crate) fn free_next(self, layout: &RowLayout, slot: u32) -> Option<Option<RowId>> {
        let head = self.words[layout.paging().slot_words(slot).start];
        if head & (LIVE | FREE) != FREE {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the lower half is the id of the next free slot"
        )]
        let next = head as u32;
        Some((u64::from(next) != LAST_FREE).then_some(RowId(next)))
    }
}

impl<'a> PageMut<'a> {
    #[inline]
    pub(crate) fn of(page: &'a mut Page) -> Self {
        PageMut {
            words: &mut page.slice,
            heap: &mut page.header.heap,
            live: &mut page.header.live,
        }
    }

    /// Writes a new row into a dead slot: every word of it.
    pub(crate) fn insert(
        &mut self,
        layout: &RowLayout,
        slot: u32,
        values: &[Value],
        links: &[Option<RowId>],
    ) {
        debug_assert_eq!(values.len(), layout.column_count() as usize);
        debug_assert!(!self.is_live(layout, slot), "the slot is taken");
        let words = &mut self.words[layout.paging().slot_words(slot)];
        words[0] = LIVE;
        words[1..layout.head_words()].fill(0);
        layout.set_links(words, links);
        for (field, value) in layout.fields().iter().zip(values) {
            write_value(words, self.heap, *field, value.as_ref());
        }
        *self.live += 1;
    }

    /// Changes a cell of a live row.
    //
    // The value comes as it was given: one that was just put together, and is copied before it is written, waits for all
    // that the processor has begun (W7 of `benches/rivals`).
    #[inline]
    pub(crate) fn set(&mut self, layout: &RowLayout, slot: u32, field: Field, value: &Value) {
        debug_assert!(self.is_live(layout, slot), "a dead slot has no cells");
        let words = &mut self.words[layout.paging().slot_words(slot)];
        if field.is_varying() {
            self.heap.release(cell_at(words, field.offset()));
        }
        field.clear_null(words);
        write_value(words, self.heap, field, value.as_ref());
        if field.is_varying() {
            self.compact_if_wasteful(layout);
        }
    }

    /// Writes a cell of a live row that stands in one word.
    #[inline]
    pub(crate) fn set_word(&mut self, layout: &RowLayout, slot: u32, cell: WordCell) {
        debug_assert!(self.is_live(layout, slot), "a dead slot has no cells");
        let words = &mut self.words[layout.paging().slot_words(slot)];
        layout.set_word(words, cell);
    }

    /// Changes a link of a live row.
    #[inline]
    pub(crate) fn set_link(
        &mut self,
        layout: &RowLayout,
        slot: u32,
        link: u32,
        parent: Option<RowId>,
    ) {
        debug_assert!(self.is_live(layout, slot), "a dead slot has no links");
        let words = &mut self.words[layout.paging().slot_words(slot)];
        layout.set_link(words, link, parent);
    }

    /// Writes a whole row from an image.
    pub(crate) fn restore(&mut self, layout: &RowLayout, slot: u32, image: RowRef<'_>) -> Restored {
        let was_dead = !self.is_live(layout, slot);
        if was_dead {
            *self.live += 1;
        }
        let words = &mut self.words[layout.paging().slot_words(slot)];
        let mut moved_texts = false;
        let mut copied = 0;
        for offset in layout.varying() {
            words[copied..offset].copy_from_slice(&image.words()[copied..offset]);
            copied = offset + size_of::<Cell>() / size_of::<u64>();
            let (cell, before) = (cell_at_mut(words, offset), cell_at(image.words(), offset));
            if is_inline(before) && (was_dead || is_inline(cell)) {
                *cell = *before;
                continue;
            }
            // A text that is there already stays where it stands: writing it again would leave garbage.
            if was_dead || !self.heap.same_text(cell, before, image.heap()) {
                moved_texts = true;
                if !was_dead {
                    self.heap.release(cell);
                }
                *cell = *before;
                self.heap.adopt(cell, image.heap());
            }
        }
        words[copied..].copy_from_slice(&image.words()[copied..]);
        if moved_texts {
            self.compact_if_wasteful(layout);
        }
        Restored {
            was_dead,
            moved_texts,
        }
    }

    /// Gives back the room that the heap does not need, if that is more than a small part of the page.
    pub(crate) fn tidy(&mut self, layout: &RowLayout) {
        if self.heap.spare_bytes() * SPARE_SHARE > size_of_val(self.words) {
            self.compact(layout);
        }
    }

    /// Makes a live slot dead and lets its texts go.
    pub(crate) fn remove(&mut self, layout: &RowLayout, slot: u32) {
        debug_assert!(self.is_live(layout, slot), "the slot is dead already");
        self.release_texts(layout, slot);
        self.words[layout.paging().slot_words(slot).start] = 0;
        *self.live -= 1;
        if *self.live == 0 {
            *self.heap = Heap::for_page();
        } else {
            self.compact_if_wasteful(layout);
        }
    }

    /// Puts a dead slot in front of the chain of free slots that begins with `next`.
    pub(crate) fn link_free(&mut self, layout: &RowLayout, slot: u32, next: Option<RowId>) {
        debug_assert!(!self.is_live(layout, slot), "a live slot is not free");
        let next = next.map_or(LAST_FREE, |row| u64::from(row.0));
        self.words[layout.paging().slot_words(slot).start] = FREE | next;
    }

    fn is_live(&self, layout: &RowLayout, slot: u32) -> bool {
        self.words[layout.paging().slot_words(slot).start] & LIVE != 0
    }

    fn release_texts(&mut self, layout: &RowLayout, slot: u32) {
        let words = &self.words[layout.paging().slot_words(slot)];
        for offset in layout.varying() {
            self.heap.release(cell_at(words, offset));
        }
    }

    #[inline]
    fn compact_if_wasteful(&mut self, layout: &RowLayout) {
        if self.heap.is_wasteful() {
            self.compact(layout);
        }
    }

    /// Moves the texts of all live rows together.
    #[cold]
    fn compact(&mut self, layout: &RowLayout) {
        let mut old = self.heap.begin_compaction();
        let rows = self.words.chunks_exact_mut(layout.row_words());
        for row in rows.filter(|row| row[0] & LIVE != 0) {
            for offset in layout.varying() {
                self.heap.carry_over(cell_at_mut(row, offset), &mut old);
            }
        }
    }
}

/// Writes a cell that is not marked null and refers to nothing.
///
/// # Panics
/// If the column does not admit the value: the engine let it through.
//
// Out of line, an insert of six columns takes 1.5 times as long: the kind of every value is decided twice.
#[inline(always)]
fn write_value(words: &mut [u64], heap: &mut Heap, field: Field, value: ValueRef<'_>) {
    let at = field.offset();
    match (field.data_type(), value) {
        (_, ValueRef::Null) => field.set_null(words),
        (DataType::Bool, ValueRef::Bool(v)) => words[at] = u64::from(v),
        (DataType::Int, ValueRef::Int(v)) => words[at] = v.cast_unsigned(),
        (DataType::Float, ValueRef::Float(v)) => words[at] = canonical_float(v).to_bits(),
        (DataType::Timestamp, ValueRef::Timestamp(v)) => words[at] = v.as_micros().cast_unsigned(),
        (DataType::Date, ValueRef::Date(v)) => words[at] = i64::from(v.as_days()).cast_unsigned(),
        (DataType::Uuid, ValueRef::Uuid(v)) => {
            (words[at], words[at + 1]) = v.as_u64_pair();
        }
        (DataType::Text, ValueRef::Text(v)) | (DataType::Json, ValueRef::Json(v)) => {
            heap.write(cell_at_mut(words, at), v.as_bytes());
        }
        (DataType::Bytes, ValueRef::Bytes(v)) => heap.write(cell_at_mut(words, at), v),
        (data_type, _) => unreachable!("a column of type {data_type} was given another type"),
    }
}

#[cfg(test)]
impl PageRef<'_> {
    /// Asserts what the header promises.
    pub(crate) fn check_invariants(self, layout: &RowLayout) {
        let rows =
            || (0..layout.paging().rows_per_page()).filter_map(|slot| self.row(layout, slot));
        assert_eq!(rows().count(), self.live as usize);
        for row in rows() {
            for field in layout
                .fields()
                .iter()
                .filter(|field| field.is_null(row.words()))
            {
                assert!(row.words()[field.words()].iter().all(|word| *word == 0));
            }
        }
        self.heap.check_invariants(
            rows().flat_map(|row| layout.varying().map(move |at| cell_at(row.words(), at))),
        );
        if self.live == 0 {
            assert_eq!(self.heap.allocated_bytes(), 0);
        }
        let used = layout.paging().rows_per_page() as usize * layout.row_words();
        assert!(self.words[used..].iter().all(|word| *word == 0));
    }
}
