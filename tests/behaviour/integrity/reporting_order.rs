//! Which of several faults is reported, and what an error says.

use relata::engine::Database;
use relata::error::{ConstraintKind, Operation};
use relata::expr::col;
use relata::schema::{Action, CheckDef, UniqueDef};
use relata::value::{Key, Value};

use super::{database, fill, id, insert, int, refer, refuse, set, table, text};

/// A table with two constraints of every sort, declared against the order of their names.
fn strict() -> Database {
    let restricts = |column: &str| {
        refer(column, "rows", "id")
            .on_update(Action::Restrict)
            .on_delete(Action::Restrict)
    };
    let mut db = database([
        table("parents", [id()]),
        table(
            "rows",
            [
                id(),
                int("z").not_null(),
                int("y").not_null(),
                int("a"),
                int("b"),
                int("one"),
                int("two"),
            ],
        )
        .check(CheckDef::new("z_first", col("a").lt(10)))
        .check(CheckDef::new("a_second", col("b").lt(10)))
        .unique(UniqueDef::new(["b"]).named("z_unique"))
        .unique(UniqueDef::new(["a"]).named("a_unique"))
        .foreign_key(refer("one", "parents", "id").named("z_parent"))
        .foreign_key(refer("two", "parents", "id").named("a_parent")),
        table("holders", [id(), int("row")]).foreign_key(restricts("row")),
    ]);
    fill(&mut db, "parents", "1");
    fill(&mut db, "rows", "1 1 1 1 1 1 1, 2 1 1 2 2 1 1");
    fill(&mut db, "holders", "1 2");
    db
}

// rules: RI-70
// Broken, a row with several faults would be reported under another one in each version or run.
#[test]
fn faults_of_a_row_are_reported_in_order() {
    let mut db = strict();
    let faults = [
        (
            "null null 50 50 9 9",
            ConstraintKind::NotNull,
            "rows_z_not_null",
        ),
        (
            "3 null 50 50 9 9",
            ConstraintKind::NotNull,
            "rows_y_not_null",
        ),
        ("3 3 50 50 9 9", ConstraintKind::Check, "z_first"),
        ("3 3 1 50 9 9", ConstraintKind::Check, "a_second"),
        ("3 3 1 1 9 9", ConstraintKind::Unique, "z_unique"),
        ("3 3 1 3 9 9", ConstraintKind::Unique, "a_unique"),
        ("3 3 3 3 9 9", ConstraintKind::Reference, "z_parent"),
        ("3 3 3 3 1 9", ConstraintKind::Reference, "a_parent"),
    ];
    for (row, kind, constraint) in faults {
        let refused = refuse(&mut db, kind, |tx| insert(tx, "rows", &format!("3 {row}")));
        assert_eq!(refused.constraint, constraint);
        assert_eq!(refused.operation, Operation::Insert);
    }
    // The primary key is the first unique key.
    let refused = refuse(&mut db, ConstraintKind::Unique, |tx| {
        insert(tx, "rows", "1 3 3 1 1 9 9")
    });
    assert_eq!(refused.constraint, "rows_pkey");
    // The same for a row that is updated, where RESTRICT comes between.
    let names = ["z", "y", "a", "b", "one", "two"];
    for (row, kind, constraint) in faults {
        let cells = row.split(' ').map(|cell| cell.parse::<i64>().ok());
        let values = names.into_iter().zip(cells.map(Value::from));
        let values = values.chain([("id", 7.into())]);
        let (kind, constraint) = match kind {
            ConstraintKind::Reference => (ConstraintKind::Restrict, "holders_row_fkey"),
            _ => (kind, constraint),
        };
        let refused = refuse(&mut db, kind, |tx| tx.update_key("rows", 2, values.clone()));
        assert_eq!(refused.constraint, constraint);
        assert_eq!(refused.operation, Operation::Update);
    }
}

// rules: RI-70
// Broken, a reference would be reported before the fault of a later row, though references are judged after all rows.
#[test]
fn rows_come_before_references() {
    let mut db = strict();
    refuse(&mut db, ConstraintKind::Check, |tx| {
        insert(tx, "rows", "3 3 3 3 3 9 9, 4 4 4 50 4 1 1")
    });
    refuse(&mut db, ConstraintKind::Unique, |tx| {
        insert(tx, "rows", "3 3 3 3 3 9 9, 4 4 4 4 3 1 1")
    });
    // Of two rows with faults, the first in statement order.
    let refused = refuse(&mut db, ConstraintKind::Check, |tx| {
        insert(tx, "rows", "3 3 3 3 50 1 1, 4 null 4 4 4 1 1")
    });
    assert_eq!(refused.constraint, "a_second");
    // Of two references, the key created first, and in it the lowest row.
    let refused = refuse(&mut db, ConstraintKind::Reference, |tx| {
        insert(tx, "rows", "5 3 3 3 3 1 9, 9 4 4 4 4 9 1, 6 5 5 5 5 8 1")
    });
    assert_eq!(
        (&*refused.constraint, refused.row),
        ("z_parent", Some(Key::from(6)))
    );
    assert_eq!(refused.values, [Value::from(8)]);
}

