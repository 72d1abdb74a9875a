//! Unique keys that wait for the end of the transaction, and what refers to them meanwhile.

use crate::engine::{Database, Transaction};
use crate::error::{ConstraintKind, ErrorKind, Operation, RequestKind, TransactionKind};
use crate::expr::{Expr, all, col};
use crate::schema::{Action, ColumnDef, Deferral, ForeignKeyDef, Schema, TableDef, UniqueDef};
use crate::value::{DataType, Key, Value};

/// Seats with a number that is unique in the end, and guests who refer to the number. The key of seats is a text, so that
/// slots and keys have different orders.
fn theatre(timing: Deferral, on_delete: Action) -> Database {
    let schema = Schema::builder()
        .table(
            TableDef::new("seats")
                .column(ColumnDef::new("name", DataType::Text).primary_key())
                .column(ColumnDef::new("number", DataType::Int))
                .column(ColumnDef::new("code", DataType::Int))
                .unique(
                    UniqueDef::new(["number"])
                        .named("seat_number")
                        .deferrable(timing),
                )
                .unique(UniqueDef::new(["code"])),
        )
        .table(
            TableDef::new("guests")
                .column(
                    ColumnDef::new("id", DataType::Int)
                        .primary_key()
                        .auto_increment(),
                )
                .column(ColumnDef::new("seat", DataType::Int))
                .foreign_key(
                    ForeignKeyDef::new(["seat"])
                        .references("seats", ["number"])
                        .on_delete(on_delete)
                        .on_update(Action::Cascade),
                ),
        )
        .build()
        .unwrap();
    Database::new(schema)
}

fn seat(name: &'static str, number: i64) -> [(&'static str, Value); 2] {
    [("name", name.into()), ("number", number.into())]
}

fn numbered(number: i64) -> Expr {
    col("number").eq(number)
}

/// Seats `a` to `c` with numbers 1 to 3.
fn filled(timing: Deferral, on_delete: Action) -> Database {
    let mut db = theatre(timing, on_delete);
    for (name, number) in [("a", 1), ("b", 2), ("c", 3)] {
        db.insert("seats", seat(name, number)).unwrap();
    }
    db
}

/// One statement after the other gives two seats each other's number.
fn swap(tx: &mut Transaction<'_>) {
    tx.update_key("seats", "a", [("number", 2.into())]).unwrap();
    tx.check_structure().unwrap();
    tx.update_key("seats", "b", [("number", 1.into())]).unwrap();
    tx.check_structure().unwrap();
}

fn kind(error: crate::error::Error) -> ErrorKind {
    error.kind()
}

const UNIQUE: ErrorKind = ErrorKind::Constraint(ConstraintKind::Unique);

// rules: RI-42, RI-50, RI-52
// Broken, numbers could not be exchanged in two statements, or a commit would let two seats have one number.
#[test]
fn duplicates_wait_for_commit() {
    let mut db = filled(Deferral::InitiallyDeferred, Action::NoAction);
    let mut tx = db.begin();
    swap(&mut tx);
    tx.commit().unwrap();
    db.check_integrity().unwrap();
    let (before, held) = (db.fingerprint(), db.snapshot());

    let mut tx = db.begin();
    tx.insert("seats", seat("d", 3)).unwrap();
    tx.insert("seats", seat("0", 3)).unwrap();
    assert!(tx.check_integrity().is_err());
    let error = tx.commit().unwrap_err();
    let details = error.as_constraint().unwrap();
    assert_eq!(
        (
            details.constraint.as_str(),
            &details.values[..],
            details.operation
        ),
        ("seat_number", &[Value::from(3)][..], Operation::Commit)
    );
    let other = details.other.as_ref().and_then(|other| other.key.clone());
    assert_eq!(
        (details.row.clone(), other),
        (Some(Key::from("c")), Some(Key::from("0")))
    );
    assert_eq!(db.fingerprint(), before);
    assert_eq!(held.fingerprint(), before);
    // Without a transaction around it a statement is its own.
    assert_eq!(kind(db.insert("seats", seat("d", 3)).unwrap_err()), UNIQUE);
    assert_eq!(db.fingerprint(), before);
    db.check_integrity().unwrap();
}

