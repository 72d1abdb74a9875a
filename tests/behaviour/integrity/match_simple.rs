//! What a reference is: MATCH SIMPLE, column by column, by value.

use relata::engine::{Database, Transaction};
use relata::error::{ConstraintKind, Result};
use relata::schema::{Action, ColumnDef, UniqueDef};
use relata::value::{DataType, Value};

use super::{
    ACTIONS, accept, database, every_row, fill, id, insert, int, refer, refuse, remap, rows, set,
    table, text,
};

/// `parents (id, a, b, unique (a, b))` and `children (id, x, y)`, with (x, y) referring to these columns.
fn pairs(parent_columns: &str, unique: UniqueDef, action: Action) -> Database {
    let key = refer("x y", "parents", parent_columns)
        .on_delete(action)
        .on_update(action);
    database([
        table("parents", [id(), int("a"), int("b")]).unique(unique),
        table("children", [id(), int("x"), int("y")]).foreign_key(key),
    ])
}

fn a_b() -> UniqueDef {
    UniqueDef::new(["a", "b"])
}

// rules: RI-1
// Broken, a child could be left without a parent: by coming, by changing, or by what happens to the parent.
#[test]
fn a_reference_is_met_in_all_its_columns_or_refused() {
    let mut db = pairs("a b", a_b(), Action::NoAction);
    fill(&mut db, "parents", "1 1 1, 2 2 2");
    for mixed in ["1 1 2", "1 2 1", "1 3 3"] {
        let refused = refuse(&mut db, ConstraintKind::Reference, |tx| {
            insert(tx, "children", mixed)
        });
        assert_eq!(refused.columns, ["x", "y"]);
    }
    accept(&mut db, |tx| insert(tx, "children", "1 1 1, 2 2 2"));
    let statements: [fn(&mut Transaction<'_>) -> Result<relata::Affected>; 4] = [
        |tx| tx.update_key("children", 1, set("y", 2)),
        |tx| tx.update_key("parents", 2, set("a", 3)),
        |tx| tx.delete_key("parents", 1),
        |tx| tx.delete("parents", &every_row()),
    ];
    for statement in statements {
        refuse(&mut db, ConstraintKind::Reference, statement);
    }
}

// rules: RI-2, RI-13, RI-22
// Broken, half a key would be compared: a row refused, a parent held back, or a row changed that refers to nothing.
#[test]
fn one_null_exempts_a_row() {
    for action in ACTIONS {
        let mut db = pairs("a b", a_b(), action);
        fill(&mut db, "parents", "1 1 1, 2 1 2, 3 2 1");
        let exempt = "1 1 null, 2 null 1, 3 null null, 4 7 null, 5 null 7";
        accept(&mut db, |tx| insert(tx, "children", exempt));
        let mut fork = db.fork();
        let deleted = accept(&mut fork, |tx| tx.delete("parents", &every_row()));
        let updated = accept(&mut db, |tx| remap(tx, "parents", "a", |a| a + 10));
        for (db, affected) in [(&fork, deleted), (&db, updated)] {
            assert_eq!((affected.rows, affected.by_actions), (3, 0), "{action}");
            assert_eq!(rows(db, "children"), exempt, "{action}");
        }
    }
}

// rules: RI-2, RI-3
// Broken, a row that loses its null, or gets one, would be judged as it was before.
#[test]
fn a_row_is_judged_by_the_nulls_that_it_has_now() {
    let mut db = pairs("a b", a_b(), Action::Restrict);
    fill(&mut db, "parents", "1 1 1");
    fill(&mut db, "children", "1 7 null, 2 1 1");
    refuse(&mut db, ConstraintKind::Reference, |tx| {
        tx.update_key("children", 1, set("y", 1))
    });
    accept(&mut db, |tx| {
        tx.update_key("children", 2, set("x", Value::Null))
    });
    accept(&mut db, |tx| tx.delete_key("parents", 1));
}

// rules: RI-4, RI-2
// Broken, a null would be found by a null: children of nobody would be deleted, nulled, or hold a parent back.
#[test]
fn a_parent_with_a_null_in_its_key_is_nobodys_parent() {
    for action in ACTIONS {
        let unique = a_b().nulls_not_distinct();
        let mut db = pairs("a b", unique, action);
        fill(&mut db, "parents", "1 null 1, 2 1 null, 3 null null");
        let nulls = "1 null 1, 2 1 null, 3 null null";
        accept(&mut db, |tx| insert(tx, "children", nulls));
        for parent in 1..=3 {
            let children = db.children_of("children_x_y_fkey", parent).unwrap();
            assert_eq!(children.count(), 0, "{action}");
        }
        let mut fork = db.fork();
        accept(&mut fork, |tx| tx.delete("parents", &every_row()));
        accept(&mut db, |tx| {
            tx.update_key("parents", 1, set("a", 5))?;
            tx.update_key("parents", 3, [("a", 6.into()), ("b", 6.into())])
        });
        for db in [&fork, &db] {
            assert_eq!(rows(db, "children"), nulls, "{action}");
        }
    }
}

// rules: RI-4, RI-12, RI-21
// Broken, a key that is given up for null would leave its children where they were.
#[test]
fn a_key_that_becomes_null_has_changed() {
    let become_null = |tx: &mut Transaction<'_>| tx.update_key("parents", 1, set("b", Value::Null));
    for (action, expected) in [
        (Action::NoAction, Err(ConstraintKind::Reference)),
        (Action::Restrict, Err(ConstraintKind::Restrict)),
        (Action::Cascade, Ok("1 1 null")),
        (Action::SetNull, Ok("1 null null")),
    ] {
        let mut db = pairs("a b", a_b(), action);
        fill(&mut db, "parents", "1 1 1");
        fill(&mut db, "children", "1 1 1");
        match expected {
            Err(kind) => drop(refuse(&mut db, kind, become_null)),
            Ok(children) => {
                accept(&mut db, become_null);
                assert_eq!(rows(&db, "children"), children);
            }
        }
    }
}

// rules: RI-5, RI-21
// Broken, a child would be matched, or rewritten, with its two values in each other's place.
#[test]
fn columns_correspond_by_position() {
    for unique in [a_b(), UniqueDef::new(["b", "a"])] {
        let mut db = pairs("b a", unique, Action::Cascade);
        fill(&mut db, "parents", "1 10 20, 2 20 30");
        refuse(&mut db, ConstraintKind::Reference, |tx| {
            insert(tx, "children", "1 10 20")
        });
        accept(&mut db, |tx| insert(tx, "children", "1 20 10, 2 30 20"));
        let of = |db: &Database, parent: i64| {
            let children = db.children_of("children_x_y_fkey", parent).unwrap();
            children.map(|row| row.key()).collect::<Vec<_>>()
        };
        assert_eq!((of(&db, 1), of(&db, 2)), (vec![1.into()], vec![2.into()]));
        accept(&mut db, |tx| tx.update_key("parents", 1, set("a", 11)));
        assert_eq!(rows(&db, "children"), "1 20 11, 2 30 20");
        accept(&mut db, |tx| tx.delete_key("parents", 2));
        assert_eq!(rows(&db, "children"), "1 20 11");
    }
}

// rules: RI-5, RI-12, RI-13
// Broken, a change beside the referenced key, even to the primary key, would be held back or followed.
#[test]
fn only_the_referenced_key_matters() {
    for action in ACTIONS {
        let key = refer("code", "parents", "code").on_update(action);
        let mut db = database([
            table(
                "parents",
                [
                    id(),
                    int("code").unique(),
                    text("name"),
                    int("rank").unique(),
                ],
            ),
            table("children", [id(), int("code").default(7)]).foreign_key(key),
        ]);
        fill(&mut db, "parents", "1 5 a 1");
        fill(&mut db, "children", "1 5");
        let affected = accept(&mut db, |tx| {
            let all_but_code = [("id", 2.into()), ("name", "b".into()), ("rank", 2.into())];
            tx.update_key("parents", 1, all_but_code)
        });
        assert_eq!((affected.rows, affected.by_actions), (1, 0), "{action}");
        assert_eq!(rows(&db, "children"), "1 5", "{action}");
        assert_eq!(rows(&db, "parents"), "2 5 b 2", "{action}");
    }
}

// rules: RI-7
// Broken, `a` would find `A` or `a `, or a float its other zero only after a change that counts.
#[test]
fn keys_are_compared_by_value() {
    let linked = |data_type| {
        let key = refer("code", "parents", "code").on_update(Action::Restrict);
        database([
            table(
                "parents",
                [id(), ColumnDef::new("code", data_type).unique()],
            ),
            table("children", [id(), ColumnDef::new("code", data_type)]).foreign_key(key),
        ])
    };
    let row = |code: Value| [("id", 1.into()), ("code", code)];
    let mut db = linked(DataType::Text);
    accept(&mut db, |tx| tx.insert("parents", row("é".into())));
    // Another case, another padding, and the same letter written with two code points.
    for other in ["É", "é ", " é", "e\u{301}", ""] {
        refuse(&mut db, ConstraintKind::Reference, |tx| {
            tx.insert("children", row(other.into()))
        });
    }
    accept(&mut db, |tx| tx.insert("children", row("é".into())));

    let mut db = linked(DataType::Float);
    accept(&mut db, |tx| tx.insert("parents", row(0.0.into())));
    accept(&mut db, |tx| tx.insert("children", row((-0.0).into())));
    assert_eq!(rows(&db, "children"), "1 0.0");
    // The other zero is the same value: RESTRICT has nothing to refuse.
    accept(&mut db, |tx| tx.update_key("parents", 1, set("code", -0.0)));
    refuse(&mut db, ConstraintKind::Restrict, |tx| {
        tx.update_key("parents", 1, set("code", f64::MIN_POSITIVE))
    });
    let mut db = linked(DataType::Float);
    accept(&mut db, |tx| tx.insert("parents", row(f64::NAN.into())));
    accept(&mut db, |tx| tx.insert("children", row((-f64::NAN).into())));
}

// rules: RI-6, RI-30
// Broken, rows of one statement could only refer to those before them.
#[test]
fn rows_of_one_statement_refer_to_each_other_in_any_order() {
    let mut db =
        database([table("nodes", [id(), int("next")]).foreign_key(refer("next", "nodes", "id"))]);
    accept(&mut db, |tx| insert(tx, "nodes", "1 2, 2 3, 3 1, 4 4"));
    refuse(&mut db, ConstraintKind::Reference, |tx| {
        insert(tx, "nodes", "5 6, 6 7")
    });
    // The key and those who refer to it change together, the child first.
    accept(&mut db, |tx| {
        tx.update_with("nodes", &every_row(), |row| {
            let [id, next] = ["id", "next"].map(|it| super::number(&row, it).unwrap());
            Ok(vec![("id", (20 - id).into()), ("next", (20 - next).into())])
        })
    });
    assert_eq!(rows(&db, "nodes"), "16 16, 17 19, 18 17, 19 18");
    accept(&mut db, |tx| tx.delete("nodes", &every_row()));
}
