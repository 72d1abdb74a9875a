//! What a transaction sees of itself, and what others see of it.

use relata::engine::{Database, Snapshot};
use relata::error::{ConstraintKind, Result};
use relata::expr::col;
use relata::schema::Action;
use relata::value::Key;

use super::{accept, family, fill, insert, remap, rows, set};

fn both(db: &Snapshot) -> [String; 2] {
    ["parents", "children"].map(|name| rows(db, name))
}

fn filled(on_delete: Action) -> Database {
    let mut db = family(on_delete, Action::Cascade);
    fill(&mut db, "parents", "1, 2");
    fill(&mut db, "children", "1 1, 2 1, 3 2");
    db
}

// rules: RI-80, RI-20
// Broken, a statement would not find what an earlier one of its transaction did, or what followed from that.
#[test]
fn a_transaction_sees_its_own_changes_and_their_actions() {
    let mut db = filled(Action::Cascade);
    let mut tx = db.begin();
    tx.update_key("parents", 1, set("id", 5)).unwrap();
    assert_eq!(both(&tx), ["2, 5", "1 5, 2 5, 3 2"]);
    assert_eq!(
        tx.children_of("children_parent_fkey", 5).unwrap().count(),
        2
    );
    assert_eq!(
        tx.update("children", &col("parent").eq(5), set("parent", 2))
            .unwrap()
            .rows,
        2
    );
    tx.delete_key("parents", 2).unwrap();
    assert_eq!(both(&tx), ["5", ""]);
    // The key is free, and the parent that is there is found.
    assert!(insert(&mut tx, "children", "1 2").is_err());
    insert(&mut tx, "children", "1 5").unwrap();
    tx.commit().unwrap();
    assert_eq!(both(&db), ["5", "1 5"]);
    db.check_integrity().unwrap();
}

// rules: RI-81, BY-13
// Broken, who holds a version would see rows come and go in it: dirty, one table ahead of the other, or phantoms.
#[test]
fn a_held_version_never_moves() {
    let mut db = filled(Action::Cascade);
    let held = db.snapshot();
    let state = both(&held);
    let unchanged = |when: &str| {
        assert_eq!(both(&held), state, "{when}");
        assert_eq!(
            held.children_of("children_parent_fkey", 1).unwrap().count(),
            2,
            "{when}"
        );
        held.check_integrity().unwrap();
    };
    let mut tx = db.begin();
    tx.delete_key("parents", 1).unwrap();
    unchanged("in a transaction");
    let inside = tx.snapshot();
    insert(&mut tx, "parents", "9").unwrap();
    tx.commit().unwrap();
    unchanged("after a commit");
    // A version taken inside a transaction is as fixed.
    assert_eq!(both(&inside), ["2", "3 2"]);
    db.transaction(|tx| remap(tx, "parents", "id", |id| id + 100))
        .unwrap();
    let result: Result<()> = db.transaction(|tx| {
        tx.delete("parents", &super::every_row())?;
        insert(tx, "parents", "1, 1")
    });
    assert!(result.is_err());
    unchanged("after more");
    assert_eq!(both(&inside), ["2", "3 2"]);
    assert_eq!(both(&db), ["102, 109", "3 102"]);
}

// rules: RI-83, D-7, RI-80
// Broken, one refused statement would spoil the whole transaction, or be committed in part.
#[test]
fn a_transaction_goes_on_after_a_failed_statement() {
    let mut db = filled(Action::NoAction);
    accept(&mut db, |tx| {
        insert(tx, "parents", "3")?;
        let error = tx.delete_key("parents", 1).unwrap_err();
        super::broken(&error, ConstraintKind::Reference);
        insert(tx, "children", "4 3, 5 77").unwrap_err();
        assert_eq!(both(tx), ["1, 2, 3", "1 1, 2 1, 3 2"]);
        insert(tx, "children", "4 3")?;
        tx.update("children", &col("parent").eq(1), set("parent", 3))?;
        tx.delete_key("parents", 1)
    });
    assert_eq!(both(&db), ["2, 3", "1 3, 2 3, 3 2, 4 3"]);
}

// rules: RI-82, RI-81
// Broken, a reference would be checked against the version that was held, not against what is there now.
#[test]
fn references_are_judged_on_the_newest_state() {
    let mut db = filled(Action::NoAction);
    let old = db.snapshot();
    accept(&mut db, |tx| {
        tx.delete_key("children", 3)?;
        tx.delete_key("parents", 2)
    });
    assert!(old.get("parents", 2).unwrap().is_some());
    let error = db
        .transaction(|tx| insert(tx, "children", "3 2"))
        .unwrap_err();
    assert_eq!(
        super::broken(&error, ConstraintKind::Reference).row,
        Some(Key::from(3))
    );
    // A fork that goes on from the old version has the parent.
    let mut fork = Database::from_snapshot(old).unwrap();
    accept(&mut fork, |tx| insert(tx, "children", "4 2"));
    assert_eq!(db.count("children").unwrap(), 2);
}

// rules: RI-85, RI-84
// Broken, a transaction that is left by an error, or let go, would leave something behind.
#[test]
fn leaving_a_transaction_undoes_it() {
    let mut db = filled(Action::Cascade);
    let before = db.fingerprint();
    let left: Result<()> = db.transaction(|tx| {
        tx.savepoint().unwrap();
        tx.delete_key("parents", 1)?;
        insert(tx, "parents", "2")
    });
    assert!(left.is_err());
    assert_eq!(db.fingerprint(), before);
    let mut tx = db.begin();
    tx.update_key("parents", 1, set("id", 9)).unwrap();
    tx.rollback();
    assert_eq!(db.fingerprint(), before);
    db.check_integrity().unwrap();
}
