//! Depth costs heap, never stack: long cascades, and drops of much that hangs together, on 256 KiB of stack.
//!
//! `RELATA_LEVELS=n` and `RELATA_ROWS=n` ask for other sizes than the default ones.

use std::thread;

use relata::engine::Database;
use relata::expr::{all, col};
use relata::schema::{Action, ColumnDef, ForeignKeyDef, Schema, TableDef};
use relata::value::{DataType, Value};
use relata_proptests::environment::variable;

const STACK_BYTES: usize = 256 * 1024;

fn levels() -> i64 {
    variable("RELATA_LEVELS", 100_000).expect("a number")
}

fn rows() -> i64 {
    variable("RELATA_ROWS", 1_000_000).expect("a number")
}

fn on_small_stack(body: impl FnOnce() + Send + 'static) {
    let thread = thread::Builder::new().stack_size(STACK_BYTES).spawn(body);
    thread
        .expect("a thread starts")
        .join()
        .expect("the body holds");
}

/// Rows 0 to `length - 1`, each below the one before, but for a first one alone.
fn chain(length: i64, on_delete: Action, on_update: Action) -> Database {
    let schema = Schema::builder()
        .table(
            TableDef::new("links")
                .column(ColumnDef::new("id", DataType::Int).primary_key())
                .column(ColumnDef::new("above", DataType::Int).default(-1_i64))
                .foreign_key(
                    ForeignKeyDef::new(["above"])
                        .references("links", ["id"])
                        .on_delete(on_delete)
                        .on_update(on_update),
                ),
        )
        .build()
        .expect("the schema stands");
    let mut db = Database::new(schema);
    let rows = (0..length).map(|id| {
        let above = (id > 0).then_some(id - 1);
        [Value::Int(id), Value::from(above)]
    });
    db.insert_many("links", &["id", "above"], rows)
        .expect("the chain stands");
    db
}

/// Tables in a row, each referring to the one before by its own primary key: one key change passes through all.
fn tower(height: i64) -> Database {
    let mut builder = Schema::builder();
    for floor in 0..height {
        let table = TableDef::new(format!("t{floor}"))
            .column(ColumnDef::new("id", DataType::Int).primary_key());
        builder = builder.table(match floor {
            0 => table,
            _ => table.foreign_key(
                ForeignKeyDef::new(["id"])
                    .references(format!("t{}", floor - 1), ["id"])
                    .on_update(Action::Cascade),
            ),
        });
    }
    let mut db = Database::new(builder.build().expect("the schema stands"));
    for floor in 0..height {
        db.insert(&format!("t{floor}"), [("id", Value::Int(1))])
            .expect("the row stands");
    }
    db
}

/// A chain in which every link has its parent's key as a part of its own, so that a key change goes all the way down.
fn composite_chain(length: i64) -> Database {
    let schema = Schema::builder()
        .table(
            TableDef::new("links")
                .column(ColumnDef::new("tree", DataType::Int).not_null())
                .column(ColumnDef::new("id", DataType::Int).not_null())
                .column(ColumnDef::new("above", DataType::Int))
                .primary_key(["tree", "id"])
                .foreign_key(
                    ForeignKeyDef::new(["tree", "above"])
                        .references("links", ["tree", "id"])
                        .on_update(Action::Cascade),
                ),
        )
        .build()
        .expect("the schema stands");
    let mut db = Database::new(schema);
    let rows = (0..length).map(|id| {
        let above = (id > 0).then_some(id - 1);
        [Value::Int(1), Value::Int(id), Value::from(above)]
    });
    db.insert_many("links", &["tree", "id", "above"], rows)
        .expect("the chain stands");
    db
}

