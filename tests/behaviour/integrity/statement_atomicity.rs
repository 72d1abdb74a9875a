//! A statement happens whole or not at all, and reads the state from before it began.

use std::panic::{AssertUnwindSafe, catch_unwind};

use relata::engine::{Database, Transaction};
use relata::error::{ConstraintKind, ErrorKind, RequestError, RequestKind, Result};
use relata::expr::col;
use relata::schema::{Action, CheckDef, IndexDef, IndexKind, UniqueDef};
use relata::value::{Key, Value};

use super::{
    accept, database, every_row, fill, id, insert, int, number, refer, refuse, rows, set, table,
    text,
};

/// `parents` with generated keys, and `children` with a unique key, an index of each kind, a check and actions.
fn indexed() -> Database {
    let serial = || id().auto_increment();
    let key = refer("parent", "parents", "id")
        .on_delete(Action::Cascade)
        .on_update(Action::Cascade);
    let children = table(
        "children",
        [serial(), int("parent"), int("code").unique(), text("note")],
    )
    .unique(UniqueDef::new(["parent", "note"]))
    .index(IndexDef::new(["code"]).ordered().named("ordered"))
    .index(IndexDef::new(["note"]).hash().named("hashed"))
    .check(CheckDef::new("small", col("code").lt(100)))
    .foreign_key(key);
    let mut db = database([table("parents", [serial(), int("code")]), children]);
    fill(&mut db, "parents", "1 1, 2 2, 3 3");
    fill(&mut db, "children", "1 1 1 a, 2 1 2 b, 3 2 3 a, 4 2 4 b");
    let kinds = db.schema().tables()[1].indexes.iter();
    assert!(
        kinds
            .map(|index| index.kind)
            .eq([IndexKind::Ordered, IndexKind::Hash])
    );
    db
}

// rules: RI-60, RI-83, D-7
// Broken, the key or the index entry of a row that was refused would stay, and keep the next one out.
#[test]
fn a_failed_statement_leaves_no_row_and_no_index_entry() {
    type Failing = fn(&mut Transaction<'_>) -> Result<()>;
    let statements: [(ConstraintKind, Failing); 7] = [
        (ConstraintKind::Unique, |tx| {
            insert(tx, "children", "5 3 5 c, 6 3 6 d, 7 3 1 e")
        }),
        (ConstraintKind::Unique, |tx| {
            insert(tx, "children", "5 3 5 c, 6 3 6 c")
        }),
        (ConstraintKind::Unique, |tx| {
            insert(tx, "children", "5 3 5 c, 1 3 6 d")
        }),
        (ConstraintKind::Check, |tx| {
            insert(tx, "children", "5 3 5 c, 6 3 100 d")
        }),
        (ConstraintKind::Reference, |tx| {
            insert(tx, "children", "5 3 5 c, 6 9 6 d")
        }),
        (ConstraintKind::Check, |tx| {
            super::remap(tx, "children", "code", |code| code * 30).map(drop)
        }),
        (ConstraintKind::Unique, |tx| {
            tx.update(
                "children",
                &every_row(),
                [("parent", 3.into()), ("note", "c".into())],
            )
            .map(drop)
        }),
    ];
    let good = "5 3 5 c, 6 3 6 d";
    for (kind, statement) in statements {
        let mut db = indexed();
        refuse(&mut db, kind, statement);
        // In one transaction the work before and after it stands.
        accept(&mut db, |tx| {
            insert(tx, "parents", "4 4")?;
            statement(tx).unwrap_err();
            assert_eq!(
                tx.filter("children", &col("note").eq("c")).unwrap().len(),
                0
            );
            assert_eq!(tx.filter("children", &col("code").ge(5)).unwrap().len(), 0);
            insert(tx, "children", good)
        });
        assert_eq!(rows(&db, "parents"), "1 1, 2 2, 3 3, 4 4");
        assert_eq!(
            rows(&db, "children"),
            format!("1 1 1 a, 2 1 2 b, 3 2 3 a, 4 2 4 b, {good}")
        );
    }
}

// rules: RI-60, BY-15
// Broken, a refused insert would use up a generated key, or change the order of the rows.
#[test]
fn a_failed_statement_gives_back_generated_keys() {
    let mut db = indexed();
    let note = |note: &str| [("note", Value::from(note))];
    let mut tx = db.begin();
    assert_eq!(tx.insert("children", note("x")).unwrap(), Key::from(5));
    let twice = [("note", "y".into()), ("code", 1.into())];
    tx.insert("children", twice).unwrap_err();
    insert(&mut tx, "children", "50 1 50 a, 51 1 50 b").unwrap_err();
    assert_eq!(tx.insert("children", note("z")).unwrap(), Key::from(6));
    tx.commit().unwrap();
    assert_eq!(db.insert("children", []).unwrap(), Key::from(7));
    db.check_integrity().unwrap();
}

// rules: RI-60, RI-85, D-7
// Broken, half of an update, or of a cascade, would stay when the caller's closure gives up or panics on a later row.
#[test]
fn a_closure_that_fails_or_panics_undoes_its_statement() {
    for failing in 0..4 {
        for panics in [false, true] {
            let mut db = indexed();
            let before = db.fingerprint();
            let statement = |tx: &mut Transaction<'_>| {
                let mut calls = 0;
                tx.update_with("children", &every_row(), |row| {
                    calls += 1;
                    if calls <= failing {
                        return Ok(vec![("code", (50 + calls).into()), ("parent", 3.into())]);
                    }
                    assert!(!panics, "on purpose, at row {}", row.key());
                    Err(RequestError::refused("children", "refused").into())
                })
            };
            // Caught by whoever holds the transaction, it goes on without the statement.
            let mut tx = db.begin();
            tx.update_key("parents", 1, set("id", 7)).unwrap();
            let during = tx.fingerprint();
            let outcome = catch_unwind(AssertUnwindSafe(|| statement(&mut tx)));
            assert_eq!(outcome.is_err(), panics);
            assert!(outcome.is_err() || outcome.is_ok_and(|result| result.is_err()));
            assert_eq!(tx.fingerprint(), during);
            tx.check_integrity().unwrap();
            drop(tx);
            assert_eq!(db.fingerprint(), before);
            // Not caught before it leaves the transaction, it takes all of that along.
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                db.transaction(|tx| {
                    tx.update_key("parents", 1, set("id", 7))?;
                    statement(tx)
                })
            }));
            assert_eq!(outcome.is_err(), panics);
            assert_eq!(db.fingerprint(), before);
            db.check_integrity().unwrap();
            accept(&mut db, |tx| insert(tx, "children", "5 3 5 c"));
        }
    }
}

