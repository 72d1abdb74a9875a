//! Panics in what a user gives: closures and iterators. What they interrupt is undone, and everything goes on.
//!
//! `proptests/tests/faults.rs` does it at every step of many statements.

use std::panic::{self, AssertUnwindSafe};

use super::blog;
use crate::engine::Database;
use crate::expr::all;
use crate::schema::Action;
use crate::value::Value;

/// A panic without a message on standard error.
fn panic_on_purpose<T>() -> T {
    panic::resume_unwind(Box::new("on purpose"))
}

/// Runs what panics on purpose.
fn assert_panics<T>(body: impl FnOnce() -> T) {
    let payload = panic::catch_unwind(AssertUnwindSafe(body)).err().unwrap();
    assert_eq!(payload.downcast_ref(), Some(&"on purpose"));
}

fn filled() -> Database {
    let mut db = blog(Action::Cascade);
    for email in ["ada", "bob"] {
        db.insert("authors", [("email", Value::from(email))])
            .unwrap();
    }
    db.insert("posts", [("title", "t".into()), ("author_id", 1.into())])
        .unwrap();
    db
}

// rules: RI-85
// Broken, half of a group of statements would stay when a panic in it is caught, and its savepoint would stay open.
#[test]
fn a_panic_takes_back_what_stands_or_falls_together() {
    let mut db = filled();
    let mut tx = db.begin();
    tx.delete_key("authors", 2).unwrap();
    let before = (tx.fingerprint(), tx.changes().unwrap());
    assert_panics(|| {
        tx.atomically::<()>(|tx| {
            tx.delete_key("authors", 1)?;
            tx.savepoint()?;
            tx.insert("authors", [])?;
            panic_on_purpose()
        })
    });
    assert_eq!((tx.fingerprint(), tx.changes().unwrap()), before);
    assert!(format!("{tx:?}").contains("savepoints: 0"));
    tx.insert("authors", []).unwrap();
    tx.commit().unwrap();
    db.check_integrity().unwrap();
}

// rules: RI-85
// Broken, whoever rolls back over a group from within it, and then panics, would meet a second panic: an abort.
#[test]
fn a_panic_after_going_back_further_is_one_panic() {
    let mut db = filled();
    let before = db.fingerprint();
    let mut tx = db.begin();
    let start = tx.savepoint().unwrap();
    assert_panics(|| {
        tx.atomically::<()>(|tx| {
            tx.insert("authors", [])?;
            tx.rollback_to(start)?;
            panic_on_purpose()
        })
    });
    assert_eq!(tx.fingerprint(), before);
    tx.rollback_to(start).unwrap();
}

// rules: RI-85, RI-60
// Broken, a panic that leaves the transaction would leave its writes, or the database could not be written any more.
#[test]
fn a_panic_out_of_a_transaction_undoes_it() {
    let mut db = filled();
    let before = db.fingerprint();
    assert_panics(|| {
        db.transaction::<()>(|tx| {
            tx.delete_key("authors", 1)?;
            let rows = (0..3).map(|number| match number {
                2 => panic_on_purpose(),
                _ => [Value::from(format!("{number}"))],
            });
            tx.insert_many("authors", &["email"], rows)?;
            Ok(())
        })
    });
    assert_panics(|| db.update_with("authors", &all([]), |_| panic_on_purpose()));
    assert_panics(|| db.insert("authors", std::iter::from_fn(panic_on_purpose)));
    assert_eq!(db.fingerprint(), before);
    db.insert("authors", []).unwrap();
    db.check_integrity().unwrap();
}
