//! When actions fire, and on which rows: those that stood under the very row that changed.

use relata::engine::{Database, Transaction};
use relata::error::ConstraintKind;
use relata::schema::{Action, UniqueDef};
use relata::value::{Key, Value};

use super::{
    ACTIONS, accept, database, every_row, family, fill, id, insert, int, number, refer, refuse,
    remap, rows, set, table, text,
};

/// A permutation of keys, given as pairs; others stay.
fn moved<const N: usize>(pairs: [(i64, i64); N]) -> impl Fn(i64) -> i64 {
    move |key| {
        let found = pairs.iter().find(|(from, _)| *from == key);
        found.map_or(key, |(_, to)| *to)
    }
}

/// `nodes (id, parent)` with this update rule for the parent.
fn nodes(on_update: Action) -> Database {
    let key = refer("parent", "nodes", "id").on_update(on_update);
    database([table("nodes", [id(), int("parent").default(9)]).foreign_key(key)])
}

// rules: RI-12, RI-73
// Broken, assigning a key to itself would be refused by RESTRICT, or set children to null.
#[test]
fn a_key_set_to_itself_is_no_change() {
    for action in ACTIONS {
        let mut db = family(Action::NoAction, action);
        fill(&mut db, "parents", "1, 2");
        fill(&mut db, "children", "1 1, 2 2");
        let one = accept(&mut db, |tx| tx.update_key("parents", 1, set("id", 1)));
        let all = accept(&mut db, |tx| remap(tx, "parents", "id", |id| id));
        assert_eq!((one.rows, one.by_actions), (1, 0), "{action}");
        assert_eq!((all.rows, all.by_actions), (2, 0), "{action}");
        assert_eq!(rows(&db, "children"), "1 1, 2 2", "{action}");
    }
}

// rules: RI-12
// Broken, the children of rows that a statement addressed without changing them would be acted on.
#[test]
fn only_the_changed_rows_of_a_statement_count() {
    let changes_two = |tx: &mut Transaction<'_>| remap(tx, "parents", "id", moved([(2, 3)]));
    for (action, children) in [
        (Action::Cascade, "1 1, 2 3"),
        (Action::SetNull, "1 1, 2 null"),
        (Action::SetDefault, "1 1, 2 9"),
    ] {
        let mut db = family(Action::NoAction, action);
        fill(&mut db, "parents", "1, 2, 9");
        fill(&mut db, "children", "1 1, 2 2");
        assert_eq!(accept(&mut db, changes_two).by_actions, 1, "{action}");
        assert_eq!(rows(&db, "children"), children);
    }
    let mut db = family(Action::NoAction, Action::Restrict);
    fill(&mut db, "parents", "1, 2, 9");
    fill(&mut db, "children", "1 1");
    accept(&mut db, changes_two);
}

// rules: RI-12, RI-21
// Broken, half of a key that changes would be taken for the whole, or for nothing.
#[test]
fn a_key_changes_with_any_of_its_columns() {
    let key = refer("x y", "parents", "a b").on_update(Action::Cascade);
    let mut db = database([
        table("parents", [id(), int("a"), int("b")]).unique(UniqueDef::new(["a", "b"])),
        table("children", [id(), text("note"), int("y"), int("x")]).foreign_key(key),
    ]);
    fill(&mut db, "parents", "1 1 2");
    fill(&mut db, "children", "1 kept 2 1");
    accept(&mut db, |tx| tx.update_key("parents", 1, set("b", 5)));
    assert_eq!(rows(&db, "children"), "1 kept 5 1");
    accept(&mut db, |tx| tx.update_key("parents", 1, set("a", 6)));
    assert_eq!(rows(&db, "children"), "1 kept 5 6");
    accept(&mut db, |tx| {
        tx.update_key("parents", 1, [("a", 7.into()), ("b", 8.into())])
    });
    assert_eq!(rows(&db, "children"), "1 kept 8 7");
}

