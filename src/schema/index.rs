//! An index that is no key.

/// An index that may hold many rows for one value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Index {
    /// Its name; `<table>_<column>_idx` where none was given.
    pub name: Box<str>,
    /// Its columns, in the order of the index.
    pub columns: Vec<u32>,
    /// What it can answer.
    pub kind: IndexKind,
    /// For each column, whether the index runs from high to low. All false in a hash index.
    pub descending: Vec<bool>,
}

/// What an index can answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum IndexKind {
    /// Equality, ranges and order.
    #[default]
    Ordered,
    /// Equality of all columns alone, in less memory.
    Hash,
}
