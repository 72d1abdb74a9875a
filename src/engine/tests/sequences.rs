//! Generated keys: what moves the sequence, and what does not.

use crate::engine::tests::blog;
use crate::error::{ConstraintKind, ErrorKind, RequestKind};
use crate::schema::{Action, ColumnDef, Schema, TableDef};
use crate::value::{DataType, Key, Value};

// rules: RI-60, BY-15
// Broken, an update would move the sequence, unlike in PostgreSQL, or a refused insert would.
#[test]
fn an_update_does_not_move_the_sequence() {
    let mut db = blog(Action::Cascade);
    assert_eq!(db.insert("authors", []).unwrap(), Key::from(1));
    db.update_key("authors", 1, [("id", 2.into())]).unwrap();
    for _ in 0..2 {
        let error = db.insert("authors", []).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Constraint(ConstraintKind::Unique));
    }
    let mut tx = db.begin();
    let savepoint = tx.savepoint().unwrap();
    tx.set_sequence("authors", 3).unwrap();
    assert_eq!(tx.insert("authors", []).unwrap(), Key::from(3));
    tx.rollback_to(savepoint).unwrap();
    assert!(tx.insert("authors", []).is_err());
    tx.set_sequence("authors", 9).unwrap();
    let changes = tx.commit_with_changes().unwrap();
    assert_eq!(changes.sequences.len(), 1);
    assert_eq!(db.insert("authors", []).unwrap(), Key::from(9));
    db.check_integrity().unwrap();
}

// rules: BY-15
// Broken, a null would be refused where the next number is meant, or a given number would come again.
#[test]
fn a_null_asks_for_the_next_number_and_a_given_one_moves_on() {
    let mut db = blog(Action::Cascade);
    let null = [("id", Value::Null)];
    assert_eq!(db.insert("authors", null.clone()).unwrap(), Key::from(1));
    db.insert_many("authors", &["id"], [[Value::from(7)], [Value::Null]])
        .unwrap();
    assert_eq!(db.insert("authors", null.clone()).unwrap(), Key::from(9));
    assert_eq!(db.upsert("authors", null).unwrap(), Key::from(10));
    db.upsert("authors", [("id", 20.into())]).unwrap();
    assert_eq!(db.insert("authors", []).unwrap(), Key::from(21));
    db.check_integrity().unwrap();
}

// rules: RI-60
// Broken, the numbers of a table that has none to give could be moved.
#[test]
fn only_a_sequence_that_shows_can_be_moved() {
    let plain = TableDef::new("plain").column(ColumnDef::new("id", DataType::Int).primary_key());
    let hidden = TableDef::new("hidden").column(ColumnDef::new("a", DataType::Int));
    let schema = Schema::builder()
        .table(plain)
        .table(hidden)
        .build()
        .unwrap();
    let mut db = crate::engine::Database::new(schema);
    for table in ["plain", "hidden"] {
        let refused = db.set_sequence(table, 5).unwrap_err().kind();
        assert_eq!(refused, ErrorKind::Request(RequestKind::Unsupported));
    }
}