// rules: RI-55, RI-50
// Broken, a key would be judged at another time than the transaction says, or an unknown name would pass.
#[test]
fn keys_are_switched_by_name() {
    let mut db = filled(Deferral::InitiallyImmediate, Action::NoAction);
    let mut tx = db.begin();
    let update = |tx: &mut Transaction<'_>| tx.update_key("seats", "a", [("number", 2.into())]);
    assert_eq!(kind(update(&mut tx).unwrap_err()), UNIQUE);
    assert_eq!(kind(tx.insert("seats", seat("d", 3)).unwrap_err()), UNIQUE);
    tx.defer_constraints(&["seat_number"]).unwrap();
    update(&mut tx).unwrap();
    let error = tx.set_constraints_immediate(&["seat_number"]).unwrap_err();
    let details = error.as_constraint().unwrap();
    assert_eq!(details.operation, Operation::SetImmediate);
    assert_eq!(kind(tx.check_deferred().unwrap_err()), UNIQUE);
    // The mode stayed, and the transaction goes on.
    tx.insert("seats", seat("d", 3)).unwrap();
    tx.delete_key("seats", "c").unwrap();
    tx.update_key("seats", "b", [("number", 1.into())]).unwrap();
    tx.check_deferred().unwrap();
    tx.set_constraints_immediate(&[]).unwrap();
    assert_eq!(kind(tx.insert("seats", seat("e", 3)).unwrap_err()), UNIQUE);
    for fixed in ["seats_pkey", "seats_code_key", "guests_seat_fkey"] {
        let refused = kind(tx.defer_constraints(&[fixed]).unwrap_err());
        assert_eq!(
            refused,
            ErrorKind::Transaction(TransactionKind::NotDeferrable)
        );
    }
    let unknown = kind(tx.defer_constraints(&["nothing"]).unwrap_err());
    assert_eq!(unknown, ErrorKind::Request(RequestKind::UnknownConstraint));
    tx.commit().unwrap();
    // The mode lasted as long as the transaction.
    assert_eq!(kind(db.insert("seats", seat("f", 3)).unwrap_err()), UNIQUE);
    db.check_integrity().unwrap();
}

// rules: RI-53, RI-54
// Broken, a rollback or a refused statement would forget a duplicate that is there, or remember one that is gone.
#[test]
fn savepoints_and_refusals_keep_what_waits() {
    let mut db = filled(Deferral::InitiallyDeferred, Action::NoAction);
    let mut tx = db.begin();
    tx.update_key("seats", "a", [("number", 3.into())]).unwrap();
    let savepoint = tx.savepoint().unwrap();
    let before = tx.fingerprint();
    tx.update_key("seats", "c", [("number", 1.into())]).unwrap();
    tx.check_deferred().unwrap();
    tx.set_constraints_immediate(&[]).unwrap();
    tx.rollback_to(savepoint).unwrap();
    assert_eq!(tx.fingerprint(), before);
    assert_eq!(kind(tx.check_deferred().unwrap_err()), UNIQUE);
    // The mode is back, too.
    tx.insert("seats", seat("d", 2)).unwrap();
    let guest = |seat: i64| [Value::Null, seat.into()];
    let rows = [guest(2), guest(99)];
    tx.insert_many("guests", &["id", "seat"], rows).unwrap_err();
    let renumber = [("number", 7.into()), ("name", Value::Null)];
    tx.update("seats", &numbered(3), renumber).unwrap_err();
    tx.check_structure().unwrap();
    assert_eq!(kind(tx.check_deferred().unwrap_err()), UNIQUE);
    tx.delete_key("seats", "d").unwrap();
    tx.delete_key("seats", "c").unwrap();
    tx.commit().unwrap();
    db.check_integrity().unwrap();
}

// rules: RI-72
// Broken, which of two seats a number finds would depend on where they stand in memory.
#[test]
fn a_shared_key_finds_the_lowest_primary_key() {
    let mut db = filled(Deferral::InitiallyDeferred, Action::NoAction);
    let mut tx = db.begin();
    for name in ["m", "0", "z"] {
        tx.insert("seats", seat(name, 3)).unwrap();
    }
    let table = tx.schema().table_id("seats").unwrap();
    let found = tx.find(table, 1, &[3.into()]).unwrap();
    assert_eq!(tx.view(table, found).key(), Key::from("0"));
    let all: Vec<Key> = tx
        .filter("seats", &numbered(3))
        .unwrap()
        .iter()
        .map(|row| row.key())
        .collect();
    assert_eq!(all, ["0", "c", "m", "z"].map(Key::from));
    tx.delete("seats", &numbered(3)).unwrap();
    assert!(tx.find(table, 1, &[3.into()]).is_none());
    tx.commit().unwrap();
    db.check_integrity().unwrap();
}

fn seats_of_guests(tx: &Transaction<'_>) -> Vec<Option<i64>> {
    let rows = tx.rows("guests").unwrap();
    rows.map(|row| row.get("seat").unwrap().as_int()).collect()
}

fn guests_of(tx: &Transaction<'_>, seat: &str) -> usize {
    tx.children_of("guests_seat_fkey", seat).unwrap().len()
}

