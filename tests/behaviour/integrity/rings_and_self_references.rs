//! Tables that refer to themselves and to each other, at any depth.

use std::thread;

use relata::engine::{Database, Transaction};
use relata::error::{ConstraintKind, ErrorKind, Limit, Result, TransactionKind};
use relata::schema::{Action, Deferral};
use relata::value::Value;

use super::{
    accept, database, every_row, fill, id, insert, int, limited, number, refer, refuse, rows, set,
    table,
};

fn nodes() -> Database {
    let key = refer("parent", "nodes", "id")
        .on_delete(Action::Cascade)
        .on_update(Action::Cascade);
    database([table("nodes", [id(), int("parent")]).foreign_key(key)])
}

// rules: RI-30
// Broken, a row would not follow its own key, or follow it though it was told where to go.
#[test]
fn a_row_that_refers_to_itself_follows_itself() {
    let mut db = nodes();
    fill(&mut db, "nodes", "1 1, 2 1, 3 2");
    let affected = accept(&mut db, |tx| tx.update_key("nodes", 1, set("id", 5)));
    assert_eq!((affected.rows, affected.by_actions), (1, 2));
    assert_eq!(rows(&db, "nodes"), "2 5, 3 2, 5 5");
    // Key and own reference together: the old value follows, and so does the new one by itself.
    let both = |parent: Option<i64>| [("id", 6.into()), ("parent", parent.into())];
    for (parent, after) in [
        (Some(5), "2 6, 3 2, 6 6"),
        (Some(6), "2 6, 3 2, 6 6"),
        (Some(2), "2 6, 3 2, 6 2"),
        (None, "2 6, 3 2, 6 null"),
    ] {
        let mut db = db.fork();
        accept(&mut db, |tx| tx.update_key("nodes", 5, both(parent)));
        assert_eq!(rows(&db, "nodes"), after);
    }
    accept(&mut db, |tx| tx.delete_key("nodes", 5));
    assert_eq!(rows(&db, "nodes"), "");
}

// rules: RI-30, RI-18
// Broken, a row that the statement itself changed could not be changed again by an action of that statement.
#[test]
fn a_row_of_the_statement_is_changed_again_as_a_child() {
    let mut db = nodes();
    fill(&mut db, "nodes", "1 3, 2 1, 3 2");
    let affected = accept(&mut db, |tx| {
        tx.update_with("nodes", &every_row(), |row| {
            let id = number(&row, "id").unwrap();
            Ok(vec![("id", (id * 10).into())])
        })
    });
    assert_eq!((affected.rows, affected.by_actions), (3, 3));
    assert_eq!(rows(&db, "nodes"), "10 30, 20 10, 30 20");
    accept(&mut db, |tx| tx.delete_key("nodes", 20));
    assert_eq!(rows(&db, "nodes"), "");
}

// rules: RI-31, RI-19
// Broken, a change would travel round a ring for ever, or stop before it has come home.
#[test]
fn changes_travel_round_a_ring_of_tables_once() {
    let link = |parent: &str| {
        refer("id", parent, "id")
            .on_delete(Action::Cascade)
            .on_update(Action::Cascade)
            .deferrable(Deferral::InitiallyDeferred)
    };
    let ring = || {
        let mut db = database([
            table("a", [id()]).foreign_key(link("c")),
            table("b", [id()]).foreign_key(link("a")),
            table("c", [id()]).foreign_key(link("b")),
        ]);
        db.transaction(|tx| {
            insert(tx, "a", "1, 2")?;
            insert(tx, "b", "1, 2")?;
            insert(tx, "c", "1, 2")
        })
        .unwrap();
        db
    };
    let all = |db: &Database| ["a", "b", "c"].map(|name| rows(db, name));
    let mut db = ring();
    let affected = accept(&mut db, |tx| tx.update_key("b", 1, set("id", 7)));
    assert_eq!((affected.rows, affected.by_actions), (1, 2));
    assert_eq!(all(&db), ["2, 7"; 3]);
    // Both at once, each into the other's place.
    let mut db = ring();
    let affected = accept(&mut db, |tx| super::remap(tx, "a", "id", |id| 3 - id));
    assert_eq!((affected.rows, affected.by_actions), (2, 4));
    assert_eq!(all(&db), ["1, 2"; 3]);
    let affected = accept(&mut db, |tx| tx.delete_key("c", 2));
    assert_eq!((affected.rows, affected.by_actions), (1, 2));
    assert_eq!(all(&db), ["1"; 3]);
}

