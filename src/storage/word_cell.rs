//! One cell of one word, as it was: all that undo needs of a row of which nothing else was written.

/// A cell that stands in one word of its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WordCell {
    /// Its column. A table has fewer than 2^16.
    pub(crate) ordinal: u16,
    pub(crate) is_null: bool,
    /// Its word; zero if it is null.
    pub(crate) word: u64,
}