// rules: RI-11, RI-19, RI-90
// Broken, a guest would lose the seat when one of two with the number goes, or would go with the wrong one.
#[test]
fn children_of_a_shared_key_stay_under_one_row() {
    for on_delete in [Action::NoAction, Action::Cascade, Action::SetNull] {
        let mut db = filled(Deferral::InitiallyDeferred, on_delete);
        db.insert("guests", [("seat", 3.into())]).unwrap();
        let mut tx = db.begin();
        tx.insert("seats", seat("0", 3)).unwrap();
        // The first guest stays where it was; the second finds the lowest.
        tx.insert("guests", [("seat", 3.into())]).unwrap();
        assert_eq!((guests_of(&tx, "c"), guests_of(&tx, "0")), (1, 1));
        tx.check_structure().unwrap();
        let start = tx.savepoint().unwrap();
        tx.delete_key("seats", "0").unwrap();
        tx.check_structure().unwrap();
        let expected = match on_delete {
            Action::Cascade => vec![Some(3)],
            Action::SetNull => vec![Some(3), None],
            _ => vec![Some(3), Some(3)],
        };
        assert_eq!(seats_of_guests(&tx), expected);
        tx.rollback_to(start).unwrap();
        // A new number takes only the guests of that seat along.
        tx.update_key("seats", "c", [("number", 4.into())]).unwrap();
        tx.check_structure().unwrap();
        assert_eq!(seats_of_guests(&tx), [Some(4), Some(3)]);
        tx.commit().unwrap();
        db.check_integrity().unwrap();
    }
}

// rules: RI-53, RI-72
// Broken, which of two seats takes the guests that waited would depend on the order in which the seats came.
#[test]
fn children_that_waited_stand_under_the_lowest() {
    let schema = Schema::builder().table(
        TableDef::new("seats")
            .column(ColumnDef::new("name", DataType::Text).primary_key())
            .column(ColumnDef::new("number", DataType::Int))
            .column(ColumnDef::new("behind", DataType::Int))
            .unique(UniqueDef::new(["number"]).deferrable(Deferral::InitiallyDeferred))
            .foreign_key(
                ForeignKeyDef::new(["behind"])
                    .references("seats", ["number"])
                    .named("behind")
                    .deferrable(Deferral::InitiallyDeferred),
            ),
    );
    let mut db = Database::new(schema.build().unwrap());
    let behind = |tx: &Transaction<'_>| {
        ["a", "b", "c"].map(|name| tx.children_of("behind", name).unwrap().len())
    };
    let rows =
        |names: [&'static str; 3]| names.map(|name| [name.into(), Value::from(1), Value::from(1)]);
    let columns = ["name", "number", "behind"];
    // Those that waited, and those of the same statement.
    for waited in [true, false] {
        let mut tx = db.begin();
        if waited {
            tx.insert("seats", [("name", "x".into()), ("behind", 1.into())])
                .unwrap();
            tx.check_structure().unwrap();
        }
        tx.insert_many("seats", &columns, rows(["b", "a", "c"]))
            .unwrap();
        assert_eq!(behind(&tx), [3 + usize::from(waited), 0, 0]);
        tx.check_structure().unwrap();
        tx.delete_key("seats", "a").unwrap();
        assert_eq!(behind(&tx)[0..2], [0, 2 + usize::from(waited)]);
        tx.check_structure().unwrap();
    }
    assert_eq!(db.count("seats").unwrap(), 0);
    db.check_integrity().unwrap();
}

// rules: RI-13, RI-14
// Broken, a seat could go although a guest has its number, because another seat has it, too.
#[test]
fn restrict_looks_at_the_number_whoever_has_it() {
    let mut db = filled(Deferral::InitiallyDeferred, Action::Restrict);
    db.insert("guests", [("seat", 3.into())]).unwrap();
    let mut tx = db.begin();
    tx.insert("seats", seat("0", 3)).unwrap();
    for name in ["0", "c"] {
        let refused = kind(tx.delete_key("seats", name).unwrap_err());
        assert_eq!(refused, ErrorKind::Constraint(ConstraintKind::Restrict));
    }
    tx.delete("guests", &all([])).unwrap();
    tx.delete_key("seats", "0").unwrap();
    tx.commit().unwrap();
    db.check_integrity().unwrap();
}

// rules: RI-52, RI-92
// Broken, a version of an open transaction could become a database whose constraints do not hold.
#[test]
fn a_version_with_something_waiting_is_no_database() {
    let mut db = filled(Deferral::InitiallyDeferred, Action::NoAction);
    let fine = db.snapshot();
    let mut tx = db.begin();
    tx.insert("seats", seat("d", 3)).unwrap();
    let broken = tx.snapshot();
    drop(tx);
    assert_eq!(
        kind(Database::from_snapshot(broken.clone()).unwrap_err()),
        UNIQUE
    );
    let before = db.fingerprint();
    assert_eq!(kind(db.reset_to(&broken).unwrap_err()), UNIQUE);
    assert_eq!(db.fingerprint(), before);
    db.reset_to(&fine).unwrap();
    Database::from_snapshot(fine)
        .unwrap()
        .check_integrity()
        .unwrap();
}
