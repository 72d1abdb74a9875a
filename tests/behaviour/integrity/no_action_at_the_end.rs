//! NO ACTION: nothing by itself; the reference must hold when all actions of the statement are done.

use relata::engine::Database;
use relata::error::ConstraintKind;
use relata::schema::Action;
use relata::value::Key;

use super::{accept, database, every_row, fill, id, int, number, refer, refuse, rows, set, table};

/// `a (id)`, `b (id, a)` deleted and renamed with it, and `c (id, a, b)`, where a takes no action and b acts.
fn beside_a_path(on_delete: Action, column: &str) -> Database {
    let along = |column: &str, parent: &str, parent_column: &str| {
        refer(column, parent, parent_column).on_update(Action::Cascade)
    };
    let mut db = database([
        table("a", [id()]),
        table("b", [id(), int("a").unique()])
            .foreign_key(along("a", "a", "id").on_delete(Action::Cascade)),
        table("c", [id(), int("a").default(9), int("b")])
            .foreign_key(refer("a", "a", "id"))
            .foreign_key(along(column, "b", "a").on_delete(on_delete)),
    ]);
    fill(&mut db, "a", "1, 9");
    fill(&mut db, "b", "1 1, 9 9");
    fill(&mut db, "c", "1 1 1");
    db
}

// rules: RI-11, D-1
// Broken, a child would be held against its parent although a later level deletes it, lets it go, or moves it.
#[test]
fn a_reference_is_judged_when_the_longest_path_is_done() {
    let ways = [
        (Action::Cascade, "b", ""),
        (Action::SetNull, "a", "1 null 1"),
        (Action::SetDefault, "a", "1 9 1"),
    ];
    for (action, column, c) in ways {
        let mut db = beside_a_path(action, column);
        accept(&mut db, |tx| tx.delete_key("a", 1));
        assert_eq!(rows(&db, "c"), c, "{action}");
    }
    let mut db = beside_a_path(Action::NoAction, "a");
    accept(&mut db, |tx| tx.update_key("a", 1, set("id", 2)));
    assert_eq!(rows(&db, "c"), "1 2 1");
    // Nothing comes to help.
    let mut db = beside_a_path(Action::SetNull, "b");
    let refused = refuse(&mut db, ConstraintKind::Reference, |tx| {
        tx.delete_key("a", 1)
    });
    assert_eq!(
        (&*refused.constraint, refused.row),
        ("c_a_fkey", Some(Key::from(1)))
    );
}

// rules: RI-11, RI-14, RI-6
// Broken, a key that another row provides at the end of the statement would count as gone.
#[test]
fn another_row_may_provide_the_key() {
    let mut db =
        database([table("nodes", [id(), int("next")]).foreign_key(refer("next", "nodes", "id"))]);
    fill(&mut db, "nodes", "1 null, 2 null, 3 1");
    accept(&mut db, |tx| {
        tx.update_with("nodes", &every_row(), |row| {
            let id = number(&row, "id").unwrap();
            Ok(vec![("id", (id % 3 + 1).into())])
        })
    });
    assert_eq!(rows(&db, "nodes"), "1 1, 2 null, 3 null");
    // Row 1 refers to itself now, and may go by itself.
    accept(&mut db, |tx| tx.delete_key("nodes", 1));
}
