//! A unique key.

use crate::schema::Deferral;

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
    /// When two rows with one key are held against them. The primary key never waits.
    pub deferral: Deferral,
}

impl UniqueKey {
    /// Whether no version ever shows two rows with one value of the key, not even within a transaction. Then a row found
    /// by it is the only one.
    pub(crate) fn names_one_row(&self) -> bool {
        !self.deferral.is_deferrable()
    }
}