// rules: RI-71
// Broken, whoever gets the error would have to guess which rows of which tables it is about.
#[test]
fn an_error_names_both_sides_of_a_reference() {
    let along = |columns: &str, parent: &str, parent_columns: &str| {
        refer(columns, parent, parent_columns).on_delete(Action::Cascade)
    };
    for (rule, kind) in [
        (Action::Restrict, ConstraintKind::Restrict),
        (Action::NoAction, ConstraintKind::Reference),
    ] {
        let mut db = database([
            table("a", [id()]),
            table("b", [id(), int("a")]).foreign_key(along("a", "a", "id")),
            table("c", [id(), int("b"), int("x"), int("y")])
                .unique(UniqueDef::new(["x", "y"]))
                .foreign_key(along("b", "b", "id")),
            table("d", [id(), int("y"), int("x")])
                .foreign_key(refer("y x", "c", "y x").on_delete(rule).named("holds")),
        ]);
        fill(&mut db, "a", "1");
        fill(&mut db, "b", "1 1");
        fill(&mut db, "c", "1 1 10 20, 2 1 11 21");
        fill(&mut db, "d", "7 21 11, 4 20 10, 9 20 10");
        let refused = refuse(&mut db, kind, |tx| tx.delete_key("a", 1));
        assert_eq!(refused.constraint, "holds");
        assert_eq!(refused.table, "d");
        assert_eq!(refused.columns, ["y", "x"]);
        assert_eq!(refused.values, [Value::from(20), Value::from(10)]);
        assert_eq!(refused.operation, Operation::Delete);
        assert_eq!(refused.row, Some(Key::from(4)));
        let other = refused.other.as_ref().unwrap();
        assert_eq!(
            (&*other.table, &*other.columns),
            ("c", &["y", "x"].map(String::from)[..])
        );
        assert_eq!(refused.chain, ["b_a_fkey", "c_b_fkey"]);
    }
}

// rules: RI-71, RI-43
// Broken, the two rows with one key could not be told apart.
#[test]
fn an_error_names_both_rows_of_a_duplicate() {
    let pair = UniqueDef::new(["a", "b"])
        .named("pair")
        .nulls_not_distinct();
    let mut db = database([table("rows", [id(), int("a"), text("b")]).unique(pair)]);
    fill(&mut db, "rows", "1 1 x, 2 null y, 3 3 z");
    let refused = refuse(&mut db, ConstraintKind::Unique, |tx| {
        insert(tx, "rows", "4 null y")
    });
    assert_eq!((&*refused.table, &*refused.constraint), ("rows", "pair"));
    assert_eq!(refused.columns, ["a", "b"]);
    assert_eq!(refused.values, [Value::Null, "y".into()]);
    let other = refused.other.unwrap();
    assert_eq!((&*other.table, other.key), ("rows", Some(Key::from(2))));
    let refused = refuse(&mut db, ConstraintKind::Unique, |tx| {
        tx.update_key("rows", 3, [("a", 1.into()), ("b", "x".into())])
    });
    assert_eq!(refused.operation, Operation::Update);
    let both = [refused.row, refused.other.unwrap().key].map(Option::unwrap);
    assert!(
        both.contains(&1.into()) && both.contains(&3.into()),
        "{both:?}"
    );
}

// rules: RI-71
// Broken, one error would carry a whole document into a log.
#[test]
fn values_in_messages_are_cut() {
    let check = CheckDef::new("short", col("body").ne("b"));
    let mut db = database([table("notes", [id(), text("body").unique()]).check(check)]);
    // The cut falls into a letter of two bytes.
    let long = format!("x{}", "é".repeat(10_000));
    accept_long(&mut db, &long);
    let refused = refuse(&mut db, ConstraintKind::Unique, |tx| {
        tx.insert("notes", [("id", 2.into()), ("body", long.as_str().into())])
    });
    let message = refused.to_string();
    assert!(message.len() < 300, "{} bytes", message.len());
    assert!(
        message.contains("xéé") && message.contains("..."),
        "{message}"
    );
    assert_eq!(refused.values, [Value::from(long.as_str())]);
    let refused = refuse(&mut db, ConstraintKind::Check, |tx| {
        tx.update_key("notes", 1, set("body", "b"))
    });
    assert_eq!(refused.row, Some(Key::from(1)));
}

fn accept_long(db: &mut Database, long: &str) {
    super::accept(db, |tx| {
        tx.insert("notes", [("id", 1.into()), ("body", long.into())])
    });
}