// rules: RI-61
// Broken, the second row would be computed from what the first has become, or a value be read after it was written.
#[test]
fn a_statement_reads_the_state_from_before_it() {
    let mut db = database([table("steps", [id(), int("a"), int("b")])]);
    fill(&mut db, "steps", "1 10 1, 2 20 2, 3 30 3");
    let held = db.snapshot();
    // Each row takes its neighbour's values, and its own the other way round.
    accept(&mut db, |tx| {
        tx.update_with("steps", &every_row(), |row| {
            let next = number(&row, "id").unwrap() % 3 + 1;
            let next = held.get("steps", next).unwrap().unwrap();
            Ok(vec![
                ("a", number(&row, "b").into()),
                ("b", number(&next, "a").into()),
            ])
        })
    });
    assert_eq!(rows(&db, "steps"), "1 1 20, 2 2 30, 3 3 10");
    // A key moves into the range of the filter, and is not addressed again.
    let affected = accept(&mut db, |tx| {
        tx.update_with("steps", &col("id").ge(1), |row| {
            Ok(vec![("id", (number(&row, "id").unwrap() + 1).into())])
        })
    });
    assert_eq!(affected.rows, 3);
    assert_eq!(rows(&db, "steps"), "2 1 20, 3 2 30, 4 3 10");
    // The filter is read before too: no row leaves or joins it on the way.
    accept(&mut db, |tx| {
        tx.update("steps", &col("a").lt(3), set("a", 3))
    });
    assert_eq!(rows(&db, "steps"), "2 3 20, 3 3 30, 4 3 10");
}

