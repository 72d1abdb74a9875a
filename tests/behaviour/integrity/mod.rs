//! The rules of integrity (RI and D), through tables: one file for each area.
//!
//! Tables are written and compared as text, `1 10, 2 null`: the columns in their order, the rows by primary key. A
//! statement under test goes through [`accept`] or [`refuse`]; both recompute every index and constraint afterwards,
//! and the second sees to it that nothing has changed.

mod definitions;
mod match_simple;
mod actions_follow_rows;
mod restrict_per_level;
mod no_action_at_the_end;
mod several_actions_on_one_row;
mod set_null_and_set_default;
mod shared_columns;
mod rings_and_self_references;
mod rows_as_the_statement_leaves_them;
mod unique_at_statement_end;
mod deferral_and_savepoints;
mod commit_lists_violations;
mod statement_atomicity;
mod reporting_order;
mod transactions;
mod determinism;

use std::fmt::Debug;

use relata::engine::{Clock, Database, DatabaseOptions, Limits, Row, Snapshot, Transaction};
use relata::error::{ConstraintError, ConstraintKind, Error, ErrorKind, Result};
use relata::expr::{Expr, all};
use relata::schema::{Action, ColumnDef, ForeignKeyDef, Schema, TableDef};
use relata::value::{DataType, Timestamp, Value};

const ACTIONS: [Action; 5] = [
    Action::NoAction,
    Action::Restrict,
    Action::Cascade,
    Action::SetNull,
    Action::SetDefault,
];

// ---- Tables ----

/// The primary key `id`.
fn id() -> ColumnDef {
    int("id").primary_key()
}

fn int(name: &str) -> ColumnDef {
    ColumnDef::new(name, DataType::Int)
}

fn text(name: &str) -> ColumnDef {
    ColumnDef::new(name, DataType::Text)
}

fn table(name: &str, columns: impl IntoIterator<Item = ColumnDef>) -> TableDef {
    columns
        .into_iter()
        .fold(TableDef::new(name), TableDef::column)
}

/// A foreign key, with both lists of columns as `a b`.
fn refer(columns: &str, parent: &str, parent_columns: &str) -> ForeignKeyDef {
    let parent_columns = parent_columns.split_whitespace();
    ForeignKeyDef::new(columns.split_whitespace()).references(parent, parent_columns)
}

/// `parents (id)` and `children (id, parent default 9)`.
fn family(on_delete: Action, on_update: Action) -> Database {
    let key = refer("parent", "parents", "id")
        .on_delete(on_delete)
        .on_update(on_update);
    database([
        table("parents", [id()]),
        table("children", [id(), int("parent").default(9)]).foreign_key(key),
    ])
}

/// Empty tables, with a clock and random values that are the same each time.
fn database(tables: impl IntoIterator<Item = TableDef>) -> Database {
    Database::with_options(schema(tables), options())
}

/// As [`database`], with a limit for the rows that one statement may change.
fn limited(tables: impl IntoIterator<Item = TableDef>, rows_changed_max: usize) -> Database {
    let options = DatabaseOptions {
        limits: Limits {
            rows_changed_max,
            ..Limits::default()
        },
        ..options()
    };
    Database::with_options(schema(tables), options)
}

fn schema(tables: impl IntoIterator<Item = TableDef>) -> Schema {
    let tables = tables.into_iter();
    let builder = tables.fold(Schema::builder(), |builder, table| builder.table(table));
    builder.build().unwrap()
}

fn options() -> DatabaseOptions {
    DatabaseOptions {
        clock: Clock::Fixed(Timestamp::from_micros(0)),
        seed: Some(1),
        ..DatabaseOptions::default()
    }
}

// ---- Rows as text ----

/// Inserts rows of all columns, `1 10, 2 null`, as one statement.
fn fill(db: &mut Database, table: &str, rows: &str) {
    db.transaction(|tx| insert(tx, table, rows)).unwrap();
}

/// As [`fill`], in a transaction.
fn insert(tx: &mut Transaction<'_>, table: &str, rows: &str) -> Result<()> {
    let schema = tx.schema().clone();
    let columns = &schema.table(schema.table_id(table)?).columns;
    let names: Vec<&str> = columns.iter().map(|column| &*column.name).collect();
    let rows = rows.split(", ").map(|row| {
        let cells = row.split_whitespace().zip(columns);
        let values: Vec<Value> = cells.map(|(cell, it)| parse(cell, it.data_type)).collect();
        values
    });
    tx.insert_many(table, &names, rows).map(drop)
}

fn parse(cell: &str, data_type: DataType) -> Value {
    match data_type {
        _ if cell == "null" => Value::Null,
        DataType::Text => cell.into(),
        _ => cell.parse::<i64>().unwrap().into(),
    }
}

/// The rows of a table, as they are given to [`fill`].
fn rows(db: &Snapshot, table: &str) -> String {
    let rows = db.rows(table).unwrap().map(|row| {
        let cells = row.columns().map(|(_, value)| match value.as_str() {
            Some(text) => text.to_owned(),
            None => value.to_string(),
        });
        cells.collect::<Vec<_>>().join(" ")
    });
    rows.collect::<Vec<_>>().join(", ")
}

// ---- Statements ----

/// Does what must succeed, as a transaction.
#[track_caller]
fn accept<T>(db: &mut Database, body: impl FnOnce(&mut Transaction<'_>) -> Result<T>) -> T {
    let value = db.transaction(body).unwrap();
    db.check_integrity().unwrap();
    value
}

/// Does what must fail by a constraint of this kind, and sees that nothing changed.
#[track_caller]
fn refuse<T: Debug>(
    db: &mut Database,
    kind: ConstraintKind,
    body: impl FnOnce(&mut Transaction<'_>) -> Result<T>,
) -> ConstraintError {
    let before = db.fingerprint();
    let mut tx = db.begin();
    let error = body(&mut tx).unwrap_err();
    assert_eq!(tx.fingerprint(), before, "something stays of: {error}");
    tx.check_integrity().unwrap();
    drop(tx);
    assert_eq!(db.fingerprint(), before);
    db.check_integrity().unwrap();
    broken(&error, kind)
}

/// The details of an error of this kind.
#[track_caller]
fn broken(error: &Error, kind: ConstraintKind) -> ConstraintError {
    assert_eq!(error.kind(), ErrorKind::Constraint(kind), "{error}");
    error.as_constraint().unwrap().clone()
}

/// One column and its value.
fn set(column: &str, value: impl Into<Value>) -> [(&str, Value); 1] {
    [(column, value.into())]
}

fn every_row() -> Expr {
    all([])
}

/// Gives every row of a table another value in one column, as one statement; nulls stay.
fn remap(
    tx: &mut Transaction<'_>,
    table: &str,
    column: &str,
    change: impl Fn(i64) -> i64,
) -> Result<relata::Affected> {
    tx.update_with(table, &every_row(), |row| {
        Ok(vec![(column, number(&row, column).map(&change).into())])
    })
}

fn number(row: &Row<'_>, column: &str) -> Option<i64> {
    row.get(column).unwrap().as_int()
}
