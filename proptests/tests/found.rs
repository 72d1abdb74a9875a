//! Cases that the state machine found, each as small as it gets.

use relata::engine::{Database, Transaction};
use relata::schema::{ColumnDef, ForeignKeyDef, Schema, TableDef};
use relata::value::{DataType, Value};

/// A table whose key is an integer, so that it starts dense, with row 0 alone.
fn one_number() -> Database {
    let table = TableDef::new("numbers")
        .column(ColumnDef::new("id", DataType::Int).primary_key())
        .column(ColumnDef::new("above", DataType::Int))
        .foreign_key(ForeignKeyDef::new(["above"]).references("numbers", ["id"]));
    let schema = Schema::builder().table(table).build();
    let mut db = Database::new(schema.expect("the schema stands"));
    db.insert("numbers", [("id", Value::Int(0))])
        .expect("the row stands");
    db
}

fn insert(tx: &mut Transaction<'_>, id: i64) {
    tx.insert("numbers", [("id", Value::Int(id))])
        .expect("the row stands");
}

fn assert_row_0_is_back(db: &Database) {
    assert_eq!(db.check_integrity(), Ok(()));
    assert!(db.get("numbers", 0_i64).expect("it is a key").is_some());
}

// rules: BY-15, RI-60
// Broken, a dense table that was emptied and had an insert refused forgets its base: rollback brings back rows that no
// key finds.
#[test]
fn a_refused_insert_into_an_emptied_table_leaves_the_way_back_open() {
    let mut db = one_number();
    let mut tx = db.begin();
    tx.delete_key("numbers", 0_i64).expect("the row may go");
    tx.insert("numbers", [("id", Value::Int(0)), ("above", Value::Int(9))])
        .expect_err("there is no row 9");
    insert(&mut tx, -1);
    tx.rollback();
    assert_row_0_is_back(&db);
}

// rules: BY-15, RI-54
// Broken, the same by a savepoint instead of a refusal.
#[test]
fn a_savepoint_in_an_emptied_table_leaves_the_way_back_open() {
    let mut db = one_number();
    let mut tx = db.begin();
    tx.delete_key("numbers", 0_i64).expect("the row may go");
    let savepoint = tx.savepoint().expect("there is room for one");
    insert(&mut tx, 0);
    tx.rollback_to(savepoint).expect("it is open");
    insert(&mut tx, -1);
    tx.rollback();
    assert_row_0_is_back(&db);
}
