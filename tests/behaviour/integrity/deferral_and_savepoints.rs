//! Deferred keys: what waits for the commit, what ends the wait, and how savepoints bring it back.

use relata::engine::{Database, Transaction};
use relata::error::{ConstraintKind, ErrorKind, Operation, Result, TransactionKind};
use relata::expr::col;
use relata::schema::{Action, CheckDef, Deferral};
use relata::value::{Key, Value};

use super::{
    accept, broken, database, fill, id, insert, int, refer, refuse, rows, set, table, text,
};

/// `parents (id)` and `children (id, parent, code unique, note)`.
fn deferred(deferral: Deferral, on_delete: Action) -> Database {
    let key = refer("parent", "parents", "id")
        .on_delete(on_delete)
        .deferrable(deferral);
    let columns = [id(), int("parent"), int("code").unique(), text("note")];
    let mut db = database([
        table("parents", [id()]),
        table("children", columns)
            .foreign_key(key)
            .check(CheckDef::new("noted", col("note").ne("bad"))),
    ]);
    fill(&mut db, "parents", "1, 2");
    fill(&mut db, "children", "1 1 1 a, 2 2 2 b");
    db
}

fn waiting() -> Database {
    deferred(Deferral::InitiallyDeferred, Action::NoAction)
}

const ORPHAN: &str = "5 7 5 x";
const NOT_DEFERRABLE: ErrorKind = ErrorKind::Transaction(TransactionKind::NotDeferrable);