// rules: RI-61
// Broken, an insert fed from its own table would go on for ever.
#[test]
fn an_insert_fed_from_its_own_table_ends() {
    let mut db = database([table("steps", [id(), int("a")])]);
    fill(&mut db, "steps", "1 10, 2 20");
    for doubled in [4, 8, 16] {
        let source = db.snapshot();
        let affected = accept(&mut db, |tx| {
            let rows = source.rows("steps").unwrap().map(|row| {
                let (id, a) = (number(&row, "id").unwrap(), number(&row, "a"));
                [(id + doubled).into(), a.into()]
            });
            tx.insert_many("steps", &["id", "a"], rows)
        });
        assert_eq!(affected.rows * 2, doubled.unsigned_abs());
        assert_eq!(
            db.count("steps").unwrap(),
            usize::try_from(doubled).unwrap()
        );
    }
}

// rules: RI-62, RI-12
// Broken, an upsert of a row that is there would delete it and insert another: children gone, other columns lost.
#[test]
fn an_upsert_of_a_row_that_is_there_updates_it_in_place() {
    let mut db = indexed();
    let row = |id: i64, code: i64| [("id", id.into()), ("code", code.into())];
    accept(&mut db, |tx| tx.upsert("parents", row(1, 7)));
    assert_eq!(rows(&db, "parents"), "1 7, 2 2, 3 3");
    accept(&mut db, |tx| tx.upsert("children", row(3, 7)));
    assert_eq!(rows(&db, "children"), "1 1 1 a, 2 1 2 b, 3 2 7 a, 4 2 4 b");
    // It is judged as the update, or the insert, that it is.
    refuse(&mut db, ConstraintKind::Unique, |tx| {
        tx.upsert("children", row(3, 1))
    });
    refuse(&mut db, ConstraintKind::Check, |tx| {
        tx.upsert("children", row(3, 100))
    });
    refuse(&mut db, ConstraintKind::Reference, |tx| {
        tx.upsert("children", [("id", 9.into()), ("parent", 9.into())])
    });
    assert_eq!(
        accept(&mut db, |tx| tx.upsert("parents", row(8, 8))),
        Key::from(8)
    );
    assert_eq!(db.insert("parents", []).unwrap(), Key::from(9));
}

// rules: RI-73, RI-12
// Broken, rows that actions changed would be counted as addressed, or addressed rows without a change left out.
#[test]
fn addressed_rows_and_rows_of_actions_are_counted_apart() {
    let mut db = indexed();
    let counts = |affected: relata::Affected| (affected.rows, affected.by_actions);
    let mut tx = db.begin();
    let inserted = tx.insert_many("parents", &["code"], [[4.into()], [Value::from(5)]]);
    assert_eq!(counts(inserted.unwrap()), (2, 0));
    let all = every_row();
    assert_eq!(
        counts(tx.update("parents", &all, set("code", 5)).unwrap()),
        (5, 0)
    );
    assert_eq!(
        counts(tx.update("parents", &all, set("code", 5)).unwrap()),
        (5, 0)
    );
    assert_eq!(
        counts(tx.update_key("parents", 1, set("id", 9)).unwrap()),
        (1, 2)
    );
    assert_eq!(
        counts(tx.update_key("parents", 77, set("id", 9)).unwrap()),
        (0, 0)
    );
    assert_eq!(counts(tx.delete_key("parents", 77).unwrap()), (0, 0));
    assert_eq!(counts(tx.delete("parents", &all).unwrap()), (5, 4));
    assert_eq!(tx.commit().unwrap().rows, 2 + 5 + 5 + 3 + 9);
}

// rules: RI-60, RI-70
// Broken, a request that makes no sense would be found out when some rows are written.
#[test]
fn a_bad_request_changes_nothing() {
    let mut db = indexed();
    let before = db.fingerprint();
    let kinds = [
        (RequestKind::UnknownTable, db.insert("nobody", []).err()),
        (
            RequestKind::UnknownColumn,
            db.insert("parents", set("nothing", 1)).err(),
        ),
        (
            RequestKind::Type,
            db.update("children", &every_row(), set("code", "x")).err(),
        ),
        (
            RequestKind::KeyLength,
            db.insert_many("parents", &["code"], [vec![1.into()], vec![]])
                .err(),
        ),
        (
            RequestKind::Repeated,
            db.insert("parents", [("code", 1.into()), ("code", 2.into())])
                .err(),
        ),
    ];
    for (kind, error) in kinds {
        assert_eq!(error.unwrap().kind(), ErrorKind::Request(kind));
    }
    assert_eq!(db.fingerprint(), before);
    db.check_integrity().unwrap();
}