// rules: RI-14
// Broken, a row that takes over the old key would be taken for the one that was referred to, or not be for NO ACTION.
#[test]
fn another_row_takes_over_the_old_key() {
    let take_over = |tx: &mut Transaction<'_>| remap(tx, "parents", "id", moved([(1, 3), (2, 1)]));
    for (action, expected) in [
        (Action::NoAction, Ok("1 1")),
        (Action::Restrict, Err(ConstraintKind::Restrict)),
        (Action::Cascade, Ok("1 3")),
        (Action::SetNull, Ok("1 null")),
        (Action::SetDefault, Ok("1 9")),
    ] {
        let mut db = family(action, action);
        fill(&mut db, "parents", "1, 2, 9");
        fill(&mut db, "children", "1 1");
        match expected {
            Err(kind) => drop(refuse(&mut db, kind, take_over)),
            Ok(children) => {
                accept(&mut db, take_over);
                assert_eq!(rows(&db, "children"), children, "{action}");
            }
        }
    }
}

// rules: RI-19, RI-42
// Broken, after a swap, a shift or a rotation of keys all children would stand under one parent, or it would be refused.
#[test]
fn children_follow_swaps_shifts_and_rotations() {
    type Change = Box<dyn Fn(i64) -> i64>;
    let changes: [(Change, &str); 4] = [
        (Box::new(moved([(1, 2), (2, 1)])), "1 2, 2 1, 3 3, 4 2"),
        (Box::new(|id| id + 1), "1 2, 2 3, 3 4, 4 2"),
        (Box::new(|id| id - 1), "1 0, 2 1, 3 2, 4 0"),
        (
            Box::new(moved([(1, 2), (2, 3), (3, 1)])),
            "1 2, 2 3, 3 1, 4 2",
        ),
    ];
    for (change, children) in changes {
        let mut db = family(Action::NoAction, Action::Cascade);
        fill(&mut db, "parents", "1, 2, 3");
        fill(&mut db, "children", "1 1, 2 2, 3 3, 4 1");
        let affected = accept(&mut db, |tx| remap(tx, "parents", "id", change));
        assert_eq!(rows(&db, "children"), children);
        assert!(affected.by_actions <= 4, "{affected:?}");
    }
}

// rules: D-4, RI-19, RI-30
// Broken, a row that takes the old key in the same statement would be carried along to the new one.
#[test]
fn a_row_that_begins_to_carry_the_old_key_is_left_alone() {
    let statement = |tx: &mut Transaction<'_>| {
        tx.update_with("nodes", &every_row(), |row| {
            Ok(match number(&row, "id") {
                Some(1) => vec![("id", Value::from(10))],
                _ => vec![("parent", Value::from(1))],
            })
        })
    };
    for action in [
        Action::NoAction,
        Action::Cascade,
        Action::SetNull,
        Action::SetDefault,
    ] {
        let mut db = nodes(action);
        fill(&mut db, "nodes", "1 null, 2 null, 9 null");
        let refused = refuse(&mut db, ConstraintKind::Reference, statement);
        assert_eq!(refused.row, Some(Key::from(2)), "{action}");
        assert_eq!(refused.values, [Value::from(1)], "{action}");
    }
    // Where the old key is taken over, the row stands under who has it now.
    let mut db = nodes(Action::Cascade);
    fill(&mut db, "nodes", "1 null, 2 1, 3 null");
    accept(&mut db, |tx| {
        tx.update_with("nodes", &every_row(), |row| {
            Ok(match number(&row, "id") {
                Some(1) => vec![("id", Value::from(3))],
                Some(3) => vec![("id", 1.into()), ("parent", 1.into())],
                _ => Vec::new(),
            })
        })
    });
    assert_eq!(rows(&db, "nodes"), "1 1, 2 3, 3 null");
}

// rules: RI-19, RI-15
// Broken, a child would be left behind when its parent's key changes twice, in two levels of one statement.
#[test]
fn a_child_follows_its_parent_through_two_levels() {
    let cascade = |columns: &str, parent: &str, parent_columns: &str| {
        refer(columns, parent, parent_columns).on_update(Action::Cascade)
    };
    let mut db = database([
        table("roots", [id()]),
        table("middles", [id()]).foreign_key(cascade("id", "roots", "id")),
        table("parents", [id(), int("near"), int("far")])
            .unique(UniqueDef::new(["near", "far"]))
            .foreign_key(cascade("near", "roots", "id"))
            .foreign_key(cascade("far", "middles", "id")),
        table("children", [id(), int("near"), int("far")])
            .foreign_key(cascade("near far", "parents", "near far")),
    ]);
    fill(&mut db, "roots", "1");
    fill(&mut db, "middles", "1");
    fill(&mut db, "parents", "1 1 1");
    fill(&mut db, "children", "1 1 1, 2 1 null");
    accept(&mut db, |tx| tx.update_key("roots", 1, set("id", 2)));
    assert_eq!(rows(&db, "parents"), "1 2 2");
    assert_eq!(rows(&db, "children"), "1 2 2, 2 1 null");
}

