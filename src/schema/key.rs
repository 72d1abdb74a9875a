//! A unique key.

use crate::schema::{Deferral, RowFilter};

/// Columns whose values name at most one row. The first key of a table is its primary key.
#[derive(Clone, Debug, PartialEq)]
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
    /// Which rows take part; all of them if none. No foreign key refers to a key that leaves rows out.
    pub filter: Option<RowFilter>,
}

impl UniqueKey {
    /// Whether no version ever shows two rows with one value of the key, neither within a transaction nor because one of
    /// them takes no part. Then a row found by it is the only one.
    pub(crate) fn names_one_row(&self) -> bool {
        !self.deferral.is_deferrable() && self.filter.is_none()
    }
}