/// Commits what must fail for want of a parent, and sees that nothing of it remains.
#[track_caller]
fn commit_fails(db: &mut Database, body: impl FnOnce(&mut Transaction<'_>)) {
    let before = db.fingerprint();
    let mut tx = db.begin();
    body(&mut tx);
    tx.check_structure().unwrap();
    let error = broken(&tx.commit().unwrap_err(), ConstraintKind::Reference);
    assert_eq!(error.operation, Operation::Commit);
    assert_eq!(db.fingerprint(), before, "something stays");
    db.check_integrity().unwrap();
}

// rules: RI-50
// Broken, a key would be judged later or earlier than it is declared, or a single statement would not be its own transaction.
#[test]
fn a_key_is_judged_when_it_says() {
    for deferral in [Deferral::NotDeferrable, Deferral::InitiallyImmediate] {
        let mut db = deferred(deferral, Action::NoAction);
        refuse(&mut db, ConstraintKind::Reference, |tx| {
            insert(tx, "children", ORPHAN)
        });
        refuse(&mut db, ConstraintKind::Reference, |tx| {
            tx.delete_key("parents", 1)
        });
    }
    let mut db = waiting();
    assert!(db.delete_key("parents", 1).is_err());
    accept(&mut db, |tx| {
        tx.delete_key("parents", 1)?;
        insert(tx, "children", ORPHAN)?;
        insert(tx, "parents", "7, 1")
    });
    assert_eq!(db.count("children").unwrap(), 3);
}

// rules: RI-51, RI-40
// Broken, a deferred key would put off its actions, or what else its table is declared to be.
#[test]
fn only_the_judging_of_references_waits() {
    for (action, children) in [
        (Action::Cascade, "2 2 2 b"),
        (Action::SetNull, "1 null 1 a, 2 2 2 b"),
    ] {
        let mut db = deferred(Deferral::InitiallyDeferred, action);
        let mut tx = db.begin();
        tx.delete_key("parents", 1).unwrap();
        assert_eq!(rows(&tx, "children"), children);
        tx.commit().unwrap();
    }
    let mut db = deferred(Deferral::InitiallyDeferred, Action::Restrict);
    refuse(&mut db, ConstraintKind::Restrict, |tx| {
        tx.delete_key("parents", 1)
    });
    refuse(&mut db, ConstraintKind::Check, |tx| {
        insert(tx, "children", "5 7 5 bad")
    });
    refuse(&mut db, ConstraintKind::Unique, |tx| {
        insert(tx, "children", "5 7 1 x")
    });
    refuse(&mut db, ConstraintKind::NotNull, |tx| {
        insert(tx, "children", "null 7 5 x")
    });
}

// rules: RI-52, D-8, RI-81
// Broken, a part of a transaction would survive its failed commit, or be seen by somebody before it.
#[test]
fn a_failed_commit_leaves_nothing() {
    let mut db = waiting();
    let published = db.snapshot();
    commit_fails(&mut db, |tx| {
        insert(tx, "parents", "3").unwrap();
        tx.update_key("children", 2, set("code", 22)).unwrap();
        tx.delete_key("parents", 1).unwrap();
        insert(tx, "children", ORPHAN).unwrap();
    });
    assert_eq!(published.fingerprint(), db.fingerprint());
    // The lowest row of the first key is named, and the next transaction starts afresh.
    let mut tx = db.begin();
    insert(&mut tx, "children", "9 8 9 x, 8 7 8 x").unwrap();
    let error = broken(&tx.commit().unwrap_err(), ConstraintKind::Reference);
    assert_eq!(
        (error.row, &error.values[0]),
        (Some(Key::from(8)), &7.into())
    );
    accept(&mut db, |tx| insert(tx, "children", "8 1 8 x"));
}

// rules: D-8, RI-52
// Broken, asking early would end the transaction, or change when it is judged.
#[test]
fn asking_early_ends_nothing() {
    let mut db = waiting();
    let mut tx = db.begin();
    insert(&mut tx, "children", ORPHAN).unwrap();
    let during = tx.fingerprint();
    for _ in 0..2 {
        let error = tx.check_deferred().unwrap_err();
        assert_eq!(
            broken(&error, ConstraintKind::Reference).row,
            Some(5.into())
        );
        assert_eq!(tx.fingerprint(), during);
    }
    insert(&mut tx, "children", "6 8 6 y").unwrap();
    insert(&mut tx, "parents", "7, 8").unwrap();
    tx.check_deferred().unwrap();
    tx.commit().unwrap();
    db.check_integrity().unwrap();
}

// rules: RI-53, RI-52
// Broken, what once was missing would be refused at commit although it is there, or not asked for any more.
#[test]
fn the_present_state_decides_at_commit() {
    type Way = fn(&mut Transaction<'_>) -> Result<()>;
    let good: [Way; 8] = [
        |tx| insert(tx, "parents", "7"),
        |tx| {
            tx.update_key("parents", 2, set("id", 7))
                .and_then(|_| insert(tx, "parents", "2"))
        },
        |tx| tx.delete_key("children", 5).map(drop),
        |tx| tx.update_key("children", 5, set("parent", 2)).map(drop),
        |tx| {
            tx.update_key("children", 5, set("parent", Value::Null))
                .map(drop)
        },
        |tx| {
            tx.update_key("children", 5, set("parent", 8))
                .and_then(|_| insert(tx, "parents", "8"))
        },
        |tx| {
            tx.update_key("children", 5, [("id", 6.into()), ("note", "y".into())])?;
            insert(tx, "parents", "7")
        },
        |tx| {
            insert(tx, "parents", "7")?;
            tx.delete_key("parents", 7)?;
            insert(tx, "parents", "7")
        },
    ];
    for way in good {
        accept(&mut waiting(), |tx| {
            insert(tx, "children", ORPHAN)?;
            way(tx)
        });
    }
    let bad: [Way; 5] = [
        |tx| insert(tx, "parents", "8"),
        |tx| tx.update_key("children", 5, set("parent", 8)).map(drop),
        |tx| insert(tx, "parents", "7").and_then(|()| tx.delete_key("parents", 7).map(drop)),
        |tx| {
            tx.delete_key("children", 5)
                .and_then(|_| insert(tx, "children", "6 7 6 y"))
        },
        |tx| {
            insert(tx, "parents", "7")?;
            tx.update_key("parents", 7, set("id", 8)).map(drop)
        },
    ];
    for way in bad {
        commit_fails(&mut waiting(), |tx| {
            insert(tx, "children", ORPHAN).unwrap();
            way(tx).unwrap();
        });
    }
}

// rules: RI-53
// Broken, a parent that goes and is replaced by another row would still be missed, or its child would lose the new one.
#[test]
fn a_vanished_parent_may_be_replaced() {
    accept(&mut waiting(), |tx| {
        tx.delete_key("parents", 1)?;
        tx.update_key("parents", 2, set("id", 1))?;
        tx.update_key("children", 2, set("parent", 1))
    });
    let mut db = waiting();
    accept(&mut db, |tx| {
        tx.update_key("parents", 1, set("id", 3))?;
        insert(tx, "parents", "1")?;
        tx.delete_key("parents", 3)
    });
    let children = db.children_of("children_parent_fkey", 1).unwrap();
    assert_eq!(children.count(), 1);
    commit_fails(&mut waiting(), |tx| {
        tx.update_key("parents", 1, set("id", 3)).unwrap();
    });
}

// rules: RI-3, RI-53
// Broken, touching any other column of a bad row would make everybody forget that it is bad.
#[test]
fn an_unrelated_change_does_not_settle_what_is_pending() {
    let changes: [fn(&mut Transaction<'_>) -> Result<relata::Affected>; 5] = [
        |tx| tx.update_key("children", 5, set("note", "y")),
        |tx| tx.update_key("children", 5, set("code", 6)),
        |tx| tx.update_key("children", 5, set("id", 6)),
        |tx| tx.update_key("children", 5, set("parent", 7)),
        |tx| tx.update_key("children", 5, [("parent", 7.into()), ("note", "z".into())]),
    ];
    for change in changes {
        commit_fails(&mut waiting(), |tx| {
            insert(tx, "children", ORPHAN).unwrap();
            change(tx).unwrap();
            assert!(tx.check_deferred().is_err());
        });
        // A child that lost its parent is no different.
        commit_fails(&mut waiting(), |tx| {
            tx.update_key("children", 2, set("id", 5)).unwrap();
            tx.update_key("children", 5, [("parent", 1.into()), ("code", 3.into())])
                .unwrap();
            tx.delete_key("parents", 1).unwrap();
            tx.update_key("children", 5, [("note", "y".into()), ("code", 5.into())])
                .unwrap();
        });
    }
}

// rules: RI-53, RI-60, RI-83
// Broken, a statement that failed would leave its orphans to the commit, or take along those that were there.
#[test]
fn a_failed_statement_adds_and_removes_nothing_pending() {
    let fails = |tx: &mut Transaction<'_>, rows: &str| insert(tx, "children", rows).unwrap_err();
    accept(&mut waiting(), |tx| {
        // The second row repeats a code, when the first is written already.
        fails(tx, "5 7 5 x, 6 7 5 y");
        tx.update(
            "children",
            &super::every_row(),
            [("parent", 7.into()), ("note", "bad".into())],
        )
        .unwrap_err();
        Ok(())
    });
    commit_fails(&mut waiting(), |tx| {
        insert(tx, "children", ORPHAN).unwrap();
        // These would bring the parent, delete the child, point it elsewhere; and fail.
        insert(tx, "parents", "7, 1").unwrap_err();
        tx.update(
            "children",
            &super::every_row(),
            [("parent", 1.into()), ("code", 1.into())],
        )
        .unwrap_err();
        assert!(tx.check_deferred().is_err());
    });
}

// rules: RI-54, RI-84
// Broken, an orphan that was rolled back would be refused at commit, or one that came back would be overlooked.
#[test]
fn rolling_back_restores_what_was_pending() {
    accept(&mut waiting(), |tx| {
        let start = tx.savepoint().unwrap();
        insert(tx, "children", ORPHAN)?;
        tx.delete_key("parents", 2)?;
        assert!(tx.check_deferred().is_err());
        tx.rollback_to(start)?;
        tx.check_deferred()
    });
    let cures: [fn(&mut Transaction<'_>) -> Result<()>; 5] = [
        |tx| insert(tx, "parents", "7"),
        |tx| tx.delete_key("children", 5).map(drop),
        |tx| tx.update_key("children", 5, set("parent", 1)).map(drop),
        |tx| {
            tx.update_key("children", 5, set("parent", Value::Null))
                .map(drop)
        },
        |tx| {
            tx.update_key("parents", 2, set("id", 7))
                .and_then(|_| tx.update_key("children", 2, set("parent", 7)).map(drop))
        },
    ];
    for cure in cures {
        commit_fails(&mut waiting(), |tx| {
            insert(tx, "children", ORPHAN).unwrap();
            let sick = tx.savepoint().unwrap();
            cure(tx).unwrap();
            tx.check_deferred().unwrap();
            tx.rollback_to(sick).unwrap();
            assert!(tx.check_deferred().is_err());
        });
        // The cure stays when its savepoint is released, which judges nothing itself.
        accept(&mut waiting(), |tx| {
            let outer = tx.savepoint().unwrap();
            insert(tx, "children", ORPHAN)?;
            let inner = tx.savepoint().unwrap();
            cure(tx)?;
            tx.release(inner)?;
            tx.release(outer)
        });
        commit_fails(&mut waiting(), |tx| {
            let outer = tx.savepoint().unwrap();
            insert(tx, "children", ORPHAN).unwrap();
            tx.release(outer).unwrap();
        });
    }
}

// rules: RI-54, RI-55
// Broken, a key would stay deferred, or immediate, although the switch was rolled back.
#[test]
fn rolling_back_restores_the_modes() {
    let mut db = waiting();
    let mut tx = db.begin();
    let start = tx.savepoint().unwrap();
    tx.set_constraints_immediate(&[]).unwrap();
    assert!(insert(&mut tx, "children", ORPHAN).is_err());
    tx.rollback_to(start).unwrap();
    insert(&mut tx, "children", ORPHAN).unwrap();
    insert(&mut tx, "parents", "7").unwrap();
    tx.commit().unwrap();

    let mut db = deferred(Deferral::InitiallyImmediate, Action::NoAction);
    let mut tx = db.begin();
    let start = tx.savepoint().unwrap();
    tx.defer_constraints(&["children_parent_fkey"]).unwrap();
    let within = tx.savepoint().unwrap();
    tx.release(within).unwrap();
    insert(&mut tx, "children", ORPHAN).unwrap();
    tx.rollback_to(start).unwrap();
    assert!(insert(&mut tx, "children", ORPHAN).is_err());
    tx.commit().unwrap();
    // A released savepoint keeps the switch.
    let mut tx = db.begin();
    let start = tx.savepoint().unwrap();
    tx.defer_constraints(&[]).unwrap();
    tx.release(start).unwrap();
    insert(&mut tx, "children", ORPHAN).unwrap();
    insert(&mut tx, "parents", "7").unwrap();
    tx.commit().unwrap();
    db.check_integrity().unwrap();
}

// rules: RI-55
// Broken, a switch to immediate would leave orphans for later, take effect although it failed, or outlive its transaction.
#[test]
fn switching_to_immediate_judges_at_once() {
    let mut db = waiting();
    let mut tx = db.begin();
    insert(&mut tx, "children", ORPHAN).unwrap();
    let error = tx.set_constraints_immediate(&[]).unwrap_err();
    let error = broken(&error, ConstraintKind::Reference);
    assert_eq!(
        (error.operation, error.row),
        (Operation::SetImmediate, Some(5.into()))
    );
    // The mode stayed, and so did the row.
    insert(&mut tx, "children", "6 8 6 y").unwrap();
    insert(&mut tx, "parents", "7, 8").unwrap();
    tx.set_constraints_immediate(&["children_parent_fkey"])
        .unwrap();
    assert!(insert(&mut tx, "children", "9 9 9 z").is_err());
    tx.defer_constraints(&["children_parent_fkey"]).unwrap();
    insert(&mut tx, "children", "9 9 9 z").unwrap();
    insert(&mut tx, "parents", "9").unwrap();
    tx.set_constraints_immediate(&[]).unwrap();
    tx.commit().unwrap();
    accept(&mut db, |tx| {
        insert(tx, "children", "10 10 10 z")?;
        insert(tx, "parents", "10")
    });
}

// rules: RI-55, RI-50
// Broken, a switch would hit another key than the one named, or one that was declared to allow none.
#[test]
fn switching_is_per_key_and_refused_for_keys_that_cannot_wait() {
    let key = |name: &str, deferral| {
        refer(name, "parents", "id")
            .named(name)
            .deferrable(deferral)
    };
    let mut db = database([
        table("parents", [id()]),
        table("children", [id(), int("one"), int("two"), int("never")])
            .foreign_key(key("one", Deferral::InitiallyImmediate))
            .foreign_key(key("two", Deferral::InitiallyImmediate))
            .foreign_key(key("never", Deferral::NotDeferrable)),
    ]);
    let mut tx = db.begin();
    tx.defer_constraints(&["one"]).unwrap();
    insert(&mut tx, "children", "1 7 null null").unwrap();
    assert!(insert(&mut tx, "children", "2 null 7 null").is_err());
    for refused in [
        tx.defer_constraints(&["never"]),
        tx.set_constraints_immediate(&["never"]),
        tx.defer_constraints(&["two", "never"]),
    ] {
        assert_eq!(refused.unwrap_err().kind(), NOT_DEFERRABLE);
    }
    // A refused switch switched nothing.
    assert!(insert(&mut tx, "children", "2 null 7 null").is_err());
    tx.defer_constraints(&[]).unwrap();
    insert(&mut tx, "children", "2 null 7 null").unwrap();
    assert!(insert(&mut tx, "children", "3 null null 7").is_err());
    // The pending row of one key does not keep another from being switched; its own does.
    assert!(tx.set_constraints_immediate(&["one"]).is_err());
    tx.delete_key("children", 1).unwrap();
    tx.set_constraints_immediate(&["one"]).unwrap();
    assert!(tx.set_constraints_immediate(&[]).is_err());
    insert(&mut tx, "parents", "7").unwrap();
    tx.commit().unwrap();
    db.check_integrity().unwrap();
}

// rules: RI-84
// Broken, a savepoint would be used up by going back to it, or outlive one that it stands in.
#[test]
fn savepoints_nest() {
    let mut db = waiting();
    let unknown = ErrorKind::Transaction(TransactionKind::UnknownSavepoint);
    let mut tx = db.begin();
    let states: Vec<_> = (0..4)
        .map(|step| {
            let state = (tx.savepoint().unwrap(), tx.fingerprint());
            insert(&mut tx, "parents", &format!("{}", 10 + step)).unwrap();
            state
        })
        .collect();
    tx.release(states[3].0).unwrap();
    assert_eq!(tx.count("parents").unwrap(), 6);
    for _ in 0..2 {
        tx.rollback_to(states[2].0).unwrap();
        assert_eq!(tx.fingerprint(), states[2].1);
        insert(&mut tx, "parents", "20").unwrap();
    }
    tx.rollback_to(states[1].0).unwrap();
    assert_eq!(tx.fingerprint(), states[1].1);
    for gone in [states[2].0, states[3].0] {
        assert_eq!(tx.rollback_to(gone).unwrap_err().kind(), unknown);
        assert_eq!(tx.release(gone).unwrap_err().kind(), unknown);
    }
    assert_eq!(tx.rollback_to(states[2].0).unwrap_err().sqlstate(), "3B001");
    // Releasing the outer one merges the inner one too.
    let inner = tx.savepoint().unwrap();
    tx.release(states[0].0).unwrap();
    assert_eq!(tx.release(inner).unwrap_err().kind(), unknown);
    tx.commit().unwrap();
    let mut tx = db.begin();
    assert_eq!(tx.rollback_to(states[0].0).unwrap_err().kind(), unknown);
    drop(tx);
    assert_eq!(rows(&db, "parents"), "1, 2, 10");
}

// rules: RI-95, RI-3
// Broken, the check of everything would pass a state with an orphan in it.
#[test]
fn the_full_check_reports_what_is_pending() {
    let mut db = waiting();
    db.check_integrity().unwrap();
    let mut tx = db.begin();
    insert(&mut tx, "children", ORPHAN).unwrap();
    let faults = tx.check_integrity().unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("children_parent_fkey"), "{faults:?}");
    tx.check_structure().unwrap();
    insert(&mut tx, "parents", "7").unwrap();
    tx.check_integrity().unwrap();
}