// rules: RI-18, RI-22, RI-71
// Broken, a key that an action nulls or rewrites would leave its own children behind.
#[test]
fn a_row_changed_by_an_action_fires_its_own_rules() {
    let three = |first: Action, second: Action| {
        let key = |columns: &str, parent: &str, parent_column: &str, action| {
            refer(columns, parent, parent_column)
                .on_delete(first)
                .on_update(action)
        };
        let mut db = database([
            table("a", [id()]),
            table("b", [id(), int("code").unique().default(9)])
                .foreign_key(key("code", "a", "id", first)),
            table("c", [id(), int("code").default(8)])
                .foreign_key(key("code", "b", "code", second)),
        ]);
        fill(&mut db, "a", "1, 8, 9");
        fill(&mut db, "b", "1 1, 8 8");
        fill(&mut db, "c", "1 1");
        db
    };
    let cases = [
        (Action::SetNull, Action::Cascade, "1 null", "1 null, 8 8"),
        (Action::SetNull, Action::SetDefault, "1 8", "1 null, 8 8"),
        (Action::SetDefault, Action::Cascade, "1 9", "1 9, 8 8"),
        (Action::SetDefault, Action::SetNull, "1 null", "1 9, 8 8"),
    ];
    for (first, second, c, b) in cases {
        let mut db = three(first, second);
        let affected = accept(&mut db, |tx| tx.delete_key("a", 1));
        assert_eq!(affected.by_actions, 2);
        assert_eq!((&*rows(&db, "b"), &*rows(&db, "c")), (b, c));
    }
    for (second, kind) in [
        (Action::NoAction, ConstraintKind::Reference),
        (Action::Restrict, ConstraintKind::Restrict),
    ] {
        let mut db = three(Action::SetNull, second);
        let refused = refuse(&mut db, kind, |tx| tx.delete_key("a", 1));
        assert_eq!(refused.constraint, "c_code_fkey");
        assert_eq!(refused.row, Some(Key::from(1)));
    }
}

// rules: RI-20, RI-73
// Broken, a row reached by two paths would be deleted twice, or a row would go with a parent that it has left.
#[test]
fn a_cascade_takes_each_present_child_once() {
    let cascade =
        |columns: &str, parent: &str| refer(columns, parent, "id").on_delete(Action::Cascade);
    let mut db = database([
        table("a", [id()]),
        table("b", [id(), int("a")]).foreign_key(cascade("a", "a")),
        table("c", [id(), int("a")]).foreign_key(cascade("a", "a")),
        table("d", [id(), int("b"), int("c"), int("again")])
            .foreign_key(cascade("b", "b"))
            .foreign_key(cascade("c", "c"))
            .foreign_key(cascade("again", "b")),
    ]);
    fill(&mut db, "a", "1, 2");
    fill(&mut db, "b", "1 1, 2 2");
    fill(&mut db, "c", "1 1, 2 2");
    fill(&mut db, "d", "1 1 1 1, 2 2 1 null, 3 2 2 2");
    let affected = accept(&mut db, |tx| tx.delete_key("a", 1));
    assert_eq!((affected.rows, affected.by_actions), (1, 4));
    assert_eq!(rows(&db, "d"), "3 2 2 2");

    let mut db = family(Action::Cascade, Action::NoAction);
    fill(&mut db, "parents", "1, 2");
    fill(&mut db, "children", "1 1, 2 1, 3 2, 4 2");
    accept(&mut db, |tx| {
        insert(tx, "children", "5 1, 6 2")?;
        tx.update_key("children", 1, set("parent", 2))?;
        tx.update_key("children", 3, set("parent", 1))?;
        tx.update_key("children", 2, set("parent", Value::Null))?;
        tx.delete_key("parents", 1)
    });
    assert_eq!(rows(&db, "children"), "1 2, 2 null, 4 2, 6 2");
}
