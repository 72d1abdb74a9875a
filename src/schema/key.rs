//! A unique key.

/// Columns whose values name at most one row. The first key of a table is its primary key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UniqueKey {
    /// Its name; `<table>_pkey` or `<table>_<column>_key` where none was given.
    pub name: Box<str>,
    /// Its columns, in the order of the key.
    pub columns: Vec<u32>,
    /// Whether any number of rows may have a null in the key, as SQL has it. Otherwise null equals null here.
    pub nulls_distinct: bool,
}
