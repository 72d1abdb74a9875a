//! The limits, by name: what a refusal of size is matched by.
//!
//! The figures stand where they are enforced: those of a declaration in `schema`, those that a database may set in
//! [`Limits`](crate::engine::Limits).

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// Tables of a schema: 4,096.
    Tables,
    /// Columns of a table: 1,024.
    Columns,
    /// Columns of a key or an index: 32.
    KeyColumns,
    /// Unique keys, indexes, checks or foreign keys that one table declares: 1,024 of each sort.
    Constraints,
    /// Bytes of one value: [`Limits::value_bytes_max`](crate::engine::Limits::value_bytes_max).
    ValueBytes,
    /// Rows that a statement changes: [`Limits::rows_changed_max`](crate::engine::Limits::rows_changed_max).
    RowsChanged,
    /// Bytes that the way back of a transaction takes:
    /// [`Limits::transaction_bytes_max`](crate::engine::Limits::transaction_bytes_max).
    TransactionBytes,
    /// Savepoints that are open at once: [`Limits::savepoints_max`](crate::engine::Limits::savepoints_max).
    Savepoints,
    /// Rows that one table ever held at once: about 2^32.
    RowIds,
    /// Numbers of a sequence: it ends with the largest integer.
    Sequence,
    /// Operations of an expression: a million.
    Expression,
    /// Includes within includes.
    IncludeDepth,
    /// Rows that one include gives.
    IncludedRows,
    /// Hooks that run within hooks: 32.
    HookDepth,
}

impl Limit {
    /// PostgreSQL's code.
    pub(crate) fn sqlstate(self) -> &'static str {
        match self {
            Limit::Columns | Limit::KeyColumns => "54011",
            Limit::Expression | Limit::IncludeDepth | Limit::HookDepth => "54001",
            Limit::RowsChanged | Limit::TransactionBytes | Limit::Savepoints => "53400",
            Limit::Sequence => "2200H",
            Limit::Tables
            | Limit::Constraints
            | Limit::ValueBytes
            | Limit::RowIds
            | Limit::IncludedRows => "54000",
        }
    }
}
