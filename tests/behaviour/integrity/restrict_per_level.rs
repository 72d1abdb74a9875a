//! RESTRICT: judged when the rows of a level have changed and before any action of that level is taken.

use relata::engine::Database;
use relata::error::ConstraintKind;
use relata::schema::{Action, Deferral, ForeignKeyDef, TableDef, UniqueDef};
use relata::value::{Key, Value};

use super::{accept, database, every_row, fill, id, int, number, refer, refuse, rows, set, table};

fn on_delete(column: &str, parent: &str, action: Action) -> ForeignKeyDef {
    refer(column, parent, "id").on_delete(action)
}

/// `a`, and tables whose columns refer to other tables, deleted with them or as said.
fn chain(tables: &[(&str, &[(&str, Action)])]) -> Database {
    let child = |(name, parents): &(&str, &[(&str, Action)])| -> TableDef {
        let columns = parents.iter().map(|(parent, _)| int(parent));
        let plain = table(name, [id()].into_iter().chain(columns));
        parents.iter().fold(plain, |plain, (parent, action)| {
            plain.foreign_key(on_delete(parent, parent, *action))
        })
    };
    let mut db = database(tables.iter().map(child));
    for (name, parents) in tables {
        fill(&mut db, name, &["1"].repeat(1 + parents.len()).join(" "));
    }
    db
}

// rules: RI-13, RI-15, RI-71
// Broken, a child under RESTRICT would be overlooked because some later level deletes it.
#[test]
fn restrict_does_not_wait_for_a_longer_path() {
    let holds = |rule| -> Database {
        chain(&[
            ("a", &[]),
            ("b", &[("a", Action::Cascade)]),
            ("c", &[("b", Action::Cascade)]),
            ("d", &[("a", rule), ("c", Action::Cascade)]),
        ])
    };
    let refused = refuse(
        &mut holds(Action::Restrict),
        ConstraintKind::Restrict,
        |tx| tx.delete_key("a", 1),
    );
    assert_eq!(
        (&*refused.constraint, refused.row),
        ("d_a_fkey", Some(Key::from(1)))
    );
    assert!(refused.chain.is_empty(), "{:?}", refused.chain);
    // NO ACTION does wait.
    let mut db = holds(Action::NoAction);
    accept(&mut db, |tx| tx.delete_key("a", 1));
    assert_eq!(rows(&db, "d"), "");
}

// rules: RI-13, RI-16
// Broken, a child that this very level deletes or lets go would still carry the old key, so that RESTRICT had no effect.
#[test]
fn restrict_is_judged_before_the_actions_of_its_level() {
    for last in [Action::Cascade, Action::SetNull, Action::SetDefault] {
        for restrict_first in [true, false] {
            let mut keys = [
                on_delete("parent", "parents", Action::Restrict),
                on_delete("parent", "parents", last).named("acts"),
            ];
            if !restrict_first {
                keys.reverse();
            }
            let [first, second] = keys;
            let children = table("children", [id(), int("parent")]);
            let mut db = database([
                children.foreign_key(first).foreign_key(second),
                table("parents", [id()]),
            ]);
            fill(&mut db, "parents", "1");
            fill(&mut db, "children", "1 1");
            refuse(&mut db, ConstraintKind::Restrict, |tx| {
                tx.delete_key("parents", 1)
            });
        }
    }
}

// rules: RI-15, RI-16, RI-13
// Broken, two paths of equal length would depend on which key or row was created first.
#[test]
fn paths_of_equal_length_meet_without_trouble() {
    let tables: [(&str, &[(&str, Action)]); 4] = [
        ("a", &[]),
        ("b", &[("a", Action::Cascade)]),
        ("c", &[("a", Action::Cascade), ("b", Action::Restrict)]),
        ("d", &[("c", Action::Cascade), ("b", Action::Cascade)]),
    ];
    // The same tables, created in every rotation of this order.
    for turn in 0..tables.len() {
        let keys = tables.iter().cycle().skip(turn).take(tables.len());
        let child = |(name, parents): &(&str, &[(&str, Action)])| {
            let columns = parents.iter().map(|(parent, _)| int(parent));
            let plain = table(name, [id()].into_iter().chain(columns));
            parents.iter().fold(plain, |plain, (parent, action)| {
                plain.foreign_key(on_delete(parent, parent, *action))
            })
        };
        let mut db = database(keys.map(child));
        for (name, parents) in &tables {
            fill(&mut db, name, &["1"].repeat(1 + parents.len()).join(" "));
        }
        // Level 1 takes b and c together: c no longer holds b.
        accept(&mut db, |tx| tx.delete_key("a", 1));
        let left = ["b", "c", "d"].map(|name| db.count(name).unwrap());
        assert_eq!(left, [0, 0, 0], "turn {turn}");
    }
    // With c one level further away, b goes first and is held.
    let mut db = chain(&[
        ("a", &[]),
        ("between", &[("a", Action::Cascade)]),
        ("b", &[("a", Action::Cascade)]),
        (
            "c",
            &[("between", Action::Cascade), ("b", Action::Restrict)],
        ),
    ]);
    let refused = refuse(&mut db, ConstraintKind::Restrict, |tx| {
        tx.delete_key("a", 1)
    });
    assert_eq!(
        (&*refused.constraint, &*refused.chain),
        ("c_b_fkey", &["b_a_fkey".to_owned()][..])
    );
    // And nearer, it is gone before b goes.
    let mut db = chain(&[
        ("a", &[]),
        ("between", &[("a", Action::Cascade)]),
        ("b", &[("between", Action::Cascade)]),
        ("c", &[("a", Action::Cascade), ("b", Action::Restrict)]),
    ]);
    accept(&mut db, |tx| tx.delete_key("a", 1));
}

