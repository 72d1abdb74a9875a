//! Rows change here and nowhere else.
//!
//! A [`Database`] owns one version of all tables, a [`Snapshot`] shares one. A write goes through a [`Transaction`],
//! statement by statement; a statement is atomic, and so is a transaction. The life of a statement:
//!
//! 1. `transaction` turns names into ids and hands the statement over;
//! 2. `statement` writes the addressed rows, then works through levels: `referential` says what follows from the rows
//!    of a level, `mutation` does it, and the rows that really changed are the next level;
//! 3. `constraint` judges the rows, keys and references as the statement leaves them;
//! 4. on any failure, `undo` is played backwards to where the statement began. It is also played in `Drop`, so that an
//!    error, a panic in a user's closure, or leaving a transaction undone all take the same way back.
//!
//! With no snapshot outstanding a write copies no page, and with one it copies each touched page once.

mod state;
mod clock;
mod limits;
mod name;
mod snapshot;
mod table_rows;
mod dump;
mod read;
mod key_order;
pub(crate) mod ranked;
mod access;
mod undo;
mod tidying;
mod new_edges;
mod mutation;
mod sequence;
mod statement;
mod referential;
mod refusals;
mod any_row;
mod constraint;
mod schema_change;
mod pending;
mod transaction;
mod changes;
mod database;
mod plan_delete;
mod shared;
pub(crate) mod parallel;
mod integrity;
mod fingerprint;

pub(crate) use self::access::{
    AccessPath, Candidate, Candidates, Cost, IndexWalk, Limit, NullsApart, PathKind, Range, Ranged,
    Sought, Terms, as_rows, finds_every_child,
};
pub use self::changes::{Changes, RowChange, SequenceChange};
pub use self::clock::Clock;
pub use self::database::{Database, DatabaseOptions};
pub use self::limits::Limits;
pub use self::name::{ColumnName, ForeignKeyName, TableName};
pub use self::plan_delete::{Blocked, DeletePlan, Effect, PlanCause, PlannedRow};
pub use self::read::Row;
pub(crate) use self::read::{RowCells, RowView, TableReader};
pub use self::shared::SharedDatabase;
pub(crate) use self::shared::{Shared, Versions, shared_methods};
pub use self::snapshot::{Snapshot, StorageStats};
pub use self::table_rows::TableRows;
pub use self::transaction::{
    Affected, Commit, OnConflict, PreparedInsert, Savepoint, Transaction, Upserted, Upserts,
};
pub(crate) use self::transaction::{Time, atomically};
pub(crate) use crate::storage::{Field, RowId};
#[cfg(test)]
pub(crate) use crate::storage::{hashes_counted, rows_read};

#[cfg(test)]
mod tests;
