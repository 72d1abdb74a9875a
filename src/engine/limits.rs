//! How large things may grow in one database, before memory decides it.
//!
//! Running out of memory ends the process, as everywhere in Rust; a limit ends a statement, with an error that names it and
//! nothing changed. What a declaration may hold has limits of its own, which no database sets: [`Limit`] lists them all.
//!
//! [`Limit`]: crate::error::Limit

use crate::error::{Error, Limit, RequestError, RequestKind, TransactionError, TransactionKind};
use crate::schema::{Column, Table};
use crate::value::ValueRef;

/// The limits of one database. Its forks have the same.
///
/// ```
/// # use relata::engine::{Database, Limits};
/// # use relata::error::Limit;
/// # use relata::schema::{ColumnDef, Schema, TableDef};
/// # use relata::value::{DataType, Value};
/// # let name = ColumnDef::new("name", DataType::Text).primary_key();
/// # let mut db = Database::new(Schema::builder().table(TableDef::new("tags").column(name)).build()?);
/// db.set_limits(Limits { value_bytes_max: 3, ..Limits::default() });
/// db.insert("tags", [("name", Value::from("abc"))])?;
/// let refused = db.insert("tags", [("name", Value::from("abcd"))]);
/// assert_eq!(refused.unwrap_err().limit(), Some(Limit::ValueBytes));
/// # Ok::<(), relata::error::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// The longest text, JSON document or byte string that a row may hold: 64 MiB by default.
    pub value_bytes_max: usize,
    /// The most rows that one statement may change, those changed by actions included: 10 million by default.
    pub rows_changed_max: usize,
    /// The most bytes that the way back of one transaction may take, with all rows as they were before: 8 GiB by default.
    pub transaction_bytes_max: u64,
    /// The most savepoints that may be open at once in a transaction: 1,024 by default.
    pub savepoints_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            value_bytes_max: 64 << 20,
            rows_changed_max: 10_000_000,
            transaction_bytes_max: 8 << 30,
            savepoints_max: 1_024,
        }
    }
}

impl Limits {
    /// The value is short enough for a row.
    #[inline]
    pub(crate) fn admits(&self, value: ValueRef<'_>) -> bool {
        value.size_bytes() <= self.value_bytes_max
    }

    #[cold]
    pub(crate) fn value_too_long(&self, table: &Table, column: &Column) -> Error {
        let detail = format!(
            "a value of column {} has more than {} bytes",
            column.name, self.value_bytes_max
        );
        let kind = RequestKind::Limit(Limit::ValueBytes);
        RequestError::new(kind, &*table.name, detail).into()
    }

    #[cold]
    pub(crate) fn too_many_rows_changed(&self, table: &Table) -> Error {
        let detail = format!(
            "a statement changes more than {} rows, at table {}",
            self.rows_changed_max, table.name
        );
        TransactionError::new(TransactionKind::Limit(Limit::RowsChanged), detail).into()
    }

    #[cold]
    pub(crate) fn transaction_too_large(&self) -> Error {
        let detail = format!(
            "the way back of a transaction takes more than {} bytes",
            self.transaction_bytes_max
        );
        TransactionError::new(TransactionKind::Limit(Limit::TransactionBytes), detail).into()
    }

    #[cold]
    pub(crate) fn too_many_savepoints(&self) -> Error {
        let detail = format!(
            "a transaction has more than {} savepoints open",
            self.savepoints_max
        );
        TransactionError::new(TransactionKind::Limit(Limit::Savepoints), detail).into()
    }
}