// rules: RI-13, RI-30
// Broken, rows that go together, or a row that only refers to itself, would hold each other.
#[test]
fn rows_deleted_together_do_not_hold_each_other() {
    let mut db = database([table("nodes", [id(), int("next")]).foreign_key(on_delete(
        "next",
        "nodes",
        Action::Restrict,
    ))]);
    fill(&mut db, "nodes", "1 2, 2 3, 3 1, 4 4, 5 4");
    refuse(&mut db, ConstraintKind::Restrict, |tx| {
        tx.delete_key("nodes", 1)
    });
    refuse(&mut db, ConstraintKind::Restrict, |tx| {
        tx.delete_key("nodes", 4)
    });
    accept(&mut db, |tx| tx.delete_key("nodes", 5));
    accept(&mut db, |tx| tx.delete_key("nodes", 4));
    accept(&mut db, |tx| tx.delete("nodes", &every_row()));
    assert_eq!(rows(&db, "nodes"), "");
}

// rules: RI-13, RI-15
// Broken, RESTRICT would judge children as they were before the statement, not as its own changes left them.
#[test]
fn restrict_sees_what_the_statement_itself_wrote() {
    let update = |first: i64, second: Option<i64>| {
        let key = refer("parent", "nodes", "id").on_update(Action::Restrict);
        let mut db = database([table("nodes", [id(), int("parent")]).foreign_key(key)]);
        let child_before = if second.is_none() { "1" } else { "null" };
        fill(&mut db, "nodes", &format!("1 null, 2 {child_before}"));
        let statement = move |tx: &mut relata::engine::Transaction<'_>| {
            tx.update_with("nodes", &every_row(), |row| {
                Ok(match number(&row, "id") {
                    Some(1) => vec![("id", Value::from(first))],
                    _ => vec![("parent", second.into())],
                })
            })
        };
        (db, statement)
    };
    // The child lets go in the same statement.
    let (mut db, statement) = update(10, None);
    accept(&mut db, statement);
    assert_eq!(rows(&db, "nodes"), "2 null, 10 null");
    // A row takes the old key in the same statement.
    let (mut db, statement) = update(10, Some(1));
    refuse(&mut db, ConstraintKind::Restrict, statement);
}

// rules: RI-13, RI-51
// Broken, RESTRICT on a deferred key would wait for the commit and let the children be tidied away until then.
#[test]
fn restrict_is_never_deferred() {
    let key = on_delete("parent", "parents", Action::Restrict)
        .on_update(Action::Restrict)
        .deferrable(Deferral::InitiallyDeferred);
    let mut db = database([
        table("parents", [id()]),
        table("children", [id(), int("parent")]).foreign_key(key),
    ]);
    fill(&mut db, "parents", "1, 2");
    fill(&mut db, "children", "1 1");
    let refused = refuse(&mut db, ConstraintKind::Restrict, |tx| {
        tx.delete_key("parents", 1)
    });
    let error = relata::Error::from(refused);
    assert_eq!(error.sqlstate(), "23503");
    refuse(&mut db, ConstraintKind::Restrict, |tx| {
        tx.update_key("parents", 1, set("id", 3))
    });
    // A child that found its parent late holds it as any other.
    let mut tx = db.begin();
    tx.insert("children", [("id", 2.into()), ("parent", 3.into())])
        .unwrap();
    tx.update_key("parents", 2, set("id", 3)).unwrap();
    assert!(tx.delete_key("parents", 3).is_err());
    tx.commit().unwrap();
}

// rules: RI-13, RI-15
// Broken, whether a statement fails would depend on whose child a row is, which nobody can see, and not on its values.
#[test]
fn a_key_held_only_in_passing_is_restricted_by_value() {
    // A change of the top reaches `k` of a parent at the first level and its `m`, by way of the middle, at the second.
    let both =
        |columns: &str, parent: &str| refer(columns, parent, "g id").on_update(Action::Cascade);
    let pair = || UniqueDef::new(["g", "id"]);
    let mut db = database([
        table("tops", [id(), int("g")]).unique(pair()),
        table("mids", [id(), int("g")])
            .unique(pair())
            .foreign_key(both("g id", "tops")),
        table("parents", [id(), int("g"), int("k"), int("m")])
            .unique(UniqueDef::new(["k", "m"]))
            .foreign_key(both("g k", "tops"))
            .foreign_key(both("g m", "mids")),
        table("children", [id(), int("k"), int("m")])
            .foreign_key(refer("k m", "parents", "k m").on_update(Action::Restrict)),
    ]);
    fill(&mut db, "tops", "1 1");
    fill(&mut db, "mids", "1 1");
    fill(&mut db, "parents", "1 1 1 1, 2 null 2 1");
    // Parent 1 goes from (1, 1) to (2, 1), which is the key of parent 2, and on to (2, 2).
    fill(&mut db, "children", "7 2 1");
    let error = refuse(&mut db, ConstraintKind::Restrict, |tx| {
        tx.update_key("tops", 1, set("id", 2))
    });
    assert_eq!(
        (error.row, error.values),
        (Some(7.into()), vec![2.into(), 1.into()])
    );
    accept(&mut db, |tx| tx.delete_key("children", 7));
    accept(&mut db, |tx| tx.update_key("tops", 1, set("id", 2)));
    assert_eq!(rows(&db, "parents"), "1 1 2 2, 2 null 2 1");
}
