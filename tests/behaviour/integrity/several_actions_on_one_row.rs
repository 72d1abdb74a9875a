//! Several keys act on one row in one level: what the row becomes must not depend on storage or creation order.

use relata::engine::Database;
use relata::schema::{Action, ForeignKeyDef, UniqueDef};

use super::{accept, database, fill, id, int, refer, refuse, rows, set, table};

/// `root`, and `left (id, root, a, b)` and `right (...)`, both deleted with it, which `rows (id, a, b, c)` refers to.
fn two_parents(keys: [ForeignKeyDef; 2]) -> Database {
    let parent = |name: &str| {
        table(name, [id(), int("root"), int("a"), int("b")])
            .unique(UniqueDef::new(["a", "b"]))
            .foreign_key(refer("root", "root", "id").on_delete(Action::Cascade))
    };
    let child = table(
        "rows",
        [
            id(),
            int("a").default(9),
            int("b").default(8),
            int("c").default(7),
        ],
    );
    let mut db = database([
        table("root", [id()]),
        parent("left"),
        parent("right"),
        keys.into_iter()
            .fold(child, relata::schema::TableDef::foreign_key),
    ]);
    fill(&mut db, "root", "1, 2");
    for name in ["left", "right"] {
        fill(&mut db, name, "1 1 1 1, 2 2 9 1, 3 2 9 7, 4 2 9 8");
    }
    fill(&mut db, "rows", "1 1 1 1");
    db
}

fn left(action: Action) -> ForeignKeyDef {
    refer("a b", "left", "a b").on_delete(action).named("left")
}

fn right(action: Action) -> ForeignKeyDef {
    refer("a c", "right", "a b")
        .on_delete(action)
        .named("right")
}

/// What becomes of the row when both its parents go at once, with the keys created in this order.
fn outcome(keys: [ForeignKeyDef; 2]) -> String {
    let mut db = two_parents(keys);
    let affected = accept(&mut db, |tx| tx.delete_key("root", 1));
    assert_eq!(affected.by_actions, 3, "the row is changed once");
    rows(&db, "rows")
}

// rules: RI-17, D-2
// Broken, a row that one key deletes and another changes would live or die by the order of the keys.
#[test]
fn deleting_wins_over_changing() {
    for other in [Action::SetNull, Action::SetDefault] {
        assert_eq!(outcome([left(Action::Cascade), right(other)]), "");
        assert_eq!(outcome([left(other), right(Action::Cascade)]), "");
        assert_eq!(outcome([right(Action::Cascade), left(other)]), "");
        assert_eq!(outcome([right(other), left(Action::Cascade)]), "");
    }
}

// rules: RI-17, D-2
// Broken, the second key would look for its old value in the row that the first has changed already, and not find it.
#[test]
fn all_compatible_assignments_apply() {
    let null = Action::SetNull;
    assert_eq!(outcome([left(null), right(null)]), "1 null null null");
    assert_eq!(outcome([right(null), left(null)]), "1 null null null");
    let default = Action::SetDefault;
    assert_eq!(outcome([left(default), right(default)]), "1 9 8 7");
    assert_eq!(outcome([right(default), left(default)]), "1 9 8 7");
}

// rules: RI-17, D-2
// Broken, a contradiction would mix two assignments, or the key created last would win.
#[test]
fn the_first_key_wins_a_contradiction_whole() {
    let (null, default) = (Action::SetNull, Action::SetDefault);
    assert_eq!(outcome([left(null), right(default)]), "1 null null 1");
    assert_eq!(outcome([right(default), left(null)]), "1 9 1 7");
    assert_eq!(outcome([left(default), right(null)]), "1 9 8 1");
    assert_eq!(outcome([right(null), left(default)]), "1 null 1 null");
}

// rules: RI-17, RI-1
// Broken, what is left of a contradiction would not be judged.
#[test]
fn the_loser_of_a_contradiction_is_judged_at_the_end() {
    let key = |name: &str, action| refer("a", "parents", "id").on_update(action).named(name);
    let mut db = database([
        table("parents", [id()]),
        table("rows", [id(), int("a").default(9)])
            .foreign_key(key("first", Action::SetDefault))
            .foreign_key(key("second", Action::Cascade)),
    ]);
    fill(&mut db, "parents", "1");
    fill(&mut db, "rows", "1 1");
    // SET DEFAULT goes before CASCADE, and there is no row 9.
    let refused = refuse(&mut db, relata::error::ConstraintKind::Reference, |tx| {
        tx.update_key("parents", 1, set("id", 2))
    });
    assert_eq!(refused.constraint, "first");
    fill(&mut db, "parents", "9");
    accept(&mut db, |tx| tx.update_key("parents", 1, set("id", 2)));
    assert_eq!(rows(&db, "rows"), "1 9");
}