// rules: RI-31, RI-50
// Broken, rows that need each other could be created one by one, or not at all.
#[test]
fn rows_that_need_each_other_need_a_deferred_key() {
    let pair = |deferral| {
        let person = |name: &str, other: &str| {
            table(name, [id(), int("other").not_null()])
                .foreign_key(refer("other", other, "id").deferrable(deferral))
        };
        database([person("hens", "eggs"), person("eggs", "hens")])
    };
    let both = |tx: &mut Transaction<'_>| -> Result<()> {
        insert(tx, "hens", "1 2")?;
        insert(tx, "eggs", "2 1")
    };
    for deferral in [Deferral::NotDeferrable, Deferral::InitiallyImmediate] {
        refuse(&mut pair(deferral), ConstraintKind::Reference, both);
    }
    accept(&mut pair(Deferral::InitiallyDeferred), both);
    accept(&mut pair(Deferral::InitiallyImmediate), |tx| {
        tx.defer_constraints(&["hens_other_fkey"])?;
        both(tx)
    });
}

// rules: RI-32
// Broken, a long chain of rows would overflow the stack of the thread that deletes its head.
#[test]
fn depth_does_not_need_stack() {
    const DEPTH: i64 = 20_000;
    let body = || {
        let mut db = nodes();
        let chain = (0..DEPTH).map(|id| [id.into(), Value::from((id > 0).then_some(id - 1))]);
        db.insert_many("nodes", &["id", "parent"], chain).unwrap();
        let affected = db.delete_key("nodes", 0).unwrap();
        assert_eq!(affected.by_actions + 1, DEPTH.unsigned_abs());
        assert_eq!(db.count("nodes").unwrap(), 0);
    };
    let thread = thread::Builder::new().stack_size(256 << 10).spawn(body);
    thread.unwrap().join().unwrap();
}

// rules: RI-32, RI-60
// Broken, the limit would be met one row early or late, or a refused statement would leave a part of itself.
#[test]
fn the_limit_for_changed_rows_is_exact() {
    let statements: [fn(&mut Transaction<'_>) -> Result<u64>; 4] = [
        |tx| insert(tx, "nodes", "11 1 0, 12 1 0, 13 1 0").map(|()| 3),
        |tx| {
            tx.update_key("nodes", 1, set("id", 9))
                .map(|it| it.rows + it.by_actions)
        },
        |tx| tx.delete_key("nodes", 1).map(|it| it.rows + it.by_actions),
        |tx| {
            tx.update("nodes", &every_row(), set("note", 1))
                .map(|it| it.rows)
        },
    ];
    for statement in statements {
        let filled = |rows_changed_max| {
            let key = refer("parent", "nodes", "id")
                .on_delete(Action::Cascade)
                .on_update(Action::Cascade);
            let nodes = table("nodes", [id(), int("parent"), int("note")]).foreign_key(key);
            let mut db = limited([nodes], rows_changed_max);
            for row in ["1 null 0", "2 1 0", "3 1 0", "4 1 0"] {
                fill(&mut db, "nodes", row);
            }
            db
        };
        let needed = accept(&mut filled(100), statement);
        let exact = usize::try_from(needed).unwrap();
        accept(&mut filled(exact), statement);
        let mut db = filled(exact - 1);
        let before = db.fingerprint();
        let mut tx = db.begin();
        let error = statement(&mut tx).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Transaction(TransactionKind::Limit(Limit::RowsChanged))
        );
        assert_eq!(tx.fingerprint(), before);
        tx.check_integrity().unwrap();
        tx.insert("nodes", [("id", 20.into())]).unwrap();
        tx.commit().unwrap();
        db.check_integrity().unwrap();
    }
}
