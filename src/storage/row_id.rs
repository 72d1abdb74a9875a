//! A row's address.

/// The slot of a row in its table. It never leaves the engine: forks may use one id for different rows, and an indexed
/// table reuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RowId(pub(crate) u32);

impl RowId {
    /// The id as an index.
    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}
