//! A row, borrowed from a page or from the undo log.
//!
//! Reading borrows: no allocation, no reference count. The reference does not carry its layout; whoever holds it knows
//! the table. A reference to words of another layout gives wrong values or panics, but nothing worse.

use crate::storage::heap::{Heap, cell_at, is_inline};
use crate::storage::layout::{Field, RowLayout};
use crate::storage::prefetch::prefetch;
use crate::storage::{RowId, WordCell};
use crate::value::{DataType, Date, Key, TextRef, Timestamp, Uuid, Value, ValueRef};

/// Words of a line of memory, which is fetched as a whole.
const LINE_WORDS: usize = 8;

/// The words of a row and the heap that its long texts stand in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowRef<'a> {
    words: &'a [u64],
    heap: &'a Heap,
}

impl<'a> RowRef<'a> {
    /// Wraps the words of one row.
    #[inline]
    pub(crate) fn new(words: &'a [u64], heap: &'a Heap) -> Self {
        RowRef { words, heap }
    }

    /// The row's words.
    #[inline]
    pub(crate) fn words(self) -> &'a [u64] {
        self.words
    }

    /// What the row's long texts stand in.
    #[inline]
    pub(crate) fn heap(self) -> &'a Heap {
        self.heap
    }

    /// Asks for the memory of the row, which is to be read soon, and does not wait for it: of a row of up to seventeen words,
    /// wherever it begins, for every line that it stands in; of a wider one for three.
    #[inline]
    pub(crate) fn prefetch(self) {
        let last = self.words.len() - 1;
        prefetch(self.words, 0);
        if last > LINE_WORDS {
            prefetch(self.words, last / 2);
        }
        prefetch(self.words, last);
    }

    /// A cell, by ordinal.
    //
    // Inlined with all kinds where it is called: so a row found by its key is read in two thirds of the time (W2 of
    // `benches/rivals`).
    #[inline(always)]
    pub(crate) fn value(self, layout: &RowLayout, ordinal: u32) -> ValueRef<'a> {
        self.decode(*layout.field(ordinal))
    }

    /// The values of some columns, in their order.
    pub(crate) fn key(self, layout: &RowLayout, columns: &[u32]) -> Key {
        let columns = columns.iter();
        columns
            .map(|&ordinal| self.value(layout, ordinal).to_value())
            .collect()
    }

    /// The values of all columns, hidden ones included.
    pub(crate) fn values(self, layout: &RowLayout) -> Vec<Value> {
        (0..layout.column_count())
            .map(|ordinal| self.value(layout, ordinal).to_value())
            .collect()
    }

    /// A cell whose place was looked up before.
    //
    // The kinds that most columns have are inlined where it is called. Who asks the value at once for its integer then
    // decides its kind once, and no value is made: so an include tree is read in four fifths of the time (W4). Nothing that
    // stands in registers is lent to the call for the others: to be lent it would be stored, at every cell.
    #[inline(always)]
    pub(crate) fn read(self, field: &Field) -> ValueRef<'a> {
        if field.is_null(self.words) {
            return ValueRef::Null;
        }
        match field.data_type() {
            DataType::Int => ValueRef::Int(self.words[field.offset()].cast_signed()),
            DataType::Float => ValueRef::Float(f64::from_bits(self.words[field.offset()])),
            DataType::Text => ValueRef::Text(TextRef::from_validated(self.read_varying(*field))),
            DataType::Uuid => {
                let at = field.offset();
                ValueRef::Uuid(Uuid::from_u64_pair(self.words[at], self.words[at + 1]))
            }
            DataType::Bool
            | DataType::Bytes
            | DataType::Timestamp
            | DataType::Date
            | DataType::Json => read_rarer(self.words, self.heap, field),
        }
    }

    /// A cell of an int column whose place was looked up before; none for null.
    #[inline(always)]
    pub(crate) fn read_int(self, field: &Field) -> Option<i64> {
        debug_assert!(field.is_int());
        (!field.is_null(self.words)).then(|| self.words[field.offset()].cast_signed())
    }

    /// The upper half of a cell's rank.
    //
    // Of a uuid it is the first word, without the bytes being put together and taken apart again.
    #[inline(always)]
    pub(crate) fn upper_rank(self, field: &Field) -> u64 {
        match field.data_type() {
            // Zero for null, as its rank is.
            DataType::Uuid => self.words[field.offset()],
            _ => (self.read(field).rank() >> u64::BITS) as u64,
        }
    }

    #[inline(always)]
    fn decode(self, field: Field) -> ValueRef<'a> {
        if field.is_null(self.words) {
            return ValueRef::Null;
        }
        let word = self.words[field.offset()];
        match field.data_type() {
            DataType::Bool => ValueRef::Bool(word != 0),
            DataType::Int => ValueRef::Int(word.cast_signed()),
            DataType::Float => ValueRef::Float(f64::from_bits(word)),
            DataType::Text => ValueRef::Text(TextRef::from_validated(self.read_varying(field))),
            DataType::Bytes => ValueRef::Bytes(self.read_varying(field)),
            DataType::Uuid => {
                ValueRef::Uuid(Uuid::from_u64_pair(word, self.words[field.offset() + 1]))
            }
            DataType::Timestamp => ValueRef::Timestamp(Timestamp::from_micros(word.cast_signed())),
            DataType::Date => ValueRef::Date(Date::from_days(low_half(word))),
            DataType::Json => ValueRef::Json(TextRef::from_validated(self.read_varying(field))),
        }
    }

    /// Whether a cell equals a value, by the total order.
    //
    // The kinds that most keys have are compared as they are stored.
    #[inline]
    pub(crate) fn holds(self, field: &Field, value: ValueRef<'_>) -> bool {
        let is_null = field.is_null(self.words);
        match (field.data_type(), value) {
            (DataType::Int, ValueRef::Int(int)) => {
                self.words[field.offset()].cast_signed() == int && !is_null
            }
            (DataType::Uuid, ValueRef::Uuid(uuid)) => {
                let at = field.offset();
                (self.words[at], self.words[at + 1]) == uuid.as_u64_pair() && !is_null
            }
            (DataType::Text, ValueRef::Text(text)) => {
                self.read_varying(*field) == text.as_bytes() && !is_null
            }
            _ => read_rarer(self.words, self.heap, field) == value,
        }
    }

    /// The bytes of a text, bytes or JSON cell; none of them for null.
    #[inline]
    pub(crate) fn read_varying(self, field: Field) -> &'a [u8] {
        self.heap.read(cell_at(self.words, field.offset()))
    }

    /// A cell that stands in one word, as it is; none if it does not.
    #[inline]
    pub(crate) fn word_cell(self, layout: &RowLayout, ordinal: u32) -> Option<WordCell> {
        let field = *layout.field(ordinal);
        field.is_word().then(|| WordCell {
            ordinal: u16::try_from(ordinal).expect("a row has at most COLUMNS_MAX columns"),
            word: self.words[field.offset()],
            is_null: field.is_null(self.words),
        })
    }

    /// The values of all columns where some cells are others.
    pub(crate) fn values_with(
        self,
        layout: &RowLayout,
        cells: impl IntoIterator<Item = WordCell>,
    ) -> Vec<Value> {
        let mut words = self.words.to_vec();
        for cell in cells {
            layout.set_word(&mut words, cell);
        }
        RowRef::new(&words, self.heap).values(layout)
    }

    /// Whether a cell is null.
    #[inline]
    pub(crate) fn is_null(self, layout: &RowLayout, ordinal: u32) -> bool {
        layout.field(ordinal).is_null(self.words)
    }

    /// A cell of an int column; none for null.
    #[inline]
    #[cfg(test)]
    pub(crate) fn int(self, layout: &RowLayout, ordinal: u32) -> Option<i64> {
        self.read_int(layout.field(ordinal))
    }

    /// The address of the parent row that a link holds.
    #[inline]
    pub(crate) fn link(self, layout: &RowLayout, link: u32) -> Option<RowId> {
        layout.link(self.words, link)
    }

    /// Whether another row of the same layout has the same value in a column; null is the same as null here.
    ///
    /// Values are stored in one form each, so equal words are equal values. Only of texts outside the cells, the bytes
    /// must be compared.
    #[inline]
    pub(crate) fn same_value(self, layout: &RowLayout, ordinal: u32, other: RowRef<'_>) -> bool {
        let field = layout.field(ordinal);
        if field.is_null(self.words) != field.is_null(other.words) {
            return false;
        }
        if field.is_varying() {
            let at = field.offset();
            let (cell, other_cell) = (cell_at(self.words, at), cell_at(other.words, at));
            if !is_inline(cell) {
                return self.heap.read(cell) == other.heap.read(other_cell);
            }
        }
        self.words[field.words()] == other.words[field.words()]
    }
}

#[inline(never)]
fn read_rarer<'a>(words: &'a [u64], heap: &'a Heap, field: &Field) -> ValueRef<'a> {
    RowRef::new(words, heap).decode(*field)
}

/// A date is kept sign-extended.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the upper half only repeats the sign"
)]
#[inline]
fn low_half(word: u64) -> i32 {
    word.cast_signed() as i32
}