// rules: RI-32, RI-20
// Broken, a long chain overflows the stack or stops at some level.
#[test]
fn a_delete_cascades_through_every_level() {
    on_small_stack(|| {
        let mut db = chain(levels(), Action::Cascade, Action::NoAction);
        let fingerprint = db.fingerprint();
        let mut transaction = db.begin();
        let affected = transaction
            .delete_key("links", 0_i64)
            .expect("the chain may go");
        assert_eq!(
            (affected.rows, affected.by_actions),
            (1, levels().unsigned_abs() - 1)
        );
        assert_eq!(transaction.count("links"), Ok(0));
        transaction.rollback();
        assert_eq!(db.fingerprint(), fingerprint);
        db.delete_key("links", 0_i64).expect("the chain may go");
        assert_eq!(db.count("links"), Ok(0));
    });
}

// rules: RI-32, RI-18, RI-21
// Broken, a key change stops on its way down, or overflows the stack.
#[test]
fn a_key_change_cascades_through_every_level() {
    on_small_stack(|| {
        let mut db = composite_chain(levels());
        let fingerprint = db.fingerprint();
        let mut transaction = db.begin();
        let affected = transaction
            .update_key("links", (1_i64, 0_i64), [("tree", Value::Int(2))])
            .expect("the tree may be renamed");
        assert_eq!(
            (affected.rows, affected.by_actions),
            (1, levels().unsigned_abs() - 1)
        );
        let renamed = transaction
            .filter("links", &col("tree").eq(2_i64))
            .expect("it is a filter");
        assert_eq!(i64::try_from(renamed.len()), Ok(levels()));
        transaction.rollback();
        assert_eq!(db.fingerprint(), fingerprint);
    });
}

// rules: RI-32, RI-60
// Broken, a refusal at the last of many levels leaves rows changed, or overflows the stack on the way back.
#[test]
fn a_refusal_at_the_last_level_undoes_every_level() {
    on_small_stack(|| {
        let mut db = composite_chain(levels());
        let last = (1_i64, levels() - 1);
        db.insert(
            "links",
            [("tree", Value::Int(2)), ("id", Value::Int(levels() - 1))],
        )
        .expect("the row stands");
        let fingerprint = db.fingerprint();
        let refused = db.update_key("links", (1_i64, 0_i64), [("tree", Value::Int(2))]);
        assert_eq!(
            refused.expect_err("the last row is a duplicate").sqlstate(),
            "23505"
        );
        assert_eq!(db.fingerprint(), fingerprint);
        assert!(db.get("links", last).expect("it is a key").is_some());
    });
}

// rules: RI-32
// Broken, a change that passes through many tables is cut off.
#[test]
fn a_key_change_passes_through_many_tables() {
    on_small_stack(|| {
        let height = 1_000;
        let mut db = tower(height);
        let affected = db
            .update_key("t0", 1_i64, [("id", Value::Int(7))])
            .expect("the key may change");
        assert_eq!(affected.by_actions, height.unsigned_abs() - 1);
        let top = format!("t{}", height - 1);
        assert!(db.get(&top, 7_i64).expect("it is a key").is_some());
    });
}

// rules: RI-32
// Broken, giving back many linked rows overflows the stack: of the database, of a fork, of a snapshot held last.
#[test]
fn many_linked_rows_are_dropped_on_a_small_stack() {
    on_small_stack(|| {
        let db = chain(rows(), Action::NoAction, Action::NoAction);
        let snapshot = db.snapshot();
        let mut fork = db.fork();
        // Nothing is shared after this but what was not touched.
        fork.update("links", &col("id").lt(1_000_i64), [("above", Value::Null)])
            .expect("links may be cut");
        drop(db);
        drop(fork);
        assert_eq!(snapshot.count("links").map(i64::try_from), Ok(Ok(rows())));
        drop(snapshot);
    });
}

// rules: RI-32, RI-60
// Broken, deleting everything at once, or going back from it, overflows the stack.
#[test]
fn everything_is_deleted_and_comes_back_on_a_small_stack() {
    on_small_stack(|| {
        let mut db = chain(levels(), Action::Restrict, Action::Restrict);
        let fingerprint = db.fingerprint();
        let mut transaction = db.begin();
        let affected = transaction
            .delete("links", &all([]))
            .expect("all may go together");
        assert_eq!(affected.rows, levels().unsigned_abs());
        transaction.rollback();
        assert_eq!(db.fingerprint(), fingerprint);
    });
}
